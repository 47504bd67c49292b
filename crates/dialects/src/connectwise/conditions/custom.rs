//! customFieldConditions: `caption = "Outage ID" AND value = 123`, one or several pairs. At rest the values
//! are a JSON array of `{id, value}` in the column `extra`, so captions are looked up first.
//!
//! In a chain of ANDs each further `caption` starts a new pair. A field that holds nothing equals null.

use super::super::error::ApiError;
use super::super::layout::EXTRA;
use super::literal::{as_text, negate};
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

/// One pair: what is said of the caption and of the value of one custom field.
fn one(pair: &[&Tree], captions: &[(i64, &str)]) -> Result<Filter, ApiError> {
    let mut element = Vec::new();
    let mut named = None;
    let mut empty = false;
    let mut valued = false;
    for tree in pair {
        if mentions(tree, "caption") {
            let mut ids = Vec::new();
            for (id, caption) in captions {
                if has(tree, caption)? {
                    ids.push(Value::Integer(*id));
                }
            }
            named = Some(ids.is_empty());
            element.push(Filter::OneOf {
                path: own("id", Kind::Integer),
                values: ids,
            });
        } else if matches!(
            tree,
            Tree::Term(Term {
                negated: false,
                test: Test::Compare(Comparison::Equal, Literal::Null),
                ..
            })
        ) {
            value(tree)?;
            empty = true;
        } else {
            element.push(value(tree)?);
            valued = true;
        }
    }
    match (named, valued, empty) {
        // No field has such a caption.
        (Some(true), ..) => return Ok(Filter::Constant(false)),
        // Every record lists every defined field.
        (Some(false), false, false) => return Ok(Filter::Constant(true)),
        _ => {}
    }
    let any = |element: Vec<Filter>| Filter::Any {
        of: Elements::Json {
            column: Arc::from(EXTRA),
        },
        filter: Box::new(Filter::And(element)),
    };
    if !empty {
        return Ok(any(element));
    }
    let mut filled = element.clone();
    filled.push(negate(Filter::IsNull {
        path: own("value", Kind::Text),
    }));
    let nothing = negate(any(filled));
    Ok(if valued {
        Filter::And(vec![any(element), nothing])
    } else {
        nothing
    })
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
        let literal = match &term.test {
            Test::Compare(_, literal) | Test::Contains(literal) | Test::Like(literal) => {
                Some(literal)
            }
            Test::In(literals) => literals.first(),
        };
        let (kind, holds) = match literal {
            Some(Literal::Integer(_) | Literal::Number(_))
                if !matches!(term.test, Test::Contains(_) | Test::Like(_)) =>
            {
                (Kind::Number, Holds::Number)
            }
            Some(Literal::Boolean(_)) => (Kind::Boolean, Holds::Boolean),
            Some(Literal::Moment(_)) => (Kind::DateTime, Holds::Moment),
            _ => (Kind::Text, Holds::Text),
        };
        let filter = super::literal::filter(
            term,
            Place {
                path: own("value", kind),
                holds,
            },
        )?;
        // A number is found too where it was stored as text.
        let as_words = match (&term.test, kind) {
            (Test::Compare(Comparison::Equal, literal), Kind::Number) if !term.negated => {
                as_text(literal)
            }
            _ => None,
        };
        Ok(match as_words {
            Some(text) => {
                let path = own("value", Kind::Text);
                let same = Filter::Compare {
                    path,
                    op: Comparison::Equal,
                    value: Value::Text(text),
                };
                Filter::Or(vec![filter, same])
            }
            None => filter,
        })
    })
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
