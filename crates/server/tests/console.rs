//! The console under load and at its edges: a thousand roles, a hundred thousand calls, sessions, and what its
//! own writes leave in the log. Pages are asked for through the whole server but for the socket.

mod support;

use bitting_psa::event::Event;
use http::header;
use serde_json::json;
use std::time::Duration;
use support::Company;

/// Most bytes of a page.
const HEAVIEST: usize = 150_000;
/// Most work of the processor that a page may be, whatever else the machine does. Builds for development are slow;
/// `benches/run console` says what a release build takes.
const LONGEST: Duration = Duration::from_millis(250);

/// Somebody who is signed in.
struct Browser<'a> {
    company: &'a Company,
    cookie: String,
}

impl<'a> Browser<'a> {
    async fn open(company: &'a Company) -> Self {
        let link = company.server.console.one_time_path();
        let answer = company.at(None, &link).await;
        assert_eq!(answer.status, 303);
        let cookie = answer.headers[header::SET_COOKIE].to_str().expect("text");
        let (cookie, _) = cookie.split_once(';').expect("a cookie");
        Self {
            company,
            cookie: cookie.to_owned(),
        }
    }

    async fn get(&self, path: &str) -> (u16, String) {
        let path = format!("/console/{path}");
        let headers = [("cookie", self.cookie.as_str()), ("host", "localhost")];
        let answer = self.company.whole(None, "GET", &path, None, &headers).await;
        (answer.status, String::from_utf8(answer.body).expect("text"))
    }

    /// The least work of a few turns, and the page.
    async fn quickest(&self, path: &str) -> (Duration, String) {
        let mut best = (Duration::MAX, String::new());
        for _ in 0..5 {
            let started = worked();
            let (status, page) = self.get(path).await;
            let took = worked().saturating_sub(started);
            assert_eq!(status, 200, "{path}: {page}");
            if took < best.0 {
                best = (took, page);
            }
        }
        best
    }

    /// Sends a form; the status, and where to look next.
    async fn post(&self, path: &str, form: &str) -> (u16, String) {
        let answer = self.send(path, form).await;
        let to = answer.headers.get(header::LOCATION);
        let to = to.and_then(|to| to.to_str().ok()).unwrap_or_default();
        (answer.status, to.to_owned())
    }

    /// Sends a form; the status, and the page that answers.
    async fn sent(&self, path: &str, form: &str) -> (u16, String) {
        let answer = self.send(path, form).await;
        (answer.status, String::from_utf8(answer.body).expect("text"))
    }

    async fn send(&self, path: &str, form: &str) -> support::Answered {
        let (_, page) = self.get(path).await;
        let (_, rest) = page.split_once("name=\"csrf\" value=\"").expect("a form");
        let (token, _) = rest.split_once('"').expect("a token");
        let path = format!("/console/{path}");
        let headers = [
            ("cookie", self.cookie.as_str()),
            ("host", "localhost"),
            ("x-csrf", token),
        ];
        let body = form.as_bytes().to_vec();
        self.company
            .whole(None, "POST", &path, Some(body), &headers)
            .await
    }
}

/// How long the processor has worked for this thread, which makes the pages; nothing where the system does not
/// tell.
fn worked() -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let first = told.split(' ').next().and_then(|text| text.parse().ok());
    Duration::from_nanos(first.unwrap_or_default())
}

/// How often a text is there.
fn count(page: &str, text: &str) -> usize {
    page.matches(text).count()
}

#[tokio::test]
async fn a_thousand_roles_and_members_come_page_by_page() {
    let company = Company::open().await;
    for index in 0..1_000 {
        let role = json!({ "name": format!("Role {index:04}") });
        let made = company
            .call(&company.admin, "POST", "/system/securityroles", Some(role))
            .await;
        let role = made.expect(201)["id"].clone();
        if index % 4 == 0 {
            let member = json!({
                "identifier": format!("member{index:04}"), "name": format!("Member {index}"),
                "securityRole": { "id": role },
            });
            let made = company
                .call(&company.admin, "POST", "/system/apiMembers", Some(member))
                .await;
            made.expect(201);
        }
    }
    let browser = Browser::open(&company).await;
    let list = "acme/roles?search=Role+&page=";
    let (took, first) = browser.quickest(&format!("{list}1")).await;
    assert_eq!(count(&first, "/copy\" aria-label"), 50);
    assert!(first.contains("Page 1 of 20") && first.contains("rel=\"next\""));
    assert!(first.len() < HEAVIEST, "{} bytes", first.len());
    assert!(took < LONGEST, "{took:?}");
    let (_, last) = browser.get(&format!("{list}20")).await;
    assert!(last.contains("Role 0999") && !last.contains("Role 0900"));
    assert!(!last.contains("rel=\"next\""));
    for path in [
        "acme/roles/5",
        "acme/members",
        "acme/audit/keys",
        "acme/integrations/umbrella",
        "acme/instances",
        "acme/",
    ] {
        let (took, page) = browser.quickest(path).await;
        assert!(page.len() < HEAVIEST, "{path}: {} bytes", page.len());
        assert!(took < LONGEST, "{path}: {took:?}");
        println!("{path}: {took:?}, {} bytes", page.len());
    }
    println!("roles: {took:?}, {} bytes", first.len());
}

#[tokio::test]
async fn a_hundred_thousand_calls_come_page_by_page() {
    let company = Company::open().await;
    for index in 0..100_000_u32 {
        let path = if index % 1_000 == 0 {
            "/v4_6_release/apis/3.0/company/contacts"
        } else {
            "/v4_6_release/apis/3.0/service/tickets"
        };
        let request = http::Request::builder()
            .uri(path)
            .body(())
            .expect("a request");
        let mut event = Event::new(&request.into_parts().0);
        event.company = "acme".to_owned();
        event.member = format!("member{}", index % 7);
        event.finish(200, Duration::from_micros(u64::from(index)));
        company.server.log.record(event);
    }
    let browser = Browser::open(&company).await;
    for (path, rows) in [
        ("acme/activity", 100),
        ("acme/activity?member=member3", 100),
        // One look goes through the latest 40,000.
        ("acme/activity?search=contacts", 40),
        ("acme/activity?search=contacts&member=member3", 6),
        ("acme/activity?decision=denied", 0),
        ("acme/", 0),
    ] {
        let (took, page) = browser.quickest(path).await;
        if path != "acme/" {
            assert_eq!(count(&page, "<th scope=\"row\">"), rows, "{path}");
        }
        assert!(page.len() < HEAVIEST, "{path}: {} bytes", page.len());
        assert!(took < LONGEST, "{path}: {took:?}");
        println!("{path}: {took:?}, {} bytes", page.len());
    }
    // The pages go back to the very first call, and end there.
    let filtered = "acme/activity?search=contacts&member=member3";
    let (mut rows, mut looks, mut before) = (0, 0, String::new());
    loop {
        let (_, page) = browser.get(&format!("{filtered}{before}")).await;
        (rows, looks) = (rows + count(&page, "<th scope=\"row\">"), looks + 1);
        let Some((_, rest)) = page.split_once("&amp;before=") else {
            break;
        };
        let (oldest, _) = rest.split_once('"').expect("an address");
        before = format!("&before={oldest}");
    }
    assert_eq!((rows, looks), (14, 3));
    let (_, page) = browser.get("acme/activity").await;
    let (_, rest) = page.split_once("before=").expect("an older page");
    let (oldest, _) = rest.split_once('"').expect("an address");
    let (_, older) = browser.get(&format!("acme/activity?before={oldest}")).await;
    assert_eq!(count(&older, "<th scope=\"row\">"), 100);
    assert!(!older.contains(&format!("activity/{oldest}\"")));
}

/// Whatever the console writes is an event, as a call on the API would be, and holds no secret.
#[tokio::test]
async fn what_the_console_writes_is_in_the_log() {
    let company = Company::open().await;
    let browser = Browser::open(&company).await;
    let (status, to) = browser.post("acme/roles/new", "name=By+hand").await;
    assert_eq!(status, 303, "{to}");
    let role = to.rsplit('/').next().expect("an id").to_owned();
    let form = "name=By+hand+too&then=stay&c0.3=All";
    assert_eq!(
        browser.post(&format!("acme/roles/{role}"), form).await.0,
        303
    );
    let form = format!("identifier=ByHand&name=By+Hand&securityRole={role}&then=stay");
    let (status, to) = browser.post("acme/members/new", &form).await;
    assert_eq!(status, 303, "{to}");
    let member = to.rsplit('/').next().expect("an id").to_owned();
    let keys = format!("acme/members/{member}/keys/new");
    assert_eq!(browser.post(&keys, "description=one").await.0, 303);
    let (_, page) = browser.get(&format!("acme/members/{member}/keys")).await;
    let (_, rest) = page
        .split_once("id=\"private\" value=\"")
        .expect("shown once");
    let (private, _) = rest.split_once('"').expect("a key");
    let (_, again) = browser.get(&format!("acme/members/{member}/keys")).await;
    assert!(!again.contains(private));
    let (_, rest) = again.split_once("/delete\"").expect("a key");
    let key = again[..again.len() - rest.len() - "/delete\"".len()]
        .rsplit('/')
        .next()
        .expect("an id")
        .to_owned();
    assert_eq!(
        browser
            .post(&format!("acme/members/{member}/keys/{key}/delete"), "")
            .await
            .0,
        303
    );
    let events = company.server.log.latest(100);
    let written: Vec<String> = events
        .iter()
        .filter(|event| event.method != "GET")
        .map(|event| format!("{} {} {}", event.member, event.method, event.path))
        .collect();
    let expected = [
        "operator POST /v4_6_release/apis/3.0/system/securityroles".to_owned(),
        format!("operator PATCH /bitting/apis/3.0/system/securityroles/{role}"),
        format!("operator PUT /bitting/apis/3.0/system/securityroles/{role}/document"),
        "operator POST /v4_6_release/apis/3.0/system/apiMembers".to_owned(),
        format!("operator POST /bitting/apis/3.0/system/members/{member}/keys"),
        format!("operator DELETE /bitting/apis/3.0/system/keys/{key}"),
    ];
    assert_eq!(written, expected);
    let log = serde_json::to_string(&events).expect("JSON");
    assert!(!log.contains(private));
}

#[tokio::test]
async fn a_stream_of_calls_is_for_whoever_is_signed_in() {
    let company = Company::open().await;
    let answer = company.at(None, "/console/acme/activity/stream").await;
    assert_eq!(answer.status, 401);
    assert!(answer.body.is_empty());
}

/// A new password ends every session, this browser's too.
#[tokio::test]
async fn a_session_that_ended_opens_nothing() {
    let company = Company::open().await;
    let (one, other) = (Browser::open(&company).await, Browser::open(&company).await);
    assert_eq!(one.get("acme/roles").await.0, 200);
    let form = "password=a+new+password+1&again=a+new+password+1";
    assert_eq!(one.post("password", form).await.0, 303);
    for browser in [&one, &other] {
        let (status, page) = browser.get("acme/roles").await;
        assert_eq!((status, page.as_str()), (303, ""));
    }
}

/// Each form with something wrong in it: nothing is done, and what is wrong stands beside its field.
#[tokio::test]
async fn what_is_wrong_in_a_form_is_told_beside_its_field() {
    let company = Company::open().await;
    let browser = Browser::open(&company).await;
    let (status, to) = browser.post("acme/roles/new", "name=Taken").await;
    assert_eq!(status, 303, "{to}");
    let role = to.rsplit('/').next().expect("an id").to_owned();
    let form = format!("identifier=Taken&name=Taken&securityRole={role}&then=stay");
    let (status, to) = browser.post("acme/members/new", &form).await;
    assert_eq!(status, 303, "{to}");
    let member = to.rsplit('/').next().expect("an id").to_owned();
    let long = "x".repeat(260);
    let other = format!("name=Other&securityRole={role}");
    for (path, form, field) in [
        ("acme/roles/new".to_owned(), "name=".to_owned(), "name"),
        ("acme/roles/new".to_owned(), format!("name={long}"), "name"),
        ("acme/roles/new".to_owned(), "name=taken".to_owned(), "name"),
        (
            format!("acme/roles/{role}/copy"),
            "name=TAKEN".to_owned(),
            "name",
        ),
        (
            format!("acme/roles/{role}"),
            "name=&then=stay".to_owned(),
            "name",
        ),
        (
            format!("acme/roles/{role}"),
            format!("name={long}&then=stay"),
            "name",
        ),
        (
            "acme/integrations/mspcfo".to_owned(),
            "chosen=1&name=Taken".to_owned(),
            "name",
        ),
        (
            "acme/integrations/mspcfo".to_owned(),
            format!("chosen=1&name={long}"),
            "name",
        ),
        (
            "acme/members/new".to_owned(),
            format!("identifier=&{other}"),
            "identifier",
        ),
        (
            "acme/members/new".to_owned(),
            format!("identifier=taken&{other}"),
            "identifier",
        ),
        (
            "acme/members/new".to_owned(),
            format!("identifier={long}&{other}"),
            "identifier",
        ),
        (
            "acme/members/new".to_owned(),
            format!("identifier=New&name={long}&securityRole={role}"),
            "name",
        ),
        (
            "acme/members/new".to_owned(),
            "identifier=New&name=New".to_owned(),
            "securityRole",
        ),
        (
            "acme/members/new".to_owned(),
            "identifier=New&name=New&securityRole=999999".to_owned(),
            "securityRole",
        ),
        (
            "acme/members/new".to_owned(),
            format!("identifier=New&emailAddress={long}&{other}"),
            "emailAddress",
        ),
        (
            format!("acme/members/{member}"),
            format!("identifier=&{other}"),
            "identifier",
        ),
        (
            format!("acme/members/{member}/keys/new"),
            "description=".to_owned(),
            "description",
        ),
        (
            format!("acme/members/{member}/keys/new"),
            format!("description={long}"),
            "description",
        ),
        (
            "acme/instances".to_owned(),
            "strict=perhaps".to_owned(),
            "strict",
        ),
        (
            "acme/instances".to_owned(),
            "default-board=4711".to_owned(),
            "default-board",
        ),
        (
            "acme/instances/faults/new".to_owned(),
            "kind=latency&value=".to_owned(),
            "value",
        ),
        (
            "acme/instances/faults/new".to_owned(),
            "kind=error&value=99".to_owned(),
            "value",
        ),
        (
            "acme/instances/faults/new".to_owned(),
            "kind=withdraw&value=No+such".to_owned(),
            "value",
        ),
        (
            "acme/instances/faults/new".to_owned(),
            "kind=truncate&after=-1".to_owned(),
            "after",
        ),
        (
            "acme/instances/faults/new".to_owned(),
            "kind=truncate&times=x".to_owned(),
            "times",
        ),
        (
            "acme/instances/new".to_owned(),
            "company=".to_owned(),
            "company",
        ),
        (
            "acme/instances/new".to_owned(),
            "company=no+blanks".to_owned(),
            "company",
        ),
        (
            "acme/instances/new".to_owned(),
            "company=acme".to_owned(),
            "company",
        ),
        (
            "acme/instances/new".to_owned(),
            "company=fresh&seed=x".to_owned(),
            "seed",
        ),
        (
            "acme/instances/reset".to_owned(),
            "demo=true&seed=-1".to_owned(),
            "seed",
        ),
        (
            "password".to_owned(),
            "password=short&again=short".to_owned(),
            "password",
        ),
    ] {
        let before = company.server.log.next();
        let (status, page) = browser.sent(&path, &form).await;
        assert_eq!(status, 422, "{path} {form}");
        let beside = format!("id=\"{field}-hint\"><strong>");
        assert!(
            page.contains(&beside),
            "{path} {form}: nothing beside {field}"
        );
        assert!(page.contains("aria-invalid=\"true\""), "{path} {form}");
        let events = company.server.log.since(before).0;
        let done = events
            .iter()
            .find(|event| event.method != "GET" && event.status < 300);
        assert!(done.is_none(), "{path} {form}: {done:?}");
    }
}
