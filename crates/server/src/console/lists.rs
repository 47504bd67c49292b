//! The customize dialog of a row: two panes, what is allowed on the left. Saved on its own, as in the PSA.

use super::desk::Desk;
use super::page;
use crate::console::{
    outcome::{Outcome, Result},
    visit::Visit,
};
use bitting_catalog::entity::Kind;
use bitting_policy::{CustomizeList, ListDocument, Role, RoleError, Verb};
use maud::{Markup, html};

pub async fn answer(visit: &Visit<'_>, desk: &Desk<'_>, id: i64, name: &str) -> Result<Outcome> {
    let registry = desk.instance.registry();
    let found = registry.list(name).and_then(|id| registry.get_list(id));
    let Some(list) = found else {
        return Ok(Outcome::Nowhere);
    };
    let mut role = desk
        .role(
            id,
            if visit.post {
                Verb::Edit
            } else {
                Verb::Inquire
            },
        )
        .await?;
    let entries = entries(desk, list).await?;
    if !visit.post {
        return Ok(Outcome::Part(dialog(
            visit, desk, &role, list, &entries, None,
        )));
    }
    let left: Vec<String> = visit.form.every("left").map(str::to_owned).collect();
    // Names beyond the panes belong to whichever side the mode spells out.
    let more = visit.form.text("more").lines().map(str::trim);
    let more = more.filter(|name| !name.is_empty()).map(str::to_owned);
    let document = match visit.form.text("mode") {
        "everything" => ListDocument::Everything,
        "deny" => {
            let right = entries.iter().filter(|name| !left.contains(name)).cloned();
            ListDocument::Deny(right.chain(more).collect())
        }
        _ => ListDocument::Allow(left.into_iter().chain(more).collect()),
    };
    if let Err(error) = set(desk, &mut role, list, &document) {
        let text = error.to_string();
        let again = dialog(visit, desk, &role, list, &entries, Some(&text));
        return Ok(Outcome::Part(again));
    }
    let state = state(&role, registry, list.id);
    desk.save_role(role).await?;
    Ok(Outcome::Part(html! {
        p.said role="status" data-saved-list { "The list is saved." }
        span.state #{ "state-" (list.identifier) } hx-swap-oob="true" { (state) }
    }))
}

fn set(
    desk: &Desk<'_>,
    role: &mut Role,
    list: &CustomizeList,
    document: &ListDocument,
) -> std::result::Result<(), RoleError> {
    role.set_list(desk.instance.registry(), list.id, document)
}

/// What can be chosen: the product's tables, or the tenant's own records that the list is about.
async fn entries(desk: &Desk<'_>, list: &CustomizeList) -> Result<Vec<String>> {
    let registry = desk.instance.registry();
    if list.fixed {
        return Ok(registry
            .tables()
            .iter()
            .map(bitting_policy::Table::full_name)
            .collect());
    }
    let catalog = desk.instance.catalog();
    let about = catalog.entities.iter().find_map(|entity| {
        let listed = entity
            .listed_by
            .as_ref()
            .filter(|by| by.list == list.identifier)?;
        let field = entity.any_field(&listed.field)?;
        match &field.kind {
            Kind::Reference(to) => {
                let target = catalog.entity(to.target?);
                Some((target.path.clone(), to.members.first()?.1.clone()))
            }
            _ => None,
        }
    });
    let Some((path, field)) = about else {
        return Ok(Vec::new());
    };
    let rows = desk.list(&path, "pageSize=1000").await?;
    let mut names: Vec<String> = rows
        .iter()
        .filter_map(|row| row[&*field].as_str().map(str::to_owned))
        .collect();
    names.sort_by_key(|name| name.to_lowercase());
    Ok(names)
}

fn dialog(
    visit: &Visit<'_>,
    desk: &Desk<'_>,
    role: &Role,
    list: &CustomizeList,
    entries: &[String],
    error: Option<&str>,
) -> Markup {
    let registry = desk.instance.registry();
    let row = registry
        .get(list.action)
        .map(bitting_policy::Action::full_name)
        .unwrap_or_default();
    let document = role.list_document(registry, list.id);
    let allowed = |name: &String| match &document {
        ListDocument::Everything => true,
        ListDocument::Allow(names) => names.contains(name),
        ListDocument::Deny(names) => !names.contains(name),
    };
    let beyond: Vec<&String> = match &document {
        ListDocument::Allow(names) | ListDocument::Deny(names) => names
            .iter()
            .filter(|name| !entries.contains(name))
            .collect(),
        ListDocument::Everything => Vec::new(),
    };
    let mode = match &document {
        ListDocument::Everything => "everything",
        ListDocument::Allow(_) => "allow",
        ListDocument::Deny(_) => "deny",
    };
    let address = visit.at(&format!("roles/{}/lists/{}", role.id, list.identifier));
    let modes = [
        (
            "everything",
            "Everything, also what comes later (not customized)",
        ),
        ("allow", "Only what stands on the left"),
        ("deny", "All but what stands on the right"),
    ];
    html! {
        dialog.customize aria-labelledby="customize-title" {
            form method="post" action=(address) hx-post=(address) hx-target="#dialog" {
                (page::csrf(visit))
                h2 #customize-title { (row) ": customize" }
                @if let Some(error) = error { (page::wrong(error)) }
                fieldset.modes { legend { "The role may reach" }
                    @for (value, words) in modes {
                        label { input type="radio" name="mode" value=(value) checked[value == mode]; span { (words) } }
                    }
                }
                @if !entries.is_empty() {
                    div.panes {
                        div { label for="left" { "Allow access to these" }
                            select #left name="left" multiple size="12" { @for name in entries.iter().filter(|name| allowed(name)) { option value=(name) { (name) } } } }
                        div.arrows {
                            button.quiet type="button" data-move="left" { span aria-hidden="true" { "‹ " } "Allow" }
                            button.quiet type="button" data-move="right" { "Disallow" span aria-hidden="true" { " ›" } }
                            button.quiet type="button" data-move="all-left" { "Allow all" }
                            button.quiet type="button" data-move="all-right" { "Disallow all" }
                        }
                        div { label for="right" { "Disallow" }
                            select #right multiple size="12" { @for name in entries.iter().filter(|name| !allowed(name)) { option value=(name) { (name) } } } }
                    }
                    p.hint { "Choose with a click, the arrow keys, or Ctrl and a click for several; a double click moves one." }
                }
                @if !list.fixed {
                    div.field { label for="more" { "Further " (list.holds) ", one a line" }
                        textarea #more name="more" rows="3" { @for name in beyond { (name) "\n" } } }
                }
                div.buttons {
                    button type="submit" { "Save" } " "
                    button.quiet type="button" data-close { "Close" }
                }
            }
        }
    }
}

/// What a customize list lets through, in a few words.
pub fn state(
    role: &Role,
    registry: &bitting_policy::Registry,
    list: bitting_policy::ListId,
) -> Markup {
    html! { @match role.list_document(registry, list) {
        ListDocument::Everything => "everything",
        ListDocument::Allow(names) => { (names.len()) " allowed" },
        ListDocument::Deny(names) => { (names.len()) " disallowed" },
    } }
}
