//! What an Autotask instance has already: its security levels and API users, over Bitting's own API. A live
//! Autotask answers none of it.

use super::known::Screen;
use crate::ConnectError;
use bitting_catalog::security::{SecurityLevel, Values};
use bitting_client::Psa;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// A level as lists show it; `settings` only where it was asked for by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HeldLevel {
    pub id: i64,
    pub name: String,
    #[serde(default)]
    pub copy_of: String,
    #[serde(default)]
    pub system: bool,
    #[serde(default)]
    pub inactive: bool,
    /// For people, who sign in.
    #[serde(default)]
    pub interactive: bool,
    /// API users may act for the people that hold it.
    #[serde(default)]
    pub allows_impersonation: bool,
    #[serde(default)]
    pub users: usize,
    #[serde(default)]
    pub settings: BTreeMap<String, Values>,
}

impl HeldLevel {
    pub fn document(&self) -> SecurityLevel {
        SecurityLevel {
            name: self.name.clone(),
            copy_of: self.copy_of.clone(),
            inactive: self.inactive,
            settings: self.settings.clone(),
            ..SecurityLevel::default()
        }
    }
}

/// An API user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HeldUser {
    pub id: i64,
    pub first_name: String,
    pub last_name: String,
    pub email: String,
    pub security_level: LevelReference,
    #[serde(default)]
    pub vendor: Option<String>,
    #[serde(default)]
    pub locked: bool,
    #[serde(default)]
    pub inactive: bool,
    #[serde(default)]
    pub protected_data: bool,
    #[serde(default)]
    pub lines_of_business: Vec<String>,
    #[serde(default)]
    pub keys: Vec<HeldKey>,
}

/// Somebody who signs in.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HeldPerson {
    #[serde(default)]
    pub security_level: Option<String>,
    #[serde(default)]
    pub inactive: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LevelReference {
    pub id: i64,
    pub name: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HeldKey {
    pub id: i64,
    pub user_name: String,
    /// When its secret was made; nothing where that was not kept.
    #[serde(default)]
    pub created: Option<String>,
    #[serde(default)]
    pub last_used: Option<String>,
}

impl HeldUser {
    pub fn name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name)
    }
}

/// An Autotask instance of a Bitting server.
pub struct Instance<'a> {
    pub psa: &'a Psa,
    /// `autotask/-`
    base: String,
}

impl<'a> Instance<'a> {
    /// The instance of this name, or the server's first.
    pub fn new(psa: &'a Psa, name: Option<&str>) -> Self {
        Self {
            psa,
            base: format!("autotask/{}", name.unwrap_or("-")),
        }
    }

    pub fn call(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, ConnectError> {
        Ok(self
            .psa
            .own(method, &format!("{}/{path}", self.base), body)?)
    }

    /// The instance's own name.
    pub fn name(&self) -> Result<String, ConnectError> {
        let value = self.psa.own("GET", &self.base, None)?;
        Ok(value["name"].as_str().unwrap_or_default().to_owned())
    }

    pub fn levels(&self) -> Result<Vec<HeldLevel>, ConnectError> {
        self.read("levels")
    }

    /// The level of this name with its settings.
    pub fn level(&self, name: &str) -> Result<Option<HeldLevel>, ConnectError> {
        let all = self.levels()?;
        let Some(found) = all
            .into_iter()
            .find(|level| level.name.eq_ignore_ascii_case(name))
        else {
            return Ok(None);
        };
        self.read(&format!("levels/{}", found.id)).map(Some)
    }

    pub fn users(&self) -> Result<Vec<HeldUser>, ConnectError> {
        self.read("users")
    }

    pub fn people(&self) -> Result<Vec<HeldPerson>, ConnectError> {
        self.read("people")
    }

    /// Names of the lines of business there are.
    pub fn lines(&self) -> Result<Vec<String>, ConnectError> {
        let lines: Vec<LevelReference> = self.read("lines")?;
        Ok(lines.into_iter().map(|line| line.name).collect())
    }

    fn read<T: serde::de::DeserializeOwned>(&self, path: &str) -> Result<T, ConnectError> {
        let value = self.call("GET", path, None)?;
        serde_json::from_value(value).map_err(|_| ConnectError::Answer {
            path: format!("{}/{path}", self.base),
            member: "name",
        })
    }
}

/// Whether two levels stand at the same values.
pub fn same(screen: &Screen, left: &SecurityLevel, right: &SecurityLevel) -> bool {
    screen
        .cells()
        .all(|(entry, cell)| screen.value(left, entry, cell) == screen.value(right, entry, cell))
}
