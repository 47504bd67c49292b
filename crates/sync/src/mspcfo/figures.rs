//! What was worked out: sums, whose they are, and how a row of them reads. Knows no report.

use super::cell::{Cell, Column};
use super::details::{Details, Service};
use super::formulas::{effective_rate, efficiency, gross_margin, ratio, utilization};
use super::settings::Settings;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

/// Version of the formulas, beside every figure.
const VERSION: i64 = 3;
/// Months that are kept for the page; the tables have all.
pub const RECENT: usize = 12;

/// Sums of one client, agreement or member in one month.
#[derive(Default, Clone)]
pub struct Sums {
    pub revenue: f64,
    pub labor_revenue: f64,
    pub product_cost: f64,
    pub labor_cost: f64,
    pub hours: f64,
    pub client_hours: f64,
    /// Hours that the effective rate counts; of fixed-fee agreements perhaps only the billable ones.
    pub rated_hours: f64,
    pub shadow: f64,
    pub time_entries: u64,
    pub invoices: u64,
    /// Of members: paid time off and the like, which counts as hours nowhere else.
    pub away: f64,
    /// Of members: hours that are no administration.
    pub realized: f64,
    /// Of members: hours of work types that count as utilized in the PSA.
    pub utilized: f64,
    pub billable: f64,
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
        self.rated_hours += other.rated_hours;
        self.shadow += other.shadow;
        self.time_entries += other.time_entries;
        self.invoices += other.invoices;
        self.away += other.away;
        self.realized += other.realized;
        self.utilized += other.utilized;
        self.billable += other.billable;
    }
}

/// Sums by month (`202611`) and whose they are.
pub type Table = BTreeMap<(u32, i64), Sums>;

/// Sums of a month by whose they are.
#[derive(Default)]
pub struct Month {
    pub clients: BTreeMap<i64, Sums>,
    pub agreements: BTreeMap<i64, Sums>,
    /// By the number that `Figures::people` gives.
    pub members: BTreeMap<i64, Sums>,
    /// By member, for the clients that he leads.
    pub leads: BTreeMap<i64, Sums>,
    pub projects: BTreeMap<i64, Sums>,
    /// By type of ticket.
    pub services: BTreeMap<i64, Sums>,
}

/// What was worked out last, and the names that all of it is told in.
#[derive(Default)]
pub struct Figures {
    /// Of the last months in which clients have figures, at most `RECENT` of them.
    pub clients: Table,
    /// Of the same months.
    pub agreements: Table,
    /// Of the same months.
    pub members: Table,
    pub companies: HashMap<i64, String>,
    pub contracts: HashMap<i64, Contract>,
    pub details: Details,
    /// Members by the number that `members` knows them by.
    pub people: Vec<String>,
    /// Working days by month.
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
    Lead,
    Project,
    Service,
}

use Column::{Flag, Number, Text};

/// The columns of money and time, with those that say whose they are before and behind them.
macro_rules! money {
    ($($whose:expr),+; $($known_by:expr),*) => {
        &[
            Text("month"),
            $($whose,)+
            Number("revenue"),
            Number("labor_revenue"),
            Number("product_revenue"),
            Number("product_cost"),
            Number("contribution"),
            Number("gross_margin"),
            Number("effective_rate"),
            Number("efficiency"),
            Number("contribution_per_hour"),
            Flag("loses_money"),
            Number("labor_cost"),
            Number("hours"),
            Number("shadow_billable"),
            Number("invoices"),
            $($known_by,)*
            Number("time_entries"),
            Number("formulas"),
        ]
    };
}

const CLIENT: &[Column] = money!(Text("client"); Number("client_id"));
const AGREEMENT: &[Column] =
    money!(Text("agreement"); Text("client"), Text("type"), Number("agreement_id"));
const LEAD: &[Column] = money!(Text("lead"); Number("member_id"));
const PROJECT: &[Column] =
    money!(Text("project"); Text("client"), Text("status"), Number("project_id"));

const SERVICE: &[Column] = &[
    Text("month"),
    Text("service_type"),
    Text("board"),
    Text("active_type"),
    Number("hours"),
    Number("labor_cost"),
    Number("shadow_billable"),
    Number("time_entries"),
    Number("formulas"),
];

const MEMBER: &[Column] = &[
    Text("month"),
    Text("member"),
    Number("labor_cost"),
    Number("hours"),
    Number("shadow_billable"),
    Number("client_hours"),
    Number("working_days"),
    Number("utilization"),
    Number("available_hours"),
    Number("net_hours"),
    Number("realized_hours"),
    Number("utilized_hours"),
    Number("billable_hours"),
    Number("time_entries"),
    Number("formulas"),
];

impl Who {
    /// The columns of its rows, in their order.
    pub const fn columns(self) -> &'static [Column] {
        match self {
            Self::Client => CLIENT,
            Self::Agreement => AGREEMENT,
            Self::Member => MEMBER,
            Self::Lead => LEAD,
            Self::Project => PROJECT,
            Self::Service => SERVICE,
        }
    }
}

impl Figures {
    /// Takes a further month over for the page, and lets go of those that lie too far back by now.
    pub fn keep(&mut self, number: u32, month: Month) {
        if month.clients.is_empty() && self.clients.is_empty() {
            return;
        }
        for (table, found) in [
            (&mut self.clients, month.clients),
            (&mut self.agreements, month.agreements),
            (&mut self.members, month.members),
        ] {
            table.extend(found.into_iter().map(|(id, sums)| ((number, id), sums)));
        }
        let mut months: Vec<u32> = self.clients.keys().map(|(month, _)| *month).collect();
        months.dedup();
        if months.len() > RECENT {
            let since = (months[months.len() - RECENT], i64::MIN);
            for table in [&mut self.clients, &mut self.agreements, &mut self.members] {
                *table = table.split_off(&since);
            }
        }
    }

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

    /// The cells of a row, as `Who::columns` names them.
    pub fn cells<'f>(
        &'f self,
        who: Who,
        month: u32,
        id: i64,
        sums: &Sums,
        settings: &Settings,
    ) -> Vec<Cell<'f>> {
        let month_shown = Cell::Text(Cow::Owned(shown(month)));
        let time_entries = Cell::Count(sums.time_entries.cast_signed());
        if who == Who::Member {
            let days = self.days.get(&month).copied().unwrap_or_default();
            let used = utilization(sums.client_hours, days, settings.hours_per_day);
            let available = f64::from(days) * settings.hours_per_day;
            return vec![
                month_shown,
                Cell::Text(Cow::Owned(self.person(id))),
                cents(sums.labor_cost),
                cents(sums.hours),
                cents(sums.shadow),
                cents(sums.client_hours),
                Cell::Count(days.into()),
                share(used),
                cents(available),
                cents(available - sums.away),
                cents(sums.realized),
                cents(sums.utilized),
                cents(sums.billable),
                time_entries,
                Cell::Count(VERSION),
            ];
        }
        let text = |text: &'f str| Cell::Text(Cow::Borrowed(text));
        if who == Who::Service {
            let kind = self.details.services.get(&id);
            let of =
                |word: fn(&Service) -> &String| kind.map_or(Cell::Null, |kind| text(word(kind)));
            return vec![
                month_shown,
                of(|kind| &kind.name),
                of(|kind| &kind.board),
                of(|kind| &kind.active),
                cents(sums.hours),
                cents(sums.labor_cost),
                cents(sums.shadow),
                time_entries,
                Cell::Count(VERSION),
            ];
        }
        let project = self.details.projects.get(&id);
        let name = match who {
            Who::Agreement => self.contract(id),
            Who::Lead => self.details.member(id),
            Who::Project => project.map_or_else(
                || format!("project {id}"),
                |known| format!("{} ({id})", known.name),
            ),
            _ => self.company(id),
        };
        let contribution = sums.contribution();
        let maybe = |value: Option<f64>| value.map_or(Cell::Null, cents);
        let mut cells = vec![
            month_shown,
            Cell::Text(Cow::Owned(name)),
            cents(sums.revenue),
            cents(sums.labor_revenue),
            cents(sums.revenue - sums.labor_revenue),
            cents(sums.product_cost),
            cents(contribution),
            share(gross_margin(
                sums.revenue,
                sums.labor_cost + sums.product_cost,
            )),
            maybe(effective_rate(sums.labor_revenue, sums.rated_hours)),
            share(efficiency(sums.labor_revenue, sums.shadow)),
            maybe(ratio(contribution, sums.hours)),
            Cell::Flag(contribution < 0.0),
            cents(sums.labor_cost),
            cents(sums.hours),
            cents(sums.shadow),
            Cell::Count(sums.invoices.cast_signed()),
        ];
        let known_by = match who {
            Who::Agreement => {
                let known = self.contracts.get(&id);
                Some(known.map(|known| (known.company, known.kind.as_str())))
            }
            Who::Project => Some(project.map(|known| (known.company, known.status.as_str()))),
            _ => None,
        };
        if let Some(known) = known_by {
            let client = |company| Cell::Text(Cow::Owned(self.company(company)));
            cells.push(known.map_or(Cell::Null, |(company, _)| client(company)));
            cells.push(known.map_or(Cell::Null, |(_, word)| text(word)));
        }
        cells.extend([Cell::Count(id), time_entries, Cell::Count(VERSION)]);
        cells
    }
}

fn cents<'c>(value: f64) -> Cell<'c> {
    Cell::Number((value * 100.0).round() / 100.0)
}

fn share<'c>(value: Option<f64>) -> Cell<'c> {
    value.map_or(Cell::Null, |value| {
        Cell::Number((value * 10_000.0).round() / 10_000.0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_months_are_kept_and_only_those_of_clients_count() {
        let mut figures = Figures::default();
        let of = |client: bool| {
            let mut month = Month::default();
            month.members.insert(0, Sums::default());
            if client {
                month.clients.insert(1, Sums::default());
                month.agreements.insert(2, Sums::default());
            }
            month
        };
        for number in 1..=30 {
            figures.keep(202_500 + number, of(number % 2 == 0));
        }
        let months: Vec<u32> = figures.clients.keys().map(|(month, _)| *month).collect();
        assert_eq!(months.len(), RECENT);
        assert_eq!((months[0], months[RECENT - 1]), (202_508, 202_530));
        assert_eq!(figures.agreements.len(), RECENT);
        assert_eq!(
            figures.members.keys().next().map(|(month, _)| *month),
            Some(202_508)
        );
        assert_eq!(figures.members.len(), 23);
    }

    #[test]
    fn every_row_has_a_cell_for_each_column() {
        let figures = Figures::default();
        let every = [
            Who::Client,
            Who::Agreement,
            Who::Member,
            Who::Lead,
            Who::Project,
            Who::Service,
        ];
        for who in every {
            let cells = figures.cells(who, 202_611, 1, &Sums::default(), &Settings::default());
            assert_eq!(cells.len(), who.columns().len());
            for (column, cell) in who.columns().iter().zip(cells) {
                let fits = match column {
                    Column::Text(_) => matches!(cell, Cell::Text(_) | Cell::Null),
                    Column::Number(_) => {
                        matches!(cell, Cell::Number(_) | Cell::Count(_) | Cell::Null)
                    }
                    Column::Flag(_) => matches!(cell, Cell::Flag(_)),
                };
                assert!(fits, "{column:?}");
            }
        }
    }
}
