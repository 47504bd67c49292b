//! Connect for Autotask: features, level and user, plan, then key, secret and proof on one page; and Verify now.
//! Level, user, key and proof are made over the API by what was handed in.

use super::chosen::{cleared, order, start};
use super::desk::{Desk, problem};
use super::difference::diff;
use crate::console::bench::{Credentials, Order, Proof, Refusal};
use crate::console::chosen;
use crate::console::page::{self, Field, Page, copied, inline};
use crate::console::proof;
use crate::console::tabs::tabs;
use crate::console::{
    outcome::{Outcome, Result},
    visit::Visit,
};
use bitting_autotask::tenant::Tenant;
use bitting_autotask::users::{ApiUser, Tracking};
use bitting_calls::http::form::Form;
use bitting_catalog::profile::Profile;
use bitting_store::StoreError;
use maud::{Markup, html};
use std::sync::Arc;

/// Fields of the form, in their order.
const FIELDS: [&str; 5] = ["role", "start", "user", "email", "vendor"];

pub async fn answer(
    visit: &Visit<'_>,
    desk: &Desk<'_>,
    profile: &Profile,
    rest: &[&str],
) -> Result<Outcome> {
    match rest {
        [] if visit.post => make(visit, desk, profile).await,
        [] => Ok(form(visit, desk, profile, None)),
        ["plan"] => plan(visit, desk, profile).await,
        ["key"] => Ok(key(visit, profile)),
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
            li.done[index < at] aria-current=[(index == at).then_some("step")] { span { (words) } }
        } }
        (body)
    };
    Page::new("integrations", format!("Connect {title}"), body)
}

/// The value of a field: what was sent, or what the profile says.
fn said(profile: &Profile, form: &Form, name: &str) -> String {
    if let Some(sent) = form.given(name) {
        return sent.trim().to_owned();
    }
    let user = profile.user.as_ref();
    let value = |value: Option<&bitting_catalog::profile::MemberValue>| {
        value.and_then(|value| value.value.clone())
    };
    match name {
        "role" => profile.role_name(),
        "user" => {
            let first = value(user.and_then(|user| user.first_name.as_ref()));
            let last = value(user.and_then(|user| user.last_name.as_ref()));
            format!(
                "{} {}",
                first.unwrap_or_else(|| profile.product.product.clone()),
                last.unwrap_or_else(|| "API".to_owned())
            )
        }
        "email" => value(user.and_then(|user| user.email.as_ref())).unwrap_or_default(),
        "vendor" => user
            .and_then(|user| user.tracking_vendor.first())
            .cloned()
            .unwrap_or_default(),
        _ => if cleared(profile, form) {
            "cleared"
        } else {
            "copy"
        }
        .to_owned(),
    }
}

fn form(
    visit: &Visit<'_>,
    desk: &Desk<'_>,
    profile: &Profile,
    refusal: Option<&Refusal>,
) -> Outcome {
    let form = if visit.post {
        &visit.form
    } else {
        &visit.query
    };
    let selection = chosen::selection(profile, &chosen::order(profile, form));
    let of = |field: &str| {
        let own = refusal.filter(|refusal| refusal.field == Some(field));
        own.map(|refusal| refusal.text.as_str())
    };
    let vendors = profile.user.iter().flat_map(|user| &user.tracking_vendor);
    let vendors: Vec<(String, String)> = vendors.map(|name| (name.clone(), name.clone())).collect();
    let levels = desk.tenant.levels();
    let name = said(profile, form, "role");
    let taken = levels
        .iter()
        .any(|(_, level)| level.document.name.eq_ignore_ascii_case(&name));
    let text = |name: &'static str, label: &str, hint: &str, max: u32| {
        let field = Field {
            required: true,
            max: Some(max),
            ..Field::default()
        };
        page::text_field(
            name,
            label,
            &said(profile, form, name),
            hint,
            of(name),
            field,
        )
    };
    let body = html! {
        @if let Some(refusal) = refusal.filter(|refusal| refusal.field.is_none()) { (page::wrong(&refusal.text)) }
        form.card method="get" action=(here(visit, profile, "plan")) {
            input type="hidden" name="chosen" value="1";
            @if !profile.feature.is_empty() { fieldset { legend { "What shall it do?" }
                @for feature in &profile.feature { (page::tick_of("feature", &feature.id, &feature.title, selection.features.contains(&feature.id), &feature.why)) } } }
            (text("role", "Security Level", if taken { "A level of this name is here; it is brought to the plan." } else { "A level of its own." }, 100))
            (start(cleared(profile, form)))
            (text("user", "API user: first and last name", "The last word is the last name.", 100))
            (text("email", "Email Address", "Gets notices about problems; an address at your own domain.", 254))
            @if !vendors.is_empty() { (page::choice("vendor", "API Tracking Identifier", &vendors, &said(profile, form, "vendor"), None, "Integration Vendor", None)) }
            button type="submit" { "Next: the plan" }
        }
    };
    let page = frame(visit, profile, 0, &body);
    Outcome::Page(page.with_status(if refusal.is_some() { 422 } else { 200 }))
}

/// What no plan has to be asked for.
fn fault(profile: &Profile, form: &Form) -> Option<Refusal> {
    let email = said(profile, form, "email");
    if email.is_empty() {
        return Some(Refusal::on("email", "Email Address is required."));
    }
    (!email.contains('@')).then(|| Refusal::on("email", "This is no e-mail address."))
}

async fn plan(visit: &Visit<'_>, desk: &Desk<'_>, profile: &Profile) -> Result<Outcome> {
    let query = &visit.query;
    if let Some(refusal) = fault(profile, query) {
        return Ok(form(visit, desk, profile, Some(&refusal)));
    }
    let (asked, instance) = (order(profile, query), desk.tenant.name.clone());
    let planned = visit
        .server
        .console
        .over_api(move |bench| bench.plan_autotask(&instance, &asked))
        .await;
    let planned = match planned {
        Ok(planned) => planned,
        Err(refusal) => return Ok(form(visit, desk, profile, Some(&refusal))),
    };
    let body = html! {
        section { h2 { "What will change" }
            p { b { (planned.summary) } ", on security level " b { (planned.role) } " and API user " b { (planned.member) } "." }
            @if planned.lines.is_empty() { p.said { "Everything is as wanted already; only the key is new." } }
            (diff(&planned.lines))
            @if !planned.notes.is_empty() { ul.notes { @for note in &planned.notes { li { (inline(note)) } } } }
        }
        form.card method="post" action=(here(visit, profile, "")) {
            (page::csrf(visit))
            input type="hidden" name="chosen" value="1";
            @for feature in query.every("feature") { input type="hidden" name="feature" value=(feature); }
            @for name in FIELDS { input type="hidden" name=(name) value=(said(profile, query, name)); }
            p { "This makes level and user, generates key and secret, and proves them with their own calls." }
            button type="submit" { "Connect" } " "
            a.button.quiet href=(here(visit, profile, "")) { "Back" }
        }
    };
    Ok(Outcome::Page(frame(visit, profile, 1, &body)))
}

async fn make(visit: &Visit<'_>, desk: &Desk<'_>, profile: &Profile) -> Result<Outcome> {
    if let Some(refusal) = fault(profile, &visit.form) {
        return Ok(form(visit, desk, profile, Some(&refusal)));
    }
    let (asked, instance) = (order(profile, &visit.form), desk.tenant.name.clone());
    let wanted = asked.clone();
    let made = visit
        .server
        .console
        .over_api(move |bench| bench.apply_autotask(&instance, &wanted))
        .await;
    let made = match made {
        Ok(made) => made,
        Err(refusal) => return Ok(form(visit, desk, profile, Some(&refusal))),
    };
    let credentials = made.credentials.clone();
    let proved = visit
        .server
        .console
        .over_api(move |bench| bench.prove_autotask(&asked, &credentials))
        .await;
    let shown = &made.credentials;
    let part = html! {
        section { h2 { "Done" } ul { @for one in &made.said { li { (inline(one)) } } } }
        section.pair aria-labelledby="pair-title" {
            h2 #pair-title { "Key and secret" }
            p.caution role="alert" { b { "Copy key and secret now." } " The secret is not shown again: when you leave or reload this page, nobody can read it any more." }
            (copied("shown-key", "Username (Key)", &shown.user))
            (copied("shown-secret", "Password (Secret)", shown.secret.reveal()))
            (copied("shown-code", "Tracking Identifier", shown.code.reveal()))
        }
        @match &proved {
            Ok(found) => (proof::shown(found)),
            Err(refusal) => (page::wrong(&format!("The proof did not come about: {}", refusal.text))),
        }
        @if !made.by_hand.is_empty() { section { h2 { "What is left for a person" } ul { @for click in &made.by_hand { li { (inline(click)) } } } } }
        p { a href=(visit.at(&format!("resources/{}", made.user))) { "The API user" } "; " a href=(visit.at("levels")) { "its security level" } "; " a href=(visit.at(&format!("integrations/{}/verify", profile.slug))) { "Verify now" } " proves it again at any time." }
    };
    let to = here(visit, profile, "key");
    visit.session.show_once(&to, part);
    Ok(Outcome::See(to))
}

fn key(visit: &Visit<'_>, profile: &Profile) -> Outcome {
    let once = visit.session.shown_once(&here(visit, profile, "key"));
    let body = once.unwrap_or_else(|| {
        html! {
            (page::empty("Key and secret were shown once and are gone. Generate Secret at the API user makes another."))
            p { a.button href=(here(visit, profile, "")) { "Connect again" } }
        }
    });
    Outcome::Page(frame(visit, profile, 2, &body))
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
        let of = form.text("of").parse::<i64>().ok();
        match of.and_then(|id| users.iter().find(|(known, _)| *known == id)) {
            None => error = Some("Choose the API user whose rights are to be proved.".to_owned()),
            Some((id, user)) => match verified(desk, order(profile, form), user).await? {
                Ok(found) => {
                    visit.session.show_once(&to, proof::shown(&found));
                    return Ok(Outcome::See(format!("{to}?of={id}")));
                }
                Err(refusal) => error = Some(refusal.text),
            },
        }
    }
    let title = profile.title();
    let once = visit.session.shown_once(&to);
    let selection = chosen::selection(profile, &chosen::order(profile, form));
    let body = html! {
        (page::crumbs(&[("Integrations", Some(visit.at("integrations"))), (&title, Some(visit.at(&format!("integrations/{}", profile.slug)))), ("Verify now", None)]))
        h1 { "Verify " (title) }
        (tabs(visit, profile, "verify"))
        p { "Credentials for this API user are made, ask what they may, and are taken away. Those that are in use stay as they are." }
        form.card method="post" {
            (page::csrf(visit))
            input type="hidden" name="chosen" value="1";
            (page::choice("of", "API user", &options(desk, &users), &guess(profile, form, &users), Some("choose an API user"), "", error.as_deref()))
            (start(cleared(profile, form)))
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

type Users = [(i64, Arc<ApiUser>)];

fn options(desk: &Desk<'_>, users: &Users) -> Vec<(String, String)> {
    let shown = users.iter().map(|(id, user)| {
        let level = desk.tenant.level(user.level);
        let level = level.map_or_else(String::new, |level| level.document.name.clone());
        (id.to_string(), format!("{} ({level})", user.user))
    });
    shown.collect()
}

/// The API user that is tracked as the profile's vendor.
fn guess(profile: &Profile, form: &Form, users: &Users) -> String {
    let sent = form.trimmed("of");
    if !sent.is_empty() {
        return sent.to_owned();
    }
    let vendors: Vec<&String> = profile
        .user
        .iter()
        .flat_map(|user| &user.tracking_vendor)
        .collect();
    let found = users.iter().find(
        |(_, user)| matches!(&user.tracking, Tracking::Vendor(name) if vendors.contains(&name)),
    );
    found.map(|(id, _)| id.to_string()).unwrap_or_default()
}

async fn verified(
    desk: &Desk<'_>,
    asked: Order,
    user: &ApiUser,
) -> Result<std::result::Result<Proof, Refusal>> {
    let (made, shown) = ApiUser::generate(user.resource, user.level, None);
    // Everything of the user but its credentials.
    let moment = ApiUser {
        user: made.user,
        secret: made.secret,
        code: made.code,
        tracking: made.tracking,
        ..user.clone()
    };
    let path = format!("Resources/{}/ApiUser", user.resource);
    let work = async {
        desk.tenant
            .save_user(None, moment)
            .await
            .map_err(Into::into)
    };
    desk.written(http::Method::POST, &path, work)
        .await
        .map_err(|trouble| problem(&trouble))?;
    let moment = Moment {
        tenant: desk.tenant.clone(),
        user: shown.user.clone(),
    };
    let credentials = Credentials {
        user: shown.user,
        secret: shown.secret,
        code: shown.code,
    };
    let proved = desk
        .server
        .console
        .over_api(move |bench| bench.prove_autotask(&asked, &credentials))
        .await;
    let work = async { moment.end().await.map_err(Into::into) };
    desk.written(http::Method::DELETE, &path, work)
        .await
        .map_err(|trouble| problem(&trouble))?;
    Ok(proved.map(|proof| Proof {
        member: user.user.clone(),
        ..proof
    }))
}

/// Credentials that must not outlive their proof, also where the browser breaks off in between.
struct Moment {
    tenant: Arc<Tenant>,
    user: String,
}

impl Moment {
    async fn end(&self) -> std::result::Result<(), StoreError> {
        match self.tenant.user(&self.user) {
            Some((id, _)) => self.tenant.remove_user(id).await,
            None => Ok(()),
        }
    }
}

impl Drop for Moment {
    fn drop(&mut self) {
        let Some((id, _)) = self.tenant.user(&self.user) else {
            return;
        };
        let tenant = self.tenant.clone();
        tokio::spawn(async move {
            if let Err(error) = tenant.remove_user(id).await {
                tracing::error!(%error, "credentials of a proof stay behind");
            }
        });
    }
}
