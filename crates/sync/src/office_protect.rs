//! Office Protect: security events of mapped Microsoft 365 tenants become tickets, within 48 hours, once each.
//! It never closes a ticket. Its events and tenants come from files of its own side.

mod broken;
mod refusals;
mod settings;
mod source;
mod ticket_settings;
mod tickets;

use crate::api::{Need, id};
use crate::check::{self, Probe};
use crate::integration::{Integration, Job, Kind, Run};
use crate::schedule::Rhythm;
use crate::work::Work;
use crate::{Failure, api};
use bitting_policy::Verb;
use serde_json::{Value, json};
use settings::Settings;
use source::Tenant;

const SLUG: &str = "office_protect";

const COMPANIES: Need = Need::row("Companies", "Company Maintenance", Verb::Inquire);
const READ_TICKETS: Need = Need::row("Service Desk", "Service Tickets", Verb::Inquire);
const ADD_TICKETS: Need = Need::row("Service Desk", "Service Tickets", Verb::Add);
const EDIT_TICKETS: Need = Need::row("Service Desk", "Service Tickets", Verb::Edit);
const MEMBERS: Need = Need::row("System", "Member Maintenance", Verb::Inquire);
const BOARDS: Need = Need::table("Service / Service Board", Verb::Inquire);

/// What is missing without the optional rights.
const HIDDEN: &str = "the status of new tickets cannot be chosen";

pub const INTEGRATION: Integration = Integration {
    slug: SLUG,
    title: "Office Protect",
    psa: Kind::ConnectWise,
    jobs: &[
        Job {
            name: "check",
            what: "try every right of the profile that reading can prove",
            rhythm: Rhythm::ByHand,
            run: Run::ConnectWise(check_rights),
        },
        Job {
            name: "companies",
            what: "list companies and suggest one for each tenant",
            rhythm: Rhythm::At(&[1]),
            run: Run::ConnectWise(companies),
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
            run: Run::ConnectWise(tickets::create),
        },
        Job {
            name: "updates",
            what: "note on its ticket that an event was ignored or remediated",
            rhythm: Rhythm::Hours(1),
            run: Run::ConnectWise(tickets::update),
        },
    ],
    settings: include_str!("office_protect/settings.toml"),
    read_settings: crate::integration::reads::<settings::Settings>,
    unused: &[],
    after: Some(broken::after),
};

fn check_rights(work: &mut Work<'_>) -> Result<(), Failure> {
    let probes = [
        Probe::must(COMPANIES, "company/companies?pageSize=1"),
        Probe::must(READ_TICKETS, "service/tickets?pageSize=1"),
        Probe::may(MEMBERS, "system/members?pageSize=1", HIDDEN),
        Probe::may(BOARDS, "service/boards?pageSize=1", HIDDEN),
    ];
    check::run(work, &probes, &[ADD_TICKETS, EDIT_TICKETS])
}

/// Companies for the mapping, and the likeliest one of each tenant that has none.
fn companies(work: &mut Work<'_>) -> Result<(), Failure> {
    let settings: Settings = work.settings()?;
    let tenants: Vec<Tenant> = crate::source::records(work, settings.source.as_ref(), "tenants")?;
    let path = format!(
        "company/companies?conditions={}&fields=id,identifier,name,status&orderBy=id",
        api::encode("deletedFlag=false")
    );
    let companies = work.api.all(COMPANIES, &path)?;
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
            work.warn(format!("tenant {} is mapped to company {}, which is not to be seen: deleted, or hidden by the key's location", tenant.tenant, tenant.company));
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
