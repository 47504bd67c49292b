//! What is there against what is wanted, cell by cell and entry by entry. Changes nothing.

pub mod saved;
mod text;

pub use text::caption;

use crate::ConnectError;
use crate::held::{self, HeldKey, HeldMember, HeldRole};
use crate::wanted::Wanted;
use bitting_client::Psa;
use bitting_policy::{Level, ListDocument, Registry, Role, Verb};
use serde::Serialize;
use serde_json::Value;

/// Why a role is made without a level.
const ADMIN: &str = "administrator";

/// What happens to one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Sign {
    Add,
    Change,
    Remove,
}

/// What a line is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "of", rename_all = "lowercase")]
pub enum Subject {
    /// The role itself.
    Role,
    /// One level of a row.
    Cell {
        module: String,
        action: String,
        verb: Verb,
    },
    /// One entry of a customize list, or the list as a whole.
    List {
        list: String,
        /// The row it hangs beside: `System / Table Setup`.
        row: String,
        entry: Option<String>,
    },
    /// The API member itself.
    Member,
    /// One field of its form, as the API names it.
    Field { field: &'static str },
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    pub sign: Sign,
    #[serde(flatten)]
    pub subject: Subject,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub from: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub to: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub why: String,
}

/// The differences between what is there and what is wanted.
#[derive(Debug)]
pub struct Plan {
    pub wanted: Wanted,
    /// Whether the server offers levels, lists and keys over an API.
    pub own: bool,
    pub role: Option<HeldRole>,
    pub member: Option<HeldMember>,
    /// Keys of the member that work; nothing where the PSA does not tell.
    pub keys: Option<Vec<HeldKey>>,
    pub role_lines: Vec<Line>,
    pub member_lines: Vec<Line>,
    /// References of the member form, resolved: (field of the API, value).
    pub(crate) form: Vec<(&'static str, Value)>,
    pub notes: Vec<String>,
}

/// Reads the PSA and compares.
pub fn plan(psa: &Psa, wanted: Wanted, registry: &Registry) -> Result<Plan, ConnectError> {
    let own = psa.offers_own()?;
    let role = held::role(psa, own, &wanted.document.name, registry)?;
    if let Some(held) = &role {
        in_the_way(held, &wanted)?;
    }
    let mut notes = wanted.notes.clone();
    let member = held::member(psa, &wanted.member.identifier)?;
    let keys = match (&member, own) {
        (Some(member), true) => Some(held::keys(psa, member.id)?),
        (None, true) => Some(Vec::new()),
        (_, false) => None,
    };
    let role_lines = role_lines(role.as_ref(), &wanted, registry, &mut notes);
    if let Some(held) = &role
        && !role_lines.is_empty()
    {
        let others = others(psa, held.id, &wanted.member.identifier)?;
        if !others.is_empty() {
            notes.push(format!(
                "the role `{}` is also held by {}; these changes reach them too, or choose another name with --role",
                held.document.name,
                others.join(", ")
            ));
        }
    }
    if member.is_none() {
        held::nobodys(psa, &wanted.member.identifier)?;
    }
    if let Some(held) = &member {
        notes.extend(moved(held, role.as_ref(), keys.as_deref(), &wanted));
    }
    let form = resolve(psa, &wanted, member.as_ref())?;
    let member_lines = member_lines(member.as_ref(), role.as_ref(), &wanted, &form);
    Ok(Plan {
        wanted,
        own,
        role,
        member,
        keys,
        role_lines,
        member_lines,
        form: form
            .into_iter()
            .map(|field| (field.api, field.value))
            .collect(),
        notes,
    })
}

impl Plan {
    /// Every difference, role first.
    pub fn lines(&self) -> impl Iterator<Item = &Line> {
        self.role_lines.iter().chain(&self.member_lines)
    }

    /// Whether everything is as wanted.
    pub fn is_empty(&self) -> bool {
        self.role_lines.is_empty() && self.member_lines.is_empty()
    }

    /// How many lines have this sign.
    pub fn count(&self, sign: Sign) -> usize {
        self.lines().filter(|line| line.sign == sign).count()
    }

    /// `3 to add, 0 to change, 1 to remove`.
    pub fn summary(&self) -> String {
        format!(
            "{} to add, {} to change, {} to remove",
            self.count(Sign::Add),
            self.count(Sign::Change),
            self.count(Sign::Remove)
        )
    }

    /// The plan for programs.
    pub fn json(&self) -> Value {
        serde_json::json!({
            "profile": self.wanted.title,
            "role": { "name": self.wanted.document.name, "id": self.role.as_ref().map(|role| role.id), "changes": self.role_lines },
            "member": {
                "identifier": self.wanted.member.identifier,
                "id": self.member.as_ref().map(|member| member.id),
                "changes": self.member_lines,
            },
            "keys": self.keys.as_ref().map(Vec::len),
            "notes": self.notes,
            "add": self.count(Sign::Add),
            "change": self.count(Sign::Change),
            "remove": self.count(Sign::Remove),
        })
    }
}

/// A role that the API cannot turn into the one wanted.
fn in_the_way(held: &HeldRole, wanted: &Wanted) -> Result<(), ConnectError> {
    let name = &held.document.name;
    let what = match (held.document.admin, held.document.inactive) {
        (true, false) if wanted.document.admin => return Ok(()),
        (false, _) if wanted.document.admin => {
            format!("the role `{name}` is no administrator's, and is not made one")
        }
        (true, _) => {
            format!("the role `{name}` is an administrator's, so its levels would not count")
        }
        (_, true) => format!("the role `{name}` is inactive, so it would grant nothing"),
        _ => return Ok(()),
    };
    Err(ConnectError::InTheWay {
        what,
        remedy: "choose another name with --role".to_owned(),
    })
}

/// A member of that id that has another role: whoever has its keys gets this role's rights from then on.
fn moved(
    held: &HeldMember,
    role: Option<&HeldRole>,
    keys: Option<&[HeldKey]>,
    wanted: &Wanted,
) -> Option<String> {
    let now = held.record["securityRole"]["id"].as_i64();
    if now.is_none() || now == role.map(|role| role.id) {
        return None;
    }
    let name = held.record["securityRole"]["name"]
        .as_str()
        .unwrap_or_default();
    let live = keys.map_or(0, |keys| crate::keys::live(keys).count());
    let keys = match live {
        0 => String::new(),
        1 => "; the key it has goes with it".to_owned(),
        live => format!("; the {live} keys it has go with it"),
    };
    Some(format!(
        "the API member `{}` is there already, with the role `{name}`, and is moved{keys}; choose another id with --member if \
         it is another product's",
        wanted.member.identifier
    ))
}

/// Other API members that hold the role.
fn others(psa: &Psa, role: i64, but: &str) -> Result<Vec<String>, ConnectError> {
    let members = psa.list(held::MEMBERS)?;
    let holds = |member: &&Value| member["securityRole"]["id"].as_i64() == Some(role);
    let names = members
        .iter()
        .filter(holds)
        .filter_map(|member| member["identifier"].as_str());
    Ok(names
        .filter(|name| !name.eq_ignore_ascii_case(but))
        .map(str::to_owned)
        .collect())
}

fn role_lines(
    held: Option<&HeldRole>,
    wanted: &Wanted,
    registry: &Registry,
    notes: &mut Vec<String>,
) -> Vec<Line> {
    let mut lines = Vec::new();
    let nothing = Role::new(registry, 0, "");
    let old = held.map_or(&nothing, |held| &held.role);
    if held.is_none() {
        lines.push(line(
            Sign::Add,
            Subject::Role,
            "",
            &wanted.document.name,
            if wanted.document.admin { ADMIN } else { "" },
        ));
    }
    if wanted.document.admin {
        return lines;
    }
    for action in registry.actions() {
        for verb in Verb::EVERY {
            let (from, to) = (
                old.level(action.id, verb),
                wanted.role.level(action.id, verb),
            );
            if from == to {
                continue;
            }
            let sign = match (from, to) {
                (Level::None, _) => Sign::Add,
                (_, Level::None) => Sign::Remove,
                _ => Sign::Change,
            };
            let subject = Subject::Cell {
                module: action.module.clone(),
                action: action.name.clone(),
                verb,
            };
            let why = wanted.reason(&action.module, &action.name);
            lines.push(line(sign, subject, from.as_str(), to.as_str(), why));
        }
    }
    for list in registry.lists() {
        let open = Verb::EVERY
            .iter()
            .any(|verb| wanted.role.level(list.action, *verb) > Level::None);
        if !open {
            continue;
        }
        let to = wanted.role.list_document(registry, list.id);
        let row = registry
            .get(list.action)
            .map(bitting_policy::Action::full_name)
            .unwrap_or_default();
        if held.is_some_and(|held| !held.lists_known) {
            let restricts = registry.get(list.action).is_some_and(|row| {
                held.is_some_and(|held| held.restricted.contains(&row.full_name()))
            });
            if restricts == (to == ListDocument::Everything) {
                list_lines(
                    &mut lines,
                    &list.identifier,
                    &row,
                    &ListDocument::Everything,
                    &to,
                );
            } else if restricts {
                notes.push(format!(
                    "the entries of {} cannot be read here; verify checks them with the integration's key",
                    list.identifier
                ));
            }
            continue;
        }
        let from = if held.is_some() {
            old.list_document(registry, list.id)
        } else if to == ListDocument::Everything {
            continue;
        } else {
            // A new role's list is shown entry by entry; without an entry, as what it is.
            match &to {
                ListDocument::Allow(names) if names.is_empty() => ListDocument::Everything,
                to => empty_like(to),
            }
        };
        list_lines(&mut lines, &list.identifier, &row, &from, &to);
    }
    lines
}

fn empty_like(list: &ListDocument) -> ListDocument {
    match list {
        ListDocument::Deny(_) => ListDocument::Deny(Vec::new()),
        _ => ListDocument::Allow(Vec::new()),
    }
}

fn list_lines(
    lines: &mut Vec<Line>,
    list: &str,
    row: &str,
    from: &ListDocument,
    to: &ListDocument,
) {
    let entry = |sign, entry: &String| {
        let subject = Subject::List {
            list: list.to_owned(),
            row: row.to_owned(),
            entry: Some(entry.clone()),
        };
        // What a deny list names is what it keeps out.
        let side = match to {
            ListDocument::Deny(_) => "disallowed",
            _ => "",
        };
        line(sign, subject, "", side, "")
    };
    let lacks = |names: &[String], name: &String| {
        !names.iter().any(|other| other.eq_ignore_ascii_case(name))
    };
    match (from, to) {
        (ListDocument::Allow(old), ListDocument::Allow(new))
        | (ListDocument::Deny(old), ListDocument::Deny(new)) => {
            lines.extend(
                new.iter()
                    .filter(|name| lacks(old, name))
                    .map(|name| entry(Sign::Add, name)),
            );
            lines.extend(
                old.iter()
                    .filter(|name| lacks(new, name))
                    .map(|name| entry(Sign::Remove, name)),
            );
        }
        (ListDocument::Everything, ListDocument::Everything) => {}
        _ => {
            let subject = Subject::List {
                list: list.to_owned(),
                row: row.to_owned(),
                entry: None,
            };
            lines.push(line(Sign::Change, subject, &words(from), &words(to), ""));
        }
    }
}

/// A list in one line.
pub fn words(list: &ListDocument) -> String {
    match list {
        ListDocument::Everything => "everything".to_owned(),
        ListDocument::Allow(names) if names.is_empty() => "nothing".to_owned(),
        ListDocument::Allow(names) => format!("only {}", names.join(", ")),
        ListDocument::Deny(names) => format!("all but {}", names.join(", ")),
    }
}

/// One field of the form with its value for the API and for people.
struct Field {
    api: &'static str,
    value: Value,
    shown: String,
    /// Whether an existing member is brought to it too.
    kept: bool,
}

/// The form's references by id. Names that the PSA does not have are errors before anything is written.
fn resolve(
    psa: &Psa,
    wanted: &Wanted,
    held: Option<&HeldMember>,
) -> Result<Vec<Field>, ConnectError> {
    let form = &wanted.member;
    let mut fields = Vec::new();
    let mut plain = |api, value: Option<Value>, shown: String| {
        if let Some(value) = value {
            fields.push(Field {
                api,
                value,
                shown,
                kept: true,
            });
        }
    };
    plain(
        "emailAddress",
        form.email.clone().map(Value::from),
        form.email.clone().unwrap_or_default(),
    );
    for (api, flag) in [
        ("blockPriceFlag", form.block_price),
        ("blockCostFlag", form.block_cost),
    ] {
        plain(
            api,
            flag.map(Value::from),
            flag.map(|flag| flag.to_string()).unwrap_or_default(),
        );
    }
    let references = [
        (
            "securityLocation",
            "system/locations",
            "location",
            form.location.as_ref(),
            form.location_said,
        ),
        (
            "defaultDepartment",
            "system/departments",
            "department",
            form.department.as_ref(),
            true,
        ),
        (
            "serviceDefaultBoard",
            "service/boards",
            "default board",
            form.board.as_ref(),
            true,
        ),
    ];
    for (api, path, field, name, kept) in references {
        // What nobody asked for is only a start for a new member.
        let Some(name) = name.filter(|_| kept || held.is_none()) else {
            continue;
        };
        let found = match held::id_named(psa, path, field, name) {
            Ok(found) => found,
            // A structure without a node of that name: the PSA's own default is its top.
            Err(ConnectError::Form { .. }) if !kept => continue,
            Err(error) => return Err(error),
        };
        let shown = found["name"].as_str().unwrap_or(name).to_owned();
        fields.push(Field {
            api,
            value: serde_json::json!({ "id": found["id"] }),
            shown,
            kept,
        });
    }
    if !form.excluded_boards.is_empty() {
        let mut ids = Vec::new();
        for board in &form.excluded_boards {
            ids.push(held::id_named(psa, "service/boards", "excluded board", board)?["id"].clone());
        }
        fields.push(Field {
            api: "excludedServiceBoardIds",
            value: Value::Array(ids),
            shown: form.excluded_boards.join(", "),
            kept: true,
        });
    }
    Ok(fields)
}

fn member_lines(
    held: Option<&HeldMember>,
    role: Option<&HeldRole>,
    wanted: &Wanted,
    fields: &[Field],
) -> Vec<Line> {
    let mut lines = Vec::new();
    let form = &wanted.member;
    let field =
        |sign, field, from: &str, to: &str| line(sign, Subject::Field { field }, from, to, "");
    let Some(held) = held else {
        lines.push(line(Sign::Add, Subject::Member, "", &form.identifier, ""));
        lines.push(field(Sign::Add, "name", "", &form.name));
        lines.push(field(Sign::Add, "securityRole", "", &wanted.document.name));
        lines.extend(fields.iter().map(|f| field(Sign::Add, f.api, "", &f.shown)));
        return lines;
    };
    let record = &held.record;
    if record["inactiveFlag"] == true {
        lines.push(field(Sign::Change, "inactiveFlag", "true", "false"));
    }
    let holds = role.is_some_and(|role| record["securityRole"]["id"].as_i64() == Some(role.id));
    if !holds {
        let from = record["securityRole"]["name"].as_str().unwrap_or_default();
        lines.push(field(
            Sign::Change,
            "securityRole",
            from,
            &wanted.document.name,
        ));
    }
    for f in fields.iter().filter(|f| f.kept) {
        let now = &record[f.api];
        let same = match &f.value {
            Value::Object(reference) => reference.get("id") == now.get("id"),
            // A flag that is off may be left out of the answer.
            Value::Bool(false) => now.is_null() || now == &f.value,
            other => other == now,
        };
        if !same {
            let from = match now {
                Value::Null => String::new(),
                Value::Object(reference) => reference
                    .get("name")
                    .and_then(Value::as_str)
                    .unwrap_or_default()
                    .to_owned(),
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            let sign = if from.is_empty() {
                Sign::Add
            } else {
                Sign::Change
            };
            lines.push(field(sign, f.api, &from, &f.shown));
        }
    }
    lines
}

fn line(sign: Sign, subject: Subject, from: &str, to: &str, why: &str) -> Line {
    Line {
        sign,
        subject,
        from: from.to_owned(),
        to: to.to_owned(),
        why: why.to_owned(),
    }
}
