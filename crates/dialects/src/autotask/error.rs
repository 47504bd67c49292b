//! Refusals as Autotask puts them: nearly everything is status 500 with sentences that clients look for, a wrong
//! key is 401 with nothing, a wrong path or verb is what the web framework says. Must not know why.

use bitting_catalog::served::Act;

/// A refusal on its way out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{status}: {}", says.join("; "))]
pub struct Refusal {
    pub status: u16,
    /// Sentences; none is an empty body.
    pub says: Vec<String>,
    /// The web framework's own form, `{"Message": …}`.
    framework: bool,
    /// Seconds after which it is worth asking again.
    pub retry_after: Option<u64>,
}

impl Refusal {
    /// A business error.
    pub fn new(text: impl Into<String>) -> Self {
        Self::all(vec![text.into()])
    }

    /// Several at once, each once.
    pub fn all(says: Vec<String>) -> Self {
        let mut told: Vec<String> = Vec::with_capacity(says.len());
        for text in says {
            if !told.contains(&text) {
                told.push(text);
            }
        }
        Self {
            status: 500,
            says: told,
            framework: false,
            retry_after: None,
        }
    }

    /// The body is in an encoding that nobody here reads.
    pub fn encoded(encoding: &str) -> Self {
        let mut refusal = Self::new(format!(
            "The body's Content-Encoding is {encoding}, which is not read here. Send the body as it is or as gzip."
        ));
        refusal.status = 415;
        refusal
    }

    /// Something about the key is wrong; which part is not told.
    pub fn unauthorized() -> Self {
        Self {
            status: 401,
            says: Vec::new(),
            framework: false,
            retry_after: None,
        }
    }

    /// The level does not allow this. `name` is one record's name: `Ticket`.
    pub fn permissions(act: Act, name: &str) -> Self {
        let what = match act {
            Act::Delete => format!("delete this entity {name}"),
            act => format!("{} this entity type", act.word()),
        };
        Self::new(format!(
            "The logged in Resource does not have the adequate permissions to {what}."
        ))
    }

    /// There is nothing to delete, as far as the caller can see.
    pub fn nothing_to_delete() -> Self {
        Self::new(
            "No message. No matching records found. The logged in Resource may not have the required permissions to delete the data.",
        )
    }

    /// There is nothing to change, as far as the caller can see.
    pub fn nothing_to_update() -> Self {
        Self::new("No matching records found.")
    }

    pub fn unknown_field(field: &str, name: &str) -> Self {
        Self::new(format!("Unable to find {field} in the {name} Entity."))
    }

    pub fn not_queryable(field: &str, name: &str) -> Self {
        Self::new(format!(
            "The field {field} of the {name} Entity cannot be queried."
        ))
    }

    pub fn missing(field: &str) -> String {
        format!("Value does not exist for the required field {field}")
    }

    pub fn reference(field: &str, name: &str) -> String {
        format!("Reference value on field: {field} of type: {name} does not exist or is invalid.")
    }

    pub fn picklist(field: &str, value: &str) -> String {
        format!("Picklist value [{value}] does not exist for {field}")
    }

    /// No user of that name is known.
    pub fn zone() -> Self {
        Self::new("Zone information could not be determined")
    }

    /// More calls at once than the limit allows.
    pub fn threads(limit: u32) -> Self {
        Self {
            status: 429,
            says: vec![format!(
                "API thread threshold of {limit} threads has been exceeded. Itgenatr005"
            )],
            framework: false,
            retry_after: Some(1),
        }
    }

    /// The same, with the seconds after which it is worth asking again.
    #[must_use]
    pub fn after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// All calls of the hour are used up.
    pub fn hourly() -> Self {
        Self {
            status: 429,
            says: vec![
                "The request threshold of this database has been exceeded; try again later."
                    .to_owned(),
            ],
            framework: false,
            retry_after: None,
        }
    }

    /// There is no such path.
    pub fn no_route(path: &str) -> Self {
        Self {
            status: 404,
            says: vec![format!(
                "No HTTP resource was found that matches the request URI '{path}'."
            )],
            framework: true,
            retry_after: None,
        }
    }

    /// The path does not take this verb.
    pub fn method(method: &str) -> Self {
        Self {
            status: 405,
            says: vec![format!(
                "The requested resource does not support http method '{method}'."
            )],
            framework: true,
            retry_after: None,
        }
    }

    /// The body as it goes out; empty for 401.
    pub fn body(&self) -> Vec<u8> {
        if self.says.is_empty() {
            return Vec::new();
        }
        let body = if self.framework {
            serde_json::json!({ "Message": self.says.join(" ") })
        } else {
            serde_json::json!({ "errors": self.says })
        };
        body.to_string().into_bytes()
    }
}
