//! The role's and member's own fields, and how much of the guide could be read.

use super::{Report, Severity};
use crate::profile::document::Completeness;
use crate::profile::template::{SOURCE, SUMMARY};

/// Longest member id, member name and role name, in characters.
const MEMBER_ID: usize = 15;
const NAME: usize = 30;

pub(super) fn check(report: &mut Report) {
    let profile = report.profile;
    let member = &profile.member;
    let value = |field: &Option<crate::profile::MemberValue>| {
        field.as_ref().and_then(|field| field.value.clone())
    };
    let texts = [
        (
            "member id",
            "member.identifier",
            value(&member.identifier),
            MEMBER_ID,
        ),
        ("member name", "member.name", value(&member.name), NAME),
        ("role name", "role.name", profile.role.name.clone(), NAME),
    ];
    for (field, key, text, limit) in texts {
        if let Some(text) = text.filter(|text| text.chars().count() > limit) {
            report.advise(
                Severity::Error,
                "too-long",
                profile.line_of(key),
                format!(
                    "the {field} `{text}` has {} characters",
                    text.chars().count()
                ),
                format!("use at most {limit}"),
            );
        }
    }
    let asks = profile.rows().next().is_some()
        || profile.settings().next().is_some()
        || profile.level.is_some();
    if !asks {
        report.advise(
            Severity::Warning,
            "no-rights",
            profile.line_of("profile"),
            "no row asks for a right, so its key will read nothing",
            "write the rows of the guide; where it knows an administrator's role only, learn the rest: let it work \
             with --admin, then `bitting learn MEMBER`",
        );
    }
    left_over(report);
    if profile.product.completeness == Completeness::Partial {
        let gaps = profile
            .product
            .gaps
            .as_deref()
            .unwrap_or("some rows of the guide could not be read");
        report.add(
            Severity::Note,
            "partial",
            profile.line_of("profile.completeness"),
            format!("not the whole guide: {gaps}"),
        );
    }
}

/// What `profile new` wrote and nobody replaced: it would stand in the rendered guide.
fn left_over(report: &mut Report) {
    let profile = report.profile;
    let summary = (profile.product.summary == SUMMARY)
        .then(|| (profile.line_of("profile.summary"), "summary", SUMMARY));
    // Tables of an array have no line of their own; the words have one.
    let source = profile
        .source
        .iter()
        .any(|source| source.title == SOURCE)
        .then(|| profile.text.lines().position(|line| line.contains(SOURCE)))
        .flatten()
        .map(|at| (at + 1, "title", SOURCE));
    for (line, key, text) in summary.into_iter().chain(source) {
        report.advise(
            Severity::Note,
            "template-text",
            line,
            format!("the {key} is still the template's: `{text}`"),
            "write your own; it stands in the guide that is rendered",
        );
    }
}
