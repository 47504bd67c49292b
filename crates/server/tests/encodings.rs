//! Bodies with a `Content-Encoding`: what is not read is 415 and says so; a header that is not true changes nothing.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "support/autotask.rs"]
mod site;
mod support;

use bitting_calls::http::{Body, Handler as _, Received};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use site::Site;
use std::net::SocketAddr;
use support::Company;

/// Bytes that are no JSON: the first ones of a gzip and of a brotli stream that looks like an object.
const PACKED: [&[u8]; 2] = [b"\x1f\x8b\x08\x00\x00", b"{\x02\x80\xff\x00"];

#[tokio::test]
async fn what_is_not_read_is_415_and_names_the_encoding() {
    let company = Company::open().await;
    let key = Some(&company.admin);
    let json = json!({ "identifier": "plain", "name": "Plain" })
        .to_string()
        .into_bytes();
    let root = "/v4_6_release/apis/3.0/company/companies";
    let own = "/bitting/apis/3.0/instances";
    for path in [root, own] {
        for (encoding, body) in [
            ("gzip", PACKED[0]),
            ("BR", PACKED[1]),
            ("identity, deflate", PACKED[1]),
        ] {
            let headers = [
                ("content-encoding", encoding),
                ("content-type", "application/json"),
            ];
            let answer = company
                .whole(key, "POST", path, Some(body.to_vec()), &headers)
                .await;
            assert_eq!(answer.status, 415, "{path} {encoding}: {}", answer.json);
            assert_eq!(answer.json["code"], "ConnectWiseApi");
            let says = answer.json["message"].as_str().unwrap();
            let named = encoding.rsplit(' ').next().unwrap().to_lowercase();
            assert!(
                says.contains(&format!("is {named},")) && says.contains("without that header"),
                "{says}"
            );
        }
    }
    let wrong = [("content-encoding", "gzip")];
    let answer = company
        .whole(None, "POST", root, Some(PACKED[0].to_vec()), &wrong)
        .await;
    assert_eq!(answer.status, 401, "the key comes first");
    let answer = company.whole(key, "POST", root, Some(json), &wrong).await;
    assert_eq!(
        answer.status, 201,
        "a header that is not true: {}",
        answer.json
    );
    let plain = [("content-encoding", "identity")];
    let answer = company
        .whole(key, "POST", root, Some(b"{".to_vec()), &plain)
        .await;
    assert_eq!(answer.status, 400, "no encoding at all");
}

#[tokio::test]
async fn on_autotask_it_is_415_in_autotasks_words() {
    let site = Site::with(bitting_store::Location::Memory, None).await;
    let send = async |encoding: &str, body: &[u8]| {
        let user = site.admin();
        let request = http::Request::builder()
            .method("POST")
            .uri("/ATServicesRest/V1.0/Companies/query")
            .header("content-encoding", encoding)
            .header("UserName", &user.user)
            .header("Secret", user.secret.reveal())
            .header("ApiIntegrationcode", user.code.reveal());
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let received = Received {
            parts,
            body: Body::Read(body.to_vec().into()),
            secure: true,
            peer: SocketAddr::from(([127, 0, 0, 1], 1)),
        };
        let response = site.server.handle(received).await;
        let status = response.status().as_u16();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice::<Value>(&bytes).unwrap())
    };
    let (status, said) = send("br", PACKED[1]).await;
    assert_eq!(status, 415, "{said}");
    assert!(
        said["errors"][0]
            .as_str()
            .unwrap()
            .contains("is br, which is not read here"),
        "{said}"
    );
    let all = site::all().to_string();
    assert_eq!(
        send("br", all.as_bytes()).await.0,
        200,
        "a header that is not true"
    );
    let (status, said) = send("gzip", b"{").await;
    assert_eq!(status, 500, "{said}");
    assert!(
        said["errors"][0]
            .as_str()
            .unwrap()
            .contains("not valid JSON"),
        "{said}"
    );
}
