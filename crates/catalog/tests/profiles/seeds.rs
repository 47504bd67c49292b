//! The five seeds, cell by cell and table by table.

use super::expected::{AUTOTASK, SEEDS};
use super::{named, registry};
use bitting_catalog::profile::{AdminAlternative, Completeness, ConnectionItem, Start};
use bitting_policy::{Level, ListDocument};

fn letter(level: Level) -> char {
    match level {
        Level::None => '-',
        Level::My => 'm',
        Level::All => 'a',
    }
}

#[test]
fn each_seed_asks_for_exactly_its_cells_and_tables() {
    let registry = registry();
    for seed in SEEDS {
        let profile = named(seed.profile);
        let role = profile.role(&registry, seed.features).expect(seed.profile);
        let rows: Vec<(String, String, String)> = role
            .rows
            .iter()
            .map(|row| {
                let cells = row.levels().into_iter().map(letter).collect();
                (row.module.clone(), row.action.clone(), cells)
            })
            .collect();
        let mut rows: Vec<(&str, &str, &str)> = rows
            .iter()
            .map(|(a, b, c)| (a.as_str(), b.as_str(), c.as_str()))
            .collect();
        rows.sort_by_key(|(module, action, _)| (*module, action.to_lowercase()));
        let mut expected = seed.rows.to_vec();
        expected.sort_by_key(|(module, action, _)| (*module, action.to_lowercase()));
        assert_eq!(rows, expected, "{} {:?}", seed.profile, seed.features);
        assert_eq!(role.name, seed.role);
        assert!(!role.admin);
        let tables = role.lists.get("SystemTableSetup").map(|list| match list {
            ListDocument::Allow(names) => names.iter().map(String::as_str).collect::<Vec<_>>(),
            other => panic!("{}: {other:?}", seed.profile),
        });
        assert_eq!(tables.as_deref(), seed.tables, "{}", seed.profile);
        assert_eq!(
            role.lists.len(),
            usize::from(seed.tables.is_some()),
            "{}",
            seed.profile
        );
        assert_eq!(profile.product.completeness, Completeness::Complete);
    }
}

#[test]
fn no_seed_asks_for_delete_or_for_closing_tickets() {
    let registry = registry();
    for seed in SEEDS {
        let role = named(seed.profile)
            .role(&registry, &["all"])
            .expect(seed.profile);
        for row in role.rows {
            assert_eq!(row.delete, Level::None, "{} {}", seed.profile, row.action);
            assert_ne!(row.action, "Close Service Tickets", "{}", seed.profile);
        }
    }
}

#[test]
fn the_forms_say_what_the_guides_say() {
    let propel = named("connectwise/propel");
    let location = propel.member.location.as_ref().expect("a location");
    assert_eq!(location.value.as_deref(), Some("Corporate"));
    assert!(location.required);
    assert!(
        propel
            .correction
            .iter()
            .any(|c| c.place == "System / Table Setup")
    );
    assert_eq!(propel.product.psa_version.as_deref(), Some("2020.3"));

    let mspcfo = named("connectwise/mspcfo");
    assert!(
        mspcfo
            .member
            .others
            .as_deref()
            .is_some_and(|text| text.contains("Dummy"))
    );
    assert!(mspcfo.member.location.is_none());

    let office = named("connectwise/office_protect");
    let value = |field: &Option<bitting_catalog::profile::MemberValue>| {
        field.as_ref().and_then(|field| field.value.clone())
    };
    assert_eq!(
        value(&office.member.identifier).as_deref(),
        Some("OfficeProtect")
    );
    assert_eq!(
        value(&office.member.name).as_deref(),
        Some("Office Protect")
    );
    assert!(
        office
            .member
            .default_board
            .as_ref()
            .is_some_and(|board| board.choose.is_some())
    );
    assert_eq!(office.product.admin_alternative, AdminAlternative::Allowed);
    let optional: Vec<_> = office
        .feature
        .iter()
        .map(|f| (f.id.as_str(), f.default, f.grant.len()))
        .collect();
    assert_eq!(optional, [("ticket-settings", false, 2)]);

    for profile in ["propel", "mspcfo", "umbrella", "office_protect"] {
        let profile = named(&format!("connectwise/{profile}"));
        let items: Vec<_> = profile.connection.iter().map(|c| c.item).collect();
        use ConnectionItem::{ClientId, Company, PrivateKey, PublicKey, Site};
        assert_eq!(
            items,
            [Site, Company, PublicKey, PrivateKey, ClientId],
            "{}",
            profile.slug
        );
        assert!(
            profile
                .product
                .notes
                .iter()
                .any(|note| note.contains("private key"))
        );
        assert!(profile.step.len() >= 3);
    }
}

#[test]
fn propel_on_autotask_sets_exactly_its_ten_settings() {
    let profile = named("autotask/propel");
    let settings = profile.level_settings(&profile.default_selection());
    let found: Vec<_> = settings
        .iter()
        .map(|s| {
            (
                s.section.as_str(),
                s.subsection.as_str(),
                s.setting.as_str(),
                s.cells().collect::<Vec<_>>(),
            )
        })
        .collect();
    let expected: Vec<_> = AUTOTASK
        .iter()
        .map(|(a, b, c, cells)| (*a, *b, *c, cells.to_vec()))
        .collect();
    assert_eq!(found, expected);
    let level = profile.level.as_ref().expect("a level");
    assert_eq!(level.name.as_deref(), Some("API User (Propel Your MSP)"));
    assert_eq!(level.copy_of, "API User (system) (API-only)");
    assert_eq!(level.start, Start::Copy);
    let user = profile.user.as_ref().expect("a user");
    assert_eq!(user.tracking_vendor, ["Propel Your MSP"]);
}
