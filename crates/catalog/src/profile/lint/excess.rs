//! Rights that deserve a second look whatever the guide says.

use super::{Report, Severity};
use crate::profile::document::{AdminAlternative, Status};
use crate::profile::grant::{Grant, VerbKey};
use bitting_policy::{Level, Registry, Verb};

/// Rows that open more than their name says.
const SENSITIVE: [(&str, &str, &str, &str); 2] = [
    (
        "Companies",
        "Configuration - Display Passwords",
        "reads-passwords",
        "shows passwords stored in configurations",
    ),
    (
        "System",
        "Security",
        "reaches-security",
        "reaches security roles, and with Edit can raise its own rights",
    ),
];

/// Rows that show the integration's own records alone, until a second row is held.
const OWN_ONLY: [(&str, &str, &str, &str); 1] = [(
    "Time & Expense",
    "Time Entry",
    "Finance",
    "Billing View Time",
)];

pub(super) fn check(report: &mut Report, registry: &Registry) {
    let profile = report.profile;
    check_own_only(report);
    for (feature, grant) in profile.rows() {
        check_delete(report, grant);
        check_row(report, registry, grant);
        if let Some(feature) = feature
            && feature.default
            && matches!(feature.status, Status::Planned | Status::Legacy)
        {
            report.advise(
                Severity::Warning,
                "unused-granted",
                grant.line,
                format!(
                    "{}: on by default, although feature `{}` is not in use",
                    grant.title(),
                    feature.id
                ),
                "set `default = false`",
            );
        }
    }
    let admin = profile.product.admin_alternative;
    let (severity, word) = match admin {
        AdminAlternative::None => return,
        AdminAlternative::Allowed => (Severity::Note, "offers"),
        AdminAlternative::Recommended => (Severity::Warning, "recommends"),
        AdminAlternative::Default => (Severity::Warning, "starts from"),
        AdminAlternative::Only => (Severity::Warning, "insists on"),
    };
    report.advise(
        severity,
        "admin-alternative",
        profile.line_of("profile.admin_alternative"),
        format!("the guide {word} an administrator's role"),
        "use the role of this profile; an administrator's role shows as excess",
    );
}

/// A row that reads All where the profile asks nowhere for the row that shows records of others.
fn check_own_only(report: &mut Report) {
    let profile = report.profile;
    for (module, action, by_module, by) in OWN_ONLY {
        let is = |grant: &Grant, module: &str, action: &str| {
            grant.module == module && (grant.action == action || grant.is_wildcard())
        };
        let reads = |grant: &Grant| grant.level(Verb::Inquire) == Level::All;
        let shown = |grant: &Grant| is(grant, by_module, by) && reads(grant);
        if profile.rows().any(|(_, grant)| shown(grant)) {
            continue;
        }
        if let Some((_, grant)) = profile
            .rows()
            .find(|(_, grant)| is(grant, module, action) && reads(grant))
        {
            report.advise(
                Severity::Note,
                "own-only",
                grant.line,
                format!(
                    "{}: reads the integration's own records alone, for want of {by_module} / {by}",
                    grant.title()
                ),
                format!("ask the vendor whether it reads records of others; then Inquire on {by_module} / {by} is missing"),
            );
        }
    }
}

fn check_delete(report: &mut Report, grant: &Grant) {
    if grant.level(Verb::Delete) == Level::None {
        return;
    }
    let why = grant.why.to_lowercase();
    let explained = grant.why_verb.contains_key(&VerbKey::Delete)
        || ["delet", "remov"].iter().any(|word| why.contains(word));
    if !explained {
        report.advise(
            Severity::Warning,
            "delete-without-reason",
            grant.line,
            format!("{}: Delete is asked without a reason", grant.title()),
            "ask the vendor, or leave Delete at None",
        );
    }
}

fn check_row(report: &mut Report, registry: &Registry, grant: &Grant) {
    if grant.is_wildcard() {
        report.advise(
            Severity::Warning,
            "wildcard",
            grant.line,
            format!(
                "every action of {} is asked for, also those of later releases",
                grant.module
            ),
            "name the actions",
        );
    }
    let rows = registry.actions().iter().filter(|action| {
        registry.action(&grant.module, &grant.action) == Some(action.id)
            || (grant.is_wildcard() && grant.module == action.module)
    });
    for action in rows {
        let held = |verb| grant.level(verb) > Level::None;
        if action.reads_everything && held(Verb::Inquire) {
            report.add(
                Severity::Warning,
                "reads-everything",
                grant.line,
                format!(
                    "{} reads every object, costs and people included, whatever the other rows say",
                    action.full_name()
                ),
            );
        }
        if action.reads_everything && (held(Verb::Add) || held(Verb::Edit)) {
            report.add(
                Severity::Warning,
                "no-known-meaning",
                grant.line,
                format!("{}: Add and Edit have no known meaning", action.full_name()),
            );
        }
        for (module, name, rule, what) in SENSITIVE {
            if action.module == module && action.name == name && Verb::EVERY.into_iter().any(held) {
                report.add(
                    Severity::Warning,
                    rule,
                    grant.line,
                    format!("{} {what}", action.full_name()),
                );
            }
        }
    }
}
