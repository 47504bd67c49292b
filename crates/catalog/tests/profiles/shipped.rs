//! Every shipped profile: it loads, its names exist, a role comes out, and its findings are the
//! ones we know of.

use super::{registry, shipped};
use bitting_catalog::profile::lint::{Severity, lint, lint_all};
use bitting_catalog::profile::{Completeness, Profile, Psa, Selection};
use bitting_policy::Role;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// Every feature on, and one made-up answer per placeholder.
fn everything(profile: &Profile) -> Selection {
    let mut selection = Selection {
        features: profile.feature.iter().map(|f| f.id.clone()).collect(),
        answers: BTreeMap::new(),
    };
    let gaps: Vec<String> = profile
        .unfilled(&selection)
        .iter()
        .map(|gap| gap.name.clone())
        .collect();
    for gap in gaps {
        selection.answers.insert(gap, vec!["An entry".to_owned()]);
    }
    selection
}

#[test]
fn each_one_gives_a_role_that_the_screen_would_take() {
    let registry = registry();
    let mut roles = 0;
    for profile in shipped()
        .iter()
        .filter(|p| p.product.psa == Psa::ConnectWise)
    {
        let mut selections = vec![everything(profile)];
        for feature in std::iter::once(None).chain(profile.feature.iter().map(Some)) {
            let ids: Vec<&str> = feature.iter().map(|f| f.id.as_str()).collect();
            let mut selection = profile.select(&ids).expect("its own features");
            selection.answers = everything(profile).answers;
            selections.push(selection);
        }
        for selection in selections {
            let document = profile
                .role_for(&registry, &selection)
                .unwrap_or_else(|error| panic!("{error}"));
            let role = Role::from_document(&registry, &document)
                .unwrap_or_else(|error| panic!("{}: {error}", profile.file));
            let mut back = role.document(&registry);
            back.id = document.id;
            assert_eq!(back.rows, document.rows, "{}", profile.file);
            assert!(
                !document.rows.is_empty(),
                "{} asks for nothing",
                profile.file
            );
            assert!(
                document.name.chars().count() <= 30,
                "{}: {}",
                profile.file,
                document.name
            );
            roles += 1;
        }
    }
    assert!(roles > 60, "{roles}");
}

#[test]
fn none_has_an_error_and_only_partial_ones_have_unread_lists() {
    let registry = registry();
    for profile in shipped() {
        for finding in lint(&profile, &registry) {
            assert_ne!(finding.severity, Severity::Error, "{finding:?}");
            if finding.rule == "list-incomplete" {
                assert_eq!(
                    profile.product.completeness,
                    Completeness::Partial,
                    "{finding:?}"
                );
            }
        }
    }
}

#[test]
fn slugs_sources_and_gaps_are_in_order() {
    let mut seen = BTreeSet::new();
    for profile in shipped() {
        let folder = profile.product.psa.folder();
        assert!(
            seen.insert((folder, profile.slug.clone())),
            "{}",
            profile.file
        );
        assert_eq!(
            profile.file,
            format!("data/profiles/{folder}/{}.toml", profile.slug)
        );
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        assert!(profile.slug.chars().all(plain), "{}", profile.slug);
        assert!(profile.product.summary.ends_with('.'), "{}", profile.file);
        for source in &profile.source {
            assert!(
                source.url.starts_with("https://"),
                "{}: {}",
                profile.file,
                source.url
            );
            let day: Vec<&str> = source.taken.split('-').collect();
            assert_eq!(
                day.iter().map(|part| part.len()).collect::<Vec<_>>(),
                [4, 2, 2],
                "{}",
                profile.file
            );
        }
        if profile.product.completeness == Completeness::Partial {
            assert!(
                profile.product.gaps.is_some(),
                "{} does not say what is missing",
                profile.file
            );
        }
    }
}

#[test]
fn findings() {
    let registry = registry();
    let profiles = shipped();
    let mut table = String::new();
    for finding in lint_all(&profiles, &registry) {
        let place = finding.place.trim_start_matches("data/profiles/");
        let word = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        };
        writeln!(
            table,
            "{place} {word} {}: {}",
            finding.rule, finding.message
        )
        .expect("a string");
    }
    insta::assert_snapshot!("findings", table);
}
