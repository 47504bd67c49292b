//! ConnectWise's side of Umbrella's scenarios.

use super::Side;
use crate::support::Server;
use bitting_client::Psa;
use bitting_sync::Integration;
use bitting_sync::psa::Way;
use bitting_sync::umbrella::INTEGRATION;
use serde_json::{Value, json};

/// A server with an open board and a priority for tickets, and two companies by their company ids.
pub struct Served {
    pub server: Server,
    pub operator: Psa,
    pub companies: [String; 2],
    board: String,
    priority: String,
}

impl Side for Served {
    const INTEGRATION: &'static Integration = &INTEGRATION;
    const NOBODY: &'static str = "NoSuchCompany";
    const STEPS: u64 = 40;

    fn start() -> Self {
        let server = Server::start("umbrella", &[]);
        let operator = server.operator();
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        let boards = operator
            .list("service/boards?conditions=inactiveFlag=false%20and%20projectFlag=false")
            .expect("boards");
        let priorities = operator.list("service/priorities").expect("priorities");
        // The demo company's member of Umbrella sees what its location allows.
        let companies = server
            .key()
            .get("company/companies?conditions=deletedFlag=false&pageSize=2&orderBy=id")
            .expect("companies");
        Self {
            companies: [0, 1].map(|at: usize| text(&companies[at]["identifier"])),
            board: text(&boards[0]["name"]),
            priority: text(&priorities[0]["name"]),
            server,
            operator,
        }
    }

    fn key(&self) -> Way<'_> {
        self.server.key().into()
    }

    fn companies(&self) -> &[String; 2] {
        &self.companies
    }

    fn settings(&self, tag: &str) -> String {
        format!(
            "type = \"Umbrella {tag}\"\n[tickets]\non = true\nboard = \"{}\"\npriority = \"{}\"\nthreshold = 5\n",
            self.board, self.priority
        )
    }

    fn tickets(&self, tag: &str) -> Vec<i64> {
        let found = self.whole_tickets(tag);
        let ids = found.iter().map(|ticket| ticket["id"].as_i64());
        ids.collect::<Option<_>>().expect("ids")
    }

    fn notes(&self, ticket: i64) -> usize {
        let path = format!("service/tickets/{ticket}/notes");
        self.operator.list(&path).expect("notes").len()
    }

    fn edit(&self, ticket: i64) {
        let edited = ["summary", "externalXRef"].map(|name| (name.to_owned(), json!("edited")));
        let path = format!("service/tickets/{ticket}");
        self.operator.patch(&path, &edited).expect("edited");
    }

    fn close(&self, ticket: i64) {
        let path = format!("service/tickets/{ticket}");
        let board = self.operator.get(&path).expect("a ticket")["board"]["id"].clone();
        let statuses = self
            .operator
            .list(&format!("service/boards/{board}/statuses"))
            .expect("statuses");
        let closing = statuses
            .iter()
            .find(|status| status["closedStatus"] == true)
            .expect("a closing status");
        let closed = [("status".to_owned(), json!({ "id": closing["id"] }))];
        self.operator.patch(&path, &closed).expect("closed");
    }

    fn configurations(&self, tag: &str) -> Vec<Value> {
        self.operator.list(&format!("company/configurations?conditions=deviceIdentifier%20like%20%22umbrella:{tag}-%25%22&orderBy=deviceIdentifier")).expect("configurations")
    }

    fn seats(configuration: &Value) -> String {
        answer(configuration, "Seats")
    }

    fn right(&self, tag: &str) {
        let name = format!("Umbrella {tag}");
        let types = self
            .operator
            .named("company/configurations/types", "name", &name)
            .expect("types");
        assert_eq!(types.len(), 1);
        let kind = &types[0]["id"];
        let questions = self
            .operator
            .list(&format!("company/configurations/types/{kind}/questions"))
            .expect("questions");
        assert_eq!(questions.len(), 24);
        let found = self.configurations(tag);
        assert_eq!(found.len(), 2, "{found:?}");
        for (configuration, company) in found.iter().zip(&self.companies) {
            assert_eq!(configuration["company"]["identifier"], company.as_str());
            assert_eq!(&configuration["type"]["id"], kind);
            assert_eq!(answer(configuration, "Networks Total"), "3");
            assert_eq!(
                answer(configuration, "Top Blocked Domains"),
                "bad.test\nworse.test"
            );
        }
        let found = self.whole_tickets(tag);
        assert_eq!(found.len(), 1, "{found:?}");
        let ticket = &found[0];
        let title = format!("Umbrella: botnet activity of laptop-7 (Org 1 of {tag})");
        assert_eq!(ticket["summary"], title.as_str());
        assert_eq!(ticket["board"]["name"], self.board.as_str());
        assert_eq!(ticket["priority"]["name"], self.priority.as_str());
        let key = format!("umbrella:{tag}-1:laptop-7:2026-11-21T08:00:00Z");
        assert_eq!(ticket["externalXRef"], key.as_str());
    }
}

impl Served {
    fn whole_tickets(&self, tag: &str) -> Vec<Value> {
        let path = format!(
            "service/tickets?conditions=externalXRef%20like%20%22umbrella:{tag}-%25%22&orderBy=id"
        );
        self.operator.list(&path).expect("tickets")
    }
}

/// The answer to a question of the type, a number as its digits.
fn answer(configuration: &Value, question: &str) -> String {
    let questions = configuration["questions"].as_array().expect("questions");
    let found = questions.iter().find(|asked| asked["question"] == question);
    match &found.expect(question)["answer"] {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
