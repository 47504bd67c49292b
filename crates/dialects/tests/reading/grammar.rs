//! The grammar by itself: what is printed reads back, and no text makes it panic.

use crate::{RELEASE, catalog, entity};
use bitting_dialects::connectwise::conditions::parser::parse;
use bitting_dialects::connectwise::conditions::tree::{Literal, Term, Test, Tree};
use bitting_dialects::connectwise::conditions::{
    child_conditions, conditions, custom_field_conditions, pattern,
};
use bitting_dialects::connectwise::order::order;
use bitting_query::Comparison;
use proptest::prelude::*;

fn literal() -> impl Strategy<Value = Literal> {
    prop_oneof![
        Just(Literal::Null),
        any::<bool>().prop_map(Literal::Boolean),
        any::<i64>().prop_map(Literal::Integer),
        any::<f64>()
            .prop_filter("finite", |number| number.is_finite())
            .prop_map(Literal::Number),
        "[^\0]{0,12}".prop_map(Literal::Text),
        "20[0-9]{2}-0[1-9]-1[0-9]T[01][0-9]:[0-5][0-9]:[0-5][0-9]Z".prop_map(Literal::Moment),
    ]
}

fn term() -> impl Strategy<Value = Tree> {
    let op = prop_oneof![
        Just(Comparison::Equal),
        Just(Comparison::NotEqual),
        Just(Comparison::Less),
        Just(Comparison::LessOrEqual),
        Just(Comparison::Greater),
        Just(Comparison::GreaterOrEqual),
    ];
    let test = prop_oneof![
        (op, literal()).prop_map(|(op, literal)| Test::Compare(op, literal)),
        literal().prop_map(Test::Contains),
        literal().prop_map(Test::Like),
        prop::collection::vec(literal(), 1..4).prop_map(Test::In),
    ];
    // Names that are not keywords.
    (
        "[a-z]{2}[A-Za-z0-9_]{2,6}(/[a-z]{2}[A-Za-z0-9]{2,4}){0,2}x",
        any::<bool>(),
        test,
    )
        .prop_map(|(path, negated, test)| {
            Tree::Term(Term {
                path,
                negated,
                test,
            })
        })
}

fn tree() -> impl Strategy<Value = Tree> {
    term().prop_recursive(5, 40, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4).prop_map(Tree::And),
            prop::collection::vec(inner.clone(), 2..4).prop_map(Tree::Or),
            inner.prop_map(|tree| Tree::Not(Box::new(tree))),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_printed_reads_back(tree in tree()) {
        let text = tree.to_string();
        prop_assert_eq!(parse(&text), Ok(Some(tree)), "{}", text);
    }

    /// Without parentheses AND binds closer than OR.
    #[test]
    fn and_before_or(terms in prop::collection::vec((term(), any::<bool>()), 1..8)) {
        let mut text = String::new();
        let mut groups: Vec<Vec<Tree>> = vec![Vec::new()];
        for (index, (term, or)) in terms.iter().enumerate() {
            if index > 0 {
                text.push_str(if *or { " OR " } else { " AND " });
                if *or {
                    groups.push(Vec::new());
                }
            }
            text.push_str(&term.to_string());
            groups.last_mut().expect("one group").push(term.clone());
        }
        let chain = |mut trees: Vec<Tree>, chain: fn(Vec<Tree>) -> Tree| {
            if trees.len() == 1 { trees.swap_remove(0) } else { chain(trees) }
        };
        let expected = chain(groups.into_iter().map(|group| chain(group, Tree::And)).collect(), Tree::Or);
        prop_assert_eq!(parse(&text), Ok(Some(expected)));
    }

    #[test]
    fn no_text_panics(
        noise in "\\PC{0,60}",
        shaped in "(id|summary|board/name|not|and|or|in|like|contains|=|!=|<|\\(|\\)|,|'|\"|\\\\|\\[|\\]|5|-|null|2024-05-01| ){0,40}",
    ) {
        let tickets = entity("service/tickets");
        for text in [&noise, &shaped] {
            let _ = conditions(text, catalog(), tickets, RELEASE);
            let _ = child_conditions(text, catalog(), tickets, RELEASE);
            let _ = custom_field_conditions(text, &[(1, "X")]);
            let _ = order(text, catalog(), tickets, RELEASE);
            let _ = pattern::read(text);
        }
    }

    /// Refusals stay short, whatever was sent.
    #[test]
    fn messages_are_bounded(text in "[a-z(' ]{0,3000}") {
        if let Err(error) = conditions(&text, catalog(), entity("service/tickets"), RELEASE)
            && !error.message.ends_with("is not a recognized name.")
        {
            prop_assert!(error.message.len() < 500, "{}", error.message);
        }
    }
}
