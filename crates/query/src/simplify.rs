//! Folds constants and flattens filters, so that narrowing is one call. Knows no SQL.

use crate::filter::{Comparison, Filter, Path, Value};

/// Both hold. This is how a caller's rows are narrowed.
#[must_use]
pub fn and(filter: Filter, extra: Filter) -> Filter {
    join(vec![filter, extra], true)
}

/// The same filter, with constants folded, nested `And` and `Or` flattened, and `Or` of equalities
/// on one path made one `OneOf`.
#[must_use]
pub fn simplify(filter: Filter) -> Filter {
    match filter {
        Filter::And(parts) => join(parts.into_iter().map(simplify).collect(), true),
        Filter::Or(parts) => merge(join(parts.into_iter().map(simplify).collect(), false)),
        Filter::Not(inner) => match simplify(*inner) {
            Filter::Constant(value) => Filter::Constant(!value),
            Filter::Not(twice) => *twice,
            inner => Filter::Not(Box::new(inner)),
        },
        Filter::OneOf { values, .. } if values.is_empty() => Filter::Constant(false),
        Filter::Any { of, filter } => match simplify(*filter) {
            Filter::Constant(false) => Filter::Constant(false),
            filter => Filter::Any {
                of,
                filter: Box::new(filter),
            },
        },
        Filter::Behind { link, filter } => match simplify(*filter) {
            Filter::Constant(false) => Filter::Constant(false),
            filter => Filter::Behind {
                link,
                filter: Box::new(filter),
            },
        },
        other => other,
    }
}

/// Joins parts by And (`all`) or Or. `all` is also the constant that changes nothing; its opposite
/// decides everything.
fn join(parts: Vec<Filter>, all: bool) -> Filter {
    let mut flat = Vec::with_capacity(parts.len());
    for part in parts {
        match part {
            Filter::Constant(value) if value == all => {}
            Filter::Constant(_) => return Filter::Constant(!all),
            Filter::And(inner) if all => flat.extend(inner),
            Filter::Or(inner) if !all => flat.extend(inner),
            other => flat.push(other),
        }
    }
    // A nested list may itself have held constants when `and` is given an unfolded filter.
    if flat
        .iter()
        .any(|part| matches!(part, Filter::Constant(value) if *value != all))
    {
        return Filter::Constant(!all);
    }
    match flat.len() {
        0 => Filter::Constant(all),
        1 => flat.swap_remove(0),
        _ if all => Filter::And(flat),
        _ => Filter::Or(flat),
    }
}

/// Clients ask for many rows as `id=1 or id=2 or …`: one list is far cheaper than a chain.
fn merge(filter: Filter) -> Filter {
    let Filter::Or(parts) = filter else {
        return filter;
    };
    let mut kept: Vec<Filter> = Vec::with_capacity(parts.len());
    let mut lists: Vec<(usize, Path, Vec<Value>)> = Vec::new();
    for part in parts {
        let (path, values) = match part {
            Filter::Compare {
                path,
                op: Comparison::Equal,
                value,
            } => (path, vec![value]),
            Filter::OneOf { path, values } => (path, values),
            other => {
                kept.push(other);
                continue;
            }
        };
        // Few paths appear in one filter, so a search through them stays short.
        if let Some((_, _, held)) = lists.iter_mut().find(|(_, held, _)| *held == path) {
            held.extend(values);
        } else {
            lists.push((kept.len(), path, values));
            kept.push(Filter::Constant(false));
        }
    }
    for (place, path, mut values) in lists {
        kept[place] = if values.len() == 1 {
            Filter::Compare {
                path,
                op: Comparison::Equal,
                value: values.remove(0),
            }
        } else {
            Filter::OneOf { path, values }
        };
    }
    if kept.len() == 1 {
        kept.remove(0)
    } else {
        Filter::Or(kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::Kind;

    fn equal(column: &str, value: i64) -> Filter {
        Filter::Compare {
            path: Path {
                through: vec![],
                column: column.into(),
                kind: Kind::Integer,
            },
            op: Comparison::Equal,
            value: Value::Integer(value),
        }
    }

    #[test]
    fn narrowing_flattens_and_folds() {
        let table = [
            (and(Filter::Constant(true), equal("a", 1)), equal("a", 1)),
            (
                and(equal("a", 1), Filter::Constant(false)),
                Filter::Constant(false),
            ),
            (
                and(equal("a", 1), equal("b", 2)),
                Filter::And(vec![equal("a", 1), equal("b", 2)]),
            ),
            (
                and(
                    Filter::And(vec![equal("a", 1), equal("b", 2)]),
                    equal("c", 3),
                ),
                Filter::And(vec![equal("a", 1), equal("b", 2), equal("c", 3)]),
            ),
            (
                and(Filter::And(vec![Filter::Constant(false)]), equal("c", 3)),
                Filter::Constant(false),
            ),
        ];
        for (got, wanted) in table {
            assert_eq!(got, wanted);
        }
    }

    #[test]
    fn a_chain_of_equalities_is_one_list() {
        let chain = Filter::Or(vec![
            equal("a", 1),
            Filter::Or(vec![equal("a", 2), equal("b", 9)]),
            Filter::Not(Box::new(Filter::Constant(true))),
            equal("a", 3),
        ]);
        let Filter::Or(parts) = simplify(chain) else {
            panic!("an Or stays")
        };
        assert_eq!(parts.len(), 2);
        assert_eq!(
            parts[0],
            Filter::OneOf {
                path: Path {
                    through: vec![],
                    column: "a".into(),
                    kind: Kind::Integer
                },
                values: vec![Value::Integer(1), Value::Integer(2), Value::Integer(3)],
            }
        );
        assert_eq!(parts[1], equal("b", 9));
    }
}
