//! Umbrella's reporting API as its reference describes it: tokens by client credentials that run out, one for each
//! organisation, pages by limit and offset, moments in milliseconds, a limit per minute without a word how long to wait,
//! and reports that send on to the region that holds the records.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use base64::Engine as _;
use bitting_sync::umbrella::INTEGRATION;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use support::{Desk, Server, request};

/// 2026-11-21T09:00:00Z
const NINE: i64 = 1_795_251_600_000;
/// Blocked requests of the busy organisation, more than two pages of them.
const EVENTS: usize = 2_300;

/// What the API has seen.
#[derive(Default)]
struct Seen {
    /// Path and query of each request that was answered.
    answered: Vec<String>,
    /// Requests that were refused, by status.
    refused: BTreeMap<u16, usize>,
    tokens: usize,
    /// Tokens by organisation and how many requests each is still good for.
    good_for: BTreeMap<String, usize>,
    /// Requests for a token that are refused before the next one is handed out.
    busy: usize,
    /// The key is revoked.
    revoked: bool,
}

fn query<'q>(query: &'q str, name: &str) -> Option<&'q str> {
    query
        .split('&')
        .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}

/// Blocked and allowed requests of an organisation, the newest first.
fn activity(org: &str) -> Vec<Value> {
    let count = if org == "77" { EVENTS } else { 0 };
    let row = |at: usize| {
        let label = if at.is_multiple_of(2) {
            "Command and Control"
        } else {
            "Malware"
        };
        json!({
            "timestamp": NINE + i64::try_from(EVENTS - at).unwrap() * 1_000, "date": "2026-11-21", "time": "09:00:00",
            "domain": format!("c2-{}.test", at % 3), "verdict": "blocked", "type": "dns", "querytype": "A",
            "categories": [{ "id": 65, "label": label, "type": "security", "deprecated": false, "integration": false }],
            "identities": [{ "id": 1, "label": format!("laptop-{}", at % 4), "type": { "id": 9, "type": "roaming", "label": "Roaming" } }],
        })
    };
    (0..count).map(row).collect()
}

/// One answer: status, further headers, body.
fn answer(seen: &Mutex<Seen>, line: &str, head: &str, body: &str) -> (u16, String, Value) {
    let mut seen = seen.lock().unwrap();
    let header = |name: &str| {
        head.lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim().to_owned())
    };
    let plain = |status: u16, message: &str| {
        let body = json!({ "statusCode": status, "message": message });
        (status, String::new(), body)
    };
    let (method, url) = line.split_once(' ').unwrap();
    let (path, asked) = url.split_once('?').unwrap_or((url, ""));
    let org = header("x-umbrella-orgid").unwrap_or_default();
    let given = header("authorization").unwrap_or_default();
    if path == "/auth/v2/token" {
        let basic = base64::engine::general_purpose::STANDARD
            .encode(format!("k:{}", std::env::var("PATH").unwrap()));
        if method != "POST" || body != "grant_type=client_credentials" {
            return plain(400, "invalid_request");
        }
        if seen.revoked || given != format!("Basic {basic}") {
            return plain(401, "invalid_client");
        }
        if seen.busy > 0 {
            seen.busy -= 1;
            return plain(429, "Too Many Requests");
        }
        seen.tokens += 1;
        let token = format!("hidden-{}-{org}", seen.tokens);
        seen.good_for.insert(token.clone(), 2);
        let body = json!({ "token_type": "bearer", "access_token": token, "expires_in": 3600 });
        return (200, String::new(), body);
    }
    let token = given.strip_prefix("Bearer ").unwrap_or_default();
    match seen.good_for.get_mut(token) {
        // Tokens are bound to the organisation that they were made for.
        Some(_) if !token.ends_with(&format!("-{org}")) => return plain(403, "Forbidden"),
        Some(0) | None => return plain(401, "Unauthorized"),
        Some(left) if !path.starts_with("/reports") => *left -= 1,
        Some(_) => {}
    }
    let (Some(from), Some(to)) = (query(asked, "from"), query(asked, "to")) else {
        return plain(400, "missing required parameters");
    };
    let (Some(limit), Some(offset)) = (
        query(asked, "limit").and_then(|limit| limit.parse::<usize>().ok()),
        query(asked, "offset").and_then(|offset| offset.parse::<usize>().ok()),
    ) else {
        return plain(400, "missing required parameters");
    };
    if limit > 1_000 || offset > 10_000 {
        return plain(400, "limit or offset is too large");
    }
    // Reports lie in a region, and the key has to come along.
    if let Some(rest) = url.strip_prefix("/reports") {
        let to = format!("Location: /region/reports{rest}\r\n");
        return (302, to, json!({}));
    }
    seen.answered.push(url.to_owned());
    let rows: Vec<Value> = match path.strip_prefix("/region/reports/v2/") {
        Some("providers/requests-by-org") => vec![
            json!({ "organizationid": 77, "organizationname": "Acme", "requests": 1_000, "blockedrequests": 10 }),
            json!({ "organizationid": 78, "organizationname": "Quiet", "requests": 0, "blockedrequests": 0 }),
            json!({ "organizationid": 79, "organizationname": "Nobody's", "requests": 5, "blockedrequests": 0 }),
        ],
        Some("deployment-status") => {
            vec![
                json!({ "type": { "id": 1, "type": "network", "label": "Networks" }, "count": 3, "activecount": 2 }),
            ]
        }
        Some("activity/dns") => {
            let (Ok(from), Ok(to)) = (from.parse::<i64>(), to.parse::<i64>()) else {
                return plain(400, "from and to are milliseconds");
            };
            let within = |row: &Value| (from..to).contains(&row["timestamp"].as_i64().unwrap());
            let blocked = query(asked, "verdict") == Some("blocked");
            let rows = activity(&org).into_iter();
            rows.filter(|row| blocked && within(row)).collect()
        }
        _ => return plain(404, "Not Found"),
    };
    let page: Vec<Value> = rows.into_iter().skip(offset).take(limit).collect();
    (200, String::new(), json!({ "meta": {}, "data": page }))
}

/// The API at a port of its own.
fn api() -> (String, Arc<Mutex<Seen>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let seen = Arc::new(Mutex::new(Seen::default()));
    let kept = seen.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let (bytes, line) = request(&mut stream);
            let text = String::from_utf8(bytes).expect("a text");
            let (head, body) = text.split_once("\r\n\r\n").expect("a request");
            let (status, headers, answer) = answer(&kept, &line, head, body);
            if status >= 400 {
                *kept.lock().unwrap().refused.entry(status).or_default() += 1;
            }
            let answer = answer.to_string();
            let length = answer.len();
            let _ = write!(
                stream,
                "HTTP/1.1 {status} X\r\n{headers}Content-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{answer}"
            );
        }
    });
    (address, seen)
}

#[test]
fn the_whole_job_from_an_api_as_its_reference_describes_it() {
    let server = Server::start("umbrella", &[]);
    let (address, seen) = api();
    let operator = server.operator();
    let companies = operator
        .get("company/companies?conditions=deletedFlag=false&orderBy=id&pageSize=2")
        .expect("companies");
    let name = |path: &str| operator.list(path).expect(path)[0]["name"].clone();
    // A variable that is there everywhere stands for the secret's.
    let settings = format!(
        "type = \"Umbrella console\"\n[tickets]\non = true\nboard = {}\npriority = {}\nthreshold = 5\n\
         [source]\nurl = \"{address}\"\nkey = \"k\"\nsecret_variable = \"PATH\"\n\
         [source.companies]\n\"77\" = {}\n\"78\" = {}\n",
        name("service/boards?conditions=inactiveFlag=false%20and%20projectFlag=false"),
        name("service/priorities"),
        companies[0]["identifier"],
        companies[1]["identifier"],
    );
    let desk = Desk::new(&INTEGRATION, &settings);
    // The first token is asked for once too often, without a word how long to wait.
    seen.lock().unwrap().busy = 1;
    let outcomes = desk.whole(server.key());
    let said = Desk::said(&outcomes);
    assert_eq!(said, "", "nothing to say");
    // Every other event is a botnet's, so half of the four laptops have them: a ticket each, with all that was counted.
    let of = "service/tickets?conditions=externalXRef%20like%20%22umbrella:77:%25%22";
    let tickets = operator.list(of).expect("tickets");
    assert_eq!(tickets.len(), 2, "{tickets:?}");
    let counted: usize = tickets
        .iter()
        .map(|ticket| {
            let notes = operator
                .list(&format!("service/tickets/{}/notes", ticket["id"]))
                .expect("notes");
            let text = notes[0]["text"].as_str().expect("a text").to_owned();
            let (count, _) = text.split_once(' ').expect("a count");
            count.parse::<usize>().expect("a count")
        })
        .sum();
    assert_eq!(counted, EVENTS / 2);
    let configurations = operator
        .list("company/configurations?conditions=deviceIdentifier%20like%20%22umbrella:7%25%22")
        .expect("configurations");
    assert_eq!(configurations.len(), 2, "the third is mapped to nobody");
    {
        let seen = seen.lock().unwrap();
        let pages: Vec<&str> = seen
            .answered
            .iter()
            .filter(|url| url.contains("activity/dns"))
            .filter_map(|url| query(url, "offset"))
            .collect();
        // Three pages of the busy organisation, one that is empty of the quiet one.
        assert_eq!(pages, ["0", "1000", "2000", "0"]);
        // Tokens that ran out were refused and replaced; nothing was asked in another's name, or without what is
        // required.
        assert_eq!(seen.refused.get(&429), Some(&1), "{:?}", seen.refused);
        assert!(
            seen.refused.get(&401).is_some_and(|times| *times > 0),
            "{:?}",
            seen.refused
        );
        let others: Vec<_> = seen
            .refused
            .keys()
            .filter(|status| ![401, 429].contains(*status))
            .collect();
        assert!(others.is_empty(), "{:?}", seen.refused);
    }
    let again = desk.whole(server.key());
    let changed = |one: &bitting_sync::run::Outcome| one.counts.created + one.counts.changed;
    assert!(again.iter().all(|one| changed(one) == 0), "{again:?}");

    // A revoked key is named as what it is, and said nowhere.
    seen.lock().unwrap().revoked = true;
    let outcomes = desk.run(server.key(), None).expect("a run");
    let said = Desk::said(&outcomes);
    assert!(
        said.contains("refuses with 401, which is about its key"),
        "{said}"
    );
    assert!(
        !said.contains("hidden") && !said.contains(&std::env::var("PATH").unwrap()),
        "{said}"
    );
    assert_eq!(operator.list(of).expect("tickets").len(), 2);
}
