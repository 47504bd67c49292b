//! Floors inside a crate: what stands on what. A file imports from its own floor and those below it, so that whoever
//! reads a floor need not know what is built on it. Between crates Cargo holds the same, and ARROWS in tidy.rs says
//! which may know which.

use super::{is_test_file, none, rust_files, without_tests};

/// From the ground up: a floor's name, and its rooms. The longest entry that a path begins with says where it stands.
type Floors = &'static [(&'static str, &'static [&'static str])];

/// Crates with floors.
const CRATES: [(&str, Floors); 3] = [("psa", &PSA), ("calls", &CALLS), ("server", &SERVER)];

const PSA: [(&str, &[&str]); 4] = [
    (
        "ground",
        &[
            "answer", "caller", "defaults", "draft", "event", "fault", "keys", "labels", "marked",
            "mine", "moment", "number", "paths", "pdf", "pointers", "problem", "row", "secret",
            "shape", "used", "versions",
        ],
    ),
    (
        "data, under a permit",
        &[
            "backend",
            "computed",
            "marks",
            "naming",
            "outbox",
            "permit",
            "setup_rows",
            "usage",
        ],
    ),
    (
        "a company, and what rules are told",
        &["context", "custom", "instance", "placement", "references"],
    ),
    ("saving", &["saving"]),
];

const CALLS: [(&str, &[&str]); 2] = [
    (
        "ground",
        &["address", "courier", "http", "panics", "shipped"],
    ),
    (
        "calls, and companies opened",
        &["bulk", "cutting", "delivery", "pipeline", "seed", "shelf"],
    ),
];

const SERVER: [(&str, &[&str]); 4] = [
    (
        "ground",
        &[
            "console/bench",
            "console/door",
            "console/session",
            "console/state",
            "console/underway",
            "host/error",
            "jobs",
            "tls",
        ],
    ),
    ("copies of companies", &["copies"]),
    ("the server", &["server"]),
    (
        "who answers",
        &["console", "host", "operator", "server/reception"],
    ),
];

/// The floor of a path like `gate/state/Gate`; `None` of one that is in no list.
fn floor(floors: Floors, path: &[&str]) -> Option<usize> {
    let begins = |room: &str| {
        room.split('/')
            .enumerate()
            .all(|(at, word)| path.get(at) == Some(&word))
    };
    let rooms = floors.iter().enumerate();
    let known = rooms.flat_map(|(at, (_, rooms))| rooms.iter().map(move |room| (at, *room)));
    known
        .filter(|(_, room)| begins(room))
        .max_by_key(|(_, room)| room.len())
        .map(|(at, _)| at)
}

/// Every path from the crate's root that a text names, with those in braces one by one.
fn named(text: &str, home: &[&str]) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for line in text.split("crate::").skip(1) {
        spread(&[], line, &mut found);
    }
    for (at, _) in text.match_indices("super::") {
        if text[..at].ends_with("super::") {
            continue;
        }
        let ups = text[at..]
            .split("super::")
            .take_while(|part| part.is_empty())
            .count();
        let rest = &text[at + "super::".len() * ups..];
        let stays = home.len().saturating_sub(ups);
        spread(&home[..stays], rest, &mut found);
    }
    found
}

/// Reads one path after its beginning; answers what is left behind it.
fn spread<'t>(before: &[&str], text: &'t str, found: &mut Vec<Vec<String>>) -> &'t str {
    let mut path: Vec<&str> = before.to_vec();
    let mut rest = text;
    loop {
        if let Some(mut inner) = rest.strip_prefix('{') {
            while !inner.trim_start().starts_with('}') && !inner.trim_start().is_empty() {
                inner = spread(&path, inner.trim_start(), found);
                inner = inner.trim_start().trim_start_matches(',');
            }
            return inner.trim_start().strip_prefix('}').unwrap_or("");
        }
        let word = |c: char| c.is_alphanumeric() || c == '_' || c == '*';
        let end = rest.find(|c| !word(c)).unwrap_or(rest.len());
        path.push(&rest[..end]);
        rest = &rest[end..];
        match rest.strip_prefix("::") {
            Some(more) => rest = more,
            None => break,
        }
    }
    found.push(path.iter().map(|word| (*word).to_owned()).collect());
    // `name as other` ends where the other name does.
    match rest.strip_prefix(" as ") {
        Some(more) => more.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_'),
        None if end_of_item(rest) => rest,
        None => "",
    }
}

fn end_of_item(rest: &str) -> bool {
    rest.trim_start().starts_with([',', '}'])
}

#[test]
fn files_of_a_crate_import_downward() {
    let mut problems = Vec::new();
    let mut arrows = 0;
    let files = rust_files();
    for (name, floors) in CRATES {
        let root = format!("crates/{name}/src/");
        for (path, text) in &files {
            let room = path.strip_prefix(&root);
            let Some(room) = room.and_then(|path| path.strip_suffix(".rs")) else {
                continue;
            };
            if is_test_file(path) || room == "lib" {
                continue;
            }
            let home: Vec<&str> = room.split('/').collect();
            let Some(here) = floor(floors, &home) else {
                problems.push(format!(
                    "{path}: stands on no floor; name its room in tests/tidy/floors.rs"
                ));
                continue;
            };
            let plain: Vec<&str> = without_tests(text)
                .lines()
                .map(|line| line.split("//").next().unwrap_or_default())
                .collect();
            for target in named(&plain.join("\n"), &home) {
                let words: Vec<&str> = target.iter().map(String::as_str).collect();
                let Some(there) = floor(floors, &words) else {
                    continue;
                };
                arrows += 1;
                if there > here {
                    problems.push(format!(
                        "{path} ({}): imports {} from above ({})",
                        floors[here].0,
                        words.join("::"),
                        floors[there].0
                    ));
                }
            }
        }
    }
    assert!(arrows > 500, "only {arrows} imports were found");
    none(
        &problems,
        "move the few names that both need into a file of their own on the lower floor, or hand the upper one in as a \
         value (as `context::Rules` is); see the floors in ARCHITECTURE.md",
    );
}

#[test]
fn who_answers_people_reads_under_a_permit() {
    let problems: Vec<_> = rust_files()
        .into_iter()
        .filter(|(path, text)| {
            let answers = path.contains("/console/") || path.starts_with("crates/cli/src/");
            answers && without_tests(text).contains(".raw_")
        })
        .map(|(path, _)| path)
        .collect();
    none(
        &problems,
        "the backend's raw_* are the server's own reading; their rows never go out as they are",
    );
}

#[test]
fn paths_are_read_one_by_one() {
    let text = "use crate::{answer::{Answer, Paged as Page}, context::Context};\nuse super::super::rules::{self, paths};";
    let found: Vec<String> = named(text, &["gate", "show"])
        .iter()
        .map(|path| path.join("/"))
        .collect();
    assert_eq!(
        found,
        [
            "answer/Answer",
            "answer/Paged",
            "context/Context",
            "rules/self",
            "rules/paths"
        ]
    );
    assert_eq!(floor(&PSA, &["row", "Row"]), Some(0));
    assert!(floor(&PSA, &["saving", "turn"]) > floor(&PSA, &["instance"]));
}
