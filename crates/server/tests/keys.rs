//! The life of a key pair: shown once, kept as a hash, refused from the request after it was deactivated,
//! expired or revoked; and companies made at run time.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use bitting_calls::http::{Body, Handler as _, Received};
use bitting_policy::Level;
use http_body_util::BodyExt as _;
use jiff::SignedDuration;
use serde_json::{Value, json};
use std::net::SocketAddr;
use support::{Answered, Company, Credentials};

/// A call on Bitting's own API.
async fn own(
    company: &Company,
    key: &Credentials,
    method: &str,
    path: &str,
    body: Option<Value>,
) -> Answered {
    let request = http::Request::builder()
        .method(method)
        .uri(format!("/bitting/apis/3.0/{path}"))
        .header("authorization", key.header())
        .body(())
        .expect("a request");
    let (parts, ()) = request.into_parts();
    let body = Body::Read(
        body.map(|body| body.to_string().into_bytes())
            .unwrap_or_default()
            .into(),
    );
    let received = Received {
        parts,
        body,
        secure: true,
        peer: SocketAddr::from(([127, 0, 0, 1], 1)),
    };
    let (parts, body) = company.server.handle(received).await.into_parts();
    let body = body.collect().await.expect("a body").to_bytes().to_vec();
    Answered {
        status: parts.status.as_u16(),
        headers: parts.headers,
        json: serde_json::from_slice(&body).unwrap_or(Value::Null),
        body,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_key_is_shown_once_and_revocation_holds_at_once() {
    let company = Company::open().await;
    let role = company
        .role(
            "reader",
            &[("Companies", "Company Maintenance", levels())],
            &[],
        )
        .await;
    let (member, _) = company.member("Reader", role).await;
    let keys = format!("system/apiMembers/{member}/keys");
    let body = json!({ "description": "a test" });
    let made = own(&company, &company.admin, "POST", &keys, Some(body))
        .await
        .expect(201);
    let private = made["privateKey"].as_str().expect("shown once").to_owned();
    let key = Credentials::new(made["publicKey"].as_str().expect("a public key"), &private);
    let id = made["id"].as_i64().expect("an id");
    let open = || company.get(&key, "/company/companies");
    assert_eq!(open().await.status, 200);

    let listed = own(&company, &company.admin, "GET", &keys, None).await;
    assert!(
        !String::from_utf8_lossy(&listed.body).contains(&private),
        "never again"
    );
    assert!(listed.json[1]["lastUsed"].is_string() || listed.json[0]["lastUsed"].is_string());

    let one = format!("system/keys/{id}");
    let change = |body: Value| own(&company, &company.admin, "PATCH", &one, Some(body));
    change(json!({ "inactiveFlag": true })).await.expect(200);
    assert_eq!(open().await.status, 401, "deactivated");
    change(json!({ "inactiveFlag": false })).await.expect(200);
    assert_eq!(open().await.status, 200, "active again");
    change(json!({ "expires": "2026-03-02T10:00:00Z" }))
        .await
        .expect(200);
    assert_eq!(open().await.status, 200, "not expired yet");
    company.advance(SignedDuration::from_hours(2));
    assert_eq!(open().await.status, 401, "expired");
    change(json!({ "expires": "" })).await.expect(200);
    assert_eq!(open().await.status, 200, "without an end");
    let deactivate = json!([{ "op": "replace", "path": "inactiveFlag", "value": true }]);
    company
        .call(
            &company.admin,
            "PATCH",
            &format!("/system/apiMembers/{member}"),
            Some(deactivate),
        )
        .await
        .expect(200);
    assert_eq!(
        open().await.status,
        401,
        "an inactive member's keys stop working"
    );
    let activate = json!([{ "op": "replace", "path": "inactiveFlag", "value": false }]);
    company
        .call(
            &company.admin,
            "PATCH",
            &format!("/system/apiMembers/{member}"),
            Some(activate),
        )
        .await
        .expect(200);
    assert_eq!(open().await.status, 200);
    assert_eq!(
        own(&company, &company.admin, "DELETE", &one, None)
            .await
            .status,
        204
    );
    assert_eq!(open().await.status, 401, "revoked");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_names_its_member_beside_the_id() {
    let company = Company::open().await;
    let role = company.role("none", &[], &[]).await;
    let (member, _) = company.member("Named", role).await;
    let keys = format!("system/apiMembers/{member}/keys");
    let body = json!({ "description": "a test" });
    let cut = own(&company, &company.admin, "POST", &keys, Some(body))
        .await
        .expect(201);
    let one = format!("system/keys/{}", cut["id"]);
    let shown = own(&company, &company.admin, "GET", &one, None)
        .await
        .expect(200);
    let change = Some(json!({ "description": "other" }));
    let changed = own(&company, &company.admin, "PATCH", &one, change)
        .await
        .expect(200);
    let of_member = own(&company, &company.admin, "GET", &keys, None)
        .await
        .rows();
    let all = own(&company, &company.admin, "GET", "system/keys", None)
        .await
        .rows();
    let its = |key: &&Value| key["memberId"] == member;
    assert_eq!(all.iter().filter(its).count(), of_member.len());
    for key in [&cut, &shown, &changed]
        .into_iter()
        .chain(&of_member)
        .chain(all.iter().filter(its))
    {
        assert_eq!(key["memberId"], member, "{key}");
        assert_eq!(key["memberIdentifier"], "Named", "{key}");
    }
    assert!(
        all.iter().all(|key| key["memberIdentifier"].is_string()),
        "{all:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_in_the_past_is_refused_by_its_field() {
    let company = Company::open().await;
    let keys = format!("system/apiMembers/{}/keys", company.admin_member);
    let cut = async |expires: &str| {
        let body = json!({ "description": "a test", "expires": expires });
        own(&company, &company.admin, "POST", &keys, Some(body)).await
    };
    let before = own(&company, &company.admin, "GET", &keys, None)
        .await
        .rows();
    for past in ["2020-01-01T00:00:00Z", "2026-03-02T09:00:00Z"] {
        let refused = cut(past).await.expect(400);
        let error = &refused["errors"][0];
        assert_eq!(error["field"], "expires", "{refused}");
        let says = error["message"].as_str().expect("a message");
        assert!(says.contains("is in the past"), "{says}");
    }
    let after = own(&company, &company.admin, "GET", &keys, None)
        .await
        .rows();
    assert_eq!(after.len(), before.len(), "nothing was cut");

    let key = cut("2026-03-02T09:00:01Z").await.expect(201);
    let one = format!("system/keys/{}", key["id"]);
    let change = async |body: Value| own(&company, &company.admin, "PATCH", &one, Some(body)).await;
    company.advance(SignedDuration::from_hours(1));
    // Whoever changes a key's text may send the whole key back.
    let same = json!({ "description": "old", "expires": key["expires"] });
    assert_eq!(change(same).await.expect(200)["description"], "old");
    let earlier = json!({ "expires": "2026-03-02T08:00:00Z" });
    let refused = change(earlier).await.expect(400);
    assert_eq!(refused["errors"][0]["field"], "expires");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_and_levels_need_the_rights_of_their_screens() {
    let company = Company::open().await;
    let role = company.role("nobody", &[], &[]).await;
    let (member, key) = company.member("Nobody", role).await;
    for (method, path) in [
        ("GET", format!("system/apiMembers/{member}/keys")),
        ("POST", format!("system/apiMembers/{member}/keys")),
        ("GET", "system/keys".to_owned()),
        ("GET", format!("system/securityroles/{role}/document")),
        ("PUT", format!("system/securityroles/{role}/document")),
        ("PATCH", format!("system/securityroles/{role}/levels")),
        (
            "PUT",
            format!("system/securityroles/{role}/customizeLists/SystemTableSetup"),
        ),
        ("GET", "settings".to_owned()),
        ("GET", "events".to_owned()),
        ("GET", "instances".to_owned()),
        ("POST", "instances".to_owned()),
    ] {
        let answered = own(&company, &key, method, &path, Some(json!({}))).await;
        assert_eq!(answered.status, 403, "{method} {path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn levels_are_set_by_name_and_refused_with_a_reason() {
    let company = Company::open().await;
    let role = company.role("cut", &[], &[]).await;
    let path = format!("system/securityroles/{role}/levels");
    let set = |body: Value| own(&company, &company.admin, "PATCH", &path, Some(body));
    let refused =
        set(json!({ "module": "Companies", "action": "Configurations", "editLevel": "All" })).await;
    assert_eq!(refused.status, 400);
    assert!(String::from_utf8_lossy(&refused.body).contains("needs Inquire"));
    let refused =
        set(json!({ "module": "Companies", "action": "Configuratoins", "inquireLevel": "All" }))
            .await;
    assert!(
        String::from_utf8_lossy(&refused.body)
            .contains("Did you mean 'Companies / Configurations'?")
    );
    let body = json!({ "module": "Companies", "action": "Configurations", "editLevel": "All", "inquireLevel": "All" });
    set(body).await.expect(200);
    let list = format!("system/securityroles/{role}/customizeLists/SystemTableSetup");
    let body = json!({ "allow": ["Service / Priority"] });
    own(&company, &company.admin, "PUT", &list, Some(body))
        .await
        .expect(200);
    let document = own(
        &company,
        &company.admin,
        "GET",
        &format!("system/securityroles/{role}/document"),
        None,
    )
    .await
    .expect(200);
    assert_eq!(document["rows"].as_array().map(Vec::len), Some(1));
    assert_eq!(document["rows"][0]["edit"], "All");
    assert_eq!(
        document["lists"]["SystemTableSetup"],
        json!({ "allow": ["Service / Priority"] })
    );
}

fn levels() -> bitting_policy::Levels {
    use bitting_policy::Level::{All, None};
    [None, None, None, All]
}

/// To view members is what integrations hold for the sake of names. It tells a member its own keys alone.
#[tokio::test(flavor = "multi_thread")]
async fn keys_of_others_are_told_to_who_may_edit_members() {
    let company = Company::open().await;
    let at = |edit| {
        let levels = [Level::None, edit, Level::None, Level::All];
        [("System", "Member Maintenance", levels)]
    };
    let viewing = company.role("viewing", &at(Level::None), &[]).await;
    let editing = company.role("editing", &at(Level::All), &[]).await;
    let (member, viewer) = company.member("Viewer", viewing).await;
    let (other, editor) = company.member("Editor", editing).await;
    let of = |member: i64| format!("system/apiMembers/{member}/keys");
    let cut = async |member: i64| {
        let body = json!({ "description": "a test" });
        let made = own(&company, &company.admin, "POST", &of(member), Some(body)).await;
        made.expect(201)["id"].as_i64().expect("an id")
    };
    let (its, others) = (cut(member).await, cut(other).await);
    let one = |id: i64| format!("system/keys/{id}");
    let change = || Some(json!({ "inactiveFlag": true }));

    let all = own(&company, &editor, "GET", "system/keys", None).await;
    let holders: std::collections::BTreeSet<i64> = all
        .rows()
        .iter()
        .filter_map(|key| key["memberId"].as_i64())
        .collect();
    assert!(
        holders.is_superset(&[member, other, company.admin_member].into()),
        "{holders:?}"
    );
    own(&company, &editor, "GET", &one(its), None)
        .await
        .expect(200);

    let mine = own(&company, &viewer, "GET", &of(member), None).await;
    assert!(mine.rows().iter().all(|key| key["memberId"] == member));
    let shown = own(&company, &viewer, "GET", &one(its), None).await;
    assert_eq!(shown.expect(200)["memberIdentifier"], "Viewer");
    // A key that is not there is answered as one of somebody else's.
    for (method, path) in [
        ("GET", "system/keys".to_owned()),
        ("GET", of(other)),
        ("GET", of(999_999)),
        ("GET", one(others)),
        ("GET", one(999_999)),
        ("POST", of(member)),
        ("PATCH", one(its)),
        ("DELETE", one(its)),
        ("DELETE", one(others)),
    ] {
        let refused = own(&company, &viewer, method, &path, change()).await;
        assert_eq!(refused.status, 403, "{method} {path}: {}", refused.json);
        assert!(
            refused.denial().contains("Member Maintenance"),
            "{method} {path}: {}",
            refused.denial()
        );
    }
    let kept = own(&company, &company.admin, "GET", &one(its), None).await;
    assert_eq!(kept.expect(200)["inactiveFlag"], false);
}

/// Members out of a caller's sight have no keys for it either, whichever way it asks.
#[tokio::test(flavor = "multi_thread")]
async fn keys_of_members_out_of_reach_are_not_there() {
    let company = Company::open().await;
    let levels = [Level::My, Level::My, Level::My, Level::All];
    let rows = [("System", "Member Maintenance", levels)];
    let role = company.role("mine", &rows, &[]).await;
    let (_, key) = company.member("Mine", role).await;
    let of = format!("system/apiMembers/{}/keys", company.admin_member);
    let body = json!({ "description": "a test" });
    let cut = own(&company, &company.admin, "POST", &of, Some(body)).await;
    let one = format!("system/keys/{}", cut.expect(201)["id"]);
    for (method, path) in [
        ("GET", &one),
        ("PATCH", &one),
        ("DELETE", &one),
        ("GET", &of),
        ("POST", &of),
    ] {
        let body = Some(json!({ "description": "taken" }));
        let answered = own(&company, &key, method, path, body).await;
        assert_eq!(answered.status, 404, "{method} {path}: {}", answered.json);
    }
    let all = own(&company, &key, "GET", "system/keys", None).await;
    assert!(
        all.rows()
            .iter()
            .all(|key| key["memberId"] != company.admin_member)
    );
    let kept = own(&company, &company.admin, "GET", &one, None).await;
    assert_eq!(kept.expect(200)["description"], "a test");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_is_a_moment_or_a_day() {
    let company = Company::open().await;
    let keys = format!("system/apiMembers/{}/keys", company.admin_member);
    let cut = async |expires: &str| {
        let body = json!({ "description": "a test", "expires": expires });
        own(&company, &company.admin, "POST", &keys, Some(body)).await
    };
    for (said, means) in [
        ("2030-01-01", "2030-01-01T23:59:59Z"),
        (" 2030-01-01 ", "2030-01-01T23:59:59Z"),
        // Today: the clock stands at nine.
        ("2026-03-02", "2026-03-02T23:59:59Z"),
        ("2030-01-01T08:00:00Z", "2030-01-01T08:00:00Z"),
        ("2030-01-01T08:00:00+02:00", "2030-01-01T06:00:00Z"),
    ] {
        assert_eq!(cut(said).await.expect(201)["expires"], means, "{said}");
    }
    for said in [
        "tomorrow",
        "01.01.2030",
        "2030-13-01",
        "2030-02-30",
        "2030-01-01T08:00:00",
        "2030-01-01[Europe/Berlin]",
        "90d",
    ] {
        let refused = cut(said).await.expect(400);
        let error = &refused["errors"][0];
        assert_eq!(error["field"], "expires", "{refused}");
        let says = error["message"].as_str().expect("a message");
        assert!(
            says.contains(said) && says.contains("2030-01-01T08:00:00Z"),
            "what, and what instead: {says}"
        );
    }
    let refused = cut("2026-03-01").await.expect(400);
    assert!(
        refused["errors"][0]["message"]
            .as_str()
            .expect("a message")
            .contains("in the past")
    );
}
