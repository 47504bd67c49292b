//! What months are told in beside clients, agreements and members: who leads a client, projects, and types of tickets.
//! Small tables, but for the tickets: of each of those one number is kept.

use super::reports::{MEMBERS, PROJECTS, SERVICE_TYPES, TEAM_ROLES, TEAMS, TICKETS};
use super::rows::{Book, scan};
use super::settings::Settings;
use crate::Failure;
use std::collections::HashMap;

pub struct Project {
    pub name: String,
    pub company: i64,
    pub status: String,
}

/// A type of tickets.
pub struct Service {
    pub name: String,
    pub board: String,
    /// What the PSA calls it: reactive or proactive.
    pub active: String,
}

#[derive(Default)]
pub struct Details {
    pub projects: HashMap<i64, Project>,
    pub services: HashMap<i64, Service>,
    /// Type by ticket.
    pub tickets: HashMap<i64, i64>,
    /// Member by company.
    pub leads: HashMap<i64, i64>,
    /// Names of members by their ids.
    members: HashMap<i64, String>,
}

impl Details {
    pub fn read(book: Book<'_>, settings: &Settings) -> Result<Self, Failure> {
        let mut details = Self::default();
        scan(book, &PROJECTS, |row| {
            let project = Project {
                name: row.by("Project_Name").text().to_owned(),
                company: row.by("Company_RecID").id().unwrap_or_default(),
                status: row.by("Project_Status").text().to_owned(),
            };
            let id = row.by("PM_Project_RecID").id().unwrap_or_default();
            details.projects.insert(id, project);
        })?;
        scan(book, &SERVICE_TYPES, |row| {
            let kind = Service {
                name: row.by("ServiceType").text().to_owned(),
                board: row.by("Board_Name").text().to_owned(),
                active: row.by("ActiveType").text().to_owned(),
            };
            let id = row.by("SR_Type_RecID").id().unwrap_or_default();
            details.services.insert(id, kind);
        })?;
        scan(book, &TICKETS, |row| {
            if let (Some(ticket), Some(kind)) =
                (row.by("SR_Service_RecID").id(), row.by("Type_RecID").id())
            {
                details.tickets.insert(ticket, kind);
            }
        })?;
        scan(book, &MEMBERS, |row| {
            let id = row.by("Member_RecID").id().unwrap_or_default();
            let name = row.by("Member_ID").text().to_owned();
            details.members.insert(id, name);
        })?;
        details.lead(book, settings)?;
        Ok(details)
    }

    /// A client's lead: who has the role of the settings in its team, else its account manager; of several the one
    /// that was entered first.
    fn lead(&mut self, book: Book<'_>, settings: &Settings) -> Result<(), Failure> {
        let mut role = None;
        if let Some(wanted) = &settings.lead_role {
            scan(book, &TEAM_ROLES, |row| {
                if row.by("Role_Desc").text().eq_ignore_ascii_case(wanted) {
                    role = row.by("Team_Role_RecID").id();
                }
            })?;
            if role.is_none() {
                return Err(Failure::Settings(format!(
                    "lead_role is `{wanted}`, which is no team role of the PSA (any more)"
                )));
            }
        }
        scan(book, &TEAMS, |row| {
            let leads = match role {
                Some(role) => row.by("Team_Role_Recid").id() == Some(role),
                None => row.by("AcctMgr_Flag").flag(),
            };
            if let (true, Some(company), Some(member)) = (
                leads,
                row.by("Company_RecID").id(),
                row.by("Member_RecID").id(),
            ) {
                self.leads.entry(company).or_insert(member);
            }
        })?;
        Ok(())
    }

    pub fn member(&self, id: i64) -> String {
        let name = self.members.get(&id);
        name.cloned().unwrap_or_else(|| format!("member {id}"))
    }
}
