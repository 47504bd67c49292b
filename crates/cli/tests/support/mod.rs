//! The program as people and scripts start it. Knows no subject of its own; every test file of this crate may use
//! it.

#![allow(dead_code, clippy::unwrap_used, clippy::missing_panics_doc)]

use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Longer than anything here takes on a busy machine; nothing waits for it unless something is wrong.
pub const LONG: Duration = Duration::from_secs(120);

/// The program in a directory, with nothing of the caller's own environment that it would heed.
pub fn bitting(directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bitting"));
    command
        .current_dir(directory)
        .env("XDG_STATE_HOME", directory)
        .env_remove("BITTING_SERVER")
        .env_remove("BITTING_DATA")
        .env_remove("BITTING_DATABASE")
        .stdin(Stdio::null());
    command
}

/// What a command said, to either side.
pub fn text_of(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// A server that answers; it is killed with the value.
pub struct Running {
    pub child: Child,
    pub ready: Value,
}

impl Running {
    /// Starts `serve`, on free ports and with its data in `data`, and waits until it answers.
    pub fn start(directory: &Path, serve: &mut Command) -> Self {
        let ready = directory.join("ready.json");
        let _ = fs::remove_file(&ready);
        let mut child = serve
            .args(["--port", "0", "--data"])
            .arg(directory.join("data"))
            .arg("--ready-file")
            .arg(&ready)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let start = Instant::now();
        loop {
            let text = fs::read_to_string(&ready).unwrap_or_default();
            if let Ok(ready) = serde_json::from_str(&text) {
                return Self { child, ready };
            }
            assert!(child.try_wait().unwrap().is_none(), "the server ended");
            assert!(start.elapsed() < LONG, "the server does not answer");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub fn http(&self) -> &str {
        self.ready["http"].as_str().unwrap().trim_end_matches('/')
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
