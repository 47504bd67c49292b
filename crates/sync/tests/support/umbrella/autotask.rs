//! Autotask's side of Umbrella's scenarios.

use super::Side;
use crate::support::tenant::{Tenant, patch, rows};
use bitting_sync::Integration;
use bitting_sync::psa::Way;
use bitting_sync::queries::is;
use bitting_sync::umbrella_autotask::INTEGRATION;
use serde_json::{Value, json};

/// An instance with two active customers: one is named by its id, one by its number.
pub struct Tenanted {
    pub tenant: Tenant,
    pub ids: [i64; 2],
    pub typed: [String; 2],
}

impl Side for Tenanted {
    const INTEGRATION: &'static Integration = &INTEGRATION;
    const NOBODY: &'static str = "99999999";
    const STEPS: u64 = 30;

    fn start() -> Self {
        let tenant = Tenant::start("autotask/umbrella");
        let customers = [
            is("eq", "companyType", 1),
            is("eq", "isActive", true),
            is("gt", "id", 0),
        ];
        let found = rows(&tenant.admin, "Companies", &customers);
        let ids = [0, 1].map(|at: usize| found[at]["id"].as_i64().expect("an id"));
        let number = found[1]["companyNumber"].as_str().expect("a number");
        let typed = [ids[0].to_string(), number.to_lowercase()];
        assert!(typed[1].parse::<i64>().is_err(), "{typed:?}");
        Self { tenant, ids, typed }
    }

    fn key(&self) -> Way<'_> {
        (&self.tenant.key).into()
    }

    fn companies(&self) -> &[String; 2] {
        &self.typed
    }

    fn settings(&self, tag: &str) -> String {
        format!(
            "product = \"Umbrella {tag}\"\n[tickets]\non = true\nqueue = \"Help Desk\"\npriority = \"High\"\nthreshold = 5\n"
        )
    }

    fn tickets(&self, tag: &str) -> Vec<i64> {
        let found = self.whole_tickets(tag);
        let ids = found.iter().map(|ticket| ticket["id"].as_i64());
        ids.collect::<Option<_>>().expect("ids")
    }

    fn notes(&self, ticket: i64) -> usize {
        let of = [is("eq", "ticketID", ticket)];
        rows(&self.tenant.admin, "TicketNotes", &of).len()
    }

    fn edit(&self, ticket: i64) {
        let edited =
            json!({ "id": ticket, "title": "edited", "externalID": "edited", "status": 8 });
        patch(&self.tenant.admin, "Tickets", &edited);
    }

    fn close(&self, ticket: i64) {
        let completed = json!({ "id": ticket, "status": 5, "resolution": "Cleaned." });
        patch(&self.tenant.admin, "Tickets", &completed);
    }

    fn configurations(&self, tag: &str) -> Vec<Value> {
        let of = [is("beginsWith", "referenceNumber", format!("{tag}-"))];
        let mut items = rows(&self.tenant.admin, "ConfigurationItems", &of);
        items.sort_by_key(|item| item["referenceNumber"].to_string());
        items
    }

    fn seats(configuration: &Value) -> String {
        field(configuration, "Umbrella Seats")
    }

    fn right(&self, tag: &str) {
        let named = [is("eq", "name", format!("Umbrella {tag}"))];
        let products = rows(&self.tenant.admin, "Products", &named);
        assert_eq!(products.len(), 1, "{products:?}");
        let items = self.configurations(tag);
        assert_eq!(items.len(), 2, "{items:?}");
        for (item, company) in items.iter().zip(self.ids) {
            assert_eq!(item["companyID"], company);
            assert_eq!(item["productID"], products[0]["id"]);
            assert_eq!(item["isActive"], true);
            let installed = item["installDate"].as_str().expect("a day");
            assert!(installed.starts_with("2026-11-21"), "{installed}");
            assert_eq!(field(item, "Umbrella Networks Total"), "3");
            assert_eq!(
                field(item, "Umbrella Top Blocked Domains"),
                "bad.test\nworse.test"
            );
            let day = field(item, "Umbrella Last Updated");
            assert!(day.starts_with("2026-11-21"), "{day}");
        }
        let tickets = self.whole_tickets(tag);
        assert_eq!(tickets.len(), 1, "{tickets:?}");
        let ticket = &tickets[0];
        let title = format!("Umbrella: botnet activity of laptop-7 (Org 1 of {tag})");
        assert_eq!(ticket["title"], title.as_str());
        assert_eq!(ticket["companyID"], self.ids[0]);
        assert_eq!(ticket["configurationItemID"], items[0]["id"]);
        let key = format!("umbrella:{tag}-1:laptop-7:2026-11-21T08:00:00Z");
        assert_eq!(ticket["externalID"], key.as_str());
        assert_eq!(ticket["status"], 1);
        let text = ticket["description"].as_str().expect("a text");
        assert!(text.starts_with("6 blocked botnet requests"), "{text}");
    }
}

impl Tenanted {
    pub fn whole_tickets(&self, tag: &str) -> Vec<Value> {
        let of = [is("beginsWith", "externalID", format!("umbrella:{tag}-"))];
        rows(&self.tenant.admin, "Tickets", &of)
    }
}

/// The text of a user-defined field.
pub fn field(item: &Value, name: &str) -> String {
    let fields = item["userDefinedFields"].as_array().expect("fields");
    let found = fields.iter().find(|field| field["name"] == name);
    let text = found.expect(name)["value"].as_str();
    text.unwrap_or_default().to_owned()
}
