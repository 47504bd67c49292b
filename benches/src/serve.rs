//! `bitting serve` over plain http: by id, filtered lists and durable creates, for members who see all,
//! part of it, or only their own; with 10,000 and with 1,000,000 tickets.

use crate::Places;
use crate::company::{Company, Member};
use crate::load::{self, Connection, Load, Outcome};
use crate::report::{Goal, Table, figure};
use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

const COLUMNS: [&str; 9] = [
    "call",
    "key",
    "tickets",
    "answers/s",
    "CPU us",
    "p50 ms",
    "p99 ms",
    "bytes",
    "goal",
];
/// Fields of a ticket that an integration asks for; the comparison with other products uses them too.
pub const FIELDS: &str = "id,summary,company/id,board/id,status/id,priority/id,owner/id,severity,impact,\
                          closedFlag,contactName,city";
/// CPU time per answer with many tickets over that with few; above it, cost grows with the number of rows.
const FLAT: f64 = 1.5;
const SIZES: [u32; 2] = [10_000, 1_000_000];
/// Rows of a list, and the open tickets that each company whose lists are read has at least: a page of few
/// tickets is as long as one of many.
const PAGE: u64 = 25;
/// Companies whose lists are read, spread over those that a member sees.
const COMPANIES: usize = 100;

struct Call {
    name: &'static str,
    goal: Option<Goal>,
    requests: fn(&Member, &Ids) -> Vec<Vec<u8>>,
}

struct Ids {
    tickets: Vec<i64>,
    companies: Vec<i64>,
}

/// Reads, each for every member.
const READS: [Call; 5] = [
    Call {
        name: "by id",
        goal: Some(Goal::AtMost(60.0)),
        requests: |member, ids| {
            ids.tickets
                .iter()
                .map(|id| member.get(&format!("/service/tickets/{id}")))
                .collect()
        },
    },
    Call {
        name: "by id, 12 fields",
        goal: Some(Goal::AtMost(60.0)),
        requests: |member, ids| {
            ids.tickets
                .iter()
                .map(|id| member.get(&format!("/service/tickets/{id}?fields={FIELDS}")))
                .collect()
        },
    },
    Call {
        name: "25 of a company, 12 fields",
        goal: Some(Goal::AtMost(150.0)),
        requests: |member, ids| {
            let path = |id| {
                format!("/service/tickets?conditions=company/id={id}&pageSize=25&fields={FIELDS}")
            };
            ids.companies
                .iter()
                .map(|id| member.get(&path(id)))
                .collect()
        },
    },
    Call {
        name: "25 open of a company, 12 fields",
        goal: Some(Goal::AtMost(150.0)),
        requests: |member, ids| {
            let filter = "%20and%20closedFlag=false";
            let path = |id| {
                format!(
                    "/service/tickets?conditions=company/id={id}{filter}&pageSize=25&fields={FIELDS}"
                )
            };
            ids.companies
                .iter()
                .map(|id| member.get(&path(id)))
                .collect()
        },
    },
    Call {
        name: "25 of a company, whole records",
        goal: None,
        requests: |member, ids| {
            let path = |id| format!("/service/tickets?conditions=company/id={id}&pageSize=25");
            ids.companies
                .iter()
                .map(|id| member.get(&path(id)))
                .collect()
        },
    },
];

pub fn measure(places: &Places) -> Result<Vec<Table>> {
    let mut table = Table::new(
        "serve: one core for the server, 16 connections for reads",
        &[
            COLUMNS[0], COLUMNS[1], COLUMNS[2], COLUMNS[3], COLUMNS[4], COLUMNS[5], COLUMNS[6],
            COLUMNS[7], COLUMNS[8], "",
        ],
    );
    let mut flat = Table::new(
        "serve: CPU time per answer, 1,000,000 tickets over 10,000 (flat: at most 1.5)",
        &["call", "key", "10,000 us", "1,000,000 us", "ratio", ""],
    );
    let mut costs: Vec<(String, String, f64)> = Vec::new();
    for tickets in SIZES {
        let company = Company::open(places, tickets)?;
        for member in members(&company)? {
            let ids = Ids {
                tickets: company.tickets_of(&member)?,
                companies: filled(&company, &member)?,
            };
            for call in READS {
                let load = Load {
                    address: company.address,
                    requests: (call.requests)(&member, &ids),
                    status: 200,
                    connections: 16,
                    seconds: 3,
                };
                let outcome = load::run(&load, &company.server)?;
                row(
                    &mut table,
                    call.name,
                    member.label,
                    tickets,
                    outcome,
                    call.goal,
                );
                let before = costs
                    .iter()
                    .find(|(name, label, _)| name == call.name && label == member.label);
                match before {
                    None => {
                        costs.push((call.name.to_owned(), member.label.to_owned(), outcome.cpu))
                    }
                    Some((_, _, few)) => {
                        let ratio = outcome.cpu / few;
                        let [_, verdict] = Goal::AtMost(FLAT).judge(ratio, "x");
                        flat.row([
                            call.name.to_owned(),
                            member.label.to_owned(),
                            figure(*few),
                            figure(outcome.cpu),
                            format!("{ratio:.2}"),
                            verdict,
                        ]);
                    }
                }
            }
        }
        creates(&mut table, &company, tickets)?;
        table.note(format!(
            "{tickets} tickets: {:.0} MB resident at the end",
            company.server.memory()
        ));
    }
    Ok(vec![table, flat])
}

/// Who looks at the tickets: all rights, a least-privilege key, one region of the structure, only its own.
fn members(company: &Company) -> Result<Vec<Member>> {
    Ok(vec![
        company.admin(),
        company.least.clone(),
        company.member("Umbrella", "All, one region")?,
        mine(company)?,
    ])
}

/// A technician: level My on service tickets, and one region.
pub fn mine(company: &Company) -> Result<Member> {
    company.member("jmoor", "My, one region")
}

/// Creates, each durable before it is answered: alone and many at once, so that they share a commit.
fn creates(table: &mut Table, company: &Company, tickets: u32) -> Result<()> {
    let member = &company.least;
    let requests = creatable(company, member)?;
    for connections in [1, 16, 64] {
        let load = Load {
            address: company.address,
            requests: requests.clone(),
            status: 201,
            connections,
            seconds: 3,
        };
        let outcome = load::run(&load, &company.server)?;
        let name = format!("create, {connections} at once");
        row(table, &name, member.label, tickets, outcome, None);
    }
    Ok(())
}

/// Companies in which the member sees a page of open tickets; the missing ones are made by it, or by the
/// administrator where it may not: one for each company in turn, so that those of one do not lie side by side.
fn filled(company: &Company, member: &Member) -> Result<Vec<i64>> {
    let all = company.companies_of(member)?;
    // Each company once, those far apart first.
    let step = (all.len() / COMPANIES).max(1);
    // Where one of the member's tickets is, so that it sees what the administrator makes for it.
    let seen = company
        .json(&member.get("/service/tickets?pageSize=1&fields=location/id,department/id"))?;
    let place = seen[0].clone();
    let missing = |id: i64| -> Result<u64> {
        let open = company.json(&member.get(&format!(
            "/service/tickets/count?conditions=company/id={id}%20and%20closedFlag=false"
        )))?;
        Ok(PAGE.saturating_sub(open["count"].as_u64().context("no count")?))
    };
    let mut connection = Connection::open(company.address)?;
    let admin = company.admin();
    let mut make = |id: i64| -> Result<bool> {
        for maker in [member, &admin] {
            if connection.ask(&create_at(maker, id, &place))?.status == 201 {
                return Ok(true);
            }
        }
        Ok(false)
    };
    let mut companies = Vec::new();
    for id in (0..step).flat_map(|from| all.iter().copied().skip(from).step_by(step)) {
        let left = missing(id)?;
        // Some companies' status lets nobody save tickets for them.
        if left == 0 || make(id)? {
            companies.push((id, left.saturating_sub(1)));
        }
        if companies.len() == COMPANIES {
            break;
        }
    }
    for round in 0..PAGE {
        for (id, left) in &companies {
            if round < *left {
                make(*id)?;
            }
        }
    }
    let mut full = Vec::new();
    for (id, _) in companies {
        if missing(id)? == 0 {
            full.push(id);
        }
    }
    if full.is_empty() {
        bail!("{} sees no company with {PAGE} open tickets", member.label);
    }
    Ok(full)
}

/// Creates that are accepted: some companies' status lets nobody save tickets for them.
pub fn creatable(company: &Company, member: &Member) -> Result<Vec<Vec<u8>>> {
    let mut connection = Connection::open(company.address)?;
    let mut accepted = Vec::new();
    for id in company.companies_of(member)? {
        let request = create(member, id);
        if connection.ask(&request)?.status == 201 {
            accepted.push(request);
        }
    }
    Ok(accepted)
}

fn create(member: &Member, company: i64) -> Vec<u8> {
    create_at(member, company, &json!({}))
}

/// A ticket with the location and department of `place`, where it has some.
fn create_at(member: &Member, company: i64, place: &Value) -> Vec<u8> {
    let mut ticket = json!({
        "summary": "A ticket of the benchmark",
        "company": {"id": company},
        "severity": "Low",
        "impact": "Low",
        "contactName": "Ada Example",
        "city": "Harborview",
    });
    for name in ["location", "department"] {
        if let Some(id) = place.pointer(&format!("/{name}/id")) {
            ticket[name] = json!({ "id": id });
        }
    }
    member.post("/service/tickets", &ticket.to_string())
}

fn row(
    table: &mut Table,
    call: &str,
    key: &str,
    tickets: u32,
    outcome: Outcome,
    goal: Option<Goal>,
) {
    let judged = goal.map_or_else(
        || [String::new(), String::new()],
        |goal| goal.judge(outcome.cpu, " us"),
    );
    let cells = [
        call.to_owned(),
        key.to_owned(),
        tickets.to_string(),
        figure(outcome.rate),
        figure(outcome.cpu),
        figure(outcome.median),
        figure(outcome.tail),
        figure(outcome.bytes),
    ];
    table.row(cells.into_iter().chain(judged));
}
