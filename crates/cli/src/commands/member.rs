//! `bitting member`: API members.

use crate::connection::{Connection, Target};
use crate::table;
use anyhow::Result;
use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};

const MEMBERS: &str = "system/apiMembers";

/// API members: who holds keys.
#[derive(Args)]
pub struct Member {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    target: Target,
}

#[derive(Subcommand)]
enum Action {
    /// List the API members.
    List,
    /// Show one API member.
    Show { member: String },
    /// Make an API member.
    Create {
        /// Member id, up to 15 characters.
        identifier: String,
        #[command(flatten)]
        form: Form,
    },
    /// Change an API member.
    Set {
        member: String,
        #[command(flatten)]
        form: Form,
    },
    /// Make an API member's keys stop working at once.
    Deactivate { member: String },
    /// Make them work again.
    Activate { member: String },
}

/// The form of an API member; what is left out stays, or gets its default.
#[derive(Args)]
struct Form {
    /// Name, up to 30 characters.
    #[arg(long)]
    name: Option<String>,
    /// Security role, by name or id.
    #[arg(long)]
    role: Option<String>,
    #[arg(long)]
    email: Option<String>,
    /// Node of the structure whose records it sees, "Corporate" for all.
    #[arg(long)]
    location: Option<String>,
    /// Location of records it makes.
    #[arg(long)]
    default_location: Option<String>,
    /// Department of records it makes.
    #[arg(long)]
    default_department: Option<String>,
    /// Board of tickets it makes without one.
    #[arg(long)]
    default_board: Option<String>,
    /// Boards it does not see.
    #[arg(long, value_name = "BOARD")]
    exclude_board: Vec<String>,
    /// Hide prices.
    #[arg(long)]
    block_price: Option<bool>,
    /// Hide costs.
    #[arg(long)]
    block_cost: Option<bool>,
    #[arg(long)]
    notes: Option<String>,
}

const COLUMNS: [(&str, &str); 6] = [
    ("ID", "id"),
    ("IDENTIFIER", "identifier"),
    ("NAME", "name"),
    ("ROLE", "securityRole/name"),
    ("LOCATION", "securityLocation/name"),
    ("INACTIVE", "inactiveFlag"),
];

impl Member {
    pub fn run(self) -> Result<()> {
        let connection = self.target.connect()?;
        let json = self.target.json;
        match self.action {
            Action::List => table::print(&connection.all(MEMBERS)?, &COLUMNS, json),
            Action::Show { member } => {
                table::print_one(&find(&connection, &member)?, &COLUMNS, json)
            }
            Action::Create { identifier, form } => {
                let mut body = form.body(&connection)?;
                body["identifier"] = json!(identifier);
                if body["name"].is_null() {
                    body["name"] = json!(identifier);
                }
                let made = connection.psa(Method::POST, MEMBERS, Some(&body))?;
                table::print_one(&made, &COLUMNS, json)
            }
            Action::Set { member, form } => {
                change(&connection, &member, &form.body(&connection)?, json)
            }
            Action::Deactivate { member } => {
                change(&connection, &member, &json!({ "inactiveFlag": true }), json)
            }
            Action::Activate { member } => change(
                &connection,
                &member,
                &json!({ "inactiveFlag": false }),
                json,
            ),
        }
    }
}

impl Form {
    fn body(&self, connection: &Connection) -> Result<Value> {
        let mut body = json!({});
        let texts = [
            ("name", &self.name),
            ("emailAddress", &self.email),
            ("notes", &self.notes),
        ];
        for (name, value) in texts {
            if let Some(value) = value {
                body[name] = json!(value);
            }
        }
        let references = [
            (
                "securityRole",
                &self.role,
                "system/securityroles",
                "security role",
            ),
            (
                "securityLocation",
                &self.location,
                "system/locations",
                "location",
            ),
            (
                "defaultLocation",
                &self.default_location,
                "system/locations",
                "location",
            ),
            (
                "defaultDepartment",
                &self.default_department,
                "system/departments",
                "department",
            ),
            (
                "serviceDefaultBoard",
                &self.default_board,
                "service/boards",
                "service board",
            ),
        ];
        for (name, word, path, what) in references {
            if let Some(word) = word {
                let found = connection.find(path, &["name", "identifier"], word, what)?;
                body[name] = json!({ "id": found["id"] });
            }
        }
        if !self.exclude_board.is_empty() {
            let mut ids = Vec::new();
            for board in &self.exclude_board {
                ids.push(
                    connection.find("service/boards", &["name"], board, "service board")?["id"]
                        .clone(),
                );
            }
            body["excludedServiceBoardIds"] = json!(ids);
        }
        for (name, flag) in [
            ("blockPriceFlag", self.block_price),
            ("blockCostFlag", self.block_cost),
        ] {
            if let Some(flag) = flag {
                body[name] = json!(flag);
            }
        }
        Ok(body)
    }
}

/// The API member that a word names.
pub fn find(connection: &Connection, member: &str) -> Result<Value> {
    connection.find(MEMBERS, &["identifier", "name"], member, "API member")
}

fn change(connection: &Connection, member: &str, body: &Value, json: bool) -> Result<()> {
    let id = find(connection, member)?["id"].as_i64().unwrap_or_default();
    let patch: Vec<Value> = body
        .as_object()
        .into_iter()
        .flatten()
        .map(|(path, value)| json!({ "op": "replace", "path": path, "value": value }))
        .collect();
    let changed = connection.psa(
        Method::PATCH,
        &format!("{MEMBERS}/{id}"),
        Some(&json!(patch)),
    )?;
    table::print_one(&changed, &COLUMNS, json)
}
