//! What a key was proved to hold, as a table: what is missing and what is in excess first. Knows no profile.

use super::bench::Proof;
use super::page::inline;
use maud::{Markup, html};

pub fn shown(proof: &Proof) -> Markup {
    let (missing, excess) = (proof.count("missing"), proof.count("excess"));
    let (granted, unproved) = (proof.count("granted"), proof.count("unproved"));
    let mut rights: Vec<_> = proof.rights.iter().collect();
    let rank = |state: &str| {
        let order = ["missing", "excess", "unproved", "granted"];
        order.iter().position(|known| *known == state)
    };
    rights.sort_by_key(|right| rank(right.state));
    html! {
        section.proof aria-labelledby="proof-title" {
            h2 #proof-title { "Proof" }
            @match (missing, excess) {
                (0, 0) => p.said role="status" { b { "Verified." } " The key holds exactly what is needed: " (rights_of(granted)) "." },
                (0, _) => p.caution role="status" { b { "It works, and holds more than it needs." } " In excess: " (rights_of(excess)) "." },
                _ => p.wrong role="alert" { b { "It will not work." } " Missing: " (rights_of(missing)) "." },
            }
            @if unproved > 0 { p.hint { (rights_of(unproved)) " could not be proved by asking; what the role says of them stands." } }
            @if !rights.is_empty() { div.wide tabindex="0" role="region" aria-label="Rights" { table {
                thead { tr { th scope="col" { "State" } th scope="col" { "Right" } th scope="col" { "Held" } th scope="col" { "Needed" } th scope="col" { "Why, and what to do" } } }
                tbody { @for right in rights { tr {
                    td { span.proved.(right.state) { (right.state) } }
                    th scope="row" { (right.right) }
                    td { (right.held) } td { (right.needed) }
                    td { (right.why) @if !right.remedy.is_empty() { p.hint { (right.remedy) } } }
                } } }
            } } }
            @if !proof.notes.is_empty() { ul.notes { @for note in &proof.notes { li { (inline(note)) } } } }
            @if !proof.calls.is_empty() { details.record { summary { (proof.calls.len()) " calls were made to prove it" }
                ul.plain { @for (call, status, showed) in &proof.calls { li { code { (call) } " " span.status.(if *status < 400 { "good" } else { "refused" }) { (status) } " " (showed) } } } } }
        }
    }
}

fn rights_of(count: usize) -> String {
    match count {
        1 => "1 right".to_owned(),
        count => format!("{count} rights"),
    }
}
