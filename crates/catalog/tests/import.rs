//! A user's own description against the shipped catalog: what is new comes out as data that reads, what is
//! broken is refused by name and line.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use bitting_catalog::Catalog;
use bitting_catalog::import::{Import, import};
use bitting_catalog::route::{Method, RouteKind};
use bitting_catalog::{CatalogError, entity::Kind};
use serde_json::{Value, json};

fn answer(schema: &str, list: bool) -> Value {
    let one = json!({ "$ref": format!("#/components/schemas/{schema}") });
    let schema = if list {
        json!({ "type": "array", "items": one })
    } else {
        one
    };
    json!({ "responses": { "200": { "content": { "application/json": { "schema": schema } } } } })
}

fn description() -> Value {
    json!({
        "openapi": "3.0.1",
        "paths": {
            "/service/tickets": { "get": answer("Ticket", true), "post": answer("Ticket", false) },
            "/service/tickets/{parentId}/gadgets": { "get": answer("Gadget", true), "post": answer("Gadget", false) },
            "/service/tickets/{parentId}/gadgets/count": { "get": answer("Gadget", false) },
            "/service/tickets/{parentId}/gadgets/{id}": { "get": answer("Gadget", false), "delete": { "responses": { "204": {} } } },
            "/service/beacons": { "get": answer("Gadget", true) },
            "/starship/engines": { "get": answer("Gadget", true) },
            "/time/accruals/{id}/spin": { "post": { "responses": { "200": {} } } },
            "/system/securityroles/{id}": { "put": answer("Gadget", false) },
        },
        "components": { "schemas": {
            "Ticket": { "properties": {
                "id": { "type": "integer" },
                "summary": { "type": "string" },
                "moonPhase": { "type": "string", "enum": ["New", "Full"] },
                "watchers": { "type": "array", "items": { "$ref": "#/components/schemas/MemberReference" } },
            } },
            "MemberReference": { "properties": { "id": { "type": "integer" } } },
            "Gadget": { "required": ["name"], "properties": {
                "id": { "type": "integer" },
                "name": { "type": "string", "maxLength": 30 },
                "owner": { "$ref": "#/components/schemas/MemberReference" },
                "boughtOn": { "type": "string", "format": "date-time" },
                "weight": { "type": "number", "readOnly": true },
                "tags": { "type": "array", "items": { "type": "string" } },
            } },
        } },
    })
}

fn run(tree: &Value) -> Result<Import, CatalogError> {
    let (registry, catalog) = Catalog::embedded().unwrap();
    let text = serde_json::to_string_pretty(tree).unwrap();
    import("mine.json", &text, tree, (&registry, &catalog))
}

#[test]
fn what_is_new_is_served_and_what_is_known_stays() {
    let made = run(&description()).unwrap();
    let (_, shipped) = Catalog::embedded().unwrap();
    let (registry, catalog) = Catalog::overlaid(made.files).unwrap();
    assert_eq!(catalog.check(None), Vec::<String>::new());
    let gadgets = catalog
        .entity_at("service/tickets/gadgets")
        .expect("a new kind of record");
    assert_eq!(&*gadgets.schema, "Gadget");
    let mut names: Vec<&str> = gadgets.fields.iter().map(|field| &*field.name).collect();
    names.sort_unstable();
    assert_eq!(names, ["boughtOn", "id", "name", "owner", "tags", "weight"]);
    let field = |name: &str| gadgets.any_field(name).unwrap();
    assert!(field("name").required && field("name").max == Some(30));
    assert!(field("weight").read_only);
    assert!(matches!(field("owner").kind, Kind::Reference(_)));
    let kinds: Vec<RouteKind> = catalog
        .routes_of(gadgets.id)
        .map(|route| route.kind)
        .collect();
    assert_eq!(
        kinds,
        [RouteKind::Collection, RouteKind::Count, RouteKind::Item]
    );
    // As whoever may touch the ticket.
    let tickets = catalog.entity_at("service/tickets").unwrap();
    assert_eq!(gadgets.right.needs, tickets.right.needs);
    // A record that is there grows, and keeps all it had.
    let old = shipped.entity_at("service/tickets").unwrap();
    assert_eq!(tickets.fields.len(), old.fields.len() + 2);
    assert_eq!(tickets.any_field("moonPhase").unwrap().values.len(), 2);
    assert!(matches!(
        tickets.any_field("watchers").unwrap().kind,
        Kind::References(_)
    ));
    assert_eq!(
        catalog.routes_of(tickets.id).count(),
        shipped.routes_of(old.id).count()
    );
    // Further verbs of a path that is there.
    let roles = catalog.entity_at("system/securityroles").unwrap();
    let puts = catalog.routes_of(roles.id).any(|route| {
        route.kind == RouteKind::Item && route.methods.iter().any(|o| o.method == Method::Put)
    });
    assert!(puts, "PUT /system/securityroles/{{id}}");
    // Nothing to go by: only administrators.
    let engines = catalog.entity_at("starship/engines").unwrap();
    let strictest = registry.action("System", "Security").unwrap();
    assert_eq!(
        engines.right.needs,
        bitting_policy::Needs::Action(strictest)
    );
}

#[test]
fn the_report_says_what_is_new_and_what_was_guessed() {
    let report = run(&description()).unwrap().report;
    assert_eq!(report.known, 2);
    insta::assert_snapshot!(report.to_string());
}

#[test]
fn nothing_comes_of_what_is_known() {
    let mut known = description();
    let paths = known["paths"].as_object_mut().unwrap();
    paths.retain(|path, _| path == "/service/tickets");
    known["components"]["schemas"]["Ticket"]["properties"] = json!({ "id": { "type": "integer" } });
    let made = run(&known).unwrap();
    assert!(made.files.is_empty(), "{:?}", made.files.keys());
}

#[test]
fn the_paths_that_are_served_are_all_known_as_they_are_written() {
    let (_, catalog) = Catalog::embedded().unwrap();
    let paths = catalog.routes.iter().map(|route| {
        let verbs = route.methods.iter().map(|operation| {
            let word = format!("{:?}", operation.method).to_lowercase();
            (word, json!({ "responses": { "200": {} } }))
        });
        (route.path.to_string(), verbs.collect::<Value>())
    });
    let tree = json!({ "openapi": "3.0.1", "paths": paths.collect::<Value>() });
    let made = run(&tree).unwrap();
    let operations: usize = catalog.routes.iter().map(|route| route.methods.len()).sum();
    assert_eq!(made.report.known, operations);
    assert!(made.files.is_empty() && made.report.operations.is_empty());
}

fn listed(schema: &str) -> Value {
    json!({ "get": answer(schema, true) })
}

#[test]
fn what_is_broken_is_refused_by_name_and_line() {
    type Break = fn(&mut Value);
    let table: [(&str, Break, &str); 7] = [
        ("no OpenAPI", |d| d["openapi"] = json!("2.0"), "OpenAPI 3"),
        ("no paths", |d| d["paths"] = json!([]), "`paths`"),
        (
            "a path without slash",
            |d| d["paths"]["gadgets"] = json!({}),
            "`gadgets` is no path",
        ),
        (
            "an open placeholder",
            |d| d["paths"]["/a/{id"] = json!({}),
            "`/a/{id` is no path",
        ),
        (
            "no responses",
            |d| d["paths"]["/a/b"] = json!({ "get": {} }),
            "GET /a/b has no `responses`",
        ),
        (
            "a schema that is not there",
            |d| d["paths"]["/a/b"] = listed("Nowhere"),
            "`#/components/schemas/Nowhere` leads nowhere",
        ),
        (
            "a type that is none",
            |d| {
                d["components"]["schemas"]["Gadget"]["properties"]["name"]["type"] =
                    json!("colour");
            },
            "`colour` is no type",
        ),
    ];
    for (case, change, said) in table {
        let mut broken = description();
        change(&mut broken);
        let fault = run(&broken).expect_err(case);
        assert!(fault.fault.contains(said), "{case}: {fault}");
        assert_eq!(fault.file, "mine.json", "{case}");
    }
    let mut broken = description();
    broken["paths"]["/a/b"] = listed("Nowhere");
    let text = serde_json::to_string_pretty(&broken).unwrap();
    let line = 1 + text
        .lines()
        .position(|line| line.contains("Nowhere"))
        .unwrap();
    assert_eq!(run(&broken).unwrap_err().line, line);
}

/// As an outsider would write it: nested objects with and without names, in lists, of themselves, in parts, in
/// either version of OpenAPI.
fn nested() -> Value {
    let mut tree = description();
    tree["openapi"] = json!("3.1.0");
    let link = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
    let schemas = &mut tree["components"]["schemas"];
    schemas["Gadget"]["properties"]["box"] = json!({ "allOf": [link("Box")], "nullable": true });
    schemas["Gadget"]["properties"]["parts"] = json!({ "type": "array", "items": {
        "type": "object", "properties": { "number": { "type": ["integer", "null"] }, "made-by": { "type": "string" } } } });
    schemas["Gadget"]["properties"]["mood"] = link("Mood");
    schemas["Mood"] = json!({ "type": "string", "enum": ["Good", "Bad"] });
    schemas["Box"] = json!({ "allOf": [link("Sized"), { "required": ["lid"], "properties": {
        "lid": { "type": "boolean" }, "within": link("Box"), "holds": { "type": "array", "items": link("Box") } } }] });
    schemas["Sized"] = json!({ "properties": { "width": { "type": "number" }, "owner": link("MemberReference") } });
    // A nested object that is there, and one of its words.
    schemas["UserDefinedFieldOption"] = json!({ "properties": { "optionValue": { "type": "string" }, "shade": { "type": "string" } } });
    schemas["Ticket"]["properties"]["billingMethod"] =
        json!({ "type": "string", "enum": ["ActualRates", "ByMoonlight"] });
    schemas["MemberReference"]["properties"]["nickname"] = json!({ "type": "string" });
    let get = &mut tree["paths"]["/service/beacons"]["get"];
    get["parameters"] =
        json!([{ "$ref": "#/components/parameters/Tide" }, { "name": "page", "in": "query" }]);
    tree["components"]["parameters"] = json!({ "Tide": { "name": "tide", "in": "query" } });
    tree
}

#[test]
fn nested_objects_come_with_their_members() {
    let made = run(&nested()).unwrap();
    let report = made.report.clone();
    let (_, shipped) = Catalog::embedded().unwrap();
    let (_, catalog) = Catalog::overlaid(made.files).unwrap();
    assert_eq!(catalog.check(None), Vec::<String>::new());
    let gadgets = catalog.entity_at("service/tickets/gadgets").unwrap();
    let shape = |name: &str| match &gadgets.any_field(name).unwrap().kind {
        Kind::Embedded { shape, list } => (shape.to_string(), *list),
        other => panic!("{name}: {other:?}"),
    };
    assert_eq!(shape("box"), ("Box".to_owned(), false));
    assert_eq!(shape("parts"), ("Gadget_parts".to_owned(), true));
    assert_eq!(gadgets.any_field("mood").unwrap().values.len(), 2);
    let members = |name: &str| {
        let fields = catalog.shape(name).unwrap().iter();
        let mut names: Vec<String> = fields.map(|field| field.name.to_string()).collect();
        names.sort();
        names
    };
    assert_eq!(members("Box"), ["holds", "lid", "owner", "width", "within"]);
    assert_eq!(members("Gadget_parts"), ["number"]);
    let lid = &catalog
        .shape("Box")
        .unwrap()
        .iter()
        .find(|f| &*f.name == "lid")
        .unwrap();
    assert!(lid.required && lid.kind == Kind::Boolean);
    // What is there keeps what it had.
    let old = shipped.shape("UserDefinedFieldOption").unwrap().len();
    assert_eq!(members("UserDefinedFieldOption").len(), old + 1);
    let billing = |catalog: &Catalog| {
        let tickets = catalog.entity_at("service/tickets").unwrap();
        tickets.any_field("billingMethod").unwrap().values.clone()
    };
    let (before, after) = (billing(&shipped), billing(&catalog));
    assert_eq!(after[..before.len()], before[..]);
    assert_eq!(after.len(), before.len() + 1);
    // What data cannot say is told.
    let left = report.left_out.join("\n");
    for word in ["made-by", "nickname", "tide"] {
        assert!(left.contains(word), "{word}: {left}");
    }
    assert!(!left.contains("`page`"), "{left}");
}

/// A description in the words that our own docs use, as of every record and body with conditions, comes back with
/// the same conditions.
#[test]
fn conditions_come_back_as_they_are_told() {
    let (_, shipped) = Catalog::embedded().unwrap();
    let mut tree = json!({ "openapi": "3.0.3", "paths": {}, "components": { "schemas": {} } });
    let records = shipped
        .entities
        .iter()
        .map(|one| (&one.schema, one.fields.as_slice()));
    let bodies = shipped
        .shapes
        .iter()
        .map(|(name, fields)| (name, fields.as_slice()));
    let mut wanted = Vec::new();
    for (schema, fields) in records.chain(bodies) {
        if fields.iter().all(|field| field.conditions.is_none()) {
            continue;
        }
        let name = format!("Copied{schema}");
        let mut members = serde_json::Map::new();
        for field in fields {
            let mut said = match &field.kind {
                Kind::Boolean => json!({ "type": "boolean" }),
                Kind::Integer => json!({ "type": "integer" }),
                Kind::Text => json!({ "type": "string", "enum": field.values }),
                Kind::Reference(to) => {
                    tree["components"]["schemas"][&*to.shape] =
                        json!({ "properties": { "id": { "type": "integer" } } });
                    json!({ "$ref": format!("#/components/schemas/{}", to.shape) })
                }
                _ => continue,
            };
            if let Some(conditions) = &field.conditions {
                let sentences = conditions.sentences();
                said["description"] = json!(sentences.join(". "));
                wanted.push((name.clone(), field.name.to_string(), sentences));
            }
            members.insert(field.name.to_string(), said);
        }
        tree["components"]["schemas"][&name] = json!({ "properties": members });
        tree["paths"][format!("/copies/{}", name.to_lowercase())] =
            json!({ "get": answer(&name, true) });
    }
    assert!(wanted.len() > 45);
    let made = run(&tree).unwrap();
    let unread = made
        .report
        .left_out
        .iter()
        .find(|line| line.contains("not read"));
    assert_eq!(unread, None);
    let (_, catalog) = Catalog::overlaid(made.files).unwrap();
    for (schema, field, sentences) in wanted {
        let of = catalog.entity_of(&schema).unwrap();
        let conditions = of.any_field(&field).unwrap().conditions.as_ref();
        let mut read = conditions.map(|one| one.sentences()).unwrap_or_default();
        let mut wanted = sentences;
        let same = [&mut read, &mut wanted].map(|all| {
            let mut letters: Vec<String> = all.iter().map(|one| one.to_lowercase()).collect();
            letters.sort();
            letters
        });
        assert_eq!(same[0], same[1], "{schema} {field}");
    }
}

/// What a new member of an old record asks of others is told and not taken over; what it depends on itself is.
#[test]
fn an_old_record_asks_for_nothing_new() {
    let mut tree = description();
    let ticket = &mut tree["components"]["schemas"]["Ticket"];
    ticket["properties"]["moonPhase"]["description"] = json!(
        "Required when summary is set. Only valid when closedflag is true. Required when tideFlag is true."
    );
    ticket["properties"]["closedflag"] = json!({ "type": "boolean" });
    ticket["dependentRequired"] = json!({ "summary": ["watchers"] });
    tree["components"]["schemas"]["Gadget"]["anyOf"] =
        json!([{ "required": ["boughtOn"] }, { "required": ["owner"] }]);
    let made = run(&tree).unwrap();
    let told = |part: &str| {
        made.report
            .left_out
            .iter()
            .filter(|line| line.contains(part))
            .count()
    };
    assert_eq!(
        (
            told("moonPhase: required_if"),
            told("watchers: required_if"),
            told("tideFlag")
        ),
        (1, 1, 1)
    );
    let (_, catalog) = Catalog::overlaid(made.files.clone()).unwrap();
    let ticket = catalog.entity_at("service/tickets").unwrap();
    let said = |field: &str| {
        ticket
            .any_field(field)
            .unwrap()
            .conditions
            .as_ref()
            .map(|one| one.sentences())
    };
    assert_eq!(
        said("moonPhase"),
        Some(vec!["only valid when closedFlag is true".to_owned()])
    );
    assert_eq!(said("watchers"), None);
    let gadget = catalog.entity_at("service/tickets/gadgets").unwrap();
    let owner = gadget
        .any_field("owner")
        .unwrap()
        .conditions
        .as_ref()
        .unwrap();
    assert_eq!(owner.sentences(), ["required unless boughtOn is set"]);
}
