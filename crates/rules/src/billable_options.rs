//! The four ways in which work can be billed, as a list of the product: the same for every company.

use bitting_psa::draft::Draft;
use bitting_psa::permit::Permit;
use bitting_psa::row::Row;
use bitting_query::Value;

/// What each is called in values of fields and on screens, and whether it is billed and invoiced.
const OPTIONS: [(&str, &str, bool, bool); 4] = [
    ("Billable", "Billable", true, true),
    ("DoNotBill", "Do Not Bill", false, false),
    ("NoCharge", "No Charge", false, true),
    ("NoDefault", "No Default", false, false),
];

/// The list.
pub fn rows(permit: &Permit<'_>) -> Vec<Row> {
    let mut rows = Vec::with_capacity(OPTIONS.len());
    for (id, (code, name, billable, invoiced)) in (1..).zip(OPTIONS) {
        let mut draft = Draft::new(permit.entity(), Row::new(id));
        for (field, text) in [("optionId", code), ("enumId", code), ("name", name)] {
            draft.set(field, Value::Text(text.to_owned()));
        }
        let choice = code != "NoDefault";
        for (field, flag) in [
            ("billableFlag", billable),
            ("invoiceFlag", invoiced),
            ("timeFlag", choice),
            ("expenseFlag", choice),
            ("productFlag", choice),
            ("defaultFlag", code == "Billable"),
            ("includeNoDefaultFlag", !choice),
        ] {
            draft.set(field, Value::Boolean(flag));
        }
        rows.push(draft.row);
    }
    rows
}
