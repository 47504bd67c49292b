//! A Bitting server with a company of so many tickets, and keys of members who see it differently. A large
//! company stays for the next run.

use crate::Places;
use crate::load::{Connection, request};
use crate::process::Server;
use anyhow::{Context as _, Result, bail};
use base64::Engine as _;
use serde_json::Value;
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

const API: &str = "/v4_6_release/apis/3.0";
/// From so many tickets on a company stays for the next run.
const KEPT: u32 = 500_000;
const OWN: &str = "/bitting/apis/3.0";

/// A served company.
pub struct Company {
    pub server: Server,
    pub address: SocketAddr,
    client_id: String,
    name: String,
    admin: String,
    pub least: Member,
    /// The ready file.
    pub facts: Value,
    /// Where the state is kept.
    pub directory: PathBuf,
}

/// A member with a key: what its requests carry.
#[derive(Clone)]
pub struct Member {
    pub label: &'static str,
    authorization: String,
    client_id: String,
}

impl Company {
    /// Serves a company kept in the data directory; makes it first where it is not there yet.
    pub fn open(places: &Places, tickets: u32) -> Result<Self> {
        Self::start(places, tickets, true)
    }

    fn start(places: &Places, tickets: u32, fresh: bool) -> Result<Self> {
        let directory = places.data.join(format!("tickets-{tickets}"));
        fs::create_dir_all(&directory)?;
        let done = directory.join("bench-complete");
        // Each run adds what it creates: a drop in a million, but not in a few.
        if tickets < KEPT && fresh {
            let _ = fs::remove_file(&done);
        }
        if !done.exists() {
            eprintln!("  .. making {tickets} tickets");
            // What an earlier run left unfinished.
            for entry in fs::read_dir(&directory)?.flatten() {
                fs::remove_file(entry.path()).or_else(|_| fs::remove_dir_all(entry.path()))?;
            }
        }
        let (ready, log) = (directory.join("ready.json"), directory.join("log.txt"));
        let _ = fs::remove_file(&ready);
        let text = |path: &PathBuf| path.to_string_lossy().into_owned();
        let (data, ready_text, count) = (text(&directory), text(&ready), tickets.to_string());
        let arguments = [
            "serve",
            "--port",
            "0",
            "--ready-file",
            &ready_text,
            "--data",
            &data,
            "--tickets",
            &count,
        ];
        let home = [("HOME", data.as_str()), ("XDG_STATE_HOME", data.as_str())];
        // Many rows take a while; making them may use both cores.
        let core = if done.exists() {
            Some(crate::process::SERVER_CORE)
        } else {
            None
        };
        let mut server = Server::start_on(core, &places.bitting, &arguments, &home, &log)?;
        let facts: Value = server.until(Duration::from_secs(900), &log, || {
            serde_json::from_slice(&fs::read(&ready).ok()?).ok()
        })?;
        if !done.exists() {
            drop(server);
            fs::write(done, "")?;
            return Self::start(places, tickets, false);
        }
        let word = |pointer: &str| -> Result<String> {
            let found = facts.pointer(pointer).and_then(Value::as_str);
            Ok(found
                .with_context(|| format!("the ready file has no {pointer}"))?
                .to_owned())
        };
        let port = word("/http")?
            .rsplit(':')
            .next()
            .and_then(|port| port.parse().ok())
            .context("no port")?;
        let (name, client_id) = (
            word("/connectwise/company")?,
            word("/connectwise/client_id")?,
        );
        let pair = |who: &str| -> Result<String> {
            let half = |half: &str| word(&format!("/connectwise/{who}/{half}"));
            Ok(basic(&name, &half("public_key")?, &half("private_key")?))
        };
        let least = Member {
            label: "least privilege",
            authorization: pair("least")?,
            client_id: client_id.clone(),
        };
        Ok(Self {
            server,
            address: SocketAddr::from(([127, 0, 0, 1], port)),
            admin: pair("admin")?,
            least,
            client_id,
            name,
            facts,
            directory,
        })
    }

    pub fn admin(&self) -> Member {
        Member {
            label: "admin",
            authorization: self.admin.clone(),
            client_id: self.client_id.clone(),
        }
    }

    /// Whoever holds this pair.
    pub fn holder(&self, label: &'static str, public: &str, private: &str) -> Member {
        Member {
            label,
            authorization: basic(&self.name, public, private),
            client_id: self.client_id.clone(),
        }
    }

    /// One call of Bitting's own API, as whoever runs the server.
    pub fn own(&self, method: &str, path: &str, body: &Value) -> Result<Value> {
        let file = std::fs::read(self.directory.join("operator.json"))?;
        let operator: Value = serde_json::from_slice(&file)?;
        let token = operator["token"].as_str().context("no token")?;
        let who = self.holder("operator", "operator", token);
        let body = body.to_string();
        self.json(&request(
            method,
            &format!("{OWN}{path}"),
            &who.headers(),
            Some(&body),
        ))
    }

    /// Cuts a key for a member of the demo company.
    pub fn member(&self, identifier: &str, label: &'static str) -> Result<Member> {
        let found = self.json(&self.admin().get(&format!(
            "/system/members?conditions=identifier=%22{identifier}%22&fields=id"
        )))?;
        let id = found.pointer("/0/id").and_then(Value::as_i64);
        let id = id.with_context(|| format!("the demo company has no member {identifier}"))?;
        let path = format!("{OWN}/system/members/{id}/keys");
        let admin = self.admin();
        let cut = self.json(&request(
            "POST",
            &path,
            &admin.headers(),
            Some("{\"description\":\"benchmark\"}"),
        ))?;
        let half = |name: &str| {
            cut.get(name)
                .and_then(Value::as_str)
                .context("no key in the answer")
        };
        Ok(Member {
            label,
            authorization: basic(&self.name, half("publicKey")?, half("privateKey")?),
            client_id: self.client_id.clone(),
        })
    }

    /// One call and its answer as JSON.
    pub fn json(&self, request: &[u8]) -> Result<Value> {
        let answer = Connection::open(self.address)?.ask(request)?;
        if answer.status >= 300 {
            bail!(
                "{}: {}",
                answer.status,
                String::from_utf8_lossy(&answer.body)
            );
        }
        Ok(serde_json::from_slice(&answer.body)?)
    }

    /// Ids of tickets that a member may read, spread over all there are.
    pub fn tickets_of(&self, member: &Member) -> Result<Vec<i64>> {
        let last = self.json(
            &self
                .admin()
                .get("/service/tickets?orderBy=id%20desc&pageSize=1&fields=id"),
        )?;
        let last = last
            .pointer("/0/id")
            .and_then(Value::as_i64)
            .context("there are no tickets")?;
        let (mut ids, steps) = (Vec::new(), 100);
        for step in 0..steps {
            let from = last * step / steps;
            let path = format!("/service/tickets?conditions=id%3E{from}&pageSize=20&fields=id");
            let page = self.json(&member.get(&path))?;
            ids.extend(
                page.as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(|row| row["id"].as_i64()),
            );
        }
        ids.sort_unstable();
        ids.dedup();
        // In an order that jumps from page to page.
        let mut shuffled = Vec::with_capacity(ids.len());
        let stride = (ids.len() / 2 + 1) | 1;
        for index in 0..ids.len() {
            shuffled.push(ids[(index * stride + index / 7) % ids.len()]);
        }
        Ok(shuffled)
    }

    /// Ids of companies that have open tickets in sight of the member.
    pub fn companies_of(&self, member: &Member) -> Result<Vec<i64>> {
        let path = "/service/tickets?conditions=closedFlag=false&pageSize=1000&fields=company/id";
        let page = self.json(&member.get(path))?;
        let rows = page.as_array().into_iter().flatten();
        let mut ids: Vec<i64> = rows
            .filter_map(|row| row.pointer("/company/id")?.as_i64())
            .collect();
        ids.sort_unstable();
        ids.dedup();
        Ok(ids)
    }
}

impl Member {
    /// A GET of a path below the API root.
    pub fn get(&self, path: &str) -> Vec<u8> {
        request("GET", &format!("{API}{path}"), &self.headers(), None)
    }

    pub fn post(&self, path: &str, body: &str) -> Vec<u8> {
        request("POST", &format!("{API}{path}"), &self.headers(), Some(body))
    }

    fn headers(&self) -> [(&str, &str); 2] {
        [
            ("Authorization", &self.authorization),
            ("clientId", &self.client_id),
        ]
    }
}

fn basic(company: &str, public: &str, private: &str) -> String {
    let text = format!("{company}+{public}:{private}");
    format!(
        "Basic {}",
        base64::engine::general_purpose::STANDARD.encode(text)
    )
}
