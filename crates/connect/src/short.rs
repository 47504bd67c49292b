//! What a newer guide asks for more than an older one, and which connected members fall short of it.

use crate::ConnectError;
use crate::audit::same_names;
use crate::held;
use bitting_catalog::profile::Profile;
use bitting_client::Psa;
use bitting_policy::{Level, ListDocument, Registry, Role, compare};
use serde::Serialize;

/// A connected member that lacks something.
#[derive(Debug, Clone, Serialize)]
pub struct Short {
    pub member: String,
    pub role: String,
    /// Levels and entries it lacks, in words; nothing where it holds all that the newer guide asks for.
    pub lacks: Vec<String>,
}

/// The role of a profile with every feature in use; placeholders stand for themselves.
pub fn whole(profile: &Profile, registry: &Registry) -> Result<Role, ConnectError> {
    let mut selection = profile.select(&["all"])?;
    for gap in profile.unfilled(&selection) {
        selection
            .answers
            .insert(gap.name.clone(), vec![format!("({})", gap.name)]);
    }
    role(profile, &selection, registry)
}

fn role(
    profile: &Profile,
    selection: &bitting_catalog::profile::Selection,
    registry: &Registry,
) -> Result<Role, ConnectError> {
    let document = profile.role_for(registry, selection)?;
    Role::from_document(registry, &document).map_err(|source| ConnectError::Role {
        profile: profile.file.clone(),
        fault: Box::new(source),
    })
}

/// What a role lacks of another, in words.
pub fn lacks(held: &Role, needed: &Role, registry: &Registry) -> Vec<String> {
    let comparison = compare(held, needed, registry);
    let cells = comparison.missing.iter().map(|cell| {
        format!(
            "{} / {}: {} {} -> {}",
            cell.module, cell.action, cell.verb, cell.held, cell.needed
        )
    });
    let entries = comparison.lists.iter().flat_map(|gap| {
        gap.missing
            .iter()
            .map(move |entry| format!("{}: {entry}", gap.list))
    });
    // Of a row that is closed, every entry is still to be chosen.
    let closed = registry
        .lists()
        .iter()
        .filter(|list| held.levels(list.action) == [Level::None; 4])
        .filter(|list| needed.levels(list.action) != [Level::None; 4])
        .flat_map(|list| match needed.list_document(registry, list.id) {
            ListDocument::Allow(names) => names
                .into_iter()
                .map(|name| format!("{}: {name}", list.identifier))
                .collect(),
            _ => Vec::new(),
        });
    cells.chain(entries).chain(closed).collect()
}

/// The API members that were connected by either profile, told by their names, and what each lacks of the newer
/// one's default features.
pub fn connected(
    psa: &Psa,
    old: &Profile,
    new: &Profile,
    registry: &Registry,
) -> Result<Vec<Short>, ConnectError> {
    let own = psa.offers_own()?;
    let mut selection = new.default_selection();
    for gap in new.unfilled(&selection) {
        selection
            .answers
            .insert(gap.name.clone(), gap.examples.clone());
    }
    let needed = role(new, &selection, registry)?;
    let roles = psa.list(held::ROLES)?;
    let mut found = Vec::new();
    for record in psa.list(held::MEMBERS)? {
        let at = record["securityRole"]["id"].as_i64();
        let Some(role) = roles.iter().find(|role| role["id"].as_i64() == at) else {
            continue;
        };
        let named = role["name"].as_str().unwrap_or_default();
        let ours = [old, new]
            .into_iter()
            .any(|profile| same_names(profile, &record, named));
        if !ours || record["inactiveFlag"] == true {
            continue;
        }
        let held = held::read_role(psa, own, role, registry)?;
        found.push(Short {
            member: record["identifier"].as_str().unwrap_or_default().to_owned(),
            role: named.to_owned(),
            lacks: lacks(&held.role, &needed, registry),
        });
    }
    found.sort_by(|a, b| a.member.cmp(&b.member));
    Ok(found)
}
