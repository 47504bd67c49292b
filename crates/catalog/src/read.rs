//! From texts to a catalog: parses every file, then resolves names between them.
//! Must not know where the texts came from.

mod conditions;
mod fields;
mod paths;
mod rights;
mod served;
mod texts;

pub(crate) use paths::{holds_id, key};

use crate::catalog::{Catalog, find, fold};
use crate::entity::{
    Entity, EntityId, Field, Guard, GuardedBy, Kind, ListedBy, Ownership, Scope, View,
};
use crate::error::{CatalogError, Place};
use crate::profile::nearest;
use crate::source::autotask::PicklistText;
use crate::source::{EntityFile, FieldText, Ordered, ReferenceText, ViewText};
use bitting_policy::Registry;
use fields::Names;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use texts::Texts;

/// One entity's file, parsed.
pub(crate) struct Parsed<'a> {
    /// `service/tickets/notes`
    pub path: &'a str,
    pub place: Place<'a>,
    pub file: EntityFile,
}

/// The other files of a PSA's folder.
#[derive(Default)]
struct Shared {
    references: Ordered<ReferenceText>,
    shapes: Ordered<Ordered<FieldText>>,
    picklists: Ordered<PicklistText>,
}

impl Catalog {
    /// Reads the files of one PSA, given as (path below its folder, text): `service/tickets.toml`,
    /// `references.toml`, `shapes.toml`. Files of the registry are skipped.
    ///
    /// Strict: an unknown key or a name that leads nowhere is an error with file, line and, where
    /// it helps, the nearest name.
    pub fn read<'a>(
        files: impl IntoIterator<Item = (&'a str, &'a str)>,
        registry: &Registry,
    ) -> Result<Catalog, CatalogError> {
        let mut shared = Shared::default();
        let mut places = (
            Place {
                file: "references.toml",
                text: "",
            },
            Place {
                file: "shapes.toml",
                text: "",
            },
        );
        let mut lists_place = Place {
            file: "picklists.toml",
            text: "",
        };
        let mut texts = Vec::new();
        for (file, text) in files {
            let place = Place { file, text };
            match file {
                "actions.toml" | "tables.toml" | "permissions.toml" => {}
                "picklists.toml" => (shared.picklists, lists_place) = (parse(place)?, place),
                "references.toml" => (shared.references, places.0) = (parse(place)?, place),
                "shapes.toml" => (shared.shapes, places.1) = (parse(place)?, place),
                _ => texts.extend(file.strip_suffix(".toml").map(|path| (path, place))),
            }
        }
        texts.sort_unstable_by_key(|(path, _)| *path);
        let parsed = parse_all(&texts)?;
        let mut by_path = HashMap::with_capacity(parsed.len());
        for (index, entity) in parsed.iter().enumerate() {
            if by_path
                .insert(fold(entity.path), EntityId(index as u32))
                .is_some()
            {
                let fault = "another file differs only by letter case; keep one";
                return Err(entity.place.at(0, fault));
            }
        }
        let kept = Texts::default();
        let references = fields::references(&shared.references, places.0, &by_path, &kept)?;
        let picklists = served::picklists(&shared.picklists, lists_place)?;
        let names = Names {
            by_path: &by_path,
            references: &references,
            picklists: &picklists,
            texts: &kept,
        };
        let mut shapes = BTreeMap::new();
        for (name, members) in &shared.shapes.0 {
            let members = fields::resolve(members, places.1, &names)?;
            shapes.insert(kept.one(name), members);
        }
        let rights = rights::Rights {
            registry,
            parsed: &parsed,
            by_path: &by_path,
        };
        let mut entities = Vec::with_capacity(parsed.len());
        for (index, source) in parsed.iter().enumerate() {
            entities.push(entity(
                EntityId(index as u32),
                source,
                &parsed,
                &names,
                &rights,
            )?);
        }
        let mut routes = Vec::new();
        for (source, entity) in parsed.iter().zip(&entities) {
            paths::routes(source, entity, &rights, &kept, &mut routes)?;
        }
        Ok(Catalog::of(entities, routes, shapes, references))
    }
}

fn parse<'a, T: serde::Deserialize<'a>>(place: Place<'a>) -> Result<T, CatalogError> {
    toml::from_str(place.text).map_err(|error| {
        let offset = error.span().map_or(0, |span| span.start);
        place.at(
            offset,
            error.message().lines().collect::<Vec<_>>().join("; "),
        )
    })
}

/// Parsing is nearly all of the work, so it is spread over a few threads.
fn parse_all<'a>(texts: &[(&'a str, Place<'a>)]) -> Result<Vec<Parsed<'a>>, CatalogError> {
    let one = |(path, place): &(&'a str, Place<'a>)| -> Result<Parsed<'a>, CatalogError> {
        Ok(Parsed {
            path,
            place: *place,
            file: parse(*place)?,
        })
    };
    let threads = std::thread::available_parallelism()
        .map_or(1, usize::from)
        .min(4);
    let share = texts.len().div_ceil(threads).max(16);
    let one = &one;
    std::thread::scope(|scope| {
        let shares: Vec<_> = texts
            .chunks(share)
            .map(|share| scope.spawn(move || share.iter().map(one).collect::<Result<Vec<_>, _>>()))
            .collect();
        let mut parsed = Vec::with_capacity(texts.len());
        for share in shares {
            match share.join() {
                Ok(entities) => parsed.extend(entities?),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        Ok(parsed)
    })
}

fn entity(
    id: EntityId,
    source: &Parsed,
    parsed: &[Parsed],
    names: &Names,
    rights: &rights::Rights,
) -> Result<Entity, CatalogError> {
    let Parsed { path, place, file } = source;
    let stored_in = match &file.stored_in {
        Some(home) => Some(names.entity(home, *place)?),
        None => None,
    };
    // A second door to the same rows shows the same record, unless it lists fields of its own.
    let shown = match stored_in {
        Some(home) if file.fields.0.is_empty() && file.keyed => &parsed[home.0 as usize],
        _ => source,
    };
    let mut members = fields::resolve(&shown.file.fields, shown.place, names)?;
    if let Some(field) = members.iter().find(|field| field.conditions.is_some())
        && file.serves.is_some()
    {
        let fault = "what a field depends on is heeded for ConnectWise alone; take it away";
        return Err(place.on(&field.name, fault));
    }
    if shown.file.keyed {
        let serves = source.file.serves.as_ref();
        let of = match serves.and_then(|serves| serves.id_of.as_ref()) {
            Some(of) => Some(names.entity(of, *place)?),
            None => None,
        };
        members.insert(0, fields::id(names.texts, serves, of));
    }
    let hidden = fields::resolve(&file.hidden, *place, names)?;
    let custom_fields = shown.file.custom_fields;
    let every: Vec<&Field> = members.iter().chain(&hidden).collect();
    let has = |name: &str| -> Result<(), CatalogError> {
        let stamps = ["enteredBy", "dateEntered", "updatedBy", "lastUpdated"];
        let custom = custom_fields && name == "customFields";
        if custom || stamps.contains(&name) || every.iter().any(|field| *field.name == *name) {
            return Ok(());
        }
        let known = every.iter().map(|field| &*field.name);
        let fault = format!("`{path}` has no field `{name}`");
        Err(place.on(name, fault).meant(nearest(name, known)))
    };
    let mut views = Vec::with_capacity(file.views.0.len());
    for (schema, text) in &file.views.0 {
        views.push(view(schema, text, source, names, rights, &has)?);
    }
    // The parent of a second door may be said by a field that only the rows' own entity lists.
    let rows = match stored_in.map(|home| &parsed[home.0 as usize]) {
        Some(home) => {
            let mut rows = fields::resolve(&home.file.fields, home.place, names)?;
            rows.extend(fields::resolve(&home.file.hidden, home.place, names)?);
            rows
        }
        None => Vec::new(),
    };
    let sayers: Vec<&Field> = every.iter().copied().chain(&rows).collect();
    let parents = paths::parents(source, &sayers, names)?;
    let mut guarded = Vec::with_capacity(file.guards.len());
    for guard in &file.guards {
        guard.fields.iter().try_for_each(|name| has(name))?;
        let by = match (&guard.right, guard.price, guard.cost) {
            (Some(right), false, false) => GuardedBy::Right(rights.right(source, right)?.needs),
            (None, true, false) => GuardedBy::Price,
            (None, false, true) => GuardedBy::Cost,
            _ => {
                return Err(place.on(
                    "guards",
                    "a guard is exactly one of `right`, `price`, `cost`",
                ));
            }
        };
        guarded.push(Guard {
            fields: guard.fields.clone(),
            by,
        });
    }
    let scope = &file.scope;
    let named = [&scope.location, &scope.via, &scope.board, &file.soft_delete];
    named.into_iter().flatten().try_for_each(|name| has(name))?;
    file.my.fields.iter().try_for_each(|name| has(name))?;
    if let Some(list) = &file.listed_by {
        // `member/defaultLocation`: the way on is the other entity's.
        has(list.field.split('/').next().unwrap_or_default())?;
        rights.list(&list.list, *place)?;
    }
    for field in &members {
        field.within.as_deref().map_or(Ok(()), has)?;
    }
    let mut extra_rights = BTreeMap::new();
    for (name, text) in &file.extra_rights {
        // `see internalCost`, `change ownerResourceID`, `rows isNonBillable`
        if let Some((_, field)) = name.split_once(' ') {
            has(field)?;
        }
        extra_rights.insert(name.clone(), rights.right(source, text)?);
    }
    // What tells a second door's rows from the others must be at hand, also where it shows it to nobody:
    // without it the door would open to every row of the table.
    let mut hidden = hidden;
    for (name, _) in &file.only.0 {
        let known = members
            .iter()
            .chain(&hidden)
            .any(|field| *field.name == **name);
        if !known && let Some(field) = rows.iter().find(|field| *field.name == **name) {
            hidden.push(field.clone());
        }
    }
    let served = served::served(source, &members, names)?;
    let home = stored_in.map_or(*path, |home| parsed[home.0 as usize].path);
    Ok(Entity {
        id,
        path: names.texts.one(path),
        schema: names.texts.one(&file.schema),
        table: names.texts.one(&fields::table_name(home)),
        parents,
        fields: members,
        hidden,
        stored: file.stored,
        right: rights.of(source)?,
        extra_rights,
        ownership: Ownership {
            fields: file.my.fields.clone(),
            parent: file.my.parent,
            by: file.my.by.clone(),
        },
        scope: Scope {
            location: scope.location.clone(),
            via: scope.via.clone(),
            parent: scope.parent,
            board: scope.board.clone(),
            project: scope.project.clone(),
        },
        guarded,
        listed_by: file.listed_by.as_ref().map(|list| ListedBy {
            list: list.list.clone(),
            field: list.field.clone(),
        }),
        rules: file.rules.clone(),
        unique: file.unique.clone(),
        indexes: file.indexes.clone(),
        sparse: file.sparse.clone(),
        views,
        stored_in,
        only: file.only.0.clone(),
        soft_delete: file.soft_delete.clone(),
        custom_fields,
        info: file.info,
        links: file.links.0.clone(),
        label: file.label.clone().or_else(|| shown.file.label.clone()),
        served,
    })
}

fn view(
    schema: &str,
    text: &ViewText,
    source: &Parsed,
    names: &Names,
    rights: &rights::Rights,
    has: &dyn Fn(&str) -> Result<(), CatalogError>,
) -> Result<View, CatalogError> {
    let mut shown = Vec::with_capacity(text.fields.len() + text.renamed.0.len());
    for name in &text.fields {
        shown.push((names.texts.one(name), names.texts.one(name)));
    }
    for (name, field) in &text.renamed.0 {
        shown.push((names.texts.one(name), names.texts.one(field)));
    }
    shown
        .iter()
        .try_for_each(|(_, field): &(Arc<str>, Arc<str>)| has(field))?;
    let right = match &text.right {
        Some(right) => Some(rights.right(source, right)?),
        None => None,
    };
    let computed = fields::resolve(&text.computed, source.place, names)?;
    let since = fields::newer(&text.since, &shown, schema, source.place, names.texts)?;
    Ok(View {
        schema: names.texts.one(schema),
        fields: shown,
        computed,
        right,
        info: text.info,
        since,
    })
}

/// Whether values of a field can stand for a row of an entity.
pub(crate) fn is_link(fields: &[Field], name: &str) -> bool {
    find(fields, name)
        .is_some_and(|field| matches!(field.kind, Kind::Reference(_)) || field.id_of.is_some())
}
