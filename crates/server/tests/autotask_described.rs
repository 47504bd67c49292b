//! What entities of Autotask say of themselves, where the vendor's are no rule but an exception: types of ids, access
//! that is told, what filters may name, and searches without a filter.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "support/autotask.rs"]
mod site;

use serde_json::{Value, json};
use site::Site;

async fn fields(site: &Site, entity: &str) -> Vec<Value> {
    let path = format!("/{entity}/entityInformation/fields");
    let told = site.admin_call("GET", &path, None).await;
    told["fields"].as_array().unwrap().clone()
}

fn named<'f>(fields: &'f [Value], name: &str) -> &'f Value {
    fields.iter().find(|field| field["name"] == name).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_have_the_vendors_type() {
    let site = Site::open().await;
    let mut short = Vec::new();
    for entity in &site.tenant.catalog().entities {
        let fields = fields(&site, &entity.path).await;
        match named(&fields, "id")["dataType"].as_str().unwrap() {
            "long" => {}
            other => short.push(format!("{} {other}", entity.path)),
        }
    }
    assert_eq!(
        short,
        [
            "BillingItemApprovalLevels integer",
            "ChangeRequestLinks integer",
            "ContractNotes integer",
            "ContractRetainers integer",
            "ContractServiceBundleUnits integer",
            "SalesOrders integer",
            "TaxCategories integer",
            "TaxRegions integer",
            "Taxes integer",
            "TicketChangeRequestApprovals integer",
        ]
    );
}

/// REST's own models differ here from the older metadata, which has letters and texts: typed clients read whole
/// numbers and booleans, and would fail on others.
#[tokio::test(flavor = "multi_thread")]
async fn periods_and_payments_have_the_types_of_rest() {
    let site = Site::open().await;
    for (entity, field, kind) in [
        ("Products", "periodType", "integer"),
        ("QuoteItems", "periodType", "integer"),
        ("ServiceBundles", "periodType", "integer"),
        ("Services", "periodType", "integer"),
        ("Subscriptions", "periodType", "integer"),
        ("ContractBlocks", "isPaid", "boolean"),
        ("ContractRetainers", "isPaid", "boolean"),
        ("ContractTicketPurchases", "isPaid", "boolean"),
        ("Contracts", "contractPeriodType", "string"),
    ] {
        let fields = fields(&site, entity).await;
        let told = named(&fields, field);
        assert_eq!(told["dataType"], kind, "{entity}.{field}");
        assert_eq!(told["isPickList"], true, "{entity}.{field}");
        let fits = |value: &Value| match kind {
            "integer" => value.is_i64(),
            "boolean" => value.is_boolean(),
            _ => value.is_string(),
        };
        let rows = site.rows(site.admin(), entity).await;
        assert!(!rows.is_empty(), "{entity}");
        let held = rows.iter().map(|row| &row[field]);
        for value in held.filter(|value| !value.is_null()) {
            assert!(fits(value), "{entity}.{field}: {value}");
        }
    }
}

/// What a broad API user is told beside All where the entity can and None where it cannot.
#[tokio::test(flavor = "multi_thread")]
async fn the_broad_user_is_told_what_the_vendor_tells_one() {
    let site = Site::open().await;
    let all = site.admin_call("GET", "/EntityInformation", None).await;
    let mut told = Vec::new();
    for info in all["entityDescriptions"].as_array().unwrap() {
        let info = &info["info"];
        let name = info["name"].as_str().unwrap();
        if name.contains("Webhook") {
            continue;
        }
        for act in ["Create", "Query", "Update", "Delete"] {
            let access = info[format!("userAccessFor{act}")].as_str().unwrap();
            let usual = if info[format!("can{act}")] == true {
                "All"
            } else {
                "None"
            };
            if access != usual {
                told.push(format!("{name} {act} {access}"));
            }
        }
    }
    told.sort();
    insta::assert_snapshot!(told.join("\n"));
    // And what is told holds: nobody can delete these, and the broad user no link.
    for path in ["/Departments/1", "/Opportunities/1"] {
        let (status, _) = site.call(Some(site.admin()), "DELETE", path, None).await;
        assert_eq!(status, 405, "{path}");
    }
    let path = "/ChangeRequestLinks/1";
    let (status, body) = site.call(Some(site.admin()), "DELETE", path, None).await;
    assert_eq!(status, 500, "{body}");
    let says = body["errors"][0].as_str().unwrap();
    assert!(says.contains("adequate permissions to delete"), "{says}");
}

#[tokio::test(flavor = "multi_thread")]
async fn histories_are_searched_by_their_ticket_alone() {
    let site = Site::open().await;
    let told = fields(&site, "TicketHistory").await;
    let open: Vec<&str> = told
        .iter()
        .filter(|field| field["isQueryable"] == true)
        .map(|field| field["name"].as_str().unwrap())
        .collect();
    assert_eq!(open, ["ticketID"]);
    let by = |field: &str| json!({"filter": [{"op": "exist", "field": field}]});
    let query = "/TicketHistory/query";
    let found = site.admin_call("POST", query, Some(by("ticketID"))).await;
    let one = &found["items"][0]["id"];
    let (status, _) = site
        .call(Some(site.admin()), "POST", query, Some(by("id")))
        .await;
    assert_eq!(status, 500);
    let path = format!("/TicketHistory/{one}");
    let item = site.admin_call("GET", &path, None).await;
    assert_eq!(&item["item"]["id"], one);
}

#[tokio::test(flavor = "multi_thread")]
async fn subscriptions_to_user_defined_fields_choose_from_a_list() {
    let site = Site::open().await;
    let search = json!({"filter": [{"op": "eq", "field": "udfType", "value": 1}]});
    let defined = site
        .admin_call("POST", "/UserDefinedFieldDefinitions/query", Some(search))
        .await;
    let mut wanted: Vec<(String, String)> = defined["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|field| {
            let name = field["name"].as_str().unwrap().to_owned();
            (field["id"].to_string(), name)
        })
        .collect();
    let told = fields(&site, "CompanyWebhookUdfFields").await;
    let field = named(&told, "udfFieldID");
    assert_eq!(field["isPickList"], true);
    let mut listed: Vec<(String, String)> = field["picklistValues"]
        .as_array()
        .unwrap()
        .iter()
        .map(|value| {
            let text = |name: &str| value[name].as_str().unwrap().to_owned();
            (text("value"), text("label"))
        })
        .collect();
    wanted.sort();
    listed.sort();
    assert!(!wanted.is_empty());
    assert_eq!(listed, wanted);
}

/// The vendor refuses a query without a filter; py-autotask counts without one. An empty one is no error, and means everything to those who send it.
#[tokio::test(flavor = "multi_thread")]
async fn a_search_without_a_filter_is_refused_or_finds_everything() {
    let site = Site::open().await;
    let every = site
        .admin_call("POST", "/Tickets/query/count", Some(site.all_of("Tickets")))
        .await["queryCount"]
        .clone();
    let searches = [
        (json!({}), false),
        (json!({"filter": null, "MaxRecords": 5}), false),
        (json!({"IncludeFields": ["id"]}), false),
        (json!({"filter": []}), true),
        (json!({"Filter": [], "IncludeFields": ["id"]}), true),
    ];
    for lenient in [false, true] {
        site.tenant
            .lenient
            .store(lenient, std::sync::atomic::Ordering::Relaxed);
        for (search, taken) in &searches {
            for end in ["query", "query/count"] {
                let path = format!("/Tickets/{end}");
                let body = Some(search.clone());
                let (status, post) = site.call(Some(site.admin()), "POST", &path, body).await;
                let text = search.to_string().replace('"', "%22");
                let path = format!("{path}?search={text}");
                let (got, get) = site.call(Some(site.admin()), "GET", &path, None).await;
                assert_eq!((got, &get["errors"]), (status, &post["errors"]), "{path}");
                if lenient || *taken || end == "query/count" {
                    assert_eq!(status, 200, "{search}");
                    if end == "query/count" {
                        assert_eq!(post["queryCount"], every, "{search}");
                    }
                } else {
                    assert_eq!(status, 500, "{search}");
                    let says = post["errors"][0].as_str().unwrap();
                    assert!(says.contains("needs a filter"), "{says}");
                }
            }
        }
        let (status, _) = site
            .call(Some(site.admin()), "GET", "/Tickets/query", None)
            .await;
        assert_eq!(status, if lenient { 200 } else { 500 });
        // The list below a record is no search.
        site.admin_call("GET", "/Companies/0/Contacts", None).await;
    }
}

/// A text goes by the id of its document, is there as soon as the document is, shows to who sees the document, and
/// goes with it.
#[tokio::test(flavor = "multi_thread")]
async fn the_text_of_a_document_is_seen_where_the_document_is() {
    let site = Site::open().await;
    let body = json!({"companyID": 0, "title": "Plan", "documentCategoryID": 1, "publish": 1});
    let made = site.admin_call("POST", "/Documents", Some(body)).await;
    let id = made["itemId"].clone();
    let path = format!("/Documents/{id}/PlainTextContent");
    let text = site.admin_call("GET", &path, None).await;
    assert_eq!(text["items"][0]["id"], id);
    let written = json!({"id": id, "contentData": "Call first."});
    site.admin_call("PATCH", &path, Some(written)).await;
    let own = format!("/DocumentPlainTextContent/{id}");
    let text = site.admin_call("GET", &own, None).await;
    assert_eq!(text["item"]["contentData"], "Call first.");
    let resource = site.resource("jmoor").await;
    let settings = [
        ("Knowledge Base and Documents / Documents", "view", "All"),
        ("CRM / Vendor & Partners", "value", "All"),
    ];
    let user = site.user(resource, &settings).await;
    let documents = site.rows(&user, "Documents").await;
    let texts = site.rows(&user, "DocumentPlainTextContent").await;
    let ids = |rows: &[Value]| rows.iter().map(|row| row["id"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(&texts), ids(&documents));
    let every = site.rows(site.admin(), "DocumentPlainTextContent").await;
    assert!(!texts.is_empty() && texts.len() < every.len());
    let hidden = site.call(Some(&user), "GET", &own, None).await;
    assert_eq!(hidden, (200, json!({"item": null})));
    let gone = format!("/Documents/{id}");
    site.admin_call("DELETE", &gone, None).await;
    let text = site.admin_call("GET", &own, None).await;
    assert_eq!(text, json!({"item": null}));
}

/// What the server says of itself is read and nothing else; where it needs no key, a wrong verb needs none either.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_of_the_server_is_read_with_get_alone() {
    let site = Site::with(bitting_store::Location::Memory, None).await;
    let open = [
        "versioninformation",
        "v1.0/versioninformation",
        "v1.0/zoneInformation?user=x",
    ];
    let closed = [
        "version",
        "thresholdInformation",
        "EntityInformation",
        "modules",
    ];
    for method in ["POST", "PUT", "PATCH", "DELETE"] {
        let says = json!({"Message": format!("The requested resource does not support http method '{method}'.")});
        for path in open {
            let path = format!("http://psa.test/ATServicesRest/{path}");
            let answered = site.call(None, method, &path, None).await;
            assert_eq!(answered, (405, says.clone()), "{method} {path}");
        }
        for path in closed {
            let path = format!("/{path}/");
            assert_eq!(
                site.call(None, method, &path, None).await,
                (401, Value::Null)
            );
            let answered = site.call(Some(site.admin()), method, &path, None).await;
            assert_eq!(answered, (405, says.clone()), "{method} {path}");
        }
    }
    // Clients that were given the bare origin ask there for the versions, as for everything below one.
    for path in ["VersionInformation", "versioninformation/"] {
        let path = format!("http://psa.test/{path}");
        let answered = site.call(None, "GET", &path, None).await;
        assert_eq!(answered, (200, json!({"apiVersions": ["V1.0"]})), "{path}");
    }
}

/// A link holds the whole search, up to the length that servers and clients take; beyond, the search comes again.
#[tokio::test(flavor = "multi_thread")]
async fn a_search_too_long_for_a_link_is_sent_with_it() {
    let site = Site::open().await;
    for (length, left_out) in [(40, false), (200, true)] {
        let names: Vec<String> = (0..490)
            .map(|number| format!("{number:0length$}"))
            .collect();
        let search = json!({"filter": [{"op": "notIn", "field": "title", "value": names}], "MaxRecords": 25});
        let mut page = site
            .admin_call("POST", "/Tickets/query", Some(search.clone()))
            .await;
        let mut seen = page["items"].as_array().unwrap().len();
        while let Some(next) = page["pageDetails"]["nextPageUrl"].as_str() {
            let next = next.to_owned();
            assert!(next.len() < 65_000, "{}", next.len());
            for body in [None, Some(json!({}))] {
                let (status, said) = site.call(Some(site.admin()), "POST", &next, body).await;
                assert_eq!(status, if left_out { 500 } else { 200 }, "{said}");
                let says = said["errors"][0].as_str().unwrap_or_default();
                assert_eq!(says.contains("body of the query"), left_out, "{says}");
            }
            page = site.admin_call("POST", &next, Some(search.clone())).await;
            seen += page["items"].as_array().unwrap().len();
        }
        assert_eq!(seen, 60, "{length}");
    }
    // The version may be written without its letter, here too.
    let first = "http://psa.test/ATServicesRest/1.0/Tickets/query";
    let search = json!({"filter": [{"op": "exist", "field": "id"}], "MaxRecords": 50});
    let page = site.admin_call("POST", first, Some(search)).await;
    let next = page["pageDetails"]["nextPageUrl"].as_str().unwrap();
    assert!(next.starts_with(&format!("{first}/next?paging=")), "{next}");
    let rest = site.admin_call("GET", next, None).await;
    assert_eq!(rest["items"].as_array().unwrap().len(), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn user_defined_fields_say_whether_webhooks_hear_of_them() {
    let site = Site::open().await;
    for (entity, heard) in [
        ("Companies", true),
        ("Tickets", true),
        ("Opportunities", false),
    ] {
        let path = format!("/{entity}/entityInformation/userDefinedFields");
        let told = site.admin_call("GET", &path, None).await;
        let fields = told["fields"].as_array().unwrap();
        assert!(!fields.is_empty(), "{entity}");
        for field in fields {
            assert_eq!(field["isSupportedWebhookField"], heard, "{entity}");
        }
    }
}
