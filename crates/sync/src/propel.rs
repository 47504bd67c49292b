//! Propel Your MSP: companies, teams, assets and agreements for client reviews, and project opportunities that
//! are pushed once, step by step, and read back daily. Its own side, the reviews, comes from files.

mod agreements;
pub(crate) mod assets;
mod categories;
pub(crate) mod companies;
mod lookups;
mod opportunities;
pub(crate) mod push;
pub(crate) mod settings;
pub(crate) mod tickets;

use crate::Failure;
use crate::api::Need;
use crate::check::{self, Probe};
use crate::integration::{Integration, Job, Run};
use crate::psa::Kind;
use crate::schedule::Rhythm;
use crate::work::Work;
use bitting_policy::Verb;

const SLUG: &str = "propel";

const COMPANIES: Need = Need::row("Companies", "Company Maintenance", Verb::Inquire);
const READ_ASSETS: Need = Need::row("Companies", "Configurations", Verb::Inquire);
const EDIT_ASSETS: Need = Need::row("Companies", "Configurations", Verb::Edit);
const READ_ACTIVITIES: Need = Need::row("Companies", "CRM/Sales Activities", Verb::Inquire);
const ADD_ACTIVITIES: Need = Need::row("Companies", "CRM/Sales Activities", Verb::Add);
const READ_DOCUMENTS: Need = Need::row("Companies", "Manage Attachments", Verb::Inquire);
const ADD_DOCUMENTS: Need = Need::row("Companies", "Manage Attachments", Verb::Add);
const TEAMS: Need = Need::row("Companies", "Team Members", Verb::Inquire);
const READ_OPPORTUNITIES: Need = Need::row("Sales", "Opportunity", Verb::Inquire);
const ADD_OPPORTUNITIES: Need = Need::row("Sales", "Opportunity", Verb::Add);
const READ_TICKETS: Need = Need::row("Service Desk", "Service Tickets", Verb::Inquire);
const ADD_TICKETS: Need = Need::row("Service Desk", "Service Tickets", Verb::Add);
const REPORTS: Need = Need::row("System", "API Reports", Verb::Inquire);
const MEMBERS: Need = Need::row("System", "Member Maintenance", Verb::Inquire);
const MY_COMPANY: Need = Need::row("System", "My Company", Verb::Inquire);

const DAILY: Rhythm = Rhythm::At(&[3]);

pub const INTEGRATION: Integration = Integration {
    slug: SLUG,
    title: "Propel Your MSP",
    psa: Kind::ConnectWise,
    jobs: &[
        Job {
            name: "check",
            what: "try every right of the profile that reading can prove",
            rhythm: Rhythm::ByHand,
            run: Run::ConnectWise(check_rights),
        },
        Job {
            name: "lookups",
            what: "read the values that mappings and forms offer",
            rhythm: DAILY,
            run: Run::ConnectWise(lookups::read),
        },
        Job {
            name: "companies",
            what: "import companies of the chosen types and statuses",
            rhythm: DAILY,
            run: Run::ConnectWise(companies::import),
        },
        Job {
            name: "team",
            what: "take vCIO and account manager from team roles",
            rhythm: DAILY,
            run: Run::ConnectWise(companies::team),
        },
        Job {
            name: "assets",
            what: "import configurations of the mapped types",
            rhythm: DAILY,
            run: Run::ConnectWise(assets::import),
        },
        Job {
            name: "dates",
            what: "write purchase and warranty dates back, when chosen",
            rhythm: DAILY,
            run: Run::ConnectWise(assets::write_back),
        },
        Job {
            name: "agreements",
            what: "read agreements and what they cost a year",
            rhythm: DAILY,
            run: Run::ConnectWise(agreements::read),
        },
        Job {
            name: "push",
            what: "push project opportunities, step by step",
            rhythm: Rhythm::Hours(1),
            run: Run::ConnectWise(push::run),
        },
        Job {
            name: "opportunities",
            what: "read pushed opportunities back, and import chosen ones",
            rhythm: DAILY,
            run: Run::ConnectWise(opportunities::read_back),
        },
        Job {
            name: "tickets",
            what: "make service tickets",
            rhythm: Rhythm::Hours(1),
            run: Run::ConnectWise(tickets::create),
        },
    ],
    settings: include_str!("propel/settings.toml"),
    read_settings: crate::integration::reads::<settings::Settings>,
    unused: &[],
    after: None,
};

fn check_rights(work: &mut Work<'_>) -> Result<(), Failure> {
    let mut probes = vec![
        Probe::must(COMPANIES, "company/companies?pageSize=1"),
        Probe::must(READ_ASSETS, "company/configurations?pageSize=1"),
        Probe::must(READ_ACTIVITIES, "sales/activities?pageSize=1"),
        Probe::must(READ_OPPORTUNITIES, "sales/opportunities?pageSize=1"),
        Probe::must(READ_TICKETS, "service/tickets?pageSize=1"),
        Probe::must(REPORTS, "system/reports"),
        Probe::must(MEMBERS, "system/members?pageSize=1"),
        Probe::must(MY_COMPANY, "system/locations?pageSize=1"),
    ];
    probes.extend(
        lookups::TABLES
            .iter()
            .map(|(table, path)| Probe::must(Need::table(table, Verb::Inquire), path)),
    );
    let unproven = [
        EDIT_ASSETS,
        ADD_ACTIVITIES,
        READ_DOCUMENTS,
        ADD_DOCUMENTS,
        TEAMS,
        ADD_OPPORTUNITIES,
        ADD_TICKETS,
    ];
    check::run(work, &probes, &unproven)
}
