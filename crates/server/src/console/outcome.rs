//! What comes of a visit.

use super::page::Page;
use bitting_psa::problem::Problem;
use maud::Markup;

/// What a page's code answers.
pub(crate) enum Outcome {
    Page(Page),
    /// A part of a page that htmx puts in place.
    Part(Markup),
    /// A file to keep: its name and text.
    File(String, String),
    /// Look there next.
    See(String),
    /// There is nothing at this address.
    Nowhere,
}

pub(super) type Result<T> = std::result::Result<T, Problem>;
