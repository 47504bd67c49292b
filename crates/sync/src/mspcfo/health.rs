//! What makes the figures wrong, by name: members without cost, agreement types of no kind, work types that zero
//! the cost, products with a margin too good to be true, invoices whose lines do not sum.

use super::metrics::{facts, number};
use super::reports::{ADDITIONS, AGREEMENT_TYPES, INVOICES, LINES, MEMBERS, TIME, WORK_TYPES};
use super::settings::Settings;
use crate::Failure;
use crate::work::Work;
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap};

pub fn run(work: &mut Work<'_>) -> Result<(), Failure> {
    let settings: Settings = work.settings()?;
    let mut found: Vec<Value> = Vec::new();
    let mut say = |tab: &str, what: String| found.push(json!({ "tab": tab, "finding": what }));
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();

    let costs: HashMap<String, Option<f64>> = facts(work, &MEMBERS)?
        .iter()
        .map(|row| (text(&row["Member_ID"]), number(&row["Hourly_Cost"])))
        .collect();
    let working: BTreeSet<String> = facts(work, &TIME)?
        .iter()
        .map(|row| text(&row["member_id"]))
        .collect();
    for member in working {
        let cost = costs.get(&member).copied().flatten().unwrap_or_default();
        if cost <= 0.0
            && !settings
                .wage
                .iter()
                .any(|wage| wage.member.eq_ignore_ascii_case(&member))
        {
            say(
                "Wage",
                format!("member {member} enters time and has no cost"),
            );
        }
    }
    for row in facts(work, &AGREEMENT_TYPES)? {
        let kind = text(&row["AGR_Type_Desc"]);
        if !settings.agreement_types.contains_key(&kind) {
            say(
                "Agreements",
                format!("agreement type {kind} is of no kind yet and counts as FFA"),
            );
        }
    }
    for row in facts(work, &WORK_TYPES)? {
        if number(&row["Cost_Multiplier"]) == Some(0.0) {
            say(
                "Wage",
                format!("work type {} takes the cost away", text(&row["work_type"])),
            );
        }
    }
    for row in facts(work, &ADDITIONS)? {
        if let (Some(cost), Some(price)) = (number(&row["Unit_Cost"]), number(&row["Unit_Price"]))
            && cost > 0.0
            && price > 0.0
            && (price - cost) / price > settings.high_margin
        {
            say(
                "Products",
                format!(
                    "addition {} of agreement {} has a margin of {:.0} %",
                    row["Addition_RecId"],
                    row["AGR_RecID"],
                    (price - cost) / price * 100.0
                ),
            );
        }
    }
    let mut sums: HashMap<i64, f64> = HashMap::new();
    for row in facts(work, &LINES)? {
        if let Some(invoice) = row["Billing_Log_RecID"].as_i64() {
            *sums.entry(invoice).or_default() += number(&row["Extended_Price"]).unwrap_or_default();
        }
    }
    for row in facts(work, &INVOICES)? {
        let parts: f64 = ["AGR_Amount", "Time_Amount", "Expense_Amount", "Misc_Amount"]
            .iter()
            .filter_map(|part| number(&row[*part]))
            .sum();
        let total = number(&row["Invoice_Subtotal"]).unwrap_or_default();
        // The agreement's amount has its additions in it, or stands beside them.
        let lines = row["Billing_Log_RecID"]
            .as_i64()
            .and_then(|id| sums.get(&id))
            .copied()
            .unwrap_or_default();
        if (parts - total).abs() > 0.01 && (parts + lines - total).abs() > 0.01 {
            say(
                "Clients",
                format!(
                    "invoice {} is {total:.2}, but its parts sum to {parts:.2}",
                    text(&row["Invoice_Number"])
                ),
            );
        }
    }
    work.counts.read = found.len() as u64;
    if !found.is_empty() {
        work.warn(format!(
            "{} findings that make figures wrong; see {}",
            found.len(),
            work.home.output(work.integration, "health.jsonl").display()
        ));
    }
    work.output("health.jsonl", &found)
}
