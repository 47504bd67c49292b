//! Conditions as text for a PSA whose parser is not ours: what is printed means the same however that parser
//! reads quotes, backslashes and precedence, or it is not printed at all. Knows no catalog.

use super::parser;
use super::tree::{Literal, Term, Test, Tree, symbol};
use crate::connectwise::error::ApiError;
use bitting_query::{Comparison, Filter, Path, Value};
use std::fmt::Write as _;

/// What cannot be said in conditions so that every parser reads the same.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unsayable(String);

/// Text that a filter was printed as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Printed {
    pub text: String,
    /// The text keeps the filter's rows and no others; else it may keep more.
    pub exact: bool,
}

/// What a caller wrote, read and printed anew: parenthesised, and with values that end where they seem to.
/// `None` for blank text.
pub fn anew(text: &str) -> Result<Option<String>, ApiError> {
    let Some(tree) = parser::parse(text)? else {
        return Ok(None);
    };
    let mut out = String::with_capacity(text.len() + 8);
    tree_into(&mut out, &tree, false).map_err(|error| ApiError::condition(error.to_string()))?;
    Ok(Some(out))
}

/// A filter whose paths are the API's (`location/id`; references followed are named by their fields).
pub fn filter(filter: &Filter) -> Result<Printed, Unsayable> {
    let mut printed = Printed {
        text: String::new(),
        exact: true,
    };
    filter_into(&mut printed, filter, false)?;
    Ok(printed)
}

/// Both at once; either may be missing.
pub fn both(first: Option<&str>, second: Option<&str>) -> Option<String> {
    match (first, second) {
        (Some(first), Some(second)) => Some(format!("({first}) and ({second})")),
        (one, other) => one.or(other).map(str::to_owned),
    }
}

/// `negated` is pushed down to the comparisons: vendors document no `not ( … )`.
fn tree_into(out: &mut String, tree: &Tree, negated: bool) -> Result<(), Unsayable> {
    let (trees, word) = match (tree, negated) {
        (Tree::Term(term), _) => return term_into(out, term, negated),
        (Tree::Not(inner), _) => return tree_into(out, inner, !negated),
        (Tree::And(trees), false) | (Tree::Or(trees), true) => (trees, " and "),
        (Tree::And(trees), true) | (Tree::Or(trees), false) => (trees, " or "),
    };
    for (index, tree) in trees.iter().enumerate() {
        if index > 0 {
            out.push_str(word);
        }
        out.push('(');
        tree_into(out, tree, negated)?;
        out.push(')');
    }
    Ok(())
}

fn term_into(out: &mut String, term: &Term, negated: bool) -> Result<(), Unsayable> {
    out.push_str(&term.path);
    let negated = negated != term.negated;
    match &term.test {
        Test::Compare(op @ (Comparison::Equal | Comparison::NotEqual), literal) => {
            let op = match (op, negated) {
                (op, false) => *op,
                (Comparison::Equal, true) => Comparison::NotEqual,
                (_, true) => Comparison::Equal,
            };
            let _ = write!(out, " {} ", symbol(op));
            literal_into(out, literal)?;
        }
        Test::Compare(op, literal) => {
            let word = if negated { " not" } else { "" };
            let _ = write!(out, "{word} {} ", symbol(*op));
            literal_into(out, literal)?;
        }
        Test::Contains(literal) => {
            out.push_str(if negated {
                " not contains "
            } else {
                " contains "
            });
            literal_into(out, literal)?;
        }
        Test::Like(literal) => {
            out.push_str(if negated { " not like " } else { " like " });
            literal_into(out, literal)?;
        }
        Test::In(literals) => {
            out.push_str(if negated { " not in (" } else { " in (" });
            for (index, literal) in literals.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                literal_into(out, literal)?;
            }
            out.push(')');
        }
    }
    Ok(())
}

fn literal_into(out: &mut String, literal: &Literal) -> Result<(), Unsayable> {
    match literal {
        Literal::Text(text) => text_into(out, text)?,
        other => {
            let _ = write!(out, "{other}");
        }
    }
    Ok(())
}

/// Some parsers take a backslash before a quote for an escape, some double a quote, some do neither. Within
/// quotes of the kind that the text does not hold, with no backslash that could be an escape, all agree.
fn text_into(out: &mut String, text: &str) -> Result<(), Unsayable> {
    let unsayable = |what: &str| {
        Err(Unsayable(format!(
            "the text {what}, which PSAs read in different ways; use `contains` or `like` with a part of it"
        )))
    };
    if text.ends_with('\\')
        || ["\\\\", "\\\"", "\\'"]
            .iter()
            .any(|pair| text.contains(pair))
    {
        return unsayable("has a backslash at its end, or before another or a quote");
    }
    let quote = match (text.contains('"'), text.contains('\'')) {
        (false, _) => '"',
        (true, false) => '\'',
        (true, true) => return unsayable("holds both kinds of quotes"),
    };
    out.push(quote);
    out.push_str(text);
    out.push(quote);
    Ok(())
}

fn filter_into(out: &mut Printed, filter: &Filter, negated: bool) -> Result<(), Unsayable> {
    let (filters, word) = match (filter, negated) {
        (Filter::Not(inner), _) => return filter_into(out, inner, !negated),
        (Filter::And(filters), false) | (Filter::Or(filters), true) => (filters, " and "),
        (Filter::And(filters), true) | (Filter::Or(filters), false) => (filters, " or "),
        (Filter::Constant(value), _) => {
            out.text.push_str(if *value == negated {
                "id = -1"
            } else {
                "id != -1"
            });
            return Ok(());
        }
        (Filter::Compare { path, op, value }, _) => return compare(out, path, *op, value, negated),
        (Filter::IsNull { path }, _) => {
            let op = if negated { "!=" } else { "=" };
            name(&mut out.text, path);
            let _ = write!(out.text, " {op} null");
            return Ok(());
        }
        (Filter::OneOf { path, values }, _) => return one_of(out, path, values, negated),
        (Filter::HasWord { path, word }, false) => return has_word(out, path, word),
        (other, _) => {
            return Err(Unsayable(format!("conditions have no words for {other:?}")));
        }
    };
    for (index, filter) in filters.iter().enumerate() {
        if index > 0 {
            out.text.push_str(word);
        }
        out.text.push('(');
        filter_into(out, filter, negated)?;
        out.text.push(')');
    }
    Ok(())
}

fn compare(
    out: &mut Printed,
    path: &Path,
    op: Comparison,
    value: &Value,
    negated: bool,
) -> Result<(), Unsayable> {
    let op = match (op, negated) {
        (op, false) => op,
        (Comparison::Equal, true) => Comparison::NotEqual,
        (Comparison::NotEqual, true) => Comparison::Equal,
        // The opposite of an order would lose the rows that hold nothing.
        (_, true) => return Err(Unsayable("conditions negate no order".to_owned())),
    };
    name(&mut out.text, path);
    let _ = write!(out.text, " {} ", symbol(op));
    value_into(&mut out.text, value)
}

/// Databases drop rows that hold nothing from `not in`: they are kept by name.
fn one_of(
    out: &mut Printed,
    path: &Path,
    values: &[Value],
    negated: bool,
) -> Result<(), Unsayable> {
    if values.is_empty() {
        return filter_into(out, &Filter::Constant(false), negated);
    }
    if negated {
        for value in values {
            name(&mut out.text, path);
            out.text.push_str(" != ");
            value_into(&mut out.text, value)?;
            out.text.push_str(" and ");
        }
        out.text.truncate(out.text.len() - " and ".len());
        return Ok(());
    }
    name(&mut out.text, path);
    out.text.push_str(" in (");
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            out.text.push(',');
        }
        value_into(&mut out.text, value)?;
    }
    out.text.push(')');
    Ok(())
}

fn has_word(out: &mut Printed, path: &Path, word: &str) -> Result<(), Unsayable> {
    if word.contains(['%', '*', '_', '[', ']', '?']) {
        // A pattern would take these for wildcards. What contains the word are those rows and maybe more.
        out.exact = false;
        name(&mut out.text, path);
        out.text.push_str(" contains ");
        return text_into(&mut out.text, word);
    }
    name(&mut out.text, path);
    out.text.push_str(" = ");
    text_into(&mut out.text, word)?;
    for pattern in [
        format!("{word}, %"),
        format!("%, {word}"),
        format!("%, {word}, %"),
    ] {
        out.text.push_str(" or ");
        name(&mut out.text, path);
        out.text.push_str(" like ");
        text_into(&mut out.text, &pattern)?;
    }
    Ok(())
}

fn name(out: &mut String, path: &Path) {
    for link in &path.through {
        let _ = write!(out, "{}/", link.column);
    }
    out.push_str(&path.column);
}

fn value_into(out: &mut String, value: &Value) -> Result<(), Unsayable> {
    let literal = match value {
        Value::Null => Literal::Null,
        Value::Integer(number) => Literal::Integer(*number),
        Value::Number(number) => Literal::Number(*number),
        Value::Boolean(flag) => Literal::Boolean(*flag),
        Value::Text(text) => return text_into(out, text),
    };
    literal_into(out, &literal)
}

#[cfg(test)]
mod tests {
    use super::{anew, both, filter};
    use bitting_query::{Filter, Kind, Path, Value};
    use std::sync::Arc;

    fn path(column: &str) -> Path {
        Path {
            through: Vec::new(),
            column: Arc::from(column),
            kind: Kind::Integer,
        }
    }

    #[test]
    fn what_a_caller_wrote_is_read_and_written_anew() {
        for (text, printed) in [
            (
                "id=1 or id = 2 and summary like 'a%'",
                "(id = 1) or ((id = 2) and (summary like \"a%\"))",
            ),
            (
                "not (id = 1 and board/id in (1,2))",
                "(id != 1) or (board/id not in (1,2))",
            ),
            ("summary = 'he said \"x\"'", "summary = 'he said \"x\"'"),
            ("a = \"C:\\dir\"", "a = \"C:\\dir\""),
            // Where a backslash is no escape, the text would end at the quote and the rest be conditions.
            (
                r#"summary = "x\" or id > 0 or summary = \"""#,
                r#"summary = 'x" or id > 0 or summary = "'"#,
            ),
            (
                "lastUpdated > [2024-01-01T00:00:00Z]",
                "lastUpdated > [2024-01-01T00:00:00Z]",
            ),
        ] {
            assert_eq!(anew(text).expect(text).as_deref(), Some(printed), "{text}");
        }
        assert_eq!(anew("  ").expect("blank"), None);
    }

    #[test]
    fn what_parsers_read_in_different_ways_is_refused() {
        for text in [
            r#"summary = "both ' and \"""#,
            r#"summary = "end\\""#,
            r#"summary = "x" ) or ( id > 0"#,
            r#"summary = "x" or"#,
        ] {
            assert!(anew(text).is_err(), "{text}");
        }
    }

    #[test]
    fn filters_say_what_they_mean() {
        let one_of = |values: &[i64]| Filter::OneOf {
            path: path("board/id"),
            values: values.iter().map(|id| Value::Integer(*id)).collect(),
        };
        let word = |word: &str| Filter::HasWord {
            path: path("resources"),
            word: word.to_owned(),
        };
        for (given, text, exact) in [
            (one_of(&[1, 2]), "board/id in (1,2)", true),
            (one_of(&[]), "id = -1", true),
            (
                Filter::Not(Box::new(one_of(&[1, 2]))),
                "board/id != 1 and board/id != 2",
                true,
            ),
            (
                Filter::Or(vec![word("ann"), Filter::Constant(true)]),
                "(resources = \"ann\" or resources like \"ann, %\" or resources like \"%, ann\" or resources like \"%, ann, %\") or (id != -1)",
                true,
            ),
            (word("a_b"), "resources contains \"a_b\"", false),
        ] {
            let printed = filter(&given).expect("sayable");
            assert_eq!((printed.text.as_str(), printed.exact), (text, exact));
        }
        assert!(filter(&Filter::Not(Box::new(word("ann")))).is_err());
        assert_eq!(both(Some("a"), Some("b")).as_deref(), Some("(a) and (b)"));
        assert_eq!(both(None, Some("b")).as_deref(), Some("b"));
    }

    proptest::proptest! {
        /// Whatever the text of a value holds, it is refused, or it is one value to a parser that knows no
        /// escape at all, to one that doubles quotes and to one that takes backslashes for escapes.
        #[test]
        fn a_value_ends_where_it_seems_to(text in "[a-z\\\\\"' ()=]{0,12}") {
            let mut out = String::new();
            if super::text_into(&mut out, &text).is_ok() {
                let quote = out.chars().next().expect("a quote");
                let inside = &out[1..out.len() - 1];
                proptest::prop_assert!(!inside.contains(quote));
                proptest::prop_assert!(!inside.ends_with('\\'));
                proptest::prop_assert_eq!(inside, text);
            }
        }
    }
}
