//! Which events somebody asks for: one company's, and those that fit a member, a decision and a part of the
//! path. The console and the operator's log ask alike.

use super::Event;

/// What a search may be for, and how the console words it.
pub const DECISIONS: [(&str, &str); 4] = [
    ("denied", "Denied"),
    ("failed", "Denied or failed"),
    ("answered", "Answered"),
    ("written", "Writes"),
];

/// What is looked for. Empty texts fit everything.
#[derive(Debug, Clone, Default)]
pub struct Search {
    /// Company id of a ConnectWise company, or name of an Autotask instance; both may be called the same.
    pub company: String,
    pub autotask: bool,
    /// Without regard to letter case.
    pub member: String,
    /// A key of [`DECISIONS`].
    pub decision: String,
    /// A part of the path, in small letters.
    pub path: String,
}

impl Search {
    /// Whether a call was made here.
    pub fn is_here(&self, event: &Event) -> bool {
        event.company == self.company && event.autotask == self.autotask
    }

    /// Whether a call was made here and is one of those that are looked for.
    pub fn fits(&self, event: &Event) -> bool {
        let decided = match &*self.decision {
            "denied" => event.denial.is_some(),
            "failed" => event.status >= 400,
            "answered" => event.status < 400,
            "written" => event.method != "GET",
            _ => true,
        };
        decided
            && self.is_here(event)
            && (self.member.is_empty() || event.member.eq_ignore_ascii_case(&self.member))
            && (self.path.is_empty() || contains(&event.path, &self.path))
    }
}

/// `search` is in small letters. No text is made for each of 100,000 paths, and most of their bytes are
/// looked at once.
fn contains(text: &str, search: &str) -> bool {
    let (text, search) = (text.as_bytes(), search.as_bytes());
    let Some((first, rest)) = search.split_first() else {
        return true;
    };
    let mut from = 0;
    while let Some(at) = text[from..]
        .iter()
        .position(|byte| byte.eq_ignore_ascii_case(first))
    {
        from += at + 1;
        let part = text.get(from..from + rest.len());
        if part.is_some_and(|part| part.eq_ignore_ascii_case(rest)) {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::contains;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_part_is_found_however_it_is_written(text in "[a-cA-C/]{0,12}", search in "[a-c/]{0,4}") {
            prop_assert_eq!(contains(&text, &search), text.to_lowercase().contains(&search));
        }
    }
}
