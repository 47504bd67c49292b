//! Clients, agreements and members by month, out of the rows that `pull` keeps, written as CSV and JSON lines.
//! Says with every row how many records it comes from.

use super::SLUG;
use super::formulas::{
    effective_rate, efficiency, gross_margin, money, product_part, ratio, utilization,
};
use super::pull::PULLED;
use super::reports::{
    ADDITIONS, AGREEMENTS, COMPANIES, INVOICES, LINES, MEMBERS, Report, TIME, WORK_TYPES,
};
use super::settings::Settings;
use crate::Failure;
use crate::state::Shelf;
use crate::work::Work;
use jiff::ToSpan as _;
use jiff::civil::Date;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};

/// Version of the formulas, beside every figure.
const VERSION: u32 = 1;

/// Sums of one client, agreement or member in one month.
#[derive(Default)]
struct Sums {
    revenue: f64,
    labor_revenue: f64,
    product_cost: f64,
    labor_cost: f64,
    hours: f64,
    client_hours: f64,
    shadow: f64,
    time_entries: u64,
    invoices: u64,
}

type Table = BTreeMap<(String, String), Sums>;

pub fn run(work: &mut Work<'_>) -> Result<(), Failure> {
    if work.state.watermark(SLUG, PULLED)?.as_deref() != Some("whole") {
        return Err(Failure::Held("the last reading of the reports did not get through; the figures of before stay until one does".to_owned()));
    }
    let settings: Settings = work.settings()?;
    let names = names(work, &COMPANIES, "Company_RecID", "Company_Name")?;
    let agreements = by(work, &AGREEMENTS, "AGR_Header_RecID")?;
    let (mut clients, mut contracts, mut members) = (Table::new(), Table::new(), Table::new());
    labor(
        work,
        &settings,
        &names,
        &agreements,
        [&mut clients, &mut contracts, &mut members],
    )?;
    revenue(
        work,
        &settings,
        &names,
        &agreements,
        &mut clients,
        &mut contracts,
    )?;
    let mut rows = 0;
    for (name, who, table) in [
        ("clients", "client", clients),
        ("agreements", "agreement", contracts),
        ("members", "member", members),
    ] {
        let shown: Vec<Value> = table
            .iter()
            .map(|((month, whose), sums)| sums.row(month, who, whose, &settings))
            .collect();
        rows += shown.len() as u64;
        work.output(&format!("{name}.jsonl"), &shown)?;
        crate::home::write(
            &work.home.output(SLUG, &format!("{name}.csv")),
            &csv(&shown),
        )?;
    }
    work.counts.read = rows;
    Ok(())
}

/// Hours and what they cost.
fn labor(
    work: &Work<'_>,
    settings: &Settings,
    names: &HashMap<i64, String>,
    agreements: &HashMap<i64, Value>,
    tables: [&mut Table; 3],
) -> Result<(), Failure> {
    let [clients, contracts, members] = tables;
    let costs: HashMap<String, f64> = facts(work, &MEMBERS)?
        .iter()
        .filter_map(|row| {
            Some((
                row["Member_ID"].as_str()?.to_lowercase(),
                number(&row["Hourly_Cost"])?,
            ))
        })
        .collect();
    let multipliers: HashMap<String, f64> = facts(work, &WORK_TYPES)?
        .iter()
        .filter_map(|row| {
            Some((
                row["work_type"].as_str()?.to_owned(),
                number(&row["Cost_Multiplier"])?,
            ))
        })
        .collect();
    for row in facts(work, &TIME)? {
        let member = row["member_id"].as_str().unwrap_or_default();
        let Some((month, day)) = month(&row["Date_Start"]) else {
            continue;
        };
        let hours = number(&row["hours_actual"]).unwrap_or_default();
        let cost = settings
            .wage(member, &day)
            .or_else(|| number(&row["Hourly_Cost_Decimal"]))
            .or_else(|| number(&row["Hourly_Cost"]))
            .or_else(|| costs.get(&member.to_lowercase()).copied())
            .unwrap_or_default();
        let multiplier = row["work_type"]
            .as_str()
            .and_then(|kind| multipliers.get(kind))
            .copied()
            .unwrap_or(1.0);
        let company = row["Company_RecID"].as_i64();
        let add = |sums: &mut Sums| {
            sums.hours += hours;
            sums.client_hours += if company.is_some() { hours } else { 0.0 };
            sums.labor_cost += hours * cost * multiplier;
            sums.shadow += hours * number(&row["Hourly_Rate"]).unwrap_or_default();
            sums.time_entries += 1;
        };
        add(members
            .entry((month.clone(), member.to_owned()))
            .or_default());
        if let Some(company) = company {
            add(clients
                .entry((month.clone(), name(names, company)))
                .or_default());
        }
        if let Some(agreement) = row["AGR_Header_RecID"].as_i64() {
            add(contracts
                .entry((month, agreement_name(agreements, agreement)))
                .or_default());
        }
    }
    Ok(())
}

/// Invoices, split into labor and product, and what the products cost.
fn revenue(
    work: &Work<'_>,
    settings: &Settings,
    names: &HashMap<i64, String>,
    agreements: &HashMap<i64, Value>,
    clients: &mut Table,
    contracts: &mut Table,
) -> Result<(), Failure> {
    let mut costs: HashMap<(i64, i64), f64> = HashMap::new();
    for row in facts(work, &ADDITIONS)? {
        if let (Some(agreement), Some(product), Some(cost)) = (
            row["AGR_RecID"].as_i64(),
            row["Product_RecId"].as_i64(),
            number(&row["Unit_Cost"]),
        ) {
            costs.insert((agreement, product), cost);
        }
    }
    let mut lines: HashMap<i64, (f64, f64)> = HashMap::new();
    for row in facts(work, &LINES)? {
        let (Some(invoice), Some(agreement)) = (
            row["Billing_Log_RecID"].as_i64(),
            row["AGR_Header_RecID"].as_i64(),
        ) else {
            continue;
        };
        let cost = row["IV_Item_RecID"]
            .as_i64()
            .and_then(|item| costs.get(&(agreement, item)))
            .copied()
            .unwrap_or_default();
        let quantity = number(&row["Quantity"]).unwrap_or_default();
        let price = number(&row["Unit_Price"]).unwrap_or_default();
        let (product, expense) = lines.entry(invoice).or_default();
        *product += product_part(cost, price, quantity, settings);
        *expense += cost * quantity;
    }
    for row in facts(work, &INVOICES)? {
        let Some((month, _)) = month(&row["Date_Invoice"]) else {
            continue;
        };
        let total = number(&row["Invoice_Subtotal"]).unwrap_or_default();
        let agreement = row["AGR_Header_RecID"].as_i64();
        let lines = row["Billing_Log_RecID"]
            .as_i64()
            .and_then(|id| lines.get(&id))
            .copied()
            .unwrap_or_default();
        let kind = agreement
            .and_then(|id| agreements.get(&id))
            .and_then(|found| found["agr_type_desc"].as_str())
            .unwrap_or_default();
        let labor = match agreement {
            Some(_) if settings.licences(kind) => 0.0,
            Some(_) => total - lines.0,
            None => number(&row["Time_Amount"]).unwrap_or_default(),
        };
        let add = |sums: &mut Sums| {
            sums.revenue += total;
            sums.labor_revenue += labor;
            sums.product_cost += lines.1;
            sums.invoices += 1;
        };
        if let Some(company) = row["Company_RecID"].as_i64() {
            add(clients
                .entry((month.clone(), name(names, company)))
                .or_default());
        }
        if let Some(agreement) = agreement {
            add(contracts
                .entry((month, agreement_name(agreements, agreement)))
                .or_default());
        }
    }
    Ok(())
}

impl Sums {
    fn row(&self, month: &str, who: &str, whose: &str, settings: &Settings) -> Value {
        let cost = self.labor_cost + self.product_cost;
        let contribution = self.revenue - cost;
        let cents = |value: f64| (value * 100.0).round() / 100.0;
        let share = |value: Option<f64>| value.map(|value| (value * 10_000.0).round() / 10_000.0);
        let mut row = json!({ "month": month });
        row[who] = json!(whose);
        let mut put = |name: &str, value: Value| row[name] = value;
        if who != "member" {
            put("revenue", json!(cents(self.revenue)));
            put("labor_revenue", json!(cents(self.labor_revenue)));
            put(
                "product_revenue",
                json!(cents(self.revenue - self.labor_revenue)),
            );
            put("product_cost", json!(cents(self.product_cost)));
            put("contribution", json!(cents(contribution)));
            put(
                "gross_margin",
                json!(share(gross_margin(self.revenue, cost))),
            );
            put(
                "effective_rate",
                json!(effective_rate(self.labor_revenue, self.hours).map(cents)),
            );
            put(
                "efficiency",
                json!(share(efficiency(self.labor_revenue, self.shadow))),
            );
            put(
                "contribution_per_hour",
                json!(ratio(contribution, self.hours).map(cents)),
            );
            put("loses_money", json!(contribution < 0.0));
        }
        put("labor_cost", json!(cents(self.labor_cost)));
        put("hours", json!(cents(self.hours)));
        put("shadow_billable", json!(cents(self.shadow)));
        if who == "member" {
            put(
                "utilization",
                json!(share(utilization(
                    self.client_hours,
                    days(month, settings),
                    settings.hours_per_day
                ))),
            );
        } else {
            put("invoices", json!(self.invoices));
        }
        put("time_entries", json!(self.time_entries));
        put("formulas", json!(VERSION));
        row
    }
}

/// Working days of a month: weekdays that are no holidays.
fn days(month: &str, settings: &Settings) -> u32 {
    let Ok(first) = format!("{month}-01").parse::<Date>() else {
        return 0;
    };
    let mut days = 0;
    let mut day = first;
    while day.month() == first.month() {
        let weekend = day.weekday().to_monday_zero_offset() >= 5;
        if !weekend && !settings.holidays.contains(&day.to_string()) {
            days += 1;
        }
        let Ok(next) = day.checked_add(1.day()) else {
            break;
        };
        day = next;
    }
    days
}

/// Month and day of a moment.
fn month(moment: &Value) -> Option<(String, String)> {
    let text = moment.as_str()?;
    Some((text.get(..7)?.to_owned(), text.get(..10)?.to_owned()))
}

/// A number, also one that a report writes as text.
pub fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| money(value.as_str()?))
}

pub fn facts(work: &Work<'_>, report: &Report) -> Result<Vec<Value>, Failure> {
    Ok(work
        .state
        .all(Shelf::Fact, SLUG, report.name)?
        .into_iter()
        .map(|record| record.data)
        .collect())
}

fn by(work: &Work<'_>, report: &Report, key: &str) -> Result<HashMap<i64, Value>, Failure> {
    Ok(facts(work, report)?
        .into_iter()
        .filter_map(|row| Some((row[key].as_i64()?, row)))
        .collect())
}

fn names(
    work: &Work<'_>,
    report: &Report,
    key: &str,
    name: &str,
) -> Result<HashMap<i64, String>, Failure> {
    Ok(facts(work, report)?
        .iter()
        .filter_map(|row| Some((row[key].as_i64()?, row[name].as_str()?.to_owned())))
        .collect())
}

fn name(names: &HashMap<i64, String>, id: i64) -> String {
    names
        .get(&id)
        .cloned()
        .unwrap_or_else(|| format!("company {id}"))
}

fn agreement_name(agreements: &HashMap<i64, Value>, id: i64) -> String {
    let named = agreements.get(&id).and_then(|row| row["AGR_Name"].as_str());
    // Names repeat; the id tells agreements apart.
    named.map_or_else(
        || format!("agreement {id}"),
        |name| format!("{name} ({id})"),
    )
}

/// Rows of the same members as comma-separated text.
fn csv(rows: &[Value]) -> String {
    let cell = |value: &Value| {
        let text = match value {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        if text.contains([',', '"', '\n']) {
            format!("\"{}\"", text.replace('"', "\"\""))
        } else {
            text
        }
    };
    let Some(head) = rows.first().and_then(Value::as_object) else {
        return String::new();
    };
    let mut text = head.keys().cloned().collect::<Vec<_>>().join(",");
    for row in rows {
        text.push('\n');
        let cells: Vec<String> = head.keys().map(|name| cell(&row[name])).collect();
        text.push_str(&cells.join(","));
    }
    text.push('\n');
    text
}
