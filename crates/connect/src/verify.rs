//! Proof of a key: what it really holds, told by its own answers and by probes, against what is wanted. Needs
//! nothing but the key; an administrator's key beside it only adds counts.

mod junit;
mod proof;
mod text;

use crate::ConnectError;
use crate::held::{lists_of, rows_of};
use crate::probe::{Probed, Probes, Shown};
use crate::symptom::Diagnosis;
use crate::wanted::{Choices, Wanted, wanted};
use bitting_catalog::Catalog;
use bitting_catalog::profile::{Profile, Status};
use bitting_client::Psa;
use bitting_policy::{
    Comparison, Level, ListDocument, Registry, Role, RoleDocument, Verb, compare,
};
use serde::Serialize;
use serde_json::Value;

/// What to verify.
pub struct Asked<'a> {
    /// The integration's own key.
    pub key: &'a Psa,
    pub profile: &'a Profile,
    pub choices: &'a Choices,
    pub registry: &'a Registry,
    pub catalog: &'a Catalog,
    /// Somebody who sees everything, to compare counts with.
    pub admin: Option<&'a Psa>,
    /// Also ask for writes that cannot be done.
    pub write_probes: bool,
    /// Believe calls alone, not what the PSA says of the caller's rights.
    pub probes_only: bool,
}

/// How a right stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    Granted,
    Missing,
    Excess,
    /// The PSA does not tell, and no probe showed it.
    Unproved,
}

/// One right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Right {
    pub module: String,
    pub action: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// `Add`, `Inquire`; on Autotask the column: `View`, `Edit`.
    pub verb: Option<&'static str>,
    /// Entry of the row's customize list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
    pub held: String,
    pub needed: String,
    pub state: State,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// Screen and cell to change, where something is to change.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub remedy: String,
}

/// A feature that was not asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Optional {
    pub feature: String,
    pub title: String,
    /// Whether the key could do it all the same.
    pub possible: bool,
}

/// What was found.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    pub profile: String,
    pub address: String,
    pub company: String,
    /// Security role, or on Autotask the security level.
    pub role: String,
    pub member: String,
    /// Facts of the member: location, board, and what speaks against them.
    pub facts: Vec<String>,
    /// Whether the PSA told the caller's rights, or probes alone did.
    pub told: bool,
    /// What told them: `mySecurity`, `entityInformation`.
    pub sources: Vec<&'static str>,
    /// How the report's first line speaks of `role`: a key of Autotask does not tell its own level.
    #[serde(skip)]
    pub kept_in: &'static str,
    pub rights: Vec<Right>,
    pub probes: Vec<Probed>,
    pub features: Vec<Optional>,
    pub diagnoses: Vec<Diagnosis>,
    pub notes: Vec<String>,
}

impl Report {
    pub fn count(&self, state: State) -> usize {
        self.rights
            .iter()
            .filter(|right| right.state == state)
            .count()
    }

    pub fn with(&self, state: State) -> impl Iterator<Item = &Right> {
        self.rights.iter().filter(move |right| right.state == state)
    }

    /// 0 exactly what is needed, 2 something is missing, 3 nothing is missing but something is in excess.
    pub fn exit_code(&self) -> u8 {
        match (self.count(State::Missing), self.count(State::Excess)) {
            (0, 0) => 0,
            (0, _) => 3,
            _ => 2,
        }
    }
}

/// Verifies a key.
///
/// # Errors
/// A key that opens nothing: [`crate::symptom::explain`] tells what is behind it.
pub fn verify(asked: &Asked<'_>) -> Result<Report, ConnectError> {
    // Also where an administrator's role was chosen, the guide's rows are the need, and the rest is excess.
    let choices = Choices {
        admin: false,
        ..asked.choices.clone()
    };
    let wanted = wanted(asked.profile, &choices, asked.registry)?;
    // The call that needs no right: what fails here is the key, not the role.
    asked.key.get("system/info")?;
    let me = asked
        .key
        .get("system/myMembers")
        .ok()
        .map(one)
        .unwrap_or_default();
    let mut report = Report {
        profile: wanted.title.clone(),
        address: asked.key.address().to_owned(),
        company: asked.key.company().to_owned(),
        role: me["securityRole"]["name"]
            .as_str()
            .unwrap_or(&wanted.document.name)
            .to_owned(),
        member: me["identifier"].as_str().unwrap_or_default().to_owned(),
        facts: Vec::new(),
        told: false,
        sources: Vec::new(),
        kept_in: "with role",
        rights: Vec::new(),
        probes: Vec::new(),
        features: Vec::new(),
        diagnoses: Vec::new(),
        notes: Vec::new(),
    };
    let told = if asked.probes_only {
        None
    } else {
        told(asked, &wanted, &me, &mut report.notes)?
    };
    report.told = told.is_some();
    if report.told {
        report.sources = vec!["mySecurity", "customizeItems", "myMembers"];
    }
    if let Some(held) = &told {
        compared(asked, &wanted, held, &mut report);
        report.features = features(asked, held)?;
    } else {
        report.notes.push(
            "told by probes alone, without mySecurity: they show neither My from All nor what no probe reaches".to_owned(),
        );
    }
    proof::run(asked, &wanted, &mut report)?;
    facts(&wanted, &me, &mut report);
    diagnose(asked, &wanted, &mut report);
    // A proof knows what the profile says, and a profile may know that it does not say all.
    report.notes.extend(wanted.doubts.iter().cloned());
    Ok(report)
}

/// The caller's rights as the PSA tells them, or nothing where it does not.
fn told(
    asked: &Asked<'_>,
    wanted: &Wanted,
    me: &Value,
    notes: &mut Vec<String>,
) -> Result<Option<Role>, ConnectError> {
    let Ok(rows) = asked.key.list("system/mySecurity") else {
        return Ok(None);
    };
    if rows.is_empty() {
        return Ok(None);
    }
    let read = rows_of(&rows, asked.registry);
    let mut document = RoleDocument {
        name: me["securityRole"]["name"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
        admin: me["adminFlag"] == true,
        rows: read.rows,
        ..RoleDocument::default()
    };
    match asked.key.list("system/mySecurity/customizeItems") {
        Ok(items) => {
            let (lists, untold) = lists_of(&items, &read.restricted, asked.registry);
            document.lists = lists;
            for list in untold {
                // A list without a told entry allows nothing, or all but some: which of them is not told, so what
                // is wanted is believed where it is one of the two.
                let known = wanted.document.lists.get(&list);
                match known {
                    Some(ListDocument::Allow(names)) if names.is_empty() => {
                        document.lists.insert(list, ListDocument::Allow(Vec::new()));
                        continue;
                    }
                    Some(denied @ ListDocument::Deny(_)) => {
                        document.lists.insert(list.clone(), denied.clone());
                    }
                    _ => {}
                }
                notes.push(format!(
                    "{list} restricts, but the PSA does not tell its entries"
                ));
            }
        }
        Err(_) => notes.push(
            "the PSA does not tell the entries of customize lists; probes check the tables"
                .to_owned(),
        ),
    }
    for row in read.unknown {
        notes.push(format!(
            "the role grants `{row}`, a row unknown here and not needed"
        ));
    }
    let role = Role::observed(asked.registry, &document).map_err(|source| ConnectError::Role {
        profile: "the rights the PSA tells".to_owned(),
        fault: Box::new(source),
    })?;
    Ok(Some(role))
}

/// Rights granted, missing and in excess, by comparison.
fn compared(asked: &Asked<'_>, wanted: &Wanted, held: &Role, report: &mut Report) {
    let registry = asked.registry;
    let comparison = compare(held, &wanted.role, registry);
    let screen = format!("System > Security Roles > {}", report.role);
    let missing = |module: &str, action: &str, verb: Verb| {
        comparison
            .missing
            .iter()
            .find(|cell| cell.module == module && cell.action == action && cell.verb == verb)
    };
    for (module, action, verb, needed) in wanted.cells() {
        let id = registry.action(module, action);
        let gap = missing(module, action, verb);
        let now = match (gap, id) {
            (Some(cell), _) => cell.held,
            (None, _) if held.admin => needed,
            (None, Some(id)) => held.level(id, verb),
            (None, None) => Level::None,
        };
        report.rights.push(Right {
            module: module.to_owned(),
            action: action.to_owned(),
            verb: Some(verb.as_str()),
            entry: None,
            held: now.to_string(),
            needed: needed.to_string(),
            state: if gap.is_some() {
                State::Missing
            } else {
                State::Granted
            },
            why: wanted.reason(module, action).to_owned(),
            remedy: gap.map_or_else(String::new, |_| {
                format!("{screen} > {module} > {action}: set {verb} to {needed}")
            }),
        });
    }
    entries(
        asked,
        wanted,
        held,
        &comparison,
        &screen,
        &mut report.rights,
    );
    if comparison.excess_admin {
        report.rights.push(Right {
            module: "Every module".to_owned(),
            action: "administrator".to_owned(),
            verb: None,
            entry: None,
            held: "yes".to_owned(),
            needed: "no".to_owned(),
            state: State::Excess,
            why: format!(
                "{} levels more than needed, and every setup table",
                comparison.excess.len()
            ),
            remedy: if report.role.eq_ignore_ascii_case(&wanted.document.name) {
                format!(
                    "`{}` is an administrator's role; apply without --admin and with another --role, or let `bitting learn` \
                     find the rows it uses",
                    report.role
                )
            } else {
                format!(
                    "give the member the role `{}` instead of an administrator's",
                    wanted.document.name
                )
            },
        });
        return;
    }
    for cell in &comparison.excess {
        let reads = if cell.reads_everything {
            "reads across all records, cost and people included"
        } else {
            ""
        };
        report.rights.push(Right {
            module: cell.module.clone(),
            action: cell.action.clone(),
            verb: Some(cell.verb.as_str()),
            entry: None,
            held: cell.held.to_string(),
            needed: cell.needed.to_string(),
            state: State::Excess,
            why: reads.to_owned(),
            remedy: format!(
                "{screen} > {} > {}: set {} to {}",
                cell.module, cell.action, cell.verb, cell.needed
            ),
        });
    }
}

/// Entries of customize lists, where the row is open on both sides.
fn entries(
    asked: &Asked<'_>,
    wanted: &Wanted,
    held: &Role,
    comparison: &Comparison,
    screen: &str,
    rights: &mut Vec<Right>,
) {
    let registry = asked.registry;
    let mut push = |list: &str, entry: &str, state: State| {
        let action = registry
            .list(list)
            .and_then(|id| registry.get_list(id))
            .and_then(|list| registry.get(list.action));
        let Some(action) = action else { return };
        let (held, needed) = match state {
            State::Missing => ("not allowed", "allowed"),
            State::Excess => ("allowed", "not needed"),
            _ => ("allowed", "allowed"),
        };
        let at = format!("{screen} > {} > {} > customize", action.module, action.name);
        rights.push(Right {
            module: action.module.clone(),
            action: action.name.clone(),
            verb: None,
            entry: Some(entry.to_owned()),
            held: held.to_owned(),
            needed: needed.to_owned(),
            state,
            why: String::new(),
            remedy: match state {
                State::Missing => format!("{at}: move {entry} to the allowed (left) side"),
                State::Excess => format!("{at}: move {entry} to the disallowed (right) side"),
                _ => String::new(),
            },
        });
    };
    for (list, names) in &wanted.document.lists {
        let bitting_policy::ListDocument::Allow(names) = names else {
            continue;
        };
        let open = registry
            .list(list)
            .and_then(|id| registry.get_list(id))
            .is_some_and(|list| {
                held.admin
                    || Verb::EVERY
                        .iter()
                        .any(|verb| held.level(list.action, *verb) > Level::None)
            });
        let gap = comparison.lists.iter().find(|gap| gap.list == *list);
        for name in names {
            let lacks = gap.is_some_and(|gap| {
                gap.missing
                    .iter()
                    .any(|missing| missing.eq_ignore_ascii_case(name))
            });
            // Behind a closed row no entry counts; the row itself is what is missing.
            match (lacks, open) {
                (true, _) => push(list, name, State::Missing),
                (false, true) => push(list, name, State::Granted),
                (false, false) => {}
            }
        }
    }
    for gap in &comparison.lists {
        for name in &gap.missing {
            let said = matches!(
                wanted.document.lists.get(&gap.list),
                Some(bitting_policy::ListDocument::Allow(_))
            );
            if !said {
                push(&gap.list, name, State::Missing);
            }
        }
        if gap.missing_rest {
            push(&gap.list, "every other entry", State::Missing);
        }
        if gap.excess_rest {
            push(&gap.list, "every other entry", State::Excess);
        }
        // A list that is open as a whole is one thing to change, not a hundred.
        let open = asked
            .registry
            .list(&gap.list)
            .map(|id| held.list_document(registry, id));
        if open == Some(bitting_policy::ListDocument::Everything) && !gap.excess.is_empty() {
            push(
                &gap.list,
                &format!("everything: {} entries more than needed", gap.excess.len()),
                State::Excess,
            );
            continue;
        }
        for name in &gap.excess {
            push(&gap.list, name, State::Excess);
        }
    }
}

/// Features that were not asked for: can the key do them?
fn features(asked: &Asked<'_>, held: &Role) -> Result<Vec<Optional>, ConnectError> {
    let mut found = Vec::new();
    for feature in &asked.profile.feature {
        if asked.choices.selection.features.contains(&feature.id)
            || feature.status == Status::Legacy
        {
            continue;
        }
        let mut selection = asked.profile.select(&[&feature.id])?;
        selection
            .answers
            .clone_from(&asked.choices.selection.answers);
        // A feature whose placeholders nobody filled cannot be judged.
        let Ok(document) = asked.profile.role_for(asked.registry, &selection) else {
            continue;
        };
        let Ok(needed) = Role::from_document(asked.registry, &document) else {
            continue;
        };
        found.push(Optional {
            feature: feature.id.clone(),
            title: feature.title.clone(),
            possible: compare(held, &needed, asked.registry).suffices(),
        });
    }
    Ok(found)
}

/// What the member's own record says.
fn facts(wanted: &Wanted, me: &Value, report: &mut Report) {
    if me.is_null() {
        report
            .notes
            .push("the PSA does not answer myMembers to this key".to_owned());
        return;
    }
    let name = |field: &str| me[field]["name"].as_str().map(str::to_owned);
    let location = name("securityLocation");
    let board = name("serviceDefaultBoard");
    report.facts.push(format!(
        "location {}",
        location.as_deref().unwrap_or("not told")
    ));
    report.facts.push(format!(
        "default board {}",
        board.as_deref().unwrap_or("none")
    ));
    let form = &wanted.member;
    if let (Some(wanted), Some(held), true) = (&form.location, &location, form.location_said)
        && !wanted.eq_ignore_ascii_case(held)
    {
        report.diagnoses.push(Diagnosis::new(
            format!("the member's location is {held}"),
            format!("the profile wants {wanted}: records outside {held} are left out of lists without an error"),
            format!("System > Members > API Members > {}: set Location to {wanted}", report.member),
        ));
    }
    if let Some(wanted) = &form.board
        && !board
            .as_ref()
            .is_some_and(|held| held.eq_ignore_ascii_case(wanted))
    {
        report.diagnoses.push(Diagnosis::new(
            format!("the default board is {}", board.as_deref().unwrap_or("empty")),
            format!("tickets without a board will not land on {wanted}"),
            format!("System > Members > API Members > {} > Service Defaults: set Default Board to {wanted}", report.member),
        ));
    }
}

/// Known errors behind what is missing.
fn diagnose(asked: &Asked<'_>, wanted: &Wanted, report: &mut Report) {
    let tables = asked.registry.get(asked.registry.table_setup());
    let missing: Vec<Right> = report.with(State::Missing).cloned().collect();
    for right in &missing {
        let is_setup =
            tables.is_some_and(|row| row.module == right.module && row.name == right.action);
        if is_setup && right.verb == Some(Verb::Inquire.as_str()) && right.held == "None" {
            let chosen = wanted.document.lists.values().map(|list| match list {
                bitting_policy::ListDocument::Allow(names) => names.len(),
                _ => 0,
            });
            report.diagnoses.push(Diagnosis::new(
                "lookups are refused with the general no-permission sentence, whatever tables are chosen",
                match chosen.sum::<usize>() {
                    0 => "the row System / Table Setup is blank, so no table counts".to_owned(),
                    count => format!(
                        "the row System / Table Setup is blank: tables count only once the row has a level ({count} are needed)"
                    ),
                },
                right.remedy.clone(),
            ));
        }
        for error in &asked.profile.error {
            let told = format!("{} {}", error.cause, error.cure);
            if told.contains(&right.action) {
                let known = Diagnosis::new(&error.symptom, &error.cause, &error.cure);
                if !report.diagnoses.contains(&known) {
                    report.diagnoses.push(known);
                }
            }
        }
    }
    for probe in report
        .probes
        .iter()
        .filter(|probe| probe.left_behind.is_some())
    {
        report.notes.push(format!(
            "a write probe made {} and nobody may delete it; delete it by hand",
            probe.left_behind.as_deref().unwrap_or_default()
        ));
    }
    if report
        .probes
        .iter()
        .any(|probe| probe.shown == Shown::Nothing && probe.status == 401)
    {
        report
            .notes
            .push("the key stopped working during the proof".to_owned());
    }
}

/// A record that some releases answer as a list of one.
fn one(value: Value) -> Value {
    match value {
        Value::Array(mut rows) if !rows.is_empty() => rows.swap_remove(0),
        Value::Array(_) => Value::Null,
        other => other,
    }
}

/// The probes of this report's profile.
fn probes() -> Probes {
    Probes::shipped()
}
