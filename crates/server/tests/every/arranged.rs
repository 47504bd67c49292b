//! Records in the state that a verb takes them in: a sheet that was handed in before it is approved, an
//! entry on an invoice before it is detached.

use crate::bodies::Ground;
use crate::cases::word;
use crate::support::Company;
use bitting_catalog::Catalog;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicI64, Ordering};

/// Weeks back from the test's own day: every sheet has a week of its own.
static WEEK: AtomicI64 = AtomicI64::new(0);

pub struct Arranged<'g, 'c> {
    pub company: &'c Company,
    pub catalog: &'c Catalog,
    pub ground: &'g mut Ground<'c>,
}

impl Arranged<'_, '_> {
    /// Words of the path and the body of a call by this rule; none where any record will do.
    pub async fn call(&mut self, rule: &str) -> Option<(Vec<String>, Option<Value>)> {
        let id = |id: i64| Some((vec![id.to_string()], Some(json!({}))));
        match rule {
            "submit_time_sheet" => id(self.sheet("Open").await.0),
            "approve_time_sheet" | "reject_time_sheet" | "reverse_time_sheet" => {
                id(self.sheet("PendingApproval").await.0)
            }
            "submit_expense_report" => id(self.report(false).await),
            "approve_expense_report" | "reject_expense_report" | "reverse_expense_report" => {
                id(self.report(true).await)
            }
            "reject_time_entry" => id(self.sheet("PendingApproval").await.1),
            "cancel_reject_time_entry" => {
                let (_, entry) = self.sheet("PendingApproval").await;
                self.post(&format!("/time/entries/{entry}/reject"), json!({}))
                    .await;
                id(entry)
            }
            "detach_time_entry" => {
                let (_, entry) = self.sheet("ApprovedByTierOne").await;
                let entry = self.get(&format!("/time/entries/{entry}")).await;
                self.post(
                    "/finance/invoices",
                    json!({ "type": "Standard", "company": { "id": entry["company"]["id"] },
                        "applyToType": "Ticket", "applyToId": entry["ticket"]["id"] }),
                )
                .await;
                id(entry["id"].as_i64()?)
            }
            "time_entry_defaults" => {
                let ticket = self.ground.ticket().await;
                let body = json!({ "chargeToId": ticket, "chargeToType": "ServiceTicket",
                    "timeStart": "2026-03-02T08:00:00Z", "timeEnd": "2026-03-02T09:00:00Z" });
                Some((Vec::new(), Some(body)))
            }
            "invoice_agreement" => {
                let agreement = self.fresh("finance/agreements").await;
                id(agreement)
            }
            "ticket_to_project" => {
                let ticket = self.fresh("service/tickets").await;
                let phase = self.place("project/projects/phases").await;
                let body = json!({ "phase": { "id": phase }, "wbsCode": "9" });
                Some((vec![ticket.to_string()], Some(body)))
            }
            "project_ticket_to_service" => {
                let ticket = self.fresh("project/tickets").await;
                let body = json!({ "recordType": "ServiceTicket" });
                Some((vec![ticket.to_string()], Some(body)))
            }
            "apply_project_template" | "apply_project_templates" => {
                let project = self.fresh("project/projects").await.to_string();
                let template = self.place("project/projectTemplates").await;
                if rule == "apply_project_template" {
                    return Some((vec![project, template.to_string()], Some(json!({}))));
                }
                Some((vec![project], Some(json!([{ "id": template }]))))
            }
            "create_project_template" => {
                let project = self.place("project/projects").await;
                let body = json!({ "name": "Taken" });
                Some((vec![project.to_string()], Some(body)))
            }
            "delete_schedule_entry" => {
                let entry = self.fresh("schedule/entries").await;
                Some((vec![entry.to_string(), "false".to_owned()], None))
            }
            "accounting_batch" => {
                let invoice = self.fresh("finance/invoices").await;
                let body = json!({ "exportInvoicesFlag": true, "processedRecordIds": [invoice] });
                Some((Vec::new(), Some(body)))
            }
            _ => None,
        }
    }

    /// A sheet in this state with one entry on a ticket of its own: both ids.
    async fn sheet(&mut self, state: &str) -> (i64, i64) {
        let ticket = self.fresh("service/tickets").await;
        let day = Self::day();
        let entry = json!({ "chargeToId": ticket, "chargeToType": "ServiceTicket",
            "timeStart": format!("{day}T08:00:00Z"), "timeEnd": format!("{day}T09:00:00Z") });
        let entry = self.post("/time/entries", entry).await;
        let sheet = entry["timeSheet"]["id"].as_i64().expect("a sheet");
        if state != "Open" {
            self.post(&format!("/time/sheets/{sheet}/submit"), json!({}))
                .await;
        }
        if state == "ApprovedByTierOne" {
            self.post(&format!("/time/sheets/{sheet}/approve"), json!({}))
                .await;
        }
        (sheet, entry["id"].as_i64().expect("an entry"))
    }

    async fn report(&mut self, submitted: bool) -> i64 {
        let (kind, company) = (
            self.place("expense/types").await,
            self.place("company/companies").await,
        );
        let entry = json!({ "type": { "id": kind }, "amount": 1, "date": format!("{}T00:00:00Z", Self::day()),
            "chargeToId": company, "chargeToType": "Company" });
        let entry = self.post("/expense/entries", entry).await;
        let report = entry["expenseReport"]["id"].as_i64().expect("a report");
        if submitted {
            self.post(&format!("/expense/reports/{report}/submit"), json!({}))
                .await;
        }
        report
    }

    fn day() -> String {
        let weeks = WEEK.fetch_add(1, Ordering::Relaxed);
        let first = jiff::civil::date(2019, 1, 7);
        first
            .saturating_add(jiff::Span::new().weeks(weeks))
            .to_string()
    }

    async fn place(&mut self, path: &str) -> i64 {
        let id = self.catalog.entity_at(path).expect("an entity").id;
        self.ground.place(id).await.expect("a record").id
    }

    async fn fresh(&mut self, path: &str) -> i64 {
        let id = self.catalog.entity_at(path).expect("an entity").id;
        self.ground.fresh(id).await.expect("a record").id
    }

    async fn get(&self, path: &str) -> Value {
        self.company
            .get(&self.company.admin, path)
            .await
            .expect(200)
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let method = word(bitting_catalog::route::Method::Post);
        let admin = &self.company.admin;
        let made = self.company.call(admin, method, path, Some(body)).await;
        assert!([200, 201].contains(&made.status), "{path}: {}", made.json);
        made.json
    }
}
