//! What a description says of a field that other fields make required or out of place: in its own words
//! (`required when notifyWho is set to: "Email Address"`), or as a dependency of the schema. What it says and no data
//! can hold is told, not dropped. Must not know the catalog.

use super::fields::quoted;
use super::schema::Members;
use serde_json::Value;

/// Of one field: what its line writes, and what could not be read.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Said {
    /// By the other field: the values, as TOML.
    required_if: Vec<(String, String)>,
    valid_if: Vec<(String, String)>,
    required_unless: Vec<String>,
    pub unread: Vec<String>,
}

impl Said {
    /// Parts of the field's line.
    pub fn parts(&self) -> Vec<String> {
        let mut parts = self.required_parts();
        parts.extend(self.valid_parts());
        parts
    }

    /// Those that make it required.
    pub fn required_parts(&self) -> Vec<String> {
        let mut parts = table("required_if", &self.required_if);
        if !self.required_unless.is_empty() {
            let names: Vec<String> = self
                .required_unless
                .iter()
                .map(|name| quoted(name))
                .collect();
            parts.push(format!("required_unless = [{}]", names.join(", ")));
        }
        parts
    }

    /// Those that say when it may be set.
    pub fn valid_parts(&self) -> Vec<String> {
        table("valid_if", &self.valid_if)
    }
}

fn table(name: &str, whens: &[(String, String)]) -> Vec<String> {
    if whens.is_empty() {
        return Vec::new();
    }
    let whens: Vec<String> = whens
        .iter()
        .map(|(field, is)| format!("{field} = {is}"))
        .collect();
    vec![format!("{name} = {{ {} }}", whens.join(", "))]
}

/// What is said of the member `name` among its siblings.
pub(super) fn of(name: &str, members: &Members) -> Said {
    let mut said = Said::default();
    let text = members
        .said
        .get(name)
        .and_then(|member| member["description"].as_str());
    for sentence in sentences(text.unwrap_or_default()) {
        if read(name, &sentence, members, &mut said).is_none() {
            said.unread.push(sentence);
        }
    }
    let dependent = members.dependent.get(name).into_iter().flatten();
    for other in dependent.filter(|other| members.said.contains_key(*other)) {
        // Each of several makes it required by itself, which one line cannot say.
        if said.required_if.is_empty() {
            said.required_if.push((other.clone(), quoted("*")));
        } else {
            said.unread.push(format!("required when {other} is set"));
        }
    }
    let group = members.either.iter().find(|group| group.contains(name));
    if let Some(group) = group.filter(|_| said.required_unless.is_empty()) {
        let others = group
            .iter()
            .filter(|other| *other != name && members.said.contains_key(*other));
        said.required_unless = others.cloned().collect();
    }
    said
}

/// The sentences that speak of when a field is required or allowed, each in one line.
fn sentences(text: &str) -> Vec<String> {
    let text = text
        .replace("&quot;", "\"")
        .replace("\\\"", "\"")
        .replace("&#x3D;", "=");
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    // A sentence that says nothing to end the one before it begins with these.
    let text = text.replace(" This field ", ". This field ");
    let whole = text
        .split(". ")
        .map(|one| one.trim().trim_end_matches('.').trim());
    let speaks = |one: &&str| {
        let low = one.to_lowercase();
        let when = [" if ", " when ", "if ", " unless "]
            .iter()
            .any(|word| low.contains(word));
        let asks = ["required", "only be set", "only valid", "only available"];
        when && asks.iter().any(|word| low.contains(word)) || low.contains("at least one")
    };
    whole.filter(speaks).map(str::to_owned).collect()
}

/// Takes one sentence in; `None` where it names what is no member, or a value that the member cannot hold.
fn read(name: &str, sentence: &str, members: &Members, said: &mut Said) -> Option<()> {
    let low = sentence.to_lowercase();
    if let Some(at) = low.find("unless ") {
        let end = low.find(" is set").unwrap_or(low.len());
        said.required_unless = names(sentence.get(at + "unless ".len()..end)?, name, members)?;
        return Some(());
    }
    if low.contains("at least one") {
        // `at least one flag is required to be true -- phone, fax, or email`
        let (_, listed) = sentence
            .split_once("--")
            .or_else(|| sentence.split_once(':'))?;
        let all = names(listed, "", members)?;
        if !all.iter().any(|one| one == name) {
            return None;
        }
        said.required_unless = all.into_iter().filter(|one| one != name).collect();
        return (!said.required_unless.is_empty()).then_some(());
    }
    let valid = ["only be set", "only valid", "only available"]
        .iter()
        .any(|word| low.contains(word));
    let clause = match low.strip_prefix("if ") {
        // `If activateFlag is true, batchSchedule is required`
        Some(_) => sentence.get(3..)?.rsplit_once(", ")?.0,
        None => {
            let at = [" when ", " if "]
                .iter()
                .filter_map(|word| Some((low.find(word)?, word.len())))
                .min()?;
            sentence.get(at.0 + at.1..)?
        }
    };
    let whens = clause_of(clause, members)?;
    if whens.iter().any(|(field, _)| field == name) {
        return None;
    }
    let table = if valid {
        &mut said.valid_if
    } else {
        &mut said.required_if
    };
    // A second sentence of the kind would be another way to it, which one line cannot say.
    if !table.is_empty() {
        return None;
    }
    *table = whens;
    Some(())
}

/// `a is true and b is set to: "X", "Y"`, `a and b are both true`, `a has value`, `a = true`.
fn clause_of(clause: &str, members: &Members) -> Option<Vec<(String, String)>> {
    const VERBS: [&str; 8] = [
        " are both ",
        " is set to: ",
        " is set to ",
        " is equal to ",
        " has a value",
        " has value",
        " is ",
        " = ",
    ];
    let mut whens = Vec::new();
    // Fields without a verb of their own share the next one's.
    let mut waiting: Vec<String> = Vec::new();
    for part in clause.split(" and ") {
        let verb = VERBS
            .iter()
            .find_map(|verb| Some((part.find(verb)?, *verb)));
        let Some((at, verb)) = verb else {
            waiting.push(member(part, members)?);
            continue;
        };
        waiting.push(member(&part[..at], members)?);
        let value = part[at + verb.len()..].trim();
        let set = verb.contains("has") || value.eq_ignore_ascii_case("set");
        for field in waiting.drain(..) {
            let is = if set {
                quoted("*")
            } else {
                values(value, &members.said[&field])?
            };
            whens.push((field, is));
        }
    }
    (waiting.is_empty() && !whens.is_empty()).then_some(whens)
}

/// The member that a word means, by its own name, or without the `Flag` at its end.
fn member(word: &str, members: &Members) -> Option<String> {
    let word = word.trim().trim_matches('"').trim_end_matches(',');
    let known = |name: &str| {
        members
            .said
            .keys()
            .find(|one| one.eq_ignore_ascii_case(name))
            .cloned()
    };
    known(word).or_else(|| known(&format!("{word}Flag")))
}

/// Several members: `phone, fax, or email`.
fn names(listed: &str, but: &str, members: &Members) -> Option<Vec<String>> {
    let words = listed.split([',', ' ', '/']).map(str::trim);
    let words = words.filter(|word| !word.is_empty() && !matches!(*word, "or" | "and" | "and/or"));
    let found: Option<Vec<String>> = words.map(|word| member(word, members)).collect();
    found.map(|all| all.into_iter().filter(|one| one != but).collect())
}

/// The values as TOML: true or false of a flag, numbers, words of a text or of a link's record.
fn values(text: &str, said: &Value) -> Option<String> {
    let quoted_words: Vec<&str> = text.split('"').skip(1).step_by(2).collect();
    let plain: Vec<&str> = text
        .split(" or ")
        .flat_map(|part| part.split(", "))
        .map(str::trim)
        .collect();
    let words = if quoted_words.is_empty() {
        plain
    } else {
        quoted_words
    };
    let known: Vec<&str> = super::fields::values(said);
    let one = |word: &&str| -> Option<String> {
        match said["type"].as_str() {
            Some("boolean") => word.parse::<bool>().ok().map(|flag| flag.to_string()),
            Some("integer" | "number") => word.parse::<f64>().ok().map(|_| (*word).to_owned()),
            Some("string") if known.is_empty() => Some(quoted(word)),
            Some("string") => known
                .iter()
                .find(|one| one.eq_ignore_ascii_case(word))
                .map(|one| quoted(one)),
            _ if said["$ref"].is_string() => Some(quoted(word)),
            _ => None,
        }
    };
    let all: Option<Vec<String>> = words
        .iter()
        .filter(|word| !word.is_empty())
        .map(one)
        .collect();
    match all?.as_slice() {
        [] => None,
        [one] => Some(one.clone()),
        several => Some(format!("[{}]", several.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn members() -> Members {
        let said = json!({
            "sendFlag": { "type": "boolean" },
            "loudFlag": { "type": "boolean" },
            "kind": { "type": "string", "enum": ["Once", "Often", "Always"] },
            "who": { "$ref": "#/components/schemas/NotificationRecipientReference" },
            "low": { "type": "integer" },
            "high": { "type": "integer" },
            "blob": {},
        });
        Members {
            said: said.as_object().cloned().unwrap_or_default(),
            ..Members::default()
        }
    }

    /// (the remark on `high`, the parts of its line; what is not read)
    #[test]
    fn remarks_are_read_in_their_usual_forms() {
        let table: [(&str, &[&str], usize); 20] = [
            ("How high it goes.", &[], 0),
            (
                "Required when sendFlag is true.",
                &["required_if = { sendFlag = true }"],
                0,
            ),
            (
                "This is only required when sendFlag &#x3D; true",
                &["required_if = { sendFlag = true }"],
                0,
            ),
            (
                "A high is required if low has value.",
                &["required_if = { low = \"*\" }"],
                0,
            ),
            (
                "If sendFlag is false, high is required",
                &["required_if = { sendFlag = false }"],
                0,
            ),
            (
                "Can only be set when send is true",
                &["valid_if = { sendFlag = true }"],
                0,
            ),
            (
                "This field can only be set when sendFlag and loud are both true   This field is required when loudFlag is true.",
                &[
                    "required_if = { loudFlag = true }",
                    "valid_if = { sendFlag = true, loudFlag = true }",
                ],
                0,
            ),
            (
                "Required when who is set to: \\\"A Man\\\", \\\"A Mouse\\\"",
                &["required_if = { who = [\"A Man\", \"A Mouse\"] }"],
                0,
            ),
            (
                "required when kind is often or always",
                &["required_if = { kind = [\"Often\", \"Always\"] }"],
                0,
            ),
            (
                "Required when kind is set to Once and low is 3",
                &["required_if = { kind = \"Once\", low = 3 }"],
                0,
            ),
            (
                "required unless low or sendFlag is set",
                &["required_unless = [\"low\", \"sendFlag\"]"],
                0,
            ),
            (
                "At least one is required -- high, low, or send.",
                &["required_unless = [\"low\", \"sendFlag\"]"],
                0,
            ),
            // Named by what is no member, no value of it, or by no name at all.
            ("Required when tideFlag is true.", &[], 1),
            ("Required when kind is Seldom.", &[], 1),
            ("Required when sendFlag is high.", &[], 1),
            ("Only valid for Number or if so", &[], 1),
            ("Required when blob is good", &[], 1),
            ("Required when high is 3", &[], 1),
            ("At least one of them is needed", &[], 1),
            (
                "Required when low is 1. Required when low is 2.",
                &["required_if = { low = 1 }"],
                1,
            ),
        ];
        for (text, parts, unread) in table {
            let mut members = members();
            members.said["high"]["description"] = json!(text);
            let said = of("high", &members);
            assert_eq!(
                (said.parts(), said.unread.len()),
                (parts.iter().map(ToString::to_string).collect(), unread),
                "{text}"
            );
        }
    }
}
