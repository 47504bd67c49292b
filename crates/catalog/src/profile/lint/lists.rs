//! Customize lists: left open, denied instead of allowed, empty, unreadable, or the tenant's to fill.

use super::{Report, Severity};
use crate::profile::grant::{Grant, Mode};
use bitting_policy::{Level, Registry, Verb};

pub(super) fn check(report: &mut Report, registry: &Registry) {
    let profile = report.profile;
    for (_, grant) in profile.rows() {
        let Some(action) = registry
            .action(&grant.module, &grant.action)
            .and_then(|id| registry.get(id))
        else {
            continue;
        };
        let asked = Verb::EVERY
            .iter()
            .any(|verb| grant.level(*verb) > Level::None);
        if action.customize.is_none() && grant.customize.is_some() {
            report.advise(
                Severity::Error,
                "no-list",
                grant.line,
                format!("{} has no customize list", action.full_name()),
                "take `customize` away",
            );
            continue;
        }
        if action.id == registry.table_setup() && asked {
            check_table_setup(report, grant);
        }
        check_list(report, grant, asked, action.id == registry.table_setup());
    }
}

fn check_table_setup(report: &mut Report, grant: &Grant) {
    let open = match &grant.customize {
        None => Some("every setup table is open"),
        Some(customize) if customize.mode == Mode::All => {
            Some("the guide leaves every setup table open")
        }
        Some(customize) if customize.optional => {
            report.add(
                Severity::Note,
                "narrowing-optional",
                grant.line,
                "the guide calls the list of setup tables optional; we keep it",
            );
            None
        }
        Some(_) => None,
    };
    if let Some(open) = open {
        let writes = [Verb::Add, Verb::Edit, Verb::Delete]
            .into_iter()
            .filter(|verb| grant.level(*verb) > Level::None)
            .map(Verb::as_str)
            .collect::<Vec<_>>();
        let message = if writes.is_empty() {
            format!("Table Setup: {open} for reading")
        } else {
            format!(
                "Table Setup: {open} for reading and for {}",
                writes.join(", ")
            )
        };
        report.advise(
            Severity::Warning,
            "table-setup-open",
            grant.line,
            message,
            "name the tables: customize = { mode = \"allow\", entries = [\"Service / Service Board\"] }",
        );
    }
}

fn check_list(report: &mut Report, grant: &Grant, asked: bool, tables: bool) {
    let Some(customize) = &grant.customize else {
        return;
    };
    let row = grant.title();
    if !asked && customize.mode != Mode::None {
        report.advise(
            Severity::Error,
            "list-without-level",
            grant.line,
            format!("{row}: entries are chosen, but no level is set, so every call is refused"),
            "set Inquire to All and note it under [[correction]]",
        );
    }
    if customize.mode == Mode::Deny {
        report.advise(
            Severity::Warning,
            "deny-list",
            grant.line,
            format!("{row}: a deny list lets every entry of a later release through"),
            "name what is needed with mode `allow`",
        );
    }
    if !tables && !customize.prefixes.is_empty() {
        report.add(
            Severity::Error,
            "prefix-on-tenant-list",
            grant.line,
            format!("{row}: a prefix works on setup tables only, whose names the product fixes"),
        );
    }
    if customize.incomplete {
        report.add(
            Severity::Warning,
            "list-incomplete",
            grant.line,
            format!("{row}: the guide's list could not be read to its end; the integration may need more"),
        );
    }
    for gap in &customize.placeholders {
        report.add(
            Severity::Note,
            "placeholder",
            grant.line,
            format!(
                "{row}: `{}` is for the tenant to fill in: {}",
                gap.name, gap.hint
            ),
        );
    }
}
