//! Configurations as their users know them: questions by type, passwords behind a row of their own, a type
//! that changes in one place only, and many at once.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use bitting_policy::Level;
use serde_json::{Value, json};
use support::{Company, Credentials};

const FULL: [Level; 4] = [Level::All; 4];
const READ: [Level; 4] = [Level::None, Level::None, Level::None, Level::All];

struct Shelf {
    company: Company,
    acme: i64,
    server: i64,
    router: i64,
    /// Questions of the server type: a text, a password.
    role: i64,
    password: i64,
}

impl Shelf {
    async fn open() -> Self {
        let company = Company::open().await;
        let made = async |path: &str, body: Value| {
            let made = company
                .call(&company.admin, "POST", path, Some(body))
                .await
                .expect(201);
            made["id"].as_i64().unwrap()
        };
        let acme = made(
            "/company/companies",
            json!({"identifier": "Acme", "name": "Acme"}),
        )
        .await;
        let server = made("/company/configurations/types", json!({"name": "Server"})).await;
        let router = made("/company/configurations/types", json!({"name": "Router"})).await;
        made(
            "/company/configurations/statuses",
            json!({"description": "Active", "defaultFlag": true}),
        )
        .await;
        made(
            "/company/configurations/statuses",
            json!({"description": "Retired", "closedFlag": true}),
        )
        .await;
        let path = format!("/company/configurations/types/{server}/questions");
        let password = made(
            &path,
            json!({"question": "Admin password", "fieldType": "Password", "entryType": "EntryField", "sequenceNumber": 2}),
        )
        .await;
        let role = made(
            &path,
            json!({"question": "Role", "fieldType": "Text", "entryType": "EntryField", "sequenceNumber": 1}),
        )
        .await;
        let path = format!("/company/configurations/types/{router}/questions");
        made(&path, json!({"question": "Role", "fieldType": "Text", "entryType": "EntryField", "sequenceNumber": 1})).await;
        Self {
            company,
            acme,
            server,
            router,
            role,
            password,
        }
    }

    fn body(&self, name: &str) -> Value {
        json!({"name": name, "type": {"id": self.server}, "company": {"id": self.acme}})
    }

    async fn made(&self) -> Value {
        let mut body = self.body("DC1");
        body["questions"] = json!([
            {"questionId": self.role, "answer": "Directory"},
            {"questionId": self.password, "answer": "hunter2"}]);
        self.company
            .call(
                &self.company.admin,
                "POST",
                "/company/configurations",
                Some(body),
            )
            .await
            .expect(201)
    }

    async fn patch(
        &self,
        key: &Credentials,
        path: &str,
        field: &str,
        value: Value,
    ) -> support::Answered {
        let body = json!([{"op": "replace", "path": field, "value": value}]);
        self.company.call(key, "PATCH", path, Some(body)).await
    }
}

fn answers(configuration: &Value) -> Vec<Value> {
    let questions = configuration["questions"].as_array().unwrap();
    questions
        .iter()
        .map(|question| question["answer"].clone())
        .collect()
}

#[tokio::test]
async fn questions_come_with_the_type_and_answers_replace_each_other_as_a_whole() {
    let shelf = Shelf::open().await;
    let admin = &shelf.company.admin;
    let bare = shelf
        .company
        .call(
            admin,
            "POST",
            "/company/configurations",
            Some(shelf.body("a")),
        )
        .await
        .expect(201);
    assert_eq!(bare["status"]["name"], "Active");
    assert_eq!(bare["activeFlag"], true);
    assert_eq!(bare["questions"][0]["question"], "Role");
    assert_eq!(bare["questions"][1]["fieldType"], "Password");
    assert_eq!(bare["questions"][0]["sequenceNumber"].to_string(), "1");
    assert_eq!(answers(&bare), [Value::Null, Value::Null]);
    let made = shelf.made().await;
    assert_eq!(answers(&made), [json!("Directory"), json!("hunter2")]);
    assert_ne!(
        made["questions"][0]["answerId"],
        bare["questions"][0]["answerId"]
    );
    let path = format!("/company/configurations/{}", made["id"]);
    let changed = shelf
        .patch(
            admin,
            &path,
            "questions",
            json!([{"questionId": shelf.role, "answer": "Files"}]),
        )
        .await
        .expect(200);
    assert_eq!(answers(&changed), [json!("Files"), Value::Null]);
    assert_eq!(
        changed["questions"][0]["answerId"],
        made["questions"][0]["answerId"]
    );
    let named = shelf
        .patch(admin, &path, "name", json!("DC2"))
        .await
        .expect(200);
    assert_eq!(
        answers(&named),
        answers(&changed),
        "another change leaves the answers"
    );
    let unknown = shelf
        .patch(
            admin,
            &path,
            "questions",
            json!([{"questionId": 999, "answer": "x"}]),
        )
        .await;
    assert_eq!(unknown.status, 400);
    assert_eq!(unknown.json["errors"][0]["field"], "questions/questionId");
    let retired = shelf
        .patch(admin, &path, "status/name", json!("Retired"))
        .await
        .expect(200);
    assert_eq!(retired["activeFlag"], false);
    // Between two statuses the word of who changes it stands: a key may have no right to choose a status.
    let used = shelf
        .patch(admin, &path, "status/name", json!("Active"))
        .await
        .expect(200);
    assert_eq!(used["activeFlag"], true);
    let put_away = shelf
        .patch(admin, &path, "activeFlag", json!(false))
        .await
        .expect(200);
    assert_eq!(put_away["activeFlag"], false);
    let named = shelf
        .patch(admin, &path, "name", json!("DC3"))
        .await
        .expect(200);
    assert_eq!(named["activeFlag"], false);
    let back = shelf
        .patch(admin, &path, "activeFlag", Value::Null)
        .await
        .expect(200);
    assert_eq!(back["activeFlag"], false);
}

#[tokio::test]
async fn passwords_show_only_with_their_row_and_survive_those_who_cannot_see_them() {
    let shelf = Shelf::open().await;
    let made = shelf.made().await;
    let path = format!("/company/configurations/{}", made["id"]);
    let role = shelf
        .company
        .role("Shelf", &[("Companies", "Configurations", FULL)], &[])
        .await;
    let (_, key) = shelf.company.member("shelf", role).await;
    let rows = [
        ("Companies", "Configurations", FULL),
        ("Companies", "Configuration - Display Passwords", READ),
    ];
    let role = shelf.company.role("Vault", &rows, &[]).await;
    let (_, vault) = shelf.company.member("vault", role).await;
    for path in [path.clone(), format!("{path}?fields=id,questions")] {
        let shown = shelf.company.get(&key, &path).await.expect(200);
        assert_eq!(answers(&shown), [json!("Directory"), Value::Null]);
    }
    let listed = shelf.company.get(&key, "/company/configurations").await;
    assert!(!String::from_utf8_lossy(&listed.body).contains("hunter2"));
    let probe = shelf
        .company
        .get(
            &key,
            "/company/configurations?childConditions=questions/answer=\"hunter2\"",
        )
        .await;
    assert_ne!(
        probe.status, 200,
        "who may not see passwords may not ask for one"
    );
    // What is read is written back, without the password.
    let list = shelf.company.get(&key, &path).await.expect(200)["questions"].clone();
    shelf
        .patch(&key, &path, "questions", list)
        .await
        .expect(200);
    let shown = shelf.company.get(&vault, &path).await.expect(200);
    assert_eq!(answers(&shown), [json!("Directory"), json!("hunter2")]);
}

#[tokio::test]
async fn a_type_changes_in_one_place_only() {
    let shelf = Shelf::open().await;
    let made = shelf.made().await;
    let path = format!("/company/configurations/{}", made["id"]);
    let admin = &shelf.company.admin;
    let refused = shelf
        .patch(admin, &path, "type", json!({"id": shelf.router}))
        .await;
    assert_eq!(refused.status, 400);
    let changed = shelf
        .patch(
            admin,
            &format!("{path}/changeType"),
            "type",
            json!({"id": shelf.router}),
        )
        .await
        .expect(200);
    assert_eq!(changed["type"]["name"], "Router");
    assert_eq!(
        answers(&changed),
        [json!("Directory")],
        "an answer to the same question stays"
    );
    let kept = shelf.company.get(admin, &path).await.expect(200);
    assert_eq!(kept["type"]["name"], "Router");
}

#[tokio::test]
async fn many_at_once_say_of_each_how_it_went() {
    let shelf = Shelf::open().await;
    let admin = &shelf.company.admin;
    let path = "/company/configurations/bulk";
    let bodies = json!([shelf.body("a"), {"name": "no type"}, shelf.body("c")]);
    let made = shelf
        .company
        .call(admin, "POST", path, Some(bodies))
        .await
        .expect(207);
    let said = |answer: &Value| -> Vec<(i64, bool)> {
        let payload = answer["payload"].as_array().unwrap();
        payload
            .iter()
            .map(|one| (one["statusCode"].as_i64().unwrap(), one["success"] == true))
            .collect()
    };
    assert_eq!(said(&made), [(201, true), (400, false), (201, true)]);
    assert_eq!(made["payload"][1]["error"]["code"], "InvalidObject");
    assert_eq!(made["payload"][2]["originalIndex"], 2);
    let mut first = made["payload"][0]["data"].clone();
    first["name"] = json!("renamed");
    first.as_object_mut().unwrap().remove("_info");
    let changed = shelf
        .company
        .call(
            admin,
            "PUT",
            path,
            Some(json!([first, {"id": 999, "name": "x"}])),
        )
        .await
        .expect(207);
    assert_eq!(said(&changed), [(200, true), (404, false)]);
    assert_eq!(changed["payload"][0]["data"]["name"], "renamed");
    let gone = json!([{"id": first["id"]}, {"id": 999}]);
    let gone = shelf
        .company
        .call(admin, "DELETE", path, Some(gone))
        .await
        .expect(207);
    assert_eq!(said(&gone), [(204, true), (404, false)]);
    assert_eq!(
        shelf
            .company
            .get(admin, "/company/configurations")
            .await
            .rows()
            .len(),
        1
    );
    assert_eq!(
        shelf
            .company
            .call(admin, "POST", path, Some(json!({})))
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn a_type_is_copied_with_what_it_asks() {
    let shelf = Shelf::open().await;
    let admin = &shelf.company.admin;
    let values = format!(
        "/company/configurations/types/{}/questions/{}/values",
        shelf.server, shelf.role
    );
    shelf
        .company
        .call(admin, "POST", &values, Some(json!({"value": "Files"})))
        .await
        .expect(201);
    let path = "/company/configurations/types/copy";
    let copied = shelf
        .company
        .call(
            admin,
            "POST",
            path,
            Some(json!({"id": shelf.server, "name": "Server 2"})),
        )
        .await
        .expect(200);
    assert_eq!(copied["name"], "Server 2");
    let questions = format!("/company/configurations/types/{}/questions", copied["id"]);
    let asked = shelf.company.get(admin, &questions).await.rows();
    assert_eq!(asked.len(), 2);
    let role = asked.iter().find(|row| row["question"] == "Role").unwrap();
    let values = shelf
        .company
        .get(admin, &format!("{questions}/{}/values", role["id"]))
        .await
        .rows();
    assert_eq!(values[0]["value"], "Files");
    let taken = shelf
        .company
        .call(
            admin,
            "POST",
            path,
            Some(json!({"id": shelf.server, "name": "Router"})),
        )
        .await;
    assert_eq!(taken.status, 400);
}
