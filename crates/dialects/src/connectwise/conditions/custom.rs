//! customFieldConditions: `caption = "Outage ID" AND value = 123`, one or several pairs. At rest the values
//! are a JSON array of `{id, value}` in the column `extra`, so captions are looked up first.
//!
//! In a chain of ANDs each further `caption` starts a new pair. A field that holds nothing equals null.

use super::super::error::ApiError;
use super::super::layout::EXTRA;
use super::literal::{self, as_text, negate};
use super::tree::{Literal, Term, Test, Tree};
use super::{paths::Holds, paths::Place, resolve};
use bitting_query::{Comparison, Elements, Filter, Kind, Path, Value};
use std::sync::Arc;

/// The filter on rows. `captions` are the fields defined for the record: (id, caption).
pub fn resolve(tree: &Tree, captions: &[(i64, &str)]) -> Result<Filter, ApiError> {
    Ok(match tree {
        Tree::Or(trees) if !about(tree, is_caption_only) => Filter::Or(
            trees
                .iter()
                .map(|tree| resolve(tree, captions))
                .collect::<Result<_, _>>()?,
        ),
        Tree::Not(tree) => negate(resolve(tree, captions)?),
        Tree::And(trees) => {
            let mut filters = Vec::new();
            let mut pair: Vec<&Tree> = Vec::new();
            for tree in trees {
                if mentions(tree, "caption") && !about(tree, is_caption_only) {
                    filters.push(resolve(tree, captions)?);
                    continue;
                }
                if mentions(tree, "caption") && pair.iter().any(|tree| mentions(tree, "caption")) {
                    filters.push(one(&std::mem::take(&mut pair), captions)?);
                }
                pair.push(tree);
            }
            if !pair.is_empty() {
                filters.push(one(&pair, captions)?);
            }
            Filter::And(filters)
        }
        Tree::Or(_) | Tree::Term(_) => one(&[tree], captions)?,
    })
}

/// One pair: what is said of the caption and of the value of one custom field. A record satisfies it when a
/// field with such a caption has such a value, null if it holds none.
fn one(pair: &[&Tree], captions: &[(i64, &str)]) -> Result<Filter, ApiError> {
    let (named, valued): (Vec<&Tree>, Vec<&Tree>) =
        pair.iter().partition(|tree| mentions(tree, "caption"));
    let mut ids = Vec::new();
    for (id, caption) in captions {
        let mut all = true;
        for tree in &named {
            all &= has(tree, caption)?;
        }
        if all {
            ids.push(*id);
        }
    }
    let values: Vec<Filter> = valued
        .iter()
        .map(|tree| value(tree))
        .collect::<Result<_, _>>()?;
    if ids.is_empty() || values.is_empty() {
        // Every record lists every defined field, empty or not.
        return Ok(Filter::Constant(!ids.is_empty()));
    }
    let any = |ids: &[i64], mut filters: Vec<Filter>| {
        let path = own("id", Kind::Integer);
        let values = ids.iter().copied().map(Value::Integer).collect();
        filters.insert(0, Filter::OneOf { path, values });
        let of = Elements::Json {
            column: Arc::from(EXTRA),
        };
        Filter::Any {
            of,
            filter: Box::new(Filter::And(filters)),
        }
    };
    let filled = any(&ids, values);
    if !valued.iter().all(|tree| holds_for_null(tree)) {
        return Ok(filled);
    }
    let is_filled = negate(Filter::IsNull {
        path: own("value", Kind::Json),
    });
    let mut filters = vec![filled];
    filters.extend(
        ids.iter()
            .map(|id| negate(any(&[*id], vec![is_filled.clone()]))),
    );
    Ok(Filter::Or(filters))
}

/// Whether a field that holds nothing satisfies what is said of values.
fn holds_for_null(tree: &Tree) -> bool {
    match tree {
        Tree::And(trees) => trees.iter().all(holds_for_null),
        Tree::Or(trees) => trees.iter().any(holds_for_null),
        Tree::Not(tree) => !holds_for_null(tree),
        Tree::Term(term) => {
            let holds = match &term.test {
                Test::Compare(Comparison::Equal, literal) => *literal == Literal::Null,
                Test::Compare(Comparison::NotEqual, literal) => *literal != Literal::Null,
                Test::In(literals) => literals.contains(&Literal::Null),
                Test::Compare(..) | Test::Contains(_) | Test::Like(_) => false,
            };
            holds != term.negated
        }
    }
}

/// Whether a caption satisfies what is said of captions.
fn has(tree: &Tree, caption: &str) -> Result<bool, ApiError> {
    let all = |trees: &[Tree]| {
        trees
            .iter()
            .map(|tree| has(tree, caption))
            .collect::<Result<Vec<_>, _>>()
    };
    Ok(match tree {
        Tree::And(trees) => all(trees)?.into_iter().all(|holds| holds),
        Tree::Or(trees) => all(trees)?.into_iter().any(|holds| holds),
        Tree::Not(tree) => !has(tree, caption)?,
        Tree::Term(term) => {
            let same = |literal: &Literal| {
                as_text(literal).is_some_and(|text| text.to_lowercase() == caption.to_lowercase())
            };
            let holds = match &term.test {
                Test::Compare(Comparison::Equal, literal) => same(literal),
                Test::Compare(Comparison::NotEqual, literal) => !same(literal),
                Test::In(literals) => literals.iter().any(same),
                Test::Contains(literal) => as_text(literal)
                    .is_some_and(|text| caption.to_lowercase().contains(&text.to_lowercase())),
                Test::Compare(..) | Test::Like(_) => {
                    return Err(ApiError::condition(
                        "caption is compared with =, !=, contains or in.",
                    ));
                }
            };
            holds != term.negated
        }
    })
}

/// What is said of the value of an element.
fn value(tree: &Tree) -> Result<Filter, ApiError> {
    resolve::map(tree, &mut |term| {
        if !term.path.eq_ignore_ascii_case("value") {
            return Err(ApiError::unknown_name(&term.path));
        }
        let (kind, holds) = match &term.test {
            Test::Contains(_) | Test::Like(_) => (Kind::Text, Holds::Text),
            Test::Compare(_, literal) => kind_of(literal),
            Test::In(literals) => {
                let first = literals.iter().find(|literal| **literal != Literal::Null);
                kind_of(first.unwrap_or(&Literal::Null))
            }
        };
        let filter = literal::filter(
            term,
            Place {
                path: own("value", kind),
                holds,
            },
        )?;
        let Test::Compare(op @ (Comparison::Equal | Comparison::NotEqual), literal) = &term.test
        else {
            return Ok(filter);
        };
        // Numbers and booleans rest as such or as the text a client sent: either is the same value.
        let Some(twin) = twin(literal) else {
            return Ok(filter);
        };
        let (kind, holds) = kind_of(&twin);
        let other = Term {
            test: Test::Compare(*op, twin),
            ..term.clone()
        };
        let both = vec![
            filter,
            literal::filter(
                &other,
                Place {
                    path: own("value", kind),
                    holds,
                },
            )?,
        ];
        let equal = (*op == Comparison::Equal) != term.negated;
        Ok(if equal {
            Filter::Or(both)
        } else {
            Filter::And(both)
        })
    })
}

/// What a literal is compared with.
fn kind_of(literal: &Literal) -> (Kind, Holds<'static>) {
    match literal {
        // Whatever it holds, it is not null.
        Literal::Null => (Kind::Json, Holds::Text),
        Literal::Boolean(_) => (Kind::Boolean, Holds::Boolean),
        Literal::Integer(_) | Literal::Number(_) => (Kind::Number, Holds::Number),
        Literal::Text(_) => (Kind::Text, Holds::Text),
        Literal::Moment(_) => (Kind::DateTime, Holds::Moment),
    }
}

/// The same value in its other form: text of a number or boolean, the number or boolean of a text.
fn twin(literal: &Literal) -> Option<Literal> {
    match literal {
        Literal::Boolean(_) | Literal::Integer(_) | Literal::Number(_) => {
            as_text(literal).map(Literal::Text)
        }
        Literal::Text(text) => match text.trim() {
            text if text.eq_ignore_ascii_case("true") => Some(Literal::Boolean(true)),
            text if text.eq_ignore_ascii_case("false") => Some(Literal::Boolean(false)),
            text => text
                .parse()
                .ok()
                .filter(|number: &f64| number.is_finite())
                .map(Literal::Number),
        },
        Literal::Null | Literal::Moment(_) => None,
    }
}

fn own(column: &str, kind: Kind) -> Path {
    Path {
        through: Vec::new(),
        column: Arc::from(column),
        kind,
    }
}

fn is_caption_only(term: &Term) -> bool {
    term.path.eq_ignore_ascii_case("caption")
}

/// Whether all terms are like this.
fn about(tree: &Tree, like: fn(&Term) -> bool) -> bool {
    match tree {
        Tree::And(trees) | Tree::Or(trees) => trees.iter().all(|tree| about(tree, like)),
        Tree::Not(tree) => about(tree, like),
        Tree::Term(term) => like(term),
    }
}

fn mentions(tree: &Tree, name: &str) -> bool {
    match tree {
        Tree::And(trees) | Tree::Or(trees) => trees.iter().any(|tree| mentions(tree, name)),
        Tree::Not(tree) => mentions(tree, name),
        Tree::Term(term) => term.path.eq_ignore_ascii_case(name),
    }
}
