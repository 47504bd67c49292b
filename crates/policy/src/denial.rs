//! A refusal in words: one value that the error header, the log, `verify` and the console print.
//!
//! Must not decide anything.

use crate::{Action, Level, Refusal, Registry, Table, Verb, Why};
use serde::Serialize;
use std::fmt;

/// Why a call was refused, in names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Denial {
    /// What the call was about: `service/tickets`.
    pub entity: String,
    /// `Service Desk`; empty where no single row is concerned.
    pub module: String,
    /// `Service Tickets`; empty where no single row is concerned.
    pub action: String,
    pub verb: Verb,
    /// The levels that would do: `My or All`.
    pub needed: String,
    pub held: Level,
    /// The name of the caller's role, once [`Denial::by`] has told it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// The setup table that the call is about: `Service / Service Board`. It is what the role
    /// lacks where `list` is there too; without `list`, the level comes first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// The customize list that does not allow the record: `CompanyConfigurations`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub list: Option<String>,
    /// What hides the record although the row allows it: `ownership`, `board`, `location`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// What an administrator can do about it.
    pub remedy: String,
}

impl Denial {
    /// The same denial with the name of the role that was refused.
    #[must_use]
    pub fn by(mut self, role: &str) -> Denial {
        self.role = Some(role.to_owned());
        self
    }

    fn row(&self) -> String {
        format!("{} / {}: {}", self.module, self.action, self.verb)
    }
}

impl Registry {
    /// Puts a refusal into words.
    pub fn explain(&self, refusal: &Refusal, entity: &str) -> Denial {
        let Refusal {
            verb, held, why, ..
        } = *refusal;
        let action = self.get(refusal.action);
        let needed = match action {
            Some(row) => sufficient(row, verb, why),
            None => String::new(),
        };
        let row = action.map_or_else(|| entity.to_owned(), Action::full_name);
        let table = match why {
            Why::TableNotAllowed(id) => Some(id),
            Why::Level if refusal.action == self.table_setup() => self.table_guarding(entity),
            _ => None,
        }
        .and_then(|id| self.get_table(id))
        .map(Table::full_name);
        let list = match why {
            Why::TableNotAllowed(_) => self.table_list(),
            Why::ListEntryNotAllowed(id) => Some(id),
            _ => None,
        }
        .and_then(|id| self.get_list(id));
        let scope = match why {
            Why::Ownership => Some("ownership"),
            Why::Board => Some("board"),
            Why::Location => Some("location"),
            Why::ProjectRole => Some("project"),
            _ => None,
        };
        let remedy = match why {
            Why::Level => match &table {
                Some(table) => format!(
                    "set {row}: {verb} to {needed}, and keep `{table}` in its customize list"
                ),
                None => format!("set {row}: {verb} to {needed}"),
            },
            Why::NeedsInquire => format!("set {row}: Inquire to My or All"),
            Why::TableNotAllowed(_) => format!(
                "allow `{}` in the customize list of {row}",
                table.as_deref().unwrap_or_default()
            ),
            Why::ListEntryNotAllowed(_) => format!(
                "allow the record's entry in the customize list of {row} ({})",
                list.map_or("entries", |l| l.holds.as_str())
            ),
            Why::InactiveRole => {
                "activate the security role, or give the member another one".to_owned()
            }
            Why::Ownership => {
                format!("set {row}: {verb} to All, or make the member the record's owner")
            }
            Why::Board => "take the board off the member's excluded boards".to_owned(),
            Why::Location => {
                "give the member a structure level and location that include the record".to_owned()
            }
            Why::ProjectRole => format!(
                "set {row} in the settings of the member's project role, or give it another role in the project's team"
            ),
            Why::NoWayIn => "name a right for this call in its entity's file".to_owned(),
        };
        Denial {
            entity: entity.to_owned(),
            module: action.map(|a| a.module.clone()).unwrap_or_default(),
            action: action.map(|a| a.name.clone()).unwrap_or_default(),
            verb,
            needed,
            held,
            role: None,
            table,
            list: list.map(|l| l.identifier.clone()),
            scope: scope.map(str::to_owned),
            remedy,
        }
    }
}

/// The levels of a row that would let the verb through.
fn sufficient(row: &Action, verb: Verb, why: Why) -> String {
    let least = match why {
        Why::Ownership => Level::All,
        _ => Level::My,
    };
    let levels: Vec<&str> = row
        .levels(verb)
        .filter(|l| *l >= least)
        .map(Level::as_str)
        .collect();
    levels.join(" or ")
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let role = match &self.role {
            Some(name) => format!("role \"{name}\""),
            None => "the role".to_owned(),
        };
        if self.action.is_empty() {
            return write!(f, "{} refused to {role}: {}", self.entity, self.remedy);
        }
        let row = self.row();
        match (&self.table, &self.list, self.scope.as_deref()) {
            (Some(table), None, _) => write!(
                f,
                "needs {row} ({}) and table `{table}` on its list, {role} holds {}",
                self.needed, self.held
            ),
            (Some(table), Some(_), _) => {
                write!(
                    f,
                    "needs table `{table}` on the list of {row}, {role} does not allow it"
                )
            }
            (None, Some(list), _) => write!(
                f,
                "needs the record's entry on the list {list} of {row}, {role} does not allow it"
            ),
            (None, None, Some("ownership")) => write!(
                f,
                "needs {row} (All) or an own record, {role} holds {} and the record is not the member's",
                self.held
            ),
            (None, None, Some("board")) => {
                write!(
                    f,
                    "{row} stops at the record's board, which is excluded for the member"
                )
            }
            (None, None, Some("project")) => {
                write!(
                    f,
                    "{row} stops at the record's project, where the member's project role does not let it"
                )
            }
            (None, None, Some(_)) => {
                write!(
                    f,
                    "{row} stops at the record's location, which the member does not see"
                )
            }
            (None, None, None) if self.held == Level::None => {
                write!(f, "needs {row} ({}), {role} holds None", self.needed)
            }
            (None, None, None) => write!(
                f,
                "needs Inquire beside {row}, {role} holds {} without Inquire",
                self.held
            ),
        }
    }
}
