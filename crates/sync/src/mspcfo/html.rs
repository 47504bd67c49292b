//! The figures as one HTML page: no script, no other host, charts as SVG within it. Knows no formula but sums.

use super::figures::{Figures, RECENT, Sums, Table, shown};
use super::formulas::{effective_rate, efficiency, gross_margin};
use super::settings::Settings;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use std::collections::BTreeMap;

/// Bars of a chart; what is left out is said.
const BARS: usize = 15;
/// Rows of a table; the files have all of them.
const ROWS: usize = 200;

const STYLE: &str = "
:root { color-scheme: light dark; --ink: #1d2433; --dim: #5a6478; --line: #d9dee8; --paper: #fff; --good: #2f6f9f; --bad: #b3382c; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8ebf2; --dim: #9aa4b8; --line: #39414f; --paper: #161a22; --good: #6fb0dd; --bad: #ee8374; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin-bottom: 0; } h2 { font-size: 1.1rem; margin: 2.2rem 0 .4rem; }
p.note { color: var(--dim); margin: .2rem 0 .8rem; }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: .8rem; }
dl div { border: 1px solid var(--line); border-radius: 6px; padding: .6rem .8rem; }
dt { color: var(--dim); font-size: .85rem; } dd { margin: 0; font-size: 1.25rem; font-variant-numeric: tabular-nums; }
div.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: .25rem .6rem; border-bottom: 1px solid var(--line); white-space: nowrap; }
th:first-child, td:first-child { text-align: left; white-space: normal; } th { color: var(--dim); font-weight: 600; font-size: .85rem; }
.bad { color: var(--bad); }
svg { width: 100%; height: auto; } svg text { fill: var(--ink); font: 12px system-ui, sans-serif; } svg .dim { fill: var(--dim); }
svg .good { fill: var(--good); } svg .minus { fill: var(--bad); } svg .axis { stroke: var(--line); } svg .line { stroke: var(--good); fill: none; stroke-width: 2; }
";

/// The page of these figures; `made` is the moment of their making.
pub fn page(figures: &Figures, settings: &Settings, made: &str) -> String {
    let months = last_months(figures);
    let since = months.first().copied().unwrap_or_default();
    let period = match (months.first(), months.last()) {
        (Some(first), Some(last)) => format!("{} to {}", shown(*first), shown(*last)),
        _ => "no month yet".to_owned(),
    };
    let clients = summed(&figures.clients, since);
    let agreements = summed(&figures.agreements, since);
    let whole = clients
        .iter()
        .fold(Sums::default(), |mut whole, (_, sums)| {
            whole.add(sums);
            whole
        });
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'";
                title { "Profitability, " (period) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { "Profitability" }
                p.note { (period) ", " (figures.time_entries) " time entries in all, worked out " (made) }
                dl {
                    (tile("Revenue", &money(whole.revenue)))
                    (tile("Contribution", &money(whole.contribution())))
                    (tile("Gross margin", &percent(gross_margin(whole.revenue, whole.labor_cost + whole.product_cost))))
                    (tile("Effective rate", &effective_rate(whole.labor_revenue, whole.rated_hours).map_or_else(none, money)))
                    (tile("Efficiency", &efficiency(whole.labor_revenue, whole.shadow).map_or_else(none, |value| format!("{value:.2}"))))
                    (tile("Hours", &thousands(whole.hours)))
                }
                h2 { "Margin by client" }
                p.note { "Contribution (revenue less labor and products) of the clients with the most revenue, and what share of it that is." }
                (margins(figures, &clients))
                h2 { "Effective rate over months" }
                p.note { "Labor revenue by hour worked for clients, of the months that are invoiced." }
                (rates(figures, &months))
                h2 { "Agreements that lose money" }
                (losses(figures, &agreements))
                h2 { "Clients" }
                (table("Client", clients.iter().take(ROWS).map(|(id, sums)| (figures.company(*id), sums))))
                (further(clients.len(), "clients.csv"))
                h2 { "Members" }
                (members(figures, settings, &months))
                p.note {
                    "Efficiency is labor revenue by what the hours would have brought at their rates; 1 is parity, 0.8 to 1.5 is healthy. \
                     Where these figures come from stands in clients.csv, agreements.csv, members.csv and wages.csv beside this page; what may \
                     make them wrong, in health.jsonl."
                }
            }
        }
    };
    page.into_string()
}

/// The months with figures that lie closest, at most a year of them.
fn last_months(figures: &Figures) -> Vec<u32> {
    let mut months: Vec<u32> = figures.clients.keys().map(|(month, _)| *month).collect();
    months.dedup();
    months.split_off(months.len().saturating_sub(RECENT))
}

/// Sums by whose they are from a month on, the most revenue first.
fn summed(table: &Table, since: u32) -> Vec<(i64, Sums)> {
    let mut sums: BTreeMap<i64, Sums> = BTreeMap::new();
    for ((_, id), one) in table.range((since, i64::MIN)..) {
        sums.entry(*id).or_default().add(one);
    }
    let mut sums: Vec<_> = sums.into_iter().collect();
    sums.sort_by(|a, b| b.1.revenue.total_cmp(&a.1.revenue).then(a.0.cmp(&b.0)));
    sums
}

fn tile(name: &str, value: &str) -> Markup {
    html! { div { dt { (name) } dd { (value) } } }
}

/// What a table leaves out.
fn further(rows: usize, file: &str) -> Markup {
    html! { @if rows > ROWS { p.note { (rows - ROWS) " more are in " (file) "." } } }
}

fn none() -> String {
    "–".to_owned()
}

/// Whole amounts with thousands apart.
fn thousands(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    if value <= -0.5 {
        format!("−{text}")
    } else {
        text
    }
}

fn money(value: f64) -> String {
    if value.abs() < 1000.0 {
        let sign = if value <= -0.005 { "−" } else { "" };
        return format!("{sign}{:.2}", value.abs());
    }
    thousands(value)
}

fn percent(value: Option<f64>) -> String {
    value.map_or_else(none, |value| {
        let sign = if value < 0.0 { "−" } else { "" };
        format!("{sign}{:.1} %", value.abs() * 100.0)
    })
}

/// At most so many characters, with a sign that there were more.
fn short(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(most - 1).collect();
    cut.push('…');
    cut
}

/// Horizontal bars from a common zero, with a name before and a word behind each.
fn bars(rows: &[(String, f64, String)], label: &str) -> Markup {
    const ROW: f64 = 24.0;
    let least = rows.iter().map(|row| row.1).fold(0.0, f64::min);
    let most = rows.iter().map(|row| row.1).fold(0.0, f64::max);
    let scale = 480.0 / (most - least).max(f64::EPSILON);
    let zero = 250.0 - least * scale;
    let height = ROW * rows.len() as f64 + 8.0;
    html! {
        svg viewBox=(format!("0 0 900 {height}")) role="img" aria-label=(label) {
            @for (at, (name, value, word)) in rows.iter().enumerate() {
                @let y = ROW * at as f64 + 4.0;
                @let width = (value.abs() * scale).max(1.0);
                @let x = if *value < 0.0 { zero - width } else { zero };
                text x="240" y=(y + 15.0) text-anchor="end" { (short(name, 34)) title { (name) } }
                rect x=(format!("{x:.1}")) y=(y) width=(format!("{width:.1}")) height=(ROW - 6.0) class=(if *value < 0.0 { "minus" } else { "good" }) {}
                text.dim x=(format!("{:.1}", zero.max(x + width) + 8.0)) y=(y + 15.0) { (word) }
            }
            line.axis x1=(format!("{zero:.1}")) x2=(format!("{zero:.1}")) y1="0" y2=(height) {}
        }
    }
}

fn margins(figures: &Figures, clients: &[(i64, Sums)]) -> Markup {
    let shown: Vec<(String, f64, String)> = clients
        .iter()
        .filter(|(_, sums)| sums.revenue != 0.0 || sums.hours != 0.0)
        .take(BARS)
        .map(|(id, sums)| {
            let share = gross_margin(sums.revenue, sums.labor_cost + sums.product_cost);
            let word = format!("{}  ({})", money(sums.contribution()), percent(share));
            (figures.company(*id), sums.contribution(), word)
        })
        .collect();
    html! {
        @if shown.is_empty() { p { "No invoices and no time yet." } } @else { (bars(&shown, "Contribution by client")) }
        @if clients.len() > BARS { p.note { (clients.len() - BARS) " more are in the table below." } }
    }
}

fn losses(figures: &Figures, agreements: &[(i64, Sums)]) -> Markup {
    let mut losing: Vec<&(i64, Sums)> = agreements
        .iter()
        .filter(|(_, sums)| sums.contribution() < 0.0)
        .collect();
    losing.sort_by(|a, b| a.1.contribution().total_cmp(&b.1.contribution()));
    let name = |id: i64| {
        let client = figures
            .contracts
            .get(&id)
            .map(|known| figures.company(known.company));
        client.map_or_else(
            || figures.contract(id),
            |client| format!("{}, {client}", figures.contract(id)),
        )
    };
    let shown: Vec<(String, f64, String)> = losing
        .iter()
        .take(BARS)
        .map(|(id, sums)| (name(*id), sums.contribution(), money(sums.contribution())))
        .collect();
    html! {
        @if losing.is_empty() {
            p { "None." }
        } @else {
            p.note { (losing.len()) " of " (agreements.len()) " cost more than they bring in." }
            (bars(&shown, "Agreements that lose money"))
            (table("Agreement", losing.iter().take(ROWS).map(|(id, sums)| (name(*id), sums))))
            (further(losing.len(), "agreements.csv"))
        }
    }
}

/// A line over months.
fn rates(figures: &Figures, months: &[u32]) -> Markup {
    let rates: Vec<(u32, f64)> = months
        .iter()
        .filter_map(|month| {
            let of_month = figures
                .clients
                .range((*month, i64::MIN)..=(*month, i64::MAX));
            let sums = of_month.fold(Sums::default(), |mut sums, (_, one)| {
                sums.add(one);
                sums
            });
            // A month without an invoice is not billed yet, and no month without a rate.
            let rate = effective_rate(sums.labor_revenue, sums.rated_hours)?;
            (sums.invoices > 0).then_some((*month, rate))
        })
        .collect();
    if rates.is_empty() {
        return html! { p { "No hours yet." } };
    }
    let most = rates.iter().map(|rate| rate.1).fold(0.0, f64::max);
    let top = nice(most);
    let x = |at: usize| 100.0 + 770.0 * at as f64 / (rates.len() - 1).max(1) as f64;
    let y = |rate: f64| 200.0 - 180.0 * rate.max(0.0) / top;
    let points: Vec<String> = rates
        .iter()
        .enumerate()
        .map(|(at, (_, rate))| format!("{:.1},{:.1}", x(at), y(*rate)))
        .collect();
    // All steps of the scale written alike.
    let scale = |value: f64| {
        if top < 10.0 {
            format!("{value:.2}")
        } else {
            thousands(value)
        }
    };
    html! {
        svg viewBox="0 0 900 235" role="img" aria-label="Effective rate over months" {
            @for step in 0..=4 {
                @let value = top * f64::from(step) / 4.0;
                line.axis x1="70" x2="870" y1=(format!("{:.1}", y(value))) y2=(format!("{:.1}", y(value))) {}
                text.dim x="60" y=(format!("{:.1}", y(value) + 4.0)) text-anchor="end" { (scale(value)) }
            }
            polyline.line points=(points.join(" ")) {}
            @for (at, (month, rate)) in rates.iter().enumerate() {
                circle.good cx=(format!("{:.1}", x(at))) cy=(format!("{:.1}", y(*rate))) r="3.5" { title { (shown(*month)) ": " (money(*rate)) } }
                text x=(format!("{:.1}", x(at))) y=(format!("{:.1}", y(*rate) - 9.0)) text-anchor="middle" { (thousands(*rate)) }
                text.dim x=(format!("{:.1}", x(at))) y="222" text-anchor="middle" { (shown(*month)) }
            }
        }
    }
}

/// The next round number above.
fn nice(value: f64) -> f64 {
    if value <= 0.0 {
        return 1.0;
    }
    let base = 10_f64.powf(value.log10().floor());
    let steps = [1.0, 2.0, 4.0, 5.0, 8.0, 10.0];
    let step = steps.iter().find(|step| base * **step >= value);
    base * step.copied().unwrap_or(10.0)
}

fn table<'s>(who: &str, rows: impl Iterator<Item = (String, &'s Sums)>) -> Markup {
    html! {
        div.wide {
            table {
                tr { th { (who) } th { "Revenue" } th { "Labor cost" } th { "Product cost" } th { "Contribution" } th { "Margin" } th { "Hours" } th { "Rate" } th { "Efficiency" } }
                @for (name, sums) in rows {
                    tr {
                        td { (name) }
                        td { (money(sums.revenue)) }
                        td { (money(sums.labor_cost)) }
                        td { (money(sums.product_cost)) }
                        td.bad[sums.contribution() < 0.0] { (money(sums.contribution())) }
                        td { (percent(gross_margin(sums.revenue, sums.labor_cost + sums.product_cost))) }
                        td { (format!("{:.1}", sums.hours)) }
                        td { (effective_rate(sums.labor_revenue, sums.rated_hours).map_or_else(none, money)) }
                        td { (efficiency(sums.labor_revenue, sums.shadow).map_or_else(none, |value| format!("{value:.2}"))) }
                    }
                }
            }
        }
    }
}

fn members(figures: &Figures, settings: &Settings, months: &[u32]) -> Markup {
    let since = months.first().copied().unwrap_or_default();
    let mut rows: Vec<(String, Sums)> = summed(&figures.members, since)
        .into_iter()
        .map(|(number, sums)| (figures.person(number), sums))
        .collect();
    rows.sort_by(|a, b| a.0.cmp(&b.0));
    let of_month = |month: &u32| figures.days.get(month).copied().unwrap_or_default();
    let normal = f64::from(months.iter().map(of_month).sum::<u32>()) * settings.hours_per_day;
    html! {
        div.wide {
            table {
                tr { th { "Member" } th { "Hours" } th { "For clients" } th { "Utilization" } th { "Cost" } th { "At the rates" } }
                @for (name, sums) in &rows {
                    tr {
                        td { (name) }
                        td { (format!("{:.1}", sums.hours)) }
                        td { (format!("{:.1}", sums.client_hours)) }
                        td { (percent((normal > 0.0).then(|| sums.client_hours / normal))) }
                        td { (money(sums.labor_cost)) }
                        td { (money(sums.shadow)) }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_as_people_read_them() {
        for (value, text) in [
            (0.0, "0.00"),
            (999.994, "999.99"),
            (-12.5, "−12.50"),
            (1234.5, "1,234"),
            (-1_234_567.0, "−1,234,567"),
        ] {
            assert_eq!(money(value), text);
        }
        assert_eq!(percent(Some(-0.031)), "−3.1 %");
    }

    #[test]
    fn scales_end_at_round_numbers_above() {
        for (value, top) in [(0.0, 1.0), (150.0, 200.0), (99.0, 100.0), (7.5, 8.0)] {
            assert!((nice(value) - top).abs() < 1e-9, "{value}: {}", nice(value));
        }
    }

    #[test]
    fn a_page_stays_small_and_says_where_the_rest_is() {
        let mut figures = Figures::default();
        for id in 1..=1000 {
            let sums = Sums {
                revenue: 1000.0 - id as f64,
                labor_cost: 2000.0,
                ..Sums::default()
            };
            figures.clients.insert((202_611, id), sums.clone());
            figures.agreements.insert((202_611, id), sums);
        }
        let page = page(&figures, &Settings::default(), "now");
        assert!(page.contains("985 more are in the table below"), "{page}");
        assert!(page.contains("800 more are in clients.csv."), "{page}");
        assert!(page.contains("800 more are in agreements.csv."), "{page}");
        assert!(page.contains("1000 of 1000 cost more than they bring in"));
        assert!(page.len() < 250_000, "{}", page.len());
    }

    #[test]
    fn names_cannot_break_out_of_the_page() {
        let mut figures = Figures {
            companies: [(1, "<script>alert(1)</script>\"'".to_owned())].into(),
            time_entries: 1,
            ..Figures::default()
        };
        let sums = Sums {
            revenue: 10.0,
            hours: 1.0,
            ..Sums::default()
        };
        figures.clients.insert((202_611, 1), sums);
        let page = page(&figures, &Settings::default(), "now");
        assert!(!page.contains("<script"), "{page}");
        assert!(
            !page.contains("http://") && !page.contains("https://"),
            "{page}"
        );
    }
}
