//! What the network and a PSA can do to a call, played by a listener that says one answer after the other.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use bitting_client::{ClientError, Credentials, Options, Psa, Secret};
use serde_json::json;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

/// Says these answers (status, headers, body), one per request, and tells the first lines it got.
fn psa_that_says(answers: Vec<(u16, &'static str, String)>) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (told, heard) = channel();
    thread::spawn(move || {
        for (status, headers, body) in answers {
            let Ok((stream, _)) = listener.accept() else {
                return;
            };
            let mut reader = BufReader::new(stream);
            let (mut first, mut length) = (String::new(), 0);
            reader.read_line(&mut first).unwrap();
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                if let Some(said) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                    length = said.trim().parse().unwrap();
                }
                if line.trim().is_empty() {
                    break;
                }
            }
            reader.read_exact(&mut vec![0; length]).unwrap();
            // Not every test wants to hear what was asked.
            let _ = told.send(first.trim().to_owned());
            let head = format!(
                "HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n{headers}\r\n",
                body.len()
            );
            let mut stream = reader.into_inner();
            stream.write_all(head.as_bytes()).unwrap();
            stream.write_all(body.as_bytes()).unwrap();
        }
    });
    (address, heard)
}

fn open(address: &str, usual_path: bool) -> Result<Psa, ClientError> {
    let credentials = Credentials {
        company: "acme".to_owned(),
        public_key: "public".to_owned(),
        private_key: Secret::new("hidden-half"),
        client_id: Some("software".to_owned()),
    };
    Psa::open(
        address,
        credentials,
        &Options {
            usual_path,
            ..Options::default()
        },
    )
}

#[test]
fn a_psa_that_asks_for_patience_gets_it() {
    let busy = (
        429,
        "retry-after: 0\r\n",
        json!({ "error": "ConnectWiseAPI", "message": "Too many requests." }).to_string(),
    );
    let (address, heard) = psa_that_says(vec![
        busy.clone(),
        busy,
        (201, "", json!({ "id": 7 }).to_string()),
    ]);
    let psa = open(&address, true).unwrap();
    assert_eq!(psa.post("service/tickets", &json!({})).unwrap()["id"], 7);
    assert_eq!(heard.iter().take(3).count(), 3);
    let statuses: Vec<u16> = psa.calls().iter().map(|call| call.status).collect();
    assert_eq!(statuses, [429, 429, 201]);
}

#[test]
fn a_write_that_may_have_been_done_is_not_done_again() {
    let (address, _) = psa_that_says(vec![(503, "", String::new()), (201, "", "{}".to_owned())]);
    let psa = open(&address, true).unwrap();
    assert_eq!(
        psa.post("service/tickets", &json!({}))
            .unwrap_err()
            .status(),
        Some(503)
    );
    assert_eq!(psa.calls().len(), 1);
}

#[test]
fn lists_are_read_to_their_end() {
    let page = |count: usize| serde_json::to_string(&vec![json!({ "id": 1 }); count]).unwrap();
    let (address, heard) = psa_that_says(vec![(200, "", page(1000)), (200, "", page(3))]);
    let psa = open(&address, true).unwrap();
    assert_eq!(psa.list("company/companies?fields=id").unwrap().len(), 1003);
    let asked: Vec<String> = heard.iter().take(2).collect();
    assert!(
        asked[1]
            .contains("/v4_6_release/apis/3.0/company/companies?fields=id&pageSize=1000&page=2"),
        "{asked:?}"
    );
}

#[test]
fn the_api_is_where_the_company_says() {
    let info = json!({ "Codebase": "v2025_1/", "CompanyID": "acme" }).to_string();
    let (address, heard) = psa_that_says(vec![(200, "", info), (200, "", "{}".to_owned())]);
    open(&address, false).unwrap().get("system/info").unwrap();
    let asked: Vec<String> = heard.iter().take(2).collect();
    assert!(
        asked[0].contains("/login/companyinfo/acme")
            && asked[1].contains(" /v2025_1/apis/3.0/system/info "),
        "{asked:?}"
    );
}

#[test]
fn every_fault_has_its_name_and_no_secret() {
    let (unknown, _) = psa_that_says(vec![(200, "", "null".to_owned())]);
    let (page, _) = psa_that_says(vec![(200, "", "<html>log in</html>".to_owned())]);
    let (refused, _) = psa_that_says(vec![(
        401,
        "",
        json!({ "code": "Unauthorized", "message": "no" }).to_string(),
    )]);
    let unused = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let errors = [
        open(&unknown, false).err().unwrap(),
        open(&page, false).err().unwrap(),
        open(&refused, true)
            .unwrap()
            .get("system/info")
            .unwrap_err(),
        open(&format!("http://{unused}"), false).err().unwrap(),
        open("https://", true).err().unwrap(),
    ];
    assert!(
        matches!(errors[0], ClientError::Company { .. }),
        "{}",
        errors[0]
    );
    assert!(
        matches!(errors[1], ClientError::Strange { .. }),
        "{}",
        errors[1]
    );
    assert_eq!(errors[2].status(), Some(401));
    assert!(
        matches!(errors[3], ClientError::Unreachable { .. }),
        "{}",
        errors[3]
    );
    assert!(
        matches!(errors[4], ClientError::Address { .. }),
        "{}",
        errors[4]
    );
    for error in &errors {
        assert!(!format!("{error} {error:?}").contains("hidden-half"));
    }
}

#[test]
fn a_log_in_page_is_no_api_of_ours() {
    let denied = (
        403,
        "x-bitting-denial: System / Member Maintenance: Inquire\r\n",
        "{}".to_owned(),
    );
    for (answer, offers) in [
        ((200, "", "<html>log in</html>".to_owned()), false),
        ((404, "", String::new()), false),
        ((403, "", json!({ "code": "Security" }).to_string()), false),
        ((200, "", "[]".to_owned()), true),
        (denied, true),
    ] {
        let (address, _) = psa_that_says(vec![answer.clone()]);
        assert_eq!(
            open(&address, true).unwrap().offers_own().unwrap(),
            offers,
            "{answer:?}"
        );
    }
}

/// Answers every connection with these bytes, whatever was asked, and hangs up; with none, never answers.
fn raw(answer: Option<&'static [u8]>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        let mut kept = Vec::new();
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let Some(answer) = answer else {
                kept.push(stream);
                continue;
            };
            // The whole request, or the rest of it would reset the connection.
            let mut heard = Vec::new();
            let mut part = [0; 4096];
            while !heard.windows(4).any(|end| end == b"\r\n\r\n") {
                let read = stream.read(&mut part).unwrap();
                heard.extend_from_slice(&part[..read]);
                if read == 0 {
                    break;
                }
            }
            let _ = stream.write_all(answer);
        }
    });
    address
}

#[test]
fn an_answer_that_breaks_off_is_no_answer() {
    for answer in [
        // Less than was promised.
        &b"HTTP/1.1 200 OK\r\ncontent-length: 900\r\nconnection: close\r\n\r\n[{\"id\":1},{\"i"[..],
        // As much as was promised, and yet half a record.
        &b"HTTP/1.1 200 OK\r\ncontent-length: 14\r\nconnection: close\r\n\r\n[{\"id\":1},{\"i"[..],
        // The end of the parts never comes.
        &b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n4\r\n[{\"i\r\n"[..],
    ] {
        let psa = open(&raw(Some(answer)), true).unwrap();
        let error = psa.list("company/companies").unwrap_err();
        assert!(matches!(error, ClientError::BrokenOff { .. }), "{error}");
        assert!(
            error.to_string().ends_with("broke its answer to company/companies off in the middle"),
            "{error}"
        );
        assert!(error.leaves_open());
        assert_eq!(psa.calls().len(), 1);
    }
}

#[test]
fn hanging_up_silence_and_nonsense_have_a_sentence_each() {
    for (answer, says) in [
        (Some(&b""[..]), "it hung up before it answered"),
        (Some(&b"HTTP/1.1 200"[..]), "it hung up before it answered"),
        (Some(&b"SSH-2.0-OpenSSH_9.6\r\n"[..]), "speaks no HTTP"),
        (None, "it took longer than 0.2 seconds"),
    ] {
        let credentials = Credentials {
            company: "acme".to_owned(),
            public_key: "public".to_owned(),
            private_key: Secret::new("hidden-half"),
            client_id: None,
        };
        let options = Options {
            patience: Some(std::time::Duration::from_millis(200)),
            ..Options::default()
        };
        let Err(error) = Psa::open(&raw(answer), credentials, &options) else {
            panic!("{says}: it opens");
        };
        assert!(matches!(error, ClientError::Unreachable { .. }), "{error}");
        assert!(error.to_string().contains(says), "{error}");
    }
}

#[test]
fn a_name_that_no_machine_has_is_said() {
    // With a proxy it is the proxy that looks names up.
    if ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]
        .iter()
        .any(|name| std::env::var_os(name).is_some())
    {
        return;
    }
    let said = open("https://psa.invalid", false)
        .err()
        .unwrap()
        .to_string();
    assert!(said.contains("no machine has that name"), "{said}");
}

#[test]
fn a_host_that_is_no_psa_is_told_by_its_answer() {
    let page = "<html>It works</html>".to_owned();
    for (status, body, says) in [
        (200, page.clone(), "is no company; is http://"),
        (200, "[1, 2]".to_owned(), "is no company; is http://"),
        (
            404,
            page.clone(),
            "refused with 404: it answered with a web page",
        ),
        (403, page, "refused with 403: it answered with a web page"),
        (500, String::new(), "refused with 500: the PSA answered 500"),
    ] {
        let (address, _) = psa_that_says(vec![(status, "", body.clone()), (status, "", body)]);
        let said = open(&address, false)
            .and_then(|psa| psa.get("system/info"))
            .unwrap_err()
            .to_string();
        assert!(said.contains(says), "{status}: {said}");
    }
}
