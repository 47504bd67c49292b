//! Where a record hangs is said by the path it is sent to. A body that repeats the parent may say it in any form, or
//! nothing; one that names another is refused. A record of another parent is not there. Over every child entity.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "support/autotask.rs"]
mod site;

use bitting_catalog::entity::{Entity, Field};
use bitting_catalog::served::{Asked, Below};
use serde_json::{Value, json};
use site::{Answered, Site};
use std::collections::BTreeSet;

/// What the operator sees of one record at its root.
async fn now(site: &Site, entity: &Entity, id: i64) -> Option<Value> {
    let rows = site.rows(site.admin(), &entity.path).await;
    rows.into_iter().find(|row| row["id"].as_i64() == Some(id))
}

/// A record as a body of a new one: without its id, the parent as given or left out.
fn body(row: &Value, field: &Field, said: Option<&Value>) -> Value {
    let mut body = row.clone();
    let members = body.as_object_mut().unwrap();
    members.retain(|_, value| !value.is_null());
    members.remove(&*field.name);
    if let Some(said) = said {
        members.insert(field.name.to_string(), said.clone());
    }
    body
}

/// Two parents with a record of the first.
async fn ground(
    site: &Site,
    entity: &Entity,
    below: &Below,
    field: &Field,
) -> Option<(i64, i64, Value)> {
    let row = site
        .rows(site.admin(), &entity.path)
        .await
        .into_iter()
        .find(|row| row[&*field.name].as_i64().is_some_and(|parent| parent > 0))?;
    let parent = row[&*field.name].as_i64()?;
    let above = site.tenant.catalog().entity(below.parent?);
    let others = site.rows(site.admin(), &above.path).await;
    let other = others
        .iter()
        .filter_map(|other| other["id"].as_i64())
        .find(|other| *other != parent && *other != 0)?;
    Some((parent, other, row))
}

fn says_the_path(answered: &Answered, field: &Field) -> bool {
    let text = format!(" of {} is not ", field.name);
    let errors = answered.json["errors"].as_array();
    answered.status == 500
        && errors.is_some_and(|all| {
            all.iter()
                .any(|said| said.as_str().is_some_and(|said| said.contains(&text)))
        })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_hangs_where_its_path_says() {
    let site = Site::open().await;
    let admin = Some(site.admin());
    let mut faults: Vec<String> = Vec::new();
    let (mut refused, mut changed, mut made) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for entity in &site.tenant.catalog().entities {
        let served = entity.served.as_ref().unwrap();
        let Some((below, index)) = served.below.as_ref().and_then(|b| Some((b, b.field?))) else {
            continue;
        };
        let field = &entity.fields[index];
        if !served.can.query || entity.path.contains("Webhook") {
            continue;
        }
        let Some((parent, other, row)) = ground(&site, entity, below, field).await else {
            continue;
        };
        let id = row["id"].as_i64().unwrap();
        let at = |parent: i64| format!("/{}/{parent}/{}", below.segment, below.route);
        let own = [json!(parent), json!(parent.to_string())];
        let none = [json!(0), Value::Null, json!("")];
        let others = [json!(other), json!(other.to_string())];
        let mut tries = vec![None];
        tries.extend(own.iter().chain(&none).chain(&others).map(Some));
        for said in tries {
            let names_other = said.is_some_and(|said| others.contains(said)) && !field.read_only;
            for (asked, method) in [(Asked::Patch, "PATCH"), (Asked::Put, "PUT")] {
                if !below.operations.has(asked) {
                    continue;
                }
                let path = at(parent);
                let sent = match asked {
                    Asked::Put => body(&row, field, said),
                    _ => said.map_or(
                        json!({ "id": id }),
                        |said| json!({ "id": id, &*field.name: said }),
                    ),
                };
                let before = now(&site, entity, id).await;
                let answered = site.send(admin, method, &path, &[], Some(sent)).await;
                let after = now(&site, entity, id).await;
                let hangs = after.as_ref().map(|row| row[&*field.name].clone());
                // What is fixed at creation is passed over in a change, whatever it says.
                let wrong = names_other && !field.post_only && !says_the_path(&answered, field);
                let half = answered.status != 200 && before != after;
                if hangs != Some(json!(parent)) || wrong || half {
                    faults.push(format!(
                        "{method} {path} {said:?}: {} {}, then {hangs:?}",
                        answered.status, answered.json
                    ));
                }
                if answered.status == 200 {
                    changed.insert(&*entity.path);
                } else if names_other {
                    refused.insert(&*entity.path);
                }
            }
            if below.operations.has(Asked::Post) {
                let path = at(parent);
                let mut sent = body(&row, field, said);
                sent.as_object_mut().unwrap().remove("id");
                let answered = site.send(admin, "POST", &path, &[], Some(sent)).await;
                if let Some(id) = answered.json["itemId"].as_i64() {
                    made.insert(&*entity.path);
                    let hangs = now(&site, entity, id)
                        .await
                        .map(|row| row[&*field.name].clone());
                    if names_other || hangs != Some(json!(parent)) {
                        faults.push(format!("POST {path} {said:?}: made under {hangs:?}"));
                    }
                } else if names_other && !says_the_path(&answered, field) {
                    faults.push(format!("POST {path} {said:?}: {}", answered.json));
                }
            }
        }
        // Under another parent the record is not there.
        let before = now(&site, entity, id).await;
        let path = at(other);
        for method in ["PATCH", "PUT", "DELETE", "GET"] {
            let asked = match method {
                "PATCH" => Asked::Patch,
                "PUT" => Asked::Put,
                "DELETE" => Asked::Delete,
                _ => Asked::Get,
            };
            if !below.operations.has(asked) {
                continue;
            }
            let one = format!("{path}/{id}");
            let (path, sent) = match method {
                "PATCH" | "PUT" => (&path, Some(row.clone())),
                _ => (&one, None),
            };
            let answered = site.send(admin, method, path, &[], sent).await;
            let there = match method {
                "GET" => answered.json["item"].is_object(),
                _ => answered.status != 500,
            };
            if there || now(&site, entity, id).await != before {
                faults.push(format!(
                    "{method} {path} of {parent}'s: {}",
                    answered.status
                ));
            }
        }
    }
    assert!(
        faults.is_empty(),
        "{} faults:\n{}",
        faults.len(),
        faults.join("\n")
    );
    assert!(
        refused.len() > 15 && changed.len() > 20 && made.len() > 20,
        "{} refused, {} changed, {} made",
        refused.len(),
        changed.len(),
        made.len()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_database_keeps_becomes_a_blank() {
    let site = Site::open().await;
    let ticket = json!({"companyID": 0, "title": "a\0b", "status": 1, "priority": 1});
    let (status, json) = site
        .call(Some(site.admin()), "POST", "/Tickets", Some(ticket))
        .await;
    assert_eq!(status, 200, "{json}");
    let path = format!("/Tickets/{}", json["itemId"]);
    let read = site.admin_call("GET", &path, None).await;
    assert_eq!(read["item"]["title"], "a b");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_came_with_a_note_of_its_own_ticket() {
    let site = Site::open().await;
    let admin = Some(site.admin());
    let notes = site.rows(site.admin(), "TicketNotes").await;
    let (note, ticket) = (&notes[0]["id"], &notes[0]["ticketID"]);
    let foreign = notes.iter().find(|note| note["ticketID"] != *ticket);
    let path = format!("/Tickets/{ticket}/Attachments");
    let file = |name: &str, of: &Value| {
        json!({"attachmentType": "FILE_ATTACHMENT", "publish": 1, "title": "t", "fullPath": "t.txt", "data": "aGk=",
            name: of})
    };
    for (name, of, schema) in [
        ("ticketNoteID", &foreign.unwrap()["id"], "TicketNote"),
        ("ticketNoteID", &json!(987_654_321), "TicketNote"),
        ("timeEntryID", &json!(987_654_321), "TimeEntry"),
    ] {
        let (status, json) = site.call(admin, "POST", &path, Some(file(name, of))).await;
        let text = format!(
            "Reference value on field: {name} of type: {schema} does not exist or is invalid."
        );
        assert_eq!((status, json), (500, json!({ "errors": [text] })), "{of}");
    }
    let (other, id) = (&foreign.unwrap()["ticketID"], ticket);
    let (status, json) = site
        .call(admin, "POST", &path, Some(file("ticketID", other)))
        .await;
    let text = format!("The value {other} of ticketID is not {id}, the id in the path.");
    assert_eq!((status, json), (500, json!({ "errors": [text] })));
    for (name, of, shown) in [
        ("ticketNoteID", note, note),
        ("timeEntryID", &json!(0), &Value::Null),
        ("opportunityID", &json!(0), &Value::Null),
    ] {
        let made = site.admin_call("POST", &path, Some(file(name, of))).await;
        let one = format!("/AttachmentInfo/{}", made["itemId"]);
        let read = site.admin_call("GET", &one, None).await;
        assert_eq!(read["item"]["ticketID"], *ticket, "{name} {of}");
        assert_eq!(read["item"][name], *shown, "{of}");
    }
}
