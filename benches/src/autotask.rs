//! `bitting serve` as Autotask, over plain http: by id and by search, for a user that sees all and for one with the
//! least privilege, beside the same of ConnectWise.

use crate::Places;
use crate::company::Company;
use crate::load::{self, Load, request};
use crate::report::{Goal, Table, figure};
use anyhow::{Context as _, Result};
use serde_json::Value;

/// Tickets of the database; the cost of an answer is not to grow with them.
const SIZES: [u32; 2] = [10_000, 100_000];
const API: &str = "/ATServicesRest/V1.0";
/// Fields of a ticket that an integration asks for.
const FIELDS: [&str; 8] = [
    "id",
    "title",
    "companyID",
    "status",
    "priority",
    "queueID",
    "assignedResourceID",
    "ticketNumber",
];

/// A user of the API: what its requests carry.
struct User {
    label: &'static str,
    headers: [(&'static str, String); 3],
}

impl User {
    fn read(facts: &Value, who: &str, label: &'static str) -> Result<Self> {
        let half = |name: &str| -> Result<String> {
            let found = facts.pointer(&format!("/autotask/{who}/{name}"));
            let found = found.and_then(Value::as_str);
            Ok(found
                .with_context(|| format!("the ready file has no Autotask {name}"))?
                .to_owned())
        };
        Ok(Self {
            label,
            headers: [
                ("UserName", half("username")?),
                ("Secret", half("secret")?),
                ("ApiIntegrationCode", half("integration_code")?),
            ],
        })
    }

    fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Vec<u8> {
        let headers: Vec<(&str, &str)> = self
            .headers
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let body = body.map(Value::to_string);
        request(method, &format!("{API}{path}"), &headers, body.as_deref())
    }
}

struct Ids {
    tickets: Vec<i64>,
    companies: Vec<i64>,
}

struct Call {
    name: &'static str,
    goal: Goal,
    requests: fn(&User, &Ids) -> Vec<Vec<u8>>,
}

/// The bars are those of the same calls of ConnectWise.
const CALLS: [Call; 3] = [
    Call {
        name: "by id",
        goal: Goal::AtMost(60.0),
        requests: |user, ids| {
            let one = |id| user.ask("GET", &format!("/Tickets/{id}"), None);
            ids.tickets.iter().map(one).collect()
        },
    },
    Call {
        name: "25 of a company, 8 fields",
        goal: Goal::AtMost(150.0),
        requests: |user, ids| {
            let one = |id: &i64| {
                let search = serde_json::json!({
                    "filter": [{"op": "eq", "field": "companyID", "value": id}],
                    "MaxRecords": 25,
                    "IncludeFields": FIELDS,
                });
                user.ask("POST", "/Tickets/query", Some(&search))
            };
            ids.companies.iter().map(one).collect()
        },
    },
    Call {
        name: "25 open of a company, 8 fields",
        goal: Goal::AtMost(150.0),
        requests: |user, ids| {
            let one = |id: &i64| {
                let search = serde_json::json!({
                    "filter": [
                        {"op": "eq", "field": "companyID", "value": id},
                        {"op": "noteq", "field": "status", "value": 5},
                    ],
                    "MaxRecords": 25,
                    "IncludeFields": FIELDS,
                });
                user.ask("POST", "/Tickets/query", Some(&search))
            };
            ids.companies.iter().map(one).collect()
        },
    },
];

pub fn measure(places: &Places) -> Result<Vec<Table>> {
    let mut table = Table::new(
        "serve, Autotask: one core for the server, 16 connections",
        &[
            "call",
            "user",
            "tickets",
            "answers/s",
            "CPU us",
            "p50 ms",
            "p99 ms",
            "bytes",
            "goal",
            "",
        ],
    );
    for tickets in SIZES {
        let company = Company::open(places, tickets)?;
        for user in [
            User::read(&company.facts, "admin", "admin")?,
            User::read(&company.facts, "least", "least privilege")?,
        ] {
            let ids = ids(&company, &user)?;
            for call in CALLS {
                let outcome = load::run(
                    &Load {
                        address: company.address,
                        requests: (call.requests)(&user, &ids),
                        status: 200,
                        connections: 16,
                        seconds: 3,
                    },
                    &company.server,
                )?;
                let cells = [
                    call.name.to_owned(),
                    user.label.to_owned(),
                    tickets.to_string(),
                    figure(outcome.rate),
                    figure(outcome.cpu),
                    figure(outcome.median),
                    figure(outcome.tail),
                    figure(outcome.bytes),
                ];
                table.row(cells.into_iter().chain(call.goal.judge(outcome.cpu, " us")));
            }
        }
    }
    Ok(vec![table])
}

/// Tickets that the user sees, spread over all there are, and the companies of them.
fn ids(company: &Company, user: &User) -> Result<Ids> {
    let (mut tickets, mut companies) = (Vec::new(), Vec::new());
    let mut after = 0;
    for _ in 0..4 {
        let search = serde_json::json!({
            "filter": [{"op": "gt", "field": "id", "value": after}],
            "IncludeFields": ["id", "companyID"],
        });
        let page = company.json(&user.ask("POST", "/Tickets/query", Some(&search)))?;
        let items = page["items"].as_array().context("no items in the answer")?;
        for item in items {
            tickets.extend(item["id"].as_i64());
            companies.extend(item["companyID"].as_i64());
        }
        // Far on, so that the rows are not all neighbours.
        after = tickets.last().copied().unwrap_or_default() + 1_500;
    }
    companies.sort_unstable();
    companies.dedup();
    Ok(Ids { tickets, companies })
}
