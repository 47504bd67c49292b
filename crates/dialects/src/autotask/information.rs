//! What entities say of themselves: what can be done with them and by this caller, their fields, and the fields a
//! tenant has added. Must not know where the answers come from.

use super::udf::Defined;
use bitting_catalog::Catalog;
use bitting_catalog::entity::{Entity, Field, Kind};
use bitting_catalog::served::{Act, Picklist, PicklistValue};
use serde_json::{Value as Json, json};

/// How far a caller may go with one of the four operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    None,
    /// On some rows.
    Restricted,
    All,
}

impl Access {
    pub const fn word(self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Restricted => "Restricted",
            Self::All => "All",
        }
    }
}

/// The `info` of one entity. `access` answers for the caller.
pub fn entity(entity: &Entity, access: &dyn Fn(Act) -> Access) -> Json {
    let served = entity.served.as_ref();
    let can = served.map(|served| served.can).unwrap_or_default();
    let told = served.map(|served| &served.told[..]).unwrap_or_default();
    let user = |act: Act| {
        // The vendor tells some access that the entity has no use for.
        if can.does(act) || told.contains(&act) {
            access(act).word()
        } else {
            Access::None.word()
        }
    };
    json!({
        "name": entity.schema,
        "canCreate": can.create,
        "canDelete": can.delete,
        "canQuery": can.query,
        "canUpdate": can.update,
        "userAccessForCreate": user(Act::Create),
        "userAccessForDelete": user(Act::Delete),
        "userAccessForQuery": user(Act::Query),
        "userAccessForUpdate": user(Act::Update),
        "hasUserDefinedFields": entity.served.as_ref().is_some_and(|served| served.user_defined.is_some()),
        "supportsWebhookCallouts": entity.served.as_ref().is_some_and(|served| served.webhooks),
    })
}

/// Values of a field that are no fixed list: number and name of each.
pub type Choices<'a> = &'a dyn Fn(&Field) -> Option<Vec<(i64, String)>>;

/// The fields every tenant has. `choices` answers for fields whose values are made of something else.
pub fn fields(catalog: &Catalog, entity: &Entity, choices: Choices<'_>) -> Json {
    let hooked = entity.served.as_ref().is_some_and(|served| served.webhooks);
    let fields: Vec<Json> = entity
        .fields
        .iter()
        .map(|field| {
            // Texts are never null here: typed clients break on one.
            let reference = field
                .target()
                .filter(|_| field.shown_link)
                .map_or("", |target| &*catalog.entity(target).schema);
            let chosen = choices(field).map(|chosen| {
                let values = chosen.into_iter().map(|(number, name)| PicklistValue {
                    value: number.to_string().into(),
                    label: name.into(),
                    parent: None,
                });
                Picklist {
                    name: field.name.clone(),
                    values: values.collect(),
                    parent: None,
                    default: None,
                }
            });
            let list = chosen.as_ref().or(field.picklist.as_deref());
            json!({
                "name": field.name,
                "dataType": data_type(field),
                "length": field.max.unwrap_or_default(),
                "isRequired": field.required || &*field.name == "id",
                "isReadOnly": field.read_only || field.post_only,
                "isQueryable": field.queryable,
                "isReference": !reference.is_empty(),
                "referenceEntityType": reference,
                "isPickList": list.is_some(),
                "picklistValues": list.map(picklist),
                "picklistParentValueField": list.and_then(|list| list.parent.as_deref()).unwrap_or(""),
                "isSupportedWebhookField": hooked && &*field.name != "id",
            })
        })
        .collect();
    json!({ "fields": fields })
}

/// The vendor's word for a field's type.
pub fn data_type(field: &Field) -> &str {
    match (field.native.as_deref(), &field.kind) {
        (None, _) if &*field.name == "id" => "long",
        (Some("byte"), _) => "byte[]",
        (Some(native), _) => native,
        (None, Kind::Integer | Kind::Reference(_)) => "integer",
        (None, Kind::Number) => "double",
        (None, Kind::Boolean) => "boolean",
        (None, Kind::DateTime | Kind::Date) => "datetime",
        (None, _) => "string",
    }
}

fn picklist(list: &Picklist) -> Json {
    let values = list.values.iter().enumerate().map(|(place, value)| {
        json!({
            "value": value.value,
            "label": value.label,
            "isDefaultValue": list.default.as_ref() == Some(&value.value),
            "sortOrder": place + 1,
            "parentValue": value.parent.as_deref().unwrap_or(""),
            "isActive": true,
            "isSystem": false,
        })
    });
    Json::Array(values.collect())
}

/// The fields a tenant has added: `type` and nulls where standard fields have `dataType` and empty texts. `hooked` where
/// webhooks can subscribe to them.
pub fn user_defined(defined: &[Defined], hooked: bool) -> Json {
    let fields: Vec<Json> = defined
        .iter()
        .map(|field| {
            let values = (!field.values.is_empty()).then(|| {
                let values = field.values.iter().enumerate().map(|(place, value)| {
                    json!({
                        "value": value,
                        "label": value,
                        "isDefaultValue": false,
                        "sortOrder": place + 1,
                        "parentValue": "",
                        "isActive": true,
                        "isSystem": false,
                    })
                });
                values.collect::<Vec<_>>()
            });
            json!({
                "name": field.name,
                "label": field.label,
                "type": field.kind,
                "length": if field.kind == "string" { 8000 } else { 0 },
                "description": field.description,
                "isRequired": field.required,
                "isReadOnly": false,
                "isQueryable": true,
                "isReference": false,
                "referenceEntityType": null,
                "isPickList": values.is_some(),
                "picklistValues": values,
                "picklistParentValueField": null,
                "defaultValue": "",
                "isSupportedWebhookField": hooked,
            })
        })
        .collect();
    json!({ "fields": fields })
}
