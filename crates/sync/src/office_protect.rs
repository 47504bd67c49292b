//! Office Protect: security events of mapped Microsoft 365 tenants become tickets, within 48 hours, once each, on
//! ConnectWise and on Autotask. It never closes a ticket. Its events and tenants come from files of its own side.

#![expect(
    clippy::redundant_closure,
    reason = "jobs are generic over the way to a PSA, which has a lifetime: a closure fits every one, the function itself does not"
)]

mod autotask;
mod broken;
mod choice;
mod connectwise;
mod face;
mod queue;
mod refusals;
mod rights;
mod settings;
mod source;
mod ticket_settings;
mod tickets;

use crate::Failure;
use crate::api::id;
use crate::integration::{Integration, Job, Run};
use crate::psa::Kind;
use crate::schedule::Rhythm;
use crate::work::Work;
use face::Face;
use serde_json::{Value, json};
use settings::Settings;
use source::Tenant;

pub const INTEGRATION: Integration = Integration {
    slug: "office_protect",
    title: "Office Protect",
    psa: Kind::ConnectWise,
    jobs: &[
        Job {
            name: "check",
            what: "try every right of the profile that reading can prove",
            rhythm: Rhythm::ByHand,
            run: Run::ConnectWise(rights::check),
        },
        Job {
            name: "companies",
            what: "list companies and suggest one for each tenant",
            rhythm: Rhythm::At(&[1]),
            run: Run::ConnectWise(|work| companies(work)),
        },
        Job {
            name: "settings",
            what: "check the status chosen for new tickets",
            rhythm: Rhythm::At(&[1]),
            run: Run::ConnectWise(ticket_settings::run),
        },
        Job {
            name: "tickets",
            what: "make a ticket of each new event, at most 48 hours old",
            rhythm: Rhythm::Hours(1),
            run: Run::ConnectWise(|work| tickets::create(work)),
        },
        Job {
            name: "updates",
            what: "note on its ticket that an event was ignored or remediated",
            rhythm: Rhythm::Hours(1),
            run: Run::ConnectWise(|work| tickets::update(work)),
        },
    ],
    settings: include_str!("office_protect/settings.toml"),
    read_settings: |text| settings::read(text, Kind::ConnectWise),
    unused: &[],
    after: Some(broken::after),
};

pub const ON_AUTOTASK: Integration = Integration {
    slug: "office_protect_autotask",
    title: "Office Protect on Autotask",
    psa: Kind::Autotask,
    jobs: &[
        Job {
            name: "check",
            what: "try the credentials, the integration vendor and every permission of the profile",
            rhythm: Rhythm::ByHand,
            run: Run::Autotask(autotask::check),
        },
        Job {
            name: "companies",
            what: "list companies and suggest one for each tenant",
            rhythm: Rhythm::At(&[1]),
            run: Run::Autotask(|work| companies(work)),
        },
        Job {
            name: "settings",
            what: "check the status, priority and category chosen for new tickets",
            rhythm: Rhythm::At(&[1]),
            run: Run::Autotask(choice::run),
        },
        Job {
            name: "tickets",
            what: "make a ticket of each new event, at most 48 hours old",
            rhythm: Rhythm::Hours(1),
            run: Run::Autotask(|work| tickets::create(work)),
        },
        Job {
            name: "updates",
            what: "note on its ticket that an event was ignored or remediated",
            rhythm: Rhythm::Hours(1),
            run: Run::Autotask(|work| tickets::update(work)),
        },
    ],
    settings: include_str!("office_protect/settings_autotask.toml"),
    read_settings: |text| settings::read(text, Kind::Autotask),
    unused: &[],
    after: Some(broken::after),
};

/// Companies for the mapping, and the likeliest one of each tenant that has none.
fn companies<A: Face>(work: &mut Work<'_, A>) -> Result<(), Failure> {
    let settings = Settings::of(work)?;
    let tenants: Vec<Tenant> = crate::source::records(work, settings.source.as_ref(), "tenants")?;
    let companies = work.api.companies()?;
    work.counts.read += companies.len() as u64;
    let suggestions: Vec<Value> = tenants
        .iter()
        .filter(|tenant| settings.company_of(&tenant.tenant).is_none())
        .map(|tenant| {
            let likeliest = companies
                .iter()
                .map(|company| (likeness(tenant, company), company))
                .filter(|(likeness, _)| *likeness > 0)
                .max_by_key(|(likeness, company)| (*likeness, -id(company)));
            json!({
                "tenant": tenant.tenant,
                "name": tenant.name,
                "company": likeliest.map(|(_, company)| id(company)),
                "company_name": likeliest.map(|(_, company)| company["name"].clone()),
            })
        })
        .collect();
    for tenant in &settings.tenant {
        if !companies
            .iter()
            .any(|company| id(company) == tenant.company)
        {
            work.warn(format!(
                "tenant {} is mapped to company {}, which is not to be seen: {}",
                tenant.tenant,
                tenant.company,
                A::UNSEEN
            ));
        }
    }
    work.output("companies.jsonl", &companies)?;
    work.output("suggestions.jsonl", &suggestions)
}

/// How many words of a tenant's name and domain a company's name has.
fn likeness(tenant: &Tenant, company: &Value) -> usize {
    let words = |text: &str| -> Vec<String> {
        let text = text.to_lowercase();
        text.split(|c: char| !c.is_alphanumeric())
            .filter(|word| word.len() > 2)
            .map(str::to_owned)
            .collect()
    };
    let theirs = words(company["name"].as_str().unwrap_or_default());
    let domain = tenant.domain.split('.').next().unwrap_or_default();
    let joined = theirs.concat();
    let by_domain = usize::from(!domain.is_empty() && joined.contains(&domain.to_lowercase()));
    words(&tenant.name)
        .iter()
        .filter(|word| theirs.contains(word))
        .count()
        * 2
        + by_domain
}
