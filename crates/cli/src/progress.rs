//! How far something long has come: a bar on a terminal, a line for each tenth elsewhere (a log, a pipe), or
//! nothing. Must not know what is counted.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{IsTerminal as _, Write as _};
use std::time::Instant;

/// A count on its way to about so many.
pub enum Progress {
    Quiet,
    Bar(ProgressBar),
    Lines(Lines),
}

/// What lines need to know of those before.
pub struct Lines {
    about: u64,
    what: &'static str,
    tenths: u64,
    since: Instant,
}

impl Progress {
    /// Towards about so many `what`.
    pub fn new(about: u64, what: &'static str, quiet: bool) -> Self {
        if quiet {
            return Self::Quiet;
        }
        if !std::io::stderr().is_terminal() {
            return Self::Lines(Lines {
                about,
                what,
                tenths: 0,
                since: Instant::now(),
            });
        }
        let bar = ProgressBar::with_draw_target(Some(about), ProgressDrawTarget::stderr());
        let look = format!(
            "{{bar:40}} {{human_pos}} of about {{human_len}} {what}, {{elapsed}}, {{eta}} to go"
        );
        // The template is fixed text that parses.
        if let Ok(style) = ProgressStyle::with_template(&look) {
            bar.set_style(style);
        }
        Self::Bar(bar)
    }

    pub fn reached(&mut self, done: u64) {
        match self {
            Self::Quiet => {}
            Self::Bar(bar) => {
                // The estimate is one; a bar that is full and goes on would tell a lie.
                if bar.length().is_some_and(|length| length < done) {
                    bar.set_length(done);
                }
                bar.set_position(done);
            }
            Self::Lines(lines) => {
                if let Some(line) = lines.line(done) {
                    let seconds = lines.since.elapsed().as_secs();
                    // A log that is gone is no reason to stop.
                    let _ = writeln!(std::io::stderr(), "{line}, {seconds} s");
                }
            }
        }
    }

    pub fn end(&self) {
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}

impl Lines {
    /// The line of a tenth that was not told yet.
    fn line(&mut self, done: u64) -> Option<String> {
        let tenths = (done * 10 / self.about.max(1)).min(10);
        if tenths <= self.tenths {
            return None;
        }
        self.tenths = tenths;
        Some(format!("{done} of about {} {}", self.about, self.what))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_tenth_is_one_line_however_the_steps_fall() {
        for step in [1, 7, 90, 100, 350, 2_000] {
            let mut lines = Lines {
                about: 1_000,
                what: "rows",
                tenths: 0,
                since: Instant::now(),
            };
            let told: Vec<String> = (1..=3_000 / step)
                .filter_map(|at| lines.line(at * step))
                .collect();
            assert!(told.len() <= 10, "{step}: {told:?}");
            assert!(step > 100 || told.len() == 10, "{step}: {told:?}");
        }
    }
}
