//! `role`, `member` and `key` on an Autotask instance of a Bitting server: security levels, API users and their
//! keys, by Autotask's words.

use crate::connection::Connection;
use crate::handover::Handover;
use crate::table;
use anyhow::{Result, anyhow, bail};
use bitting_catalog::security::Permissions;
use bitting_client::{ApiUser, Autotask, AutotaskKey, Secret};
use bitting_connect::autotask::Screen;
use reqwest::Method;
use serde_json::{Value, json};

const LEVELS: [(&str, &str); 7] = [
    ("ID", "id"),
    ("SECURITY LEVEL", "name"),
    ("COPY OF", "copyOf"),
    ("SYSTEM", "system"),
    ("API USERS", "users"),
    ("IMPERSONATION", "allowsImpersonation"),
    ("INACTIVE", "inactive"),
];
const USERS: [(&str, &str); 9] = [
    ("ID", "id"),
    ("FIRST NAME", "firstName"),
    ("LAST NAME", "lastName"),
    ("E-MAIL", "email"),
    ("SECURITY LEVEL", "securityLevel/name"),
    ("VENDOR", "vendor"),
    ("LINES OF BUSINESS", "linesOfBusiness"),
    ("LOCKED", "locked"),
    ("INACTIVE", "inactive"),
];
const KEYS: [(&str, &str); 4] = [
    ("ID", "id"),
    ("API USER", "member"),
    ("KEY (USER NAME)", "userName"),
    ("LAST USED", "lastUsed"),
];
const PEOPLE: [(&str, &str); 8] = [
    ("ID", "id"),
    ("FIRST NAME", "firstName"),
    ("LAST NAME", "lastName"),
    ("E-MAIL", "email"),
    ("SECURITY LEVEL", "securityLevel"),
    ("IMPERSONATION", "allowsImpersonation"),
    ("LINES OF BUSINESS", "linesOfBusiness"),
    ("INACTIVE", "inactive"),
];

/// The Autotask side of a connection.
pub struct Area<'a> {
    connection: &'a Connection,
    name: String,
    json: bool,
}

impl<'a> Area<'a> {
    pub fn new(connection: &'a Connection, json: bool) -> Self {
        let name = connection.named.clone().unwrap_or_else(|| "-".to_owned());
        Self {
            connection,
            name,
            json,
        }
    }

    fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        let path = format!("autotask/{}/{path}", self.name);
        self.connection.own(method, &path, body)
    }

    fn rows(&self, path: &str) -> Result<Vec<Value>> {
        match self.call(Method::GET, path, None)? {
            Value::Array(rows) => Ok(rows),
            _ => bail!("the server answered {path} with something that is no list"),
        }
    }

    /// The record that a word names, by id or by name.
    fn find(&self, path: &str, word: &str, what: &str) -> Result<Value> {
        let rows = self.rows(path)?;
        let id = word.parse::<i64>().ok();
        let name = |row: &Value| match row["name"].as_str() {
            Some(name) => name.to_owned(),
            None => format!(
                "{} {}",
                row["firstName"].as_str().unwrap_or_default(),
                row["lastName"].as_str().unwrap_or_default()
            ),
        };
        let named = |row: &&Value| {
            name(row).eq_ignore_ascii_case(word)
                || row["email"]
                    .as_str()
                    .is_some_and(|mail| mail.eq_ignore_ascii_case(word))
                || id.is_some_and(|id| row["id"].as_i64() == Some(id))
                || row["keys"].as_array().is_some_and(|keys| {
                    keys.iter().any(|key| {
                        key["userName"]
                            .as_str()
                            .is_some_and(|key| key.eq_ignore_ascii_case(word))
                    })
                })
        };
        if let Some(found) = rows.iter().find(named) {
            return Ok(found.clone());
        }
        let known: Vec<String> = rows.iter().take(20).map(name).collect();
        Err(anyhow!(
            "there is no {what} '{word}'; there are: {}",
            known.join(", ")
        ))
    }

    fn level(&self, word: &str) -> Result<Value> {
        let found = self.find("levels", word, "security level")?;
        self.call(Method::GET, &format!("levels/{}", found["id"]), None)
    }

    pub fn levels(&self) -> Result<()> {
        table::print(&self.rows("levels")?, &LEVELS, self.json)
    }

    /// What a level grants, the cells that grant nothing left out.
    pub fn show_level(&self, word: &str) -> Result<()> {
        self.print_level(&self.level(word)?)
    }

    fn print_level(&self, level: &Value) -> Result<()> {
        if self.json {
            println!("{}", serde_json::to_string_pretty(level)?);
            return Ok(());
        }
        let screen = Screen::embedded()?;
        let state = match (level["system"] == true, level["inactive"] == true) {
            (true, _) => ", comes with the product",
            (_, true) => ", inactive",
            _ => "",
        };
        println!(
            "{} (id {}, copy of {}{state})",
            level["name"].as_str().unwrap_or_default(),
            level["id"],
            level["copyOf"].as_str().unwrap_or_default()
        );
        let rows = granted(&screen.permissions, level);
        if rows.is_empty() {
            println!("No Permission on every section");
            return Ok(());
        }
        table::print(
            &rows,
            &[
                ("SECTION", "section"),
                ("SETTING", "name"),
                ("VALUE", "value"),
                ("VIEW", "view"),
                ("ADD", "add"),
                ("EDIT", "edit"),
                ("DELETE", "delete"),
            ],
            false,
        )
    }

    pub fn copy_level(&self, of: &str, name: &str) -> Result<()> {
        let of = self.find("levels", of, "security level")?["id"].clone();
        let body = json!({ "name": name, "copyOf": of });
        let made = self.call(Method::POST, "levels", Some(&body))?;
        table::print_one(&made, &LEVELS, self.json)
    }

    /// Sets cells of one permission, or all of them to nothing.
    pub fn set_level(
        &self,
        word: &str,
        permission: &str,
        cells: &[(&str, Option<&str>)],
    ) -> Result<()> {
        let found = self.find("levels", word, "security level")?;
        let mut values = json!({});
        for (cell, value) in cells {
            if let Some(value) = value {
                values[*cell] = json!(value);
            }
        }
        if values.as_object().is_some_and(serde_json::Map::is_empty) {
            bail!(
                "say what to set: --view, --add, --edit, --delete for an object, --value for anything else"
            );
        }
        let body = json!({ "settings": { permission: values } });
        let made = self.call(
            Method::PATCH,
            &format!("levels/{}", found["id"]),
            Some(&body),
        )?;
        self.print_level(&made)
    }

    /// No Permission on every section.
    pub fn clear_level(&self, word: &str) -> Result<()> {
        let found = self.find("levels", word, "security level")?;
        let body = json!({ "settings": {} });
        let made = self.call(Method::PUT, &format!("levels/{}", found["id"]), Some(&body))?;
        self.print_level(&made)
    }

    pub fn delete_level(&self, word: &str) -> Result<()> {
        let found = self.find("levels", word, "security level")?;
        self.call(Method::DELETE, &format!("levels/{}", found["id"]), None)?;
        Ok(())
    }

    pub fn users(&self) -> Result<()> {
        table::print(&self.rows("users")?, &USERS, self.json)
    }

    pub fn show_user(&self, word: &str) -> Result<()> {
        table::print_one(&self.user(word)?, &USERS, self.json)
    }

    fn user(&self, word: &str) -> Result<Value> {
        self.find("users", word, "API user")
    }

    /// Makes an API user, and hands over the key that comes with it.
    pub fn create_user(&self, form: &Value, handover: &Handover) -> Result<()> {
        handover.new_file()?;
        let made = self.call(Method::POST, "users", Some(form))?;
        self.hand(&made, handover)?;
        table::print_one(&made, &USERS, self.json)
    }

    /// Whether API users may act as the people that hold a level.
    pub fn allow_impersonation(&self, word: &str, allow: bool) -> Result<()> {
        let found = self.find("levels", word, "security level")?;
        let body = json!({ "allowsImpersonation": allow });
        let path = format!("levels/{}", found["id"]);
        let made = self.call(Method::PATCH, &path, Some(&body))?;
        table::print_one(&made, &LEVELS, self.json)
    }

    /// People, who sign in and whom API users may act as where their level says so.
    pub fn people(&self) -> Result<()> {
        table::print(&self.rows("people")?, &PEOPLE, self.json)
    }

    /// Changes an API user, or the level and the lines of business of a person.
    pub fn change_user(&self, word: &str, change: &Value) -> Result<()> {
        let found = match self.user(word) {
            Ok(found) => found,
            Err(unknown) => {
                let Ok(person) = self.find("people", word, "person") else {
                    return Err(unknown);
                };
                let path = format!("people/{}", person["id"]);
                let made = self.call(Method::PATCH, &path, Some(change))?;
                return table::print_one(&made, &PEOPLE, self.json);
            }
        };
        let made = self.call(
            Method::PATCH,
            &format!("users/{}", found["id"]),
            Some(change),
        )?;
        table::print_one(&made, &USERS, self.json)
    }

    pub fn remove_user(&self, word: &str) -> Result<()> {
        let found = self.user(word)?;
        self.call(Method::DELETE, &format!("users/{}", found["id"]), None)?;
        Ok(())
    }

    pub fn keys(&self, word: Option<&str>) -> Result<()> {
        let users = match word {
            Some(word) => vec![self.user(word)?],
            None => self.rows("users")?,
        };
        let mut rows = Vec::new();
        for user in &users {
            for key in user["keys"].as_array().into_iter().flatten() {
                let name = format!(
                    "{} {}",
                    user["firstName"].as_str().unwrap_or_default(),
                    user["lastName"].as_str().unwrap_or_default()
                );
                rows.push(json!({ "id": key["id"], "member": name, "userName": key["userName"], "lastUsed": key["lastUsed"] }));
            }
        }
        table::print(&rows, &KEYS, self.json)
    }

    pub fn new_key(&self, word: &str, handover: &Handover) -> Result<()> {
        handover.new_file()?;
        let id = self.user(word)?["id"].clone();
        let made = self.call(Method::POST, &format!("users/{id}/keys"), Some(&json!({})))?;
        self.hand(&made, handover)
    }

    pub fn revoke(&self, key: &str) -> Result<()> {
        self.call(Method::DELETE, &format!("keys/{key}"), None)?;
        Ok(())
    }

    /// Cuts a new key, proves it, hands it over, and only then takes the old ones away.
    pub fn rotate(&self, word: &str, handover: &Handover, keep: bool) -> Result<()> {
        let user = self.user(word)?;
        let old: Vec<Value> = user["keys"].as_array().cloned().unwrap_or_default();
        let held: Vec<&str> = old
            .iter()
            .filter_map(|key| key["userName"].as_str())
            .collect();
        handover.old_file(&format!("`{word}`"), &held)?;
        let made = self.call(
            Method::POST,
            &format!("users/{}/keys", user["id"]),
            Some(&json!({})),
        )?;
        let new = made["keys"]
            .as_array()
            .and_then(|keys| keys.iter().find(|key| key["secret"].is_string()))
            .cloned()
            .unwrap_or_default();
        let undo = |why: anyhow::Error| {
            // What does not work must not lie around.
            let _ = self.revoke(&new["id"].to_string());
            why.context("the new key was taken away and the old ones still work")
        };
        let proved = Autotask::of_key(&self.key_of(&new))
            .map_err(Into::into)
            .and_then(|key| Ok(key.ask("GET", "Version", None)?))
            .and_then(|answer| match answer.status {
                200 => Ok(()),
                status => Err(anyhow!("the new key is answered with {status}")),
            });
        proved.map_err(undo)?;
        self.hand(&made, handover).map_err(undo)?;
        if keep {
            return Ok(());
        }
        for key in &old {
            self.revoke(&key["id"].to_string())?;
        }
        if !self.json {
            println!("took away {} old", old.len());
        }
        Ok(())
    }

    fn key_of(&self, key: &Value) -> AutotaskKey {
        let text = |member: &str| key[member].as_str().unwrap_or_default().to_owned();
        let operator = &self.connection.operator;
        AutotaskKey {
            url: operator.https.clone(),
            user: ApiUser {
                user: text("userName"),
                secret: Secret::new(text("secret")),
                code: Secret::new(text("integrationCode")),
            },
            ca_file: Some(operator.ca_file.clone()),
        }
    }

    fn hand(&self, made: &Value, handover: &Handover) -> Result<()> {
        let shown = made["keys"]
            .as_array()
            .and_then(|keys| keys.iter().find(|key| key["secret"].is_string()))
            .ok_or_else(|| anyhow!("the server answered without a secret"))?;
        super::hand(handover, &self.key_of(shown), self.json)
    }
}

/// A level's settings as rows, in the screen's order.
fn granted(permissions: &Permissions, level: &Value) -> Vec<Value> {
    let nothing = ["None", "No", "Unchecked", "0"];
    permissions
        .entries
        .iter()
        .filter_map(|entry| {
            let cells = level["settings"][entry.full_name()].as_object()?;
            let grants = cells.values().any(|value| {
                value
                    .as_str()
                    .is_some_and(|value| !nothing.contains(&value))
            });
            if !grants {
                return None;
            }
            let mut row = json!({ "section": entry.section, "name": entry.name });
            for (cell, value) in cells {
                row[cell] = value.clone();
            }
            Some(row)
        })
        .collect()
}
