//! Office Protect on ConnectWise: tickets on the API member's default board.

use super::face::Face;
use super::rights::{ADD_TICKETS, COMPANIES, EDIT_TICKETS, READ_TICKETS};
use super::settings::Settings;
use super::source::Event;
use super::ticket_settings::STATUS;
use crate::Failure;
use crate::api::{self, Api, id, literal, short};
use crate::work::Work;
use serde_json::{Value, json};

/// Most characters of a ticket's summary.
const SUMMARY: usize = 100;

impl Face for Api<'_> {
    const UNSEEN: &'static str = "deleted, or hidden by the key's location";

    fn companies(self) -> Result<Vec<Value>, Failure> {
        let path = format!(
            "company/companies?conditions={}&fields=id,identifier,name,status&orderBy=id",
            api::encode("deletedFlag=false")
        );
        self.all(COMPANIES, &path)
    }

    fn closed(self, company: i64) -> Result<Option<&'static str>, Failure> {
        let path = format!("company/companies/{company}?fields=id,deletedFlag");
        let there = self.get_if_there(COMPANIES, &path)?;
        Ok(there
            .is_none_or(|company| company["deletedFlag"] == true)
            .then_some("was deleted, or the key's location hides it"))
    }

    /// The status that passed the last look at the settings; the board knows the rest.
    fn further(work: &mut Work<'_, Self>, _: &Settings) -> Result<Value, Failure> {
        let status = work.state.watermark(work.integration, STATUS)?;
        let status = status.and_then(|status| status.parse::<i64>().ok());
        Ok(match status {
            Some(status) => json!({ "status": { "id": status } }),
            None => json!({}),
        })
    }

    fn look_up(self, event: &Event) -> Result<Option<i64>, Failure> {
        let of = format!("externalXRef={}", literal(&event.key()));
        let found = self.find(READ_TICKETS, "service/tickets", &of)?;
        Ok(found.iter().map(id).min())
    }

    fn make(self, event: &Event, company: i64, further: &Value) -> Result<i64, Failure> {
        let mut body = json!({
            "summary": short(&event.summary(), SUMMARY),
            "company": { "id": company },
            "initialDescription": event.text(),
            "externalXRef": event.key(),
        });
        for (field, value) in further.as_object().into_iter().flatten() {
            body[field] = value.clone();
        }
        self.post(ADD_TICKETS, "service/tickets", &body)
            .map(|made| id(&made))
    }

    fn mark(self, ticket: i64, mark: &str) -> Result<bool, Failure> {
        let path = format!("service/tickets/{ticket}");
        let there = self.get(READ_TICKETS, &path)?;
        let summary = there["summary"].as_str().unwrap_or_default();
        if summary.starts_with(mark) {
            return Ok(false);
        }
        let summary = short(&format!("{mark}{summary}"), SUMMARY);
        self.patch(EDIT_TICKETS, &path, &[("summary", json!(summary))])?;
        Ok(true)
    }

    fn note(self, ticket: i64, event: &Event) -> Result<bool, Failure> {
        let path = format!("service/tickets/{ticket}/notes");
        let text = event.update();
        let there = self.all(READ_TICKETS, &path)?;
        if there.iter().any(|note| note["text"] == text.as_str()) {
            return Ok(false);
        }
        let note = json!({ "text": text, "internalAnalysisFlag": true });
        self.post(ADD_TICKETS, &path, &note)?;
        Ok(true)
    }
}
