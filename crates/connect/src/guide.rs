//! The set-up guide of an integration, written from its profile: connection data, role, tables, member form,
//! keys, security notes, troubleshooting. The same data that plan and verify work from, so it cannot go stale. Every
//! guide has all of these sections, also where there is nothing to do in one: a reader then knows that it was thought of.

mod autotask;
mod connectwise;
mod features;

use crate::ConnectError;
use crate::page::Block;
use crate::wanted::Choices;
use bitting_catalog::profile::{AdminAlternative, Completeness, ConnectionItem, Profile, Psa};
use bitting_policy::Registry;

/// The tenant's own values, filled in where they are known.
#[derive(Debug, Clone, Default)]
pub struct Tenant {
    pub url: Option<String>,
    pub company: Option<String>,
    pub client_id: Option<String>,
}

/// The guide as a page.
pub fn guide(
    profile: &Profile,
    choices: &Choices,
    tenant: &Tenant,
    registry: &Registry,
) -> Result<Vec<Block>, ConnectError> {
    let psa = match profile.product.psa {
        Psa::ConnectWise => "ConnectWise PSA",
        Psa::Autotask => "Autotask PSA",
    };
    let mut page = vec![
        Block::heading(1, format!("{} on {psa}", profile.title())),
        Block::paragraph(profile.product.summary.clone()),
    ];
    sources(profile, &mut page);
    if !profile.precondition.is_empty() {
        page.push(Block::heading(2, "Before you start"));
        let items = profile
            .precondition
            .iter()
            .map(|item| format!("{}: {}", item.about, item.what));
        page.push(Block::Bullets(items.collect()));
    }
    connection(profile, tenant, &mut page);
    if profile.product.psa == Psa::Autotask {
        autotask::level(profile, &choices.selection, &mut page);
    } else {
        connectwise::role(profile, choices, registry, &mut page)?;
    }
    page.push(Block::paragraph(format!(
        "With Bitting: `bitting connect {0} --key-file FILE` does all of this on its own server and lists these clicks for a \
         live one; `bitting verify {0} --key-file FILE` proves the key.",
        profile.word()
    )));
    features::section(profile, &choices.selection, &mut page);
    if !profile.step.is_empty() {
        page.push(Block::heading(2, "Step by step"));
        page.push(Block::Steps(
            profile
                .step
                .iter()
                .map(|step| format!("{}: {}", step.at, step.action))
                .collect(),
        ));
    }
    security(profile, &mut page);
    troubleshooting(profile, &mut page);
    Ok(page)
}

fn sources(profile: &Profile, page: &mut Vec<Block>) {
    let source = profile.source.iter().map(|source| {
        let dated = source
            .dated
            .as_ref()
            .map(|date| format!(", dated {date}"))
            .unwrap_or_default();
        format!(
            "{} ({}){dated}, facts taken {}",
            source.title, source.url, source.taken
        )
    });
    let mut items: Vec<String> = source.collect();
    if profile.product.completeness == Completeness::Partial {
        let gaps = profile
            .product
            .gaps
            .as_deref()
            .unwrap_or("some rows could not be read");
        items.push(format!(
            "Partial: {}. The role may be too small.",
            gaps.trim_end_matches('.')
        ));
    }
    if let Some(version) = &profile.product.psa_version {
        items.push(format!("Works with release {version} and later."));
    }
    page.push(Block::Bullets(items));
}

fn connection(profile: &Profile, tenant: &Tenant, page: &mut Vec<Block>) {
    page.push(Block::heading(2, "What the product asks for"));
    if profile.connection.is_empty() {
        page.push(Block::paragraph(match profile.product.psa {
            Psa::ConnectWise => {
                "The vendor's page does not say. Have these at hand: address of the PSA, company ID, public key, private key \
                 and the product's clientId."
            }
            Psa::Autotask => {
                "The vendor's page does not say. Have these at hand: user name (key), password (secret) and the API tracking \
                 identifier."
            }
        }));
        return;
    }
    let rows = profile.connection.iter().map(|connection| {
        let (name, value) = match connection.item {
            ConnectionItem::Site => ("Address of the PSA", tenant.url.clone()),
            ConnectionItem::Company => ("Company ID", tenant.company.clone()),
            ConnectionItem::PublicKey => ("Public key", None),
            ConnectionItem::PrivateKey => ("Private key (shown once)", None),
            ConnectionItem::ClientId => ("clientId", tenant.client_id.clone()),
            ConnectionItem::UserName => ("User name (key)", None),
            ConnectionItem::Secret => ("Password (secret, shown once)", None),
            ConnectionItem::TrackingIdentifier => ("API tracking identifier", None),
            ConnectionItem::ZoneUrl => ("Address of the zone", tenant.url.clone()),
        };
        let mut hint = connection.hint.clone();
        if connection.unmentioned {
            let said = "the vendor's page does not mention it";
            hint = if hint.is_empty() {
                said.to_owned()
            } else {
                format!("{hint}; {said}")
            };
        }
        vec![
            name.to_owned(),
            value.unwrap_or_else(|| "made below, or your own".to_owned()),
            hint,
        ]
    });
    page.push(Block::table(&["Field", "Value", "Hint"], rows.collect()));
}

fn security(profile: &Profile, page: &mut Vec<Block>) {
    let mut items = profile.product.notes.clone();
    let admin = match profile.product.admin_alternative {
        AdminAlternative::None => None,
        AdminAlternative::Allowed => Some(
            "The vendor also lets people use an administrator's role; it grants far more than this guide.",
        ),
        AdminAlternative::Recommended => {
            Some("The vendor recommends an administrator's role; this guide grants less.")
        }
        AdminAlternative::Default => Some(
            "The vendor uses an administrator's role unless one chooses otherwise; choose otherwise.",
        ),
        AdminAlternative::Only => Some("The vendor supports an administrator's role only."),
    };
    items.extend(admin.map(str::to_owned));
    items.extend(profile.correction.iter().map(|correction| {
        format!(
            "{}: the vendor's page says {}; here it is {}. {}",
            correction.place, correction.printed, correction.granted, correction.why
        )
    }));
    items.push(format!(
        "Give this key to {} alone: it can then be taken away without touching another product.",
        profile.product.product
    ));
    page.push(Block::heading(2, "Security notes"));
    page.push(Block::Bullets(items));
}

fn troubleshooting(profile: &Profile, page: &mut Vec<Block>) {
    page.push(Block::heading(2, "Troubleshooting"));
    let mut rows: Vec<Vec<String>> = profile
        .error
        .iter()
        .map(|error| {
            vec![
                error.symptom.clone(),
                error.cause.clone(),
                error.cure.clone(),
            ]
        })
        .collect();
    if profile.product.psa == Psa::ConnectWise {
        let general = [
            (
                "401",
                "Wrong or revoked key, wrong company id, inactive member.",
                "Compare the public key with the member's API Keys; cut a new pair.",
            ),
            (
                "403 Security",
                "A level or a setup table is missing; the sentence is the same for both.",
                "`bitting verify` names which.",
            ),
            (
                "Lists are shorter than they should be",
                "The member's location or an excluded board hides records.",
                "Set the location to Corporate, exclude no board.",
            ),
        ];
        rows.extend(general.map(|row| [row.0, row.1, row.2].map(str::to_owned).to_vec()));
    } else {
        let general = [
            (
                "401 with an empty body",
                "Wrong secret or tracking identifier, a locked or inactive user, another zone.",
                "Look at the API user; generate a new secret.",
            ),
            (
                "500 `does not have the adequate permissions`",
                "A permission of the level is missing; it is no fault of the server.",
                "`bitting verify` names which.",
            ),
            (
                "Lists are empty or short, without an error",
                "Mine, territories, a class of companies that is closed, or a line of business.",
                "Compare counts with a user who sees all: `bitting verify --admin-key FILE`.",
            ),
        ];
        rows.extend(general.map(|row| [row.0, row.1, row.2].map(str::to_owned).to_vec()));
    }
    page.push(Block::table(&["Symptom", "Cause", "Cure"], rows));
}
