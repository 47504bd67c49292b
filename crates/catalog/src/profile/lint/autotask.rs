//! Settings of a security level: names and values that do not exist, and rights that reach far.

use super::{Report, Severity};
use crate::profile::autotask::{Impersonation, Setting, Start};
use crate::profile::nearest::nearest;
use crate::profile::screen::{ENTRIES, Entry, IMPERSONATED, SECTIONS, find};

pub(super) fn check(report: &mut Report) {
    let profile = report.profile;
    for (_, setting) in profile.settings() {
        check_setting(report, setting);
    }
    let optional = profile
        .feature
        .iter()
        .flat_map(|feature| &feature.impersonation);
    for row in profile.impersonation.iter().chain(optional) {
        check_impersonation(report, row);
    }
    check_contracts(report);
    check_derived(report);
    if profile
        .level
        .as_ref()
        .is_some_and(|level| level.start == Start::AsIs)
    {
        report.advise(
            Severity::Warning,
            "system-level",
            profile.line_of("level.start"),
            "the guide assigns a system level as it is, which reads and writes nearly everything",
            "copy the level and take away what is not needed",
        );
    }
    let tracked = profile
        .user
        .as_ref()
        .is_some_and(|user| !user.tracking_vendor.is_empty() || user.tracking_custom);
    if !tracked {
        report.add(
            Severity::Note,
            "no-tracking",
            profile.line_of("user"),
            "the guide names no API tracking identifier; every API user needs one",
        );
    }
}

fn check_setting(report: &mut Report, setting: &Setting) {
    if let Some(doubt) = &setting.uncertain {
        report.add(
            Severity::Note,
            "uncertain",
            setting.line,
            format!("{}: {doubt}", setting.title()),
        );
    }
    if setting.setting == "*" {
        if SECTIONS.contains(&setting.section.as_str()) {
            report.advise(
                Severity::Warning,
                "whole-section",
                setting.line,
                format!("the whole section {} is asked for", setting.section),
                "name the settings",
            );
        } else {
            unknown_section(report, setting);
        }
        return;
    }
    let Some(entry) = find(&setting.section, &setting.subsection, &setting.setting) else {
        unknown(report, setting);
        return;
    };
    if entry.name != setting.setting {
        report.advise(
            Severity::Note,
            "other-spelling",
            setting.line,
            format!("`{}` is another spelling", setting.title()),
            format!("write `{}`", entry.name),
        );
    }
    if setting.cells().next().is_none() {
        report.add(
            Severity::Warning,
            "empty-row",
            setting.line,
            format!("{}: no value is given", setting.title()),
        );
    }
    for (column, value) in setting.cells() {
        check_cell(report, setting, entry, column, value);
    }
    if entry.section == "Admin" {
        report.add(
            Severity::Warning,
            "administers",
            setting.line,
            format!(
                "{} lets the user change set-up data, not only read it",
                setting.title()
            ),
        );
    }
}

fn check_cell(report: &mut Report, setting: &Setting, entry: &Entry, column: &str, value: &str) {
    let cell = if column.is_empty() {
        "the value"
    } else {
        column
    };
    if entry.rank(column, value).is_none() {
        let known = entry.values(column).unwrap_or_default();
        let advice = match nearest(value, known.iter().copied()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None if known.is_empty() => format!("{} has no such cell", entry.name),
            None => format!("choose {}", known.join(" or ")),
        };
        report.advise(
            Severity::Error,
            "unknown-value",
            setting.line,
            format!("{}: {cell} cannot be `{value}`", setting.title()),
            advice,
        );
    } else if column == "Delete" && value != "None" && !setting.why.to_lowercase().contains("delet")
    {
        report.advise(
            Severity::Warning,
            "delete-without-reason",
            setting.line,
            format!("{}: Delete is asked without a reason", setting.title()),
            "ask the vendor, or leave Delete at None",
        );
    }
}

fn unknown_section(report: &mut Report, setting: &Setting) {
    let meant = nearest(&setting.section, SECTIONS);
    report.push(
        Severity::Error,
        "unknown-section",
        setting.line,
        format!(
            "the security level screen has no section `{}`",
            setting.section
        ),
        meant.map(|name| format!("did you mean `{name}`?")),
    );
}

fn unknown(report: &mut Report, setting: &Setting) {
    if !SECTIONS.contains(&setting.section.as_str()) {
        unknown_section(report, setting);
        return;
    }
    let title = |entry: &Entry| format!("{} > {}", entry.subsection, entry.name);
    let names: Vec<String> = ENTRIES
        .iter()
        .filter(|entry| entry.section == setting.section)
        .map(title)
        .collect();
    let wanted = format!("{} > {}", setting.subsection, setting.setting);
    let meant = nearest(&wanted, names.iter().map(String::as_str));
    report.push(
        Severity::Error,
        "unknown-setting",
        setting.line,
        format!(
            "the security level screen has no setting `{}`",
            setting.title()
        ),
        meant.map(|name| format!("did you mean `{name}`?")),
    );
}

fn check_impersonation(report: &mut Report, row: &Impersonation) {
    if !IMPERSONATED.contains(&row.entity.as_str()) {
        let meant = nearest(&row.entity, IMPERSONATED);
        report.push(
            Severity::Error,
            "unknown-setting",
            row.line,
            format!("the impersonation grid has no line `{}`", row.entity),
            meant.map(|name| format!("did you mean `{name}`?")),
        );
    }
    if row.delete {
        report.advise(
            Severity::Warning,
            "delete-without-reason",
            row.line,
            format!(
                "impersonation of {}: Delete is asked without a reason",
                row.entity
            ),
            "leave Delete unticked",
        );
    }
    if !(row.view || row.add || row.edit || row.delete) {
        report.add(
            Severity::Warning,
            "empty-row",
            row.line,
            format!("impersonation of {}: nothing is ticked", row.entity),
        );
    }
}

/// Contracts cannot be queried at all while Contract Visibility is below Full.
fn check_contracts(report: &mut Report) {
    let profile = report.profile;
    let contracts = profile
        .settings()
        .map(|(_, setting)| setting)
        .find(|setting| {
            setting.section == "Contracts"
                && setting.setting == "Contracts"
                && setting.view.as_deref().is_some_and(|view| view != "None")
        });
    let Some(contracts) = contracts else { return };
    let full = profile.settings().any(|(_, setting)| {
        setting.section == "Contracts"
            && setting.setting.starts_with("Contract Visibility")
            && setting.value.as_deref() == Some("Full")
    });
    if !full {
        report.advise(
            Severity::Warning,
            "contract-visibility",
            contracts.line,
            "contracts are to be read, but Contract Visibility is not Full: the API then refuses every query",
            "set Contracts > Dropdowns > Contract Visibility to Full",
        );
    }
}

/// Whoever sees every company sees their contracts, whatever Contracts View says, unless Contract Visibility is None.
fn check_derived(report: &mut Report) {
    let profile = report.profile;
    let Some(level) = &profile.level else { return };
    // What a profile says of a control; where it says nothing, a copy stands at the most, a cleared one at the least.
    let stands = |entry: &Entry, column: &str| -> (Option<u32>, bool) {
        let said = profile
            .settings()
            .map(|(_, setting)| setting)
            .filter(|setting| {
                find(&setting.section, &setting.subsection, &setting.setting) == Some(entry)
            });
        let ranks = said.flat_map(Setting::cells);
        let ranks = ranks.filter(|(of, _)| *of == column);
        let said = ranks
            .filter_map(|(_, value)| entry.rank(column, value))
            .max();
        let values = entry.values(column).unwrap_or_default();
        let top = values.last().and_then(|value| entry.rank(column, value));
        let silent = top.filter(|_| level.start == Start::Copy);
        let rank = said.or(silent);
        (rank, rank == top)
    };
    let mut rows = ENTRIES
        .iter()
        .filter(|entry| entry.section == "CRM" && entry.subsection == "Account & Contact Access");
    let contracts = |name: &str| {
        ENTRIES
            .iter()
            .find(|entry| entry.section == "Contracts" && entry.name == name)
    };
    let (Some(view), Some(visibility)) = (contracts("Contracts"), contracts("Contract Visibility"))
    else {
        return;
    };
    let closed = |entry: &Entry, column: &str| stands(entry, column).0.unwrap_or(0) == 0;
    let every = rows.all(|row| stands(row, "").1);
    if level.start != Start::AsIs && every && closed(view, "View") && !closed(visibility, "") {
        report.advise(
            Severity::Warning,
            "acts-as-more",
            profile.line_of("level"),
            "Contracts View None acts as All, because every row of CRM > Account & Contact Access is All",
            "set Contracts > Dropdowns > Contract Visibility to None, or a row of Account & Contact Access lower",
        );
    }
}
