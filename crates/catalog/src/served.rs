//! What an entity of Autotask has beyond fields and a right: its routes, what can be done with it at all, whose
//! its rows are, and its pick lists. Must not know HTTP or roles.

use crate::ground::{Basis, EntityId};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The routes and row rules of one entity.
#[derive(Debug, Clone, PartialEq)]
pub struct Served {
    /// Operations at the entity's own path: `/Tickets`.
    pub root: Operations,
    /// The same rows below another entity: `/Tickets/{id}/Notes`.
    pub below: Option<Below>,
    /// What the entity allows at all, whoever asks (`canCreate` ... `canDelete`).
    pub can: Can,
    /// Operations that no level opens on all rows: whatever is asked, entityInformation says Restricted.
    pub restricted: Vec<Act>,
    /// Operations whose access entityInformation tells by the caller's level although the entity cannot do them.
    pub told: Vec<Act>,
    /// Its user-defined fields are subject to the rights on protected data that each user has.
    pub protected_data: bool,
    /// The verb that decides an operation, where it is not its own: adding a note asks for viewing tickets.
    pub asks: Vec<(Act, Act)>,
    /// Other systems can be told of changes.
    pub webhooks: bool,
    /// Paths below a record that answer it as a file: `InvoicePDF`.
    pub files: Vec<Arc<str>>,
    /// Most user-defined fields; `None` where there are none.
    pub user_defined: Option<u32>,
    pub rows: Rows,
}

/// A place under another entity's records.
#[derive(Debug, Clone, PartialEq)]
pub struct Below {
    pub parent: Option<EntityId>,
    /// First part of the path, which is not always the parent's name: `Expenses`.
    pub segment: Arc<str>,
    /// Part of the path behind the parent's id: `Notes`.
    pub route: Arc<str>,
    /// Index of the own field that holds the parent's id.
    pub field: Option<usize>,
    pub operations: Operations,
    /// How sure the route is.
    pub basis: Basis,
}

/// What a caller can ask of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Asked {
    Get,
    List,
    Query,
    Count,
    Info,
    Fields,
    UserDefined,
    Post,
    Patch,
    Put,
    Delete,
}

impl Asked {
    /// Every operation with its word in the data.
    pub const WORDS: [(&'static str, Asked); 11] = [
        ("get", Asked::Get),
        ("list", Asked::List),
        ("query", Asked::Query),
        ("count", Asked::Count),
        ("info", Asked::Info),
        ("fields", Asked::Fields),
        ("udf", Asked::UserDefined),
        ("POST", Asked::Post),
        ("PATCH", Asked::Patch),
        ("PUT", Asked::Put),
        ("DELETE", Asked::Delete),
    ];
}

/// A set of [`Asked`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Operations(pub(crate) u16);

impl Operations {
    pub fn add(&mut self, asked: Asked) {
        self.0 |= 1 << asked as u16;
    }

    pub fn has(self, asked: Asked) -> bool {
        self.0 & (1 << asked as u16) != 0
    }

    /// These, and what the others write.
    #[must_use]
    pub fn with_writes_of(mut self, others: Operations) -> Self {
        let writes = [Asked::Post, Asked::Patch, Asked::Put, Asked::Delete];
        for asked in writes.into_iter().filter(|asked| others.has(*asked)) {
            self.add(asked);
        }
        self
    }

    pub fn iter(self) -> impl Iterator<Item = Asked> {
        Asked::WORDS
            .into_iter()
            .map(|(_, asked)| asked)
            .filter(move |asked| self.has(*asked))
    }
}

/// One of the four things a right is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Act {
    Create,
    Query,
    Update,
    Delete,
}

impl Act {
    pub const EVERY: [Act; 4] = [Act::Create, Act::Query, Act::Update, Act::Delete];

    /// The word in data files and in the vendor's sentences.
    pub const fn word(self) -> &'static str {
        match self {
            Act::Create => "create",
            Act::Query => "query",
            Act::Update => "update",
            Act::Delete => "delete",
        }
    }

    /// The verb of a row that decides it.
    pub const fn verb(self) -> bitting_policy::Verb {
        match self {
            Act::Create => bitting_policy::Verb::Add,
            Act::Query => bitting_policy::Verb::Inquire,
            Act::Update => bitting_policy::Verb::Edit,
            Act::Delete => bitting_policy::Verb::Delete,
        }
    }
}

/// What an entity allows at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Can {
    pub create: bool,
    pub query: bool,
    pub update: bool,
    pub delete: bool,
}

impl Can {
    pub fn does(self, act: Act) -> bool {
        match act {
            Act::Create => self.create,
            Act::Query => self.query,
            Act::Update => self.update,
            Act::Delete => self.delete,
        }
    }
}

/// Whose rows an entity's are, and which of them a caller sees. Numbers are indexes of fields.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rows {
    /// The row belongs to the resource that any of these names.
    pub mine: Vec<usize>,
    /// The row is open to the resource that any of these names, whatever else is asked of it.
    pub own: Vec<usize>,
    /// Names a record; rows of those that the caller sees are open with a value that reaches organizations.
    pub organizations: Option<usize>,
    /// Seen only where the record that this field names is seen; of several, every one that is not empty.
    pub through: Vec<usize>,
    /// The field that names a territory.
    pub territory: Option<usize>,
    /// Field whose value says which permission the row falls under: `companyType`, `projectType`.
    pub classes: Option<usize>,
    /// Further resources the row belongs to, listed by another entity.
    pub team: Option<Team>,
    /// The field that names a line of business.
    pub line: Option<usize>,
}

/// An entity whose records say which resources a row belongs to beside its own fields.
#[derive(Debug, Clone, PartialEq)]
pub struct Team {
    pub entity: EntityId,
    /// Columns of that entity: the row's id, and the resource's.
    pub row: Arc<str>,
    pub resource: Arc<str>,
}

/// The values of a field, as the demo company has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picklist {
    pub name: Arc<str>,
    pub values: Vec<PicklistValue>,
    /// The field whose value decides which values fit.
    pub parent: Option<Arc<str>>,
    pub default: Option<Arc<str>>,
}

/// Every pick list by name.
pub(crate) type Picklists = BTreeMap<Arc<str>, Arc<Picklist>>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PicklistValue {
    pub value: Arc<str>,
    pub label: Arc<str>,
    pub parent: Option<Arc<str>>,
}
