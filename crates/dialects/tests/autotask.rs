//! Autotask's dialect over the shipped entities: every path of every entity, the search language word by word,
//! bodies as real clients send them, and nothing that makes it panic.

#![allow(clippy::unwrap_used)]

use bitting_catalog::Catalog;
use bitting_catalog::entity::Entity;
use bitting_catalog::served::{Act, Asked};
use bitting_dialects::autotask::error::Refusal;
use bitting_dialects::autotask::headers::Credentials;
use bitting_dialects::autotask::page::Token;
use bitting_dialects::autotask::record::Layout;
use bitting_dialects::autotask::route::{Place, Route, Router, Shape};
use bitting_dialects::autotask::search::{self, Search};
use bitting_dialects::autotask::udf::{self, Defined, Held};
use bitting_dialects::autotask::{body, information};
use bitting_dialects::connectwise::record::Cell;
use bitting_query::{Comparison, Filter, Value};
use proptest::prelude::*;
use serde_json::{Value as Json, json};
use std::sync::{Arc, LazyLock};

static CATALOG: LazyLock<Catalog> = LazyLock::new(|| Catalog::autotask().unwrap().2);

fn entity(path: &str) -> &'static Entity {
    CATALOG.entity_at(path).unwrap()
}

fn defined() -> Vec<Defined> {
    ["Tier", "Secret Code"]
        .map(|name| Defined {
            id: 0,
            name: Arc::from(name),
            label: Arc::from(name),
            description: Arc::from(""),
            kind: "string",
            required: false,
            values: Vec::new(),
            protected: name == "Secret Code",
        })
        .to_vec()
}

fn read(path: &str, json: &Json) -> Result<Search, Refusal> {
    search::read(entity(path), &defined(), json)
}

fn find(router: &Router, path: &str) -> Option<Route> {
    let segments: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    router.find(&segments)
}

#[test]
fn every_operation_of_every_entity_has_its_path() {
    let router = Router::new(&CATALOG);
    let mut seen = 0;
    for entity in &CATALOG.entities {
        let served = entity.served.as_ref().unwrap();
        let mut places = vec![(format!("/ATServicesRest/V1.0/{}", entity.path), served.root)];
        if let Some(below) = &served.below {
            let path = format!("/atservicesrest//v1.0/{}/0/{}", below.segment, below.route);
            places.push((path, below.operations));
        }
        for (path, operations) in places {
            for asked in operations.iter() {
                let (method, end) = match asked {
                    Asked::Get => ("GET", "/7/"),
                    Asked::List => ("GET", ""),
                    Asked::Query => ("POST", "/query"),
                    Asked::Count => ("GET", "/query/count"),
                    Asked::Info => ("GET", "/entityInformation"),
                    Asked::Fields => ("GET", "/EntityInformation/Fields/"),
                    Asked::UserDefined => ("GET", "/entityInformation/userDefinedFields"),
                    Asked::Post => ("POST", ""),
                    Asked::Patch => ("PATCH", "/"),
                    Asked::Put => ("PUT", ""),
                    Asked::Delete => ("DELETE", "/7"),
                };
                let Some(Route::Entity(place)) = find(&router, &format!("{path}{end}")) else {
                    panic!("{method} {path}{end} leads nowhere");
                };
                assert_eq!(place.entity, entity.id, "{path}");
                assert_eq!(
                    place.asked(method, false),
                    Some(asked),
                    "{method} {path}{end}"
                );
                seen += 1;
            }
        }
    }
    // The counts of the catalog's golden list.
    assert_eq!(seen, 1540 + 927, "routes were added or lost");
}

#[test]
fn paths_are_found_however_they_are_written_and_no_others() {
    let router = Router::new(&CATALOG);
    let tickets = Route::Entity(Place {
        entity: entity("Tickets").id,
        parent: None,
        below: false,
        shape: Shape::Query,
    });
    for path in [
        "/ATServicesRest/V1.0/Tickets/query",
        "/atservicesrest/v1.0/tickets/QUERY/",
        "/ATServicesRest/ATServicesRest/V1.0//Tickets//query",
        "/V1.0/Tickets/query",
    ] {
        assert_eq!(find(&router, path), Some(tickets.clone()), "{path}");
    }
    for (first, ours) in [
        ("ATServicesRest", true),
        ("v1.0", true),
        ("VersionInformation", true),
        ("v4_6_release", false),
        ("Tickets", false),
    ] {
        assert_eq!(Router::is_ours(&[first]), ours, "{first}");
    }
    for path in [
        "/ATServicesRest/V2.0/Tickets/query",
        "/ATServicesRest/V1.0/Nothing",
        "/ATServicesRest/V1.0/Companies/count",
        "/ATServicesRest/V1.0/Tickets/one",
        "/ATServicesRest/V1.0",
        "/ATServicesRest/V1.0/Notes",
    ] {
        assert_eq!(find(&router, path), None, "{path}");
    }
    let Some(Route::Entity(item)) = find(&router, "/atservicesrest/v1.0/Tickets/5") else {
        panic!("no item");
    };
    assert_eq!(item.asked("PATCH", false), None);
    assert_eq!(item.asked("PATCH", true), Some(Asked::Patch));
    // A search below a parent is known by its shape, and the vendor has none: a lenient instance alone answers it.
    let Some(Route::Entity(below)) =
        find(&router, "/ATServicesRest/V1.0/Companies/1/Contacts/query")
    else {
        panic!("no children");
    };
    assert_eq!(below.asked("POST", false), None);
    assert_eq!(below.asked("POST", true), Some(Asked::Query));
}

#[test]
fn every_operator_is_read_into_the_filter_it_means() {
    let one = |op: &str, field: &str, value: Json| {
        let json = json!({"filter": [{"op": op, "field": field, "value": value}]});
        read("Tickets", &json).map(|search| search.filter)
    };
    let text = |filter: Result<Filter, Refusal>| format!("{filter:?}");
    for (op, comparison) in [
        ("eq", Comparison::Equal),
        ("GT", Comparison::Greater),
        ("gte", Comparison::GreaterOrEqual),
        ("Lt", Comparison::Less),
        ("lte", Comparison::LessOrEqual),
    ] {
        let Ok(Filter::Compare { op, value, .. }) = one(op, "COMPANYID", json!("12")) else {
            panic!("{op}");
        };
        assert_eq!((op, value), (comparison, Value::Integer(12)));
    }
    assert!(matches!(one("noteq", "id", json!(1)), Ok(Filter::Not(_))));
    assert!(matches!(one("exist", "id", Json::Null), Ok(Filter::Not(_))));
    assert!(matches!(
        one("notExist", "id", Json::Null),
        Ok(Filter::IsNull { .. })
    ));
    assert!(text(one("beginswith", "title", json!("a"))).contains("AnyRun"));
    assert!(text(one("endsWith", "title", json!("a"))).contains("AnyRun"));
    assert!(matches!(
        one("contains", "title", json!("a")),
        Ok(Filter::Contains { .. })
    ));
    assert!(matches!(
        one("in", "status", json!([1, "2"])),
        Ok(Filter::OneOf { .. })
    ));
    assert!(matches!(
        one("notIn", "status", json!([1])),
        Ok(Filter::Not(_))
    ));
    // Some clients leave out what is false or zero.
    assert!(text(one("eq", "isVisibleToComanaged", Json::Null)).contains("Boolean(false)"));
    let Ok(Filter::Compare { op, value, .. }) = one("gt", "id", Json::Null) else {
        panic!("gt");
    };
    assert_eq!((op, value), (Comparison::Greater, Value::Integer(0)));
    // A flag that is kept as a number is one.
    let flag = json!({"filter": [{"op": "eq", "field": "isActive", "value": "True"}]});
    let flag = read("Contacts", &flag).map(|search| search.filter);
    assert!(text(flag).contains("Integer(1)"));
}

/// PowerShell writes a list of one as its element; the vendor's parser takes either.
#[test]
fn one_element_stands_for_a_list_of_one() {
    let condition = json!({"op": "eq", "field": "id", "value": 7});
    for (one, list) in [
        (json!({"filter": condition}), json!({"filter": [condition]})),
        (
            json!({"filter": [{"op": "or", "items": condition}]}),
            json!({"filter": [{"op": "or", "items": [condition]}]}),
        ),
        (
            json!({"filter": condition, "IncludeFields": "title"}),
            json!({"filter": condition, "IncludeFields": ["title"]}),
        ),
        (
            json!({"filter": [{"op": "in", "field": "id", "value": 7}]}),
            json!({"filter": [{"op": "in", "field": "id", "value": [7]}]}),
        ),
        (
            json!({"filter": [{"op": "eq", "field": "Tier", "value": "x", "udf": 1}]}),
            json!({"filter": [{"op": "eq", "field": "Tier", "value": "x", "udf": true}]}),
        ),
    ] {
        assert_eq!(read("Tickets", &one), read("Tickets", &list), "{one}");
        assert!(read("Tickets", &one).is_ok(), "{one}");
    }
    let empty = json!({"filter": [{"op": "and", "items": []}]});
    assert_eq!(
        read("Tickets", &empty).map(|search| search.filter),
        Ok(Filter::Constant(true))
    );
}

#[test]
fn what_is_wrong_with_a_search_is_said_in_the_vendors_words() {
    let many: Vec<Json> = (0..501).map(Json::from).collect();
    for (json, says) in [
        (
            json!({"filter": [{"op": "eq", "field": "nonsense", "value": 1}]}),
            "Unable to find nonsense in the Ticket Entity.",
        ),
        (
            json!({"filter": [{"op": "eq", "field": "id", "value": "x"}]}),
            "Conversion failed when converting varchar 'x' to data type int",
        ),
        (
            json!({"filter": [], "MaxRecords": 501}),
            "maxCountOfRecordsToReturn must be between 1 and 500",
        ),
        (
            json!({"filter": [], "maxrecords": 0}),
            "maxCountOfRecordsToReturn must be between 1 and 500",
        ),
        (
            json!({"filter": [{"op": "in", "field": "id", "value": many}]}),
            "500 or fewer 'OR' conditions.",
        ),
        (
            json!({"filter": [{"op": "noteExist", "field": "id"}]}),
            "The operator noteexist is not one of",
        ),
        (
            json!({"filter": [{"op": "eq", "field": "creatorType", "value": 1}]}),
            "cannot be queried",
        ),
        (
            json!({"filter": [], "IncludeFields": ["nonsense"]}),
            "Unable to find nonsense",
        ),
        (
            json!({"filter": [], "IncludeFields": "title,status"}),
            "Unable to find title,status",
        ),
        (
            json!({"filter": [{"op": "eq", "field": "title", "value": ["Two", "words"]}]}),
            "The condition eq on title takes one value; in takes several.",
        ),
        (
            json!({"filter": [{"op": "contains", "field": "id", "value": [1]}]}),
            "takes one value",
        ),
        (
            json!({"filter": [{"op": "eq", "field": "status", "value": true}]}),
            "Unexpected character encountered while parsing value: t",
        ),
        (
            json!({"filter": [{"op": "gt", "field": "createDate"}]}),
            "The condition gt on createDate has no value.",
        ),
        (
            json!({"filter": [{"op": "or", "items": []}]}),
            "The group or has no items.",
        ),
        (
            json!({"filter": [{"op": "and"}]}),
            "The group and has no items.",
        ),
        (
            json!({"filter": [{"op": "eq", "field": "title", "value": "a", "udf": true}]}),
            "Unable to find title",
        ),
    ] {
        let refusal = read("Tickets", &json).unwrap_err();
        assert_eq!(refusal.status, 500);
        assert!(refusal.says[0].contains(says), "{json}: {refusal}");
        let body: Json = serde_json::from_slice(&refusal.body()).unwrap();
        assert_eq!(body["errors"][0], refusal.says[0]);
    }
}

#[test]
fn groups_nest_and_user_defined_fields_are_looked_up_by_name() {
    let json = json!({"Filter": [
        {"op": "or", "items": [
            {"op": "eq", "field": "status", "value": 1},
            {"op": "and", "items": [
                {"op": "eq", "field": "status", "value": 5},
                {"op": "eq", "field": "tier", "value": "Gold", "udf": true},
            ]},
        ]},
    ], "includeFields": ["ID", "Tier"], "maxRecords": "25"});
    let search = read("Tickets", &json).unwrap();
    assert!(matches!(search.filter, Filter::Or(ref parts) if parts.len() == 2));
    assert!(search.uses_defined);
    assert_eq!(
        (search.size, search.include.map(|all| all.len())),
        (25, Some(1))
    );
    assert_eq!(
        read("Tickets", &json!({})).unwrap().filter,
        Filter::Constant(true)
    );
    let quoted = search::json("{'filter':[{'op':'exist','field':'id'}]}").unwrap();
    assert!(read("Tickets", &quoted).is_ok());
}

#[test]
fn bodies_are_read_as_clients_send_them() {
    let given = json!({
        "Id": "4", "TITLE": "A", "companyID": "0", "createDate": "2020-01-01", "Nonsense": 1, "dueDateTime": "2021-09-01",
        "contactID": "", "UserDefinedFields": [{"name": "TIER", "value": "Gold"}],
    });
    let input = body::read(entity("Tickets"), &defined(), given.to_string().as_bytes()).unwrap();
    assert_eq!(input.id, Some(4));
    let value = |name: &str| {
        let (index, _) = search::field(entity("Tickets"), name).unwrap();
        let found = input.values.iter().find(|(given, _)| *given == index);
        found.map(|(_, value)| value.clone())
    };
    assert_eq!(value("title"), Some(Value::Text("A".into())));
    assert_eq!(value("companyID"), Some(Value::Integer(0)));
    assert_eq!(
        value("dueDateTime"),
        Some(Value::Text("2021-09-01T00:00:00Z".into()))
    );
    assert_eq!(value("contactID"), Some(Value::Null));
    assert_eq!(value("createDate"), None, "read only");
    assert_eq!(
        input.defined,
        [Held {
            name: "Tier".into(),
            value: Some("Gold".into()),
            number: None,
        }]
    );
    let wrong = json!({"priority": 77, "title": "x".repeat(256), "status": "soon"});
    let refusal = body::read(entity("Tickets"), &[], wrong.to_string().as_bytes()).unwrap_err();
    assert_eq!(refusal.says.len(), 3, "{refusal}");
    assert!(
        refusal
            .says
            .contains(&"Picklist value [77] does not exist for priority".to_owned())
    );
    // A contact's isActive is a number, whatever clients send. What is no flag takes none.
    let contact = body::read(entity("Contacts"), &[], br#"{"isActive":true}"#).unwrap();
    assert_eq!(contact.values[0].1, Value::Integer(1));
    let refusal = body::read(entity("Tickets"), &[], br#"{"priority":true}"#).unwrap_err();
    assert_eq!(
        refusal.says,
        ["Unexpected character encountered while parsing value: t."]
    );
    // What is on a list rests as the list writes it.
    let file = b"{'attachmentType':'file_attachment',}";
    let file = body::read(entity("TicketAttachments"), &[], file).unwrap();
    assert_eq!(file.values[0].1, Value::Text("FILE_ATTACHMENT".into()));
}

#[test]
fn records_show_every_field_and_mask_what_is_protected() {
    let contact = entity("Contacts");
    let layout = Layout::new(contact, None, &|_| false, false);
    let extra = r#"[{"name":"Tier","value":"Gold"}]"#;
    let row = |masked| {
        let mut out = Vec::new();
        layout.write(
            &mut out,
            &defined(),
            masked,
            &|index| match &*layout.columns[index] {
                "id" => Cell::Integer(3),
                "is_active" | "primary_contact" => Cell::Integer(1),
                "extra" => Cell::Text(extra),
                _ => Cell::Null,
            },
        );
        serde_json::from_slice::<Json>(&out).unwrap()
    };
    let record = row(true);
    assert_eq!(record["isActive"], 1, "a number");
    assert_eq!(record["primaryContact"], true);
    assert_eq!(record["lastName"], "", "required, so never null");
    assert_eq!(record["companyID"], 0);
    assert_eq!(record.as_object().unwrap().len(), contact.fields.len() + 1);
    assert_eq!(
        record["userDefinedFields"][0],
        json!({"name": "Tier", "value": "Gold"})
    );
    assert_eq!(record["userDefinedFields"][1]["value"], "*****");
    assert_eq!(row(false)["userDefinedFields"][1]["value"], Json::Null);
}

#[test]
fn entities_describe_themselves() {
    let all = |_: Act| information::Access::All;
    let info = information::entity(entity("Tickets"), &all);
    assert_eq!(info["canDelete"], false);
    assert_eq!(
        info["userAccessForDelete"], "None",
        "what cannot be done at all is open to nobody"
    );
    assert_eq!(info["userAccessForQuery"], "All");
    for entity in &CATALOG.entities {
        let fields = information::fields(&CATALOG, entity, &|_| None);
        for field in fields["fields"].as_array().unwrap() {
            assert!(
                field["referenceEntityType"].is_string(),
                "{} {field}",
                entity.path
            );
            assert!(field["picklistParentValueField"].is_string());
            let kinds = [
                "string", "integer", "long", "short", "double", "decimal", "boolean", "datetime",
                "byte[]",
            ];
            assert!(
                kinds.contains(&field["dataType"].as_str().unwrap()),
                "{field}"
            );
            assert_eq!(field["isPickList"], field["picklistValues"].is_array());
        }
    }
}

#[test]
fn a_paging_link_goes_forward_and_back_and_serves_one_user() {
    let first = Token::first(json!({"filter": []}), Some(0), 7);
    let third = first.next(500).next(1000);
    let read = Token::read(&third.text(), 7).unwrap();
    assert_eq!(read, third);
    assert_eq!(read.previous().unwrap().previous().unwrap(), first);
    assert_eq!(first.previous(), None);
    assert!(Token::read(&third.text(), 8).is_err());
    assert!(Token::read("nonsense", 7).is_err());
}

#[test]
fn secrets_do_not_show() {
    let header = |name: &str| match name {
        "username" => Some("u@example.com"),
        "secret" => Some("hush-hush"),
        "apiintegrationcode" => Some("track-me"),
        _ => None,
    };
    let credentials = Credentials::read(&header).unwrap();
    let shown = format!("{credentials:?}");
    assert!(
        !shown.contains("hush") && !shown.contains("track"),
        "{shown}"
    );
    assert_eq!(
        Credentials::read(&|name: &str| if name == "secret" { None } else { header(name) }),
        None
    );
    assert!(Refusal::unauthorized().body().is_empty());
    // Who is meant by something that is no number is nobody, and not the caller.
    for (given, expected) in [("7", Some(7)), ("", None), ("seven", Some(-1))] {
        let header = |name: &str| match name {
            "impersonationresourceid" => Some(given),
            name => header(name),
        };
        let read = Credentials::read(&header).unwrap();
        assert_eq!(read.impersonates, expected, "{given}");
    }
}

fn any_json() -> impl Strategy<Value = Json> {
    let words = prop::sample::select(vec![
        "op",
        "field",
        "value",
        "items",
        "filter",
        "Filter",
        "and",
        "or",
        "eq",
        "in",
        "notIn",
        "contains",
        "exist",
        "id",
        "title",
        "status",
        "udf",
        "Tier",
        "MaxRecords",
        "IncludeFields",
        "isActive",
        "userDefinedFields",
        "name",
        "",
    ]);
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        words.clone().prop_map(Json::from),
        ".{0,12}".prop_map(Json::from),
    ];
    leaf.prop_recursive(6, 60, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Json::from),
            prop::collection::vec((words.clone(), inner), 0..6).prop_map(|members| Json::Object(
                members
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value))
                    .collect()
            )),
        ]
    })
}

proptest! {
    #[test]
    fn no_search_and_no_body_breaks_it(json in any_json()) {
        let _ = read("Tickets", &json);
        let _ = body::read(entity("Contacts"), &defined(), json.to_string().as_bytes());
        let _ = Token::read(&json.to_string(), 1);
    }

    #[test]
    fn no_text_breaks_it(text in ".{0,200}") {
        let _ = search::json(&text);
        let _ = body::members(text.as_bytes());
        let _ = udf::held(&text);
        let _ = find(&Router::new(&CATALOG), &text);
    }
}
