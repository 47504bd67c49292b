//! Tables for people, JSON for programs.

use anyhow::Result;
use serde_json::Value;
use tabled::builder::Builder;
use tabled::settings::Style;

/// Prints rows as a table of these columns (header, path of the member), or as JSON.
pub fn print(rows: &[Value], columns: &[(&str, &str)], json: bool) -> Result<()> {
    if json {
        println!("{}", serde_json::to_string_pretty(rows)?);
        return Ok(());
    }
    let mut builder = Builder::default();
    builder.push_record(columns.iter().map(|(header, _)| *header));
    for row in rows {
        builder.push_record(columns.iter().map(|(_, path)| text(row, path)));
    }
    println!("{}", builder.build().with(Style::blank()));
    Ok(())
}

/// One record, a member per line, or as JSON.
pub fn print_one(row: &Value, columns: &[(&str, &str)], json: bool) -> Result<()> {
    if json {
        println!("{}", serde_json::to_string_pretty(row)?);
        return Ok(());
    }
    for (header, path) in columns {
        println!("{header:<18}{}", text(row, path));
    }
    Ok(())
}

fn text(row: &Value, path: &str) -> String {
    let value = path.split('/').fold(row, |value, member| &value[member]);
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(flag) => if *flag { "yes" } else { "" }.to_owned(),
        Value::Array(all) if all.iter().all(Value::is_string) => {
            let all: Vec<&str> = all.iter().filter_map(Value::as_str).collect();
            all.join(", ")
        }
        other => other.to_string(),
    }
}
