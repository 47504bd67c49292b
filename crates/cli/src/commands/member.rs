//! `bitting member`: API members.

use crate::autotask::manage::Area;
use crate::connection::{Connection, Target};
use crate::handover::Handover;
use crate::table;
use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};

const MEMBERS: &str = "system/apiMembers";

/// API members: who holds keys. With --autotask, API users.
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
    /// Show one API member's form.
    Show {
        /// Member id, name or number; Autotask: name, e-mail address or user name.
        member: String,
    },
    /// Autotask: list the people, with their levels and whether API users may act as them.
    People,
    /// Make an API member.
    Create {
        /// Member id, up to 15 characters; Autotask: first and last name.
        identifier: String,
        #[command(flatten)]
        form: Form,
        /// Autotask: where the key goes that comes with the user.
        #[command(flatten)]
        handover: Handover,
    },
    /// Change an API member; Autotask: also the level and the lines of business of a person.
    Set {
        /// Member id, name or number; Autotask: name, e-mail address or user name.
        member: String,
        #[command(flatten)]
        form: Form,
    },
    /// Make an API member's keys stop working at once.
    Deactivate {
        /// Member id, name or number; Autotask: name, e-mail address or user name.
        member: String,
    },
    /// Make them work again.
    Activate {
        /// Member id, name or number; Autotask: name, e-mail address or user name.
        member: String,
    },
    /// Autotask: lock an API user out.
    Lock {
        /// Its name, e-mail address, user name or number.
        member: String,
    },
    /// Autotask: let it in again.
    Unlock {
        /// Its name, e-mail address, user name or number.
        member: String,
    },
    /// Autotask: remove an API user; its resource stays, inactive, because records name it.
    Delete {
        /// Its name, e-mail address, user name or number.
        member: String,
    },
}

/// The form of an API member; what is left out stays, or gets its default.
#[derive(Args)]
struct Form {
    /// Name, up to 30 characters; Autotask: first and last name.
    #[arg(long)]
    name: Option<String>,
    /// Security role, by name or id; Autotask: security level.
    #[arg(long)]
    role: Option<String>,
    /// E-mail address.
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
    /// Default territory: location of its sales.
    #[arg(long)]
    sales_location: Option<String>,
    /// Board of tickets it makes without one.
    #[arg(long)]
    default_board: Option<String>,
    /// Board it does not see; may be repeated, and replaces all.
    #[arg(long, value_name = "BOARD")]
    exclude_board: Vec<String>,
    /// It sees every board.
    #[arg(long, conflicts_with = "exclude_board")]
    no_excluded_boards: bool,
    /// Time zone, by name or id.
    #[arg(long)]
    time_zone: Option<String>,
    /// Hide prices.
    #[arg(long)]
    block_price: Option<bool>,
    /// Hide costs.
    #[arg(long)]
    block_cost: Option<bool>,
    /// Notes.
    #[arg(long)]
    notes: Option<String>,
    /// Autotask: integration vendor of the tracking identifier; without one it is custom.
    #[arg(long, value_name = "NAME", requires = "autotask")]
    vendor: Option<String>,
    /// Autotask: View Protected Data.
    #[arg(long, requires = "autotask")]
    protected_data: Option<bool>,
    /// Autotask: line of business it works for, "Managed Services > East"; may be repeated, and replaces all.
    #[arg(long = "line", value_name = "LINE", requires = "autotask")]
    lines: Vec<String>,
    /// Autotask: no line of business.
    #[arg(long, requires = "autotask", conflicts_with = "lines")]
    no_lines: bool,
}

const COLUMNS: [(&str, &str); 6] = [
    ("ID", "id"),
    ("IDENTIFIER", "identifier"),
    ("NAME", "name"),
    ("ROLE", "securityRole/name"),
    ("LOCATION", "securityLocation/name"),
    ("INACTIVE", "inactiveFlag"),
];

/// The whole form of one of them.
const FORM: [(&str, &str); 16] = [
    ("ID", "id"),
    ("IDENTIFIER", "identifier"),
    ("NAME", "name"),
    ("E-MAIL", "emailAddress"),
    ("ROLE", "securityRole/name"),
    ("LEVEL", "structureLevel/name"),
    ("LOCATION", "securityLocation/name"),
    ("DEFAULT LOCATION", "defaultLocation/name"),
    ("DEPARTMENT", "defaultDepartment/name"),
    ("SALES LOCATION", "salesDefaultLocation/name"),
    ("DEFAULT BOARD", "serviceDefaultBoard/name"),
    ("HIDDEN BOARDS", "excludedBoards"),
    ("HIDES", "hides"),
    ("TIME ZONE", "timeZone/name"),
    ("NOTES", "notes"),
    ("INACTIVE", "inactiveFlag"),
];

impl Member {
    pub fn run(self) -> Result<()> {
        let json = self.target.json;
        if let Some(connection) = self.target.for_autotask()? {
            return on_autotask(&Area::new(&connection, json), self.action);
        }
        let connection = self.target.connect()?;
        match self.action {
            Action::List => table::print(&connection.all(MEMBERS)?, &COLUMNS, json),
            Action::Show { member } => show(&connection, find(&connection, &member)?, json),
            Action::Create {
                identifier,
                form,
                handover,
            } => {
                if handover.is_given() {
                    bail!("a key is cut by itself: bitting key new {identifier} --key-file FILE");
                }
                let mut body = form.body(&connection)?;
                body["identifier"] = json!(identifier);
                if body["name"].is_null() {
                    body["name"] = json!(identifier);
                }
                let made = connection.psa(Method::POST, MEMBERS, Some(&body))?;
                table::print_one(&made, &COLUMNS, json)
            }
            Action::Set { member, form } => {
                let changed = change(&connection, &member, &form.body(&connection)?)?;
                show(&connection, changed, json)
            }
            Action::Deactivate { member } => {
                let changed = change(&connection, &member, &json!({ "inactiveFlag": true }))?;
                table::print_one(&changed, &COLUMNS, json)
            }
            Action::Activate { member } => {
                let changed = change(&connection, &member, &json!({ "inactiveFlag": false }))?;
                table::print_one(&changed, &COLUMNS, json)
            }
            Action::People => bail!(
                "that is for Autotask (--autotask); on ConnectWise, people and API members are members alike"
            ),
            Action::Lock { .. } | Action::Unlock { .. } | Action::Delete { .. } => bail!(
                "that is for API users of Autotask (--autotask); on ConnectWise, `bitting member deactivate` makes \
                 a member's keys stop working at once"
            ),
        }
    }
}

/// The same commands on an Autotask instance.
fn on_autotask(area: &Area<'_>, action: Action) -> Result<()> {
    match action {
        Action::List => area.users(),
        Action::People => area.people(),
        Action::Show { member } => area.show_user(&member),
        Action::Create {
            identifier,
            form,
            handover,
        } => {
            if !handover.is_given() {
                bail!(
                    "an API user comes with its key: say where that goes with --key-file, --pipe or --show"
                );
            }
            form.fits_autotask()?;
            let name = form.name.as_deref().unwrap_or(&identifier);
            let (first, last) = name.rsplit_once(' ').unwrap_or((name, "API"));
            let (Some(level), Some(email)) = (&form.role, &form.email) else {
                bail!(
                    "the form asks for a security level (--role) and an e-mail address (--email)"
                );
            };
            let body = json!({
                "firstName": first, "lastName": last, "email": email, "securityLevel": level,
                "vendor": form.vendor, "protectedData": form.protected_data.unwrap_or(false),
                "linesOfBusiness": form.lines,
            });
            area.create_user(&body, &handover)
        }
        Action::Set { member, form } => {
            form.fits_autotask()?;
            let mut body = json!({});
            if let Some(name) = &form.name {
                let Some((first, last)) = name.trim().rsplit_once(' ') else {
                    bail!("--name {name}: write first and last name, such as \"Backup API\"");
                };
                body["firstName"] = json!(first);
                body["lastName"] = json!(last);
            }
            for (name, value) in [
                ("email", &form.email),
                ("securityLevel", &form.role),
                ("vendor", &form.vendor),
            ] {
                if let Some(value) = value {
                    body[name] = json!(value);
                }
            }
            if let Some(protected) = form.protected_data {
                body["protectedData"] = json!(protected);
            }
            if form.no_lines || !form.lines.is_empty() {
                body["linesOfBusiness"] = json!(form.lines);
            }
            area.change_user(&member, &body)
        }
        Action::Deactivate { member } => area.change_user(&member, &json!({ "inactive": true })),
        Action::Activate { member } => area.change_user(&member, &json!({ "inactive": false })),
        Action::Lock { member } => area.change_user(&member, &json!({ "locked": true })),
        Action::Unlock { member } => area.change_user(&member, &json!({ "locked": false })),
        Action::Delete { member } => area.remove_user(&member),
    }
}

impl Form {
    /// Refuses by its name what an API user of Autotask does not have.
    fn fits_autotask(&self) -> Result<()> {
        let given = [
            ("--location", self.location.is_some()),
            ("--default-location", self.default_location.is_some()),
            ("--default-department", self.default_department.is_some()),
            ("--sales-location", self.sales_location.is_some()),
            ("--default-board", self.default_board.is_some()),
            ("--exclude-board", !self.exclude_board.is_empty()),
            ("--no-excluded-boards", self.no_excluded_boards),
            ("--time-zone", self.time_zone.is_some()),
            ("--block-price", self.block_price.is_some()),
            ("--block-cost", self.block_cost.is_some()),
            ("--notes", self.notes.is_some()),
        ];
        let Some((flag, _)) = given.into_iter().find(|(_, given)| *given) else {
            return Ok(());
        };
        bail!(
            "{flag} is for ConnectWise: an API user of Autotask has none. Its form takes --name, --role, --email, --vendor, \
             --protected-data and --line"
        );
    }

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
                "salesDefaultLocation",
                &self.sales_location,
                "system/locations",
                "location",
            ),
            (
                "timeZone",
                &self.time_zone,
                "system/timeZoneSetups",
                "time zone",
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
        if self.no_excluded_boards || !self.exclude_board.is_empty() {
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

fn change(connection: &Connection, member: &str, body: &Value) -> Result<Value> {
    let id = find(connection, member)?["id"].as_i64().unwrap_or_default();
    let patch: Vec<Value> = body
        .as_object()
        .into_iter()
        .flatten()
        .map(|(path, value)| json!({ "op": "replace", "path": path, "value": value }))
        .collect();
    connection.psa(
        Method::PATCH,
        &format!("{MEMBERS}/{id}"),
        Some(&json!(patch)),
    )
}

/// For people, with words for what the API says in ids and flags.
fn show(connection: &Connection, mut member: Value, json: bool) -> Result<()> {
    if !json {
        let mut names = Vec::new();
        for id in member["excludedServiceBoardIds"]
            .as_array()
            .into_iter()
            .flatten()
        {
            let path = format!("service/boards/{id}?fields=name");
            names.push(connection.psa(Method::GET, &path, None)?["name"].clone());
        }
        member["excludedBoards"] = json!(names);
        let hidden = [("blockPriceFlag", "prices"), ("blockCostFlag", "costs")];
        let hidden = hidden.into_iter().filter(|(flag, _)| member[*flag] == true);
        member["hides"] = hidden.map(|(_, what)| what).collect();
    }
    table::print_one(&member, &FORM, json)
}
