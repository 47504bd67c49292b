//! Names that do not exist, with the nearest one, and spellings other than the screen's own.

use super::{Report, Severity};
use crate::profile::grant::Grant;
use crate::profile::role::tables_starting;
use bitting_policy::{Action, Registry, Table};

pub(super) fn check(report: &mut Report, registry: &Registry) {
    let profile = report.profile;
    let editions = profile.edition.iter().flat_map(|edition| &edition.grant);
    for grant in profile.rows().map(|(_, grant)| grant).chain(editions) {
        check_action(report, registry, grant);
        check_tables(report, registry, grant);
    }
}

fn check_action(report: &mut Report, registry: &Registry, grant: &Grant) {
    let module = registry.modules().iter().find(|module| {
        let same = |name: &String| name.eq_ignore_ascii_case(&grant.module);
        same(&module.name) || module.aliases.iter().any(same)
    });
    if grant.is_wildcard() && module.is_some() {
        return;
    }
    if let Some(action) = registry
        .action(&grant.module, &grant.action)
        .and_then(|id| registry.get(id))
    {
        if action.module != grant.module || action.name != grant.action {
            report.advise(
                Severity::Note,
                "other-spelling",
                grant.line,
                format!("`{}` is another spelling", grant.title()),
                format!("write `{}`, as the screen does", action.full_name()),
            );
        }
        return;
    }
    let (rule, message) = if module.is_none() {
        (
            "unknown-module",
            format!("there is no module `{}`", grant.module),
        )
    } else {
        (
            "unknown-action",
            format!("there is no action `{}`", grant.title()),
        )
    };
    match registry
        .nearest_action(&grant.module, &grant.action)
        .map(Action::full_name)
    {
        Some(name) => report.advise(
            Severity::Error,
            rule,
            grant.line,
            message,
            format!("did you mean `{name}`?"),
        ),
        None => report.add(Severity::Error, rule, grant.line, message),
    }
}

fn check_tables(report: &mut Report, registry: &Registry, grant: &Grant) {
    let action = registry.action(&grant.module, &grant.action);
    if action != Some(registry.table_setup()) {
        return;
    }
    let Some(customize) = &grant.customize else {
        return;
    };
    for name in &customize.entries {
        let found = registry.table(name).and_then(|id| registry.get_table(id));
        match found {
            None => {
                let meant = registry.nearest_table(name).map(Table::full_name);
                report.advise(
                    Severity::Error,
                    "unknown-table",
                    grant.line,
                    format!("there is no setup table `{name}`"),
                    match meant {
                        Some(meant) => format!("did you mean `{meant}`?"),
                        None => "write it as `Category / Table`".to_owned(),
                    },
                );
            }
            Some(table) if table.full_name() != *name => report.advise(
                Severity::Note,
                "other-spelling",
                grant.line,
                format!("`{name}` is another spelling"),
                format!("write `{}`, as the screen does", table.full_name()),
            ),
            Some(table) if table.basis == "likely" => report.add(
                Severity::Note,
                "unverified-table",
                grant.line,
                format!("the name of the setup table `{name}` is a guess; the live list of setup screens decides"),
            ),
            Some(_) => {}
        }
    }
    for start in &customize.prefixes {
        if tables_starting(registry, start).is_empty() {
            report.add(
                Severity::Error,
                "unknown-table",
                grant.line,
                format!("no setup table starts with `{start}`"),
            );
        }
    }
}
