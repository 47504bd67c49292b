//! Connect for Autotask: features, level and user, plan, then key, secret and proof on one page. The proof is
//! made by calls with the very credentials, through the same door as any client's.

use super::Desk;
use super::integrations::{cleared, diff, lines, make_level, start, unknown, wanted};
use crate::autotask::operator::{self, RESOURCES};
use crate::autotask::users::{ApiUser, Shown};
use crate::console::bench::{Proof, Proved};
use crate::console::connect as chosen;
use crate::console::form::Form;
use crate::console::integrations::tabs;
use crate::console::members::copied;
use crate::console::page::{self, Field, Page};
use crate::console::{Outcome, Result, Visit, proof};
use crate::event::Event;
use crate::http::{Body, Received};
use bitting_catalog::profile::{Profile, Selection};
use bitting_catalog::security::SecurityLevel;
use bitting_policy::{Level, Needs};
use maud::{Markup, html};
use serde_json::json;
use std::net::SocketAddr;

pub async fn answer(
    visit: &Visit<'_>,
    desk: &Desk<'_>,
    profile: &Profile,
    rest: &[&str],
) -> Result<Outcome> {
    match rest {
        [] if visit.post => make(visit, desk, profile).await,
        [] => Ok(Outcome::Page(form(visit, desk, profile, None))),
        ["plan"] => Ok(Outcome::Page(plan(visit, desk, profile))),
        ["key"] => Ok(Outcome::Page(key(visit, profile))),
        _ => Ok(Outcome::Nowhere),
    }
}

fn here(visit: &Visit<'_>, profile: &Profile, step: &str) -> String {
    let path = format!("integrations/{}/connect/{step}", profile.slug);
    visit.at(path.trim_end_matches('/'))
}

fn frame(visit: &Visit<'_>, profile: &Profile, at: usize, body: &Markup) -> Page {
    let title = profile.title();
    let steps = ["Features, level and user", "Plan", "Key and proof"];
    let body = html! {
        (page::crumbs(&[("Integrations", Some(visit.at("integrations"))), (&title, Some(visit.at(&format!("integrations/{}", profile.slug)))), ("Connect", None)]))
        h1 { "Connect " (title) }
        (tabs(visit, profile, "connect"))
        ol.wizard { @for (index, words) in steps.iter().enumerate() {
            li.done[index < at] aria-current=[(index == at).then_some("step")] { @if index == 0 && at == 1 { a href=(here(visit, profile, "")) { (words) } } @else { span { (words) } } }
        } }
        (body)
    };
    Page::new("integrations", format!("Connect {title}"), body)
}

const NAMES: [(&str, &str, u32); 3] = [
    ("first", "First Name", 50),
    ("last", "Last Name", 50),
    ("email", "Email Address", 254),
];

/// The value of a field: what was sent, or what the profile says.
fn said(profile: &Profile, form: &Form, name: &str) -> String {
    if let Some(sent) = form.given(name) {
        return sent.trim().to_owned();
    }
    let user = profile.user.as_ref();
    let value = match name {
        "name" => return profile.role_name(),
        "first" => user.and_then(|user| user.first_name.as_ref()),
        "last" => user.and_then(|user| user.last_name.as_ref()),
        "email" => user.and_then(|user| user.email.as_ref()),
        "vendor" => {
            return user
                .and_then(|user| user.tracking_vendor.first())
                .cloned()
                .unwrap_or_default();
        }
        _ => None,
    };
    let usual = match name {
        "first" => profile.product.product.clone(),
        "last" => "API".to_owned(),
        _ => String::new(),
    };
    value.and_then(|value| value.value.clone()).unwrap_or(usual)
}

fn form(
    visit: &Visit<'_>,
    desk: &Desk<'_>,
    profile: &Profile,
    error: Option<(&str, &str)>,
) -> Page {
    let form = if visit.post {
        &visit.form
    } else {
        &visit.query
    };
    let selection = chosen::selection(profile, &chosen::order(profile, form));
    let of = |field: &str| {
        error
            .filter(|(known, _)| *known == field)
            .map(|(_, text)| text)
    };
    let mut vendors: Vec<(String, String)> = profile
        .user
        .iter()
        .flat_map(|user| &user.tracking_vendor)
        .map(|name| (name.clone(), name.clone()))
        .collect();
    vendors.push((String::new(), "Custom (Internal Integration)".to_owned()));
    let taken = desk.tenant.levels().iter().any(|(_, level)| {
        level
            .document
            .name
            .eq_ignore_ascii_case(&said(profile, form, "name"))
    });
    let body = html! {
        @if let Some(text) = of("") { (page::wrong(text)) }
        form.card method="get" action=(here(visit, profile, "plan")) {
            input type="hidden" name="chosen" value="1";
            @if !profile.feature.is_empty() { fieldset { legend { "What shall it do?" }
                @for feature in &profile.feature { (page::tick_of("feature", &feature.id, &feature.title, selection.features.contains(&feature.id), &feature.why)) } } }
            (page::text_field("name", "Security Level", &said(profile, form, "name"), if taken { "A level of this name is here; it is brought to the plan." } else { "A level of its own." }, of("name"), Field { required: true, max: Some(100), ..Field::default() }))
            (start(cleared(profile, form)))
            @for (name, words, max) in NAMES {
                (page::text_field(name, words, &said(profile, form, name), if name == "email" { "Gets notices about problems; an address at your own domain." } else { "" }, of(name), Field { required: true, max: Some(max), ..Field::default() }))
            }
            (page::choice("vendor", "API Tracking Identifier", &vendors, &said(profile, form, "vendor"), None, "", None))
            button type="submit" { "Next: the plan" }
        }
    };
    let page = frame(visit, profile, 0, &body);
    page.with_status(if error.is_some() { 422 } else { 200 })
}

fn fault(profile: &Profile, form: &Form) -> Option<(&'static str, String)> {
    for (name, words, _) in NAMES {
        if said(profile, form, name).is_empty() {
            return Some((name, format!("{words} is required.")));
        }
    }
    if !said(profile, form, "email").contains('@') {
        return Some(("email", "This is no e-mail address.".to_owned()));
    }
    said(profile, form, "name")
        .is_empty()
        .then(|| ("name", "Name the level.".to_owned()))
}

fn plan(visit: &Visit<'_>, desk: &Desk<'_>, profile: &Profile) -> Page {
    let query = &visit.query;
    if let Some((field, text)) = fault(profile, query) {
        return form(visit, desk, profile, Some((field, &text)));
    }
    let permissions = &desk.tenant.permissions;
    let selection = chosen::selection(profile, &chosen::order(profile, query));
    let wanted = wanted(permissions, profile, &selection, cleared(profile, query));
    let name = said(profile, query, "name");
    let levels = desk.tenant.levels();
    let held = levels
        .iter()
        .find(|(_, level)| level.document.name.eq_ignore_ascii_case(&name));
    // A new level starts as a copy: only what the copy changes is shown.
    let origin = permissions.copy(&wanted.copy_of, &name);
    let from = held.map(|(_, level)| &level.document).or(origin.as_ref());
    let found = lines(permissions, from, &wanted);
    let missing = unknown(permissions, profile, &selection);
    let body = html! {
        section { h2 { "What will change" }
            @if held.is_none() { p { "A new level " b { (name) } ", a copy of " b { (wanted.copy_of) } ", with these changes:" } }
            @else { p { "The level " b { (name) } " is changed so:" } }
            @if found.is_empty() { p.said { "Everything is as wanted already." } }
            (diff(&found))
            @if !missing.is_empty() { p.caution { "Not on this screen: " (missing.join(", ")) "." } }
            p { "A new API user " b { (said(profile, query, "first")) " " (said(profile, query, "last")) } ", " (said(profile, query, "email")) ", tracked as "
                b { @match &*said(profile, query, "vendor") { "" => "Custom (Internal Integration)", vendor => (vendor) } } "." }
        }
        form.card method="post" action=(here(visit, profile, "")) {
            (page::csrf(visit))
            input type="hidden" name="chosen" value="1";
            @for feature in &selection.features { input type="hidden" name="feature" value=(feature); }
            input type="hidden" name="start" value=(if cleared(profile, query) { "cleared" } else { "copy" });
            @for name in ["name", "first", "last", "email", "vendor"] { input type="hidden" name=(name) value=(said(profile, query, name)); }
            p { "This makes level and user, generates key and secret, and proves them with their own calls." }
            button type="submit" { "Connect" } " "
            a.button.quiet href=(here(visit, profile, "")) { "Back" }
        }
    };
    frame(visit, profile, 1, &body)
}

async fn make(visit: &Visit<'_>, desk: &Desk<'_>, profile: &Profile) -> Result<Outcome> {
    let sent = &visit.form;
    if let Some((field, text)) = fault(profile, sent) {
        return Ok(Outcome::Page(form(
            visit,
            desk,
            profile,
            Some((field, &text)),
        )));
    }
    let selection = chosen::selection(profile, &chosen::order(profile, sent));
    let level = wanted(
        &desk.tenant.permissions,
        profile,
        &selection,
        cleared(profile, sent),
    );
    let level_id = match make_level(desk, level, &said(profile, sent, "name")).await {
        Ok(id) => id,
        Err(text) => {
            return Ok(Outcome::Page(form(
                visit,
                desk,
                profile,
                Some(("name", &text)),
            )));
        }
    };
    let vendor = said(profile, sent, "vendor");
    let vendor = (!vendor.is_empty()).then_some(vendor.as_str());
    let (first, last) = (said(profile, sent, "first"), said(profile, sent, "last"));
    let body = json!({
        "firstName": first, "lastName": last, "email": said(profile, sent, "email"), "isActive": true,
        "licenseType": super::resources::API_USER, "userType": 3, "emailTypeCode": "PRIMARY", "resourceType": "Employee",
        "payrollType": 1, "hireDate": desk.tenant.now().to_string(), "locationID": 1, "numberFormat": "X,XXX.XX",
        "userName": format!("{}.{}", profile.slug, desk.tenant.api_users().len()).chars().take(32).collect::<String>(),
    });
    let work = operator::make_resource(desk.tenant, &body);
    let made = desk.written(http::Method::POST, RESOURCES, work).await;
    let resource = match made {
        Ok(id) => id,
        Err(trouble) => {
            let text = super::message(&trouble);
            return Ok(Outcome::Page(form(visit, desk, profile, Some(("", &text)))));
        }
    };
    let path = format!("{RESOURCES}/{resource}/ApiUser");
    let work = async {
        desk.tenant
            .add_user(resource, level_id, vendor)
            .await
            .map_err(Into::into)
    };
    let shown = desk.written(http::Method::PUT, &path, work).await;
    let shown = shown.map_err(|trouble| super::problem(&trouble))?;
    let proved = prove(desk, profile, &selection, level_id, &shown).await;
    let part = html! {
        section.pair aria-labelledby="pair-title" {
            h2 #pair-title { "Key and secret of " (first) " " (last) }
            p.caution role="alert" { b { "Copy key and secret now." } " The secret is not shown again: when you leave or reload this page, nobody can read it any more." }
            (copied("shown-key", "Username (Key)", &shown.user))
            (copied("shown-secret", "Password (Secret)", shown.secret.reveal()))
            (copied("shown-code", "Tracking Identifier", shown.code.reveal()))
        }
        (proof::shown(&proved))
        p { a href=(visit.at(&format!("resources/{resource}"))) { "The API user" } ", " a href=(visit.at(&format!("levels/{level_id}"))) { "its security level" } }
    };
    let to = here(visit, profile, "key");
    visit.session.show_once(&to, part);
    Ok(Outcome::See(to))
}

fn key(visit: &Visit<'_>, profile: &Profile) -> Page {
    let once = visit.session.shown_once(&here(visit, profile, "key"));
    let body = once.unwrap_or_else(|| html! {
        (page::empty("Key and secret were shown once and are gone. Generate Secret at the API user makes another."))
        p { a.button href=(here(visit, profile, "")) { "Connect again" } }
    });
    frame(visit, profile, 2, &body)
}

/// What the level of these credentials holds against the profile, and calls that show it.
async fn prove(
    desk: &Desk<'_>,
    profile: &Profile,
    selection: &Selection,
    level: i64,
    shown: &Shown,
) -> Proof {
    let permissions = &desk.tenant.permissions;
    let held = desk.tenant.level(level);
    let document = held
        .as_ref()
        .map(|level| level.document.clone())
        .unwrap_or_default();
    let mut proof = Proof {
        member: shown.user.clone(),
        role: document.name.clone(),
        rights: rights(desk, profile, selection, &document),
        ..Proof::default()
    };
    // One list for each permission whose rows are asked for.
    for setting in profile.level_settings(selection) {
        let Some(entry) = permissions.find(&setting.section, &setting.setting) else {
            continue;
        };
        let Some(action) = desk.tenant.registry().action(&entry.section, &entry.name) else {
            continue;
        };
        let mut entities = desk.tenant.catalog().entities.iter();
        let Some(entity) = entities.find(|entity| {
            entity.right.needs == Needs::Action(action)
                && entity
                    .served
                    .as_ref()
                    .is_some_and(|served| served.root.has(bitting_catalog::served::Asked::Count))
        }) else {
            continue;
        };
        let path = format!("{}/query/count", entity.path);
        let status = ask(desk, shown, &path).await;
        let showed = match status {
            200 => "granted",
            401 => "the credentials open nothing",
            _ => "refused",
        };
        proof
            .calls
            .push((format!("GET /V1.0/{path}"), status, showed));
        if status == 401 {
            proof.notes.push(
                "The credentials open nothing: user locked, inactive, or its level is.".to_owned(),
            );
            break;
        }
        let views = setting
            .view
            .as_deref()
            .is_some_and(|view| permissions.level(view) > Level::None);
        if status != 200 && views {
            proof.notes.push(format!(
                "{} is refused although the level grants {}: another setting stands in the way.",
                entity.path,
                entry.full_name()
            ));
        }
    }
    proof
}

fn rights(
    desk: &Desk<'_>,
    profile: &Profile,
    selection: &Selection,
    held: &SecurityLevel,
) -> Vec<Proved> {
    let permissions = &desk.tenant.permissions;
    let needed = wanted(permissions, profile, selection, true);
    let mut rights = Vec::new();
    for entry in &permissions.entries {
        let full = entry.full_name();
        let (needs, holds) = (
            needed.settings.get(&full).cloned().unwrap_or_default(),
            held.settings.get(&full).cloned().unwrap_or_default(),
        );
        for ((cell, needs), (_, holds)) in needs.cells().into_iter().zip(holds.cells()) {
            let values = entry.values(cell);
            let rank = |value: &Option<String>| {
                value
                    .as_ref()
                    .and_then(|value| values.iter().position(|known| known == value))
                    .unwrap_or_default()
            };
            let word = |value: &Option<String>| {
                value
                    .clone()
                    .or_else(|| values.first().cloned())
                    .unwrap_or_default()
            };
            // None and No grant the same nothing.
            let (needs_level, holds_level) = (
                permissions.level(&word(needs)),
                permissions.level(&word(holds)),
            );
            let state = match rank(holds).cmp(&rank(needs)) {
                _ if needs_level == Level::None && holds_level == Level::None => continue,
                std::cmp::Ordering::Less => "missing",
                std::cmp::Ordering::Equal => "granted",
                std::cmp::Ordering::Greater => "excess",
            };
            let why = profile.settings().find(|(_, one)| {
                permissions
                    .find(&one.section, &one.setting)
                    .is_some_and(|known| known.full_name() == full)
            });
            rights.push(Proved {
                state,
                right: if cell == "value" {
                    full.clone()
                } else {
                    format!("{full}: {}{}", cell[..1].to_uppercase(), &cell[1..])
                },
                held: word(holds),
                needed: word(needs),
                why: why
                    .map(|(_, setting)| setting.why.clone())
                    .unwrap_or_default(),
                remedy: match state {
                    "missing" => format!(
                        "Security Levels > {} > {}: set {}",
                        held.name,
                        entry.section,
                        word(needs)
                    ),
                    "excess" => format!(
                        "Security Levels > {} > {}: {} would do",
                        held.name,
                        entry.section,
                        word(needs)
                    ),
                    _ => String::new(),
                },
            });
        }
    }
    rights
}

/// One call with the credentials, as a client makes it.
async fn ask(desk: &Desk<'_>, shown: &Shown, path: &str) -> u16 {
    let search = crate::console::form::encode(r#"{"filter":[{"op":"exist","field":"id"}]}"#);
    let whole = format!("ATServicesRest/V1.0/{path}");
    let request = http::Request::builder()
        .uri(format!("/{whole}?search={search}"))
        .header("UserName", &shown.user)
        .header("Secret", shown.secret.reveal())
        .header("ApiIntegrationCode", shown.code.reveal())
        .body(());
    let Ok(request) = request else { return 400 };
    let (parts, ()) = request.into_parts();
    let mut event = Event::new(&parts);
    let received = Received {
        parts,
        body: Body::Read(bytes::Bytes::new()),
        secure: true,
        peer: SocketAddr::from(([127, 0, 0, 1], 0)),
    };
    let segments: Vec<&str> = whole.split('/').collect();
    let started = std::time::Instant::now();
    let (status, ..) = crate::autotask::handle(desk.server, &received, &segments, &mut event).await;
    event.finish(status, started.elapsed());
    desk.server.log.record(event);
    status
}

/// Verify now: credentials that live for a moment prove what an API user holds.
pub async fn verify(visit: &Visit<'_>, desk: &Desk<'_>, profile: &Profile) -> Result<Outcome> {
    let to = visit.at(&format!("integrations/{}/verify", profile.slug));
    let form = if visit.post {
        &visit.form
    } else {
        &visit.query
    };
    let users = desk.tenant.api_users();
    let mut error = None;
    if visit.post {
        let chosen_user = form.text("of").parse::<i64>().ok();
        match chosen_user.and_then(|id| users.iter().find(|(known, _)| *known == id)) {
            None => error = Some("Choose the API user whose rights are to be proved."),
            Some((id, user)) => {
                let selection = chosen::selection(profile, &chosen::order(profile, form));
                let part = proof::shown(&verified(desk, profile, &selection, user).await?);
                visit.session.show_once(&to, part);
                return Ok(Outcome::See(format!("{to}?of={id}")));
            }
        }
    }
    let vendors: Vec<String> = profile
        .user
        .iter()
        .flat_map(|user| user.tracking_vendor.clone())
        .collect();
    let guess = users.iter().find(|(_, user)| matches!(&user.tracking, crate::autotask::users::Tracking::Vendor(name) if vendors.contains(name)));
    let of = match form.trimmed("of") {
        "" => guess.map(|(id, _)| id.to_string()).unwrap_or_default(),
        text => text.to_owned(),
    };
    let options: Vec<(String, String)> = users
        .iter()
        .map(|(id, user)| {
            let level = desk
                .tenant
                .level(user.level)
                .map(|level| level.document.name.clone())
                .unwrap_or_default();
            (id.to_string(), format!("{} ({level})", user.user))
        })
        .collect();
    let selection = chosen::selection(profile, &chosen::order(profile, form));
    let title = profile.title();
    let once = visit.session.shown_once(&to);
    let body = html! {
        (page::crumbs(&[("Integrations", Some(visit.at("integrations"))), (&title, Some(visit.at(&format!("integrations/{}", profile.slug)))), ("Verify now", None)]))
        h1 { "Verify " (title) }
        (tabs(visit, profile, "verify"))
        p { "Credentials for this API user are made, ask what they may, and are taken away. Those that are in use stay as they are." }
        form.card method="post" {
            (page::csrf(visit))
            input type="hidden" name="chosen" value="1";
            (page::choice("of", "API user", &options, &of, Some("choose an API user"), "", error))
            @if !profile.feature.is_empty() { fieldset.ticks { legend { "Features in use" }
                @for feature in &profile.feature { label { input type="checkbox" name="feature" value=(feature.id) checked[selection.features.contains(&feature.id)]; span { (feature.title) } } } } }
            button type="submit" { "Verify now" }
        }
        @if let Some(once) = once { (once) }
    };
    let page = Page::new("integrations", format!("Verify {title}"), body);
    Ok(Outcome::Page(page.with_status(if error.is_some() {
        422
    } else {
        200
    })))
}

async fn verified(
    desk: &Desk<'_>,
    profile: &Profile,
    selection: &Selection,
    user: &ApiUser,
) -> Result<Proof> {
    let (mut moment, shown) = ApiUser::generate(user.resource, user.level, None);
    moment.locked = user.locked;
    moment.inactive = user.inactive;
    let problem = |error: bitting_store::StoreError| crate::problem::Problem::from(error);
    desk.tenant.save_user(None, moment).await.map_err(problem)?;
    let proof = prove(desk, profile, selection, user.level, &shown).await;
    if let Some((id, _)) = desk.tenant.user(&shown.user) {
        desk.tenant.remove_user(id).await.map_err(problem)?;
    }
    Ok(Proof {
        member: user.user.clone(),
        ..proof
    })
}
