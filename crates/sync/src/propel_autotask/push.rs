//! A project opportunity becomes an opportunity once, in steps: the opportunity with its amounts, a document, a
//! to-do. Each is on the ledger and looked up before it is made. Then read back daily, and the import of others'.

use super::lookups::{self, ACTIONS, STAGES, STATUSES};
use super::settings::Settings;
use super::{
    ADD_OPPORTUNITIES, ADD_TODOS, ATTACHMENTS, COMPANIES, READ_OPPORTUNITIES, READ_TODOS, Working,
};
use crate::Failure;
use crate::api::short;
use crate::propel::companies::chosen;
use crate::propel::push::{PROJECT, Project, done, each};
use crate::queries::is;
use crate::state::{Record, Shelf};
use crate::text::hash;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const OPPORTUNITY: &str = "opportunity";
const STEPS: [&str; 3] = ["opportunity", "document", "activity"];
/// Ids that one condition may name.
const CHUNK: usize = 400;
/// Above our own lines of a description.
const RULE: &str = "\n\n-- Propel Your MSP --\n";

/// What the settings say of every opportunity.
struct Mapping {
    status: i64,
    stage: i64,
    probability: i64,
    action: i64,
    owner: Option<i64>,
}

pub fn run(work: &mut Working<'_>) -> Result<(), Failure> {
    let settings: Settings = work.settings()?;
    let projects: Vec<Project> = work.input("projects.jsonl")?;
    if projects.is_empty() {
        return Ok(());
    }
    let chosen = settings.opportunity;
    let stage = match &chosen.stage {
        Some(stage) => lookups::named(work, STAGES, "opportunity.stage", stage)?,
        None => lookups::values(work, STAGES)?
            .first()
            .map(|(id, _)| *id)
            .ok_or_else(|| {
                Failure::Settings("the PSA has no stages of opportunities".to_owned())
            })?,
    };
    let mapping = Mapping {
        status: lookups::named(work, STATUSES, "opportunity.status", &chosen.status)?,
        stage,
        probability: chosen.probability,
        action: lookups::named(
            work,
            ACTIONS,
            "opportunity.action_type",
            &chosen.action_type,
        )?,
        owner: chosen.owner,
    };
    each(work, projects, &STEPS, |work, project, ledger| {
        push(work, project, &mapping, ledger)
    })
}

fn push(
    work: &mut Working<'_>,
    project: &Project,
    mapping: &Mapping,
    ledger: &mut Record,
) -> Result<(), Failure> {
    let companies = work
        .api
        .find(COMPANIES, "Companies", &[is("eq", "id", project.company)])?;
    let company = companies.first().ok_or_else(|| Failure::NotFound {
        path: format!("company {}", project.company),
    })?;
    let owner = company["ownerResourceID"]
        .as_i64()
        .or(mapping.owner)
        .ok_or_else(|| {
            Failure::Held(format!(
                "company {} has no account manager, and opportunity.owner names nobody",
                project.company
            ))
        })?;
    let opportunity = match ledger.psa_id {
        Some(opportunity) => opportunity,
        None => made(work, project, mapping, owner)?,
    };
    ledger.psa_id = Some(opportunity);
    if !ledger.data.is_object() {
        ledger.data = json!({});
    }
    // Ours stays what is shown, whatever somebody makes of it there.
    ledger.data["description"] = json!(project.description);
    done(work, ledger, "opportunity", opportunity)?;
    if !ledger.data["document"].is_i64() {
        // No right of the profile is about attachments; where the copied level grants it, the document goes along.
        match document(work, project, opportunity) {
            Ok(id) => done(work, ledger, "document", id)?,
            Err(Failure::Right { .. }) => {
                work.warn(format!(
                    "project opportunity {}: the level does not let documents be attached, which the guide does not ask for either; it goes without",
                    project.id
                ));
                done(work, ledger, "document", 0)?;
            }
            Err(failure) => return Err(failure),
        }
    }
    if !ledger.data["activity"].is_i64() {
        let todo = todo(work, project, mapping, opportunity, owner)?;
        done(work, ledger, "activity", todo)?;
    }
    "pushed".clone_into(&mut ledger.state);
    ledger.hash.clear();
    ledger.updated = work.moment();
    work.state.put(Shelf::Outbox, ledger)
}

fn mark(project: &Project) -> String {
    format!("[propel:{}]", project.id)
}

/// Looked up first: a run that was cut off may have made it.
fn made(
    work: &mut Working<'_>,
    project: &Project,
    mapping: &Mapping,
    owner: i64,
) -> Result<i64, Failure> {
    let mark = mark(project);
    let conditions = [
        is("eq", "companyID", project.company),
        is("contains", "description", mark.as_str()),
    ];
    let found = work
        .api
        .find(READ_OPPORTUNITIES, "Opportunities", &conditions)?;
    if let Some(there) = found.iter().filter_map(|row| row["id"].as_i64()).min() {
        return Ok(there);
    }
    let description = format!(
        "{}{RULE}Material: {:.2} (cost {:.2})\nLabor: {:.2} (cost {:.2})\n{mark}",
        short(&project.description, 7000),
        project.material,
        project.material_cost,
        project.labor,
        project.labor_cost
    );
    let (amount, cost) = (
        project.material + project.labor,
        project.material_cost + project.labor_cost,
    );
    let mut body = json!({
        "title": short(&project.name, 128), "companyID": project.company, "ownerResourceID": owner, "status": mapping.status,
        "stage": mapping.stage, "probability": mapping.probability, "createDate": work.moment(),
        "projectedCloseDate": format!("{}T00:00:00Z", project.close), "amount": amount, "cost": cost, "onetimeRevenue": amount,
        "onetimeCost": cost, "useQuoteTotals": false, "description": description,
    });
    if let Some(start) = &project.start {
        body["promisedFulfillmentDate"] = json!(format!("{start}T00:00:00Z"));
    }
    work.api.post(ADD_OPPORTUNITIES, "Opportunities", &body)
}

fn document(work: &mut Working<'_>, project: &Project, opportunity: i64) -> Result<i64, Failure> {
    let title = short(&format!("Propel: {}", project.name), 100);
    let path = format!("Opportunities/{opportunity}/Attachments");
    let there = work.api.get(ATTACHMENTS, &path)?;
    let found = there["items"].as_array().into_iter().flatten();
    let mut found = found.filter(|row| row["title"] == title.as_str());
    if let Some(id) = found.next().and_then(|row| row["id"].as_i64()) {
        return Ok(id);
    }
    let text = format!(
        "{}\n\n{}\n\nMaterial: {:.2}\nLabor: {:.2}\nExpected start: {}\nExpected close: {}\n",
        project.name,
        project.description,
        project.material,
        project.labor,
        project.start.as_deref().unwrap_or("open"),
        project.close
    );
    let body = json!({
        "title": title, "fullPath": "project-opportunity.txt", "attachmentType": "FILE_ATTACHMENT", "publish": 1,
        "data": BASE64.encode(text),
    });
    work.api.post(ATTACHMENTS, &path, &body)
}

fn todo(
    work: &mut Working<'_>,
    project: &Project,
    mapping: &Mapping,
    opportunity: i64,
    owner: i64,
) -> Result<i64, Failure> {
    let found = work.api.find(
        READ_TODOS,
        "CompanyToDos",
        &[is("eq", "opportunityID", opportunity)],
    )?;
    let mark = mark(project);
    let ours = |row: &&Value| {
        let text = row["activityDescription"].as_str();
        text.is_some_and(|text| text.contains(&mark))
    };
    if let Some(id) = found.iter().find(ours).and_then(|row| row["id"].as_i64()) {
        return Ok(id);
    }
    let body = json!({
        "companyID": project.company, "opportunityID": opportunity, "actionType": mapping.action, "assignedToResourceID": owner,
        "activityDescription": format!("Follow up on {}\n{mark}", project.name),
        "startDateTime": format!("{}T09:00:00Z", project.close), "endDateTime": format!("{}T09:30:00Z", project.close),
    });
    let path = format!("Companies/{}/ToDos", project.company);
    work.api.post(ADD_TODOS, &path, &body)
}

pub fn read_back(work: &mut Working<'_>) -> Result<(), Failure> {
    let settings: Settings = work.settings()?;
    import(work, &settings)?;
    let slug = work.integration;
    // With our own description, where it was pushed.
    let mut wanted: BTreeMap<i64, Value> = BTreeMap::new();
    for ledger in work.state.all(Shelf::Outbox, slug, PROJECT)? {
        if let Some(id) = ledger.psa_id.filter(|_| ledger.state == "pushed") {
            wanted.insert(id, ledger.data["description"].clone());
        }
    }
    for link in work.state.all(Shelf::Link, slug, OPPORTUNITY)? {
        if let Some(id) = link.psa_id.filter(|_| link.state == "imported") {
            wanted.entry(id).or_default();
        }
    }
    let statuses: BTreeMap<i64, String> = lookups::values(work, STATUSES)?.into_iter().collect();
    let ids: Vec<i64> = wanted.keys().copied().collect();
    let (mut shown, mut seen) = (Vec::new(), Vec::new());
    for ids in ids.chunks(CHUNK) {
        let conditions = [is("in", "id", ids.to_vec())];
        for row in work
            .api
            .find(READ_OPPORTUNITIES, "Opportunities", &conditions)?
        {
            work.counts.read += 1;
            let id = row["id"].as_i64().unwrap_or_default();
            seen.push(id);
            let known = work
                .state
                .find(Shelf::Link, slug, OPPORTUNITY, &id.to_string())?;
            let mut link = known.unwrap_or_else(|| Record::new(slug, OPPORTUNITY, id.to_string()));
            let ours = [&link.data["description"], &wanted[&id]]
                .into_iter()
                .find_map(|text| text.as_str().filter(|text| !text.is_empty()));
            let view = view(&settings, &statuses, &row, ours);
            let print = hash(&view.to_string());
            shown.push(view.clone());
            if link.hash == print {
                work.counts.unchanged += 1;
                continue;
            }
            if link.id == 0 {
                "pushed".clone_into(&mut link.state);
            }
            link.psa_id = Some(id);
            link.hash = print;
            link.updated = work.moment();
            link.data = view;
            work.state.put(Shelf::Link, &mut link)?;
            work.counts.changed += 1;
        }
    }
    // Autotask deletes no opportunity: one that is not there is hidden from the key.
    for id in ids.iter().filter(|id| !seen.contains(id)) {
        work.warn(format!(
            "opportunity {id} is not to be seen any more; nothing is deleted here. Does the key's security level still show it?"
        ));
        let key = id.to_string();
        let before = work.state.find(Shelf::Link, slug, OPPORTUNITY, &key)?;
        shown.extend(
            before
                .map(|link| link.data)
                .filter(|view| !view["opportunity"].is_null()),
        );
    }
    work.output("opportunities.jsonl", &shown)
}

/// What the review shows of an opportunity.
fn view(
    settings: &Settings,
    statuses: &BTreeMap<i64, String>,
    row: &Value,
    ours: Option<&str>,
) -> Value {
    let status = row["status"]
        .as_i64()
        .and_then(|status| statuses.get(&status));
    let among = |words: &[String]| {
        status.is_some_and(|status| words.iter().any(|word| word.eq_ignore_ascii_case(status)))
    };
    let response = if among(&settings.opportunity.won) {
        Some("Accepted")
    } else if among(&settings.opportunity.lost) {
        Some("Rejected")
    } else {
        None
    };
    let text = row["description"].as_str().unwrap_or_default();
    let (own, lines) = text.split_once(RULE.trim()).unwrap_or((text, ""));
    let line = |name: &str| -> Option<f64> {
        let line = lines.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse().ok()
    };
    let amount = row["amount"].as_f64();
    // The lines tell the parts as long as they still make up the amount, which the PSA owns.
    let parts = line("Material: ")
        .zip(line("Labor: "))
        .filter(|(material, labor)| {
            amount.is_some_and(|amount| (material + labor - amount).abs() < 0.005)
        });
    // The description is taken over only while there is none.
    let description = ours.unwrap_or(own.trim());
    json!({
        "opportunity": row["id"], "company": row["companyID"], "name": row["title"], "amount": amount,
        "material": parts.map(|parts| parts.0), "labor": parts.map(|parts| parts.1), "start": row["promisedFulfillmentDate"],
        "response": response, "description": description,
    })
}

/// Opportunities of the chosen statuses that are not known yet.
fn import(work: &mut Working<'_>, settings: &Settings) -> Result<(), Failure> {
    let slug = work.integration;
    let mut statuses = Vec::new();
    for status in &settings.opportunity.import_statuses {
        statuses.push(lookups::named(
            work,
            STATUSES,
            "opportunity.import_statuses",
            status,
        )?);
    }
    if statuses.is_empty() {
        return Ok(());
    }
    let propelled = chosen(work, &settings.companies.propelled)?;
    let ledgers = work.state.all(Shelf::Outbox, slug, PROJECT)?;
    let pushed: Vec<i64> = ledgers.iter().filter_map(|ledger| ledger.psa_id).collect();
    for row in work.api.find(
        READ_OPPORTUNITIES,
        "Opportunities",
        &[is("in", "status", statuses)],
    )? {
        let id = row["id"].as_i64().unwrap_or_default();
        let company = row["companyID"].as_i64().unwrap_or_default();
        let key = id.to_string();
        if !propelled.contains(&company)
            || pushed.contains(&id)
            || work
                .state
                .find(Shelf::Link, slug, OPPORTUNITY, &key)?
                .is_some()
        {
            continue;
        }
        let mut link = Record::new(slug, OPPORTUNITY, key);
        link.psa_id = Some(id);
        "imported".clone_into(&mut link.state);
        link.updated = work.moment();
        work.state.put(Shelf::Link, &mut link)?;
        work.counts.created += 1;
    }
    Ok(())
}
