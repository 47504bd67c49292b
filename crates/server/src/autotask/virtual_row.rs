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
    /// Reads the rows that the filter's paths lead through.
    pub async fn read(
        backend: &Backend,
        row: &'a Row,
        filter: &Filter,
    ) -> Result<Self, StoreError> {
        let mut linked: HashMap<Vec<Link>, Row> = HashMap::new();
        for path in filter.paths().into_iter().map(|path| &path.through) {
            for depth in 1..=path.len() {
                let key = path[..depth].to_vec();
                if linked.contains_key(&key) {
                    continue;
                }
                let link = &path[depth - 1];
                let from = if depth == 1 {
                    Some(row)
                } else {
                    linked.get(&path[..depth - 1])
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
                linked.insert(key, found);
            }
        }
        Ok(Self { row, linked })
    }
}

impl bitting_query::Row for VirtualRow<'_> {
    fn value(&self, path: &Path) -> Cow<'_, Value> {
        let row = if path.through.is_empty() {
            Some(self.row)
        } else {
            self.linked.get(&path.through)
        };
        match row {
            Some(row) if &*path.column == "id" => Cow::Owned(Value::Integer(row.id)),
            Some(row) => Cow::Borrowed(row.get(&path.column)),
            None => Cow::Owned(Value::Null),
        }
    }

    fn elements(&self, _: &Elements) -> Vec<Box<dyn bitting_query::Row + '_>> {
        Vec::new()
    }

    fn in_index(&self, _: &str, _: i64) -> bool {
        false
    }
}
