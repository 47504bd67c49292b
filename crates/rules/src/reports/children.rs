//! Columns that come of the records below one: the sum of a field over them, or the value that one of them
//! holds. Read in batches for a whole page of rows. Whoever asks has been let in already.

use super::expression::{self, Asked, Gathered};
use super::reach::Reach;
use super::rows::{BATCH, Joined, first_column, followed, join, read};
use bitting_catalog::Catalog;
use bitting_catalog::entity::{Entity, EntityId};
use bitting_psa::backend::{column, id_path};
use bitting_psa::instance::Instance;
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_query::{Comparison, Filter, Kind, Order, Value, and};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// What is asked of the records below one, bound to the catalog.
#[derive(Debug, Clone)]
pub struct Below {
    what: Gathered,
    child: EntityId,
    /// The column that holds the id of the record above.
    above: Arc<str>,
    pub(super) value: Reach,
    only: Option<(Reach, String)>,
    /// The column that tells the default one of several.
    default: Option<Arc<str>>,
}

/// Values by what is asked and the id of the record above.
pub type Found = HashMap<String, HashMap<i64, Value>>;

impl Below {
    /// Follows the names; the error tells the one that leads nowhere.
    pub fn find(catalog: &Catalog, entity: &Entity, asked: &Asked) -> Result<Self, String> {
        let (path, by) = match asked.child.split_once(" by ") {
            Some((path, by)) => (path.to_owned(), Some(by)),
            None => (format!("{}/{}", entity.path, asked.child), None),
        };
        let child = catalog
            .entity_at(&path)
            .ok_or_else(|| format!("there is no {path}"))?;
        let named = |name: &str| {
            child
                .any_field(name)
                .ok_or_else(|| format!("{path} has no {name}"))
        };
        let above = match by {
            Some(by) => named(by)?.column.clone(),
            None => {
                let parent = child.parents.last();
                parent
                    .filter(|parent| parent.entity == Some(entity.id))
                    .ok_or_else(|| format!("{path} hangs under something else"))?
                    .column
                    .clone()
            }
        };
        let only = match &asked.only {
            Some((name, word)) => Some((Reach::find(catalog, child, name)?, word.clone())),
            None => None,
        };
        let default = child.any_field("defaultFlag");
        Ok(Self {
            what: asked.what,
            child: child.id,
            above,
            value: Reach::find(catalog, child, &asked.field)?,
            only,
            default: default.map(|field| field.column.clone()),
        })
    }

    /// What was found below a record.
    pub fn worth(&self, found: &Found, id: i64) -> Value {
        let value = found.get(&self.key()).and_then(|of| of.get(&id)).cloned();
        value.unwrap_or(match self.what {
            Gathered::Sum => Value::Number(0.0),
            Gathered::Count => Value::Integer(0),
            Gathered::Pick | Gathered::Join | Gathered::Least | Gathered::Most => Value::Null,
        })
    }

    fn key(&self) -> String {
        format!(
            "{:?} {:?} {} {:?} {:?}",
            self.what, self.child, self.above, self.value, self.only
        )
    }

    fn filter(&self, catalog: &Catalog, ids: &[i64]) -> Filter {
        let below = Filter::OneOf {
            path: column(&self.above, Kind::Integer),
            values: ids.iter().copied().map(Value::Integer).collect(),
        };
        let Some((reach, word)) = &self.only else {
            return below;
        };
        let value = match reach.kind {
            Kind::Boolean => Value::Boolean(word == "true"),
            _ => Value::Text(word.clone()),
        };
        let (path, op) = (reach.path(catalog), Comparison::Equal);
        and(below, Filter::Compare { path, op, value })
    }

    /// A sum comes out the same in any order; the first of several is the oldest.
    fn order(&self) -> Vec<Order> {
        match self.what {
            Gathered::Pick | Gathered::Join => vec![Order::by(id_path(), false)],
            _ => Vec::new(),
        }
    }

    fn add(&self, of: &mut HashMap<i64, (bool, Value)>, row: &Row, joined: &Joined) {
        let Some(above) = row.integer(&self.above) else {
            return;
        };
        let value = followed(&self.value, row, joined).unwrap_or(Value::Null);
        if self.what == Gathered::Pick {
            let first = self.default.as_ref().is_some_and(|name| row.flag(name));
            let held = of.get(&above);
            if held.is_none_or(|(default, _)| first && !default) {
                of.insert(above, (first, value));
            }
            return;
        }
        if value == Value::Null {
            return;
        }
        let (_, held) = of.entry(above).or_insert((false, Value::Null));
        *held = self.gathered(held, value);
    }

    fn gathered(&self, held: &Value, value: Value) -> Value {
        let number = |value: &Value| expression::number(value);
        match (self.what, number(held), number(&value)) {
            (Gathered::Sum, before, more) => {
                Value::Number(before.unwrap_or(0.0) + more.unwrap_or(0.0))
            }
            (Gathered::Count, before, _) => Value::Number(before.unwrap_or(0.0) + 1.0),
            (Gathered::Join, ..) => match (expression::text(held), expression::text(&value)) {
                (Some(before), Some(more)) => Value::Text(format!("{before}, {more}")),
                (None, Some(more)) => Value::Text(more),
                (_, None) => held.clone(),
            },
            (Gathered::Least, Some(before), Some(more)) if before <= more => held.clone(),
            (Gathered::Most, Some(before), Some(more)) if before >= more => held.clone(),
            _ => value,
        }
    }
}

/// Reads what is asked of the records below these.
pub async fn found(instance: &Instance, ids: &[i64], asked: &[&Below]) -> Result<Found, Problem> {
    let mut found = Found::new();
    for below in asked {
        let key = below.key();
        if found.contains_key(&key) {
            continue;
        }
        let entity = instance.catalog().entity(below.child);
        let mut needed = BTreeSet::from([below.above.clone(), first_column(&below.value)]);
        needed.extend(below.default.clone());
        let mut of = HashMap::new();
        for chunk in ids.chunks(BATCH) {
            let filter = below.filter(instance.catalog(), chunk);
            let order = below.order();
            let rows = read(instance, entity, &needed, filter, order, None, 0).await?;
            let joined = join(instance, &rows, &[&below.value]).await?;
            for row in &rows {
                below.add(&mut of, row, &joined);
            }
        }
        let plain = of.into_iter().map(|(id, (_, value))| (id, value));
        found.insert(key, plain.collect());
    }
    Ok(found)
}
