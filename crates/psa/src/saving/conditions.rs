//! Fields that other fields make required, or out of place: what the catalog says of them, held against the record
//! as it will be. Runs after defaults and rules, so that what they fill in counts.

use crate::context::Context;
use crate::draft::Draft;
use crate::problem::Problem;
use bitting_catalog::conditions::{Broken, Held, broken};
use bitting_catalog::entity::{Field, Kind};
use bitting_dialects::connectwise::error::FieldError;
use bitting_dialects::connectwise::names;
use bitting_query::Value;
use std::collections::HashMap;

/// Adds to the draft's errors what it breaks. A field that is wrong already is not told of twice, and one that the
/// caller's release does not have is not asked for.
pub(super) async fn check(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    let fields = &draft.entity.fields;
    if fields.iter().all(|field| field.conditions.is_none()) {
        return Ok(());
    }
    let words = words(context, draft).await?;
    let said = |field: &Field| draft.is_new() || draft.gave(&field.name);
    let held = |field: &Field| match words.get(&*field.name) {
        Some(words) => Held::Words(words.clone()),
        None => held(field, draft.row.get(&field.column)),
    };
    let mut errors = errors(&draft.resource, fields, &said, &held);
    errors.retain(|error| {
        let asked = draft.field(&error.field);
        let wrong = |other: &FieldError| other.field.split('/').next() == Some(&error.field);
        asked.is_some_and(|(_, field)| names::exists(field, context.release))
            && !draft.errors.iter().any(wrong)
    });
    draft.errors.append(&mut errors);
    Ok(())
}

/// What a record, or a body that is none, breaks: each field with the reason.
pub fn errors(
    resource: &str,
    fields: &[Field],
    said: &dyn Fn(&Field) -> bool,
    held: &dyn Fn(&Field) -> Held,
) -> Vec<FieldError> {
    let told = |(field, broken): (&Field, Broken)| {
        let conditions = field.conditions.iter();
        let why: Vec<String> = conditions
            .flat_map(|one| one.sentences_of(broken))
            .collect();
        let why = why.join(" and ");
        let message = format!("The {} field is {why}.", field.name);
        match broken {
            Broken::Missing => FieldError {
                message,
                ..FieldError::missing(resource, &field.name)
            },
            Broken::OutOfPlace => FieldError::invalid(resource, &field.name, message),
        }
    };
    broken(fields, said, held).into_iter().map(told).collect()
}

fn held(field: &Field, value: &Value) -> Held {
    match (value, &field.kind) {
        (Value::Null, _) => Held::Nothing,
        (Value::Text(text), _) if text.trim().is_empty() => Held::Nothing,
        (Value::Text(text), Kind::Text) => Held::Words(vec![text.clone()]),
        (Value::Boolean(flag), _) => Held::Flag(*flag),
        #[allow(clippy::cast_precision_loss)]
        (Value::Integer(number), Kind::Integer | Kind::Number) => Held::Number(*number as f64),
        (Value::Number(number), _) => Held::Number(*number),
        _ => Held::Something,
    }
}

/// By the name of each link that a condition looks into: identifier and name of the record it points to.
async fn words(
    context: Context<'_>,
    draft: &Draft<'_>,
) -> Result<HashMap<String, Vec<String>>, Problem> {
    let mut words = HashMap::new();
    let looked_at = draft
        .entity
        .fields
        .iter()
        .filter_map(|field| field.conditions.as_ref());
    for name in looked_at.flat_map(|conditions| conditions.names()) {
        let Some((_, field)) = draft.field(name) else {
            continue;
        };
        let (Kind::Reference(to), Some(id)) = (&field.kind, draft.row.integer(&field.column))
        else {
            continue;
        };
        let Some(target) = to.target.filter(|_| !words.contains_key(&**name)) else {
            continue;
        };
        let target = context.instance.catalog().entity(target);
        let row = context.instance.backend.raw_row(target, id).await?;
        let known_by = to
            .members
            .iter()
            .filter(|(member, _)| matches!(&**member, "identifier" | "name"));
        let shown = known_by.filter_map(|(_, field)| {
            let column = &target.any_field(field)?.column;
            row.as_ref()?.text(column).map(str::to_owned)
        });
        words.insert(name.to_string(), shown.collect());
    }
    Ok(words)
}
