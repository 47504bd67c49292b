//! Umbrella's records on a ConnectWise: configurations of a type of its own, tickets on a board.

use super::kind::{self, Kind};
use super::psa::{Companies, Company, Held, Psa, Ticket, Wanted};
use super::questions::QUESTIONS;
use super::seen::Seen;
use super::settings::Settings;
use super::source::Organisation;
use super::{
    ADD_CONFIGURATIONS, ADD_TICKETS, BOARDS, COMPANIES, EDIT_CONFIGURATIONS, PRIORITIES,
    READ_CONFIGURATIONS, READ_TICKETS,
};
use crate::Failure;
use crate::api::{Api, Need, encode, id, literal, short};
use crate::sight::{self, Standing};
use crate::work::Work;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Company ids per question; longer lists make longer addresses than some gateways take.
const CHUNK: usize = 40;
const CONFIGURATIONS: &str = "company/configurations";
const TICKETS: &str = "service/tickets";
/// Most characters of a configuration's name and of a ticket's summary.
const NAME: usize = 100;

/// Where tickets go, and how urgent they are.
pub struct Form {
    board: i64,
    priority: i64,
}

impl Psa for Api<'_> {
    const RECORD: &'static str = "configuration";
    const COMPANY_ID: &'static str = "company id";
    const HIDES: &'static str = "the key's location";
    const KEEPER: &'static str = "the key's member";
    type Shape = Kind;
    type Settings = Settings;
    type Form = Form;

    fn companies(work: &mut Work<'_, Self>, wanted: &[&str]) -> Result<Companies, Failure> {
        // Text compares without letter case in the PSA.
        let mut found = Companies::new();
        for chunk in wanted.chunks(CHUNK) {
            let list: Vec<String> = chunk.iter().map(|company| literal(company)).collect();
            let conditions = format!("identifier in ({}) and deletedFlag=false", list.join(","));
            let path = format!(
                "company/companies?conditions={}&fields=id,identifier&orderBy=id",
                encode(&conditions)
            );
            for company in work.api.all(COMPANIES, &path)? {
                work.counts.read += 1;
                let identifier = company["identifier"]
                    .as_str()
                    .unwrap_or_default()
                    .to_lowercase();
                found.entry(identifier).or_default().push(Company {
                    id: id(&company),
                    active: true,
                });
            }
        }
        Ok(found)
    }

    fn shape(work: &mut Work<'_, Self>) -> Result<Kind, Failure> {
        let settings: Settings = work.settings()?;
        kind::held(work, &settings.kind)
    }

    fn mark(org: &Organisation) -> String {
        org.device()
    }

    fn answers(kind: &Kind, org: &Organisation, day: &str) -> Vec<Value> {
        QUESTIONS
            .iter()
            .filter_map(|question| {
                let answer = (question.answer)(org, day);
                Some(json!({ "questionId": kind.questions.get(question.text)?, "answer": answer }))
            })
            .collect()
    }

    /// A few pages, not a look-up each.
    fn there(
        work: &mut Work<'_, Self>,
        kind: &Kind,
    ) -> Result<BTreeMap<(String, i64), i64>, Failure> {
        let mut there = BTreeMap::new();
        let conditions = format!("type/id={}", kind.id);
        let rest = "&fields=id,deviceIdentifier,company";
        let api = work.api;
        api.walk(
            READ_CONFIGURATIONS,
            CONFIGURATIONS,
            &conditions,
            rest,
            |rows| {
                for row in rows {
                    let device = row["deviceIdentifier"].as_str().unwrap_or_default();
                    let company = row["company"]["id"].as_i64().unwrap_or_default();
                    there
                        .entry((device.to_owned(), company))
                        .or_insert(id(&row));
                }
                Ok(())
            },
        )?;
        Ok(there)
    }

    fn make(
        work: &mut Work<'_, Self>,
        kind: &Kind,
        company: i64,
        org: &Organisation,
        answers: &[Value],
    ) -> Result<i64, Failure> {
        let body = json!({
            "name": name(org), "type": { "id": kind.id }, "company": { "id": company },
            "deviceIdentifier": org.device(), "questions": answers,
        });
        let made = work.api.post(ADD_CONFIGURATIONS, CONFIGURATIONS, &body)?;
        Ok(id(&made))
    }

    /// Questions are replaced as a whole.
    fn change(
        work: &mut Work<'_, Self>,
        id: i64,
        org: &Organisation,
        answers: &[Value],
        revive: bool,
    ) -> Result<(), Failure> {
        let mut members = vec![("name", json!(name(org))), ("questions", json!(answers))];
        if revive {
            members.push(("activeFlag", json!(true)));
        }
        let path = format!("{CONFIGURATIONS}/{id}");
        work.api
            .patch(EDIT_CONFIGURATIONS, &path, &members)
            .map(drop)
    }

    fn retire(work: &mut Work<'_, Self>, id: i64) -> Result<Option<String>, Failure> {
        let path = format!("{CONFIGURATIONS}/{id}");
        let inactive = [("activeFlag", json!(false))];
        let after = work.api.patch(EDIT_CONFIGURATIONS, &path, &inactive)?;
        Ok((after["activeFlag"] == true).then(|| {
            format!("configuration {id} is in use no more, but its status keeps it active; Umbrella may not choose statuses, so set one by hand")
        }))
    }

    fn standing(work: &mut Work<'_, Self>, held: Held<'_>) -> Result<Standing, Failure> {
        let path = format!("{CONFIGURATIONS}/{}", held.id);
        sight::look(work.api, READ_CONFIGURATIONS, &path)
    }

    fn maker(_: &Work<'_, Self>) -> Option<String> {
        None
    }

    fn form(work: &mut Work<'_, Self>) -> Result<Form, Failure> {
        let Settings { tickets, .. } = work.settings()?;
        Ok(Form {
            board: chosen(work, BOARDS, "service/boards", "board", &tickets.board)?,
            priority: chosen(
                work,
                PRIORITIES,
                "service/priorities",
                "priority",
                &tickets.priority,
            )?,
        })
    }

    fn ticket(work: &mut Work<'_, Self>, id: i64) -> Result<Ticket, Failure> {
        let path = format!("{TICKETS}/{id}");
        Ok(match sight::look(work.api, READ_TICKETS, &path)? {
            Standing::There(there) if there["closedFlag"] == true => Ticket::Closed,
            Standing::There(_) => Ticket::Open,
            Standing::Gone => Ticket::Gone,
            Standing::Unknown(reason) => Ticket::Unknown(reason),
        })
    }

    fn append(work: &mut Work<'_, Self>, ticket: i64, seen: &Seen) -> Result<bool, Failure> {
        let path = format!("{TICKETS}/{ticket}/notes");
        let mark = seen.mark();
        let notes = work.api.all(READ_TICKETS, &path)?;
        if notes.iter().any(|note| {
            note["text"]
                .as_str()
                .is_some_and(|text| text.contains(&mark))
        }) {
            return Ok(false);
        }
        let note = json!({ "text": seen.text(), "detailDescriptionFlag": true });
        work.api.post(ADD_TICKETS, &path, &note)?;
        Ok(true)
    }

    fn opened(work: &mut Work<'_, Self>, seen: &Seen) -> Result<Option<i64>, Failure> {
        let conditions = format!("externalXRef={}", literal(&seen.key()));
        let found = work.api.find(READ_TICKETS, TICKETS, &conditions)?;
        Ok(found.iter().map(id).min())
    }

    fn open(
        work: &mut Work<'_, Self>,
        form: &Form,
        Wanted { seen, company, .. }: Wanted<'_>,
    ) -> Result<i64, Failure> {
        let body = json!({
            "summary": short(&seen.title(), NAME),
            "company": { "id": company },
            "board": { "id": form.board },
            "priority": { "id": form.priority },
            "initialDescription": seen.text(),
            "externalXRef": seen.key(),
        });
        let made = work.api.post(ADD_TICKETS, TICKETS, &body)?;
        Ok(id(&made))
    }
}

fn name(org: &Organisation) -> String {
    short(&format!("Umbrella – {}", org.name), NAME)
}

/// The record that the settings name.
fn chosen(
    work: &mut Work<'_, Api<'_>>,
    need: Need,
    path: &str,
    what: &str,
    word: &str,
) -> Result<i64, Failure> {
    let rows = work.api.all(need, path)?;
    let named = |row: &&Value| {
        id(row).to_string() == word
            || row["name"]
                .as_str()
                .is_some_and(|name| name.eq_ignore_ascii_case(word))
    };
    let found = rows.iter().find(named).map(id);
    found.ok_or_else(|| {
        let known: Vec<&str> = rows
            .iter()
            .filter_map(|row| row["name"].as_str())
            .take(20)
            .collect();
        Failure::Settings(format!(
            "tickets.{what} is `{word}`; choose one of {}",
            known.join(", ")
        ))
    })
}
