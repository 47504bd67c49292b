//! Every cross-reference of the data holds. Reading refuses what cannot be resolved; this finds
//! what can be resolved and is still wrong. Must not stop at the first fault.

use crate::catalog::Catalog;
use crate::entity::{Entity, Field, Kind, Reference};
use crate::read::is_link;
use crate::route::{Operation, RouteKind};
use bitting_policy::Needs;
use std::collections::{BTreeSet, HashMap};

/// Answers that are no shape: a file, a bare number, a free-form object.
const SHAPELESS: [&str; 5] = [
    "binary",
    "integer:int32",
    "map<any>",
    "map<ReportColumnDefinition>",
    "PatchOperation",
];

impl Catalog {
    /// All faults, one sentence each, in the order of the entities; none when the data is sound.
    ///
    /// `rules` are the names of the functions that the server has; `None` skips that part.
    pub fn check(&self, rules: Option<&BTreeSet<String>>) -> Vec<String> {
        let mut faults = Vec::new();
        for entity in &self.entities {
            self.check_entity(entity, &mut faults);
        }
        self.check_routes(&mut faults);
        for (name, reference) in &self.references {
            self.check_reference(name, reference, &mut faults);
        }
        for (name, fields) in &self.shapes {
            for field in fields {
                self.check_nested(name, field, &mut faults);
            }
        }
        self.check_columns(&mut faults);
        if let Some(known) = rules {
            for name in self.rules() {
                if !known.contains(&name) {
                    faults.push(format!(
                        "no rule `{name}`; write it, or take the name out of the data"
                    ));
                }
            }
        }
        faults
    }

    /// Names of every rule that the data asks for.
    pub fn rules(&self) -> BTreeSet<String> {
        let of_entities = self.entities.iter().flat_map(|entity| &entity.rules);
        let of_routes = self.routes.iter().filter_map(|route| route.rule.as_ref());
        of_entities.chain(of_routes).cloned().collect()
    }

    fn check_entity(&self, entity: &Entity, faults: &mut Vec<String>) {
        let path = &entity.path;
        if entity.right.reason.is_empty() {
            faults.push(format!("{path}: its right has no reason"));
        }
        let home = entity.stored_in.map(|home| self.entity(home));
        if home.is_some_and(|home| home.stored_in.is_some()) {
            faults.push(format!(
                "{path}: stored in an entity that is stored elsewhere itself"
            ));
        }
        let mut seen = BTreeSet::new();
        for field in entity.every_field() {
            if !seen.insert(&field.name) {
                faults.push(format!("{path}: two fields `{}`", field.name));
            }
            self.check_nested(path, field, faults);
        }
        for view in &entity.views {
            for field in &view.computed {
                self.check_nested(path, field, faults);
            }
        }
        for name in &entity.ownership.fields {
            let of_member = entity
                .any_field(name)
                .is_some_and(|field| match &field.kind {
                    Kind::Text => true,
                    _ => field
                        .target()
                        .is_some_and(|to| &*self.home(to).path == "system/members"),
                });
            if !of_member && name != "enteredBy" {
                faults.push(format!("{path}: My by `{name}`, which names no member"));
            }
        }
        if let Some(name) = &entity.ownership.by
            && !is_link(&entity.fields, name)
        {
            faults.push(format!("{path}: My by `{name}`, which points nowhere"));
        }
        for names in &entity.sparse {
            let single = |name: &String| entity.any_field(name).is_some_and(|field| field.indexed);
            let held = entity.indexes.contains(names) || matches!(&names[..], [one] if single(one));
            if !held {
                faults.push(format!(
                    "{path}: a sparse index of `{}`, which has none",
                    names.join(", ")
                ));
            }
        }
        for names in &entity.indexes {
            for name in names {
                if entity.any_field(name).is_none() && entity.parent(name).is_none() {
                    faults.push(format!(
                        "{path}: an index of `{name}`, which it does not have"
                    ));
                }
            }
        }
        if entity.ownership.parent && entity.parents.is_empty() {
            faults.push(format!("{path}: My by its parent, and no path has one"));
        }
        if entity.scope.parent && entity.parents.is_empty() {
            faults.push(format!(
                "{path}: visible by its parent, and no path has one"
            ));
        }
        for name in entity.scope.via.iter().chain(&entity.scope.location) {
            if !is_link(&entity.fields, name) && !is_link(&entity.hidden, name) {
                faults.push(format!("{path}: visible by `{name}`, which points nowhere"));
            }
        }
        for names in &entity.unique {
            for name in names {
                if entity.any_field(name).is_none() && entity.parent(name).is_none() {
                    faults.push(format!(
                        "{path}: unique by `{name}`, which it does not have"
                    ));
                }
            }
        }
        for (name, values) in &entity.only {
            match entity.any_field(name) {
                None => faults.push(format!("{path}: only by `{name}`, which it does not have")),
                Some(field) if !field.values.is_empty() => {
                    let unknown = values
                        .iter()
                        .filter(|value| !field.values.iter().any(|v| **v == ***value));
                    for value in unknown {
                        faults.push(format!(
                            "{path}: only `{name}` = `{value}`, which is no value of it"
                        ));
                    }
                }
                Some(_) => {}
            }
        }
        if let Some(label) = entity
            .label
            .as_ref()
            .filter(|label| entity.any_field(label).is_none())
        {
            faults.push(format!("{path}: label `{label}`, which it does not have"));
        }
        for (_, below) in &entity.links {
            if self.entity_at(&format!("{path}/{below}")).is_none() {
                faults.push(format!(
                    "{path}: link to `{below}`, which is no path below it"
                ));
            }
        }
        if entity.parents.iter().any(|parent| {
            parent.field.as_ref().is_some_and(|name| {
                let home = self.home(entity.id);
                let field = entity.any_field(name).or_else(|| home.any_field(name));
                field.is_none_or(|field| !crate::read::holds_id(field))
            })
        }) {
            faults.push(format!("{path}: a parent's field holds no id"));
        }
    }

    fn check_nested(&self, owner: &str, field: &Field, faults: &mut Vec<String>) {
        match &field.kind {
            Kind::Embedded { shape, .. } if self.shape(shape).is_none() => {
                faults.push(format!(
                    "{owner}: `{}` has the shape `{shape}`, which is nowhere",
                    field.name
                ));
            }
            _ => {}
        }
        if field.default.is_some() && field.required && field.read_only {
            faults.push(format!(
                "{owner}: `{}` is required, and callers cannot give it",
                field.name
            ));
        }
    }

    fn check_reference(&self, name: &str, reference: &Reference, faults: &mut Vec<String>) {
        let Some(target) = reference.target else {
            return;
        };
        let target = self.entity(target);
        for (member, field) in &reference.members {
            if target.any_field(field).is_none() {
                faults.push(format!(
                    "{name}: shows `{member}` from `{field}`, which {} does not have",
                    target.path
                ));
            }
        }
    }

    fn check_routes(&self, faults: &mut Vec<String>) {
        let mut seen: HashMap<String, &str> = HashMap::new();
        for route in &self.routes {
            let key = crate::read::key(&route.path, route.kind);
            if let Some(other) = seen.insert(key, &route.path) {
                faults.push(format!(
                    "{} and {other} are one path in two files",
                    route.path
                ));
            }
            for operation in &route.methods {
                self.check_operation(&route.path, operation, faults);
            }
            let behaviour = matches!(
                route.kind,
                RouteKind::Action | RouteKind::Search | RouteKind::Default | RouteKind::Binary
            );
            if behaviour && route.rule.is_none() {
                faults.push(format!("{}: {:?} without a rule", route.path, route.kind));
            }
            let right = route
                .right
                .as_ref()
                .unwrap_or(&self.entity(route.entity).right);
            if matches!(&right.needs, Needs::Every(parts) | Needs::Either(parts) if parts.is_empty())
            {
                faults.push(format!("{}: a right of no parts", route.path));
            }
        }
    }

    fn check_operation(&self, path: &str, operation: &Operation, faults: &mut Vec<String>) {
        for name in operation.body.iter().chain(&operation.returns) {
            let name = name.trim_end_matches("[]");
            let view = self
                .entities
                .iter()
                .any(|e| e.views.iter().any(|view| *view.schema == *name));
            let known = view || self.shape(name).is_some() || self.references.contains_key(name);
            if !known && !SHAPELESS.contains(&name) {
                faults.push(format!("{path}: the shape `{name}` is nowhere"));
            }
        }
    }

    /// Fields that share a column must rest alike.
    fn check_columns(&self, faults: &mut Vec<String>) {
        let mut resting: HashMap<(&str, String), (&Field, &str)> = HashMap::new();
        for entity in &self.entities {
            for field in entity.every_field() {
                let key = (&*entity.table, field.column.to_string());
                let Some((other, of)) = resting.insert(key, (field, &entity.path)) else {
                    continue;
                };
                if other.kind.holds() != field.kind.holds() {
                    faults.push(format!(
                        "{}: column `{}` holds `{}` and `{}` of {of}, which rest differently",
                        entity.path, field.column, field.name, other.name
                    ));
                }
            }
        }
    }
}
