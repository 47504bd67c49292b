//! The lines of a guide that are about the API member's form and the role's name. Knows no rights.

use super::{Pasted, Remark};

/// What the form's fields are called in guides, and their key in profiles.
const FIELDS: [(&str, &str); 14] = [
    ("member id", "identifier"),
    ("member name", "name"),
    ("time zone", "time_zone"),
    ("license class", "license_class"),
    ("default board", "default_board"),
    ("default service board", "default_board"),
    ("service board default", "default_board"),
    ("default territory", "territory"),
    ("department", "department"),
    ("business unit", "department"),
    ("location", "location"),
    ("role id", "role"),
    ("role name", "role"),
    ("security role", "role"),
];

/// Takes the line where it is one of a form; true where it was.
pub(super) fn take(pasted: &mut Pasted, number: usize, text: &str) -> bool {
    let lower = text.to_lowercase();
    let field = FIELDS.iter().find_map(|(label, key)| {
        let rest = lower.strip_prefix(label)?.trim_start();
        let rest = rest.strip_prefix("field").unwrap_or(rest).trim_start();
        // A label stands before a colon or in a cell of its own, else the line is a sentence.
        let value = rest.strip_prefix([':', '=', '\t'])?;
        let value = text[text.len() - value.len()..]
            .trim()
            .trim_end_matches('.');
        let bare = value
            .strip_prefix('"')
            .and_then(|value| value.strip_suffix('"'));
        Some((*key, bare.unwrap_or(value)))
    });
    let Some((key, value)) = field.filter(|(_, value)| !value.is_empty()) else {
        return administrator(pasted, number, &lower);
    };
    if key == "role" {
        if is_administrator(&value.to_lowercase()) {
            return administrator(pasted, number, &lower);
        }
        if value.chars().count() <= 30 && pasted.role.is_none() {
            pasted.role = Some(value.to_owned());
        }
    } else if value.chars().count() <= 60 && !pasted.member.iter().any(|(known, _)| *known == key) {
        pasted.member.push((key, value.to_owned()));
    }
    true
}

fn is_administrator(lower: &str) -> bool {
    super::rights::words(lower)
        .any(|(_, _, word)| matches!(word.as_str(), "admin" | "administrator" | "administrators"))
}

/// A guide that wants an administrator's role is told of, and not followed.
fn administrator(pasted: &mut Pasted, number: usize, lower: &str) -> bool {
    let speaks_of_it = is_administrator(lower)
        && ["role", "rights", "permission", "access", "security level"]
            .iter()
            .any(|word| lower.contains(word))
        && ![
            "not ",
            "n't",
            "log in",
            "login",
            "sign in",
            "as an admin",
            "as admin",
            "without",
        ]
        .iter()
        .any(|word| lower.contains(word));
    if speaks_of_it && !pasted.administrator {
        pasted.administrator = true;
        pasted.remarks.push(Remark {
            line: number,
            text: "the guide speaks of an administrator's role, which is not taken over".to_owned(),
            advice: "the role holds the rows that were read and no more; `--admin` of plan and connect takes the \
                     administrator's role on purpose"
                .to_owned(),
        });
    }
    speaks_of_it
}
