//! How a run shows itself: a bar on a terminal, plain lines elsewhere, nothing in tests.

use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal as _;

/// Where a run shows itself.
pub enum Progress {
    Silent,
    Lines,
    Bar(ProgressBar),
}

impl Progress {
    /// A bar where a person watches.
    pub fn watched() -> Self {
        if !std::io::stderr().is_terminal() {
            return Self::Lines;
        }
        let style = ProgressStyle::with_template("{spinner} {prefix} {wide_msg} {pos}");
        let bar = ProgressBar::no_length();
        Self::Bar(match style {
            Ok(style) => bar.with_style(style),
            Err(_) => bar,
        })
    }

    /// A job begins.
    pub fn begin(&self, job: &str) {
        match self {
            Self::Bar(bar) => {
                bar.set_position(0);
                bar.set_prefix(job.to_owned());
                bar.set_message(String::new());
            }
            Self::Lines => eprintln!("{job}: begins"),
            Self::Silent => {}
        }
    }

    /// So many further records are done.
    pub fn step(&self, count: usize, what: &str) {
        if let Self::Bar(bar) = self {
            bar.inc(count as u64);
            bar.set_message(what.to_owned());
        }
    }

    /// Something a person should read.
    pub fn say(&self, line: &str) {
        match self {
            Self::Bar(bar) => bar.println(line),
            Self::Lines => eprintln!("{line}"),
            Self::Silent => {}
        }
    }

    /// Nothing more comes.
    pub fn end(&self) {
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}
