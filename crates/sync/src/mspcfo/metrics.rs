//! Clients, agreements and members by month, out of the rows that `pull` keeps. Says with every row how many
//! records it comes from.

use super::SLUG;
use super::formulas::{effective_rate, efficiency, gross_margin, product_part, ratio, utilization};
use super::pull::PULLED;
use super::reports::{
    ADDITIONS, AGREEMENTS, COMPANIES, HOLIDAYS, INVOICES, LINES, MEMBERS, PRODUCTS, TIME,
    WORK_TYPES,
};
use super::rows::{Cell, scan};
use super::settings::{Kind, Settings, Wages};
use super::{publish, wages};
use crate::Failure;
use crate::state::State;
use crate::work::Work;
use jiff::ToSpan as _;
use jiff::civil::Date;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Version of the formulas, beside every figure.
const VERSION: u32 = 2;

/// Sums of one client, agreement or member in one month.
#[derive(Default, Clone)]
pub struct Sums {
    pub revenue: f64,
    pub labor_revenue: f64,
    pub product_cost: f64,
    pub labor_cost: f64,
    pub hours: f64,
    pub client_hours: f64,
    pub shadow: f64,
    pub time_entries: u64,
    pub invoices: u64,
}

impl Sums {
    pub fn contribution(&self) -> f64 {
        self.revenue - self.labor_cost - self.product_cost
    }

    pub fn add(&mut self, other: &Self) {
        self.revenue += other.revenue;
        self.labor_revenue += other.labor_revenue;
        self.product_cost += other.product_cost;
        self.labor_cost += other.labor_cost;
        self.hours += other.hours;
        self.client_hours += other.client_hours;
        self.shadow += other.shadow;
        self.time_entries += other.time_entries;
        self.invoices += other.invoices;
    }
}

/// Sums by month (`202611`) and whose they are.
pub type Table = BTreeMap<(u32, i64), Sums>;

/// Everything that was worked out.
pub struct Figures {
    pub clients: Table,
    pub agreements: Table,
    pub members: Table,
    pub companies: HashMap<i64, String>,
    pub contracts: HashMap<i64, Contract>,
    /// Members by the number that `members` knows them by.
    pub people: Vec<String>,
    pub days: BTreeMap<u32, u32>,
    pub time_entries: u64,
}

/// An agreement.
#[derive(Default)]
pub struct Contract {
    pub name: String,
    pub company: i64,
    pub kind: String,
}

pub fn run(work: &mut Work<'_>) -> Result<(), Failure> {
    if work.state.watermark(SLUG, PULLED)?.as_deref() != Some("whole") {
        return Err(Failure::Held("the last reading of the reports did not get through; the figures of before stay until one does".to_owned()));
    }
    let settings: Settings = work.settings()?;
    let figures = compute(work.state, &settings)?;
    work.counts.read = figures.time_entries;
    publish::write(work, &figures, &settings)?;
    wages::write(work, &settings)
}

/// Works everything out anew.
pub fn compute(state: &State, settings: &Settings) -> Result<Figures, Failure> {
    let mut companies = HashMap::new();
    scan(state, &COMPANIES, |row| {
        if let Some(id) = row.by("Company_RecID").id() {
            companies.insert(id, row.by("Company_Name").text().to_owned());
        }
    })?;
    let mut contracts = HashMap::new();
    scan(state, &AGREEMENTS, |row| {
        let contract = Contract {
            name: row.by("AGR_Name").text().to_owned(),
            company: row.by("CompanyRecId").id().unwrap_or_default(),
            kind: row.by("agr_type_desc").text().to_owned(),
        };
        contracts.insert(
            row.by("AGR_Header_RecID").id().unwrap_or_default(),
            contract,
        );
    })?;
    let mut figures = Figures {
        clients: Table::new(),
        agreements: Table::new(),
        members: Table::new(),
        companies,
        contracts,
        people: Vec::new(),
        days: BTreeMap::new(),
        time_entries: 0,
    };
    labor(state, settings, &mut figures)?;
    revenue(state, settings, &mut figures)?;
    let holidays = holidays(state, settings)?;
    let months: BTreeSet<u32> = figures.members.keys().map(|(month, _)| *month).collect();
    figures.days = months
        .into_iter()
        .map(|month| (month, days(month, &holidays)))
        .collect();
    Ok(figures)
}

/// Costs of an hour as the PSA has them: of members in lower case, and what work types make of them.
struct Costs {
    members: HashMap<String, f64>,
    multipliers: HashMap<String, f64>,
}

fn costs(state: &State) -> Result<Costs, Failure> {
    let (mut members, mut multipliers) = (HashMap::new(), HashMap::new());
    scan(state, &MEMBERS, |row| {
        if let Some(cost) = row.by("Hourly_Cost").number() {
            members.insert(row.by("Member_ID").text().to_ascii_lowercase(), cost);
        }
    })?;
    scan(state, &WORK_TYPES, |row| {
        if let Some(multiplier) = row.by("Cost_Multiplier").number() {
            multipliers.insert(row.by("work_type").text().to_owned(), multiplier);
        }
    })?;
    Ok(Costs {
        members,
        multipliers,
    })
}

/// A member as millions of time entries meet him.
struct Person {
    number: i64,
    wages: Vec<(String, f64)>,
    cost: Option<f64>,
}

/// Hours and what they cost.
fn labor(state: &State, settings: &Settings, figures: &mut Figures) -> Result<(), Failure> {
    let costs = costs(state)?;
    let wages = Wages::new(settings);
    let own: BTreeSet<i64> = settings.own_companies.iter().copied().collect();
    let mut people: HashMap<String, Person> = HashMap::new();
    // Hash tables while it goes fast, in order afterwards.
    let mut tables: [HashMap<(u32, i64), Sums>; 3] = Default::default();
    let mut names = Vec::new();
    let at = |column| TIME.at(column).unwrap_or(usize::MAX);
    let (member, date, hours_actual) = (at("member_id"), at("Date_Start"), at("hours_actual"));
    let (decimal, cost_text) = (at("Hourly_Cost_Decimal"), at("Hourly_Cost"));
    let (rate, work_type) = (at("Hourly_Rate"), at("work_type"));
    let (company, agreement) = (at("Company_RecID"), at("AGR_Header_RecID"));
    let count = scan(state, &TIME, |row| {
        let Some((month, day)) = month(row.cell(date)) else {
            return;
        };
        let client = row.cell(company).id().filter(|id| !own.contains(id));
        let kind = settings.kind(row.cell(work_type).text(), client.is_some());
        if kind == Kind::Exclude {
            return;
        }
        let who = row.cell(member).text();
        if !people.contains_key(who) {
            let lower = who.to_ascii_lowercase();
            names.push(who.to_owned());
            let person = Person {
                number: names.len() as i64 - 1,
                wages: wages.of(&lower).to_vec(),
                cost: costs.members.get(&lower).copied(),
            };
            people.insert(who.to_owned(), person);
        }
        let Some(person) = people.get(who) else {
            return;
        };
        let hours = row.cell(hours_actual).number().unwrap_or_default();
        let cost = Wages::on(&person.wages, day)
            .or_else(|| row.cell(decimal).number())
            .or_else(|| row.cell(cost_text).number())
            .or(person.cost)
            .unwrap_or_default();
        let multiplier = costs.multipliers.get(row.cell(work_type).text());
        let cost = hours * cost * multiplier.copied().unwrap_or(1.0);
        let shadow = hours * row.cell(rate).number().unwrap_or_default();
        let client_hours = hours * settings.credit(kind);
        let whose = [Some(person.number), client, row.cell(agreement).id()];
        for (table, whose) in tables.iter_mut().zip(whose) {
            let Some(whose) = whose else { continue };
            let sums = table.entry((month, whose)).or_default();
            sums.hours += hours;
            sums.client_hours += client_hours;
            sums.labor_cost += cost;
            sums.shadow += shadow;
            sums.time_entries += 1;
        }
    })?;
    let [members, clients, agreements] = tables;
    figures.members = members.into_iter().collect();
    figures.clients = clients.into_iter().collect();
    figures.agreements = agreements.into_iter().collect();
    figures.people = names;
    figures.time_entries = count;
    Ok(())
}

/// Invoices, split into labor and product, and what the products cost.
fn revenue(state: &State, settings: &Settings, figures: &mut Figures) -> Result<(), Failure> {
    let mut costs: HashMap<(i64, i64), f64> = HashMap::new();
    scan(state, &ADDITIONS, |row| {
        if let (Some(agreement), Some(product), Some(cost)) = (
            row.by("AGR_RecID").id(),
            row.by("Product_RecId").id(),
            row.by("Unit_Cost").number(),
        ) {
            costs.insert((agreement, product), cost);
        }
    })?;
    // By invoice: what of it is product, and what that cost.
    let mut lines: HashMap<i64, (f64, f64)> = HashMap::new();
    scan(state, &LINES, |row| {
        let (Some(invoice), Some(agreement)) = (
            row.by("Billing_Log_RecID").id(),
            row.by("AGR_Header_RecID").id(),
        ) else {
            return;
        };
        let item = row.by("IV_Item_RecID").id();
        let cost = item.and_then(|item| costs.get(&(agreement, item)));
        let cost = cost.copied().unwrap_or_default();
        let quantity = row.by("Quantity").number().unwrap_or_default();
        let price = row.by("Unit_Price").number().unwrap_or_default();
        let (product, expense) = lines.entry(invoice).or_default();
        *product += product_part(cost, price, quantity, settings);
        *expense += cost * quantity;
    })?;
    scan(state, &PRODUCTS, |row| {
        if let Some(invoice) = row.by("billing_log_recid").id() {
            let price = row.by("Extended_Price_Amount").number();
            let (product, expense) = lines.entry(invoice).or_default();
            *product += price.unwrap_or_default();
            *expense += row.by("Extended_Cost").number().unwrap_or_default();
        }
    })?;
    let (mut clients, mut agreements) = (Vec::new(), Vec::new());
    scan(state, &INVOICES, |row| {
        let Some((month, _)) = month(row.by("Date_Invoice")) else {
            return;
        };
        let total = row.by("Invoice_Subtotal").number().unwrap_or_default();
        let agreement = row.by("AGR_Header_RecID").id();
        let invoice = row.by("Billing_Log_RecID").id().unwrap_or_default();
        let (product, expense) = lines.get(&invoice).copied().unwrap_or_default();
        let contract = agreement.and_then(|id| figures.contracts.get(&id));
        let kind = contract.map_or("", |contract| contract.kind.as_str());
        let labor = match agreement {
            Some(_) if settings.licences(kind) => 0.0,
            Some(_) => total - product,
            None => row.by("Time_Amount").number().unwrap_or_default(),
        };
        let sums = Sums {
            revenue: total,
            labor_revenue: labor,
            product_cost: expense,
            invoices: 1,
            ..Sums::default()
        };
        if let Some(company) = row.by("Company_RecID").id() {
            clients.push(((month, company), sums.clone()));
        }
        if let Some(agreement) = agreement {
            agreements.push(((month, agreement), sums));
        }
    })?;
    for (table, found) in [
        (&mut figures.clients, clients),
        (&mut figures.agreements, agreements),
    ] {
        for (whose, sums) in found {
            table.entry(whose).or_default().add(&sums);
        }
    }
    Ok(())
}

/// Days without work: those of the settings, and those of the PSA's list that counts.
fn holidays(state: &State, settings: &Settings) -> Result<BTreeSet<String>, Failure> {
    let mut lists: BTreeMap<String, Vec<String>> = BTreeMap::new();
    scan(state, &HOLIDAYS, |row| {
        let list = row.by("Holiday_List_Name").text().to_owned();
        let day = row.by("Holiday_Date").text().get(..10).unwrap_or_default();
        lists.entry(list).or_default().push(day.to_owned());
    })?;
    let mut days: BTreeSet<String> = settings.holidays.iter().cloned().collect();
    let list = match &settings.holiday_list {
        Some(name) => lists.remove(name),
        // Which of several is a person's to say; the health check asks.
        None if lists.len() == 1 => lists.into_values().next(),
        None => None,
    };
    days.extend(list.into_iter().flatten());
    Ok(days)
}

/// Working days of a month: weekdays that are no holidays.
fn days(month: u32, holidays: &BTreeSet<String>) -> u32 {
    let Ok(first) = format!("{}-01", shown(month)).parse::<Date>() else {
        return 0;
    };
    let mut days = 0;
    let mut day = first;
    while day.month() == first.month() {
        let weekend = day.weekday().to_monday_zero_offset() >= 5;
        if !weekend && !holidays.contains(&day.to_string()) {
            days += 1;
        }
        let Ok(next) = day.checked_add(1.day()) else {
            break;
        };
        day = next;
    }
    days
}

/// Month as a number, and the day, of a moment.
fn month<'c>(cell: &'c Cell<'_>) -> Option<(u32, &'c str)> {
    let text = cell.text();
    let year: u32 = text.get(..4)?.parse().ok()?;
    let month: u32 = text.get(5..7)?.parse().ok()?;
    Some((year * 100 + month, text.get(..10)?))
}

/// `2026-11`
pub fn shown(month: u32) -> String {
    format!("{:04}-{:02}", month / 100, month % 100)
}

/// What a row is about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Who {
    Client,
    Agreement,
    Member,
}

impl Figures {
    pub fn company(&self, id: i64) -> String {
        let name = self.companies.get(&id);
        name.cloned().unwrap_or_else(|| format!("company {id}"))
    }

    pub fn contract(&self, id: i64) -> String {
        // Names repeat; the id tells agreements apart.
        self.contracts.get(&id).map_or_else(
            || format!("agreement {id}"),
            |contract| format!("{} ({id})", contract.name),
        )
    }

    pub fn person(&self, number: i64) -> String {
        let name = usize::try_from(number)
            .ok()
            .and_then(|at| self.people.get(at));
        name.cloned().unwrap_or_default()
    }

    /// A table as rows for people and programs.
    pub fn rows(&self, who: Who, settings: &Settings) -> Vec<Map<String, Value>> {
        let table = match who {
            Who::Client => &self.clients,
            Who::Agreement => &self.agreements,
            Who::Member => &self.members,
        };
        let rows = table.iter();
        let mut rows: Vec<_> = rows
            .map(|((month, id), sums)| self.row(who, *month, *id, sums, settings))
            .collect();
        if who == Who::Member {
            // Numbers of members follow the order of their first entry; people look for names.
            let key =
                |row: &Map<String, Value>| (row["month"].to_string(), row["member"].to_string());
            rows.sort_by_key(key);
        }
        rows
    }

    fn row(
        &self,
        who: Who,
        month: u32,
        id: i64,
        sums: &Sums,
        settings: &Settings,
    ) -> Map<String, Value> {
        let cents = |value: f64| json!((value * 100.0).round() / 100.0);
        let share =
            |value: Option<f64>| json!(value.map(|value| (value * 10_000.0).round() / 10_000.0));
        let mut row = Map::new();
        let mut put = |name: &str, value: Value| {
            row.insert(name.to_owned(), value);
        };
        put("month", json!(shown(month)));
        match who {
            Who::Client => put("client", json!(self.company(id))),
            Who::Agreement => put("agreement", json!(self.contract(id))),
            Who::Member => put("member", json!(self.person(id))),
        }
        let contract = self.contracts.get(&id).filter(|_| who == Who::Agreement);
        if who != Who::Member {
            let cost = sums.labor_cost + sums.product_cost;
            put("revenue", cents(sums.revenue));
            put("labor_revenue", cents(sums.labor_revenue));
            put("product_revenue", cents(sums.revenue - sums.labor_revenue));
            put("product_cost", cents(sums.product_cost));
            put("contribution", cents(sums.contribution()));
            put("gross_margin", share(gross_margin(sums.revenue, cost)));
            let rate = effective_rate(sums.labor_revenue, sums.hours);
            put("effective_rate", rate.map_or(Value::Null, cents));
            let efficiency = efficiency(sums.labor_revenue, sums.shadow);
            put("efficiency", share(efficiency));
            let by_hour = ratio(sums.contribution(), sums.hours);
            put("contribution_per_hour", by_hour.map_or(Value::Null, cents));
            put("loses_money", json!(sums.contribution() < 0.0));
        }
        put("labor_cost", cents(sums.labor_cost));
        put("hours", cents(sums.hours));
        put("shadow_billable", cents(sums.shadow));
        if who == Who::Member {
            let days = self.days.get(&month).copied().unwrap_or_default();
            put("client_hours", cents(sums.client_hours));
            put("working_days", json!(days));
            put(
                "utilization",
                share(utilization(sums.client_hours, days, settings.hours_per_day)),
            );
        } else {
            put("invoices", json!(sums.invoices));
        }
        match (who, contract) {
            (Who::Client, _) => put("client_id", json!(id)),
            (Who::Agreement, contract) => {
                put(
                    "client",
                    json!(contract.map(|known| self.company(known.company))),
                );
                put("type", json!(contract.map(|known| known.kind.as_str())));
                put("agreement_id", json!(id));
            }
            (Who::Member, _) => {}
        }
        put("time_entries", json!(sums.time_entries));
        put("formulas", json!(VERSION));
        row
    }
}
