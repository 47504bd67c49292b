//! What the program says of itself: docs/commands.md is that, and shells complete it.

#![allow(clippy::unwrap_used)]

mod support;

use std::fs;
use std::path::Path;
use support::{bitting, text_of};

#[test]
fn the_page_of_commands_is_what_the_program_says() {
    let folder = tempfile::tempdir().unwrap();
    let said = bitting(folder.path()).arg("reference").output().unwrap();
    assert!(said.status.success(), "{}", text_of(&said));
    let said = String::from_utf8(said.stdout).unwrap();
    let options = said.lines().filter(|line| line.starts_with("- `--"));
    let silent: Vec<&str> = options.filter(|line| line.ends_with("` ")).collect();
    assert_eq!(silent, Vec::<&str>::new(), "options without a word on them");
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/commands.md");
    if std::env::var("INSTA_UPDATE").is_ok_and(|how| how == "always") {
        fs::write(&page, &said).unwrap();
    }
    let kept = fs::read_to_string(&page).unwrap();
    let differs = kept
        .lines()
        .zip(said.lines())
        .find(|(kept, said)| kept != said);
    assert!(
        kept == said,
        "docs/commands.md is not what `bitting reference` prints; write it anew with INSTA_UPDATE=always. First: {differs:?}"
    );
}

#[test]
fn shells_complete_commands() {
    let folder = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = bitting(folder.path())
            .args(["completions", shell])
            .output()
            .unwrap();
        let script = String::from_utf8(script.stdout).unwrap();
        assert!(
            script.contains("serve") && script.contains("ready-file"),
            "{shell}"
        );
    }
}
