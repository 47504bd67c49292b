//! Clients, agreements and members by month, out of the rows that `pull` keeps: a month at a time, so that memory
//! does not grow with the years.

use super::details::Details;
use super::figures::{Contract, Figures, Month, Sums};
use super::holidays::Holidays;
use super::parts::{Part, Parts};
use super::pull::PULLED;
use super::reports::{AGREEMENTS, COMPANIES, INVOICES, MEMBERS, TIME, WORK_TYPES};
use super::rows::{Book, Span, scan, scan_in};
use super::settings::{Kind, Settings, Wages};
use super::{publish, receivables, wages};
use crate::Failure;
use crate::state::Shelf;
use crate::work::Work;
use jiff::ToSpan as _;
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet, HashMap};

pub fn run<A>(work: &mut Work<'_, A>) -> Result<(), Failure> {
    let pulled = work.state.watermark(work.integration, PULLED)?;
    if pulled.as_deref() != Some("whole") {
        return Err(Failure::Held("the last reading of the reports did not get through; the figures of before stay until one does".to_owned()));
    }
    let settings: Settings = work.settings()?;
    let mut tables = publish::Tables::begin(work)?;
    let figures = compute(Book::of(work), &settings, |figures, number, month| {
        tables.put(figures, number, month, &settings)
    })?;
    tables.end(work, &figures, &settings)?;
    work.counts.read = figures.time_entries;
    receivables::write(work, &figures)?;
    wages::write(work, &settings)
}

/// Works everything out anew and hands each month over, oldest first.
pub fn compute(
    book: Book<'_>,
    settings: &Settings,
    mut each: impl FnMut(&Figures, u32, &Month) -> Result<(), Failure>,
) -> Result<Figures, Failure> {
    let mut figures = Figures::default();
    scan(book, &COMPANIES, |row| {
        if let Some(id) = row.by("Company_RecID").id() {
            let name = row.by("Company_Name").text().to_owned();
            figures.companies.insert(id, name);
        }
    })?;
    scan(book, &AGREEMENTS, |row| {
        let contract = Contract {
            name: row.by("AGR_Name").text().to_owned(),
            company: row.by("CompanyRecId").id().unwrap_or_default(),
            kind: row.by("agr_type_desc").text().to_owned(),
        };
        let id = row.by("AGR_Header_RecID").id().unwrap_or_default();
        figures.contracts.insert(id, contract);
    })?;
    figures.details = Details::read(book, settings)?;
    let holidays = Holidays::read(book)?.days(settings);
    let mut people = People::new(book, settings)?;
    let parts = Parts::read(book, settings)?;
    let mut from = "0".to_owned();
    while let Some(span) = next(book, &from)? {
        if let Some(number) = span.month() {
            let mut month = Month::default();
            figures.time_entries +=
                labor(book, settings, &figures, &mut people, &span, &mut month)?;
            revenue(book, settings, &figures, &parts, &span, &mut month)?;
            for (client, sums) in &month.clients {
                if let Some(lead) = figures.details.leads.get(client) {
                    month.leads.entry(*lead).or_default().add(sums);
                }
            }
            figures.people.clone_from(&people.names);
            figures.days.insert(number, days(number, &holidays));
            each(&figures, number, &month)?;
            figures.keep(number, month);
        }
        from = span.to;
    }
    Ok(figures)
}

/// The next month of which there is time or an invoice.
fn next(book: Book<'_>, from: &str) -> Result<Option<Span>, Failure> {
    let mut first: Option<String> = None;
    for report in [&TIME, &INVOICES] {
        let found = book
            .state
            .next_moment(Shelf::Fact, book.integration, report.name, from)?;
        first = match (first, found) {
            (Some(first), Some(found)) => Some(first.min(found)),
            (first, found) => first.or(found),
        };
    }
    Ok(first.map(|day| Span::of(&day)))
}

/// Costs of an hour as the PSA has them: of members in lower case, and what work types make of them.
struct Costs {
    members: HashMap<String, f64>,
    multipliers: HashMap<String, f64>,
}

fn costs(book: Book<'_>) -> Result<Costs, Failure> {
    let (mut members, mut multipliers) = (HashMap::new(), HashMap::new());
    scan(book, &MEMBERS, |row| {
        if let Some(cost) = row.by("Hourly_Cost").number() {
            members.insert(row.by("Member_ID").text().to_ascii_lowercase(), cost);
        }
    })?;
    scan(book, &WORK_TYPES, |row| {
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

/// Members, in the order of their first entry, and what they cost.
struct People {
    costs: Costs,
    wages: Wages,
    own: BTreeSet<i64>,
    met: HashMap<String, Person>,
    names: Vec<String>,
}

impl People {
    fn new(book: Book<'_>, settings: &Settings) -> Result<Self, Failure> {
        Ok(Self {
            costs: costs(book)?,
            wages: Wages::new(settings),
            own: settings.own_companies.iter().copied().collect(),
            met: HashMap::new(),
            names: Vec::new(),
        })
    }

    fn meet(&mut self, who: &str) {
        if self.met.contains_key(who) {
            return;
        }
        let lower = who.to_ascii_lowercase();
        self.names.push(who.to_owned());
        let person = Person {
            number: self.names.len() as i64 - 1,
            wages: self.wages.of(&lower).to_vec(),
            cost: self.costs.members.get(&lower).copied(),
        };
        self.met.insert(who.to_owned(), person);
    }
}

/// Hours of a month and what they cost; answers how many entries there are.
fn labor(
    book: Book<'_>,
    settings: &Settings,
    figures: &Figures,
    people: &mut People,
    span: &Span,
    month: &mut Month,
) -> Result<u64, Failure> {
    // Hash tables while it goes fast, in order afterwards.
    let mut tables: [HashMap<i64, Sums>; 5] = Default::default();
    let at = |column| TIME.at(column).unwrap_or(usize::MAX);
    let (member, date, hours_actual) = (at("member_id"), at("Date_Start"), at("hours_actual"));
    let (decimal, cost_text) = (at("Hourly_Cost_Decimal"), at("Hourly_Cost"));
    let (rate, work_type) = (at("Hourly_Rate"), at("work_type"));
    let (company, agreement) = (at("Company_RecID"), at("AGR_Header_RecID"));
    let (project, ticket, group) = (
        at("PM_Project_RecID"),
        at("SR_Service_RecID"),
        at("BusGroup"),
    );
    let (billable_flag, utilized_flag) = (at("billable_flag"), at("Utilization_Flag"));
    let fixed_fee = |agreement: i64| {
        let contract = figures.contracts.get(&agreement);
        contract.is_some_and(|contract| settings.fixed_fee(&contract.kind))
    };
    let count = scan_in(book, &TIME, span, |row| {
        if settings.leaves_out(row.cell(group).text()) {
            return;
        }
        let client = row.cell(company).id().filter(|id| !people.own.contains(id));
        let kind = settings.kind(row.cell(work_type).text(), client.is_some());
        let who = row.cell(member).text();
        people.meet(who);
        let Some(person) = people.met.get(who) else {
            return;
        };
        let hours = row.cell(hours_actual).number().unwrap_or_default();
        if kind == Kind::Exclude {
            tables[0].entry(person.number).or_default().away += hours;
            return;
        }
        let day = row.cell(date).text().get(..10).unwrap_or_default();
        let cost = Wages::on(&person.wages, day)
            .or_else(|| row.cell(decimal).number())
            .or_else(|| row.cell(cost_text).number())
            .or(person.cost)
            .unwrap_or_default();
        let multiplier = people.costs.multipliers.get(row.cell(work_type).text());
        let cost = hours * cost * multiplier.copied().unwrap_or(1.0);
        let shadow = hours * row.cell(rate).number().unwrap_or_default();
        let client_hours = hours * settings.credit(kind);
        let service = row.cell(ticket).id();
        // Tickets of no type are one kind too.
        let service =
            service.map(|ticket| figures.details.tickets.get(&ticket).copied().unwrap_or(0));
        let billable = row.cell(billable_flag).flag();
        let agreement = row.cell(agreement).id();
        let rated = settings.non_billable || billable || !agreement.is_some_and(fixed_fee);
        let whose = [
            Some(person.number),
            client,
            agreement,
            row.cell(project).id(),
            service,
        ];
        for (table, whose) in tables.iter_mut().zip(whose) {
            let Some(whose) = whose else { continue };
            let sums = table.entry(whose).or_default();
            sums.hours += hours;
            sums.client_hours += client_hours;
            sums.rated_hours += if rated { hours } else { 0.0 };
            sums.labor_cost += cost;
            sums.shadow += shadow;
            sums.time_entries += 1;
        }
        let own = tables[0].entry(person.number).or_default();
        for (sum, counts) in [
            (&mut own.realized, kind != Kind::Admin),
            (&mut own.utilized, row.cell(utilized_flag).flag()),
            (&mut own.billable, billable),
        ] {
            *sum += if counts { hours } else { 0.0 };
        }
    })?;
    let [members, clients, agreements, projects, services] = tables;
    month.projects = projects.into_iter().collect();
    month.services = services.into_iter().collect();
    month.members = members.into_iter().collect();
    month.clients = clients.into_iter().collect();
    month.agreements = agreements.into_iter().collect();
    Ok(count)
}

/// Invoices of a month, split into labor and product, and what the products cost.
fn revenue(
    book: Book<'_>,
    settings: &Settings,
    figures: &Figures,
    parts: &Parts,
    span: &Span,
    month: &mut Month,
) -> Result<(), Failure> {
    let mut whole = Vec::new();
    scan_in(book, &INVOICES, span, |row| {
        if settings.leaves_out(row.by("BusGroup").text()) {
            return;
        }
        parts.of(row, &mut whole);
        for (at, part) in whole.iter().enumerate() {
            let contract = part.agreement.and_then(|id| figures.contracts.get(&id));
            let kind = contract.map_or("", |contract| contract.kind.as_str());
            let sums = Sums {
                revenue: part.total,
                labor_revenue: match part.agreement {
                    Some(_) if settings.licences(kind) => 0.0,
                    Some(_) => part.total - part.product,
                    None => part.time,
                },
                product_cost: part.expense,
                ..Sums::default()
            };
            // An invoice counts once for each that it is about, whatever its parts.
            let first = |whose: fn(&Part) -> Option<i64>| {
                let before = &whole[..at];
                u64::from(!before.iter().any(|other| whose(other) == whose(part)))
            };
            let add = |table: &mut BTreeMap<i64, Sums>, whose: i64, invoices: u64| {
                let sums = Sums {
                    invoices,
                    ..sums.clone()
                };
                table.entry(whose).or_default().add(&sums);
            };
            if let Some(company) = row.by("Company_RecID").id() {
                add(&mut month.clients, company, u64::from(at == 0));
            }
            if let Some(project) = part.project {
                add(&mut month.projects, project, first(|part| part.project));
            }
            if let Some(agreement) = part.agreement {
                add(
                    &mut month.agreements,
                    agreement,
                    first(|part| part.agreement),
                );
            }
        }
    })?;
    Ok(())
}

/// Working days of a month: weekdays that are no holidays.
fn days(month: u32, holidays: &BTreeSet<String>) -> u32 {
    let Ok(first) = format!("{}-01", super::figures::shown(month)).parse::<Date>() else {
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
