//! What all pages share: the frame, its navigation, messages, tables' pages and small parts of forms.
//! Knows no entity.

use crate::console::visit::{Place, Visit};
use maud::{DOCTYPE, Markup, html};

/// A page before its frame.
pub struct Page {
    pub status: u16,
    pub title: String,
    /// Which entry of the navigation it belongs to.
    pub section: &'static str,
    pub body: Markup,
}

impl Page {
    pub fn new(section: &'static str, title: impl Into<String>, body: Markup) -> Self {
        Self {
            status: 200,
            title: title.into(),
            section,
            body,
        }
    }

    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }
}

/// Entries of the navigation: path below the place, words, group.
const CONNECTWISE: [(&str, &str, &str); 7] = [
    ("roles", "Security Roles", "System"),
    ("members", "Members", "System"),
    ("integrations", "Integrations", "Connect"),
    ("audit", "Audit", "Connect"),
    ("activity", "Activity", "Observe"),
    ("data", "Data", "Observe"),
    ("instances", "Instances", "Server"),
];
const AUTOTASK: [(&str, &str, &str); 7] = [
    ("features", "Features & Settings", "Admin"),
    ("resources", "Resources (Users)", "Admin"),
    ("integrations", "Integrations", "Connect"),
    ("audit", "Audit", "Connect"),
    ("activity", "Activity", "Observe"),
    ("data", "Data", "Observe"),
    ("instances", "Instances", "Server"),
];

/// Entries that a gate has not: they are about records of one's own.
pub const OWN: [&str; 2] = ["data", "instances"];

/// Instances in the navigation; of more, the page of all is named.
const LISTED: usize = 8;

/// The whole page of someone who is signed in.
pub fn framed(visit: &Visit<'_>, page: &Page) -> Markup {
    let said = visit.session.said();
    let main = html! {
        header.top {
            a.brand href="/console/" { (key()) "Bitting" }
            details.menu open {
                summary { "Menu" }
                (navigation(visit, page.section))
            }
            p.where { "Instance " b { (visit.place.name()) } }
        }
        main #main tabindex="-1" {
            @if let Some(said) = said { p.said role="status" { (said) } }
            (page.body)
        }
    };
    document(&page.title, Some(&visit.session.csrf), &main)
}

fn navigation(visit: &Visit<'_>, section: &str) -> Markup {
    let places = Place::every(visit.server);
    let entries: &[(&str, &str, &str)] = match visit.place {
        Place::ConnectWise(_) => &CONNECTWISE,
        Place::Autotask(_) => &AUTOTASK,
    };
    let is_gate = match &visit.place {
        Place::ConnectWise(company) => {
            let instance = visit.server.instance(company);
            instance.is_some_and(|instance| instance.is_gate())
        }
        Place::Autotask(_) => false,
    };
    let has = |path: &str| !is_gate || !OWN.contains(&path);
    let mut groups: Vec<&str> = entries.iter().map(|(_, _, group)| *group).collect();
    groups.dedup();
    html! {
        nav aria-label="Console" {
            @if places.len() > 1 {
                p.group { "Instance" }
                ul { @for one in places.iter().filter(|one| places.len() <= LISTED || **one == visit.place).take(LISTED) {
                    li { a href=(one.address()) aria-current=[(*one == visit.place).then_some("true")] {
                        (one.name()) " " span.psa { (one.psa()) } } }
                } @if places.len() > LISTED { li { a href=(visit.at("instances")) { "All " (places.len()) } } } }
            }
            @for group in groups {
                p.group { (group) }
                ul {
                    @for (path, words, _) in entries.iter().filter(|(path, _, of)| *of == group && has(path)) {
                        li { a href=(visit.at(path)) aria-current=[(*path == section).then_some("page")] { (words) } }
                    }
                    @if group == "Server" { li { a href=(match visit.place { Place::ConnectWise(_) => "/docs", Place::Autotask(_) => "/docs/autotask" }) { "API description" } } }
                }
            }
            form.out method="post" action="/console/sign-out" {
                (csrf(visit))
                button.quiet type="submit" { "Sign out" }
            }
        }
    }
}

/// A page for someone who is not signed in.
pub fn bare(title: &str, body: &Markup) -> Markup {
    let main = html! {
        main #main.door tabindex="-1" {
            p.brand { (key()) "Bitting" }
            (body)
        }
    };
    document(title, None, &main)
}

/// A public page with its own width.
pub fn public(title: &str, body: &Markup) -> Markup {
    let main = html! {
        header.top {
            a.brand href="/console/" { (key()) "Bitting" }
            nav.inline aria-label="Pages" { a href="/docs" { "API description" } a href="/console/" { "Console" } }
        }
        main #main tabindex="-1" { (body) }
    };
    document(title, None, &main)
}

fn document(title: &str, csrf: Option<&str>, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="htmx-config" content=r#"{"includeIndicatorStyles":false,"allowEval":false,"selfRequestsOnly":true,"attributesToSettle":[],"historyCacheSize":0}"#;
                title { (title) " · Bitting" }
                link rel="icon" href="/console/assets/key.svg" type="image/svg+xml";
                link rel="stylesheet" href="/console/assets/console.css";
                script src="/console/assets/htmx.js" defer {}
                script src="/console/assets/console.js" defer {}
            }
            body hx-headers=[csrf.map(|csrf| format!("{{\"x-csrf\":\"{csrf}\"}}"))] {
                a.skip href="#main" { "Skip to content" }
                (body)
            }
        }
    }
}

fn key() -> Markup {
    html! { svg viewBox="0 0 24 24" aria-hidden="true" { path d="M8 3a6 6 0 1 0 4.9 9.5H15l1.5 1.7L18 12.5l1.5 1.7 1.5-1.7 2-2-1.5-2H12.900A6 6 0 0 0 8 3Zm0 4.200a1.800 1.800 0 1 1 0 3.600 1.800 1.800 0 0 1 0-3.600Z" {} } }
}

/// The hidden field that every form carries.
pub fn csrf(visit: &Visit<'_>) -> Markup {
    html! { input type="hidden" name="csrf" value=(visit.session.csrf); }
}

/// Where a page stands: words with addresses, the last one without.
pub fn crumbs(path: &[(&str, Option<String>)]) -> Markup {
    html! {
        nav.crumbs aria-label="Place" {
            ol { @for (words, address) in path {
                li { @if let Some(address) = address { a href=(address) { (words) } } @else { span { (words) } } }
            } }
        }
    }
}

/// A message that something did not work.
pub fn wrong(text: &str) -> Markup {
    html! { p.wrong role="alert" { (text) } }
}

/// A moment for people. Whose clock it is stands beside it: the server's pages go to browsers anywhere.
pub fn moment(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// So many of a thing: `1 row`, `2 rows`.
pub fn counted(count: usize, thing: &str) -> String {
    format!("{count} {thing}{}", if count == 1 { "" } else { "s" })
}

/// What to do where nothing is yet.
pub fn empty(text: &str) -> Markup {
    html! { p.empty { (text) } }
}

/// A labelled text field with its error beside it.
pub fn text_field(
    name: &str,
    label: &str,
    value: &str,
    hint: &str,
    error: Option<&str>,
    more: Field,
) -> Markup {
    let described = format!("{name}-hint");
    html! {
        div.field.bad[error.is_some()] {
            label for=(name) { (label) @if more.required { span.need aria-hidden="true" { " *" } } }
            @if more.long {
                textarea id=(name) name=(name) rows="3" aria-describedby=(described) aria-invalid=[error.is_some().then_some("true")] { (value) }
            } @else {
                input id=(name) name=(name) type=(more.kind) value=(value) maxlength=[more.max]
                    required[more.required] autocomplete=(more.complete) aria-describedby=(described)
                    aria-invalid=[error.is_some().then_some("true")];
            }
            p.hint id=(described) { @if let Some(error) = error { strong { (error) } " " } (hint) }
        }
    }
}

/// A text field with proposals from a list of the page.
pub fn listed_field(
    name: &str,
    label: &str,
    value: &str,
    hint: &str,
    error: Option<&str>,
    list: &str,
) -> Markup {
    let described = format!("{name}-hint");
    html! {
        div.field.bad[error.is_some()] {
            label for=(name) { (label) }
            input id=(name) name=(name) value=(value) list=(list) autocomplete="off" aria-describedby=(described)
                aria-invalid=[error.is_some().then_some("true")];
            p.hint id=(described) { @if let Some(error) = error { strong { (error) } " " } (hint) }
        }
    }
}

/// What else there is to say about a text field.
#[derive(Clone, Copy)]
pub struct Field {
    pub kind: &'static str,
    pub required: bool,
    pub max: Option<u32>,
    pub complete: &'static str,
    pub long: bool,
}

impl Default for Field {
    fn default() -> Self {
        Self {
            kind: "text",
            required: false,
            max: None,
            complete: "off",
            long: false,
        }
    }
}

/// A labelled drop-down. Options are value and words.
pub fn choice(
    name: &str,
    label: &str,
    options: &[(String, String)],
    value: &str,
    none: Option<&str>,
    hint: &str,
    error: Option<&str>,
) -> Markup {
    let described = format!("{name}-hint");
    html! {
        div.field.bad[error.is_some()] {
            label for=(name) { (label) }
            select id=(name) name=(name) aria-describedby=(described) aria-invalid=[error.is_some().then_some("true")] {
                @if let Some(none) = none { option value="" { (none) } }
                @for (key, words) in options { option value=(key) selected[key == value] { (words) } }
            }
            p.hint id=(described) { @if let Some(error) = error { strong { (error) } " " } (hint) }
        }
    }
}

/// A box to tick.
pub fn tick(name: &str, label: &str, on: bool, hint: &str) -> Markup {
    html! {
        div.field.tick {
            label { input type="checkbox" name=(name) value="true" checked[on]; span { (label) } }
            @if !hint.is_empty() { p.hint { (hint) } }
        }
    }
}

/// One of several boxes of the same name.
pub fn tick_of(name: &str, value: &str, label: &str, on: bool, hint: &str) -> Markup {
    html! {
        div.field.tick {
            label { input type="checkbox" name=(name) value=(value) checked[on]; span { (label) } }
            @if !hint.is_empty() { p.hint { (hint) } }
        }
    }
}

/// Links to the pages before and after. `address` ends where the page number follows.
pub fn pages(address: &str, page: u64, size: u64, total: u64) -> Markup {
    let last = total.div_ceil(size).max(1);
    html! {
        @if last > 1 {
            nav.pages aria-label="Pages" {
                @if page > 1 { a href=(format!("{address}{}", page - 1)) rel="prev" { "Previous" } }
                span { "Page " (page) " of " (last) }
                @if page < last { a href=(format!("{address}{}", page + 1)) rel="next" { "Next" } }
            }
        }
    }
}

/// What stands between backticks is code.
pub fn inline(text: &str) -> Markup {
    html! { @for (index, part) in text.split('`').enumerate() {
        @if index % 2 == 1 { code { (part) } } @else { (part) }
    } }
}

pub fn copied(id: &str, label: &str, value: &str) -> Markup {
    html! {
        div.copied {
            label for=(id) { (label) }
            input id=(id) value=(value) readonly spellcheck="false" autocomplete="off";
            button.quiet type="button" data-copy=(id) { "Copy" span.sr { " " (label) } }
        }
    }
}
