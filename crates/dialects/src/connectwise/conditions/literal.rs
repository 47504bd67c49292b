//! A test on a place: literals brought to what the place holds. Knows no names.
//!
//! Numbers and booleans may come as text (`"12"`, `"True"`), booleans as 0 and 1, numbers and booleans
//! against text as the text they print. Words of a fixed set are taken in any letter case.

use super::super::dates;
use super::super::error::ApiError;
use super::lexer::shown;
use super::paths::{Holds, Place};
use super::pattern;
use super::tree::{Literal, Term, Test, symbol};
use bitting_query::{Comparison, Filter, Path, Value};

/// The filter that a term says about a place.
pub fn filter(term: &Term, place: Place<'_>) -> Result<Filter, ApiError> {
    let filter = match &term.test {
        Test::Compare(op, literal) => compare(term, place, *op, literal)?,
        Test::Contains(literal) => {
            let text = words(term, place.holds, literal, "contains")?;
            Filter::Contains {
                path: place.path,
                text,
            }
        }
        Test::Like(literal) => {
            let text = words(term, place.holds, literal, "like")?;
            Filter::Like {
                path: place.path,
                pattern: pattern::read(&text),
            }
        }
        Test::In(literals) => one_of(term, place, literals)?,
    };
    Ok(if term.negated { negate(filter) } else { filter })
}

/// The opposite, without stacking two negations.
pub(crate) fn negate(filter: Filter) -> Filter {
    match filter {
        Filter::Not(inner) => *inner,
        filter => Filter::Not(Box::new(filter)),
    }
}

fn compare(
    term: &Term,
    place: Place<'_>,
    op: Comparison,
    literal: &Literal,
) -> Result<Filter, ApiError> {
    match value(term, place.holds, literal)? {
        Value::Null => null(term, place.path, op),
        value => Ok(Filter::Compare {
            path: place.path,
            op,
            value,
        }),
    }
}

fn null(term: &Term, path: Path, op: Comparison) -> Result<Filter, ApiError> {
    match op {
        Comparison::Equal => Ok(Filter::IsNull { path }),
        Comparison::NotEqual => Ok(negate(Filter::IsNull { path })),
        _ => {
            let message = format!(
                "{} {} null has no meaning; null goes with = and != only.",
                term.path,
                symbol(op)
            );
            Err(ApiError::condition(message))
        }
    }
}

fn one_of(term: &Term, place: Place<'_>, literals: &[Literal]) -> Result<Filter, ApiError> {
    let mut values = Vec::with_capacity(literals.len());
    let mut or_null = false;
    for literal in literals {
        match value(term, place.holds, literal)? {
            Value::Null => or_null = true,
            value => values.push(value),
        }
    }
    let is_null = or_null.then(|| Filter::IsNull {
        path: place.path.clone(),
    });
    let filter = Filter::OneOf {
        path: place.path,
        values,
    };
    Ok(match is_null {
        Some(is_null) => Filter::Or(vec![filter, is_null]),
        None => filter,
    })
}

/// The text of a test that only text can pass.
fn words(term: &Term, holds: Holds<'_>, literal: &Literal, test: &str) -> Result<String, ApiError> {
    if !matches!(holds, Holds::Text | Holds::Words(_)) {
        return Err(ApiError::condition(format!(
            "{} holds {}, and {test} works on text only.",
            term.path,
            kind(holds)
        )));
    }
    as_text(literal).ok_or_else(|| mismatch(term, holds, literal))
}

/// A literal as a value of what the place holds.
fn value(term: &Term, holds: Holds<'_>, literal: &Literal) -> Result<Value, ApiError> {
    if *literal == Literal::Null {
        return Ok(Value::Null);
    }
    if let Holds::Words(words) = holds {
        let known = as_text(literal).and_then(|text| {
            words
                .iter()
                .find(|word| word.eq_ignore_ascii_case(text.trim()))
        });
        return match known {
            Some(word) => Ok(Value::Text(word.to_string())),
            None => Err(ApiError::condition("Enum value supplied was invalid")),
        };
    }
    let value = match holds {
        Holds::Integer | Holds::Link => as_number(literal, true),
        Holds::Number => as_number(literal, false),
        Holds::Boolean => as_boolean(literal).map(Value::Boolean),
        Holds::Text => as_text(literal).map(Value::Text),
        Holds::Moment => as_moment(literal, dates::moment),
        Holds::Day => as_moment(literal, dates::day),
        Holds::Words(_) => None,
    };
    value.ok_or_else(|| mismatch(term, holds, literal))
}

/// Whole numbers stay whole. A fraction against a whole number is kept: it equals none and orders well.
fn as_number(literal: &Literal, whole: bool) -> Option<Value> {
    match literal {
        Literal::Integer(number) if whole => Some(Value::Integer(*number)),
        Literal::Integer(number) => Some(Value::Number(*number as f64)),
        Literal::Number(number) => Some(Value::Number(*number)),
        Literal::Text(text) => {
            let text = text.trim();
            let integer = || text.parse().ok().map(Value::Integer);
            let number = || {
                text.parse()
                    .ok()
                    .filter(|number: &f64| number.is_finite())
                    .map(Value::Number)
            };
            if whole {
                integer().or_else(number)
            } else {
                number()
            }
        }
        Literal::Null | Literal::Boolean(_) | Literal::Moment(_) => None,
    }
}

fn as_boolean(literal: &Literal) -> Option<bool> {
    match literal {
        Literal::Boolean(flag) => Some(*flag),
        Literal::Integer(0) => Some(false),
        Literal::Integer(1) => Some(true),
        Literal::Text(text) => match text.trim() {
            "0" => Some(false),
            "1" => Some(true),
            text if text.eq_ignore_ascii_case("true") => Some(true),
            text if text.eq_ignore_ascii_case("false") => Some(false),
            _ => None,
        },
        _ => None,
    }
}

pub(crate) fn as_text(literal: &Literal) -> Option<String> {
    match literal {
        Literal::Null => None,
        Literal::Boolean(flag) => Some(if *flag { "True" } else { "False" }.to_owned()),
        Literal::Integer(number) => Some(number.to_string()),
        Literal::Number(number) => Some(number.to_string()),
        Literal::Text(text) | Literal::Moment(text) => Some(text.clone()),
    }
}

fn as_moment(literal: &Literal, read: fn(&str) -> Option<String>) -> Option<Value> {
    match literal {
        Literal::Text(text) | Literal::Moment(text) => read(text).map(Value::Text),
        _ => None,
    }
}

fn kind(holds: Holds<'_>) -> &'static str {
    match holds {
        Holds::Integer => "a whole number",
        Holds::Number => "a number",
        Holds::Boolean => "True or False",
        Holds::Text | Holds::Words(_) => "text",
        Holds::Moment => "a date and time",
        Holds::Day => "a date",
        Holds::Link => {
            "a reference, whose id it is compared by (use its /name or /identifier for text)"
        }
    }
}

fn mismatch(term: &Term, holds: Holds<'_>, literal: &Literal) -> ApiError {
    let literal = shown(&literal.to_string());
    ApiError::condition(format!(
        "{} holds {}; it cannot be compared with {literal}.",
        term.path,
        kind(holds)
    ))
}
