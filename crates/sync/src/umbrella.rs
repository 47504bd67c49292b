//! Cisco Umbrella: a configuration type of its own, one configuration per mapped organisation, and tickets for
//! botnet events, appended to while they are open. It never closes a ticket and deletes nothing. What the
//! console knows comes from files or from Umbrella's own API. On Autotask the same jobs are at work, see
//! `umbrella_autotask`.

pub(crate) mod companies;
pub(crate) mod configurations;
mod connectwise;
mod console;
mod kind;
pub(crate) mod psa;
pub(crate) mod questions;
pub(crate) mod seen;
pub(crate) mod settings;
pub(crate) mod source;
pub(crate) mod threads;
pub(crate) mod tickets;

use crate::Failure;
use crate::api::Need;
use crate::check::{self, Probe};
use crate::integration::{Integration, Job, Run};
use crate::psa::Kind;
use crate::schedule::Rhythm;
use crate::work::Work;
use bitting_policy::Verb;

const SLUG: &str = "umbrella";

const COMPANIES: Need = Need::row("Companies", "Company Maintenance", Verb::Inquire);
const READ_CONFIGURATIONS: Need = Need::row("Companies", "Configurations", Verb::Inquire);
const ADD_CONFIGURATIONS: Need = Need::row("Companies", "Configurations", Verb::Add);
const EDIT_CONFIGURATIONS: Need = Need::row("Companies", "Configurations", Verb::Edit);
const READ_TICKETS: Need = Need::row("Service Desk", "Service Tickets", Verb::Inquire);
const ADD_TICKETS: Need = Need::row("Service Desk", "Service Tickets", Verb::Add);
const EDIT_TICKETS: Need = Need::row("Service Desk", "Service Tickets", Verb::Edit);
const READ_TYPE: Need = Need::table("Company / Configuration", Verb::Inquire);
const ADD_TYPE: Need = Need::table("Company / Configuration", Verb::Add);
const EDIT_TYPE: Need = Need::table("Company / Configuration", Verb::Edit);
const BOARDS: Need = Need::table("Service / Service Board", Verb::Inquire);
const PRIORITIES: Need = Need::table("Service / Priority", Verb::Inquire);

#[allow(
    clippy::redundant_closure,
    reason = "a job that is generic over its PSA is a function of one lifetime; the closure takes them all"
)]
pub const INTEGRATION: Integration = Integration {
    slug: SLUG,
    title: "Cisco Umbrella",
    psa: Kind::ConnectWise,
    jobs: &[
        Job {
            name: "check",
            what: "try every right of the profile that reading can prove",
            rhythm: Rhythm::ByHand,
            run: Run::ConnectWise(check_rights),
        },
        Job {
            name: "type",
            what: "make the configuration type and its questions, or put them right",
            rhythm: Rhythm::At(&[1]),
            run: Run::ConnectWise(kind::ensure),
        },
        Job {
            name: "companies",
            what: "find the company of each organisation by its company id",
            rhythm: Rhythm::At(&[1]),
            run: Run::ConnectWise(|work| companies::map(work)),
        },
        Job {
            name: "configurations",
            what: "bring one configuration per organisation up to date",
            rhythm: Rhythm::At(&[2]),
            run: Run::ConnectWise(|work| configurations::sync(work)),
        },
        Job {
            name: "tickets",
            what: "open or append tickets for botnet events over the threshold",
            rhythm: Rhythm::Hours(4),
            run: Run::ConnectWise(|work| tickets::scan(work)),
        },
    ],
    settings: include_str!("umbrella/settings.toml"),
    read_settings: crate::integration::reads::<settings::Settings>,
    unused: &[(
        EDIT_TICKETS,
        "appending to a ticket makes a note, which asks for Add; nothing else of a ticket is changed",
    )],
    after: None,
};

fn check_rights(work: &mut Work<'_>) -> Result<(), Failure> {
    let probes = [
        Probe::must(COMPANIES, "company/companies?pageSize=1"),
        Probe::must(READ_CONFIGURATIONS, "company/configurations?pageSize=1"),
        Probe::must(READ_TYPE, "company/configurations/types?pageSize=1"),
        Probe::must(BOARDS, "service/boards?pageSize=1"),
        Probe::must(PRIORITIES, "service/priorities?pageSize=1"),
        Probe::must(READ_TICKETS, "service/tickets?pageSize=1"),
    ];
    check::run(
        work,
        &probes,
        &[
            ADD_CONFIGURATIONS,
            EDIT_CONFIGURATIONS,
            ADD_TYPE,
            EDIT_TYPE,
            ADD_TICKETS,
            EDIT_TICKETS,
        ],
    )
}
