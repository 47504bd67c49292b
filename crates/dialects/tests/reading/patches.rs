//! PATCH bodies as clients send them, and what becomes of them.

use crate::bodies::reader;
use crate::shown;
use bitting_dialects::connectwise::body::Purpose;
use bitting_dialects::connectwise::patch;
use std::fmt::Write as _;

fn golden(name: &str, path: &str, bodies: &[&str]) {
    let reader = reader(path, Purpose::Change, false, &|_| false);
    let mut all = format!("{path}\n");
    for body in bodies {
        let outcome = patch::operations(body.as_bytes())
            .and_then(|operations| patch::apply(&operations, &reader));
        let outcome = match outcome {
            Ok(input) => shown::input(&input, reader.entity),
            Err(error) => shown::error(&error),
        };
        writeln!(all, "\n   {body}\n-> {outcome}").expect("writing to text");
    }
    insta::assert_snapshot!(name, all);
}

#[test]
fn tickets() {
    let bodies = [
        r#"[{"op":"replace","path":"summary","value":"x"}]"#,
        r#"[{"Op":"REPLACE","Path":"/Summary","Value":"x"}]"#,
        r#"{"op":"add","path":"summary","value":"x"}"#,
        "[]",
        r#"[{"op":"replace","path":"status/id","value":5},{"op":"replace","path":"board","value":{"name":"Service"}}]"#,
        r#"[{"op":"replace","path":"status/name","value":"New"},{"op":"Replace","path":"/owner/identifier/","value":"ann"}]"#,
        r#"[{"op":"replace","path":"status/name","value":"New"},{"op":"replace","path":"status/id","value":"7"}]"#,
        r#"[{"op":"replace","path":"contact","value":{}}]"#,
        r#"[{"op":"remove","path":"contact"},{"op":"remove","path":"owner/id"},{"op":"replace","path":"poNumber"},{"op":"replace","path":"budgetHours","value":""}]"#,
        r#"[{"op":"replace","path":"budgetHours","value":"1.5"},{"op":"replace","path":"requiredDate","value":"2024-05-01"},{"op":"replace","path":"approved","value":"True"}]"#,
        r#"[{"op":"replace","path":"customFields","value":[{"id":3,"value":"a"},{"id":4,"value":null}]}]"#,
        r#"[{"op":"add","path":"integratorTags","value":["a"]}]"#,
        r#"[{"op":"add","path":"/summary","value":["x"]},{"op":"add","path":"status/name","value":["New"]},{"op":"add","path":"owner","value":[{"id":3}]}]"#,
        r#"[{"op":"add","path":"/summary","value":["x","y"]}]"#,
        r#"[{"op":"replace","path":"/summary","value":["x"]}]"#,
        r#"[{"OP":"add","PATH":"summary","VALUE":"x"}]"#,
        r#"[{"op":"replace","path":"locationId","value":3},{"op":"replace","path":"department/id","value":4},{"op":"replace","path":"closedFlag","value":true},{"op":"replace","path":"id","value":4},{"op":"replace","path":"_info/lastUpdated","value":"x"}]"#,
        r#"[{"op":"replace","path":"nothing","value":1}]"#,
        r#"[{"op":"replace","path":"status/colour","value":1}]"#,
        r#"[{"op":"replace","path":"summary/x","value":1}]"#,
        r#"[{"op":"replace","path":"status/id/x","value":1}]"#,
        r#"[{"op":"replace","path":"integratorTags/0","value":"a"}]"#,
        r#"[{"op":"replace","path":"customFields/0/value","value":"a"}]"#,
        r#"[{"op":"remove","path":"customFields"}]"#,
        r#"[{"op":"remove","path":"summary"},{"op":"replace","path":"company","value":null},{"op":"replace","path":"severity","value":""},{"op":"remove","path":"company/id"}]"#,
        r#"[{"op":"replace","path":"initialDescription","value":"x"}]"#,
        r#"[{"op":"replace","path":"severity","value":"Huge"},{"op":"replace","path":"requiredDate","value":"soon"}]"#,
        r#"[{"op":"replace","path":"company","value":5}]"#,
        r#"[{"op":"replace","path":"status/id","value":"abc"}]"#,
        r#"[{"op":"move","path":"summary","value":"x"}]"#,
        r#"[{"path":"summary","value":"x"}]"#,
        r#"[{"op":"replace","path":"/","value":"x"}]"#,
        r#"[{"op":"replace","value":"x"}]"#,
        r#"{"summary":"x"}"#,
        r#"["summary"]"#,
        r#"[{"op":5,"path":"summary"}]"#,
        r#""summary""#,
        "[{]",
    ];
    golden("ticket_patched", "service/tickets", &bodies);
}

#[test]
fn others() {
    golden(
        "schedule_patched",
        "schedule/entries",
        &[
            r#"[{"op":"replace","path":"member/identifier","value":"ann"},{"op":"replace","path":"where/id","value":2},{"op":"replace","path":"status/id","value":1}]"#,
        ],
    );
    golden(
        "nested_patched",
        "finance/invoices/payments",
        &[
            r#"[{"op":"replace","path":"wisePayPayment/paymentDateUtc","value":"2024-05-01"},{"op":"replace","path":"WisePayPayment/wisepayreference","value":"b"}]"#,
            r#"[{"op":"replace","path":"wisePayPayment/nothing","value":"a"}]"#,
        ],
    );
    golden(
        "contact_patched",
        "company/contacts",
        &[
            r#"[{"op":"add","path":"types","value":[{"id":4}]}]"#,
            r#"[{"op":"add","path":"types","value":{"id":4}}]"#,
            r#"[{"op":"add","path":"types/0","value":{"id":4}}]"#,
            r#"[{"op":"replace","path":"communicationItems","value":[{"value":"a@b.c","communicationType":"EMAIL"}]}]"#,
            r#"[{"op":"replace","path":"communicationItems/0/value","value":"a"}]"#,
        ],
    );
    golden(
        "phase_patched",
        "project/projects/phases",
        &[r#"[{"op":"remove","path":"/parentPhase"}]"#],
    );
}
