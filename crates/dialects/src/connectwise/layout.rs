//! Which columns of an entity an answer reads, and in which order its members are written. A layout
//! is worked out once per entity, release and set of hidden fields. Knows no rows.

use super::names::Names;
use super::projection::{Part, Projection};
use bitting_catalog::entity::{Entity, Field, Kind, Reference, Release, View};
use std::sync::Arc;

/// Hidden columns every stored row has.
pub const ENTERED_BY: &str = "entered_by";
pub const DATE_ENTERED: &str = "date_entered";
pub const UPDATED_BY: &str = "updated_by";
pub const LAST_UPDATED: &str = "last_updated";
/// The structure node a row hangs on, for visibility.
pub const SCOPE: &str = "scope_id";
/// Values of custom fields, a JSON array of `{id, value}`.
pub const EXTRA: &str = "extra";

/// Shape of the answers to a configuration's questions, some of which are passwords.
const ANSWERS: &str = "ConfigurationQuestion";

/// What to read and how to write it.
#[derive(Debug, Clone)]
pub struct Layout {
    /// Columns to select; cells come in this order. The first is always `id`.
    pub columns: Vec<Arc<str>>,
    pub steps: Vec<Step>,
    pub info: Option<Info>,
    /// Cell with the custom field values, where the entity has them.
    pub extra: Option<usize>,
}

/// One member of the answer.
#[derive(Debug, Clone)]
pub struct Step {
    /// `"summary":` with quotes and colon, ready to write.
    pub key: Box<[u8]>,
    pub cell: usize,
    pub what: What,
    /// Written even when null: booleans and required members, which clients index directly.
    pub always: bool,
}

#[derive(Debug, Clone)]
pub enum What {
    Integer,
    Number,
    Boolean,
    Text,
    /// JSON text, written as it stands.
    Raw,
    /// Nested objects, written without the members that this release does not have.
    Without(Box<[Arc<str>]>),
    /// A list of answers to a caller without the right to see passwords: those are left out.
    Veiled,
    Reference(Arc<Reference>, Members),
    References(Arc<Reference>, Members),
}

/// Which members of a reference to show.
#[derive(Debug, Clone)]
pub struct Members {
    pub id: bool,
    pub info: bool,
    /// Indexes into [`Reference::members`].
    pub shown: Vec<usize>,
}

/// Cells of the `_info` object.
#[derive(Debug, Clone)]
pub struct Info {
    /// (`"lastUpdated":`, its cell)
    pub stamps: Vec<(Box<[u8]>, usize)>,
    /// (`"notes_href":`, path below the record)
    pub links: Vec<(Box<[u8]>, String)>,
}

/// What a layout is worked out for.
#[derive(Clone, Copy)]
pub struct Wanted<'a> {
    pub view: Option<&'a View>,
    pub projection: Option<&'a Projection>,
    pub release: Release,
    /// Members of nested shapes by name.
    pub names: &'a dyn Names,
    /// Per field of the entity: the caller may not see it.
    pub hidden: &'a dyn Fn(usize) -> bool,
}

/// Whether nested objects of this shape are shown without their secrets where the field is hidden.
pub fn is_veiled(shape: &str) -> bool {
    shape == ANSWERS
}

/// A list of answers without those whose `fieldType` is a password.
pub fn veil(answers: &mut serde_json::Value) {
    for answer in answers.as_array_mut().into_iter().flatten() {
        if let Some(members) = answer.as_object_mut()
            && members
                .get("fieldType")
                .is_some_and(|kind| kind == "Password")
        {
            members.remove("answer");
        }
    }
}

impl Layout {
    /// Works out the layout of an entity's records.
    pub fn new(entity: &Entity, wanted: Wanted<'_>) -> Self {
        let mut layout = Self {
            columns: vec![Arc::from("id")],
            steps: Vec::new(),
            info: None,
            extra: None,
        };
        match wanted.view {
            Some(view) => {
                for (name, source) in &view.fields {
                    if later(&view.since, name, wanted.release) {
                        continue;
                    }
                    if let Some(index) =
                        entity.fields.iter().position(|field| field.name == *source)
                    {
                        layout.add(entity, index, name, wanted);
                    }
                }
            }
            None => {
                for (index, field) in entity.fields.iter().enumerate() {
                    layout.add(entity, index, &field.name.clone(), wanted);
                }
            }
        }
        let has_info = wanted.view.map_or(entity.info, |view| view.info);
        let info = match wanted.projection {
            _ if !has_info => None,
            None => Some(Part::Whole),
            Some(projection) => projection.includes("_info"),
        };
        if let Some(part) = info {
            let asked = |key: &str| match part {
                Part::Whole => true,
                Part::Some(names) => names.iter().any(|name| name.eq_ignore_ascii_case(key)),
            };
            let stamps = [
                ("lastUpdated", LAST_UPDATED),
                ("updatedBy", UPDATED_BY),
                ("dateEntered", DATE_ENTERED),
                ("enteredBy", ENTERED_BY),
            ];
            let stamps = stamps.into_iter().filter(|(key, _)| asked(key));
            let stamps = stamps.map(|(key, column)| (quoted_key(key), layout.column(column)));
            let links = entity.links.iter();
            let links = links.filter(|(key, _)| wanted.view.is_none() && asked(key));
            layout.info = Some(Info {
                stamps: stamps.collect(),
                links: links
                    .map(|(key, path)| (quoted_key(key), path.clone()))
                    .collect(),
            });
        }
        let shows_custom = wanted
            .projection
            .is_none_or(|projection| projection.includes_name("customFields"));
        if entity.custom_fields && wanted.view.is_none() && shows_custom {
            layout.extra = Some(layout.column(EXTRA));
        }
        layout
    }

    fn add(&mut self, entity: &Entity, index: usize, name: &str, wanted: Wanted<'_>) {
        let field = &entity.fields[index];
        let hidden = (wanted.hidden)(index);
        // Of a list of answers, a guard hides the passwords and not the list; of all else, everything.
        let veiled =
            hidden && matches!(&field.kind, Kind::Embedded { shape, .. } if is_veiled(shape));
        if field.write_only || !shown_in(field, wanted.release) || (hidden && !veiled) {
            return;
        }
        let members = match wanted.projection {
            None => None,
            Some(projection) => match projection.includes(name) {
                None => return,
                Some(part) => Some(part),
            },
        };
        let what = match &field.kind {
            _ if veiled => What::Veiled,
            Kind::Integer => What::Integer,
            Kind::Number => What::Number,
            Kind::Boolean => What::Boolean,
            Kind::Text | Kind::DateTime | Kind::Date | Kind::Uuid => What::Text,
            Kind::Embedded { shape, .. } => {
                let members = wanted.names.shape(shape).unwrap_or_default();
                let gone = members
                    .iter()
                    .filter(|member| !shown_in(member, wanted.release));
                let gone: Box<[Arc<str>]> = gone.map(|member| member.name.clone()).collect();
                if gone.is_empty() {
                    What::Raw
                } else {
                    What::Without(gone)
                }
            }
            Kind::List(_) | Kind::Any => What::Raw,
            Kind::Reference(reference) => What::Reference(
                reference.clone(),
                Members::of(reference, members, wanted.release),
            ),
            Kind::References(reference) => What::References(
                reference.clone(),
                Members::of(reference, members, wanted.release),
            ),
        };
        let always = matches!(field.kind, Kind::Boolean) || field.required;
        let cell = self.column_of(field);
        self.steps.push(Step {
            key: quoted_key(name),
            cell,
            what,
            always,
        });
    }

    fn column_of(&mut self, field: &Field) -> usize {
        let column = field.column.clone();
        self.position(&column).unwrap_or_else(|| {
            self.columns.push(column);
            self.columns.len() - 1
        })
    }

    fn column(&mut self, name: &str) -> usize {
        self.position(name).unwrap_or_else(|| {
            self.columns.push(Arc::from(name));
            self.columns.len() - 1
        })
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| &**column == name)
    }
}

impl Members {
    fn of(reference: &Reference, part: Option<Part<'_>>, release: Release) -> Self {
        let known = |index: &usize| {
            let (name, _) = &reference.members[*index];
            !later(&reference.since, name, release)
        };
        let shown = (0..reference.members.len()).filter(known);
        match part {
            None | Some(Part::Whole) => Self {
                id: true,
                info: part.is_none(),
                shown: shown.collect(),
            },
            Some(Part::Some(names)) => {
                let named =
                    |wanted: &str| names.iter().any(|name| name.eq_ignore_ascii_case(wanted));
                Self {
                    id: named("id"),
                    info: named("_info"),
                    shown: shown
                        .filter(|index| named(&reference.members[*index].0))
                        .collect(),
                }
            }
        }
    }
}

/// Whether a member came after the release that is answered in.
fn later(since: &[(Arc<str>, Release)], name: &str, release: Release) -> bool {
    since
        .iter()
        .any(|(member, from)| **member == *name && release < *from)
}

fn quoted_key(name: &str) -> Box<[u8]> {
    format!("\"{name}\":").into_bytes().into_boxed_slice()
}

fn shown_in(field: &Field, release: Release) -> bool {
    field.since.is_none_or(|since| since <= release)
        && field.until.is_none_or(|until| release <= until)
}
