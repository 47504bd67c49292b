//! The text `profile new` starts a file with. Knows the format only as text; a test reads it back.

use super::document::Psa;

/// What stands in place of the summary, and of the guide's title.
pub(super) const SUMMARY: &str = "One sentence: what the integration does with the PSA.";
pub(super) const SOURCE: &str = "Title of the vendor's guide";

/// A profile to fill in: it loads as it is, and says in comments what goes where.
///
/// `today` is the day the facts are taken over, `2026-11-21`.
pub fn template(vendor: &str, product: &str, psa: Psa, today: &str) -> String {
    let head = format!(
        r#"# What {product} needs of the PSA. Format: docs/profiles.md
[profile]
vendor = {vendor}
product = {product_text}
psa = "{psa}"
summary = "{SUMMARY}"
completeness = "partial" # "complete" once every row of the guide is here
version = 1

[[source]]
title = "{SOURCE}"
url = "https://example.com/guide"
taken = "{today}"
"#,
        vendor = quoted(vendor),
        product_text = quoted(product),
        psa = psa.folder(),
    );
    let rest = match psa {
        Psa::ConnectWise => CONNECTWISE,
        Psa::Autotask => AUTOTASK,
    };
    format!("{head}{rest}")
}

/// A TOML basic string.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => out.extend(['\\', letter]),
            letter if letter.is_control() => out.push(' '),
            letter => out.push(letter),
        }
    }
    out.push('"');
    out
}

const CONNECTWISE: &str = r#"
# One [[grant]] per row of the guide; a verb that is not written is None.
[[grant]]
module = "Companies"
action = "Company Maintenance"
inquire = "All"
why = "list companies"

# [[grant]]
# module = "System"
# action = "Table Setup"
# inquire = "All"
# why = "boards and their statuses"
# customize = { mode = "allow", entries = ["Service / Service Board"] }

# Rights that only some customers need.
# [[feature]]
# id = "tickets"
# title = "Create tickets"
# [[feature.grant]]
# module = "Service Desk"
# action = "Service Tickets"
# add = "All"
# inquire = "All"

[member]
# identifier = { value = "Example" }
# location = { value = "Corporate", required = true, why = "sees all companies" }
"#;

const AUTOTASK: &str = r#"
[level]
copy_of = "API User (system) (API-only)"

# One [[setting]] per control of the security level screen.
[[setting]]
section = "CRM"
subsection = "Account & Contact Access"
setting = "Customer & Cancelation"
value = "All"
why = "read customers"

# [[setting]]
# section = "Service Desk"
# subsection = "Object Permissions"
# setting = "Tickets"
# view = "All"
# add = "Yes"

[user]
# tracking_vendor = ["Example"]
"#;

#[cfg(test)]
mod tests {
    use super::super::document::Profile;
    use super::*;

    #[test]
    fn a_template_is_a_profile() {
        for psa in [Psa::ConnectWise, Psa::Autotask] {
            let text = template("A \"B\" \\C", "Product", psa, "2026-11-21");
            let profile = Profile::parse("x/product.toml", &text).expect("template");
            assert_eq!(profile.product.vendor, "A \"B\" \\C");
            assert_eq!(profile.product.psa, psa);
            assert_eq!(profile.rows().count() + profile.settings().count(), 1);
        }
    }
}
