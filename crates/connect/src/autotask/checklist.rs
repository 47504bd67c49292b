//! What remains to click on an Autotask whose API cannot write levels and users: where, and each cell's value,
//! in the order of the screens.

use super::known::{Screen, head, path};
use super::plan::Plan;
use super::wanted::level_screen;
use crate::checklist::Click;
use bitting_catalog::profile::Start;

const LEVELS: &str = "Admin > Features & Settings > Resources/Users (HR) > Security Levels";
const USERS: &str = "Admin > Resources (Users) > arrow beside New > New API User";

/// The clicks that bring level and user where the plan wants them.
pub fn of(plan: &Plan, screen: &Screen) -> Vec<Click> {
    let wanted = &plan.wanted;
    let name = &wanted.level.name;
    let at = level_screen(name);
    let mut clicks = Vec::new();
    let mut click = |at: String, set: String| clicks.push(Click { at, set });
    if wanted.start == Start::AsIs {
        click(
            LEVELS.to_owned(),
            format!("`{name}` comes with the product: leave it as it is"),
        );
    } else {
        click(
            LEVELS.to_owned(),
            format!(
                "right click `{}`, Copy Security Level, name it `{name}`",
                wanted.level.copy_of
            ),
        );
        if wanted.start == Start::Cleared {
            click(
                at.clone(),
                "press No Permission on every section".to_owned(),
            );
        }
        // All that the guide names, also what the copy may hold already: nobody can read it here.
        for entry in &screen.permissions.entries {
            let cells: Vec<String> = wanted
                .listed
                .iter()
                .filter(|(permission, ..)| *permission == entry.full_name())
                .map(|(_, cell, value)| match head(cell) {
                    "" => value.clone(),
                    head => format!("{head} = {value}"),
                })
                .collect();
            if !cells.is_empty() {
                click(format!("{at} > {}", path(entry)), cells.join(", "));
            }
        }
    }
    for by_hand in plan.by_hand() {
        click(by_hand.at, by_hand.set);
    }
    if wanted.start != Start::AsIs {
        click(at, "Save & Close".to_owned());
    }
    let form = &wanted.user;
    let tracking = match &form.vendor {
        Some(vendor) => format!("Integration Vendor `{vendor}`"),
        None => "Custom (Internal Integration)".to_owned(),
    };
    let email = if form.email_said {
        form.email.clone()
    } else {
        "an address of yours".to_owned()
    };
    click(
        USERS.to_owned(),
        format!(
            "First Name `{}`, Last Name `{}`, E-mail {email}, Security Level `{name}`, API Tracking Identifier: {tracking}",
            form.first_name, form.last_name
        ),
    );
    if !form.ticks.is_empty() {
        click(
            format!("{USERS} > Protected Data Permission"),
            format!("tick {}", form.ticks.join(" and ")),
        );
    }
    if let Some(lines) = &form.lines {
        click(
            format!("{USERS} > Line of Business"),
            format!("associate {}", lines.join(", ")),
        );
    }
    click(
        format!("{USERS} > Credentials"),
        "Generate Key, Generate Secret, copy both before Save & Close: the secret is shown once"
            .to_owned(),
    );
    clicks
}
