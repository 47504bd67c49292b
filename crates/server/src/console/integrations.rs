//! The catalog of profiles: what each integration asks for and why, what a role would need to change to
//! serve it, and what there is to say about its guide.

use super::desk::{Desk, ROLES, field_error};
use super::page::{self, Field, Page};
use super::tabs::{learn, tabs};
use super::{chosen, connect, guide};
use crate::console::{
    outcome::{Outcome, Result},
    visit::{Place, Visit},
};
use bitting_calls::http::form::Form;
use bitting_catalog::profile::lint::{Severity, lint};
use bitting_catalog::profile::{Entries, Pattern, Profile, Psa, Selection, shipped};
use bitting_dialects::connectwise::error::{ApiError, FieldError};
use bitting_policy::{Comparison, Level, ListDocument, Registry, Role, Verb, compare};
use bitting_psa::problem::Problem;
use maud::{Markup, html};
use std::sync::OnceLock;

/// Profiles for the kind of instance there is. A test of the catalog holds that all of them can be read.
fn profiles() -> impl Iterator<Item = &'static Profile> {
    static READ: OnceLock<Vec<Profile>> = OnceLock::new();
    let all = READ.get_or_init(|| {
        shipped().unwrap_or_else(|error| {
            tracing::error!(%error, "the profiles cannot be read");
            Vec::new()
        })
    });
    all.iter()
}

/// Profiles for the kind of place there is.
pub fn of(place: &Place) -> impl Iterator<Item = &'static Profile> {
    let psa = match place {
        Place::ConnectWise(_) => Psa::ConnectWise,
        Place::Autotask(_) => Psa::Autotask,
    };
    profiles().filter(move |profile| profile.product.psa == psa)
}

pub async fn answer(visit: &Visit<'_>, desk: &Desk<'_>, rest: &[&str]) -> Result<Outcome> {
    match rest {
        [] => Ok(Outcome::Page(catalog(visit))),
        ["cards"] => Ok(Outcome::Part(cards(visit))),
        [slug, rest @ ..] => match of(&visit.place).find(|profile| profile.slug == *slug) {
            Some(profile) => one(visit, desk, profile, rest).await,
            None => Ok(Outcome::Nowhere),
        },
    }
}

async fn one(
    visit: &Visit<'_>,
    desk: &Desk<'_>,
    profile: &Profile,
    rest: &[&str],
) -> Result<Outcome> {
    learn(visit).await;
    match rest {
        [] if visit.post => match apply(visit, desk, profile).await {
            Err(problem) if field_error(Some(&problem), "name").is_some() => {
                let page = sheet(visit, desk, profile, Some(&problem)).await?;
                Ok(Outcome::Page(page.with_status(422)))
            }
            done => done,
        },
        [] => Ok(Outcome::Page(sheet(visit, desk, profile, None).await?)),
        ["connect", rest @ ..] => connect::answer(visit, desk, profile, rest).await,
        ["verify"] => connect::verify(visit, desk, profile).await,
        ["guide"] => {
            let order = chosen::order(profile, &visit.query);
            let tabs = tabs(visit, profile, "guide");
            Ok(guide::answer(visit, order, &profile.title(), &tabs).await)
        }
        ["side", rest @ ..] => super::jobs::answer(visit, profile, rest).await,
        _ => Ok(Outcome::Nowhere),
    }
}

pub fn catalog(visit: &Visit<'_>) -> Page {
    let search = visit.query.trimmed("search");
    let body = html! {
        h1 { "Integrations" }
        form.filter method="get" role="search" {
            div.field.grow { label for="search" { "Search" }
                input #search name="search" type="search" value=(search) hx-get=(visit.at("integrations/cards")) hx-target="#cards" hx-trigger="input changed delay:200ms"; }
            button.quiet type="submit" { "Search" }
        }
        div #cards aria-live="polite" { (cards(visit)) }
    };
    Page::new("integrations", "Integrations", body)
}

pub fn cards(visit: &Visit<'_>) -> Markup {
    let search = visit.query.trimmed("search").to_lowercase();
    let found: Vec<_> = of(&visit.place)
        .filter(|profile| {
            let text = format!("{} {}", profile.title(), profile.product.summary).to_lowercase();
            search.split_whitespace().all(|word| text.contains(word))
        })
        .collect();
    html! {
        @if found.is_empty() { (page::empty("No integration fits. A profile is one file in data/profiles/.")) }
        ul.cards { @for profile in found { li {
            a.tile href=(visit.at(&format!("integrations/{}", profile.slug))) {
                b { (profile.title()) }
                span { (profile.product.summary) }
                span.hint { (page::counted(profile.grant.len() + profile.setting.len(), "row")) @if !profile.feature.is_empty() { ", " (page::counted(profile.feature.len(), "optional feature")) } }
            }
        } } }
    }
}

/// The features that a form chose; the profile's own choice when it chose none.
fn selected(profile: &Profile, form: &Form) -> Selection {
    let usual = profile.default_selection();
    if form.given("chosen").is_none() {
        return usual;
    }
    let ids: Vec<&str> = form.every("feature").collect();
    let off = profile
        .feature
        .iter()
        .filter(|feature| feature.default && !ids.contains(&feature.id.as_str()));
    let off: Vec<String> = off.map(|feature| format!("-{}", feature.id)).collect();
    let words: Vec<String> = ids.iter().map(|id| (*id).to_owned()).chain(off).collect();
    profile.select(&words).unwrap_or(usual)
}

/// Makes a role that holds exactly what is asked for, or sets one to it.
async fn apply(visit: &Visit<'_>, desk: &Desk<'_>, profile: &Profile) -> Result<Outcome> {
    let registry = desk.instance.registry();
    let refuse = |text: String| {
        ApiError::invalid_object(
            "securityRole",
            vec![FieldError::invalid("securityRole", "levels", text)],
        )
    };
    let mut role = needed(registry, profile, &selected(profile, &visit.form)).map_err(refuse)?;
    let name = if let Ok(id) = visit.form.text("role").parse::<i64>() {
        let held = desk.role(id, Verb::Edit).await?;
        if held.admin {
            let text = "An administrator's role holds everything; make a new role instead.";
            return Err(refuse(text.to_owned()).into());
        }
        (role.id, role.inactive) = (id, held.inactive);
        held.name
    } else {
        let name = visit.form.trimmed("name");
        let made = desk
            .post(ROLES, &serde_json::json!({ "name": name }))
            .await?;
        role.id = made["id"].as_i64().unwrap_or_default();
        name.to_owned()
    };
    let id = role.id;
    role.name.clone_from(&name);
    desk.save_role(role).await?;
    visit.session.say(format!(
        "{name} holds exactly what {} asks for. Next: an API member with this role.",
        profile.title()
    ));
    Ok(Outcome::See(visit.at(&format!("roles/{id}"))))
}

async fn sheet(
    visit: &Visit<'_>,
    desk: &Desk<'_>,
    profile: &Profile,
    problem: Option<&Problem>,
) -> Result<Page> {
    let registry = desk.instance.registry();
    let sent = if visit.post {
        &visit.form
    } else {
        &visit.query
    };
    let selection = selected(profile, sent);
    let members = desk
        .list(
            "system/apiMembers",
            "pageSize=1000&orderBy=identifier&fields=id,identifier,securityRole/id",
        )
        .await?;
    let member = visit.query.text("member");
    let of_member = members
        .iter()
        .find(|one| one["id"].as_i64() == member.parse().ok());
    let of_member = of_member.and_then(|one| one["securityRole"]["id"].as_i64());
    let against = sent.text("role").parse::<i64>().ok().or(of_member);
    let members: Vec<(String, String)> = members
        .iter()
        .map(|one| {
            let name = one["identifier"].as_str().unwrap_or_default();
            (one["id"].to_string(), name.to_owned())
        })
        .collect();
    let held = match against {
        Some(id) => Some(desk.role(id, Verb::Inquire).await?),
        None => None,
    };
    let needed = needed(registry, profile, &selection);
    let roles = desk
        .list(ROLES, "pageSize=1000&orderBy=name&fields=id,name")
        .await?;
    let options: Vec<(String, String)> = roles
        .iter()
        .map(|row| {
            (
                row["id"].to_string(),
                row["name"].as_str().unwrap_or_default().to_owned(),
            )
        })
        .collect();
    let chosen = against.map(|id| id.to_string()).unwrap_or_default();
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
                (page::choice("member", "Against the member", &members, if of_member.is_some() { member } else { "" }, Some("a new member"), "", None))
                (page::choice("role", "Against the role", &options, if of_member.is_some() { "" } else { &chosen }, Some("its own, or new"), "", None))
                @if !profile.feature.is_empty() { fieldset.ticks { legend { "Features" }
                    @for feature in &profile.feature {
                        label { input type="checkbox" name="feature" value=(feature.id) checked[selection.features.contains(&feature.id)]; span { (feature.title) } }
                    } } }
                button.quiet type="submit" { "Show the plan" }
            }
            @match &needed {
                Err(text) => { (page::wrong(text)) }
                Ok(needed) => { (plan(registry, held.as_ref(), needed)) }
            }
            @if needed.is_ok() { form.card method="post" {
                (page::csrf(visit))
                input type="hidden" name="chosen" value="1";
                input type="hidden" name="role" value=(chosen);
                @for feature in &selection.features { input type="hidden" name="feature" value=(feature); }
                @match &held {
                    None => {
                        (page::text_field("name", "Role ID", visit.form.given("name").unwrap_or(&profile.role_name()), "At most 30 characters; no role has this name yet.", field_error(problem, "name"), Field { required: true, max: Some(30), ..Field::default() }))
                        button type="submit" { "Make the role" }
                    }
                    Some(role) => {
                        p { "Sets " a href=(visit.at(&format!("roles/{}", role.id))) { (role.name) } " to exactly this: every plus is granted and every minus taken away, for all members that have the role." }
                        button type="submit" { "Set " (role.name) " to exactly this" }
                    }
                }
            } }
        }
        (around(profile))
        section { h2 { "Remarks on the guide" } (findings(profile, registry)) }
    };
    Ok(Page::new("integrations", profile.title(), body))
}

pub fn needed(
    registry: &Registry,
    profile: &Profile,
    selection: &Selection,
) -> std::result::Result<Role, String> {
    let document = profile
        .role_for(registry, selection)
        .map_err(|error| error.to_string())?;
    Role::from_document(registry, &document).map_err(|error| error.to_string())
}

fn asked(profile: &Profile, selection: &Selection) -> Markup {
    html! { div.wide tabindex="0" role="region" aria-label="What it asks for" { table {
        thead { tr { th scope="col" { "Module / Action" } @for verb in Verb::EVERY { th scope="col" { (verb) } } th scope="col" { "Why" } } }
        tbody { @for (feature, grant) in profile.rows() {
            @let off = feature.is_some_and(|feature| !selection.features.contains(&feature.id));
            tr.off[off] {
                th scope="row" { (grant.title()) @if let Some(feature) = feature { " " span.flag.off { "only for " (feature.title) } } }
                @for verb in Verb::EVERY { td class=(grant.level(verb).as_str()) { (grant.level(verb)) } }
                td { (grant.why)
                    @for reason in grant.why_verb.values() { "; " (reason) }
                    @match grant.entries() {
                        Entries::All => {},
                        Entries::Only(names) => { p.hint { "Only: " (joined(&names.iter().collect::<Vec<_>>())) } }
                        Entries::Except(names) => { p.hint { "All but: " (joined(&names.iter().collect::<Vec<_>>())) } }
                    }
                    @if let Some(doubt) = &grant.uncertain { p.hint { "Uncertain: " (doubt) } }
                }
            }
        } }
    } } }
}

fn joined(names: &[&Pattern]) -> String {
    let names: Vec<String> = names
        .iter()
        .map(|name| match name {
            Pattern::Name(name) => name.clone(),
            Pattern::Prefix(start) => format!("{start}…"),
            Pattern::Placeholder(name) => format!("({name})"),
        })
        .collect();
    names.join(", ")
}

/// The difference as lines with a plus and a minus, in colours and in words.
pub fn plan(registry: &Registry, held: Option<&Role>, needed: &Role) -> Markup {
    let blank = Role::new(registry, 0, "");
    let found = compare(held.unwrap_or(&blank), needed, registry);
    let done = held.is_some() && found.suffices();
    html! {
        @if done && found.is_least() { p.said { "The role holds exactly what is asked for." } }
        @else if done { p.said { "The role suffices; what it holds beyond is marked with a minus." } }
        (lines(&found, registry, held.is_none()))
        (chosen_entries(held.unwrap_or(&blank), needed, registry))
    }
}

fn lines(found: &Comparison, registry: &Registry, new: bool) -> Markup {
    let all = registry.tables().len();
    html! {
        ul.diff {
            @if found.excess_admin { li.minus { "− Administrator: every right" } }
            @for cell in &found.missing { li.plus { "+ " (cell.module) " / " (cell.action) ": " (cell.verb) " from " (cell.held) " to " b { (cell.needed) } } }
            @for cell in &found.excess { li.minus { "− " (cell.module) " / " (cell.action) ": " (cell.verb) " from " (cell.held) " to " b { (cell.needed) } } }
            @for gap in &found.lists {
                @for name in &gap.missing { li.plus { "+ " (gap.list) ": allow " b { (name) } } }
                @if gap.excess.len() > 12 { li.minus { "− " (gap.list) ": " (gap.excess.len()) " of " (all) " tables are not needed" } }
                @else { @for name in &gap.excess { li.minus { "− " (gap.list) ": " (name) " is not needed" } } }
                @if gap.missing_rest { li.plus { "+ " (gap.list) ": allow all others" } }
                @if gap.excess_rest { li.minus { "− " (gap.list) ": all others are not needed" } }
            }
        }
        @if new { p.hint { "Every other cell stays None." } }
        @if found.reads_everything { p.caution { "One row of this role reads across all objects, cost and personal data too." } }
    }
}

/// Customize lists to set whose row the role cannot pass yet: before that, the row is the difference.
fn chosen_entries(held: &Role, needed: &Role, registry: &Registry) -> Markup {
    let lists = registry.lists().iter().filter(|list| {
        held.level(list.action, Verb::Inquire) == Level::None
            && needed.level(list.action, Verb::Inquire) > Level::None
    });
    html! { @for list in lists { @match needed.list_document(registry, list.id) {
        ListDocument::Everything => {}
        ListDocument::Allow(names) => { ul.diff { @for name in names { li.plus { "+ " (list.identifier) ": allow " b { (name) } } } li.minus { "− " (list.identifier) ": allow nothing else" } } }
        ListDocument::Deny(names) => { ul.diff { @for name in names { li.minus { "− " (list.identifier) ": disallow " b { (name) } } } } }
    } } }
}

/// Steps, the member's form and what goes into the product.
pub fn around(profile: &Profile) -> Markup {
    let member = [
        ("Member ID", &profile.member.identifier),
        ("Member Name", &profile.member.name),
        ("Level", &profile.member.level),
        ("Location", &profile.member.location),
        ("Business Unit", &profile.member.department),
        ("Default board", &profile.member.default_board),
        ("Time Zone", &profile.member.time_zone),
    ];
    html! {
        section { h2 { "Steps and the member's form" }
            @if profile.step.is_empty() { p.hint { "As for any integration: role, API member, key." } }
            ol.steps { @for step in &profile.step { li { b { (step.at) } ": " (step.action) } } }
            dl.facts { @for (name, value) in member { @if let Some(value) = value {
                dt { (name) } dd { (value.value.as_deref().or(value.choose.as_deref()).unwrap_or_default()) " " span.hint { (value.why) } }
            } } @if let Some(others) = &profile.member.others { dt { "Other fields" } dd { (others) } } }
        }
        @if !profile.product.notes.is_empty() { section { h2 { "Good to know" } ul { @for note in &profile.product.notes { li { (note) } } } } }
        @if !profile.correction.is_empty() { section { h2 { "Corrected against the guide" } ul { @for one in &profile.correction {
            li { (one.place) ": printed " i { (one.printed) } ", granted " b { (one.granted) } ": " (one.why) } } } } }
        section { h2 { "Source" } ul { @for source in &profile.source { li { (source.title) ", " (source.url) ", taken " (source.taken) } } } }
    }
}

fn findings(profile: &Profile, registry: &Registry) -> Markup {
    let found = lint(profile, registry);
    html! {
        @if found.is_empty() { p.hint { "Nothing to remark." } }
        ul.remarks { @for one in &found {
            @let kind = match one.severity { Severity::Error => "error", Severity::Warning => "warning", Severity::Note => "note" };
            li class=(kind) { b { (kind) } " " (one.message) @if let Some(hint) = &one.suggestion { " " (hint) } " " code { (one.place) } }
        } }
    }
}

#[cfg(test)]
mod tests {
    use super::{needed, plan, profiles};
    use bitting_policy::Role;

    #[test]
    fn every_profile_has_a_plan_and_its_own_role_needs_none() {
        let (registry, _) = bitting_catalog::Catalog::embedded().expect("data");
        let mut planned = 0;
        for profile in profiles() {
            // Some ask for names that only the tenant knows; those say so instead.
            let Ok(role) = needed(&registry, profile, &profile.default_selection()) else {
                continue;
            };
            planned += 1;
            let done = plan(&registry, Some(&role), &role).into_string();
            assert!(!done.contains("class=\"plus\""), "{}: {done}", profile.slug);
            assert!(
                !done.contains("class=\"minus\""),
                "{}: {done}",
                profile.slug
            );
            let fresh = Role::new(&registry, 0, "");
            if role != fresh && role.document(&registry).rows != fresh.document(&registry).rows {
                let new = plan(&registry, None, &role).into_string();
                assert!(new.contains("class=\"plus\""), "{}", profile.slug);
            }
        }
        assert!(planned > 25, "{planned}");
    }
}
