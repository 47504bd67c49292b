//! Agreements: what they take from their type, whether they are in force, and what their additions come to.
//!
//! An agreement's state depends on the date. It is stored, so that lists filter by it in the database, and
//! worked out on every write. The dates of an agreement count by the day (UTC), so states can only change at
//! midnight: the first call of a day that looks at agreements brings those forward whose day has come.

use super::set_up;
use bitting_catalog::entity::Entity;
use bitting_psa::backend::equals;
use bitting_psa::context::Context;
use bitting_psa::draft::Draft;
use bitting_psa::instance::Instance;
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_query::{Filter, Kind, Value};
use bitting_store::table::Change;
use jiff::Timestamp;

const AGREEMENTS: &str = "finance/agreements";
const ADDITIONS: &str = "finance/agreements/additions";

/// What an agreement takes from its type where the caller says nothing: (agreement's field, type's field).
const FROM_TYPE: [(&str, &str); 45] = [
    ("location", "location"),
    ("department", "department"),
    ("restrictLocationFlag", "restrictLocationFlag"),
    ("restrictDepartmentFlag", "restrictDepartmentFlag"),
    ("sla", "sla"),
    ("applicationUnits", "applicationUnits"),
    ("applicationLimit", "applicationLimit"),
    ("applicationCycle", "applicationCycle"),
    ("applicationUnlimitedFlag", "applicationUnlimitedFlag"),
    ("oneTimeFlag", "oneTimeFlag"),
    ("coverAgreementTime", "coverAgreementTimeFlag"),
    ("coverAgreementProduct", "coverAgreementProductFlag"),
    ("coverAgreementExpense", "coverAgreementExpenseFlag"),
    ("coverSalesTax", "coverSalesTaxFlag"),
    ("carryOverUnused", "carryOverUnusedFlag"),
    ("allowOverruns", "allowOverrunsFlag"),
    ("expiredDays", "expiredDays"),
    ("limit", "limit"),
    ("expireWhenZero", "expireWhenZero"),
    ("chargeToFirm", "chargeToFirmFlag"),
    ("employeeCompRate", "employeeCompRate"),
    ("employeeCompNotExceed", "employeeCompNotExceed"),
    ("compHourlyRate", "compHourlyRate"),
    ("compLimitAmount", "compLimitAmount"),
    ("billingCycle", "billingCycle"),
    ("billOneTimeFlag", "billOneTimeFlag"),
    ("billingTerms", "billingTerms"),
    ("invoicingCycle", "invoicingCycle"),
    ("billAmount", "billAmount"),
    ("taxable", "taxableFlag"),
    ("restrictDownPayment", "restrictDownPaymentFlag"),
    ("invoiceDescription", "invoiceDescription"),
    ("topComment", "topCommentFlag"),
    ("bottomComment", "bottomCommentFlag"),
    ("workRole", "workRole"),
    ("workType", "workType"),
    ("projectType", "projectType"),
    ("invoiceTemplate", "invoiceTemplate"),
    ("billTime", "billTime"),
    ("billExpenses", "billExpenses"),
    ("billProducts", "billProducts"),
    ("billableTimeInvoice", "billableTimeInvoiceFlag"),
    ("billableExpenseInvoice", "billableExpenseInvoiceFlag"),
    ("billableProductInvoice", "billableProductInvoiceFlag"),
    ("prorateFlag", "prorateFlag"),
];

/// Fills in an agreement and works out its state.
pub async fn save(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    let instance = context.instance;
    if draft.is_new() {
        if let Some((row, kind)) = set_up::referred(instance, draft, "type").await? {
            for (name, source) in FROM_TYPE {
                let value = kind.value(instance, &row, source).clone();
                if !draft.gave(name) && value != Value::Null {
                    draft.set(name, value);
                }
            }
        }
        if let Some((row, company)) = set_up::referred(instance, draft, "company").await? {
            for (name, source) in [
                ("contact", "defaultContact"),
                ("billToCompany", "billToCompany"),
                ("billToContact", "billingContact"),
                ("billingTerms", "billingTerms"),
                ("taxCode", "taxCode"),
            ] {
                if !draft.gave(name) {
                    draft.default(name, company.value(instance, &row, source).clone());
                }
            }
            draft.default("billToCompany", Value::Integer(row.id));
        }
        if draft.is_null("billingCycle") && !draft.gave("billingCycle") {
            let cycle = set_up::first(instance, "finance/billingCycles", "name", &[]).await?;
            draft.set(
                "billingCycle",
                cycle.map_or(Value::Null, |row| Value::Integer(row.id)),
            );
        }
        let today = Value::Text(midnight(context.now));
        draft.default("startDate", today);
        let start = draft.text("startDate").map(str::to_owned);
        if let Some(start) = start {
            draft.default("billStartDate", Value::Text(start));
        }
        if draft.is_null("endDate") && !draft.gave("noEndingDateFlag") {
            draft.set("noEndingDateFlag", Value::Boolean(true));
        }
    }
    super::related::ordered(draft, "startDate", "endDate");
    if draft.changed("cancelledFlag") {
        let date = if draft.flag("cancelledFlag") {
            Value::Text(midnight(context.now))
        } else {
            Value::Null
        };
        if !draft.gave("dateCancelled") {
            draft.set("dateCancelled", date);
        }
    }
    let state = state(draft.entity, &draft.row, &midnight(context.now));
    if draft.text("agreementStatus") != Some(state) && !draft.is_new() {
        draft
            .also
            .extend(told_additions(instance, draft.row.id, state).await?);
    }
    draft.set("agreementStatus", Value::Text(state.to_owned()));
    Ok(())
}

/// Works out what an addition comes to.
pub async fn save_addition(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    let instance = context.instance;
    if draft.is_new() {
        draft.default("quantity", Value::Number(1.0));
        draft.default("lessIncluded", Value::Number(0.0));
        draft.default("effectiveDate", Value::Text(midnight(context.now)));
        if let Some((row, product)) = set_up::referred(instance, draft, "product").await? {
            for (name, source) in [
                ("unitPrice", "price"),
                ("unitCost", "cost"),
                ("description", "description"),
                ("invoiceDescription", "customerDescription"),
                ("taxableFlag", "taxableFlag"),
            ] {
                if !draft.gave(name) {
                    draft.set(name, product.value(instance, &row, source).clone());
                }
            }
        }
        if draft.is_null("sequenceNumber")
            && let Some(agreement) = draft.integer("agreementId")
        {
            let filter = equals(
                draft.column("agreementId").unwrap_or("agreement_id"),
                Kind::Integer,
                Value::Integer(agreement),
            );
            let others = instance.backend.raw_count(draft.entity, &filter).await?;
            draft.set("sequenceNumber", Value::Number(others as f64 + 1.0));
        }
    }
    if let (Some(entity), Some(id)) = (
        instance.catalog().entity_at(AGREEMENTS),
        draft.integer("agreementId"),
    ) && let Some(agreement) = instance.backend.raw_row(entity, id).await?
    {
        let state = state(entity, &agreement, &midnight(context.now));
        draft.set("agreementStatus", Value::Text(state.to_owned()));
    }
    let number = |name: &str| {
        draft
            .column(name)
            .and_then(|column| draft.row.number(column))
            .unwrap_or(0.0)
    };
    let billed = (number("quantity") - number("lessIncluded")).max(0.0);
    let price = cents(billed * number("unitPrice"));
    let cost = cents(number("quantity") * number("unitCost"));
    draft.set("billedQuantity", Value::Number(billed));
    draft.set("extPrice", Value::Number(price));
    draft.set("extCost", Value::Number(cost));
    draft.set("margin", Value::Number(cents(price - cost)));
    Ok(())
}

/// Brings the states forward whose day has come. Once a day and instance; a comparison on other calls.
pub async fn refresh(instance: &Instance) -> Result<(), Problem> {
    let now = instance.now();
    let day = now.as_second().div_euclid(86_400);
    if instance.agreements_are_of(day) {
        return Ok(());
    }
    let Some(entity) = instance.catalog().entity_at(AGREEMENTS) else {
        return Ok(());
    };
    let midnight = midnight(now);
    let mut changes = Vec::new();
    // Cancelled ones stay what they are until somebody writes to them.
    let settled = entity.any_field("agreementStatus").map(|field| {
        equals(
            &field.column,
            Kind::Text,
            Value::Text("Cancelled".to_owned()),
        )
    });
    let open = settled.map_or(Filter::Constant(true), |settled| {
        Filter::Not(Box::new(settled))
    });
    for row in instance
        .backend
        .raw_rows(entity, open, Vec::new(), None)
        .await?
    {
        let state = state(entity, &row, &midnight);
        if row.text("agreement_status") == Some(state) {
            continue;
        }
        if let Some(field) = entity.any_field("agreementStatus") {
            changes.push(Change::Update {
                table: entity.table.clone(),
                id: row.id,
                values: vec![(field.column.clone(), Value::Text(state.to_owned()))],
            });
        }
        changes.extend(told_additions(instance, row.id, state).await?);
    }
    if !changes.is_empty() {
        instance.backend.write(changes).await?;
    }
    instance.set_agreements_day(day);
    Ok(())
}

/// Additions show the state of their agreement.
async fn told_additions(
    instance: &Instance,
    agreement: i64,
    state: &str,
) -> Result<Vec<Change>, Problem> {
    let Some(entity) = instance.catalog().entity_at(ADDITIONS) else {
        return Ok(Vec::new());
    };
    let (Some(parent), Some(field)) = (entity.parents.last(), entity.any_field("agreementStatus"))
    else {
        return Ok(Vec::new());
    };
    let under = equals(&parent.column, Kind::Integer, Value::Integer(agreement));
    let rows = instance
        .backend
        .raw_rows(entity, under, Vec::new(), None)
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| Change::Update {
            table: entity.table.clone(),
            id: row.id,
            values: vec![(field.column.clone(), Value::Text(state.to_owned()))],
        })
        .collect())
}

/// Cancelled, once the day of it has come; else expired, once the last day is over; else inactive until the
/// first day; else active.
fn state(entity: &Entity, row: &Row, midnight: &str) -> &'static str {
    let date = |name: &str| match set_up::value(entity, row, name) {
        Value::Text(text) => text.get(..10).map(str::to_owned),
        _ => None,
    };
    let flag = |name: &str| matches!(set_up::value(entity, row, name), Value::Boolean(true));
    let today = &midnight[..10];
    if flag("cancelledFlag") && date("dateCancelled").is_none_or(|day| *day <= *today) {
        "Cancelled"
    } else if !flag("noEndingDateFlag") && date("endDate").is_some_and(|day| *day < *today) {
        "Expired"
    } else if date("startDate").is_some_and(|day| *day > *today) {
        "Inactive"
    } else {
        "Active"
    }
}

/// The start of the day, in UTC.
fn midnight(now: Timestamp) -> String {
    now.strftime("%Y-%m-%dT00:00:00Z").to_string()
}

/// Money has two decimals.
pub fn cents(amount: f64) -> f64 {
    (amount * 100.0).round() / 100.0
}

/// Brings the states at rest up to date before records that have one are read or changed.
pub async fn before_read(instance: &Instance, entity: &Entity) -> Result<(), Problem> {
    let dated = |rule: &String| ["agreement", "addition"].contains(&rule.as_str());
    if entity.rules.iter().any(dated) {
        refresh(instance).await?;
    }
    Ok(())
}
