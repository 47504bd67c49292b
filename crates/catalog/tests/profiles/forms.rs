//! Forms of guides that no shipped profile has, or that come from a user's own folder.

use super::{registry, shipped};
use bitting_catalog::profile::{Profile, Psa, Selection, Setting, overlaid, screen};
use bitting_policy::{Level, ListDocument};
use proptest::prelude::*;
use std::collections::BTreeMap;

const HEAD: &str = "[profile]\nvendor = \"V\"\nproduct = \"P\"\npsa = \"connectwise\"\nsummary = \"S.\"\ncompleteness = \"complete\"\nversion = 1\n\n[[source]]\ntitle = \"T\"\nurl = \"https://example.com\"\ntaken = \"2026-11-21\"\n\n";

fn tables(customize: &str, answers: &[(&str, &[&str])]) -> Result<ListDocument, String> {
    let text = format!(
        "{HEAD}[[grant]]\nmodule = \"System\"\naction = \"Table Setup\"\ninquire = \"All\"\ncustomize = {customize}\n"
    );
    let profile = Profile::parse("p.toml", &text).map_err(|error| error.to_string())?;
    let selection = Selection {
        answers: answers
            .iter()
            .map(|(name, names)| {
                (
                    (*name).to_owned(),
                    names.iter().map(|name| (*name).to_owned()).collect(),
                )
            })
            .collect(),
        ..profile.default_selection()
    };
    let role = profile
        .role_for(&registry(), &selection)
        .map_err(|error| error.to_string())?;
    Ok(role
        .lists
        .get("SystemTableSetup")
        .cloned()
        .unwrap_or(ListDocument::Everything))
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn lists_of_every_mode_become_lists_of_a_role() {
    let none = &[][..];
    for (customize, answers, expected) in [
        ("{ mode = \"all\" }", none, ListDocument::Everything),
        ("{ mode = \"none\" }", none, ListDocument::Allow(vec![])),
        // A category in another spelling, and a table in another spelling.
        (
            "{ mode = \"allow\", entries = [\"Service/ Service Board\", \"Company / Company Statuses\"] }",
            none,
            ListDocument::Allow(owned(&[
                "Company / Company Status",
                "Service / Service Board",
            ])),
        ),
        (
            "{ mode = \"allow\", prefixes = [\"Agreements\"] }",
            none,
            ListDocument::Allow(owned(&[
                "Agreements / Agreement Type",
                "Agreements / Batch",
            ])),
        ),
        (
            "{ mode = \"deny\", entries = [\"Contacts / Communication Type\", \"General / StsClient\"] }",
            none,
            ListDocument::Deny(owned(&[
                "Contacts / Communication Type",
                "General / StsClient",
            ])),
        ),
        (
            "{ mode = \"allow\", placeholders = [{ name = \"t\", hint = \"h\" }] }",
            &[("t", &["service / source"][..])],
            ListDocument::Allow(owned(&["Service / Source"])),
        ),
    ] {
        assert_eq!(tables(customize, answers), Ok(expected), "{customize}");
    }
}

#[test]
fn a_prefix_follows_the_registrys_other_spellings() {
    let Ok(ListDocument::Allow(names)) =
        tables("{ mode = \"allow\", prefixes = [\"Companies\"] }", &[])
    else {
        panic!("an allow list");
    };
    assert!(
        names.len() > 10 && names.iter().all(|name| name.starts_with("Company / ")),
        "{names:?}"
    );
}

#[test]
fn names_that_do_not_exist_are_refused_with_their_line() {
    for (customize, says) in [
        (
            "{ mode = \"allow\", entries = [\"Service / Servise Board\"] }",
            "p.toml:18:42: there is no setup table `Service / Servise Board`, did you mean `Service / Service Board`?",
        ),
        (
            "{ mode = \"allow\", prefixes = [\"Nowhere\"] }",
            "p.toml:18:43: no setup table starts with `Nowhere`",
        ),
        (
            "{ mode = \"allow\", placeholders = [{ name = \"t\", hint = \"the tables\" }] }",
            "p.toml:18:56: `t` is not filled in: the tables; give it as --set t=\"first, second\"",
        ),
    ] {
        assert_eq!(tables(customize, &[]), Err(says.to_owned()));
    }
}

#[test]
fn a_wildcard_asks_of_each_action_what_it_can_give() {
    let text = format!(
        "{HEAD}[[grant]]\nmodule = \"Projects\"\naction = \"*\"\ninquire = \"All\"\n\n[[grant]]\nmodule = \"Project\"\naction = \"Project Tickets\"\nadd = \"All\"\ninquire = \"All\"\n"
    );
    let registry = registry();
    let role = Profile::parse("p.toml", &text)
        .expect("a profile")
        .role(&registry, &[""; 0])
        .expect("a role");
    let actions = registry
        .actions()
        .iter()
        .filter(|action| action.module == "Project")
        .count();
    assert_eq!(role.rows.len(), actions);
    assert!(role.rows.iter().all(|row| row.inquire == Level::All));
    let adds: Vec<&str> = role
        .rows
        .iter()
        .filter(|row| row.add == Level::All)
        .map(|row| row.action.as_str())
        .collect();
    assert_eq!(adds, ["Project Tickets"]);
}

#[test]
fn a_users_file_replaces_the_shipped_one_of_its_name() {
    let before = shipped().len();
    let own = [
        ("mine/connectwise/umbrella.toml".to_owned(), HEAD.to_owned()),
        ("mine/connectwise/new_one.toml".to_owned(), HEAD.to_owned()),
    ];
    let profiles = overlaid(own).expect("both load");
    assert_eq!(profiles.len(), before + 1);
    let umbrella = profiles
        .iter()
        .find(|profile| profile.slug == "umbrella" && profile.product.psa == Psa::ConnectWise);
    assert_eq!(
        umbrella.expect("it is there").file,
        "mine/connectwise/umbrella.toml"
    );
}

#[test]
fn an_autotask_profile_gives_no_role() {
    let profile = super::named("autotask/propel");
    let error = profile
        .role(&registry(), &[""; 0])
        .expect_err("no role")
        .to_string();
    assert_eq!(
        error,
        "data/profiles/autotask/propel.toml: this profile is for autotask, not for connectwise; take the file of the same name below data/profiles/connectwise/"
    );
}

/// A row of a control that exists, with values that exist.
fn setting() -> impl Strategy<Value = Setting> {
    let entry = proptest::sample::select(screen::ENTRIES);
    (entry, any::<[Option<u8>; 5]>()).prop_map(|(entry, picks)| {
        let mut cells =
            ["", "View", "Add", "Edit", "Delete"]
                .iter()
                .zip(picks)
                .map(|(column, pick)| {
                    let values = entry.values(column)?;
                    pick.map(|pick| values[usize::from(pick) % values.len()].to_owned())
                });
        let mut next = || cells.next().flatten();
        Setting {
            section: entry.section.to_owned(),
            subsection: entry.subsection.to_owned(),
            setting: entry.name.to_owned(),
            value: next(),
            view: next(),
            add: next(),
            edit: next(),
            delete: next(),
            why: String::new(),
            printed: None,
            uncertain: None,
            line: 0,
        }
    })
}

proptest! {
    #[test]
    fn settings_join_to_the_greater_value_in_any_order(left in setting(), more in any::<[Option<u8>; 5]>()) {
        let entry = screen::find(&left.section, &left.subsection, &left.setting).expect("it exists");
        let mut right = left.clone();
        let cells = [&mut right.value, &mut right.view, &mut right.add, &mut right.edit, &mut right.delete];
        for ((cell, column), pick) in cells.into_iter().zip(["", "View", "Add", "Edit", "Delete"]).zip(more) {
            *cell = entry.values(column).and_then(|values| pick.map(|pick| values[usize::from(pick) % values.len()].to_owned()));
        }
        let (mut one, mut other) = (left.clone(), right.clone());
        one.join(&right);
        other.join(&left);
        prop_assert_eq!(&one, &other);
        let joined: BTreeMap<&str, &str> = one.cells().collect();
        for column in ["", "View", "Add", "Edit", "Delete"] {
            let rank = |row: &Setting| row.cells().find(|(name, _)| *name == column).and_then(|(_, value)| entry.rank(column, value));
            let found = joined.get(column).and_then(|value| entry.rank(column, value));
            prop_assert_eq!(found, rank(&left).max(rank(&right)));
        }
    }
}
