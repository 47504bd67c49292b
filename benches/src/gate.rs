//! What `bitting gate` adds to a call: the same requests straight to an embedded PSA, and through a gate in front of
//! it, whose CPU time is counted apart. For a virtual key to which everything is open, and for one of a single
//! location, whose records the gate has to prove.

use crate::Places;
use crate::company::{Company, Member};
use crate::load::{self, Connection, Load};
use crate::process::{SERVER_CORE, Server};
use crate::report::{Table, figure};
use crate::serve::FIELDS;
use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

const TICKETS: u32 = 10_000;

struct Gate {
    server: Server,
    address: SocketAddr,
    directory: PathBuf,
}

pub fn measure(places: &Places) -> Result<Vec<Table>> {
    let company = Company::open(places, TICKETS)?;
    let gate = Gate::open(places, &company)?;
    let mut table = Table::new(
        "gate: the same calls straight to the PSA and through the gate, both on one core",
        &[
            "call",
            "virtual key",
            "direct CPU us",
            "gate CPU us",
            "PSA CPU us",
            "direct p50 ms",
            "through p50 ms",
            "answers/s, ratio",
        ],
    );
    for (label, name, location) in [
        ("every location", "Everywhere", "Corporate"),
        ("one location", "Desk", "Harborview"),
    ] {
        let member = gate.desk(places, &company, label, name, location)?;
        let tickets = gate.ids(&member, "/service/tickets?pageSize=300&fields=id", "/id")?;
        let companies = "/service/tickets?pageSize=1000&fields=company/id";
        let companies = gate.ids(&member, companies, "/company/id")?;
        let by_id = |who: &Member| -> Vec<Vec<u8>> {
            let path = |id| format!("/service/tickets/{id}?fields={FIELDS}");
            tickets.iter().map(|id| who.get(&path(id))).collect()
        };
        let list = |who: &Member| -> Vec<Vec<u8>> {
            let path = |id| {
                format!("/service/tickets?conditions=company/id={id}&pageSize=25&fields={FIELDS}")
            };
            companies.iter().map(|id| who.get(&path(id))).collect()
        };
        let admin = company.admin();
        for (call, direct, through) in [
            ("by id, 12 fields", by_id(&admin), by_id(&member)),
            ("25 of a company, 12 fields", list(&admin), list(&member)),
        ] {
            let load = |address, requests: &Vec<Vec<u8>>, connections| Load {
                address,
                requests: requests.clone(),
                status: 200,
                connections,
                seconds: 3,
            };
            let straight = load::run(&load(company.address, &direct, 16), &company.server)?;
            let (gate_before, psa_before) = (gate.server.cpu(), company.server.cpu());
            let guarded = load::run(&load(gate.address, &through, 16), &gate.server)?;
            // Warming up is in both of these, so that their ratio holds.
            let gate_cpu = gate.server.cpu().saturating_sub(gate_before).as_secs_f64();
            let psa_cpu = company
                .server
                .cpu()
                .saturating_sub(psa_before)
                .as_secs_f64();
            let alone = load::run(&load(company.address, &direct, 1), &company.server)?;
            let behind = load::run(&load(gate.address, &through, 1), &gate.server)?;
            table.row([
                call.to_owned(),
                member.label.to_owned(),
                figure(straight.cpu),
                figure(guarded.cpu),
                figure(guarded.cpu * psa_cpu / gate_cpu.max(1e-9)),
                figure(alone.median),
                figure(behind.median),
                format!("{:.2}", guarded.rate / straight.rate),
            ]);
        }
    }
    table.note("p50 with one connection, the rest with sixteen. The PSA's key is an administrator's in both.");
    Ok(vec![table])
}

impl Gate {
    fn open(places: &Places, company: &Company) -> Result<Self> {
        let directory = places.data.join("gate");
        let _ = fs::remove_dir_all(&directory);
        fs::create_dir_all(&directory)?;
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let (data, log) = (text(&directory), directory.join("log.txt"));
        let ready = directory.join("ready.json");
        let psa = format!("http://{}", company.address);
        let word = |pointer: &str| -> Result<String> {
            let found = company.facts.pointer(pointer).and_then(Value::as_str);
            Ok(found.context("no key in the ready file")?.to_owned())
        };
        let (public, private) = (
            word("/connectwise/admin/public_key")?,
            word("/connectwise/admin/private_key")?,
        );
        let (client, name) = (
            word("/connectwise/client_id")?,
            word("/connectwise/company")?,
        );
        let environment = [
            ("HOME", data.as_str()),
            ("XDG_STATE_HOME", data.as_str()),
            ("BITTING_PUBLIC_KEY", public.as_str()),
            ("BITTING_PRIVATE_KEY", private.as_str()),
            ("BITTING_CLIENT_ID", client.as_str()),
        ];
        let ready_text = text(&ready);
        let arguments = [
            "gate",
            "--psa",
            &psa,
            "--company",
            &name,
            "--data",
            &data,
            "--port",
            "0",
            "--ready-file",
            &ready_text,
        ];
        let core = Some(SERVER_CORE);
        let mut server = Server::start_on(core, &places.bitting, &arguments, &environment, &log)?;
        let facts: Value = server.until(Duration::from_secs(60), &log, || {
            serde_json::from_slice(&fs::read(&ready).ok()?).ok()
        })?;
        let port = facts["http"]
            .as_str()
            .and_then(|url| url.rsplit(':').next());
        let port = port.and_then(|port| port.parse().ok()).context("no port")?;
        Ok(Self {
            server,
            address: SocketAddr::from(([127, 0, 0, 1], port)),
            directory,
        })
    }

    /// A command of Bitting's on the gate.
    fn command(&self, places: &Places, words: &[&str]) -> Result<()> {
        let done = Command::new(&places.bitting)
            .args(words)
            .env("BITTING_SERVER", &self.directory)
            .env("HOME", &self.directory)
            .output()?;
        if !done.status.success() {
            bail!(
                "bitting {}: {}",
                words.join(" "),
                String::from_utf8_lossy(&done.stderr)
            );
        }
        Ok(())
    }

    /// The virtual key of a member at a node of the structure, whose role opens every ticket there.
    fn desk(
        &self,
        places: &Places,
        company: &Company,
        label: &'static str,
        name: &str,
        location: &str,
    ) -> Result<Member> {
        let file = self.directory.join(format!("{name}.json"));
        let file_text = file.to_string_lossy().into_owned();
        let tickets = "Service Desk / Service Tickets";
        let levels = ["--add", "All", "--edit", "All", "--inquire", "All"];
        self.command(places, &["role", "create", name])?;
        self.command(
            places,
            &[&["role", "set", name, tickets][..], &levels].concat(),
        )?;
        let seat = ["--role", name, "--location", location];
        self.command(places, &[&["member", "create", name][..], &seat].concat())?;
        let key = ["--description", "benchmark", "--key-file", &file_text];
        self.command(places, &[&["key", "new", name][..], &key].concat())?;
        let cut: Value = serde_json::from_slice(&fs::read(&file)?)?;
        let half = |name: &str| cut[name].as_str().context("no key in the file");
        let (public, private) = (half("public_key")?, half("private_key")?);
        Ok(company.holder(label, public, private))
    }

    /// What a list through the gate shows at a place of each record, each once.
    fn ids(&self, member: &Member, path: &str, place: &str) -> Result<Vec<i64>> {
        let answer = Connection::open(self.address)?.ask(&member.get(path))?;
        if answer.status != 200 {
            bail!(
                "{}: {}",
                answer.status,
                String::from_utf8_lossy(&answer.body)
            );
        }
        let page: Value = serde_json::from_slice(&answer.body)?;
        let rows = page.as_array().into_iter().flatten();
        let mut ids: Vec<i64> = rows
            .filter_map(|row| row.pointer(place)?.as_i64())
            .collect();
        ids.sort_unstable();
        ids.dedup();
        if ids.is_empty() {
            bail!("{path} shows nothing through the gate");
        }
        Ok(ids)
    }
}
