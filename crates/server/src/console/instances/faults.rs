//! Faults that a test asks for, by key, member, method and path: set, listed, cleared.

use super::subject::Subject;
use crate::console::page::{self, Field, Page};
use crate::console::{
    outcome::{Outcome, Result},
    visit::Visit,
};
use bitting_psa::fault::{Fault, Kind};
use maud::{Markup, html};
use serde_json::{Map, Value, json};

const KINDS: [(&str, &str); 5] = [
    ("latency", "Slow answer (milliseconds)"),
    ("throttle", "Throttled, 429 (seconds to wait)"),
    ("error", "Server error (status, 500 to 599)"),
    ("truncate", "A list that breaks off"),
    ("withdraw", "A right withdrawn (module / action)"),
];

pub async fn answer(visit: &Visit<'_>, subject: &Subject<'_>, rest: &[&str]) -> Result<Outcome> {
    match rest {
        ["new"] => add(visit, subject).await,
        ["clear"] if visit.post => {
            let path = match visit.form.trimmed("fault") {
                "" => subject.faults().0,
                id => format!("{}/{id}", subject.faults().0),
            };
            let done = subject
                .desk
                .operate(http::Method::DELETE, &path, &json!({}))
                .await;
            Ok(match done {
                Ok(_) => {
                    visit.session.say("Cleared.");
                    Outcome::See(visit.at("instances"))
                }
                Err(text) => super::refused(visit, subject, &[("", text)]),
            })
        }
        _ => Ok(Outcome::Nowhere),
    }
}

pub fn shown(visit: &Visit<'_>, subject: &Subject<'_>) -> Markup {
    let faults = visit.server.faults.list(&subject.faults().1);
    html! {
        @if faults.is_empty() { (page::empty("No fault is set. Set one to see what a client does when the PSA is slow, throttles, fails or takes a right away.")) }
        @else { div.wide tabindex="0" role="region" aria-label="Faults" { table {
            thead { tr { th scope="col" { "Fault" } th scope="col" { "Strikes" } th scope="col" { "Seen" } th scope="col" { "Struck" } th scope="col" { span.sr { "What to do" } } } }
            tbody { @for fault in &faults { tr {
                th scope="row" { (what(&fault.kind)) }
                td { (aim(fault)) }
                td.number { (fault.seen) } td.number { (fault.struck) }
                td.act { form method="post" action=(visit.at("instances/faults/clear")) {
                    (page::csrf(visit)) input type="hidden" name="fault" value=(fault.id);
                    button.quiet type="submit" { "Clear" span.sr { " fault " (fault.id) } }
                } }
            } } }
        } } }
        p { a.button href=(visit.at("instances/faults/new")) { "Set a fault" } }
    }
}

fn what(kind: &Kind) -> String {
    match kind {
        Kind::Latency { milliseconds } => format!("slow by {milliseconds} ms"),
        Kind::Throttle { seconds } => format!("429, wait {seconds} s"),
        Kind::Error { status } => format!("status {status}"),
        Kind::Truncate => "list breaks off".to_owned(),
        Kind::Withdraw { right } => format!("without {right}"),
    }
}

fn aim(fault: &Fault) -> String {
    let aim = &fault.aim;
    let mut words: Vec<String> = [
        ("key", &aim.key),
        ("member", &aim.member),
        ("method", &aim.method),
        ("path", &aim.path),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some(format!("{name} {}", value.as_ref()?)))
    .collect();
    if words.is_empty() {
        words.push("every call".to_owned());
    }
    if aim.after > 0 {
        words.push(format!("after {} calls", aim.after));
    }
    if let Some(times) = aim.times {
        words.push(format!("{times} times"));
    }
    words.join(", ")
}

/// The form as the operator's API takes it.
fn body(visit: &Visit<'_>) -> Map<String, Value> {
    let form = &visit.form;
    let mut body = Map::new();
    let kind = form.trimmed("kind");
    body.insert("kind".to_owned(), json!(kind));
    let value = form.trimmed("value");
    let of_kind = match kind {
        "latency" => Some("milliseconds"),
        "throttle" => Some("seconds"),
        "error" => Some("status"),
        "withdraw" => Some("right"),
        _ => None,
    };
    if let Some(name) = of_kind.filter(|_| !value.is_empty()) {
        let number = value.parse::<u64>().map(Value::from);
        let value = if name == "right" {
            json!(value)
        } else {
            number.unwrap_or_else(|_| json!(value))
        };
        body.insert(name.to_owned(), value);
    }
    for name in ["key", "member", "method", "path"] {
        let text = form.trimmed(name);
        if !text.is_empty() {
            body.insert(name.to_owned(), json!(text));
        }
    }
    for name in ["after", "times"] {
        if let Ok(number) = form.trimmed(name).parse::<u64>() {
            body.insert(name.to_owned(), json!(number));
        }
    }
    body
}

async fn add(visit: &Visit<'_>, subject: &Subject<'_>) -> Result<Outcome> {
    let mut error = None;
    let wrong = wrong_counts(visit);
    let of = |name: &str| wrong.contains(&name).then_some("A whole number from 0 on.");
    if visit.post && wrong.is_empty() {
        let value = visit.form.trimmed("value");
        let lacks = match visit.form.trimmed("kind") {
            "latency" if value.is_empty() => Some("Say how many milliseconds."),
            "withdraw" if value.is_empty() => Some(if subject.is_autotask() {
                "Name the setting: Service Desk / Tickets."
            } else {
                "Name the right: Service Desk / Service Tickets."
            }),
            _ => None,
        };
        match lacks {
            Some(text) => error = Some(text.to_owned()),
            None => {
                let body = Value::Object(body(visit));
                match subject
                    .desk
                    .operate(http::Method::POST, &subject.faults().0, &body)
                    .await
                {
                    Ok(_) => {
                        visit.session.say(
                            "The fault is set; it is over when it is cleared or the server stops.",
                        );
                        return Ok(Outcome::See(visit.at("instances")));
                    }
                    Err(text) => error = Some(text),
                }
            }
        }
    }
    let form = &visit.form;
    let kinds = KINDS.map(|(key, words)| (key.to_owned(), words.to_owned()));
    let keys = subject.keys();
    let methods =
        ["GET", "POST", "PUT", "PATCH", "DELETE"].map(|one| (one.to_owned(), one.to_owned()));
    let number = Field {
        kind: "number",
        ..Field::default()
    };
    let rights = subject.registry().actions().iter();
    let body = html! {
        (page::crumbs(&[("Instances", Some(visit.at("instances"))), ("Set a fault", None)]))
        h1 { "Set a fault" }
        form.card method="post" {
            (page::csrf(visit))
            (page::choice("kind", "What goes wrong", &kinds, form.text("kind"), None, "", None))
            (page::listed_field("value", "How much, or which right", form.trimmed("value"), "Milliseconds, seconds, status, or module / action; empty for the usual.", error.as_deref(), "rights"))
            datalist #rights { @for action in rights { option value=(action.full_name()) {} } }
            (page::choice("key", if subject.is_autotask() { "Only this API user" } else { "Only this key" }, &keys, form.text("key"), Some(if subject.is_autotask() { "every API user" } else { "every key" }), "", None))
            @if !subject.is_autotask() { (page::text_field("member", "Only this member", form.trimmed("member"), "Its Member ID.", None, Field::default())) }
            (page::choice("method", "Only this method", &methods, form.text("method"), Some("every method"), "", None))
            (page::text_field("path", "Only paths that begin with", form.trimmed("path"), if subject.is_autotask() { "Below V1.0: Tickets/query." } else { "Below the API root: service/tickets." }, None, Field::default()))
            (page::text_field("after", "Let pass first", form.trimmed("after"), "Calls.", of("after"), number))
            (page::text_field("times", "Strike at most", form.trimmed("times"), "Calls; empty: until it is cleared.", of("times"), number))
            button type="submit" { "Set it" } " "
            a.button.quiet href=(visit.at("instances")) { "Cancel" }
        }
    };
    let page = Page::new("instances", "Set a fault", body);
    let failed = error.is_some() || !wrong.is_empty();
    Ok(Outcome::Page(page.with_status(if failed {
        422
    } else {
        200
    })))
}

/// Fields of the form that take a number of calls and have something else.
fn wrong_counts(visit: &Visit<'_>) -> Vec<&'static str> {
    let is_wrong = |name: &&str| {
        let text = visit.form.trimmed(name);
        !text.is_empty() && text.parse::<u64>().is_err()
    };
    ["after", "times"].into_iter().filter(is_wrong).collect()
}
