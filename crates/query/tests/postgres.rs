//! The text for PostgreSQL: names quoted, every literal a typed parameter. What it answers is
//! tested where a PostgreSQL runs.

use bitting_query::{
    Comparison, Dialect, Elements, Filter, Kind, Link, Order, Path, Pattern, Piece, Select, Value,
    render, render_count, render_delete,
};

fn path(column: &str, kind: Kind) -> Path {
    Path {
        through: vec![],
        column: column.into(),
        kind,
    }
}

fn status_name() -> Path {
    let through = vec![Link {
        column: "status_id".into(),
        table: "service/statuses".into(),
    }];
    Path {
        through,
        column: "name".into(),
        kind: Kind::Text,
    }
}

fn not(filter: Filter) -> Filter {
    Filter::Not(Box::new(filter))
}

fn equal(path: Path, value: Value) -> Filter {
    Filter::Compare {
        path,
        op: Comparison::Equal,
        value,
    }
}

fn text(value: &str) -> Value {
    Value::Text(value.into())
}

#[test]
fn conditions() {
    let odd = path("a\"b", Kind::Text);
    let items = |filter| Filter::Any {
        of: Elements::Json {
            column: "items".into(),
        },
        filter: Box::new(filter),
    };
    let table = [
        (
            equal(odd.clone(), text("O'X")),
            r#"lower(t0."a""b" COLLATE "C") = $1::text"#,
            vec![text("o'x")],
        ),
        (
            not(equal(odd.clone(), text("x"))),
            r#"(lower(t0."a""b" COLLATE "C") = $1::text) IS NOT TRUE"#,
            vec![text("x")],
        ),
        (
            equal(path("n", Kind::Number), Value::Integer(3)),
            r#"t0."n" = $1::int8"#,
            vec![Value::Integer(3)],
        ),
        (
            equal(path("n", Kind::Integer), Value::Number(1.5)),
            r#"t0."n" = $1::float8"#,
            vec![Value::Number(1.5)],
        ),
        (equal(path("n", Kind::Integer), text("3")), "FALSE", vec![]),
        (
            equal(path("f", Kind::Boolean), Value::Boolean(true)),
            r#"t0."f" = TRUE"#,
            vec![],
        ),
        (
            equal(path("n", Kind::Integer), Value::Null),
            r#"t0."n" IS NULL"#,
            vec![],
        ),
        (
            equal(path("at", Kind::DateTime), text("2024-01-01T00:00:00Z")),
            r#"(t0."at" COLLATE "C") = $1::text"#,
            vec![text("2024-01-01T00:00:00Z")],
        ),
        (
            equal(status_name(), text("New")),
            r#"t0."status_id" IN (SELECT t1."id" FROM "service/statuses" AS t1 WHERE lower(t1."name" COLLATE "C") = $1::text)"#,
            vec![text("new")],
        ),
        (
            Filter::IsNull {
                path: status_name(),
            },
            r#"(t0."status_id" IN (SELECT t1."id" FROM "service/statuses" AS t1 WHERE t1."name" IS NOT NULL)) IS NOT TRUE"#,
            vec![],
        ),
        (
            Filter::OneOf {
                path: path("n", Kind::Integer),
                values: (1..10).map(Value::Integer).collect(),
            },
            r#"t0."n" = ANY($1::text::int8[])"#,
            vec![text("{1,2,3,4,5,6,7,8,9}")],
        ),
        (
            Filter::OneOf {
                path: path("n", Kind::Integer),
                values: vec![Value::Integer(1), Value::Integer(2), Value::Null],
            },
            r#"(t0."n" IN ($1::int8, $2::int8) OR t0."n" IS NULL)"#,
            vec![Value::Integer(1), Value::Integer(2)],
        ),
        (
            Filter::Contains {
                path: path("s", Kind::Text),
                text: "A%".into(),
            },
            r#"strpos(lower(t0."s" COLLATE "C"), $1::text) > 0"#,
            vec![text("a%")],
        ),
        (
            Filter::Like {
                path: path("s", Kind::Text),
                pattern: Pattern(vec![Piece::Text("A%".into()), Piece::AnyRun]),
            },
            r#"lower(t0."s" COLLATE "C") LIKE $1::text ESCAPE '\'"#,
            vec![text("a\\%%")],
        ),
        (
            items(equal(path("it's/x", Kind::Boolean), Value::Boolean(false))),
            r#"EXISTS (SELECT 1 FROM jsonb_array_elements(CASE WHEN left(ltrim(t0."items"), 1) = '[' THEN t0."items"::jsonb ELSE '[]'::jsonb END) AS t1(value) WHERE CASE WHEN jsonb_typeof(t1.value) = 'object' THEN (CASE WHEN jsonb_typeof(t1.value -> 'it''s' -> 'x') = 'boolean' THEN (t1.value -> 'it''s' -> 'x')::boolean END) = FALSE END)"#,
            vec![],
        ),
        (
            not(Filter::InIndex {
                table: "t__mine".into(),
                key: 7,
            }),
            r#"t0."id" NOT IN (SELECT t1."id" FROM "t__mine" AS t1 WHERE t1."key" = $1::int8)"#,
            vec![Value::Integer(7)],
        ),
    ];
    for (filter, wanted, params) in table {
        let statement = render_delete("t\"t", &filter, Dialect::Postgres);
        assert_eq!(
            statement.sql,
            format!("DELETE FROM \"t\"\"t\" AS t0 WHERE {wanted}")
        );
        assert_eq!(statement.params, params);
    }
}

#[test]
fn statements() {
    let mine = Filter::InIndex {
        table: "t__mine".into(),
        key: 7,
    };
    let open = equal(path("closed", Kind::Boolean), Value::Boolean(false));
    let mut select = Select {
        table: "t".into(),
        columns: vec!["id".into(), "summary".into()],
        filter: Filter::And(vec![open, mine.clone()]),
        order: vec![],
        limit: Some(25),
        offset: 50,
    };
    let statement = render(&select, Dialect::Postgres);
    assert_eq!(
        statement.sql,
        r#"SELECT m."id", t0."summary" FROM "t__mine" AS m JOIN "t" AS t0 ON t0."id" = m."id" WHERE m."key" = $1::int8 AND t0."closed" = FALSE ORDER BY m."id" LIMIT $2::int8 OFFSET $3::int8"#
    );
    assert_eq!(
        statement.params,
        [Value::Integer(7), Value::Integer(25), Value::Integer(50)]
    );
    select.filter = Filter::Constant(true);
    select.order = vec![Order::by(status_name(), true)];
    select.limit = None;
    assert_eq!(
        render(&select, Dialect::Postgres).sql,
        r#"SELECT t0."id", t0."summary" FROM "t" AS t0 ORDER BY (SELECT lower(t1."name" COLLATE "C") FROM "service/statuses" AS t1 WHERE t1."id" = t0."status_id") DESC NULLS LAST, t0."id" OFFSET $1::int8"#
    );
    assert_eq!(
        render_count("t", &mine, Dialect::Postgres).sql,
        r#"SELECT count(*) FROM "t__mine" AS m JOIN "t" AS t0 ON t0."id" = m."id" WHERE m."key" = $1::int8"#
    );
}
