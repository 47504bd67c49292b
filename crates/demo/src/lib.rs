//! The demo company: an invented provider and its customers, made from the recipes in `data/demo` and a
//! seed. The same seed makes the same rows. Everything about the company is in the recipes; the code
//! here knows tables and fields from the catalog only, and names no entity.

mod columns;
mod compile;
mod conditions;
mod error;
mod kept;
mod makers;
mod moment;
mod paths;
mod placement;
mod plan;
mod random;
mod recipe;
mod roles;
mod run;
mod tables;
mod texts;
mod values;

#[cfg(test)]
mod tests;

pub use error::DemoError;
pub use recipe::Recipes;
pub use roles::{CellRecipe, ListRecipe, RoleRecipe};

use bitting_catalog::Catalog;
use bitting_store::table::Change;
use run::Run;
use std::collections::BTreeMap;
use std::sync::Arc;

/// How many rows of what is counted by itself; what hangs below comes with it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Size {
    pub companies: u32,
    pub contacts: u32,
    pub configurations: u32,
    pub agreements: u32,
    pub tickets: u32,
    pub opportunities: u32,
    pub activities: u32,
    pub projects: u32,
    /// Technicians beside those that stand in the recipes.
    pub technicians: u32,
}

impl Default for Size {
    fn default() -> Self {
        Self {
            companies: 240,
            contacts: 360,
            configurations: 450,
            agreements: 90,
            tickets: 500,
            opportunities: 100,
            activities: 120,
            projects: 12,
            technicians: 0,
        }
    }
}

/// The part of all hours that is regular work of agreements, in a company of the usual size; the rest is tickets.
const ROUTINE: f64 = 0.88;
/// Technicians who share those hours.
const TECHNICIANS: f64 = 10.0;

impl Size {
    const NAMES: [&'static str; 9] = [
        "companies",
        "contacts",
        "configurations",
        "agreements",
        "tickets",
        "opportunities",
        "activities",
        "projects",
        "technicians",
    ];

    /// So many tickets, and the rest of the default size.
    pub fn with_tickets(tickets: u32) -> Self {
        Self {
            tickets,
            ..Self::default()
        }
    }

    /// A company of so many tickets a year: its customers, contacts, configurations and agreements, with their
    /// invoices of each month, grow with the root of the tickets, as a provider's do that has larger customers.
    pub fn scaled(tickets: u32) -> Self {
        let usual = Self::default();
        let ratio = (f64::from(tickets) / f64::from(usual.tickets))
            .sqrt()
            .max(1.0);
        // Far from overflow: the root of the largest ratio is below 3,000.
        let grown = |count: u32| (f64::from(count) * ratio) as u32;
        Self {
            companies: grown(usual.companies),
            contacts: grown(usual.contacts),
            configurations: grown(usual.configurations),
            agreements: grown(usual.agreements),
            tickets,
            opportunities: grown(usual.opportunities),
            activities: grown(usual.activities),
            projects: grown(usual.projects),
            technicians: {
                let load = ROUTINE * ratio + (1.0 - ROUTINE) * ratio * ratio;
                (TECHNICIANS * (load - 1.0)).round() as u32
            },
        }
    }

    /// How much larger customers are than usual, so that what they are billed keeps step with the time that they
    /// take: regular work grows with the agreements, tickets grow with their square.
    pub(crate) fn growth(&self) -> f64 {
        let ratio = f64::from(self.agreements) / f64::from(Self::default().agreements);
        ROUTINE + (1.0 - ROUTINE) * ratio.max(1.0)
    }

    /// About how many rows a company of this size has, for progress; of Autotask's, or of ConnectWise's, which
    /// keeps beside its rows whose they are.
    pub fn rows(&self, autotask: bool) -> u64 {
        let (per_agreement, per_ticket) = if autotask { (55, 11) } else { (97, 15) };
        let one = |count: u32, rows: u64| u64::from(count) * rows;
        // With what hangs below: notes, time and schedule of tickets, a year of regular work and invoices of agreements.
        600 + one(self.companies, 7)
            + one(self.contacts, 4)
            + one(self.configurations, 1)
            + one(self.agreements, per_agreement)
            + one(self.tickets, per_ticket)
            + one(self.opportunities, 5)
            + one(self.activities, 2)
            + one(self.projects, 16)
    }

    fn of(&self, name: &str) -> Option<u32> {
        let sizes = [
            self.companies,
            self.contacts,
            self.configurations,
            self.agreements,
            self.tickets,
            self.opportunities,
            self.activities,
            self.projects,
            self.technicians,
        ];
        Self::NAMES
            .iter()
            .position(|known| *known == name)
            .map(|index| sizes[index])
    }
}

/// What has been made.
#[derive(Debug, Clone)]
pub struct Summary {
    /// Rows by the path of their entity.
    pub rows: BTreeMap<Arc<str>, u64>,
    /// The member for whom the administrator's key is cut.
    pub admin: KeyHolder,
    /// The member for whom the least-privilege key is cut.
    pub least: KeyHolder,
    /// Id of each security role, with the cells and lists to give it.
    pub roles: Vec<(i64, RoleRecipe)>,
}

/// A member that programs act as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyHolder {
    pub member: i64,
    pub identifier: String,
}

impl Summary {
    /// All rows together.
    pub fn total(&self) -> u64 {
        self.rows.values().sum()
    }
}

/// Makes the company and hands on each row as it is done, in an order in which a row may come before a
/// row that it points to. The size is of what is counted by itself; `now` is the time up to which the
/// company has lived.
pub fn generate(
    catalog: &Catalog,
    recipes: &Recipes,
    size: &Size,
    seed: u64,
    now: jiff::Timestamp,
    emit: &mut dyn FnMut(Change),
) -> Result<Summary, DemoError> {
    let plan = compile::compile(catalog, recipes)?;
    let settings = &recipes.settings;
    let stamp = (settings.entered_by.as_str(), settings.entered);
    let (rows, kept) =
        Run::new(catalog, &plan, size, seed, now.as_second(), stamp, emit).finish()?;
    let named = |entity, name: &str, what: &str| {
        kept.named(entity, &name.to_lowercase())
            .first()
            .copied()
            .ok_or_else(|| {
                DemoError::new(
                    &settings.file,
                    format!(
                        "no row of {} is called `{name}`, the {what}",
                        catalog.entity(entity).path
                    ),
                )
            })
    };
    let holder = |name: &str| -> Result<KeyHolder, DemoError> {
        let member = named(plan.members, name, "holder of a key")?;
        Ok(KeyHolder {
            member,
            identifier: name.to_owned(),
        })
    };
    let mut roles = Vec::with_capacity(recipes.roles.len());
    for role in &recipes.roles {
        roles.push((
            named(plan.roles, &role.name, "name of a role in roles.toml")?,
            role.clone(),
        ));
    }
    Ok(Summary {
        rows,
        admin: holder(&settings.admin)?,
        least: holder(&settings.least)?,
        roles,
    })
}
