//! Calls on an Autotask instance as jobs make them: each says which permission it needs, so that a refusal can name
//! it, and each counts as a step. Must not know any entity.

use crate::Failure;
use crate::state::State;
use bitting_client::{Autotask, ClientError};
use serde_json::{Value, json};
use std::fmt;

/// Most records that one answer has.
pub const PAGE: usize = 500;
/// A smaller page than this is not the page's fault.
const SMALLEST: usize = 50;

/// What is known of a key that is refused.
const UNPROVEN: &str = "user name, secret and integration vendor do not fit together, or the API user is locked or \
                        inactive: Autotask does not say which";

/// A permission, as the security level's screen names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permission {
    /// `CRM / Object Permissions / Opportunities & Quotes`
    pub name: &'static str,
    /// `View`, `Add`, `Edit`; empty where a box is ticked or a value chosen.
    pub verb: &'static str,
}

impl Permission {
    pub const fn new(name: &'static str, verb: &'static str) -> Self {
        Self { name, verb }
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name)?;
        if self.verb.is_empty() {
            return Ok(());
        }
        write!(out, ": {}", self.verb)
    }
}

/// A value of a pick list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pick {
    pub id: i64,
    pub name: String,
    /// What the PSA's own form begins with.
    pub default: bool,
}

/// A way to an instance for one run.
#[derive(Clone, Copy)]
pub struct Queries<'a> {
    psa: &'a Autotask,
    state: &'a State,
}

/// The active values of a field's pick list, in the PSA's order.
pub fn picks_in(fields: &[Value], field: &str) -> Vec<Pick> {
    let named = |known: &&Value| {
        known["name"]
            .as_str()
            .is_some_and(|name| name.eq_ignore_ascii_case(field))
    };
    let field = fields.iter().find(named);
    field.map_or_else(Vec::new, |field| labels(field, false))
}

/// The values of a field's pick list. Records of before may hold values that nobody can choose any more.
pub fn labels(field: &Value, retired: bool) -> Vec<Pick> {
    let values = field["picklistValues"].as_array();
    values
        .into_iter()
        .flatten()
        .filter(|value| retired || value["isActive"] != false)
        .filter_map(|value| {
            let id = &value["value"];
            let id = id.as_i64().or_else(|| id.as_str()?.parse().ok())?;
            Some(Pick {
                id,
                name: value["label"].as_str()?.to_owned(),
                default: value["isDefaultValue"] == true,
            })
        })
        .collect()
}

/// A condition of a query.
pub fn is(op: &str, field: &str, value: impl Into<Value>) -> Value {
    json!({ "op": op, "field": field, "value": value.into() })
}

impl<'a> Queries<'a> {
    /// A way that writes as long as the lease of this state holds.
    pub fn under(psa: &'a Autotask, state: &'a State) -> Self {
        Self { psa, state }
    }

    /// The user that the key belongs to.
    pub fn user(&self) -> &str {
        self.psa.user()
    }

    /// A record by its id; none where it does not show, which is no proof that it is not there.
    pub fn one(&self, need: Permission, entity: &str, id: i64) -> Result<Option<Value>, Failure> {
        let mut found = self.get(need, &format!("{entity}/{id}"))?;
        Ok(Some(found["item"].take()).filter(|item| !item.is_null()))
    }

    pub fn get(&self, need: Permission, path: &str) -> Result<Value, Failure> {
        self.read(self.psa.get(path), need)
    }

    /// Hands every record that meets all conditions over, page by page in the order of the ids, each page asked for
    /// by the last id of the one before: records that come or go meanwhile move no other. Where a page takes the PSA
    /// too long, the pages get smaller.
    pub fn walk(
        &self,
        need: Permission,
        entity: &str,
        conditions: &[Value],
        fields: &[&str],
        mut each: impl FnMut(Vec<Value>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let (mut size, mut last) = (PAGE, -1);
        loop {
            let rows = match self.page(need, entity, conditions, fields, size, last) {
                Err(Failure::Down { slow: true, .. }) if size / 2 >= SMALLEST => {
                    size /= 2;
                    continue;
                }
                rows => rows?,
            };
            let full = rows.len() >= size;
            for row in &rows {
                let id = row["id"].as_i64().unwrap_or(last);
                if id <= last {
                    return Err(Failure::Held(format!(
                        "{entity} are not ordered by id, as queries always are; nothing more can be read of them"
                    )));
                }
                last = id;
            }
            if !rows.is_empty() {
                each(rows)?;
            }
            if !full {
                return Ok(());
            }
        }
    }

    /// The record with the lowest id that meets all conditions.
    pub fn first(
        &self,
        need: Permission,
        entity: &str,
        conditions: &[Value],
        fields: &[&str],
    ) -> Result<Option<Value>, Failure> {
        let rows = self.page(need, entity, conditions, fields, 1, -1)?;
        Ok(rows.into_iter().next())
    }

    /// At most so many records above an id.
    fn page(
        &self,
        need: Permission,
        entity: &str,
        conditions: &[Value],
        fields: &[&str],
        size: usize,
        above: i64,
    ) -> Result<Vec<Value>, Failure> {
        let path = format!("{entity}/query");
        let mut filter = conditions.to_vec();
        filter.push(is("gt", "id", above));
        let mut query = json!({ "MaxRecords": size, "filter": filter });
        if !fields.is_empty() {
            query["IncludeFields"] = json!(fields);
        }
        let answer = self.psa.ask("POST", &path, Some(&query));
        let mut found = self.read(answer.and_then(|answer| answer.ok("POST", &path)), need)?;
        match found["items"].take() {
            Value::Array(rows) => Ok(rows),
            _ => Err(Failure::Client(ClientError::Strange {
                address: self.psa.address().to_owned(),
                path,
                wanted: "list",
            })),
        }
    }

    /// Every record that meets all conditions.
    pub fn find(
        &self,
        need: Permission,
        entity: &str,
        conditions: &[Value],
    ) -> Result<Vec<Value>, Failure> {
        let mut all = Vec::new();
        self.walk(need, entity, conditions, &[], |rows| {
            all.extend(rows);
            Ok(())
        })?;
        Ok(all)
    }

    /// What an entity is and what this user may do with it.
    pub fn info(&self, need: Permission, entity: &str) -> Result<Value, Failure> {
        Ok(self.get(need, &format!("{entity}/entityInformation"))?["info"].take())
    }

    /// The active values of a pick list: id and name.
    pub fn picks(
        &self,
        need: Permission,
        entity: &str,
        field: &str,
    ) -> Result<Vec<(i64, String)>, Failure> {
        let picks = self.picks_of(need, entity, field)?;
        Ok(picks.into_iter().map(|pick| (pick.id, pick.name)).collect())
    }

    /// The same, with what the PSA's own form begins with.
    pub fn picks_of(
        &self,
        need: Permission,
        entity: &str,
        field: &str,
    ) -> Result<Vec<Pick>, Failure> {
        Ok(picks_in(&self.fields(need, entity)?, field))
    }

    /// What an entity's fields are, each with its pick list.
    pub fn fields(&self, need: Permission, entity: &str) -> Result<Vec<Value>, Failure> {
        let mut answer = self.get(need, &format!("{entity}/entityInformation/fields"))?;
        match answer["fields"].take() {
            Value::Array(fields) => Ok(fields),
            _ => Ok(Vec::new()),
        }
    }

    /// Makes a record; answers its id.
    pub fn post(&self, need: Permission, path: &str, body: &Value) -> Result<i64, Failure> {
        self.state.holds()?;
        let answer = self.psa.ask("POST", path, Some(body));
        let made = self.read(answer.and_then(|answer| answer.ok("POST", path)), need)?;
        made["itemId"].as_i64().ok_or_else(|| {
            Failure::Client(ClientError::Strange {
                address: self.psa.address().to_owned(),
                path: path.to_owned(),
                wanted: "record that was made",
            })
        })
    }

    /// Changes members of a record.
    pub fn patch(&self, need: Permission, path: &str, body: &Value) -> Result<(), Failure> {
        self.state.holds()?;
        let answer = self.psa.ask("PATCH", path, Some(body));
        self.read(answer.and_then(|answer| answer.ok("PATCH", path)), need)
            .map(drop)
    }

    /// Whether any record meets all conditions.
    pub fn any(
        &self,
        need: Permission,
        entity: &str,
        conditions: &[Value],
    ) -> Result<bool, Failure> {
        let path = format!("{entity}/query");
        let query = json!({ "MaxRecords": 1, "IncludeFields": ["id"], "filter": conditions });
        let answer = self.psa.ask("POST", &path, Some(&query));
        let found = self.read(answer.and_then(|answer| answer.ok("POST", &path)), need)?;
        Ok(found["items"]
            .as_array()
            .is_some_and(|rows| !rows.is_empty()))
    }

    /// Whether the PSA knows the name of this user, which it tells without proof.
    pub fn is_known(&self) -> Result<bool, Failure> {
        let zone = self.psa.zone();
        self.state.steps.done()?;
        Ok(zone.is_ok())
    }

    fn read(&self, answer: Result<Value, ClientError>, need: Permission) -> Result<Value, Failure> {
        self.state.steps.done()?;
        answer.map_err(|error| match Failure::of(error, &need, "security level") {
            // The answer is empty, whatever of the three is wrong.
            Failure::Key { .. } => Failure::Key {
                message: UNPROVEN.to_owned(),
            },
            failure => failure,
        })
    }
}
