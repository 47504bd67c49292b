//! Levels that a row does not take, that do not go together, or that reach further than the reason.

use super::{Report, Severity};
use crate::profile::grant::Grant;
use bitting_policy::{Level, MyLevel, Registry, Verb};

/// Words of a reason that speak of the integration's own records.
const OWN: [&str; 7] = [
    "own ",
    "those ",
    "it created",
    "it creates",
    "it opened",
    "assigned to it",
    "itself",
];

pub(super) fn check(report: &mut Report, registry: &Registry) {
    let profile = report.profile;
    for (feature, grant) in profile.rows() {
        check_row(report, registry, grant);
        // A feature may raise one verb of a row that is needed anyway.
        let inquire = profile
            .grant
            .iter()
            .any(|row| row.title() == grant.title() && row.level(Verb::Inquire) > Level::None);
        let open = grant.level(Verb::Inquire) > Level::None || (feature.is_some() && inquire);
        for verb in [Verb::Add, Verb::Edit, Verb::Delete] {
            if grant.level(verb) > Level::None && !open {
                report.advise(
                    Severity::Error,
                    "write-without-inquire",
                    grant.line,
                    format!("{}: {verb} without Inquire", grant.title()),
                    "set Inquire to the same level; the security role screen refuses it otherwise",
                );
                break;
            }
        }
    }
}

fn check_row(report: &mut Report, registry: &Registry, grant: &Grant) {
    let said = Verb::EVERY.iter().any(|verb| grant.said(*verb).is_some());
    if !said && grant.customize.is_none() {
        report.add(
            Severity::Warning,
            "empty-row",
            grant.line,
            format!("{}: no level is given", grant.title()),
        );
    }
    if let Some(doubt) = &grant.uncertain {
        report.add(
            Severity::Note,
            "uncertain",
            grant.line,
            format!("{}: {doubt}", grant.title()),
        );
    }
    let Some(action) = registry
        .action(&grant.module, &grant.action)
        .and_then(|id| registry.get(id))
    else {
        return;
    };
    for verb in Verb::EVERY {
        let level = grant.level(verb);
        if !action.accepts(verb, level) {
            let accepted: Vec<&str> = action.levels(verb).map(Level::as_str).collect();
            report.advise(
                Severity::Error,
                "level-not-accepted",
                grant.line,
                format!("{}: {verb} cannot be {level}", action.full_name()),
                format!("choose {}", accepted.join(" or ")),
            );
        }
        if level == Level::My && action.my == MyLevel::Unknown {
            report.advise(
                Severity::Note,
                "my-unsure",
                grant.line,
                format!(
                    "{}: no public source shows whether {verb} can be My",
                    action.full_name()
                ),
                "look at the screen; where it offers None and All only, ask the vendor which of them",
            );
        }
        if level == Level::All && action.my == MyLevel::Yes {
            check_reach(report, grant, verb);
        }
    }
}

/// My is enough where the reason speaks of own records, and to create a record.
fn check_reach(report: &mut Report, grant: &Grant, verb: Verb) {
    let reason = grant.reason(verb).to_lowercase();
    if OWN.iter().any(|word| reason.contains(word)) {
        report.advise(
            Severity::Warning,
            "all-where-my",
            grant.line,
            format!(
                "{}: {verb} is All, but the reason speaks of own records only",
                grant.title()
            ),
            "try My",
        );
    } else if verb == Verb::Add {
        report.advise(
            Severity::Note,
            "all-where-my",
            grant.line,
            format!("{}: Add is All where My can be chosen", grant.title()),
            "try My: it is enough to create records of its own",
        );
    }
}
