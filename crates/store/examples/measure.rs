//! Prints how fast a store is on this machine: opening, reading by id, a page, writing, loading.
//! Run with `cargo run --release -p bitting-store --example measure`.

use bitting_query::{Comparison, Filter, Kind, Order, Path, Select, Value, render_with};
use bitting_store::{Cells, Change, Column, Flow, Key, Location, Store, Table};
use std::error::Error;
use std::sync::Arc;
use std::time::Instant;

const ROWS: i64 = 300_000;

fn tables() -> Vec<Table> {
    let wide = |name: String| {
        let column = |at: usize| Column {
            name: format!("column{at}").into(),
            kind: [Kind::Integer, Kind::Text, Kind::Boolean, Kind::DateTime][at % 4],
        };
        let indexes = vec![vec![Arc::from("column0")], vec![Arc::from("column1")]];
        Table {
            name: name.into(),
            key: Key::Id,
            columns: (0..40).map(column).collect(),
            indexes,
            sparse: Vec::new(),
        }
    };
    (0..450).map(|at| wide(format!("table{at}"))).collect()
}

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    runtime.block_on(runtime.spawn(measure()))?
}

async fn measure() -> Result<(), Box<dyn Error + Send + Sync>> {
    let directory = std::env::temp_dir().join(format!("bitting-measure-{}", std::process::id()));
    let location = Location::File(directory.join("rows.sqlite"));
    let table: Arc<str> = "table7".into();
    let described = tables();
    let start = Instant::now();
    let store = Store::open(&location, described).await?;
    println!("open, new file        {:>10.1?}", start.elapsed());

    let names: Vec<Arc<str>> = (0..5).map(|at| format!("column{at}").into()).collect();
    let row = |id: i64| Change::Insert {
        table: table.clone(),
        id,
        values: vec![
            (names[0].clone(), Value::Integer(id % 1000)),
            (names[1].clone(), Value::Text(format!("Name {id}"))),
            (names[2].clone(), Value::Boolean(id % 2 == 0)),
            (names[3].clone(), Value::Text("2005-05-27T17:30:19Z".into())),
        ],
    };
    let start = Instant::now();
    store.load((1..=ROWS).map(row), &mut |_| {}).await?;
    println!(
        "load, rows/s          {:>10.0}",
        ROWS as f64 / start.elapsed().as_secs_f64()
    );

    let mut found = 0_i64;
    let all: Vec<Arc<str>> = (0..40).map(|at| format!("column{at}").into()).collect();
    let mut each = |cells: &dyn Cells| {
        found += i64::from(cells.cell(1) != bitting_store::Cell::Null);
        Flow::Continue
    };
    let start = Instant::now();
    for at in 0..100_000_i64 {
        store
            .get(&table, at * 7919 % ROWS + 1, &all, &mut each)
            .await?;
    }
    println!("get, 40 columns       {:>10.2?}", start.elapsed() / 100_000);

    let path = |name: &str, kind| Path {
        through: vec![],
        column: name.into(),
        kind,
    };
    let select = Select {
        table: table.clone(),
        columns: all.clone(),
        filter: Filter::Compare {
            path: path("column0", Kind::Integer),
            op: Comparison::Equal,
            value: Value::Integer(77),
        },
        order: vec![Order::by(path("id", Kind::Integer), false)],
        limit: Some(25),
        offset: 0,
    };
    let start = Instant::now();
    for _ in 0..10_000 {
        let statement = render_with(&select, store.dialect(), &store);
        store.select_quick(&statement, &mut each).await?;
    }
    println!("page of 25, quick     {:>10.2?}", start.elapsed() / 10_000);
    let start = Instant::now();
    for _ in 0..10_000 {
        let statement = render_with(&select, store.dialect(), &store);
        store.select(&statement, &mut each).await?;
    }
    println!("page of 25, as a scan {:>10.2?}", start.elapsed() / 10_000);

    let start = Instant::now();
    for _ in 0..200 {
        let id = store.next_id(&table).await?;
        store.write(vec![row(id)]).await?;
    }
    println!("write, alone          {:>10.2?}", start.elapsed() / 200);
    let start = Instant::now();
    let mut tasks = Vec::new();
    for _ in 0..32 {
        let mut rows = Vec::new();
        for _ in 0..100 {
            rows.push(row(store.next_id(&table).await?));
        }
        let store = store.clone();
        tasks.push(tokio::spawn(async move {
            for row in rows {
                store.write(vec![row]).await?;
            }
            Ok::<_, bitting_store::StoreError>(())
        }));
    }
    for task in tasks {
        task.await??;
    }
    println!(
        "writes/s, 32 at once  {:>10.0}",
        3200.0 / start.elapsed().as_secs_f64()
    );
    drop(store);
    let described = tables();
    let start = Instant::now();
    let store = Store::open(&location, described).await?;
    println!("open, again           {:>10.1?}", start.elapsed());
    drop(store);
    std::fs::remove_dir_all(directory)?;
    println!("({found} rows looked at)");
    Ok(())
}
