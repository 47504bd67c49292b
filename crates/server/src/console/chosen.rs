//! What a form about an integration chose: features, answers, role and member. Read from the address or the post alike,
//! on either PSA.

use super::bench::Order;
use bitting_calls::http::form::Form;
use bitting_catalog::profile::{Profile, Selection};

/// What was chosen so far. `form` is the address's or the posted one.
pub fn order(profile: &Profile, form: &Form) -> Order {
    let said = |name: &str| {
        let text = form.trimmed(name);
        (!text.is_empty()).then(|| text.to_owned())
    };
    let mut features: Vec<String> = Vec::new();
    if form.given("chosen").is_some() {
        features.extend(form.every("feature").map(str::to_owned));
        let off = profile.feature.iter().filter(|feature| feature.default);
        let off = off.filter(|feature| !features.contains(&feature.id));
        let off: Vec<String> = off.map(|feature| format!("-{}", feature.id)).collect();
        features.extend(off);
    }
    let answers = profile
        .unfilled(&everything(profile))
        .into_iter()
        .filter_map(|gap| {
            let text = form.trimmed(&format!("set.{}", gap.name));
            let entries: Vec<String> = text
                .split([',', '\n'])
                .map(|entry| entry.trim().to_owned())
                .filter(|entry| !entry.is_empty())
                .collect();
            (!entries.is_empty()).then(|| (gap.name.clone(), entries))
        });
    Order {
        profile: format!("{}/{}", profile.product.psa.folder(), profile.slug),
        answers: answers.collect(),
        features,
        role: said("role"),
        member: said("member"),
        location: said("location"),
        board: said("board"),
        ..Order::default()
    }
}

/// Every feature, for what any of them asks.
pub fn everything(profile: &Profile) -> Selection {
    let features = profile.feature.iter().map(|feature| feature.id.clone());
    Selection {
        features: features.collect(),
        ..Selection::default()
    }
}

/// The selection of an order.
pub fn selection(profile: &Profile, order: &Order) -> Selection {
    let mut selection = profile
        .select(&order.features)
        .unwrap_or_else(|_| profile.default_selection());
    selection.answers.extend(order.answers.iter().cloned());
    selection
}
