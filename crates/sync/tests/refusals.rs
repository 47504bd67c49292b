//! A PSA that answers and refuses every ticket of a tenant: the emergency contact hears of it once and then daily, the
//! queue waits, and after the repair its tickets are made, those older than 48 hours excepted.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use bitting_client::{Autotask, Psa};
use bitting_sync::Failure;
use bitting_sync::Integration;
use bitting_sync::psa::{Kind, Way};
use jiff::ToSpan as _;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use support::post_office::post_office;
use support::{Desk, answering, autotask_at, connectwise_at};

/// Each scenario, on either PSA.
macro_rules! on_both {
    ($($scenario:ident)*) => {
        mod connectwise {
            $(#[test] fn $scenario() { super::$scenario(&bitting_sync::office_protect::INTEGRATION); })*
        }
        mod autotask {
            $(#[test] fn $scenario() { super::$scenario(&bitting_sync::office_protect::ON_AUTOTASK); })*
        }
    };
}

on_both! {
    the_contact_hears_once_of_a_tenant_whose_every_ticket_is_refused
    one_odd_event_is_nobody_s_alarm
    a_kill_at_any_step_tells_each_once
}

/// A PSA that makes tickets, except of tenants whose names it is told to refuse.
struct Choosy {
    connectwise: Psa,
    autotask: Autotask,
    psa: Kind,
    made: Arc<Mutex<Vec<String>>>,
}

impl Choosy {
    fn start(integration: &Integration, refused: &Arc<Mutex<BTreeSet<&'static str>>>) -> Self {
        let made = Arc::new(Mutex::new(Vec::<String>::new()));
        let (kept, refused, psa) = (made.clone(), refused.clone(), integration.psa);
        let (address, _) = answering(move |path, body, _| {
            let mut made = kept.lock().unwrap();
            let refuses = |key: &str| {
                refused
                    .lock()
                    .unwrap()
                    .iter()
                    .any(|name| key.contains(name))
            };
            match psa {
                Kind::ConnectWise => connectwise(path, body, &mut made, refuses),
                Kind::Autotask => autotask(path, body, &mut made, refuses),
            }
        });
        Self {
            connectwise: connectwise_at(&address),
            autotask: autotask_at(&address),
            psa,
            made,
        }
    }

    fn way(&self) -> Way<'_> {
        match self.psa {
            Kind::ConnectWise => (&self.connectwise).into(),
            Kind::Autotask => (&self.autotask).into(),
        }
    }

    fn made(&self) -> usize {
        self.made.lock().unwrap().len()
    }
}

/// Where a ticket with this key is among those that were made.
fn found(made: &[String], key: &str) -> Vec<Value> {
    let each = made.iter().enumerate().filter(|(_, known)| *known == key);
    each.map(|(at, _)| json!({ "id": at + 1 })).collect()
}

type Answer = (u16, &'static str, String);

fn connectwise(
    path: &str,
    body: &str,
    made: &mut Vec<String>,
    refuses: impl Fn(&str) -> bool,
) -> Answer {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    if !path.ends_with("/service/tickets") {
        let company = json!({ "id": 1, "deletedFlag": false });
        return (200, "", company.to_string());
    }
    if let Some((_, key)) = query.split_once("officeprotect%3A") {
        let key = key.split('&').next().unwrap_or_default().replace("%22", "");
        return (200, "", json!(found(made, &key)).to_string());
    }
    let body: Value = serde_json::from_str(body).expect("a ticket");
    let key = body["externalXRef"].as_str().expect("a key");
    let key = key.trim_start_matches("officeprotect:");
    if refuses(key) {
        let fault = json!({ "code": "InvalidObject", "message": "ticket object is invalid",
            "errors": [{ "code": "MissingRequiredField", "message": "A custom field is required", "field": "customFields" }] });
        return (400, "", fault.to_string());
    }
    made.push(key.to_owned());
    (201, "", json!({ "id": made.len() }).to_string())
}

fn autotask(
    path: &str,
    body: &str,
    made: &mut Vec<String>,
    refuses: impl Fn(&str) -> bool,
) -> Answer {
    let said: Value = serde_json::from_str(body).unwrap_or_default();
    let key = |value: &Value| {
        let key = value.as_str().expect("a key");
        key.trim_start_matches("officeprotect:").to_owned()
    };
    let answer = if path.ends_with("/Tickets/query") {
        json!({ "items": found(made, &key(&said["filter"][0]["value"])) })
    } else if path.ends_with("/Tickets") {
        let key = key(&said["externalID"]);
        if refuses(&key) {
            return (
                500,
                "",
                json!({ "errors": ["A custom field is required"] }).to_string(),
            );
        }
        made.push(key);
        json!({ "itemId": made.len() })
    } else if path.ends_with("/fields") {
        json!({ "fields": [] })
    } else {
        json!({ "item": { "id": 1, "isActive": true } })
    };
    (200, "", answer.to_string())
}

/// Two tenants, each with an event of an hour ago and one of 40 hours ago.
fn desk(integration: &'static Integration, port: u16) -> Desk {
    let tenants = ["contoso", "fabrikam"];
    let mapped = tenants.map(|name| format!("[[tenant]]\ntenant = \"{name}\"\ncompany = 1\n"));
    let desk = Desk::new(
        integration,
        &format!(
            "emergency_contact = \"ops@example.com\"\nbroken_after = 2\n[mail]\nhost = \"127.0.0.1\"\nport = {port}\n\
             from = \"bitting@example.com\"\ntls = false\n{}",
            mapped.concat()
        ),
    );
    let event = |name: &str, hours: i64| {
        json!({
            "id": format!("{name}-{hours}"), "tenant": name, "type": "Account Deleted", "user": "ada", "description": "Gone.",
            "occurred": desk.now.checked_sub(hours.hours()).unwrap().to_string(),
        })
    };
    let events: Vec<Value> = tenants
        .iter()
        .flat_map(|name| [event(name, 1), event(name, 40)])
        .collect();
    desk.give("events.jsonl", &events);
    desk
}

fn the_contact_hears_once_of_a_tenant_whose_every_ticket_is_refused(
    integration: &'static Integration,
) {
    let (port, mails) = post_office();
    let refused = Arc::new(Mutex::new(BTreeSet::from(["contoso"])));
    let psa = Choosy::start(integration, &refused);
    let mut desk = desk(integration, port);
    let job = integration.job("tickets");
    for run in 0..4 {
        let outcomes = desk.run(psa.way(), job).expect("a run");
        let said = Desk::said(&outcomes);
        assert!(said.contains("refuses every ticket of contoso:"), "{said}");
        assert!(said.contains("A custom field is required"), "{said}");
        assert!(outcomes[0].result.is_err());
        // Of the other tenant, tickets are made; and no mail before the second run in a row.
        assert_eq!(psa.made(), 2);
        assert_eq!(mails.lock().unwrap().len(), usize::from(run > 0));
        desk.now = desk.now.checked_add(1.minute()).unwrap();
    }
    {
        let mails = mails.lock().unwrap();
        let mail = mails[0].replace("=\n", "");
        assert!(
            mail.contains("refuses every ticket") && mail.contains("contoso, since"),
            "{mail}"
        );
        assert!(
            mail.contains("A custom field is required") && !mail.contains("fabrikam"),
            "{mail}"
        );
    }
    // A reminder a day; the older of both events has had its time by then.
    desk.now = desk.now.checked_add(25.hours()).unwrap();
    desk.run(psa.way(), job).expect("a run");
    assert_eq!(mails.lock().unwrap().len(), 2);
    refused.lock().unwrap().clear();
    let outcomes = desk.run(psa.way(), job).expect("a run");
    assert!(outcomes[0].result.is_ok(), "{outcomes:?}");
    assert_eq!(psa.made(), 3);
    let again = desk.run(psa.way(), job).expect("a run");
    assert_eq!(again[0].counts.created + again[0].counts.changed, 0);
    let mails = mails.lock().unwrap();
    assert_eq!(mails.len(), 3);
    // Long lines are broken on their way.
    let mail = mails[2].replace("=\n", "");
    assert!(
        mail.contains("takes tickets again") && mail.contains("contoso-40"),
        "{mail}"
    );
}

fn one_odd_event_is_nobody_s_alarm(integration: &'static Integration) {
    let (port, mails) = post_office();
    let refused = Arc::new(Mutex::new(BTreeSet::from(["contoso-40"])));
    let psa = Choosy::start(integration, &refused);
    let mut desk = desk(integration, port);
    let job = integration.job("tickets");
    let outcomes = desk.run(psa.way(), job).expect("a run");
    assert!(outcomes[0].result.is_ok(), "its tenant has another ticket");
    assert_eq!(psa.made(), 3);
    assert!(Desk::said(&outcomes).contains("event contoso-40"));
    // From now on it is the only one that is due: the tenant is cut off as far as anybody can tell.
    desk.now = desk.now.checked_add(1.minute()).unwrap();
    assert!(desk.run(psa.way(), job).expect("a run")[0].result.is_err());
    assert!(mails.lock().unwrap().is_empty());
}

/// A kill between a mail and the note that it went out sends it again: as the same mail, by its number.
fn a_kill_at_any_step_tells_each_once(integration: &'static Integration) {
    let (port, mails) = post_office();
    let job = integration.job("tickets");
    for steps in 0.. {
        let refused = Arc::new(Mutex::new(BTreeSet::from(["contoso"])));
        let psa = Choosy::start(integration, &refused);
        let mut desk = desk(integration, port);
        mails.lock().unwrap().clear();
        let mut cut = false;
        let cut_off = |desk: &Desk| {
            desk.state.steps.stop_after(steps);
            let cut = matches!(desk.run(psa.way(), job), Err(Failure::CutOff));
            desk.restart();
            cut
        };
        for _ in 0..3 {
            cut |= cut_off(&desk);
            desk.now = desk.now.checked_add(1.minute()).unwrap();
        }
        for _ in 0..2 {
            desk.run(psa.way(), job).expect("a run");
            desk.now = desk.now.checked_add(1.minute()).unwrap();
        }
        refused.lock().unwrap().clear();
        cut |= cut_off(&desk);
        desk.now = desk.now.checked_add(1.minute()).unwrap();
        desk.run(psa.way(), job).expect("a run");
        assert_eq!(psa.made(), 4, "cut off after {steps} steps");
        let numbers: BTreeSet<String> = mails
            .lock()
            .unwrap()
            .iter()
            .flat_map(|mail| mail.lines())
            .filter(|line| line.starts_with("Message-ID:"))
            .map(str::to_owned)
            .collect();
        // Whoever is killed right before the last mail has made the tickets by then, and has nothing to tell of.
        assert!(
            (1..=2).contains(&numbers.len()),
            "cut off after {steps} steps: {numbers:?}"
        );
        if !cut {
            break;
        }
    }
}
