//! Every API member of a company: what its role grants beyond what it needs, and what else is risky about it.
//! Needs come from a profile where one is recognised, else from the log of calls where there is one.

pub(crate) mod age;
mod findings;
mod page;

use crate::ConnectError;
use crate::held::{self, HeldKey, HeldRole};
use crate::used::{self, Right};
use bitting_catalog::Catalog;
use bitting_catalog::profile::{Profile, Psa as Of, Status};
use bitting_client::Psa;
use bitting_policy::{ListDocument, Registry, Role, compare};
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// How much a finding matters, and what it takes off the score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Risk {
    Low,
    Medium,
    High,
}

/// One thing to look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub risk: Risk,
    /// Name of the rule: `admin-role`.
    pub rule: &'static str,
    pub what: String,
    pub remedy: String,
}

/// One API member.
#[derive(Debug, Clone, Serialize)]
pub struct Audited {
    /// Id of the member, or of the API user's resource.
    pub id: i64,
    pub member: String,
    pub name: String,
    pub role: String,
    pub location: String,
    pub inactive: bool,
    /// Keys that work; nothing where the PSA does not tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keys: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_used: Option<String>,
    /// Title of the profile it matches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// What it was measured against: a profile, the log of calls, or nothing.
    pub measured_by: &'static str,
    /// Levels and entries beyond the need, in words.
    pub excess: Vec<String>,
    pub findings: Vec<Finding>,
    /// 100 is nothing to say.
    pub score: u32,
}

impl Audited {
    pub(crate) fn note(
        &mut self,
        risk: Risk,
        rule: &'static str,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.findings.push(Finding {
            risk,
            rule,
            what: what.into(),
            remedy: remedy.into(),
        });
    }
}

/// A company's API members, the worst first.
#[derive(Debug, Clone, Serialize)]
pub struct Audit {
    pub company: String,
    pub address: String,
    /// Day of the audit.
    pub taken: String,
    pub members: Vec<Audited>,
    /// The worst member's score.
    pub score: u32,
    pub notes: Vec<String>,
}

/// What an audit works with.
pub struct Asked<'a> {
    pub psa: &'a Psa,
    pub profiles: &'a [Profile],
    pub registry: &'a Registry,
    pub catalog: &'a Catalog,
    /// Keys not used for this many days are unused.
    pub days: i64,
    pub now: jiff::Timestamp,
}

/// What is known of one member before it is judged.
struct Known<'a> {
    record: &'a Value,
    role: Option<&'a HeldRole>,
    keys: Option<Vec<HeldKey>>,
    used: Option<&'a BTreeSet<Right>>,
    /// Whether the company has more than one location, so that it matters which a member sees.
    many_locations: bool,
}

/// Audits every API member.
pub fn audit(asked: &Asked<'_>) -> Result<Audit, ConnectError> {
    let psa = asked.psa;
    let own = psa.offers_own()?;
    let mut notes = Vec::new();
    let records = psa.list(held::MEMBERS)?;
    let mut roles: BTreeMap<i64, HeldRole> = BTreeMap::new();
    // Roles that nobody holds are not asked for one by one.
    let used: BTreeSet<i64> = records
        .iter()
        .filter_map(|record| record["securityRole"]["id"].as_i64())
        .collect();
    for record in psa.list(held::ROLES)? {
        if !used.contains(&held::id(&record, held::ROLES)?) {
            continue;
        }
        let held = held::read_role(psa, own, &record, asked.registry)?;
        roles.insert(held.id, held);
    }
    let mut keys = None;
    if own {
        keys = keys_by_member(psa)?;
        if keys.is_none() {
            notes.push(
                "keys are left out: only who may edit members (System / Member Maintenance) is told theirs"
                    .to_owned(),
            );
        }
    } else {
        notes.push(
            "this PSA tells neither keys nor the entries of customize lists; both are left out"
                .to_owned(),
        );
    }
    let events = if own { used::events(psa)? } else { None };
    let used = events
        .as_deref()
        .map(|events| used::by_member(events, asked.catalog))
        .unwrap_or_default();
    let locations = psa.list("system/locations")?;
    let many_locations = locations
        .iter()
        .filter(|place| place["locationFlag"] == true)
        .count()
        > 1;
    let mut members = Vec::new();
    for record in &records {
        let id = held::id(record, held::MEMBERS)?;
        let identifier = record["identifier"].as_str().unwrap_or_default();
        let known = Known {
            record,
            role: record["securityRole"]["id"]
                .as_i64()
                .and_then(|role| roles.get(&role)),
            keys: keys
                .as_mut()
                .map(|keys| keys.remove(&id).unwrap_or_default()),
            used: used.get(&identifier.to_lowercase()),
            many_locations,
        };
        members.push(judge(asked, &known));
    }
    members.sort_by(|a, b| (a.score, &a.member).cmp(&(b.score, &b.member)));
    Ok(Audit {
        company: psa.company().to_owned(),
        address: psa.address().to_owned(),
        taken: asked.now.strftime("%Y-%m-%d").to_string(),
        score: members
            .iter()
            .map(|member| member.score)
            .min()
            .unwrap_or(100),
        members,
        notes,
    })
}

/// Every member's keys, where the caller is told other members' at all.
fn keys_by_member(psa: &Psa) -> Result<Option<BTreeMap<i64, Vec<HeldKey>>>, ConnectError> {
    let path = "system/keys";
    let all = match psa.own("GET", path, None) {
        Err(error) if error.status() == Some(403) => return Ok(None),
        all => all?,
    };
    let all: Vec<HeldKey> = serde_json::from_value(all).map_err(|_| ConnectError::Answer {
        path: path.to_owned(),
        member: "memberId",
    })?;
    let mut keys: BTreeMap<i64, Vec<HeldKey>> = BTreeMap::new();
    for key in all {
        keys.entry(key.member_id).or_default().push(key);
    }
    Ok(Some(keys))
}

fn judge(asked: &Asked<'_>, known: &Known<'_>) -> Audited {
    let word = |field: &str| known.record[field].as_str().unwrap_or_default().to_owned();
    let live = known
        .keys
        .as_ref()
        .map(|keys| crate::keys::live(keys).count());
    let last = known
        .keys
        .iter()
        .flatten()
        .filter_map(|key| key.last_used.clone())
        .max();
    let recognised = known
        .role
        .and_then(|role| recognise(asked, known.record, role));
    let mut audited = Audited {
        id: known.record["id"].as_i64().unwrap_or_default(),
        member: word("identifier"),
        name: word("name"),
        role: known
            .role
            .map_or_else(String::new, |role| role.document.name.clone()),
        location: known.record["securityLocation"]["name"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
        inactive: known.record["inactiveFlag"] == true,
        keys: live,
        last_used: last,
        profile: recognised.as_ref().map(|(profile, _)| profile.title()),
        measured_by: match (&recognised, known.used) {
            (Some(_), _) => "profile",
            (None, Some(_)) => "calls",
            (None, None) => "nothing",
        },
        excess: Vec::new(),
        findings: Vec::new(),
        score: 100,
    };
    if let Some(role) = known.role.filter(|role| !role.document.admin) {
        audited.excess = match (&recognised, known.used) {
            (Some((_, needed)), _) => beyond(&role.role, needed, asked.registry, role.lists_known),
            (None, Some(used)) => unused(&role.role, used, asked.registry),
            (None, None) => Vec::new(),
        };
    }
    findings::of(
        asked,
        known,
        recognised.as_ref().map(|(profile, _)| *profile),
        &mut audited,
    );
    let off: u32 = audited
        .findings
        .iter()
        .map(|finding| match finding.risk {
            Risk::High => 25,
            Risk::Medium => 10,
            Risk::Low => 3,
        })
        .sum();
    audited.score = 100_u32.saturating_sub(off);
    audited
}

/// Whether a member was made for this profile, by the names its guide suggests.
pub(crate) fn same_names(profile: &Profile, record: &Value, role: &str) -> bool {
    let names = [
        folded(role),
        folded(record["identifier"].as_str().unwrap_or_default()),
        folded(record["name"].as_str().unwrap_or_default()),
    ];
    let said = profile
        .member
        .identifier
        .as_ref()
        .and_then(|value| value.value.clone());
    let own = [
        folded(&profile.role_name()),
        folded(&profile.product.product),
        folded(&said.unwrap_or_default()),
    ];
    own.iter().any(|own| !own.is_empty() && names.contains(own))
}

/// Letters and digits alone: `Office Protect` and `officeprotect` are the same name.
pub(crate) fn folded(text: &str) -> String {
    text.chars()
        .filter(char::is_ascii_alphanumeric)
        .collect::<String>()
        .to_lowercase()
}

/// The profile a member was made for: by the names its guide suggests, of several the one that the role fits best,
/// with the smallest role of the features that the role serves.
fn recognise<'a>(
    asked: &Asked<'a>,
    record: &Value,
    held: &HeldRole,
) -> Option<(&'a Profile, Role)> {
    let fit = |(_, needed): &(&Profile, Role)| {
        let found = compare(&held.role, needed, asked.registry);
        (!found.suffices(), found.excess.len() + found.missing.len())
    };
    asked
        .profiles
        .iter()
        .filter(|profile| profile.product.psa == Of::ConnectWise)
        .filter(|profile| same_names(profile, record, &held.document.name))
        .filter_map(|profile| Some((profile, served(profile, held, asked.registry)?)))
        .min_by_key(fit)
}

/// The smallest role of the features in use that the held role serves. What is on by default counts as needed,
/// whether it is served or not.
fn served(profile: &Profile, held: &HeldRole, registry: &Registry) -> Option<Role> {
    let mut chosen = Vec::new();
    for feature in &profile.feature {
        let alone = needed(profile, held, registry, &[&feature.id])
            .is_some_and(|needed| compare(&held.role, &needed, registry).suffices());
        if alone && feature.status == Status::Used {
            chosen.push(feature.id.as_str());
        }
    }
    needed(profile, held, registry, &chosen)
}

fn needed(
    profile: &Profile,
    held: &HeldRole,
    registry: &Registry,
    features: &[&str],
) -> Option<Role> {
    let mut selection = profile.select(features).ok()?;
    for gap in profile.unfilled(&selection) {
        selection
            .answers
            .insert(gap.name.clone(), gap.examples.clone());
    }
    let mut document = profile.role_for(registry, &selection).ok()?;
    // What the guide leaves to the tenant is as the tenant chose it, unless it chose everything.
    let own = profile.rows().filter(|(_, grant)| {
        grant
            .customize
            .as_ref()
            .is_some_and(|list| !list.placeholders.is_empty())
    });
    for (_, grant) in own {
        let list = registry
            .action(&grant.module, &grant.action)
            .and_then(|id| registry.get(id)?.customize)
            .and_then(|id| registry.get_list(id));
        if let Some(list) = list
            && let Some(chosen @ ListDocument::Allow(_)) = held.document.lists.get(&list.identifier)
            && document.lists.contains_key(&list.identifier)
        {
            document
                .lists
                .insert(list.identifier.clone(), chosen.clone());
        }
    }
    Role::from_document(registry, &document).ok()
}

fn beyond(held: &Role, needed: &Role, registry: &Registry, lists_known: bool) -> Vec<String> {
    let comparison = compare(held, needed, registry);
    let mut words: Vec<String> = comparison
        .excess
        .iter()
        .map(|cell| {
            format!(
                "{} / {}: {} {} instead of {}",
                cell.module, cell.action, cell.verb, cell.held, cell.needed
            )
        })
        .collect();
    if lists_known {
        for gap in &comparison.lists {
            match gap.excess.len() {
                0 => {}
                1..=3 => words.extend(
                    gap.excess
                        .iter()
                        .map(|entry| format!("{}: {entry}", gap.list)),
                ),
                many => words.push(format!("{}: {many} entries", gap.list)),
            }
        }
    }
    words
}

/// Levels that no served call of the log needed.
fn unused(held: &Role, used: &BTreeSet<Right>, registry: &Registry) -> Vec<String> {
    let mut words = Vec::new();
    for action in registry.actions() {
        for verb in bitting_policy::Verb::EVERY {
            let level = held.level(action.id, verb);
            // Inquire is needed for every other verb of the row.
            let needed = used.iter().any(|right| match right {
                Right::Row(id, of) => {
                    *id == action.id && (*of == verb || verb == bitting_policy::Verb::Inquire)
                }
                Right::Table(_, of) => {
                    action.id == registry.table_setup()
                        && (*of == verb || verb == bitting_policy::Verb::Inquire)
                }
            });
            if level > bitting_policy::Level::None && !needed {
                words.push(format!(
                    "{}: {verb} {level}, not used in the log",
                    action.full_name()
                ));
            }
        }
    }
    words
}
