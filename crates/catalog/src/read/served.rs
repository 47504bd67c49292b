//! Routes, row rules and pick lists of an Autotask entity: names resolved.
//! Must not know rights.

use super::Parsed;
use super::fields::{Names, snake};
use crate::entity::{Basis, Field};
use crate::error::{CatalogError, Place};
use crate::profile::nearest;
use crate::served::{
    Act, Asked, Below, Can, Operations, Picklist, PicklistValue, Picklists, Rows, Served, Team,
};
use crate::source::Ordered;
use crate::source::autotask::PicklistText;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Every pick list by name.
pub(crate) fn picklists(
    texts: &Ordered<PicklistText>,
    place: Place,
) -> Result<Picklists, CatalogError> {
    let mut lists = BTreeMap::new();
    for (name, text) in &texts.0 {
        let mut values = Vec::with_capacity(text.values.len());
        for value in &text.values {
            let (shown, parent) = match &value[..] {
                [value, label] => ((value, label), None),
                [value, label, parent] => ((value, label), Some(Arc::from(parent.as_str()))),
                _ => {
                    let fault = format!(
                        "a value of `{name}` is [value, label] or [value, label, value of the parent]"
                    );
                    return Err(place.on(name, fault));
                }
            };
            values.push(PicklistValue {
                value: Arc::from(shown.0.as_str()),
                label: Arc::from(shown.1.as_str()),
                parent,
            });
        }
        let name: Arc<str> = Arc::from(name.as_str());
        let list = Picklist {
            name: name.clone(),
            values,
            parent: text.parent.as_deref().map(Arc::from),
            default: text.default.as_deref().map(Arc::from),
        };
        lists.insert(name, Arc::new(list));
    }
    Ok(lists)
}

/// What `[serves]` and `[rows]` of a file say.
pub(crate) fn served(
    source: &Parsed,
    fields: &[Field],
    names: &Names,
) -> Result<Option<Served>, CatalogError> {
    let Parsed { path, place, file } = source;
    let Some(text) = &file.serves else {
        if file.paths.0.is_empty() {
            let fault = format!("`{path}` has no paths; write [paths], or [serves]");
            return Err(place.at(0, fault));
        }
        return Ok(None);
    };
    let find = |name: &String| -> Result<usize, CatalogError> {
        let found = fields.iter().position(|field| *field.name == **name);
        found.ok_or_else(|| {
            let known = fields.iter().map(|field| &*field.name);
            let fault = format!("`{path}` has no field `{name}`");
            place.on(name, fault).meant(nearest(name, known))
        })
    };
    let maybe = |name: &Option<String>| -> Result<Option<usize>, CatalogError> {
        name.as_ref().map(find).transpose()
    };
    let below = match &text.below {
        Some(below) => Some(Below {
            parent: match &below.of {
                Some(of) => Some(names.entity(of, *place)?),
                None => None,
            },
            segment: Arc::from(below.segment.as_str()),
            route: Arc::from(below.route.as_str()),
            field: maybe(&below.field)?,
            operations: operations(&below.verbs, *place)?,
            basis: Basis::from(below.basis),
        }),
        None => None,
    };
    let mut can = Can::default();
    for word in text.can.split_ascii_whitespace() {
        match act(word, *place)? {
            Act::Create => can.create = true,
            Act::Query => can.query = true,
            Act::Update => can.update = true,
            Act::Delete => can.delete = true,
        }
    }
    let mut asks = Vec::with_capacity(text.asks.len());
    for (asked, verb) in &text.asks {
        asks.push((act(asked, *place)?, act(verb, *place)?));
    }
    let rows = &file.rows;
    let all = |names: &[String]| names.iter().map(find).collect::<Result<Vec<_>, _>>();
    let acts = |words: &str| -> Result<Vec<Act>, CatalogError> {
        let words = words.split_ascii_whitespace();
        words.map(|word| act(word, *place)).collect()
    };
    let team = match &rows.team {
        Some(team) => Some(Team {
            entity: names.entity(&team.entity, *place)?,
            row: Arc::from(snake(&team.field)),
            resource: Arc::from(snake(&team.resource)),
        }),
        None => None,
    };
    Ok(Some(Served {
        root: operations(&text.root, *place)?,
        below,
        can,
        asks,
        restricted: acts(&text.restricted)?,
        told: acts(&text.told)?,
        protected_data: file.protected_data,
        webhooks: file.webhooks,
        files: text.files.split_ascii_whitespace().map(Arc::from).collect(),
        user_defined: file.user_defined,
        rows: Rows {
            mine: all(&rows.mine)?,
            own: all(&rows.own)?,
            organizations: maybe(&rows.organizations)?,
            through: all(rows.through.names())?,
            territory: maybe(&rows.territory)?,
            classes: maybe(if rows.classes.is_some() {
                &rows.classes
            } else {
                &rows.kinds
            })?,
            team,
            line: maybe(&rows.line)?,
        },
    }))
}

fn operations(words: &str, place: Place) -> Result<Operations, CatalogError> {
    let mut operations = Operations::default();
    for word in words.split_ascii_whitespace() {
        let known = Asked::WORDS.into_iter().find(|(known, _)| *known == word);
        let Some((_, asked)) = known else {
            let fault = format!("`{word}` is no operation");
            let known = Asked::WORDS.into_iter().map(|(word, _)| word);
            return Err(place.on(word, fault).meant(nearest(word, known)));
        };
        operations.add(asked);
    }
    Ok(operations)
}

fn act(word: &str, place: Place) -> Result<Act, CatalogError> {
    let found = Act::EVERY.into_iter().find(|act| act.word() == word);
    found.ok_or_else(|| {
        let fault = format!("`{word}` is none of create, query, update, delete");
        place.on(word, fault)
    })
}
