//! What the loader refuses, with the line it names and what it says.

use bitting_catalog::profile::Profile;
use proptest::prelude::*;

const HEAD: &str = r#"[profile]
vendor = "V"
product = "P"
psa = "connectwise"
summary = "S."
completeness = "complete"
version = 1

[[source]]
title = "T"
url = "https://example.com"
taken = "2026-11-21"

"#;

/// Lines of [`HEAD`], so that the cases can count from its end.
const HEAD_LINES: usize = 13;

#[test]
fn each_fault_is_named_with_its_line() {
    for (body, line, says) in [
        (
            "[[grant]]\nmodul = \"System\"\n",
            2,
            "did you mean `module`?",
        ),
        (
            "[[grant]]\nmodule = \"System\"\naction = \"Security\"\nadd = \"all\"\n",
            4,
            "did you mean `All`?",
        ),
        (
            "[[grants]]\nmodule = \"System\"\n",
            1,
            "did you mean `grant`?",
        ),
        (
            "[[grant]]\naction = \"Security\"\n",
            1,
            "missing field `module`",
        ),
        (
            "[member]\nlocaton = { value = \"x\" }\n",
            2,
            "did you mean `location`?",
        ),
        (
            "[[feature]]\nid = \"A b\"\ntitle = \"t\"\n",
            1,
            "small letters",
        ),
        (
            "[[feature]]\nid = \"a\"\ntitle = \"t\"\n\n[[feature]]\nid = \"a\"\ntitle = \"t\"\n",
            5,
            "is there twice",
        ),
        (
            "[[feature]]\nid = \"a\"\ntitle = \"t\"\nincludes = [\"bb\"]\n\n[[feature]]\nid = \"b\"\ntitle = \"t\"\n",
            1,
            "did you mean `b`?",
        ),
        (
            "[[feature]]\nid = \"a\"\ntitle = \"t\"\nincludes = [\"b\"]\n\n[[feature]]\nid = \"b\"\ntitle = \"t\"\nincludes = [\"a\"]\n",
            1,
            "in a circle: a -> b -> a",
        ),
        (
            "[[feature]]\nid = \"a\"\ntitle = \"t\"\nincludes = [\"a\"]\n",
            1,
            "in a circle: a -> a",
        ),
        (
            "[[feature]]\nid = \"a\"\ntitle = \"t\"\nstatus = \"temporary\"\n",
            1,
            "go together",
        ),
        (
            "[[grant]]\nmodule = \"M\"\naction = \"A\"\n\n[[grant]]\nmodule = \"M\"\naction = \"A\"\n",
            5,
            "M / A is there twice",
        ),
        (
            "[[grant]]\nmodule = \"M\"\naction = \"A\"\ncustomize = { mode = \"allow\" }\n",
            1,
            "names no entry",
        ),
        (
            "[[grant]]\nmodule = \"M\"\naction = \"A\"\ncustomize = { mode = \"all\", entries = [\"x\"] }\n",
            1,
            "name no entries",
        ),
        (
            "[[grant]]\nmodule = \"M\"\naction = \"A\"\ncustomize = { mode = \"deny\", entries = [\"x\"], prefixes = [\"y\"] }\n",
            1,
            "takes names only",
        ),
        ("[level]\ncopy_of = \"x\"\n", 1, "belong to Autotask"),
        ("[[grant]]\nmodule = \"M\n", 2, ""),
    ] {
        let error = Profile::parse("data/x.toml", &format!("{HEAD}{body}"))
            .expect_err(body)
            .to_string();
        let mut place = error.strip_prefix("data/x.toml:").expect(body).split(':');
        let found: usize = place.next().and_then(|at| at.parse().ok()).expect(body);
        let column: Option<usize> = place.next().and_then(|at| at.parse().ok());
        // The row begins at the line, and what is wrong in it stands there or a few lines below.
        let row = HEAD_LINES + line;
        assert!(
            (row..row + 4).contains(&found) && column.is_some(),
            "{body}\nexpected {row}\nfound    {error}"
        );
        assert!(
            error.contains(says),
            "{body}\nexpected {says}\nfound    {error}"
        );
    }
}

#[test]
fn an_autotask_profile_has_a_level_and_no_rows() {
    let head = HEAD.replace("connectwise", "autotask");
    for (body, says) in [
        ("", "has a [level]"),
        (
            "[level]\ncopy_of = \"x\"\n\n[[grant]]\nmodule = \"M\"\naction = \"A\"\n",
            "belongs to ConnectWise",
        ),
    ] {
        let error = Profile::parse("x.toml", &format!("{head}{body}"))
            .expect_err(body)
            .to_string();
        assert!(error.contains(says), "{error}");
    }
    Profile::parse("x.toml", &format!("{head}[level]\ncopy_of = \"x\"\n")).expect("enough");
}

#[test]
fn rows_know_the_line_they_start_on() {
    let body = "[[grant]]\nmodule = \"M\"\naction = \"A\"\n\n[[feature]]\nid = \"a\"\ntitle = \"t\"\n\n[[feature.grant]]\nmodule = \"M\"\naction = \"A\"\n\n[[edition]]\ntitle = \"t\"\nurl = \"u\"\nrelation = \"older\"\nnote = \"n\"\n";
    let profile = Profile::parse("x.toml", &format!("{HEAD}{body}")).expect("a profile");
    assert_eq!(profile.grant[0].line, HEAD_LINES + 1);
    assert_eq!(profile.feature[0].line, HEAD_LINES + 5);
    assert_eq!(profile.feature[0].grant[0].line, HEAD_LINES + 9);
    assert_eq!(profile.edition[0].line, HEAD_LINES + 13);
    assert_eq!(profile.slug, "x");
}

fn shipped_texts() -> Vec<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/profiles");
    [
        "connectwise/propel",
        "connectwise/cyberfox_autoelevate",
        "autotask/cloudradial_chat",
    ]
    .iter()
    .map(|name| std::fs::read_to_string(format!("{folder}/{name}.toml")).expect("a file"))
    .collect()
}

proptest! {
    /// Whatever is torn out of a profile or put into it, the answer is a profile or an error on a
    /// line the file has.
    #[test]
    fn damaged_files_are_refused_on_a_line_of_theirs(
        which in 0..3usize, at in any::<prop::sample::Index>(), torn in 0..60usize, put in "[\\[\\]a-z\"= {},\n]{0,12}",
    ) {
        let mut letters: Vec<char> = shipped_texts().swap_remove(which).chars().collect();
        let at = at.index(letters.len());
        let end = (at + torn).min(letters.len());
        letters.splice(at..end, put.chars());
        let text: String = letters.into_iter().collect();
        if let Err(error) = Profile::parse("x.toml", &text) {
            let error = error.to_string();
            let line = error.strip_prefix("x.toml:").and_then(|rest| rest.split(':').next());
            let line: usize = line.and_then(|line| line.parse().ok()).expect("a line");
            prop_assert!(line >= 1 && line <= text.split('\n').count(), "{}", error);
        }
    }
}
