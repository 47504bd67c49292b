//! The search language: `{"filter":[{"op":"eq","field":"id","value":1}],"MaxRecords":50,"IncludeFields":["id"]}`,
//! in the query of a GET or the body of a POST. Read into the one filter language, with the fields it names.

use super::error::Refusal;
use super::relaxed;
use super::udf::{Defined, EXTRA};
use super::value::{coerce, holds, number, text, user_defined};
use bitting_catalog::entity::{Entity, Field};
use bitting_query::{
    Comparison, Elements, Filter, Kind, Path, Pattern, Piece, Row, Value, matches,
};
use serde_json::{Map, Value as Json};
use std::borrow::Cow;
use std::sync::Arc;

/// Most rows of one page, and how many there are when the caller does not say.
pub const PAGE: u64 = 500;
/// Most alternatives of one search; values of `in` count.
const ALTERNATIVES: usize = 500;
/// Deepest nesting of groups.
const DEPTH: usize = 40;

/// A search, resolved.
#[derive(Debug, Clone, PartialEq)]
pub struct Search {
    pub filter: Filter,
    /// Rows per page.
    pub size: u64,
    /// Fields to show; all where nothing is said. User-defined ones always show.
    pub include: Option<Vec<usize>>,
    /// Fields of the entity that the filter looks at, each once.
    pub used: Vec<usize>,
    /// The filter looks at user-defined fields.
    pub uses_defined: bool,
}

/// The text of a search as JSON. Hand-written ones in single quotes are taken too.
pub fn json(input: &str) -> Result<Json, Refusal> {
    if input.trim().is_empty() {
        return Ok(Json::Object(Map::new()));
    }
    relaxed::read(input)
        .map_err(|error| Refusal::new(format!("The search is not valid JSON: {error}")))
}

/// What is said of a search without a filter, where one is asked for.
pub const NO_FILTER: &str = "A query needs a filter: \
     {\"filter\":[{\"op\":\"exist\",\"field\":\"id\"}]} finds everything.";

/// What is said to whoever follows a link whose search was too long for it, and does not send it again.
pub const LEFT_OUT: &str =
    "The query is too long for its paging link: follow it with POST and the body of the query.";

/// Whether a search has a filter, be it an empty list. What is no search at all is for [`read`] to refuse.
pub fn has_filter(json: &Json) -> bool {
    match json {
        Json::Object(members) => member(members, "filter").is_some_and(|filter| !filter.is_null()),
        other => !other.is_null(),
    }
}

/// Reads a search on an entity. `defined` are its user-defined fields.
pub fn read(entity: &Entity, defined: &[Defined], json: &Json) -> Result<Search, Refusal> {
    let empty = Map::new();
    let members = match json {
        Json::Object(members) => members,
        Json::Null => &empty,
        _ => return Err(Refusal::new("A search is an object with a filter.")),
    };
    let mut reader = Reader {
        entity,
        defined,
        used: Vec::new(),
        user_defined: 0,
        alternatives: 0,
    };
    let filter = match member(members, "filter") {
        None | Some(Json::Null) => Filter::Constant(true),
        Some(Json::Array(items)) => reader.group(items, false, 0)?,
        Some(one) => reader.one(one, 0)?,
    };
    if reader.alternatives > ALTERNATIVES {
        return Err(Refusal::new(
            "Queries are limited to 500 or fewer 'OR' conditions.",
        ));
    }
    if reader.user_defined > 1 {
        return Err(Refusal::new(
            "Only one user-defined field can be searched at a time.",
        ));
    }
    let size = match member(members, "MaxRecords") {
        None | Some(Json::Null) => PAGE,
        Some(given) => rows(given)?,
    };
    let include = match member(members, "IncludeFields") {
        None | Some(Json::Null) => None,
        Some(Json::Array(names)) if names.is_empty() => None,
        Some(names) => Some(reader.include(several(names))?),
    };
    Ok(Search {
        filter,
        size,
        include,
        used: reader.used,
        uses_defined: reader.user_defined > 0,
    })
}

/// The elements of a list. One element alone stands for a list of one: PowerShell writes it so.
fn several(json: &Json) -> &[Json] {
    match json {
        Json::Array(all) => all,
        one => std::slice::from_ref(one),
    }
}

/// A page size that is allowed.
fn rows(given: &Json) -> Result<u64, Refusal> {
    let number = match given {
        Json::Number(number) => number.as_u64(),
        Json::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number
        .filter(|size| (1..=PAGE).contains(size))
        .ok_or_else(|| Refusal::new("maxCountOfRecordsToReturn must be between 1 and 500"))
}

/// A member by its name in any case.
pub fn member<'j>(members: &'j Map<String, Json>, name: &str) -> Option<&'j Json> {
    members.get(name).or_else(|| {
        members
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    })
}

struct Reader<'a> {
    entity: &'a Entity,
    defined: &'a [Defined],
    used: Vec<usize>,
    user_defined: usize,
    alternatives: usize,
}

/// What a condition is about.
enum About<'a> {
    Field(usize, &'a Field),
    Defined(&'a Defined),
}

impl<'a> Reader<'a> {
    fn group(&mut self, items: &[Json], any: bool, depth: usize) -> Result<Filter, Refusal> {
        if depth > DEPTH {
            return Err(Refusal::new("The search is nested too deeply."));
        }
        let mut parts = Vec::with_capacity(items.len());
        for item in items {
            parts.push(self.one(item, depth + 1)?);
        }
        if any {
            self.alternatives += parts.len();
        }
        Ok(match (parts.len(), any) {
            (0, _) => Filter::Constant(true),
            (1, _) => parts.swap_remove(0),
            (_, true) => Filter::Or(parts),
            (_, false) => Filter::And(parts),
        })
    }

    fn one(&mut self, item: &Json, depth: usize) -> Result<Filter, Refusal> {
        let Json::Object(members) = item else {
            return Err(Refusal::new(
                "A condition is an object with op, field and value.",
            ));
        };
        let op = match member(members, "op") {
            Some(Json::String(op)) => op.trim().to_ascii_lowercase(),
            None if member(members, "items").is_some() => "and".to_owned(),
            _ => return Err(Refusal::new("A condition has no op.")),
        };
        if op == "and" || op == "or" {
            let items = match member(members, "items") {
                None | Some(Json::Null) => &[],
                Some(items) => several(items),
            };
            // None of nothing is nothing, and whoever sends it means something else than everything.
            if items.is_empty() && (op == "or" || member(members, "items").is_none()) {
                return Err(Refusal::new(format!("The group {op} has no items.")));
            }
            return self.group(items, op == "or", depth);
        }
        let name = match member(members, "field") {
            Some(Json::String(name)) => name.trim(),
            _ => return Err(Refusal::new(format!("The condition {op} names no field."))),
        };
        let value = member(members, "value").filter(|value| !value.is_null());
        let udf = match member(members, "udf") {
            Some(Json::Bool(flag)) => *flag,
            Some(Json::Number(number)) => number.as_i64() == Some(1),
            Some(Json::String(word)) => word.eq_ignore_ascii_case("true") || word == "1",
            _ => false,
        };
        match self.about(name, udf)? {
            About::Field(index, field) => {
                if !self.used.contains(&index) {
                    self.used.push(index);
                }
                let path = Path {
                    through: Vec::new(),
                    column: field.column.clone(),
                    kind: holds(field),
                };
                self.test(&op, name, &path, value, &|json| coerce(field, json))
            }
            About::Defined(field) => {
                self.user_defined += 1;
                self.on_defined(&op, name, field, value)
            }
        }
    }

    fn about(&self, name: &str, udf: bool) -> Result<About<'a>, Refusal> {
        let (entity, defined) = (self.entity, self.defined);
        let own = if udf { None } else { field(entity, name) };
        if let Some((index, field)) = own {
            if !field.queryable {
                return Err(Refusal::not_queryable(name, &entity.schema));
            }
            return Ok(About::Field(index, field));
        }
        let known = defined
            .iter()
            .find(|field| field.name.eq_ignore_ascii_case(name));
        match known {
            Some(field) if udf => Ok(About::Defined(field)),
            _ => Err(Refusal::unknown_field(name, &entity.schema)),
        }
    }

    fn include(&self, names: &[Json]) -> Result<Vec<usize>, Refusal> {
        let mut include = Vec::with_capacity(names.len());
        for name in names {
            let name = text(name).map_err(Refusal::new)?;
            let is_defined = self
                .defined
                .iter()
                .any(|field| field.name.eq_ignore_ascii_case(&name));
            match field(self.entity, &name) {
                Some((index, _)) => include.push(index),
                None if is_defined || name.eq_ignore_ascii_case("userDefinedFields") => {}
                None => return Err(Refusal::unknown_field(&name, &self.entity.schema)),
            }
        }
        Ok(include)
    }

    /// One condition on one value.
    fn test(
        &mut self,
        op: &str,
        name: &str,
        path: &Path,
        value: Option<&Json>,
        coerce: &dyn Fn(&Json) -> Result<Value, String>,
    ) -> Result<Filter, Refusal> {
        let null = || Filter::IsNull { path: path.clone() };
        let read = |json: &Json| coerce(json).map_err(Refusal::new);
        // PowerShell makes a list of a value of several words.
        let single = |json: &Json| match json {
            Json::Array(_) => Err(Refusal::new(format!(
                "Unexpected character encountered while parsing value: [. The condition {op} on {name} takes one value; in takes several."
            ))),
            json => read(json),
        };
        let one = || -> Result<Value, Refusal> {
            // Some clients leave out what is false, zero or empty.
            match (value, blank(path.kind)) {
                (Some(json), _) => single(json),
                (None, Some(blank)) => Ok(blank),
                (None, None) => Err(Refusal::new(format!(
                    "The condition {op} on {name} has no value."
                ))),
            }
        };
        let compare = |comparison| -> Result<Filter, Refusal> {
            Ok(match one()? {
                Value::Null => Filter::Constant(false),
                value => Filter::Compare {
                    path: path.clone(),
                    op: comparison,
                    value,
                },
            })
        };
        let equal = || -> Result<Filter, Refusal> {
            let Some(json) = value else {
                return Ok(match blank(path.kind) {
                    Some(blank) => Filter::Or(vec![null(), same(path, blank)]),
                    None => null(),
                });
            };
            Ok(match single(json)? {
                Value::Null => null(),
                Value::Text(text) if text.is_empty() => {
                    Filter::Or(vec![null(), same(path, Value::Text(text))])
                }
                value => same(path, value),
            })
        };
        match op {
            "eq" => equal(),
            "noteq" => Ok(not(equal()?)),
            "gt" => compare(Comparison::Greater),
            "gte" => compare(Comparison::GreaterOrEqual),
            "lt" => compare(Comparison::Less),
            "lte" => compare(Comparison::LessOrEqual),
            "exist" => Ok(not(null())),
            "notexist" => Ok(null()),
            "in" | "notin" => {
                let given = value.map(several).unwrap_or_default();
                self.alternatives += given.len();
                let mut values = Vec::with_capacity(given.len());
                let mut or_null = false;
                for json in given {
                    match read(json)? {
                        Value::Null => or_null = true,
                        value => values.push(value),
                    }
                }
                let mut filter = Filter::OneOf {
                    path: path.clone(),
                    values,
                };
                if or_null {
                    filter = Filter::Or(vec![filter, null()]);
                }
                Ok(if op == "in" { filter } else { not(filter) })
            }
            "beginswith" | "endswith" | "contains" => {
                // Whole numbers are looked at as their digits, as some clients search ids.
                let wanted = match path.kind {
                    Kind::Text => one()?,
                    Kind::Integer => match value {
                        Some(Json::Array(_)) => one()?,
                        Some(json) => Value::Text(text(json).map_err(Refusal::new)?),
                        None => Value::Text(String::new()),
                    },
                    _ => {
                        return Err(Refusal::new(format!(
                            "The condition {op} needs a text field; {name} is none."
                        )));
                    }
                };
                let Value::Text(wanted) = wanted else {
                    return Ok(Filter::Constant(false));
                };
                let path = path.clone();
                Ok(match op {
                    "contains" => Filter::Contains { path, text: wanted },
                    "beginswith" => like(path, vec![Piece::Text(wanted), Piece::AnyRun]),
                    _ => like(path, vec![Piece::AnyRun, Piece::Text(wanted)]),
                })
            }
            // Upstream was once seen to answer every row to a misspelt word. Failing is safer.
            unknown => Err(Refusal::new(format!(
                "The operator {unknown} is not one of eq, noteq, gt, gte, lt, lte, beginsWith, endsWith, contains, exist, notExist, in, notIn, and, or."
            ))),
        }
    }

    /// A condition on a user-defined field: on the one of all values that bears its name.
    fn on_defined(
        &mut self,
        op: &str,
        name: &str,
        field: &Defined,
        value: Option<&Json>,
    ) -> Result<Filter, Refusal> {
        let member = |column: &str| Path {
            through: Vec::new(),
            column: Arc::from(column),
            kind: Kind::Text,
        };
        let path = member("value");
        let number = Path {
            kind: Kind::Number,
            ..member("number")
        };
        let any = |inner: Filter| Filter::Any {
            of: Elements::Json {
                column: Arc::from(EXTRA),
            },
            filter: Box::new(Filter::And(vec![
                same(&member("name"), Value::Text(field.name.to_string())),
                inner,
            ])),
        };
        let is_part = matches!(op, "beginswith" | "endswith" | "contains");
        let is_number = field.kind == "double" && !is_part;
        let kind = if is_part { "string" } else { field.kind };
        let read = |json: &Json| match json {
            Json::Null => Ok(Value::Null),
            Json::String(text) if is_number && text.trim().is_empty() => Ok(Value::Null),
            json if is_number => self::number(json).map(Value::Number),
            json => user_defined(kind, json).map(Value::Text),
        };
        let filled = not(Filter::IsNull { path: path.clone() });
        let compared = if is_number { &number } else { &path };
        let inner = self.test(op, name, compared, value, &read)?;
        // A field without a value may be at rest as null, or not at all.
        let of_none = matches(&inner, &Nothing);
        let held = any(Filter::And(vec![filled.clone(), inner]));
        Ok(if of_none {
            Filter::Or(vec![held, not(any(filled))])
        } else {
            held
        })
    }
}

/// The row whose every value is null.
struct Nothing;

impl Row for Nothing {
    fn value(&self, _: &Path) -> Cow<'_, Value> {
        Cow::Owned(Value::Null)
    }

    fn elements(&self, _: &Elements) -> Vec<Box<dyn Row + '_>> {
        Vec::new()
    }

    fn in_index(&self, _: &str, _: i64) -> bool {
        false
    }
}

/// A field by its name in any case.
pub fn field<'e>(entity: &'e Entity, name: &str) -> Option<(usize, &'e Field)> {
    let exact = entity
        .fields
        .iter()
        .enumerate()
        .find(|(_, field)| *field.name == *name);
    exact.or_else(|| {
        entity
            .fields
            .iter()
            .enumerate()
            .find(|(_, field)| field.name.eq_ignore_ascii_case(name))
    })
}

/// What a client may mean that leaves the value out, beside null.
fn blank(kind: Kind) -> Option<Value> {
    match kind {
        Kind::Integer => Some(Value::Integer(0)),
        Kind::Number => Some(Value::Number(0.0)),
        Kind::Boolean => Some(Value::Boolean(false)),
        Kind::Text => Some(Value::Text(String::new())),
        Kind::DateTime | Kind::Json => None,
    }
}

fn same(path: &Path, value: Value) -> Filter {
    Filter::Compare {
        path: path.clone(),
        op: Comparison::Equal,
        value,
    }
}

fn not(filter: Filter) -> Filter {
    Filter::Not(Box::new(filter))
}

fn like(path: Path, pieces: Vec<Piece>) -> Filter {
    Filter::Like {
        path,
        pattern: Pattern(pieces),
    }
}
