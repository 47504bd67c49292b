//! MSPCFO on Autotask: the same figures out of the same tables, which are filled by queries where a ConnectWise has
//! reports. Reads and nothing else.

mod feeds;
mod reading;

use crate::Failure;
use crate::integration::{Integration, Job, Run};
use crate::mspcfo::{health, metrics, pull, settings};
use crate::psa::Kind;
use crate::queries::{Permission, Queries, is};
use crate::schedule::Rhythm;
use crate::work::Work;
use feeds::{ANYBODY, CONTRACTS, COSTS, FEEDS, NON_BILLABLE, TICKETS};
use reading::Entities;
use serde_json::{Value, json};

const VISIBILITY: Permission = Permission::new("Contracts / Contract Visibility", "");

/// Writing that a user for MSPCFO must not be allowed.
const EXCESS: [(Permission, &str); 4] = [
    (Permission::new("CRM / Accounts", "Add"), "Companies"),
    (Permission::new("Contracts / Contracts", "Add"), "Contracts"),
    (
        Permission::new("Projects / Client & Internal", "Add"),
        "Projects",
    ),
    (Permission::new("Service Desk / Tickets", "Add"), "Tickets"),
];

/// Permissions that nothing of the API shows.
const UNPROVEN: [&str; 1] = ["Other / Not required to change password (does not expire)"];

/// Midnight and noon: the vendor's data feed.
const FEED: Rhythm = Rhythm::At(&[0, 12]);

type Working<'a> = Work<'a, Queries<'a>>;

pub const INTEGRATION: Integration = Integration {
    slug: "mspcfo_autotask",
    title: "MSPCFO on Autotask",
    psa: Kind::Autotask,
    jobs: &[
        Job {
            name: "check",
            what: "ask what this user may read, permission by permission, and that it may not write",
            rhythm: Rhythm::ByHand,
            run: Run::Autotask(check),
        },
        Job {
            name: "columns",
            what: "compare the fields of the entities with those that are needed",
            rhythm: FEED,
            run: Run::Autotask(columns),
        },
        Job {
            name: "pull",
            what: "read entities: small ones whole, large ones by last change",
            rhythm: FEED,
            run: Run::Autotask(read),
        },
        Job {
            name: "metrics",
            what: "work out clients, agreements and members by month",
            rhythm: FEED,
            run: Run::Autotask(work_out),
        },
        Job {
            name: "health",
            what: "look for what makes the figures wrong",
            rhythm: FEED,
            run: Run::Autotask(look),
        },
    ],
    settings: include_str!("mspcfo_autotask/settings.toml"),
    read_settings: crate::integration::reads::<settings::Settings>,
    unused: &[],
    after: None,
};

fn check(work: &mut Working<'_>) -> Result<(), Failure> {
    let (mut rows, mut missing) = (Vec::<Value>::new(), Vec::new());
    let mut row = |permission: &str, result: &str| {
        rows.push(json!({ "right": permission, "optional": false, "result": result }));
    };
    let mut tried: Vec<Permission> = vec![ANYBODY];
    for feed in FEEDS {
        if tried.contains(&feed.need) {
            continue;
        }
        tried.push(feed.need);
        let result = match access(work, feed.need, feed.entity, "Query")?.as_str() {
            "All" => "held",
            "Restricted" => {
                // Other classes of companies and kinds of projects closed to this user do that too.
                work.warn(format!(
                    "{} opens a part of {} only; right, where the level closes other kinds of them",
                    feed.need, feed.entity
                ));
                "held in part"
            }
            _ => "missing",
        };
        // Both open the same door; which of them is shut cannot be told from outside.
        let beside = (feed.need == CONTRACTS).then_some(VISIBILITY);
        for permission in [Some(feed.need), beside].into_iter().flatten() {
            row(&permission.to_string(), result);
            if result == "missing" {
                missing.push(permission.to_string());
            }
        }
    }
    // A user without these reads on, and is shown less.
    let costs = shown(work, "Resources", &[], "internalCost")?;
    let unbilled = [is("eq", "isNonBillable", true)];
    let unbilled = shown(work, "TimeEntries", &unbilled, "id")?;
    for (permission, there, what) in [
        (COSTS, costs, "no resource's cost of an hour is to be seen"),
        (
            NON_BILLABLE,
            unbilled,
            "no time entry that nobody bills is to be seen",
        ),
    ] {
        row(
            &permission.to_string(),
            if there { "held" } else { "nothing shows" },
        );
        if !there {
            work.warn(format!("{what}: {permission} is missing, or there is none"));
        }
    }
    for right in UNPROVEN {
        row(right, "not provable by reading");
    }
    for (permission, entity) in EXCESS {
        if access(work, permission, entity, "Create")? == "All" {
            work.warn(format!(
                "the key also holds {permission}, which MSPCFO does not need; give it a security level of its own"
            ));
        }
    }
    work.output("check.jsonl", &rows)?;
    if missing.is_empty() {
        return Ok(());
    }
    Err(Failure::Held(format!(
        "the key lacks {}; grant that, for all records, on its security level",
        missing.join(", ")
    )))
}

/// What this user may do with an entity, in its own word: `All`, `Restricted`, `None`.
fn access(
    work: &mut Working<'_>,
    need: Permission,
    entity: &str,
    act: &str,
) -> Result<String, Failure> {
    work.counts.read += 1;
    let info = match work.api.info(need, entity) {
        Err(Failure::Right { .. }) => Value::Null,
        info => info?,
    };
    let word = &info[format!("userAccessFor{act}")];
    Ok(word.as_str().unwrap_or("None").to_owned())
}

/// Whether any record that meets the conditions shows something in a field.
fn shown(
    work: &mut Working<'_>,
    entity: &str,
    conditions: &[Value],
    field: &str,
) -> Result<bool, Failure> {
    if field == "id" {
        work.counts.read += 1;
        let first = work.api.first(TICKETS, entity, conditions, &["id"]);
        return match first {
            Err(Failure::Right { .. } | Failure::Invalid { .. }) => Ok(false),
            first => Ok(first?.is_some()),
        };
    }
    let mut there = false;
    let fields = ["id", field];
    let api = work.api;
    api.walk(ANYBODY, entity, conditions, &fields, |records| {
        work.counts.read += records.len() as u64;
        there |= records.iter().any(|record| !record[field].is_null());
        Ok(())
    })?;
    Ok(there)
}

/// A field that is missing leaves a figure out; nothing fails for it.
fn columns(work: &mut Working<'_>) -> Result<(), Failure> {
    let mut rows = Vec::new();
    for (feed, missing) in reading::missing(work)? {
        if !missing.is_empty() {
            work.warn(format!(
                "{} have no field {}; figures that come from it stay empty",
                feed.entity,
                missing.join(", ")
            ));
        }
        rows.push(json!({ "report": feed.table.name, "entity": feed.entity, "missing": missing }));
    }
    work.output("columns.jsonl", &rows)
}

fn read(work: &mut Working<'_>) -> Result<(), Failure> {
    let entities = Entities::default();
    pull::run(work, &entities)
}

fn work_out(work: &mut Working<'_>) -> Result<(), Failure> {
    metrics::run(work)
}

fn look(work: &mut Working<'_>) -> Result<(), Failure> {
    health::run(work)
}
