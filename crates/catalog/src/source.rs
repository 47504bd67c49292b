//! The file format, exactly as it is written: strict, in order, nothing resolved yet.
//! Must not know other files or the registry of rights.

pub(crate) mod autotask;

use crate::entity::{Basis, Literal, Release, Scalar};
use crate::route::{Method, RouteKind};
use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

/// A table whose order counts.
#[derive(Debug, Clone)]
pub(crate) struct Ordered<T>(pub Vec<(String, T)>);

impl<T> Default for Ordered<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Ordered<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Reader<T> {
            type Value = Ordered<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table")
            }
            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Ordered(entries))
            }
        }
        deserializer.deserialize_map(Reader(PhantomData))
    }
}

/// Reads either one word, which stands for the table `{ kind = word }`, or the table itself.
macro_rules! word_or_table {
    ($name:ident, $table:ident, $kind:ident, $what:literal) => {
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Reader;
                impl<'de> Visitor<'de> for Reader {
                    type Value = $name;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str(concat!("a kind of ", $what, ", or a table"))
                    }
                    fn visit_str<E: Error>(self, word: &str) -> Result<Self::Value, E> {
                        let word: StrDeserializer<E> = StrDeserializer::new(word);
                        let kind = $kind::deserialize(word)?.into();
                        Ok($name($table {
                            kind,
                            ..Default::default()
                        }))
                    }
                    fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<Self::Value, M::Error> {
                        $table::deserialize(MapAccessDeserializer::new(map)).map($name)
                    }
                }
                deserializer.deserialize_any(Reader)
            }
        }
    };
}

/// One file `data/<psa>/<path>.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EntityFile {
    pub schema: String,
    pub stored_in: Option<String>,
    #[serde(default = "yes")]
    pub keyed: bool,
    #[serde(default = "yes")]
    pub stored: bool,
    #[serde(default = "yes")]
    pub info: bool,
    pub label: Option<String>,
    #[serde(default)]
    pub custom_fields: bool,
    pub right: Option<RightText>,
    #[serde(default)]
    pub extra_rights: BTreeMap<String, RightText>,
    /// By placeholder: which field of the record says it, or which entity's id it is.
    #[serde(default)]
    pub parents: BTreeMap<String, ParentText>,
    #[serde(default)]
    pub only: Ordered<Vec<String>>,
    #[serde(default)]
    pub my: MyText,
    #[serde(default)]
    pub scope: ScopeText,
    pub listed_by: Option<ListedByText>,
    #[serde(default)]
    pub unique: Vec<Vec<String>>,
    #[serde(default)]
    pub indexes: Vec<Vec<String>>,
    #[serde(default)]
    pub sparse: Vec<Vec<String>>,
    pub soft_delete: Option<String>,
    #[serde(default)]
    pub rules: Vec<String>,
    #[serde(default)]
    pub guards: Vec<GuardText>,
    #[serde(default)]
    pub links: Ordered<String>,
    #[serde(default)]
    pub paths: Ordered<PathText>,
    #[serde(default)]
    pub views: Ordered<ViewText>,
    #[serde(default)]
    pub fields: Ordered<FieldText>,
    #[serde(default)]
    pub hidden: Ordered<FieldText>,
    /// Routes of an Autotask entity, in place of `paths`.
    pub serves: Option<autotask::ServesText>,
    #[serde(default)]
    pub rows: autotask::RowsText,
    #[serde(default)]
    pub webhooks: bool,
    pub user_defined: Option<u32>,
    #[serde(default)]
    pub protected_data: bool,
}

fn yes() -> bool {
    true
}

/// A right as written: exactly one of `action`, `table`, `who`, `every`, `either`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RightText {
    pub action: Option<String>,
    pub table: Option<String>,
    pub who: Option<Who>,
    pub every: Option<Vec<RightText>>,
    pub either: Option<Vec<RightText>>,
    pub basis: Option<BasisText>,
    pub reason: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Who {
    /// Even without a key.
    Anyone,
    /// Any valid key.
    Member,
    /// Whoever may touch the record that the path hangs below.
    Parent,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum BasisText {
    Stated,
    Granted,
    Inferred,
    Chosen,
}

impl From<BasisText> for Basis {
    fn from(text: BasisText) -> Self {
        match text {
            BasisText::Stated => Basis::Stated,
            BasisText::Granted => Basis::Granted,
            BasisText::Inferred => Basis::Inferred,
            BasisText::Chosen => Basis::Chosen,
        }
    }
}

/// A field's name, or a table for what the path does not say.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum ParentText {
    Field(String),
    Other(ParentTable),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ParentTable {
    pub of: String,
    pub field: Option<String>,
}

impl ParentText {
    pub fn field(&self) -> Option<&String> {
        match self {
            ParentText::Field(field) => Some(field),
            ParentText::Other(other) => other.field.as_ref(),
        }
    }

    pub fn of(&self) -> Option<&String> {
        match self {
            ParentText::Field(_) => None,
            ParentText::Other(other) => Some(&other.of),
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MyText {
    #[serde(default)]
    pub fields: Vec<String>,
    #[serde(default)]
    pub parent: bool,
    pub by: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScopeText {
    pub location: Option<String>,
    pub via: Option<String>,
    #[serde(default)]
    pub parent: bool,
    pub board: Option<String>,
    pub project: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListedByText {
    pub list: String,
    pub field: String,
}

/// Exactly one of `price`, `cost`, `right`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GuardText {
    pub fields: Vec<String>,
    #[serde(default)]
    pub price: bool,
    #[serde(default)]
    pub cost: bool,
    pub right: Option<RightText>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ViewText {
    #[serde(default)]
    pub fields: Vec<String>,
    #[serde(default)]
    pub renamed: Ordered<String>,
    #[serde(default)]
    pub computed: Ordered<FieldText>,
    pub right: Option<RightText>,
    #[serde(default = "yes")]
    pub info: bool,
    /// Members that came with a later release than the view did.
    #[serde(default)]
    pub since: Ordered<ReleaseText>,
}

/// One path of the vendor's: its kind, and where it deviates from what the kind implies.
#[derive(Debug)]
pub(crate) struct PathText(pub PathTable);
word_or_table!(PathText, PathTable, RouteKind, "path");

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PathTable {
    pub kind: RouteKind,
    pub verbs: Option<String>,
    pub view: Option<String>,
    #[serde(default)]
    pub status: BTreeMap<MethodText, u16>,
    /// Empty means none.
    #[serde(default)]
    pub body: BTreeMap<MethodText, String>,
    /// Empty means none.
    #[serde(default)]
    pub returns: BTreeMap<MethodText, String>,
    #[serde(default)]
    pub list: BTreeMap<MethodText, bool>,
    pub since: Option<ReleaseText>,
    #[serde(default)]
    pub since_by_verb: BTreeMap<MethodText, ReleaseText>,
    pub rule: Option<String>,
    pub right: Option<RightText>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum MethodText {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl MethodText {
    pub const EVERY: [(MethodText, Method, &'static str); 5] = [
        (MethodText::Get, Method::Get, "GET"),
        (MethodText::Post, Method::Post, "POST"),
        (MethodText::Put, Method::Put, "PUT"),
        (MethodText::Patch, Method::Patch, "PATCH"),
        (MethodText::Delete, Method::Delete, "DELETE"),
    ];
}

/// One field: a word for its kind, or a table with exactly one of `kind`, `ref`, `refs`, `list`,
/// `shape`, `shapes`.
#[derive(Debug)]
pub(crate) struct FieldText(pub FieldTable);
word_or_table!(FieldText, FieldTable, KindText, "field");

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FieldTable {
    pub kind: Option<KindText>,
    /// A link to one record: name of the reference's shape.
    #[serde(rename = "ref")]
    pub reference: Option<String>,
    /// Links to several records.
    #[serde(rename = "refs")]
    pub references: Option<String>,
    /// Several plain values.
    pub list: Option<ScalarText>,
    /// A nested object.
    pub shape: Option<String>,
    /// Several nested objects.
    pub shapes: Option<String>,
    /// Where this link points, when not where its shape says.
    pub to: Option<String>,
    pub column: Option<String>,
    pub max: Option<u32>,
    #[serde(default)]
    pub required: bool,
    #[serde(default)]
    pub required_on_update: bool,
    #[serde(default)]
    pub read_only: bool,
    #[serde(default)]
    pub post_only: bool,
    #[serde(default)]
    pub write_only: bool,
    /// Nothing in it shows as an empty text.
    #[serde(default)]
    pub blank: bool,
    #[serde(default)]
    pub values: Vec<String>,
    pub default: Option<LiteralText>,
    pub since: Option<ReleaseText>,
    pub until: Option<ReleaseText>,
    pub within: Option<String>,
    pub id_of: Option<String>,
    /// The link is ours: the vendor's description says nothing on it.
    #[serde(default)]
    pub guess: bool,
    /// The vendor's word for the type, where the kind does not say it: `long`, `decimal`.
    pub native: Option<String>,
    pub picklist: Option<String>,
    /// False where filters may not name it.
    pub queryable: Option<bool>,
    #[serde(default)]
    pub indexed: bool,
    /// Required when other fields hold these; `"*"` is anything.
    #[serde(default)]
    pub required_if: Ordered<OneOrMore>,
    /// May be set only when other fields hold these.
    #[serde(default)]
    pub valid_if: Ordered<OneOrMore>,
    /// Required when none of these fields is set.
    #[serde(default)]
    pub required_unless: Vec<String>,
}

/// A value, or a list of them.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum OneOrMore {
    One(LiteralText),
    More(Vec<LiteralText>),
}

impl OneOrMore {
    pub fn literals(&self) -> &[LiteralText] {
        match self {
            OneOrMore::One(literal) => std::slice::from_ref(literal),
            OneOrMore::More(literals) => literals,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum KindText {
    Integer,
    Number,
    Boolean,
    Text,
    DateTime,
    Date,
    Uuid,
    Any,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ScalarText {
    Integer,
    Number,
    Boolean,
    Text,
}

impl From<ScalarText> for Scalar {
    fn from(text: ScalarText) -> Self {
        match text {
            ScalarText::Integer => Scalar::Integer,
            ScalarText::Number => Scalar::Number,
            ScalarText::Boolean => Scalar::Boolean,
            ScalarText::Text => Scalar::Text,
        }
    }
}

/// A default as TOML writes it.
#[derive(Debug)]
pub(crate) struct LiteralText(pub Literal);

impl<'de> Deserialize<'de> for LiteralText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl Visitor<'_> for Reader {
            type Value = LiteralText;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a boolean, a number or a text")
            }
            fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
                Ok(LiteralText(Literal::Bool(value)))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
                Ok(LiteralText(Literal::Integer(value)))
            }
            fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
                Ok(LiteralText(Literal::Number(value)))
            }
            fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
                Ok(LiteralText(Literal::Text(value.to_owned())))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

/// `"2025.1"`
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReleaseText(pub Release);

impl<'de> Deserialize<'de> for ReleaseText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(ReleaseText).map_err(D::Error::custom)
    }
}

/// `references.toml`: one shape of link.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReferenceText {
    pub to: Option<String>,
    /// Members shown beside `id`, each the field of the same name.
    #[serde(default)]
    pub shows: Vec<String>,
    /// Members whose field has another name.
    #[serde(default)]
    pub shows_as: Ordered<String>,
    pub href: String,
    /// Members that came with a later release than the shape did.
    #[serde(default)]
    pub since: Ordered<ReleaseText>,
}
