//! What random worlds, filters and pages look like: small values that meet often, and every
//! character that some pattern language treats specially. Knows no database.

use super::{Cell, Json, LINE, MAIN, OTHER, PAIRS, Record, World, schema};
use crate::filter::{
    Comparison, Elements, Filter, Kind, Link, Order, Path, Pattern, Piece, Select, Value,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select as pick, subsequence};

/// What the paths of a filter start from.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Ground {
    Main,
    Other,
    Line,
    Object,
    Plain,
}

/// Up to eight rows of `MAIN`, with references that are null, good, or point nowhere.
pub fn world() -> impl Strategy<Value = World> {
    let tables = schema().map(|(_, columns)| {
        let cells: Vec<BoxedStrategy<Cell>> = columns
            .iter()
            .map(|(name, kind)| cell(name, *kind))
            .collect();
        vec(cells, 0..8).prop_map(|rows| {
            rows.into_iter()
                .enumerate()
                .map(|(number, cells)| Record {
                    id: number as i64 + 1,
                    cells,
                })
                .collect()
        })
    });
    // Keys from 3 on hold an id once between them, as `Filter::InRuns` wants it.
    let runs = vec(prop_oneof![Just(None), (3..6_i64).prop_map(Some)], 9);
    let pairs = (vec((0..3_i64, 1..9_i64), 0..8), runs).prop_map(|(mut pairs, runs)| {
        pairs.sort_unstable();
        pairs.dedup();
        pairs.extend((1..).zip(runs).filter_map(|(id, key)| Some((key?, id))));
        pairs
    });
    (tables, pairs).prop_map(|(tables, pairs)| World {
        tables: tables.into(),
        pairs,
    })
}

/// A filter on `MAIN`.
pub fn filter() -> impl Strategy<Value = Filter> {
    tree(Ground::Main, 3)
}

/// A page of `MAIN`: the first column is `id`.
pub fn select() -> impl Strategy<Value = Select> {
    let order = (path(Ground::Main), any::<bool>()).prop_flat_map(|(path, descending)| {
        sights(&path).prop_map(move |sights| Order {
            path: path.clone(),
            descending,
            sights,
        })
    });
    let order = prop_oneof![2 => Just(vec![]), 2 => id_order().prop_map(|one| vec![one]), 3 => vec(order, 1..3)];
    (narrowed(), order, option::weighted(0.8, 0..6_u64), 0..4_u64).prop_map(
        |(filter, order, limit, offset)| {
            let order = order
                .into_iter()
                .filter(|order| order.path.kind != Kind::Json)
                .collect();
            let columns = vec!["id".into(), "na\"me".into(), "amount".into()];
            Select {
                table: MAIN.into(),
                columns,
                filter,
                order,
                limit,
                offset,
            }
        },
    )
}

/// The shapes that narrowing makes, which are planned in ways of their own.
fn narrowed() -> impl Strategy<Value = Filter> {
    let mine = (0..3_i64).prop_map(|key| Filter::InIndex {
        table: PAIRS.into(),
        key,
    });
    let runs = subsequence(vec![3, 4, 5], 1..4).prop_map(|keys| Filter::InRuns {
        table: PAIRS.into(),
        keys,
    });
    let scope = vec(-1..9_i64, 0..12).prop_map(|ids| Filter::OneOf {
        path: direct("other", Kind::Integer),
        values: ids.into_iter().map(Value::Integer).collect(),
    });
    let start = (comparison(), 0..9_i64).prop_map(|(op, id)| Filter::Compare {
        path: direct("id", Kind::Integer),
        op,
        value: Value::Integer(id),
    });
    let equal = |column: &'static str| {
        (0..4_i64).prop_map(move |value| Filter::Compare {
            path: direct(column, Kind::Integer),
            op: Comparison::Equal,
            value: Value::Integer(value),
        })
    };
    let branch = prop_oneof![equal("parent"), equal("other")];
    let own = (equal("whole"), vec(branch, 0..4))
        .prop_map(|(equal, branches)| Filter::And(vec![equal, Filter::Or(branches)]));
    let ids = vec(0..9_i64, 0..4).prop_map(|ids| Filter::OneOf {
        path: direct("id", Kind::Integer),
        values: ids.into_iter().map(Value::Integer).collect(),
    });
    let branch = prop_oneof![equal("parent"), equal("other"), equal("whole"), ids];
    let under = prop_oneof![
        3 => branch.clone(),
        1 => (branch.clone(), leaf(Ground::Main)).prop_map(|(one, other)| Filter::And(vec![other, one])),
        1 => (vec(branch, 1..3), leaf(Ground::Main))
            .prop_map(|(any, other)| Filter::And(vec![Filter::Or(any), other])),
    ];
    let any_own = vec(under, 1..4).prop_map(Filter::Or).boxed();
    let behind = |column: &str, table: &str, filter| Filter::Behind {
        link: Link {
            column: column.into(),
            table: table.into(),
        },
        filter: Box::new(filter),
    };
    // What hangs on own records, on those of a record, and on those that pairs name.
    let hung = prop_oneof![
        any_own
            .clone()
            .prop_map(move |own| behind("parent", MAIN, own)),
        (any_own.clone(), leaf(Ground::Main)).prop_map(move |(own, leaf)| behind(
            "parent",
            MAIN,
            Filter::And(vec![leaf, own])
        )),
        any_own
            .clone()
            .prop_map(move |own| behind("parent", MAIN, behind("parent", MAIN, own))),
        mine.clone()
            .prop_map(move |mine| behind("parent", MAIN, mine)),
        (0..4_i64).prop_map(move |rank| behind(
            "other",
            OTHER,
            Filter::Compare {
                path: direct("rank", Kind::Integer),
                op: Comparison::Equal,
                value: Value::Integer(rank),
            }
        )),
    ]
    .boxed();
    let any_hung = vec(
        prop_oneof![
            2 => hung.clone(),
            1 => equal("other"),
            1 => (hung.clone(), leaf(Ground::Main)).prop_map(|(hung, leaf)| Filter::And(vec![hung, leaf])),
        ],
        1..4,
    )
    .prop_map(Filter::Or);
    let parts = prop_oneof![
        mine,
        runs,
        equal("other"),
        own,
        any_own.clone(),
        any_own,
        hung,
        any_hung,
        scope.clone(),
        scope,
        start,
        leaf(Ground::Main),
        tree(Ground::Main, 2)
    ];
    prop_oneof![4 => vec(parts, 1..4).prop_map(Filter::And), 2 => filter()]
}

fn id_order() -> impl Strategy<Value = Order> {
    any::<bool>().prop_map(|descending| Order::by(direct("id", Kind::Integer), descending))
}

/// For each reference of the path a filter on the row behind it, or none at all.
fn sights(path: &Path) -> BoxedStrategy<Vec<Filter>> {
    let grounds = path.through.iter().map(|link| match &*link.table {
        MAIN => Ground::Main,
        OTHER => Ground::Other,
        _ => Ground::Line,
    });
    let each: Vec<_> = grounds
        .map(|ground| prop_oneof![1 => Just(Filter::Constant(true)), 3 => tree(ground, 2)])
        .collect();
    prop_oneof![1 => Just(Vec::new()), 2 => each].boxed()
}

fn cell(name: &str, kind: Kind) -> BoxedStrategy<Cell> {
    match (name, kind) {
        ("parent" | "other" | "main", _) => {
            let reference =
                prop_oneof![1 => Just(Value::Null), 4 => (0..9_i64).prop_map(Value::Integer)];
            reference.prop_map(Cell::Value).boxed()
        }
        ("words", _) => vec(pick(vec!["abe", "Ann", "b", "", "%", "a_e"]), 0..4)
            .prop_map(|words| Cell::Value(Value::Text(words.join(", "))))
            .boxed(),
        (_, Kind::Json) => prop_oneof![
            1 => Just(Cell::Value(Value::Null)),
            6 => array().prop_map(Cell::Json),
            1 => json_plain().prop_map(Cell::Json),
            1 => object().prop_map(Cell::Json),
        ]
        .boxed(),
        (_, kind) => prop_oneof![1 => Just(Value::Null), 4 => fitting(kind)]
            .prop_map(Cell::Value)
            .boxed(),
    }
}

fn array() -> impl Strategy<Value = Json> {
    vec(prop_oneof![3 => object(), 2 => json_plain(), 1 => vec(json_plain(), 0..3).prop_map(Json::Array)], 0..4)
        .prop_map(Json::Array)
}

fn object() -> BoxedStrategy<Json> {
    let deep = prop_oneof![
        json_plain(),
        json_plain().prop_map(|x| Json::Object(vec![("x".into(), x)])),
        vec(json_plain(), 0..3).prop_map(Json::Array),
        Just(Json::Plain(Value::Text("[1]".into()))),
    ];
    (
        option::of(json_plain()),
        option::of(json_plain()),
        option::of(deep),
    )
        .prop_map(|(n, s, deep)| {
            let members = [("n", n), ("s'", s), ("deep", deep)];
            Json::Object(
                members
                    .into_iter()
                    .filter_map(|(name, json)| Some((name.into(), json?)))
                    .collect(),
            )
        })
        .boxed()
}

fn json_plain() -> BoxedStrategy<Json> {
    let kinds = [
        Kind::Integer,
        Kind::Number,
        Kind::Boolean,
        Kind::Text,
        Kind::DateTime,
    ];
    prop_oneof![1 => Just(Value::Null), 6 => pick(kinds.to_vec()).prop_flat_map(fitting)]
        .prop_map(Json::Plain)
        .boxed()
}

fn fitting(kind: Kind) -> BoxedStrategy<Value> {
    match kind {
        Kind::Integer => (-2..6_i64).prop_map(Value::Integer).boxed(),
        Kind::Number => pick(vec![-1.5, -0.0, 0.0, 1.0, 2.5, 3.0, 1e15, 0.1])
            .prop_map(Value::Number)
            .boxed(),
        Kind::Boolean => any::<bool>().prop_map(Value::Boolean).boxed(),
        Kind::Text | Kind::Json => text().prop_map(Value::Text).boxed(),
        Kind::DateTime => pick(vec![
            "2005-05-27T17:30:19Z",
            "2024-01-01T00:00:00Z",
            "2024-02-29T23:59:59Z",
        ])
        .prop_map(|at| Value::Text(at.into()))
        .boxed(),
    }
}

/// Short texts over few characters, so that they meet; every special one is among them.
fn text() -> impl Strategy<Value = String> {
    let characters = "aaAbBzZ%_[]^-\\'\"é É*?.,\n{}1$😀"
        .chars()
        .collect::<Vec<char>>();
    vec(pick(characters), 0..4).prop_map(|characters| characters.into_iter().collect())
}

fn literal(kind: Kind) -> BoxedStrategy<Value> {
    let other =
        pick(vec![Kind::Integer, Kind::Number, Kind::Boolean, Kind::Text]).prop_flat_map(fitting);
    let odd = pick(vec![
        Value::Number(f64::NAN),
        Value::Number(f64::INFINITY),
        Value::Text("a\0".into()),
    ]);
    prop_oneof![16 => fitting(kind), 2 => Just(Value::Null), 1 => other, 1 => odd].boxed()
}

fn direct(column: &str, kind: Kind) -> Path {
    Path {
        through: vec![],
        column: column.into(),
        kind,
    }
}

fn path(ground: Ground) -> BoxedStrategy<Path> {
    let columns = |table: usize| {
        let mut all: Vec<Path> = schema()[table]
            .1
            .iter()
            .map(|(name, kind)| direct(name, *kind))
            .collect();
        all.push(direct("id", Kind::Integer));
        pick(all)
    };
    let through = |column: &'static str, table: &'static str, end: Ground| {
        path(end).prop_map(move |mut path| {
            path.through.insert(
                0,
                Link {
                    column: column.into(),
                    table: table.into(),
                },
            );
            path
        })
    };
    match ground {
        // The nesting ends because a path leads from Main to Other or Line only by chance.
        Ground::Main => prop_oneof![
            8 => columns(0),
            2 => short(0, "parent", MAIN),
            3 => short(1, "other", OTHER),
            1 => short(0, "main", MAIN).prop_map(|mut path| {
                path.through.insert(0, Link { column: "other".into(), table: OTHER.into() });
                path
            }),
        ]
        .boxed(),
        Ground::Other => columns(1).boxed(),
        Ground::Line => prop_oneof![4 => columns(2), 1 => short(0, "main", MAIN)].boxed(),
        Ground::Object => {
            let kinds = vec![
                Kind::Integer,
                Kind::Number,
                Kind::Boolean,
                Kind::Text,
                Kind::DateTime,
                Kind::Json,
            ];
            let member = (pick(vec!["n", "s'", "deep", "deep/x", "none"]), pick(kinds));
            let member = member.prop_map(|(name, kind)| direct(name, kind));
            prop_oneof![5 => member, 1 => through("n", OTHER, Ground::Other)].boxed()
        }
        Ground::Plain => {
            let kinds = vec![
                Kind::Integer,
                Kind::Number,
                Kind::Boolean,
                Kind::Text,
                Kind::DateTime,
                Kind::Json,
            ];
            pick(kinds).prop_map(|kind| direct("value", kind)).boxed()
        }
    }
}

fn short(table: usize, link: &'static str, name: &'static str) -> impl Strategy<Value = Path> {
    let columns: Vec<(&str, Kind)> = schema()[table].1.to_vec();
    pick(columns).prop_map(move |(column, kind)| Path {
        through: vec![Link {
            column: link.into(),
            table: name.into(),
        }],
        column: column.into(),
        kind,
    })
}

fn comparison() -> impl Strategy<Value = Comparison> {
    use Comparison::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};
    pick(vec![
        Equal,
        Equal,
        NotEqual,
        Less,
        LessOrEqual,
        Greater,
        GreaterOrEqual,
    ])
}

fn pattern() -> impl Strategy<Value = Pattern> {
    let special = "a^]-[zAé\\Z😀*".chars().collect::<Vec<char>>();
    let member = prop_oneof![
        3 => pick(special.clone()).prop_map(|c| (c, c)),
        2 => (pick(special.clone()), pick(special)).prop_map(|(low, high)| (low, high)),
    ];
    let class = (any::<bool>(), vec(member, 0..4));
    let piece = prop_oneof![
        3 => text().prop_map(Piece::Text),
        3 => Just(Piece::AnyRun),
        2 => Just(Piece::AnyOne),
        2 => class.prop_map(|(negated, members)| Piece::Class { negated, members }),
    ];
    vec(piece, 0..4).prop_map(Pattern)
}

fn leaf(ground: Ground) -> BoxedStrategy<Filter> {
    let compare = (path(ground), comparison())
        .prop_flat_map(|(path, op)| {
            literal(path.kind).prop_map(move |value| (path.clone(), op, value))
        })
        .prop_map(|(path, op, value)| Filter::Compare { path, op, value });
    let one_of = path(ground)
        .prop_flat_map(|path| {
            let kind = path.kind;
            let values = prop_oneof![4 => vec(literal(kind), 0..4), 1 => vec(literal(kind), 9..14)];
            values.prop_map(move |values| (path.clone(), values))
        })
        .prop_map(|(path, values)| Filter::OneOf { path, values });
    let word = pick(vec!["abe", "ANN", "b", "", "%", "A_E", "abe, b"]);
    prop_oneof![
        6 => compare,
        3 => one_of,
        2 => (path(ground), text()).prop_map(|(path, text)| Filter::Contains { path, text }),
        2 => (path(ground), pattern()).prop_map(|(path, pattern)| Filter::Like { path, pattern }),
        1 => (path(ground), word.clone()).prop_map(|(path, word)| Filter::HasWord { path, word: word.into() }),
        // On MAIN the column with words is the one worth asking.
        1 => word.prop_map(move |word| match ground {
            Ground::Main => Filter::HasWord { path: direct("words", Kind::Text), word: word.into() },
            _ => Filter::Constant(word.is_empty()),
        }),
        2 => path(ground).prop_map(|path| Filter::IsNull { path }),
        1 => (0..3_i64).prop_map(|key| Filter::InIndex { table: PAIRS.into(), key }),
    ]
    .boxed()
}

fn tree(ground: Ground, depth: u32) -> BoxedStrategy<Filter> {
    if depth == 0 {
        return leaf(ground);
    }
    let inner = || tree(ground, depth - 1);
    let some = match ground {
        Ground::Main => prop_oneof![
            looked(
                Elements::Json {
                    column: "items".into()
                },
                Ground::Object,
                depth
            ),
            looked(
                Elements::JsonValues {
                    column: "tags".into()
                },
                Ground::Plain,
                depth
            ),
            looked(
                Elements::JsonValues {
                    column: "items".into()
                },
                Ground::Plain,
                depth
            ),
            looked(
                Elements::Children {
                    table: LINE.into(),
                    column: "main".into()
                },
                Ground::Line,
                depth
            ),
        ]
        .boxed(),
        Ground::Object => prop_oneof![
            looked(
                Elements::JsonValues {
                    column: "deep".into()
                },
                Ground::Plain,
                depth
            ),
            looked(
                Elements::Children {
                    table: LINE.into(),
                    column: "main".into()
                },
                Ground::Line,
                depth
            ),
        ]
        .boxed(),
        _ => leaf(ground),
    };
    let there = match ground {
        Ground::Main => prop_oneof![
            behind("parent", MAIN, Ground::Main, depth),
            behind("other", OTHER, Ground::Other, depth),
        ]
        .boxed(),
        Ground::Other | Ground::Line => behind("main", MAIN, Ground::Main, depth),
        Ground::Object => behind("n", OTHER, Ground::Other, depth),
        Ground::Plain => leaf(ground),
    };
    prop_oneof![
        4 => leaf(ground),
        2 => there,
        2 => vec(inner(), 0..4).prop_map(Filter::And),
        2 => vec(inner(), 0..4).prop_map(Filter::Or),
        2 => inner().prop_map(|filter| Filter::Not(Box::new(filter))),
        2 => some,
        1 => any::<bool>().prop_map(Filter::Constant),
    ]
    .boxed()
}

fn behind(
    column: &'static str,
    table: &'static str,
    ground: Ground,
    depth: u32,
) -> BoxedStrategy<Filter> {
    let link = Link {
        column: column.into(),
        table: table.into(),
    };
    tree(ground, depth - 1)
        .prop_map(move |filter| Filter::Behind {
            link: link.clone(),
            filter: Box::new(filter),
        })
        .boxed()
}

fn looked(of: Elements, ground: Ground, depth: u32) -> BoxedStrategy<Filter> {
    tree(ground, depth - 1)
        .prop_map(move |filter| Filter::Any {
            of: of.clone(),
            filter: Box::new(filter),
        })
        .boxed()
}
