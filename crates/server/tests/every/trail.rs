//! What a verb of its own leaves behind: every record of a kind with a trail that looks other than before it has
//! a line in that trail, and so has the record that something was hung on or taken from. Which verbs there are
//! the catalog says, so a new one is looked at without a word here.

use crate::support::Company;
use bitting_catalog::Catalog;
use bitting_catalog::entity::EntityId;
use bitting_catalog::route::{Method, Operation, Route, RouteKind};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Kinds of record with a trail, and where they are listed.
const KINDS: [(&str, &str); 15] = [
    ("Ticket", "service/tickets"),
    ("ProjectTicket", "project/tickets"),
    ("Contact", "company/contacts"),
    ("Company", "company/companies"),
    ("Opportunity", "sales/opportunities"),
    ("Time", "time/entries"),
    ("Activity", "sales/activities"),
    ("ProductCatalog", "procurement/catalog"),
    ("Configuration", "company/configurations"),
    ("Schedule", "schedule/entries"),
    ("Agreement", "finance/agreements"),
    ("Project", "project/projects"),
    ("Invoice", "finance/invoices"),
    ("PurchaseOrder", "procurement/purchaseorders"),
    ("Expense", "expense/entries"),
];

/// What was there before a verb.
pub struct Before {
    /// Of each kind that the verb may be about: its records.
    records: Vec<(usize, BTreeMap<i64, Value>)>,
    /// The list that the path is one of, and the kind and id of the record it hangs on.
    list: Option<(String, Vec<Value>, usize, i64)>,
}

/// Looks at what a verb may change; nothing for a plain write, whose record has a trail by being saved.
pub async fn before(
    company: &Company,
    route: &Route,
    operation: &Operation,
    path: &str,
) -> Option<Before> {
    let plain = route.rule.is_none() && !matches!(route.kind, RouteKind::Action | RouteKind::Bulk);
    if operation.method == Method::Get || plain {
        return None;
    }
    company.advance(jiff::SignedDuration::from_secs(1));
    let catalog = company.instance.catalog();
    let mut records = Vec::new();
    for at in concerned(catalog, route, operation) {
        records.push((at, listed(company, KINDS[at].1).await));
    }
    let list = match hung_on(catalog, route, path) {
        Some((list, at, id)) => {
            let rows = company.get(&company.admin, &list).await.json;
            let rows = rows.as_array().cloned().unwrap_or_default();
            Some((list, rows, at, id))
        }
        None => None,
    };
    Some(Before { records, list })
}

/// How many records the verb changed, and which of them it left no line for.
pub async fn after(company: &Company, before: &Before) -> (usize, Vec<String>) {
    let (mut changed, mut silent) = (0, Vec::new());
    for (at, records) in &before.records {
        for (id, record) in listed(company, KINDS[*at].1).await {
            if records.get(&id) == Some(&record) {
                continue;
            }
            changed += 1;
            if !has_line(company, *at, id).await {
                silent.push(format!("{} {id}", KINDS[*at].0));
            }
        }
    }
    if let Some((list, rows, at, id)) = &before.list {
        let now = company.get(&company.admin, list).await.json;
        let now = now.as_array().cloned().unwrap_or_default();
        if now != *rows {
            changed += 1;
            if !has_line(company, *at, *id).await {
                silent.push(format!("{} {id}, of {list}", KINDS[*at].0));
            }
        }
    }
    (changed, silent)
}

/// The kinds that a verb may be about: its entity's, those in its path, and that of its answer.
fn concerned(catalog: &Catalog, route: &Route, operation: &Operation) -> Vec<usize> {
    let entity = catalog.entity(route.entity);
    let above = entity.parents.iter().filter_map(|parent| parent.entity);
    let ids: Vec<EntityId> = std::iter::once(route.entity).chain(above).collect();
    let is = |path: &str| {
        let of = catalog.entity_at(path);
        of.is_some_and(|of| {
            ids.contains(&of.id) || operation.returns.as_deref() == Some(&*of.schema)
        })
    };
    let kinds = KINDS.iter().enumerate();
    kinds
        .filter(|(_, (_, path))| is(path))
        .map(|(at, _)| at)
        .collect()
}

/// The list that a path is one of, where it hangs on a record with a trail.
fn hung_on(catalog: &Catalog, route: &Route, path: &str) -> Option<(String, usize, i64)> {
    let entity = catalog.entity(route.entity);
    let above = catalog.entity(entity.parents.last()?.entity?);
    let at = KINDS.iter().position(|(_, path)| **path == *above.path)?;
    let path = path.split('?').next()?;
    let list = match route.kind {
        RouteKind::Collection => path,
        RouteKind::Item => path.rsplit_once('/')?.0,
        _ => return None,
    };
    let id = list.rsplit('/').nth(1)?.parse().ok()?;
    Some((list.to_owned(), at, id))
}

async fn listed(company: &Company, path: &str) -> BTreeMap<i64, Value> {
    let answered = company
        .get(&company.admin, &format!("/{path}?pageSize=1000"))
        .await;
    let rows = answered.rows().into_iter();
    rows.filter_map(|mut row| {
        let id = row["id"].as_i64()?;
        row.as_object_mut()
            .map(|row: &mut Map<String, Value>| row.remove("_info"));
        Some((id, row))
    })
    .collect()
}

/// Whether the trail of a record has a line of this moment.
async fn has_line(company: &Company, at: usize, id: i64) -> bool {
    let now = company
        .instance
        .now()
        .strftime("%Y-%m-%dT%H:%M:%SZ")
        .to_string();
    let path = format!(
        "/system/audittrail?type={}&id={id}&pageSize=1000",
        KINDS[at].0
    );
    let lines = company.get(&company.admin, &path).await.json;
    let lines = lines.as_array().cloned().unwrap_or_default();
    lines.iter().any(|line| line["enteredDate"] == *now)
}
