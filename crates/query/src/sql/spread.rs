//! An equality beside an `Or`, where an index holds its column together with that of each branch: `a AND (b OR c)`
//! is `(a AND b) OR (a AND c)`, and each of these has an index of its own. SQLite does not see that by itself, and
//! would look through all rows of `a`. So are found the own records of a company where own is by several columns, in
//! an order of their own; by id they are merged (`forks`).

use super::shape::{column_of, is_id};
use crate::filter::Filter;
use std::borrow::Cow;
use std::sync::Arc;

/// The conjunct that one of the equalities and one of the `Or`s make together, if indexes hold them so.
pub(super) fn spread(conjuncts: &[Cow<'_, Filter>], sets: &[&[Arc<str>]]) -> Option<Filter> {
    let ors = conjuncts.iter().filter_map(|part| match &**part {
        Filter::Or(branches) => Some(branches),
        _ => None,
    });
    for branches in ors {
        for part in conjuncts {
            let Some(column) = column_of(part) else {
                continue;
            };
            if branches.iter().all(|branch| held(column, branch, sets)) {
                let equal = part.as_ref();
                let both = |branch: &Filter| Filter::And(vec![equal.clone(), branch.clone()]);
                return Some(Filter::Or(branches.iter().map(both).collect()));
            }
        }
    }
    None
}

/// Whether an index holds the branch together with this column; rows by their id are found without.
fn held(column: &Arc<str>, branch: &Filter, sets: &[&[Arc<str>]]) -> bool {
    match branch {
        Filter::OneOf { path, .. } => is_id(path),
        branch => column_of(branch).is_some_and(|own| {
            sets.iter()
                .any(|set| matches!(set, [first, second] if first == column && second == own))
        }),
    }
}
