//! Reports whose rows are made of several records each, or of parts of one: what a contact did with a campaign,
//! tickets by the hour they came in, the settings of a template one by one.

use super::fields::{ENTERED, fields};
use bitting_psa::instance::Instance;
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_query::{Filter, Value};
use std::collections::BTreeMap;

/// One row per campaign and contact: how often it opened a mail and followed a link, and when first and last.
pub async fn campaign_tracking(instance: &Instance) -> Result<Vec<Row>, Problem> {
    let mut of: BTreeMap<(i64, i64), Row> = BTreeMap::new();
    for (path, date, word) in [
        ("marketing/campaigns/emailsOpened", "dateOpened", "Opened"),
        ("marketing/campaigns/linksClicked", "dateClicked", "Clicked"),
    ] {
        let names = ["campaignId", "contactId", date];
        for done in fields(instance, path, &names, Filter::Constant(true)).await? {
            let Some(campaign) = done.integer("campaignId") else {
                continue;
            };
            let contact = done.integer("contactId").unwrap_or(0);
            let row = of.entry((campaign, contact)).or_default();
            row.set("Marketing_Campaign_RecID", Value::Integer(campaign));
            row.set("Contact_RecID", done.get("contactId").clone());
            let count = format!("{word}_Count");
            row.set(&count, Value::Integer(row.integer(&count).unwrap_or(0) + 1));
            let Some(date) = done.text(date) else {
                continue;
            };
            let (first, last) = (format!("Date_First_{word}"), format!("Date_Last_{word}"));
            if row.text(&first).is_none_or(|before| date < before) {
                row.set_text(&first, date);
            }
            if row.text(&last).is_none_or(|before| date > before) {
                row.set_text(&last, date);
            }
        }
    }
    Ok(numbered(of, "Marketing_Campaign_Tracking_RecID"))
}

/// Tickets by board and the hour in which they came in.
pub async fn tickets_by_hour(instance: &Instance) -> Result<Vec<Row>, Problem> {
    let names = ["board", ENTERED];
    let mut of: BTreeMap<(String, i64), Row> = BTreeMap::new();
    for ticket in fields(instance, "service/tickets", &names, Filter::Constant(true)).await? {
        let Some(entered) = ticket.text(ENTERED).filter(|text| text.len() >= 13) else {
            continue;
        };
        let (hour, board) = (&entered[..13], ticket.integer("board").unwrap_or(0));
        let row = of.entry((hour.to_owned(), board)).or_default();
        row.set_text("Date_Entered_UTC", format!("{hour}:00:00Z"));
        row.set_text("Hour_Entered_UTC", format!("{hour}:00:00Z"));
        row.set_text("Day_Entered_UTC", format!("{}T00:00:00Z", &hour[..10]));
        let number = hour[11..].parse().map_or(Value::Null, Value::Integer);
        row.set("Hour_Nbr_UTC", number);
        row.set("SR_Board_RecID", ticket.get("board").clone());
        let count = row.integer("TicketCount").unwrap_or(0);
        row.set("TicketCount", Value::Integer(count + 1));
    }
    Ok(numbered(of, ""))
}

/// One row per setting of each automatic template of a board.
pub async fn template_options(instance: &Instance) -> Result<Vec<Row>, Problem> {
    const SETTING: &str = "Setting";
    const PATH: &str = "service/boards/autoTemplates";
    let entity = instance.catalog().entity_at(PATH);
    let settings: Vec<&str> = entity
        .iter()
        .flat_map(|entity| entity.fields.iter().map(|field| &*field.name))
        .filter(|name| name.ends_with(SETTING))
        .collect();
    let mut rows = Vec::new();
    for template in fields(instance, PATH, &settings, Filter::Constant(true)).await? {
        for setting in &settings {
            let mut row = Row::new(rows.len() as i64 + 1);
            let held = template.text(setting).unwrap_or("Ignore");
            for (column, word) in [
                ("Append_Flag", "Append"),
                ("Ignore_Flag", "Ignore"),
                ("Overwrite_Flag", "Overwrite"),
            ] {
                row.set(column, Value::Boolean(held == word));
            }
            row.set_text("Option_Name", setting.trim_end_matches(SETTING));
            let own = "SR_Type_SubType_SubTypeItem_Template_Option_RecID";
            row.set(own, Value::Integer(row.id));
            let of = "SR_Type_SubType_SubTypeItem_Template_RecID";
            row.set(of, Value::Integer(template.id));
            rows.push(row);
        }
    }
    Ok(rows)
}

/// Rows in the order of their keys, with ids from 1 on, which this column shows.
fn numbered<K>(rows: BTreeMap<K, Row>, column: &str) -> Vec<Row> {
    let numbered = (1..).zip(rows.into_values()).map(|(id, mut row)| {
        row.id = id;
        if !column.is_empty() {
            row.set(column, Value::Integer(id));
        }
        row
    });
    numbered.collect()
}
