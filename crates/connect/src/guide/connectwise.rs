//! The ConnectWise half of a guide: the security role, its lists, the API member and the keys, as the screens have
//! them.

use crate::ConnectError;
use crate::page::Block;
use crate::wanted::{Choices, Wanted, wanted};
use bitting_catalog::profile::{Grant, MemberValue, Profile, Selection, VerbKey};
use bitting_policy::{Action, Level, ListDocument, Registry, Verb};

/// Columns of a table of rights.
pub const COLUMNS: [&str; 7] = [
    "Module", "Action", "Add", "Edit", "Delete", "Inquire", "For",
];

/// The role with its rows, the lists beside them, the member and its keys.
pub fn role(
    profile: &Profile,
    choices: &Choices,
    registry: &Registry,
    page: &mut Vec<Block>,
) -> Result<(), ConnectError> {
    let mut choices = choices.clone();
    for gap in profile.unfilled(&choices.selection) {
        // The tenant's own entries are not known yet; the guide says what to choose.
        choices
            .selection
            .answers
            .insert(gap.name.clone(), vec![format!("({})", gap.hint)]);
    }
    let wanted = wanted(profile, &choices, registry)?;
    page.push(Block::heading(
        2,
        format!("Security role `{}`", wanted.document.name),
    ));
    page.push(Block::paragraph(
        "System > Security Roles > New Item. Enter the Role ID and save; then set these rows. Every row that is not \
         listed stays None.",
    ));
    let rows = wanted.document.rows.iter().map(|row| {
        let [add, edit, delete, inquire] = row.levels().map(|level| level.to_string());
        let action = registry
            .action(&row.module, &row.action)
            .and_then(|id| registry.get(id));
        let why = action.map(|action| reasons(profile, &choices.selection, registry, action));
        vec![
            row.module.clone(),
            row.action.clone(),
            add,
            edit,
            delete,
            inquire,
            why.unwrap_or_default(),
        ]
    });
    let rows: Vec<Vec<String>> = rows.collect();
    if rows.is_empty() {
        page.push(Block::paragraph("The vendor's page names no row."));
    } else {
        page.push(Block::table(&COLUMNS, rows));
    }
    lists(&wanted, registry, page);
    form(profile, &wanted, page);
    page.push(Block::heading(2, "Keys"));
    page.push(Block::Steps(vec![
        format!(
            "System > Members > API Members > {}: tab API Keys, New Item.",
            wanted.member.identifier
        ),
        "Enter a description and Save. Do not close the record yet.".to_owned(),
        "Copy the public and the private key. The private key is shown this once.".to_owned(),
    ]));
    Ok(())
}

/// What a row of the role is for, each verb with its own reason where the profile tells them apart.
fn reasons(
    profile: &Profile,
    selection: &Selection,
    registry: &Registry,
    action: &Action,
) -> String {
    let mut parts: Vec<String> = Vec::new();
    for (feature, grant) in profile.rows() {
        let chosen = feature.is_none_or(|feature| selection.features.contains(&feature.id));
        let name = if grant.is_wildcard() {
            &action.name
        } else {
            &grant.action
        };
        let this = registry.action(&grant.module, name) == Some(action.id);
        if !chosen || !this {
            continue;
        }
        for part in reasons_of(grant) {
            if !parts.contains(&part) {
                parts.push(part);
            }
        }
    }
    parts.join("; ")
}

/// The reasons of one row.
pub fn reasons_of(grant: &Grant) -> Vec<String> {
    if grant.why_verb.is_empty() {
        return (!grant.why.is_empty())
            .then(|| grant.why.clone())
            .into_iter()
            .collect();
    }
    let mut parts: Vec<String> = Vec::new();
    let mut rest: Vec<&str> = Vec::new();
    for verb in Verb::EVERY {
        if grant.level(verb) == Level::None {
            continue;
        }
        match grant.why_verb.get(&VerbKey::from(verb)) {
            Some(why) => parts.push(format!("{verb}: {why}")),
            None => rest.push(verb.as_str()),
        }
    }
    if !rest.is_empty() && !grant.why.is_empty() {
        parts.push(format!("{}: {}", rest.join(", "), grant.why));
    }
    parts
}

fn lists(wanted: &Wanted, registry: &Registry, page: &mut Vec<Block>) {
    for list in registry.lists() {
        let Some(action) = registry.get(list.action) else {
            continue;
        };
        let open = wanted.role.levels(action.id) != [Level::None; 4];
        let document = wanted.document.lists.get(&list.identifier);
        let is_setup = Some(list.id) == registry.table_list();
        let (side, names) = match document {
            Some(ListDocument::Allow(names)) => ("Allow access to these (left side)", names),
            Some(ListDocument::Deny(names)) => ("Disallow these (right side)", names),
            _ if open && is_setup => {
                page.push(Block::heading(
                    2,
                    format!("{}: customize", action.full_name()),
                ));
                page.push(Block::paragraph(
                    "Not narrowed: every setup table is allowed.",
                ));
                continue;
            }
            _ if is_setup => {
                page.push(Block::heading(
                    2,
                    format!("{}: customize", action.full_name()),
                ));
                page.push(Block::paragraph(
                    "No tables to choose: the role leaves this row at None.",
                ));
                continue;
            }
            _ => continue,
        };
        if !open {
            continue;
        }
        page.push(Block::heading(
            2,
            format!("{}: customize", action.full_name()),
        ));
        if names.is_empty() {
            page.push(Block::paragraph(
                "Allow nothing: leave the left side empty, and save the list before the levels are set.",
            ));
            continue;
        }
        page.push(Block::paragraph(format!(
            "{side}; save the list before the levels are set:"
        )));
        page.push(Block::Bullets(names.clone()));
    }
}

fn form(profile: &Profile, wanted: &Wanted, page: &mut Vec<Block>) {
    page.push(Block::heading(2, "API member"));
    page.push(Block::paragraph(
        "System > Members > API Members > New Item.",
    ));
    let form = &wanted.member;
    let mut rows = vec![
        vec![
            "Member ID".to_owned(),
            form.identifier.clone(),
            String::new(),
        ],
        vec!["Member Name".to_owned(), form.name.clone(), String::new()],
        vec![
            "Role ID".to_owned(),
            wanted.document.name.clone(),
            String::new(),
        ],
    ];
    let member = &profile.member;
    let fields: [(&str, &Option<MemberValue>, Option<&String>); 11] = [
        ("E-mail", &member.email, None),
        ("Level", &member.level, None),
        (
            "Location",
            &member.location,
            form.location.as_ref().filter(|_| form.location_said),
        ),
        ("Business Unit", &member.department, None),
        ("Default Territory", &member.territory, None),
        ("Default Board", &member.default_board, form.board.as_ref()),
        ("Restrict Board Access", &member.excluded_boards, None),
        (
            "Excluded project boards",
            &member.excluded_project_boards,
            None,
        ),
        ("Time Zone", &member.time_zone, None),
        ("Block Price", &member.block_price, None),
        ("Block Cost", &member.block_cost, None),
    ];
    for (name, value, chosen) in fields {
        let said = value.as_ref();
        let text = chosen
            .cloned()
            .or_else(|| said.and_then(|v| v.value.clone()))
            .or_else(|| {
                said.and_then(|v| v.choose.as_ref())
                    .map(|choose| format!("choose {choose}"))
            });
        if let Some(text) = text {
            let why = said.map(|v| v.why.clone()).unwrap_or_default();
            rows.push(vec![name.to_owned(), text, why]);
        }
    }
    page.push(Block::table(&["Field", "Value", "Why"], rows));
    if let Some(others) = &member.others {
        page.push(Block::paragraph(format!("Other fields: {others}")));
    }
}
