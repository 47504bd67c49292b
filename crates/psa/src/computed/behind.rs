//! Conditions and orders through references, for rows that are worked out: what stands behind a reference is looked
//! up in the database, and the filter then goes by the ids that were found.

use crate::backend::{Backend, column, id_path};
use crate::row::Row;
use bitting_catalog::entity::Entity;
use bitting_query::{Filter, Kind, Link, Order, Path, Value, and, matches};
use bitting_store::StoreError;
use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;

/// A row without values, as a reference to nothing leads to.
struct Nothing;

impl bitting_query::Row for Nothing {
    fn value(&self, _: &Path) -> std::borrow::Cow<'_, Value> {
        std::borrow::Cow::Owned(Value::Null)
    }

    fn elements(&self, _: &bitting_query::Elements) -> Vec<Box<dyn bitting_query::Row + '_>> {
        Vec::new()
    }

    fn in_index(&self, _: &str, _: i64) -> bool {
        false
    }
}

/// The same filter on the rows' own columns alone.
pub fn settled<'a>(
    backend: &'a Backend,
    rows: &'a [Row],
    filter: Filter,
) -> Pin<Box<dyn Future<Output = Result<Filter, StoreError>> + Send + 'a>> {
    Box::pin(async move {
        Ok(match filter {
            Filter::And(parts) => Filter::And(each(backend, rows, parts).await?),
            Filter::Or(parts) => Filter::Or(each(backend, rows, parts).await?),
            Filter::Not(inner) => Filter::Not(Box::new(settled(backend, rows, *inner).await?)),
            Filter::Behind { link, filter } => found(backend, rows, &link, *filter, false).await?,
            mut test => {
                let Some(link) = test.path_mut().and_then(first_link) else {
                    return Ok(test);
                };
                let of_nothing = matches(&test, &Nothing);
                found(backend, rows, &link, test, of_nothing).await?
            }
        })
    })
}

async fn each(
    backend: &Backend,
    rows: &[Row],
    parts: Vec<Filter>,
) -> Result<Vec<Filter>, StoreError> {
    let mut done = Vec::with_capacity(parts.len());
    for part in parts {
        done.push(settled(backend, rows, part).await?);
    }
    Ok(done)
}

/// Takes the first reference off a path.
fn first_link(path: &mut Path) -> Option<Link> {
    (!path.through.is_empty()).then(|| path.through.remove(0))
}

/// Rows whose reference leads to a record that satisfies the test, and, where a test holds of nothing, those that lead
/// to none.
async fn found(
    backend: &Backend,
    rows: &[Row],
    link: &Link,
    test: Filter,
    of_nothing: bool,
) -> Result<Filter, StoreError> {
    let Some(entity) = at(backend, link) else {
        return Ok(Filter::Constant(of_nothing));
    };
    let targets = targets(rows, link);
    let good = known(backend, entity, &targets, test).await?;
    let one_of = |ids: Vec<Row>| Filter::OneOf {
        path: column(&link.column, Kind::Integer),
        values: ids.iter().map(|row| Value::Integer(row.id)).collect(),
    };
    if !of_nothing {
        return Ok(one_of(good));
    }
    let there = known(backend, entity, &targets, Filter::Constant(true)).await?;
    let nowhere = Filter::Not(Box::new(one_of(there)));
    Ok(Filter::Or(vec![one_of(good), nowhere]))
}

fn at<'b>(backend: &'b Backend, link: &Link) -> Option<&'b Entity> {
    let mut entities = backend.catalog.entities.iter();
    entities.find(|entity| entity.stored && entity.table == link.table)
}

fn targets(rows: &[Row], link: &Link) -> Vec<Value> {
    let ids: BTreeSet<i64> = rows
        .iter()
        .filter_map(|row| row.integer(&link.column))
        .collect();
    ids.into_iter().map(Value::Integer).collect()
}

async fn known(
    backend: &Backend,
    entity: &Entity,
    targets: &[Value],
    test: Filter,
) -> Result<Vec<Row>, StoreError> {
    let among = Filter::OneOf {
        path: id_path(),
        values: targets.to_vec(),
    };
    backend
        .raw_rows(entity, and(among, test), Vec::new(), None)
        .await
}

/// The rows with what they are to be sorted by in columns of their own, and the order by those columns.
pub async fn sortable(
    backend: &Backend,
    rows: &mut [Row],
    order: &[Order],
) -> Result<Vec<Order>, StoreError> {
    let mut own = Vec::with_capacity(order.len());
    for (index, key) in order.iter().enumerate() {
        let [link] = key.path.through.as_slice() else {
            own.push(key.clone());
            continue;
        };
        let sight = key
            .sights
            .first()
            .cloned()
            .unwrap_or(Filter::Constant(true));
        let behind = match at(backend, link) {
            Some(entity) => known(backend, entity, &targets(rows, link), sight).await?,
            None => Vec::new(),
        };
        let name = format!("order {index}");
        for row in rows.iter_mut() {
            let to = row.integer(&link.column);
            if let Some(there) = behind.iter().find(|there| Some(there.id) == to) {
                let value = match &*key.path.column {
                    "id" => Value::Integer(there.id),
                    column => there.get(column).clone(),
                };
                row.set(&name, value);
            }
        }
        own.push(Order::by(column(&name, key.path.kind), key.descending));
    }
    Ok(own)
}
