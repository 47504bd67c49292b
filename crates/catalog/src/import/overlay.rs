//! The overlay as it grows: which file gets which lines. A file that is shipped is taken over whole, with the
//! new lines in it; a kind of record that is new gets a file of its own.

use super::description::{Description, Operation};
use super::{Report, fields, rights};
use crate::catalog::{Catalog, fold};
use crate::embedded::shipped;
use crate::entity::Entity;
use crate::error::CatalogError;
use crate::read::key;
use crate::route::{Method, Route, RouteKind};
use bitting_policy::Registry;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

pub(super) struct Overlay<'a> {
    catalog: &'a Catalog,
    registry: &'a Registry,
    routes: BTreeMap<String, &'a Route>,
    /// New lines by the entity's path: of `[paths]`, of `[fields]`.
    grown: BTreeMap<String, (BTreeSet<String>, BTreeSet<String>)>,
    /// New entities by path.
    made: BTreeMap<String, Made>,
}

struct Made {
    schema: String,
    right: String,
    nested: bool,
    paths: BTreeSet<String>,
    fields: Vec<String>,
}

impl<'a> Overlay<'a> {
    pub fn new(catalog: &'a Catalog, registry: &'a Registry) -> Self {
        let mut routes = BTreeMap::new();
        for route in &catalog.routes {
            routes.insert(loose(&route.path), route);
        }
        Self {
            catalog,
            registry,
            routes,
            grown: BTreeMap::new(),
            made: BTreeMap::new(),
        }
    }

    /// Whether the catalog serves the operation.
    pub fn knows(&self, path: &str, method: Method) -> bool {
        let route = self.routes.get(&loose(path));
        route.is_some_and(|route| route.methods.iter().any(|known| known.method == method))
    }

    /// Takes in a path, or further verbs of one.
    pub fn path(
        &mut self,
        path: &str,
        new: &[&Operation],
        description: &Description<'_>,
        report: &mut Report,
    ) -> Result<(), CatalogError> {
        let words: Vec<&str> = new.iter().map(|operation| operation.word).collect();
        if let Some(route) = self.routes.get(&loose(path)) {
            let Some(word) = kind_word(route.kind) else {
                report.left_out.push(format!(
                    "{} {path}: further verbs of a path that a rule answers",
                    words.join(" ")
                ));
                return Ok(());
            };
            // The path's other spelling carries the further verbs; both are one route.
            let twin = match route.path.strip_suffix('/') {
                Some(plain) => plain.to_owned(),
                None => format!("{}/", route.path),
            };
            let line = format!(
                "{} = {{ kind = \"{word}\", verbs = {} }}",
                fields::quoted(&twin),
                fields::quoted(&words.join(" "))
            );
            let entity = self.catalog.entity(route.entity);
            self.grown
                .entry(entity.path.to_string())
                .or_default()
                .0
                .insert(line);
            announce(path, &words, report);
            return Ok(());
        }
        let Some((kind, of)) = classify(path, new) else {
            report.left_out.push(format!(
                "{} {path}: a verb of its own, which takes behaviour and not data",
                words.join(" ")
            ));
            return Ok(());
        };
        let line = format!(
            "{} = {{ kind = \"{kind}\", verbs = {} }}",
            fields::quoted(path),
            fields::quoted(&words.join(" "))
        );
        if let Some(entity) = self.catalog.entity_at(&of) {
            let known = entity.path.to_string();
            report
                .rights
                .push(format!("{path}: as its records, {known}"));
            self.grown.entry(known).or_default().0.insert(line);
            announce(path, &words, report);
            return Ok(());
        }
        if !self.made.contains_key(&of) {
            let Some(schema) = new.iter().find_map(|operation| operation.returns.clone()) else {
                report.left_out.push(format!(
                    "{} {path}: no schema says what its records are",
                    words.join(" ")
                ));
                return Ok(());
            };
            let made = self.entity(path, &of, &schema, description, report)?;
            self.made.insert(of.clone(), made);
        }
        if let Some(made) = self.made.get_mut(&of) {
            made.paths.insert(line);
        }
        announce(path, &words, report);
        Ok(())
    }

    fn entity(
        &self,
        path: &str,
        of: &str,
        schema: &str,
        description: &Description<'_>,
        report: &mut Report,
    ) -> Result<Made, CatalogError> {
        let above = above(path, self.catalog);
        let (right, why) = rights::guess(of, above, self.catalog, self.registry);
        report.rights.push(why);
        let required = description
            .required
            .get(schema)
            .map_or(&[][..], Vec::as_slice);
        let mut lines = Vec::new();
        for (name, said) in description
            .schemas
            .get(schema)
            .into_iter()
            .flat_map(|m| m.iter())
        {
            let required = required.contains(name);
            lines.extend(fields::line(
                name,
                said,
                required,
                self.catalog,
                description,
            )?);
        }
        Ok(Made {
            schema: schema.to_owned(),
            right,
            nested: above.is_some(),
            paths: BTreeSet::new(),
            fields: lines,
        })
    }

    /// Takes in the members of a schema that the catalog's records of that name do not have.
    pub fn schema(
        &mut self,
        name: &str,
        members: &Map<String, Value>,
        description: &Description<'_>,
        report: &mut Report,
    ) -> Result<(), CatalogError> {
        let Some(entity) = self.catalog.entity_of(name) else {
            return Ok(());
        };
        for (member, said) in members {
            let known = entity
                .every_field()
                .any(|field| field.name.eq_ignore_ascii_case(member));
            if known {
                continue;
            }
            // A new member of an old record: required, it would shut out every client that does not know it.
            let Some(line) = fields::line(member, said, false, self.catalog, description)? else {
                continue;
            };
            report.fields.push(format!("{}: {line}", entity.path));
            self.grown
                .entry(entity.path.to_string())
                .or_default()
                .1
                .insert(line);
        }
        Ok(())
    }

    /// The files, each with what is new in it.
    pub fn files(self) -> Result<BTreeMap<String, String>, CatalogError> {
        let mut files = BTreeMap::new();
        for (path, (paths, fields)) in self.grown {
            let file = format!("{path}.toml");
            let text = shipped(&file)?;
            let text = with(&text, "[paths]", &paths);
            files.insert(file, with(&text, "[fields]", &fields));
        }
        for (path, made) in self.made {
            let mut text = format!(
                "schema = {}\nright = {}\n",
                fields::quoted(&made.schema),
                made.right
            );
            if made.nested {
                text += "my = { parent = true }\nscope = { parent = true }\n";
            }
            text += "\n[paths]\n";
            text += &joined(made.paths.iter());
            text += "\n[fields]\n";
            text += &joined(made.fields.iter());
            files.insert(format!("{path}.toml"), text);
        }
        Ok(files)
    }
}

fn announce(path: &str, words: &[&str], report: &mut Report) {
    report
        .operations
        .extend(words.iter().map(|word| format!("{word} {path}")));
}

/// Lines, each with its end.
fn joined<'l>(lines: impl Iterator<Item = &'l String>) -> String {
    lines.flat_map(|line| [line.as_str(), "\n"]).collect()
}

/// A file with lines more in a part of it, which is added where it has none.
fn with(text: &str, head: &str, lines: &BTreeSet<String>) -> String {
    if lines.is_empty() {
        return text.to_owned();
    }
    let lines = joined(lines.iter());
    let at = text.lines().scan(0, |at, line| {
        let start = *at;
        *at += line.len() + 1;
        Some((start, *at, line))
    });
    let found = at.into_iter().find(|(_, _, line)| line.trim() == head);
    match found {
        Some((_, after, _)) => format!("{}{lines}{}", &text[..after], &text[after..]),
        None => format!("{}\n\n{head}\n{lines}", text.trim_end()),
    }
}

/// A path as the router tells it from others, whatever stands in its last placeholder.
fn loose(path: &str) -> String {
    key(path, RouteKind::Item)
}

/// The kind of a new path, and the entity it belongs to. `None` for a verb of its own.
fn classify(path: &str, new: &[&Operation]) -> Option<(&'static str, String)> {
    let segments: Vec<&str> = path
        .split('/')
        .filter(|segment| !segment.is_empty())
        .collect();
    let bare = |segments: &[&str]| {
        let words = segments.iter().filter(|segment| !segment.starts_with('{'));
        words.copied().collect::<Vec<_>>().join("/")
    };
    let (last, before) = segments.split_last()?;
    let gets = new.iter().all(|operation| operation.method == Method::Get);
    let light = ["count", "usages"]
        .iter()
        .find(|word| last.eq_ignore_ascii_case(word));
    if let Some(word) = light.filter(|_| gets) {
        return Some((word, bare(before)));
    }
    if last.starts_with('{') {
        return Some(("item", bare(&segments)));
    }
    // A list is read, or made longer; a word that is only posted to after an id does something.
    let reads = new
        .iter()
        .any(|operation| operation.method == Method::Get && operation.list);
    let posts = new
        .iter()
        .any(|operation| operation.method == Method::Post && operation.returns.is_some());
    let after_id = before
        .last()
        .is_some_and(|segment| segment.starts_with('{'));
    (reads || (posts && !after_id)).then(|| ("collection", bare(&segments)))
}

/// The entity whose id stands before the last word of a path.
fn above<'c>(path: &str, catalog: &'c Catalog) -> Option<&'c Entity> {
    let segments: Vec<&str> = path
        .split('/')
        .filter(|segment| !segment.is_empty())
        .collect();
    let ends_in_id = segments
        .last()
        .is_some_and(|segment| segment.starts_with('{'));
    let end = segments.len() - usize::from(ends_in_id) - 1;
    let before = segments.get(..end)?;
    before.last().filter(|segment| segment.starts_with('{'))?;
    let words = before.iter().filter(|segment| !segment.starts_with('{'));
    catalog.entity_at(&fold(&words.copied().collect::<Vec<_>>().join("/")))
}

fn kind_word(kind: RouteKind) -> Option<&'static str> {
    Some(match kind {
        RouteKind::Collection => "collection",
        RouteKind::Item => "item",
        RouteKind::Count => "count",
        _ => return None,
    })
}
