//! A configuration type made after another: the type, the questions it asks and the values they offer.

use crate::related::{self, text};
use bitting_dialects::connectwise::error::{ApiError, FieldError};
use bitting_dialects::connectwise::names;
use bitting_psa::backend::equals;
use bitting_psa::draft::Draft;
use bitting_psa::permit::Permit;
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_psa::{answer::Answer, context::Context};
use bitting_query::{Filter, Kind, Value};
use bitting_store::table::Change;
use std::collections::HashMap;

const TYPES: &str = "company/configurations/types";
const QUESTIONS: &str = "company/configurations/types/questions";
const VALUES: &str = "company/configurations/types/questions/values";

/// `/copy`: the type that the body names, under another name.
pub async fn copy(
    context: Context<'_>,
    permit: &Permit<'_>,
    body: &[u8],
) -> Result<Answer, Problem> {
    let members = related::object(body, "ConfigurationTypeCopy")?;
    let resource = "configurationTypeCopy";
    let required = |name| Problem::field(resource, FieldError::missing(resource, name));
    let from = related::member(&members, "id").and_then(related::number);
    let from = from.ok_or_else(|| required("id"))?;
    let name = related::member(&members, "name").and_then(|name| name.as_str());
    let name = name.ok_or_else(|| required("name"))?;
    let backend = &context.instance.backend;
    let row = backend.row(&permit.reading(), from).await?;
    let row = row.ok_or_else(|| ApiError::not_found("ConfigurationType", &from.to_string()))?;
    let id = related::next_id(context.instance, TYPES).await?;
    let same = equals("name", Kind::Text, text(name));
    if !related::filtered(context.instance, TYPES, same)
        .await?
        .is_empty()
    {
        let message = format!("ConfigurationType with the name {name} already exists.");
        let error = FieldError::exists(resource, "name", message);
        return Err(Problem::field(resource, error));
    }
    let mut changes = Vec::new();
    changes.extend(after(context, TYPES, &row, id, &[("name", text(name))]).await?);
    changes.extend(questions(context, from, id).await?);
    bitting_psa::saving::finish(context, permit.entity(), changes).await?;
    let look = context.look();
    let body = backend
        .get(&permit.reading(), id, Filter::Constant(true), look)
        .await?
        .unwrap_or_default();
    Ok(Answer {
        status: 200,
        body,
        ..Answer::default()
    })
}

async fn questions(context: Context<'_>, from: i64, to: i64) -> Result<Vec<Change>, Problem> {
    let instance = context.instance;
    let mut changes = Vec::new();
    let Some(parent) = related::entity(instance, QUESTIONS)?.parents.last() else {
        return Ok(changes);
    };
    let mut made = HashMap::new();
    for question in related::under(instance, QUESTIONS, &parent.column, from).await? {
        let id = related::next_id(instance, QUESTIONS).await?;
        made.insert(question.id, id);
        let values = [(&*parent.column, Value::Integer(to))];
        changes.extend(after(context, QUESTIONS, &question, id, &values).await?);
    }
    for (was, is) in made {
        for value in related::under(instance, VALUES, "question_id", was).await? {
            let id = related::next_id(instance, VALUES).await?;
            let values = [
                ("question_id", Value::Integer(is)),
                ("configuration_type_id", Value::Integer(to)),
            ];
            changes.extend(after(context, VALUES, &value, id, &values).await?);
        }
    }
    Ok(changes)
}

/// The changes that lay down a copy of a row with some columns of its own.
async fn after(
    context: Context<'_>,
    path: &str,
    model: &Row,
    id: i64,
    values: &[(&str, Value)],
) -> Result<Vec<Change>, Problem> {
    let entity = related::entity(context.instance, path)?;
    let mut row = model.clone();
    row.id = id;
    for (column, value) in values {
        row.set(column, value.clone());
    }
    let draft = Draft {
        entity,
        row,
        before: None,
        given: Vec::new(),
        also: Vec::new(),
        errors: Vec::new(),
        resource: names::resource(&entity.schema),
    };
    related::inserted(context, draft, None).await
}
