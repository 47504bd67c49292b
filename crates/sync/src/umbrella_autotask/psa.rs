//! Umbrella's records on an Autotask: configuration items of a product of its own, tickets in a queue.

use super::product::{self, Product};
use super::settings::Settings;
use super::{companies, items};
use crate::Failure;
use crate::autotask_tickets::{self, COMPLETE, READ_TICKETS};
use crate::queries::{Pick, Queries, is};
use crate::sight::Standing;
use crate::umbrella::psa::{Companies, Held, Psa, Ticket, Wanted};
use crate::umbrella::seen::Seen;
use crate::umbrella::source::Organisation;
use crate::work::Work;
use serde_json::Value;
use std::collections::BTreeMap;

/// Where tickets go, how urgent they are, and how they begin.
pub struct Form {
    queue: i64,
    priority: i64,
    status: i64,
}

impl Psa for Queries<'_> {
    const RECORD: &'static str = "configuration item";
    const COMPANY_ID: &'static str = "company id or number";
    const HIDES: &'static str = "the security level of the key";
    const KEEPER: &'static str = "the API user";
    type Shape = Product;
    type Settings = Settings;
    type Form = Form;

    fn companies(work: &mut Work<'_, Self>, wanted: &[&str]) -> Result<Companies, Failure> {
        companies::find(work, wanted)
    }

    fn shape(work: &mut Work<'_, Self>) -> Result<Product, Failure> {
        product::held(work)
    }

    fn mark(org: &Organisation) -> String {
        org.org.clone()
    }

    fn answers(product: &Product, org: &Organisation, day: &str) -> Vec<Value> {
        items::answers(&product.fields, org, day)
    }

    fn there(
        work: &mut Work<'_, Self>,
        product: &Product,
    ) -> Result<BTreeMap<(String, i64), i64>, Failure> {
        items::there(work, product)
    }

    fn make(
        work: &mut Work<'_, Self>,
        product: &Product,
        company: i64,
        org: &Organisation,
        answers: &[Value],
    ) -> Result<i64, Failure> {
        items::make(work, product, company, org, answers)
    }

    fn change(
        work: &mut Work<'_, Self>,
        id: i64,
        org: &Organisation,
        answers: &[Value],
        revive: bool,
    ) -> Result<(), Failure> {
        items::change(work, id, org, answers, revive)
    }

    fn retire(work: &mut Work<'_, Self>, id: i64) -> Result<Option<String>, Failure> {
        items::retire(work, id)
    }

    fn standing(work: &mut Work<'_, Self>, held: Held<'_>) -> Result<Standing, Failure> {
        items::standing(work, held)
    }

    fn maker(work: &Work<'_, Self>) -> Option<String> {
        Some(work.api.user().to_owned())
    }

    fn form(work: &mut Work<'_, Self>) -> Result<Form, Failure> {
        let Settings { tickets, .. } = work.settings()?;
        let queue = chosen(work, "queueID", "queue", &tickets.queue)?.id;
        let priority = chosen(work, "priority", "priority", &tickets.priority)?.id;
        let status = if tickets.status.is_empty() {
            let picks = autotask_tickets::picks(work.api, "status")?;
            let default = picks.iter().find(|pick| pick.default).or(picks.first());
            default.cloned().ok_or_else(|| {
                Failure::Settings("tickets have no status in this Autotask".to_owned())
            })?
        } else {
            chosen(work, "status", "status", &tickets.status)?
        };
        if status.id == COMPLETE {
            return Err(Failure::Settings(format!(
                "tickets.status is `{}`, which completes a ticket at once; choose one that leaves it open",
                status.name
            )));
        }
        Ok(Form {
            queue,
            priority,
            status: status.id,
        })
    }

    /// A line of business may hide a ticket from a user who sees all otherwise; only the log of deleted tickets proves
    /// that one is gone.
    fn ticket(work: &mut Work<'_, Self>, id: i64) -> Result<Ticket, Failure> {
        if let Some(ticket) = autotask_tickets::by_id(work.api, id)? {
            return Ok(if autotask_tickets::is_complete(&ticket) {
                Ticket::Closed
            } else {
                Ticket::Open
            });
        }
        let of = [is("eq", "ticketID", id)];
        let deleted = work.api.find(READ_TICKETS, "DeletedTicketLogs", &of)?;
        Ok(if deleted.is_empty() {
            Ticket::Unknown(
                "its security level or a line of business hides it, or the log of deleted tickets does not reach back so far"
                    .to_owned(),
            )
        } else {
            Ticket::Gone
        })
    }

    fn append(work: &mut Work<'_, Self>, ticket: i64, seen: &Seen) -> Result<bool, Failure> {
        let (title, text) = (seen.title(), seen.text());
        autotask_tickets::note_once(work.api, ticket, &seen.mark(), (&title, &text))
    }

    fn opened(work: &mut Work<'_, Self>, seen: &Seen) -> Result<Option<i64>, Failure> {
        let found = autotask_tickets::by_external_id(work.api, &external_id(seen))?;
        Ok(found.and_then(|ticket| ticket["id"].as_i64()))
    }

    fn open(work: &mut Work<'_, Self>, form: &Form, wanted: Wanted<'_>) -> Result<i64, Failure> {
        let seen = wanted.seen;
        let body = autotask_tickets::body(
            wanted.company,
            (&seen.title(), &seen.text()),
            &external_id(seen),
            &[
                ("queueID", Some(form.queue)),
                ("priority", Some(form.priority)),
                ("status", Some(form.status)),
                ("configurationItemID", wanted.record),
            ],
        );
        autotask_tickets::create(work.api, &body)
    }
}

fn external_id(seen: &Seen) -> String {
    let key = seen.key();
    let rest = key.strip_prefix("umbrella:").unwrap_or(&key);
    autotask_tickets::external_id("umbrella", rest)
}

/// The value of a pick list that the settings name.
fn chosen(
    work: &mut Work<'_, Queries<'_>>,
    field: &str,
    setting: &str,
    word: &str,
) -> Result<Pick, Failure> {
    let picks = autotask_tickets::picks(work.api, field)?;
    if word.trim().is_empty() {
        let known: Vec<&str> = picks.iter().map(|pick| pick.name.as_str()).collect();
        return Err(Failure::Settings(format!(
            "tickets.{setting} is not chosen; choose one of {}",
            known.join(", ")
        )));
    }
    let setting = format!("tickets.{setting}");
    autotask_tickets::named(&picks, field, &setting, word).cloned()
}
