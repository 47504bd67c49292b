//! Profiles for Autotask: what each asks of a security level and why, the plan against any level, and the level
//! made from it.

use super::Desk;
use super::levels::{is_system, save};
use crate::console::bench::Sign;
use crate::console::connect as chosen;
use crate::console::form::Form;
use crate::console::integrations::{around, cards, catalog, of, tabs};
use crate::console::page::{self, Page};
use crate::console::{Outcome, Result, Visit, guide};
use bitting_catalog::profile::{Profile, Selection, Start};
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
    match rest {
        [] => Ok(Outcome::Page(sheet(visit, desk, profile))),
        ["connect", rest @ ..] => super::connect::answer(visit, desk, profile, rest).await,
        ["verify"] => super::connect::verify(visit, desk, profile).await,
        ["guide"] => {
            let order = chosen::order(profile, &visit.query);
            let tabs = tabs(visit, profile, "guide");
            Ok(guide::answer(visit, order, &profile.title(), &tabs).await)
        }
        _ => Ok(Outcome::Nowhere),
    }
}

/// The system level that a profile starts from, as it stands here.
fn origin(permissions: &Permissions, profile: &Profile) -> SecurityLevel {
    let name = profile.level.as_ref().map_or("", |level| &level.copy_of);
    let mut system = permissions.system.iter();
    let found = system
        .find(|level| level.name.eq_ignore_ascii_case(name))
        .or_else(|| permissions.system.first());
    found
        .map(|level| permissions.start(level))
        .unwrap_or_default()
}

/// The level that a profile asks for. `cleared`: No Permission first, and then what is listed alone.
pub fn wanted(
    permissions: &Permissions,
    profile: &Profile,
    selection: &Selection,
    cleared: bool,
) -> SecurityLevel {
    let mut level = origin(permissions, profile);
    level.copy_of.clone_from(&level.name.clone());
    level.name = profile.role_name();
    if cleared {
        level.settings.clear();
    }
    for setting in profile.level_settings(selection) {
        let Some(entry) = permissions.find(&setting.section, &setting.setting) else {
            continue;
        };
        let values = level.settings.entry(entry.full_name()).or_default();
        let given = [
            ("value", &setting.value),
            ("view", &setting.view),
            ("add", &setting.add),
            ("edit", &setting.edit),
            ("delete", &setting.delete),
        ];
        for (cell, value) in given {
            let known = value
                .as_ref()
                .filter(|value| cell == "value" || entry.values(cell).contains(value));
            if let (Some(value), Some(held)) = (known, values.cell(cell)) {
                *held = Some(value.clone());
            }
        }
    }
    level
}

/// Settings of the profile that this product's screen does not have here.
pub fn unknown(permissions: &Permissions, profile: &Profile, selection: &Selection) -> Vec<String> {
    let all = profile.level_settings(selection).into_iter();
    let missing = all.filter(|one| permissions.find(&one.section, &one.setting).is_none());
    missing.map(|one| one.title()).collect()
}

/// Whether only what is listed is to be granted.
pub fn cleared(profile: &Profile, form: &Form) -> bool {
    match form.given("start") {
        Some(start) => start == "cleared",
        None => profile
            .level
            .as_ref()
            .is_some_and(|level| level.start == Start::Cleared),
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
        Sign::Add => li.plus { "+ " (text) },
        Sign::Change => li.change { "~ " (text) },
        Sign::Remove => li.minus { "− " (text) },
    } } } }
}

fn sheet(visit: &Visit<'_>, desk: &Desk<'_>, profile: &Profile) -> Page {
    let permissions = &desk.tenant.permissions;
    let form = &visit.query;
    let selection = chosen::selection(profile, &chosen::order(profile, form));
    let cleared = cleared(profile, form);
    let wanted = wanted(permissions, profile, &selection, cleared);
    let users = desk.tenant.api_users();
    let user = form.text("user").parse::<i64>().ok();
    let of_user = user.and_then(|id| users.iter().find(|(known, _)| *known == id));
    let against = form
        .text("level")
        .parse::<i64>()
        .ok()
        .or(of_user.map(|(_, user)| user.level));
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
    let unknown = unknown(permissions, profile, &selection);
    let found = lines(
        permissions,
        held.as_ref().map(|level| &level.document),
        &wanted,
    );
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
                (page::choice("level", "Against the level", &levels, &chosen, Some("the user's, or a new one"), "", None))
                (start(cleared))
                @if !profile.feature.is_empty() { fieldset.ticks { legend { "Features" }
                    @for feature in &profile.feature { label { input type="checkbox" name="feature" value=(feature.id) checked[selection.features.contains(&feature.id)]; span { (feature.title) } } } } }
                button.quiet type="submit" { "Show the plan" }
            }
            @if held.is_some() && found.is_empty() { p.said { "The level is exactly what is asked for." } }
            (diff(&found))
            @if !unknown.is_empty() { p.caution { "Not on this screen: " (unknown.join(", ")) "." } }
            @if !cleared { p.hint { "What the system level grants beyond the list stays, as the guide has it. Choose " b { "only what is listed" } " for the least." } }
        }
        (around(profile))
    };
    Page::new("integrations", profile.title(), body)
}

pub fn start(cleared: bool) -> Markup {
    let options = [
        ("copy", "A copy of the system level, changed"),
        ("cleared", "Only what is listed"),
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

/// Makes the level of a profile, or brings one of that name to it.
pub async fn make_level(
    desk: &Desk<'_>,
    mut level: SecurityLevel,
    name: &str,
) -> std::result::Result<i64, String> {
    name.clone_into(&mut level.name);
    if is_system(desk, &level) {
        return Err("A system level has this name; choose another.".to_owned());
    }
    let levels = desk.tenant.levels();
    let known = levels
        .iter()
        .find(|(_, held)| held.document.name.eq_ignore_ascii_case(name));
    save(desk, known.map(|(id, _)| *id), level).await
}
