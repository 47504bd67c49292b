//! What an agreement covers, and how it recurs, as the screens of the product ask for them: the agreement's own
//! members in the words of those screens. The path names a pod of a screen, which changes nothing here.

use super::super::related::{self, text};
use super::agreements::AGREEMENTS;
use bitting_catalog::entity::{Entity, Kind as FieldKind};
use bitting_dialects::connectwise::error::ApiError;
use bitting_dialects::connectwise::projection::Projection;
use bitting_psa::backend::Look;
use bitting_psa::draft::Draft;
use bitting_psa::permit::Permit;
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_psa::{answer::Answer, context::Context};
use bitting_query::Value;
use serde_json::json;

/// `applicationParameters` and `recurringParameters` of the agreement in the path.
pub async fn answer(context: Context<'_>, permit: &Permit<'_>) -> Result<Answer, Problem> {
    let entity = related::entity(context.instance, AGREEMENTS)?;
    let id = context.parents.first().copied().unwrap_or_default();
    let missing = || ApiError::not_found(&entity.schema, &id.to_string());
    let agreement = related::one(context.instance, AGREEMENTS, id).await?;
    let agreement = agreement.ok_or_else(missing)?;
    let row = if permit.entity().path.ends_with("applicationParameters") {
        application(permit, entity, &agreement)
    } else {
        recurring(context, permit, &agreement).await?
    };
    let projection = context
        .parameters
        .fields
        .as_deref()
        .and_then(Projection::read);
    let look = Look {
        view: None,
        projection: projection.as_ref(),
        release: context.release,
        base: context.base,
        parents: context.parents,
    };
    let backend = &context.instance.backend;
    let body = backend.write_rows(permit, &[row], look, false).await?;
    Ok(Answer {
        body,
        ..Answer::empty(200)
    })
}

fn application(permit: &Permit<'_>, agreements: &Entity, agreement: &Row) -> Row {
    let of = |column: &str| agreement.get(column).clone();
    let unlimited = agreement.flag("application_unlimited_flag");
    let limit = if unlimited {
        named(2, "Unlimited")
    } else {
        named(1, "Limited")
    };
    let mut draft = Draft::new(permit.entity(), Row::new(agreement.id));
    for (name, value) in [
        (
            "applicationUnit",
            choice(agreements, agreement, "applicationUnits"),
        ),
        ("applicationLimit", limit),
        ("applicationLimitAmount", of("application_limit")),
        (
            "availablePer",
            choice(agreements, agreement, "applicationCycle"),
        ),
        ("coversTimeFlag", of("cover_agreement_time")),
        ("coversExpensesFlag", of("cover_agreement_expense")),
        ("coversProductsFlag", of("cover_agreement_product")),
        ("coversTaxFlag", of("cover_sales_tax")),
        ("carryoverUnusedFlag", of("carry_over_unused")),
        ("carryOverDays", of("expired_days")),
        ("allowOverrunsFlag", of("allow_overruns")),
        ("overrunLimit", of("limit")),
        ("agreementExpiresFlag", of("expire_when_zero")),
        ("chargeAdjustmentsFlag", of("charge_to_firm")),
        (
            "agrBillingCycle",
            choice(agreements, agreement, "invoicingCycle"),
        ),
    ] {
        draft.set(name, value);
    }
    draft.row
}

async fn recurring(
    context: Context<'_>,
    permit: &Permit<'_>,
    agreement: &Row,
) -> Result<Row, Problem> {
    let agreements = related::entity(context.instance, AGREEMENTS)?;
    let of = |column: &str| agreement.get(column).clone();
    let reference = async |path: &str, column: &str| -> Result<Value, Problem> {
        let Some(id) = agreement.integer(column) else {
            return Ok(Value::Null);
        };
        let row = related::one(context.instance, path, id).await?;
        Ok(row.map_or(Value::Null, |row| {
            let label = row.text("name").or_else(|| row.text("identifier"));
            named(row.id, label.unwrap_or_default())
        }))
    };
    let additions = related::under(
        context.instance,
        "finance/agreements/additions",
        "agreement_id",
        agreement.id,
    )
    .await?;
    let added: f64 = additions
        .iter()
        .filter(|row| row.text("cancelled_date").is_none())
        .filter_map(|row| Some(row.number("quantity")? * row.number("unit_price")?))
        .sum();
    let children = related::under(
        context.instance,
        AGREEMENTS,
        "parent_agreement_id",
        agreement.id,
    )
    .await?;
    let children: f64 = children
        .iter()
        .filter_map(|row| row.number("bill_amount"))
        .sum();
    let own = agreement.number("bill_amount").unwrap_or_default();
    let mut draft = Draft::new(permit.entity(), Row::new(agreement.id));
    for (name, value) in [
        (
            "billingCycle",
            reference("finance/billingCycles", "billing_cycle_id").await?,
        ),
        ("cycleBase", choice(agreements, agreement, "invoicingCycle")),
        ("aGRAmount", of("bill_amount")),
        ("taxable", of("taxable")),
        ("childrenAmount", Value::Number(children)),
        ("additionsAmount", Value::Number(added)),
        ("totalAmount", Value::Number(own + children + added)),
        ("aGRProrate", of("prorate_first_bill")),
        ("billStartDate", of("bill_start_date")),
        (
            "taxCode",
            reference("finance/taxCodes", "tax_code_id").await?,
        ),
        (
            "terms",
            reference("finance/billingTerms", "billing_terms_id").await?,
        ),
        ("prorateFlag", of("prorate_flag")),
        (
            "invoiceProratedAdditionsFlag",
            of("invoice_prorated_additions_flag"),
        ),
        ("restrictDownpayment", of("restrict_down_payment")),
        (
            "currency",
            reference("finance/currencies", "currency_id").await?,
        ),
        ("autoInvoiceFlag", of("auto_invoice_flag")),
        ("billZeroAmountFlag", of("bill_zero_amount_flag")),
    ] {
        draft.set(name, value);
    }
    Ok(draft.row)
}

fn named(id: i64, name: &str) -> Value {
    text(json!({ "id": id, "name": name }).to_string())
}

/// One of a field's values as a record: its place among them, from 1, and its name.
fn choice(entity: &Entity, row: &Row, name: &str) -> Value {
    let Some(field) = entity
        .any_field(name)
        .filter(|field| field.kind == FieldKind::Text)
    else {
        return Value::Null;
    };
    let Some(value) = row.text(&field.column) else {
        return Value::Null;
    };
    let place = field.values.iter().position(|known| **known == *value);
    let place = place.and_then(|place| i64::try_from(place + 1).ok());
    place.map_or(Value::Null, |place| named(place, value))
}
