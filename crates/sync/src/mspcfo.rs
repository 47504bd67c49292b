//! MSPCFO: profitability from the PSA's reports. Reads reports and nothing else, writes nothing, and holds one
//! right. What it works out goes to files.

pub mod cell;
pub mod details;
pub mod figures;
pub mod formulas;
pub(crate) mod health;
mod holidays;
mod html;
pub mod metrics;
#[cfg(feature = "parquet")]
pub mod parquet;
pub(crate) mod parts;
mod publish;
pub(crate) mod pull;
mod reading;
mod receivables;
pub(crate) mod reports;
pub(crate) mod rows;
pub mod settings;
pub mod sheet;
mod wages;

use crate::Failure;
use crate::api::Need;
use crate::check::{self, Probe};
use crate::integration::{Integration, Job, Run};
use crate::psa::Kind;
use crate::schedule::Rhythm;
use crate::work::Work;
use bitting_policy::Verb;
use serde_json::json;

const REPORTS: Need = Need::row("System", "API Reports", Verb::Inquire);
/// Must be refused: a key for MSPCFO that opens it holds more than it needs.
const EXCESS: Need = Need::row("Companies", "Company Maintenance", Verb::Inquire);

/// Midnight and noon: the vendor's data feed.
const FEED: Rhythm = Rhythm::At(&[0, 12]);

pub const INTEGRATION: Integration = Integration {
    slug: "mspcfo",
    title: "MSPCFO",
    psa: Kind::ConnectWise,
    jobs: &[
        Job {
            name: "check",
            what: "try the one right, and see that there is no other",
            rhythm: Rhythm::ByHand,
            run: Run::ConnectWise(check_rights),
        },
        Job {
            name: "columns",
            what: "compare the columns of the reports with those that are needed",
            rhythm: FEED,
            run: Run::ConnectWise(columns),
        },
        Job {
            name: "pull",
            what: "read reports: small ones whole, large ones by last update",
            rhythm: FEED,
            run: Run::ConnectWise(read),
        },
        Job {
            name: "metrics",
            what: "work out clients, agreements and members by month",
            rhythm: FEED,
            run: Run::ConnectWise(work_out),
        },
        Job {
            name: "health",
            what: "look for what makes the figures wrong",
            rhythm: FEED,
            run: Run::ConnectWise(look),
        },
    ],
    settings: include_str!("mspcfo/settings.toml"),
    read_settings: crate::integration::reads::<settings::Settings>,
    unused: &[],
    after: None,
};

fn check_rights(work: &mut Work<'_>) -> Result<(), Failure> {
    match work.api.get(EXCESS, "company/companies?pageSize=1") {
        Err(Failure::Right { .. }) => {}
        Ok(_) => work.warn(format!(
            "the key also holds {EXCESS}, which MSPCFO does not need; give it a role of its own"
        )),
        Err(failure) => return Err(failure),
    }
    check::run(
        work,
        &[
            Probe::must(REPORTS, "system/reports"),
            Probe::must(REPORTS, "system/reports/Member?pageSize=1"),
        ],
        &[],
    )
}

/// A column that is missing leaves a figure out; nothing fails for it.
fn columns(work: &mut Work<'_>) -> Result<(), Failure> {
    let mut rows = Vec::new();
    for report in reports::ALL {
        let path = format!("system/reports/{}/columns", report.name);
        let Some(there) = work.api.get_if_there(REPORTS, &path)? else {
            work.warn(format!(
                "the PSA has no report {}; figures that come from it stay empty",
                report.name
            ));
            rows.push(json!({ "report": report.name, "missing": report.columns }));
            continue;
        };
        let named: Vec<&str> = there
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|column| column.as_object()?.keys().next().map(String::as_str))
            .collect();
        let missing: Vec<&str> = report
            .columns
            .iter()
            .copied()
            .filter(|column| !named.iter().any(|there| there.eq_ignore_ascii_case(column)))
            .collect();
        if !missing.is_empty() {
            work.warn(format!(
                "report {} has no column {}; figures that come from it stay empty",
                report.name,
                missing.join(", ")
            ));
        }
        work.counts.read += 1;
        rows.push(json!({ "report": report.name, "missing": missing }));
    }
    work.output("columns.jsonl", &rows)
}

fn read(work: &mut Work<'_>) -> Result<(), Failure> {
    pull::run(work, &reading::Reports)
}

fn work_out(work: &mut Work<'_>) -> Result<(), Failure> {
    metrics::run(work)
}

fn look(work: &mut Work<'_>) -> Result<(), Failure> {
    health::run(work)
}
