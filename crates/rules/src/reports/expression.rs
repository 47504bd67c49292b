//! How a report's file says what a column holds: a path of fields (`company/name`), a constant (`"Agreement"`,
//! `0`, `true`), or a function of those (`when(is(billableOption, "Billable"), actualHours, 0)`). Knows no
//! entity.

use bitting_query::Value;

/// What a column holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Expression {
    /// Names of fields, each in the record that the one before refers to.
    Path(String),
    Constant(Value),
    Call(Function, Vec<Expression>),
    /// `sum("forecast", revenue, forecastType, "Product")`, `pick("notes", text)`.
    Below(Asked),
}

/// What is asked of the records below one.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    pub what: Gathered,
    /// Child records (`forecast`), or those that refer to it (`time/entries by ticket`).
    pub child: String,
    pub field: String,
    /// A field, and the text it holds (`true` and `false` for a flag).
    pub only: Option<(String, String)>,
}

/// How one value comes of many records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gathered {
    Sum,
    /// Of the default one, else of the first.
    Pick,
    /// How many hold anything there.
    Count,
    /// Their texts, with commas between them.
    Join,
    Least,
    Most,
}

/// The functions there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    /// The first that is not null.
    First,
    /// Those that are not null, with a blank between them.
    Words,
    /// Whether the first equals one of the others.
    Is,
    /// Whether it is not null.
    Has,
    Not,
    /// The second if the first holds, else the third.
    When,
    Plus,
    Minus,
    Times,
    /// The first divided by the second; null by nothing.
    Per,
    /// Whether the first number is above the second.
    Above,
    /// Whole days from the first moment to the second.
    Days,
    /// A part of a moment: `year`, `quarter`.
    Part,
}

impl Function {
    const ALL: [(&'static str, Function, usize, usize); 13] = [
        ("first", Function::First, 1, 9),
        ("words", Function::Words, 1, 9),
        ("is", Function::Is, 2, 9),
        ("has", Function::Has, 1, 1),
        ("not", Function::Not, 1, 1),
        ("when", Function::When, 3, 3),
        ("plus", Function::Plus, 2, 9),
        ("minus", Function::Minus, 2, 2),
        ("times", Function::Times, 2, 9),
        ("per", Function::Per, 2, 2),
        ("above", Function::Above, 2, 2),
        ("days", Function::Days, 2, 2),
        ("part", Function::Part, 2, 2),
    ];
}

/// Reads an expression; the error says what is wrong with it.
pub fn parse(text: &str) -> Result<Expression, String> {
    let (expression, rest) = one(text.trim())?;
    if rest.trim().is_empty() {
        Ok(expression)
    } else {
        Err(format!("`{}` is left over", rest.trim()))
    }
}

fn one(text: &str) -> Result<(Expression, &str), String> {
    let text = text.trim_start();
    if let Some(rest) = text.strip_prefix('"') {
        let (inner, rest) = rest.split_once('"').ok_or("a quote is not closed")?;
        return Ok((Expression::Constant(Value::Text(inner.to_owned())), rest));
    }
    let end = text
        .find(|c: char| !(c.is_ascii_alphanumeric() || "/_.-".contains(c)))
        .unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    if word.is_empty() {
        return Err(format!("a value is missing before `{text}`"));
    }
    if let Some(rest) = rest.trim_start().strip_prefix('(') {
        return call(word, rest);
    }
    let constant = match word {
        "true" => Some(Value::Boolean(true)),
        "false" => Some(Value::Boolean(false)),
        "null" => Some(Value::Null),
        _ => word
            .parse()
            .map(Value::Integer)
            .or_else(|_| word.parse().map(Value::Number))
            .ok(),
    };
    let expression = match constant {
        Some(value) => Expression::Constant(value),
        None => Expression::Path(word.to_owned()),
    };
    Ok((expression, rest))
}

fn call<'t>(name: &str, mut rest: &'t str) -> Result<(Expression, &'t str), String> {
    let mut given = Vec::new();
    loop {
        let (argument, after) = one(rest)?;
        given.push(argument);
        let after = after.trim_start();
        if let Some(after) = after.strip_prefix(',') {
            rest = after;
        } else if let Some(after) = after.strip_prefix(')') {
            return Ok((made(name, given)?, after));
        } else {
            return Err(format!("`{name}(` is not closed"));
        }
    }
}

fn made(name: &str, given: Vec<Expression>) -> Result<Expression, String> {
    match name {
        "sum" => return below(name, Gathered::Sum, &given),
        "pick" => return below(name, Gathered::Pick, &given),
        "count" => return below(name, Gathered::Count, &given),
        "join" => return below(name, Gathered::Join, &given),
        "least" => return below(name, Gathered::Least, &given),
        "most" => return below(name, Gathered::Most, &given),
        _ => {}
    }
    let known = Function::ALL.iter().find(|(known, ..)| *known == name);
    let Some((_, function, least, most)) = known else {
        let names: Vec<&str> = Function::ALL.iter().map(|(name, ..)| *name).collect();
        return Err(format!(
            "no function `{name}`; there are sum, pick, count, join, least, most, {}",
            names.join(", ")
        ));
    };
    if given.len() < *least || given.len() > *most {
        return Err(format!("{name} takes {least} to {most} values"));
    }
    Ok(Expression::Call(*function, given))
}

fn below(name: &str, what: Gathered, given: &[Expression]) -> Result<Expression, String> {
    let text = |expression: &Expression| match expression {
        Expression::Path(text) | Expression::Constant(Value::Text(text)) => Some(text.clone()),
        _ => None,
    };
    let words: Option<Vec<String>> = given.iter().map(text).collect();
    let (child, field, only) = match words.as_deref() {
        Some([child, field]) => (child, field, None),
        Some([child, field, only, word]) => (child, field, Some((only.clone(), word.clone()))),
        _ => {
            return Err(format!(
                "{name} takes a child, a field, and perhaps a field and its text"
            ));
        }
    };
    Ok(Expression::Below(Asked {
        what,
        child: child.clone(),
        field: field.clone(),
        only,
    }))
}

/// What a function makes of its values.
pub fn apply(function: Function, given: &[Value]) -> Value {
    match function {
        Function::First => given
            .iter()
            .find(|value| **value != Value::Null)
            .cloned()
            .unwrap_or(Value::Null),
        Function::Words => {
            let words: Vec<String> = given.iter().filter_map(text).collect();
            if words.is_empty() {
                Value::Null
            } else {
                Value::Text(words.join(" "))
            }
        }
        Function::Is => Value::Boolean(given[1..].iter().any(|other| same(&given[0], other))),
        Function::Has => Value::Boolean(given[0] != Value::Null),
        Function::Not => Value::Boolean(!holds(&given[0])),
        Function::When => given[if holds(&given[0]) { 1 } else { 2 }].clone(),
        Function::Plus => fold(given, |sum, number| sum + number),
        Function::Minus => fold(given, |sum, number| sum - number),
        Function::Times => fold(given, |product, number| product * number),
        Function::Per => match number(&given[1]) {
            Some(below) if below != 0.0 => fold(given, |above, below| above / below),
            _ => Value::Null,
        },
        Function::Above => match (number(&given[0]), number(&given[1])) {
            (Some(left), Some(right)) => Value::Boolean(left > right),
            _ => Value::Boolean(false),
        },
        Function::Days => match (moment(&given[0]), moment(&given[1])) {
            (Some(from), Some(to)) => {
                Value::Integer((to.as_second() - from.as_second()).div_euclid(86_400))
            }
            _ => Value::Null,
        },
        Function::Part => part(given).map_or(Value::Null, Value::Integer),
    }
}

fn part(given: &[Value]) -> Option<i64> {
    let day = jiff::tz::Offset::UTC.to_datetime(moment(&given[0])?);
    match text(&given[1])?.as_str() {
        "year" => Some(day.year().into()),
        "quarter" => Some((i64::from(day.month()) + 2) / 3),
        _ => None,
    }
}

fn moment(value: &Value) -> Option<jiff::Timestamp> {
    match value {
        Value::Text(text) => text.parse().ok(),
        _ => None,
    }
}

/// A value as text, null as none.
pub fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Text(text) => Some(text.clone()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::Boolean(true) => Some("True".to_owned()),
        Value::Boolean(false) => Some("False".to_owned()),
    }
}

/// A value as a number; text that is none counts as null.
pub fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Null => None,
        Value::Integer(number) => Some(*number as f64),
        Value::Number(number) => Some(*number),
        Value::Boolean(flag) => Some(f64::from(u8::from(*flag))),
        Value::Text(text) => text.trim().parse().ok(),
    }
}

fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Text(left), Value::Text(right)) => left.eq_ignore_ascii_case(right),
        (left, right) => left == right || (number(left).is_some() && number(left) == number(right)),
    }
}

fn holds(value: &Value) -> bool {
    matches!(value, Value::Boolean(true) | Value::Integer(1))
}

/// Null counts as nothing; all null is null. Four decimals, as the database keeps money.
fn fold(given: &[Value], step: impl Fn(f64, f64) -> f64) -> Value {
    if given.iter().all(|value| number(value).is_none()) {
        return Value::Null;
    }
    let mut numbers = given.iter().map(|value| number(value).unwrap_or(0.0));
    let first = numbers.next().unwrap_or(0.0);
    let sum = numbers.fold(first, step);
    Value::Number((sum * 10_000.0).round() / 10_000.0)
}
