//! Callbacks from registration to a receiver that checks what it is told, over a real socket.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use base64::Engine as _;
use bitting_calls::delivery::Delivery;
use bitting_policy::Level::{All, None as No};
use bitting_store::Location;
use hmac::{Hmac, Mac as _};
use jiff::SignedDuration;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use support::{Company, Credentials};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// One call as a receiver sees it.
#[derive(Debug, Clone)]
struct Heard {
    target: String,
    signature: String,
    body: Vec<u8>,
}

impl Heard {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// A receiver of one's own: hears everything, and answers what it is told to, else 200.
struct Receiver {
    url: String,
    heard: Arc<Mutex<Vec<Heard>>>,
    answers: Arc<Mutex<VecDeque<u16>>>,
}

impl Receiver {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/cb?id=", listener.local_addr().unwrap());
        let heard = Arc::new(Mutex::new(Vec::new()));
        let answers = Arc::new(Mutex::new(VecDeque::new()));
        let (all, next) = (heard.clone(), answers.clone());
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let (all, next) = (all.clone(), next.clone());
                tokio::spawn(async move {
                    let mut read = Vec::new();
                    loop {
                        let mut chunk = [0; 4096];
                        let count = stream.read(&mut chunk).await.unwrap();
                        if count == 0 {
                            return;
                        }
                        read.extend_from_slice(&chunk[..count]);
                        let Some(call) = parse(&read) else { continue };
                        all.lock().unwrap().push(call);
                        read.clear();
                        let status = next.lock().unwrap().pop_front().unwrap_or(200);
                        let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\n\r\n");
                        stream.write_all(answer.as_bytes()).await.unwrap();
                    }
                });
            }
        });
        Self {
            url,
            heard,
            answers,
        }
    }

    fn take(&self) -> Vec<Heard> {
        std::mem::take(&mut *self.heard.lock().unwrap())
    }

    fn will_answer(&self, statuses: &[u16]) {
        self.answers.lock().unwrap().extend(statuses);
    }
}

/// A whole request, or nothing yet.
fn parse(read: &[u8]) -> Option<Heard> {
    let end = read.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = String::from_utf8(read[..end].to_vec()).unwrap();
    let header = |name: &str| {
        head.lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim().to_owned())
            .unwrap_or_default()
    };
    let length: usize = header("content-length").parse().unwrap_or(0);
    let body = read.get(end + 4..end + 4 + length)?.to_vec();
    let target = head.split(' ').nth(1).unwrap().to_owned();
    Some(Heard {
        target,
        signature: header("x-content-signature"),
        body,
    })
}

fn delivery(company: &Company) -> Delivery {
    let client = bitting_calls::courier::client().unwrap();
    Delivery::new(company.instance.clone(), client, "https://psa.test/")
}

async fn post(company: &Company, key: &Credentials, path: &str, body: Value) -> Value {
    company
        .call(key, "POST", path, Some(body))
        .await
        .expect(201)
}

async fn register(
    company: &Company,
    key: &Credentials,
    url: &str,
    level: &str,
    object: &Value,
) -> Value {
    let body = json!({"url": url, "type": "Company", "level": level, "objectId": object});
    post(company, key, "/system/callbacks", body).await
}

async fn client(company: &Company, name: &str) -> i64 {
    let body = json!({"identifier": name, "name": name});
    post(company, &company.admin, "/company/companies", body).await["id"]
        .as_i64()
        .unwrap()
}

async fn rename(company: &Company, id: i64, name: &str) {
    let body = json!([{"op": "replace", "path": "name", "value": name}]);
    let path = format!("/company/companies/{id}");
    company
        .call(&company.admin, "PATCH", &path, Some(body))
        .await
        .expect(200);
}

async fn deliveries(company: &Company, key: &Credentials) -> Vec<Value> {
    company
        .at(Some(key), "/bitting/apis/3.0/callbacks/deliveries")
        .await
        .rows()
}

#[tokio::test]
async fn a_receiver_hears_of_every_change_and_can_check_the_sender() {
    let company = Company::open().await;
    let receiver = Receiver::start().await;
    register(&company, &company.admin, &receiver.url, "owner", &json!(1)).await;
    let id = client(&company, "Client").await;
    rename(&company, id, "Renamed / \u{e9}").await;
    let delivery = delivery(&company);
    assert!(!delivery.round().await.unwrap(), "nothing waits any more");
    company
        .call(
            &company.admin,
            "DELETE",
            &format!("/company/companies/{id}"),
            None,
        )
        .await
        .expect(204);
    delivery.round().await.unwrap();
    let heard = receiver.take();
    let actions = ["added", "updated", "deleted"];
    assert_eq!(heard.len(), actions.len());
    for (call, action) in heard.iter().zip(actions) {
        assert_eq!(call.target, format!("/cb?id={id}&action={action}"));
        let body = call.json();
        assert_eq!(
            (&body["Action"], &body["Type"], &body["ID"]),
            (&json!(action), &json!("company"), &json!(id))
        );
        assert_eq!(
            (&body["CompanyId"], &body["MemberId"]),
            (&json!("acme"), &json!("AdminAPI"))
        );
        // The receiver's side of the signature, by way of the address in the body.
        let address = body["Metadata"]["key_url"].as_str().unwrap();
        let path = address.strip_prefix("https://psa.test").unwrap();
        let key = company.at(None, path).await.expect(200)["signing_key"].clone();
        let hashed = Sha256::digest(key.as_str().unwrap().as_bytes());
        let mut mac = Hmac::<Sha256>::new_from_slice(&hashed).unwrap();
        mac.update(&call.body);
        let expected =
            base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes());
        assert_eq!(call.signature, expected);
        // What a JavaScript receiver makes of the body when it writes it again.
        assert_eq!(serde_json::to_vec(&body).unwrap(), call.body);
    }
    // Sent in one round, so both show the record as it is by then.
    let entity: Value = serde_json::from_str(heard[1].json()["Entity"].as_str().unwrap()).unwrap();
    assert_eq!(
        (&entity["id"], &entity["name"]),
        (&json!(id), &json!("Renamed / \u{e9}"))
    );
    assert_eq!(heard[2].json()["Entity"], Value::Null);
    let other = company.at(None, "/bitting/callbacks/keys/acme/guess").await;
    assert_eq!(other.status, 404);
}

#[tokio::test]
async fn registrations_are_echoed_checked_and_unique() {
    let company = Company::open().await;
    let admin = &company.admin;
    let body = json!({"description": "d", "url": "https://h/cb?id=", "type": "tIcKeT", "level": "Owner", "objectId": 1});
    let made = post(&company, admin, "/system/callbacks/", body.clone()).await;
    for name in ["description", "url", "type", "level", "objectId"] {
        assert_eq!(made[name], body[name]);
    }
    assert_eq!(made["memberId"], company.admin_member);
    let again = company
        .call(admin, "POST", "/system/callbacks", Some(body))
        .await
        .expect(400);
    assert_eq!(again["errors"][0]["code"], "ObjectExists");
    assert_eq!(again["errors"][0]["field"], "objectId");
    assert_eq!(again["errors"][0]["resource"], "callbackEntry");
    for (kind, level, url, field) in [
        ("nonsense", "owner", "https://h", "type"),
        ("time", "board", "https://h", "level"),
        ("productCatalog", "status", "https://h", "level"),
        ("ticket", "owner", "ftp://h", "url"),
        ("ticket", "owner", "h", "url"),
    ] {
        let body = json!({"url": url, "type": kind, "level": level, "objectId": 1});
        let error = company
            .call(admin, "POST", "/system/callbacks", Some(body))
            .await
            .expect(400);
        assert_eq!(error["errors"][0]["field"], field, "{error}");
    }
    let list = "/system/callbacks?conditions=url contains \"https://h\"";
    assert_eq!(company.get(admin, list).await.rows().len(), 1);
}

#[tokio::test]
async fn a_callback_is_its_members_own_and_tells_no_more_than_they_may_read() {
    let company = Company::open().await;
    let receiver = Receiver::start().await;
    let reads = [("Companies", "Company Maintenance", [No, No, No, All])];
    let reader = company.role("Reader", &reads, &[]).await;
    let blind = company.role("Blind", &[], &[]).await;
    let (_, reader) = company.member("reader", reader).await;
    let (_, blind) = company.member("blind", blind).await;
    let seen = register(
        &company,
        &reader,
        &format!("{}reader", receiver.url),
        "owner",
        &json!(1),
    )
    .await;
    let unseen = register(
        &company,
        &blind,
        &format!("{}blind", receiver.url),
        "owner",
        &json!(1),
    )
    .await;
    for (key, own, other) in [(&reader, &seen, &unseen), (&blind, &unseen, &seen)] {
        let rows = company.get(key, "/system/callbacks").await.rows();
        assert_eq!(
            rows.iter().map(|row| &row["id"]).collect::<Vec<_>>(),
            [&own["id"]]
        );
        let path = format!("/system/callbacks/{}", other["id"]);
        assert_eq!(company.get(key, &path).await.status, 404);
        assert_eq!(company.call(key, "DELETE", &path, None).await.status, 404);
    }
    assert_eq!(
        company
            .get(&company.admin, "/system/callbacks")
            .await
            .rows()
            .len(),
        2
    );
    let id = client(&company, "Client").await;
    rename(&company, id, "New").await;
    let delivery = delivery(&company);
    delivery.round().await.unwrap();
    company
        .call(
            &company.admin,
            "DELETE",
            &format!("/company/companies/{id}"),
            None,
        )
        .await
        .expect(204);
    delivery.round().await.unwrap();
    let heard = receiver.take();
    assert_eq!(heard.len(), 3);
    assert!(
        heard
            .iter()
            .all(|call| call.target.starts_with("/cb?id=reader")),
        "{heard:?}"
    );
    let states = |rows: Vec<Value>| {
        rows.iter()
            .map(|row| row["state"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        states(deliveries(&company, &blind).await),
        ["withheld", "withheld"]
    );
    assert_eq!(
        states(deliveries(&company, &reader).await),
        ["delivered"; 3]
    );
    assert_eq!(deliveries(&company, &company.admin).await.len(), 5);
}

#[tokio::test]
async fn attempts_are_repeated_as_the_vendor_repeats_them() {
    let company = Company::open().await;
    let receiver = Receiver::start().await;
    register(&company, &company.admin, &receiver.url, "owner", &json!(1)).await;
    let delivery = delivery(&company);
    client(&company, "A").await;
    receiver.will_answer(&[404, 429, 419]);
    let mut waits = Vec::new();
    for second in 0..10 {
        let before = receiver.heard.lock().unwrap().len();
        delivery.round().await.unwrap();
        if receiver.heard.lock().unwrap().len() > before {
            waits.push(second);
        }
        company.advance(SignedDuration::from_secs(1));
    }
    assert_eq!(waits, [0, 2, 6]);
    let row = &deliveries(&company, &company.admin).await[0];
    assert_eq!(
        (&row["state"], &row["attempts"], &row["status"]),
        (&json!("failed"), &json!(3), &json!(419))
    );
    // Any other refusal is final; a later success on a second attempt is a success.
    client(&company, "B").await;
    receiver.will_answer(&[500]);
    assert!(!delivery.round().await.unwrap());
    client(&company, "C").await;
    receiver.will_answer(&[409, 204]);
    assert!(delivery.round().await.unwrap());
    company.advance(SignedDuration::from_secs(2));
    assert!(!delivery.round().await.unwrap());
    let states: Vec<Value> = deliveries(&company, &company.admin)
        .await
        .iter()
        .map(|row| row["state"].clone())
        .collect();
    assert_eq!(states, ["delivered", "failed", "failed"]);
}

#[tokio::test]
async fn one_receiver_keeps_its_order_and_holds_up_no_other() {
    let company = Company::open().await;
    let admin = &company.admin;
    let (slow, quick) = (Receiver::start().await, Receiver::start().await);
    register(&company, admin, &slow.url, "owner", &json!(1)).await;
    // More than are taken from the outbox at a time.
    for number in 0..201 {
        client(&company, &format!("S{number:03}")).await;
    }
    register(&company, admin, &quick.url, "owner", &json!(1)).await;
    client(&company, "Q").await;
    let heard = |receiver: &Receiver| -> Vec<String> {
        let all = receiver.take();
        all.iter().map(|one| one.json()["ID"].to_string()).collect()
    };
    let delivery = delivery(&company);
    slow.will_answer(&[429]);
    assert!(delivery.round().await.unwrap());
    assert!(delivery.round().await.unwrap());
    assert_eq!(heard(&slow).len(), 1, "later ones wait behind the first");
    assert_eq!(heard(&quick).len(), 1, "another receiver does not wait");
    company.advance(SignedDuration::from_secs(2));
    while delivery.round().await.unwrap() {}
    let all = heard(&slow);
    assert_eq!(all.len(), 202);
    assert!(all.is_sorted_by_key(|id| id.parse::<i64>().unwrap()));
}

#[tokio::test]
async fn three_days_of_failures_make_a_callback_inactive() {
    let company = Company::open().await;
    let admin = &company.admin;
    let made = register(
        &company,
        admin,
        "http://127.0.0.1:1/cb?id=",
        "owner",
        &json!(1),
    )
    .await;
    let path = format!("/system/callbacks/{}", made["id"]);
    let delivery = delivery(&company);
    for day in 0..3 {
        assert_eq!(
            company.get(admin, &path).await.expect(200)["inactiveFlag"],
            false,
            "day {day}"
        );
        client(&company, &format!("D{day}")).await;
        // No connection is no answer, and is tried as often as a refusal that is tried again.
        for (wait, waits) in [(2, true), (4, true), (24 * 3600, false)] {
            assert_eq!(delivery.round().await.unwrap(), waits, "day {day}");
            company.advance(SignedDuration::from_secs(wait));
        }
    }
    assert_eq!(
        company.get(admin, &path).await.expect(200)["inactiveFlag"],
        true
    );
    client(&company, "Later").await;
    let rows = deliveries(&company, admin).await;
    assert_eq!(rows.len(), 3, "nothing is kept for one that is inactive");
    assert_eq!(rows[0]["error"], "no connection to the receiver");
    assert_eq!(rows[0]["attempts"], 3);
}

#[tokio::test]
async fn levels_flags_and_wishes_for_silence_narrow_what_is_told() {
    let company = Company::open().await;
    let receiver = Receiver::start().await;
    let admin = &company.admin;
    let (one, other) = (
        client(&company, "One").await,
        client(&company, "Other").await,
    );
    register(
        &company,
        admin,
        &format!("{}only-", receiver.url),
        "COMPANY",
        &json!(one),
    )
    .await;
    let status = company
        .get(admin, &format!("/company/companies/{other}"))
        .await
        .expect(200)["status"]["id"]
        .clone();
    if status.is_i64() {
        register(
            &company,
            admin,
            &format!("{}status-", receiver.url),
            "status",
            &status,
        )
        .await;
    }
    let body = json!({"url": format!("{}self-", receiver.url), "type": "company", "level": "owner", "objectId": 1, "isSelfSuppressedFlag": true});
    post(&company, admin, "/system/callbacks", body).await;
    let body = json!({"url": format!("{}off-", receiver.url), "type": "company", "level": "owner", "objectId": 1, "inactiveFlag": true});
    post(&company, admin, "/system/callbacks", body).await;
    rename(&company, one, "1").await;
    rename(&company, other, "2").await;
    delivery(&company).round().await.unwrap();
    let targets: Vec<String> = receiver
        .take()
        .into_iter()
        .map(|call| call.target)
        .collect();
    let mut expected = vec![format!("/cb?id=only-{one}&action=updated")];
    if status.is_i64() {
        expected.push(format!("/cb?id=status-{one}&action=updated"));
        expected.push(format!("/cb?id=status-{other}&action=updated"));
    }
    let sorted = |mut list: Vec<String>| {
        list.sort();
        list
    };
    assert_eq!(sorted(targets), sorted(expected));
}

#[tokio::test]
async fn a_ticket_may_be_changed_in_silence() {
    let company = Company::open().await;
    let admin = &company.admin;
    let body =
        json!({"url": "http://127.0.0.1:1/?", "type": "ticket", "level": "owner", "objectId": 1});
    post(&company, admin, "/system/callbacks", body).await;
    let of = client(&company, "Client").await;
    let body = json!({"name": "Help", "location": {"id": 1}, "department": {"id": 1}});
    let board = post(&company, admin, "/service/boards", body).await["id"].clone();
    let ticket = json!({"summary": "s", "board": {"id": board}, "company": {"id": of}, "skipCallback": true});
    let id = post(&company, admin, "/service/tickets", ticket).await["id"].clone();
    assert!(deliveries(&company, admin).await.is_empty());
    let body = json!([{"op": "replace", "path": "summary", "value": "t"}]);
    company
        .call(
            admin,
            "PATCH",
            &format!("/service/tickets/{id}"),
            Some(body),
        )
        .await
        .expect(200);
    assert_eq!(deliveries(&company, admin).await.len(), 1);
}

#[tokio::test]
async fn what_is_not_written_is_not_told_and_what_is_written_survives_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let place = || Location::File(folder.path().join("acme.sqlite"));
    let receiver = Receiver::start().await;
    let id = {
        let company = Company::open_at(place()).await;
        register(&company, &company.admin, &receiver.url, "owner", &json!(1)).await;
        let id = client(&company, "Client").await;
        // Refused by the database in the very write that would have left the message.
        let twin = json!({"identifier": "Client", "name": "Twin"});
        company
            .call(&company.admin, "POST", "/company/companies", Some(twin))
            .await
            .expect(400);
        id
    };
    let company = Company::reopen(place()).await;
    assert!(receiver.take().is_empty());
    delivery(&company).round().await.unwrap();
    let targets: Vec<String> = receiver
        .take()
        .into_iter()
        .map(|call| call.target)
        .collect();
    assert_eq!(targets, [format!("/cb?id={id}&action=added")]);
}

#[tokio::test]
async fn a_merge_tells_of_every_record_that_it_moves() {
    let company = Company::open().await;
    let (from, to) = (
        client(&company, "Alpha").await,
        client(&company, "Beta").await,
    );
    let contact = json!({"firstName": "A", "company": {"id": from}});
    let contact = post(&company, &company.admin, "/company/contacts", contact).await["id"].clone();
    for kind in ["Company", "Contact"] {
        let url = format!("https://listener.test/{kind}");
        let body = json!({"url": url, "type": kind, "level": "owner", "objectId": 1});
        post(&company, &company.admin, "/system/callbacks", body).await;
    }
    let trail = async |kind: &str, id: &Value| {
        let path = format!("/system/audittrail?type={kind}&id={id}");
        company.get(&company.admin, &path).await.rows().len()
    };
    let before = (
        trail("Contact", &contact).await,
        trail("Company", &json!(from)).await,
    );
    let path = format!("/company/companies/{from}/merge");
    let body = json!({"toCompanyId": to, "name": "From"});
    company
        .call(&company.admin, "POST", &path, Some(body))
        .await
        .expect(200);
    let told: Vec<String> = deliveries(&company, &company.admin)
        .await
        .iter()
        .map(ToString::to_string)
        .collect();
    assert!(told.iter().any(|text| text.contains("deleted")), "{told:?}");
    assert!(
        told.iter().any(|text| text.contains("company/contacts")),
        "{told:?}"
    );
    assert!(
        trail("Contact", &contact).await > before.0,
        "the contact's trail"
    );
    assert!(
        trail("Company", &json!(from)).await > before.1,
        "the company's trail"
    );
}

/// Changes without a call on the record itself reach whoever listens to it, once each.
#[tokio::test]
async fn what_is_hung_on_a_record_is_a_change_of_it() {
    let company = Company::open().await;
    let receiver = Receiver::start().await;
    let admin = company.admin.clone();
    let of = client(&company, "Hung").await;
    let board = json!({"name": "Help", "location": {"id": 1}, "department": {"id": 1}});
    let board = post(&company, &admin, "/service/boards", board).await["id"].clone();
    let ticket = json!({"summary": "s", "board": {"id": board}, "company": {"id": of}});
    let ticket = post(&company, &admin, "/service/tickets", ticket).await["id"].clone();
    for kind in ["ticket", "member"] {
        let body = json!({"url": receiver.url, "objectId": 1, "type": kind, "level": "owner"});
        post(&company, &admin, "/system/callbacks", body).await;
    }
    let note = json!({"text": "n", "detailDescriptionFlag": true});
    post(
        &company,
        &admin,
        &format!("/service/tickets/{ticket}/notes"),
        note,
    )
    .await;
    // What the board's closing hides is told no more: so this first.
    delivery(&company).round().await.unwrap();
    let member = json!({"memberId": company.admin_member});
    let excluded = format!("/service/boards/{board}/excludedMembers");
    post(&company, &admin, &excluded, member).await;
    delivery(&company).round().await.unwrap();
    let mut told: Vec<(String, i64, String)> = receiver
        .take()
        .iter()
        .map(|heard| {
            let body = heard.json();
            let text = |name: &str| body[name].as_str().unwrap().to_owned();
            (text("Type"), body["ID"].as_i64().unwrap(), text("Action"))
        })
        .collect();
    told.sort();
    let updated = |kind: &str, id: i64| (kind.to_owned(), id, "updated".to_owned());
    let expected = [
        updated("member", company.admin_member),
        updated("ticket", ticket.as_i64().unwrap()),
    ];
    assert_eq!(told, expected);
}

/// Wherever a delivery panics, the courier goes on: the message goes out later, those behind it after it.
#[tokio::test]
async fn a_delivery_that_panics_is_tried_again_and_holds_nobody_up() {
    let company = Company::open().await;
    let receiver = Receiver::start().await;
    register(&company, &company.admin, &receiver.url, "owner", &json!(1)).await;
    let id = client(&company, "Client").await;
    let delivery = delivery(&company);
    delivery.round().await.unwrap();
    receiver.take();
    let mut attempt = None;
    for reading in 1.. {
        let name = format!("Renamed {reading}");
        rename(&company, id, &name).await;
        company.panic_at(reading);
        delivery.round().await.unwrap();
        let left = company.panic_at(0);
        let tried = deliveries(&company, &company.admin).await.remove(0);
        if tried["state"] == "waiting" && tried["attempts"] == 1 {
            let error = tried["error"].as_str().unwrap();
            assert!(error.contains("the server failed"), "{tried}");
            assert!(!tried.to_string().contains(support::SAID));
            attempt = Some(reading);
        }
        company.advance(SignedDuration::from_secs(60));
        delivery.round().await.unwrap();
        let told = deliveries(&company, &company.admin).await.remove(0);
        assert_eq!(told["state"], "delivered", "at reading {reading}: {told}");
        let heard = receiver.take();
        let entity = heard.last().unwrap().json()["Entity"].clone();
        assert!(entity.as_str().unwrap().contains(&name), "{entity}");
        if left > 0 {
            assert!(reading > 2, "the clock was read");
            break;
        }
    }
    // One that panics at each attempt is given up, and the one behind it goes out.
    let attempt = attempt.expect("an attempt itself panicked");
    rename(&company, id, "Poison").await;
    rename(&company, id, "Behind").await;
    for _ in 0..3 {
        company.panic_at(attempt);
        delivery.round().await.unwrap();
        company.panic_at(0);
        company.advance(SignedDuration::from_secs(60));
    }
    delivery.round().await.unwrap();
    let told = deliveries(&company, &company.admin).await;
    let states: Vec<&Value> = told.iter().take(2).map(|told| &told["state"]).collect();
    assert_eq!(states, ["delivered", "failed"], "{told:?}");
}
