//! Bodies for every schema of the catalog, and places for every path: rows are created through the API where
//! it can, found where they are, and laid down in the store where the API only reads.

use crate::support::{Answered, Company, Credentials};
use bitting_catalog::Catalog;
use bitting_catalog::entity::{Entity, EntityId, Field, Kind, Scalar};
use bitting_catalog::route::{Method, Route, RouteKind};
use bitting_query::Value as Stored;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

type Later<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// Where one record is: the ids before its own, and its own.
#[derive(Debug, Clone)]
pub struct Place {
    pub parents: Vec<i64>,
    pub id: i64,
}

/// The company's rows as far as the test has needed them.
pub struct Ground<'c> {
    pub company: &'c Company,
    pub catalog: &'c Catalog,
    places: HashMap<EntityId, Option<Place>>,
    /// Entities being made now: one that needs itself is found or left out.
    open: Vec<EntityId>,
    serial: u64,
}

/// How deep nested objects are filled in.
const DEPTH: usize = 3;
/// Answers of a refusal that name what is missing are followed so many times.
const TRIES: usize = 5;

impl<'c> Ground<'c> {
    pub fn new(company: &'c Company, catalog: &'c Catalog) -> Self {
        Self {
            company,
            catalog,
            places: HashMap::new(),
            open: Vec::new(),
            serial: 0,
        }
    }

    /// A ticket, for what hangs on any record.
    pub async fn ticket(&mut self) -> i64 {
        let tickets = self
            .catalog
            .entity_at("service/tickets")
            .expect("tickets")
            .id;
        self.place(tickets).await.expect("a ticket").id
    }

    /// Gives a subtype a type, from which the associations of its board are worked out.
    pub async fn associate(&mut self) {
        let id = |path: &str| self.catalog.entity_at(path).expect("an entity").id;
        let (types, subtypes) = (id("service/boards/types"), id("service/boards/subtypes"));
        let kind = self.place(types).await.expect("a type");
        let subtype = self.place(subtypes).await.expect("a subtype");
        let path = format!(
            "/service/boards/{}/subtypes/{}",
            subtype.parents[0], subtype.id
        );
        let change = json!([{ "op": "replace", "path": "typeAssociationIds", "value": [kind.id] }]);
        let admin = self.admin();
        self.company
            .call(&admin, "PATCH", &path, Some(change))
            .await
            .expect(200);
    }

    /// Sends a file that hangs on a ticket.
    pub async fn upload(&self, key: &Credentials, path: &str) -> Answered {
        let mut form = String::new();
        for (name, value) in [
            ("recordType", "Ticket"),
            ("title", "A picture"),
            ("recordId", "1"),
        ] {
            let head = format!("Content-Disposition: form-data; name=\"{name}\"");
            form += &["--b", &head, "", value, ""].join("\r\n");
        }
        form += "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.png\"\r\nContent-Type: image/png\r\n\r\n";
        let mut form = form.into_bytes();
        form.extend_from_slice(b"\x89PNG\r\n\x1a\n\r\n--b--\r\n");
        self.company
            .send_as(key, "POST", path, form, "multipart/form-data; boundary=b")
            .await
    }

    /// A member that is a person, with a key of its own, for paths that no API member may call.
    pub async fn person(&mut self) -> (String, Credentials) {
        let admin = self.admin();
        let company = self.company;
        company
            .instance
            .set_setting("tokens", Some("own"))
            .await
            .expect("kept");
        let me = format!("/system/members/{}", company.admin_member);
        let role = company.get(&admin, &me).await.expect(200)["securityRole"]["id"].clone();
        let people =
            "/system/members?conditions=licenseClass=\"F\" and inactiveFlag=false&pageSize=1";
        let found = company.get(&admin, people).await.rows().remove(0);
        let id = found["id"].as_i64().expect("an id");
        let change = json!([{ "op": "replace", "path": "securityRole", "value": { "id": role } }]);
        company
            .call(
                &admin,
                "PATCH",
                &format!("/system/members/{id}"),
                Some(change),
            )
            .await
            .expect(200);
        let name = found["identifier"].as_str().expect("an identifier");
        (name.to_owned(), company.key(id))
    }

    fn admin(&self) -> Credentials {
        self.company.admin.clone()
    }

    /// One record of the entity, the same at every call.
    pub fn place(&mut self, id: EntityId) -> Later<'_, Option<Place>> {
        Box::pin(async move {
            if let Some(known) = self.places.get(&id) {
                return known.clone();
            }
            let found = if self.open.contains(&id) {
                return self.existing(id).await;
            } else {
                match self.fresh(id).await {
                    Some(place) => Some(place),
                    None => self.existing(id).await,
                }
            };
            self.places.insert(id, found.clone());
            found
        })
    }

    /// Forgets where a record of the entity was: all of them may be gone.
    pub fn forget(&mut self, id: EntityId) {
        let home = self.catalog.home(id).id;
        let catalog = self.catalog;
        self.places
            .retain(|known, _| catalog.home(*known).id != home);
    }

    /// A record of its own, made for one call.
    pub fn fresh(&mut self, id: EntityId) -> Later<'_, Option<Place>> {
        Box::pin(async move {
            if self.open.contains(&id) {
                return None;
            }
            self.open.push(id);
            let made = self.made(id).await;
            self.open.pop();
            made
        })
    }

    async fn made(&mut self, id: EntityId) -> Option<Place> {
        let entity = self.catalog.entity(id);
        if entity.rules.iter().any(|rule| rule == "my_account") {
            // A path for the caller's own record alone.
            let id = self.company.admin_member;
            return Some(Place {
                parents: Vec::new(),
                id,
            });
        }
        let parents = self.parents(entity).await?;
        if entity.rules.iter().any(|rule| rule == "document") {
            let made = self.upload(&self.admin(), "/system/documents").await;
            let id = made.json["id"].as_i64()?;
            return Some(Place { parents, id });
        }
        if let Some(path) = self.collection(entity, &parents, Method::Post) {
            let mut body = self.record(entity, &parents).await;
            for _ in 0..TRIES {
                let admin = self.admin();
                let sent = Some(Value::Object(body.clone()));
                let answered = self.company.call(&admin, "POST", &path, sent).await;
                if matches!(answered.status, 200 | 201) {
                    let record = match &answered.json {
                        Value::Array(rows) => &rows[0],
                        record => record,
                    };
                    let id = record["id"].as_i64();
                    return id.map(|id| Place { parents, id });
                }
                if !self.heed(entity, &answered, &mut body).await {
                    break;
                }
            }
        }
        self.laid(entity, parents).await
    }

    /// Ids for the placeholders before a record's own; `None` where a parent cannot be had.
    pub async fn parents(&mut self, entity: &Entity) -> Option<Vec<i64>> {
        let mut ids: Vec<i64> = Vec::new();
        if let Some(nearest) = entity.parents.last() {
            match nearest.entity {
                Some(above) => {
                    let place = self.place(above).await?;
                    ids = place.parents;
                    ids.push(place.id);
                }
                None => ids.push(1),
            }
        }
        // A path may leave out the outermost parents of its parent, or name more than the parent has.
        while ids.len() > entity.parents.len() {
            ids.remove(0);
        }
        while ids.len() < entity.parents.len() {
            let index = entity.parents.len() - ids.len() - 1;
            let id = match entity.parents[index].entity {
                Some(above) => self.place(above).await?.id,
                None => 1,
            };
            ids.insert(0, id);
        }
        Some(ids)
    }

    /// The path of the entity's list that takes this verb under these parents.
    pub fn collection(&self, entity: &Entity, parents: &[i64], method: Method) -> Option<String> {
        let route = self.catalog.routes_of(entity.id).find(|route| {
            route.kind == RouteKind::Collection
                && route.params.len() == parents.len()
                && (method == Method::Get || route.rule.as_deref() != Some("forecast"))
                && route.methods.iter().any(|o| o.method == method)
        })?;
        let words: Vec<String> = parents.iter().map(ToString::to_string).collect();
        Some(filled(&route.path, &words))
    }

    /// A record that is there already: the newest under the parents.
    async fn existing(&mut self, id: EntityId) -> Option<Place> {
        let entity = self.catalog.entity(id);
        let known = self.parents_known(entity)?;
        // Under the parents at hand, else under one of the demo company's.
        let others = (1..10).map(|id| known.iter().map(|_| id).collect());
        for parents in std::iter::once(known.clone()).chain(others) {
            let path = self.collection(entity, &parents, Method::Get)?;
            let admin = self.admin();
            let asked = format!("{path}?pageSize=1&orderBy=id desc");
            let listed = self.company.get(&admin, &asked).await;
            if let Some(id) = listed.json[0]["id"].as_i64() {
                return Some(Place { parents, id });
            }
        }
        None
    }

    fn parents_known(&self, entity: &Entity) -> Option<Vec<i64>> {
        let Some(nearest) = entity.parents.last() else {
            return Some(Vec::new());
        };
        let place = self.places.get(&nearest.entity?)?.clone()?;
        let mut ids = place.parents;
        ids.push(place.id);
        (ids.len() == entity.parents.len()).then_some(ids)
    }

    /// A row put into the store, for what the API shows and does not make.
    async fn laid(&mut self, entity: &Entity, parents: Vec<i64>) -> Option<Place> {
        let record = self.record(entity, &parents).await;
        self.lay(entity, parents, record).await
    }

    /// A row with something in every field that holds a plain value.
    pub async fn full(&mut self, entity: &Entity) -> Option<Place> {
        let parents = self.parents(entity).await?;
        let mut record = Map::new();
        for field in &entity.fields {
            let nested = matches!(field.kind, Kind::Embedded { .. } | Kind::References(_));
            if field.target().is_none() && !nested && &*field.name != "id" {
                record.insert(field.name.to_string(), self.plain(field));
            }
        }
        self.lay(entity, parents, record).await
    }

    /// A value for every field that a caller may set and that points to nothing.
    pub fn plainly(&mut self, entity: &Entity) -> Map<String, Value> {
        let mut record = Map::new();
        for field in &entity.fields {
            let nested = matches!(field.kind, Kind::Embedded { .. } | Kind::References(_));
            if field.read_only || field.target().is_some() || nested || field.id_of.is_some() {
                continue;
            }
            let value = match field.kind {
                Kind::Number => json!(2.5),
                _ => self.plain(field),
            };
            record.insert(field.name.to_string(), value);
        }
        record
    }

    /// A row put into the store as it is.
    pub async fn lay(
        &mut self,
        entity: &Entity,
        parents: Vec<i64>,
        record: Map<String, Value>,
    ) -> Option<Place> {
        // What a rule works out does not lie in a table of its own.
        let worked_out = |rule: &String| match rule.as_str() {
            "attached_configuration" => true,
            "board_associations" => entity.any_field("subType").is_some(),
            _ => false,
        };
        if !entity.stored || entity.rules.iter().any(worked_out) {
            return None;
        }
        let mut values: Vec<(Arc<str>, Stored)> = Vec::new();
        for (parent, id) in entity.parents.iter().zip(&parents) {
            values.push((parent.column.clone(), Stored::Integer(*id)));
        }
        for (name, only) in &entity.only {
            if let (Some(field), Some(first)) = (entity.any_field(name), only.first()) {
                values.push((field.column.clone(), Stored::Text(first.clone())));
            }
        }
        for field in &entity.fields {
            if values.iter().any(|(column, _)| *column == field.column) {
                continue;
            }
            let stored = match record.get(&*field.name) {
                Some(value) => at_rest(field, value),
                // What only the server sets is set here too, so that readers find it.
                None if field.read_only => at_rest(field, &self.plain(field)),
                None => continue,
            };
            values.push((field.column.clone(), stored));
        }
        values.retain(|(column, _)| &**column != "id");
        if let (Some((_, column)), Some(id)) = (
            linked(self.catalog.home(entity.id)),
            record.get("id").and_then(Value::as_i64),
        ) {
            values.push((column, Stored::Integer(id)));
        }
        let laid = bitting_calls::seed::row(&self.company.instance, entity, values).await;
        laid.ok().map(|id| Place { parents, id })
    }

    /// A body with everything that the catalog requires.
    pub async fn record(&mut self, entity: &Entity, parents: &[i64]) -> Map<String, Value> {
        let mut body = Map::new();
        // A record that is nothing but a link says to what.
        if let Some((target, _)) = linked(self.catalog.home(entity.id))
            && let Some(place) = self.place(target).await
        {
            body.insert("id".to_owned(), json!(place.id));
        }
        if entity.rules.iter().any(|rule| rule == "callback") {
            self.serial += 1;
            let url = format!("https://listener.test/{}", self.serial);
            let about = json!({ "url": url, "type": "ticket", "level": "owner", "objectId": 1 });
            return about.as_object().cloned().unwrap_or_default();
        }
        for field in &entity.fields {
            let of_path = entity
                .parents
                .iter()
                .take(parents.len())
                .any(|parent| parent.column == field.column);
            if field.required && !field.read_only && !of_path {
                self.set(field, &entity.fields, &mut body, 0).await;
            }
        }
        if entity.rules.iter().any(|rule| rule == "project") {
            let admin = self.admin();
            let boards = "/service/boards?conditions=projectFlag=True&fields=id&pageSize=1";
            let rows = self.company.get(&admin, boards).await.rows();
            if let Some(board) = rows.into_iter().next() {
                body.insert("board".to_owned(), board);
            } else if let Some(id) = body["board"]["id"].as_i64() {
                let flag = json!([{ "op": "replace", "path": "projectFlag", "value": true }]);
                let path = format!("/service/boards/{id}");
                let changed = self.company.call(&admin, "PATCH", &path, Some(flag)).await;
                changed.expect(200);
            }
        }
        body
    }

    /// A body of a nested shape, its required members or, where it requires none, all it can have.
    pub fn shaped<'a>(&'a mut self, shape: &'a str, depth: usize) -> Later<'a, Value> {
        Box::pin(async move {
            let fields = self.catalog.shape(shape).unwrap_or_default();
            let every = depth == 0 && !fields.iter().any(|field| field.required);
            let mut body = Map::new();
            for field in fields {
                if (field.required || every) && !field.read_only {
                    self.set(field, fields, &mut body, depth).await;
                }
            }
            Value::Object(body)
        })
    }

    /// Adds what a refusal says is missing; false when it says nothing that helps.
    pub async fn heed(
        &mut self,
        entity: &Entity,
        answered: &Answered,
        body: &mut Map<String, Value>,
    ) -> bool {
        if answered.status != 400 {
            return false;
        }
        let mut helped = false;
        for error in answered.json["errors"].as_array().into_iter().flatten() {
            let name = error["field"].as_str().unwrap_or_default();
            let name = name.split(['/', '.']).next().unwrap_or_default();
            let Some(field) = self.catalog.field(entity, name) else {
                continue;
            };
            if error["code"] == "ObjectExists"
                && let Some(taken) = body.remove(&*field.name)
            {
                // Another word, or another record than the one that is there already.
                let fresh = match field.target() {
                    Some(target) => self
                        .fresh(target)
                        .await
                        .map(|place| json!({ "id": place.id })),
                    None => Some(self.another(field, &taken)),
                };
                if let Some(value) = fresh {
                    body.insert(field.name.to_string(), value);
                    helped = true;
                }
            }
            if !body.contains_key(&*field.name) && !field.read_only {
                self.set(field, &entity.fields, body, 0).await;
                helped |= body.contains_key(&*field.name);
            }
        }
        helped
    }

    async fn set(
        &mut self,
        field: &Field,
        siblings: &[Field],
        body: &mut Map<String, Value>,
        depth: usize,
    ) {
        if body.contains_key(&*field.name) {
            return;
        }
        let value = match &field.kind {
            Kind::Reference(reference) => {
                let Some(target) = reference.target else {
                    body.insert(field.name.to_string(), json!({ "id": 1 }));
                    return;
                };
                let Some(place) = self.place(target).await else {
                    return;
                };
                // A record of a parent comes with that parent.
                let holder = field
                    .within
                    .as_deref()
                    .and_then(|name| siblings.iter().find(|field| *field.name == *name));
                if let (Some(holder), Some(parent)) = (holder, place.parents.last()) {
                    body.entry(holder.name.to_string())
                        .or_insert_with(|| json!({ "id": parent }));
                }
                json!({ "id": place.id })
            }
            Kind::References(reference) => match reference.target {
                Some(target) => match self.place(target).await {
                    Some(place) => json!([{ "id": place.id }]),
                    None => json!([]),
                },
                None => json!([]),
            },
            Kind::Embedded { shape, list } => {
                if depth >= DEPTH {
                    return;
                }
                let one = self.shaped(shape, depth + 1).await;
                if *list { json!([one]) } else { one }
            }
            Kind::Integer => match field.id_of {
                Some(target) => match self.place(target).await {
                    Some(place) => json!(place.id),
                    None => json!(1),
                },
                None => self.plain(field),
            },
            _ => self.plain(field),
        };
        body.insert(field.name.to_string(), value);
    }

    fn another(&mut self, field: &Field, taken: &Value) -> Value {
        self.serial += 1;
        match taken {
            Value::Number(_) => json!(self.serial % 90 + 3),
            _ => self.plain(field),
        }
    }

    /// A value without reference to anything: the first word of a set, a text of its own, a day.
    fn plain(&mut self, field: &Field) -> Value {
        self.serial += 1;
        match &field.kind {
            Kind::Integer | Kind::Number => json!(1),
            Kind::Boolean => json!(true),
            Kind::DateTime => json!("2026-03-02T09:00:00Z"),
            Kind::Date => json!("2026-03-02"),
            Kind::Uuid => json!(format!("00000000-0000-4000-8000-{:012}", self.serial)),
            Kind::Text => match field.values.first() {
                Some(word) => json!(**word),
                None => {
                    // Short fields keep the digits, which differ, and lose the letter.
                    let text = format!("t{}", self.serial);
                    let max = field.max.map_or(usize::MAX, |max| max as usize);
                    let from = text.len().saturating_sub(max);
                    json!(text[from..])
                }
            },
            Kind::List(Scalar::Integer | Scalar::Number) => json!([1]),
            Kind::List(Scalar::Boolean) => json!([true]),
            Kind::List(Scalar::Text) => json!(["t"]),
            Kind::Any | Kind::Embedded { list: false, .. } => json!({}),
            Kind::Reference(_) => json!({ "id": 1 }),
            Kind::References(_) | Kind::Embedded { list: true, .. } => json!([]),
        }
    }

    /// The words for a route's placeholders: of this place, or of none.
    pub async fn words(&mut self, route: &Route, place: Option<&Place>) -> Vec<String> {
        let mut ids: Vec<i64> = match place {
            Some(place) => {
                let mut ids = place.parents.clone();
                ids.push(place.id);
                ids
            }
            None => Vec::new(),
        };
        let wanted = route.params.len();
        let own = has_own(route, self.catalog.entity(route.entity));
        if !own {
            ids.pop();
            if place.is_none() {
                let entity = self.catalog.entity(route.entity);
                ids = self.parents(entity).await.unwrap_or_default();
            }
        }
        // A path that leaves the parents out names the record alone.
        while ids.len() > wanted {
            ids.remove(0);
        }
        let mut words: Vec<String> = ids.iter().map(ToString::to_string).collect();
        while words.len() < wanted {
            words.push("1".to_owned());
        }
        words
    }
}

/// What the records of an entity link to, when they are nothing but links, and the column that says it.
fn linked(entity: &Entity) -> Option<(EntityId, Arc<str>)> {
    entity.hidden.iter().find_map(|field| match &field.kind {
        Kind::Reference(to) if to.shape == entity.schema => {
            Some((to.target?, field.column.clone()))
        }
        _ => None,
    })
}

/// Whether the last id in the path is the record's own.
pub fn has_own(route: &Route, entity: &Entity) -> bool {
    match route.kind {
        RouteKind::Collection | RouteKind::Count | RouteKind::Search | RouteKind::Bulk => false,
        RouteKind::Item | RouteKind::ItemByName => {
            let parents = entity.parents.len();
            !route.methods.iter().any(|o| o.list) || (parents > 0 && route.params.len() > parents)
        }
        RouteKind::Info => !route.params.is_empty() && !route.methods.iter().any(|o| o.list),
        _ => {
            let parent = |param: &&String| {
                let mut parents = entity.parents.iter();
                parents.any(|parent| parent.param == **param)
            };
            route.params.len() > route.params.iter().filter(parent).count()
        }
    }
}

/// The path of one record that takes this verb.
pub fn item<'c>(catalog: &'c Catalog, entity: &Entity, method: Method) -> Option<&'c Route> {
    catalog.routes_of(entity.id).find(|route| {
        route.kind == RouteKind::Item
            && route.view.is_none()
            && route.rule.is_none()
            && route.params.len() == entity.parents.len() + 1
            && route
                .methods
                .iter()
                .any(|known| known.method == method && !known.list)
    })
}

/// A path with these words in its placeholders.
pub fn filled(path: &str, words: &[String]) -> String {
    let mut out = String::new();
    let mut rest = path;
    let mut words = words.iter();
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        out.push_str(words.next().map_or("1", String::as_str));
        rest = after.split_once('}').map_or("", |(_, rest)| rest);
    }
    out.push_str(rest);
    out
}

/// A JSON value as the field's column holds it.
fn at_rest(field: &Field, value: &Value) -> Stored {
    match (&field.kind, value) {
        (_, Value::Null) => Stored::Null,
        (Kind::Reference(_), value) => value["id"].as_i64().map_or(Stored::Null, Stored::Integer),
        (Kind::References(_), Value::Array(links)) => {
            let ids: Vec<&Value> = links.iter().map(|link| &link["id"]).collect();
            Stored::Text(json!(ids).to_string())
        }
        (Kind::Embedded { .. } | Kind::List(_) | Kind::Any, value) => {
            Stored::Text(value.to_string())
        }
        (Kind::Number, Value::Number(number)) => {
            Stored::Number(number.as_f64().unwrap_or_default())
        }
        (_, Value::Number(number)) => Stored::Integer(number.as_i64().unwrap_or_default()),
        (_, Value::Bool(flag)) => Stored::Boolean(*flag),
        (_, Value::String(text)) => Stored::Text(text.clone()),
        (_, other) => Stored::Text(other.to_string()),
    }
}
