//! What people get wrong, at the step where it is noticed: the error names file, line and cell, and nothing is
//! written.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use bitting_catalog::profile::Profile;
use bitting_connect::held::{MEMBERS, ROLES};
use bitting_connect::plan::plan;
use bitting_connect::wanted::{Choices, wanted};
use serde_json::json;
use support::{Server, applied, choices, planned, profile, registry};

const HEAD: &str = "[profile]\nvendor = \"V\"\nproduct = \"Bad Input\"\npsa = \"connectwise\"\nsummary = \"s\"\n\
    completeness = \"complete\"\nversion = 1\n\n[[source]]\ntitle = \"t\"\nurl = \"https://example.com/\"\n\
    taken = \"2026-11-22\"\n\n";

fn row(module: &str, action: &str, rest: &str) -> String {
    format!("[[grant]]\nmodule = \"{module}\"\naction = \"{action}\"\n{rest}\n\n")
}

#[test]
fn each_fault_of_a_profile_is_named_with_file_line_and_cell() {
    let feature = |id: &str, other: &str| {
        format!("[[feature]]\nid = \"{id}\"\ntitle = \"t\"\nincludes = [\"{other}\"]\n\n")
    };
    let good = row("Companies", "Contacts", "inquire = \"All\"");
    for (body, place, says) in [
        (
            feature("a", "b") + &feature("b", "a"),
            "bad.toml:14",
            "in a circle: a -> b -> a",
        ),
        (
            good.clone() + &row("Companies", "Contcts", "inquire = \"All\""),
            "bad.toml:21:10",
            "did you mean `Companies / Contacts`",
        ),
        (
            row("Companys", "Contacts", "inquire = \"All\""),
            "bad.toml:15:10",
            "did you mean",
        ),
        (
            row(
                "System",
                "Table Setup",
                "inquire = \"All\"\ncustomize = { mode = \"allow\", entries = [\"Service / Bord\"] }",
            ),
            "bad.toml:18:42",
            "did you mean `Service / ",
        ),
        (
            row("Companies", "Contacts", "inquire = \"Everything\""),
            "bad.toml:17:11",
            "Everything",
        ),
        (
            row("Companies", "Company Maintenance", "inquire = \"My\""),
            "bad.toml:17:1",
            "Companies / Company Maintenance: Inquire cannot be My",
        ),
        (
            good.clone() + &row("Companies", "Notes", "edit = \"All\""),
            "bad.toml:22:1",
            "Companies / Notes: Edit needs Inquire",
        ),
        (
            good.clone() + "[member]\nidentifier = { value = \"SixteenLettersXX\" }\n",
            "bad.toml:20:24",
            "takes 15",
        ),
        (
            good + "[role]\nname = \"A name of a role of more than 30\"\n",
            "bad.toml:20:8",
            "takes 30",
        ),
    ] {
        let text = format!("{HEAD}{body}");
        let error = match Profile::parse("bad.toml", &text) {
            Err(error) => error.to_string(),
            Ok(profile) => wanted(&profile, &choices(&profile, &[]), registry())
                .expect_err(&text)
                .to_string(),
        };
        assert!(
            error.contains(place) && error.contains(says),
            "{error}\n{body}"
        );
    }
}

#[test]
fn a_name_that_is_taken_is_said_and_nothing_is_lost() {
    let server = Server::start(true);
    let operator = server.operator();
    let (mine, other) = (profile("umbrella"), profile("mspcfo"));
    let with = |role: &str, member: &str| Choices {
        role: Some(role.to_owned()),
        member: Some(member.to_owned()),
        ..Choices::default()
    };
    let done = applied(&operator, &other, &with("Theirs", "theirs"));
    server.key(done.member);
    // Another product's member: the plan says that it would move, and its key with it.
    let text = planned(&operator, &mine, &with("Ours", "Theirs")).text(false);
    assert!(
        text.contains("`Theirs` is there already, with the role `Theirs`, and is moved; the key it has goes with it"),
        "{text}"
    );
    // Another product's role: who else holds it is named.
    let text = planned(&operator, &mine, &with("theirs", "ours")).text(false);
    assert!(text.contains("is also held by theirs"), "{text}");
    // An administrator's role is in the way, and so is a person's id.
    let error = wanted(&mine, &with("Admin", "ours"), registry())
        .and_then(|wanted| plan(&operator, wanted, registry()))
        .expect_err("an administrator's role");
    assert!(
        error
            .to_string()
            .contains("choose another name with --role"),
        "{error}"
    );
    let people = operator.list("system/members").unwrap();
    let api = operator.list(MEMBERS).unwrap();
    let person = people
        .iter()
        .filter_map(|row| row["identifier"].as_str())
        .find(|id| !api.iter().any(|row| row["identifier"] == json!(id)))
        .expect("a person");
    let error = wanted(&mine, &with("Ours", person), registry())
        .and_then(|wanted| plan(&operator, wanted, registry()))
        .expect_err("a person's id");
    assert!(
        error.to_string().contains("is a person's") && error.to_string().contains("--member"),
        "{error}"
    );
    let roles = operator.list(ROLES).unwrap();
    assert!(!roles.iter().any(|row| row["name"] == "Ours"));
    assert!(planned(&operator, &other, &with("Theirs", "theirs")).is_empty());
}
