//! What strict clients refuse: members that the release they ask for does not have, and `_info` on records whose
//! shape has none. A client generated from one release's description breaks on either.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use bitting_demo::Size;
use serde_json::Value;
use support::Company;

/// A list as a client of this release asks for it.
async fn list(company: &Company, release: &str, path: &str) -> Vec<Value> {
    let path = format!("{path}?pageSize=5");
    company
        .get_as_of(&company.admin, &path, release)
        .await
        .rows()
}

fn names(record: &Value) -> Vec<&str> {
    let members = record.as_object().expect("an object");
    let mut names: Vec<&str> = members.keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

#[tokio::test]
async fn references_and_light_forms_keep_to_the_release() {
    let company = Company::demo(Size::scaled(60), 1).await;
    for (release, newer) in [("2022.1", false), ("2022.2", false), ("2025.1", true)] {
        let activities = list(&company, release, "/sales/activities").await;
        let member = names(&activities[0]["assignTo"]);
        let mut expected = vec!["_info", "id", "identifier", "name"];
        if newer {
            expected.insert(1, "dailyCapacity");
        }
        assert_eq!(member, expected, "{release}");
        // Named alone, it is as unknown to the release as any other name.
        let path = "/sales/activities?fields=assignTo/dailyCapacity&pageSize=1";
        let asked = company.get_as_of(&company.admin, path, release).await;
        let shown = asked.rows()[0]["assignTo"].get("dailyCapacity").is_some();
        assert_eq!(shown, newer, "{release}");

        let priorities = list(&company, release, "/service/priority/info").await;
        for name in ["color", "level", "defaultFlag"] {
            let shown = priorities[0].get(name).is_some();
            assert_eq!(shown, newer, "{name} in {release}");
        }
        let boards = list(&company, release, "/service/info/boards").await;
        let shown = boards[0].get("overrideBillingSetupFlag").is_some();
        assert_eq!(shown, newer, "{release}");
        assert!(boards[0].get("projectFlag").is_some(), "{release}");
    }
}

#[tokio::test]
async fn info_is_where_the_shape_has_it() {
    let company = Company::demo(Size::scaled(60), 1).await;
    for path in [
        "/company/entityTypes",
        "/company/entityTypes/info",
        "/finance/accountingPackages",
        "/finance/agreementrecap",
        "/system/connectWiseHostedScreens",
        "/system/emailTokens",
        "/system/kpis",
        "/system/kpiCategories",
        "/system/info/locales",
        "/system/info/personas",
        "/system/reports",
        "/system/ssoUsers",
    ] {
        for record in list(&company, "2025.1", path).await {
            assert!(record.get("_info").is_none(), "{path}: {record}");
        }
    }
    for path in [
        "/service/tickets",
        "/service/info/boards",
        "/system/members",
    ] {
        let records = list(&company, "2025.1", path).await;
        assert!(records[0].get("_info").is_some(), "{path}");
    }
}
