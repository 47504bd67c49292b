//! Propel Your MSP on Autotask: what `propel` does on ConnectWise, in the other PSA's terms. Autotask has no team
//! roles, so account managers are the owners of companies and a vCIO is chosen by hand; it has no purchase date, so
//! the install date stands for it; and an opportunity has no lines, so its amounts stand in its description.

mod imports;
mod lookups;
mod push;
mod settings;
mod tickets;

use crate::Failure;
use crate::access::{Access, Proof, Reach};
use crate::autotask_tickets::{ADD_TICKETS, READ_TICKETS};
use crate::integration::{Integration, Job, Run};
use crate::psa::Kind;
use crate::queries::{Permission, Queries};
use crate::schedule::Rhythm;
use crate::work::Work;

const COMPANIES: Permission = Permission::new("CRM / Customer & Cancelation", "");
const CONTRACTS: Permission = Permission::new("Contracts / Contracts", "View");
const VISIBILITY: Permission = Permission::new("Contracts / Contract Visibility", "");
const READ_ASSETS: Permission =
    Permission::new("CRM / Configuration Items & Subscriptions", "View");
const EDIT_ASSETS: Permission =
    Permission::new("CRM / Configuration Items & Subscriptions", "Edit");
const READ_OPPORTUNITIES: Permission = Permission::new("CRM / Opportunities & Quotes", "View");
const ADD_OPPORTUNITIES: Permission = Permission::new("CRM / Opportunities & Quotes", "Add");
const READ_TODOS: Permission = Permission::new("CRM / To-Dos", "View");
const ADD_TODOS: Permission = Permission::new("CRM / To-Dos", "Add");
const ATTACHMENTS: Permission = Permission::new("CRM / Attachments", "Add");
const RESOURCES: Permission = Permission::new("Admin / Resources/Users (HR)", "");
const ASSET_TYPES: Permission = Permission::new("Admin / Configuration Items", "");

const DAILY: Rhythm = Rhythm::At(&[3]);

/// What each permission shows by: the entity's own word on what this user may do with it.
const PROOFS: [Proof; 12] = [
    Proof::new(COMPANIES, "Companies", "Query"),
    Proof::new(CONTRACTS, "Contracts", "Query"),
    Proof::new(READ_ASSETS, "ConfigurationItems", "Query"),
    Proof::new(EDIT_ASSETS, "ConfigurationItems", "Update"),
    Proof::new(READ_OPPORTUNITIES, "Opportunities", "Query"),
    Proof::new(ADD_OPPORTUNITIES, "Opportunities", "Create"),
    Proof::new(READ_TODOS, "CompanyToDos", "Query"),
    Proof::new(ADD_TODOS, "CompanyToDos", "Create"),
    Proof::new(READ_TICKETS, "Tickets", "Query"),
    Proof::new(ADD_TICKETS, "Tickets", "Create"),
    Proof::new(RESOURCES, "Resources", "Query"),
    Proof::new(ASSET_TYPES, "ConfigurationItemTypes", "Query"),
];

/// Permissions of the profile that no job uses, with the reason: findings about the vendor's guide.
pub const UNUSED: [(Permission, &str); 2] = [
    (
        RESOURCES,
        "resources can be queried without this feature of the Admin section",
    ),
    (
        ASSET_TYPES,
        "types of configuration items can be queried without this feature of the Admin section",
    ),
];

/// Permissions that nothing of the API shows.
const UNPROVEN: [&str; 1] = ["Other / Not required to change password (does not expire)"];

pub const INTEGRATION: Integration = Integration {
    slug: "propel_autotask",
    title: "Propel Your MSP on Autotask",
    psa: Kind::Autotask,
    jobs: &[
        Job {
            name: "check",
            what: "ask what this user may do, permission by permission",
            rhythm: Rhythm::ByHand,
            run: Run::Autotask(check),
        },
        Job {
            name: "lookups",
            what: "read the pick lists that mappings and forms offer, and the resources",
            rhythm: DAILY,
            run: Run::Autotask(lookups::read),
        },
        Job {
            name: "companies",
            what: "import companies of the chosen types, with their account managers",
            rhythm: DAILY,
            run: Run::Autotask(imports::companies),
        },
        Job {
            name: "assets",
            what: "import configuration items of the mapped types",
            rhythm: DAILY,
            run: Run::Autotask(imports::assets),
        },
        Job {
            name: "dates",
            what: "write install and warranty dates back, when chosen",
            rhythm: DAILY,
            run: Run::Autotask(imports::write_back),
        },
        Job {
            name: "contracts",
            what: "read contracts and their services",
            rhythm: DAILY,
            run: Run::Autotask(imports::contracts),
        },
        Job {
            name: "push",
            what: "push project opportunities, step by step",
            rhythm: Rhythm::Hours(1),
            run: Run::Autotask(push::run),
        },
        Job {
            name: "opportunities",
            what: "read pushed opportunities back, and import chosen ones",
            rhythm: DAILY,
            run: Run::Autotask(push::read_back),
        },
        Job {
            name: "tickets",
            what: "make service tickets",
            rhythm: Rhythm::Hours(1),
            run: Run::Autotask(tickets::create),
        },
    ],
    settings: include_str!("propel_autotask/settings.toml"),
    read_settings: crate::integration::reads::<settings::Settings>,
    unused: &[],
    after: None,
};

/// A job at work on Autotask.
type Working<'a> = Work<'a, Queries<'a>>;

fn check(work: &mut Working<'_>) -> Result<(), Failure> {
    let mut access = Access::default();
    for proof in &PROOFS {
        let permission = proof.permission;
        let reach = Access::reach(work, proof)?;
        if reach == Reach::Part {
            // Other classes of companies closed to this user do that too, and then it is right.
            work.warn(format!(
                "{permission} opens a part of the records only; right, where the level closes other classes of companies"
            ));
        }
        access.keep(permission, reach, false);
        if permission == CONTRACTS {
            // Both open the same door; which of them is shut cannot be told from outside.
            access.keep(VISIBILITY, reach, false);
        }
    }
    for right in UNPROVEN {
        access.unproven(right);
    }
    access.end(work)
}
