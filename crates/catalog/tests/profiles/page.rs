//! The format page: its example loads without an error, its table of profiles and of rules is true.

use super::{registry, shipped};
use bitting_catalog::profile::lint::{RULES, Severity, lint};
use bitting_catalog::profile::{Completeness, Entries, Profile, Psa, Selection};
use bitting_policy::Level;
use std::fmt::Write as _;

const PAGE: &str = include_str!("../../../../docs/profiles.md");
const BEGIN: &str = "<!-- shipped: a test writes and holds this table -->\n";
const END: &str = "<!-- end -->";

fn example() -> Profile {
    let text = PAGE
        .split("```toml\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next());
    Profile::parse("desk_bot.toml", text.expect("an example")).expect("the example loads")
}

#[test]
fn the_example_is_a_good_profile() {
    let registry = registry();
    let profile = example();
    for finding in lint(&profile, &registry) {
        assert_ne!(finding.severity, Severity::Error, "{finding:?}");
    }
    let role = profile
        .role(&registry, &["register-source"])
        .expect("a role");
    assert_eq!(role.rows.len(), 3);
    assert_eq!(
        role.lists["SystemTableSetup"],
        bitting_policy::ListDocument::Allow(
            [
                "Service / Priority",
                "Service / Service Board",
                "Service / Source"
            ]
            .map(str::to_owned)
            .to_vec()
        )
    );
}

/// Cells asked for, and how many setup tables: `all` where the row is not narrowed.
fn size(profile: &Profile, selection: &Selection) -> (usize, String) {
    if profile.product.psa == Psa::Autotask {
        let settings = profile.level_settings(selection);
        let cells: usize = settings.iter().map(|setting| setting.cells().count()).sum();
        return (cells, String::new());
    }
    let registry = registry();
    let needs = profile.resolved(&registry, selection).expect("its names");
    let cells = needs
        .iter()
        .flat_map(|(_, need)| need.levels)
        .filter(|level| *level > Level::None)
        .count();
    let setup = needs
        .iter()
        .find(|(action, _)| action.name == "Table Setup");
    let tables = match setup.map(|(_, need)| &need.entries) {
        None => String::new(),
        Some(Entries::All | Entries::Except(_)) => "all".to_owned(),
        Some(Entries::Only(names)) => names.len().to_string(),
    };
    (cells, tables)
}

fn table() -> String {
    let mut table = String::from(
        "| profile | integration | guide | source | cells | tables | features |\n|---|---|---|---|---|---|---|\n",
    );
    for profile in shipped() {
        let product = &profile.product;
        let everything = Selection {
            features: profile
                .feature
                .iter()
                .map(|feature| feature.id.clone())
                .collect(),
            ..Selection::default()
        };
        let (cells, tables) = size(&profile, &profile.default_selection());
        let (more_cells, more_tables) = size(&profile, &everything);
        let or_more = |less: String, more: String| {
            if less == more {
                less
            } else {
                format!("{less} ({more})").trim().to_owned()
            }
        };
        let word = match product.completeness {
            Completeness::Complete => "complete",
            Completeness::Partial => "partial",
        };
        let host = profile.source[0]
            .url
            .trim_start_matches("https://")
            .split('/')
            .next()
            .unwrap_or_default();
        let features: Vec<&str> = profile
            .feature
            .iter()
            .map(|feature| feature.id.as_str())
            .collect();
        writeln!(
            table,
            "| `{}/{}` | {} | {word} | [{host}]({}) | {} | {} | {} |",
            product.psa.folder(),
            profile.slug,
            profile.title(),
            profile.source[0].url,
            or_more(cells.to_string(), more_cells.to_string()),
            or_more(tables, more_tables),
            features.join(", "),
        )
        .expect("a string");
    }
    table
}

#[test]
fn the_table_of_profiles_is_true() {
    let (head, rest) = PAGE.split_once(BEGIN).expect("the table's beginning");
    let (found, tail) = rest.split_once(END).expect("the table's end");
    let expected = table();
    if found != expected && std::env::var("INSTA_UPDATE").is_ok_and(|mode| mode == "always") {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/profiles.md");
        std::fs::write(path, format!("{head}{BEGIN}{expected}{END}{tail}")).expect("the page");
        return;
    }
    assert_eq!(
        found, expected,
        "docs/profiles.md is behind; INSTA_UPDATE=always cargo test -p bitting-catalog writes it"
    );
}

/// The table of rules as the page has it: name and severities.
fn documented() -> Vec<(String, String)> {
    let table = PAGE
        .split("| rule | severity | finds |\n|---|---|---|\n")
        .nth(1)
        .and_then(|rest| rest.split("\n\n").next())
        .expect("the table of rules");
    let mut rules = Vec::new();
    for line in table.lines() {
        let cells: Vec<&str> = line.split(" | ").collect();
        let names = cells[0].split('`').skip(1).step_by(2);
        rules.extend(names.map(|name| (name.to_owned(), cells[1].to_owned())));
    }
    rules
}

#[test]
fn every_rule_of_the_lint_is_on_the_page_once_and_has_a_test() {
    let documented = documented();
    let mut names: Vec<&str> = documented.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, RULES);
    let tests = include_str!("rules.rs");
    for rule in names {
        assert!(tests.contains(&format!("\"{rule}\"")), "no test for {rule}");
    }
    let registry = registry();
    for finding in shipped()
        .iter()
        .flat_map(|profile| lint(profile, &registry))
    {
        let severity = format!("{:?}", finding.severity).to_lowercase();
        let said = documented.iter().find(|(name, _)| name == finding.rule);
        assert!(
            said.is_some_and(|(_, severities)| severities.contains(&severity)),
            "{} is said to be {said:?}",
            finding.rule
        );
    }
}
