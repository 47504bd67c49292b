//! The form of an API user: general, credentials, tracking identifier. The secret is on one page once.

use super::desk::{Desk, message, problem};
use super::key::{key_field, secret_field};
use super::people::{self, Who};
use super::protected;
use crate::console::integrations;
use crate::console::page::{self, Field, Page, copied};
use crate::console::{
    outcome::{Outcome, Result},
    visit::Visit,
};
use bitting_autotask::operator::{self, RESOURCES};
use bitting_autotask::saving::Beside;
use bitting_autotask::users::{ApiUser, Tracking};
use bitting_calls::http::form::Form;
use bitting_psa::secret::{Fingerprint, Secret};
use maud::{Markup, html};
use serde_json::{Map, Value, json};

/// Shortest secret that is taken; those that are made here are longer.
const SHORTEST: usize = 16;

/// A text of the form: field of the record, words, longest.
const TEXTS: [(&str, &str, u32); 3] = [
    ("firstName", "First Name", 50),
    ("lastName", "Last Name", 50),
    ("email", "Email Address", 254),
];
/// A drop-down of the form whose values are the record's own.
const CHOICES: [(&str, &str); 4] = [
    ("locationID", "Primary Internal Location"),
    ("dateFormat", "Date Format"),
    ("timeFormat", "Time Format"),
    ("numberFormat", "Number Format"),
];

type Errors = Vec<(&'static str, String)>;

pub async fn answer(visit: &Visit<'_>, desk: &Desk<'_>, id: Option<i64>) -> Result<Outcome> {
    let record = match id {
        Some(id) => {
            let found = desk
                .call(http::Method::GET, &format!("{RESOURCES}/{id}"), "", None)
                .await;
            let mut found = found.map_err(|trouble| problem(&trouble))?;
            let record = found["item"].take();
            if Who::of(&record) == Who::Person {
                return people::answer(visit, desk, id).await;
            }
            record
        }
        None => Value::Null,
    };
    let user = id.and_then(|id| desk.tenant.users_of(id).into_iter().next());
    let mut errors = Errors::new();
    if visit.post {
        let held = user.as_ref().map(|(at, user)| (*at, &**user));
        match save(visit, desk, id, held).await {
            Ok((resource, part)) => {
                let to = visit.at(&format!("resources/{resource}"));
                if let Some(part) = part {
                    visit.session.show_once(&to, part);
                }
                visit.session.say("Saved.");
                return Ok(Outcome::See(to));
            }
            Err(found) => errors = found,
        }
    }
    let user = user.as_ref().map(|(_, user)| &**user);
    let page = sheet(visit, desk, id, &record, user, &errors);
    Ok(Outcome::Page(page.with_status(if errors.is_empty() {
        200
    } else {
        422
    })))
}

/// What is wrong with the form, field by field.
fn faults(desk: &Desk<'_>, form: &Form, before: Option<&ApiUser>) -> Errors {
    let mut errors = Errors::new();
    for (field, words, most) in TEXTS {
        let count = form.trimmed(field).chars().count();
        if count == 0 {
            errors.push((field, format!("{words} is required.")));
        } else if count > most as usize {
            errors.push((field, format!("{words} takes at most {most} characters.")));
        }
    }
    if !form.trimmed("email").is_empty() && !form.trimmed("email").contains('@') {
        errors.push(("email", "This is no e-mail address.".to_owned()));
    }
    let level = form.text("level").parse::<i64>().ok();
    match level.and_then(|id| desk.tenant.level(id)) {
        None => errors.push(("level", "Choose a security level.".to_owned())),
        Some(level) if level.document.interactive => errors.push((
            "level",
            "People sign in with this level. Choose a copy of an API-only one.".to_owned(),
        )),
        Some(_) => {}
    }
    let key = form.trimmed("key");
    let plain = |c: char| c.is_ascii_alphanumeric() || "@.-_".contains(c);
    let fits = key
        .split_once('@')
        .is_some_and(|(name, host)| !name.is_empty() && host.contains('.'));
    if key.is_empty() {
        errors.push(("key", "Choose Generate Key.".to_owned()));
    } else if !fits || !key.chars().all(plain) {
        errors.push((
            "key",
            "It must look like an e-mail address, of letters, digits, dots, - and _.".to_owned(),
        ));
    } else if desk
        .server
        .autotask()
        .iter()
        .any(|one| one.user(key).is_some())
        && before.is_none_or(|user| !user.user.eq_ignore_ascii_case(key))
    {
        errors.push(("key", "Another API user has this key.".to_owned()));
    }
    let secret = form.trimmed("secret").chars().count();
    if secret < SHORTEST && (before.is_none() || secret > 0) {
        errors.push(("secret", "Choose Generate Secret.".to_owned()));
    }
    match form.text("tracking") {
        "vendor" if form.trimmed("vendor").is_empty() => {
            errors.push(("vendor", "Choose the integration vendor.".to_owned()));
        }
        "custom" if form.trimmed("internal").is_empty() => {
            errors.push(("internal", "Name the integration.".to_owned()));
        }
        "vendor" | "custom" => {}
        _ => errors.push((
            "tracking",
            "Choose how the integration is tracked.".to_owned(),
        )),
    }
    errors
}

/// The record's part of the form.
fn record(form: &Form) -> Map<String, Value> {
    let mut record = Map::new();
    for (field, ..) in TEXTS {
        record.insert(field.to_owned(), json!(form.trimmed(field)));
    }
    for (field, _) in CHOICES {
        let value = form.trimmed(field);
        let value = match value.parse::<i64>() {
            Ok(number) if field.ends_with("ID") => json!(number),
            _ => json!(value),
        };
        record.insert(field.to_owned(), value);
    }
    record.insert("isActive".to_owned(), json!(form.ticked("active")));
    record
}

/// Saves resource and user; what is shown once comes back.
async fn save(
    visit: &Visit<'_>,
    desk: &Desk<'_>,
    id: Option<i64>,
    held: Option<(i64, &ApiUser)>,
) -> std::result::Result<(i64, Option<Markup>), Errors> {
    let form = &visit.form;
    let before = held.map(|(_, user)| user);
    let errors = faults(desk, form, before);
    if !errors.is_empty() {
        return Err(errors);
    }
    let failed = |trouble: bitting_autotask::answer::Trouble| vec![("", message(&trouble))];
    let mut record = record(form);
    match id {
        Some(id) => {
            for (field, _) in CHOICES {
                record.remove(field);
            }
            record.insert("id".to_owned(), json!(id));
        }
        None => {
            let key = form.trimmed("key");
            let fixed = json!({
                "licenseType": people::API_USER, "userType": 3, "emailTypeCode": "PRIMARY",
                "resourceType": "Employee", "payrollType": 1, "hireDate": desk.tenant.now().to_string(),
                "userName": key.chars().take(32).collect::<String>(),
            });
            record.extend(fixed.as_object().cloned().unwrap_or_default());
        }
    }
    let level = form.text("level").parse::<i64>().unwrap_or_default();
    let vendor = (form.text("tracking") == "vendor").then(|| form.trimmed("vendor"));
    let (mut user, shown) = ApiUser::generate(id.unwrap_or_default(), level, vendor);
    form.trimmed("key").clone_into(&mut user.user);
    let secret = Secret::new(form.trimmed("secret"));
    user.locked = form.ticked("locked");
    user.inactive = !form.ticked("active");
    protected::save(form, before, &mut user);
    let fresh = !secret.reveal().is_empty();
    if fresh {
        user.secret = Fingerprint::of(secret.reveal()).to_hex();
    }
    let mut code = Some(shown.code);
    if let Some(before) = before {
        if fresh {
            user.created = Some(desk.tenant.now());
        } else {
            user.secret.clone_from(&before.secret);
            user.created = before.created;
        }
        // The same way of tracking keeps its identifier.
        let same = match (&before.tracking, vendor) {
            (Tracking::Vendor(name), Some(vendor)) => name == vendor,
            (Tracking::Custom(_), None) => true,
            _ => false,
        };
        if same {
            user.code.clone_from(&before.code);
            user.tracking.clone_from(&before.tracking);
            code = None;
        }
    }
    let name = user.user.clone();
    let renamed = before.filter(|before| !before.user.eq_ignore_ascii_case(&name));
    // Another user name rests under another id: who is let in goes by that.
    let beside = Beside {
        at: held.filter(|_| renamed.is_none()).map(|(at, _)| at),
        gone: held.filter(|_| renamed.is_some()).map(|(at, _)| at),
        user,
    };
    let (method, path) = match id {
        Some(id) => (http::Method::PATCH, format!("{RESOURCES}/{id}")),
        None => (http::Method::POST, RESOURCES.to_owned()),
    };
    let body = Value::Object(record);
    let work = operator::save_resource(desk.tenant, id, &body, beside);
    let resource = desk.written(method, &path, work).await.map_err(failed)?;
    if !fresh && code.is_none() {
        return Ok((resource, None));
    }
    let part = shown_once(&name, fresh.then_some(&secret), code.as_ref(), vendor);
    Ok((resource, Some(part)))
}

fn shown_once(
    key: &str,
    secret: Option<&Secret>,
    code: Option<&Secret>,
    vendor: Option<&str>,
) -> Markup {
    html! {
        section.pair aria-labelledby="pair-title" {
            h2 #pair-title { "Credentials" }
            p.caution role="alert" { b { "Copy key and secret now." } " The secret is not shown again: when you leave or reload this page, nobody can read it any more." }
            (copied("shown-key", "Username (Key)", key))
            @if let Some(secret) = secret { (copied("shown-secret", "Password (Secret)", secret.reveal())) }
            @if let Some(code) = code { (copied("shown-code", "Tracking Identifier", code.reveal()))
                @if let Some(vendor) = vendor { p.hint { "The product of " (vendor) " sends this identifier by itself; a program of your own needs it in the header ApiIntegrationCode." } }
                @else { p.hint { "Goes into the header ApiIntegrationCode of every call." } } }
        }
    }
}

fn sheet(
    visit: &Visit<'_>,
    desk: &Desk<'_>,
    id: Option<i64>,
    record: &Value,
    user: Option<&ApiUser>,
    errors: &Errors,
) -> Page {
    let here = id.map(|id| visit.at(&format!("resources/{id}")));
    let once = here
        .as_ref()
        .and_then(|here| visit.session.shown_once(here));
    let error = |field: &str| {
        let found = errors.iter().find(|(known, _)| *known == field);
        found.map(|(_, text)| text.as_str())
    };
    let value = |field: &str, kept: String| match visit.form.given(field) {
        Some(sent) => sent.to_owned(),
        None => kept,
    };
    let text = |field: &str| record[field].as_str().unwrap_or_default().to_owned();
    let title = match id {
        Some(_) => format!("{} {}", text("firstName"), text("lastName")),
        None => "New API User".to_owned(),
    };
    let levels: Vec<(String, String)> = desk
        .tenant
        .levels()
        .iter()
        .filter(|(at, level)| {
            // Those that people sign in with are none of an API user's.
            user.is_some_and(|user| user.level == *at)
                || !(level.document.inactive || level.document.interactive)
        })
        .map(|(at, level)| (at.to_string(), level.document.name.clone()))
        .collect();
    let level = value(
        "level",
        user.map(|user| user.level.to_string()).unwrap_or_default(),
    );
    let ticked = |field: &str, kept: bool| {
        if visit.post {
            visit.form.ticked(field)
        } else {
            kept
        }
    };
    let fresh = Secret::new(if visit.post {
        visit.form.trimmed("secret")
    } else {
        ""
    });
    let body = html! {
        (people::crumbs(visit, &title))
        @if let Some(once) = once { (once) }
        form #user method="post" {
            (page::csrf(visit))
            header.head.sticky { h1 { (title) } div.buttons { button type="submit" { "Save" } " " a.button.quiet href=(visit.at("resources")) { "Cancel" } } }
            @if let Some(id) = id { (people::tabs(visit, id, Who::ApiUser, false)) }
            @for (_, text) in errors.iter().filter(|(field, _)| field.is_empty()) { (page::wrong(text)) }
            fieldset.card { legend { "General" }
                @for (field, words, max) in TEXTS {
                    (page::text_field(field, words, &value(field, text(field)), "", error(field), Field { required: true, max: Some(max), ..Field::default() }))
                }
                (page::choice("level", "Security Level", &levels, &level, Some("choose a level"), "What the API user may see and do.", error("level")))
                (page::tick("active", "Active", ticked("active", id.is_none() || record["isActive"] == true), ""))
                (page::tick("locked", "Locked", ticked("locked", user.is_some_and(|user| user.locked)), ""))
                @if id.is_none() { @for (field, words) in CHOICES {
                    @let options = options(desk, field);
                    (page::choice(field, words, &options, &value(field, String::new()), None, "", None))
                } }
            }
            fieldset.card { legend { "Credentials" }
                div { (key_field(&value("key", user.map(|user| user.user.clone()).unwrap_or_default()), error("key")))
                    button.quiet type="button" hx-post=(visit.at("resources/key")) hx-target="#key-field" hx-swap="outerHTML" { "Generate Key" } }
                div { (secret_field((!fresh.reveal().is_empty()).then_some(&fresh), user.is_some(), error("secret")))
                    button.quiet type="button" hx-post=(visit.at("resources/secret")) hx-target="#secret-field" hx-swap="outerHTML" { "Generate Secret" } }
            }
            (tracking(visit, user, &error))
            (protected::ticks(&visit.form, user))
        }
    };
    Page::new("resources", title, body)
}

/// The values that the record's drop-down takes.
fn options(desk: &Desk<'_>, field: &str) -> Vec<(String, String)> {
    let entity = desk.tenant.catalog().entity_at(RESOURCES);
    let field = entity.and_then(|entity| entity.fields.iter().find(|known| *known.name == *field));
    let list = field.and_then(|field| field.picklist.as_ref());
    let values = list.map(|list| list.values.iter()).into_iter().flatten();
    values
        .map(|value| (value.value.to_string(), value.label.to_string()))
        .collect()
}

fn tracking<'e>(
    visit: &Visit<'_>,
    user: Option<&ApiUser>,
    error: &dyn Fn(&str) -> Option<&'e str>,
) -> Markup {
    let mut vendors: Vec<String> = integrations::of(&visit.place)
        .filter_map(|profile| profile.user.as_ref())
        .flat_map(|user| user.tracking_vendor.iter().cloned())
        .collect();
    let held = user.map(|user| match &user.tracking {
        Tracking::Vendor(name) => ("vendor", name.clone()),
        Tracking::Custom(_) => ("custom", String::new()),
    });
    if let Some(("vendor", name)) = &held {
        vendors.push(name.clone());
    }
    vendors.sort_by_key(|name| name.to_lowercase());
    vendors.dedup();
    let vendors: Vec<(String, String)> = vendors
        .into_iter()
        .map(|name| (name.clone(), name))
        .collect();
    let kind = match visit.form.given("tracking") {
        Some(sent) => sent,
        None => held.as_ref().map_or("vendor", |(kind, _)| kind),
    };
    let vendor = match visit.form.given("vendor") {
        Some(sent) => sent.to_owned(),
        None => held
            .as_ref()
            .map(|(_, name)| name.clone())
            .unwrap_or_default(),
    };
    let internal = match visit.form.given("internal") {
        Some(sent) => sent.to_owned(),
        None if kind == "custom" && user.is_some() => "Internal integration".to_owned(),
        None => String::new(),
    };
    html! {
        fieldset.card { legend { "API Tracking Identifier" }
            @if let Some(text) = error("tracking") { p.error role="alert" { (text) } }
            div.modes {
                label { input type="radio" name="tracking" value="vendor" checked[kind == "vendor"]; span { "Integration Vendor" } }
                (page::choice("vendor", "Integration Vendor: name", &vendors, &vendor, Some("choose a vendor"), "The identifier is the vendor's own.", error("vendor")))
                label { input type="radio" name="tracking" value="custom" checked[kind == "custom"]; span { "Custom (Internal Integration)" } }
                (page::text_field("internal", "Internal Integration Name", &internal, "An identifier is made when you save.", error("internal"), Field { max: Some(100), ..Field::default() }))
            }
            @if let Some(user) = user { @match &user.tracking {
                Tracking::Vendor(_) => { p.hint { "The identifier of a vendor is not shown." } }
                Tracking::Custom(code) => { (copied("tracking-code", "Tracking Identifier", code)) }
            } }
        }
    }
}
