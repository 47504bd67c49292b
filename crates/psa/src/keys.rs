//! API keys of an instance: public halves and fingerprints of private ones, in memory and at rest. A
//! revocation holds on the next request. Knows members only by their id.

use crate::secret::{Fingerprint, Secret, word};
use bitting_query::{Kind, Value};
use bitting_store::table::{Change, Column, Key as TableKey, Table};
use jiff::Timestamp;
use parking_lot::RwLock;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Name of the table at rest.
pub const TABLE: &str = "bitting_keys";

/// A key pair as the server keeps it: the private half only as a fingerprint.
#[derive(Debug)]
pub struct Key {
    pub id: i64,
    pub member: i64,
    pub description: String,
    pub public: Arc<str>,
    fingerprint: Fingerprint,
    pub created: Timestamp,
    pub expires: Option<Timestamp>,
    pub inactive: bool,
    /// Seconds since 1970, 0 for never.
    last_used: AtomicI64,
    /// What rests of it.
    kept_use: AtomicI64,
}

/// A pair as it is shown once.
#[derive(Debug)]
pub struct Pair {
    pub public: String,
    pub private: Secret,
}

/// All keys of an instance.
#[derive(Debug, Default)]
pub struct Keys {
    by_public: RwLock<HashMap<Arc<str>, Arc<Key>>>,
}

/// Why a key opens nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    Unknown,
    Inactive,
    Expired,
}

impl Pair {
    pub fn generate() -> Self {
        Self {
            public: word(),
            private: Secret::generate(),
        }
    }
}

impl Key {
    pub fn new(id: i64, member: i64, description: String, pair: &Pair, created: Timestamp) -> Self {
        Self {
            id,
            member,
            description,
            public: Arc::from(pair.public.as_str()),
            fingerprint: pair.private.fingerprint(),
            created,
            expires: None,
            inactive: false,
            last_used: AtomicI64::new(0),
            kept_use: AtomicI64::new(0),
        }
    }

    /// Whether it was used since the last time this was asked.
    pub fn is_unkept(&self) -> bool {
        let now = self.last_used.load(Ordering::Relaxed);
        self.kept_use.swap(now, Ordering::Relaxed) != now
    }

    pub fn last_used(&self) -> Option<Timestamp> {
        match self.last_used.load(Ordering::Relaxed) {
            0 => None,
            second => Timestamp::from_second(second).ok(),
        }
    }

    /// The same key with other particulars; its halves stay.
    #[must_use]
    pub fn with(&self, description: String, inactive: bool, expires: Option<Timestamp>) -> Self {
        Self {
            id: self.id,
            member: self.member,
            description,
            public: self.public.clone(),
            fingerprint: self.fingerprint,
            created: self.created,
            expires,
            inactive,
            last_used: AtomicI64::new(self.last_used.load(Ordering::Relaxed)),
            kept_use: AtomicI64::new(self.kept_use.load(Ordering::Relaxed)),
        }
    }

    /// The same key for another member.
    #[must_use]
    pub fn moved_to(&self, member: i64) -> Self {
        let same = self.with(self.description.clone(), self.inactive, self.expires);
        Self { member, ..same }
    }

    /// The row at rest.
    pub fn values(&self) -> Vec<(Arc<str>, Value)> {
        let time = |time: Option<Timestamp>| {
            time.map_or(Value::Null, |time| Value::Text(time.to_string()))
        };
        let row = [
            ("member_id", Value::Integer(self.member)),
            ("description", Value::Text(self.description.clone())),
            ("public_key", Value::Text(self.public.to_string())),
            ("fingerprint", Value::Text(self.fingerprint.to_hex())),
            ("created", time(Some(self.created))),
            ("expires", time(self.expires)),
            ("inactive", Value::Boolean(self.inactive)),
            ("last_used", time(self.last_used())),
        ];
        row.into_iter()
            .map(|(name, value)| (Arc::from(name), value))
            .collect()
    }

    pub fn insert(&self) -> Change {
        Change::Insert {
            table: Arc::from(TABLE),
            id: self.id,
            values: self.values(),
        }
    }

    pub fn update(&self) -> Change {
        Change::Update {
            table: Arc::from(TABLE),
            id: self.id,
            values: self.values(),
        }
    }

    /// Only when it was last used: another server may have changed the rest.
    pub fn use_kept(&self) -> Change {
        let mut values = self.values();
        values.retain(|(name, _)| &**name == "last_used");
        Change::Update {
            table: Arc::from(TABLE),
            id: self.id,
            values,
        }
    }

    /// Reads a row with the columns of [`table`] in their order, the id first.
    pub fn from_row(row: &[Value]) -> Option<Self> {
        let text = |index: usize| match row.get(index) {
            Some(Value::Text(text)) => Some(text.clone()),
            _ => None,
        };
        let integer = |index: usize| match row.get(index) {
            Some(Value::Integer(number)) => Some(*number),
            _ => None,
        };
        let time = |index: usize| text(index).and_then(|text| text.parse::<Timestamp>().ok());
        Some(Self {
            id: integer(0)?,
            member: integer(1)?,
            description: text(2).unwrap_or_default(),
            public: Arc::from(text(3)?),
            fingerprint: Fingerprint::from_hex(&text(4)?)?,
            created: time(5)?,
            expires: time(6),
            inactive: matches!(row.get(7), Some(Value::Boolean(true) | Value::Integer(1))),
            last_used: AtomicI64::new(time(8).map_or(0, Timestamp::as_second)),
            kept_use: AtomicI64::new(time(8).map_or(0, Timestamp::as_second)),
        })
    }
}

impl Keys {
    /// Finds the key that a caller proves to hold.
    pub fn prove(&self, public: &str, private: &str, now: Timestamp) -> Result<Arc<Key>, Refused> {
        let key = self.by_public.read().get(public).cloned();
        // An unknown public key costs the same comparison, so that its absence cannot be timed.
        let Some(key) = key else {
            Fingerprint::of("").matches(private);
            return Err(Refused::Unknown);
        };
        if !key.fingerprint.matches(private) {
            return Err(Refused::Unknown);
        }
        if key.inactive {
            return Err(Refused::Inactive);
        }
        if key.expires.is_some_and(|expires| expires <= now) {
            return Err(Refused::Expired);
        }
        key.last_used.store(now.as_second(), Ordering::Relaxed);
        Ok(key)
    }

    pub fn put(&self, key: Key) -> Arc<Key> {
        let key = Arc::new(key);
        self.by_public
            .write()
            .insert(key.public.clone(), key.clone());
        key
    }

    /// These and no others: what another server cut or revoked. When a key was last used is kept.
    pub fn replace(&self, keys: impl Iterator<Item = Key>) {
        let mut by_public = self.by_public.write();
        let mut now: HashMap<Arc<str>, Arc<Key>> = HashMap::new();
        for key in keys {
            if let Some(known) = by_public.get(&key.public) {
                let used = known.last_used.load(Ordering::Relaxed);
                key.last_used.fetch_max(used, Ordering::Relaxed);
            }
            now.insert(key.public.clone(), Arc::new(key));
        }
        *by_public = now;
    }

    pub fn remove(&self, id: i64) {
        self.by_public.write().retain(|_, key| key.id != id);
    }

    pub fn get(&self, id: i64) -> Option<Arc<Key>> {
        self.by_public
            .read()
            .values()
            .find(|key| key.id == id)
            .cloned()
    }

    /// Keys of one member, or all, by id.
    pub fn list(&self, member: Option<i64>) -> Vec<Arc<Key>> {
        let mut keys: Vec<_> = self
            .by_public
            .read()
            .values()
            .filter(|key| member.is_none_or(|member| key.member == member))
            .cloned()
            .collect();
        keys.sort_by_key(|key| key.id);
        keys
    }
}

/// The table at rest.
pub fn table() -> Table {
    let columns = [
        ("member_id", Kind::Integer),
        ("description", Kind::Text),
        ("public_key", Kind::Text),
        ("fingerprint", Kind::Text),
        ("created", Kind::DateTime),
        ("expires", Kind::DateTime),
        ("inactive", Kind::Boolean),
        ("last_used", Kind::DateTime),
    ];
    let columns = columns
        .into_iter()
        .map(|(name, kind)| Column {
            name: Arc::from(name),
            kind,
        })
        .collect();
    Table {
        name: Arc::from(TABLE),
        key: TableKey::Id,
        columns,
        indexes: vec![vec![Arc::from("member_id")]],
        sparse: Vec::new(),
    }
}
