//! Which changes a callback hears of: its type says of which records, its level and object id say of which
//! of those. Knows no URL and no delivery.

/// A type of callback: the records it is about and the levels it may be set to.
#[derive(Debug)]
pub struct Type {
    /// As deliveries name it; registered in any letter case.
    pub name: &'static str,
    pub paths: &'static [&'static str],
    levels: &'static [(&'static str, Reach)],
}

/// How a level narrows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Every record.
    All,
    /// The record with the object's id.
    Itself,
    /// Records that hold the object's id in this field.
    Field(&'static str),
    /// Records of a company that holds the object's id in this field.
    Company(&'static str),
    /// Records that carry the tag with the object's id.
    Tag,
}

use Reach::{All, Company, Field, Itself, Tag};

/// Every type. Where no source tells the levels of a type, it has the two that every other type has.
pub static TYPES: &[Type] = &[
    Type {
        name: "activity",
        paths: &["sales/activities"],
        levels: &[
            ("owner", All),
            ("status", Field("status")),
            ("type", Field("type")),
            ("company", Field("company")),
            ("activity", Itself),
        ],
    },
    Type {
        name: "agreement",
        paths: &["finance/agreements"],
        levels: &[
            ("owner", All),
            ("type", Field("type")),
            ("company", Field("company")),
            ("agreement", Itself),
        ],
    },
    Type {
        name: "company",
        paths: &["company/companies"],
        levels: &[
            ("owner", All),
            ("status", Field("status")),
            ("type", Field("types")),
            ("territory", Field("territory")),
            ("company", Itself),
            ("integratorTag", Tag),
        ],
    },
    Type {
        name: "configuration",
        paths: &["company/configurations"],
        levels: &[
            ("owner", All),
            ("type", Field("type")),
            ("status", Field("status")),
            ("configuration", Itself),
        ],
    },
    Type {
        name: "contact",
        paths: &["company/contacts"],
        levels: &[
            ("owner", All),
            ("type", Field("types")),
            ("territory", Company("territory")),
            ("company", Field("company")),
            ("contact", Itself),
        ],
    },
    Type {
        name: "expense",
        paths: &["expense/entries"],
        levels: &[("owner", All), ("expense", Itself)],
    },
    Type {
        name: "invoice",
        paths: &["finance/invoices"],
        levels: &[("owner", All), ("invoice", Itself)],
    },
    Type {
        name: "member",
        paths: &["system/members"],
        levels: &[
            ("owner", All),
            ("location", Field("defaultLocation")),
            ("securityRole", Field("securityRole")),
            ("member", Itself),
        ],
    },
    Type {
        name: "opportunity",
        paths: &["sales/opportunities"],
        levels: &[
            ("owner", All),
            ("statusId", Field("status")),
            ("company", Field("company")),
            ("opportunity", Itself),
        ],
    },
    Type {
        name: "productCatalog",
        paths: &["procurement/catalog"],
        levels: &[("owner", All)],
    },
    Type {
        name: "project",
        paths: &["project/projects"],
        levels: &[
            ("owner", All),
            ("status", Field("status")),
            ("board", Field("board")),
            ("project", Itself),
        ],
    },
    Type {
        name: "purchaseOrder",
        paths: &["procurement/purchaseorders"],
        levels: &[("owner", All), ("purchaseOrder", Itself)],
    },
    Type {
        name: "schedule",
        paths: &["schedule/entries"],
        levels: &[
            ("owner", All),
            ("status", Field("status")),
            ("type", Field("type")),
            ("location", Field("where")),
            ("member", Field("member")),
            ("schedule", Itself),
        ],
    },
    Type {
        name: "ticket",
        paths: &["service/tickets", "project/tickets"],
        levels: &[
            ("owner", All),
            ("board", Field("board")),
            ("project", Field("project")),
            ("phase", Field("phase")),
            ("status", Field("status")),
            ("ticket", Itself),
            ("integratorTag", Tag),
        ],
    },
    Type {
        name: "time",
        paths: &["time/entries"],
        levels: &[
            ("owner", All),
            ("company", Field("company")),
            ("time", Itself),
        ],
    },
];

impl Type {
    /// The type with this name, in any letter case.
    pub fn named(name: &str) -> Option<&'static Self> {
        TYPES
            .iter()
            .find(|kind| kind.name.eq_ignore_ascii_case(name.trim()))
    }

    /// The type of the records at this path.
    pub fn of(path: &str) -> Option<&'static Self> {
        TYPES.iter().find(|kind| kind.paths.contains(&path))
    }

    /// How the level narrows; `None` when the type has no such level.
    pub fn reach(&self, level: &str) -> Option<Reach> {
        let found = self
            .levels
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(level.trim()));
        found.map(|(_, reach)| *reach)
    }

    pub fn level_names(&self) -> Vec<&'static str> {
        self.levels.iter().map(|(name, _)| *name).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{Reach, TYPES};
    use bitting_catalog::Catalog;

    #[test]
    fn every_path_and_field_is_in_the_catalog() {
        let (_, catalog) = Catalog::embedded().expect("the shipped data reads");
        for kind in TYPES {
            for path in kind.paths {
                let entity = catalog.entity_at(path).unwrap_or_else(|| panic!("{path}"));
                for (level, reach) in kind.levels {
                    if let Reach::Field(name) = reach {
                        // A project ticket has no field of its own for everything a ticket has.
                        let known = entity.any_field(name).is_some() || kind.paths.len() > 1;
                        assert!(known, "{path} {level} {name}");
                    }
                }
            }
        }
    }
}
