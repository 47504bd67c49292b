//! Pushed opportunities read back: amounts, start, the client's answer, an empty description. The PSA owns these
//! from the push on. Also the import of opportunities that others made.

use super::push::{PROJECT, lines};
use super::settings::{Amounts, Settings};
use super::{COMPANIES, READ_OPPORTUNITIES, REPORTS, SLUG, companies, lookups};
use crate::Failure;
use crate::api::{encode, id, list};
use crate::sight;
use crate::state::{Record, Shelf};
use crate::text::hash;
use crate::work::Work;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const OPPORTUNITY: &str = "opportunity";
/// Ids per question.
const CHUNK: usize = 200;
/// When this share of the pushed opportunities vanishes at once, a person has to look.
const VANISHED: f64 = 0.2;

pub fn read_back(work: &mut Work<'_>) -> Result<(), Failure> {
    let settings: Settings = work.settings()?;
    import(work, &settings)?;
    let statuses = lookups::rows(work, lookups::OPPORTUNITY_STATUSES)?;
    let mut wanted: BTreeMap<i64, Option<Record>> = BTreeMap::new();
    for ledger in work.state.all(Shelf::Outbox, SLUG, PROJECT)? {
        if let Some(opportunity) = ledger.psa_id.filter(|_| ledger.state == "pushed") {
            wanted.insert(opportunity, Some(ledger));
        }
    }
    for link in work.state.all(Shelf::Link, SLUG, OPPORTUNITY)? {
        if let Some(opportunity) = link.psa_id.filter(|_| link.state == "imported") {
            wanted.entry(opportunity).or_insert(None);
        }
    }
    let ids: Vec<i64> = wanted.keys().copied().collect();
    let mut found = BTreeMap::new();
    for chunk in ids.chunks(CHUNK) {
        for row in work.api.find(
            READ_OPPORTUNITIES,
            "sales/opportunities",
            &format!("id in ({})", list(chunk.iter().copied())),
        )? {
            found.insert(id(&row), row);
        }
    }
    let mut shown = Vec::new();
    for (opportunity, row) in &found {
        let forecast = lines(&work.api.get(
            READ_OPPORTUNITIES,
            &format!("sales/opportunities/{opportunity}/forecast"),
        )?);
        let mut link = work
            .state
            .find(Shelf::Link, SLUG, OPPORTUNITY, &opportunity.to_string())?
            .unwrap_or_else(|| Record::new(SLUG, OPPORTUNITY, opportunity.to_string()));
        // Ours as it was pushed, before the first reading.
        let pushed = wanted.get(opportunity).and_then(Option::as_ref);
        let pushed = pushed.map_or(&Value::Null, |ledger| &ledger.data["description"]);
        let ours = [&link.data["description"], pushed];
        let ours = ours
            .into_iter()
            .find(|text| text.as_str().is_some_and(|text| !text.is_empty()));
        let view = view(&settings, &statuses, row, &forecast, ours);
        let print = hash(&view.to_string());
        work.counts.read += 1;
        shown.push(view.clone());
        if link.hash == print {
            work.counts.unchanged += 1;
            continue;
        }
        if link.id == 0 {
            "pushed".clone_into(&mut link.state);
        }
        link.psa_id = Some(*opportunity);
        link.hash = print;
        link.updated = work.moment();
        link.data = view;
        work.state.put(Shelf::Link, &mut link)?;
        work.counts.changed += 1;
    }
    for kept in deleted(work, wanted, &found)? {
        // As it was, since nobody knows better.
        let key = kept.to_string();
        let before = work.state.find(Shelf::Link, SLUG, OPPORTUNITY, &key)?;
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
    statuses: &[Value],
    row: &Value,
    forecast: &[Value],
    ours: Option<&Value>,
) -> Value {
    let field = match settings.opportunity.amounts {
        Amounts::Revenue => "revenue",
        Amounts::Cost => "cost",
    };
    let sum = |kind: &str| -> f64 {
        forecast
            .iter()
            .filter(|line| line["forecastType"] == kind)
            .filter_map(|line| line[field].as_f64())
            .sum()
    };
    let status = statuses
        .iter()
        .find(|status| status["id"] == row["status"]["id"]);
    let response = match status {
        Some(status) if status["won"] == true => Some("Accepted"),
        Some(status) if status["lost"] == true => Some("Rejected"),
        _ => None,
    };
    let start = settings.opportunity.start_field.and_then(|field| {
        let fields = row["customFields"].as_array()?;
        fields
            .iter()
            .find(|found| found["id"].as_i64() == Some(field))
            .map(|found| found["value"].clone())
    });
    // The description is taken over only while there is none.
    let description = ours.unwrap_or(&row["notes"]);
    json!({
        "opportunity": id(row), "company": row["company"]["id"], "name": row["name"], "material": sum("Product"), "labor": sum("Service"),
        "start": start, "response": response, "description": description,
    })
}

/// An opportunity is deleted here only when the PSA says 404 to its id, the report of all opportunities does not have
/// it either, nothing can be hidden from the key (whether a location narrows reports too is not known of every PSA),
/// the key still opens the PSA, and few vanish at once: a location that hides records answers 404 too. Answers those
/// that do not show and are kept.
fn deleted(
    work: &mut Work<'_>,
    wanted: BTreeMap<i64, Option<Record>>,
    found: &BTreeMap<i64, Value>,
) -> Result<Vec<i64>, Failure> {
    let total = wanted.len();
    let (mut gone, mut kept, mut narrowed) = (Vec::new(), Vec::new(), None);
    for (opportunity, ledger) in wanted {
        if !found.contains_key(&opportunity)
            && work
                .api
                .get_if_there(
                    READ_OPPORTUNITIES,
                    &format!("sales/opportunities/{opportunity}"),
                )?
                .is_none()
        {
            if hidden(work, opportunity)? {
                work.warn(format!(
                    "opportunity {opportunity} is there, but hidden from the key by its location; it is kept as it was"
                ));
                kept.push(opportunity);
                continue;
            }
            if narrowed.is_none() {
                narrowed = Some(sight::narrowed(work.api, READ_OPPORTUNITIES)?);
            }
            if let Some(Some(reason)) = &narrowed {
                work.warn(format!(
                    "opportunity {opportunity} was deleted, or is hidden from the key ({reason}); it is kept as it was. \
                     A key whose member sits at the top location can tell"
                ));
                kept.push(opportunity);
                continue;
            }
            gone.push((opportunity, ledger));
        }
    }
    if gone.is_empty() {
        return Ok(kept);
    }
    // One alone may go however few there are.
    if gone.len() > 1 && gone.len() as f64 >= VANISHED * total as f64 {
        return Err(Failure::Held(format!(
            "{} of {total} opportunities vanished at once; nothing is deleted here. Does the key's location still show them?",
            gone.len()
        )));
    }
    work.api.get(COMPANIES, "company/companies?pageSize=1")?;
    for (opportunity, ledger) in gone {
        // Once more behind the proof: the key may have been narrower a moment ago.
        let path = format!("sales/opportunities/{opportunity}");
        if work.api.get_if_there(READ_OPPORTUNITIES, &path)?.is_some() {
            continue;
        }
        work.warn(format!(
            "opportunity {opportunity} was deleted in the PSA and is deleted here too"
        ));
        if let Some(mut link) =
            work.state
                .find(Shelf::Link, SLUG, OPPORTUNITY, &opportunity.to_string())?
        {
            "deleted".clone_into(&mut link.state);
            work.state.put(Shelf::Link, &mut link)?;
        }
        if let Some(mut ledger) = ledger {
            "deleted".clone_into(&mut ledger.state);
            work.state.put(Shelf::Outbox, &mut ledger)?;
        }
        work.counts.changed += 1;
    }
    Ok(kept)
}

/// Whether a report shows a record that the key cannot see.
fn hidden(work: &Work<'_>, opportunity: i64) -> Result<bool, Failure> {
    let wanted = encode(&format!("Opportunity_RecID = {opportunity}"));
    let path = format!("system/reports/Opportunity?pageSize=1&conditions={wanted}");
    let rows = work.api.get(REPORTS, &path)?;
    Ok(rows["row_values"]
        .as_array()
        .is_some_and(|rows| !rows.is_empty()))
}

/// Opportunities of the chosen types and statuses that are not known yet.
fn import(work: &mut Work<'_>, settings: &Settings) -> Result<(), Failure> {
    let chosen = &settings.opportunity;
    if chosen.import_types.is_empty() || chosen.import_statuses.is_empty() {
        return Ok(());
    }
    let types = lookups::all_named(
        work,
        lookups::OPPORTUNITY_TYPES,
        "opportunity.import_types",
        &chosen.import_types,
    )?;
    let statuses = lookups::all_named(
        work,
        lookups::OPPORTUNITY_STATUSES,
        "opportunity.import_statuses",
        &chosen.import_statuses,
    )?;
    let propelled = companies::propelled(work, settings)?;
    let pushed: BTreeSet<i64> = work
        .state
        .all(Shelf::Outbox, SLUG, PROJECT)?
        .iter()
        .filter_map(|ledger| ledger.psa_id)
        .collect();
    let conditions = format!(
        "type/id in ({}) and status/id in ({})",
        list(types),
        list(statuses)
    );
    let (mut found, path, rest) = (Vec::new(), "sales/opportunities", "&fields=id,company");
    let api = work.api;
    api.walk(READ_OPPORTUNITIES, path, &conditions, rest, |rows| {
        found.extend(rows);
        Ok(())
    })?;
    for row in found {
        let company = row["company"]["id"].as_i64().unwrap_or_default();
        let key = id(&row).to_string();
        if !propelled.contains(&company)
            || pushed.contains(&id(&row))
            || work
                .state
                .find(Shelf::Link, SLUG, OPPORTUNITY, &key)?
                .is_some()
        {
            continue;
        }
        let mut link = Record::new(SLUG, OPPORTUNITY, key);
        link.psa_id = Some(id(&row));
        "imported".clone_into(&mut link.state);
        link.updated = work.moment();
        work.state.put(Shelf::Link, &mut link)?;
        work.counts.created += 1;
    }
    Ok(())
}
