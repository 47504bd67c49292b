//! Profiles for Autotask: what each asks of a security level and why, the plan against any level, and the level
//! made from it.

use super::Desk;
use crate::console::bench::Sign;
use crate::console::connect as chosen;
use crate::console::guide;
use crate::console::guide::inline;
use crate::console::integrations::{around, cards, catalog, of, tabs};
use crate::console::page::{self, Page};
use crate::console::{
    outcome::{Outcome, Result},
    visit::Visit,
};
use bitting_catalog::profile::{Profile, Selection};
use bitting_catalog::security::{Permissions, SecurityLevel, Values};
use maud::{Markup, html};

pub async fn answer(visit: &Visit<'_>, desk: &Desk<'_>, rest: &[&str]) -> Result<Outcome> {
    let (slug, rest) = match rest {
        [] => return Ok(Outcome::Page(catalog(visit))),
        ["cards"] => return Ok(Outcome::Part(cards(visit))),
        [slug, rest @ ..] => (slug, rest),
    };
    let Some(profile) = of(&visit.place).find(|profile| profile.slug == *slug) else {
        return Ok(Outcome::Nowhere);
    };
    crate::console::jobs::learn(visit).await;
    match rest {
        [] => Ok(Outcome::Page(sheet(visit, desk, profile).await)),
        ["connect", rest @ ..] => super::connect::answer(visit, desk, profile, rest).await,
        ["verify"] => super::connect::verify(visit, desk, profile).await,
        ["side", rest @ ..] => crate::console::jobs::answer(visit, profile, rest).await,
        ["guide"] => {
            let order = chosen::order(profile, &visit.query);
            let tabs = tabs(visit, profile, "guide");
            Ok(guide::answer(visit, order, &profile.title(), &tabs).await)
        }
        _ => Ok(Outcome::Nowhere),
    }
}

/// One cell that differs.
pub fn lines(
    permissions: &Permissions,
    held: Option<&SecurityLevel>,
    wanted: &SecurityLevel,
) -> Vec<(Sign, String)> {
    let nothing = Values::default();
    let mut lines = Vec::new();
    for entry in &permissions.entries {
        let full = entry.full_name();
        let old = held
            .and_then(|level| level.settings.get(&full))
            .unwrap_or(&nothing);
        let new = wanted.settings.get(&full).unwrap_or(&nothing);
        for ((cell, from), (_, to)) in old.cells().into_iter().zip(new.cells()) {
            let rank = |value: &Option<String>| {
                let values = entry.values(cell);
                value
                    .as_ref()
                    .and_then(|value| values.iter().position(|known| known == value))
                    .unwrap_or_default()
            };
            let word = |value: &Option<String>| {
                let least = entry.values(cell).first().cloned();
                value.clone().or(least).unwrap_or_else(|| "None".to_owned())
            };
            if word(from) == word(to) {
                continue;
            }
            let sign = match (rank(from), rank(to)) {
                (one, other) if one > other => Sign::Remove,
                (0, _) => Sign::Add,
                _ => Sign::Change,
            };
            let what = if cell == "value" {
                full.clone()
            } else {
                format!("{full}: {}{}", cell[..1].to_uppercase(), &cell[1..])
            };
            lines.push((sign, format!("{what} from {} to {}", word(from), word(to))));
        }
    }
    lines
}

pub fn diff(lines: &[(Sign, String)]) -> Markup {
    html! { ul.diff { @for (sign, text) in lines { @match sign {
        Sign::Add => li.plus { "+ " (inline(text)) },
        Sign::Change => li.change { "~ " (inline(text)) },
        Sign::Remove => li.minus { "− " (inline(text)) },
    } } } }
}

async fn sheet(visit: &Visit<'_>, desk: &Desk<'_>, profile: &Profile) -> Page {
    let permissions = &desk.tenant.permissions;
    let form = &visit.query;
    let wished = super::connect::order(profile, form);
    let selection = chosen::selection(profile, &wished);
    let cleared = wished.cleared;
    let wanted = visit
        .server
        .console
        .over_api(move |bench| bench.level(&wished))
        .await;
    let users = desk.tenant.api_users();
    let user = form.text("user").parse::<i64>().ok();
    let of_user = user.and_then(|id| users.iter().find(|(known, _)| *known == id));
    let against = form.text("level").parse::<i64>().ok();
    let against = against.or(of_user.map(|(_, user)| user.level));
    let held = against.and_then(|id| desk.tenant.level(id));
    let levels: Vec<(String, String)> = desk
        .tenant
        .levels()
        .iter()
        .map(|(id, level)| (id.to_string(), level.document.name.clone()))
        .collect();
    let users: Vec<(String, String)> = users
        .iter()
        .map(|(id, user)| (id.to_string(), user.user.clone()))
        .collect();
    // A new level that starts as a copy differs from its origin; a cleared one from nothing.
    let from = |wanted: &SecurityLevel| match &held {
        Some(held) => Some(held.document.clone()),
        None if cleared => None,
        None => permissions.copy(&wanted.copy_of, &wanted.name),
    };
    let chosen = if of_user.is_some() {
        String::new()
    } else {
        against.map(|id| id.to_string()).unwrap_or_default()
    };
    let body = html! {
        (page::crumbs(&[("Integrations", Some(visit.at("integrations"))), (&profile.title(), None)]))
        header.head { h1 { (profile.title()) } a.button href=(visit.at(&format!("integrations/{}/connect", profile.slug))) { "Connect" } }
        (tabs(visit, profile, ""))
        p { (profile.product.summary) }
        @if let Some(gaps) = &profile.product.gaps { p.caution { (gaps) } }
        section { h2 { "What it asks for, and why" } (asked(profile, &selection)) }
        section { h2 { "Plan" }
            form.filter method="get" {
                input type="hidden" name="chosen" value="1";
                (page::choice("user", "Against the API user", &users, if of_user.is_some() { form.text("user") } else { "" }, Some("a new API user"), "", None))
                (page::choice("level", "Against the level", &levels, &chosen, Some("its own, or new"), "", None))
                (start(cleared))
                @if !profile.feature.is_empty() { fieldset.ticks { legend { "Features" }
                    @for feature in &profile.feature { label { input type="checkbox" name="feature" value=(feature.id) checked[selection.features.contains(&feature.id)]; span { (feature.title) } } } } }
                button.quiet type="submit" { "Show the plan" }
            }
            @match &wanted {
                Err(refusal) => (page::wrong(&refusal.text)),
                Ok(wanted) => {
                    @let found = lines(permissions, from(&wanted.level).as_ref(), &wanted.level);
                    @if held.is_some() && found.is_empty() { p.said { "The level is exactly what is asked for." } }
                    @else if held.is_none() { p { @if cleared { "On a new level without any permission:" } @else { "On a copy of " b { (wanted.level.copy_of) } ":" } } }
                    (diff(&found))
                    @if !wanted.notes.is_empty() { ul.notes { @for note in &wanted.notes { li { (inline(note)) } } } }
                }
            }
        }
        (around(profile))
    };
    Page::new("integrations", profile.title(), body)
}

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

fn asked(profile: &Profile, selection: &Selection) -> Markup {
    html! { div.wide tabindex="0" role="region" aria-label="What it asks for" { table {
        thead { tr { th scope="col" { "Section" } th scope="col" { "Subsection" } th scope="col" { "Setting" } th scope="col" { "Value" } th scope="col" { "Why" } } }
        tbody { @for (feature, setting) in profile.settings() {
            tr.off[feature.is_some_and(|feature| !selection.features.contains(&feature.id))] {
                td { (setting.section) } td { (setting.subsection) }
                th scope="row" { (setting.setting) @if let Some(feature) = feature { " " span.flag.off { "only for " (feature.title) } } }
                td { (setting.cells().map(|(cell, value)| if cell.is_empty() || cell == "Value" { value.to_owned() } else { format!("{cell} {value}") }).collect::<Vec<_>>().join(", ")) }
                td { (setting.why) @if let Some(doubt) = &setting.uncertain { p.hint { "Uncertain: " (doubt) } } }
            }
        } }
    } } }
}
