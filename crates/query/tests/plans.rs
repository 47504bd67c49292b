//! What a page costs in SQLite: the steps of its virtual machine must not grow with the table, and
//! the plans must use the indexes meant for them.

#![allow(clippy::unwrap_used)]

use bitting_query::{
    Comparison, Dialect, Filter, Indexes, Kind, Link, Order, Path, Select, Statement, Value,
    render_count, render_with,
};
use rusqlite::types::Value as Cell;
use rusqlite::{Connection, StatementStatus};
use std::sync::{Arc, LazyLock};

struct Indexed;

impl Indexes for Indexed {
    fn leads(&self, _: &str, column: &str) -> bool {
        [
            "location", "status", "board", "at", "number", "company", "owner", "maker", "ticket",
        ]
        .contains(&column)
    }

    fn flag(&self, _: &str, column: &str) -> Option<Arc<str>> {
        (column == "company").then(|| "closed".into())
    }

    fn joint(&self, _: &str) -> Vec<&[Arc<str>]> {
        static SETS: LazyLock<[[Arc<str>; 2]; 3]> = LazyLock::new(|| {
            ["closed", "owner", "maker"].map(|column| ["company".into(), column.into()])
        });
        SETS.iter().map(|set| &set[..]).collect()
    }
}

/// Locations 1 to 5 hold nearly every row, 8 and 9 the last three rows each. Member 1 owns every
/// other row, member 2 the last three, member 3 one row in 500. A company has one row in 240. Member 77 owns or made
/// 18 of company 7, all among the first 10,000 rows; member 78 owns the last 40 of
/// even ids, and made every 31st row of the last fifth. Keys 11 to 13 hold what member 1 owns, by a flag that is not
/// set, set and null; company 1,000 (one row in 25) has all three of them.
fn open(rows: i64) -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    connection
        .execute_batch(&format!(
            "CREATE TABLE ticket (id INTEGER PRIMARY KEY, location INTEGER, status INTEGER, board INTEGER,
               closed INTEGER, at TEXT, number INTEGER, summary TEXT COLLATE NOCASE, company INTEGER,
               owner INTEGER, maker INTEGER);
             CREATE TABLE status (id INTEGER PRIMARY KEY, name TEXT COLLATE NOCASE, board INTEGER);
             CREATE TABLE mine (key INTEGER, id INTEGER, PRIMARY KEY (key, id)) WITHOUT ROWID;
             INSERT INTO status WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30)
               SELECT i, CASE i % 3 WHEN 0 THEN 'New' WHEN 1 THEN 'Open' ELSE 'Closed' END, i / 3 FROM n;
             INSERT INTO ticket WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})
               SELECT i, CASE WHEN i > {rows} - 3 THEN 8 WHEN i > {rows} - 6 THEN 9 ELSE i % 5 + 1 END,
                 i % 30 + 1, i % 4, CASE WHEN i % 25 = 13 THEN nullif(i / 25 % 3, 2) ELSE i % 2 END, printf('2024-%09d', (i * 7919) % {rows}), i, 'summary ' || i,
                 CASE WHEN i % 25 = 13 AND i % 240 <> 7 THEN 1000 ELSE i % 240 END,
                 CASE WHEN i < 10000 AND i % 960 = 7 THEN 77 WHEN i % 2 = 0 AND i > {rows} - 80 THEN 78 ELSE 1 END, CASE WHEN i < 10000 AND i % 1200 = 247 THEN 77 WHEN i % 31 = 0 AND i > {rows} / 5 * 4 THEN 78 ELSE 1 END FROM n;
             INSERT INTO mine SELECT 1, id FROM ticket WHERE id % 2 = 0;
             INSERT INTO mine SELECT 11 + id / 2 % 3, id FROM ticket WHERE id % 2 = 0;
             INSERT INTO mine SELECT 2, id FROM ticket WHERE id > {rows} - 3;
             INSERT INTO mine SELECT 3, id FROM ticket WHERE id % 500 = 2;
             CREATE INDEX by_company_and_closed ON ticket (company, closed);
             CREATE INDEX by_company_and_owner ON ticket (company, owner);
             CREATE INDEX by_company_and_maker ON ticket (company, maker);
             CREATE INDEX by_owner ON ticket (owner);
             CREATE INDEX by_maker ON ticket (maker);
             CREATE INDEX by_location ON ticket (location);
             CREATE INDEX by_status ON ticket (status);
             CREATE INDEX by_board ON ticket (board);
             CREATE INDEX by_number ON ticket (number);
             CREATE INDEX by_at ON ticket (at);"
        ))
        .unwrap();
    connection
}

fn path(column: &str, kind: Kind) -> Path {
    Path {
        through: vec![],
        column: column.into(),
        kind,
    }
}

fn list(column: &str, values: &[i64]) -> Filter {
    let values = values.iter().map(|value| Value::Integer(*value)).collect();
    Filter::OneOf {
        path: path(column, Kind::Integer),
        values,
    }
}

fn compare(column: &str, op: Comparison, value: i64) -> Filter {
    Filter::Compare {
        path: path(column, Kind::Integer),
        op,
        value: Value::Integer(value),
    }
}

fn mine(key: i64) -> Filter {
    Filter::InIndex {
        table: "mine".into(),
        key,
    }
}

fn mine_in_runs() -> Filter {
    Filter::InRuns {
        table: "mine".into(),
        keys: vec![11, 12, 13],
    }
}

/// What a member owns or made, and rows of these ids.
fn any_own(member: i64, ids: &[i64]) -> Filter {
    Filter::Or(vec![
        compare("owner", Comparison::Equal, member),
        compare("maker", Comparison::Equal, member),
        list("id", ids),
    ])
}

fn status(name: &str) -> Filter {
    let through = vec![Link {
        column: "status".into(),
        table: "status".into(),
    }];
    let path = Path {
        through,
        column: "name".into(),
        kind: Kind::Text,
    };
    Filter::Compare {
        path,
        op: Comparison::Equal,
        value: Value::Text(name.into()),
    }
}

fn by(column: &str, descending: bool) -> Vec<Order> {
    vec![Order::by(path(column, Kind::DateTime), descending)]
}

/// By the name of the status, which sorts as null where its row is not the member's own.
fn by_own_status(key: i64) -> Vec<Order> {
    let status = status("");
    let Filter::Compare { path, .. } = status else {
        unreachable!("a comparison")
    };
    vec![Order {
        sights: vec![mine(key)],
        ..Order::by(path, true)
    }]
}

fn select(parts: Vec<Filter>, order: Vec<Order>) -> Select {
    let columns = vec!["id".into(), "summary".into()];
    Select {
        table: "ticket".into(),
        columns,
        filter: Filter::And(parts),
        order,
        limit: Some(25),
        offset: 0,
    }
}

/// The steps a page takes, and how many rows it has.
fn steps(connection: &Connection, statement: &Statement) -> (i32, usize) {
    let mut prepared = connection.prepare(&statement.sql).unwrap();
    let cells = statement.params.iter().map(|value| match value {
        Value::Integer(value) => Cell::Integer(*value),
        Value::Text(value) => Cell::Text(value.clone()),
        other => panic!("no such parameter here: {other:?}"),
    });
    let rows = prepared
        .query_map(rusqlite::params_from_iter(cells), |row| {
            row.get::<_, i64>(0)
        })
        .unwrap()
        .count();
    (prepared.get_status(StatementStatus::VmStep), rows)
}

fn pages() -> Vec<(&'static str, Select, usize)> {
    let broad = || list("location", &[1, 2, 3, 4, 5]);
    let narrow = || list("location", &[8, 9]);
    let many = || list("location", &(1..200).collect::<Vec<i64>>());
    let open = || Filter::Compare {
        path: path("closed", Kind::Boolean),
        op: Comparison::Equal,
        value: Value::Boolean(false),
    };
    let after = |id| compare("id", Comparison::Greater, id);
    let equal = |column, value| compare(column, Comparison::Equal, value);
    let own = |ids: &[i64]| any_own(77, ids);
    vec![
        ("everything", select(vec![], vec![]), 25),
        (
            "a company's that are not there",
            select(
                vec![compare("company", Comparison::Equal, 7), open()],
                vec![],
            ),
            0,
        ),
        (
            "a company's latest by date",
            select(
                vec![compare("company", Comparison::Equal, 7), open()],
                by("at", true),
            ),
            0,
        ),
        (
            "a company's, broad",
            select(
                vec![compare("company", Comparison::Equal, 7), open(), broad()],
                vec![],
            ),
            0,
        ),
        (
            "a company's own by two columns",
            select(vec![own(&[1, 9_847]), equal("company", 7)], vec![]),
            18,
        ),
        (
            "a company's own by two columns, after an id",
            select(
                vec![equal("company", 7), own(&[]), after(5_000)],
                by("id", true),
            ),
            9,
        ),
        (
            "a company's own by two columns, by date",
            select(vec![equal("company", 7), own(&[2])], by("at", true)),
            18,
        ),
        (
            "own by two columns, few",
            select(vec![any_own(77, &[1, 9_847])], vec![]),
            19,
        ),
        (
            "own by two columns, late",
            select(vec![any_own(78, &[]), broad()], vec![]),
            25,
        ),
        (
            "own by two columns, all",
            select(vec![any_own(1, &[]), open()], vec![]),
            25,
        ),
        (
            "own by two columns, none",
            select(vec![any_own(80, &[])], vec![]),
            0,
        ),
        (
            "own by two columns, late, after an id",
            select(vec![any_own(78, &[2]), after(5_000)], vec![]),
            25,
        ),
        (
            "own by two columns, late, latest first",
            select(vec![any_own(78, &[])], by("id", true)),
            25,
        ),
        (
            "own by two columns, few, of a board",
            select(vec![any_own(77, &[]), equal("board", 3)], vec![]),
            18,
        ),
        (
            "own by two columns, all, of a number",
            select(vec![any_own(1, &[]), equal("number", 77)], vec![]),
            1,
        ),
        (
            "a company's, whatever the flag",
            select(vec![equal("company", 1_000)], vec![]),
            25,
        ),
        (
            "a company's, whatever the flag, latest first",
            select(vec![equal("company", 1_000)], by("id", true)),
            25,
        ),
        (
            "a company's, whatever the flag, after an id",
            select(vec![equal("company", 1_000), after(5_000)], vec![]),
            25,
        ),
        (
            "a company's, whatever the flag, broad",
            select(vec![broad(), equal("company", 1_000)], vec![]),
            25,
        ),
        (
            "a company's of a board",
            select(vec![equal("board", 1), equal("company", 1_000)], vec![]),
            25,
        ),
        (
            "a company's, my many",
            select(vec![mine(1), equal("company", 1_000)], by("id", true)),
            25,
        ),
        (
            "two companies'",
            select(vec![list("company", &[1_000, 6])], vec![]),
            25,
        ),
        ("mine in runs", select(vec![mine_in_runs()], vec![]), 25),
        (
            "mine in runs, latest first, after an id",
            select(vec![mine_in_runs(), after(5_000)], by("id", true)),
            25,
        ),
        (
            "mine in runs of a board",
            select(vec![mine_in_runs(), equal("board", 2)], vec![]),
            25,
        ),
        ("a broad narrowing", select(vec![broad()], vec![]), 25),
        ("a narrow narrowing", select(vec![narrow()], vec![]), 6),
        ("many locations", select(vec![many()], vec![]), 25),
        (
            "one location",
            select(vec![list("location", &[9])], vec![]),
            3,
        ),
        (
            "broad, latest first",
            select(vec![broad()], by("id", true)),
            25,
        ),
        (
            "narrow, latest first",
            select(vec![narrow()], by("id", true)),
            6,
        ),
        (
            "broad, after an id",
            select(vec![broad(), after(5_000)], vec![]),
            25,
        ),
        (
            "narrow, after an id",
            select(vec![narrow(), after(5_000)], vec![]),
            6,
        ),
        ("broad and open", select(vec![open(), broad()], vec![]), 25),
        ("narrow and open", select(vec![open(), narrow()], vec![]), 3),
        ("broad by date", select(vec![broad()], by("at", true)), 25),
        (
            "broad and one number",
            select(
                vec![compare("number", Comparison::Equal, 77), broad()],
                vec![],
            ),
            1,
        ),
        (
            "narrow and one number",
            select(
                vec![compare("number", Comparison::Equal, 77), narrow()],
                vec![],
            ),
            0,
        ),
        ("a status by name", select(vec![status("new")], vec![]), 25),
        (
            "a status by name, broad",
            select(vec![status("new"), broad()], vec![]),
            25,
        ),
        (
            "a status by name, latest first",
            select(vec![status("new")], by("id", true)),
            25,
        ),
        (
            "a board, broad",
            select(
                vec![compare("board", Comparison::Equal, 2), broad()],
                vec![],
            ),
            25,
        ),
        ("my many", select(vec![mine(1)], vec![]), 25),
        ("my few", select(vec![mine(2)], vec![]), 3),
        (
            "my many, latest first",
            select(vec![mine(1)], by("id", true)),
            25,
        ),
        (
            "my many, after an id",
            select(vec![mine(1), after(5_000)], vec![]),
            25,
        ),
        ("my many, broad", select(vec![broad(), mine(1)], vec![]), 25),
        ("my few, narrow", select(vec![narrow(), mine(2)], vec![]), 3),
        (
            "mine by id",
            select(vec![compare("id", Comparison::Equal, 400), mine(1)], vec![]),
            1,
        ),
        ("narrow by date", select(vec![narrow()], by("at", true)), 6),
        (
            "narrow by what a reference shows, of which many rows are in sight",
            select(vec![narrow()], by_own_status(1)),
            6,
        ),
        (
            "my few by what a reference shows, of which few rows are in sight",
            select(vec![mine(2)], by_own_status(2)),
            3,
        ),
        ("my many by date", select(vec![mine(1)], by("at", true)), 25),
        ("my few by date", select(vec![mine(2)], by("at", false)), 3),
        (
            "my few, broad by date",
            select(vec![broad(), mine(2)], by("at", false)),
            0,
        ),
        (
            "a status by date",
            select(
                vec![compare("status", Comparison::Equal, 5)],
                by("at", true),
            ),
            25,
        ),
        (
            "a status by name and date",
            select(vec![status("new"), broad()], by("at", true)),
            25,
        ),
        (
            "a board, narrow",
            select(
                vec![compare("board", Comparison::Equal, 2), narrow()],
                vec![],
            ),
            1,
        ),
        (
            "a board, my few",
            select(
                vec![compare("board", Comparison::Equal, 2), mine(2)],
                vec![],
            ),
            1,
        ),
        (
            "a board, my many",
            select(
                vec![compare("board", Comparison::Equal, 2), mine(1)],
                vec![],
            ),
            25,
        ),
        (
            "one number, my many",
            select(
                vec![compare("number", Comparison::Equal, 78), mine(1)],
                vec![],
            ),
            1,
        ),
        (
            "a status by name, narrow",
            select(vec![status("new"), narrow()], vec![]),
            2,
        ),
        (
            "by id, broad",
            select(vec![compare("id", Comparison::Equal, 400), broad()], vec![]),
            1,
        ),
    ]
}

#[test]
fn the_rows_that_lie_further_apart_lead() {
    let connection = open(300_000);
    for statistics in ["", "ANALYZE"] {
        connection.execute_batch(statistics).unwrap();
        for (column, value, member) in [("company", 6, 1), ("board", 2, 3)] {
            for order in [vec![], by("id", true)] {
                let parts = vec![compare(column, Comparison::Equal, value), mine(member)];
                let select = select(parts, order);
                let statement = render_with(&select, Dialect::Sqlite, &Indexed);
                let (steps, rows) = steps(&connection, &statement);
                println!("{column}, member {member}: {steps} steps");
                assert_eq!(rows, 25);
                // The other way takes more than twenty thousand.
                assert!(steps < 8_000, "{column}, member {member}: {steps} steps");
            }
        }
    }
}

/// Own rows that are many and late, beside a condition whose rows are many and everywhere.
#[test]
fn own_rows_that_are_late_lead_beside_others() {
    let connection = open(300_000);
    for order in [vec![], by("id", true)] {
        let parts = vec![any_own(78, &[3]), compare("board", Comparison::Equal, 2)];
        let select = select(parts, order);
        let statement = render_with(&select, Dialect::Sqlite, &Indexed);
        let (steps, rows) = steps(&connection, &statement);
        println!("{steps} steps");
        assert_eq!(rows, 25);
        // By the board's rows it is more than a million.
        assert!(steps < 12_000, "{steps} steps: {}", statement.sql);
    }
}

/// Whoever sees own rows alone never has the table looked through, by whatever the page asks for.
#[test]
fn own_rows_are_merged_from_their_indexes() {
    let connection = open(100);
    let after = compare("id", Comparison::Greater, 5);
    let open = || Filter::Compare {
        path: path("closed", Kind::Boolean),
        op: Comparison::Equal,
        value: Value::Boolean(false),
    };
    // The store keeps no statistics; pages must not depend on them.
    for statistics in ["ANALYZE", "DELETE FROM sqlite_stat1; ANALYZE sqlite_schema"] {
        connection.execute_batch(statistics).unwrap();
        for ids in [&[][..], &[7], &[7, 8, 9, 10, 11, 12, 13, 14, 15, 16]] {
            for order in [vec![], by("id", true)] {
                for further in [vec![], vec![after.clone()], vec![open(), after.clone()]] {
                    let ranged = further.contains(&after);
                    let mut parts = vec![any_own(77, ids)];
                    parts.extend(further);
                    let plan = plan(&connection, &select(parts, order.clone()));
                    let start = if ranged { " AND rowid>?" } else { "" };
                    for run in [
                        format!("SEARCH t0 USING INDEX by_owner (owner=?{start})"),
                        format!("SEARCH t0 USING INDEX by_maker (maker=?{start})"),
                    ] {
                        assert!(plan.contains(&run), "{run}: {plan}");
                    }
                    assert!(plan.contains("MERGE (UNION)"), "{plan}");
                    assert!(!plan.contains("SCAN t0"), "{plan}");
                    assert!(!plan.contains("TEMP B-TREE"), "{plan}");
                }
            }
        }
    }
    let company = compare("company", Comparison::Equal, 7);
    let joint = plan(
        &connection,
        &select(vec![any_own(77, &[]), company], vec![]),
    );
    for run in [
        "by_company_and_owner (company=? AND owner=?)",
        "by_company_and_maker (company=? AND maker=?)",
    ] {
        assert!(joint.contains(run), "{joint}");
    }
    assert!(!joint.contains("TEMP B-TREE"), "{joint}");
    let count = render_count("ticket", &any_own(77, &[7]), Dialect::Sqlite);
    let count = explained(&connection, &count);
    assert!(count.contains("MULTI-INDEX OR"), "{count}");
    assert!(!count.contains("SCAN t0"), "{count}");
}

/// What hangs on own rows costs what those are, and not what the table is; where they are many and everywhere, no more
/// than a page.
#[test]
fn what_hangs_on_own_rows_is_found_through_them() {
    let connection = open(100_000);
    connection
        .execute_batch(
            "CREATE TABLE note (id INTEGER PRIMARY KEY, ticket INTEGER, text TEXT COLLATE NOCASE);
             INSERT INTO note SELECT id * 2 + n.i, id, 'note ' || id
               FROM ticket, (SELECT 0 AS i UNION ALL SELECT 1) AS n;
             CREATE INDEX by_ticket ON note (ticket);",
        )
        .unwrap();
    let notes = |own: Filter, further: Vec<Filter>| {
        let mut parts = vec![Filter::Behind {
            link: Link {
                column: "ticket".into(),
                table: "ticket".into(),
            },
            filter: Box::new(own),
        }];
        parts.extend(further);
        let columns = vec!["id".into(), "text".into()];
        Select {
            table: "note".into(),
            columns,
            ..select(parts, vec![])
        }
    };
    let open = || Filter::Or(vec![compare("closed", Comparison::Less, 5), status("new")]);
    let narrowed = |member| Filter::And(vec![open(), any_own(member, &[])]);
    let after = || compare("id", Comparison::Greater, 500);
    for (name, page, wanted, most) in [
        ("few", notes(any_own(77, &[5]), vec![]), 25, 4_000),
        (
            "few, narrowed",
            notes(narrowed(77), vec![after()]),
            25,
            4_000,
        ),
        ("none", notes(any_own(80, &[]), vec![]), 0, 500),
        ("all", notes(any_own(1, &[]), vec![]), 25, 8_000),
        ("all, later", notes(narrowed(1), vec![after()]), 25, 8_000),
        // Some 700 rows, all in the last fifth.
        ("late", notes(any_own(78, &[]), vec![]), 25, 80_000),
    ] {
        let statement = render_with(&page, Dialect::Sqlite, &Indexed);
        let (steps, rows) = steps(&connection, &statement);
        println!("{name}: {steps} steps");
        assert_eq!(rows, wanted, "{name}: {}", statement.sql);
        assert!(steps < most, "{name}: {steps} steps: {}", statement.sql);
    }
}

#[test]
fn a_page_costs_the_same_in_a_small_table_and_a_large_one() {
    let (small, large) = (open(10_000), open(300_000));
    same_cost(&small, &large);
    // Statistics change what the planner believes, and must not change this.
    small.execute_batch("ANALYZE").unwrap();
    large.execute_batch("ANALYZE").unwrap();
    same_cost(&small, &large);
}

fn same_cost(small: &Connection, large: &Connection) {
    for (name, page, wanted) in pages() {
        let statement = render_with(&page, Dialect::Sqlite, &Indexed);
        let ((few, rows), (many, more)) = (steps(small, &statement), steps(large, &statement));
        println!("{name}: {few} and {many} steps");
        assert_eq!(
            (rows, more),
            (wanted, wanted),
            "rows of {name}: {}",
            statement.sql
        );
        assert!(
            many <= few + few / 4 + 50,
            "{name}: {few} steps became {many}: {}",
            statement.sql
        );
        assert!(many < 12_000, "{name}: {many} steps: {}", statement.sql);
    }
}

fn plan(connection: &Connection, page: &Select) -> String {
    explained(connection, &render_with(page, Dialect::Sqlite, &Indexed))
}

fn explained(connection: &Connection, statement: &Statement) -> String {
    let mut prepared = connection
        .prepare(&format!("EXPLAIN QUERY PLAN {}", statement.sql))
        .unwrap();
    let lines = prepared
        .raw_query()
        .mapped(|row| row.get::<_, String>(3))
        .collect::<Result<Vec<_>, _>>();
    lines.unwrap().join("\n")
}

#[test]
fn plans_use_the_indexes_meant_for_them() {
    let connection = open(100);
    let walk = plan(
        &connection,
        &select(vec![list("location", &[1, 2])], vec![]),
    );
    assert_eq!(
        walk.matches("USING COVERING INDEX by_location (location=?")
            .count(),
        2,
        "{walk}"
    );
    assert!(walk.contains("(location=? AND rowid>?)"), "{walk}");
    assert!(!walk.contains("SCAN t0"), "{walk}");
    let driven = plan(&connection, &select(vec![mine(1)], vec![]));
    assert!(
        driven.contains("SEARCH m USING PRIMARY KEY (key=?)"),
        "{driven}"
    );
    assert!(
        driven.contains("SEARCH t0 USING INTEGER PRIMARY KEY (rowid=?)"),
        "{driven}"
    );
    assert!(!driven.contains("ORDER BY"), "{driven}");
    let dated = plan(
        &connection,
        &select(vec![list("location", &[1, 2])], by("at", true)),
    );
    assert!(dated.contains("SCAN t0 USING INDEX by_at"), "{dated}");
    let company = compare("company", Comparison::Equal, 7);
    let merged = plan(&connection, &select(vec![company.clone()], vec![]));
    let run = "SEARCH t0 USING INDEX by_company_and_closed (company=? AND closed=?)";
    assert_eq!(merged.matches(run).count(), 3, "{merged}");
    assert_eq!(merged.matches("MERGE (UNION ALL)").count(), 2, "{merged}");
    assert!(!merged.contains("TEMP B-TREE"), "{merged}");
    let after = compare("id", Comparison::Greater, 5);
    let later = plan(&connection, &select(vec![company, after], by("id", true)));
    let run = "by_company_and_closed (company=? AND closed=? AND rowid>?)";
    assert_eq!(later.matches(run).count(), 3, "{later}");
    assert!(!later.contains("TEMP B-TREE"), "{later}");
    let walk = plan(&connection, &select(vec![list("company", &[1, 2])], vec![]));
    let step = "USING COVERING INDEX by_company_and_closed (company=? AND closed=?";
    assert_eq!(walk.matches(step).count(), 2, "{walk}");
    let own = plan(&connection, &select(vec![mine_in_runs()], vec![]));
    assert_eq!(
        own.matches("SEARCH m USING PRIMARY KEY (key=?)").count(),
        3,
        "{own}"
    );
    assert!(!own.contains("TEMP B-TREE"), "{own}");
}

/// What a region's members pay for each page of their own: the look at the regions, and not one at their own rows too.
#[test]
fn a_lead_in_the_order_of_the_page_is_not_looked_at_itself() {
    let connection = open(300_000);
    let broad = || list("location", &[1, 2, 3, 4, 5]);
    let narrow = || list("location", &[8, 9]);
    let company = || compare("company", Comparison::Equal, 1_000);
    let leads = [
        ("my many", mine(1), 3),
        ("my many in runs", mine_in_runs(), 3),
        ("a company's", company(), 0),
    ];
    for (name, lead, of_narrow) in leads {
        for (regions, wanted, most) in [(broad(), 25, 1_500), (narrow(), of_narrow, 1_500)] {
            for order in [vec![], by("id", true)] {
                let select = select(vec![lead.clone(), regions.clone()], order);
                let statement = render_with(&select, Dialect::Sqlite, &Indexed);
                let (steps, rows) = steps(&connection, &statement);
                println!("{name}: {steps} steps");
                assert_eq!(rows, wanted, "{name}: {}", statement.sql);
                assert!(steps < most, "{name}: {steps} steps: {}", statement.sql);
            }
        }
    }
}
