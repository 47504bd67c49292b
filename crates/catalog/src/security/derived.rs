//! Values that act as more than they say, because other rows of the screen stand where they do: a level's values in
//! effect. The screen, and a plan against it, go on showing what was set.

use super::{Permission, Permissions, SecurityLevel, Values};
use serde::Deserialize;
use std::borrow::Cow;
use std::fmt;

/// `{ cell = "view", from = "None", to = "All", section = "CRM", subsection = "…", stands = "All", … }`: `from` acts
/// as `to` while every row of the subsection stands at one value.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Derived {
    pub cell: String,
    pub from: String,
    pub to: String,
    pub section: String,
    pub subsection: String,
    pub stands: String,
    /// Permission of the same section whose least value keeps it shut all the same.
    pub shut_by: String,
}

/// A cell of a level that acts as more than it says.
#[derive(Debug, Clone, Copy)]
pub struct Derivation<'p> {
    pub permission: &'p Permission,
    pub rule: &'p Derived,
}

impl fmt::Display for Derivation<'_> {
    /// `Contracts / Contracts: View None acts as All, because every row of CRM > Account & Contact Access is All`
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Derived {
            cell,
            from,
            to,
            section,
            subsection,
            stands,
            ..
        } = self.rule;
        let (first, rest) = cell.split_at(cell.len().min(1));
        write!(
            out,
            "{}: {}{rest} {from} acts as {to}, because every row of {section} > {subsection} is {stands}",
            self.permission.full_name(),
            first.to_uppercase(),
        )
    }
}

/// Whether a rule speaks of cells and values that there are; else the word that is wrong, and why.
pub(super) fn derivable(
    entries: &[Permission],
    of: &Permission,
    rule: &Derived,
) -> Result<(), (String, String)> {
    let takes = |row: &Permission, cell: &str, value: &String| row.values(cell).contains(value);
    for value in [&rule.from, &rule.to] {
        if !takes(of, &rule.cell, value) {
            let fault = format!("`{}` {} has no value `{value}`", of.name, rule.cell);
            return Err((value.clone(), fault));
        }
    }
    let shuts = |row: &Permission| row.section == of.section && row.name == rule.shut_by;
    if !entries.iter().any(shuts) {
        let fault = format!("`{}` has no `{}`", of.section, rule.shut_by);
        return Err((rule.shut_by.clone(), fault));
    }
    let mut rows = entries
        .iter()
        .filter(|row| row.section == rule.section && row.subsection == rule.subsection)
        .peekable();
    if rows.peek().is_none() {
        let fault = format!("there is no `{} > {}`", rule.section, rule.subsection);
        return Err((rule.subsection.clone(), fault));
    }
    match rows.find(|row| !takes(row, "value", &rule.stands)) {
        None => Ok(()),
        Some(row) => {
            let fault = format!("`{}` has no value `{}`", row.name, rule.stands);
            Err((rule.stands.clone(), fault))
        }
    }
}

impl Derivation<'_> {
    /// What to set where it is not meant.
    pub fn remedy(&self) -> String {
        let (rule, section) = (self.rule, &self.permission.section);
        format!(
            "where it is not meant, set a row of {} > {} lower, or {section} / {} to its least",
            rule.section, rule.subsection, rule.shut_by
        )
    }
}

impl Permissions {
    /// The cells of a level that act as more than they say.
    pub fn derivations(&self, level: &SecurityLevel) -> Vec<Derivation<'_>> {
        let every = self.entries.iter();
        every
            .filter_map(|permission| {
                let rule = permission.derived.as_ref()?;
                let mut rows = self
                    .entries
                    .iter()
                    .filter(|row| row.section == rule.section && row.subsection == rule.subsection);
                let acts = self.stands(level, permission, &rule.cell) == rule.from
                    && rows.all(|row| self.stands(level, row, "value") == rule.stands);
                acts.then_some(Derivation { permission, rule })
            })
            .collect()
    }

    /// The level as it acts.
    pub fn in_effect<'l>(&self, level: &'l SecurityLevel) -> Cow<'l, SecurityLevel> {
        let found = self.derivations(level);
        if found.is_empty() {
            return Cow::Borrowed(level);
        }
        let mut acting = level.clone();
        for Derivation { permission, rule } in found {
            let full = permission.full_name();
            let known = level.settings.keys().find(|name| self.is(permission, name));
            let name = known.cloned().unwrap_or(full);
            let values: &mut Values = acting.settings.entry(name).or_default();
            if let Some(cell) = values.cell(&rule.cell) {
                *cell = Some(rule.to.clone());
            }
        }
        Cow::Owned(acting)
    }

    /// Whether a name, however it is spelled, is that of a permission.
    fn is(&self, permission: &Permission, name: &str) -> bool {
        self.named(name)
            .is_some_and(|found| found.full_name() == permission.full_name())
    }

    /// What a cell stands at: the least value where the level says nothing.
    fn stands<'l>(&'l self, level: &'l SecurityLevel, row: &'l Permission, cell: &str) -> &'l str {
        let mut settings = level.settings.iter();
        let values = settings.find(|(name, _)| self.is(row, name));
        let set = values.and_then(|(_, values)| {
            let cells = values.cells();
            let found = cells.into_iter().find(|(name, _)| *name == cell);
            found.and_then(|(_, value)| value.as_deref())
        });
        set.or_else(|| row.values(cell).first().map(String::as_str))
            .unwrap_or_default()
    }
}
