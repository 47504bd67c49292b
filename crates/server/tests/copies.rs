//! Snapshot, restore and reset: what a company was, it is again, keys and rights included.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use bitting_calls::seed::{self, Demo};
use bitting_demo::Size;
use bitting_policy::Level::{All, None as No};
use bitting_psa::keys::Pair;
use bitting_server::copies;
use bitting_store::Location;
use serde_json::{Value, json};
use support::{Answered, Company, Credentials};

async fn client(company: &Company, name: &str) -> Answered {
    let body = json!({"identifier": name, "name": name});
    company
        .call(&company.admin, "POST", "/company/companies", Some(body))
        .await
}

async fn names(company: &Company, key: &Credentials) -> Vec<Value> {
    let rows = company
        .get(key, "/company/companies?orderBy=id")
        .await
        .rows();
    rows.iter().map(|row| row["identifier"].clone()).collect()
}

/// A key pair that is at rest, as the server cuts it.
async fn cut(company: &Company, member: i64) -> (i64, Credentials) {
    let (key, pair): (_, Pair) = company
        .instance
        .cut_key(member, "kept", None)
        .await
        .unwrap();
    (
        key.id,
        Credentials::new(&pair.public, pair.private.reveal()),
    )
}

async fn there_and_back(location: Location) {
    let folder = tempfile::tempdir().unwrap();
    let mut company = Company::open_at(location).await;
    company.admin = cut(&company, company.admin_member).await.1;
    let reads = [("Companies", "Company Maintenance", [No, No, No, All])];
    let role = company.role("Reader", &reads, &[]).await;
    let (member, _) = company.member("reader", role).await;
    let (_, reader) = cut(&company, member).await;
    client(&company, "One").await.expect(201);
    let field =
        json!({"podId": 1, "caption": "Tier", "sequenceNumber": 1, "fieldTypeIdentifier": "Text"});
    company
        .call(
            &company.admin,
            "POST",
            "/system/userDefinedFields",
            Some(field),
        )
        .await
        .expect(201);
    let file = copies::file(folder.path(), "Acme", "start").unwrap();
    copies::take(&company.instance, &file).await.unwrap();
    let before = company
        .get(&company.admin, "/company/companies")
        .await
        .expect(200);

    client(&company, "Two").await.expect(201);
    company
        .call(
            &company.admin,
            "DELETE",
            "/system/userDefinedFields/1",
            None,
        )
        .await
        .expect(204);
    let (_, later) = cut(&company, member).await;
    let mut none = (*company.instance.role(role)).clone();
    let registry = company.instance.registry();
    let action = registry.action("Companies", "Company Maintenance").unwrap();
    none.set(registry, action, [No; 4]).unwrap();
    company.instance.save_role(none).await.unwrap();
    assert_eq!(company.get(&reader, "/company/companies").await.status, 403);
    assert_eq!(company.get(&later, "/company/companies").await.status, 403);

    for _ in 0..2 {
        copies::restore(&company.instance, &file).await.unwrap();
        assert_eq!(
            company
                .get(&company.admin, "/company/companies")
                .await
                .expect(200),
            before
        );
        assert_eq!(names(&company, &reader).await, ["One"]);
        // A key that was cut later is no key any more.
        assert_eq!(company.get(&later, "/company/companies").await.status, 401);
        // An id that was given since is not given again.
        let made = client(&company, "Three").await.expect(201);
        assert!(made["id"].as_i64() > before[0]["id"].as_i64());
        assert_eq!(made["customFields"][0]["caption"], "Tier");
    }
    // A newer snapshot takes the older one's place.
    copies::take(&company.instance, &file).await.unwrap();
    copies::restore(&company.instance, &file).await.unwrap();
    assert_eq!(names(&company, &reader).await, ["One", "Three"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn in_memory() {
    there_and_back(Location::Memory).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    there_and_back(Location::File(folder.path().join("acme.sqlite"))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_company_keeps_the_keys_of_its_first_members() {
    for demo in [
        None,
        Some(Demo {
            size: Size::default(),
            seed: 1,
        }),
    ] {
        let company = Company::bare().await;
        let seeded = seed::company(&company.instance, demo.as_ref(), &mut |_| {})
            .await
            .unwrap();
        let (admin, least) = (seeded.admin.unwrap(), seeded.least.unwrap());
        let company = company.with_admin(admin);
        let (_, admin_key) = cut(&company, admin).await;
        let (_, least_key) = cut(&company, least).await;
        let start = names(&company, &admin_key).await;
        let role = company.role("Other", &[], &[]).await;
        let (other, _) = company.member("other", role).await;
        let (_, other_key) = cut(&company, other).await;
        client(&company, "Made").await.expect(201);
        copies::reset(&company.instance, demo.as_ref())
            .await
            .unwrap();
        assert_eq!(names(&company, &admin_key).await, start);
        assert_eq!(
            company.get(&least_key, "/company/companies").await.status,
            200
        );
        assert_eq!(
            company.get(&other_key, "/company/companies").await.status,
            401
        );
        assert_eq!(company.get(&least_key, "/system/members").await.status, 403);
    }
}

#[tokio::test]
async fn names_of_copies_stay_in_their_folder() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["", "../x", "a/b", "a.b", &"x".repeat(61)] {
        assert!(copies::file(folder.path(), "acme", name).is_err(), "{name}");
    }
    let file = copies::file(folder.path(), "acme", "none").unwrap();
    let company = Company::open().await;
    assert!(copies::restore(&company.instance, &file).await.is_err());
    assert!(client(&company, "Still").await.status == 201);
}
