//! Conditions and orders through references, for a caller from whom some records are hidden: a reference into a hidden
//! record answers as one that points nowhere. What the reference itself shows (a company's name on its ticket) is
//! no secret, and stays as it is.

use bitting_catalog::entity::EntityId;
use bitting_dialects::connectwise::conditions::Used;
use bitting_psa::permit::Grounds;
use bitting_psa::permit::Permit;
use bitting_query::{Comparison, Elements, Filter, Order, Path, Value, and};
use std::collections::HashMap;
use std::sync::Arc;

/// What is hidden behind references and in child collections.
#[derive(Debug, Default)]
pub(super) struct Veil<'u> {
    /// The rows in sight of the entities that hide some.
    hiding: HashMap<EntityId, Filter>,
    followed: &'u [(Path, Vec<Option<EntityId>>)],
    /// The rows in sight of child collections, by table.
    children: HashMap<Arc<str>, Filter>,
}

impl<'u> Veil<'u> {
    pub fn new(used: &'u Used) -> Self {
        Self {
            followed: &used.followed,
            ..Self::default()
        }
    }

    /// Only these rows of an entity are in sight.
    pub fn hide(&mut self, permit: &Permit<'_>, grounds: Grounds<'_>, used: &Used) {
        let entity = permit.entity();
        let sight = permit.sight(grounds);
        if used.children.contains(&entity.id) {
            self.children.insert(entity.table.clone(), sight.clone());
        }
        self.hiding.insert(entity.id, sight);
    }

    /// The filter with every test on a hidden row made one on null.
    pub fn over(&self, filter: Filter) -> Filter {
        if self.hiding.is_empty() {
            return filter;
        }
        let each = |parts: Vec<Filter>| parts.into_iter().map(|part| self.over(part)).collect();
        match filter {
            Filter::And(parts) => Filter::And(each(parts)),
            Filter::Or(parts) => Filter::Or(each(parts)),
            Filter::Not(inner) => Filter::Not(Box::new(self.over(*inner))),
            Filter::Any { of, filter } => {
                let mut filter = self.over(*filter);
                if let Elements::Children { table, .. } = &of
                    && let Some(sight) = self.children.get(table)
                {
                    filter = and(sight.clone(), filter);
                }
                Filter::Any {
                    of,
                    filter: Box::new(filter),
                }
            }
            Filter::Compare { path, op, value } => self.compare(path, op, value),
            Filter::OneOf { path, values } if values.contains(&Value::Null) => {
                let rest = values.into_iter().filter(|value| *value != Value::Null);
                let rest = Filter::OneOf {
                    path: path.clone(),
                    values: rest.collect(),
                };
                Filter::Or(vec![self.test(rest), self.is_null(path)])
            }
            Filter::IsNull { path } => self.is_null(path),
            test => self.test(test),
        }
    }

    fn compare(&self, path: Path, op: Comparison, value: Value) -> Filter {
        match op {
            Comparison::NotEqual => {
                let equal = self.compare(path, Comparison::Equal, value);
                Filter::Not(Box::new(equal))
            }
            Comparison::Equal if value == Value::Null => self.is_null(path),
            _ => self.test(Filter::Compare { path, op, value }),
        }
    }

    fn is_null(&self, path: Path) -> Filter {
        let filled = Filter::Not(Box::new(Filter::IsNull { path: path.clone() }));
        match self.lifted(&path, filled) {
            Some(seen) => Filter::Not(Box::new(seen)),
            None => Filter::IsNull { path },
        }
    }

    /// A test that does not hold for null.
    fn test(&self, test: Filter) -> Filter {
        let path = match &test {
            Filter::Compare { path, .. }
            | Filter::OneOf { path, .. }
            | Filter::Contains { path, .. }
            | Filter::Like { path, .. }
            | Filter::HasWord { path, .. } => path.clone(),
            _ => return test,
        };
        self.lifted(&path, test.clone()).unwrap_or(test)
    }

    /// The order in which rows behind references that are hidden count as null.
    pub fn sorted(&self, mut order: Vec<Order>) -> Vec<Order> {
        for key in &mut order {
            let sights = self.sights(&key.path);
            if sights.iter().any(Option::is_some) {
                let open = |sight: Option<Filter>| sight.unwrap_or(Filter::Constant(true));
                key.sights = sights.into_iter().map(open).collect();
            }
        }
        order
    }

    /// The test on rows in sight alone, step by step; `None` where none on the way may be hidden.
    fn lifted(&self, path: &Path, test: Filter) -> Option<Filter> {
        let sights = self.sights(path);
        if sights.iter().all(Option::is_none) {
            return None;
        }
        let steps = path.through.iter().zip(sights).rev();
        Some(
            steps.fold(at_the_end(test), |inner, (link, sight)| Filter::Behind {
                link: link.clone(),
                filter: Box::new(match sight {
                    Some(sight) => and(sight, inner),
                    None => inner,
                }),
            }),
        )
    }

    /// For each reference of the path, the rows in sight behind it; `None` where none is hidden.
    fn sights(&self, path: &Path) -> Vec<Option<Filter>> {
        let ways: Vec<_> = self
            .followed
            .iter()
            .filter(|(followed, _)| followed == path)
            .map(|(_, looked)| looked)
            .collect();
        // One path may be asked for in two ways, of which one shows less: that one decides.
        let sight = |step: usize| {
            let entities = ways
                .iter()
                .filter_map(|looked| looked.get(step).copied().flatten());
            entities
                .filter_map(|entity| self.hiding.get(&entity))
                .cloned()
                .reduce(and)
        };
        (0..path.through.len()).map(sight).collect()
    }
}

/// The same test on the row at the end of its path.
fn at_the_end(mut test: Filter) -> Filter {
    let inner = match &mut test {
        Filter::Not(inner) => &mut **inner,
        test => test,
    };
    if let Some(path) = inner.path_mut() {
        path.through.clear();
    }
    test
}
