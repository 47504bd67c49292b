//! The Autotask half of a guide: the security level and the API user, as the screens have them.

use crate::page::Block;
use bitting_catalog::profile::{Impersonation, MemberValue, Profile, Selection, Setting, Start};

/// The level with its settings, the impersonation grid and the user.
pub fn level(profile: &Profile, selection: &Selection, page: &mut Vec<Block>) {
    let name = profile.role_name();
    page.push(Block::heading(2, format!("Security level `{name}`")));
    if let Some(level) = &profile.level {
        let start = match level.start {
            Start::Copy => format!(
                "Copy `{}`, name the copy `{name}`, and set what is listed; what the copy brings along stays.",
                level.copy_of
            ),
            Start::Cleared => format!(
                "Copy `{}`, name the copy `{name}`, press No Permission on every section, then set what is listed.",
                level.copy_of
            ),
            Start::AsIs => format!("Assign the system level `{}` itself.", level.copy_of),
        };
        page.push(Block::paragraph(format!(
            "Admin > Features & Settings > Resources/Users (HR) > Security Levels. {start}"
        )));
        if !level.note.is_empty() {
            page.push(Block::paragraph(level.note.clone()));
        }
    }
    tables(&profile.level_settings(selection), &[], page);
    let grid = profile.impersonations(selection);
    if !grid.is_empty() {
        page.push(Block::heading(2, "Resource impersonation"));
        tables(&[], &grid, page);
    }
    page.push(Block::heading(2, "Table lists"));
    page.push(Block::paragraph(
        "Autotask has none: the settings of the level are all there is.",
    ));
    user(profile, &name, page);
}

/// Settings and lines of the impersonation grid, a table each.
pub fn tables(settings: &[Setting], grid: &[Impersonation], page: &mut Vec<Block>) {
    if !settings.is_empty() {
        let rows = settings.iter().map(|setting| {
            vec![
                setting.section.clone(),
                setting.subsection.clone(),
                setting.setting.clone(),
                values(setting),
                setting.why.clone(),
            ]
        });
        page.push(Block::table(
            &["Section", "Subsection", "Setting", "Value", "For"],
            rows.collect(),
        ));
    }
    if !grid.is_empty() {
        let tick = |on: bool| if on { "checked" } else { "" }.to_owned();
        let rows = grid.iter().map(|row| {
            vec![
                row.section.clone(),
                row.entity.clone(),
                tick(row.view),
                tick(row.add),
                tick(row.edit),
                tick(row.delete),
            ]
        });
        page.push(Block::table(
            &["Section", "Entity", "View", "Add", "Edit", "Delete"],
            rows.collect(),
        ));
    }
}

fn user(profile: &Profile, level: &str, page: &mut Vec<Block>) {
    page.push(Block::heading(2, "API user"));
    page.push(Block::paragraph(
        "Admin > Resources (Users) > New > New API User.",
    ));
    let mut rows = vec![vec![
        "Security Level".to_owned(),
        level.to_owned(),
        String::new(),
    ]];
    if let Some(user) = &profile.user {
        let fields: [(&str, &Option<MemberValue>); 6] = [
            ("First Name", &user.first_name),
            ("Last Name", &user.last_name),
            ("E-mail", &user.email),
            ("User name", &user.user_name),
            ("Internal Location", &user.internal_location),
            ("Line of Business", &user.line_of_business),
        ];
        for (name, value) in fields {
            let Some(value) = value else { continue };
            let choose = value
                .choose
                .as_ref()
                .map(|choose| format!("choose {choose}"));
            let text = value.value.clone().or(choose).unwrap_or_default();
            rows.push(vec![name.to_owned(), text, value.why.clone()]);
        }
        if !user.protected_data.is_empty() {
            rows.push(vec![
                "Protected Data Permission".to_owned(),
                format!("tick {}", user.protected_data.join(" and ")),
                String::new(),
            ]);
        }
        if user.tracking_custom {
            rows.push(vec![
                "API Tracking Identifier".to_owned(),
                "Custom: a name of your own".to_owned(),
                String::new(),
            ]);
        }
        if !user.tracking_vendor.is_empty() {
            let vendors = user.tracking_vendor.join(" or ");
            rows.push(vec![
                "API Tracking Identifier".to_owned(),
                format!("Integration Vendor: {vendors}"),
                String::new(),
            ]);
        }
    }
    rows.push(vec![
        "Username (Key), Password (Secret)".to_owned(),
        "generate both; the secret is shown once".to_owned(),
        String::new(),
    ]);
    page.push(Block::table(&["Field", "Value", "Why"], rows));
    page.push(Block::heading(2, "Keys"));
    page.push(Block::Steps(vec![
        "On the form of the API user: Generate Key, then Generate Secret.".to_owned(),
        "Choose the API tracking identifier of the table above.".to_owned(),
        "Copy user name (key) and password (secret) before you save. The secret is shown this once.".to_owned(),
    ]));
}

fn values(setting: &Setting) -> String {
    let verbs = [
        ("View", &setting.view),
        ("Add", &setting.add),
        ("Edit", &setting.edit),
        ("Delete", &setting.delete),
    ];
    let verbs = verbs
        .into_iter()
        .filter_map(|(verb, value)| Some(format!("{verb} {}", value.as_ref()?)));
    setting
        .value
        .iter()
        .cloned()
        .chain(verbs)
        .collect::<Vec<_>>()
        .join(", ")
}
