//! Webhooks from their registration to a receiver that checks what it is told, over a real socket.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "support/autotask.rs"]
mod site;

use base64::Engine as _;
use bitting_autotask::users::Shown;
use bitting_autotask::webhooks::delivery;
use bitting_calls::courier::Courier;
use serde_json::{Value, json};
use site::{Site, all};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

const KEY: &str = "a key of sixteen and more";
const NEEDED: [(&str, &str, &str); 5] = [
    ("Other / Can create webhooks", "value", "Checked"),
    ("Other / Maximum number of webhooks", "value", "2"),
    ("CRM / Customer & Cancelation", "value", "All"),
    ("Service Desk / Tickets", "view", "All"),
    ("Service Desk / Tickets", "add", "Yes"),
];

/// One call as a receiver sees it.
#[derive(Debug, Clone)]
struct Heard {
    target: String,
    /// Request line and headers as they came.
    head: String,
    signature: String,
    body: Vec<u8>,
}

impl Heard {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// Hears everything, and answers what it is told to, else 200.
struct Receiver {
    url: String,
    heard: Arc<Mutex<Vec<Heard>>>,
    answers: Arc<Mutex<VecDeque<u16>>>,
}

impl Receiver {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (heard, answers) = (
            Arc::new(Mutex::new(Vec::new())),
            Arc::new(Mutex::new(VecDeque::new())),
        );
        let (all, next) = (heard.clone(), answers.clone());
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut read = Vec::new();
                let call = loop {
                    let mut chunk = [0; 4096];
                    let count = stream.read(&mut chunk).await.unwrap();
                    read.extend_from_slice(&chunk[..count]);
                    if let Some(call) = parse(&read) {
                        break call;
                    }
                };
                all.lock().unwrap().push(call);
                let status = next.lock().unwrap().pop_front().unwrap_or(200);
                let answer = format!(
                    "HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
                );
                stream.write_all(answer.as_bytes()).await.unwrap();
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
}

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
    Some(Heard {
        target: head.split(' ').nth(1).unwrap().to_owned(),
        signature: header("x-hook-signature"),
        head: head.clone(),
        body: read.get(end + 4..end + 4 + length)?.to_vec(),
    })
}

/// The signature as a receiver works it out.
fn signed(body: &[u8]) -> String {
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, KEY.as_bytes());
    let tag = ring::hmac::sign(&key, body);
    format!(
        "sha1={}",
        base64::engine::general_purpose::STANDARD.encode(tag.as_ref())
    )
}

struct Hooked {
    site: Site,
    user: Shown,
    receiver: Receiver,
    hook: Value,
}

impl Hooked {
    async fn call(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        self.site
            .call(Some(&self.user), method, path, Some(body))
            .await
    }

    async fn admin(&self, method: &str, path: &str, body: Value) -> Value {
        self.site.admin_call(method, path, Some(body)).await
    }

    async fn told(&self) -> Vec<Heard> {
        let client = delivery::client().unwrap();
        let courier = Courier::new(self.site.tenant.clone(), client, "https://psa.test");
        courier.round().await.unwrap();
        self.receiver.take()
    }

    /// The number of a field in subscriptions.
    async fn number(&self, field: &str) -> i64 {
        let path = "/TicketWebhookFields/entityInformation/fields";
        let (_, info) = self.site.call(Some(&self.user), "GET", path, None).await;
        let fields = info["fields"].as_array().unwrap();
        let list = fields.iter().find(|one| one["name"] == "fieldID").unwrap();
        assert_eq!(list["isPickList"], true);
        let values = list["picklistValues"].as_array().unwrap();
        let value = values.iter().find(|value| value["label"] == field).unwrap();
        value["value"].as_str().unwrap().parse().unwrap()
    }

    async fn open() -> Self {
        let site = Site::open().await;
        let resource = site.resource("propel-api").await;
        let user = site.user(resource, &NEEDED).await;
        // One user of a resource, so that the webhook's owner is this one.
        for (id, other) in site.tenant.users_of(resource) {
            if other.user != user.user {
                site.tenant.remove_user(id).await.unwrap();
            }
        }
        let receiver = Receiver::start().await;
        let hook = json!({"name": "Mirror", "isActive": true, "webhookUrl": format!("{}/hook", receiver.url),
            "deactivationUrl": format!("{}/gone", receiver.url), "secretKey": KEY, "sendThresholdExceededNotification": false,
            "isSubscribedToCreateEvents": true, "isSubscribedToUpdateEvents": true, "isSubscribedToDeleteEvents": true});
        let (status, made) = site
            .call(Some(&user), "POST", "/TicketWebhooks", Some(hook))
            .await;
        assert_eq!(status, 200, "{made}");
        Self {
            site,
            user,
            receiver,
            hook: made["itemId"].clone(),
        }
    }

    async fn subscribe(&self, field: &str, always: bool) {
        let id = self.number(field).await;
        let body =
            json!({"fieldID": id, "isSubscribedField": true, "isDisplayAlwaysField": always});
        let path = format!("/TicketWebhooks/{}/Fields", self.hook);
        let (status, json) = self.call("POST", &path, body).await;
        assert_eq!(status, 200, "{json}");
    }
}

fn ticket(title: &str) -> Value {
    json!({"companyID": 0, "title": title, "status": 1, "priority": 1})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_hears_signed_what_it_subscribed_to_and_nothing_else() {
    let hooked = Hooked::open().await;
    let path = format!("/TicketWebhooks/{}", hooked.hook);
    let (_, one) = hooked.call("GET", &path, Value::Null).await;
    assert_eq!(
        (&one["item"]["isReady"], &one["item"]["secretKey"]),
        (&json!(false), &json!("")),
        "the key shows to nobody"
    );
    hooked.admin("POST", "/Tickets", ticket("too early")).await;
    assert!(
        hooked.told().await.is_empty(),
        "not ready before a field is subscribed to"
    );
    hooked.subscribe("title", true).await;
    hooked.subscribe("status", false).await;
    let (_, one) = hooked.call("GET", &path, Value::Null).await;
    assert_eq!(one["item"]["isReady"], true);
    let id = hooked
        .admin("POST", "/Tickets", ticket("caf\u{e9} <a+b>"))
        .await["itemId"]
        .clone();
    let told = hooked.told().await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].target, "/hook");
    assert_eq!(told[0].signature, signed(&told[0].body));
    let body = told[0].json();
    let api = hooked.site.resource("bitting-api").await;
    assert_eq!(
        (
            &body["Action"],
            &body["EntityType"],
            &body["Id"],
            &body["PersonID"]
        ),
        (&json!("Create"), &json!("Ticket"), &id, &json!(api))
    );
    assert_eq!(
        body["Fields"],
        json!({"title": "caf\u{e9} <a+b>", "status": 1})
    );
    assert_eq!(body["Guid"], one["item"]["webhookGuid"]);
    let text = String::from_utf8(told[0].body.clone()).unwrap();
    assert!(
        text.contains("caf\\u00E9 \\u003Ca\\u002Bb\\u003E"),
        "{text}"
    );
    // A change of another field is none to it; that of one it named is, with what it always wants.
    hooked
        .admin(
            "PATCH",
            "/Tickets",
            json!({"id": id, "purchaseOrderNumber": "1"}),
        )
        .await;
    assert!(hooked.told().await.is_empty());
    hooked
        .admin("PATCH", "/Tickets", json!({"id": id, "status": 5}))
        .await;
    let told = hooked.told().await;
    assert_eq!(
        (told.len(), &told[0].json()["Action"]),
        (1, &json!("Update"))
    );
    assert_eq!(
        told[0].json()["Fields"],
        json!({"title": "caf\u{e9} <a+b>", "status": 5})
    );
    // A user that is left out is not told of.
    let excluded = json!({"resourceID": api});
    let path = format!("/TicketWebhooks/{}/ExcludedResources", hooked.hook);
    let (status, json) = hooked.call("POST", &path, excluded).await;
    assert_eq!(status, 200, "{json}");
    hooked
        .admin("PATCH", "/Tickets", json!({"id": id, "status": 1}))
        .await;
    assert!(hooked.told().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_hears_of_what_its_owner_may_read() {
    let hooked = Hooked::open().await;
    hooked.subscribe("title", true).await;
    let (id, kept) = hooked.site.tenant.user(&hooked.user.user).unwrap();
    let mut blind = (*kept).clone();
    blind.level = hooked.site.level("Blind", &NEEDED[..2]).await;
    hooked
        .admin("POST", "/Tickets", ticket("seen while it was written"))
        .await;
    hooked
        .site
        .tenant
        .save_user(Some(id), blind.clone())
        .await
        .unwrap();
    assert!(hooked.told().await.is_empty(), "no longer when it goes out");
    hooked.admin("POST", "/Tickets", ticket("never seen")).await;
    blind.level = kept.level;
    hooked.site.tenant.save_user(Some(id), blind).await.unwrap();
    assert!(
        hooked.told().await.is_empty(),
        "nor later what was hidden when it was written"
    );
    hooked.admin("POST", "/Tickets", ticket("seen")).await;
    assert_eq!(hooked.told().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_is_tried_again_recorded_and_given_up_at_last() {
    let hooked = Hooked::open().await;
    hooked.subscribe("title", true).await;
    hooked
        .receiver
        .answers
        .lock()
        .unwrap()
        .extend([500, 503, 200]);
    hooked.admin("POST", "/Tickets", ticket("x")).await;
    // The second attempt comes after two seconds, the third after four more.
    for (seconds, expected) in [(0, 1), (1, 0), (1, 1), (3, 0), (1, 1), (9, 0)] {
        hooked.site.advance(seconds);
        assert_eq!(hooked.told().await.len(), expected, "after {seconds}");
    }
    let log = hooked
        .call("POST", "/WebhookEventErrorLogs/query", all())
        .await
        .1;
    assert_eq!(log["items"], json!([]), "it was told in the end");
    let mut gone = Vec::new();
    for round in 0..10 {
        hooked.receiver.answers.lock().unwrap().extend([500; 3]);
        hooked
            .admin("POST", "/Tickets", ticket(&format!("lost {round}")))
            .await;
        for _ in 0..3 {
            let told = hooked.told().await;
            gone.extend(told.into_iter().filter(|heard| heard.target == "/gone"));
            hooked.site.advance(10);
        }
        assert!(gone.is_empty(), "not before ten were lost: {round}");
    }
    let log = hooked
        .call("POST", "/WebhookEventErrorLogs/query", all())
        .await
        .1;
    assert_eq!(log["items"].as_array().unwrap().len(), 10, "{log}");
    assert!(
        log["items"][0]["payload"]
            .as_str()
            .unwrap()
            .contains("lost 0")
    );
    hooked.receiver.answers.lock().unwrap().clear();
    gone.extend(hooked.told().await);
    let (_, one) = hooked
        .call(
            "GET",
            &format!("/TicketWebhooks/{}", hooked.hook),
            Value::Null,
        )
        .await;
    assert_eq!(one["item"]["isActive"], false);
    let last = &gone[0];
    assert_eq!((gone.len(), last.target.as_str()), (1, "/gone"));
    assert_eq!(
        (last.json()["Action"].as_str(), last.signature.as_str()),
        (Some("Deactivated"), "")
    );
    hooked
        .admin("POST", "/Tickets", ticket("nobody hears"))
        .await;
    assert!(hooked.told().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_was_given_up_tells_again_when_it_is_made_active() {
    let hooked = Hooked::open().await;
    hooked.subscribe("title", true).await;
    let lose = async |round: usize| {
        hooked.receiver.answers.lock().unwrap().extend([500; 3]);
        let title = format!("lost {round}");
        hooked.admin("POST", "/Tickets", ticket(&title)).await;
        for _ in 0..3 {
            hooked.told().await;
            hooked.site.advance(10);
        }
    };
    let hook = async || {
        let path = format!("/TicketWebhooks/{}", hooked.hook);
        hooked.call("GET", &path, Value::Null).await.1["item"].clone()
    };
    for round in 0..10 {
        lose(round).await;
    }
    hooked.told().await;
    let gone = hook().await;
    assert_eq!(
        (&gone["isActive"], &gone["isReady"]),
        (&json!(false), &json!(true))
    );
    let again = json!({"id": hooked.hook, "isActive": true});
    let (status, json) = hooked.call("PATCH", "/TicketWebhooks", again).await;
    assert_eq!(status, 200, "{json}");
    hooked.admin("POST", "/Tickets", ticket("back")).await;
    assert_eq!(hooked.told().await.len(), 1);
    // Nine more may be lost, whatever was lost before.
    for round in 0..9 {
        lose(round).await;
    }
    assert_eq!(hook().await["isActive"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_is_told_once_and_the_headers_as_the_vendor_writes_them() {
    let hooked = Hooked::open().await;
    for _ in 0..2 {
        hooked.subscribe("title", true).await;
    }
    hooked.admin("POST", "/Tickets", ticket("once")).await;
    let told = hooked.told().await;
    let body = String::from_utf8(told[0].body.clone()).unwrap();
    assert_eq!(body.matches("\"title\"").count(), 1, "{body}");
    for header in ["X-Hook-Signature: sha1=", "Content-Type: application/json"] {
        assert!(told[0].head.contains(header), "{}", told[0].head);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_field_says_of_webhooks_is_what_they_can_subscribe_to() {
    let site = Site::open().await;
    let names = |list: &Value, of: &dyn Fn(&Value) -> Option<String>| -> Vec<String> {
        let mut names: Vec<_> = list.as_array().unwrap().iter().filter_map(of).collect();
        names.sort();
        names
    };
    for (entity, hooks) in [
        ("Companies", "Company"),
        ("Contacts", "Contact"),
        ("ConfigurationItems", "ConfigurationItem"),
        ("Tickets", "Ticket"),
        ("TicketNotes", "TicketNote"),
    ] {
        let info = format!("/{entity}/entityInformation/fields");
        let info = site.admin_call("GET", &info, None).await;
        let said = names(&info["fields"], &|field| {
            let heard = field["isSupportedWebhookField"] == true;
            heard.then(|| field["name"].as_str().unwrap().to_owned())
        });
        let list = format!("/{hooks}WebhookFields/entityInformation/fields");
        let list = site.admin_call("GET", &list, None).await;
        let fields = list["fields"].as_array().unwrap();
        let of = fields.iter().find(|one| one["name"] == "fieldID").unwrap();
        let choices = names(&of["picklistValues"], &|value| {
            Some(value["label"].as_str().unwrap().to_owned())
        });
        assert_eq!(said, choices, "{entity}");
        assert!(said.len() > 5, "{entity}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_level_says_how_many_webhooks_there_can_be() {
    let hooked = Hooked::open().await;
    let hook = |url: &str| {
        json!({"name": "Another", "isActive": true, "webhookUrl": url, "deactivationUrl": "https://h/g",
        "secretKey": KEY, "sendThresholdExceededNotification": false})
    };
    let (status, json) = hooked
        .call("POST", "/CompanyWebhooks", hook("nowhere"))
        .await;
    assert_eq!(status, 500, "{json}");
    let (status, json) = hooked
        .call("POST", "/CompanyWebhooks", hook("https://h/x"))
        .await;
    assert_eq!(status, 200, "{json}");
    let (status, json) = hooked
        .call("POST", "/ContactWebhooks", hook("https://h/x"))
        .await;
    assert_eq!(status, 500);
    assert!(
        json["errors"][0]
            .as_str()
            .unwrap()
            .contains("maximum number of 2"),
        "{json}"
    );
    let path = format!("/TicketWebhooks/{}/Fields", hooked.hook);
    let (status, json) = hooked
        .call(
            "POST",
            &path,
            json!({"fieldID": 1, "isSubscribedField": true, "isDisplayAlwaysField": false}),
        )
        .await;
    assert_eq!(
        (status, &json["errors"][0]),
        (500, &json!("Picklist value [1] does not exist for fieldID"))
    );
}
