//! Every entity of Autotask that can be made is made, from what the API itself says of it and nothing else: its fields,
//! their pick lists, and records for its references that a search finds. Then it is read, changed, replaced and deleted.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "support/autotask.rs"]
mod site;

use bitting_autotask::users::Shown;
use bitting_catalog::entity::Entity;
use bitting_catalog::served::{Act, Asked, Operations};
use serde_json::{Map, Value, json};
use site::{SYSTEM, Site};
use std::collections::BTreeMap;

/// What the fields do not say is needed: time is of something, and a role did it.
const MORE: [(&str, &[&str]); 1] = [(
    "TimeEntries",
    &["ticketID", "roleID", "dateWorked", "hoursWorked"],
)];
/// What is taken and not shown.
const SECRET: [&str; 2] = ["secretKey", "password"];
/// Parents that are tried until one takes a record of this kind.
const PARENTS: usize = 8;
/// How often a body is mended by what its refusal names.
const MENDS: usize = 6;

/// A client that knows the API's own descriptions.
struct Client {
    site: Site,
    user: Shown,
    found: BTreeMap<String, Vec<i64>>,
}

impl Client {
    /// Sees and does everything, webhooks included, which the system's level does not.
    async fn new() -> Self {
        let site = Site::open().await;
        let mut level = site.tenant.permissions.copy(SYSTEM, "Everything").unwrap();
        for (name, value) in [
            ("Can create webhooks", "Checked"),
            ("Maximum number of webhooks", "50"),
        ] {
            let values = level.settings.entry(format!("Other / {name}")).or_default();
            *values.cell("value").unwrap() = Some(value.to_owned());
        }
        let level = site.tenant.save_level(None, level).await.unwrap();
        let user = site.tenant.add_user(1, level, None).await.unwrap();
        let found = BTreeMap::new();
        Self { site, user, found }
    }

    async fn call(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        self.site.call(Some(&self.user), method, path, body).await
    }

    /// Ids of an entity by its path or by one record's name; those that were looked for are remembered.
    async fn ids(&mut self, name: &str) -> Vec<i64> {
        if let Some(ids) = self.found.get(name) {
            return ids.clone();
        }
        let all = &self.site.tenant.catalog().entities;
        let named = all
            .iter()
            .find(|one| *name == *one.path || *name == *one.schema);
        let path = named.map_or(name, |one| &*one.path).to_owned();
        let search =
            json!({"filter": [{"op": "gte", "field": "id", "value": 0}], "MaxRecords": 100});
        let (_, page) = self
            .call("POST", &format!("/{path}/query"), Some(search))
            .await;
        let rows = page["items"].as_array().cloned().unwrap_or_default();
        let ids: Vec<i64> = rows.iter().map(|row| row["id"].as_i64().unwrap()).collect();
        if !ids.is_empty() {
            self.found.insert(name.to_owned(), ids.clone());
        }
        ids
    }

    /// A value that a field takes by what is said of it.
    async fn value(&mut self, field: &Value) -> Value {
        let (name, kind) = (
            field["name"].as_str().unwrap(),
            field["dataType"].as_str().unwrap(),
        );
        if field["isReference"] == true {
            let ids = self
                .ids(field["referenceEntityType"].as_str().unwrap())
                .await;
            return ids.first().map_or(Value::Null, |id| json!(id));
        }
        if let Some(list) = field["picklistValues"].as_array() {
            let active = || list.iter().filter(|value| value["isActive"] == true);
            let usual = active().find(|value| value["isDefaultValue"] == true);
            let Some(value) = usual.or_else(|| active().next()) else {
                return Value::Null;
            };
            let text = value["value"].as_str().unwrap();
            return match kind {
                "string" => json!(text),
                "boolean" => json!(text == "1"),
                _ => json!(text.parse::<i64>().unwrap()),
            };
        }
        let low = name.to_ascii_lowercase();
        match kind {
            "boolean" => json!(true),
            "double" | "decimal" => json!(1.5),
            "integer" | "long" | "short" => json!(1),
            "datetime" if low.contains("end") || low.contains("expir") => {
                json!("2027-12-01T10:00:00Z")
            }
            "datetime" => json!("2026-12-01T10:00:00Z"),
            _ if low.contains("url") => json!("https://example.com/made"),
            _ if low.contains("mail") => json!("made@example.com"),
            _ => json!("m"),
        }
    }

    /// Adds what a refusal says is missing, or takes the next record where it does not fit; false where it says neither.
    async fn mend(
        &mut self,
        fields: &[Value],
        body: &mut Map<String, Value>,
        refused: &Value,
    ) -> bool {
        let mut mended = false;
        for text in refused["errors"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
        {
            let mut words = text.split([' ', ':']).filter(|word| !word.is_empty());
            let Some(field) =
                words.find_map(|word| fields.iter().find(|field| field["name"] == word))
            else {
                continue;
            };
            let name = field["name"].as_str().unwrap();
            let next = match body.get(name) {
                None => self.value(field).await,
                Some(now) if field["isReference"] == true => {
                    let ids = self
                        .ids(field["referenceEntityType"].as_str().unwrap())
                        .await;
                    let mut after = ids.iter().skip_while(|id| json!(id) != *now).skip(1);
                    after.next().map_or(Value::Null, |id| json!(id))
                }
                Some(_) => Value::Null,
            };
            if !next.is_null() {
                body.insert(name.to_owned(), next);
                mended = true;
            }
        }
        mended
    }
}

/// Where an entity is made: at its own path, or below records of another.
async fn places(client: &mut Client, entity: &Entity) -> Vec<String> {
    let served = entity.served.as_ref().unwrap();
    if served.root.has(Asked::Post) {
        return vec![format!("/{}", entity.path)];
    }
    let below = served.below.as_ref().unwrap();
    let of = client
        .site
        .tenant
        .catalog()
        .entity(below.parent.unwrap())
        .path
        .to_string();
    let parents = client.ids(&of).await;
    let parents = parents.iter().take(PARENTS);
    parents
        .map(|id| format!("/{}/{id}/{}", below.segment, below.route))
        .collect()
}

/// Makes one; answers where, with what, and its id, or the last refusal.
async fn make(client: &mut Client, entity: &Entity) -> Result<(String, Value, i64), String> {
    let info = format!("/{}/entityInformation/fields", entity.path);
    let info = client.call("GET", &info, None).await.1;
    let fields = info["fields"].as_array().unwrap();
    let below = entity.served.as_ref().unwrap().below.as_ref();
    let hung = below
        .and_then(|below| below.field)
        .map(|field| &*entity.fields[field].name);
    let more = MORE
        .iter()
        .find(|(path, _)| *path == &*entity.path)
        .map_or(&[][..], |(_, more)| more);
    let mut first = Map::new();
    for field in fields {
        let name = field["name"].as_str().unwrap();
        let needed = field["isRequired"] == true && name != "id" && Some(name) != hung;
        if needed || more.contains(&name) {
            first.insert(name.to_owned(), client.value(field).await);
        }
    }
    let mut last = "no parent".to_owned();
    for place in places(client, entity).await {
        let mut body = first.clone();
        for _ in 0..MENDS {
            let (status, answer) = client.call("POST", &place, Some(json!(body))).await;
            if status == 200 {
                return Ok((place, json!(body), answer["itemId"].as_i64().unwrap()));
            }
            last = format!("{place} {}: {answer}", json!(body));
            if !client.mend(fields, &mut body, &answer).await {
                break;
            }
        }
    }
    Err(last)
}

/// Reads, changes, replaces and deletes what was made, as far as the entity takes it; what does not hold.
async fn live(
    client: &Client,
    entity: &Entity,
    (place, body, id): (String, Value, i64),
) -> Vec<String> {
    let served = entity.served.as_ref().unwrap();
    let root = format!("/{}", entity.path);
    let none = Operations::default();
    let below = served.below.as_ref().map_or(none, |below| below.operations);
    let mut faults = Vec::new();
    let item = async || client.call("GET", &format!("{root}/{id}"), None).await.1["item"].clone();
    if !served.root.has(Asked::Get) {
        return faults;
    }
    let made = item().await;
    for (name, sent) in body.as_object().unwrap() {
        let secret = SECRET.contains(&name.as_str());
        if made[name] != *sent && !secret {
            faults.push(format!("{name} is {} and not {sent}", made[name]));
        }
    }
    let at = |asked: Asked| match asked {
        asked if served.root.has(asked) => Some(root.clone()),
        asked => below.has(asked).then(|| place.clone()),
    };
    let own = |text: &&bitting_catalog::entity::Field| {
        !text.read_only && !text.post_only && text.max.is_some_and(|max| max > 20)
    };
    let text = entity
        .fields
        .iter()
        .filter(own)
        .find(|field| made[&*field.name].is_string() && field.picklist.is_none());
    if let (Some(path), Some(field)) = (at(Asked::Patch), text) {
        let low = field.name.to_ascii_lowercase();
        let new = if low.contains("url") {
            "https://example.com/new"
        } else if low.contains("mail") {
            "new@example.com"
        } else {
            "new"
        };
        let change = json!({"id": id, &*field.name: new});
        let (status, answer) = client.call("PATCH", &path, Some(change)).await;
        let now = item().await;
        if status != 200 || now[&*field.name] != new {
            faults.push(format!(
                "PATCH of {}: {answer}, {}",
                field.name, now[&*field.name]
            ));
        }
    }
    if let Some(path) = at(Asked::Put) {
        let mut whole = item().await;
        for name in SECRET {
            if let Some(sent) = body.get(name) {
                whole[name] = sent.clone();
            }
        }
        let (status, answer) = client.call("PUT", &path, Some(whole)).await;
        if status != 200 {
            faults.push(format!("PUT: {answer}"));
        }
    }
    // What others hang on is kept, and so is what nobody may delete.
    let may = client
        .call("GET", &format!("{root}/entityInformation"), None)
        .await
        .1;
    let may = may["info"]["userAccessForDelete"] != "None" && !entity.path.ends_with("Webhooks");
    if let Some(path) = at(Asked::Delete).filter(|_| may && served.can.does(Act::Delete)) {
        let (status, answer) = client.call("DELETE", &format!("{path}/{id}"), None).await;
        if status != 200 || !item().await.is_null() {
            faults.push(format!("DELETE: {answer}"));
        }
    }
    faults
}

#[tokio::test(flavor = "multi_thread")]
async fn every_entity_that_can_be_made_is_made_from_its_own_description() {
    let mut client = Client::new().await;
    let catalog = client.site.tenant.catalog().clone();
    let makes = |entity: &&Entity| {
        let served = entity.served.as_ref().unwrap();
        let below = served.below.as_ref();
        served.root.has(Asked::Post) || below.is_some_and(|below| below.operations.has(Asked::Post))
    };
    let mut waiting: Vec<&Entity> = catalog.entities.iter().filter(makes).collect();
    let all = waiting.len();
    let (mut faults, mut faulty) = (Vec::new(), Vec::new());
    // Those below records that are made here come in a later round.
    loop {
        let before = waiting.len();
        let mut left = Vec::new();
        faults.clear();
        for entity in waiting {
            match make(&mut client, entity).await {
                Ok(made) => {
                    let found = live(&client, entity, made).await;
                    let named = |fault| format!("{}: {fault}", entity.path);
                    faulty.extend(found.into_iter().map(named));
                }
                Err(last) => {
                    faults.push(format!("{}: {last}", entity.path));
                    left.push(entity);
                }
            }
        }
        waiting = left;
        if waiting.len() == before || waiting.is_empty() {
            break;
        }
    }
    assert!(
        waiting.is_empty(),
        "{} of {all}:\n{}",
        faults.len(),
        faults.join("\n")
    );
    assert!(faulty.is_empty(), "{}", faulty.join("\n"));
    assert!(all > 170, "{all}");
}
