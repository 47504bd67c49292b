//! Words in the text of a mail that stand for a field of the record it is about. The vendor's own list is not
//! public; these are the fields that mails of a PSA are written with.

use bitting_psa::permit::Permit;
use bitting_psa::row::Row;
use bitting_query::Value;

/// The word, what it stands for, and the flags of the kinds of mail that know it.
const TOKENS: [(&str, &str, &[&str]); 16] = [
    ("[companyname]", "Company name", EVERYWHERE),
    ("[companyid]", "Company ID", EVERYWHERE),
    (
        "[address]",
        "Address of the site",
        &["addressFlag", "companyFlag", "serviceFlag"],
    ),
    ("[contactname]", "Contact name", EVERYWHERE),
    ("[contactemail]", "Email address of the contact", EVERYWHERE),
    (
        "[agreementname]",
        "Agreement name",
        &["agreementFlag", "invoiceFlag"],
    ),
    (
        "[configname]",
        "Configuration name",
        &["configFlag", "serviceFlag"],
    ),
    ("[invoicenumber]", "Invoice number", &["invoiceFlag"]),
    ("[invoicetotal]", "Invoice total", &["invoiceFlag"]),
    (
        "[ponumber]",
        "Purchase order number",
        &["purchaseOrderFlag", "purchaseOrderStatusFlag"],
    ),
    ("[rmanumber]", "RMA number", &["rmaFlag"]),
    ("[opportunityname]", "Opportunity name", &["salesFlag"]),
    (
        "[ticketnumber]",
        "Ticket number",
        &["serviceFlag", "workflowFlag"],
    ),
    (
        "[summary]",
        "Ticket summary",
        &["serviceFlag", "workflowFlag"],
    ),
    ("[trackname]", "Track name", &["tracksFlag"]),
    (
        "[portalpassword]",
        "Portal password",
        &["portalPasswordFlag"],
    ),
];

const EVERYWHERE: &[&str] = &[
    "agreementFlag",
    "companyFlag",
    "configFlag",
    "contactFlag",
    "invoiceFlag",
    "purchaseOrderFlag",
    "purchaseOrderStatusFlag",
    "rmaFlag",
    "salesFlag",
    "serviceFlag",
    "tracksFlag",
    "workflowFlag",
    "portalPasswordFlag",
];

/// One row per word.
pub fn rows(permit: &Permit<'_>) -> Vec<Row> {
    let entity = permit.entity();
    let row = |(index, (token, description, flags)): (usize, &(&str, &str, &[&str]))| {
        let mut row = Row::new(index as i64 + 1);
        for field in &entity.fields {
            let value = match &*field.name {
                "token" => Value::Text((*token).to_owned()),
                "description" => Value::Text((*description).to_owned()),
                name if name.ends_with("Flag") => Value::Boolean(flags.contains(&name)),
                _ => continue,
            };
            row.set(&field.column, value);
        }
        row
    };
    TOKENS.iter().enumerate().map(row).collect()
}
