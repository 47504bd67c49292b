//! The screen of one security level: sections to open, in each the groups of the product, objects with View,
//! Add, Edit and Delete. Knows no section by name.

use super::desk::Desk;
use super::kept::{crumbs, is_fixed, is_system, save, too_long};
use crate::console::page::{self, Field, Page};
use crate::console::{
    outcome::{Outcome, Result},
    visit::Visit,
};
use bitting_calls::http::form::Form;
use bitting_catalog::security::{Cell, Derivation, Permission, SecurityLevel, Values};
use maud::{Markup, html};

const CELLS: [(&str, &str); 4] = [
    ("view", "View"),
    ("add", "Add"),
    ("edit", "Edit"),
    ("delete", "Delete"),
];

pub async fn answer(
    visit: &Visit<'_>,
    desk: &Desk<'_>,
    id: i64,
    level: &SecurityLevel,
) -> Result<Outcome> {
    if !visit.post {
        let page = sheet(visit, desk, id, level, None);
        return Ok(Outcome::Page(page));
    }
    let next = read(desk, level, &visit.form);
    if next.name.is_empty() {
        let page = sheet(visit, desk, id, &next, Some("Name the level."));
        return Ok(Outcome::Page(page.with_status(422)));
    }
    if let Err(text) = too_long(&next.name) {
        let page = sheet(visit, desk, id, &next, Some(&text));
        return Ok(Outcome::Page(page.with_status(422)));
    }
    match save(desk, Some(id), next.clone()).await {
        Ok(_) => {
            visit.session.say("Saved. It holds from the next call on.");
            let to = match visit.form.text("then") {
                "close" => "levels".to_owned(),
                _ => format!("levels/{id}"),
            };
            Ok(Outcome::See(visit.at(&to)))
        }
        Err(text) => {
            let page = sheet(visit, desk, id, &next, Some(&text));
            Ok(Outcome::Page(page.with_status(422)))
        }
    }
}

fn name(index: usize, cell: &str) -> String {
    format!("p{index}.{cell}")
}

/// A tick has two values, of which the first grants nothing.
fn is_tick(values: &[String]) -> bool {
    values == ["Unchecked", "Checked"]
}

/// The level as the form has it.
fn read(desk: &Desk<'_>, before: &SecurityLevel, form: &Form) -> SecurityLevel {
    let mut next = before.clone();
    form.trimmed("name").clone_into(&mut next.name);
    next.inactive = form.ticked("inactive");
    next.allows_impersonation = before.interactive && form.ticked("impersonation");
    for (index, entry) in desk.tenant.permissions.entries.iter().enumerate() {
        let full = entry.full_name();
        let mut values = next.settings.get(&full).cloned().unwrap_or_default();
        for cell in ["value", "view", "add", "edit", "delete"] {
            let Some(held) = values.cell(cell) else {
                continue;
            };
            let accepted = entry.values(cell);
            let given = form.given(&name(index, cell));
            if is_tick(accepted) {
                *held = Some(accepted[usize::from(given.is_some())].clone());
            } else if let Some(given) = given {
                *held = (!given.trim().is_empty()).then(|| given.trim().to_owned());
            }
        }
        if values == Values::default() {
            next.settings.remove(&full);
        } else {
            next.settings.insert(full, values);
        }
    }
    next
}

fn sheet(
    visit: &Visit<'_>,
    desk: &Desk<'_>,
    id: i64,
    level: &SecurityLevel,
    error: Option<&str>,
) -> Page {
    let entries = &desk.tenant.permissions.entries;
    let shut = is_system(desk, level) && error.is_none();
    let mut sections: Vec<&str> = Vec::new();
    for entry in entries {
        if !sections.contains(&entry.section.as_str()) {
            sections.push(&entry.section);
        }
    }
    // What a cell refuses is told by the permission's name.
    let acting = desk.tenant.permissions.derivations(level);
    let wrong = Shown {
        error,
        shut,
        acting: &acting,
    };
    let beside = entries.iter().any(|entry| wrong.of(entry).is_some());
    let of_name =
        error.filter(|text| text.starts_with("Name the") || text.starts_with("Another level"));
    let body = html! {
        (crumbs(visit, Some(&level.name)))
        form #level method="post" {
            (page::csrf(visit))
            header.head.sticky {
                h1 { (level.name) }
                div.buttons {
                    @if is_fixed(desk, level) {}
                    @else if shut { a.button href=(visit.at(&format!("levels/{id}/copy"))) { "Copy Security Level" } }
                    @else {
                        button type="submit" name="then" value="stay" { "Save" } " "
                        button type="submit" name="then" value="close" { "Save & Close" } " "
                        a.button.quiet href=(visit.at(&format!("levels/{id}/copy"))) { "Copy Security Level" }
                    }
                }
            }
            @if is_fixed(desk, level) { p.caution { "This system level can be neither changed nor copied." } }
            @else if shut { p.caution { "This system level cannot be changed. Copy it, and change the copy." } }
            @if let (Some(text), false, None) = (error, beside, of_name) { (page::wrong(text)) }
            @if beside { (page::wrong("Nothing was saved: one row needs a look. It says what is wrong.")) }
            div.level {
                @if !shut { (page::text_field("name", "Name", &level.name, &format!("Copied from {}.", level.copy_of), of_name, Field { required: true, max: Some(100), ..Field::default() }))
                div.ticks {
                    (page::tick("inactive", "Inactive: its API users are refused", level.inactive, ""))
                    @if level.interactive { (page::tick("impersonation", "Allow impersonation of resources with this security level", level.allows_impersonation, "API users whose own level has the Resource Impersonation ticks may then act as these people.")) }
                } }
                div.field.tick { label { input type="checkbox" data-only-granted; span { "Show only what is granted" } } }
                div #matrix { @for section in sections { (part(entries, level, section, wrong)) } }
            }
        }
    };
    Page::new("features", level.name.clone(), body)
}

/// How the screen is shown: what was refused, and whether nothing can be changed.
#[derive(Clone, Copy)]
struct Shown<'e> {
    error: Option<&'e str>,
    shut: bool,
    /// Cells that act as more than they show.
    acting: &'e [Derivation<'e>],
}

impl<'e> Shown<'e> {
    /// What was refused about this permission.
    fn of(self, entry: &Permission) -> Option<&'e str> {
        self.error
            .filter(|text| text.starts_with(&entry.full_name()))
    }

    /// What is to be said of a permission that acts as more than it shows.
    fn acting(self, entry: &Permission) -> Option<String> {
        let mut acting = self.acting.iter();
        let found = acting.find(|each| each.permission.full_name() == entry.full_name())?;
        Some(format!("{found}: {}.", found.remedy()))
    }
}

/// The values of a permission in a level; what is left out is the least.
fn held<'l>(level: &'l SecurityLevel, entry: &Permission, cell: &str) -> &'l str {
    let values = level.settings.get(&entry.full_name());
    let found = values.and_then(|values| {
        let cells = values.cells();
        let (_, value) = cells.into_iter().find(|(name, _)| *name == cell)?;
        value.as_deref()
    });
    found.unwrap_or_default()
}

fn grants(level: &SecurityLevel, entry: &Permission) -> bool {
    let mut cells = ["value", "view", "add", "edit", "delete"].into_iter();
    cells.any(|cell| {
        let held = held(level, entry, cell);
        let values = entry.values(cell);
        !held.is_empty() && values.first().is_some_and(|least| least != held) && held != "No"
    })
}

fn part(entries: &[Permission], level: &SecurityLevel, section: &str, wrong: Shown<'_>) -> Markup {
    let rows: Vec<(usize, &Permission)> = entries
        .iter()
        .enumerate()
        .filter(|(_, entry)| entry.section == section)
        .collect();
    let mut groups: Vec<&str> = Vec::new();
    for (_, entry) in &rows {
        if !groups.contains(&entry.subsection.as_str()) {
            groups.push(&entry.subsection);
        }
    }
    let granted = rows
        .iter()
        .filter(|(_, entry)| grants(level, entry))
        .count();
    let open = rows.iter().any(|(_, entry)| wrong.of(entry).is_some());
    html! {
        details.module open[open || (granted > 0 && granted < rows.len())] data-granted=(granted) {
            summary { span { (section) } " " span.count { @if granted > 0 { (granted) " of " } (rows.len()) " settings" } }
            div.section {
                @if !wrong.shut { div.buttons.fill {
                    button.quiet type="button" data-fill="top" { "Full Permission" span.sr { " on " (section) } }
                    button.quiet type="button" data-fill="least" { "No Permission" span.sr { " on " (section) } }
                } }
                @for group in groups {
                    @let of: Vec<_> = rows.iter().filter(|(_, entry)| entry.subsection == group).collect();
                    (table(section, group, &of, level, wrong))
                }
            }
        }
    }
}

fn table(
    section: &str,
    group: &str,
    rows: &[&(usize, &Permission)],
    level: &SecurityLevel,
    wrong: Shown<'_>,
) -> Markup {
    let objects = rows
        .iter()
        .any(|(_, entry)| entry.value.is_none() && entry.number.is_none());
    html! {
        h3 { (group) }
        div.wide tabindex="0" role="region" aria-label=(format!("{section}: {group}")) { table.matrix {
            thead { tr { th scope="col" { "Setting" }
                @if objects { @for (_, words) in CELLS { th scope="col" { (words) } } } @else { th scope="col" { "Value" } } } }
            tbody { @for (index, entry) in rows {
                tr.granted[grants(level, entry)].bad[wrong.of(entry).is_some()] {
                    th scope="row" { (shown_name(entry))
                        @if let Some(text) = wrong.acting(entry) { p.caution { (text) } }
                        @if let Some(text) = wrong.of(entry) { p.error role="alert" { (text) } } }
                    @if entry.value.is_some() || entry.number.is_some() {
                        td.whole colspan=[objects.then_some("4")] { (control(*index, entry, ("value", ""), level, wrong.shut)) }
                    } @else { @for (cell, words) in CELLS {
                        td data-is=(words) { (control(*index, entry, (cell, words), level, wrong.shut)) }
                    } }
                }
            } }
        } }
    }
}

/// The longest of its names where that only adds to the first: guides print it so.
fn shown_name(entry: &Permission) -> &str {
    let longer = entry
        .aliases
        .iter()
        .find(|name| name.starts_with(&entry.name));
    longer.map_or(&entry.name, String::as_str)
}

fn control(
    index: usize,
    entry: &Permission,
    (cell, words): (&str, &str),
    level: &SecurityLevel,
    shut: bool,
) -> Markup {
    let (values, held) = (entry.values(cell), held(level, entry, cell));
    let label = if words.is_empty() {
        format!("{}: {}", entry.full_name(), entry.subsection)
    } else {
        format!("{}: {words}", entry.full_name())
    };
    let name = name(index, cell);
    html! {
        @if cell == "value" && entry.number.is_some() {
            input type="number" min="0" max="9999" name=(name) value=(held) disabled[shut] aria-label=(label);
        } @else if is_tick(values) {
            input type="checkbox" name=(name) value="Checked" checked[held == "Checked"] disabled[shut] aria-label=(label);
        } @else if values.is_empty() {
            span.shut title="The product has no choice here" { (follows(entry, cell)) }
        } @else {
            select name=(name) class=(class(values, held)) disabled[shut] aria-label=(label) {
                @if held.is_empty() && !values.iter().any(|value| value == "None" || value == "No") { option value="" selected { "None" } }
                @for (at, value) in values.iter().enumerate() { option selected[value == held || (held.is_empty() && at == 0 && (value == "None" || value == "No"))] { (value) } }
            }
        }
    }
}

/// The least is shown quietly, the most loudly.
fn class(values: &[String], held: &str) -> &'static str {
    if held.is_empty() || held == "None" || held == "No" {
        "None"
    } else if values.last().is_some_and(|top| top == held) {
        "All"
    } else {
        "My"
    }
}

fn follows(entry: &Permission, cell: &str) -> String {
    let cell = match cell {
        "view" => &entry.view,
        "add" => &entry.add,
        "edit" => &entry.edit,
        _ => &entry.delete,
    };
    match cell {
        Some(Cell::Follows(other)) if other == "any" => "with any".to_owned(),
        Some(Cell::Follows(other)) if other != "none" => format!("with {other}"),
        _ => "—".to_owned(),
    }
}
