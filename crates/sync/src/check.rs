//! Check connection: one harmless reading call per right, and a list of what passed and what is missing, not
//! just the first error. Knows no entity.

use crate::Failure;
use crate::api::Need;
use crate::work::Work;
use serde_json::{Value, json};

/// A right and the call that proves it.
pub struct Probe {
    pub need: Need,
    pub path: &'static str,
    /// What is missing without it, where the integration works nevertheless.
    pub optional: Option<&'static str>,
}

impl Probe {
    pub const fn must(need: Need, path: &'static str) -> Self {
        Self {
            need,
            path,
            optional: None,
        }
    }

    pub const fn may(need: Need, path: &'static str, without: &'static str) -> Self {
        Self {
            need,
            path,
            optional: Some(without),
        }
    }
}

/// Tries every probe; the list goes to `out/check.jsonl`, and what is missing into the failure. Rights that
/// reading cannot prove are listed as such: nothing is made to test them.
pub fn run(work: &mut Work<'_>, probes: &[Probe], unproven: &[Need]) -> Result<(), Failure> {
    let (mut rows, mut missing) = (Vec::<Value>::new(), Vec::new());
    for probe in probes {
        let result = match work.api.get(probe.need, probe.path) {
            Ok(_) => "held",
            Err(Failure::Right { .. }) => "missing",
            Err(failure) => return Err(failure),
        };
        work.counts.read += 1;
        match (result, probe.optional) {
            ("missing", Some(without)) => work.warn(format!(
                "{} is missing; it is optional: without it, {without}",
                probe.need
            )),
            ("missing", None) => missing.push(probe.need.to_string()),
            _ => {}
        }
        rows.push(json!({ "right": probe.need.to_string(), "optional": probe.optional.is_some(), "result": result }));
    }
    for need in unproven {
        rows.push(json!({ "right": need.to_string(), "optional": false, "result": "not provable by reading" }));
    }
    work.output("check.jsonl", &rows)?;
    if missing.is_empty() {
        return Ok(());
    }
    Err(Failure::Held(format!(
        "the key lacks {}; grant that to the key's security role",
        missing.join(", ")
    )))
}
