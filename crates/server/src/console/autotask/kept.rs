//! Security levels as they are kept: which of them are the product's own, what a name may be, and saving one.

use super::desk::{Desk, message};
use crate::console::page;
use crate::console::visit::Visit;
use bitting_autotask::tenant::LevelTrouble;
use bitting_catalog::security::SecurityLevel;
use maud::Markup;

/// Most characters of a level's name.
const LONGEST: usize = 100;

/// Whether a level came with the product.
pub fn is_system(desk: &Desk<'_>, level: &SecurityLevel) -> bool {
    let mut system = desk.tenant.permissions.system.iter();
    system.any(|known| known.name.eq_ignore_ascii_case(&level.name))
}

/// Whether a level of the product can be copied by nobody.
pub fn is_fixed(desk: &Desk<'_>, level: &SecurityLevel) -> bool {
    let mut system = desk.tenant.permissions.system.iter();
    system.any(|known| known.fixed && known.name.eq_ignore_ascii_case(&level.name))
}

/// Refuses a name that the product's field would not hold.
pub fn too_long(name: &str) -> std::result::Result<(), String> {
    match name.chars().count() {
        0..=LONGEST => Ok(()),
        count => Err(format!(
            "Name the level with at most {LONGEST} characters; these are {count}."
        )),
    }
}

/// Keeps a level, as an event like any other write.
pub async fn save(
    desk: &Desk<'_>,
    id: Option<i64>,
    level: SecurityLevel,
) -> std::result::Result<i64, String> {
    let taken = desk.tenant.levels().into_iter().any(|(known, other)| {
        Some(known) != id && other.document.name.eq_ignore_ascii_case(&level.name)
    });
    if taken {
        return Err("Another level has this name.".to_owned());
    }
    let path = id.map_or_else(
        || "SecurityLevels".to_owned(),
        |id| format!("SecurityLevels/{id}"),
    );
    let method = if id.is_some() {
        http::Method::PUT
    } else {
        http::Method::POST
    };
    let mut said = None;
    let work = async {
        desk.tenant
            .save_level(id, level)
            .await
            .map_err(|trouble| match trouble {
                LevelTrouble::Store(error) => error.into(),
                other => {
                    said = Some(other.to_string());
                    bitting_dialects::autotask::error::Refusal::new(other.to_string()).into()
                }
            })
    };
    let done = desk.written(method, &path, work).await;
    done.map_err(|trouble| said.unwrap_or_else(|| message(&trouble)))
}

/// The way to Security Levels, as the product has it.
pub fn crumbs(visit: &Visit<'_>, last: Option<&str>) -> Markup {
    let mut path = vec![
        ("Admin", None),
        ("Features & Settings", Some(visit.at("features"))),
        ("Resources/Users (HR)", Some(visit.at("features"))),
        ("Security Levels", last.map(|_| visit.at("levels"))),
    ];
    if let Some(last) = last {
        path.push((last, None));
    }
    page::crumbs(&path)
}
