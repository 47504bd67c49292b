//! Fields, shapes and references: from what a file writes to what the server reads.
//! Must not know rights or paths.

use super::texts::Texts;
use crate::catalog::fold;
use crate::entity::{EntityId, Field, Kind, Reference, Release};
use crate::error::{CatalogError, Place};
use crate::profile::nearest;
use crate::served::Picklists;
use crate::source::autotask::ServesText;
use crate::source::{FieldTable, FieldText, KindText, Ordered, ReferenceText, ReleaseText};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// What a field may name.
pub(crate) struct Names<'a> {
    pub by_path: &'a HashMap<String, EntityId>,
    pub references: &'a BTreeMap<Arc<str>, Arc<Reference>>,
    pub picklists: &'a Picklists,
    pub texts: &'a Texts,
}

impl Names<'_> {
    /// The entity of a path, or the fault with the nearest one.
    pub fn entity(&self, path: &str, place: Place) -> Result<EntityId, CatalogError> {
        entity(self.by_path, path, place)
    }
}

fn entity(
    by_path: &HashMap<String, EntityId>,
    path: &str,
    place: Place,
) -> Result<EntityId, CatalogError> {
    by_path.get(&fold(path)).copied().ok_or_else(|| {
        let fault = format!("there is no entity `{path}`; name the file of one");
        place
            .on(path, fault)
            .meant(nearest(path, by_path.keys().map(String::as_str)))
    })
}

/// Every shape of link, by name.
pub(crate) fn references(
    texts: &Ordered<ReferenceText>,
    place: Place,
    by_path: &HashMap<String, EntityId>,
    known: &Texts,
) -> Result<BTreeMap<Arc<str>, Arc<Reference>>, CatalogError> {
    let mut references = BTreeMap::new();
    for (name, text) in &texts.0 {
        let target = match &text.to {
            Some(path) => Some(entity(by_path, path, place)?),
            None => None,
        };
        let same = text.shows.iter().map(|member| (member, member));
        let renamed = text
            .shows_as
            .0
            .iter()
            .map(|(member, field)| (member, field));
        let members: Vec<_> = same
            .chain(renamed)
            .map(|(member, field)| (known.one(member), known.one(field)))
            .collect();
        let since = newer(&text.since, &members, name, place, known)?;
        let shape = known.one(name);
        let reference = Reference {
            shape: shape.clone(),
            target,
            members,
            href: known.one(&text.href),
            since,
        };
        references.insert(shape, Arc::new(reference));
    }
    Ok(references)
}

/// Members of a shape or view that came with a later release. Each has to be one that is shown.
pub(crate) fn newer(
    texts: &Ordered<ReleaseText>,
    shown: &[(Arc<str>, Arc<str>)],
    of: &str,
    place: Place,
    known: &Texts,
) -> Result<Vec<(Arc<str>, Release)>, CatalogError> {
    let mut newer = Vec::with_capacity(texts.0.len());
    for (name, release) in &texts.0 {
        if !shown.iter().any(|(member, _)| **member == **name) {
            let fault = format!("`{of}` says since when it has `{name}`, which it does not show");
            return Err(place.on(name, fault));
        }
        newer.push((known.one(name), release.0));
    }
    Ok(newer)
}

/// The implied `id`, with what the file says of it.
pub(crate) fn id(texts: &Texts, serves: Option<&ServesText>, of: Option<EntityId>) -> Field {
    let text = FieldTable {
        kind: Some(KindText::Integer),
        read_only: true,
        native: serves.and_then(|serves| serves.id.clone()),
        queryable: serves.and_then(|serves| serves.id_queryable),
        guess: true,
        ..FieldTable::default()
    };
    build("id", &text, Kind::Integer, of, texts)
}

/// The fields of one table of a file, in its order.
pub(crate) fn resolve(
    texts: &Ordered<FieldText>,
    place: Place,
    names: &Names,
) -> Result<Vec<Field>, CatalogError> {
    let mut fields = Vec::with_capacity(texts.0.len() + 1);
    for (name, FieldText(text)) in &texts.0 {
        let kind = kind(name, text, place, names)?;
        let id_of = match &text.id_of {
            Some(path) => Some(names.entity(path, place)?),
            None => None,
        };
        let mut field = build(name, text, kind, id_of, names.texts);
        if let Some(list) = &text.picklist {
            let found = names.picklists.get(list.as_str()).ok_or_else(|| {
                let fault = format!("there is no pick list `{list}`; add it to picklists.toml");
                let known = names.picklists.keys().map(|name| &**name);
                place.on(list, fault).meant(nearest(list, known))
            })?;
            field.picklist = Some(found.clone());
        }
        fields.push(field);
    }
    super::conditions::join(&mut fields, texts, place, names.texts)?;
    Ok(fields)
}

fn kind(name: &str, text: &FieldTable, place: Place, names: &Names) -> Result<Kind, CatalogError> {
    let link = |shape: &str| -> Result<Arc<Reference>, CatalogError> {
        let Some(found) = names.references.get(shape) else {
            let fault = format!("there is no reference `{shape}`; add it to references.toml");
            let known = names.references.keys().map(|name| &**name);
            return Err(place.on(shape, fault).meant(nearest(shape, known)));
        };
        let mut found = found.clone();
        if let Some(path) = &text.to {
            let target = Some(names.entity(path, place)?);
            if found.target != target {
                Arc::make_mut(&mut found).target = target;
            }
        }
        Ok(found)
    };
    let shape = |shape: &str, list: bool| Kind::Embedded {
        shape: names.texts.one(shape),
        list,
    };
    let kinds = [
        text.kind.map(|kind| Ok(plain(kind))),
        text.reference
            .as_deref()
            .map(|shape| link(shape).map(Kind::Reference)),
        text.references
            .as_deref()
            .map(|shape| link(shape).map(Kind::References)),
        text.list.map(|scalar| Ok(Kind::List(scalar.into()))),
        text.shape.as_deref().map(|name| Ok(shape(name, false))),
        text.shapes.as_deref().map(|name| Ok(shape(name, true))),
    ];
    let mut kinds = kinds.into_iter().flatten();
    if let (Some(kind), None) = (kinds.next(), kinds.next()) {
        return kind;
    }
    let fault = format!(
        "field `{name}` needs exactly one of `kind`, `ref`, `refs`, `list`, `shape`, `shapes`"
    );
    Err(place.on(name, fault))
}

fn plain(kind: KindText) -> Kind {
    match kind {
        KindText::Integer => Kind::Integer,
        KindText::Number => Kind::Number,
        KindText::Boolean => Kind::Boolean,
        KindText::Text => Kind::Text,
        KindText::DateTime => Kind::DateTime,
        KindText::Date => Kind::Date,
        KindText::Uuid => Kind::Uuid,
        KindText::Any => Kind::Any,
    }
}

fn build(
    name: &str,
    text: &FieldTable,
    kind: Kind,
    id_of: Option<EntityId>,
    texts: &Texts,
) -> Field {
    let column = match (&text.column, &kind) {
        (Some(column), _) => texts.one(column),
        (None, Kind::Reference(_)) => texts.one(&format!("{}_id", snake(name))),
        (None, _) => texts.one(&snake(name)),
    };
    Field {
        name: texts.one(name),
        column,
        kind,
        max: text.max,
        required: text.required,
        required_on_update: text.required_on_update,
        read_only: text.read_only,
        post_only: text.post_only,
        write_only: text.write_only,
        blank: text.blank,
        values: text.values.iter().map(|value| texts.one(value)).collect(),
        default: text.default.as_ref().map(|default| default.0.clone()),
        since: text.since.map(|release| release.0),
        until: text.until.map(|release| release.0),
        within: text.within.as_deref().map(|within| texts.one(within)),
        id_of,
        indexed: text.indexed,
        native: text.native.as_deref().map(|native| texts.one(native)),
        picklist: None,
        queryable: text.queryable.unwrap_or(true),
        shown_link: !text.guess,
        conditions: None,
    }
}

/// `escalationStartDateUTC` as `escalation_start_date_utc`.
pub(crate) fn snake(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut snake = String::with_capacity(name.len() + 4);
    for (i, letter) in letters.iter().enumerate() {
        let before = i.checked_sub(1).map(|i| letters[i]);
        let after = letters.get(i + 1);
        let starts_word = letter.is_ascii_uppercase()
            && before.is_some_and(|before| {
                before.is_ascii_lowercase()
                    || before.is_ascii_digit()
                    || (before.is_ascii_uppercase() && after.is_some_and(char::is_ascii_lowercase))
            });
        if starts_word {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

/// `service/boards/typeSubTypeItemAssociations` as `service_boards_typesubtypeitemassociations`.
pub(crate) fn table_name(path: &str) -> String {
    path.replace(['/', '-', '.'], "_").to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_words_with_underscores() {
        for (name, column) in [
            ("summary", "summary"),
            ("serviceDefaultBoard", "service_default_board"),
            ("escalationStartDateUTC", "escalation_start_date_utc"),
            ("connectWiseID", "connect_wise_id"),
            ("AMPMFlag", "ampm_flag"),
            ("addressLine1", "address_line1"),
            ("adjust1Start", "adjust1_start"),
            ("location_flag", "location_flag"),
            ("isInSLANow", "is_in_sla_now"),
        ] {
            assert_eq!(snake(name), column);
        }
        assert_eq!(
            table_name("service/tickets/allNotes"),
            "service_tickets_allnotes"
        );
    }
}
