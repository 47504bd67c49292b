//! The fields of an API user's key and secret.

use bitting_psa::secret::Secret;
use maud::{Markup, html};

/// `key` is the key, with what is wrong with it.
pub fn key_field(key: &str, error: Option<&str>) -> Markup {
    html! {
        div.field.bad[error.is_some()] #key-field {
            label for="key" { "Username (Key)" span.need aria-hidden="true" { " *" } }
            input id="key" name="key" value=(key) maxlength="100" autocomplete="off" spellcheck="false" aria-describedby="key-hint" aria-invalid=[error.is_some().then_some("true")];
            p.hint id="key-hint" { @if let Some(error) = error { strong { (error) } " " } "Generate Key makes one; the part before @ may be replaced." }
        }
    }
}

/// `fresh` is a secret that was just made; an older one is never told.
pub fn secret_field(fresh: Option<&Secret>, kept: bool, error: Option<&str>) -> Markup {
    html! {
        div.field.bad[error.is_some()] #secret-field {
            label for="secret" { "Password (Secret)" span.need aria-hidden="true" { " *" } }
            input id="secret" name="secret" value=[fresh.map(Secret::reveal)] readonly autocomplete="off" spellcheck="false" aria-describedby="secret-hint" aria-invalid=[error.is_some().then_some("true")];
            p.hint id="secret-hint" { @if let Some(error) = error { strong { (error) } " " }
                @if fresh.is_some() { "Holds once you save. Copy it: it is shown on the next page once more and never again." }
                @else if kept { "One is set and cannot be shown. Generate Secret replaces it." }
                @else { "Generate Secret makes one." } }
        }
    }
}
