//! Writing through the gate: what goes up is what the gate has read, field by field, and never the caller's own
//! bytes. The record before and the record as it will be both have to lie within the permit.

use super::fence::Fence;
use super::references::{bare, target};
use super::show::Show;
use super::upstream::Ask;
use super::{Passage, Stop, proof};
use bitting_calls::pipeline;
use bitting_catalog::entity::{Entity, Field, Kind as FieldKind};
use bitting_catalog::route::Method;
use bitting_dialects::connectwise::body::{Input, InputValue, Key, Purpose, Reader};
use bitting_dialects::connectwise::error::ApiError;
use bitting_dialects::connectwise::patch;
use bitting_policy::{Verb, Why};
use bitting_psa::answer::Answer;
use bitting_psa::answer::Reply;
use bitting_psa::permit::{Permit, authorize};
use bitting_query::{Path, Value};
use serde_json::{Map, Value as Json, json};

/// Flags of a status that say that what has it is closed.
const CLOSED: [&str; 4] = ["closedStatus", "closedFlag", "wonFlag", "lostFlag"];

/// What goes up: fields by name, and the record as it will be, as far as it is known.
struct Composed {
    fields: Map<String, Json>,
    record: Json,
}

impl Passage<'_> {
    pub(super) async fn create(
        self,
        permit: &Permit<'_>,
        parents: &[i64],
        proven: bool,
    ) -> Result<Reply, Stop> {
        let call = self.call;
        let input = self.reader(Purpose::Create).read(pipeline::body(call)?)?;
        let fence = self.fence(permit, proven).await?;
        let mut record = Map::new();
        for (name, values) in &permit.entity().only {
            record.insert(name.clone(), json!(values.first()));
        }
        for (parent, id) in permit.entity().parents.iter().zip(parents) {
            if let Some(field) = &parent.field {
                let own = permit.entity().any_field(field);
                let links = own.is_some_and(|own| matches!(own.kind, FieldKind::Reference(_)));
                record.insert(
                    field.clone(),
                    if links {
                        json!({ "id": id })
                    } else {
                        json!(id)
                    },
                );
            }
        }
        let mut composed = Composed {
            fields: Map::new(),
            record: Json::Object(record),
        };
        self.fill(permit, &input, &fence, &mut composed);
        self.take(permit, &input, &fence, &mut composed).await?;
        self.admit(permit, &fence, &composed, &fence.telling())
            .await?;
        self.extras(permit, &input, None, &composed.record).await?;
        let mut ask = Ask::get("", call.release);
        ask.method = reqwest::Method::POST;
        ask.body = Some(Json::Object(composed.fields));
        self.written(permit, ask, proven).await
    }

    pub(super) async fn change(
        self,
        permit: &Permit<'_>,
        id: Option<i64>,
        proven: bool,
    ) -> Result<Reply, Stop> {
        let call = self.call;
        let whole = call.method == Method::Put;
        let body = pipeline::body(call)?;
        let input = if whole {
            self.reader(Purpose::Replace).read(body)?
        } else {
            patch::apply(&patch::operations(body)?, &self.reader(Purpose::Change))?
        };
        let fence = self.fence(permit, proven).await?;
        let before = self.existing(permit, id, &fence, proven).await?;
        let mut composed = Composed {
            fields: Map::new(),
            record: if whole {
                kept(permit.entity(), &before)
            } else {
                before.clone()
            },
        };
        self.take(permit, &input, &fence, &mut composed).await?;
        let mut telling = fence.telling();
        // What a change does not touch stays as it was proven.
        telling.retain(|path| {
            let name = path.column.split('/').next().unwrap_or_default();
            whole || composed.fields.contains_key(name)
        });
        self.admit(permit, &fence, &composed, &telling).await?;
        self.extras(permit, &input, Some(&before), &composed.record)
            .await?;
        let mut ask = Ask::get("", call.release);
        (ask.method, ask.body) = if whole {
            (reqwest::Method::PUT, Some(Json::Object(composed.fields)))
        } else {
            (reqwest::Method::PATCH, Some(operations(composed.fields)))
        };
        self.written(permit, ask, proven).await
    }

    pub(super) async fn delete(
        self,
        permit: &Permit<'_>,
        id: Option<i64>,
        proven: bool,
    ) -> Result<Reply, Stop> {
        let fence = self.fence(permit, proven).await?;
        let before = self.existing(permit, id, &fence, proven).await?;
        let none = Input::default();
        self.extras(permit, &none, Some(&before), &before).await?;
        let path = self.path();
        let mut ask = Ask::get(&path, self.call.release);
        ask.method = reqwest::Method::DELETE;
        let answer = self.sent(ask).await?;
        Ok(Reply::from_answer(Answer::empty(answer.status)))
    }

    fn reader(&self, purpose: Purpose) -> Reader<'_> {
        Reader {
            names: self.call.instance.catalog(),
            entity: self.call.entity,
            release: self.call.release,
            purpose,
            strict: true,
            filled: &|_| true,
        }
    }

    /// The record before: out of sight is not found, in sight but not open to this verb is refused.
    async fn existing(
        self,
        permit: &Permit<'_>,
        id: Option<i64>,
        fence: &Fence,
        proven: bool,
    ) -> Result<Json, Stop> {
        let entity = permit.entity();
        let missing = || ApiError::not_found(&entity.schema, &id.unwrap_or_default().to_string());
        let path = self.path();
        let answer = self
            .gate
            .upstream
            .send(Ask::get(&path, self.call.release), self.trace)
            .await?;
        if answer.status == 404 {
            return Err(missing().into());
        }
        let before = super::passed(answer)?.json()?;
        let readable = self.fence(&permit.reading(), proven).await?;
        let rows = std::slice::from_ref(&before);
        if !self.prove(rows, &readable).await?[0] {
            return Err(missing().into());
        }
        if !self.prove(rows, fence).await?[0] {
            return Err(if permit.mine() {
                self.denied(permit, Why::Ownership).into()
            } else {
                missing().into()
            });
        }
        Ok(before)
    }

    /// Where the PSA would choose a location or a board for a new record, and not every one is open to the caller,
    /// the gate says its own default.
    fn fill(self, permit: &Permit<'_>, input: &Input, fence: &Fence, composed: &mut Composed) {
        let (entity, caller) = (permit.entity(), &self.call.caller);
        let defaults = [
            (
                &entity.scope.location,
                caller
                    .default_location
                    .filter(|node| caller.sees(Some(*node))),
            ),
            (
                &entity.scope.board,
                caller
                    .default_board
                    .filter(|board| !caller.excluded_boards.contains(board)),
            ),
        ];
        for (name, value) in defaults {
            let (Some(name), Some(value)) = (name, value) else {
                continue;
            };
            let Some(index) = entity.fields.iter().position(|field| *field.name == **name) else {
                continue;
            };
            let field = &entity.fields[index];
            let looked_at = fence.paths().iter().any(|path| about(path, name));
            let given = input.values.iter().any(|(given, _)| *given == index);
            if looked_at && !given && !field.read_only {
                let json = match field.kind {
                    FieldKind::Reference(_) => json!({ "id": value }),
                    _ => json!(value),
                };
                set(&mut composed.record, name, json.clone());
                composed.fields.insert(name.clone(), json);
            }
        }
    }

    /// The caller's values, as the PSA gets them: references into what is partly hidden by id alone.
    async fn take(
        self,
        permit: &Permit<'_>,
        input: &Input,
        fence: &Fence,
        composed: &mut Composed,
    ) -> Result<(), Stop> {
        let entity = permit.entity();
        if let Some((index, _)) = input.values.iter().find(|(index, _)| permit.hides(*index)) {
            let name = &entity.fields[*index].name;
            return Err(permit
                .refuse_field(self.call.instance.backend.grounds(), name)
                .into());
        }
        for within in [false, true] {
            for (index, value) in &input.values {
                let field = &entity.fields[*index];
                if field.within.is_some() != within {
                    continue;
                }
                let said = self
                    .said(permit, field, value, fence, &composed.record)
                    .await?;
                let shown = merged(&composed.record, field, value, &said);
                set(&mut composed.record, &field.name, shown.clone());
                let up = match (&field.kind, shown["id"].as_i64()) {
                    (FieldKind::Reference(_), Some(id)) => json!({ "id": id }),
                    _ => shown,
                };
                composed.fields.insert(field.name.to_string(), up);
            }
        }
        if !input.custom_fields.is_empty() {
            let fields = input.custom_fields.iter().map(|field| {
                let mut one = Map::new();
                one.extend(field.id.map(|id| ("id".to_owned(), json!(id))));
                one.extend(
                    field
                        .caption
                        .clone()
                        .map(|text| ("caption".to_owned(), json!(text))),
                );
                one.insert("value".to_owned(), field.value.clone());
                Json::Object(one)
            });
            let fields = Json::Array(fields.collect());
            composed.fields.insert("customFields".to_owned(), fields);
        }
        if let Some(id) = input.id.filter(|_| composed.record["id"].is_null()) {
            // Only a record that links to another is posted with an id.
            composed.fields.insert("id".to_owned(), json!(id));
        }
        Ok(())
    }

    async fn said(
        self,
        permit: &Permit<'_>,
        field: &Field,
        value: &InputValue,
        fence: &Fence,
        record: &Json,
    ) -> Result<Json, Stop> {
        let catalog = self.call.instance.catalog();
        let looked_up = target(field).is_some_and(|target| self.restricts(catalog.entity(target)));
        let members = members(fence, &field.name);
        let key = |json: &Json| json.as_i64().map(Key::Id);
        Ok(match value {
            InputValue::Null => Json::Null,
            InputValue::Json(text) | InputValue::Merge(text) => {
                serde_json::from_str(text).unwrap_or(Json::Null)
            }
            InputValue::Value(stored) => {
                let json = plain(field, stored);
                if let (true, Some(key)) = (looked_up, key(&json)) {
                    self.resolve(permit, field, &key, &[], record).await?;
                }
                json
            }
            InputValue::Reference(key) if matches!(field.kind, FieldKind::Reference(_)) => {
                if looked_up || !members.is_empty() {
                    self.resolve(permit, field, key, &members, record).await?
                } else {
                    bare(key)
                }
            }
            InputValue::Reference(Key::Id(id)) => json!(id),
            // A bare id number whose record was named.
            InputValue::Reference(key) => {
                self.resolve(permit, field, key, &[], record).await?["id"].clone()
            }
            InputValue::References(keys) => {
                let mut all = Vec::with_capacity(keys.len());
                for key in keys {
                    all.push(if looked_up {
                        let found = self.resolve(permit, field, key, &[], record).await?;
                        json!({ "id": found["id"] })
                    } else {
                        bare(key)
                    });
                }
                Json::Array(all)
            }
        })
    }

    /// The record as it will be lies within the permit. `telling` values have to be named: by leaving them out the
    /// PSA would choose.
    async fn admit(
        self,
        permit: &Permit<'_>,
        fence: &Fence,
        composed: &Composed,
        telling: &[Path],
    ) -> Result<(), Stop> {
        for (why, filter) in &fence.parts {
            let part = Fence {
                parts: vec![(*why, filter.clone())],
            };
            if !self
                .prove(std::slice::from_ref(&composed.record), &part)
                .await?[0]
            {
                return Err(self.denied(permit, *why).into());
            }
        }
        for path in telling {
            let name = path
                .through
                .first()
                .map_or(&path.column, |link| &link.column);
            let name = name.split('/').next().unwrap_or_default();
            let held = proof::at(&composed.record, name);
            if path.through.is_empty() && held.is_none_or(Json::is_null) {
                let why = format!(
                    "the record has to name its {name}; left out, the PSA would choose one, maybe beyond the member's"
                );
                return Err(self.refuse(permit, &why).into());
            }
        }
        Ok(())
    }

    /// Rights that single fields and states ask for on top of the entity's own.
    async fn extras(
        self,
        permit: &Permit<'_>,
        input: &Input,
        before: Option<&Json>,
        after: &Json,
    ) -> Result<(), Stop> {
        if self.unbounded() {
            return Ok(());
        }
        let (call, entity) = (self.call, permit.entity());
        for (word, right) in &entity.extra_rights {
            let gives = |name: &str| {
                let mut values = input.values.iter();
                values.any(|(index, _)| *entity.fields[*index].name == *name)
            };
            let verb = match (word.as_str(), before) {
                ("close" | "billable", _) => Verb::Edit,
                _ => permit.verb(),
            };
            let grounds = call.instance.backend.grounds();
            let held = authorize(grounds, &call.caller, entity, &right.needs, verb);
            // Level My is about the caller's own records, which only a fence of its own would tell.
            let denial = match held {
                Ok(held) if !held.mine() => continue,
                Ok(held) => self.denied(&held, Why::Ownership),
                Err(denial) => denial.by(&call.caller.role.name),
            };
            let asked = match word.as_str() {
                "close" | "closed" => {
                    let mut closed = false;
                    for record in before.into_iter().chain([after]) {
                        closed |= self.is_closed(entity, record).await?;
                    }
                    closed
                }
                "billable" => gives("billableOption"),
                "project" => true,
                _ => false,
            };
            if asked {
                return Err(denial.into());
            }
        }
        Ok(())
    }

    /// Whether a record is closed by its own flag or by its status. One whose status cannot be read counts as
    /// closed.
    async fn is_closed(self, entity: &Entity, record: &Json) -> Result<bool, Stop> {
        if record["closedFlag"] == true {
            return Ok(true);
        }
        let Some(field) = entity.fields.iter().find(|field| *field.name == *"status") else {
            return Ok(false);
        };
        let said = &record["status"];
        if said.is_null() {
            return Ok(false);
        }
        let Some(target) = target(field).map(|target| self.call.instance.catalog().entity(target))
        else {
            return Ok(true);
        };
        let condition = match (said["id"].as_i64(), said["name"].as_str()) {
            (Some(id), _) => format!("id = {id}"),
            (None, Some(name)) if !name.contains(['"', '\\']) => format!("name = \"{name}\""),
            _ => return Ok(true),
        };
        let Some(path) = self.gate.lists.get(&target.id) else {
            return Ok(true);
        };
        let holder = field.within.as_deref().map(|holder| &record[holder]);
        let holder = holder.and_then(|holder| holder["id"].as_i64());
        let path = match (path.contains('{'), holder) {
            (false, _) => path.trim_start_matches('/').to_owned(),
            (true, Some(id)) => super::filled(path, std::iter::once(id.to_string())),
            (true, None) => return Ok(true),
        };
        let ask = Ask::get(&path, self.call.release).with("conditions", Some(condition));
        let found = self.sent(ask).await?.json()?;
        let Some(status) = found.as_array().and_then(|rows| rows.first()) else {
            // The PSA refuses a status that is none.
            return Ok(false);
        };
        Ok(CLOSED.iter().any(|flag| status[*flag] == true))
    }

    /// Sends a write, and shows the record that it left, if the caller may see it.
    async fn written(self, permit: &Permit<'_>, ask: Ask<'_>, proven: bool) -> Result<Reply, Stop> {
        let path = self.path();
        let answer = self.sent(Ask { path: &path, ..ask }).await?;
        let status = answer.status;
        let mut record = answer.json()?;
        let reading = permit.reading();
        let fence = self.fence(&reading, proven).await?;
        let unseen =
            record.is_object() && !self.prove(std::slice::from_ref(&record), &fence).await?[0];
        if unseen {
            let id = record["id"].as_i64().unwrap_or_default();
            tracing::warn!(
                path,
                id,
                "the PSA made of a write a record that the caller does not see"
            );
            return Err(ApiError::not_found(&permit.entity().schema, &id.to_string()).into());
        }
        let show = Show {
            permit: &reading,
            view: None,
            base: &self.call.base,
            projection: None,
            added: &[],
        };
        show.record(&mut record);
        let body = match record {
            Json::Null => Vec::new(),
            record => serde_json::to_vec(&record).unwrap_or_default(),
        };
        Ok(Reply::json(status, body))
    }
}

/// What a PUT leaves of a record: what callers cannot set.
fn kept(entity: &Entity, before: &Json) -> Json {
    let mut record = Map::new();
    for name in ["id", "_info"] {
        record.extend(
            before
                .get(name)
                .map(|value| (name.to_owned(), value.clone())),
        );
    }
    for field in entity.fields.iter().filter(|field| field.read_only) {
        let value = proof::at(before, &field.name);
        record.extend(value.map(|value| (field.name.to_string(), value.clone())));
    }
    Json::Object(record)
}

/// Members of a reference that the fence looks at.
fn members(fence: &Fence, field: &str) -> Vec<String> {
    let paths = fence.paths();
    let members = paths.iter().filter_map(|path| {
        let (name, member) = path.column.split_once('/')?;
        (path.through.is_empty() && name == field && member != "id").then(|| member.to_owned())
    });
    let mut members: Vec<String> = members.collect();
    let through = |path: &Path| {
        path.through
            .first()
            .is_some_and(|link| *link.column == *field)
    };
    if members.is_empty() && paths.iter().any(|path| about(path, field) || through(path)) {
        members.push("id".to_owned());
    }
    members
}

fn about(path: &Path, field: &str) -> bool {
    path.through.is_empty() && path.column.split('/').next() == Some(field)
}

fn set(record: &mut Json, name: &str, value: Json) {
    if let Json::Object(members) = record {
        members.retain(|known, _| !known.eq_ignore_ascii_case(name));
        members.insert(name.to_owned(), value);
    }
}

/// A nested object keeps the members that a patch does not name.
fn merged(record: &Json, field: &Field, value: &InputValue, said: &Json) -> Json {
    if let (InputValue::Merge(_), Some(Json::Object(before)), Json::Object(said)) =
        (value, proof::at(record, &field.name), said)
    {
        let mut all = before.clone();
        all.extend(said.clone());
        return Json::Object(all);
    }
    said.clone()
}

/// Each field as one operation.
fn operations(fields: Map<String, Json>) -> Json {
    let operations = fields.into_iter();
    let operations =
        operations.map(|(name, value)| json!({ "op": "replace", "path": name, "value": value }));
    Json::Array(operations.collect())
}

fn plain(field: &Field, stored: &Value) -> Json {
    match (stored, &field.kind) {
        (Value::Null, _) => Json::Null,
        (Value::Integer(flag), FieldKind::Boolean) => json!(*flag != 0),
        (Value::Integer(number), _) => json!(number),
        (Value::Number(number), _) => json!(number),
        (Value::Boolean(flag), _) => json!(flag),
        (Value::Text(text), _) => json!(text),
    }
}
