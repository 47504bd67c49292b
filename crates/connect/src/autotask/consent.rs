//! People's consent to be acted for, and lines of business: what stands beside a security level's cells. On an
//! instance that can be written both are part of the plan; elsewhere they are clicks.

use super::held::{HeldLevel, Instance};
use super::wanted::Wanted;
use crate::ConnectError;
use crate::checklist::Click;

/// A level of people that shall allow impersonation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    pub id: i64,
    pub level: String,
}

/// The levels that do not allow it yet.
///
/// # Errors
/// [`ConnectError::Form`] where a level that was named is not there, is for API users, or cannot be changed.
pub fn lacking(
    instance: &Instance<'_>,
    wanted: &Wanted,
    notes: &mut Vec<String>,
) -> Result<Vec<Consent>, ConnectError> {
    let Some(named) = &wanted.consent else {
        return Ok(Vec::new());
    };
    let levels = instance.levels()?;
    let chosen = if named.is_empty() {
        held(instance, &levels, notes)?
    } else {
        let each = named.iter().map(|name| find(&levels, name));
        each.collect::<Result<Vec<_>, _>>()?
    };
    let lacking = chosen
        .into_iter()
        .filter(|level| !level.allows_impersonation);
    Ok(lacking
        .map(|level| Consent {
            id: level.id,
            level: level.name.clone(),
        })
        .collect())
}

/// Every level that active people hold and that can be changed.
fn held<'l>(
    instance: &Instance<'_>,
    levels: &'l [HeldLevel],
    notes: &mut Vec<String>,
) -> Result<Vec<&'l HeldLevel>, ConnectError> {
    let people = instance.people()?;
    let holders = |level: &HeldLevel| {
        let active = people.iter().filter(|person| !person.inactive);
        let names = active.filter_map(|person| person.security_level.as_deref());
        names
            .filter(|name| name.eq_ignore_ascii_case(&level.name))
            .count()
    };
    let of_people = levels
        .iter()
        .filter(|level| level.interactive && holders(level) > 0);
    let (fixed, open): (Vec<_>, Vec<_>) = of_people.partition(|level| level.system);
    for level in fixed {
        notes.push(format!(
            "people hold `{}`, which comes with the product and cannot consent; a copy of it can",
            level.name
        ));
    }
    if open.is_empty() {
        notes.push(
            "nobody holds a level that can consent to be acted for: copy one of people, give it to them with \
             `bitting member set PERSON --role LEVEL --autotask`, and plan again"
                .to_owned(),
        );
    }
    Ok(open)
}

fn find<'l>(levels: &'l [HeldLevel], name: &str) -> Result<&'l HeldLevel, ConnectError> {
    let found = levels
        .iter()
        .find(|level| level.name.eq_ignore_ascii_case(name));
    let reason = match found {
        Some(level) if !level.interactive => "API users hold it, and cannot be acted for",
        Some(level) if level.system => "it comes with the product; copy it and name the copy",
        Some(level) => return Ok(level),
        None => "there is no such level",
    };
    let people = levels
        .iter()
        .filter(|level| level.interactive && !level.system);
    let known: Vec<&str> = people.map(|level| level.name.as_str()).collect();
    Err(ConnectError::Form {
        field: "level to act for",
        value: name.to_owned(),
        reason: match known.as_slice() {
            [] => format!("{reason}; no other level of people is there"),
            known => format!("{reason}; there are {}", known.join(", ")),
        },
    })
}

/// Brings the lines of business that are wanted to their names on the instance.
///
/// # Errors
/// [`ConnectError::Form`] where there is no such line.
pub fn lines(instance: &Instance<'_>, wanted: &mut Wanted) -> Result<(), ConnectError> {
    let Some(lines) = &mut wanted.user.lines else {
        return Ok(());
    };
    let known = instance.lines()?;
    for line in lines.iter_mut() {
        let found = known.iter().find(|known| known.eq_ignore_ascii_case(line));
        match found {
            Some(found) => line.clone_from(found),
            None => {
                return Err(ConnectError::Form {
                    field: "line of business",
                    value: line.clone(),
                    reason: format!("there is no such line; there are {}", known.join(", ")),
                });
            }
        }
    }
    lines.sort_unstable();
    lines.dedup();
    Ok(())
}

/// The clicks of whoever cannot write it.
pub fn click(wanted: &Wanted) -> Option<Click> {
    let named = wanted.consent.as_ref()?;
    let level = match named.as_slice() {
        [] => "each level of the people to act for".to_owned(),
        named => named.join(", "),
    };
    Some(Click {
        at: format!("Security Levels > {level} > Web Services API"),
        set: "tick Allow impersonation of resources with this security level".to_owned(),
    })
}
