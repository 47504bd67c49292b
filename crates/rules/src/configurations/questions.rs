//! The questions that a configuration's type asks, with this configuration's answers. A list of answers
//! replaces the one before it; a password that the caller may not see is not lost by that.

use crate::related::{self, text};
use bitting_dialects::connectwise::error::FieldError;
use bitting_psa::context::Context;
use bitting_psa::draft::Draft;
use bitting_psa::permit::pass_through;
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_query::Value as Stored;
use serde_json::{Value, json};

const QUESTIONS: &str = "company/configurations/types/questions";
const FIELD: &str = "questions";

/// Writes the configuration's questions anew, where anything about them has changed.
pub async fn settle(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    let Some(kind) = draft.integer("type") else {
        return Ok(());
    };
    let same = !draft.gave(FIELD) && !draft.changed("type") && !draft.changed(FIELD);
    if same && !draft.is_new() {
        return Ok(());
    }
    let Some((index, field)) = draft.field(FIELD) else {
        return Ok(());
    };
    let at_rest = list(
        draft
            .before
            .as_ref()
            .and_then(|row| row.text(&field.column)),
    );
    let given = if draft.gave(FIELD) || !draft.changed("type") {
        list(draft.row.text(&field.column))
    } else {
        // Another type asks other questions: an answer goes along where one has the same words.
        // A password stays behind: the question that takes it up might show it to everybody.
        let mut kept = at_rest.clone();
        kept.retain(|answer| member(answer, "fieldType").as_str() != Some("Password"));
        for members in kept.iter_mut().filter_map(Value::as_object_mut) {
            members.remove("questionId");
        }
        kept
    };
    let entity = related::entity(context.instance, QUESTIONS)?;
    let Some(parent) = entity.parents.last() else {
        return Ok(());
    };
    let mut asked = related::under(context.instance, QUESTIONS, &parent.column, kind).await?;
    asked.retain(|row| !row.flag("inactive_flag"));
    asked.sort_by(|left, right| {
        let order = |row: &Row| row.number("sequence_number").unwrap_or(f64::MAX);
        order(left)
            .total_cmp(&order(right))
            .then(left.id.cmp(&right.id))
    });
    if draft.gave(FIELD) {
        unknown(draft, &given, &asked);
    }
    let veiled = pass_through(context.caller, draft.entity).hides(index);
    let mut answers = Vec::with_capacity(asked.len());
    for (position, question) in asked.iter().enumerate() {
        let before = at_rest.iter().find(|answer| is_of(answer, question));
        let said = given.iter().find(|answer| is_of(answer, question));
        let mut answer = said.map_or(Value::Null, |answer| member(answer, "answer").clone());
        let password = question.text("field_type") == Some("Password");
        if answer.is_null() && password && veiled {
            answer = before.map_or(Value::Null, |before| member(before, "answer").clone());
        }
        let id = before
            .and_then(|before| related::number(member(before, "answerId")))
            .unwrap_or(draft.row.id * 1000 + position as i64 + 1);
        answers.push(shown(question, id, answer));
    }
    draft.set(FIELD, text(Value::Array(answers).to_string()));
    Ok(())
}

fn list(json: Option<&str>) -> Vec<Value> {
    json.and_then(|json| serde_json::from_str(json).ok())
        .unwrap_or_default()
}

/// A member of an answer in any letter case.
fn member<'v>(answer: &'v Value, name: &str) -> &'v Value {
    answer
        .as_object()
        .and_then(|members| related::member(members, name))
        .unwrap_or(&Value::Null)
}

/// By the question's id, or by its text where no id is given.
fn is_of(answer: &Value, question: &Row) -> bool {
    match related::number(member(answer, "questionId")) {
        Some(id) => id == question.id,
        None => member(answer, "question")
            .as_str()
            .is_some_and(|text| Some(text) == question.text("question")),
    }
}

/// Answers to questions that the type does not ask.
fn unknown(draft: &mut Draft<'_>, given: &[Value], asked: &[Row]) {
    for answer in given {
        if asked.iter().any(|question| is_of(answer, question)) {
            continue;
        }
        let named = match member(answer, "questionId") {
            Value::Null => member(answer, "question").to_string(),
            id => id.to_string(),
        };
        let message = format!("Question {named} not found for the configuration's type");
        let error = FieldError::not_found(&draft.resource, "questions/questionId", message);
        draft.errors.push(error);
    }
}

fn shown(question: &Row, id: i64, answer: Value) -> Value {
    let mut shown = json!({ "answerId": id, "questionId": question.id });
    if !answer.is_null() {
        shown["answer"] = answer;
    }
    for (name, column) in [
        ("question", "question"),
        ("sequenceNumber", "sequence_number"),
        ("numberOfDecimals", "number_of_decimals"),
        ("fieldType", "field_type"),
    ] {
        match question.get(column) {
            Stored::Text(text) => shown[name] = json!(text),
            Stored::Integer(number) => shown[name] = json!(number),
            Stored::Number(number) => shown[name] = bitting_psa::number::shown(*number),
            _ => {}
        }
    }
    shown["requiredFlag"] = json!(question.flag("required_flag"));
    shown
}
