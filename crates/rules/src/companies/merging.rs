//! Two companies that become one: what hangs on the first moves to the second, and the first is deleted.

use crate::changes;
use crate::paths;
use crate::paths::company::COMPANIES;
use crate::related::{self, text};
use bitting_dialects::connectwise::error::{ApiError, FieldError};
use bitting_dialects::connectwise::layout::SCOPE;
use bitting_psa::backend::equals;
use bitting_psa::moment::time;
use bitting_psa::permit::Permit;
use bitting_psa::pointers::pointers;
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_psa::{answer::Answer, context::Context};
use bitting_psa::{placement, saving};
use bitting_query::{Kind, Value};
use bitting_store::table::Change;
use serde_json::{Map, json};

/// What the body may ask to discard, and the paths it means.
const PARTS: [(&str, &[&str]); 8] = [
    ("notes", &["company/companies/notes"]),
    ("sites", &["company/companies/sites"]),
    ("activities", &["sales/activities"]),
    ("opportunities", &["sales/opportunities"]),
    ("services", &["service/tickets"]),
    ("projects", &["project/projects"]),
    ("contacts", &["company/contacts"]),
    ("documents", &["system/documents"]),
];

/// Fields that the body may take from the company that goes; by the body's name, then the columns.
const TAKEN: [(&str, &[&str]); 18] = [
    ("name", &["name"]),
    ("identifier", &["identifier"]),
    ("status", &["status_id"]),
    ("phone", &["phone_number"]),
    ("fax", &["fax_number"]),
    ("website", &["website"]),
    ("market", &["market_id"]),
    ("territory", &["territory_id"]),
    ("revenue", &["annual_revenue"]),
    ("revenueYear", &["revenue_year"]),
    ("numberOfEmployees", &["number_of_employees"]),
    ("sicCode", &["sic_code_id"]),
    ("dateAcquired", &["date_acquired"]),
    ("timeZone", &["time_zone_setup_id"]),
    ("sourceList", &["lead_source"]),
    ("taxCode", &["tax_code_id"]),
    ("accountNumber", &["account_number"]),
    ("billingTerms", &["billing_terms_id"]),
];

/// `/merge`: the company in the path goes into `toCompanyId`.
pub async fn answer(
    context: Context<'_>,
    permit: &Permit<'_>,
    id: Option<i64>,
    body: &[u8],
) -> Result<Answer, Problem> {
    let from = id.ok_or_else(ApiError::no_endpoint)?;
    let members = related::object(body, "CompanyMerge")?;
    let Some(to) = related::member(&members, "toCompanyId").and_then(related::number) else {
        let error = FieldError::missing("companyMerge", "toCompanyId");
        return Err(Problem::field("companyMerge", error));
    };
    if from == to {
        let error = FieldError::invalid(
            "companyMerge",
            "toCompanyId",
            "A company cannot go into itself.",
        );
        return Err(Problem::field("companyMerge", error));
    }
    let backend = &context.instance.backend;
    let missing = |id: i64| ApiError::not_found("Company", &id.to_string());
    let source = backend
        .row(permit, from)
        .await?
        .ok_or_else(|| missing(from))?;
    let target = backend.row(permit, to).await?.ok_or_else(|| missing(to))?;
    let mut changes = moved(context, permit, &members, from, to).await?;
    // A company hangs on its territory: one that takes the other's moves there with all that is its own.
    let moves = says(&members, "territory", "From");
    let node = if moves {
        source.integer(SCOPE)
    } else {
        target.integer(SCOPE)
    };
    changes.extend(placement::carry(backend, permit.entity(), from, node).await?);
    if moves {
        changes.extend(placement::carry(backend, permit.entity(), to, node).await?);
    }
    changes.push(related::update(
        context,
        COMPANIES,
        from,
        &gone(context, &source, &members),
    )?);
    let mut values = taken(&source, &members);
    if moves {
        values.push((SCOPE, node.map_or(Value::Null, Value::Integer)));
    }
    changes.push(related::update(context, COMPANIES, to, &values)?);
    changes::removed(context, permit.entity(), &source, &mut changes).await?;
    changes::altered(context, permit.entity(), &target, &values, &mut changes).await?;
    saving::finish(context, permit.entity(), changes).await?;
    Ok(Answer::json(200, &json!({ "success": true })))
}

fn says(members: &Map<String, serde_json::Value>, name: &str, word: &str) -> bool {
    related::member(members, name)
        .and_then(|value| value.as_str())
        .is_some_and(|text| text.eq_ignore_ascii_case(word))
}

/// Every row that points to the company, but for what is to be discarded.
async fn moved(
    context: Context<'_>,
    permit: &Permit<'_>,
    members: &Map<String, serde_json::Value>,
    from: i64,
    to: i64,
) -> Result<Vec<Change>, Problem> {
    let backend = &context.instance.backend;
    let mut changes = Vec::new();
    for pointer in pointers(&backend.catalog, permit.entity()) {
        let discarded = PARTS.iter().any(|(part, paths)| {
            paths.contains(&&*pointer.from.path) && says(members, part, "Discard")
        });
        // Types and the primary site are the company's own, and stay with it.
        let own = pointer.from.path.ends_with("typeAssociations");
        if discarded || own {
            continue;
        }
        let filter = equals(&pointer.column, Kind::Integer, Value::Integer(from));
        for row in backend
            .raw_rows(pointer.from, filter, Vec::new(), None)
            .await?
        {
            let mut values = vec![(pointer.column.clone(), Value::Integer(to))];
            if &*pointer.from.path == paths::company::SITES {
                values.push(("primary_address_flag".into(), Value::Boolean(false)));
            }
            if &*pointer.from.path == paths::company::CONTACTS {
                values.push(("default_flag".into(), Value::Boolean(false)));
            }
            changes::altered(context, pointer.from, &row, &values, &mut changes).await?;
            changes.push(Change::Update {
                table: pointer.from.table.clone(),
                id: row.id,
                values,
            });
        }
    }
    Ok(changes)
}

/// The company that goes: deleted, and its identifier free when the other one takes it.
fn gone<'c>(
    context: Context<'_>,
    source: &Row,
    members: &Map<String, serde_json::Value>,
) -> Vec<(&'c str, Value)> {
    let mut values = vec![
        ("deleted_flag", Value::Boolean(true)),
        ("date_deleted", text(time(context.now))),
        ("deleted_by", text(&*context.caller.identifier)),
        ("default_contact_id", Value::Null),
        ("site_id", Value::Null),
    ];
    if says(members, "identifier", "From") {
        values.push(("identifier", text(format!("merged-{}", source.id))));
    }
    values
}

fn taken<'c>(source: &Row, members: &Map<String, serde_json::Value>) -> Vec<(&'c str, Value)> {
    let mut values = Vec::new();
    for (name, columns) in TAKEN {
        if says(members, name, "From") {
            for column in columns {
                values.push((*column, source.get(column).clone()));
            }
        }
    }
    for number in 1..=10 {
        if says(members, &format!("userDefinedField{number}"), "From") {
            let column = USER_DEFINED[number - 1];
            values.push((column, source.get(column).clone()));
        }
    }
    values
}

const USER_DEFINED: [&str; 10] = [
    "user_defined_field1",
    "user_defined_field2",
    "user_defined_field3",
    "user_defined_field4",
    "user_defined_field5",
    "user_defined_field6",
    "user_defined_field7",
    "user_defined_field8",
    "user_defined_field9",
    "user_defined_field10",
];
