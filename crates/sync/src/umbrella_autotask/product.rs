//! The product of Umbrella's configuration items, made when it is missing, and the user-defined fields of
//! configuration items, which an administrator makes beforehand.

use super::settings::Settings;
use super::{ADD_PRODUCTS, READ_ITEMS, READ_PRODUCTS, Working};
use crate::Failure;
use crate::queries::is;
use crate::state::{Record, Shelf};
use crate::umbrella::questions::{QUESTIONS, Question};
use serde_json::{Value, json};

const PRODUCTS: &str = "Products";
/// Kind of the record that keeps the product's id.
const KIND: &str = "product";
/// Billing codes of this use are those of products: material cost codes.
const MATERIAL: i64 = 4;

/// A user-defined field, and the question that it answers.
pub struct Field {
    pub question: &'static Question,
    /// As the PSA writes it.
    pub name: String,
    /// Most characters; 0 where the PSA does not say.
    pub length: usize,
}

/// What configuration items are made with.
pub struct Product {
    pub id: i64,
    pub fields: Vec<Field>,
}

/// What the field of a question is called.
pub fn name(question: &Question) -> String {
    match question.text.strip_prefix("Umbrella ") {
        Some(_) => question.text.to_owned(),
        None => format!("Umbrella {}", question.text),
    }
}

/// What kind of user-defined field a question wants, as Autotask's form calls it.
pub fn kind(question: &Question) -> &'static str {
    match question.field {
        "Number" => "Number",
        "Date" => "Date",
        "TextArea" => "Text (Multi Line)",
        _ => "Text (Single Line)",
    }
}

/// Makes the product true, and says which fields are missing.
pub fn ensure(work: &mut Working<'_, '_>) -> Result<(), Failure> {
    made(work)?;
    fields(work).map(drop)
}

/// The product and the fields as they are now.
pub fn held(work: &mut Working<'_, '_>) -> Result<Product, Failure> {
    let id = made(work)?;
    let fields = fields(work)?;
    Ok(Product { id, fields })
}

/// The product's id. It is known by that: a new name in the PSA makes no second one.
fn made(work: &mut Working<'_, '_>) -> Result<i64, Failure> {
    let settings: Settings = work.settings()?;
    let name = settings.product.as_str();
    let slug = work.integration;
    let known = work.state.find(Shelf::Mapping, slug, KIND, name)?;
    let known_id = known.as_ref().and_then(|known| known.psa_id);
    let mut there = match known_id {
        Some(id) => work.api.one(READ_PRODUCTS, PRODUCTS, id)?,
        None => None,
    };
    if there.is_none() {
        let named = [is("eq", "name", name)];
        let mut found = work.api.find(READ_PRODUCTS, PRODUCTS, &named)?;
        // In use before out of use, then the oldest.
        found.sort_by_key(|row| (row["isActive"] != true, row["id"].as_i64()));
        there = found.into_iter().next();
    }
    let id = match &there {
        Some(row) if row["isActive"] != true => {
            return Err(Failure::Held(format!(
                "the product {} ({}) is inactive, so that nothing new can be of it; make it active, or name another one in the settings",
                row["name"], row["id"]
            )));
        }
        Some(row) => {
            work.counts.read += 1;
            work.counts.unchanged += 1;
            row["id"].as_i64().unwrap_or_default()
        }
        None => {
            let code = code(work, &settings.billing_code)?;
            let body = json!({
                "name": name, "description": "Cisco Umbrella: one configuration item per organisation",
                "isActive": true, "isSerialized": false, "productBillingCodeID": code,
            });
            let made = work.api.post(ADD_PRODUCTS, PRODUCTS, &body)?;
            work.counts.created += 1;
            made
        }
    };
    if known_id != Some(id) {
        let mut record = known.unwrap_or_else(|| Record::new(slug, KIND, name));
        record.psa_id = Some(id);
        record.updated = work.moment();
        work.state.put(Shelf::Mapping, &mut record)?;
    }
    Ok(id)
}

/// The material cost code that the settings name, else the first. Reading them asks for no permission of their own.
fn code(work: &mut Working<'_, '_>, word: &str) -> Result<i64, Failure> {
    let wanted = [is("eq", "useType", MATERIAL), is("eq", "isActive", true)];
    let codes = work.api.find(ADD_PRODUCTS, "BillingCodes", &wanted)?;
    work.counts.read += codes.len() as u64;
    let names = || -> Vec<&str> {
        codes
            .iter()
            .filter_map(|row| row["name"].as_str())
            .collect()
    };
    let word = word.trim();
    let named = |row: &&Value| {
        word.is_empty()
            || row["name"]
                .as_str()
                .is_some_and(|name| name.eq_ignore_ascii_case(word))
            || row["id"].as_i64().is_some_and(|id| word.parse() == Ok(id))
    };
    let found = codes.iter().find(named).and_then(|row| row["id"].as_i64());
    found.ok_or_else(|| {
        Failure::Settings(if codes.is_empty() {
            "a product needs a material cost code, and this Autotask has no active one; make one below Admin, Billing Codes".to_owned()
        } else {
            format!(
                "billing_code is `{word}`, which is no active material cost code; choose one of {}",
                names().join(", ")
            )
        })
    })
}

/// The fields that answer the questions. Nothing is written before all of them are there, so that no item is half
/// filled in.
fn fields(work: &mut Working<'_, '_>) -> Result<Vec<Field>, Failure> {
    let Settings { without, .. } = work.settings()?;
    let path = "ConfigurationItems/entityInformation/userDefinedFields";
    let answer = work.api.get(READ_ITEMS, path)?;
    let there = answer["fields"].as_array().cloned().unwrap_or_default();
    work.counts.read += there.len() as u64;
    let (mut fields, mut missing, mut wrong) = (Vec::new(), Vec::new(), Vec::new());
    for question in &QUESTIONS {
        let name = name(question);
        if without.iter().any(|word| word.eq_ignore_ascii_case(&name)) {
            continue;
        }
        let same = |row: &&Value| {
            row["name"]
                .as_str()
                .is_some_and(|known| known.eq_ignore_ascii_case(&name))
        };
        let Some(row) = there.iter().find(same) else {
            missing.push(format!("`{name}` ({})", kind(question)));
            continue;
        };
        // A text takes anything; a list, a number or a day takes only its own.
        let takes = match row["type"].as_str().unwrap_or_default() {
            _ if row["isPickList"] == true => false,
            "double" | "decimal" | "integer" => question.field == "Number",
            "datetime" => question.field == "Date",
            _ => true,
        };
        if !takes {
            wrong.push(format!("`{name}` has to be {}", kind(question)));
        }
        fields.push(Field {
            question,
            name: row["name"].as_str().unwrap_or(&name).to_owned(),
            length: row["length"]
                .as_u64()
                .and_then(|length| usize::try_from(length).ok())
                .unwrap_or_default(),
        });
    }
    let mut said = Vec::new();
    if !missing.is_empty() {
        said.push(format!(
            "configuration items lack the user-defined fields {}; an administrator adds them below Admin, Application-wide (Shared) Features, User-Defined Fields, \
             or names those that this Autotask shall do without as `without` in the settings",
            missing.join(", ")
        ));
    }
    if !wrong.is_empty() {
        said.push(format!(
            "user-defined fields of configuration items are of the wrong type: {}",
            wrong.join(", ")
        ));
    }
    if said.is_empty() {
        return Ok(fields);
    }
    Err(Failure::Held(said.join("; ")))
}
