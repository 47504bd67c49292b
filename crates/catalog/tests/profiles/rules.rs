//! Every lint rule on a smallest profile that breaks it, and none on one that does not.

use super::registry;
use bitting_catalog::profile::lint::{Severity, lint};
use bitting_catalog::profile::{Profile, Psa, template};
use std::collections::BTreeSet;

fn profile(psa: &str, head: &str, body: &str) -> Profile {
    let completeness = if head.contains("completeness") {
        ""
    } else {
        "completeness = \"complete\"\n"
    };
    let text = format!(
        "[profile]\nvendor = \"V\"\nproduct = \"P\"\npsa = \"{psa}\"\nsummary = \"S.\"\nversion = 1\n{completeness}{head}\n\n[[source]]\ntitle = \"T\"\nurl = \"https://example.com\"\ntaken = \"2026-11-21\"\n\n{body}"
    );
    Profile::parse("p.toml", &text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn rules(profile: &Profile) -> BTreeSet<String> {
    lint(profile, &registry())
        .into_iter()
        .map(|finding| finding.rule.to_owned())
        .collect()
}

/// A row of a ConnectWise profile: module, action, the rest of the row.
fn row(module: &str, action: &str, rest: &str) -> String {
    format!("[[grant]]\nmodule = \"{module}\"\naction = \"{action}\"\n{rest}\n\n")
}

#[test]
fn a_careful_profile_has_no_findings() {
    let body = row(
        "Companies",
        "Company Maintenance",
        "inquire = \"All\"\nwhy = \"list companies\"",
    ) + &row(
        "Service Desk",
        "Service Tickets",
        "add = \"My\"\nedit = \"My\"\ninquire = \"All\"",
    ) + &row(
        "System",
        "Table Setup",
        "inquire = \"All\"\ncustomize = { mode = \"allow\", entries = [\"Service / Service Board\"] }",
    );
    assert_eq!(rules(&profile("connectwise", "", &body)), BTreeSet::new());
    let body = "[level]\ncopy_of = \"L\"\n\n[user]\ntracking_vendor = [\"V\"]\n\n[[setting]]\nsection = \"Service Desk\"\nsubsection = \"Object Permissions\"\nsetting = \"Tickets\"\nview = \"Mine\"\nadd = \"Yes\"\n";
    assert_eq!(rules(&profile("autotask", "", body)), BTreeSet::new());
}

#[test]
fn each_rule_of_connectwise_finds_its_fault() {
    let all = "add = \"All\"\nedit = \"All\"\ndelete = \"All\"\ninquire = \"All\"";
    let allow = |entry: &str| {
        format!("inquire = \"All\"\ncustomize = {{ mode = \"allow\", entries = [\"{entry}\"] }}")
    };
    for (expected, head, body) in [
        (&["unknown-module"][..], "", row("Compnies", "Contacts", "inquire = \"All\"")),
        (&["unknown-module", "wildcard"], "", row("Configuration", "*", "inquire = \"All\"")),
        (&["unknown-action"], "", row("Companies", "Company Statuses", "inquire = \"All\"")),
        (&["unknown-table"], "", row("System", "Table Setup", &allow("Service / Service Bord"))),
        (&["unknown-table"], "", row("System", "Table Setup", "inquire = \"All\"\ncustomize = { mode = \"allow\", prefixes = [\"Nothing\"] }")),
        (&["other-spelling"], "", row("Company", "Contacts", "inquire = \"All\"")),
        (&["other-spelling"], "", row("System", "Table Setup", &allow("Company / Company Statuses"))),
        (&["unverified-table"], "", row("System", "Table Setup", &allow("Service / Impact"))),
        (&["level-not-accepted"], "", row("Companies", "Company Maintenance", "inquire = \"My\"")),
        (&["write-without-inquire"], "", row("Companies", "Contacts", "edit = \"All\"")),
        (&["empty-row"], "", row("Companies", "Contacts", "")),
        (&["my-unsure"], "", row("Sales", "Opportunity", "inquire = \"My\"")),
        (&["uncertain"], "", row("Companies", "Contacts", "inquire = \"All\"\nuncertain = \"x\"")),
        (&["all-where-my"], "", row("Service Desk", "Service Tickets", "inquire = \"All\"\nwhy = \"read the tickets it created\"")),
        (&["all-where-my"], "", row("Service Desk", "Service Tickets", "add = \"All\"\ninquire = \"All\"")),
        (&["delete-without-reason"], "", row("Companies", "Contacts", "delete = \"All\"\ninquire = \"All\"")),
        (&["reaches-security"], "", row("System", "Security", "inquire = \"All\"")),
        (&["reads-passwords"], "", row("Companies", "Configuration - Display Passwords", "inquire = \"All\"")),
        (&["reads-everything"], "", row("System", "API Reports", "inquire = \"All\"")),
        (&["own-only"], "", row("Time & Expense", "Time Entry", "inquire = \"All\"")),
        (&["no-known-meaning", "reads-everything"], "", row("System", "API Reports", "add = \"All\"\ninquire = \"All\"")),
        (&["wildcard"], "", row("Finance", "*", "inquire = \"All\"")),
        (&["wildcard", "reads-everything", "reaches-security"], "", row("System", "*", "inquire = \"All\"")),
        (&["table-setup-open"], "", row("System", "Table Setup", "inquire = \"All\"")),
        (&["table-setup-open"], "", row("System", "Table Setup", "inquire = \"All\"\ncustomize = { mode = \"all\" }")),
        (&["table-setup-open", "delete-without-reason"], "", row("System", "Table Setup", all)),
        (&["narrowing-optional"], "", row("System", "Table Setup", "inquire = \"All\"\ncustomize = { mode = \"allow\", entries = [\"Service / Source\"], optional = true }")),
        (&["deny-list"], "", row("System", "Table Setup", "inquire = \"All\"\ncustomize = { mode = \"deny\", entries = [\"General / StsClient\"] }")),
        (&["list-without-level"], "", row("System", "Table Setup", "customize = { mode = \"allow\", entries = [\"Service / Source\"] }")),
        (&["list-incomplete"], "", row("System", "Table Setup", "inquire = \"All\"\ncustomize = { mode = \"allow\", incomplete = true }")),
        (&["no-list"], "", row("Companies", "Contacts", "inquire = \"All\"\ncustomize = { mode = \"allow\", entries = [\"x\"] }")),
        (&["prefix-on-tenant-list"], "", row("Companies", "Configurations", "inquire = \"All\"\ncustomize = { mode = \"allow\", prefixes = [\"Managed\"] }")),
        (&["placeholder"], "", row("Companies", "Configurations", "inquire = \"All\"\ncustomize = { mode = \"allow\", placeholders = [{ name = \"types\", hint = \"h\" }] }")),
        (&["admin-alternative", "no-rights"], "admin_alternative = \"only\"", String::new()),
        (&["partial", "no-rights"], "completeness = \"partial\"", String::new()),
        (&["too-long", "no-rights"], "", "[member]\nidentifier = { value = \"SixteenLettersXX\" }\n".to_owned()),
        (&["too-long", "no-rights"], "", "[role]\nname = \"A name of a role of more than 30\"\n".to_owned()),
        (&["unused-granted"], "", "[[feature]]\nid = \"f\"\ntitle = \"t\"\ndefault = true\nstatus = \"planned\"\n\n[[feature.grant]]\nmodule = \"Companies\"\naction = \"Contacts\"\ninquire = \"All\"\n".to_owned()),
        (&["contradiction"], "", row("Companies", "Contacts", "inquire = \"All\"") + "[[edition]]\ntitle = \"other page\"\nurl = \"u\"\nrelation = \"beside\"\nnote = \"n\"\n\n[[edition.grant]]\nmodule = \"Companies\"\naction = \"Contacts\"\nadd = \"All\"\ninquire = \"All\"\n"),
    ] {
        let expected: BTreeSet<String> = expected.iter().map(|rule| (*rule).to_owned()).collect();
        assert_eq!(rules(&profile("connectwise", head, &body)), expected, "{head}{body}");
    }
}

#[test]
fn each_rule_of_autotask_finds_its_fault() {
    let setting = |section: &str, sub: &str, name: &str, rest: &str| {
        format!(
            "[[setting]]\nsection = \"{section}\"\nsubsection = \"{sub}\"\nsetting = \"{name}\"\n{rest}\n"
        )
    };
    let objects = "Object Permissions";
    for (expected, start, body) in [
        (
            "unknown-section",
            "copy",
            setting("Sales", objects, "Tickets", "view = \"All\""),
        ),
        (
            "unknown-section",
            "copy",
            setting("Sales", "*", "*", "value = \"Full\""),
        ),
        (
            "unknown-setting",
            "copy",
            setting("Service Desk", objects, "Tikets", "view = \"All\""),
        ),
        (
            "unknown-value",
            "copy",
            setting("Service Desk", objects, "Tickets", "view = \"Own\""),
        ),
        (
            "unknown-value",
            "copy",
            setting("Service Desk", objects, "Tickets", "value = \"All\""),
        ),
        (
            "other-spelling",
            "copy",
            setting(
                "CRM",
                "Account & Contact Access",
                "Customer & Cancellation",
                "value = \"All\"",
            ),
        ),
        (
            "empty-row",
            "copy",
            setting("Service Desk", objects, "Tickets", ""),
        ),
        (
            "uncertain",
            "copy",
            setting(
                "Service Desk",
                objects,
                "Tickets",
                "view = \"All\"\nuncertain = \"x\"",
            ),
        ),
        (
            "delete-without-reason",
            "copy",
            setting("Service Desk", objects, "Tickets", "delete = \"All\""),
        ),
        (
            "administers",
            "copy",
            setting(
                "Admin",
                "Feature Access",
                "Configuration Items",
                "value = \"Checked\"",
            ),
        ),
        (
            "whole-section",
            "copy",
            setting("CRM", "*", "*", "value = \"Full\""),
        ),
        (
            "contract-visibility",
            "copy",
            setting("Contracts", objects, "Contracts", "view = \"All\""),
        ),
        (
            "acts-as-more",
            "copy",
            setting("Contracts", objects, "Contracts", "view = \"None\""),
        ),
        (
            "acts-as-more",
            "cleared",
            [
                "Customer & Cancelation",
                "Vendor & Partners",
                "Prospects, Leads, & Dead",
            ]
            .map(|name| setting("CRM", "Account & Contact Access", name, "value = \"All\""))
            .concat()
                + &setting(
                    "Contracts",
                    "Dropdowns",
                    "Contract Visibility",
                    "value = \"Limited\"",
                ),
        ),
        ("system-level", "as_is", String::new()),
        (
            "unknown-setting",
            "copy",
            "[[impersonation]]\nsection = \"CRM\"\nentity = \"Acount\"\nview = true\n".to_owned(),
        ),
        (
            "delete-without-reason",
            "copy",
            "[[impersonation]]\nsection = \"CRM\"\nentity = \"Account\"\ndelete = true\n"
                .to_owned(),
        ),
        (
            "empty-row",
            "copy",
            "[[impersonation]]\nsection = \"CRM\"\nentity = \"Account\"\n".to_owned(),
        ),
    ] {
        let body = format!(
            "[level]\ncopy_of = \"L\"\nstart = \"{start}\"\n\n[user]\ntracking_custom = true\n\n{body}"
        );
        assert_eq!(
            rules(&profile("autotask", "", &body)),
            BTreeSet::from([expected.to_owned()]),
            "{body}"
        );
    }
    let untracked = profile("autotask", "", "[level]\ncopy_of = \"L\"\n");
    assert_eq!(
        rules(&untracked),
        BTreeSet::from(["no-tracking".to_owned()])
    );
}

#[test]
fn what_the_template_wrote_is_noticed_until_somebody_replaces_it() {
    for psa in [Psa::ConnectWise, Psa::Autotask] {
        let text = template("V", "P", psa, "2026-11-22");
        let new = Profile::parse("p.toml", &text).expect("a template");
        let found = lint(&new, &registry());
        let left: Vec<&str> = found
            .iter()
            .filter(|finding| finding.rule == "template-text")
            .map(|finding| finding.place.as_str())
            .collect();
        assert_eq!(left, ["p.toml:6:11", "p.toml:11:9"]);
    }
}

#[test]
fn a_finding_says_where_what_and_what_to_do() {
    let body = row(
        "System",
        "Table Setup",
        "inquire = \"All\"\ncustomize = { mode = \"allow\", entries = [\"Servce / Servce Board\"] }",
    );
    let found = lint(&profile("connectwise", "", &body), &registry());
    let found: Vec<_> = found
        .iter()
        .map(|f| {
            (
                f.severity,
                f.rule,
                f.place.as_str(),
                f.message.as_str(),
                f.suggestion.as_deref(),
            )
        })
        .collect();
    assert_eq!(
        found,
        [(
            Severity::Error,
            "unknown-table",
            "p.toml:19:42",
            "there is no setup table `Servce / Servce Board`",
            Some("did you mean `Service / Service Board`?")
        )]
    );
}

#[test]
fn a_finding_about_a_form_stands_on_its_own_line() {
    let body = "[role]\nname = \"A name of a role of more than 30\"\n\n[member]\nlocation = { value = \"x\" }\nidentifier = { value = \"SixteenLettersXX\" }\n";
    let found = lint(&profile("connectwise", "", body), &registry());
    let places: Vec<&str> = found.iter().map(|finding| finding.place.as_str()).collect();
    assert_eq!(places, ["p.toml:1:1", "p.toml:16:8", "p.toml:20:24"]);
}
