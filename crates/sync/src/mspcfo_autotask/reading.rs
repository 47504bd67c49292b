//! Records of an Autotask as rows of our tables, by what `feeds` says. Knows no entity.

use super::feeds::{FEEDS, Feed, From, Rows, Shows, When};
use crate::Failure;
use crate::mspcfo::pull::{Each, Line, Tables, Wanted};
use crate::mspcfo::reports::Report;
use crate::queries::{Queries, is, labels};
use crate::state::{Shelf, State};
use crate::text::moment;
use crate::work::Work;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::HashMap;

/// Rows of ours that are kept at hand for those that refer to them.
const AT_HAND: usize = 20_000;

type Working<'a> = Work<'a, Queries<'a>>;
type Row = (&'static str, i64);

/// The tables of one reading.
#[derive(Default)]
pub struct Entities {
    /// Rows of ours that others name, by table and number; none where there is none.
    rows: RefCell<HashMap<Row, Option<Vec<Value>>>>,
    /// Fields of entities, as they describe themselves.
    described: RefCell<HashMap<&'static str, Vec<Value>>>,
}

impl<'a> Tables<Queries<'a>> for Entities {
    fn all(&self) -> Vec<&'static Report> {
        FEEDS.iter().map(|feed| feed.table).collect()
    }

    fn read(
        &self,
        work: &mut Work<'_, Queries<'a>>,
        table: &'static Report,
        wanted: Wanted<'_>,
        each: Each<'_, Queries<'a>>,
    ) -> Result<bool, Failure> {
        let Some(feed) = FEEDS.iter().find(|feed| feed.table.name == table.name) else {
            return Ok(false);
        };
        let (api, state, slug) = (work.api, work.state, work.integration);
        let known = self.described(api, feed)?;
        let there = |field: &str| find(&known, field).is_some();
        let names: HashMap<&str, HashMap<i64, String>> = known
            .iter()
            .filter_map(|field| Some((field["name"].as_str()?, field)))
            .map(|(name, field)| {
                let picks = labels(field, true).into_iter();
                (name, picks.map(|pick| (pick.id, pick.name)).collect())
            })
            .collect();
        let line = |record: &Value| -> Result<Line, Failure> {
            let number = record["id"].as_i64().unwrap_or_default();
            let gone = feed.gone.is_some_and(|flag| record[flag] == true);
            let cells = (!gone).then(|| {
                let cell = |column: &&str| self.cell(state, slug, feed, column, record, &names);
                feed.table.columns.iter().map(cell).collect()
            });
            Ok(Line {
                number,
                name: number.to_string(),
                cells: cells.transpose()?,
            })
        };
        // What others look up here is read anew.
        self.rows
            .borrow_mut()
            .retain(|(name, _), _| *name != table.name);
        let conditions = match feed.rows {
            Rows::Picks(field) => {
                let found = find(&known, field);
                let picks = found.map_or_else(Vec::new, |field| labels(field, true));
                let mut picks: Vec<Value> = picks
                    .into_iter()
                    .map(|pick| json!({ "id": pick.id, "label": pick.name }))
                    .collect();
                picks.sort_by_key(|pick| pick["id"].as_i64());
                let lines: Result<Vec<Line>, Failure> = picks.iter().map(line).collect();
                each(work, lines?)?;
                return Ok(true);
            }
            Rows::Records(conditions) => conditions,
        };
        let mut filter: Vec<Value> = conditions.iter().map(When::written).collect();
        match wanted {
            Wanted::All => {}
            Wanted::Since(since) => filter.extend(changed(api, feed, &moment(since), &there)?),
            Wanted::From(open) => {
                let Some(day) = feed.day().filter(|day| there(day)) else {
                    return Ok(false);
                };
                filter.push(is("gte", day, format!("{open}T00:00:00Z")));
            }
        }
        let fields: Vec<&str> = feed.fields().into_iter().filter(|it| there(it)).collect();
        // What was shown and is shown no more waits for the first row that shows it.
        let mut awaited = match wanted {
            Wanted::Since(_) => None,
            Wanted::All => feed.awaits(state, slug, "")?,
            Wanted::From(open) => feed.awaits(state, slug, open)?,
        };
        let mut waiting = Vec::new();
        api.walk(feed.need, feed.entity, &filter, &fields, |records| {
            let lines: Result<Vec<Line>, Failure> = records.iter().map(line).collect();
            let lines = lines?;
            if awaited.is_some_and(|shows| lines.iter().any(|line| shows.by(table, line))) {
                awaited = None;
            }
            waiting.push(lines);
            if awaited.is_some() {
                return Ok(());
            }
            waiting.drain(..).try_for_each(|lines| each(work, lines))
        })?;
        if let Some(shows) = awaited {
            work.warn(format!(
                "{} show no {} any more: {} went, it seems; {} stays as it was",
                feed.entity,
                shows.word(),
                shows.permission,
                table.name
            ));
        }
        Ok(awaited.is_none())
    }
}

/// The condition on records that changed after a moment; none where nothing tells, so that all are read.
fn changed(
    api: Queries<'_>,
    feed: &Feed,
    since: &str,
    there: &dyn Fn(&str) -> bool,
) -> Result<Option<Value>, Failure> {
    let mut any: Vec<Value> = feed
        .changed
        .iter()
        .filter(|field| there(field))
        .map(|field| is("gt", field, since))
        .collect();
    if let Some((field, entity, made)) = feed.refers {
        let new = [is("gt", made, since)];
        if let Some(first) = api.first(feed.need, entity, &new, &["id"])? {
            any.push(is("gte", field, first["id"].clone()));
        }
    }
    Ok((!any.is_empty()).then(|| json!({ "op": "or", "items": any })))
}

impl When {
    fn written(&self) -> Value {
        match self {
            Self::In(field, values) => is("in", field, values.to_vec()),
            Self::Is(field, flag) => is("eq", field, *flag),
            Self::There(field) => json!({ "op": "exist", "field": field }),
        }
    }
}

impl Shows {
    fn cell(self, cell: Option<&Value>) -> bool {
        cell.is_some_and(|cell| {
            if self.off {
                *cell == false
            } else {
                !cell.is_null()
            }
        })
    }

    fn by(self, table: &Report, line: &Line) -> bool {
        let at = table.at(self.column);
        at.is_some_and(|at| self.cell(line.cells.as_ref().and_then(|cells| cells.get(at))))
    }

    fn word(self) -> &'static str {
        if self.off {
            "hours that nobody bills"
        } else {
            "costs"
        }
    }
}

impl Feed {
    /// What rows of ours of a day or later show and those that come have to show too.
    fn awaits(&self, state: &State, slug: &str, since: &str) -> Result<Option<Shows>, Failure> {
        let (Some(shows), table) = (self.shows, self.table) else {
            return Ok(None);
        };
        let (at, mut shown) = (table.at(shows.column).unwrap_or(usize::MAX), false);
        let day = table.grows.and_then(|(_, day)| table.at(day));
        state.each(Shelf::Fact, slug, table.name, &mut |row| {
            if !shown && let Ok(cells) = serde_json::from_str::<Vec<Value>>(row.data) {
                let day = day.and_then(|at| cells.get(at)?.as_str());
                shown = shows.cell(cells.get(at)) && day.is_none_or(|day| day >= since);
            }
        })?;
        Ok(shown.then_some(shows))
    }

    fn from(&self, column: &str) -> &From {
        let found = self.columns.iter().find(|(name, _)| *name == column);
        found.map_or(&From::Nothing, |(_, from)| from)
    }

    /// The field of the day that puts a row into a month.
    fn day(&self) -> Option<&'static str> {
        match self.from(self.table.grows?.1) {
            From::Field(field) => Some(field),
            _ => None,
        }
    }

    /// Every field that is read, each once.
    pub fn fields(&self) -> Vec<&'static str> {
        if let Rows::Picks(field) = self.rows {
            return vec![field];
        }
        let mut fields = vec!["id"];
        fields.extend(self.gone);
        for (_, from) in self.columns {
            match from {
                From::Field(field) | From::Not(field) => fields.push(field),
                From::Label(several) | From::Any(several) => fields.extend(*several),
                From::Less(one, other) => fields.extend([*one, *other]),
                From::Which(several) => fields.extend(several.iter().map(|(field, _)| *field)),
                From::Of(several) => fields.extend(several.iter().map(|(field, ..)| *field)),
                From::Yes | From::Nothing => {}
            }
        }
        fields.sort_unstable();
        fields.dedup();
        fields
    }
}

/// A field by its name.
pub fn find<'f>(fields: &'f [Value], name: &str) -> Option<&'f Value> {
    fields.iter().find(|field| {
        field["name"]
            .as_str()
            .is_some_and(|known| known.eq_ignore_ascii_case(name))
    })
}

/// Whether a reference or a value is there; 0 stands for the company that the PSA belongs to.
fn filled(record: &Value, field: &str) -> bool {
    !record[field].is_null()
}

impl Entities {
    fn described(&self, api: Queries<'_>, feed: &Feed) -> Result<Vec<Value>, Failure> {
        if let Some(known) = self.described.borrow().get(feed.entity) {
            return Ok(known.clone());
        }
        let fields = api.fields(feed.need, feed.entity)?;
        self.described
            .borrow_mut()
            .insert(feed.entity, fields.clone());
        Ok(fields)
    }

    fn cell(
        &self,
        state: &State,
        slug: &str,
        feed: &Feed,
        column: &str,
        record: &Value,
        names: &HashMap<&str, HashMap<i64, String>>,
    ) -> Result<Value, Failure> {
        let label = |field: &str| {
            let id = record[field].as_i64();
            let id = id.or_else(|| record[field].as_str()?.parse().ok())?;
            Some(json!(names.get(field)?.get(&id)?))
        };
        Ok(match feed.from(column) {
            From::Field(field) => record[*field].clone(),
            From::Label(fields) => {
                let first = fields.iter().find(|field| filled(record, field));
                first.and_then(|field| label(field)).unwrap_or_default()
            }
            From::Not(field) => json!(record[*field] != true),
            From::Any(fields) => json!(fields.iter().any(|field| filled(record, field))),
            From::Which(words) => {
                let first = words.iter().find(|(field, _)| filled(record, field));
                first.map_or(Value::Null, |(_, word)| json!(word))
            }
            From::Less(one, other) => {
                let other = record[*other].as_f64().unwrap_or_default();
                record[*one]
                    .as_f64()
                    .map_or(Value::Null, |one| json!(one - other))
            }
            From::Of(ways) => {
                let first = ways.iter().find(|(field, ..)| filled(record, field));
                match first.and_then(|(field, ..)| Some((first?, record[*field].as_i64()?))) {
                    Some(((_, table, column), id)) => self.of(state, slug, table, column, id)?,
                    None => Value::Null,
                }
            }
            From::Yes => json!(true),
            From::Nothing => Value::Null,
        })
    }

    /// A cell of a row of ours.
    fn of(
        &self,
        state: &State,
        slug: &str,
        table: &'static Report,
        column: &str,
        id: i64,
    ) -> Result<Value, Failure> {
        let cell = |cells: &Option<Vec<Value>>| {
            let cells = cells.as_ref()?;
            cells.get(table.at(column)?).cloned()
        };
        if let Some(known) = self.rows.borrow().get(&(table.name, id)) {
            return Ok(cell(known).unwrap_or_default());
        }
        let kept = state.find(Shelf::Fact, slug, table.name, &id.to_string())?;
        let cells = kept.and_then(|kept| kept.data.as_array().cloned());
        let found = cell(&cells).unwrap_or_default();
        let mut rows = self.rows.borrow_mut();
        if rows.len() >= AT_HAND {
            rows.clear();
        }
        rows.insert((table.name, id), cells);
        Ok(found)
    }
}

/// Fields that the PSA does not have, by entity and table, in the order of the feeds.
pub fn missing(work: &mut Working<'_>) -> Result<Vec<(&'static Feed, Vec<&'static str>)>, Failure> {
    let entities = Entities::default();
    let mut found = Vec::new();
    for feed in FEEDS {
        let known = entities.described(work.api, feed)?;
        work.counts.read += 1;
        let lacks = |field: &&str| find(&known, field).is_none();
        found.push((feed, feed.fields().into_iter().filter(lacks).collect()));
    }
    Ok(found)
}
