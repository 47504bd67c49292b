//! Rows of set-up kept in memory: what every write looks up for its defaults and checks (boards, statuses,
//! types, locations, members). Any write to such a table empties it. Knows no entity by name.

use crate::mine::is_owned;
use crate::row::Row;
use crate::shape::is_scoped;
use bitting_catalog::Catalog;
use bitting_catalog::entity::{Entity, EntityId};
use bitting_catalog::served::Rows;
use bitting_policy::Needs;
use bitting_query::{Filter, Order};
use foldhash::fast::RandomState;
use parking_lot::RwLock;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Look-ups kept; beyond it they start afresh.
const KEPT: usize = 10_000;

/// The same of what other records hang on, of which there may be many.
const NEAR: usize = 1_000;

/// Rows of one look-up that are kept; a longer answer is read anew each time.
const ROWS: usize = 500;

/// What is looked up.
#[derive(Debug, Clone, PartialEq, Hash)]
pub struct Question {
    pub table: Arc<str>,
    pub filter: Filter,
    pub order: Vec<Order>,
    pub limit: Option<u64>,
}

// No filter that reaches a table of set-up holds a number that differs from itself; one that did would
// never be found, and be read anew.
impl Eq for Question {}

/// What is kept, and how often it was emptied.
#[derive(Debug, Default)]
pub struct SetupRows {
    tables: HashSet<Arc<str>, RandomState>,
    /// Look-ups kept of it.
    most: usize,
    kept: RwLock<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    emptied: u64,
    rows: HashMap<Question, Arc<[Row]>, RandomState>,
    /// Records by table and id: most look-ups name one, and need no question made up.
    by_id: HashMap<Arc<str>, HashMap<i64, Option<Row>, RandomState>, RandomState>,
    /// Of tables, the record that a column of flags marks.
    marked: HashMap<(Arc<str>, Arc<str>), Option<i64>, RandomState>,
}

impl SetupRows {
    /// Set-up is what a setup table guards, and what hangs on no structure node and belongs to nobody. Where several servers share a
    /// database nothing is kept: another one's write would not be noticed.
    pub fn new(entities: &[Entity], shared: bool) -> Self {
        let apart = |entity: &&Entity| {
            let guarded = matches!(entity.right.needs, Needs::Table(_));
            // Autotask's records hang on no node either: its set-up is what every user may read whole.
            let open = entity.served.as_ref().is_none_or(|served| {
                entity.right.needs == Needs::AnyMember && served.rows == Rows::default()
            });
            entity.stored && open && (guarded || (!is_scoped(entity) && !is_owned(entity)))
        };
        let mut tables: HashSet<Arc<str>, RandomState> = HashSet::default();
        if !shared {
            tables.extend(
                entities
                    .iter()
                    .filter(apart)
                    .map(|entity| entity.table.clone()),
            );
            for entity in entities.iter().filter(|entity| !apart(entity)) {
                tables.remove(&entity.table);
            }
        }
        Self {
            tables,
            most: KEPT,
            kept: RwLock::default(),
        }
    }

    /// The same of what other records hang on by their place in the structure (companies, contacts), with what
    /// hangs right under it (sites): their rules look it up again and again. Few of its rows are kept, and a write
    /// to one of its tables empties these alone.
    pub fn near(catalog: &Catalog, shared: bool) -> Self {
        let entities = || catalog.entities.iter().filter(|entity| entity.stored);
        let via = |entity: &Entity| {
            let field = entity.any_field(entity.scope.via.as_deref()?)?;
            field.target().map(|target| catalog.home(target).id)
        };
        let held: HashSet<EntityId> = entities().filter_map(via).collect();
        let under = |entity: &&Entity| {
            let parent = entity.parents.last().and_then(|parent| parent.entity);
            parent.is_some_and(|parent| held.contains(&catalog.home(parent).id))
        };
        let mut tables = HashSet::default();
        if !shared {
            let under = entities().filter(under);
            // Autotask's companies, whose right goes by their class: nearly every write points to one.
            let classed = entities().filter(|entity| {
                let served = entity.served.as_ref();
                served.is_some_and(|served| served.rows.classes.is_some())
            });
            let all = held.iter().map(|id| catalog.entity(*id)).chain(under);
            let all = all.chain(classed);
            tables.extend(all.map(|entity| entity.table.clone()));
        }
        Self {
            tables,
            most: NEAR,
            kept: RwLock::default(),
        }
    }

    pub fn holds(&self, table: &str) -> bool {
        self.tables.contains(table)
    }

    /// The rows of a look-up, or how often things were emptied before it: to be handed to [`Self::keep`].
    pub fn find(&self, question: &Question) -> Result<Arc<[Row]>, u64> {
        let kept = self.kept.read();
        kept.rows.get(question).cloned().ok_or(kept.emptied)
    }

    /// One record: the inner `None` says that there is none.
    pub fn find_id(&self, table: &str, id: i64) -> Result<Option<Row>, u64> {
        let kept = self.kept.read();
        let known = kept.by_id.get(table).and_then(|rows| rows.get(&id));
        known.cloned().ok_or(kept.emptied)
    }

    /// The record that a flag marks; the inner `None` says that it marks none.
    pub fn find_marked(&self, table: &Arc<str>, flag: &Arc<str>) -> Result<Option<i64>, u64> {
        let kept = self.kept.read();
        let known = kept.marked.get(&(table.clone(), flag.clone()));
        known.copied().ok_or(kept.emptied)
    }

    /// Keeps which record a flag marks, as [`Self::keep`] does.
    pub fn keep_marked(&self, emptied: u64, table: &Arc<str>, flag: &Arc<str>, id: Option<i64>) {
        let mut kept = self.kept.write();
        if kept.emptied == emptied {
            kept.marked.insert((table.clone(), flag.clone()), id);
        }
    }

    /// Keeps one record, or that there is none, as [`Self::keep`] does.
    pub fn keep_id(&self, emptied: u64, table: &Arc<str>, id: i64, row: Option<&Row>) {
        let mut kept = self.kept.write();
        if kept.emptied != emptied {
            return;
        }
        let rows = kept.by_id.entry(table.clone()).or_default();
        if rows.len() >= self.most {
            rows.clear();
        }
        rows.insert(id, row.cloned());
    }

    /// Keeps an answer, unless a write came between the question and it.
    pub fn keep(&self, emptied: u64, question: Question, rows: &[Row]) {
        let mut kept = self.kept.write();
        if kept.emptied != emptied || rows.len() > ROWS {
            return;
        }
        if kept.rows.len() >= self.most {
            kept.rows.clear();
        }
        kept.rows.insert(question, rows.into());
    }

    /// How often everything was forgotten.
    pub fn emptied(&self) -> u64 {
        self.kept.read().emptied
    }

    /// Forgets everything: after a write to such a table, a load or a restore.
    pub fn clear(&self) {
        let mut kept = self.kept.write();
        kept.emptied += 1;
        kept.rows.clear();
        kept.by_id.clear();
        kept.marked.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::{Question, SetupRows};
    use crate::row::Row;
    use bitting_query::Filter;
    use std::sync::Arc;

    #[test]
    fn an_answer_older_than_a_write_is_not_kept() {
        let rows = SetupRows::default();
        let question = Question {
            table: Arc::from("boards"),
            filter: Filter::Constant(true),
            order: Vec::new(),
            limit: None,
        };
        let asked = rows.find(&question).expect_err("nothing yet");
        rows.clear();
        rows.keep(asked, question.clone(), &[Row::new(1)]);
        let asked = rows.find(&question).expect_err("a write came between");
        rows.keep(asked, question.clone(), &[Row::new(2)]);
        assert_eq!(rows.find(&question).expect("kept")[0].id, 2);
        rows.clear();
        assert!(rows.find(&question).is_err());
    }

    #[test]
    fn a_record_older_than_a_write_is_not_kept() {
        let (rows, table) = (SetupRows::default(), Arc::from("boards"));
        let asked = rows.find_id(&table, 1).expect_err("nothing yet");
        rows.clear();
        rows.keep_id(asked, &table, 1, Some(&Row::new(1)));
        let asked = rows.find_id(&table, 1).expect_err("a write came between");
        rows.keep_id(asked, &table, 1, None);
        assert_eq!(rows.find_id(&table, 1), Ok(None));
        rows.clear();
        assert!(rows.find_id(&table, 1).is_err());
    }
}
