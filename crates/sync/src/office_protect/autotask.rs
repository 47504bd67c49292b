//! Office Protect on Autotask: the permissions of its profile, the vendor that its API user has to name, and tickets
//! whose status, priority and category the settings choose.

use super::choice::choose;
use super::face::Face;
use super::settings::Settings;
use super::source::{Event, KEYS};
use crate::Failure;
use crate::access::{Access, Proof, Reach};
use crate::autotask_tickets::{
    self as tickets, ADD_TICKETS, EDIT_TICKETS, READ_TICKETS, external_id,
};
use crate::queries::{Permission, Queries, is};
use crate::work::Work;
use serde_json::{Value, json};

type Working<'a> = Work<'a, Queries<'a>>;

/// The integration vendor of Office Protect's API user.
const VENDOR: &str = "Office Protect - Alert Integration";

/// Any of the three rows opens companies.
const COMPANIES: Permission = Permission::new(
    "CRM / Customer & Cancelation, CRM / Vendor & Partners or CRM / Prospects, Leads, & Dead",
    "",
);
/// Each row and its types of companies, the system's own on every instance.
const CLASSES: [(Permission, &[i64]); 3] = [
    (Permission::new("CRM / Customer & Cancelation", ""), &[1, 6]),
    (Permission::new("CRM / Vendor & Partners", ""), &[7, 8]),
    (
        Permission::new("CRM / Prospects, Leads, & Dead", ""),
        &[2, 3, 4],
    ),
];
const TICKETS: [Proof; 3] = [
    Proof::new(READ_TICKETS, "Tickets", "Query"),
    Proof::new(ADD_TICKETS, "Tickets", "Create"),
    Proof::new(EDIT_TICKETS, "Tickets", "Update"),
];

/// Credentials with the vendor first, then the rights.
pub fn check(work: &mut Working<'_>) -> Result<(), Failure> {
    match rights(work) {
        Err(Failure::Key { .. }) => {
            let message = if work.api.is_known()? {
                format!(
                    "Autotask knows the user name, so the secret is wrong, or the integration vendor, which has to be \
                     `{VENDOR}`, or the API user is locked or inactive"
                )
            } else {
                "Autotask does not know the user name".to_owned()
            };
            Err(Failure::Key { message })
        }
        result => result,
    }
}

fn rights(work: &mut Working<'_>) -> Result<(), Failure> {
    let mut access = Access::default();
    let reach = Access::reach(work, &Proof::new(COMPANIES, "Companies", "Query"))?;
    let classes = classes(work, reach)?;
    // The one that is shut is why the others are open in part.
    let shut = classes.iter().any(|(_, reach)| *reach == Reach::Nothing);
    for (permission, reach) in classes {
        access.keep(permission, reach, !shut);
    }
    for proof in &TICKETS {
        let reach = Access::reach(work, proof)?;
        access.keep(proof.permission, reach, true);
    }
    access.end(work)
}

/// How far each row of companies reaches. Where not all are open, the entity does not say which; a class of which
/// nothing shows is the one that is shut, or has no company.
fn classes(work: &mut Working<'_>, reach: Reach) -> Result<Vec<(Permission, Reach)>, Failure> {
    let mut found = Vec::new();
    for (permission, types) in CLASSES {
        let shows = match reach {
            Reach::Part => {
                let of = [is("in", "companyType", types.to_vec()), is("gt", "id", 0)];
                work.counts.read += 1;
                work.api.any(COMPANIES, "Companies", &of)?
            }
            _ => true,
        };
        found.push((permission, if shows { reach } else { Reach::Nothing }));
    }
    Ok(found)
}

impl Face for Queries<'_> {
    const UNSEEN: &'static str = "deleted, not active, or hidden by the key's security level";

    fn companies(self) -> Result<Vec<Value>, Failure> {
        let mut found = Vec::new();
        let fields = ["id", "companyName", "companyNumber", "companyType"];
        let active = [is("eq", "isActive", true)];
        self.walk(COMPANIES, "Companies", &active, &fields, |rows| {
            found.extend(rows.into_iter().map(|row| {
                json!({ "id": row["id"], "name": row["companyName"], "number": row["companyNumber"], "type": row["companyType"] })
            }));
            Ok(())
        })?;
        Ok(found)
    }

    fn closed(self, company: i64) -> Result<Option<&'static str>, Failure> {
        let there = self.get(COMPANIES, &format!("Companies/{company}"))?;
        Ok(match &there["item"] {
            Value::Null => Some("was deleted, or the key's security level hides it"),
            company if company["isActive"] == false => Some("is not active"),
            _ => None,
        })
    }

    fn further(work: &mut Work<'_, Self>, settings: &Settings) -> Result<Value, Failure> {
        let choice = choose(work.api, settings)?;
        if let Some(fault) = choice.fault {
            work.warn(fault);
        }
        Ok(choice.fields)
    }

    fn look_up(self, event: &Event) -> Result<Option<i64>, Failure> {
        let found = tickets::by_external_id(self, &external_id(KEYS, &event.id))?;
        Ok(found.and_then(|ticket| ticket["id"].as_i64()))
    }

    fn make(self, event: &Event, company: i64, further: &Value) -> Result<i64, Failure> {
        let (title, text) = (event.summary(), event.text());
        let key = external_id(KEYS, &event.id);
        let mut body = tickets::body(company, (&title, &text), &key, &[]);
        for (field, value) in further.as_object().into_iter().flatten() {
            body[field] = value.clone();
        }
        tickets::create(self, &body)
    }

    fn mark(self, ticket: i64, mark: &str) -> Result<bool, Failure> {
        let there = shown(self, ticket)?;
        let title = there["title"].as_str().unwrap_or_default();
        if title.starts_with(mark) {
            return Ok(false);
        }
        let title = tickets::title(&format!("{mark}{title}"));
        tickets::change(self, ticket, &[("title", json!(title))])?;
        Ok(true)
    }

    fn note(self, ticket: i64, event: &Event) -> Result<bool, Failure> {
        let (mark, text) = (format!("[{}]", event.key()), event.update());
        tickets::note_once(self, ticket, &mark, ("Office Protect", &text))
    }
}

/// A ticket that was made before.
fn shown(api: Queries<'_>, ticket: i64) -> Result<Value, Failure> {
    tickets::by_id(api, ticket)?.ok_or_else(|| Failure::NotFound {
        path: format!("ticket {ticket}"),
    })
}
