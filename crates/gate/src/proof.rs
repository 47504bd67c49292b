//! Records that came from the PSA, held against the fence: the conditions that were sent up narrow what comes,
//! the proof is made on what came. Knows no permit and no HTTP.

use bitting_query::{Elements, Filter, Kind, Path, Value, matches};
use serde_json::{Map, Value as Json};
use std::borrow::Cow;
use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Records behind references, by path of their entity and id.
pub type Beyond = HashMap<(Arc<str>, i64), Json>;

/// Whether a record meets a filter of the API's paths. What would have to be seen and was not refuses it, however
/// the filter is built.
pub fn holds(filter: &Filter, record: &Json, beyond: &Beyond) -> bool {
    let unseen = Cell::new(false);
    let row = Record {
        json: record,
        beyond,
        unseen: &unseen,
    };
    matches(filter, &row) && !unseen.get()
}

struct Record<'a> {
    json: &'a Json,
    beyond: &'a Beyond,
    unseen: &'a Cell<bool>,
}

impl bitting_query::Row for Record<'_> {
    fn value(&self, path: &Path) -> Cow<'_, Value> {
        let Some((first, rest)) = path.through.split_first() else {
            return Cow::Owned(read(at(self.json, &path.column), path.kind));
        };
        let id = at(self.json, &format!("{}/id", first.column)).and_then(Json::as_i64);
        let Some(id) = id else {
            return Cow::Owned(Value::Null);
        };
        let Some(json) = self.beyond.get(&(first.table.clone(), id)) else {
            self.unseen.set(true);
            return Cow::Owned(Value::Null);
        };
        let inner = Record {
            json,
            beyond: self.beyond,
            unseen: self.unseen,
        };
        let path = Path {
            through: rest.to_vec(),
            column: path.column.clone(),
            kind: path.kind,
        };
        Cow::Owned(inner.value(&path).into_owned())
    }

    fn elements(&self, _: &Elements) -> Vec<Box<dyn bitting_query::Row + '_>> {
        self.unseen.set(true);
        Vec::new()
    }

    fn in_index(&self, _: &str, _: i64) -> bool {
        self.unseen.set(true);
        false
    }
}

/// The member at a path of names, in any letter case.
pub fn at<'j>(json: &'j Json, path: &str) -> Option<&'j Json> {
    let mut json = json;
    for name in path.split('/') {
        json = member(json.as_object()?, name)?;
    }
    Some(json)
}

/// A member by name, exact case first.
pub fn member<'j>(members: &'j Map<String, Json>, name: &str) -> Option<&'j Json> {
    members.get(name).or_else(|| {
        let mut members = members.iter();
        let found = members.find(|(other, _)| other.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value)
    })
}

fn read(json: Option<&Json>, kind: Kind) -> Value {
    match json {
        Some(Json::Bool(flag)) => Value::Boolean(*flag),
        Some(Json::Number(number)) => match number.as_i64() {
            Some(number) => Value::Integer(number),
            None => number.as_f64().map_or(Value::Null, Value::Number),
        },
        Some(Json::String(text)) if kind == Kind::Text || kind == Kind::DateTime => {
            Value::Text(text.clone())
        }
        _ => Value::Null,
    }
}

/// What a record has to carry so that these paths can be looked at: `fields` for the PSA.
pub fn fields(paths: &[Path]) -> Vec<String> {
    let mut fields: Vec<String> = vec!["id".to_owned()];
    for path in paths {
        let field = match path.through.first() {
            Some(link) => format!("{}/id", link.column),
            None => path.column.to_string(),
        };
        if !fields.contains(&field) {
            fields.push(field);
        }
    }
    fields
}

/// Records of one entity to read, and what of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Path of the entity.
    pub entity: Arc<str>,
    pub ids: Vec<i64>,
    /// What is looked at behind the reference.
    pub paths: Vec<Path>,
}

/// The records behind references that the paths lead through and that are not at hand yet.
pub fn wanted(rows: &[Json], paths: &[Path], beyond: &Beyond) -> Vec<Wanted> {
    let mut found: BTreeMap<(Arc<str>, Arc<str>), Vec<Path>> = BTreeMap::new();
    for path in paths {
        if let Some((first, rest)) = path.through.split_first() {
            let key = (first.column.clone(), first.table.clone());
            found.entry(key).or_default().push(Path {
                through: rest.to_vec(),
                column: path.column.clone(),
                kind: path.kind,
            });
        }
    }
    let mut all = Vec::new();
    for ((column, entity), paths) in found {
        let name = format!("{column}/id");
        let ids = rows.iter().filter_map(|row| at(row, &name)?.as_i64());
        let mut ids: Vec<i64> = ids
            .filter(|id| !beyond.contains_key(&(entity.clone(), *id)))
            .collect();
        ids.sort_unstable();
        ids.dedup();
        if !ids.is_empty() {
            all.push(Wanted { entity, ids, paths });
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::{Beyond, fields, holds, wanted};
    use bitting_query::{Filter, Kind, Link, Path, Value};
    use serde_json::json;
    use std::sync::Arc;

    fn territory() -> Path {
        Path {
            through: vec![Link {
                column: Arc::from("company"),
                table: Arc::from("company/companies"),
            }],
            column: Arc::from("territory/id"),
            kind: Kind::Integer,
        }
    }

    fn plain(name: &str, kind: Kind) -> Path {
        Path {
            through: Vec::new(),
            column: Arc::from(name),
            kind,
        }
    }

    #[test]
    fn what_was_not_seen_proves_nothing_either_way() {
        let row = json!({ "id": 1, "company": { "id": 7 } });
        let inside = Filter::OneOf {
            path: territory(),
            values: vec![Value::Integer(3)],
        };
        let outside = Filter::Not(Box::new(inside.clone()));
        let mut beyond = Beyond::new();
        assert!(!holds(&inside, &row, &beyond) && !holds(&outside, &row, &beyond));
        let found = wanted(std::slice::from_ref(&row), &[territory()], &beyond);
        assert_eq!((found.len(), &found[0].ids[..]), (1, &[7][..]));
        assert_eq!(fields(&found[0].paths), ["id", "territory/id"]);
        let company = json!({ "id": 7, "territory": { "id": 3 } });
        beyond.insert((Arc::from("company/companies"), 7), company);
        assert!(holds(&inside, &row, &beyond) && !holds(&outside, &row, &beyond));
    }

    #[test]
    fn words_and_members_are_read_as_they_stand() {
        let row = json!({ "resources": "ann, Bob", "owner": { "identifier": "Ann" }, "board": { "id": 2 } });
        let none = Beyond::new();
        for (word, found) in [("bob", true), ("an", false), ("ann", true)] {
            let filter = Filter::HasWord {
                path: plain("resources", Kind::Text),
                word: word.to_owned(),
            };
            assert_eq!(holds(&filter, &row, &none), found, "{word}");
        }
        let board = Filter::Not(Box::new(Filter::OneOf {
            path: plain("board/id", Kind::Integer),
            values: vec![Value::Integer(2)],
        }));
        assert!(!holds(&board, &row, &none));
        assert!(
            holds(&board, &json!({}), &none),
            "no board is no excluded one"
        );
        let index = Filter::InIndex {
            table: Arc::from("t"),
            key: 1,
        };
        assert!(!holds(&Filter::Not(Box::new(index)), &row, &none));
    }
}
