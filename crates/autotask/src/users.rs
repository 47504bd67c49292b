//! API users of an Autotask instance: user name, secret as a fingerprint, tracking identifier, security level.
//! A change holds on the next request. Knows resources only by their id.

use bitting_psa::secret::{Fingerprint, Secret, word};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How an API user says which product calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tracking {
    /// An integration vendor from the list; its code is never shown.
    Vendor(String),
    /// An own integration: the code is the tenant's.
    Custom(String),
}

/// What a user may do with user-defined fields of devices and site configurations. Each includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProtectedData {
    /// No user-defined field shows.
    None,
    ViewUnprotected,
    /// Values of protected fields show as asterisks.
    #[default]
    EditUnprotected,
    ViewProtected,
    EditProtected,
}

/// One API user at rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiUser {
    /// Its resource.
    pub resource: i64,
    pub user: String,
    pub secret: String,
    /// Fingerprint of the tracking identifier.
    pub code: String,
    pub tracking: Tracking,
    /// Its security level.
    pub level: i64,
    #[serde(default)]
    pub locked: bool,
    #[serde(default)]
    pub inactive: bool,
    /// Sees and writes protected user-defined fields.
    #[serde(default)]
    pub protected: bool,
    /// Its rights on protected data one by one, where they are not what `protected` says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protected_data: Option<ProtectedData>,
    /// Made for the ready file of a server that had records already; later ones replace it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub again: bool,
    /// When its secret was made; nothing where it rests from before that was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<Timestamp>,
}

/// What is shown once, when an API user is made.
#[derive(Debug)]
pub struct Shown {
    pub user: String,
    pub secret: Secret,
    pub code: Secret,
}

impl ApiUser {
    /// A new API user with a generated key, secret and code.
    pub fn generate(resource: i64, level: i64, vendor: Option<&str>) -> (Self, Shown) {
        let shown = Shown {
            user: format!("{}@EXAMPLE.COM", word().to_lowercase()),
            secret: Secret::new(format!("{}{}", word(), word())),
            // 27 characters, as the vendor's own.
            code: Secret::new(
                format!("{}{}", word(), word())
                    .chars()
                    .take(27)
                    .collect::<String>(),
            ),
        };
        let user = Self {
            resource,
            user: shown.user.clone(),
            secret: shown.secret.fingerprint().to_hex(),
            code: shown.code.fingerprint().to_hex(),
            tracking: match vendor {
                Some(vendor) => Tracking::Vendor(vendor.to_owned()),
                None => Tracking::Custom(shown.code.reveal().to_owned()),
            },
            level,
            locked: false,
            inactive: false,
            protected: false,
            protected_data: None,
            again: false,
            created: None,
        };
        (user, shown)
    }

    /// Another key of the same resource, with all that this one may.
    pub fn another(&self) -> (Self, Shown) {
        let vendor = match &self.tracking {
            Tracking::Vendor(vendor) => Some(vendor.as_str()),
            Tracking::Custom(_) => None,
        };
        let (mut user, shown) = Self::generate(self.resource, self.level, vendor);
        user.protected = self.protected;
        user.protected_data = self.protected_data;
        user.locked = self.locked;
        user.inactive = self.inactive;
        (user, shown)
    }

    /// Its rights on protected data.
    pub fn data(&self) -> ProtectedData {
        self.protected_data.unwrap_or(if self.protected {
            ProtectedData::EditProtected
        } else {
            ProtectedData::default()
        })
    }

    /// Whether these are the user's secret and code, and it is let in. Both are compared, whichever is wrong.
    pub fn proves(&self, secret: &str, code: &str) -> bool {
        self.knows(secret, code) && !self.locked && !self.inactive
    }

    /// Whether these are the user's secret and code, let in or not.
    pub(crate) fn knows(&self, secret: &str, code: &str) -> bool {
        let matches = |hex: &str, text: &str| {
            Fingerprint::from_hex(hex).is_some_and(|print| print.matches(text))
        };
        let both = [matches(&self.secret, secret), matches(&self.code, code)];
        both == [true, true]
    }
}
