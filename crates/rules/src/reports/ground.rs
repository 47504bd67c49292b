//! What the names in a report's file are looked up in: the fields of a record, the members of an element of
//! one of its lists, or the few words that a row which is no record has. Knows no rows.

use super::children::Below;
use super::definition::{Each, Report, Source};
use super::expression::Asked;
use super::reach::{Hop, Reach};
use bitting_catalog::entity::{Entity, Kind as FieldKind};
use bitting_dialects::connectwise::layout::EXTRA;
use bitting_psa::instance::Instance;
use bitting_query::{Kind, Value};
use std::sync::Arc;

/// What stands before the members of an element, in files and in rows.
pub const ELEMENT: &str = "each";
/// The record that an element names.
const NAMED: &str = "of/";
/// What a row of a field's values holds.
const VALUE: [&str; 3] = ["value", "words", "position"];
/// What a row of an audit trail holds.
const TRAIL: [&str; 6] = ["record", "text", "field", "what", "enteredBy", "entered"];

/// Where a report's names lead.
pub struct Ground<'a> {
    instance: &'a Instance,
    report: &'a Report,
    entity: &'a Entity,
}

impl<'a> Ground<'a> {
    pub fn new(instance: &'a Instance, report: &'a Report, entity: &'a Entity) -> Self {
        Self {
            instance,
            report,
            entity,
        }
    }

    /// The moment at which a report is asked for.
    pub fn now(&self) -> Value {
        Value::Text(bitting_psa::moment::time(self.instance.now()))
    }

    /// Follows a path; the error names the part that leads nowhere.
    pub fn reach(&self, path: &str) -> Result<Reach, String> {
        match &self.report.rows {
            Source::Values { .. } => word(&VALUE, path),
            Source::Trail(_) => word(&TRAIL, path),
            Source::Each(each) => self.element(each, path),
            _ => Reach::find(self.instance.catalog(), self.entity, path),
        }
    }

    pub fn below(&self, asked: &Asked) -> Result<Below, String> {
        match &self.report.rows {
            Source::Values { .. } | Source::Trail(_) => {
                Err(format!("there is no {} below such a row", asked.child))
            }
            _ => Below::find(self.instance.catalog(), self.entity, asked),
        }
    }

    fn element(&self, each: &Each, path: &str) -> Result<Reach, String> {
        let catalog = self.instance.catalog();
        if path == ELEMENT || path.starts_with("each/") {
            return Ok(Reach::own(path, Kind::Text));
        }
        let Some(rest) = path.strip_prefix(NAMED) else {
            return Reach::find(catalog, self.entity, path);
        };
        let of = each.of.as_deref().ok_or("of/ needs `of` in the file")?;
        let of = catalog
            .entity_at(of)
            .ok_or_else(|| format!("there is no {of}"))?;
        let mut reach = Reach::find(catalog, of, rest)?;
        let plain = self.entity.any_field(&each.list).is_some_and(|field| {
            matches!(field.kind, FieldKind::List(_) | FieldKind::References(_))
        });
        let column = if plain { "each" } else { "each/id" };
        let hop = Hop {
            column: Arc::from(column),
            target: of.id,
        };
        reach.hops.insert(0, hop);
        Ok(reach)
    }
}

/// The column that holds the list.
pub fn list(entity: &Entity, each: &Each) -> Result<Arc<str>, String> {
    if each.list == "customFields" && entity.custom_fields {
        return Ok(Arc::from(EXTRA));
    }
    let field = entity.any_field(&each.list);
    field
        .map(|field| field.column.clone())
        .ok_or_else(|| format!("{} has no {}", entity.path, each.list))
}

fn word(known: &[&str], path: &str) -> Result<Reach, String> {
    if known.contains(&path) {
        Ok(Reach::own(path, Kind::Text))
    } else {
        Err(format!("no `{path}`; there are {}", known.join(", ")))
    }
}
