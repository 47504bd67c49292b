//! A report for build servers: one test per right, in the JUnit form.

use super::text::name;
use super::{Report, State};
use std::fmt::Write as _;

impl Report {
    /// The report as JUnit XML.
    pub fn junit(&self) -> String {
        let failures = self.count(State::Missing) + self.count(State::Excess);
        let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        // Writing to a String cannot fail.
        let _ = writeln!(
            out,
            "<testsuite name=\"{}\" tests=\"{}\" failures=\"{failures}\" skipped=\"{}\">",
            escaped(&format!("bitting verify {}", self.profile)),
            self.rights.len(),
            self.count(State::Unproved)
        );
        for right in &self.rights {
            let verb = right
                .verb
                .map(|verb| format!(" {verb}"))
                .unwrap_or_default();
            let _ = write!(
                out,
                "  <testcase classname=\"{}\" name=\"{}\"",
                escaped(&self.role),
                escaped(&format!("{}{verb}", name(right)))
            );
            let kind = match right.state {
                State::Granted => {
                    let _ = writeln!(out, "/>");
                    continue;
                }
                State::Unproved => {
                    let _ = writeln!(out, "><skipped/></testcase>");
                    continue;
                }
                State::Missing => "missing",
                State::Excess => "excess",
            };
            let message = format!("held {}, needed {}", right.held, right.needed);
            let _ = writeln!(
                out,
                "><failure type=\"{kind}\" message=\"{}\">{}</failure></testcase>",
                escaped(&message),
                escaped(&right.remedy)
            );
        }
        out.push_str("</testsuite>\n");
        out
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
