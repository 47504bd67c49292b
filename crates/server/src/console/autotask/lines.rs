//! The tab Line of Business of a resource: which lines it works for. Records that name a line show to its
//! members alone.

use super::desk::Desk;
use super::people::{self, Who};
use crate::console::page::{self, Page};
use crate::console::{
    outcome::{Outcome, Result},
    visit::Visit,
};
use bitting_autotask::operator::RESOURCES;
use maud::{Markup, html};
use serde_json::{Value, json};

pub async fn answer(visit: &Visit<'_>, desk: &Desk<'_>, id: i64) -> Result<Outcome> {
    let Some(operator) = desk.operator() else {
        return Ok(Outcome::Nowhere);
    };
    let record = desk.record(RESOURCES, id).await?;
    let who = Who::of(&record);
    let root = format!("autotask/{}", desk.tenant.name);
    let path = format!("{root}/{}/{id}", who.word());
    let mut error = None;
    if visit.post {
        let lines: Vec<&str> = visit.form.every("line").collect();
        let change = json!({ "linesOfBusiness": lines });
        match operator.operate(http::Method::PATCH, &path, &change).await {
            Ok(_) => {
                visit.session.say("Saved. It holds from the next call on.");
                return Ok(Outcome::See(visit.at(&format!("resources/{id}/lines"))));
            }
            Err(text) => error = Some(text),
        }
    }
    let ask = async |path: String| {
        operator
            .operate(http::Method::GET, &path, &Value::Null)
            .await
    };
    let (known, held) = (ask(format!("{root}/lines")).await, ask(path).await);
    let (known, held) = match (known, held) {
        (Ok(known), Ok(held)) => (known, held),
        (Err(text), _) | (_, Err(text)) => {
            error.get_or_insert(text);
            (Value::Null, Value::Null)
        }
    };
    let known = known.as_array().cloned().unwrap_or_default();
    let sent: Vec<&str> = visit.form.every("line").collect();
    let works_for = |line: &Value| {
        if visit.post {
            let id = line["id"].to_string();
            return sent.contains(&id.as_str());
        }
        let held = held["linesOfBusiness"].as_array();
        held.is_some_and(|held| held.contains(&line["name"]))
    };
    let name = people::name(&record);
    let body = html! {
        (people::crumbs(visit, &name))
        form method="post" {
            (page::csrf(visit))
            header.head.sticky { h1 { (name) }
                div.buttons {
                    @if !known.is_empty() { button type="submit" { "Save" } " " }
                    a.button.quiet href=(visit.at("resources")) { "Close" }
                } }
            (people::tabs(visit, id, who, true))
            @if let Some(text) = &error { (page::wrong(text)) }
            (boxes(&known, &works_for))
        }
    };
    let page = Page::new("resources", format!("{name}: Line of Business"), body);
    let status = if error.is_some() { 422 } else { 200 };
    Ok(Outcome::Page(page.with_status(status)))
}

fn boxes(known: &[Value], works_for: &dyn Fn(&Value) -> bool) -> Markup {
    html! {
        @if known.is_empty() {
            (page::empty("This database has no line of business, so no record is hidden by one. A database with demo records has some: choose Instances, then New Item."))
        } @else {
            fieldset.card { legend { "Line of Business" }
                p.hint { "Records that name one of these lines show only to resources that are ticked here; records without a line show to everybody whose security level allows it." }
                @for line in known {
                    @let (id, name) = (line["id"].to_string(), line["name"].as_str().unwrap_or_default());
                    (page::tick_of("line", &id, name, works_for(line), ""))
                }
            }
        }
    }
}
