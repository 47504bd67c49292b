//! Rights that only some customers need, each feature with its own table: whether this guide holds them, and what
//! they would add.

use super::autotask;
use super::connectwise::{COLUMNS, reasons_of};
use crate::page::Block;
use bitting_catalog::profile::{Feature, Grant, Mode, Profile, Psa, Selection, Status};
use bitting_policy::Verb;
use std::fmt::Write as _;

/// The section, where the profile has features.
pub fn section(profile: &Profile, selection: &Selection, page: &mut Vec<Block>) {
    if profile.feature.is_empty() {
        return;
    }
    page.push(Block::heading(2, "Optional features"));
    for feature in &profile.feature {
        let held = selection.features.contains(&feature.id);
        page.push(Block::heading(3, feature.title.clone()));
        page.push(Block::paragraph(about(feature, held)));
        match profile.product.psa {
            Psa::ConnectWise if !feature.grant.is_empty() => {
                page.push(Block::table(
                    &COLUMNS,
                    feature.grant.iter().map(row).collect(),
                ));
                let lists: Vec<String> = feature.grant.iter().filter_map(list).collect();
                if !lists.is_empty() {
                    page.push(Block::Bullets(lists));
                }
            }
            Psa::Autotask => autotask::tables(&feature.setting, &feature.impersonation, page),
            Psa::ConnectWise => {}
        }
    }
}

/// Its state, its name for `--feature`, and what the guide says of it.
fn about(feature: &Feature, held: bool) -> String {
    let state = match (held, feature.status) {
        (true, _) => "In the tables above",
        (_, Status::Planned) => "Planned by the vendor, left out",
        (_, Status::Legacy) => "Not used any more, left out",
        (_, Status::Temporary) => "Only while setting up, left out",
        (false, Status::Used) => "Left out",
    };
    let mut text = format!("{state} (`--feature {}`).", feature.id);
    for said in [Some(&feature.why), feature.until.as_ref()]
        .into_iter()
        .flatten()
    {
        if !said.is_empty() {
            text.push(' ');
            text.push_str(said);
        }
    }
    if !feature.includes.is_empty() {
        // Writing to a String cannot fail.
        let _ = write!(text, " Comes with {}.", feature.includes.join(", "));
    }
    text
}

fn row(grant: &Grant) -> Vec<String> {
    let mut cells = vec![grant.module.clone(), grant.action.clone()];
    cells.extend(Verb::EVERY.map(|verb| grant.level(verb).to_string()));
    cells.push(reasons_of(grant).join("; "));
    cells
}

/// What a row adds to its customize list, in a line.
fn list(grant: &Grant) -> Option<String> {
    let customize = grant.customize.as_ref()?;
    let mut names = customize.entries.clone();
    names.extend(
        customize
            .prefixes
            .iter()
            .map(|start| format!("all that begins with {start}")),
    );
    names.extend(
        customize
            .placeholders
            .iter()
            .map(|gap| format!("({})", gap.hint)),
    );
    let said = match customize.mode {
        Mode::Allow => format!("allow {}", names.join("; ")),
        Mode::Deny => format!("allow all but {}", names.join("; ")),
        Mode::All => "allow everything".to_owned(),
        Mode::None => "no entry of its own".to_owned(),
    };
    Some(format!("{}, customize: {said}", grant.title()))
}
