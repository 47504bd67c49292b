//! The shape of one entity: what its file in `data/<psa>/` says, resolved and cross-checked.
//! Knows nothing of HTTP, SQL or a running server.

use crate::served::{Picklist, Served};
use crate::when::Conditions;
use std::collections::BTreeMap;
use std::sync::Arc;

pub use crate::ground::{Basis, EntityId, Literal};

/// One kind of record: its table, its fields, and what a caller needs to touch it.
#[derive(Debug, Clone)]
pub struct Entity {
    pub id: EntityId,
    /// Path without placeholders, which is also the path of its data file: `service/tickets/notes`.
    pub path: Arc<str>,
    /// Name the vendor's description gives one record: `ServiceNote`.
    pub schema: Arc<str>,
    /// Name of its table at rest: `service_tickets_notes`.
    pub table: Arc<str>,
    /// Entities whose id stands in the path before this one, outermost first.
    pub parents: Vec<Parent>,
    /// Members of a record, `id` first where it has one; `_info` and `customFields` are not listed.
    pub fields: Vec<Field>,
    /// Columns that no answer shows: parents of attachments, names that references show, secrets.
    pub hidden: Vec<Field>,
    /// False for what a rule computes (`system/info`): it has no table.
    pub stored: bool,
    pub right: Right,
    /// Rights some fields or states ask for on top, by name: read by the server's rules
    /// (`close = Service Desk / Close Service Tickets`).
    pub extra_rights: BTreeMap<String, Right>,
    pub ownership: Ownership,
    pub scope: Scope,
    /// Fields that need a further right to be seen or written (`Display Passwords`, finance),
    /// or that a price or cost block hides.
    pub guarded: Vec<Guard>,
    /// Which entries of a customize list (other than Table Setup) apply: the list's identifier and
    /// the field that names the entry (`CompanyConfigurations` by `type`).
    pub listed_by: Option<ListedBy>,
    /// Named functions in `server/rules` that add behaviour.
    pub rules: Vec<String>,
    /// Sets of fields whose values no two records may share.
    pub unique: Vec<Vec<String>>,
    /// Sets of fields that conditions name together by equality, found by one index.
    pub indexes: Vec<Vec<String>>,
    /// Those of `indexes`, or single fields with an index, whose last field most records leave empty: the others
    /// alone stand in that index. No list is ordered by such a field, nor looks for empty ones, by it.
    pub sparse: Vec<Vec<String>>,
    /// Light views (`/info`) and other projections of the same rows.
    pub views: Vec<View>,
    /// Rows of another entity that this one shows (`/project/tickets/{id}/notes` in the table of
    /// ticket notes): the entity whose table holds the rows.
    pub stored_in: Option<EntityId>,
    /// Only rows with this value of a field belong to this path (`recordType = ServiceTicket`).
    pub only: Vec<(String, Vec<String>)>,
    /// Deleting sets this flag instead of removing the row (`deletedFlag`).
    pub soft_delete: Option<String>,
    /// The record carries `customFields`; the value is the screen they are defined for.
    pub custom_fields: bool,
    /// Answers carry `_info`; some of the vendor's shapes have none, and strict clients refuse it there.
    pub info: bool,
    /// Child links written into `_info`: (key, path below the item), `("notes_href", "notes")`.
    pub links: Vec<(String, String)>,
    /// Field of the record that a reference shows beside `id` when nothing else is said.
    pub label: Option<String>,
    /// Routes and row rules of an Autotask entity; none for ConnectWise, whose routes are the catalog's.
    pub served: Option<Served>,
}

/// One level of nesting in a path.
#[derive(Debug, Clone)]
pub struct Parent {
    /// Placeholder as the vendor writes it: `parentId`.
    pub param: String,
    /// The entity whose id it is, where there is one.
    pub entity: Option<EntityId>,
    /// Column of this entity that holds it. When a field of the record already says it
    /// (`company`), that field's column, else a hidden column `parent_id`, `grandparent_id`.
    pub column: Arc<str>,
    /// The field that says it, if any.
    pub field: Option<String>,
}

/// One member of a record.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Name as the API spells it: `serviceDefaultBoard`.
    pub name: Arc<str>,
    /// Column at rest; references hold the target's id in `<name>_id`.
    pub column: Arc<str>,
    pub kind: Kind,
    /// Longest text in characters.
    pub max: Option<u32>,
    /// Must be in a POST (or have a default).
    pub required: bool,
    /// Must not be cleared by PUT or PATCH.
    pub required_on_update: bool,
    /// Callers' values are ignored.
    pub read_only: bool,
    /// Only a POST may carry it.
    pub post_only: bool,
    /// Never in an answer.
    pub write_only: bool,
    /// Nothing in it shows as an empty text, which some clients rely on.
    pub blank: bool,
    pub values: Vec<Arc<str>>,
    /// Value a new record gets when the caller gives none.
    pub default: Option<Literal>,
    /// First release whose records have it, when newer than the oldest known.
    pub since: Option<Release>,
    /// Last release whose records have it.
    pub until: Option<Release>,
    /// Field of the same record that names the parent a reference is looked up in
    /// (`status` within `board`).
    pub within: Option<Arc<str>>,
    /// For bare id numbers: the entity the number points to.
    pub id_of: Option<EntityId>,
    /// Gets an index at rest.
    pub indexed: bool,
    /// The vendor's word for the type, where the kind does not say it: `long`, `decimal`.
    pub native: Option<Arc<str>>,
    /// The values it can have, by number.
    pub picklist: Option<Arc<Picklist>>,
    /// Filters may name it.
    pub queryable: bool,
    /// The link is shown to callers (`isReference`); one that only we know of is not.
    pub shown_link: bool,
    /// What other fields of the record make of it; few fields have any.
    pub conditions: Option<Box<Conditions>>,
}

/// What a field holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    Integer,
    Number,
    Boolean,
    Text,
    /// ISO 8601 in UTC with seconds, at rest and in answers: `2005-05-27T17:30:19Z`.
    DateTime,
    Date,
    Uuid,
    /// A link to a row of another entity.
    Reference(Arc<Reference>),
    /// An array of links, at rest in a JSON column as an array of ids.
    References(Arc<Reference>),
    /// An array of plain values, at rest in a JSON column.
    List(Scalar),
    /// Nested objects of a shape, at rest in a JSON column.
    Embedded {
        shape: Arc<str>,
        list: bool,
    },
    /// Any JSON.
    Any,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scalar {
    Integer,
    Number,
    Boolean,
    Text,
}

/// How a link to another record looks.
#[derive(Debug, Clone, PartialEq)]
pub struct Reference {
    /// The vendor's name of the shape: `BoardReference`.
    pub shape: Arc<str>,
    /// Entity pointed to; `None` where the facts know none (shown as stored).
    pub target: Option<EntityId>,
    /// Members shown beside `id`, and the field of the target that each shows:
    /// `[("name", "name")]`, `[("summary", "summary")]`.
    pub members: Vec<(Arc<str>, Arc<str>)>,
    /// Key of the link in `_info`: `board_href`.
    pub href: Arc<str>,
    /// Members that came with a later release than the shape did, and that release.
    pub since: Vec<(Arc<str>, Release)>,
}

/// A release of the vendor's API, `2025.1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Release {
    pub year: u16,
    pub number: u16,
}

impl std::str::FromStr for Release {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = text.split_once('.').and_then(|(year, number)| {
            Some(Release {
                year: year.parse().ok()?,
                number: number.parse().ok()?,
            })
        });
        parts.ok_or_else(|| format!("`{text}` is no release; write year and number, `2025.1`"))
    }
}

impl std::fmt::Display for Release {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.year, self.number)
    }
}

/// What a caller needs. The reason is documentation that reaches the docs page and denials.
#[derive(Debug, Clone, PartialEq)]
pub struct Right {
    pub needs: bitting_policy::Needs,
    pub basis: Basis,
    pub reason: String,
}

/// Whose record it is, for level My.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ownership {
    /// Reference or id fields that hold a member (`owner`), or a text field with member
    /// identifiers joined by comma and blank (`resources`). `enteredBy` is the hidden column of
    /// who created the record.
    pub fields: Vec<String>,
    /// Mine when the parent is mine.
    pub parent: bool,
    /// Reference field by which callers narrow their own records most (`company`): theirs of one value
    /// are found without looking at the rest.
    pub by: Option<String>,
}

/// Which node of the structure a record hangs on, for visibility.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scope {
    /// Field with the record's own location (`territory`, `location`, `locationId`).
    pub location: Option<String>,
    /// Field that points to a scoped record (`company`), used when it has none of its own.
    pub via: Option<String>,
    /// Visible when the parent in the path is.
    pub parent: bool,
    /// Field that names the board, for excluded boards.
    pub board: Option<String>,
    /// Field that names the project, for the roles that members have in projects; `id` for projects.
    pub project: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Guard {
    pub fields: Vec<String>,
    pub by: GuardedBy,
}

#[derive(Debug, Clone, PartialEq)]
pub enum GuardedBy {
    Right(bitting_policy::Needs),
    /// Hidden from members with `blockPriceFlag`.
    Price,
    /// Hidden from members with `blockCostFlag`.
    Cost,
}

#[derive(Debug, Clone, PartialEq)]
pub struct ListedBy {
    /// `CompanyConfigurations`
    pub list: String,
    /// Field whose referenced name is the entry.
    pub field: String,
}

/// A projection of an entity's rows under another path (`/info`).
#[derive(Debug, Clone, PartialEq)]
pub struct View {
    /// The vendor's name: `TicketInfo`.
    pub schema: Arc<str>,
    /// (name in the view, name of the field of the entity)
    pub fields: Vec<(Arc<str>, Arc<str>)>,
    /// Members that no field holds; a rule fills them, or they stay out of the answer.
    pub computed: Vec<Field>,
    /// A view may ask for less than its entity.
    pub right: Option<Right>,
    /// Answers carry `_info`.
    pub info: bool,
    /// Members that came with a later release than the view did, and that release.
    pub since: Vec<(Arc<str>, Release)>,
}
