//! What stands behind the findings: the member's own record, and the errors that the profile knows.

use super::Asked;
use crate::probe::Shown;
use crate::report::{Report, Right, State};
use crate::symptom::Diagnosis;
use crate::wanted::Wanted;
use bitting_policy::{ListDocument, Verb};
use serde_json::Value;

/// What the member's own record says.
pub fn facts(wanted: &Wanted, me: &Value, report: &mut Report) {
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
pub fn diagnose(asked: &Asked<'_>, wanted: &Wanted, report: &mut Report) {
    let tables = asked.registry.get(asked.registry.table_setup());
    let missing: Vec<Right> = report.with(State::Missing).cloned().collect();
    for right in &missing {
        let is_setup =
            tables.is_some_and(|row| row.module == right.module && row.name == right.action);
        if is_setup && right.verb == Some(Verb::Inquire.as_str()) && right.held == "None" {
            let chosen = wanted.document.lists.values().map(|list| match list {
                ListDocument::Allow(names) => names.len(),
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
