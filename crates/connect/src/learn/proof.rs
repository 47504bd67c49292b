//! The proof of a learned role: its calls are played again with a key of exactly that role, then with each
//! single right taken away. Writes are played with bodies that no PSA takes, so nothing changes.

use super::{Learned, cell};
use crate::ConnectError;
use crate::held::{self, MEMBERS, ROLES};
use crate::keys;
use crate::used::Called;
use bitting_client::{Answer, Psa};
use bitting_policy::{Level, ListDocument, RoleDocument, Verb};
use serde_json::{Value, json};
use std::path::Path;

/// Role and member that the proof is made with. A PSA deletes no member, so it stays, inactive.
const NAME: &str = "Bitting proof";
const IDENTIFIER: &str = "bittingproof";

/// What the proof showed.
#[derive(Debug, Clone)]
pub struct Proof {
    /// Calls that the learned role does not serve; none, when the role suffices.
    pub lacking: Vec<String>,
    /// Each single right, and whether a call is refused without it.
    pub rights: Vec<(String, bool)>,
}

impl Proof {
    /// Whether the role suffices and every right of it is needed.
    pub fn holds(&self) -> bool {
        self.lacking.is_empty() && self.rights.iter().all(|(_, needed)| *needed)
    }
}

/// Proves a learned role on a PSA that offers roles and keys over its API.
pub fn prove(
    psa: &Psa,
    learned: &Learned,
    address: &str,
    ca_file: Option<&Path>,
) -> Result<Proof, ConnectError> {
    let role = match psa.list(ROLES)?.iter().find(|role| role["name"] == NAME) {
        Some(role) => held::id(role, ROLES)?,
        None => held::id(&psa.post(ROLES, &json!({ "name": NAME }))?, ROLES)?,
    };
    let member = stand_in(psa, learned, role)?;
    let cut = keys::cut(psa, member, NAME, None)?;
    let proof =
        keys::open(psa, &cut, address, ca_file).and_then(|key| run(psa, &key, learned, role));
    // Whatever came out, nothing of it may open anything afterwards.
    let empty = set(psa, role, &RoleDocument::default());
    keys::revoke(psa, cut.id)?;
    psa.patch(
        &format!("{MEMBERS}/{member}"),
        &[("inactiveFlag".to_owned(), Value::Bool(true))],
    )?;
    empty?;
    proof
}

/// A member that sees what the learned one sees.
fn stand_in(psa: &Psa, learned: &Learned, role: i64) -> Result<i64, ConnectError> {
    let like = held::member(psa, &learned.member)?;
    let location = like
        .map(|like| like.record["securityLocation"]["id"].clone())
        .unwrap_or_default();
    let mut fields = vec![
        ("securityRole".to_owned(), json!({ "id": role })),
        ("inactiveFlag".to_owned(), Value::Bool(false)),
    ];
    if !location.is_null() {
        fields.push(("securityLocation".to_owned(), json!({ "id": location })));
    }
    if let Some(held) = held::member(psa, IDENTIFIER)? {
        psa.patch(&format!("{MEMBERS}/{}", held.id), &fields)?;
        return Ok(held.id);
    }
    let mut body: Value = fields.into_iter().collect::<serde_json::Map<_, _>>().into();
    body["identifier"] = json!(IDENTIFIER);
    body["name"] = json!(NAME);
    held::id(&psa.post(MEMBERS, &body)?, MEMBERS)
}

fn run(psa: &Psa, key: &Psa, learned: &Learned, role: i64) -> Result<Proof, ConnectError> {
    set(psa, role, &learned.document)?;
    let whole = played(key, learned)?;
    let lacking: Vec<String> = refused(&whole).collect();
    let mut rights = Vec::new();
    for (name, less) in each_less(&learned.document) {
        set(psa, role, &less)?;
        let answers = played(key, learned)?;
        // A right may open a call, or only show more in its answer.
        let needed = refused(&answers).next().is_some() || shows_less(&answers, &whole);
        rights.push((name, needed));
    }
    Ok(Proof { lacking, rights })
}

/// The role without each single right of it, with the right's name.
fn each_less(whole: &RoleDocument) -> Vec<(String, RoleDocument)> {
    let mut all = Vec::new();
    for (at, row) in whole.rows.iter().enumerate() {
        for verb in Verb::EVERY
            .into_iter()
            .filter(|verb| row.levels()[verb.index()] > Level::None)
        {
            let mut less = whole.clone();
            if verb == Verb::Inquire {
                // The product keeps no other level of a row without it.
                less.rows.remove(at);
            } else {
                *cell(&mut less.rows[at], verb) = Level::None;
            }
            all.push((format!("{} / {}: {verb}", row.module, row.action), less));
        }
    }
    for (list, entries) in &whole.lists {
        let ListDocument::Allow(names) = entries else {
            continue;
        };
        for name in names {
            let mut less = whole.clone();
            let rest = names
                .iter()
                .filter(|other| *other != name)
                .cloned()
                .collect();
            less.lists.insert(list.clone(), ListDocument::Allow(rest));
            all.push((format!("{list}: {name}"), less));
        }
    }
    all
}

fn set(psa: &Psa, role: i64, document: &RoleDocument) -> Result<(), ConnectError> {
    psa.own(
        "PUT",
        &format!("{ROLES}/{role}/document"),
        Some(&json!(document)),
    )?;
    Ok(())
}

/// What became of a call that was played again.
struct Played {
    call: String,
    refused: bool,
    /// The ids of a list's rows, or how many a count found; nothing of other answers.
    shown: Vec<Value>,
}

/// Every call of the log once more, with the key as it is now.
fn played(key: &Psa, learned: &Learned) -> Result<Vec<Played>, ConnectError> {
    let mut answers = Vec::new();
    for call in &learned.calls {
        let (path, body) = harmless(call);
        let answer = key.ask(&call.method, &path, body.as_ref())?;
        let reads = call.method == "GET";
        let shown = if reads { shown(&answer) } else { Vec::new() };
        answers.push(Played {
            call: format!("{} {path}", call.method),
            refused: answer.status == 403,
            shown,
        });
    }
    Ok(answers)
}

fn shown(answer: &Answer) -> Vec<Value> {
    match &answer.body {
        Value::Array(rows) => rows.iter().map(|row| row["id"].clone()).collect(),
        Value::Object(answer) => answer.get("count").cloned().into_iter().collect(),
        _ => Vec::new(),
    }
}

/// Calls that the key was refused for lack of a right.
fn refused(answers: &[Played]) -> impl Iterator<Item = String> {
    let refused = answers.iter().filter(|answer| answer.refused);
    refused.map(|answer| answer.call.clone())
}

/// Whether an answer shows other records than the same call's of the whole role.
fn shows_less(answers: &[Played], whole: &[Played]) -> bool {
    let mut pairs = answers.iter().zip(whole);
    pairs.any(|(less, whole)| less.shown != whole.shown)
}

/// The call as it can be played again without a trace: reads as they were, writes so that they cannot be done.
fn harmless(call: &Called) -> (String, Option<Value>) {
    let path = call
        .path
        .split_once("/apis/3.0/")
        .map_or(call.path.as_str(), |(_, path)| path)
        .to_owned();
    match call.method.as_str() {
        "POST" | "PUT" => (path, Some(json!({ "bittingProbe": true }))),
        "PATCH" => (
            path,
            Some(json!([{ "op": "replace", "path": "bittingProbe", "value": true }])),
        ),
        "DELETE" => {
            let above = path
                .trim_end_matches('/')
                .rsplit_once('/')
                .map_or("", |(above, _)| above);
            (format!("{above}/0"), None)
        }
        _ => (path, None),
    }
}
