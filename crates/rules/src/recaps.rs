//! Small lists that are worked out of other records: what an order comes to, the phases of a project's
//! template, which custom fields there are.

use super::custom_fields;
use super::related::{self, id, text};
use bitting_psa::context::Context;
use bitting_psa::draft::Draft;
use bitting_psa::permit::Permit;
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_query::Value;
use serde_json::json;

const PRODUCTS: &str = "procurement/products";
const PHASES: &str = "project/projectTemplates/projectTemplatePhases";

fn hundredths(amount: f64) -> Value {
    Value::Number((amount * 100.0).round() / 100.0)
}

/// What the products of the order in the path come to, and what they cost.
pub async fn order(context: Context<'_>, permit: &Permit<'_>) -> Result<Vec<Row>, Problem> {
    let order = context.parents.first().copied().unwrap_or_default();
    let products = related::under(context.instance, PRODUCTS, "sales_order_id", order).await?;
    let sum = |column: &str| -> f64 {
        let kept = products.iter().filter(|row| !row.flag("cancelled_flag"));
        kept.filter_map(|row| row.number(column)).sum()
    };
    let (billed, cost) = (sum("ext_price"), sum("ext_cost"));
    let mut recap = Draft::new(permit.entity(), Row::new(order));
    recap.set("billableAmount", hundredths(billed));
    recap.set("cost", hundredths(cost));
    recap.set("margin", hundredths(billed - cost));
    let share = if billed == 0.0 {
        0.0
    } else {
        (billed - cost) / billed
    };
    recap.set("percent", hundredths(share * 100.0));
    Ok(vec![below(context, permit, recap.row)])
}

/// The phases of the template in the path, by their codes.
pub async fn workplan(context: Context<'_>, permit: &Permit<'_>) -> Result<Vec<Row>, Problem> {
    let template = context.parents.first().copied().unwrap_or_default();
    let mut phases = related::under(context.instance, PHASES, "template_rec_id", template).await?;
    phases.sort_by_key(|row| (row.text("wbs_code").unwrap_or_default().to_owned(), row.id));
    let phases: Vec<serde_json::Value> = phases
        .iter()
        .map(|row| {
            let mut phase = json!({
                "parentPhase": row.integer("parent_phase").map(|id| json!({ "id": id })),
                "id": row.id,
                "templateId": template,
                "description": row.text("description"),
                "notes": row.text("notes"),
                "markAsMilestoneFlag": row.flag("mark_as_milestone"),
                "billPhaseSeparately": row.flag("phase_billed_separately"),
                "wbsCode": row.text("wbs_code"),
            });
            if let Some(members) = phase.as_object_mut() {
                members.retain(|_, value| !value.is_null());
            }
            phase
        })
        .collect();
    let mut plan = Draft::new(permit.entity(), Row::new(template));
    plan.set("templateId", id(Some(template)));
    plan.set("phases", text(json!(phases).to_string()));
    Ok(vec![below(context, permit, plan.row)])
}

/// A worked-out row shows under its parent, where its entity has a column for one.
fn below(context: Context<'_>, permit: &Permit<'_>, mut row: Row) -> Row {
    if let (Some(parent), Some(above)) = (permit.entity().parents.last(), context.parents.last()) {
        row.set(&parent.column, Value::Integer(*above));
    }
    row
}

/// The captions of custom fields, with their types.
pub async fn custom_fields(context: Context<'_>, permit: &Permit<'_>) -> Result<Vec<Row>, Problem> {
    let definitions = related::all(context.instance, custom_fields::PATH).await?;
    let used = definitions.iter().filter(|row| !row.flag("inactive_flag"));
    let info = |row: &Row| {
        let mut info = Draft::new(permit.entity(), Row::new(row.id));
        for (name, column) in [
            ("caption", "caption"),
            ("type", "field_type_identifier"),
            ("screenId", "screen_id"),
        ] {
            info.set(name, row.get(column).clone());
        }
        info.row
    };
    Ok(used.map(info).collect())
}
