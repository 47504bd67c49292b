//! The way from a command to a running server: where it is, the operator's secret, and calls with clear
//! errors. The secret travels in a header, never in an argument.

use anyhow::{Context as _, Result, anyhow, bail};
use bitting_client::{Credentials, Options, Psa, Secret};
use reqwest::Method;
use reqwest::blocking::{Client, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{env, fs};

/// File beside the data that tells commands where the server is; only its owner may read it.
pub const OPERATOR_FILE: &str = "operator.json";

/// What a server leaves for the commands on its machine.
#[derive(Serialize, Deserialize)]
pub struct Operator {
    pub http: String,
    pub https: String,
    pub ca_file: PathBuf,
    pub company: String,
    pub client_id: String,
    pub token: String,
}

/// How commands are pointed at a server.
#[derive(clap::Args)]
pub struct Target {
    /// The server's data directory, or its operator.json; by default the server started last.
    #[arg(long, value_name = "PATH", env = "BITTING_SERVER", global = true)]
    server: Option<PathBuf>,
    /// Company on that server; by default its first.
    #[arg(long, value_name = "ID", global = true)]
    pub instance: Option<String>,
    /// Work on the server's Autotask instance: security levels and API users.
    #[arg(long, global = true)]
    pub autotask: bool,
    /// Print JSON for programs instead of a table for people.
    #[arg(long, global = true)]
    pub json: bool,
}

/// An open way to a server.
pub struct Connection {
    pub operator: Operator,
    pub company: String,
    /// The instance that was named, as it was typed.
    pub named: Option<String>,
    client: Client,
}

impl Target {
    /// Whether somebody said which server.
    pub fn names_server(&self) -> bool {
        self.server.is_some() || self.instance.is_some()
    }

    /// The way to an Autotask instance, where the command works on one.
    pub fn for_autotask(&self) -> Result<Option<Connection>> {
        self.autotask.then(|| self.autotask()).transpose()
    }

    /// The way to an Autotask instance: the operator's key is the same whatever instance is named.
    pub fn autotask(&self) -> Result<Connection> {
        let mut connection = self.connect()?;
        connection.company.clone_from(&connection.operator.company);
        Ok(connection)
    }

    pub fn connect(&self) -> Result<Connection> {
        if let Some(address) = self.server.as_ref().and_then(|path| path.to_str())
            && address.contains("://")
        {
            bail!(
                "--server and BITTING_SERVER name a data directory or its operator.json, and `{address}` is an address; \
                 a PSA elsewhere is named with --psa {address} --company ID and an administrator's key"
            );
        }
        let file = match &self.server {
            Some(path) if path.is_dir() => path.join(OPERATOR_FILE),
            Some(path) => path.clone(),
            None => pointed()?,
        };
        let text = fs::read_to_string(&file).with_context(|| {
            format!(
                "no running server found ({} cannot be read); start one with `bitting serve`, or name its data \
                 directory with --server",
                file.display()
            )
        })?;
        let operator: Operator =
            serde_json::from_str(&text).with_context(|| not_an_operator_file(&text, &file))?;
        let client = Client::builder()
            .timeout(Duration::from_secs(60))
            .build()
            .context("cannot prepare HTTP")?;
        let company = self
            .instance
            .clone()
            .unwrap_or_else(|| operator.company.clone());
        Ok(Connection {
            operator,
            company,
            named: self.instance.clone(),
            client,
        })
    }
}

impl Connection {
    /// The server's PSA as its operator sees it, at the address and path that every server has.
    pub fn open(&self, options: &Options<'_>) -> Result<Psa> {
        let operator = &self.operator;
        let credentials = Credentials {
            company: self.company.clone(),
            public_key: "operator".to_owned(),
            private_key: Secret::new(operator.token.clone()),
            client_id: Some(operator.client_id.clone()),
        };
        let options = Options {
            usual_path: true,
            ..options.clone()
        };
        Ok(Psa::open(&operator.http, credentials, &options)?)
    }

    /// A call on the vendor's API, path below `apis/3.0/`.
    pub fn psa(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        self.call(method, &format!("v4_6_release/apis/3.0/{path}"), body)
    }

    /// A call on Bitting's own API, path below `bitting/apis/3.0/`.
    pub fn own(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        self.call(method, &format!("bitting/apis/3.0/{path}"), body)
    }

    /// Every record of a list.
    pub fn all(&self, path: &str) -> Result<Vec<Value>> {
        let mut all = Vec::new();
        for page in 1.. {
            let joint = if path.contains('?') { '&' } else { '?' };
            let found = self.psa(
                Method::GET,
                &format!("{path}{joint}pageSize=1000&page={page}"),
                None,
            )?;
            let Value::Array(rows) = found else {
                bail!("the server answered {path} with something that is no list");
            };
            let last = rows.len() < 1000;
            all.extend(rows);
            if last {
                break;
            }
        }
        Ok(all)
    }

    /// The record that a word names: by id, or by a field's value without regard to letter case.
    pub fn find(&self, path: &str, fields: &[&str], word: &str, what: &str) -> Result<Value> {
        let rows = self.all(path)?;
        let id = word.parse::<i64>().ok();
        let named = |row: &&Value| {
            fields.iter().any(|field| {
                row[*field]
                    .as_str()
                    .is_some_and(|text| text.eq_ignore_ascii_case(word))
            }) || id.is_some_and(|id| row["id"].as_i64() == Some(id))
        };
        if let Some(row) = rows.iter().find(named) {
            return Ok(row.clone());
        }
        let known: Vec<&str> = rows
            .iter()
            .filter_map(|row| row[fields[0]].as_str())
            .take(20)
            .collect();
        Err(anyhow!(
            "there is no {what} '{word}'; there are: {}",
            known.join(", ")
        ))
    }

    fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        let url = format!("{}/{path}", self.operator.http);
        let user = format!("{}+operator", self.company);
        let mut request = self
            .client
            .request(method, &url)
            .basic_auth(user, Some(&self.operator.token))
            .header("clientId", &self.operator.client_id);
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().map_err(|error| {
            anyhow!(
                "the server at {} does not answer ({}); is it still running?",
                self.operator.http,
                error.without_url()
            )
        })?;
        if response.status() == reqwest::StatusCode::UNAUTHORIZED {
            bail!(
                "the server at {} has no company `{}`, or was started anew with other data; `bitting instance list` names its \
                 companies for --instance",
                self.operator.http,
                self.company
            );
        }
        read(response)
    }
}

/// What is wrong with a file that is no operator file. The ready file is easily taken for it.
fn not_an_operator_file(text: &str, file: &Path) -> String {
    let value: Value = serde_json::from_str(text).unwrap_or_default();
    let what = if value.get("connectwise").is_some() || value.get("autotask").is_some() {
        "is a ready file, which holds keys for clients and not the operator's"
    } else {
        "is not a server's operator file"
    };
    format!(
        "{} {what}; name the server's data directory (`bitting serve --data DIR`) or the {OPERATOR_FILE} in it, or leave \
         it out for the server started last",
        file.display()
    )
}

fn read(response: Response) -> Result<Value> {
    let status = response.status();
    let denial = response
        .headers()
        .get("x-bitting-denial")
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned);
    let text = response.text().context("the answer broke off")?;
    let value: Value = if text.is_empty() {
        Value::Null
    } else {
        serde_json::from_str(&text).unwrap_or(Value::String(text))
    };
    if status.is_success() {
        return Ok(value);
    }
    let inner: Vec<&str> = value["errors"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|error| error["message"].as_str())
        .collect();
    let message = if inner.is_empty() {
        value["message"]
            .as_str()
            .unwrap_or("the server refused")
            .to_owned()
    } else {
        inner.join("; ")
    };
    match denial {
        Some(denial) => bail!("{message} ({denial})"),
        None => bail!("{message} (HTTP {})", status.as_u16()),
    }
}

/// Where the server that was started last left its file.
fn pointed() -> Result<PathBuf> {
    let pointer = pointer().ok_or_else(|| {
        anyhow!("no home directory; name the server's data directory with --server")
    })?;
    let text = fs::read_to_string(&pointer)
        .map_err(|_| anyhow!("no running server found; start one with `bitting serve`, or name its data directory with --server"))?;
    Ok(PathBuf::from(text.trim()))
}

/// File that names the operator file of the server started last.
pub fn pointer() -> Option<PathBuf> {
    let state = env::var_os("XDG_STATE_HOME").map(PathBuf::from);
    let base =
        state.or_else(|| env::var_os("HOME").map(|home| Path::new(&home).join(".local/state")))?;
    Some(base.join("bitting").join("server"))
}
