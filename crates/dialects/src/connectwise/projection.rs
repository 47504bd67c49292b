//! The `fields` parameter: which members of a record an answer shows. Names are taken in any letter case
//! and unknown ones are passed over, as the vendor does.

/// The members asked for, in the order of first mention.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Projection {
    text: String,
    members: Vec<Member>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Member {
    name: String,
    /// `None` shows the member whole; else only these members of it.
    below: Option<Vec<String>>,
}

/// How much of a member is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part<'a> {
    Whole,
    Some(&'a [String]),
}

impl Projection {
    /// Reads `id,name,status/id`. `None` when it names nothing.
    pub fn read(text: &str) -> Option<Self> {
        let mut projection = Self {
            text: text.to_owned(),
            members: Vec::new(),
        };
        for piece in text
            .split(',')
            .map(str::trim)
            .filter(|piece| !piece.is_empty())
        {
            match piece.split_once(['/', '.']) {
                None => projection.member(piece).below = None,
                Some((name, below)) => {
                    let known = projection
                        .members
                        .iter()
                        .any(|member| member.name.eq_ignore_ascii_case(name));
                    let member = projection.member(name);
                    if !known {
                        member.below = Some(Vec::new());
                    }
                    if let Some(names) = &mut member.below {
                        names.push(below.trim().to_owned());
                    }
                }
            }
        }
        (!projection.members.is_empty()).then_some(projection)
    }

    /// As it was asked for: what a layout kept for the next call goes by.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How much of this member to show, `None` for nothing.
    pub fn includes(&self, name: &str) -> Option<Part<'_>> {
        let member = self
            .members
            .iter()
            .find(|member| member.name.eq_ignore_ascii_case(name))?;
        Some(match &member.below {
            None => Part::Whole,
            Some(names) => Part::Some(names),
        })
    }

    pub fn includes_name(&self, name: &str) -> bool {
        self.includes(name).is_some()
    }

    fn member(&mut self, name: &str) -> &mut Member {
        let known = self
            .members
            .iter()
            .position(|member| member.name.eq_ignore_ascii_case(name));
        let index = known.unwrap_or_else(|| {
            self.members.push(Member {
                name: name.to_owned(),
                below: None,
            });
            self.members.len() - 1
        });
        &mut self.members[index]
    }
}

#[cfg(test)]
mod tests {
    use super::{Part, Projection};

    #[test]
    fn names_in_any_case_and_below_references() {
        let projection = Projection::read(" id, Status/id,status/name, ,company").expect("names");
        assert_eq!(projection.includes("ID"), Some(Part::Whole));
        assert_eq!(
            projection.includes("status"),
            Some(Part::Some(&["id".to_owned(), "name".to_owned()]))
        );
        assert_eq!(projection.includes("company"), Some(Part::Whole));
        assert_eq!(projection.includes("summary"), None);
        // Shown only when it is asked for.
        assert!(!projection.includes_name("_info"));
        assert!(Projection::read(" , ").is_none());
    }

    #[test]
    fn a_whole_mention_wins_over_its_parts() {
        let projection = Projection::read("status/id,status").expect("names");
        assert_eq!(projection.includes("status"), Some(Part::Whole));
        let projection = Projection::read("status,status/id").expect("names");
        assert_eq!(projection.includes("status"), Some(Part::Whole));
    }
}
