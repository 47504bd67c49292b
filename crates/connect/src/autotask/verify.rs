//! Proof of an Autotask key. Its own entityInformation tells how far it goes with each entity; then counts, in
//! pairs where an administrator's key is at hand, because a restricted user gets an empty answer and no error.

use super::consent;
use super::derived;
use super::known::{Access, Screen, actions, columns, head, least, needs, path, rank};
use super::wanted::{Wanted, level_screen};
use crate::ConnectError;
use crate::probe::{Probed, Shown};
use crate::symptom::Diagnosis;
use crate::verify::{Report, Right, State};
use bitting_catalog::entity::{Entity, EntityId};
use bitting_catalog::security::Permission;
use bitting_catalog::served::Act;
use bitting_client::{Answer, Autotask, ClientError};
use bitting_policy::{ActionId, Role, Verb};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// What to verify.
pub struct Asked<'a> {
    /// The integration's own key.
    pub key: &'a Autotask,
    pub wanted: &'a Wanted,
    pub screen: &'a Screen,
    /// Somebody who sees everything, to compare counts with.
    pub admin: Option<&'a Autotask>,
    /// Believe calls alone, not what entityInformation says.
    pub probes_only: bool,
}

/// One operation on one entity, as the level decides it.
struct Witness<'a> {
    entity: &'a Entity,
    act: Act,
    verb: Verb,
    /// The least that serves.
    wanted: Access,
    /// More than this is in excess.
    most: Access,
    told: Option<Access>,
}

/// Verifies a key.
///
/// # Errors
/// A key that opens nothing, with what is behind it.
pub fn verify(asked: &Asked<'_>) -> Result<Report, ConnectError> {
    let (zone, _) = asked.key.zone().map_err(nobody)?;
    let version = asked.key.ask("GET", "Version", None)?;
    opens(&version)?;
    let wanted = asked.wanted;
    let mut report = Report {
        profile: wanted.title.clone(),
        address: asked.key.address().to_owned(),
        company: zone,
        role: wanted.level.name.clone(),
        member: asked.key.user().to_owned(),
        facts: Vec::new(),
        told: false,
        sources: Vec::new(),
        kept_in: "against security level",
        rights: Vec::new(),
        probes: Vec::new(),
        features: Vec::new(),
        diagnoses: Vec::new(),
        notes: Vec::new(),
    };
    let told = if asked.probes_only {
        None
    } else {
        told(asked, &mut report)?
    };
    report.told = told.is_some();
    if report.told {
        report.sources = vec!["entityInformation"];
    }
    let role = |level| {
        asked
            .screen
            .role(level)
            .map_err(|error| ConnectError::InTheWay {
                what: error.to_string(),
                remedy: "correct the profile".to_owned(),
            })
    };
    let (low, most) = (role(&wanted.least)?, role(&wanted.level)?);
    let witnesses = witnesses(asked, &low, &most, told.as_ref());
    let counts = counts(asked, &witnesses, &mut report)?;
    for (name, cell, value) in &wanted.listed {
        let Some(entry) = asked.screen.permissions.named(name) else {
            continue;
        };
        if *value == least(entry, cell) {
            continue;
        }
        let right = right(asked, entry, cell, value, &witnesses, &counts);
        report.rights.push(right);
    }
    excess(asked, &witnesses, &mut report);
    let acting = derived::acting(&wanted.level, asked.screen)?;
    report
        .notes
        .extend(acting.iter().map(derived::Acting::note));
    facts(asked, &mut report);
    Ok(report)
}

/// A user that discovery does not know.
fn nobody(error: ClientError) -> ConnectError {
    match error.status() {
        Some(404 | 500) => ConnectError::InTheWay {
            what: "no zone knows this user name, so the key opens nothing".to_owned(),
            remedy: "compare it with the Username (Key) of the API user: it looks like an e-mail address, and a \
                     user that was removed is unknown too"
                .to_owned(),
        },
        _ => error.into(),
    }
}

/// The vendor says nothing at all with its 401.
fn opens(answer: &Answer) -> Result<(), ConnectError> {
    if answer.status == 401 {
        return Err(ConnectError::InTheWay {
            what: "the key opens nothing: the secret or the tracking identifier is wrong, or the user is locked or \
                   inactive, or its level is; Autotask answers 401 without a word for all of them"
                .to_owned(),
            remedy: "look at the API user under Admin > Resources (Users); if it is active and not locked, generate \
                     a new secret, because the old one cannot be looked up"
                .to_owned(),
        });
    }
    Ok(())
}

/// How far the caller goes, by entity and operation.
type Told = BTreeMap<(String, &'static str), Access>;

/// What entityInformation says of this caller, by entity and operation; nothing where it is not answered.
fn told(asked: &Asked<'_>, report: &mut Report) -> Result<Option<Told>, ConnectError> {
    let answer = asked.key.ask("GET", "EntityInformation", None)?;
    let mut infos: Vec<Value> = Vec::new();
    if answer.is_success() {
        let listed = answer.body["entityDescriptions"].as_array();
        infos.extend(
            listed
                .into_iter()
                .flatten()
                .map(|each| each["info"].clone()),
        );
    } else {
        // Some zones answer it for one entity at a time.
        for entity in entities(asked) {
            let path = format!("{}/entityInformation", entity.path);
            let answer = asked.key.ask("GET", &path, None)?;
            if answer.is_success() {
                infos.push(answer.body["info"].clone());
            }
        }
    }
    if infos.is_empty() {
        report
            .notes
            .push("entityInformation is not answered here, so counts alone prove".to_owned());
        return Ok(None);
    }
    let mut told = BTreeMap::new();
    for info in &infos {
        let Some(name) = info["name"].as_str() else {
            continue;
        };
        for act in Act::EVERY {
            let field = format!("userAccessFor{}", capital(act.word()));
            if let Some(access) = info[&field].as_str().and_then(Access::read) {
                told.insert((name.to_owned(), act.word()), access);
            }
        }
    }
    Ok(Some(told))
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}

/// Entities that a permission of the level decides.
fn entities<'a>(asked: &'a Asked<'_>) -> impl Iterator<Item = &'a Entity> {
    asked.screen.catalog.entities.iter().filter(|entity| {
        Act::EVERY
            .into_iter()
            .any(|act| !actions(needs(entity, act).0).is_empty())
    })
}

fn witnesses<'a>(
    asked: &'a Asked<'_>,
    least: &Role,
    most: &Role,
    told: Option<&Told>,
) -> Vec<Witness<'a>> {
    let mut all = Vec::new();
    for entity in &asked.screen.catalog.entities {
        let can = entity.served.as_ref().map(|served| served.can);
        for act in Act::EVERY {
            let (needs, verb) = needs(entity, act);
            if actions(needs).is_empty() || !can.is_some_and(|can| can.does(act)) {
                continue;
            }
            let told =
                told.and_then(|told| told.get(&(entity.schema.to_string(), act.word())).copied());
            all.push(Witness {
                entity,
                act,
                verb,
                wanted: asked.screen.access(least, entity, act),
                most: asked.screen.access(most, entity, act),
                told,
            });
        }
    }
    all
}

/// How many records of an entity the key counts, and an administrator; by entity, or entity and class.
type Counts = BTreeMap<String, (Option<u64>, Option<u64>, Shown)>;

/// Counts every entity that can be listed by itself and that the level opens, and each class of records that a
/// permission of its own opens.
fn counts(
    asked: &Asked<'_>,
    witnesses: &[Witness<'_>],
    report: &mut Report,
) -> Result<Counts, ConnectError> {
    let chosen = chosen(asked, witnesses);
    let mut found = Counts::new();
    for witness in witnesses {
        let asks = witness.act == Act::Query && witness.wanted > Access::None;
        if !asks || !chosen.contains(&witness.entity.id) {
            continue;
        }
        let every = json!({ "filter": [{ "op": "gte", "field": "id", "value": 0 }] });
        let entity = witness.entity;
        let mut asks = vec![(entity.path.to_string(), every)];
        let rows = entity.served.as_ref().map(|served| &served.rows);
        if let Some(field) = rows.and_then(|rows| rows.classes) {
            let field = &entity.fields[field].name;
            for action in actions(needs(entity, Act::Query).0) {
                let Some(entry) = asked.screen.permission(action) else {
                    continue;
                };
                if !entry.classes.is_empty() {
                    let only = json!({ "filter": [{ "op": "in", "field": &**field, "value": entry.classes }] });
                    asks.push((format!("{} of {}", entity.path, entry.full_name()), only));
                }
            }
        }
        for (key, body) in asks {
            let path = format!("{}/query/count", entity.path);
            let answer = asked.key.ask("POST", &path, Some(&body))?;
            let shown = shown(&answer);
            let seen = answer.body["queryCount"].as_u64();
            report.probes.push(Probed {
                method: "POST",
                path: path.clone(),
                status: answer.status,
                shown,
                seen,
                left_behind: None,
            });
            let all = match asked.admin {
                Some(admin) => {
                    let answer = admin.ask("POST", &path, Some(&body))?;
                    answer.body["queryCount"].as_u64()
                }
                None => None,
            };
            found.insert(key, (seen, all, shown));
        }
    }
    hidden(witnesses, &found, report);
    Ok(found)
}

/// Entities to count: those whose rows have classes, and two for each permission, because more prove no more.
fn chosen(asked: &Asked<'_>, witnesses: &[Witness<'_>]) -> Vec<EntityId> {
    let mut by_need: BTreeMap<Vec<ActionId>, Vec<&Entity>> = BTreeMap::new();
    for witness in witnesses {
        if witness.act == Act::Query && listed(asked, witness.entity) {
            let actions = actions(needs(witness.entity, Act::Query).0);
            by_need.entry(actions).or_default().push(witness.entity);
        }
    }
    let mut chosen = Vec::new();
    for mut entities in by_need.into_values() {
        entities.sort_by_key(|entity| (entity.path.len(), entity.path.clone()));
        chosen.extend(entities.into_iter().take(2).map(|entity| entity.id));
    }
    chosen
}

/// Entities that decide something for the guide: their own list exists and a listed permission opens it.
fn listed(asked: &Asked<'_>, entity: &Entity) -> bool {
    let counted = entity
        .served
        .as_ref()
        .is_some_and(|served| served.root.has(bitting_catalog::served::Asked::Count));
    // The count is of all ids.
    let query = counted
        && entity
            .fields
            .iter()
            .any(|field| &*field.name == "id" && field.queryable);
    query
        && actions(needs(entity, Act::Query).0).iter().any(|action| {
            asked.screen.permission(*action).is_some_and(|entry| {
                asked.wanted.listed.iter().any(|(name, _, value)| {
                    *name == entry.full_name()
                        && !["None", "No", "Unchecked"].contains(&value.as_str())
                })
            })
        })
}

/// The vendor refuses with 500 and one phrase.
fn shown(answer: &Answer) -> Shown {
    let lacks = answer
        .message()
        .to_ascii_lowercase()
        .contains("adequate permissions");
    match answer.status {
        _ if lacks => Shown::Refused,
        403 => Shown::Refused,
        200..=299 => Shown::Granted,
        _ => Shown::Nothing,
    }
}

/// What is left out of lists without an error.
fn hidden(witnesses: &[Witness<'_>], counts: &Counts, report: &mut Report) {
    let mut fewer = Vec::new();
    let mut empty = Vec::new();
    for witness in witnesses {
        let all_rows = witness.act == Act::Query && witness.wanted == Access::All;
        let Some((Some(seen), all, _)) = counts.get(&*witness.entity.path).filter(|_| all_rows)
        else {
            continue;
        };
        match all {
            Some(all) if seen < all => {
                fewer.push(format!("{seen} of {all} {}", witness.entity.path));
            }
            None if *seen == 0 => empty.push(witness.entity.path.to_string()),
            _ => {}
        }
    }
    if !fewer.is_empty() {
        report.diagnoses.push(Diagnosis::new(
            format!("the key sees {}", fewer.join(", ")),
            "the level opens all of them, so a line of business hides the rest, without any error",
            "Admin > Resources (Users) > the API user > Line of Business: leave it empty, unless data are kept apart",
        ));
    }
    if !empty.is_empty() {
        report.notes.push(format!(
            "empty to this key, so there is nothing, or a line of business hides it: {}; --admin-key compares counts",
            empty.join(", ")
        ));
    }
}

/// One cell that the guide names.
fn right(
    asked: &Asked<'_>,
    entry: &Permission,
    cell: &str,
    value: &str,
    witnesses: &[Witness<'_>],
    counts: &Counts,
) -> Right {
    let name = entry.full_name();
    let mut state = State::Unproved;
    let mut held = "not told".to_owned();
    let mut shut: Vec<String> = Vec::new();
    for witness in witnesses.iter().filter(|w| decides(asked, w, entry, cell)) {
        // A class of records: only the rows tell it apart from the others.
        let class = format!("{} of {name}", witness.entity.path);
        if let Some((seen, all, shown)) = counts.get(&class)
            && witness.told != Some(Access::All)
        {
            match (seen, all, shown) {
                (_, _, Shown::Refused) => {
                    shut.push(format!("{} are refused", witness.entity.path));
                }
                (Some(0), Some(all), _) if *all > 0 => {
                    shut.push(format!(
                        "0 of {all} {} answered, without an error",
                        witness.entity.path
                    ));
                }
                (Some(seen), _, _) if *seen > 0 => state = state.min(State::Granted),
                _ => {}
            }
            continue;
        }
        let refused = witness.act == Act::Query
            && counts
                .get(&*witness.entity.path)
                .is_some_and(|(_, _, shown)| *shown == Shown::Refused);
        match witness.told {
            _ if refused => shut.push(format!("{} are refused", witness.entity.path)),
            Some(told) if told < witness.wanted => shut.push(format!(
                "{} {} is {} (needs {})",
                witness.entity.path,
                witness.act.word(),
                told.word(),
                witness.wanted.word()
            )),
            Some(_) if witness.wanted > Access::None => state = state.min(State::Granted),
            None if witness.act == Act::Query
                && counts
                    .get(&*witness.entity.path)
                    .is_some_and(|(_, _, shown)| *shown == Shown::Granted) =>
            {
                state = state.min(State::Granted);
            }
            _ => {}
        }
    }
    if state == State::Granted {
        value.clone_into(&mut held);
    }
    let mut why = asked.wanted.reason(&name).to_owned();
    let mut remedy = String::new();
    if !shut.is_empty() {
        state = State::Missing;
        "less".clone_into(&mut held);
        let first: Vec<&str> = shut.iter().take(3).map(String::as_str).collect();
        why = format!(
            "{}{}",
            first.join(", "),
            if shut.len() > 3 { " …" } else { "" }
        );
        let column = match head(cell) {
            "" => String::new(),
            head => format!("{head} "),
        };
        remedy = format!(
            "{} > {}: set {column}to {value}",
            level_screen(&asked.wanted.level.name),
            path(entry)
        );
    }
    Right {
        module: entry.section.clone(),
        action: entry.name.clone(),
        verb: Some(head(cell)).filter(|head| !head.is_empty()),
        entry: None,
        held,
        needed: value.to_owned(),
        state,
        why,
        remedy,
    }
}

/// Whether a cell has a say in an operation.
fn decides(asked: &Asked<'_>, witness: &Witness<'_>, entry: &Permission, cell: &str) -> bool {
    let (needs, verb) = needs(witness.entity, witness.act);
    actions(needs).into_iter().any(|action| {
        asked
            .screen
            .permission(action)
            .is_some_and(|found| found.full_name() == entry.full_name())
    }) && columns(entry, verb).contains(&cell)
}

/// What the key may do beyond the level that is wanted, by the cells that open it.
fn excess(asked: &Asked<'_>, witnesses: &[Witness<'_>], report: &mut Report) {
    let mut found: BTreeMap<(String, &'static str), Vec<String>> = BTreeMap::new();
    for witness in witnesses {
        let Some(told) = witness.told.filter(|told| *told > witness.most) else {
            continue;
        };
        let said = format!(
            "{} {} {}",
            witness.entity.path,
            witness.act.word(),
            told.word()
        );
        for action in actions(needs(witness.entity, witness.act).0) {
            let Some(entry) = asked.screen.permission(action) else {
                continue;
            };
            for cell in columns(entry, witness.verb) {
                let value = asked.screen.value(&asked.wanted.level, entry, cell);
                let top = entry.values(cell).len().saturating_sub(1);
                if rank(entry, cell, &value).is_some_and(|rank| rank < top) {
                    found
                        .entry((entry.full_name(), cell))
                        .or_default()
                        .push(said.clone());
                }
            }
        }
    }
    for ((name, cell), said) in found {
        let Some(entry) = asked.screen.permissions.named(&name) else {
            continue;
        };
        let value = asked.screen.value(&asked.wanted.level, entry, cell);
        let column = match head(cell) {
            "" => String::new(),
            head => format!("{head} "),
        };
        let more = said.len().saturating_sub(3);
        let mut why = said.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
        if more > 0 {
            // Writing to a String cannot fail.
            let _ = write!(why, " and {more} more");
        }
        report.rights.push(Right {
            module: entry.section.clone(),
            action: entry.name.clone(),
            verb: Some(head(cell)).filter(|head| !head.is_empty()),
            entry: None,
            held: "more".to_owned(),
            needed: value.clone(),
            state: State::Excess,
            why,
            remedy: format!(
                "{} > {}: set {column}to {value}{}",
                level_screen(&asked.wanted.level.name),
                path(entry),
                raised(entry, cell, &value)
            ),
        });
    }
}

/// What else lets a cell grant more than it shows.
fn raised(entry: &Permission, cell: &str, value: &str) -> String {
    let rule = entry.derived.as_ref();
    let rule = rule.filter(|rule| rule.cell == cell && rule.from == value);
    rule.map_or_else(String::new, |rule| {
        format!(
            "; where it stands there already, it acts as {} because every row of {} > {} is {}: set one lower",
            rule.to, rule.section, rule.subsection, rule.stands
        )
    })
}

/// What no call can prove.
fn facts(asked: &Asked<'_>, report: &mut Report) {
    let form = &asked.wanted.user;
    report.facts.push(match &form.vendor {
        Some(vendor) => format!("tracking identifier accepted, for integration vendor {vendor}"),
        None => "tracking identifier accepted, a custom one".to_owned(),
    });
    let unproved = report.count(State::Unproved);
    if unproved > 0 {
        let settings = if unproved == 1 {
            "1 setting opens"
        } else {
            &format!("{unproved} settings open")
        };
        report.notes.push(format!(
            "{settings} nothing that a call shows; look at it on the screen"
        ));
    }
    let consent = consent::click(asked.wanted);
    for click in asked.wanted.by_hand.iter().chain(&consent) {
        report
            .notes
            .push(format!("no call tells {}: {}", click.at, click.set));
    }
    if asked.admin.is_none() {
        report.notes.push(
            "counts stand alone: --admin-key names a key that sees everything, to tell hidden records from none"
                .to_owned(),
        );
    }
}
