//! What a form about connecting an Autotask integration chose, on top of what is chosen on either PSA.

use crate::console::bench::Order;
use crate::console::chosen;
use crate::console::page;
use bitting_calls::http::form::Form;
use bitting_catalog::profile::{Profile, Start};
use maud::Markup;

/// What was chosen.
pub fn order(profile: &Profile, form: &Form) -> Order {
    let said = |name: &str| {
        let text = form.trimmed(name);
        (!text.is_empty()).then(|| text.to_owned())
    };
    Order {
        user: said("user"),
        email: said("email"),
        vendor: said("vendor"),
        cleared: cleared(profile, form),
        ..chosen::order(profile, form)
    }
}

/// Whether only what is listed is to be granted: the least, unless somebody wants what a copy brings along.
pub fn cleared(profile: &Profile, form: &Form) -> bool {
    let as_is = profile.level.as_ref().map(|level| level.start) == Some(Start::AsIs);
    form.text("start") != "copy" && !as_is
}

/// The choice between the least and a copy of the system level.
pub fn start(cleared: bool) -> Markup {
    let options = [
        ("cleared", "Only what is listed"),
        ("copy", "A copy of the system level, changed"),
    ]
    .map(|(key, words)| (key.to_owned(), words.to_owned()));
    page::choice(
        "start",
        "Start from",
        &options,
        if cleared { "cleared" } else { "copy" },
        None,
        "",
        None,
    )
}
