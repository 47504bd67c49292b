//! Conditions text to its syntax tree, by recursive descent with bounded depth. Knows no names.

use super::super::error::ApiError;
use super::lexer::{self, Token, What, shown, unexpected};
use super::tree::{Literal, Term, Test, Tree};
use super::{MAX_DEPTH, MAX_LENGTH, MAX_TERMS, MAX_VALUES};
use bitting_query::Comparison;

/// Reads a conditions text; blank text says nothing.
pub fn parse(text: &str) -> Result<Option<Tree>, ApiError> {
    if text.len() > MAX_LENGTH {
        let message = format!(
            "The condition is {} bytes long; at most {MAX_LENGTH} are read.",
            text.len()
        );
        return Err(ApiError::condition(message));
    }
    let mut parser = Parser {
        text,
        at: 0,
        peeked: None,
        depth: 0,
        terms: 0,
        values: 0,
    };
    if parser.peek()?.is_none() {
        return Ok(None);
    }
    let tree = parser.any()?;
    match parser.take()? {
        None => Ok(Some(tree)),
        Some(token) => Err(parser.refuse(&token, "AND, OR or the end")),
    }
}

/// From here on, `id = 1 or id = 2 or …` is read as one list: clients write hundreds of those, and databases bound
/// the depth of an expression.
const FEW: usize = 64;

struct Parser<'t> {
    text: &'t str,
    at: usize,
    peeked: Option<Token>,
    depth: usize,
    terms: usize,
    values: usize,
}

impl Parser<'_> {
    fn peek(&mut self) -> Result<Option<&Token>, ApiError> {
        if self.peeked.is_none()
            && let Some((token, at)) = lexer::next(self.text, self.at)?
        {
            self.at = at;
            self.peeked = Some(token);
        }
        Ok(self.peeked.as_ref())
    }

    fn take(&mut self) -> Result<Option<Token>, ApiError> {
        self.peek()?;
        Ok(self.peeked.take())
    }

    fn expect(&mut self, expected: &str) -> Result<Token, ApiError> {
        self.take()?
            .ok_or_else(|| unexpected(self.text, self.text.len(), "the end", expected))
    }

    fn refuse(&self, token: &Token, expected: &str) -> ApiError {
        unexpected(self.text, token.at, &describe(&token.what), expected)
    }

    /// Takes the next word if it is this keyword.
    fn keyword(&mut self, keyword: &str) -> Result<bool, ApiError> {
        let found = matches!(self.peek()?, Some(Token { what: What::Word(word), .. }) if word.eq_ignore_ascii_case(keyword));
        if found {
            self.peeked = None;
        }
        Ok(found)
    }

    fn any(&mut self) -> Result<Tree, ApiError> {
        let first = self.all()?;
        let mut trees = vec![first];
        while self.keyword("or")? {
            let next = self.all()?;
            let many = self.terms > FEW;
            if trees
                .last_mut()
                .is_some_and(|last| many && joined(last, &next))
            {
                self.terms -= 1;
            } else {
                trees.push(next);
            }
        }
        Ok(single(trees, Tree::Or))
    }

    fn all(&mut self) -> Result<Tree, ApiError> {
        let first = self.term()?;
        let mut trees = vec![first];
        while self.keyword("and")? {
            trees.push(self.term()?);
        }
        Ok(single(trees, Tree::And))
    }

    fn term(&mut self) -> Result<Tree, ApiError> {
        let token = self.expect("a condition")?;
        match token.what {
            What::Open => self.group(&token),
            What::Word(word) if word.eq_ignore_ascii_case("not") => {
                let open = self.expect("( after NOT")?;
                if open.what != What::Open {
                    return Err(self.refuse(&open, "( after NOT"));
                }
                Ok(Tree::Not(Box::new(self.group(&open)?)))
            }
            What::Word(path) => self.comparison(path),
            _ => Err(self.refuse(&token, "the name of a field")),
        }
    }

    /// What follows an opening parenthesis.
    fn group(&mut self, open: &Token) -> Result<Tree, ApiError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            let place = lexer::place(self.text, open.at);
            return Err(ApiError::condition(format!(
                "More than {MAX_DEPTH} parentheses stand within each other at position {place}."
            )));
        }
        let tree = self.any()?;
        let close = self.expect(")")?;
        if close.what != What::Close {
            return Err(self.refuse(&close, "AND, OR or )"));
        }
        self.depth -= 1;
        Ok(tree)
    }

    fn comparison(&mut self, path: String) -> Result<Tree, ApiError> {
        self.terms += 1;
        if self.terms > MAX_TERMS {
            return Err(ApiError::condition(format!(
                "The condition has more than {MAX_TERMS} comparisons."
            )));
        }
        let negated = self.keyword("not")?;
        let expected = format!(
            "an operator (= != < <= > >= contains like in) after '{}'",
            shown(&path)
        );
        let token = self.expect(&expected)?;
        let test = match &token.what {
            What::Comparison(comparison) => Test::Compare(*comparison, self.value()?),
            What::Word(word) if word.eq_ignore_ascii_case("contains") => {
                Test::Contains(self.value()?)
            }
            What::Word(word) if word.eq_ignore_ascii_case("like") => Test::Like(self.value()?),
            What::Word(word) if word.eq_ignore_ascii_case("in") => Test::In(self.list()?),
            _ => return Err(self.refuse(&token, &expected)),
        };
        Ok(Tree::Term(Term {
            path,
            negated,
            test,
        }))
    }

    fn list(&mut self) -> Result<Vec<Literal>, ApiError> {
        let open = self.expect("( after IN")?;
        if open.what != What::Open {
            return Err(self.refuse(&open, "( after IN"));
        }
        let mut literals = vec![self.value()?];
        loop {
            let token = self.expect(", or )")?;
            match token.what {
                What::Comma => literals.push(self.value()?),
                What::Close => return Ok(literals),
                _ => return Err(self.refuse(&token, ", or )")),
            }
        }
    }

    fn value(&mut self) -> Result<Literal, ApiError> {
        const EXPECTED: &str =
            "a value: text in quotes, a number, True, False, null or a date in brackets";
        self.values += 1;
        if self.values > MAX_VALUES {
            return Err(ApiError::condition(format!(
                "The condition has more than {MAX_VALUES} values."
            )));
        }
        let token = self.expect(EXPECTED)?;
        match token.what {
            What::Literal(literal) => Ok(literal),
            What::Word(ref word) if word.eq_ignore_ascii_case("true") => Ok(Literal::Boolean(true)),
            What::Word(ref word) if word.eq_ignore_ascii_case("false") => {
                Ok(Literal::Boolean(false))
            }
            What::Word(ref word) if word.eq_ignore_ascii_case("null") => Ok(Literal::Null),
            _ => Err(self.refuse(&token, EXPECTED)),
        }
    }
}

/// Takes an equality into the one before it, or the list, where both say it of the same name.
fn joined(last: &mut Tree, next: &Tree) -> bool {
    let (Tree::Term(last), Tree::Term(next)) = (last, next) else {
        return false;
    };
    let same = !last.negated && !next.negated && last.path.eq_ignore_ascii_case(&next.path);
    let listed = |literal: &Literal| matches!(literal, Literal::Integer(_) | Literal::Text(_));
    let Test::Compare(Comparison::Equal, new) = &next.test else {
        return false;
    };
    if !same || !listed(new) {
        return false;
    }
    match &mut last.test {
        Test::In(values) => values.push(new.clone()),
        Test::Compare(Comparison::Equal, first) if listed(first) => {
            last.test = Test::In(vec![first.clone(), new.clone()]);
        }
        _ => return false,
    }
    true
}

/// A chain of one is the one.
fn single(mut trees: Vec<Tree>, chain: fn(Vec<Tree>) -> Tree) -> Tree {
    match trees.pop() {
        Some(tree) if trees.is_empty() => tree,
        Some(tree) => {
            trees.push(tree);
            chain(trees)
        }
        None => chain(trees),
    }
}

fn describe(what: &What) -> String {
    match what {
        What::Open => "(".to_owned(),
        What::Close => ")".to_owned(),
        What::Comma => ",".to_owned(),
        What::Comparison(comparison) => super::tree::symbol(*comparison).to_owned(),
        What::Word(word) => format!("'{}'", shown(word)),
        What::Literal(literal) => shown(&literal.to_string()),
    }
}
