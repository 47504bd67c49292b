//! What a terminal is asked for, and the steps of a long work as they are done.

use anyhow::{Context as _, Result, bail};
use std::io::Write as _;
use std::process::Command;

const STEPS: usize = 4;

/// One step that is done.
pub fn step(number: usize, name: &str, said: &str) {
    eprintln!("[{number}/{STEPS}] {name:<6} {said}");
}

/// Asks for what the terminal must not show.
pub fn hidden(what: &str) -> Result<String> {
    let quiet = Command::new("stty")
        .arg("-echo")
        .status()
        .is_ok_and(|status| status.success());
    let typed = line(&if quiet {
        format!("{what} (not shown): ")
    } else {
        format!("{what}: ")
    });
    if quiet {
        // Whatever was typed, the terminal must show what is typed next.
        let _ = Command::new("stty").arg("echo").status();
        eprintln!();
    }
    typed
}

pub fn line(prompt: &str) -> Result<String> {
    eprint!("{prompt}");
    std::io::stderr().flush()?;
    let mut text = String::new();
    std::io::stdin()
        .read_line(&mut text)
        .context("nothing was typed")?;
    match text.trim() {
        "" => bail!("nothing was typed; run this again, it goes on from here"),
        text => Ok(text.to_owned()),
    }
}
