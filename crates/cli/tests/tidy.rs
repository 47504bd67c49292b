//! House rules that no compiler holds: sizes, headings, arrows between crates, reasons, stray text.
//! Reads the checkout as text and must not know what any of the crates does.

#[path = "tidy/floors.rs"]
mod floors;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Folders that hold what was built or installed, not what was written.
const BUILT: [&str; 8] = [
    ".git",
    ".venv",
    ".pytest_cache",
    "__pycache__",
    "artifacts",
    "corpus",
    "node_modules",
    "target",
];

/// The crates and what each may know of the others: the arrows of ARCHITECTURE.md, inward only.
const ARROWS: [(&str, &[&str]); 16] = [
    ("policy", &[]),
    ("query", &[]),
    ("catalog", &["policy"]),
    ("dialects", &["policy", "catalog", "query"]),
    ("store", &["query"]),
    ("client", &["policy", "catalog", "query", "dialects"]),
    ("psa", &["policy", "catalog", "query", "dialects", "store"]),
    (
        "demo",
        &["policy", "catalog", "query", "dialects", "store", "psa"],
    ),
    (
        "rules",
        &["policy", "catalog", "query", "dialects", "store", "psa"],
    ),
    (
        "calls",
        &[
            "policy", "catalog", "query", "dialects", "store", "psa", "demo", "rules",
        ],
    ),
    (
        "autotask",
        &[
            "policy", "catalog", "query", "dialects", "store", "psa", "demo", "calls",
        ],
    ),
    (
        "gate",
        &[
            "policy", "catalog", "query", "dialects", "store", "psa", "rules", "calls",
        ],
    ),
    (
        "server",
        &[
            "policy", "catalog", "query", "dialects", "store", "psa", "demo", "rules", "calls",
            "autotask", "gate",
        ],
    ),
    (
        "connect",
        &["policy", "catalog", "query", "dialects", "client"],
    ),
    (
        "sync",
        &["policy", "catalog", "query", "dialects", "store", "client"],
    ),
    (
        "cli",
        &[
            "policy", "catalog", "query", "dialects", "store", "client", "psa", "demo", "gate",
            "server", "connect", "sync",
        ],
    ),
];

/// The pure ring: no runtime, no driver, no network, no clock, no randomness.
const PURE: [&str; 4] = ["policy", "catalog", "query", "dialects"];
const IMPURE_PACKAGES: [&str; 18] = [
    "async-std",
    "axum",
    "deadpool-postgres",
    "fastrand",
    "futures",
    "getrandom",
    "hyper",
    "hyper-util",
    "postgres",
    "rand",
    "reqwest",
    "rusqlite",
    "rustls",
    "smol",
    "sqlx",
    "tokio",
    "tokio-postgres",
    "ureq",
];
const IMPURE_CALLS: [&str; 7] = [
    "Instant::now",
    "SystemTime::now",
    "Timestamp::now",
    "Zoned::now",
    "TcpStream::",
    "UdpSocket::",
    "Uuid::new_v4",
];

/// Crates with a script that runs while they are built, which nobody else may have (ARCHITECTURE.md, decisions).
const BUILD_SCRIPTS: [(&str, &str); 2] = [
    (
        "cli",
        "lays the functions that a server runs by itself side by side",
    ),
    (
        "calls",
        "packs what is shipped, with the loader of the catalog",
    ),
];

const LONGEST: usize = 600;
/// The design says 150; jobs and rules of one concern read better whole (ARCHITECTURE.md, decisions).
const MEDIAN: usize = 160;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every written file below the checkout that is text, with its path from the root.
fn texts() -> Vec<(String, String)> {
    fn walk(folder: &Path, root: &Path, found: &mut Vec<(String, String)>) {
        let mut entries: Vec<_> = fs::read_dir(folder)
            .expect("a folder of the checkout is readable")
            .map(|entry| entry.expect("an entry is readable").path())
            .collect();
        entries.sort();
        for path in entries {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if path.is_dir() {
                if !BUILT.contains(&name.as_ref()) {
                    walk(&path, root, found);
                }
            } else if let Ok(text) = fs::read_to_string(&path) {
                let inside = path.strip_prefix(root).expect("the path is below the root");
                found.push((inside.to_string_lossy().replace('\\', "/"), text));
            }
        }
    }
    let root = root();
    let mut found = Vec::new();
    walk(&root, &root, &mut found);
    assert!(
        found.len() > 20,
        "the checkout was not found at {}",
        root.display()
    );
    found
}

fn rust_files() -> Vec<(String, String)> {
    texts()
        .into_iter()
        .filter(|(path, _)| Path::new(path).extension().is_some_and(|end| end == "rs"))
        .collect()
}

fn is_test_file(path: &str) -> bool {
    path.contains("/tests/") || path.ends_with("/tests.rs") || path.starts_with("tests/")
}

/// The part of a source file before its unit tests, which stand last.
fn without_tests(text: &str) -> &str {
    text.find("\n#[cfg(test)]\nmod ")
        .map_or(text, |at| &text[..at])
}

/// The tables of a manifest: lines by heading, without blank lines; comments are kept.
fn tables(manifest: &str) -> BTreeMap<&str, Vec<&str>> {
    let mut tables: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut heading = "";
    for line in manifest.lines().map(str::trim) {
        if let Some(name) = line
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
        {
            heading = name;
            tables.entry(heading).or_default();
        } else if !line.is_empty() {
            tables.entry(heading).or_default().push(line);
        }
    }
    tables
}

fn key(line: &str) -> &str {
    line.split(['=', '.']).next().unwrap_or_default().trim()
}

/// The packages that a table of dependencies names.
fn packages<'a>(tables: &BTreeMap<&str, Vec<&'a str>>, heading: &str) -> Vec<&'a str> {
    let lines = tables.get(heading).map_or(&[][..], Vec::as_slice);
    lines
        .iter()
        .filter(|line| !line.starts_with('#'))
        .map(|line| key(line))
        .collect()
}

/// The manifest of every crate that exists so far, by folder.
fn manifests() -> Vec<(String, String)> {
    let found: Vec<_> = texts()
        .into_iter()
        .filter_map(|(path, text)| {
            let folder = path.strip_prefix("crates/")?.strip_suffix("/Cargo.toml")?;
            (!folder.contains('/')).then(|| (folder.to_owned(), text))
        })
        .collect();
    assert!(found.len() >= 7, "only {} crates were found", found.len());
    found
}

fn none(problems: &[String], rule: &str) {
    assert!(problems.is_empty(), "{rule}:\n  {}", problems.join("\n  "));
}

#[test]
fn no_source_file_is_too_long() {
    let sources: Vec<_> = rust_files()
        .into_iter()
        .filter(|(path, _)| !is_test_file(path))
        .collect();
    let mut lengths = Vec::new();
    let mut problems = Vec::new();
    for (path, text) in &sources {
        let lines = without_tests(text).lines().count();
        lengths.push(lines);
        if lines > LONGEST {
            problems.push(format!("{path}: {lines} lines without its tests"));
        }
    }
    none(
        &problems,
        &format!("split what is over {LONGEST} lines by noun"),
    );
    lengths.sort_unstable();
    let median = lengths[lengths.len() / 2];
    assert!(
        median <= MEDIAN,
        "the median source file has {median} lines, over {MEDIAN}"
    );
}

#[test]
fn every_source_file_says_what_it_is_for() {
    let problems: Vec<_> = rust_files()
        .into_iter()
        .filter(|(_, text)| !text.starts_with("//! "))
        .map(|(path, _)| path)
        .collect();
    none(
        &problems,
        "begin the file with `//!`: what it is for and what it must not know",
    );
}

#[test]
fn no_module_has_a_name_that_says_nothing() {
    let problems: Vec<_> = rust_files()
        .into_iter()
        .map(|(path, _)| path)
        .filter(|path| {
            path.trim_end_matches(".rs").split('/').any(|part| {
                matches!(
                    part,
                    "util" | "utils" | "helper" | "helpers" | "manager" | "misc" | "common"
                )
            })
        })
        .collect();
    none(&problems, "name the module by the noun it holds");
}

#[test]
fn arrows_between_crates_point_inward() {
    let mut problems = Vec::new();
    for (folder, manifest) in manifests() {
        let Some((_, known)) = ARROWS.iter().find(|(name, _)| *name == folder) else {
            problems.push(format!(
                "crates/{folder} has no row in ARROWS: say what it may know"
            ));
            continue;
        };
        for package in packages(&tables(&manifest), "dependencies") {
            if let Some(other) = package.strip_prefix("bitting-")
                && !known.contains(&other)
            {
                problems.push(format!("{folder} must not know {other}"));
            }
        }
    }
    none(&problems, "an arrow points outward");
}

#[test]
fn the_table_of_arrows_has_no_circle() {
    for (at, (name, known)) in ARROWS.iter().enumerate() {
        for other in *known {
            let place = ARROWS.iter().position(|(one, _)| one == other);
            assert!(
                place.is_some_and(|place| place < at),
                "{name} -> {other}: list the inner crate first"
            );
        }
    }
}

#[test]
fn the_pure_ring_is_pure() {
    let mut problems = Vec::new();
    for (folder, manifest) in manifests() {
        if PURE.contains(&folder.as_str()) {
            for package in packages(&tables(&manifest), "dependencies") {
                if IMPURE_PACKAGES.contains(&package) {
                    problems.push(format!("{folder} depends on {package}"));
                }
            }
        }
    }
    for (path, text) in rust_files() {
        let inside = PURE
            .iter()
            .any(|name| path.starts_with(&format!("crates/{name}/src/")));
        if inside && !is_test_file(&path) {
            for call in IMPURE_CALLS
                .iter()
                .filter(|call| without_tests(&text).contains(*call))
            {
                problems.push(format!("{path} calls {call}"));
            }
        }
    }
    none(
        &problems,
        "time, randomness and HTTP are arguments to the pure ring",
    );
}

#[test]
fn dependencies_come_from_the_workspace_with_a_reason() {
    let mut problems = Vec::new();
    for (folder, manifest) in manifests() {
        let tables = tables(&manifest);
        for heading in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let lines = tables.get(heading).map_or(&[][..], Vec::as_slice);
            for line in lines.iter().filter(|line| !line.starts_with('#')) {
                // A crate may name itself, to turn on a feature for its own tests.
                let itself = key(line).strip_prefix("bitting-") == Some(folder.as_str());
                if !itself && !line.contains("workspace = true") {
                    problems.push(format!("{folder}: {line}: take it from the workspace"));
                }
            }
        }
        if !tables
            .get("lints")
            .is_some_and(|lines| lines.contains(&"workspace = true"))
        {
            problems.push(format!("{folder}: has no [lints] workspace = true"));
        }
        let script = root().join("crates").join(&folder).join("build.rs");
        let known = BUILD_SCRIPTS.iter().any(|(name, _)| *name == folder);
        if script.exists() != known {
            problems.push(format!(
                "{folder}: has a build.rs, or a reason for one and none"
            ));
        }
    }
    let manifest =
        fs::read_to_string(root().join("Cargo.toml")).expect("the workspace has a manifest");
    let tables = tables(&manifest);
    let mut above = "";
    for line in &tables["workspace.dependencies"] {
        let own = line.starts_with("bitting-") || line.starts_with('#');
        // A reason is a sentence, so it ends like one.
        let explained = above.starts_with("# ") && above.ends_with('.');
        if !own && !explained {
            problems.push(format!(
                "Cargo.toml: {}: say why in a sentence above it",
                key(line)
            ));
        }
        above = line;
    }
    none(
        &problems,
        "each dependency is declared once, with its reason",
    );
}

#[test]
fn nothing_unfinished_is_left() {
    let unfinished: Vec<_> = ["todo", "unimplemented", "dbg"]
        .iter()
        .map(|name| format!("{name}!("))
        .collect();
    let mut problems = Vec::new();
    for (path, text) in rust_files() {
        for (number, line) in text.lines().enumerate() {
            if let Some(found) = unfinished.iter().find(|word| line.contains(word.as_str())) {
                problems.push(format!("{path}:{}: {found}", number + 1));
            }
        }
    }
    none(&problems, "finish it or leave it out");
}

#[test]
fn no_file_names_a_machine_or_a_registry() {
    // Written in halves, so that this file does not find itself.
    let stray: Vec<String> = [
        ("/wo", "rk/"),
        ("/ro", "ot/"),
        ("crates", ".io"),
        ("pypi", ".org"),
        ("python", "hosted.org"),
        ("npm", "js.org"),
        ("npm", "js.com"),
        ("deb.", "debian.org"),
    ]
    .iter()
    .map(|(one, two)| format!("{one}{two}"))
    .collect();
    let mut problems = Vec::new();
    for (path, text) in texts() {
        // Cargo writes the name of its own index into every lockfile.
        if path.ends_with("Cargo.lock") {
            continue;
        }
        for (number, line) in text.lines().enumerate() {
            if let Some(found) = stray.iter().find(|word| line.contains(word.as_str())) {
                problems.push(format!("{path}:{}: {found}", number + 1));
            }
        }
    }
    none(&problems, "a checkout must not know where it was written");
}

#[test]
fn the_node_lockfile_pins_by_content_and_not_by_place() {
    let lock = fs::read_to_string(root().join("tests/clients/node/package-lock.json"))
        .expect("the Node clients are pinned");
    assert!(lock.contains("\"integrity\": \"sha512-"));
    assert!(!lock.contains("\"resolved\""));
}
