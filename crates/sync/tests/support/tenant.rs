//! An Autotask instance for the jobs: the demo company, with a profile applied as its guide says.

use super::Server;
use bitting_catalog::security::{SecurityLevel, Values};
use bitting_client::{ApiUser, Autotask};
use bitting_connect::autotask::Screen;
use bitting_connect::autotask::apply::apply;
use bitting_connect::autotask::held::Instance;
use bitting_connect::autotask::plan::plan;
use bitting_connect::autotask::wanted::{Choices, Wanted, wanted};
use bitting_connect::profiles;
use bitting_sync::queries::is;
use serde_json::{Value, json};

/// An instance, the least-privilege key and the administrator's.
pub struct Tenant {
    pub server: Server,
    pub wanted: Wanted,
    pub screen: Screen,
    pub key: Autotask,
    /// What that key is.
    pub credentials: ApiUser,
    pub admin: Autotask,
}

impl Tenant {
    /// `profile` as `autotask/propel`.
    pub fn start(profile: &str) -> Self {
        Self::of_lines(profile, &[])
    }

    /// The same, whose user works for these lines of business, `Managed Services > East`.
    pub fn of_lines(profile: &str, lines: &[&str]) -> Self {
        let server = Server::with_autotask();
        let screen = Screen::embedded().expect("the shipped data reads");
        let profile = profiles::find(profile, None).expect("a profile");
        let choices = Choices {
            selection: profile.select::<String>(&[]).expect("features"),
            // The demo company has users and levels of the products' own already.
            level: Some("Level Sync".to_owned()),
            user: Some("User Sync".to_owned()),
            lines: lines.iter().map(|line| (*line).to_owned()).collect(),
            ..Choices::default()
        };
        let wanted = wanted(&profile, &choices, &screen).expect("something to want");
        let operator = server.operator();
        let instance = Instance::new(&operator, None);
        let plan = plan(Some(&instance), wanted.clone(), &screen).expect("a plan");
        let applied = apply(Some(&instance), &plan, &screen).expect("applied");
        let credentials = applied.key.expect("a key").user;
        let key = server.autotask(credentials.clone());
        let admin = server.autotask_admin();
        Self {
            server,
            wanted,
            screen,
            key,
            credentials,
            admin,
        }
    }

    /// A customer's id.
    pub fn company(&self) -> i64 {
        let found = rows(
            &self.admin,
            "Companies",
            &[
                is("eq", "companyType", 1),
                is("eq", "isActive", true),
                is("gt", "id", 0),
            ],
        );
        found[0]["id"].as_i64().expect("a company")
    }

    /// Sets the level.
    pub fn set(&self, level: &SecurityLevel) {
        let operator = self.server.operator();
        let instance = Instance::new(&operator, None);
        let held = instance
            .level(&self.wanted.level.name)
            .expect("asked")
            .expect("the level");
        let body = json!({ "settings": level.settings });
        instance
            .call("PUT", &format!("levels/{}", held.id), Some(&body))
            .expect("set");
    }

    /// Changes the form of the API user.
    pub fn change_user(&self, change: &Value) {
        let operator = self.server.operator();
        let instance = Instance::new(&operator, None);
        let name = self.wanted.user.name();
        let users = instance.users().expect("asked");
        let held = users.iter().find(|user| user.name() == name);
        let path = format!("users/{}", held.expect("the user").id);
        instance
            .call("PATCH", &path, Some(change))
            .expect("changed");
    }

    /// The level with one cell at a value.
    pub fn level_with(&self, permission: &str, cell: &str, value: &str) -> SecurityLevel {
        let mut level = self.wanted.level.clone();
        let cells: &mut Values = level.settings.entry(permission.to_owned()).or_default();
        *cells.cell(cell).expect("a cell") = Some(value.to_owned());
        level
    }

    /// The level without one permission of the profile at a time: which one, its cell, and the rest. A cell that
    /// acts as more than it says takes nothing away, and is not among them.
    pub fn without_each(&self) -> Vec<(String, String, SecurityLevel)> {
        let mut every = Vec::new();
        for (permission, cell, value) in &self.wanted.listed {
            let entry = self
                .screen
                .cells()
                .find(|(entry, known)| entry.full_name() == *permission && known == cell);
            let (entry, _) = entry.expect("a cell");
            let values = entry.values(cell);
            let least = values.first().expect("values");
            if *least != *value {
                let less = self.level_with(permission, cell, least);
                let acts = self.screen.permissions.derivations(&less);
                if acts
                    .iter()
                    .all(|each| each.permission.full_name() != *permission)
                {
                    every.push((permission.clone(), cell.clone(), less));
                }
            }
        }
        every
    }
}

/// Every record that meets all conditions.
pub fn rows(psa: &Autotask, entity: &str, conditions: &[Value]) -> Vec<Value> {
    let mut filter = conditions.to_vec();
    filter.push(is("gte", "id", 0));
    let path = format!("{entity}/query");
    let answer = psa
        .ask("POST", &path, Some(&json!({ "filter": filter })))
        .expect("asked");
    let body = answer.ok("POST", &path).expect("rows");
    body["items"].as_array().cloned().unwrap_or_default()
}

/// Makes a record; answers its id.
pub fn post(psa: &Autotask, path: &str, body: &Value) -> i64 {
    let answer = psa.ask("POST", path, Some(body)).expect("asked");
    answer.ok("POST", path).expect("made")["itemId"]
        .as_i64()
        .expect("an id")
}

/// Changes members of a record.
pub fn patch(psa: &Autotask, path: &str, body: &Value) {
    psa.ask("PATCH", path, Some(body))
        .expect("asked")
        .ok("PATCH", path)
        .expect("changed");
}
