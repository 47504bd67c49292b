//! The protocol as clients put it on the wire, over real sockets: request lines with characters that a URL should
//! not hold, headers that answers carry, addresses behind proxies. Each row is something that a client does.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use bitting_calls::http::BODY_LIMIT;
use bitting_calls::http::serve;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use support::Company;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A company behind a socket.
struct Site {
    address: SocketAddr,
    key: String,
    _stop: watch::Sender<bool>,
}

/// One answer: status, headers with names in lower case, body.
struct Heard {
    status: u16,
    headers: BTreeMap<String, String>,
    body: String,
}

impl Heard {
    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{} {}", self.status, self.body))
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

impl Site {
    /// Two companies, `Acme "East"` and `Zoë`, beside the one that every company starts with.
    async fn open() -> Self {
        let company = Company::open().await;
        for (identifier, name) in [("east", "Acme \"East\""), ("zoe", "Zoë")] {
            let body = json!({ "identifier": identifier, "name": name, "addressLine1": "1 Main" });
            company
                .call(&company.admin, "POST", "/company/companies", Some(body))
                .await
                .expect(201);
        }
        let key = company.admin.header().to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = watch::channel(false);
        let server = Arc::new(company.server);
        tokio::spawn(serve(listener, None, server, BODY_LIMIT, stopped));
        Self {
            address,
            key,
            _stop: stop,
        }
    }

    /// Sends requests as they stand on one connection, each with the key, and reads their answers.
    async fn say(&self, requests: &[String]) -> Vec<Heard> {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        for request in requests {
            stream.write_all(request.as_bytes()).await.unwrap();
        }
        let mut bytes = Vec::new();
        let mut heard = Vec::new();
        while heard.len() < requests.len() {
            if let Some((one, length)) = answer(&bytes) {
                bytes.drain(..length);
                heard.push(one);
                continue;
            }
            let read = stream.read_buf(&mut bytes).await.unwrap();
            assert!(read > 0, "closed after {} answers", heard.len());
        }
        heard
    }

    fn request(&self, line: &str, more: &str, body: &str) -> String {
        let key = &self.key;
        format!(
            "{line} HTTP/1.1\r\nHost: psa.test:8443\r\nAuthorization: {key}\r\n\
             Content-Length: {}\r\n{more}\r\n{body}",
            body.len()
        )
    }

    async fn get(&self, path: &str, more: &str) -> Heard {
        let line = format!("GET /v4_6_release/apis/3.0{path}");
        let mut heard = self.say(&[self.request(&line, more, "")]).await;
        heard.remove(0)
    }
}

/// The first answer of these bytes and its length, once all of it is there.
fn answer(bytes: &[u8]) -> Option<(Heard, usize)> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let mut lines = head.lines();
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers: BTreeMap<String, String> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length: usize = headers
        .get("content-length")
        .map_or(0, |length| length.parse().unwrap());
    let body = bytes.get(end..end + length)?;
    let body = String::from_utf8(body.to_vec()).unwrap();
    Some((
        Heard {
            status,
            headers,
            body,
        },
        end + length,
    ))
}

#[tokio::test]
async fn conditions_reach_the_grammar_however_they_are_encoded() {
    let site = Site::open().await;
    let names = |heard: &Heard| -> Vec<String> {
        let rows = heard.json();
        let rows = rows.as_array().unwrap_or_else(|| panic!("{rows}")).iter();
        rows.map(|row| row["identifier"].as_str().unwrap().to_owned())
            .collect()
    };
    for (conditions, expected) in [
        // As curl sends what stands between single quotes in a shell.
        ("name=\"Zoë\"", "zoe"),
        ("name='Zo\u{eb}'", "zoe"),
        ("identifier=\"east\"+and+id>0", "east"),
        ("identifier=\"east\"%20and%20id<100000", "east"),
        ("name=\"Acme%20\\\"East\\\"\"", "east"),
        ("name=\"Acme%20\"\"East\"\"\"", "east"),
        ("name%20like%20\"%25East%25\"", "east"),
        ("name%20like%20\"*East*\"", "east"),
        (
            "_info/lastUpdated>[2000-01-01T00:00:00Z]+and+identifier='zoe'",
            "zoe",
        ),
        (
            "lastUpdated>[1/1/2000 12:00:00 AM]+and+identifier='zoe'",
            "zoe",
        ),
        ("identifier=%22zoe%22", "zoe"),
    ] {
        let conditions = conditions.replace(' ', "%20");
        let path = format!("/company/companies?fields=identifier&conditions={conditions}");
        let heard = site.get(&path, "").await;
        assert_eq!(names(&heard), [expected], "{conditions}");
    }
}

#[tokio::test]
async fn bodies_and_later_requests_on_one_connection_stay_whole() {
    let site = Site::open().await;
    let note = "{\"text\":\"GET /x?a=\\\"<b>\\\" HTTP/1.1\"}";
    let post = "POST /v4_6_release/apis/3.0/company/companies/2/notes";
    let get =
        "GET /v4_6_release/apis/3.0/company/companies?conditions=identifier=\"zoe\"&fields=id";
    let chunked = format!(
        "{post} HTTP/1.1\r\nHost: h\r\nAuthorization: {}\r\nTransfer-Encoding: chunked\r\n\r\n\
         5\r\n{}\r\n{:X}\r\n{}\r\n0\r\n\r\n",
        site.key,
        &note[..5],
        note.len() - 5,
        &note[5..],
    );
    let heard = site
        .say(&[
            site.request(get, "", ""),
            site.request(post, "", note),
            site.request(get, "", ""),
            chunked,
            site.request(get, "", ""),
        ])
        .await;
    let statuses: Vec<u16> = heard.iter().map(|one| one.status).collect();
    assert_eq!(statuses, [200, 201, 200, 201, 200]);
    for posted in [&heard[1], &heard[3]] {
        assert_eq!(posted.json()["text"], "GET /x?a=\"<b>\" HTTP/1.1");
    }
}

#[tokio::test]
async fn a_record_that_is_made_is_told_with_its_address() {
    let site = Site::open().await;
    let body = json!({ "text": "x" }).to_string();
    let post = "POST /v4_6_release//apis/3.0/Company/companies/2/notes/?fields=id";
    let heard = site.say(&[site.request(post, "", &body)]).await;
    let id = &heard[0].json()["id"];
    assert_eq!(heard[0].status, 201);
    let address =
        format!("http://psa.test:8443/v4_6_release/apis/3.0/Company/companies/2/notes/{id}");
    assert_eq!(heard[0].header("location"), address);
    // Nothing was made by a search.
    let search = "POST /v4_6_release/apis/3.0/service/tickets/search";
    let heard = site.say(&[site.request(search, "", "{}")]).await;
    assert_eq!((heard[0].status, heard[0].header("location")), (200, ""));
}

#[tokio::test]
async fn addresses_are_those_the_client_wrote() {
    let site = Site::open().await;
    for (headers, start) in [
        ("", "http://psa.test:8443/"),
        ("X-Forwarded-Proto: https\r\n", "https://psa.test:8443/"),
        (
            "X-Forwarded-Proto: https\r\nX-Forwarded-Host: psa.example.com\r\n",
            "https://psa.example.com/",
        ),
        (
            "X-Forwarded-Proto: https\r\nX-Forwarded-Host: psa.example.com\r\nX-Forwarded-Port: 443\r\n",
            "https://psa.example.com/",
        ),
        (
            "X-Forwarded-Proto: https, http\r\nX-Forwarded-Host: a.example, b\r\nX-Forwarded-Port: 9443, 1\r\n",
            "https://a.example:9443/",
        ),
        (
            "X-Forwarded-Host: a.example:9000\r\nX-Forwarded-Port: 9443\r\n",
            "http://a.example:9000/",
        ),
    ] {
        let heard = site.get("/company/companies?pageSize=1", headers).await;
        let link = heard.header("link");
        assert!(
            link.starts_with(&format!("<{start}v4_6_release")),
            "{headers} {link}"
        );
    }
}

#[tokio::test]
async fn the_media_type_names_the_release_that_was_asked_for() {
    let site = Site::open().await;
    for (accept, media) in [
        ("*/*", "application/json; charset=utf-8"),
        (
            "application/vnd.connectwise.com+json",
            "application/vnd.connectwise.com+json; version=2025.1",
        ),
        (
            "application/vnd.connectwise.com+json; version=2021.1, application/json, blob",
            "application/vnd.connectwise.com+json; version=2021.1",
        ),
        (
            "application/vnd.connectwise.com+json; version=3.0.0",
            "application/vnd.connectwise.com+json; version=2025.1",
        ),
        (
            "application/vnd.connectwise.com+json; version=2026.4",
            "application/vnd.connectwise.com+json; version=2026.4",
        ),
    ] {
        let heard = site
            .get("/company/companies/2", &format!("Accept: {accept}\r\n"))
            .await;
        assert_eq!(heard.header("content-type"), media, "{accept}");
    }
}

#[tokio::test]
async fn whoever_has_no_key_is_asked_for_one() {
    let site = Site::open().await;
    let bare = "GET /v4_6_release/apis/3.0/service/tickets HTTP/1.1\r\nHost: h\r\n\r\n".to_owned();
    let heard = site.say(&[bare]).await;
    assert_eq!(heard[0].status, 401);
    assert!(
        heard[0]
            .header("www-authenticate")
            .starts_with("Basic realm=")
    );
    assert_eq!(heard[0].json()["code"], "Unauthorized");
}

#[tokio::test]
async fn code_bases_of_the_cloud_are_those_of_every_release() {
    let site = Site::open().await;
    for (code, status) in [
        ("v4_6_release", 200),
        ("V4_6_RELEASE", 200),
        ("v2025_1", 200),
        ("v2022_2", 200),
        ("2022.2", 200),
        ("v4_7_release", 400),
        ("v2025", 400),
        ("v2025_", 400),
        ("bogus", 400),
    ] {
        let line = format!("GET /{code}/apis/3.0/system/info");
        let heard = site.say(&[site.request(&line, "", "")]).await;
        assert_eq!(heard[0].status, status, "{code}");
        if status == 400 {
            assert_eq!(heard[0].body, "Cannot route. Codebase/company is invalid");
        }
    }
}
