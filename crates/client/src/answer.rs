//! An answer of the PSA, read but not judged: a probe wants the refusal as much as the data.

use crate::ClientError;
use serde_json::Value;

/// Status, body and what Bitting's own server says beside a refusal.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    /// The body as JSON; a string where it was none, null where it was empty.
    pub body: Value,
    /// The reason beside a refusal, which only Bitting's server gives.
    pub denial: Option<String>,
    /// Records there are in all, where the answer says so.
    pub more: bool,
}

impl Answer {
    /// Whether the call was allowed and done.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The vendor's code: `Security`, `InvalidObject`. Empty where there is none.
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    /// What the PSA says, inner errors first: the outer message only names the object.
    pub fn message(&self) -> String {
        let inner: Vec<&str> = self.body["errors"]
            .as_array()
            .into_iter()
            .flatten()
            // One vendor says objects, the other plain texts.
            .filter_map(|error| error["message"].as_str().or(error.as_str()))
            .collect();
        if !inner.is_empty() {
            return inner.join("; ");
        }
        match (self.body["message"].as_str(), &self.body) {
            (Some(message), _) => message.to_owned(),
            (None, Value::String(text)) if text.trim_start().starts_with('<') => {
                "it answered with a web page".to_owned()
            }
            // A gateway answers plain text; its first line tells enough.
            (None, Value::String(text)) => text
                .lines()
                .next()
                .unwrap_or_default()
                .chars()
                .take(200)
                .collect(),
            _ => format!("the PSA answered {}", self.status),
        }
    }

    /// The body, once the call succeeded.
    pub fn ok(self, method: &str, path: &str) -> Result<Value, ClientError> {
        if self.is_success() {
            return Ok(self.body);
        }
        Err(ClientError::Refused {
            method: method.into(),
            path: path.into(),
            status: self.status,
            code: self.code().into(),
            message: self.message().into(),
            denial: self.denial.map(String::into_boxed_str),
        })
    }
}
