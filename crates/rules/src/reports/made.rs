//! Rows that a report makes of what is served and that are no records themselves: the elements of a list, the
//! values that a field may have, the lines of audit trails. Held in memory and cut into pages there.

use super::super::audit;
use super::definition::{Each, Report, Source};
use super::ground::{self, ELEMENT};
use super::rows::{Plan, read};
use bitting_dialects::connectwise::error::ApiError;
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_query::{Filter, Kind, Value, and};
use serde_json::Value as Json;

/// The rows of such a report, numbered from 1, with every column; of those records that the filter keeps.
pub async fn rows(plan: &Plan<'_>, filter: Filter) -> Result<Vec<Row>, Problem> {
    let base = match &plan.report.rows {
        Source::Each(each) => elements(plan, each, filter).await?,
        Source::Values { field, .. } => values(plan, field),
        Source::Trail(_) => audit::lines(plan.instance, plan.entity).await?,
        _ => Vec::new(),
    };
    let all = (0..plan.report.columns.len()).collect();
    let mut rows = plan.shown(&all, &base).await?;
    for (number, row) in (1..).zip(&mut rows) {
        row.id = number;
    }
    Ok(rows)
}

/// One row for each element, which keeps the id of its record: what hangs below is found by it.
async fn elements(plan: &Plan<'_>, each: &Each, filter: Filter) -> Result<Vec<Row>, Problem> {
    let column = ground::list(plan.entity, each).map_err(|error| {
        tracing::error!(error, "a report's file cannot be used");
        ApiError::server("The report's definition has a fault; the server's log says where.")
    })?;
    let path = bitting_psa::backend::column(&column, Kind::Text);
    let filter = and(filter, Filter::Not(Box::new(Filter::IsNull { path })));
    let mut needed = plan.needed();
    needed.insert(column.clone());
    let records = read(
        plan.instance,
        plan.entity,
        &needed,
        filter,
        Vec::new(),
        None,
        0,
    )
    .await?;
    let mut rows = Vec::new();
    for record in &records {
        let list = record.text(&column).unwrap_or_default();
        let list: Vec<Json> = serde_json::from_str(list).unwrap_or_default();
        for (position, element) in (1..).zip(&list) {
            let mut row = record.clone();
            spread(&mut row, ELEMENT, element);
            row.set("each/position", Value::Integer(position));
            rows.push(row);
        }
    }
    Ok(rows)
}

/// Members of an object by their path: `each/type/name`.
fn spread(row: &mut Row, name: &str, value: &Json) {
    let plain = match value {
        Json::Object(members) => {
            for (member, value) in members {
                spread(row, &format!("{name}/{member}"), value);
            }
            return;
        }
        Json::String(text) => Value::Text(text.clone()),
        Json::Bool(flag) => Value::Boolean(*flag),
        Json::Number(number) => number
            .as_i64()
            .map(Value::Integer)
            .or_else(|| number.as_f64().map(Value::Number))
            .unwrap_or(Value::Null),
        Json::Null | Json::Array(_) => return,
    };
    row.set(name, plain);
}

fn values(plan: &Plan<'_>, field: &str) -> Vec<Row> {
    let values = plan.entity.any_field(field).map(|field| &field.values);
    let mut rows = Vec::new();
    for (position, value) in (1..).zip(values.into_iter().flatten()) {
        let mut row = Row::new(position);
        row.set_text("value", &**value);
        row.set_text("words", words(value));
        row.set("position", Value::Integer(position));
        rows.push(row);
    }
    rows
}

/// `CreditMemo` as people read it: `Credit Memo`.
fn words(value: &str) -> String {
    let mut words = String::with_capacity(value.len() + 4);
    let mut before = ' ';
    for letter in value.chars() {
        if letter.is_ascii_uppercase() && before.is_ascii_lowercase() {
            words.push(' ');
        }
        words.push(letter);
        before = letter;
    }
    words
}

/// What is wrong with such a report's file, beside its columns.
pub fn fault(report: &Report, entity: &bitting_catalog::entity::Entity) -> Option<String> {
    match &report.rows {
        Source::Each(each) => ground::list(entity, each).err(),
        Source::Values { field, .. } => {
            let values = entity.any_field(field).map(|field| field.values.len());
            (values.unwrap_or(0) == 0).then(|| format!("{field} is no list of values"))
        }
        Source::Trail(path) => {
            (!audit::is_kept(entity)).then(|| format!("{path} has no audit trail"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{spread, words};
    use bitting_psa::row::Row;
    use serde_json::json;

    #[test]
    fn values_read_as_words() {
        assert_eq!(words("DownPayment"), "Down Payment");
        assert_eq!(words("PendingProjectApproval"), "Pending Project Approval");
        assert_eq!(words("IPAddress"), "IPAddress");
        assert_eq!(words("Open"), "Open");
    }

    #[test]
    fn members_of_members_have_paths() {
        let mut row = Row::new(1);
        let element = json!({ "amount": 2.5, "type": { "id": 3, "name": "State" }, "more": [1] });
        spread(&mut row, "each", &element);
        assert_eq!(row.integer("each/type/id"), Some(3));
        assert_eq!(row.text("each/type/name"), Some("State"));
        assert_eq!(row.number("each/amount"), Some(2.5));
        assert!(row.is_null("each/more"));
    }
}
