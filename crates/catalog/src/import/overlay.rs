//! The overlay as it grows: which file gets which lines. A file that is shipped is taken over whole, with the
//! new lines in it; a kind of record that is new gets a file of its own.

mod kinds;
mod texts;

use super::description::{Description, Operation};
use super::fields::{Scene, Shapes};
use super::schema::Members;
use super::{Report, conditions, fields, rights};
use crate::catalog::Catalog;
use crate::embedded::shipped;
use crate::entity::Field;
use crate::error::CatalogError;
use crate::route::{Method, Route};
use bitting_policy::Registry;
use kinds::{above, classify, kind_word, loose};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use texts::{head, joined, widened, with};

/// The file of nested objects.
const SHAPES: &str = "shapes.toml";

pub(super) struct Overlay<'a> {
    catalog: &'a Catalog,
    registry: &'a Registry,
    /// By loose path: some of the vendor's differ by letter case or a last slash alone.
    routes: BTreeMap<String, Vec<&'a Route>>,
    /// New lines by the entity's path: of `[paths]`, of `[fields]`.
    grown: BTreeMap<String, (BTreeSet<String>, BTreeSet<String>)>,
    /// New entities by path.
    made: BTreeMap<String, Made>,
    /// New lines of shapes that are there, and shapes that are new, by name.
    members: BTreeMap<String, BTreeSet<String>>,
    nested: BTreeMap<String, Vec<String>>,
    shapes: Shapes,
    /// Shipped files whose lines have changed.
    texts: BTreeMap<String, String>,
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
        let mut routes: BTreeMap<String, Vec<&Route>> = BTreeMap::new();
        for route in &catalog.routes {
            routes.entry(loose(&route.path)).or_default().push(route);
        }
        Self {
            catalog,
            registry,
            routes,
            grown: BTreeMap::new(),
            made: BTreeMap::new(),
            members: BTreeMap::new(),
            nested: BTreeMap::new(),
            shapes: Shapes::default(),
            texts: BTreeMap::new(),
        }
    }

    /// Whether the catalog serves the operation.
    pub fn knows(&self, path: &str, method: Method) -> bool {
        let routes = self.routes.get(&loose(path)).into_iter().flatten();
        routes
            .flat_map(|route| &route.methods)
            .any(|known| known.method == method)
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
        for operation in new {
            report
                .left_out
                .extend(operation.parameters.iter().map(|name| {
                    format!(
                        "{} {path}: its parameter `{name}` may be sent, and changes nothing",
                        operation.word
                    )
                }));
        }
        if let Some(route) = self.routes.get(&loose(path)).and_then(|all| all.first()) {
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
        &mut self,
        path: &str,
        of: &str,
        schema: &str,
        description: &Description<'_>,
        report: &mut Report,
    ) -> Result<Made, CatalogError> {
        let above = above(path, self.catalog);
        let (right, why) = rights::guess(of, above, self.catalog, self.registry);
        report.rights.push(why);
        let members = description.schemas.get(schema);
        let lines = match members {
            Some(members) => self.lines(schema, members, description, report)?,
            None => Vec::new(),
        };
        Ok(Made {
            schema: schema.to_owned(),
            right,
            nested: above.is_some(),
            paths: BTreeSet::new(),
            fields: lines,
        })
    }

    /// Lines of all members of something new.
    fn lines(
        &mut self,
        owner: &str,
        members: &Members,
        description: &Description<'_>,
        report: &mut Report,
    ) -> Result<Vec<String>, CatalogError> {
        let mut lines = Vec::new();
        for (name, said) in &members.said {
            let required = members.required.contains(name);
            let said = One {
                owner,
                name,
                said,
                required,
            };
            let siblings = self.siblings(members, &[], description)?;
            let conditions = conditions::of(name, &siblings);
            said.unread(&conditions, report);
            let parts = conditions.parts();
            lines.extend(self.line(&said, parts, description, report)?);
        }
        Ok(lines)
    }

    fn line(
        &mut self,
        one: &One<'_>,
        conditions: Vec<String>,
        description: &Description<'_>,
        report: &mut Report,
    ) -> Result<Option<String>, CatalogError> {
        if !fields::named(one.name) {
            report.left_out.push(format!(
                "{}: `{}` cannot name a field, which has letters, digits and _",
                one.owner, one.name
            ));
            return Ok(None);
        }
        let mut scene = Scene {
            catalog: self.catalog,
            description,
            shapes: &mut self.shapes,
            owner: one.owner,
        };
        fields::line(one.name, one.said, one.required, conditions, &mut scene)
    }

    /// The members of a schema as conditions look at them: those a field can name, in the spelling of the `known`
    /// ones, each as what it is; of links, those whose records have a word that conditions look for.
    fn siblings(
        &self,
        members: &Members,
        known: &[&Field],
        description: &Description<'_>,
    ) -> Result<Members, CatalogError> {
        let mut siblings = Members {
            said: serde_json::Map::new(),
            ..members.clone()
        };
        for (name, said) in &members.said {
            if matches!(name.as_str(), "id" | "_info" | "customFields") || !fields::named(name) {
                continue;
            }
            let mut resolved = description.resolved(said)?;
            let link = resolved["$ref"].as_str();
            let link = link.and_then(|link| link.strip_prefix(super::schema::SCHEMAS));
            if let Some(link) = link {
                let worded = self.catalog.references.get(link).is_some_and(|to| {
                    let mut members = to.members.iter();
                    members.any(|(member, _)| matches!(&**member, "identifier" | "name"))
                });
                if !worded {
                    resolved = serde_json::json!({});
                }
            }
            if let (Some(resolved), Some(text)) =
                (resolved.as_object_mut(), said.get("description"))
            {
                resolved.insert("description".to_owned(), text.clone());
            }
            let mut known = known.iter();
            let known = known.find(|field| field.name.eq_ignore_ascii_case(name));
            let name = known.map_or_else(|| name.clone(), |field| field.name.to_string());
            siblings.said.insert(name, resolved);
        }
        Ok(siblings)
    }

    /// Takes in what a schema has that the catalog's records, or nested objects, of that name do not.
    pub fn schema(
        &mut self,
        name: &str,
        members: &Members,
        description: &Description<'_>,
        report: &mut Report,
    ) -> Result<(), CatalogError> {
        let catalog = self.catalog;
        let place = match (catalog.entity_of(name), catalog.shapes.get(name)) {
            (Some(entity), _) => At {
                file: format!("{}.toml", entity.path),
                head: "fields".to_owned(),
                told: entity.path.to_string(),
                fields: entity.every_field().collect(),
            },
            (None, Some(fields)) => At {
                file: SHAPES.to_owned(),
                head: name.to_owned(),
                told: name.to_owned(),
                fields: fields.iter().collect(),
            },
            (None, None) => {
                self.link(name, members, report);
                return Ok(());
            }
        };
        for (member, said) in &members.said {
            let mut known = place.fields.iter();
            if let Some(field) = known.find(|field| field.name.eq_ignore_ascii_case(member)) {
                self.widen(&place, field, &description.resolved(said)?, report)?;
                continue;
            }
            // A new member of an old record: required, it would shut out every client that does not know it.
            let siblings = self.siblings(members, &place.fields, description)?;
            let conditions = conditions::of(member, &siblings);
            let one = One {
                owner: name,
                name: member,
                said,
                required: false,
            };
            one.unread(&conditions, report);
            for part in conditions.required_parts() {
                report.left_out.push(format!(
                    "{}: {member}: {part}, which would shut out clients that do not know it",
                    place.told
                ));
            }
            let Some(line) = self.line(&one, conditions.valid_parts(), description, report)? else {
                continue;
            };
            report.fields.push(format!("{}: {line}", place.told));
            if place.file == SHAPES {
                self.members
                    .entry(place.head.clone())
                    .or_default()
                    .insert(line);
            } else {
                let grown = self.grown.entry(place.told.clone()).or_default();
                grown.1.insert(line);
            }
        }
        Ok(())
    }

    /// A link shows what the record it points to has, and no member of its own.
    fn link(&self, name: &str, members: &Members, report: &mut Report) {
        let Some(reference) = self.catalog.references.get(name) else {
            return;
        };
        let known = |member: &&String| {
            let shown = reference
                .members
                .iter()
                .any(|(known, _)| **known == ***member);
            !shown && !matches!(member.as_str(), "id" | "_info")
        };
        let new: Vec<&str> = members
            .said
            .keys()
            .filter(known)
            .map(String::as_str)
            .collect();
        if !new.is_empty() {
            report.left_out.push(format!(
                "{name}: {} of a link; references.toml says what links show of the record they point to",
                new.join(", ")
            ));
        }
    }

    /// Lets a field that is one of several words be one of the new ones too.
    fn widen(
        &mut self,
        at: &At<'_>,
        field: &Field,
        said: &Value,
        report: &mut Report,
    ) -> Result<(), CatalogError> {
        let known = |word: &&str| {
            field
                .values
                .iter()
                .any(|known| known.eq_ignore_ascii_case(word))
        };
        let mut new: Vec<&str> = fields::values(said);
        new.retain(|word| !known(word));
        if field.values.is_empty() || new.is_empty() {
            return Ok(());
        }
        let text = match self.texts.get(&at.file) {
            Some(text) => text.clone(),
            None => shipped(&at.file)?,
        };
        let told = format!("{}: {} may be {}", at.told, field.name, new.join(", "));
        match widened(&text, &at.head, &field.name, &new) {
            Some(text) => {
                self.texts.insert(at.file.clone(), text);
                report.values.push(told);
            }
            None => report.left_out.push(format!(
                "{told}; its values are not written in {}, so write them there",
                at.file
            )),
        }
        Ok(())
    }

    /// Makes the nested shapes that fields have asked for, and those that these ask for.
    pub fn nest(
        &mut self,
        description: &Description<'_>,
        report: &mut Report,
    ) -> Result<(), CatalogError> {
        loop {
            let mut asked: Vec<(String, Members)> = std::mem::take(&mut self.shapes.inline)
                .into_iter()
                .collect();
            for name in std::mem::take(&mut self.shapes.wanted) {
                // The record of a new kind stands for itself.
                if self.made.values().any(|made| made.schema == name) {
                    continue;
                }
                let members = description.schemas.get(&name).cloned();
                asked.push((name, members.unwrap_or_default()));
            }
            asked.retain(|(name, _)| !self.nested.contains_key(name));
            if asked.is_empty() {
                return Ok(());
            }
            for (name, members) in asked {
                self.nested.insert(name.clone(), Vec::new());
                let lines = self.lines(&name, &members, description, report)?;
                report.shapes.push(format!("{name}: {}", lines.join(", ")));
                self.nested.insert(name, lines);
            }
        }
    }

    /// The files, each with what is new in it.
    pub fn files(self) -> Result<BTreeMap<String, String>, CatalogError> {
        let mut files = self.texts;
        if !self.members.is_empty() || !self.nested.is_empty() {
            let mut text = match files.remove(SHAPES) {
                Some(text) => text,
                None => shipped(SHAPES)?,
            };
            for (name, lines) in &self.members {
                text = with(&text, &head(&text, name), lines);
            }
            for (name, lines) in &self.nested {
                text += "\n";
                text += &["[", &fields::quoted(name), "]\n"].concat();
                text += &joined(lines.iter());
            }
            files.insert(SHAPES.to_owned(), text);
        }
        for (path, (paths, fields)) in self.grown {
            let file = format!("{path}.toml");
            let text = match files.remove(&file) {
                Some(text) => text,
                None => shipped(&file)?,
            };
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

/// One member of a schema.
struct One<'m> {
    /// The schema.
    owner: &'m str,
    name: &'m str,
    said: &'m Value,
    required: bool,
}

impl One<'_> {
    /// Tells what its description says of other members and no data can hold.
    fn unread(&self, conditions: &conditions::Said, report: &mut Report) {
        report
            .left_out
            .extend(conditions.unread.iter().map(|sentence| {
                format!(
                    "{}: {}: \"{sentence}\" is not read; write in its data file what it depends on",
                    self.owner, self.name
                )
            }));
    }
}

/// Where fields of a schema are written.
struct At<'c> {
    file: String,
    /// The part of the file.
    head: String,
    /// What the report calls it.
    told: String,
    fields: Vec<&'c Field>,
}

fn announce(path: &str, words: &[&str], report: &mut Report) {
    report
        .operations
        .extend(words.iter().map(|word| format!("{word} {path}")));
}
