//! What a conditions text says, before anybody knows what its names stand for.

use bitting_query::Comparison;
use std::fmt::{self, Display, Formatter, Write as _};

/// A condition as written. Its depth is bounded by the parser.
#[derive(Debug, Clone, PartialEq)]
pub enum Tree {
    And(Vec<Tree>),
    Or(Vec<Tree>),
    Not(Box<Tree>),
    Term(Term),
}

/// One comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct Term {
    /// The path as written: `board/name`.
    pub path: String,
    pub negated: bool,
    pub test: Test,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    Compare(Comparison, Literal),
    Contains(Literal),
    Like(Literal),
    In(Vec<Literal>),
}

#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    Null,
    Boolean(bool),
    Integer(i64),
    Number(f64),
    Text(String),
    /// A moment, already as `2005-05-27T17:30:19Z`.
    Moment(String),
}

impl Display for Tree {
    /// Text that reads back as this tree.
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let (trees, word) = match self {
            Self::Term(term) => return term.fmt(formatter),
            Self::Not(tree) => return write!(formatter, "not ({tree})"),
            Self::And(trees) => (trees, " and "),
            Self::Or(trees) => (trees, " or "),
        };
        for (index, tree) in trees.iter().enumerate() {
            if index > 0 {
                formatter.write_str(word)?;
            }
            match tree {
                Self::And(_) | Self::Or(_) => write!(formatter, "({tree})")?,
                Self::Not(_) | Self::Term(_) => tree.fmt(formatter)?,
            }
        }
        Ok(())
    }
}

impl Display for Term {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.path)?;
        if self.negated {
            formatter.write_str(" not")?;
        }
        match &self.test {
            Test::Compare(comparison, literal) => {
                write!(formatter, " {} {literal}", symbol(*comparison))
            }
            Test::Contains(literal) => write!(formatter, " contains {literal}"),
            Test::Like(literal) => write!(formatter, " like {literal}"),
            Test::In(literals) => {
                formatter.write_str(" in (")?;
                for (index, literal) in literals.iter().enumerate() {
                    if index > 0 {
                        formatter.write_str(", ")?;
                    }
                    literal.fmt(formatter)?;
                }
                formatter.write_char(')')
            }
        }
    }
}

impl Display for Literal {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => formatter.write_str("null"),
            Self::Boolean(true) => formatter.write_str("True"),
            Self::Boolean(false) => formatter.write_str("False"),
            Self::Integer(number) => number.fmt(formatter),
            // Debug keeps the `.0` that tells a number from an integer.
            Self::Number(number) => write!(formatter, "{number:?}"),
            Self::Text(text) => {
                formatter.write_char('"')?;
                for character in text.chars() {
                    if matches!(character, '"' | '\\') {
                        formatter.write_char('\\')?;
                    }
                    formatter.write_char(character)?;
                }
                formatter.write_char('"')
            }
            Self::Moment(text) => write!(formatter, "[{text}]"),
        }
    }
}

/// How the language writes a comparison.
pub(crate) fn symbol(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Equal => "=",
        Comparison::NotEqual => "!=",
        Comparison::Less => "<",
        Comparison::LessOrEqual => "<=",
        Comparison::Greater => ">",
        Comparison::GreaterOrEqual => ">=",
    }
}
