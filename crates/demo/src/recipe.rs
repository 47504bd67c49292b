//! The recipe files as they are written: which tables there are, in which order. What a field's recipe
//! means is worked out in `plan`; nothing here knows the catalog.

use super::error::DemoError;
use super::roles::RoleRecipe;
use super::tables::{only, strings};
use std::collections::BTreeMap;
use toml::{Table, Value};

/// Everything below one folder of `data/demo`.
#[derive(Debug, Clone)]
pub struct Recipes {
    pub(super) tables: Vec<TableRecipe>,
    pub(super) words: BTreeMap<String, Vec<String>>,
    pub(super) roles: Vec<RoleRecipe>,
    pub(super) settings: Settings,
}

/// What `demo.toml` says beside the order of files.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub file: String,
    /// Who entered rows that say nothing of it.
    pub entered_by: String,
    /// Seconds before now at which they were entered.
    pub entered: i64,
    /// Paths of the entities whose rows are members, locations and security roles.
    pub members: String,
    pub locations: String,
    pub roles: String,
    /// Identifiers of the members the server cuts keys for.
    pub admin: String,
    pub least: String,
}

/// One `[[table]]`: rows of one entity.
#[derive(Debug, Clone)]
pub(super) struct TableRecipe {
    pub file: String,
    pub entity: String,
    /// Keys that are not about fields, as written: `count`, `each`, `when`.
    pub keys: Table,
    pub rows: Option<Vec<Table>>,
    pub lets: Table,
    pub fields: Table,
}

#[derive(rust_embed::RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../../data/demo"]
struct Files;

const TABLE_KEYS: [&str; 16] = [
    "entity", "rows", "count", "spread", "share", "least", "each", "only", "when", "unless",
    "older", "distinct", "first_id", "apart", "fields", "let",
];
const STAMPS: [&str; 3] = ["entered", "updated", "by"];

impl Recipes {
    /// The recipes inside the binary for one PSA: `connectwise`.
    pub fn embedded(psa: &str) -> Result<Self, DemoError> {
        Self::read(psa, &|path| {
            let file = Files::get(path)?;
            String::from_utf8(file.data.into_owned()).ok()
        })
    }

    /// Reads the recipes of a folder with a function that gives a file's text by its path.
    pub fn read(psa: &str, text: &dyn Fn(&str) -> Option<String>) -> Result<Self, DemoError> {
        let open = |name: &str| -> Result<(String, Table), DemoError> {
            let path = format!("{psa}/{name}");
            let text = text(&path).ok_or_else(|| {
                DemoError::new(
                    &path,
                    "there is no such file; make it, or take it off the list in demo.toml",
                )
            })?;
            let table = text
                .parse::<Table>()
                .map_err(|error| DemoError::new(&path, error.to_string()))?;
            Ok((path, table))
        };
        let (file, head) = open("demo.toml")?;
        let settings = settings(&file, &head)?;
        let (words_file, words) = open("words.toml")?;
        let (roles_file, roles) = open("roles.toml")?;
        let mut recipes = Self {
            tables: Vec::new(),
            words: words_of(&words_file, &words)?,
            roles: super::roles::read(&roles_file, &roles)?,
            settings,
        };
        for name in strings(&file, "files", head.get("files"))? {
            let (path, table) = open(&name)?;
            recipes.tables.extend(tables(&path, table)?);
        }
        Ok(recipes)
    }

    /// Every security role with its cells and lists.
    pub fn roles(&self) -> &[RoleRecipe] {
        &self.roles
    }
}

fn settings(file: &str, head: &Table) -> Result<Settings, DemoError> {
    let known = [
        "files",
        "entered_by",
        "entered",
        "members",
        "locations",
        "roles",
        "keys",
    ];
    only(file, head, &known)?;
    let text = |table: &Table, key: &str| match table.get(key) {
        Some(Value::String(text)) => Ok(text.clone()),
        _ => Err(DemoError::new(file, format!("`{key}` must be a text"))),
    };
    let Some(Value::Table(keys)) = head.get("keys") else {
        let fault = "a table [keys] must name the members `admin` and `least`";
        return Err(DemoError::new(file, fault));
    };
    let entered = text(head, "entered")?;
    Ok(Settings {
        file: file.to_owned(),
        entered_by: text(head, "entered_by")?,
        entered: super::moment::span(&entered).ok_or_else(|| {
            DemoError::new(
                file,
                format!("`entered` is `{entered}`; write a span such as `-900d`"),
            )
        })?,
        members: text(head, "members")?,
        locations: text(head, "locations")?,
        roles: text(head, "roles")?,
        admin: text(keys, "admin")?,
        least: text(keys, "least")?,
    })
}

fn words_of(file: &str, table: &Table) -> Result<BTreeMap<String, Vec<String>>, DemoError> {
    let mut words = BTreeMap::new();
    for (name, value) in table {
        let list = strings(file, name, Some(value))?;
        if list.is_empty() {
            return Err(DemoError::new(file, format!("the list `{name}` is empty")));
        }
        words.insert(name.clone(), list);
    }
    Ok(words)
}

fn tables(file: &str, mut table: Table) -> Result<Vec<TableRecipe>, DemoError> {
    let wrong = || {
        DemoError::new(
            file,
            "a recipe file holds [[table]] entries and nothing else",
        )
    };
    let Some(Value::Array(entries)) = table.remove("table") else {
        return Err(wrong());
    };
    if !table.is_empty() {
        return Err(wrong());
    }
    let mut tables = Vec::with_capacity(entries.len());
    for entry in entries {
        let Value::Table(mut keys) = entry else {
            return Err(wrong());
        };
        let Some(Value::String(entity)) = keys.remove("entity") else {
            return Err(DemoError::new(file, "a [[table]] has no `entity`"));
        };
        let known: Vec<&str> = TABLE_KEYS.iter().chain(&STAMPS).copied().collect();
        only(file, &keys, &known).map_err(|error| error.entity(&entity))?;
        let mut part = |name: &str| match keys.remove(name) {
            None => Ok(Table::new()),
            Some(Value::Table(table)) => Ok(table),
            Some(_) => {
                Err(DemoError::new(file, format!("`{name}` must be a table")).entity(&entity))
            }
        };
        let (lets, fields) = (part("let")?, part("fields")?);
        let rows = match keys.remove("rows") {
            None => None,
            Some(Value::Array(rows)) => {
                let rows = rows.into_iter().map(|row| match row {
                    Value::Table(row) => Ok(row),
                    _ => Err(
                        DemoError::new(file, "every entry of `rows` must be a table")
                            .entity(&entity),
                    ),
                });
                Some(rows.collect::<Result<_, _>>()?)
            }
            Some(_) => return Err(DemoError::new(file, "`rows` must be an array").entity(&entity)),
        };
        tables.push(TableRecipe {
            file: file.to_owned(),
            entity,
            keys,
            rows,
            lets,
            fields,
        });
    }
    Ok(tables)
}
