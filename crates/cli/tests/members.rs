//! `bitting member` and `bitting role` beside a running server: the whole form of an API member by the command line.

#![allow(clippy::unwrap_used)]

mod support;

use std::path::Path;
use support::{Running, bitting, text_of};

/// What a command says, and whether it went well.
fn says(directory: &Path, arguments: &[&str]) -> (bool, String) {
    let output = bitting(directory).args(arguments).output().unwrap();
    (output.status.success(), text_of(&output))
}

/// The value beside a header.
fn value<'t>(text: &'t str, header: &str) -> &'t str {
    let mut lines = text.lines();
    let line = lines.find_map(|line| line.strip_prefix(&format!("{header:<18}")));
    line.unwrap_or_else(|| panic!("no {header} in {text}"))
}

#[test]
fn the_whole_form_is_set_shown_and_emptied() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    let mut serve = bitting(at);
    serve.args(["serve", "--no-sync", "--no-autotask", "--tickets", "5"]);
    let _server = Running::start(at, &mut serve);

    let made = says(
        at,
        &[
            "member",
            "create",
            "FormAPI",
            "--role",
            "No Access",
            "--location",
            "West",
        ],
    );
    assert!(made.0, "{}", made.1);
    let form = [
        "member",
        "set",
        "FormAPI",
        "--email",
        "a@example.com",
        "--notes",
        "by hand",
        "--time-zone",
        "UTC",
        "--sales-location",
        "Red Mesa",
        "--default-location",
        "Cedar Point",
        "--default-department",
        "Managed Services",
        "--default-board",
        "Monitoring",
        "--exclude-board",
        "Projects",
        "--exclude-board",
        "Internal IT",
        "--block-price",
        "true",
        "--block-cost",
        "true",
    ];
    let (fine, set) = says(at, &form);
    assert!(fine, "{set}");
    let (_, shown) = says(at, &["member", "show", "FormAPI"]);
    assert_eq!(set, shown);
    for (header, expected) in [
        ("E-MAIL", "a@example.com"),
        ("ROLE", "No Access"),
        ("LEVEL", "Region"),
        ("LOCATION", "West"),
        ("DEFAULT LOCATION", "Cedar Point"),
        ("DEPARTMENT", "Managed Services"),
        ("SALES LOCATION", "Red Mesa"),
        ("DEFAULT BOARD", "Monitoring"),
        ("HIDDEN BOARDS", "Projects, Internal IT"),
        ("HIDES", "prices, costs"),
        ("TIME ZONE", "UTC"),
        ("NOTES", "by hand"),
        ("INACTIVE", ""),
    ] {
        assert_eq!(value(&shown, header), expected, "{header}");
    }
    let (fine, emptied) = says(
        at,
        &[
            "member",
            "set",
            "FormAPI",
            "--no-excluded-boards",
            "--block-cost",
            "false",
        ],
    );
    assert!(fine, "{emptied}");
    assert_eq!(value(&emptied, "HIDDEN BOARDS"), "");
    assert_eq!(value(&emptied, "HIDES"), "prices");

    let (fine, refused) = says(
        at,
        &[
            "role",
            "list-set",
            "No Access",
            "SystemTableSetup",
            "all",
            "Service / Priority",
        ],
    );
    assert!(!fine && refused.contains("takes no names"), "{refused}");
}
