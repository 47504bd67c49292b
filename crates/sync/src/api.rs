//! Calls on a PSA as jobs make them: each says which right it needs, so that a refusal can name it, and each
//! counts as a step. Must not know any entity.

use crate::Failure;
use crate::state::State;
use crate::steps::Steps;
pub use bitting_client::conditions::{encode, literal};
use bitting_client::{ClientError, Psa};
use bitting_policy::Verb;
use serde_json::Value;
use std::fmt;

/// Largest page the vendor serves.
pub const PAGE: usize = 1000;
/// Below this, a page that takes too long is not the page's fault.
const SMALLEST: usize = 50;

/// A right, as the security roles screen names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Need {
    pub module: &'static str,
    pub action: &'static str,
    pub verb: Verb,
    /// The setup table, for `Table Setup`.
    pub table: Option<&'static str>,
}

impl Need {
    pub const fn row(module: &'static str, action: &'static str, verb: Verb) -> Self {
        Self {
            module,
            action,
            verb,
            table: None,
        }
    }

    /// Table Setup, for one table.
    pub const fn table(table: &'static str, verb: Verb) -> Self {
        Self {
            module: "System",
            action: "Table Setup",
            verb,
            table: Some(table),
        }
    }
}

impl fmt::Display for Need {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} / {}: {}", self.module, self.action, self.verb)?;
        match self.table {
            Some(table) => write!(out, " for the table {table}"),
            None => Ok(()),
        }
    }
}

/// A way to a PSA for one run.
#[derive(Clone, Copy)]
pub struct Api<'a> {
    psa: &'a Psa,
    steps: &'a Steps,
    /// Whose lease must hold before anything is written to the PSA.
    lease: Option<&'a State>,
}

impl<'a> Api<'a> {
    pub fn new(psa: &'a Psa, steps: &'a Steps) -> Self {
        Self {
            psa,
            steps,
            lease: None,
        }
    }

    /// A way that writes as long as the lease of this state holds.
    pub fn under(psa: &'a Psa, state: &'a State) -> Self {
        Self {
            psa,
            steps: &state.steps,
            lease: Some(state),
        }
    }

    fn may_write(&self) -> Result<(), Failure> {
        self.lease.map_or(Ok(()), State::holds)
    }

    pub fn get(&self, need: Need, path: &str) -> Result<Value, Failure> {
        self.read(self.psa.get(path), need)
    }

    /// A record, or none where the PSA says 404.
    pub fn get_if_there(&self, need: Need, path: &str) -> Result<Option<Value>, Failure> {
        match self.get(need, path) {
            Ok(value) => Ok(Some(value)),
            Err(Failure::NotFound { .. }) => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    pub fn post(&self, need: Need, path: &str, body: &Value) -> Result<Value, Failure> {
        self.may_write()?;
        self.read(self.psa.post(path, body), need)
    }

    pub fn patch(
        &self,
        need: Need,
        path: &str,
        members: &[(&str, Value)],
    ) -> Result<Value, Failure> {
        let members: Vec<(String, Value)> = members
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect();
        self.may_write()?;
        self.read(self.psa.patch(path, &members), need)
    }

    /// Every record of a list that meets the conditions.
    pub fn find(&self, need: Need, path: &str, conditions: &str) -> Result<Vec<Value>, Failure> {
        self.all(need, &format!("{path}?conditions={}", encode(conditions)))
    }

    /// Every record of a list, with a query or without.
    pub fn all(&self, need: Need, path: &str) -> Result<Vec<Value>, Failure> {
        let mut all = Vec::new();
        self.pages(need, path, |rows| {
            all.extend(rows);
            Ok(())
        })?;
        Ok(all)
    }

    /// Hands a list over page by page, so that memory stays flat. Where a page takes the PSA too long, the
    /// pages get smaller.
    pub fn pages(
        &self,
        need: Need,
        path: &str,
        mut each: impl FnMut(Vec<Value>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let joint = if path.contains('?') { '&' } else { '?' };
        let (mut size, mut page) = (PAGE, 1);
        loop {
            let found = match self.get(need, &format!("{path}{joint}pageSize={size}&page={page}")) {
                Err(Failure::Down { slow: true, .. }) if size / 2 >= SMALLEST => {
                    // Half the size, from the same record on.
                    page = (page - 1) * 2 + 1;
                    size /= 2;
                    continue;
                }
                found => found?,
            };
            let Value::Array(rows) = found else {
                return Err(Failure::Client(ClientError::Strange {
                    address: self.psa.address().to_owned(),
                    path: path.to_owned(),
                    wanted: "list",
                }));
            };
            let count = rows.len();
            if count > 0 {
                each(rows)?;
            }
            if count < size {
                return Ok(());
            }
            page += 1;
        }
    }

    /// Hands a list over in the order of the ids, page by page, each page asked for by the last id of the one
    /// before: records that come or go meanwhile move no other. `rest` is the rest of the query, with its `&`.
    pub fn walk(
        &self,
        need: Need,
        path: &str,
        conditions: &str,
        rest: &str,
        mut each: impl FnMut(Vec<Value>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let (mut size, mut last, mut linked) = (PAGE, None, false);
        loop {
            let conditions = match last {
                None => conditions.to_owned(),
                Some(last) if conditions.is_empty() => format!("id>{last}"),
                Some(last) => format!("{conditions} and id>{last}"),
            };
            let url = format!(
                "{path}?conditions={}&orderBy=id&pageSize={size}{rest}",
                encode(&conditions)
            );
            let (found, more) = match self.page(need, &url) {
                Err(Failure::Down { slow: true, .. }) if size / 2 >= SMALLEST => {
                    size /= 2;
                    continue;
                }
                found => found?,
            };
            let Value::Array(rows) = found else {
                return Err(Failure::Client(ClientError::Strange {
                    address: self.psa.address().to_owned(),
                    path: path.to_owned(),
                    wanted: "list",
                }));
            };
            let full = rows.len() >= size;
            last = rows.last().map(id).or(last);
            linked |= more;
            if !rows.is_empty() {
                each(rows)?;
            }
            // Where no page said yet that another one follows, something on the way may take such words away.
            if !full || linked && !more {
                return Ok(());
            }
        }
    }

    fn page(&self, need: Need, path: &str) -> Result<(Value, bool), Failure> {
        let answer = self.psa.ask("GET", path, None);
        let more = answer.as_ref().is_ok_and(|answer| answer.more);
        let value = self.read(answer.and_then(|answer| answer.ok("GET", path)), need)?;
        Ok((value, more))
    }

    /// Uploads a file with the fields of a form beside it.
    pub fn upload(
        &self,
        need: Need,
        path: &str,
        fields: &[(&str, &str)],
        file: (&str, &[u8]),
    ) -> Result<Value, Failure> {
        self.may_write()?;
        self.read(self.psa.upload(path, fields, file), need)
    }

    /// Every row of a report as an object of its columns, in the order of a key that is a number. Each page is asked
    /// for by the last key of the one before, so that rows which come or go meanwhile move no other.
    pub fn report(&self, need: Need, name: &str, key: &str) -> Result<Vec<Value>, Failure> {
        let (mut rows, mut size, mut last) = (Vec::new(), PAGE, None::<i64>);
        loop {
            let beyond = last.map_or_else(String::new, |last| {
                format!("&conditions={}", encode(&format!("{key} > {last}")))
            });
            let path = format!("system/reports/{name}?pageSize={size}&orderBy={key}{beyond}");
            let answer = match self.get(need, &path) {
                Err(Failure::Down { slow: true, .. }) if size / 2 >= SMALLEST => {
                    size /= 2;
                    continue;
                }
                answer => answer?,
            };
            let columns: Vec<String> = answer["column_definitions"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|column| column.as_object()?.keys().next().cloned())
                .collect();
            let found = answer["row_values"].as_array().cloned().unwrap_or_default();
            let full = found.len() >= size;
            for row in found {
                let cells = row.as_array().cloned().unwrap_or_default();
                let row: serde_json::Map<String, Value> =
                    columns.iter().cloned().zip(cells).collect();
                rows.push(Value::Object(row));
            }
            let end = rows.last().and_then(|row| row[key].as_i64());
            if !full {
                return Ok(rows);
            }
            if end.is_none() || end <= last {
                return Err(Failure::Held(format!(
                    "report {name} is not ordered by {key}, though that was asked for; nothing more can be read of it"
                )));
            }
            last = end;
        }
    }

    /// Address of the PSA, for messages.
    pub fn address(&self) -> &str {
        self.psa.address()
    }

    fn read(&self, answer: Result<Value, ClientError>, need: Need) -> Result<Value, Failure> {
        self.steps.done()?;
        answer.map_err(|error| Failure::of(error, &need, "security role"))
    }
}

/// Ids as a list of a condition: `1,2,3`.
pub fn list(ids: impl IntoIterator<Item = i64>) -> String {
    let ids: Vec<String> = ids.into_iter().map(|id| id.to_string()).collect();
    ids.join(",")
}

/// The id of a record.
pub fn id(record: &Value) -> i64 {
    record["id"].as_i64().unwrap_or_default()
}

/// At most so many characters: the PSA refuses longer ones.
pub fn short(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}
