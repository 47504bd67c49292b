//! Protected Data Permission on the form of an API user: four ticks, each of which includes those before it.

use crate::console::page;
use bitting_autotask::users::{ApiUser, ProtectedData};
use bitting_calls::http::form::Form;
use maud::{Markup, html};

/// Says that the ticks were on the form that was sent: one without them changes nothing.
const SENT: &str = "protectedData";
const TICKS: [(&str, &str, ProtectedData); 4] = [
    (
        "viewUnprotected",
        "View Unprotected Data",
        ProtectedData::ViewUnprotected,
    ),
    (
        "editUnprotected",
        "Edit Unprotected Data",
        ProtectedData::EditUnprotected,
    ),
    (
        "viewProtected",
        "View Protected Data",
        ProtectedData::ViewProtected,
    ),
    (
        "editProtected",
        "Edit Protected Data",
        ProtectedData::EditProtected,
    ),
];

/// What is ticked; nothing where the form has no ticks.
fn sent(form: &Form) -> Option<ProtectedData> {
    form.given(SENT)?;
    let ticked = TICKS.iter().filter(|(field, ..)| form.ticked(field));
    let highest = ticked.map(|(.., data)| *data).max();
    Some(highest.unwrap_or(ProtectedData::None))
}

/// Gives a user what is ticked, or leaves what it had.
pub fn save(form: &Form, before: Option<&ApiUser>, user: &mut ApiUser) {
    match (sent(form), before) {
        (Some(data), _) => {
            user.protected = data >= ProtectedData::ViewProtected;
            user.protected_data = Some(data);
        }
        (None, Some(before)) => {
            user.protected = before.protected;
            user.protected_data = before.protected_data;
        }
        (None, None) => {}
    }
}

/// The ticks, as they were sent or as they are.
pub fn ticks(form: &Form, user: Option<&ApiUser>) -> Markup {
    let held = user.map_or_else(ProtectedData::default, ApiUser::data);
    let now = sent(form).unwrap_or(held);
    html! {
        fieldset.card { legend { "Protected Data Permission" }
            p.hint { "User-defined fields of devices and site configurations. Each includes those above it; without any, no such field shows." }
            input type="hidden" name=(SENT) value="1";
            @for (field, words, data) in TICKS { (page::tick(field, words, now >= data, "")) }
        }
    }
}
