//! A row in hand with the rows it points to, so that a rule about rows can be held against what is about to be
//! written. Must not know what the rule says.

use bitting_psa::backend::Backend;
use bitting_psa::row::Row;
use bitting_query::{Elements, Filter, Link, Path, Value};
use bitting_store::StoreError;
use std::borrow::Cow;
use std::collections::HashMap;

/// A row and what its links lead to, as far as a filter follows them.
pub struct VirtualRow<'a> {
    row: &'a Row,
    linked: HashMap<Vec<Link>, Row>,
}

impl<'a> VirtualRow<'a> {
    /// Reads the rows that the filter leads to.
    pub async fn read(
        backend: &Backend,
        row: &'a Row,
        filter: &Filter,
    ) -> Result<Self, StoreError> {
        let mut ways = Vec::new();
        followed(filter, &[], &mut ways);
        let mut linked: HashMap<Vec<Link>, Row> = HashMap::new();
        for way in &ways {
            for depth in 1..=way.len() {
                if linked.contains_key(&way[..depth]) {
                    continue;
                }
                let link = &way[depth - 1];
                let from = if depth == 1 {
                    Some(row)
                } else {
                    linked.get(&way[..depth - 1])
                };
                let Some(id) = from.and_then(|from| from.integer(&link.column)) else {
                    break;
                };
                let target = backend
                    .catalog
                    .entities
                    .iter()
                    .find(|entity| entity.table == link.table);
                let Some(target) = target else { break };
                let Some(found) = backend.raw_row(target, id).await? else {
                    break;
                };
                linked.insert(way[..depth].to_vec(), found);
            }
        }
        Ok(Self { row, linked })
    }
}

/// Every chain of links that a filter follows from a row at the end of another chain.
fn followed(filter: &Filter, from: &[Link], ways: &mut Vec<Vec<Link>>) {
    match filter {
        Filter::And(parts) | Filter::Or(parts) => {
            for part in parts {
                followed(part, from, ways);
            }
        }
        Filter::Not(inner) => followed(inner, from, ways),
        Filter::Behind { link, filter } => {
            let there = [from, std::slice::from_ref(link)].concat();
            followed(filter, &there, ways);
            ways.push(there);
        }
        test => {
            let through = test.path().map_or(&[][..], |path| &path.through);
            if !through.is_empty() {
                ways.push([from, through].concat());
            }
        }
    }
}

/// The row at the end of a chain.
struct Seat<'v> {
    whole: &'v VirtualRow<'v>,
    at: Vec<Link>,
}

impl Seat<'_> {
    fn row(&self, through: &[Link]) -> Option<&Row> {
        let way = [&self.at, through].concat();
        if way.is_empty() {
            return Some(self.whole.row);
        }
        self.whole.linked.get(&way)
    }
}

impl bitting_query::Row for Seat<'_> {
    fn value(&self, path: &Path) -> Cow<'_, Value> {
        match self.row(&path.through) {
            Some(row) if &*path.column == "id" => Cow::Owned(Value::Integer(row.id)),
            Some(row) => Cow::Borrowed(row.get(&path.column)),
            None => Cow::Owned(Value::Null),
        }
    }

    fn elements(&self, _: &Elements) -> Vec<Box<dyn bitting_query::Row + '_>> {
        Vec::new()
    }

    fn behind(&self, link: &Link) -> Option<Box<dyn bitting_query::Row + '_>> {
        self.row(std::slice::from_ref(link))?;
        let at = [&self.at[..], std::slice::from_ref(link)].concat();
        let whole = self.whole;
        Some(Box::new(Seat { whole, at }))
    }

    fn in_index(&self, _: &str, _: i64) -> bool {
        false
    }
}

impl VirtualRow<'_> {
    /// Whether the row, with what it points to, satisfies a filter that was told when it was read.
    pub fn satisfies(&self, filter: &Filter) -> bool {
        let at = Vec::new();
        bitting_query::matches(filter, &Seat { whole: self, at })
    }
}
