//! Figures as files: a sheet of each table, written month by month while they are worked out, and one HTML page for
//! people. Knows no formula.

use super::figures::{Figures, Month, Who};
use super::html;
use super::settings::Settings;
use super::sheet::Sheet;
use crate::Failure;
use crate::work::Work;

/// The tables on their way to their files.
pub struct Tables {
    clients: Sheet,
    agreements: Sheet,
    members: Sheet,
    leads: Sheet,
    projects: Sheet,
    services: Sheet,
}

impl Tables {
    pub fn begin<A>(work: &Work<'_, A>) -> Result<Self, Failure> {
        let sheet = |name, who: Who| Sheet::begin(work, name, who.columns());
        Ok(Self {
            clients: sheet("clients", Who::Client)?,
            agreements: sheet("agreements", Who::Agreement)?,
            members: sheet("members", Who::Member)?,
            leads: sheet("leads", Who::Lead)?,
            projects: sheet("projects", Who::Project)?,
            services: sheet("services", Who::Service)?,
        })
    }

    /// Writes a month down.
    pub fn put(
        &mut self,
        figures: &Figures,
        number: u32,
        month: &Month,
        settings: &Settings,
    ) -> Result<(), Failure> {
        for (sheet, who, table) in [
            (&mut self.clients, Who::Client, &month.clients),
            (&mut self.agreements, Who::Agreement, &month.agreements),
            (&mut self.leads, Who::Lead, &month.leads),
            (&mut self.projects, Who::Project, &month.projects),
            (&mut self.services, Who::Service, &month.services),
        ] {
            for (id, sums) in table {
                sheet.put(&figures.cells(who, number, *id, sums, settings))?;
            }
        }
        // Numbers of members follow the order of their first entry; people look for names.
        let mut members: Vec<_> = month.members.iter().collect();
        members.sort_by_cached_key(|(id, _)| figures.person(**id));
        for (id, sums) in members {
            let cells = figures.cells(Who::Member, number, *id, sums, settings);
            self.members.put(&cells)?;
        }
        Ok(())
    }

    /// Puts the tables in the place of those of before, and the page beside them.
    pub fn end<A>(
        self,
        work: &Work<'_, A>,
        figures: &Figures,
        settings: &Settings,
    ) -> Result<(), Failure> {
        let page = html::page(figures, settings, &work.moment());
        let sheets = [
            self.clients,
            self.agreements,
            self.members,
            self.leads,
            self.projects,
            self.services,
        ];
        for sheet in sheets {
            sheet.end()?;
        }
        crate::private::write(
            &work.home.output(work.integration, "report.html"),
            page.as_bytes(),
        )?;
        work.state.steps.done()
    }
}
