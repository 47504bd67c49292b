//! The five guides the product starts from, there and back, cell by cell: the vendor's table, the profile, the role
//! as the embedded PSA has it after an apply, the proof, and the guide that is rendered and read back.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "support/read_back.rs"]
mod read_back;
mod support;

use bitting_catalog::profile::{Profile, Psa};
use bitting_connect::autotask::Screen;
use bitting_connect::autotask::{self as at, held::Instance};
use bitting_connect::guide::{Tenant, guide};
use bitting_connect::page::{html, markdown};
use bitting_connect::verify::{Report, State};
use bitting_connect::{held, profiles};
use bitting_policy::{ListDocument, Verb};
use read_back::{Section, sections};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use support::{Server, applied, choices, planned, registry, verified};

/// A vendor's page as data.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Seed {
    profile: String,
    role: String,
    #[serde(default)]
    copy_of: Option<String>,
    /// What the product's form asks for.
    asks: Vec<String>,
    /// Fields of the member's form, or how their text begins.
    member: BTreeMap<String, String>,
    #[serde(default)]
    others: Option<String>,
    /// Places of the steps, in their order.
    at: Vec<String>,
    /// Words of the security notes.
    keep: Vec<String>,
    /// Words of the symptoms.
    #[serde(default)]
    errors: Vec<String>,
    rows: Vec<Vec<String>>,
    /// Rows that the profile prints otherwise than the page, on purpose.
    #[serde(default)]
    corrected: Vec<String>,
    #[serde(default)]
    tables: Vec<[String; 2]>,
    #[serde(default)]
    optional: Option<Optional>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Optional {
    feature: String,
    title: String,
    rows: Vec<Vec<String>>,
}

const SEEDS: [&str; 5] = [
    include_str!("guides/propel.toml"),
    include_str!("guides/mspcfo.toml"),
    include_str!("guides/umbrella.toml"),
    include_str!("guides/office_protect.toml"),
    include_str!("guides/autotask_propel.toml"),
];

fn seeds() -> Vec<(Seed, Profile)> {
    let read = |text: &&str| {
        let seed: Seed = support::toml(text);
        let profile = profiles::find(&seed.profile, None).expect(&seed.profile);
        (seed, profile)
    };
    SEEDS.iter().map(read).collect()
}

impl Seed {
    fn tables(&self) -> BTreeSet<String> {
        let names = self.tables.iter().map(|table| table.join(" / "));
        names.collect()
    }

    /// The rows, with those of the optional feature where it is chosen, in one order.
    fn rows(&self, optional: bool) -> BTreeSet<Vec<String>> {
        let more = self.optional.iter().filter(|_| optional);
        let more = more.flat_map(|part| part.rows.iter());
        self.rows.iter().chain(more).cloned().collect()
    }

    fn features(&self, optional: bool) -> Vec<String> {
        let named = self.optional.iter().filter(|_| optional);
        named.map(|part| part.feature.clone()).collect()
    }
}

fn page(profile: &Profile, features: &[String]) -> Vec<Section> {
    let choices = choices(profile, features);
    let page = guide(profile, &choices, &Tenant::default(), registry()).expect("a guide");
    sections(&markdown(&page))
}

#[track_caller]
fn section<'a>(page: &'a [Section], heading: &str) -> &'a Section {
    page.iter()
        .find(|section| section.heading.starts_with(heading))
        .unwrap_or_else(|| panic!("no section {heading}"))
}

/// The first columns of a table of rights; the last says what for.
fn rights(table: &[Vec<String>]) -> BTreeSet<Vec<String>> {
    table
        .iter()
        .map(|row| row[..row.len() - 1].to_vec())
        .collect()
}

#[test]
fn the_profile_holds_each_cell_of_the_page_and_no_other() {
    for (seed, profile) in seeds() {
        let rows: BTreeSet<Vec<String>> = match profile.product.psa {
            Psa::ConnectWise => profile
                .grant
                .iter()
                .map(|grant| {
                    let cells = Verb::EVERY.map(|verb| grant.level(verb).to_string());
                    let names = [grant.module.clone(), grant.action.clone()];
                    names.into_iter().chain(cells).collect()
                })
                .collect(),
            Psa::Autotask => profile
                .setting
                .iter()
                .map(|setting| {
                    let verbs = [
                        ("View", &setting.view),
                        ("Add", &setting.add),
                        ("Edit", &setting.edit),
                        ("Delete", &setting.delete),
                    ];
                    let verbs = verbs
                        .iter()
                        .filter_map(|(verb, value)| Some(format!("{verb} {}", value.as_ref()?)));
                    let values: Vec<String> = setting.value.iter().cloned().chain(verbs).collect();
                    vec![
                        setting.section.clone(),
                        setting.subsection.clone(),
                        setting.setting.clone(),
                        values.join(", "),
                    ]
                })
                .collect(),
        };
        assert_eq!(rows, seed.rows(false), "{}", seed.profile);
        let tables: BTreeSet<String> = profile
            .grant
            .iter()
            .filter_map(|grant| grant.customize.as_ref())
            .flat_map(|list| list.entries.iter().cloned())
            .collect();
        assert_eq!(tables, seed.tables(), "{}", seed.profile);
        for place in &seed.corrected {
            assert!(
                profile.correction.iter().any(|told| told.place == *place),
                "{}: {place}",
                seed.profile
            );
        }
    }
}

#[test]
fn the_role_on_the_psa_holds_each_cell_of_the_page_and_is_proved() {
    let server = Server::start(true);
    let operator = server.operator();
    for (number, (seed, profile)) in seeds().into_iter().enumerate() {
        if profile.product.psa == Psa::Autotask {
            continue;
        }
        for optional in [false, true] {
            let mut choices = choices(&profile, &seed.features(optional));
            choices.role = Some(format!("Seed {number} {optional}"));
            choices.member = Some(format!("seed{number}{optional}"));
            let done = applied(&operator, &profile, &choices);
            assert!(planned(&operator, &profile, &choices).is_empty());
            let name = choices.role.as_deref().unwrap();
            let held = held::role(&operator, true, name, registry())
                .unwrap()
                .expect("the role");
            let rows: BTreeSet<Vec<String>> = held
                .document
                .rows
                .iter()
                .map(|row| {
                    let cells = row.levels().map(|level| level.to_string());
                    let names = [row.module.clone(), row.action.clone()];
                    names.into_iter().chain(cells).collect()
                })
                .collect();
            assert_eq!(rows, seed.rows(optional), "{}", seed.profile);
            let tables = match held.document.lists.get("SystemTableSetup") {
                Some(ListDocument::Allow(names)) => names.iter().cloned().collect(),
                Some(other) => panic!("{other:?}"),
                None => BTreeSet::new(),
            };
            assert_eq!(tables, seed.tables(), "{}", seed.profile);
            let key = server.key(done.member);
            let report = verified(&key, Some(&operator), &profile, &choices, true);
            assert_eq!(report.exit_code(), 0, "{}", report.text());
            assert_eq!(
                granted(&report),
                cells(&seed.rows(optional)),
                "{}",
                seed.profile
            );
        }
    }
}

/// Cells that a proof found granted: module, action, verb, level.
fn granted(report: &Report) -> BTreeSet<[String; 4]> {
    let rights = report.with(State::Granted);
    let rights = rights.filter_map(|right| {
        let verb = right.verb?.to_owned();
        Some([
            right.module.clone(),
            right.action.clone(),
            verb,
            right.needed.clone(),
        ])
    });
    rights.collect()
}

/// Cells of rows that are not None.
fn cells(rows: &BTreeSet<Vec<String>>) -> BTreeSet<[String; 4]> {
    let mut all = BTreeSet::new();
    for row in rows {
        for (verb, level) in Verb::EVERY.iter().zip(&row[2..]) {
            if level != "None" {
                all.insert([
                    row[0].clone(),
                    row[1].clone(),
                    verb.to_string(),
                    level.clone(),
                ]);
            }
        }
    }
    all
}

#[test]
fn the_level_on_autotask_holds_each_control_of_the_page_and_is_proved() {
    let server = Server::with_autotask();
    let operator = server.operator();
    let instance = Instance::new(&operator, None);
    let screen = Screen::embedded().unwrap();
    let (seed, profile) = seeds()
        .into_iter()
        .find(|(_, profile)| profile.product.psa == Psa::Autotask)
        .unwrap();
    let choices = at::wanted::Choices {
        selection: profile.default_selection(),
        level: Some(seed.role.clone()),
        user: Some("Propel Test".to_owned()),
        ..Default::default()
    };
    let wanted = at::wanted::wanted(&profile, &choices, &screen).unwrap();
    assert_eq!(Some(&wanted.level.copy_of), seed.copy_of.as_ref());
    let plan = at::plan::plan(Some(&instance), wanted.clone(), &screen).unwrap();
    let done = at::apply::apply(Some(&instance), &plan, &screen).unwrap();
    let level = instance.level(&seed.role).unwrap().expect("the level");
    for row in &seed.rows {
        let name = row[2].clone();
        let (_, values) = level
            .settings
            .iter()
            .find(|(held, _)| **held == format!("{} / {name}", row[0]))
            .unwrap_or_else(|| panic!("{name} in {:?}", level.settings.keys()));
        let values = serde_json::to_value(values).unwrap();
        for part in row[3].split(", ") {
            let (cell, value) = part.split_once(' ').unwrap_or(("value", part));
            assert_eq!(values[cell.to_lowercase()], value, "{name}: {values}");
        }
    }
    let key = server.autotask(done.key.unwrap().user);
    let report = at::verify::verify(&at::verify::Asked {
        key: &key,
        wanted: &wanted,
        screen: &screen,
        admin: Some(&server.autotask_admin()),
        probes_only: false,
    })
    .unwrap();
    assert_eq!(report.exit_code(), 0, "{}", report.text());
}

#[test]
fn the_rendered_guide_reads_back_as_the_page() {
    for (seed, profile) in seeds() {
        for optional in [false, true] {
            let page = page(&profile, &seed.features(optional));
            let at = format!("{} {optional}", seed.profile);
            let connectwise = profile.product.psa == Psa::ConnectWise;
            // Connection data: what the page names, without what it leaves out.
            let asked = &section(&page, "What the product asks for").tables[0];
            let named: Vec<&str> = asked
                .iter()
                .filter(|row| !row[2].contains("does not mention it"))
                .map(|row| row[0].as_str())
                .collect();
            assert_eq!(named.len(), seed.asks.len(), "{at}: {named:?}");
            for (named, asks) in named.iter().zip(&seed.asks) {
                assert!(named.starts_with(asks), "{at}: {named}");
            }
            // Role and tables.
            let role = section(
                &page,
                if connectwise {
                    "Security role"
                } else {
                    "Security level"
                },
            );
            assert_eq!(role.heading.split('`').nth(1), Some(&*seed.role), "{at}");
            assert_eq!(rights(&role.tables[0]), seed.rows(optional), "{at}");
            assert!(
                role.tables[0]
                    .iter()
                    .all(|row| !row.last().unwrap().is_empty()),
                "{at}: a row without a reason"
            );
            let lists = section(
                &page,
                if connectwise {
                    "System / Table Setup: customize"
                } else {
                    "Table lists"
                },
            );
            let listed: BTreeSet<String> = lists.items.iter().cloned().collect();
            assert_eq!(listed, seed.tables(), "{at}");
            // Member and keys.
            let member = section(
                &page,
                if connectwise {
                    "API member"
                } else {
                    "API user"
                },
            );
            let form: BTreeMap<&str, &str> = member.tables[0]
                .iter()
                .map(|row| (row[0].as_str(), row[1].as_str()))
                .collect();
            for (field, value) in &seed.member {
                let held = form.get(field.as_str()).copied().unwrap_or_default();
                assert!(held.starts_with(value.as_str()), "{at}: {field} is {held}");
            }
            if let Some(others) = &seed.others {
                assert!(member.text().contains(others), "{at}: {others}");
            }
            assert!(
                section(&page, "Keys").text().contains("shown this once"),
                "{at}"
            );
            in_order(&section(&page, "Step by step").items, &seed.at, &at);
            // Notes and errors.
            let notes = section(&page, "Security notes").text();
            for word in seed.keep.iter().chain(&seed.corrected) {
                assert!(notes.contains(word), "{at}: {word}\n{notes}");
            }
            let errors = section(&page, "Troubleshooting").text();
            for word in &seed.errors {
                assert!(errors.contains(word), "{at}: {word}\n{errors}");
            }
            if let Some(part) = &seed.optional {
                let optional = section(&page, &part.title);
                let rows: BTreeSet<Vec<String>> = part.rows.iter().cloned().collect();
                assert_eq!(rights(&optional.tables[0]), rows, "{at}");
            }
        }
    }
}

/// Each place stands in a step, and none before the one above it.
fn in_order(steps: &[String], places: &[String], at: &str) {
    let mut from = 0;
    for place in places {
        let found = steps
            .iter()
            .skip(from)
            .position(|step| step.contains(place));
        from += found.unwrap_or_else(|| panic!("{at}: no step {place} in {steps:?}"));
    }
}

#[test]
fn every_guide_has_every_section() {
    let all = profiles::all(None).unwrap();
    for profile in &all {
        let (role, member, lists) = match profile.product.psa {
            Psa::ConnectWise => (
                "Security role",
                "API member",
                "System / Table Setup: customize",
            ),
            Psa::Autotask => ("Security level", "API user", "Table lists"),
        };
        let page = page(profile, &[]);
        let wanted = [
            "What the product asks for",
            role,
            lists,
            member,
            "Keys",
            "Security notes",
            "Troubleshooting",
        ];
        let mut from = 0;
        for heading in wanted {
            let at = page
                .iter()
                .position(|section| section.heading.starts_with(heading));
            let at = at.unwrap_or_else(|| panic!("{}: no section {heading}", profile.word()));
            assert!(at > from, "{}: {heading} comes too soon", profile.word());
            assert!(
                !page[at].text().is_empty(),
                "{}: {heading} is empty",
                profile.word()
            );
            from = at;
        }
        let heads: BTreeSet<&str> = page
            .iter()
            .map(|section| section.heading.as_str())
            .collect();
        assert_eq!(
            heads.len(),
            page.len(),
            "{}: a section is there twice",
            profile.word()
        );
    }
}

/// Seeds whole; the others without the lines that most guides share, so that a change shows once.
#[test]
fn guides_of_all_shipped_profiles_stay_as_they_are() {
    let tenant = Tenant {
        url: Some("https://psa.example.com".to_owned()),
        company: Some("northwind".to_owned()),
        client_id: None,
    };
    let seeds: BTreeSet<String> = seeds().into_iter().map(|(_, seed)| seed.word()).collect();
    let all = profiles::all(None).unwrap();
    assert!(all.len() > 60);
    let mut rendered = Vec::new();
    for profile in &all {
        let blocks =
            guide(profile, &choices(profile, &[]), &tenant, registry()).expect(&profile.slug);
        let text = markdown(&blocks);
        let page = html(&profile.title(), &blocks);
        assert!(
            page.ends_with("</html>\n") && !page.contains("<script"),
            "{}",
            profile.word()
        );
        // What prints as a page holds every row and every item of the text.
        let count = |start: &str| text.lines().filter(|line| line.starts_with(start)).count();
        let rows = count("|") - count("|---");
        assert_eq!(page.matches("<tr>").count(), rows, "{}", profile.word());
        if seeds.contains(&profile.word()) {
            let name = profile.word().replace('/', "_");
            insta::assert_snapshot!(format!("guide_{name}"), text);
        }
        rendered.push((profile, text));
    }
    let mut shared: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, text) in &rendered {
        for line in text.lines().collect::<BTreeSet<_>>() {
            *shared.entry(line).or_default() += 1;
        }
    }
    for (psa, name) in [
        (Psa::ConnectWise, "connectwise"),
        (Psa::Autotask, "autotask"),
    ] {
        let mut texts = String::new();
        for (profile, text) in rendered
            .iter()
            .filter(|(profile, _)| profile.product.psa == psa)
        {
            if seeds.contains(&profile.word()) {
                continue;
            }
            let own = text.lines().filter(|line| shared[line] < 15);
            texts.extend(own.flat_map(|line| [line, "\n"]));
            texts.push('\n');
        }
        insta::assert_snapshot!(format!("guides_{name}"), texts);
    }
}
