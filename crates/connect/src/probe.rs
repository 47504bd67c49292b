//! Calls that prove a right, found in the catalog: the shortest list that needs exactly one action or one
//! setup table. A write probe asks for what cannot be done, so that the right shows and nothing stays behind.

use crate::used::{is_plain_list, needs_of};
use bitting_catalog::Catalog;
use bitting_client::{Answer, ClientError, Psa};
use bitting_policy::{ActionId, EntryId, Needs, Registry, Verb};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The shipped choices.
const SHIPPED: &str = include_str!("../../../data/probes/connectwise.toml");

/// Chosen calls for some actions.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Probes {
    #[serde(default)]
    action: Vec<Chosen>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Chosen {
    name: String,
    path: String,
    #[serde(default)]
    children: Vec<String>,
}

/// What a probe showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Shown {
    /// The right is there.
    Granted,
    /// The PSA refused for lack of the right.
    Refused,
    /// The answer says nothing about the right.
    Nothing,
}

/// One call and what it showed.
#[derive(Debug, Clone, Serialize)]
pub struct Probed {
    pub method: &'static str,
    pub path: String,
    pub status: u16,
    pub shown: Shown,
    /// Records the caller counts, for lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seen: Option<u64>,
    /// A record that a write probe made against all expectation and that could not be taken away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left_behind: Option<String>,
}

impl Probed {
    /// Whether it asked for nothing but records or their number.
    pub fn reads(&self) -> bool {
        self.method == "GET" || self.path.ends_with("/query/count")
    }
}

impl Probes {
    /// The shipped choices.
    pub fn shipped() -> Self {
        // A test reads them; a stray edit must not keep verify from its own search.
        toml::from_str(SHIPPED).unwrap_or_default()
    }

    /// A list that needs exactly this action.
    pub fn of_action(
        &self,
        catalog: &Catalog,
        registry: &Registry,
        action: ActionId,
    ) -> Option<String> {
        if let Some(chosen) = self.chosen(registry, action) {
            return Some(chosen.path.clone());
        }
        shortest(catalog, &Needs::Action(action))
    }

    /// A list that needs exactly this setup table.
    pub fn of_table(catalog: &Catalog, table: EntryId) -> Option<String> {
        shortest(catalog, &Needs::Table(table))
    }

    /// Lists below one record of the action's list.
    pub fn children(&self, registry: &Registry, action: ActionId) -> &[String] {
        self.chosen(registry, action)
            .map_or(&[], |chosen| &chosen.children)
    }

    fn chosen(&self, registry: &Registry, action: ActionId) -> Option<&Chosen> {
        let name = registry.get(action)?.full_name();
        self.action.iter().find(|chosen| chosen.name == name)
    }
}

/// The shortest list without placeholders whose right is exactly this.
fn shortest(catalog: &Catalog, needs: &Needs) -> Option<String> {
    let routes = catalog.routes.iter();
    let lists = routes.filter(|route| is_plain_list(route) && needs_of(catalog, route) == needs);
    let paths = lists.map(|route| route.path.trim_matches('/').to_owned());
    paths.min_by_key(|path| (path.len(), path.clone()))
}

/// Asks for one record of a list.
pub fn read(psa: &Psa, path: &str) -> Result<Probed, ClientError> {
    let answer = psa.ask("GET", &format!("{path}?pageSize=1"), None)?;
    Ok(probed("GET", path, &answer))
}

/// How many records of a list the key sees.
pub fn counted(psa: &Psa, path: &str) -> Option<u64> {
    psa.count(path).ok()
}

/// The id of the first record of a list that the key sees.
pub fn first(psa: &Psa, path: &str) -> Option<i64> {
    let rows = psa.get(&format!("{path}?pageSize=1&fields=id")).ok()?;
    rows.as_array()?.first()?["id"].as_i64()
}

/// Asks for a write that cannot be done: a new record with a member that no record has, a change or removal
/// of a record that does not exist. What is refused for another reason than the right proves the right.
pub fn write(
    psa: &Psa,
    admin: Option<&Psa>,
    path: &str,
    verb: Verb,
) -> Result<Probed, ClientError> {
    let (method, at, body) = match verb {
        Verb::Add => (
            "POST",
            path.to_owned(),
            Some(json!({ "bittingProbe": true })),
        ),
        Verb::Edit => ("PATCH", format!("{path}/0"), Some(json!([]))),
        Verb::Delete => ("DELETE", format!("{path}/0"), None),
        Verb::Inquire => return read(psa, path),
    };
    let answer = psa.ask(method, &at, body.as_ref())?;
    let mut probed = probed(method, &at, &answer);
    if verb == Verb::Add && answer.is_success() {
        probed.left_behind = take_back(psa, admin, path, &answer.body);
    }
    Ok(probed)
}

/// Removes a record that a lenient server made of the probe.
fn take_back(psa: &Psa, admin: Option<&Psa>, path: &str, record: &Value) -> Option<String> {
    let at = format!("{path}/{}", record["id"].as_i64()?);
    let gone = |psa: &Psa| {
        psa.ask("DELETE", &at, None)
            .is_ok_and(|answer| answer.is_success())
    };
    if gone(psa) || admin.is_some_and(gone) {
        None
    } else {
        Some(at)
    }
}

fn probed(method: &'static str, path: &str, answer: &Answer) -> Probed {
    let shown = match answer.status {
        401 | 429 | 500.. => Shown::Nothing,
        // The vendor's one sentence for every lack of a right; a missing clientId looks alike but for its text.
        403 if answer.message().contains("clientId") => Shown::Nothing,
        403 => Shown::Refused,
        404 if answer.message().contains("endpoint") => Shown::Nothing,
        _ => Shown::Granted,
    };
    Probed {
        method,
        path: path.to_owned(),
        status: answer.status,
        shown,
        seen: None,
        left_behind: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_choice_names_an_action_and_a_list_of_it() {
        let probes: Probes = toml::from_str(SHIPPED).expect("the shipped probes read");
        let (registry, catalog) = Catalog::embedded().expect("the shipped data reads");
        for chosen in &probes.action {
            let (module, action) = chosen.name.split_once(" / ").expect("module and action");
            let action = registry
                .action(module, action)
                .unwrap_or_else(|| panic!("{}", chosen.name));
            let route = catalog
                .routes
                .iter()
                .find(|route| route.path.trim_matches('/') == chosen.path);
            let route = route.unwrap_or_else(|| panic!("{} is no path", chosen.path));
            assert_eq!(
                needs_of(&catalog, route),
                &Needs::Action(action),
                "{}",
                chosen.path
            );
            for child in &chosen.children {
                let below = format!("{}/{{parentId}}/{child}", chosen.path);
                let found = catalog
                    .routes
                    .iter()
                    .any(|route| route.path.trim_matches('/') == below);
                assert!(found, "{below}");
            }
        }
    }
}
