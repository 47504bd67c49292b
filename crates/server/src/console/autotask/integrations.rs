//! Profiles for Autotask: what each asks of a security level and why, the plan against any level, and the level
//! made from it.

use super::chosen::{order, start};
use super::desk::Desk;
use super::difference::{diff, lines};
use crate::console::chosen;
use crate::console::guide;
use crate::console::integrations::{around, cards, catalog, of};
use crate::console::page::{self, Page, inline};
use crate::console::tabs::{learn, tabs};
use crate::console::{
    outcome::{Outcome, Result},
    visit::Visit,
};
use bitting_catalog::profile::{Profile, Selection};
use bitting_catalog::security::SecurityLevel;
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
    learn(visit).await;
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

async fn sheet(visit: &Visit<'_>, desk: &Desk<'_>, profile: &Profile) -> Page {
    let permissions = &desk.tenant.permissions;
    let form = &visit.query;
    let wished = order(profile, form);
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
