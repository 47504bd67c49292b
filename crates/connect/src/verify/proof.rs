//! Real calls with the key: one per needed right, and counts beside an administrator's. A call that is
//! refused where the PSA told the right would do makes the right missing.

use super::Asked;
use crate::ConnectError;
use crate::probe::{self, Probed, Probes, Shown};
use crate::report::{Report, Right, State};
use crate::symptom::Diagnosis;
use crate::wanted::{Form, Wanted};
use bitting_policy::{ActionId, EntryId, Level, ListDocument, Verb};

/// Runs the probes and puts what they show into the report.
pub fn run(asked: &Asked<'_>, wanted: &Wanted, report: &mut Report) -> Result<(), ConnectError> {
    let choices = Probes::shipped();
    let cells: Vec<(String, String, Verb, Level)> = wanted
        .cells()
        .map(|(module, action, verb, level)| (module.to_owned(), action.to_owned(), verb, level))
        .collect();
    for (module, action, verb, level) in cells {
        let Some(id) = asked.registry.action(&module, &action) else {
            continue;
        };
        if id == asked.registry.table_setup() {
            tables(asked, wanted, verb, report)?;
            continue;
        }
        let shown = cell(asked, &choices, (id, verb, level), &wanted.member, report)?;
        let place = Place {
            module: &module,
            action: &action,
            verb: Some(verb),
            entry: None,
        };
        settle(report, &place, &level.to_string(), shown, wanted);
    }
    if !report.told {
        excess(asked, &choices, wanted, report)?;
    }
    Ok(())
}

/// Probes one cell; nothing where no call reaches it or it was not to be tried.
fn cell(
    asked: &Asked<'_>,
    choices: &Probes,
    (id, verb, level): (ActionId, Verb, Level),
    form: &Form,
    report: &mut Report,
) -> Result<Option<Shown>, ConnectError> {
    let Some(path) = choices.of_action(asked.catalog, asked.registry, id) else {
        return Ok(None);
    };
    if verb != Verb::Inquire {
        if !asked.write_probes {
            return Ok(None);
        }
        let mut shown = note(report, probe::write(asked.key, asked.admin, &path, verb)?);
        // Level My does not reach what hangs on somebody else's record, and rightly so.
        if verb == Verb::Add
            && level == Level::All
            && let Some(first) = probe::first(asked.key, &path)
        {
            // A push can half succeed: the record is made, and what hangs on it is refused.
            for child in choices.children(asked.registry, id) {
                let below = format!("{path}/{first}/{child}");
                let below = note(report, probe::write(asked.key, asked.admin, &below, verb)?);
                if below == Shown::Refused {
                    shown = Shown::Refused;
                }
            }
        }
        return Ok(Some(shown));
    }
    let mut probed = probe::read(asked.key, &path)?;
    let granted = probed.shown == Shown::Granted && probed.status == 200;
    probed.seen = if granted {
        probe::counted(asked.key, &path)
    } else {
        None
    };
    let seen = probed.seen;
    let mut shown = note(report, probed);
    if granted {
        counts(asked, &path, (seen, level), form, report);
        if let Some(first) = probe::first(asked.key, &path) {
            for child in choices.children(asked.registry, id) {
                if note(
                    report,
                    probe::read(asked.key, &format!("{path}/{first}/{child}"))?,
                ) == Shown::Refused
                {
                    shown = Shown::Refused;
                }
            }
        }
    }
    Ok(Some(shown))
}

/// What scope hides is not refused but left out, so only counts show it.
fn counts(
    asked: &Asked<'_>,
    path: &str,
    (seen, level): (Option<u64>, Level),
    form: &Form,
    report: &mut Report,
) {
    let all = asked.admin.and_then(|admin| probe::counted(admin, path));
    match (seen, all) {
        (Some(seen), Some(all)) if seen < all && level == Level::All => {
            hidden(path, seen, all, form, report);
        }
        (Some(0), None) if level == Level::All => empty(path, report),
        _ => {}
    }
}

/// One diagnosis for all lists that are shorter than they could be.
fn hidden(path: &str, seen: u64, all: u64, form: &Form, report: &mut Report) {
    const START: &str = "the key sees ";
    let boards = form.excluded_boards.join(", ");
    if !boards.is_empty() && path.starts_with("service/") {
        report.notes.push(format!(
            "{START}{seen} of {all} in {path}: the profile keeps it from {boards}, and its location may hide more"
        ));
        return;
    }
    let said = format!("{seen} of {all} in {path}");
    match report.diagnoses.iter_mut().find(|found| found.symptom.starts_with(START)) {
        Some(found) => {
            found.symptom.push_str(", ");
            found.symptom.push_str(&said);
        }
        None => report.diagnoses.push(Diagnosis::new(
            format!("{START}{said}"),
            "the level is All, so the member's location or an excluded board hides the rest, without any error",
            "set the member's location to Corporate and exclude no board, if the integration shall see them",
        )),
    }
}

/// One note for all lists without a record.
fn empty(path: &str, report: &mut Report) {
    const START: &str =
        "empty to this key, so there is nothing, or the member's location hides it: ";
    match report.notes.iter_mut().find(|note| note.starts_with(START)) {
        Some(note) => {
            note.push_str(", ");
            note.push_str(path);
        }
        None => report.notes.push(format!("{START}{path}")),
    }
}

/// Probes each needed table at the row's verb.
fn tables(
    asked: &Asked<'_>,
    wanted: &Wanted,
    verb: Verb,
    report: &mut Report,
) -> Result<(), ConnectError> {
    let registry = asked.registry;
    let setup = registry.get(registry.table_setup());
    let Some((module, action)) = setup.map(|row| (row.module.clone(), row.name.clone())) else {
        return Ok(());
    };
    let row = Place {
        module: &module,
        action: &action,
        verb: Some(verb),
        entry: None,
    };
    let entry = |name| Place {
        verb: None,
        entry: Some(name),
        ..row
    };
    let list = registry
        .table_list()
        .map(|list| wanted.role.list_document(registry, list));
    let names = match list {
        Some(ListDocument::Allow(names)) => names,
        // Everything is meant: one well-known table stands for all.
        _ => vec!["Service / Service Board".to_owned()],
    };
    let level = wanted.role.level(registry.table_setup(), verb).to_string();
    let mut open = None;
    for name in names.iter().map(String::as_str) {
        let path = registry
            .table(name)
            .and_then(|id: EntryId| Probes::of_table(asked.catalog, id));
        let Some(path) = path.filter(|_| verb == Verb::Inquire || asked.write_probes) else {
            if !report.told && verb == Verb::Inquire {
                settle(report, &entry(name), "allowed", None, wanted);
            }
            continue;
        };
        let shown = note(report, probe::write(asked.key, asked.admin, &path, verb)?);
        if shown == Shown::Granted {
            open = Some(Shown::Granted);
        } else {
            open = open.or(Some(shown));
        }
        if verb == Verb::Inquire {
            settle(report, &entry(name), "allowed", Some(shown), wanted);
        }
    }
    settle(report, &row, &level, open, wanted);
    Ok(())
}

/// A cell of the role's screen, or an entry of its row's customize list.
#[derive(Clone, Copy)]
struct Place<'a> {
    module: &'a str,
    action: &'a str,
    verb: Option<Verb>,
    entry: Option<&'a str>,
}

/// Brings what the PSA told and what a probe showed together.
fn settle(
    report: &mut Report,
    place: &Place<'_>,
    needed: &str,
    shown: Option<Shown>,
    wanted: &Wanted,
) {
    let &Place {
        module,
        action,
        verb,
        entry,
    } = place;
    let screen = format!(
        "System > Security Roles > {} > {module} > {action}",
        report.role
    );
    let remedy = match (verb, entry) {
        (Some(verb), _) => format!("{screen}: set {verb} to {needed}"),
        (None, entry) => format!("{screen} > customize: allow {}", entry.unwrap_or_default()),
    };
    let told = report.rights.iter_mut().find(|right| {
        right.module == module
            && right.action == action
            && right.verb == verb.map(Verb::as_str)
            && right.entry.as_deref() == entry
    });
    if let Some(right) = told {
        // The row decides first: a table behind a closed row is refused without being missing itself.
        let row_is_it = entry.is_some();
        if right.state == State::Granted && shown == Some(Shown::Refused) && !row_is_it {
            right.state = State::Missing;
            right.remedy = format!(
                "{remedy} (the PSA tells {}, yet it refuses the call)",
                right.held
            );
        } else if right.state == State::Granted && shown == Some(Shown::Refused) {
            right.state = State::Missing;
            right.remedy = remedy;
        }
        return;
    }
    if report.told {
        return;
    }
    let (state, held) = match shown {
        Some(Shown::Granted) => (State::Granted, "shown"),
        Some(Shown::Refused) => (State::Missing, "refused"),
        Some(Shown::Nothing) | None => (State::Unproved, "not told"),
    };
    report.rights.push(Right {
        module: module.to_owned(),
        action: action.to_owned(),
        verb: verb.map(Verb::as_str),
        entry: entry.map(str::to_owned),
        held: held.to_owned(),
        needed: needed.to_owned(),
        state,
        why: wanted.reason(module, action).to_owned(),
        remedy: if state == State::Missing {
            remedy
        } else {
            String::new()
        },
    });
}

/// Where the PSA tells nothing: every read that is not needed and yet answered.
fn excess(
    asked: &Asked<'_>,
    choices: &Probes,
    wanted: &Wanted,
    report: &mut Report,
) -> Result<(), ConnectError> {
    for action in asked.registry.actions() {
        let needed = wanted.role.level(action.id, Verb::Inquire) > Level::None;
        if needed || action.id == asked.registry.table_setup() {
            continue;
        }
        let Some(path) = choices.of_action(asked.catalog, asked.registry, action.id) else {
            continue;
        };
        let probed = probe::read(asked.key, &path)?;
        let open = probed.shown == Shown::Granted && probed.status == 200;
        note(report, probed);
        if open {
            report.rights.push(Right {
                module: action.module.clone(),
                action: action.name.clone(),
                verb: Some(Verb::Inquire.as_str()),
                entry: None,
                held: "shown".to_owned(),
                needed: Level::None.to_string(),
                state: State::Excess,
                why: String::new(),
                remedy: format!(
                    "System > Security Roles > {} > {} > {}: set Inquire to None",
                    report.role, action.module, action.name
                ),
            });
        }
    }
    Ok(())
}

fn note(report: &mut Report, probed: Probed) -> Shown {
    let shown = probed.shown;
    report.probes.push(probed);
    shown
}
