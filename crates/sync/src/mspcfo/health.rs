//! What makes the figures wrong, by name: members without cost, agreement types of no kind, work types that zero
//! the cost, products with a margin too good to be true, invoices whose lines do not sum.

use super::formulas::ratio;
use super::holidays::Holidays;
use super::reports::{
    ADDITIONS, AGREEMENT_TYPES, EXPENSES, GROUPS, INVOICES, ITEMS, LINES, MEMBERS, PRODUCTS, TIME,
    WORK_ROLES, WORK_TYPES,
};
use super::rows::{Book, scan};
use super::settings::Settings;
use crate::Failure;
use crate::work::Work;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap};

pub fn run<A>(work: &mut Work<'_, A>) -> Result<(), Failure> {
    let settings: Settings = work.settings()?;
    let book = Book::of(work);
    let mut found: Vec<Value> = Vec::new();
    let mut say = |tab: &str, what: String| found.push(json!({ "tab": tab, "finding": what }));

    let mut costs: HashMap<String, Option<f64>> = HashMap::new();
    scan(book, &MEMBERS, |row| {
        let (member, cost) = (row.by("Member_ID").text(), row.by("Hourly_Cost"));
        // A text that is no amount of money: hidden, encrypted, or typed wrong.
        if cost.number().is_none() && !cost.text().trim().is_empty() {
            say(
                "Wage",
                format!("member {member} has a cost that is no number"),
            );
        }
        costs.insert(member.to_ascii_lowercase(), cost.number());
    })?;
    let mut working: BTreeMap<String, bool> = BTreeMap::new();
    let member = TIME.at("member_id").unwrap_or(usize::MAX);
    let cost = TIME.at("Hourly_Cost_Decimal").unwrap_or(usize::MAX);
    let text = TIME.at("Hourly_Cost").unwrap_or(usize::MAX);
    scan(book, &TIME, |row| {
        let who = row.cell(member).text();
        let amount = row.cell(cost).number().or_else(|| row.cell(text).number());
        let costs = amount.is_some_and(|amount| amount > 0.0);
        match working.get_mut(who) {
            Some(known) => *known |= costs,
            None => drop(working.insert(who.to_owned(), costs)),
        }
    })?;
    for (member, _) in working.iter().filter(|(_, costs)| !**costs) {
        let known = costs.get(&member.to_ascii_lowercase()).copied().flatten();
        let wage = |wage: &super::settings::Wage| wage.member.eq_ignore_ascii_case(member);
        if known.unwrap_or_default() <= 0.0 && !settings.wage.iter().any(wage) {
            say(
                "Wage",
                format!("member {member} enters time and has no cost"),
            );
        }
    }
    scan(book, &AGREEMENT_TYPES, |row| {
        let kind = row.by("AGR_Type_Desc").text();
        if !settings.agreement_types.contains_key(kind) {
            say(
                "Agreements",
                format!("agreement type {kind} is of no kind yet and counts as FFA"),
            );
        }
    })?;
    scan(book, &WORK_TYPES, |row| {
        if row.by("Cost_Multiplier").number() == Some(0.0) {
            let kind = row.by("work_type").text();
            say("Wage", format!("work type {kind} takes the cost away"));
        }
    })?;
    scan(book, &WORK_ROLES, |row| {
        let rate = row.by("Hourly_Rate").number().unwrap_or_default();
        if rate <= 0.0 && !row.by("Inactive_Flag").flag() {
            let role = row.by("work_role").text();
            say("Wage", format!("work role {role} has no rate"));
        }
    })?;
    let mut groups = BTreeSet::new();
    scan(book, &GROUPS, |row| {
        groups.insert(row.by("BusGroup").text().to_ascii_lowercase());
    })?;
    for group in &settings.excluded_groups {
        if !groups.contains(&group.to_ascii_lowercase()) {
            say(
                "Clients",
                format!("excluded_groups names {group}, which is no business group of the PSA"),
            );
        }
    }
    let holidays = Holidays::read(book)?;
    let asked = settings.holiday_list.is_some() || holidays.names().len() > 1;
    if asked && holidays.chosen(&settings).is_none() {
        let lists = holidays.names().join(", ");
        say(
            "Wage",
            format!("no holidays are counted: set holiday_list to one of {lists}"),
        );
    }
    scan(book, &ADDITIONS, |row| {
        if let (Some(cost), Some(price)) =
            (row.by("Unit_Cost").number(), row.by("Unit_Price").number())
            && cost > 0.0
            && let Some(margin) = ratio(price - cost, price)
            && margin > settings.high_margin
        {
            say(
                "Products",
                format!(
                    "addition {} of agreement {} has a margin of {:.0} %",
                    row.by("Addition_RecId").id().unwrap_or_default(),
                    row.by("AGR_RecID").id().unwrap_or_default(),
                    margin * 100.0
                ),
            );
        }
    })?;
    let mut sums: HashMap<i64, f64> = HashMap::new();
    for report in [&LINES, &ITEMS] {
        scan(book, report, |row| {
            if let Some(invoice) = row.by("Billing_Log_RecID").id() {
                let price = row.by("Extended_Price").number();
                *sums.entry(invoice).or_default() += price.unwrap_or_default();
            }
        })?;
    }
    let mut uninvoiced: BTreeMap<i64, f64> = BTreeMap::new();
    scan(book, &PRODUCTS, |row| {
        let price = row.by("Extended_Price_Amount").number().unwrap_or_default();
        let open = row.by("billing_log_recid").id().is_none() && row.by("billable_flag").flag();
        if let (true, Some(ticket)) = (open && price > 0.0, row.by("sr_service_recid").id()) {
            *uninvoiced.entry(ticket).or_default() += price;
        }
    })?;
    for (ticket, price) in uninvoiced {
        say(
            "Products",
            format!("ticket {ticket} has billable products of {price:.2} on no invoice yet"),
        );
    }
    let mut expenses: HashMap<i64, f64> = HashMap::new();
    scan(book, &EXPENSES, |row| {
        if let Some(invoice) = row.by("Billing_Log_RecID").id() {
            let amount = row.by("Extended_Amount").number();
            *expenses.entry(invoice).or_default() += amount.unwrap_or_default();
        }
    })?;
    scan(book, &INVOICES, |row| {
        let listed = row.by("Billing_Log_RecID").id();
        let listed = listed.and_then(|id| expenses.get(&id));
        let stated = row.by("Expense_Amount").number().unwrap_or_default();
        if listed.is_some_and(|listed| (listed - stated).abs() > 0.01) {
            say(
                "Clients",
                format!(
                    "invoice {} states expenses of {stated:.2}, but its expenses sum to {:.2}",
                    row.by("Invoice_Number").text(),
                    listed.copied().unwrap_or_default()
                ),
            );
        }
        let parts: f64 = ["AGR_Amount", "Time_Amount", "Expense_Amount", "Misc_Amount"]
            .iter()
            .filter_map(|part| row.by(part).number())
            .sum();
        let total = row.by("Invoice_Subtotal").number().unwrap_or_default();
        // The agreement's amount has its additions in it, or stands beside them.
        let invoice = row.by("Billing_Log_RecID").id();
        let lines = invoice
            .and_then(|id| sums.get(&id))
            .copied()
            .unwrap_or_default();
        if (parts - total).abs() > 0.01 && (parts + lines - total).abs() > 0.01 {
            let parts = if parts == 0.0 { lines } else { parts };
            say(
                "Clients",
                format!(
                    "invoice {} is {total:.2}, but its parts sum to {parts:.2}",
                    row.by("Invoice_Number").text()
                ),
            );
        }
    })?;
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
