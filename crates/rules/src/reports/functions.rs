//! Reports whose rows are no records: worked out by a function that the report's file names. The rows hold
//! their values by the report's own column names.

use super::super::custom_fields::PODS;
use super::fields::{UPDATED, fields};
use super::tallies;
use bitting_dialects::connectwise::error::ApiError;
use bitting_policy::{Level, Verb};
use bitting_psa::instance::Instance;
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_query::{Filter, Value};
use std::collections::HashMap;

/// The rows that a function makes.
pub async fn made_by(instance: &Instance, function: &str) -> Result<Vec<Row>, Problem> {
    match function {
        "member_security_roles" => member_security_roles(instance).await,
        "invoiced_additions" => invoiced_additions(instance).await,
        "campaign_tracking" => tallies::campaign_tracking(instance).await,
        "tickets_by_hour" => tallies::tickets_by_hour(instance).await,
        "template_options" => tallies::template_options(instance).await,
        "pods" => Ok(pods()),
        other => {
            tracing::error!(function = other, "a report names a function there is not");
            Err(ApiError::server("The report's definition names no known function.").into())
        }
    }
}

/// The lines of agreement invoices: for each of them, the additions of its agreement that were in force on
/// the day of the invoice, as they are now. The PSA served here keeps no copy of a line on an invoice.
async fn invoiced_additions(instance: &Instance) -> Result<Vec<Row>, Problem> {
    let every = Filter::Constant(true);
    let invoices = fields(
        instance,
        "finance/invoices",
        &[
            "agreement",
            "invoiceNumber",
            "date",
            "agreementAmount",
            UPDATED,
        ],
        every.clone(),
    )
    .await?;
    let additions = fields(
        instance,
        "finance/agreements/additions",
        &[
            "agreementId",
            "product",
            "description",
            "billedQuantity",
            "quantity",
            "unitPrice",
            "extPrice",
            "sequenceNumber",
            "serialNumber",
            "taxableFlag",
            "effectiveDate",
            "cancelledDate",
            UPDATED,
        ],
        every.clone(),
    )
    .await?;
    let agreements = by_id(fields(instance, "finance/agreements", &["name"], every.clone()).await?);
    let products = by_id(fields(instance, "procurement/catalog", &["identifier"], every).await?);
    let mut of: HashMap<i64, Vec<&Row>> = HashMap::new();
    for addition in &additions {
        if let Some(agreement) = addition.integer("agreementId") {
            of.entry(agreement).or_default().push(addition);
        }
    }
    let mut rows = Vec::new();
    for invoice in &invoices {
        let Some(agreement) = invoice.integer("agreement") else {
            continue;
        };
        let date = invoice.text("date").unwrap_or_default();
        for addition in of.get(&agreement).into_iter().flatten() {
            let starts = addition.text("effectiveDate").is_none_or(|day| day <= date);
            let runs = addition.text("cancelledDate").is_none_or(|day| day > date);
            if !starts || !runs {
                continue;
            }
            let mut row = Row::new(rows.len() as i64 + 1);
            row.set("Billing_Log_RecID", Value::Integer(invoice.id));
            row.set("AGR_Header_RecID", Value::Integer(agreement));
            row.set_text("Type", "Addition");
            // Whoever reads what is new since the last time has to meet the line when either of its halves changes.
            let latest = invoice.text(UPDATED).max(addition.text(UPDATED));
            row.set_text("Last_Update_UTC", latest.unwrap_or_default());
            for (column, name) in [
                ("Invoice_Number", "invoiceNumber"),
                ("AGR_Amount", "agreementAmount"),
            ] {
                row.set(column, invoice.get(name).clone());
            }
            for (column, name) in [
                ("IV_Item_RecID", "product"),
                ("Line_Desc", "description"),
                ("Quantity", "billedQuantity"),
                ("Unit_Price", "unitPrice"),
                ("Extended_Price", "extPrice"),
                ("Sequence_Number", "sequenceNumber"),
                ("Serial_Number", "serialNumber"),
                ("Taxable_Flag", "taxableFlag"),
            ] {
                row.set(column, addition.get(name).clone());
            }
            if addition.is_null("billedQuantity") {
                row.set("Quantity", addition.get("quantity").clone());
            }
            if let Some(named) = agreements.get(&agreement) {
                row.set("AGR_Name", named.get("name").clone());
            }
            let product = addition.integer("product").and_then(|id| products.get(&id));
            if let Some(product) = product {
                row.set("Item_ID", product.get("identifier").clone());
            }
            rows.push(row);
        }
    }
    Ok(rows)
}

/// The parts of screens that show custom fields.
fn pods() -> Vec<Row> {
    let row = |pod: &super::super::custom_fields::Pod| {
        let mut row = Row::new(pod.id);
        row.set("Pod_RecID", Value::Integer(pod.id));
        row.set_text("PodID", pod.name);
        row.set_text("ScreenID", pod.path);
        row
    };
    PODS.iter().map(row).collect()
}

fn by_id(rows: Vec<Row>) -> HashMap<i64, Row> {
    rows.into_iter().map(|row| (row.id, row)).collect()
}

/// What every member's role says of every action. Levels count 0 for None, 1 for My, 2 for All.
async fn member_security_roles(instance: &Instance) -> Result<Vec<Row>, Problem> {
    let mut rows = Vec::new();
    let (Some(members), Some(roles)) = (
        instance.catalog().entity_at("system/apiMembers"),
        instance.catalog().entity_at("system/securityroles"),
    ) else {
        return Ok(rows);
    };
    let all = Filter::Constant(true);
    let known = instance
        .backend
        .raw_rows(roles, all.clone(), Vec::new(), None)
        .await?;
    for member in instance
        .backend
        .raw_rows(members, all, Vec::new(), None)
        .await?
    {
        let value = |name: &str| super::super::set_up::value(members, &member, name);
        let Value::Integer(role_id) = value("securityRole") else {
            continue;
        };
        let admin = known
            .iter()
            .any(|row| row.id == *role_id && row.flag("admin_flag"));
        let role = instance.role(*role_id);
        for action in instance.registry().actions() {
            let mut row = Row::new(rows.len() as i64 + 1);
            row.set("Member_ID", value("identifier").clone());
            row.set_text("Module_ID", action.module_identifier.clone());
            row.set_text(
                "Module_Name",
                format!("{} / {}", action.module, action.name),
            );
            row.set("FO_Role_Security_RecID", Value::Integer(*role_id));
            for (name, verb) in [
                ("Add_Level", Verb::Add),
                ("Edit_Level", Verb::Edit),
                ("Delete_Level", Verb::Delete),
                ("Inquire_Level", Verb::Inquire),
            ] {
                let level = if admin && action.accepts(verb, Level::All) {
                    Level::All
                } else {
                    role.level(action.id, verb)
                };
                let number = match level {
                    Level::None => 0,
                    Level::My => 1,
                    Level::All => 2,
                };
                row.set(name, Value::Integer(number));
            }
            rows.push(row);
        }
    }
    Ok(rows)
}
