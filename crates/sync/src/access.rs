//! Check connection on Autotask: what the entities themselves say this user may do, permission by permission, without
//! making anything. Knows no entity.

use crate::Failure;
use crate::queries::{Permission, Queries};
use crate::work::Work;
use serde_json::{Value, json};

/// A permission and the entity on which it shows.
pub struct Proof {
    pub permission: Permission,
    pub entity: &'static str,
    /// `Query`, `Create`, `Update`, `Delete`
    pub act: &'static str,
}

impl Proof {
    pub const fn new(permission: Permission, entity: &'static str, act: &'static str) -> Self {
        Self {
            permission,
            entity,
            act,
        }
    }
}

/// How much of an entity a user may act on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    All,
    /// Own records, own territories, some classes of companies.
    Part,
    Nothing,
}

impl Reach {
    const fn word(self) -> &'static str {
        match self {
            Self::All => "held",
            Self::Part => "held in part",
            Self::Nothing => "missing",
        }
    }
}

/// What was found so far.
#[derive(Default)]
pub struct Access {
    rows: Vec<Value>,
    missing: Vec<String>,
}

impl Access {
    /// Asks an entity.
    pub fn reach(work: &mut Work<'_, Queries<'_>>, proof: &Proof) -> Result<Reach, Failure> {
        let info = match work.api.info(proof.permission, proof.entity) {
            Err(Failure::Right { .. }) => Value::Null,
            info => info?,
        };
        work.counts.read += 1;
        Ok(match info[format!("userAccessFor{}", proof.act)].as_str() {
            Some("All") => Reach::All,
            Some("Restricted") => Reach::Part,
            _ => Reach::Nothing,
        })
    }

    /// Keeps what was found of a permission; a part of the records counts as missing where `whole` is asked.
    pub fn keep(&mut self, permission: Permission, reach: Reach, whole: bool) {
        self.row(&permission.to_string(), reach.word());
        if reach == Reach::Nothing || whole && reach == Reach::Part {
            self.missing.push(permission.to_string());
        }
    }

    /// A permission that nothing of the API shows.
    pub fn unproven(&mut self, permission: &str) {
        self.row(permission, "not provable by reading");
    }

    fn row(&mut self, right: &str, result: &str) {
        self.rows
            .push(json!({ "right": right, "optional": false, "result": result }));
    }

    /// Writes the list to `out/check.jsonl`; what is missing is the failure.
    pub fn end(self, work: &Work<'_, Queries<'_>>) -> Result<(), Failure> {
        work.output("check.jsonl", &self.rows)?;
        if self.missing.is_empty() {
            return Ok(());
        }
        Err(Failure::Held(format!(
            "the key lacks {}; grant that, for all records, on its security level",
            self.missing.join(", ")
        )))
    }
}
