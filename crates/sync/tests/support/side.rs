//! Both PSAs with Office Protect's profile applied, so that one scenario runs on either.

use super::tenant::{self, Tenant, patch, rows};
use super::{Desk, Server, each_right_is_needed_and_named};
use bitting_policy::Level;
use bitting_sync::Integration;
use bitting_sync::office_protect::{INTEGRATION, ON_AUTOTASK};
use bitting_sync::psa::Way;
use bitting_sync::queries::is;
use serde_json::{Value, json};

pub enum Side {
    ConnectWise(Box<Server>),
    Autotask(Box<Tenant>),
}

/// A ticket, whatever its PSA calls its parts.
pub struct Ticket {
    pub id: i64,
    pub key: String,
    pub summary: String,
    pub company: i64,
    pub whole: Value,
}

impl Side {
    pub fn connectwise() -> Self {
        let server = Server::start("office_protect", &["ticket-settings"]);
        Self::ConnectWise(Box::new(server))
    }

    pub fn autotask() -> Self {
        Self::Autotask(Box::new(Tenant::start("autotask/office_protect")))
    }

    pub fn integration(&self) -> &'static Integration {
        match self {
            Self::ConnectWise(_) => &INTEGRATION,
            Self::Autotask(_) => &ON_AUTOTASK,
        }
    }

    /// The least-privilege key.
    pub fn key(&self) -> Way<'_> {
        match self {
            Self::ConnectWise(server) => server.key().into(),
            Self::Autotask(tenant) => (&tenant.key).into(),
        }
    }

    pub fn company(&self) -> i64 {
        match self {
            Self::ConnectWise(server) => {
                let path = "company/companies?conditions=deletedFlag=false&pageSize=1&orderBy=id";
                let found = server.operator().get(path).expect("companies");
                found[0]["id"].as_i64().expect("a company")
            }
            Self::Autotask(tenant) => tenant.company(),
        }
    }

    /// Tickets of events whose ids begin so, by their keys.
    pub fn tickets(&self, tag: &str) -> Vec<Ticket> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let mut found: Vec<Ticket> = match self {
            Self::ConnectWise(server) => {
                let path = format!(
                    "service/tickets?conditions=externalXRef%20like%20%22officeprotect:{tag}-%25%22"
                );
                let found = server.operator().list(&path).expect("tickets");
                let each = found.into_iter().map(|whole| Ticket {
                    id: whole["id"].as_i64().expect("an id"),
                    key: text(&whole["externalXRef"]),
                    summary: text(&whole["summary"]),
                    company: whole["company"]["id"].as_i64().expect("a company"),
                    whole,
                });
                each.collect()
            }
            Self::Autotask(tenant) => {
                let key = format!("officeprotect:{tag}-");
                let of = [is("beginsWith", "externalID", key.as_str())];
                let found = rows(&tenant.admin, "Tickets", &of);
                let each = found.into_iter().map(|whole| Ticket {
                    id: whole["id"].as_i64().expect("an id"),
                    key: text(&whole["externalID"]),
                    summary: text(&whole["title"]),
                    company: whole["companyID"].as_i64().expect("a company"),
                    whole,
                });
                each.collect()
            }
        };
        found.sort_by(|one, other| one.key.cmp(&other.key));
        found
    }

    /// The texts of a ticket's notes.
    pub fn notes(&self, ticket: i64) -> Vec<String> {
        let (found, member) = match self {
            Self::ConnectWise(server) => {
                let path = format!("service/tickets/{ticket}/notes");
                (server.operator().list(&path).expect("notes"), "text")
            }
            Self::Autotask(tenant) => {
                let of = [is("eq", "ticketID", ticket)];
                (rows(&tenant.admin, "TicketNotes", &of), "description")
            }
        };
        let text = |note: &Value| note[member].as_str().unwrap_or_default().to_owned();
        found.iter().map(text).collect()
    }

    /// Takes the right to make tickets away; answers its name.
    pub fn forbid_tickets(&self) -> &'static str {
        match self {
            Self::ConnectWise(server) => {
                let mut less = server.document.clone();
                for row in &mut less.rows {
                    if row.action == "Service Tickets" {
                        row.add = Level::None;
                    }
                }
                server.set(&less);
                "Service Desk / Service Tickets: Add"
            }
            Self::Autotask(tenant) => {
                tenant.set(&tenant.level_with("Service Desk / Tickets", "add", "No"));
                "Service Desk / Tickets: Add"
            }
        }
    }

    /// Gives everything back that the profile asks for.
    pub fn allow(&self) {
        match self {
            Self::ConnectWise(server) => server.set(&server.document),
            Self::Autotask(tenant) => tenant.set(&tenant.wanted.level),
        }
    }

    /// Takes the company away from every mapping: it takes no tickets any more.
    pub fn close(&self, company: i64) {
        match self {
            Self::ConnectWise(server) => {
                let path = format!("company/companies/{company}");
                let deleted = [("deletedFlag".to_owned(), json!(true))];
                server.operator().patch(&path, &deleted).expect("deleted");
            }
            Self::Autotask(tenant) => {
                let change = json!({ "id": company, "isActive": false });
                patch(&tenant.admin, "Companies", &change);
            }
        }
    }

    /// Takes each right of the profile away in turn: some job names it.
    pub fn each_right_is_needed_and_named(&self, mut desk: impl FnMut(usize) -> Desk) {
        let tenant: &tenant::Tenant = match self {
            Self::ConnectWise(server) => {
                return each_right_is_needed_and_named(server, self.integration(), desk);
            }
            Self::Autotask(tenant) => tenant,
        };
        let every = tenant.without_each();
        for outcome in desk(every.len()).whole(self.key()) {
            assert!(outcome.counts.requests > 0, "{} asks nothing", outcome.job);
        }
        let mut silent = Vec::new();
        for (at, (permission, cell, less)) in every.iter().enumerate() {
            let desk = desk(at);
            tenant.set(less);
            let said = Desk::said(&desk.run(self.key(), None).expect("a run"));
            // Of the rows of companies there is one cell; of others the verb belongs to the name.
            let verb = ["view", "add", "edit"].iter().find(|verb| *verb == cell);
            let named = match verb {
                Some(verb) => format!("{permission}: {}{}", verb[..1].to_uppercase(), &verb[1..]),
                None => permission.clone(),
            };
            if !said.contains(&named) {
                silent.push(format!("{named}\n{said}"));
            }
        }
        tenant.set(&tenant.wanted.level);
        let names: Vec<&String> = every.iter().map(|(permission, ..)| permission).collect();
        assert_eq!(every.len(), 6, "{names:?}");
        let silent = silent.join("\n");
        assert!(silent.is_empty(), "no job names these:\n{silent}");
    }
}
