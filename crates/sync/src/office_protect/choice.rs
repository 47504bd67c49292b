//! What the settings choose for new tickets on Autotask: status, priority and category. A category supplies what is
//! not chosen; what nobody says is what the PSA's own form begins with. A status that completes tickets is refused.

use super::settings::Settings;
use crate::Failure;
use crate::autotask_tickets::{COMPLETE, READ_TICKETS, category_defaults, named};
use crate::queries::{Pick, Queries, picks_in};
use crate::work::Work;
use serde_json::{Map, Value, json};

/// What new tickets get.
pub struct Choice {
    /// By the names of the tickets' fields.
    pub fields: Value,
    /// What is wrong with the settings; what they name wrongly is left to the category and the PSA.
    pub fault: Option<String>,
}

/// The pick lists, their values for people in `out/`, and whether what is chosen is there.
pub fn run(work: &mut Work<'_, Queries<'_>>) -> Result<(), Failure> {
    let settings = Settings::of(work)?;
    let lists = lists(work.api)?;
    for (field, file) in [
        ("status", "statuses.jsonl"),
        ("priority", "priorities.jsonl"),
        ("ticketCategory", "categories.jsonl"),
    ] {
        let rows: Vec<Value> = picks_in(&lists, field)
            .iter()
            .filter(|pick| field != "status" || pick.id != COMPLETE)
            .map(|pick| json!({ "id": pick.id, "name": pick.name, "default": pick.default }))
            .collect();
        work.counts.read += rows.len() as u64;
        work.output(file, &rows)?;
    }
    match chosen(work.api, &lists, &settings)?.fault {
        Some(fault) => Err(Failure::Settings(fault)),
        None => Ok(()),
    }
}

/// What new tickets get by the settings, as the PSA has it now.
pub fn choose(api: Queries<'_>, settings: &Settings) -> Result<Choice, Failure> {
    let lists = lists(api)?;
    chosen(api, &lists, settings)
}

fn lists(api: Queries<'_>) -> Result<Vec<Value>, Failure> {
    api.fields(READ_TICKETS, "Tickets")
}

fn chosen(api: Queries<'_>, lists: &[Value], settings: &Settings) -> Result<Choice, Failure> {
    let (mut fields, mut faults) = (Map::new(), Vec::new());
    let mut pick = |field: &str, setting: &str, word: &Option<String>| {
        let picks = picks_in(lists, field);
        let found = match word
            .as_deref()
            .map(|word| usable(&picks, field, setting, word))
        {
            None => return None,
            Some(Ok(id)) => id,
            Some(Err(fault)) => {
                faults.push(fault);
                return None;
            }
        };
        Some(found)
    };
    let category = pick("ticketCategory", "category", &settings.category);
    let status = pick("status", "status", &settings.status);
    let priority = pick("priority", "priority", &settings.priority);
    if let Some(category) = category {
        fields.insert("ticketCategory".to_owned(), json!(category));
        let supplied = category_defaults(api, category)?;
        for (field, value) in supplied.as_object().into_iter().flatten() {
            // A value that was switched off since would have every ticket refused.
            let active = |pick: &Pick| *value == pick.id && open(field, pick);
            if picks_in(lists, field).iter().any(active) {
                fields.insert(field.clone(), value.clone());
            }
        }
    }
    for (field, wanted) in [("status", status), ("priority", priority)] {
        if let Some(id) = wanted.or_else(|| match fields.get(field) {
            Some(_) => None,
            None => usual(&picks_in(lists, field), field),
        }) {
            fields.insert(field.to_owned(), json!(id));
        }
    }
    let fault = (!faults.is_empty()).then(|| {
        format!(
            "{}; until that is mended, new tickets get what their category supplies, or else Autotask itself",
            faults.join("; ")
        )
    });
    Ok(Choice {
        fields: Value::Object(fields),
        fault,
    })
}

/// Whether a new ticket may have the value.
fn open(field: &str, pick: &Pick) -> bool {
    field != "status" || pick.id != COMPLETE
}

fn usable(picks: &[Pick], field: &str, setting: &str, word: &str) -> Result<i64, String> {
    let pick = named(picks, field, setting, word).map_err(|failure| match failure {
        Failure::Settings(fault) => fault,
        other => other.to_string(),
    })?;
    if open(field, pick) {
        Ok(pick.id)
    } else {
        Err(format!("{setting} `{word}` completes tickets"))
    }
}

/// What the PSA's own form begins with, else the first value.
fn usual(picks: &[Pick], field: &str) -> Option<i64> {
    let mut usable = picks.iter().filter(|pick| open(field, pick));
    let first = usable.clone().next();
    usable
        .find(|pick| pick.default)
        .or(first)
        .map(|pick| pick.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pick(id: i64, name: &str, default: bool) -> Pick {
        Pick {
            id,
            name: name.to_owned(),
            default,
        }
    }

    #[test]
    fn a_status_that_completes_is_refused_whatever_its_name() {
        let picks = [pick(1, "New", false), pick(5, "Erledigt", true)];
        assert_eq!(usable(&picks, "status", "status", "new"), Ok(1));
        for word in ["Erledigt", "5"] {
            let fault = usable(&picks, "status", "status", word).err();
            assert!(fault.is_some_and(|fault| fault.contains("completes tickets")));
        }
        // Five is a priority like any other.
        assert_eq!(usable(&picks, "priority", "priority", "5"), Ok(5));
    }

    #[test]
    fn what_nobody_says_is_what_the_form_begins_with() {
        let picks = [pick(1, "Critical", false), pick(3, "Medium", true)];
        assert_eq!(usual(&picks, "priority"), Some(3));
        assert_eq!(usual(&picks[..1], "priority"), Some(1));
        let done = [pick(5, "Complete", true), pick(1, "New", false)];
        assert_eq!(usual(&done, "status"), Some(1));
        assert_eq!(usual(&[], "status"), None);
    }
}
