//! Documents as real clients send, list and fetch them, and who may.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use bitting_policy::Level::{All, My as Mine, None as No};
use serde_json::{Value, json};
use support::{Answered, Company, Credentials};

/// The form of a client that quotes the boundary, forgets a quote and ends lines with LF alone.
fn form(record: i64, title: &str, file: &[u8]) -> Vec<u8> {
    let mut body = format!(
        "--b\nContent-Disposition: form-data; name=\"RecordType\n\nticket\n--b\n\
         Content-Disposition: form-data; name=\"RecordId\"\n\n{record}\n--b\n\
         Content-Disposition: form-data; name=\"Title\"\n\n{title}\n--b\n\
         Content-Disposition: form-data; name=\"PrivateFlag\n\nFalse\n--b\n\
         Content-Disposition: form-data; name=\"file\"; filename=\"C:\\tmp\\pic.png\"\n\
         Content-Type: image/png\n\n"
    )
    .into_bytes();
    body.extend_from_slice(file);
    body.extend_from_slice(b"\n--b--\n");
    body
}

async fn send(company: &Company, key: &Credentials, path: &str, body: Vec<u8>) -> Answered {
    company
        .send_as(
            key,
            "POST",
            path,
            body,
            "multipart/form-data; boundary=\"b\"",
        )
        .await
}

async fn ticket(company: &Company) -> i64 {
    let client = company
        .call(
            &company.admin,
            "POST",
            "/company/companies",
            Some(json!({"identifier": "Client", "name": "Client"})),
        )
        .await
        .expect(201);
    let board = company
        .call(
            &company.admin,
            "POST",
            "/service/boards",
            Some(json!({"name": "Help", "location": {"id": 1}, "department": {"id": 1}})),
        )
        .await
        .expect(201);
    let made = company
        .call(
            &company.admin,
            "POST",
            "/service/tickets",
            Some(json!({"summary": "Printer", "board": {"id": board["id"]}, "company": {"id": client["id"]}})),
        )
        .await
        .expect(201);
    made["id"].as_i64().unwrap()
}

const BYTES: &[u8] = b"\x89PNG\r\n\x1a\n\0\xff--b not a boundary\n";

#[tokio::test]
async fn a_file_goes_up_and_comes_down_unchanged() {
    let company = Company::open().await;
    let admin = &company.admin;
    let on = ticket(&company).await;
    let made = send(
        &company,
        admin,
        "/system/documents",
        form(on, "Picture", BYTES),
    )
    .await
    .expect(201);
    let id = made["id"].as_i64().unwrap();
    assert_eq!(made["title"], "Picture");
    assert_eq!(made["fileName"], "pic.png");
    assert_eq!(made["size"], BYTES.len());
    assert_eq!(made["imageFlag"], true);
    assert_eq!(made["owner"], "AdminAPI");
    assert_eq!(made["createdOnDate"], "2026-03-02T09:00:00Z");
    let guid = made["guid"].as_str().unwrap().to_owned();
    assert_eq!(guid.len(), 36);
    assert!(!made.to_string().contains("recordType"), "{made}");
    let list = format!("/system/documents?RecordType=TICKET&recordid={on}");
    assert_eq!(company.get(admin, &list).await.rows().len(), 1);
    let count = format!("/system/documents/count?recordType=Ticket&recordId={on}");
    assert_eq!(company.get(admin, &count).await.expect(200)["count"], 1);
    for part in ["download", "thumbnail"] {
        let got = company
            .get(admin, &format!("/system/documents/{id}/{part}"))
            .await;
        assert_eq!(got.status, 200);
        assert_eq!(got.body, BYTES);
        assert_eq!(got.headers["content-type"], "image/png");
        assert_eq!(
            got.headers["content-disposition"],
            "attachment; filename=\"pic.png\""
        );
    }
    let inline = format!("/v4_6_release/api/inlineimages/ACME/{guid}");
    let got = company.at(Some(admin), &inline).await;
    assert_eq!((got.status, got.body.as_slice()), (200, BYTES));
    assert_eq!(company.at(None, &inline).await.status, 401);
    let names = company
        .get(admin, &format!("/service/tickets/{on}/documents"))
        .await
        .rows();
    assert_eq!((names.len(), &names[0]["name"]), (1, &json!("Picture")));
    // A new file takes the old one's place; what the form does not name stays.
    let body =
        b"--b\nContent-Disposition: form-data; name=files; filename=a.txt\n\nhello\n--b--".to_vec();
    let changed = send(&company, admin, &format!("/system/documents/{id}"), body)
        .await
        .expect(200);
    assert_eq!(
        (&changed["title"], &changed["imageFlag"]),
        (&json!("Picture"), &json!(false))
    );
    let got = company
        .get(admin, &format!("/system/documents/{id}/download"))
        .await;
    assert_eq!(got.body, b"hello");
    assert_eq!(got.headers["content-type"], "text/plain");
    let thumbnail = format!("/system/documents/{id}/thumbnail");
    assert_eq!(company.get(admin, &thumbnail).await.status, 404);
    let gone = company
        .call(admin, "DELETE", &format!("/system/documents/{id}"), None)
        .await;
    assert_eq!(gone.status, 204);
    let download = format!("/system/documents/{id}/download");
    assert_eq!(company.get(admin, &download).await.status, 404);
}

#[tokio::test]
async fn what_is_no_form_is_refused() {
    let company = Company::open().await;
    let admin = &company.admin;
    let on = ticket(&company).await;
    let json = company
        .call(
            admin,
            "POST",
            "/system/documents",
            Some(json!({"title": "x"})),
        )
        .await;
    assert_eq!(json.status, 415);
    for path in [
        "/system/documents",
        "/system/documents?recordType=Ticket",
        "/system/documents/count?recordId=1",
        "/system/documents?recordType=Nonsense&recordId=1",
        "/system/documents?recordType=Ticket&recordId=x",
    ] {
        assert_eq!(company.get(admin, path).await.status, 400, "{path}");
    }
    let far = company
        .get(
            admin,
            &format!("/system/documents?recordType=Ticket&recordId={}", on + 1),
        )
        .await;
    assert_eq!(far.status, 404);
    let error = send(
        &company,
        admin,
        "/system/documents",
        form(on + 1, "x", b"x"),
    )
    .await
    .expect(400);
    assert_eq!(error["errors"][0]["field"], "recordId");
    let sample = company.get(admin, "/system/documents/uploadsample").await;
    assert!(
        sample.headers["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/html")
    );
}

#[tokio::test]
async fn a_link_has_no_content() {
    let company = Company::open().await;
    let on = ticket(&company).await;
    let body = format!(
        "--b\r\nContent-Disposition: form-data; name=\"recordType\"\r\n\r\nTicket\r\n--b\r\n\
         Content-Disposition: form-data; name=\"recordId\"\r\n\r\n{on}\r\n--b\r\n\
         Content-Disposition: form-data; name=\"url\"\r\n\r\nhttps://example.com/a\r\n--b--"
    );
    let made = send(
        &company,
        &company.admin,
        "/system/documents",
        body.into_bytes(),
    )
    .await
    .expect(201);
    assert_eq!(
        (&made["linkFlag"], &made["urlFlag"]),
        (&json!(true), &json!(true))
    );
    let download = format!("/system/documents/{}/download", made["id"]);
    assert_eq!(company.get(&company.admin, &download).await.status, 404);
}

/// Every pair of rights: on attachments, and on the record they hang on.
#[tokio::test]
async fn both_rights_are_needed() {
    let company = Company::open().await;
    let admin = &company.admin;
    let on = ticket(&company).await;
    let theirs = send(
        &company,
        admin,
        "/system/documents",
        form(on, "Theirs", b"1"),
    )
    .await
    .expect(201)["id"]
        .clone();
    let mut seen = Vec::new();
    for (index, attachments) in [No, Mine, All].into_iter().enumerate() {
        for (at, tickets) in [No, All].into_iter().enumerate() {
            let name = format!("R{index}{at}");
            let row = |level| [level, level, level, level];
            let rows = [
                ("Companies", "Manage Attachments", row(attachments)),
                ("Service Desk", "Service Tickets", row(tickets)),
            ];
            let role = company.role(&name, &rows, &[]).await;
            let (_, key) = company.member(&name, role).await;
            let list = format!("/system/documents?recordType=Ticket&recordId={on}");
            let shown = company.get(&key, &list).await;
            let titles: Vec<Value> = match shown.status {
                200 => shown
                    .rows()
                    .iter()
                    .map(|row| row["title"].clone())
                    .collect(),
                _ => Vec::new(),
            };
            let listed = company.get(&key, &list).await.status;
            let one = company
                .get(&key, &format!("/system/documents/{theirs}/download"))
                .await
                .status;
            let made = send(&company, &key, "/system/documents", form(on, &name, b"2")).await;
            let own = match made.status {
                201 => {
                    let id = &made.json["id"];
                    company
                        .get(&key, &format!("/system/documents/{id}/download"))
                        .await
                        .status
                }
                _ => 0,
            };
            seen.push((
                attachments,
                tickets,
                listed,
                titles.len(),
                one,
                made.status,
                own,
            ));
        }
    }
    assert_eq!(
        seen,
        [
            (No, No, 403, 0, 403, 403, 0),
            (No, All, 403, 0, 403, 403, 0),
            (Mine, No, 403, 0, 404, 403, 0),
            (Mine, All, 200, 0, 404, 201, 200),
            (All, No, 403, 0, 403, 403, 0),
            // Their own of the row above, the administrator's, and none of this member's yet.
            (All, All, 200, 2, 200, 201, 200),
        ]
    );
}

#[tokio::test]
async fn records_of_another_kind_with_the_same_id_keep_their_documents() {
    let company = Company::open().await;
    let admin = &company.admin;
    let on = ticket(&company).await;
    for kind in ["Ticket", "Company"] {
        let body = String::from_utf8(form(on, kind, b"x"))
            .unwrap()
            .replace("ticket", kind);
        send(&company, admin, "/system/documents", body.into_bytes())
            .await
            .expect(201);
    }
    let names = company
        .get(admin, &format!("/service/tickets/{on}/documents"))
        .await
        .rows();
    assert_eq!(names.len(), 1);
    assert_eq!(names[0]["name"], "Ticket");
    // They go with their own record, and with no other.
    let gone = company
        .call(admin, "DELETE", &format!("/service/tickets/{on}"), None)
        .await;
    assert_eq!(gone.status, 204);
    let list = format!("/system/documents?recordType=Company&recordId={on}");
    let left = company.get(admin, &list).await.rows();
    assert_eq!(left.len(), 1);
    let download = format!("/system/documents/{}/download", left[0]["id"]);
    assert_eq!(company.get(admin, &download).await.body, b"x");
}
