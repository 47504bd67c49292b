//! From a path to what it is about. Letter case, doubled slashes, a slash at the end and a repeated prefix do not
//! count. Must not know rights.

use bitting_catalog::Catalog;
use bitting_catalog::entity::EntityId;
use bitting_catalog::served::Asked;
use std::collections::HashMap;

/// Where a path leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    VersionInformation,
    Zone,
    Version,
    Threshold,
    EveryEntity,
    Modules,
    /// The description of the API.
    Description,
    Entity(Place),
}

/// A path of one entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub entity: EntityId,
    /// The parent's id, where the path goes through it.
    pub parent: Option<i64>,
    /// The path goes through a parent, or names its place below one.
    pub below: bool,
    pub shape: Shape,
}

/// The end of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    Collection,
    Item(i64),
    /// A record as a file, by its place in [`bitting_catalog::served::Served::files`].
    File(i64, usize),
    Query,
    /// A further page of a query.
    Next,
    Count,
    Info,
    Fields,
    UserDefined,
}

/// Every path of an API.
#[derive(Debug, Default)]
pub struct Router {
    roots: HashMap<String, EntityId>,
    children: HashMap<(String, String), EntityId>,
    /// Names of files below a record of an entity, in lower case.
    files: HashMap<EntityId, Vec<String>>,
}

/// The prefix of every path.
pub const PREFIX: &str = "atservicesrest";

impl Router {
    pub fn new(catalog: &Catalog) -> Self {
        let mut router = Self::default();
        for entity in &catalog.entities {
            router
                .roots
                .insert(entity.path.to_ascii_lowercase(), entity.id);
            let files = entity.served.iter().flat_map(|served| &served.files);
            let files: Vec<String> = files.map(|file| file.to_ascii_lowercase()).collect();
            if !files.is_empty() {
                router.files.insert(entity.id, files);
            }
            let below = entity
                .served
                .as_ref()
                .and_then(|served| served.below.as_ref());
            if let Some(below) = below {
                let key = (
                    below.segment.to_ascii_lowercase(),
                    below.route.to_ascii_lowercase(),
                );
                router.children.insert(key, entity.id);
            }
        }
        router
    }

    /// Whether a path is Autotask's: it begins with the prefix, with a version that only Autotask has, or asks for
    /// the versions.
    pub fn is_ours(segments: &[&str]) -> bool {
        let begins = [PREFIX, "v1.0", "versioninformation"];
        segments.first().is_some_and(|first| {
            let mut begins = begins.iter();
            begins.any(|word| first.eq_ignore_ascii_case(word))
        })
    }

    /// Whether a word of a path is the version, below which the entities are.
    pub fn is_version(word: &str) -> bool {
        word.eq_ignore_ascii_case("v1.0") || word == "1.0"
    }

    /// Finds the place of a path, given as its segments.
    pub fn find(&self, segments: &[&str]) -> Option<Route> {
        let mut rest = segments;
        while let [first, tail @ ..] = rest
            && first.eq_ignore_ascii_case(PREFIX)
        {
            rest = tail;
        }
        let lower: Vec<String> = rest
            .iter()
            .take(6)
            .map(|segment| segment.to_ascii_lowercase())
            .collect();
        let words: Vec<&str> = lower.iter().map(String::as_str).collect();
        if words == ["versioninformation"] {
            return Some(Route::VersionInformation);
        }
        if let ["swagger", "docs", "v1" | "v1.0" | "v1.json"] = &words[..] {
            return Some(Route::Description);
        }
        let ["v1.0" | "1.0", words @ ..] = &words[..] else {
            return None;
        };
        if rest.len() > 6 {
            return None;
        }
        match words {
            ["versioninformation"] => Some(Route::VersionInformation),
            ["zoneinformation"] => Some(Route::Zone),
            ["version"] => Some(Route::Version),
            ["thresholdinformation"] => Some(Route::Threshold),
            ["entityinformation"] => Some(Route::EveryEntity),
            ["modules"] => Some(Route::Modules),
            [root, end @ ..] => self.root(root, end).or_else(|| self.child(words)),
            [] => None,
        }
    }

    fn root(&self, root: &str, end: &[&str]) -> Option<Route> {
        let entity = *self.roots.get(root)?;
        let shape = match end {
            [] => Shape::Collection,
            ["query"] => Shape::Query,
            ["query", "next"] => Shape::Next,
            ["query", "count"] => Shape::Count,
            [id] if id.parse::<i64>().is_ok() => Shape::Item(id.parse().ok()?),
            [id, file] if id.parse::<i64>().is_ok() => {
                let files = self.files.get(&entity)?;
                let index = files.iter().position(|known| known == file)?;
                Shape::File(id.parse().ok()?, index)
            }
            other => information(other)?,
        };
        Some(Route::Entity(Place {
            entity,
            parent: None,
            below: false,
            shape,
        }))
    }

    fn child(&self, words: &[&str]) -> Option<Route> {
        let [segment, parent, route, end @ ..] = words else {
            return None;
        };
        let key = ((*segment).to_owned(), (*route).to_owned());
        let entity = *self.children.get(&key)?;
        let parent: i64 = parent.parse().ok()?;
        let shape = match end {
            [] => Shape::Collection,
            ["query"] => Shape::Query,
            ["query", "count"] => Shape::Count,
            [id] if id.parse::<i64>().is_ok() => Shape::Item(id.parse().ok()?),
            other => information(other)?,
        };
        Some(Route::Entity(Place {
            entity,
            parent: Some(parent),
            below: true,
            shape,
        }))
    }
}

fn information(end: &[&str]) -> Option<Shape> {
    match end {
        ["entityinformation"] => Some(Shape::Info),
        ["entityinformation", "fields"] => Some(Shape::Fields),
        ["entityinformation", "userdefinedfields"] => Some(Shape::UserDefined),
        _ => None,
    }
}

impl Place {
    /// What a verb asks of this place; nothing where the place takes no such verb. With `lenient`, a record can
    /// also be changed at its own path, and records below a parent be searched there, as clients do that could never
    /// have worked.
    pub fn asked(&self, method: &str, lenient: bool) -> Option<Asked> {
        match (method, self.shape) {
            ("GET", Shape::Item(_) | Shape::File(..)) => Some(Asked::Get),
            ("GET", Shape::Collection) if self.below => Some(Asked::List),
            ("POST", Shape::Collection) => Some(Asked::Post),
            ("PATCH", Shape::Collection) => Some(Asked::Patch),
            ("PUT", Shape::Collection) => Some(Asked::Put),
            ("DELETE", Shape::Item(_)) => Some(Asked::Delete),
            ("PATCH" | "PUT", Shape::Item(_)) if lenient => Some(Asked::Patch),
            ("GET" | "POST", Shape::Query | Shape::Count) if self.below && !lenient => None,
            ("GET" | "POST", Shape::Query | Shape::Next) => Some(Asked::Query),
            ("GET" | "POST", Shape::Count) => Some(Asked::Count),
            ("GET", Shape::Info) => Some(Asked::Info),
            ("GET", Shape::Fields) => Some(Asked::Fields),
            ("GET", Shape::UserDefined) => Some(Asked::UserDefined),
            _ => None,
        }
    }
}
