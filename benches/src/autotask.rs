//! `bitting serve` as Autotask, over plain http: by id, by search and creates, for a user that sees all, for one with
//! the least privilege, and for users that see their own tickets alone, beside the same of ConnectWise.

use crate::Places;
use crate::company::Company;
use crate::load::{self, Connection, Load, Outcome, request};
use crate::report::{Goal, Table, figure};
use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

/// Tickets of the database; the cost of an answer is not to grow with them.
const SIZES: [u32; 2] = [10_000, 1_000_000];
/// Above it, the cost of an answer grows with the number of tickets.
const FLAT: f64 = 1.5;
/// Rows of a list, and the open tickets that each company whose lists are read has at least: a page of few
/// tickets is as long as one of many.
const PAGE: u64 = 25;
/// Companies whose lists are read.
const COMPANIES: usize = 100;
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

/// What users who see their own tickets alone ask for without naming a company; the bar is that of the other lists.
const OWN: &str = "25 open of mine, 8 fields";
/// Tickets of a user who has few of them.
const FEW: usize = 40;

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
    let mut flat = Table::new(
        "serve, Autotask: CPU time per answer, 1,000,000 tickets over 10,000 (flat: at most 1.5)",
        &["call", "user", "10,000 us", "1,000,000 us", "ratio", ""],
    );
    let mut costs: Vec<(&str, &str, f64)> = Vec::new();
    for tickets in SIZES {
        let company = Company::open(places, tickets)?;
        let mut list = |table: &mut Table, name, user: &User, goal: &Goal, requests| {
            let load = Load {
                address: company.address,
                requests,
                status: 200,
                connections: 16,
                seconds: 3,
            };
            let outcome = load::run(&load, &company.server)?;
            let judged = goal.judge(outcome.cpu, " us");
            row(table, name, user.label, tickets, outcome, judged);
            let few = costs
                .iter()
                .find(|cost| (cost.0, cost.1) == (name, user.label));
            let Some((_, _, few)) = few else {
                costs.push((name, user.label, outcome.cpu));
                return Ok(());
            };
            let ratio = outcome.cpu / few;
            let [_, verdict] = Goal::AtMost(FLAT).judge(ratio, "x");
            flat.row([
                name.to_owned(),
                user.label.to_owned(),
                figure(*few),
                figure(outcome.cpu),
                format!("{ratio:.2}"),
                verdict,
            ]);
            anyhow::Ok(())
        };
        let bar = Goal::AtMost(150.0);
        // Made before all others of this run, so that they are neither the first nor the last.
        let few = mine(&company, "Mine, few")?;
        made(&company, &few, FEW)?;
        for user in users(&company)? {
            let ids = filled(&company, &user)?;
            for call in CALLS {
                let requests = (call.requests)(&user, &ids);
                list(&mut table, call.name, &user, &call.goal, requests)?;
            }
            if user.label == MINE {
                // Those that were made just now, at the end of all.
                list(&mut table, OWN, &user, &bar, own(&company, &user)?)?;
            }
        }
        list(&mut table, OWN, &few, &bar, own(&company, &few)?)?;
        let user = User::read(&company.facts, "admin", "admin")?;
        let requests = creates(&company, &user)?;
        for connections in [1, 16, 64] {
            let load = Load {
                address: company.address,
                requests: requests.clone(),
                status: 200,
                connections,
                seconds: 3,
            };
            let outcome = load::run(&load, &company.server)?;
            let name = format!("create, {connections} at once");
            row(
                &mut table,
                &name,
                user.label,
                tickets,
                outcome,
                Default::default(),
            );
        }
        let many = mine(&company, "Mine, many")?;
        let of = ids(&company, &user)?.companies;
        let load = Load {
            address: company.address,
            requests: of.iter().map(|id| create(&many, *id)).collect(),
            status: 200,
            connections: 64,
            seconds: 1,
        };
        load::run(&load, &company.server)?;
        list(&mut table, OWN, &many, &bar, own(&company, &many)?)?;
    }
    Ok(vec![table, flat])
}

fn row(
    table: &mut Table,
    call: &str,
    user: &str,
    tickets: u32,
    outcome: Outcome,
    judged: [String; 2],
) {
    let cells = [
        call.to_owned(),
        user.to_owned(),
        tickets.to_string(),
        figure(outcome.rate),
        figure(outcome.cpu),
        figure(outcome.median),
        figure(outcome.tail),
        figure(outcome.bytes),
    ];
    table.row(cells.into_iter().chain(judged));
}

fn users(company: &Company) -> Result<Vec<User>> {
    Ok(vec![
        User::read(&company.facts, "admin", "admin")?,
        User::read(&company.facts, "least", "least privilege")?,
        mine(company, MINE)?,
    ])
}

const MINE: &str = "Mine";

/// A user whose level shows it its own tickets alone.
fn mine(company: &Company, label: &'static str) -> Result<User> {
    // Each run makes one of its own.
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
    let name = format!("Mine {}", now.as_nanos());
    let level = company.own(
        "POST",
        "/autotask/-/levels",
        &json!({ "name": name, "copyOf": "API User (system) (API-only)" }),
    )?;
    let settings = json!({ "settings": { "Service Desk / Tickets": { "view": "Mine" } } });
    company.own(
        "PATCH",
        &format!("/autotask/-/levels/{}", level["id"]),
        &settings,
    )?;
    let made = company.own(
        "POST",
        "/autotask/-/users",
        &json!({ "firstName": "Ada", "lastName": name, "email": format!("ada{}@example.test", now.as_nanos()),
            "securityLevel": level["id"] }),
    )?;
    let half = |name: &str| -> Result<String> {
        let found = made
            .pointer(&format!("/keys/0/{name}"))
            .and_then(Value::as_str);
        Ok(found.context("no key in the answer")?.to_owned())
    };
    let user = User {
        label,
        headers: [
            ("UserName", half("userName")?),
            ("Secret", half("secret")?),
            ("ApiIntegrationCode", half("integrationCode")?),
        ],
    };
    Ok(user)
}

/// Tickets that the user sees, and companies in which it sees a page of open ones; the missing ones are made by
/// it, or by the administrator where it may not.
fn filled(company: &Company, user: &User) -> Result<Ids> {
    let admin = User::read(&company.facts, "admin", "admin")?;
    let mut connection = Connection::open(company.address)?;
    let mut companies = Vec::new();
    for id in ids(company, &admin)?.companies {
        let open = json!({ "filter": [
            {"op": "eq", "field": "companyID", "value": id},
            {"op": "noteq", "field": "status", "value": 5},
        ]});
        let count = |connection: &mut Connection| -> Result<u64> {
            let answer = connection.ask(&user.ask("POST", "/Tickets/query/count", Some(&open)))?;
            let answer: Value = serde_json::from_slice(&answer.body)?;
            answer["queryCount"].as_u64().context("no count")
        };
        for maker in [user, &admin] {
            for _ in count(&mut connection)?..PAGE {
                if connection.ask(&create(maker, id))?.status != 200 {
                    break;
                }
            }
        }
        if count(&mut connection)? >= PAGE {
            companies.push(id);
        }
        if companies.len() == COMPANIES {
            break;
        }
    }
    if companies.is_empty() {
        bail!("{} sees no company with {PAGE} open tickets", user.label);
    }
    let tickets = ids(company, user)?.tickets;
    Ok(Ids { tickets, companies })
}

/// Has a user make so many tickets.
fn made(company: &Company, user: &User, many: usize) -> Result<()> {
    let admin = User::read(&company.facts, "admin", "admin")?;
    let of = ids(company, &admin)?.companies;
    let mut connection = Connection::open(company.address)?;
    for id in of.iter().cycle().take(many) {
        let answer = connection.ask(&create(user, *id))?;
        if answer.status != 200 {
            bail!("{} may not make a ticket: {}", user.label, answer.status);
        }
    }
    Ok(())
}

/// Searches for a page of all open tickets that a user sees: the first one, and as many later ones.
fn own(company: &Company, user: &User) -> Result<Vec<Vec<u8>>> {
    let page = |after: i64, size: u64, fields: &[&str]| {
        let search = json!({
            "filter": [
                {"op": "noteq", "field": "status", "value": 5},
                {"op": "gt", "field": "id", "value": after},
            ],
            "MaxRecords": size,
            "IncludeFields": fields,
        });
        user.ask("POST", "/Tickets/query", Some(&search))
    };
    let mut seen: Vec<i64> = Vec::new();
    loop {
        let after = seen.last().copied().unwrap_or(0);
        let answer = company.json(&page(after, 500, &["id"]))?;
        let items = answer["items"]
            .as_array()
            .context("no items in the answer")?;
        seen.extend(items.iter().filter_map(|item| item["id"].as_i64()));
        if items.len() < 500 {
            break;
        }
    }
    let starts = seen.len().saturating_sub(PAGE as usize);
    if starts == 0 {
        bail!("{} sees no page of open tickets", user.label);
    }
    let later = (0..COMPANIES).map(|part| seen[part * starts / COMPANIES]);
    let each = later.flat_map(|after| [0, after]);
    Ok(each.map(|after| page(after, PAGE, &FIELDS)).collect())
}

fn create(user: &User, company: i64) -> Vec<u8> {
    let ticket = json!({ "title": "A ticket of the benchmark", "companyID": company, "status": 1, "priority": 2,
        "description": "Made by the benchmark" });
    user.ask("POST", "/Tickets", Some(&ticket))
}

/// A ticket for each of some companies.
fn creates(company: &Company, user: &User) -> Result<Vec<Vec<u8>>> {
    let companies = ids(company, user)?.companies;
    let mut connection = Connection::open(company.address)?;
    let mut accepted = Vec::new();
    let mut refusal = String::new();
    for request in companies.iter().map(|id| create(user, *id)) {
        let answer = connection.ask(&request)?;
        if answer.status == 200 {
            accepted.push(request);
        } else {
            refusal = String::from_utf8_lossy(&answer.body).into_owned();
        }
    }
    if accepted.is_empty() {
        bail!("no ticket is taken: {refusal}");
    }
    Ok(accepted)
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
