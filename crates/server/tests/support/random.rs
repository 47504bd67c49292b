//! Roles by chance.

use bitting_policy::{Level, Levels, ListDocument, Registry, Role, Verb};
use rand::Rng as _;
use rand::rngs::StdRng;

/// A role with one of these levels, drawn by chance, on every row and verb that takes it, and with random lists.
pub fn random_role(registry: &Registry, levels: &[Level], random: &mut StdRng) -> Role {
    let mut role = Role::new(registry, 0, "random");
    for action in registry.actions() {
        let mut pick = |verb| {
            let level = levels[random.random_range(0..levels.len())];
            if action.accepts(verb, level) {
                level
            } else {
                Level::All
            }
        };
        let mut levels: Levels = Verb::EVERY.map(&mut pick);
        if levels[3] == Level::None {
            levels = [Level::None; 4];
        }
        let _ = role.set(registry, action.id, levels);
    }
    let lists = [
        ("CompanyConfigurations", vec!["Managed Server", "Firewall"]),
        ("FinanceAgreements", vec!["Managed Services"]),
        ("SystemTableSetup", vec!["Service / Service Board"]),
    ];
    for (name, entries) in lists {
        let entries: Vec<String> = entries.into_iter().map(str::to_owned).collect();
        let list = registry.list(name).expect("a known list");
        let document = match random.random_range(0..3) {
            0 => ListDocument::Everything,
            1 => ListDocument::Allow(entries),
            _ => ListDocument::Deny(entries),
        };
        role.set_list(registry, list, &document)
            .expect("known entries");
    }
    role
}
