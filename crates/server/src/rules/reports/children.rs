//! Columns that come of the records below one: the sum of a field over them, or the value that one of them
//! holds. Read in batches for a whole page of rows. Whoever asks has been let in already.

use super::expression::{Asked, Gathered};
use super::rows::{BATCH, read};
use crate::backend::{column, equals, id_path};
use crate::instance::Instance;
use crate::problem::Problem;
use crate::row::Row;
use bitting_catalog::Catalog;
use bitting_catalog::entity::{Entity, EntityId};
use bitting_query::{Filter, Kind, Order, Value, and};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// What is asked of the records below one, bound to the catalog.
#[derive(Debug, Clone)]
pub struct Below {
    what: Gathered,
    child: EntityId,
    /// The column that holds the id of the record above.
    above: Arc<str>,
    value: Arc<str>,
    only: Option<(Arc<str>, Kind, String)>,
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
            Some((name, word)) => {
                let field = named(name)?;
                let kind = crate::shape::kind(field);
                Some((field.column.clone(), kind, word.clone()))
            }
            None => None,
        };
        let default = child.any_field("defaultFlag");
        Ok(Self {
            what: asked.what,
            child: child.id,
            above,
            value: named(&asked.field)?.column.clone(),
            only,
            default: default.map(|field| field.column.clone()),
        })
    }

    /// What was found below a record.
    pub fn worth(&self, found: &Found, id: i64) -> Value {
        let value = found.get(&self.key()).and_then(|of| of.get(&id)).cloned();
        value.unwrap_or(match self.what {
            Gathered::Sum => Value::Number(0.0),
            Gathered::Pick => Value::Null,
        })
    }

    fn key(&self) -> String {
        format!(
            "{:?} {:?} {} {} {:?}",
            self.what, self.child, self.above, self.value, self.only
        )
    }

    fn filter(&self, ids: &[i64]) -> Filter {
        let below = Filter::OneOf {
            path: column(&self.above, Kind::Integer),
            values: ids.iter().copied().map(Value::Integer).collect(),
        };
        let Some((field, kind, word)) = &self.only else {
            return below;
        };
        let value = match kind {
            Kind::Boolean => Value::Boolean(word == "true"),
            _ => Value::Text(word.clone()),
        };
        and(below, equals(field, *kind, value))
    }

    /// A sum comes out the same in any order; the first of several is the oldest.
    fn order(&self) -> Vec<Order> {
        let by_id = Order::by(id_path(), false);
        match self.what {
            Gathered::Sum => Vec::new(),
            Gathered::Pick => vec![by_id],
        }
    }

    fn add(&self, of: &mut HashMap<i64, (bool, Value)>, row: &Row) {
        let Some(above) = row.integer(&self.above) else {
            return;
        };
        match self.what {
            Gathered::Sum => {
                let more = row.number(&self.value).unwrap_or(0.0);
                let (_, sum) = of.entry(above).or_insert((false, Value::Number(0.0)));
                if let Value::Number(sum) = sum {
                    *sum += more;
                }
            }
            Gathered::Pick => {
                let first = self.default.as_ref().is_some_and(|name| row.flag(name));
                let held = of.get(&above);
                if held.is_none_or(|(default, _)| first && !default) {
                    of.insert(above, (first, row.get(&self.value).clone()));
                }
            }
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
        let mut needed = BTreeSet::from([below.above.clone(), below.value.clone()]);
        needed.extend(below.default.clone());
        let mut of = HashMap::new();
        for chunk in ids.chunks(BATCH) {
            let filter = below.filter(chunk);
            let order = below.order();
            for row in read(instance, entity, &needed, filter, order, None, 0).await? {
                below.add(&mut of, &row);
            }
        }
        let plain = of.into_iter().map(|(id, (_, value))| (id, value));
        found.insert(key, plain.collect());
    }
    Ok(found)
}
