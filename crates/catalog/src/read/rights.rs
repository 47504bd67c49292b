//! From a right as written to what the policy reads, with its reason.
//! Must not know fields.

use super::Parsed;
use crate::catalog::fold;
use crate::entity::{Basis, EntityId, Right};
use crate::error::{CatalogError, Place};
use crate::source::{BasisText, RightText, Who};
use bitting_policy::{Needs, Registry};
use std::collections::HashMap;

/// Everything a right can name.
pub(crate) struct Rights<'a> {
    pub registry: &'a Registry,
    pub parsed: &'a [Parsed<'a>],
    pub by_path: &'a HashMap<String, EntityId>,
}

const OF_A_TABLE: &str = "A row of a setup table.";

impl Rights<'_> {
    /// The right of an entity: what its file says, or else the table that guards its path.
    pub fn of(&self, source: &Parsed) -> Result<Right, CatalogError> {
        let Parsed { path, place, file } = source;
        let table = self.registry.table_guarding(path);
        let text = file.right.as_ref();
        let written = match text {
            Some(text) => self.written(source, text)?,
            None => None,
        };
        let needs = match (written, table) {
            (None, Some(table)) => Needs::Table(table),
            (Some(needs), None) => needs,
            (Some(needs), Some(table)) if names(&needs, &Needs::Table(table)) => needs,
            (Some(_), Some(table)) => {
                let table = self
                    .registry
                    .get_table(table)
                    .map_or_else(String::new, bitting_policy::Table::full_name);
                let fault = format!(
                    "tables.toml puts this path under `{table}`; remove one of the two rights"
                );
                return Err(place.on("right", fault));
            }
            (None, None) => {
                let fault = format!(
                    "`{path}` has no right; write `right`, or name the path in tables.toml"
                );
                return Err(place.on("right", fault));
            }
        };
        Ok(reasoned(needs, text))
    }

    /// A right that stands on its own: of a view, a path, a guard, a state.
    pub fn right(&self, source: &Parsed, text: &RightText) -> Result<Right, CatalogError> {
        match self.written(source, text)? {
            Some(needs) => Ok(reasoned(needs, Some(text))),
            None => Err(source.place.on(
                "right",
                "this right names nothing; write `action`, `table` or `who`",
            )),
        }
    }

    /// Fails when there is no customize list of this name.
    pub fn list(&self, identifier: &str, place: Place) -> Result<(), CatalogError> {
        if self.registry.list(identifier).is_some() {
            return Ok(());
        }
        let known = self
            .registry
            .lists()
            .iter()
            .map(|list| list.identifier.as_str());
        let fault = format!("there is no customize list `{identifier}`");
        Err(place
            .on(identifier, fault)
            .meant(crate::profile::nearest(identifier, known)))
    }

    fn written(&self, source: &Parsed, text: &RightText) -> Result<Option<Needs>, CatalogError> {
        let place = source.place;
        let mut needs = Vec::new();
        if let Some(name) = &text.action {
            needs.push(self.action(name, place)?);
        }
        if let Some(name) = &text.table {
            needs.push(self.table(name, place)?);
        }
        match text.who {
            Some(Who::Anyone) => needs.push(Needs::Anyone),
            Some(Who::Member) => needs.push(Needs::AnyMember),
            Some(Who::Parent) => needs.push(self.parent(source)?),
            None => {}
        }
        if let Some(parts) = &text.every {
            needs.push(Needs::Every(self.parts(source, parts)?));
        }
        if let Some(parts) = &text.either {
            needs.push(Needs::Either(self.parts(source, parts)?));
        }
        if needs.len() > 1 {
            let fault = "a right is one of `action`, `table`, `who`, `every`, `either`; join several with `every`";
            return Err(place.on("right", fault));
        }
        Ok(needs.pop())
    }

    fn parts(&self, source: &Parsed, parts: &[RightText]) -> Result<Vec<Needs>, CatalogError> {
        let parts = parts
            .iter()
            .map(|part| self.right(source, part).map(|right| right.needs));
        parts.collect()
    }

    fn action(&self, name: &str, place: Place) -> Result<Needs, CatalogError> {
        let (module, action) = name.split_once(" / ").unwrap_or(("", name));
        let found = self.registry.action(module, action);
        found.map(Needs::Action).ok_or_else(|| {
            let fault = format!("there is no action `{name}` in actions.toml");
            let meant = self
                .registry
                .nearest_action(module, action)
                .map(bitting_policy::Action::full_name);
            place.on(name, fault).meant(meant)
        })
    }

    fn table(&self, name: &str, place: Place) -> Result<Needs, CatalogError> {
        let found = self.registry.table(name);
        found.map(Needs::Table).ok_or_else(|| {
            let fault = format!("there is no table `{name}` in tables.toml");
            place.on(name, fault).meant(
                self.registry
                    .nearest_table(name)
                    .map(bitting_policy::Table::full_name),
            )
        })
    }

    /// The needs of the nearest entity above this path.
    fn parent(&self, source: &Parsed) -> Result<Needs, CatalogError> {
        let mut path = source.path;
        while let Some((above, _)) = path.rsplit_once('/') {
            if let Some(id) = self.by_path.get(&fold(above)) {
                return self
                    .of(&self.parsed[id.0 as usize])
                    .map(|right| right.needs);
            }
            path = above;
        }
        Err(source.place.on(
            "parent",
            "nothing above this path has a right; write one here",
        ))
    }
}

/// Whether a tree of needs is, or holds, this one.
fn names(needs: &Needs, wanted: &Needs) -> bool {
    match needs {
        Needs::Every(parts) | Needs::Either(parts) => parts.iter().any(|part| names(part, wanted)),
        one => one == wanted,
    }
}

fn reasoned(needs: Needs, text: Option<&RightText>) -> Right {
    let basis = text
        .and_then(|text| text.basis)
        .unwrap_or(BasisText::Inferred);
    let reason = text
        .and_then(|text| text.reason.clone())
        .unwrap_or_else(|| match needs {
            Needs::Table(_) => OF_A_TABLE.to_owned(),
            _ => String::new(),
        });
    Right {
        needs,
        basis: Basis::from(basis),
        reason,
    }
}
