//! The set-up guide of an integration, written from its profile: connection data, role, tables, member form,
//! keys, security notes, troubleshooting. The same data that plan and verify work from, so it cannot go stale.

mod autotask;

use crate::ConnectError;
use crate::page::Block;
use crate::wanted::{Choices, Wanted, wanted};
use bitting_catalog::profile::{
    AdminAlternative, Completeness, ConnectionItem, MemberValue, Profile, Psa, Selection, Status,
};
use bitting_policy::{Level, ListDocument, Registry};

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
        page.push(Block::paragraph(format!(
            "With Bitting: `bitting connect {0} --key-file FILE` does all of this on its own server and lists these clicks for a \
             live one; `bitting verify {0} --key-file FILE` proves the key.",
            profile.word()
        )));
    } else {
        role(profile, choices, registry, &mut page)?;
    }
    features(profile, &choices.selection, &mut page);
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
        items.push(format!("Partial: {gaps}. The role may be too small."));
    }
    if let Some(version) = &profile.product.psa_version {
        items.push(format!("Works with release {version} and later."));
    }
    page.push(Block::Bullets(items));
}

fn connection(profile: &Profile, tenant: &Tenant, page: &mut Vec<Block>) {
    if profile.connection.is_empty() {
        return;
    }
    page.push(Block::heading(2, "What the product asks for"));
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

fn role(
    profile: &Profile,
    choices: &Choices,
    registry: &Registry,
    page: &mut Vec<Block>,
) -> Result<(), ConnectError> {
    let mut choices = choices.clone();
    for gap in profile.unfilled(&choices.selection) {
        // The tenant's own entries are not known yet; the guide says what to choose.
        choices
            .selection
            .answers
            .insert(gap.name.clone(), vec![format!("({})", gap.hint)]);
    }
    let wanted = wanted(profile, &choices, registry)?;
    page.push(Block::heading(
        2,
        format!("Security role `{}`", wanted.document.name),
    ));
    page.push(Block::paragraph(
        "System > Security Roles > New Item. Enter the Role ID and save; then set these rows. Every row that is not \
         listed stays None.",
    ));
    let rows = wanted.document.rows.iter().map(|row| {
        let [add, edit, delete, inquire] = row.levels().map(|level| level.to_string());
        let why = wanted.reason(&row.module, &row.action).to_owned();
        vec![
            row.module.clone(),
            row.action.clone(),
            add,
            edit,
            delete,
            inquire,
            why,
        ]
    });
    page.push(Block::table(
        &[
            "Module", "Action", "Add", "Edit", "Delete", "Inquire", "For",
        ],
        rows.collect(),
    ));
    lists(&wanted, registry, page);
    form(profile, &wanted, page);
    page.push(Block::heading(2, "Keys"));
    page.push(Block::Steps(vec![
        format!(
            "System > Members > API Members > {}: tab API Keys, New Item.",
            wanted.member.identifier
        ),
        "Enter a description and Save. Do not close the record yet.".to_owned(),
        "Copy the public and the private key. The private key is shown this once.".to_owned(),
    ]));
    page.push(Block::paragraph(format!(
        "With Bitting: `bitting connect {} --key-file FILE` does all of this, and `bitting verify {} --key-file FILE` \
         proves it.",
        profile.word(),
        profile.word()
    )));
    Ok(())
}

fn lists(wanted: &Wanted, registry: &Registry, page: &mut Vec<Block>) {
    for list in registry.lists() {
        let Some(action) = registry.get(list.action) else {
            continue;
        };
        let open = wanted.role.levels(action.id) != [Level::None; 4];
        let document = wanted.document.lists.get(&list.identifier);
        let is_setup = Some(list.id) == registry.table_list();
        let (side, names) = match document {
            Some(ListDocument::Allow(names)) => ("Allow access to these (left side)", names),
            Some(ListDocument::Deny(names)) => ("Disallow these (right side)", names),
            _ if open && is_setup => {
                page.push(Block::heading(
                    2,
                    format!("{}: customize", action.full_name()),
                ));
                page.push(Block::paragraph(
                    "Not narrowed: every setup table is allowed.",
                ));
                continue;
            }
            _ => continue,
        };
        if !open {
            continue;
        }
        page.push(Block::heading(
            2,
            format!("{}: customize", action.full_name()),
        ));
        if names.is_empty() {
            page.push(Block::paragraph(
                "Allow nothing: leave the left side empty, and save the list before the levels are set.",
            ));
            continue;
        }
        page.push(Block::paragraph(format!(
            "{side}; save the list before the levels are set:"
        )));
        page.push(Block::Bullets(names.clone()));
    }
}

fn form(profile: &Profile, wanted: &Wanted, page: &mut Vec<Block>) {
    page.push(Block::heading(2, "API member"));
    page.push(Block::paragraph(
        "System > Members > API Members > New Item.",
    ));
    let form = &wanted.member;
    let mut rows = vec![
        vec![
            "Member ID".to_owned(),
            form.identifier.clone(),
            String::new(),
        ],
        vec!["Member Name".to_owned(), form.name.clone(), String::new()],
        vec![
            "Role ID".to_owned(),
            wanted.document.name.clone(),
            String::new(),
        ],
    ];
    let member = &profile.member;
    let fields: [(&str, &Option<MemberValue>, Option<&String>); 11] = [
        ("E-mail", &member.email, None),
        ("Level", &member.level, None),
        (
            "Location",
            &member.location,
            form.location.as_ref().filter(|_| form.location_said),
        ),
        ("Business Unit", &member.department, None),
        ("Default Territory", &member.territory, None),
        ("Default Board", &member.default_board, form.board.as_ref()),
        ("Restrict Board Access", &member.excluded_boards, None),
        (
            "Excluded project boards",
            &member.excluded_project_boards,
            None,
        ),
        ("Time Zone", &member.time_zone, None),
        ("Block Price", &member.block_price, None),
        ("Block Cost", &member.block_cost, None),
    ];
    for (name, value, chosen) in fields {
        let said = value.as_ref();
        let text = chosen
            .cloned()
            .or_else(|| said.and_then(|v| v.value.clone()))
            .or_else(|| {
                said.and_then(|v| v.choose.as_ref())
                    .map(|choose| format!("choose {choose}"))
            });
        if let Some(text) = text {
            let why = said.map(|v| v.why.clone()).unwrap_or_default();
            rows.push(vec![name.to_owned(), text, why]);
        }
    }
    page.push(Block::table(&["Field", "Value", "Why"], rows));
    if let Some(others) = &member.others {
        page.push(Block::paragraph(format!("Other fields: {others}")));
    }
}

fn features(profile: &Profile, selection: &Selection, page: &mut Vec<Block>) {
    if profile.feature.is_empty() {
        return;
    }
    page.push(Block::heading(2, "Optional features"));
    let rows = profile.feature.iter().map(|feature| {
        let state = match (selection.features.contains(&feature.id), feature.status) {
            (true, _) => "in this guide",
            (_, Status::Planned) => "planned by the vendor",
            (_, Status::Legacy) => "not used any more",
            (_, Status::Temporary) => "only while setting up",
            (false, Status::Used) => "left out",
        };
        let mut needs: Vec<String> = feature
            .grant
            .iter()
            .map(|grant| {
                let cells = bitting_policy::Verb::EVERY
                    .into_iter()
                    .filter(|verb| grant.level(*verb) > Level::None);
                let cells: Vec<String> = cells
                    .map(|verb| format!("{verb} {}", grant.level(verb)))
                    .collect();
                format!("{}: {}", grant.title(), cells.join(", "))
            })
            .collect();
        needs.extend(feature.setting.iter().map(autotask::words));
        let mut why = feature.why.clone();
        if let Some(until) = &feature.until {
            format!("{why} {until}").trim().clone_into(&mut why);
        }
        vec![
            feature.id.clone(),
            feature.title.clone(),
            needs.join("; "),
            why,
            state.to_owned(),
        ]
    });
    page.push(Block::table(
        &["Feature", "What for", "Needs", "Remark", "State"],
        rows.collect(),
    ));
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
    if !items.is_empty() {
        page.push(Block::heading(2, "Security notes"));
        page.push(Block::Bullets(items));
    }
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
    if rows.is_empty() {
        page.pop();
        return;
    }
    page.push(Block::table(&["Symptom", "Cause", "Cure"], rows));
}
