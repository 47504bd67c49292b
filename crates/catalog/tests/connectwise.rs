//! The ConnectWise data as it ships: it loads, every cross-reference holds, nothing got lost, and
//! every entity's right is written down where a change shows.
//!
//! To accept new golden text: `INSTA_UPDATE=always cargo test -p bitting-catalog`.

#![allow(clippy::unwrap_used)]

use bitting_catalog::Catalog;
use bitting_catalog::entity::{Basis, Right};
use bitting_catalog::route::{Method, RouteKind};
use bitting_policy::{Needs, Registry};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt::Write;

fn shipped() -> (Registry, Catalog) {
    match Catalog::embedded() {
        Ok(both) => both,
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn every_cross_reference_holds() {
    let (_, catalog) = shipped();
    let faults = catalog.check(None);
    assert!(
        faults.is_empty(),
        "{} faults:\n{}",
        faults.len(),
        faults.join("\n")
    );
}

#[test]
fn an_unknown_rule_is_found() {
    let (_, catalog) = shipped();
    let mut known = catalog.rules();
    assert!(catalog.check(Some(&known)).is_empty());
    known.remove("ticket");
    assert_eq!(catalog.check(Some(&known)).len(), 1);
}

#[test]
fn nothing_got_lost() {
    let (_, catalog) = shipped();
    let mut verbs: BTreeMap<Method, usize> = BTreeMap::new();
    for operation in catalog.routes.iter().flat_map(|route| &route.methods) {
        *verbs.entry(operation.method).or_default() += 1;
    }
    let spellings: usize = catalog
        .routes
        .iter()
        .map(|route| 1 + route.also.len())
        .sum();
    let views = catalog.entities.iter().flat_map(|entity| &entity.views);
    let mut text = String::new();
    let _ = writeln!(text, "paths       {spellings}");
    let _ = writeln!(text, "routes      {}", catalog.routes.len());
    let _ = writeln!(text, "operations  {}", verbs.values().sum::<usize>());
    for (method, count) in verbs {
        let _ = writeln!(text, "  {:10}{count}", format!("{method:?}").to_uppercase());
    }
    let _ = writeln!(text, "entities    {}", catalog.entities.len());
    let fields: usize = catalog
        .entities
        .iter()
        .map(|entity| entity.fields.len())
        .sum();
    let _ = writeln!(text, "fields      {fields}");
    let _ = writeln!(text, "views       {}", views.clone().count());
    let shown: usize = views
        .map(|view| view.fields.len() + view.computed.len())
        .sum();
    let _ = writeln!(text, "  members   {shown}");
    let _ = writeln!(text, "shapes      {}", catalog.shapes.len());
    let _ = writeln!(
        text,
        "  members   {}",
        catalog.shapes.values().map(Vec::len).sum::<usize>()
    );
    let _ = writeln!(text, "references  {}", catalog.references.len());
    let _ = writeln!(text, "tables      {}", catalog.tables().len());
    insta::assert_snapshot!(text);
}

/// One line per entity, and one per view or path that asks for something else.
#[test]
fn rights_of_every_entity() {
    let (registry, catalog) = shipped();
    let mut text = String::new();
    for entity in &catalog.entities {
        line(&mut text, &registry, &entity.path, &entity.right);
        for view in &entity.views {
            if let Some(right) = &view.right {
                line(
                    &mut text,
                    &registry,
                    &format!("  view {}", view.schema),
                    right,
                );
            }
        }
        for (name, right) in &entity.extra_rights {
            line(&mut text, &registry, &format!("  to {name}"), right);
        }
        for route in catalog.routes_of(entity.id) {
            if let Some(right) = &route.right {
                line(&mut text, &registry, &format!("  {}", route.path), right);
            }
        }
    }
    insta::assert_snapshot!(text);
}

fn line(text: &mut String, registry: &Registry, what: &str, right: &Right) {
    let basis = match right.basis {
        Basis::Stated => "stated",
        Basis::Granted => "granted",
        Basis::Inferred => "inferred",
        Basis::Chosen => "chosen",
    };
    let _ = writeln!(text, "{what}: {} ({basis})", needs(registry, &right.needs));
}

fn needs(registry: &Registry, wanted: &Needs) -> String {
    let join = |parts: &[Needs], word: &str| {
        let parts: Vec<String> = parts.iter().map(|part| needs(registry, part)).collect();
        format!("({})", parts.join(word))
    };
    match wanted {
        Needs::Anyone => "anyone".to_owned(),
        Needs::AnyMember => "any member".to_owned(),
        Needs::Action(id) => registry.get(*id).unwrap().full_name(),
        Needs::Table(id) => format!("table {}", registry.get_table(*id).unwrap().full_name()),
        Needs::Every(parts) => join(parts, " and "),
        Needs::Either(parts) => join(parts, " or "),
    }
}

/// What is read without any row of the role is a short list that someone looked at: light lists,
/// the caller's own record, and names of the product.
#[test]
fn little_is_open_to_every_member() {
    let (_, catalog) = shipped();
    let open = |right: &Right| matches!(right.needs, Needs::AnyMember | Needs::Anyone);
    let mut text = String::new();
    for entity in catalog.entities.iter().filter(|entity| open(&entity.right)) {
        let _ = writeln!(text, "{}: {}", entity.path, entity.right.reason);
    }
    insta::assert_snapshot!(text);
    for route in &catalog.routes {
        let entity = catalog.entity(route.entity);
        let view = route
            .view
            .and_then(|view| entity.views[view].right.as_ref());
        let right = route.right.as_ref().or(view).unwrap_or(&entity.right);
        let writes = route.methods.iter().any(|operation| {
            operation.method != Method::Get && route.rule.is_none() && entity.rules.is_empty()
        });
        assert!(
            !(writes && open(right)),
            "{} can be written by every member",
            route.path
        );
    }
}

#[test]
fn every_path_has_its_own_pattern() {
    let (_, catalog) = shipped();
    let mut seen = HashSet::new();
    for route in &catalog.routes {
        let pattern: Vec<String> = route
            .path
            .split('/')
            .filter(|segment| !segment.is_empty())
            .map(|segment| match (segment.starts_with('{'), route.kind) {
                (true, RouteKind::ItemByName) => "{word}".to_owned(),
                (true, _) => "{}".to_owned(),
                (false, _) => segment.to_lowercase(),
            })
            .collect();
        assert!(seen.insert(pattern.join("/")), "{}", route.path);
    }
}

#[test]
fn links_of_a_ticket_lead_where_they_say() {
    let (_, catalog) = shipped();
    let ticket = catalog.entity_at("/Service/Tickets/").unwrap();
    let status = catalog.field(ticket, "STATUS").unwrap();
    assert_eq!(&*status.column, "status_id");
    assert_eq!(status.within.as_deref(), Some("board"));
    let target = catalog.entity(status.target().unwrap());
    assert_eq!(&*target.path, "service/boards/statuses");
    assert_eq!(&*target.parents[0].column, "board_id");
    let project = catalog.entity_at("project/tickets").unwrap();
    assert_eq!(catalog.home(project.id).id, ticket.id);
    assert_eq!(project.table, ticket.table);
    let pointing: BTreeSet<_> = catalog
        .pointing_to(target.id)
        .map(|(entity, field)| format!("{}.{}", entity.path, field.name))
        .collect();
    assert!(pointing.contains("service/tickets.status"), "{pointing:?}");
    assert!(!pointing.contains("service/tickets.priority"));
}

#[test]
fn tables_hold_every_column_once() {
    let (_, catalog) = shipped();
    let mut names = HashSet::new();
    for table in catalog.tables() {
        assert!(
            names.insert(table.name.clone()),
            "two tables {}",
            table.name
        );
        let mut columns = HashSet::new();
        for column in &table.columns {
            assert!(
                columns.insert(column.name.to_lowercase()),
                "{} {}",
                table.name,
                column.name
            );
        }
        let standing = bitting_catalog::table::STANDING
            .iter()
            .map(|(name, _)| *name);
        for name in standing.chain(table.indexes.iter().map(|name| &**name)) {
            assert!(columns.contains(name), "{} {name}", table.name);
        }
        assert!(
            table
                .unique
                .iter()
                .flatten()
                .all(|name| columns.contains(&**name)),
            "{}",
            table.name
        );
        assert!(
            table
                .links
                .iter()
                .all(|(name, _)| columns.contains(&**name)),
            "{}",
            table.name
        );
    }
}
