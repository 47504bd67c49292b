//! What of the PSA's answer the caller sees: fields that are not hidden from it, nothing that was read for the
//! proof alone, and links that lead to the gate. Knows no rows beyond the one in hand.

use bitting_catalog::entity::{Entity, Kind as FieldKind};
use bitting_dialects::connectwise::layout;
use bitting_dialects::connectwise::projection::{Part, Projection};
use bitting_psa::permit::Permit;
use serde_json::{Map, Value as Json};

/// How one call's records are shown.
pub struct Show<'a> {
    pub permit: &'a Permit<'a>,
    /// Index of the entity's view, if one is shown.
    pub view: Option<usize>,
    /// The gate's own API root, `https://gate/v4_6_release/apis/3.0/`.
    pub base: &'a str,
    /// What the caller asked for, and what the proof asked for beside it.
    pub projection: Option<&'a Projection>,
    pub added: &'a [String],
}

impl Show<'_> {
    pub fn record(&self, record: &mut Json) {
        if let Json::Object(members) = record {
            self.hide(members);
            if let Some(projection) = self.projection {
                for path in self.added {
                    withdraw(members, path, projection);
                }
            }
        }
        self.links(record);
    }

    /// Fields that the permit hides; once it hides any, so does the gate what it does not know.
    fn hide(&self, members: &mut Map<String, Json>) {
        if self.permit.hidden() == 0 {
            return;
        }
        let entity = self.permit.entity();
        members.retain(|name, value| {
            let source = self.source(entity, name);
            let Some(index) = entity
                .fields
                .iter()
                .position(|field| field.name.eq_ignore_ascii_case(&source))
            else {
                return ["id", "_info", "customFields"].contains(&name.as_str());
            };
            if !self.permit.hides(index) {
                return true;
            }
            let veils = matches!(&entity.fields[index].kind, FieldKind::Embedded { shape, .. }
                if layout::is_veiled(shape));
            if veils {
                layout::veil(value);
            }
            veils
        });
    }

    /// The field that a member of a view shows.
    fn source(&self, entity: &Entity, name: &str) -> String {
        let view = self.view.and_then(|index| entity.views.get(index));
        let found = view.and_then(|view| {
            let mut fields = view.fields.iter();
            fields.find(|(shown, _)| **shown == *name)
        });
        found.map_or_else(|| name.to_owned(), |(_, field)| field.to_string())
    }

    /// Addresses of records lead to the gate.
    fn links(&self, value: &mut Json) {
        match value {
            Json::Object(members) => {
                for (name, value) in members.iter_mut() {
                    match value {
                        Json::String(text) if name.to_ascii_lowercase().ends_with("_href") => {
                            *text = match text.split_once("/apis/3.0/") {
                                Some((_, path)) => format!("{}{path}", self.base),
                                None => String::new(),
                            };
                        }
                        other => self.links(other),
                    }
                }
            }
            Json::Array(values) => values.iter_mut().for_each(|value| self.links(value)),
            _ => {}
        }
    }
}

/// Takes out what only the proof asked for.
fn withdraw(members: &mut Map<String, Json>, path: &str, projection: &Projection) {
    let (name, below) = match path.split_once('/') {
        Some((name, below)) => (name, Some(below)),
        None => (path, None),
    };
    match (projection.includes(name), below) {
        (Some(Part::Whole), _) | (Some(_), None) => {}
        (None, _) => drop(members.remove(name)),
        (Some(Part::Some(wanted)), Some(below)) => {
            if !wanted
                .iter()
                .any(|wanted| wanted.eq_ignore_ascii_case(below))
                && let Some(Json::Object(inner)) = members.get_mut(name)
            {
                inner.remove(below);
            }
        }
    }
}
