//! Webhooks: who may have how many, what they subscribe to, and the messages that a change leaves for them.

use super::super::answer::Trouble;
use super::super::permit::{Permit, authorize};
use super::super::reading;
use super::super::tenant::{Caller, Tenant};
use super::super::users::ProtectedData;
use super::super::webhooks::outbox::Message;
use crate::definitions::DEFINED_FOR;
use crate::draft::Draft;
use bitting_catalog::Catalog;
use bitting_catalog::entity::{Entity, Field};
use bitting_catalog::served::Act;
use bitting_dialects::autotask::callout::{Action, Callout};
use bitting_dialects::autotask::error::Refusal;
use bitting_dialects::autotask::udf::{EXTRA, held};
use bitting_dialects::autotask::value;
use bitting_psa::backend::{Backend, equals};
use bitting_psa::moment::time;
use bitting_psa::outbox::{self, Message as _, Progress};
use bitting_psa::row::Row;
use bitting_query::{Filter, Kind, Value, and};
use bitting_store::table::Change;
use serde_json::Value as Json;

/// The permission with the most webhooks of a level, and how many there are where it says nothing.
const MOST: &str = "Other / Maximum number of webhooks";
const USUAL_MOST: u64 = 10;
const FIELDS: &str = "Fields";
const UDF_FIELDS: &str = "UdfFields";
const EXCLUDED: &str = "ExcludedResources";

/// The parts of an entity's name: `CompanyWebhookFields` is `Company` and `Fields`.
fn parts(path: &str) -> Option<(&str, &str)> {
    path.split_once("Webhook")
}

/// The entity that the webhooks of a name watch.
pub fn watched<'a>(catalog: &'a Catalog, name: &str) -> Option<&'a Entity> {
    catalog.entities.iter().find(|entity| {
        &*entity.schema == name && entity.served.as_ref().is_some_and(|served| served.webhooks)
    })
}

/// The number of a field in subscriptions: made of its name, so that it stays when others come.
pub fn number(field: &str) -> i64 {
    let hash = field.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    i64::from(hash & 0x7fff_ffff)
}

/// The fields that a subscription can name, with their numbers; none for other fields than those that name one.
pub fn choices(tenant: &Tenant, entity: &Entity, field: &Field) -> Option<Vec<(i64, String)>> {
    let (name, part) = parts(&entity.path)?;
    let watched = watched(tenant.catalog(), name)?;
    match (part, &*field.name) {
        (FIELDS, "fieldID") => {
            let fields = watched.fields.iter();
            let named = fields.filter(|field| &*field.name != "id");
            Some(
                named
                    .map(|field| (number(&field.name), field.name.to_string()))
                    .collect(),
            )
        }
        (UDF_FIELDS, "udfFieldID") => {
            let defined = tenant.defined(watched.id);
            let named = defined.iter();
            Some(
                named
                    .map(|field| (field.id, field.name.to_string()))
                    .collect(),
            )
        }
        _ => None,
    }
}

/// Checks a webhook or what it subscribes to.
pub async fn save(
    tenant: &Tenant,
    permit: &Permit<'_>,
    draft: &mut Draft<'_>,
) -> Result<(), Trouble> {
    let entity = draft.entity;
    let Some((name, part)) = parts(&entity.path) else {
        return Ok(());
    };
    match part {
        "s" => {
            for url in ["webhookUrl", "deactivationUrl"] {
                let fits = draft.text(url).is_none_or(|text| {
                    reqwest::Url::parse(text).is_ok_and(|url| {
                        matches!(url.scheme(), "http" | "https") && url.host().is_some()
                    })
                });
                if !fits {
                    let fault = format!("{url} must begin with https:// and name a host.");
                    draft.errors.push(fault);
                }
            }
            if draft.before.is_none() {
                let owner = permit.caller().resource;
                let most = most(permit.caller());
                if owned(tenant, owner).await? >= most {
                    let fault = format!("The maximum number of {most} webhooks has been reached.");
                    draft.errors.push(fault);
                }
                let guid = Value::Text(uuid::Uuid::new_v4().to_string());
                draft.row.set("webhook_guid", guid);
                draft.set("ownerResourceID", Value::Integer(owner));
                draft.set("isReady", Value::Boolean(false));
            } else {
                // What it subscribes to says so; of some webhooks, the description calls the field one to be written.
                draft.ignore("isReady");
            }
        }
        FIELDS => {
            let known = entity
                .fields
                .iter()
                .find_map(|field| choices(tenant, entity, field))
                .unwrap_or_default();
            let given = draft.integer("fieldID");
            if let Some(id) = given.filter(|id| known.iter().all(|(number, _)| number != id)) {
                let fault = Refusal::picklist("fieldID", &id.to_string());
                draft.errors.push(fault);
            }
        }
        UDF_FIELDS => {
            let given = draft.integer("udfFieldID");
            if let Some(id) = given
                && udf_name(&tenant.backend, name, id).await?.is_none()
            {
                let fault = Refusal::picklist("udfFieldID", &id.to_string());
                draft.errors.push(fault);
            }
        }
        _ => {}
    }
    Ok(())
}

fn most(caller: &Caller) -> u64 {
    let values = caller.level.document.settings.get(MOST);
    let value = values.and_then(|values| values.value.as_deref());
    value
        .and_then(|text| text.parse().ok())
        .unwrap_or(USUAL_MOST)
}

/// How many webhooks of all kinds a resource has.
async fn owned(tenant: &Tenant, owner: i64) -> Result<u64, Trouble> {
    let mut count = 0;
    for entity in &tenant.catalog().entities {
        if parts(&entity.path).is_some_and(|(_, part)| part == "s") {
            let of = equals("owner_resource_id", Kind::Integer, Value::Integer(owner));
            count += tenant.backend.raw_count(entity, &of).await?;
        }
    }
    Ok(count)
}

/// The name of a user-defined field of the entity that webhooks of this name watch.
async fn udf_name(backend: &Backend, name: &str, id: i64) -> Result<Option<String>, Trouble> {
    let watched = watched(&backend.catalog, name);
    let Some(definitions) = backend.catalog.entity_at("UserDefinedFieldDefinitions") else {
        return Ok(None);
    };
    let row = backend.raw_row(definitions, id).await?;
    Ok(row.and_then(|row| {
        let of = DEFINED_FOR
            .iter()
            .find(|(number, _)| Some(*number) == row.integer("udf_type"));
        let same =
            of.is_some_and(|(_, path)| watched.is_some_and(|watched| &*watched.path == *path));
        row.text("name").filter(|_| same).map(str::to_owned)
    }))
}

/// A webhook is ready once it subscribes to a field.
pub async fn ready(
    tenant: &Tenant,
    draft: &Draft<'_>,
    changes: &mut Vec<Change>,
) -> Result<(), Trouble> {
    let subscribed = draft.row.flag("is_subscribed_field");
    set_ready(tenant, draft.entity, &draft.row, subscribed, changes).await
}

/// And is so no longer when the last of them goes.
pub async fn no_longer(
    tenant: &Tenant,
    entity: &Entity,
    row: &Row,
    changes: &mut Vec<Change>,
) -> Result<(), Trouble> {
    set_ready(tenant, entity, row, false, changes).await
}

async fn set_ready(
    tenant: &Tenant,
    entity: &Entity,
    row: &Row,
    subscribed: bool,
    changes: &mut Vec<Change>,
) -> Result<(), Trouble> {
    let Some((name, FIELDS | UDF_FIELDS)) = parts(&entity.path) else {
        return Ok(());
    };
    let hooks = tenant.catalog().entity_at(&format!("{name}Webhooks"));
    let (Some(hooks), Some(hook)) = (hooks, row.integer("webhook_id")) else {
        return Ok(());
    };
    let mut ready = subscribed;
    for part in [FIELDS, UDF_FIELDS] {
        let Some(listing) = tenant.catalog().entity_at(&format!("{name}Webhook{part}")) else {
            continue;
        };
        let of = and(
            equals("webhook_id", Kind::Integer, Value::Integer(hook)),
            equals("is_subscribed_field", Kind::Boolean, Value::Boolean(true)),
        );
        let rows = tenant
            .backend
            .raw_rows(listing, of, Vec::new(), None)
            .await?;
        let same = |other: &Row| listing.id == entity.id && other.id == row.id;
        ready |= rows.iter().any(|other| !same(other));
    }
    // The webhook itself may be going too.
    let going = changes.iter().any(|change| {
        matches!(change, Change::Delete { table, id } if *table == hooks.table && *id == hook)
    });
    if !going {
        changes.push(Change::Update {
            table: hooks.table.clone(),
            id: hook,
            values: vec![(std::sync::Arc::from("is_ready"), Value::Boolean(ready))],
        });
    }
    Ok(())
}

/// Whether webhooks can subscribe to an entity's user-defined fields.
pub fn watches_user_defined(tenant: &Tenant, entity: &Entity) -> bool {
    let part = format!("{}Webhook{UDF_FIELDS}", entity.schema);
    tenant.catalog().entity_at(&part).is_some()
}

/// Adds a message for every webhook that wants to hear of a change to the changes of its write.
pub async fn tell(
    tenant: &Tenant,
    by: i64,
    entity: &Entity,
    before: Option<&Row>,
    after: Option<&Row>,
    changes: &mut Vec<Change>,
) -> Result<(), Trouble> {
    let watched = entity.served.as_ref().is_some_and(|served| served.webhooks);
    let hooks = tenant
        .catalog()
        .entity_at(&format!("{}Webhooks", entity.schema));
    let (true, Some(hooks)) = (watched, hooks) else {
        return Ok(());
    };
    let (action, flag) = match (before, after) {
        (None, Some(_)) => (Action::Create, "is_subscribed_to_create_events"),
        (Some(_), Some(_)) => (Action::Update, "is_subscribed_to_update_events"),
        (Some(_), None) => (Action::Delete, "is_subscribed_to_delete_events"),
        (None, None) => return Ok(()),
    };
    let active = and(
        equals("is_active", Kind::Boolean, Value::Boolean(true)),
        equals(flag, Kind::Boolean, Value::Boolean(true)),
    );
    // An instance has a handful of them, and each write looks.
    for hook in tenant.backend.raw_few(hooks, active).await? {
        let owner = hook.integer("owner_resource_id").unwrap_or_default();
        if !hook.flag("is_ready") || is_excluded(tenant, entity, hook.id, by).await? {
            continue;
        }
        let (Some(row), Some(caller)) = (after.or(before), tenant.caller_for(owner).await?) else {
            continue;
        };
        let permit = match authorize(tenant, &caller, entity, Act::Query).await {
            Ok(permit) => permit,
            Err(Trouble::Denied(..)) => continue,
            Err(trouble) => return Err(trouble),
        };
        // What is gone can no longer be looked at when the message goes out.
        let all = Filter::Constant(true);
        if after.is_none() && reading::row(tenant, &permit, row.id, all).await?.is_none() {
            continue;
        }
        let told = Told {
            tenant,
            permit: &permit,
            hook: hook.id,
            before,
            after,
        };
        let Some(fields) = told.fields().await? else {
            continue;
        };
        let id = outbox::next_id::<Message>(&tenant.backend).await?;
        let now = time(tenant.now());
        let callout = Callout {
            action,
            guid: hook.text("webhook_guid").unwrap_or_default(),
            entity: &entity.schema,
            id: row.id,
            fields: fields
                .iter()
                .map(|(name, value)| (name.as_str(), value.clone()))
                .collect(),
            time: &now,
            sequence: id,
            person: by,
        };
        let message = Message {
            id,
            hooks: hooks.path.to_string(),
            webhook: hook.id,
            owner,
            entity: entity.path.to_string(),
            record_id: row.id,
            action: action.word().to_owned(),
            payload: callout.body(),
            progress: Progress::begun(tenant.now()),
        };
        changes.push(message.insert());
    }
    Ok(())
}

async fn is_excluded(
    tenant: &Tenant,
    entity: &Entity,
    hook: i64,
    by: i64,
) -> Result<bool, Trouble> {
    let path = format!("{}Webhook{EXCLUDED}", entity.schema);
    let Some(listing) = tenant.catalog().entity_at(&path) else {
        return Ok(false);
    };
    let filter = and(
        equals("webhook_id", Kind::Integer, Value::Integer(hook)),
        equals("resource_id", Kind::Integer, Value::Integer(by)),
    );
    Ok(tenant.backend.raw_any(listing, filter).await?)
}

fn show(shown: &mut Vec<(String, Json)>, name: &str, value: Json) {
    if shown.iter().all(|(other, _)| other != name) {
        shown.push((name.to_owned(), value));
    }
}

/// One change as one webhook hears of it.
struct Told<'a> {
    tenant: &'a Tenant,
    permit: &'a Permit<'a>,
    hook: i64,
    before: Option<&'a Row>,
    after: Option<&'a Row>,
}

impl Told<'_> {
    /// Values by name, each name once however often it was subscribed to: receivers write the body again to check its
    /// signature. Nothing when none of the subscribed fields has changed.
    async fn fields(&self) -> Result<Option<Vec<(String, Json)>>, Trouble> {
        let entity = self.permit.entity();
        let is_update = self.before.is_some() && self.after.is_some();
        let (mut shown, mut news) = (Vec::<(String, Json)>::new(), !is_update);
        for subscription in self.subscriptions(FIELDS).await? {
            let id = subscription.integer("field_id");
            let field = entity.fields.iter().enumerate();
            let named = |field: &Field| Some(number(&field.name)) == id;
            let Some((index, field)) = field.into_iter().find(|(_, field)| named(field)) else {
                continue;
            };
            let value =
                |row: Option<&Row>| row.map_or(Value::Null, |row| row.get(&field.column).clone());
            let changed = value(self.before) != value(self.after);
            let subscribed = subscription.flag("is_subscribed_field");
            news |= subscribed && changed;
            let wanted = subscribed && (changed || !is_update);
            if (wanted || subscription.flag("is_display_always_field")) && !self.permit.hides(index)
            {
                let now = value(self.after.or(self.before));
                show(&mut shown, &field.name, value::json(&now));
            }
        }
        let data = self.permit.user_defined();
        let defined = self.tenant.defined(entity.id);
        for subscription in self.subscriptions(UDF_FIELDS).await? {
            let id = subscription.integer("udf_field_id").unwrap_or_default();
            let name = udf_name(&self.tenant.backend, &entity.schema, id).await?;
            let Some(field) = defined
                .iter()
                .find(|field| Some(&*field.name) == name.as_deref())
            else {
                continue;
            };
            let value = |row: Option<&Row>| {
                let all = held(row.and_then(|row| row.text(EXTRA)).unwrap_or("[]"));
                let one = all
                    .into_iter()
                    .find(|held| held.name.eq_ignore_ascii_case(&field.name));
                one.and_then(|held| held.value)
            };
            let changed = value(self.before) != value(self.after);
            let subscribed = subscription.flag("is_subscribed_field");
            news |= subscribed && changed;
            let wanted = subscribed && (changed || !is_update);
            if !(wanted || subscription.flag("is_display_always_field"))
                || data == ProtectedData::None
            {
                continue;
            }
            let masked = field.protected && data < ProtectedData::ViewProtected;
            let now = if masked {
                Some("*****".to_owned())
            } else {
                value(self.after.or(self.before))
            };
            show(
                &mut shown,
                &field.name,
                now.map_or(Json::Null, Json::String),
            );
        }
        Ok(news.then_some(shown))
    }

    async fn subscriptions(&self, part: &str) -> Result<Vec<Row>, Trouble> {
        let path = format!("{}Webhook{part}", self.permit.entity().schema);
        let Some(listing) = self.tenant.catalog().entity_at(&path) else {
            return Ok(Vec::new());
        };
        let of = equals("webhook_id", Kind::Integer, Value::Integer(self.hook));
        Ok(self.tenant.backend.raw_few(listing, of).await?)
    }
}
