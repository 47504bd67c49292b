//! System > Members: the tabs Members and API Members, the form of an API member, and its API Keys tab. A
//! private key is on one page once; the page that shows it cannot be loaded again.

use super::desk::{Desk, MEMBERS, field_error, message};
use super::page::{self, Field, Page, copied};
use super::roles::reference;
use crate::console::{
    outcome::{Outcome, Result},
    visit::Visit,
};
use bitting_calls::http::form::encode;
use bitting_dialects::connectwise::error::{ApiError, FieldError};
use bitting_policy::Verb;
use bitting_psa::keys::Pair;
use bitting_psa::problem::Problem;
use maud::{Markup, html};
use serde_json::{Value, json};

const API_MEMBERS: &str = "system/apiMembers";
const SIZE: u64 = 50;

/// A drop-down of the form: field, words, where its options are, and a hint.
struct Choice {
    field: &'static str,
    label: &'static str,
    path: &'static str,
    none: &'static str,
    hint: &'static str,
}

const CHOICES: [Choice; 8] = [
    Choice {
        field: "securityRole",
        label: "Role ID",
        path: "system/securityroles",
        none: "choose a role",
        hint: "What the member may do.",
    },
    Choice {
        field: "structureLevel",
        label: "Level",
        path: "system/myCompany/corporateStructureLevels",
        none: "the system's default",
        hint: "The level of the structure that Name is on.",
    },
    Choice {
        field: "securityLocation",
        label: "Name",
        path: "system/locations",
        none: "the system's default",
        hint: "Which companies and other records the member sees: those at this location and below it. Corporate sees all.",
    },
    Choice {
        field: "defaultLocation",
        label: "Location",
        path: "system/locations",
        none: "the system's default",
        hint: "Where records that it makes belong. Which companies it sees is set by Level and Name.",
    },
    Choice {
        field: "defaultDepartment",
        label: "Business Unit",
        path: "system/departments",
        none: "the system's default",
        hint: "",
    },
    Choice {
        field: "salesDefaultLocation",
        label: "Default Territory",
        path: "system/locations",
        none: "the system's default",
        hint: "",
    },
    Choice {
        field: "serviceDefaultBoard",
        label: "Default board",
        path: "service/boards",
        none: "the system's own",
        hint: "Service Defaults: the board of tickets that it posts without one.",
    },
    Choice {
        field: "timeZone",
        label: "Time Zone",
        path: "system/timeZoneSetups",
        none: "the system's default",
        hint: "",
    },
];

const FLAGS: [(&str, &str); 3] = [
    ("blockPriceFlag", "Hide prices"),
    ("blockCostFlag", "Hide costs"),
    ("inactiveFlag", "Inactive: its keys open nothing"),
];

pub async fn answer(visit: &Visit<'_>, desk: &Desk<'_>, rest: &[&str]) -> Result<Outcome> {
    match rest {
        [] => Ok(Outcome::Page(list(visit, desk).await?)),
        ["new"] => edit(visit, desk, None).await,
        [id, rest @ ..] => {
            let Ok(id) = id.parse::<i64>() else {
                return Ok(Outcome::Nowhere);
            };
            match rest {
                [] => edit(visit, desk, Some(id)).await,
                ["keys"] => keys(visit, desk, id).await,
                ["keys", "new"] => new_key(visit, desk, id).await,
                ["keys", key, "delete"] => match key.parse() {
                    Ok(key) => delete_key(visit, desk, id, key).await,
                    Err(_) => Ok(Outcome::Nowhere),
                },
                _ => Ok(Outcome::Nowhere),
            }
        }
    }
}

fn is_api(visit: &Visit<'_>) -> bool {
    visit.query.text("tab") != "members"
}

async fn list(visit: &Visit<'_>, desk: &Desk<'_>) -> Result<Page> {
    let (api, page) = (is_api(visit), visit.query.page());
    let path = if api { API_MEMBERS } else { MEMBERS };
    let conditions = if api {
        String::new()
    } else {
        format!("conditions={}", encode("licenseClass != \"A\""))
    };
    let total = desk.count(path, &conditions).await?;
    let query = format!("{conditions}&pageSize={SIZE}&page={page}&orderBy=identifier");
    let members = desk.list(path, &query).await?;
    let body = html! {
        (page::crumbs(&[("System", None), ("Members", None)]))
        header.head { h1 { "Members" } @if api { a.button href=(visit.at("members/new")) { span aria-hidden="true" { "+ " } "New Item" } } }
        nav.tabs aria-label="Kinds of members" {
            a href=(visit.at("members?tab=members")) aria-current=[(!api).then_some("page")] { "Members" }
            a href=(visit.at("members")) aria-current=[api.then_some("page")] { "API Members" }
        }
        @if members.is_empty() { (page::empty("No member here. Choose New Item to make an API member, then cut a key on its API Keys tab.")) }
        @else {
            div.wide tabindex="0" role="region" aria-label="Members" { table {
                thead { tr { th scope="col" { "Member ID" } th scope="col" { "Name" } th scope="col" { "Role ID" } th scope="col" { "Sees" } th scope="col" { "Keys" } th scope="col" { "Last used" } } }
                tbody { @for member in &members {
                    @let id = member["id"].as_i64().unwrap_or_default();
                    @let keys = desk.instance.keys.list(Some(id));
                    tr {
                        th scope="row" {
                            @if api { a href=(visit.at(&format!("members/{id}"))) { (text(&member["identifier"])) } }
                            @else { a href=(visit.at(&format!("members/{id}/keys"))) { (text(&member["identifier"])) } }
                            @if member["inactiveFlag"] == true { " " span.flag.off { "inactive" } }
                        }
                        td { @if api { (text(&member["name"])) } @else { (text(&member["firstName"])) " " (text(&member["lastName"])) } }
                        td { @if let Some(role) = member["securityRole"]["id"].as_i64() { a href=(visit.at(&format!("roles/{role}"))) { (text(&member["securityRole"]["name"])) } } }
                        td { (text(&member["securityLocation"]["name"])) }
                        td.number { (keys.len()) }
                        td { @if let Some(last) = keys.iter().filter_map(|key| key.last_used()).max() { (page::moment(last)) } @else if !keys.is_empty() { "never" } }
                    }
                } }
            } }
            (page::pages(&format!("{}?tab={}&page=", visit.at("members"), if api { "api" } else { "members" }), page, SIZE, total))
        }
    };
    Ok(Page::new("members", "Members", body))
}

/// The form of a new API member or one that is there.
async fn edit(visit: &Visit<'_>, desk: &Desk<'_>, id: Option<i64>) -> Result<Outcome> {
    let member = match id {
        Some(id) => desk.get(&format!("{API_MEMBERS}/{id}"), "").await?,
        None => desk
            .get(&format!("{API_MEMBERS}/default"), "")
            .await
            .unwrap_or_else(|_| json!({})),
    };
    let mut problem = None;
    if visit.post {
        let saved = match id {
            Some(id) => {
                desk.patch(&format!("{API_MEMBERS}/{id}"), &changes(visit))
                    .await
            }
            None if visit.form.trimmed("securityRole").is_empty() => Err(Problem::field(
                "apiMember",
                FieldError::missing("apiMember", "securityRole"),
            )),
            None => desk.post(API_MEMBERS, &made(visit)).await,
        };
        match saved {
            Ok(saved) => {
                let id = saved["id"].as_i64().unwrap_or_default();
                visit.session.say("Saved.");
                let next = match visit.form.text("then") {
                    "close" => "members".to_owned(),
                    _ => format!("members/{id}"),
                };
                return Ok(Outcome::See(visit.at(&next)));
            }
            Err(error) => problem = Some(error),
        }
    }
    let page = sheet(visit, desk, id, &member, problem.as_ref()).await?;
    Ok(Outcome::Page(page.with_status(if problem.is_some() {
        422
    } else {
        200
    })))
}

const TEXTS: [&str; 4] = ["identifier", "name", "emailAddress", "notes"];

/// The values of the form by field; empty ones are null.
fn values(visit: &Visit<'_>) -> Vec<(&'static str, Value)> {
    let texts = TEXTS.into_iter().map(|field| {
        let text = visit.form.trimmed(field);
        (
            field,
            if text.is_empty() {
                Value::Null
            } else {
                json!(text)
            },
        )
    });
    let choices = CHOICES
        .iter()
        .map(|choice| (choice.field, reference(visit.form.text(choice.field))));
    let boards: Vec<i64> = visit
        .form
        .every("excludedServiceBoardIds")
        .filter_map(|id| id.parse().ok())
        .collect();
    let flags = FLAGS
        .into_iter()
        .map(|(field, _)| (field, json!(visit.form.ticked(field))));
    texts
        .chain(choices)
        .chain(flags)
        .chain([("excludedServiceBoardIds", json!(boards))])
        .collect()
}

/// A new member: what was left empty is left to the system.
fn made(visit: &Visit<'_>) -> Value {
    let given = values(visit)
        .into_iter()
        .filter(|(_, value)| !value.is_null());
    Value::Object(
        given
            .map(|(field, value)| (field.to_owned(), value))
            .collect(),
    )
}

fn changes(visit: &Visit<'_>) -> Value {
    let changes = values(visit).into_iter();
    changes
        .map(|(field, value)| json!({ "op": "replace", "path": field, "value": value }))
        .collect()
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn tabs(visit: &Visit<'_>, id: i64, keys: bool) -> Markup {
    html! {
        nav.tabs aria-label="Member" {
            a href=(visit.at(&format!("members/{id}"))) aria-current=[(!keys).then_some("page")] { "Details" }
            a href=(visit.at(&format!("members/{id}/keys"))) aria-current=[keys.then_some("page")] { "API Keys" }
        }
    }
}

async fn sheet(
    visit: &Visit<'_>,
    desk: &Desk<'_>,
    id: Option<i64>,
    member: &Value,
    problem: Option<&Problem>,
) -> Result<Page> {
    let mut options = Vec::new();
    for choice in &CHOICES {
        let rows = desk
            .list(choice.path, "pageSize=1000&fields=id,name")
            .await?;
        let mut list: Vec<(String, String)> = rows
            .iter()
            .map(|row| (row["id"].to_string(), text(&row["name"])))
            .collect();
        list.sort_by_key(|(_, name)| name.to_lowercase());
        options.push(list);
    }
    let value = |field: &str| match visit.form.given(field) {
        Some(sent) => sent.to_owned(),
        None => text(&member[field]),
    };
    let chosen = |field: &str| match visit.form.given(field) {
        Some(sent) => sent.to_owned(),
        None => text(&member[field]["id"]),
    };
    let error = |field: &str| field_error(problem, field);
    let known = TEXTS
        .iter()
        .copied()
        .chain(CHOICES.iter().map(|choice| choice.field));
    let beside = known.clone().any(|field| error(field).is_some());
    let excluded: Vec<i64> = if visit.post {
        visit
            .form
            .every("excludedServiceBoardIds")
            .filter_map(|id| id.parse().ok())
            .collect()
    } else {
        serde_json::from_value(member["excludedServiceBoardIds"].clone()).unwrap_or_default()
    };
    let title = match id {
        Some(_) => text(&member["identifier"]),
        None => "New API Member".to_owned(),
    };
    let choice = |index: usize| {
        let field = &CHOICES[index];
        page::choice(
            field.field,
            field.label,
            &options[index],
            &chosen(field.field),
            Some(field.none),
            field.hint,
            error(field.field),
        )
    };
    let boards = &options[6];
    let body = html! {
        (page::crumbs(&[("System", None), ("Members", Some(visit.at("members"))), (&title, None)]))
        form #member method="post" {
            (page::csrf(visit))
            header.head.sticky {
                h1 { (title) }
                div.buttons {
                    button type="submit" name="then" value="stay" { "Save" } " "
                    button type="submit" name="then" value="close" { "Save and Close" }
                }
            }
            @if let Some(id) = id { (tabs(visit, id, false)) }
            @if let Some(problem) = problem { @if !beside { (page::wrong(&message(problem))) } }
            fieldset.card { legend { "Profile" }
                (page::text_field("identifier", "Member ID", &value("identifier"), "At most 15 characters; no full member has the same.", error("identifier"), Field { required: true, max: Some(15), ..Field::default() }))
                (page::text_field("name", "Member Name", &value("name"), "At most 30 characters.", error("name"), Field { required: true, max: Some(30), ..Field::default() }))
                (page::text_field("emailAddress", "Email", &value("emailAddress"), "", error("emailAddress"), Field { max: Some(250), ..Field::default() }))
                (choice(7))
                (page::tick("inactiveFlag", FLAGS[2].1, flag(visit, member, "inactiveFlag"), ""))
            }
            fieldset.card { legend { "System" }
                (choice(0)) (choice(1)) (choice(2)) (choice(3)) (choice(4)) (choice(5))
            }
            fieldset.card { legend { "Service Defaults" }
                (choice(6))
                details.restrict open[!excluded.is_empty()] {
                    summary { "Restrict Board Access" }
                    p.hint { "Tickets on the ticked boards are out of its sight." }
                    div.ticks.many { @for (id, name) in boards {
                        label { input type="checkbox" name="excludedServiceBoardIds" value=(id) checked[excluded.iter().any(|one| one.to_string() == *id)]; span { (name) } }
                    } }
                }
            }
            fieldset.card { legend { "Prices and costs" }
                (page::tick("blockPriceFlag", FLAGS[0].1, flag(visit, member, "blockPriceFlag"), ""))
                (page::tick("blockCostFlag", FLAGS[1].1, flag(visit, member, "blockCostFlag"), ""))
                (page::text_field("notes", "Notes", &value("notes"), "", error("notes"), Field { long: true, ..Field::default() }))
            }
        }
    };
    Ok(Page::new("members", title, body))
}

fn flag(visit: &Visit<'_>, member: &Value, field: &str) -> bool {
    if visit.post {
        visit.form.ticked(field)
    } else {
        member[field] == true
    }
}

/// The name of a member whose keys are concerned; 404 for one that is not there.
pub async fn named(desk: &Desk<'_>, id: i64, verb: Verb) -> Result<String> {
    let permit = desk.permit(MEMBERS, verb)?;
    let row = desk.instance.backend.row(&permit, id).await?;
    let row = row.ok_or_else(|| ApiError::not_found("Member", &id.to_string()))?;
    Ok(row.text("identifier").unwrap_or_default().to_owned())
}

async fn keys(visit: &Visit<'_>, desk: &Desk<'_>, id: i64) -> Result<Outcome> {
    let name = named(desk, id, Verb::Inquire).await?;
    let keys = desk.instance.keys.list(Some(id));
    // Taken out of the session here: this page is the only one that ever has it.
    let pair = visit
        .session
        .shown_once(&visit.at(&format!("members/{id}/keys")));
    let body = html! {
        (page::crumbs(&[("System", None), ("Members", Some(visit.at("members"))), (&name, Some(visit.at(&format!("members/{id}")))), ("API Keys", None)]))
        header.head { h1 { (name) } a.button href=(visit.at(&format!("members/{id}/keys/new"))) { span aria-hidden="true" { "+ " } "New Item" } }
        (tabs(visit, id, true))
        @if let Some(pair) = pair { (pair) }
        @if keys.is_empty() { (page::empty("No key yet. Choose New Item, describe what the key is for, and Save.")) }
        @else {
            div.wide tabindex="0" role="region" aria-label="Keys" { table {
                thead { tr { th scope="col" { "Description" } th scope="col" { "Public Key" } th scope="col" { "Created" } th scope="col" { "Last used" } th scope="col" { "Expires" } th scope="col" { span.sr { "What to do" } } } }
                tbody { @for key in &keys { tr {
                    th scope="row" { (key.description) @if key.inactive { " " span.flag.off { "inactive" } } }
                    td { code { (key.public) } }
                    td { (page::moment(key.created)) }
                    td { (key.last_used().map_or_else(|| "never".to_owned(), page::moment)) }
                    td { (key.expires.map_or_else(|| "never".to_owned(), page::moment)) }
                    td.act { a href=(visit.at(&format!("members/{id}/keys/{}/delete", key.id))) aria-label=(format!("Delete key {}", key.description)) { "Delete" } }
                } } }
            } }
        }
    };
    Ok(Outcome::Page(Page::new(
        "members",
        format!("{name}: API Keys"),
        body,
    )))
}

/// Both halves of a pair that was just cut.
pub fn pair_shown(company: &str, description: &str, pair: &Pair) -> Markup {
    html! {
        section.pair aria-labelledby="pair-title" {
            h2 #pair-title { "Public API Key: " (description) }
            p.caution role="alert" { b { "Copy both keys now." } " The private key is not shown again: when you leave or reload this page, nobody can read it any more." }
            (copied("public", "Public Key", &pair.public))
            (copied("private", "Private Key", pair.private.reveal()))
            p.hint { "User name for the Authorization header: " code { (company) "+" (pair.public) } }
        }
    }
}

/// Most characters of a key's description.
const LONGEST: usize = 50;

async fn new_key(visit: &Visit<'_>, desk: &Desk<'_>, id: i64) -> Result<Outcome> {
    let name = named(desk, id, Verb::Edit).await?;
    let description = visit.form.trimmed("description");
    let mut error = None;
    if visit.post && description.is_empty() {
        error = Some("Say what the key is for.");
    } else if visit.post && description.chars().count() > LONGEST {
        error = Some("That is more than 50 characters.");
    } else if visit.post {
        let (key, pair) = desk.cut_key(id, description, None).await?;
        let address = visit.at(&format!("members/{id}/keys"));
        let shown = pair_shown(&desk.instance.company, &key.description, &pair);
        visit.session.show_once(&address, shown);
        return Ok(Outcome::See(address));
    }
    let body = html! {
        (page::crumbs(&[("System", None), ("Members", Some(visit.at("members"))), (&name, Some(visit.at(&format!("members/{id}")))), ("API Keys", Some(visit.at(&format!("members/{id}/keys")))), ("New Item", None)]))
        h1 { "New API Key" }
        (tabs(visit, id, true))
        form.card method="post" {
            (page::csrf(visit))
            (page::text_field("description", "Description", description, "Which integration uses it; one key for each.", error, Field { required: true, max: Some(50), ..Field::default() }))
            button type="submit" { "Save" } " "
            a.button.quiet href=(visit.at(&format!("members/{id}/keys"))) { "Cancel" }
        }
    };
    let page = Page::new("members", format!("{name}: new key"), body);
    Ok(Outcome::Page(page.with_status(if error.is_some() {
        422
    } else {
        200
    })))
}

async fn delete_key(visit: &Visit<'_>, desk: &Desk<'_>, id: i64, key: i64) -> Result<Outcome> {
    let name = named(desk, id, Verb::Edit).await?;
    let found = desk.instance.keys.get(key).filter(|key| key.member == id);
    let Some(found) = found else {
        return Ok(Outcome::Nowhere);
    };
    let back = visit.at(&format!("members/{id}/keys"));
    if visit.post {
        desk.delete_key(key).await?;
        visit
            .session
            .say("The key is deleted and opens nothing any more.");
        return Ok(Outcome::See(back));
    }
    let body = html! {
        (page::crumbs(&[("System", None), ("Members", Some(visit.at("members"))), (&name, Some(back.clone())), ("Delete key", None)]))
        h1 { "Delete the key " (found.description) "?" }
        p { "Whoever uses " code { (found.public) } " is refused from the next call on. A deleted key does not come back." }
        form method="post" {
            (page::csrf(visit))
            button.danger type="submit" { "Delete the key" } " "
            a.button.quiet href=(back) { "Keep it" }
        }
    };
    Ok(Outcome::Page(Page::new("members", "Delete key", body)))
}
