//! Cisco Umbrella on Autotask: the jobs of `umbrella` in the other PSA's terms. Status and figures stand in the
//! user-defined fields of one configuration item per organisation, whose product is made when it is missing; the fields
//! are there beforehand, for no integration is given the right to make them.

mod companies;
mod items;
mod product;
mod psa;
mod settings;

use crate::Failure;
use crate::access::{Access, Proof, Reach};
use crate::autotask_tickets::{ADD_TICKETS, READ_TICKETS};
use crate::integration::{Integration, Job, Run};
use crate::psa::Kind;
use crate::queries::{Permission, Queries};
use crate::schedule::Rhythm;
use crate::umbrella::{companies as mapping, configurations, tickets};
use crate::work::Work;

const COMPANIES: Permission = Permission::new("CRM / Customer & Cancelation", "");
const READ_ITEMS: Permission = Permission::new("CRM / Configuration Items & Subscriptions", "View");
const ADD_ITEMS: Permission = Permission::new("CRM / Configuration Items & Subscriptions", "Add");
const EDIT_ITEMS: Permission = Permission::new("CRM / Configuration Items & Subscriptions", "Edit");
const READ_PRODUCTS: Permission = Permission::new("Inventory / Products", "View");
const ADD_PRODUCTS: Permission = Permission::new("Inventory / Products", "Add");

/// What each permission shows by.
const PROOFS: [Proof; 8] = [
    Proof::new(COMPANIES, "Companies", "Query"),
    Proof::new(READ_ITEMS, "ConfigurationItems", "Query"),
    Proof::new(ADD_ITEMS, "ConfigurationItems", "Create"),
    Proof::new(EDIT_ITEMS, "ConfigurationItems", "Update"),
    Proof::new(READ_PRODUCTS, "Products", "Query"),
    Proof::new(ADD_PRODUCTS, "Products", "Create"),
    Proof::new(READ_TICKETS, "Tickets", "Query"),
    Proof::new(ADD_TICKETS, "Tickets", "Create"),
];

/// A tick of the API user, not of its level; nothing of the API shows it.
const PROTECTED_DATA: &str = "Edit Unprotected Data";

#[allow(
    clippy::redundant_closure,
    reason = "a job that is generic over its PSA is a function of one lifetime; the closure takes them all"
)]
pub const INTEGRATION: Integration = Integration {
    slug: "umbrella_autotask",
    title: "Cisco Umbrella on Autotask",
    psa: Kind::Autotask,
    jobs: &[
        Job {
            name: "check",
            what: "ask what this user may do, permission by permission",
            rhythm: Rhythm::ByHand,
            run: Run::Autotask(check),
        },
        Job {
            name: "product",
            what: "make the product of the configuration items, and look for their user-defined fields",
            rhythm: Rhythm::At(&[1]),
            run: Run::Autotask(product::ensure),
        },
        Job {
            name: "companies",
            what: "find the company of each organisation by its id or its number",
            rhythm: Rhythm::At(&[1]),
            run: Run::Autotask(|work| mapping::map(work)),
        },
        Job {
            name: "configurations",
            what: "bring one configuration item per organisation up to date",
            rhythm: Rhythm::At(&[2]),
            run: Run::Autotask(|work| configurations::sync(work)),
        },
        Job {
            name: "tickets",
            what: "open or append tickets for botnet events over the threshold",
            rhythm: Rhythm::Hours(4),
            run: Run::Autotask(|work| tickets::scan(work)),
        },
    ],
    settings: include_str!("umbrella_autotask/settings.toml"),
    read_settings: crate::integration::reads::<settings::Settings>,
    unused: &[],
    after: None,
};

/// A job at work on Autotask.
type Working<'w, 'a> = Work<'w, Queries<'a>>;

fn check(work: &mut Working<'_, '_>) -> Result<(), Failure> {
    let mut access = Access::default();
    for proof in &PROOFS {
        let reach = Access::reach(work, proof)?;
        if proof.permission == COMPANIES && reach == Reach::Part {
            work.warn(
                "the security level shows a part of the companies only, which is right where it opens customers alone; an organisation of any other company is not found",
            );
        }
        access.keep(proof.permission, reach, false);
    }
    access.unproven(PROTECTED_DATA);
    access.end(work)
}
