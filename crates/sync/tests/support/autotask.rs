//! An Autotask instance for the jobs: Bitting's own server with the demo company, spoken to with the key that `connect`
//! cuts from the integration's profile. Knows no integration.

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

/// An instance with a profile applied, as its guide says: a copy of the system level, changed.
pub struct Tenant {
    pub server: Server,
    pub wanted: Wanted,
    screen: Screen,
    /// The integration's own way.
    pub key: Autotask,
    /// What that way was opened with.
    pub credentials: ApiUser,
    /// The way of a user who sees everything: to look at effects and to prepare.
    pub admin: Autotask,
}

impl Tenant {
    /// `slug` is the profile's, without its PSA.
    pub fn start(slug: &str) -> Self {
        let server = Server::with_autotask();
        let screen = Screen::embedded().expect("the shipped data reads");
        let profile = profiles::find(&format!("autotask/{slug}"), None).expect(slug);
        let choices = Choices {
            selection: profile.select::<String>(&[]).expect("features"),
            // The demo company may have a user and a level of the product's own already.
            level: Some("Level Sync".to_owned()),
            user: Some("Product Sync".to_owned()),
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

    /// Sets the security level.
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
    pub fn user(&self, change: &Value) {
        let operator = self.server.operator();
        let instance = Instance::new(&operator, None);
        let name = self.wanted.user.name();
        let users = instance.users().expect("asked");
        let held = users.iter().find(|user| user.name() == name);
        let held = held.expect("the user");
        instance
            .call("PATCH", &format!("users/{}", held.id), Some(change))
            .expect("changed");
    }

    /// The level with this cell at this value.
    pub fn with(&self, permission: &str, cell: &str, value: &str) -> SecurityLevel {
        let mut level = self.wanted.level.clone();
        let cells: &mut Values = level.settings.entry(permission.to_owned()).or_default();
        *cells.cell(cell).expect("a cell") = Some(value.to_owned());
        level
    }

    /// The level without one listed cell at a time: the permission, the cell, and the rest.
    pub fn without_each(&self) -> Vec<(String, String, SecurityLevel)> {
        let mut every = Vec::new();
        for (permission, cell, value) in &self.wanted.listed {
            let entry = self
                .screen
                .cells()
                .find(|(entry, known)| entry.full_name() == *permission && known == cell);
            let (entry, _) = entry.expect("a cell");
            let least = entry.values(cell).first().expect("values");
            if *least != *value {
                let less = self.with(permission, cell, least);
                every.push((permission.clone(), (*cell).to_string(), less));
            }
        }
        every
    }
}

/// Every record that meets the conditions.
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

/// Changes a record.
pub fn patch(psa: &Autotask, path: &str, body: &Value) {
    psa.ask("PATCH", path, Some(body))
        .expect("asked")
        .ok("PATCH", path)
        .expect("changed");
}
