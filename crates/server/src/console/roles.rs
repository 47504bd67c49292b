//! System > Security Roles: list, new, copy, delete, and the page of one role.

use super::desk::{Desk, ROLES, field_error, message};
use super::matrix::Matrix;
use super::page::{self, Field, Page};
use super::{lint, lists, matrix};
use crate::console::{
    outcome::{Outcome, Result},
    visit::Visit,
};
use bitting_calls::http::form::encode;
use bitting_policy::{Level, Role, Verb};
use bitting_psa::problem::Problem;
use maud::html;
use serde_json::{Value, json};

/// Roles on one page of the list.
const SIZE: u64 = 50;

pub async fn answer(visit: &Visit<'_>, desk: &Desk<'_>, rest: &[&str]) -> Result<Outcome> {
    if let ["new"] = rest {
        return new(visit, desk).await;
    }
    let (id, rest) = match rest {
        [] => return Ok(Outcome::Page(list(visit, desk).await?)),
        [id, rest @ ..] => (id.parse::<i64>().ok(), rest),
    };
    let Some(id) = id else {
        return Ok(Outcome::Nowhere);
    };
    match rest {
        [] if visit.post => save(visit, desk, id).await,
        [] => {
            let role = desk.role(id, Verb::Inquire).await?;
            let form = Matrix::of(desk.instance.registry(), &role);
            Ok(Outcome::Page(sheet(visit, desk, &role, &form, None)))
        }
        ["lint"] if visit.post => {
            let role = flags(desk.role(id, Verb::Inquire).await?, visit);
            let form = Matrix::read(desk.instance.registry(), &role, &visit.form);
            let found = lint::remarks(desk.instance.registry(), &role, &form);
            Ok(Outcome::Part(lint::shown(&found)))
        }
        ["lists", list] => lists::answer(visit, desk, id, list).await,
        ["copy"] => copy(visit, desk, id).await,
        ["delete"] => delete(visit, desk, id).await,
        _ => Ok(Outcome::Nowhere),
    }
}

async fn list(visit: &Visit<'_>, desk: &Desk<'_>) -> Result<Page> {
    let (page, search) = (visit.query.page(), visit.query.trimmed("search"));
    let conditions = if search.is_empty() {
        String::new()
    } else {
        let text = search.replace(['"', '\\', '%', '*'], "");
        format!("conditions={}", encode(&format!("name like \"%{text}%\"")))
    };
    let total = desk.count(ROLES, &conditions).await?;
    let query = format!("{conditions}&pageSize={SIZE}&page={page}&orderBy=name");
    let roles = desk.list(ROLES, &query).await?;
    let registry = desk.instance.registry();
    let body = html! {
        (page::crumbs(&[("System", None), ("Security Roles", None)]))
        header.head {
            h1 { "Security Roles" }
            a.button href=(visit.at("roles/new")) { span aria-hidden="true" { "+ " } "New Item" }
        }
        form.filter method="get" {
            label for="search" { "Role ID contains" }
            input id="search" name="search" type="search" value=(search);
            button.quiet type="submit" { "Search" }
        }
        @if roles.is_empty() { (page::empty("No role here. Choose New Item to make one, then set only the levels that its integration needs.")) }
        @else {
            div.wide tabindex="0" role="region" aria-label="Security roles" { table {
                thead { tr { th scope="col" { "Role ID" } th scope="col" { "Rows granted" } th scope="col" { "Reach" } th scope="col" { span.sr { "What to do" } } } }
                tbody { @for row in &roles {
                    @let id = row["id"].as_i64().unwrap_or_default();
                    @let role = desk.instance.role(id);
                    @let granted = registry.actions().iter().filter(|action| role.levels(action.id) != [Level::None; 4]).count();
                    tr {
                        th scope="row" { a href=(visit.at(&format!("roles/{id}"))) { (row["name"].as_str().unwrap_or_default()) } }
                        td.number { @if row["adminFlag"] == true { "all" } @else { (granted) } }
                        td {
                            @if row["inactiveFlag"] == true { span.flag.off { "inactive" } " " }
                            @if row["adminFlag"] == true { span.flag { "administrator" } }
                            @else if registry.actions().iter().any(|action| action.reads_everything && role.level(action.id, Verb::Inquire) > Level::None) { span.flag { "reads everything" } }
                        }
                        td.act {
                            a href=(visit.at(&format!("roles/{id}/copy"))) aria-label=(format!("Copy {}", row["name"].as_str().unwrap_or_default())) { "Copy" } " "
                            a href=(visit.at(&format!("roles/{id}/delete"))) aria-label=(format!("Delete {}", row["name"].as_str().unwrap_or_default())) { "Delete" }
                        }
                    }
                } }
            } }
            (page::pages(&format!("{}?search={}&page=", visit.at("roles"), encode(search)), page, SIZE, total))
        }
    };
    Ok(Page::new("roles", "Security Roles", body))
}

async fn new(visit: &Visit<'_>, desk: &Desk<'_>) -> Result<Outcome> {
    let mut problem = None;
    if visit.post {
        let body = json!({ "name": visit.form.trimmed("name") });
        match desk.post(ROLES, &body).await {
            Ok(made) => {
                visit
                    .session
                    .say("Saved. Every level is None: set what the integration needs.");
                return Ok(Outcome::See(visit.at(&format!("roles/{}", made["id"]))));
            }
            Err(error) => problem = Some(error),
        }
    }
    let intro = "A new role may do nothing. Save it, then set its rows.";
    Ok(Outcome::Page(name_form(
        visit,
        "New Security Role",
        intro,
        "",
        problem.as_ref(),
    )))
}

async fn copy(visit: &Visit<'_>, desk: &Desk<'_>, id: i64) -> Result<Outcome> {
    let role = desk.role(id, Verb::Inquire).await?;
    let mut problem = None;
    if visit.post {
        let body = json!({ "name": visit.form.trimmed("name"), "adminFlag": role.admin });
        match desk.post(ROLES, &body).await {
            Ok(made) => {
                let new = made["id"].as_i64().unwrap_or_default();
                let mut copied = role.clone();
                copied.id = new;
                visit.form.trimmed("name").clone_into(&mut copied.name);
                desk.save_role(copied).await?;
                visit.session.say(format!("Copied from {}.", role.name));
                return Ok(Outcome::See(visit.at(&format!("roles/{new}"))));
            }
            Err(error) => problem = Some(error),
        }
    }
    let title = format!("Copy {}", role.name);
    let proposed: String = format!("Copy of {}", role.name).chars().take(30).collect();
    let intro = "Levels, customize lists and flags are copied; members are not.";
    Ok(Outcome::Page(name_form(
        visit,
        &title,
        intro,
        &proposed,
        problem.as_ref(),
    )))
}

fn name_form(
    visit: &Visit<'_>,
    title: &str,
    intro: &str,
    proposed: &str,
    problem: Option<&Problem>,
) -> Page {
    let name = visit.form.given("name").unwrap_or(proposed);
    let own = field_error(problem, "name");
    let body = html! {
        (page::crumbs(&[("System", None), ("Security Roles", Some(visit.at("roles"))), (title, None)]))
        h1 { (title) }
        p { (intro) }
        form.card method="post" {
            (page::csrf(visit))
            @if let (Some(problem), None) = (problem, own) { (page::wrong(&message(problem))) }
            (page::text_field("name", "Role ID", name, "At most 30 characters.", own, Field { required: true, max: Some(30), ..Field::default() }))
            button type="submit" { "Save" } " "
            a.button.quiet href=(visit.at("roles")) { "Cancel" }
        }
    };
    Page::new("roles", title, body).with_status(if problem.is_some() { 422 } else { 200 })
}

async fn delete(visit: &Visit<'_>, desk: &Desk<'_>, id: i64) -> Result<Outcome> {
    let role = desk.role(id, Verb::Delete).await?;
    let mut problem = None;
    if visit.post {
        match desk.delete(&format!("{ROLES}/{id}")).await {
            Ok(_) => {
                visit.session.say(format!("{} is deleted.", role.name));
                return Ok(Outcome::See(visit.at("roles")));
            }
            Err(error) => problem = Some(error),
        }
    }
    let body = html! {
        (page::crumbs(&[("System", None), ("Security Roles", Some(visit.at("roles"))), (&role.name, Some(visit.at(&format!("roles/{id}")))), ("Delete", None)]))
        h1 { "Delete " (role.name) "?" }
        @if let Some(problem) = &problem { (page::wrong(&message(problem))) }
        p { "The role goes with all its levels and customize lists. A role that a member still has stays." }
        form method="post" {
            (page::csrf(visit))
            button.danger type="submit" { "Delete the role" } " "
            a.button.quiet href=(visit.at("roles")) { "Keep it" }
        }
    };
    let page = Page::new("roles", format!("Delete {}", role.name), body);
    Ok(Outcome::Page(page.with_status(if problem.is_some() {
        409
    } else {
        200
    })))
}

fn flags(mut role: Role, visit: &Visit<'_>) -> Role {
    role.admin = visit.form.ticked("admin");
    role.inactive = visit.form.ticked("inactive");
    role
}

async fn save(visit: &Visit<'_>, desk: &Desk<'_>, id: i64) -> Result<Outcome> {
    let before = desk.role(id, Verb::Edit).await?;
    let registry = desk.instance.registry();
    let mut role = flags(before.clone(), visit);
    visit.form.trimmed("name").clone_into(&mut role.name);
    let mut form = Matrix::read(registry, &before, &visit.form);
    let readable = form.errors.iter().all(Option::is_none);
    let fits = form.apply(registry, &mut role) && readable;
    let mut problem = None;
    if fits {
        let patch = json!([
            { "op": "replace", "path": "name", "value": role.name },
            { "op": "replace", "path": "adminFlag", "value": role.admin },
            { "op": "replace", "path": "inactiveFlag", "value": role.inactive },
        ]);
        let same = (&before.name, before.admin, before.inactive)
            == (&role.name, role.admin, role.inactive);
        let changed = if same {
            Ok(())
        } else {
            desk.change_role(id, &patch).await
        };
        match changed {
            Ok(()) => {
                desk.save_role(role).await?;
                visit
                    .session
                    .say("Saved. The role holds from the next call on.");
                let next = if visit.form.text("then") == "close" {
                    "roles".to_owned()
                } else {
                    format!("roles/{id}")
                };
                return Ok(Outcome::See(visit.at(&next)));
            }
            Err(error) => problem = Some(error),
        }
    }
    let page = sheet(visit, desk, &role, &form, problem.as_ref());
    Ok(Outcome::Page(page.with_status(422)))
}

/// The page of one role, as it is or as it was sent.
fn sheet(
    visit: &Visit<'_>,
    desk: &Desk<'_>,
    role: &Role,
    form: &Matrix,
    problem: Option<&Problem>,
) -> Page {
    let registry = desk.instance.registry();
    let id = role.id;
    let here = visit.at(&format!("roles/{id}"));
    let wrong = form.errors.iter().flatten().count();
    let own = field_error(problem, "name");
    let customize = |list| {
        let identifier = registry
            .get_list(list)
            .map(|list| list.identifier.as_str())
            .unwrap_or_default();
        html! {
            button.link type="button" hx-get=(format!("{here}/lists/{identifier}")) hx-target="#dialog" { "customize" }
            span.state #{ "state-" (identifier) } { (lists::state(role, registry, list)) }
        }
    };
    let body = html! {
        (page::crumbs(&[("System", None), ("Security Roles", Some(visit.at("roles"))), (&role.name, None)]))
        form #role method="post" action=(here) {
            (page::csrf(visit))
            header.head.sticky {
                h1 { (role.name) }
                div.buttons {
                    button type="submit" name="then" value="stay" { "Save" } " "
                    button type="submit" name="then" value="close" { "Save and Close" } " "
                    a.button.quiet href=(format!("{here}/copy")) { "Copy" } " "
                    a.button.quiet href=(format!("{here}/delete")) { "Delete" }
                }
            }
            @if wrong > 0 { (page::wrong(&format!("Nothing was saved. {} to look at: each says what is wrong.", page::counted(wrong, "row")))) }
            @if let (Some(problem), None) = (problem, own) { (page::wrong(&message(problem))) }
            div.columns {
                div {
                    (page::text_field("name", "Role ID", &role.name, "", own, Field { required: true, max: Some(30), ..Field::default() }))
                    div.ticks {
                        (page::tick("admin", "Administrator: every right", role.admin, ""))
                        (page::tick("inactive", "Inactive", role.inactive, ""))
                        div.field.tick { label { input type="checkbox" data-only-granted; span { "Show only what is granted" } } }
                    }
                    div #matrix { (matrix::shown(registry, form, &customize)) }
                }
                aside #lint aria-live="polite" hx-post=(format!("{here}/lint")) hx-trigger="change from:#role delay:300ms, lists from:body" hx-include="#role" {
                    (lint::shown(&lint::remarks(registry, role, form)))
                }
            }
        }
        div #dialog {}
    };
    Page::new("roles", role.name.clone(), body)
}

/// A reference to a record with a name, as forms send it.
pub fn reference(value: &str) -> Value {
    value
        .parse::<i64>()
        .map_or(Value::Null, |id| json!({ "id": id }))
}
