//! The paths of an entity: routes with their operations, and the parents that stand before an id.
//! Must not know other entities than those named.

use super::Parsed;
use super::fields::Names;
use super::rights::Rights;
use super::texts::Texts;
use crate::catalog::fold;
use crate::entity::{Entity, Field, Kind, Parent};
use crate::error::CatalogError;
use crate::profile::nearest;
use crate::route::{Method, Operation, Route, RouteKind};
use crate::source::{MethodText, ParentText, PathTable, PathText};
use std::collections::HashMap;
use std::sync::Arc;

/// Placeholders of a path in order.
pub(crate) fn params(path: &str) -> impl Iterator<Item = &str> {
    path.split('{')
        .skip(1)
        .filter_map(|rest| rest.split_once('}').map(|(name, _)| name))
}

/// The path without placeholders and slashes at the ends.
pub(crate) fn bare(path: &str) -> String {
    let segments = path
        .split('/')
        .filter(|segment| !segment.is_empty() && !segment.starts_with('{'));
    segments.collect::<Vec<_>>().join("/")
}

/// A path as the router sees it: letter case, slashes at the end and names of placeholders do not
/// count; whether a word or a number stands in the last one does.
pub(crate) fn key(path: &str, kind: RouteKind) -> String {
    let mut key = String::with_capacity(path.len());
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        key.push('/');
        match (segment.starts_with('{') && segment.ends_with('}'), kind) {
            (true, RouteKind::ItemByName) => key.push_str("{word}"),
            (true, _) => key.push_str("{}"),
            (false, _) => key.push_str(&segment.to_ascii_lowercase()),
        }
    }
    key
}

/// Which entities stand before this one in its deepest path, and which column says which.
pub(crate) fn parents(
    source: &Parsed,
    fields: &[&Field],
    names: &Names,
) -> Result<Vec<Parent>, CatalogError> {
    let Parsed { path, place, file } = source;
    let own = fold(path);
    let nested = file.paths.0.iter().filter_map(|(path, PathText(text))| {
        if fold(&bare(path)) != own {
            return None;
        }
        // `{id}{id}`, a slip of the vendor's, is one id.
        if path.contains("}{") {
            return None;
        }
        let all = params(path).count();
        let kind = text.kind;
        // A verb of its own may carry more than ids (`/schedule/entries/{id}/{notifyResource}`).
        if kind == RouteKind::Action {
            return None;
        }
        let item = matches!(kind, RouteKind::Item | RouteKind::ItemByName)
            && path.trim_end_matches('/').ends_with('}');
        Some((all - usize::from(item), path))
    });
    let deepest = nested.max_by_key(|(depth, path)| (*depth, std::cmp::Reverse(path.len())));
    let Some((depth, deepest)) = deepest else {
        return Ok(Vec::new());
    };
    let mut parents = Vec::with_capacity(depth);
    for (place_in_path, param) in params(deepest).take(depth).enumerate() {
        let marker = format!("{{{param}}}");
        let above = deepest.split(&marker).next().map(bare).unwrap_or_default();
        let said = file.parents.get(param);
        let entity = match said.and_then(ParentText::of) {
            Some(other) => Some(names.entity(other, *place)?),
            None => names.by_path.get(&fold(&above)).copied(),
        };
        let field = match said.and_then(ParentText::field) {
            Some(name) => {
                let found = fields
                    .iter()
                    .find(|field| *field.name == **name)
                    .ok_or_else(|| {
                        let fault = format!("`{path}` has no field `{name}`");
                        let known = fields.iter().map(|field| &*field.name);
                        place.on(name, fault).meant(nearest(name, known))
                    })?;
                Some(*found)
            }
            None => None,
        };
        let column = match field {
            Some(field) => field.column.clone(),
            None if place_in_path + 1 == depth => names.texts.one("parent_id"),
            None => names.texts.one("grandparent_id"),
        };
        parents.push(Parent {
            param: param.to_owned(),
            entity,
            column,
            field: field.map(|field| field.name.to_string()),
        });
    }
    if let Some(stray) = file
        .parents
        .keys()
        .find(|param| parents.iter().all(|p| p.param != **param))
    {
        let fault = format!("no path of `{path}` has a placeholder `{stray}` before its own id");
        return Err(place.on(stray, fault));
    }
    Ok(parents)
}

/// Adds the routes of one entity. Two spellings of one path become one route.
pub(crate) fn routes(
    source: &Parsed,
    entity: &Entity,
    rights: &Rights,
    texts: &Texts,
    routes: &mut Vec<Route>,
) -> Result<(), CatalogError> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    for (path, PathText(text)) in &source.file.paths.0 {
        let route = route(path, text, source, entity, rights, texts)?;
        let Some(twin) = seen.get(&key(path, route.kind)) else {
            seen.insert(key(path, route.kind), routes.len());
            routes.push(route);
            continue;
        };
        let twin = &mut routes[*twin];
        let shared = twin
            .methods
            .iter()
            .any(|o| route.methods.iter().any(|p| p.method == o.method));
        if shared || twin.kind != route.kind {
            let fault = format!(
                "`{path}` and `{}` are one path; keep kinds equal and verbs apart",
                twin.path
            );
            return Err(source.place.on(path, fault));
        }
        twin.methods.extend(route.methods);
        twin.methods.sort_by_key(|operation| operation.method);
        twin.also.push(route.path);
    }
    Ok(())
}

fn route(
    path: &str,
    text: &PathTable,
    source: &Parsed,
    entity: &Entity,
    rights: &Rights,
    texts: &Texts,
) -> Result<Route, CatalogError> {
    let kind = text.kind;
    let view = match &text.view {
        Some(name) => {
            let found = entity.views.iter().position(|view| *view.schema == **name);
            Some(found.ok_or_else(|| {
                let fault = format!("`{}` has no view `{name}`; add [views.{name}]", entity.path);
                let known = entity.views.iter().map(|view| &*view.schema);
                source.place.on(path, fault).meant(nearest(name, known))
            })?)
        }
        None => None,
    };
    let shown = view.map_or(&entity.schema, |view| &entity.views[view].schema);
    let verbs = text.verbs.as_deref().unwrap_or(implied_verbs(kind));
    let mut methods = Vec::new();
    for verb in verbs.split_ascii_whitespace() {
        let Some((word, method, _)) = MethodText::EVERY
            .into_iter()
            .find(|(_, _, name)| *name == verb)
        else {
            let fault = format!("`{verb}` is no verb; write GET, POST, PUT, PATCH or DELETE");
            return Err(source.place.on(verb, fault));
        };
        methods.push(operation(
            path,
            kind,
            (word, method),
            text,
            &entity.schema,
            shown,
            texts,
        ));
    }
    methods.sort_by_key(|operation| operation.method);
    let right = match &text.right {
        Some(right) => Some(rights.right(source, right)?),
        None => None,
    };
    Ok(Route {
        path: Arc::from(path),
        also: Vec::new(),
        kind,
        entity: entity.id,
        methods,
        params: params(path).map(str::to_owned).collect(),
        view,
        right,
        rule: text.rule.clone(),
    })
}

fn implied_verbs(kind: RouteKind) -> &'static str {
    match kind {
        RouteKind::Collection => "GET POST",
        RouteKind::Item => "GET PUT PATCH DELETE",
        RouteKind::Action | RouteKind::Search => "POST",
        RouteKind::Bulk => "POST PUT DELETE",
        _ => "GET",
    }
}

/// What the kind of a path implies, overridden by what its line says.
fn operation(
    path: &str,
    kind: RouteKind,
    (word, method): (MethodText, Method),
    text: &PathTable,
    schema: &str,
    shown: &str,
    texts: &Texts,
) -> Operation {
    let single =
        path.trim_end_matches('/').ends_with('}') || path.trim_end_matches('/').ends_with("}/info");
    let status = match (method, kind) {
        (Method::Post, RouteKind::Collection) => 201,
        (Method::Delete, _) => 204,
        _ => 200,
    };
    let body = match (method, kind) {
        (Method::Patch, _) => Some("PatchOperation[]"),
        (Method::Post, RouteKind::Search) => Some("FilterValues"),
        (Method::Post | Method::Put, RouteKind::Collection)
        | (Method::Put, RouteKind::Item | RouteKind::ItemByName | RouteKind::Singleton) => {
            Some(schema)
        }
        _ => None,
    };
    let returns = match (method, kind) {
        (Method::Delete, _) => None,
        (_, RouteKind::Count) => Some("Count"),
        (_, RouteKind::Usages | RouteKind::UsagesList) => Some("Usage"),
        (_, RouteKind::Binary) => Some("binary"),
        (_, RouteKind::Action | RouteKind::Bulk) => Some("SuccessResponse"),
        _ => Some(shown),
    };
    let list = match kind {
        RouteKind::Collection | RouteKind::Usages | RouteKind::UsagesList => method == Method::Get,
        RouteKind::Search => true,
        RouteKind::Info => method == Method::Get && !single,
        _ => false,
    };
    let said = |written: Option<&String>, implied: Option<&str>| match written {
        Some(written) if written.is_empty() => None,
        Some(written) => Some(texts.one(written)),
        None => implied.map(|implied| texts.one(implied)),
    };
    Operation {
        method,
        status: text.status.get(&word).copied().unwrap_or(status),
        body: said(text.body.get(&word), body),
        returns: said(text.returns.get(&word), returns),
        list: text.list.get(&word).copied().unwrap_or(list),
        since: text
            .since_by_verb
            .get(&word)
            .or(text.since.as_ref())
            .map(|release| release.0),
    }
}

/// Whether a field can hold the id of a parent.
pub(crate) fn holds_id(field: &Field) -> bool {
    matches!(field.kind, Kind::Reference(_) | Kind::Integer)
}
