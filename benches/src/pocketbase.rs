//! PocketBase with a collection of tickets whose rules let a user see, change and create only its own.

use crate::Places;
use crate::load::{Answer, Connection, request};
use crate::process::{Server, free_port};
use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// Owners that the tickets are spread over, about as many as the demo company has technicians.
const OWNERS: usize = 12;
/// Companies that the tickets are spread over, as many as the demo company has.
pub const COMPANIES: i64 = 240;
const PASSWORD: &str = "benchmark-only";

/// A running PocketBase and a user's token.
pub struct PocketBase {
    pub server: Server,
    pub address: SocketAddr,
    token: String,
    user: String,
    rows: u32,
}

impl PocketBase {
    /// Serves a collection of so many tickets; makes it first where it is not there yet.
    pub fn open(places: &Places, program: &Path, rows: u32) -> Result<Self> {
        let directory = places.data.join(format!("pocketbase-{rows}"));
        fs::create_dir_all(&directory)?;
        let (data, log) = (directory.join("pb_data"), directory.join("log.txt"));
        let done = directory.join("bench-complete");
        if !done.exists() {
            eprintln!("  .. making {rows} tickets for PocketBase");
            let _ = fs::remove_dir_all(&data);
            fill(program, &data, &log, &places.root, rows)?;
            fs::write(done, "")?;
        }
        let (server, address) = serve(program, &data, &log)?;
        let signed = sign_in(address, "users", "user0@example.com")?;
        let user = signed
            .pointer("/record/id")
            .and_then(Value::as_str)
            .context("no user in the answer")?
            .to_owned();
        Ok(Self {
            server,
            address,
            token: token(&signed)?,
            user,
            rows,
        })
    }

    /// Reads by id of the user's own tickets, spread over all.
    pub fn by_id(&self) -> Vec<Vec<u8>> {
        let own =
            (0..self.rows as usize / OWNERS).step_by((self.rows as usize / OWNERS / 2_000).max(1));
        own.map(|turn| self.get(&format!("/{}", id(turn * OWNERS))))
            .collect()
    }

    /// Lists of 25 of the user's own tickets of one company, without the count of all.
    pub fn lists(&self) -> Vec<Vec<u8>> {
        let path = |company| format!("?perPage=25&skipTotal=1&filter=company%3D{company}");
        (1..=COMPANIES)
            .map(|company| self.get(&path(company)))
            .collect()
    }

    pub fn creates(&self) -> Vec<Vec<u8>> {
        let body = |company: i64| {
            json!({
                "summary": "A ticket of the benchmark", "company": company, "board": 1, "status": 1, "priority": 3,
                "owner": self.user, "severity": "Low", "impact": "Low", "closed": false,
                "contactName": "Ada Example", "city": "Harborview",
            })
        };
        let post = |company| {
            let headers = [("Authorization", self.token.as_str())];
            request(
                "POST",
                "/api/collections/tickets/records",
                &headers,
                Some(&body(company).to_string()),
            )
        };
        (1..=COMPANIES).map(post).collect()
    }

    fn get(&self, rest: &str) -> Vec<u8> {
        let path = format!("/api/collections/tickets/records{rest}");
        request("GET", &path, &[("Authorization", &self.token)], None)
    }
}

/// The id of a ticket, as `fill_pocketbase.py` writes it.
fn id(number: usize) -> String {
    format!("t{number:014}")
}

fn serve(program: &Path, data: &Path, log: &Path) -> Result<(Server, SocketAddr)> {
    let port = free_port()?;
    let (directory, http) = (
        format!("--dir={}", data.display()),
        format!("--http=127.0.0.1:{port}"),
    );
    let mut server = Server::start(program, &["serve", &directory, &http], &[], log)?;
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let health = request("GET", "/api/health", &[], None);
    server.until(Duration::from_secs(60), log, || {
        Connection::open(address).ok()?.ask(&health).ok()
    })?;
    Ok((server, address))
}

fn fill(program: &Path, data: &Path, log: &Path, root: &Path, rows: u32) -> Result<()> {
    let directory = format!("--dir={}", data.display());
    let made = Command::new(program)
        .args([
            "superuser",
            "upsert",
            "admin@example.com",
            PASSWORD,
            &directory,
        ])
        .output()?;
    if !made.status.success() {
        bail!(
            "pocketbase superuser: {}",
            String::from_utf8_lossy(&made.stderr)
        );
    }
    let (server, address) = serve(program, data, log)?;
    let admin = token(&sign_in(address, "_superusers", "admin@example.com")?)?;
    let call = |method: &str, path: &str, body: &Value| -> Result<Value> {
        let headers = [("Authorization", admin.as_str())];
        read(Connection::open(address)?.ask(&request(
            method,
            path,
            &headers,
            Some(&body.to_string()),
        ))?)
    };
    // Its log of requests costs a write now and then; it is measured without.
    call(
        "PATCH",
        "/api/settings",
        &json!({ "logs": { "maxDays": 0 } }),
    )?;
    let users = call("GET", "/api/collections/users", &Value::Null)?;
    let users = users["id"].as_str().context("no collection of users")?;
    for number in 0..OWNERS {
        let email = format!("user{number}@example.com");
        let body = json!({ "email": email, "password": PASSWORD, "passwordConfirm": PASSWORD });
        call("POST", "/api/collections/users/records", &body)?;
    }
    let rule = "owner = @request.auth.id";
    let field = |name: &str, kind: &str| json!({ "name": name, "type": kind });
    let collection = json!({
        "name": "tickets", "type": "base",
        "listRule": rule, "viewRule": rule, "createRule": rule, "updateRule": rule, "deleteRule": rule,
        "fields": [
            field("summary", "text"), field("company", "number"), field("board", "number"),
            field("status", "number"), field("priority", "number"),
            { "name": "owner", "type": "relation", "collectionId": users, "maxSelect": 1 },
            field("severity", "text"), field("impact", "text"), field("closed", "bool"),
            field("contactName", "text"), field("city", "text"),
            { "name": "created", "type": "autodate", "onCreate": true },
            { "name": "updated", "type": "autodate", "onCreate": true, "onUpdate": true },
        ],
        "indexes": [
            "CREATE INDEX tickets_company ON tickets (company)",
            "CREATE INDEX tickets_owner ON tickets (owner, company)",
        ],
    });
    call("POST", "/api/collections", &collection)?;
    drop(server);
    let filled = Command::new("python3")
        .arg(root.join("benches/fill_pocketbase.py"))
        .arg(data.join("data.db"))
        .args([rows.to_string(), COMPANIES.to_string()])
        .status()?;
    if !filled.success() {
        bail!("fill_pocketbase.py failed");
    }
    Ok(())
}

fn sign_in(address: SocketAddr, collection: &str, identity: &str) -> Result<Value> {
    let path = format!("/api/collections/{collection}/auth-with-password");
    let body = json!({ "identity": identity, "password": PASSWORD }).to_string();
    read(Connection::open(address)?.ask(&request("POST", &path, &[], Some(&body)))?)
}

fn token(signed: &Value) -> Result<String> {
    Ok(signed["token"]
        .as_str()
        .context("no token in the answer")?
        .to_owned())
}

fn read(answer: Answer) -> Result<Value> {
    if answer.status >= 300 {
        bail!(
            "PocketBase answers {}: {}",
            answer.status,
            String::from_utf8_lossy(&answer.body)
        );
    }
    if answer.body.is_empty() {
        return Ok(Value::Null);
    }
    Ok(serde_json::from_slice(&answer.body)?)
}
