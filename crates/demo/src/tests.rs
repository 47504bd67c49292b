//! The whole recipe against the whole catalog: every row that is made is looked at.

#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

mod books;

use super::*;
use crate::values::first_id;
use bitting_catalog::entity::{Entity, EntityId, Field, Kind};
use bitting_query::Value;
use std::collections::{BTreeMap, HashMap, HashSet};

const NOW: i64 = 1_790_000_000;

type Row = HashMap<Arc<str>, Value>;

/// Everything made, by table.
struct Company {
    catalog: Catalog,
    rows: HashMap<Arc<str>, BTreeMap<i64, Row>>,
    pairs: HashMap<Arc<str>, HashSet<(i64, i64)>>,
    summary: Summary,
}

fn catalog() -> Catalog {
    Catalog::embedded()
        .unwrap_or_else(|error| panic!("{error}"))
        .1
}

fn make(size: &Size, seed: u64, emit: &mut dyn FnMut(Change)) -> Summary {
    let recipes = Recipes::embedded("connectwise").unwrap_or_else(|error| panic!("{error}"));
    let now = jiff::Timestamp::from_second(NOW).unwrap();
    generate(&catalog(), &recipes, size, seed, now, emit).unwrap_or_else(|error| panic!("{error}"))
}

fn company(size: &Size, seed: u64) -> Company {
    let mut rows: HashMap<Arc<str>, BTreeMap<i64, Row>> = HashMap::new();
    let mut pairs: HashMap<Arc<str>, HashSet<(i64, i64)>> = HashMap::new();
    let summary = make(size, seed, &mut |change| match change {
        Change::Insert { table, id, values } => {
            let row: Row = values.iter().cloned().collect();
            assert_eq!(
                row.len(),
                values.len(),
                "{table} {id}: a column is given twice"
            );
            assert!(
                rows.entry(table.clone())
                    .or_default()
                    .insert(id, row)
                    .is_none(),
                "{table} {id} is made twice"
            );
        }
        Change::Pair { table, key, id } => {
            pairs.entry(table).or_default().insert((key, id));
        }
        other => panic!("{other:?} is not for a new company"),
    });
    Company {
        catalog: catalog(),
        rows,
        pairs,
        summary,
    }
}

impl Company {
    fn entity(&self, path: &str) -> &Entity {
        self.catalog
            .entity_at(path)
            .unwrap_or_else(|| panic!("no {path}"))
    }

    fn table(&self, path: &str) -> &BTreeMap<i64, Row> {
        let table = &self.entity(path).table;
        self.rows
            .get(table)
            .unwrap_or_else(|| panic!("no rows of {path}"))
    }

    fn target(&self, target: EntityId) -> Option<&BTreeMap<i64, Row>> {
        self.rows.get(&self.catalog.home(target).table)
    }

    /// Entities of which rows were made, and the rows that belong to each.
    fn made(&self) -> Vec<(&Entity, Vec<(i64, &Row)>)> {
        let mut made = Vec::new();
        // A small company has none of some kinds.
        let some = self.summary.rows.iter().filter(|(_, count)| **count > 0);
        for (path, _) in some {
            let entity = self.entity(path);
            let belongs = |row: &Row| {
                entity.only.iter().all(|(name, values)| {
                    let field = entity
                        .any_field(name)
                        .or_else(|| self.catalog.home(entity.id).any_field(name));
                    let value = field.and_then(|field| row.get(&field.column));
                    matches!(value, Some(Value::Text(text)) if values.contains(text))
                })
            };
            let rows = self
                .table(path)
                .iter()
                .filter(|(_, row)| belongs(row))
                .map(|(id, row)| (*id, row))
                .collect();
            made.push((entity, rows));
        }
        made
    }
}

fn integer(row: &Row, column: &str) -> Option<i64> {
    row.get(column).and_then(first_id)
}

fn number(row: &Row, column: &str) -> f64 {
    row.get(column)
        .and_then(super::values::float)
        .unwrap_or(0.0)
}

fn flag(row: &Row, column: &str) -> bool {
    row.get(column) == Some(&Value::Boolean(true))
}

fn text<'r>(row: &'r Row, column: &str) -> &'r str {
    match row.get(column) {
        Some(Value::Text(text)) => text,
        _ => "",
    }
}

/// What is wrong with a value of a field, if anything.
fn fault(company: &Company, field: &Field, value: &Value) -> Option<String> {
    let dangling = |target: EntityId, id: i64| {
        let found = company
            .target(target)
            .is_some_and(|rows| rows.contains_key(&id));
        (!found).then(|| {
            format!(
                "points to {} {id}, which is not there",
                company.catalog.entity(target).path
            )
        })
    };
    let wrong = || Some(format!("{value:?} is no {:?}", field.kind));
    match (&field.kind, value) {
        (Kind::Boolean, Value::Boolean(_)) | (Kind::Number, Value::Number(_)) => None,
        (Kind::Integer, Value::Integer(id)) => field.id_of.and_then(|target| dangling(target, *id)),
        (Kind::Reference(_), Value::Integer(id)) => {
            field.target().and_then(|target| dangling(target, *id))
        }
        (Kind::References(_), Value::Text(list)) => {
            match (field.target(), first_id(&Value::Text(list.clone()))) {
                (Some(target), Some(id)) => dangling(target, id),
                _ => wrong(),
            }
        }
        (Kind::Text, Value::Text(text)) => {
            let long = field
                .max
                .is_some_and(|max| text.chars().count() > max as usize);
            let odd =
                !field.values.is_empty() && !field.values.iter().any(|known| **known == **text);
            let blank = text.contains(['{', '}']) && &*field.name != "format";
            (long || odd || blank).then(|| {
                format!("`{text}`: too long {long}, none of its values {odd}, a blank {blank}")
            })
        }
        (Kind::Uuid, Value::Text(text)) => uuid::Uuid::parse_str(text)
            .is_err()
            .then(|| format!("{text} is no uuid")),
        (Kind::DateTime, Value::Text(text)) => moment::read(text)
            .is_none()
            .then(|| format!("{text} is no time")),
        (Kind::Date, Value::Text(text)) => moment::read(&format!("{text}T00:00:00Z"))
            .is_none()
            .then(|| format!("{text} is no day")),
        (Kind::List(_) | Kind::Embedded { .. } | Kind::Any, Value::Text(json)) => {
            serde_json::from_str::<serde_json::Value>(json)
                .is_err()
                .then(|| format!("{json} is no JSON"))
        }
        _ => wrong(),
    }
}

#[test]
fn every_value_fits_its_field_and_points_somewhere() {
    let company = company(&Size::default(), 1);
    let mut faults = Vec::new();
    for (entity, rows) in company.made() {
        for (id, row) in rows {
            for field in entity.every_field() {
                let value = row.get(&field.column).unwrap_or(&Value::Null);
                if *value == Value::Null {
                    if field.required && field.default.is_none() && &*field.name != "id" {
                        faults.push(format!("{} {id}: {} is missing", entity.path, field.name));
                    }
                } else if let Some(fault) = fault(&company, field, value) {
                    faults.push(format!("{} {id}: {}: {fault}", entity.path, field.name));
                }
            }
            // A placeholder that stands for the row itself is no parent.
            for parent in entity
                .parents
                .iter()
                .filter(|parent| parent.entity != Some(entity.id))
            {
                let known = parent
                    .entity
                    .and_then(|target| company.target(target))
                    .zip(integer(row, &parent.column));
                if parent.entity.is_some()
                    && !known.is_some_and(|(rows, id)| rows.contains_key(&id))
                {
                    faults.push(format!(
                        "{} {id}: no parent in {}",
                        entity.path, parent.column
                    ));
                }
            }
        }
    }
    let count = faults.len();
    faults.truncate(30);
    assert!(faults.is_empty(), "{count} faults:\n{}", faults.join("\n"));
}

/// Every column that is filled is one that the table has.
#[test]
fn only_columns_that_the_tables_have() {
    let company = company(&Size::default(), 1);
    let tables = bitting_psa::shape::tables(&company.catalog);
    for (name, rows) in &company.rows {
        let table = tables
            .iter()
            .find(|table| table.name == *name)
            .unwrap_or_else(|| panic!("no table {name}"));
        for (id, row) in rows {
            for column in row.keys() {
                assert!(
                    table.columns.iter().any(|known| known.name == *column),
                    "{name} {id}: no column {column}"
                );
            }
        }
    }
    for name in company.pairs.keys() {
        assert!(
            tables.iter().any(|table| table.name == *name),
            "no table {name}"
        );
    }
}

/// What a field's catalog entry says it must lie within (`status` within `board`), it does.
#[test]
fn names_belong_to_their_parents() {
    let company = company(&Size::default(), 1);
    let mut seen = 0;
    for (entity, rows) in company.made() {
        for field in entity.every_field() {
            let Some(within) = field
                .within
                .as_deref()
                .and_then(|name| entity.any_field(name))
            else {
                continue;
            };
            let Some(target) = field.target().map(|target| company.catalog.home(target)) else {
                continue;
            };
            let Some(parent) = target.parents.last() else {
                continue;
            };
            let Some(targets) = company.rows.get(&target.table) else {
                continue;
            };
            for (id, row) in &rows {
                let (Some(to), Some(of)) =
                    (integer(row, &field.column), integer(row, &within.column))
                else {
                    continue;
                };
                let above = targets
                    .get(&to)
                    .and_then(|row| integer(row, &parent.column));
                assert_eq!(
                    above,
                    Some(of),
                    "{} {id}: {} is not of its {}",
                    entity.path,
                    field.name,
                    within.name
                );
                seen += 1;
            }
        }
    }
    assert!(seen > 3000, "only {seen} looked at");
}

#[test]
fn nothing_unique_is_there_twice() {
    let size = Size {
        companies: 9000,
        tickets: 10,
        ..Size::default()
    };
    for company in [company(&Size::default(), 1), company(&size, 2)] {
        for (entity, rows) in company.made() {
            for unique in &entity.unique {
                let columns: Vec<&Field> = unique
                    .iter()
                    .filter_map(|name| entity.any_field(name))
                    .collect();
                let mut seen = HashSet::new();
                for (id, row) in &rows {
                    let key: Vec<String> = columns
                        .iter()
                        .map(|field| format!("{:?}", row.get(&field.column)).to_lowercase())
                        .collect();
                    assert!(
                        seen.insert(key.clone()),
                        "{} {id}: {key:?} is there twice",
                        entity.path
                    );
                }
            }
        }
    }
}

#[test]
fn the_same_seed_makes_the_same_rows() {
    let digest = |seed| {
        let mut text = Vec::new();
        make(&Size::default(), seed, &mut |change| {
            text.push(format!("{change:?}"));
        });
        text
    };
    let first = digest(1);
    assert!(first == digest(1), "two runs with one seed differ");
    assert!(first != digest(2), "two seeds make the same");
}

#[test]
fn counts_of_the_default_size() {
    let summary = make(&Size::default(), 1, &mut |_| {});
    let lines: Vec<String> = summary
        .rows
        .iter()
        .map(|(path, count)| format!("{count:6}  {path}"))
        .collect();
    insta::assert_snapshot!("counts", lines.join("\n"));
}

#[test]
fn tickets_are_closed_as_their_status_says_and_in_order() {
    let company = company(&Size::default(), 1);
    let statuses = company.table("service/boards/statuses");
    let (mut open, mut closed) = (0, 0);
    for (id, row) in company.table("service/tickets") {
        let status = &statuses[&integer(row, "status_id").unwrap_or(0)];
        assert_eq!(
            flag(row, "closed_flag"),
            flag(status, "closed_status"),
            "ticket {id}"
        );
        assert_eq!(
            flag(row, "closed_flag"),
            !text(row, "closed_date").is_empty(),
            "ticket {id}"
        );
        if flag(row, "closed_flag") {
            closed += 1;
        } else {
            open += 1;
        }
        let (entered, updated) = (text(row, "date_entered"), text(row, "last_updated"));
        assert!(
            entered <= updated,
            "ticket {id} was updated {updated}, entered {entered}"
        );
        assert!(
            moment::read(updated).is_some_and(|time| time <= NOW),
            "ticket {id} was updated {updated}"
        );
    }
    assert!(open > 40 && closed > 300, "{open} open, {closed} closed");
}

/// My and visibility show: rows hang on every office, and most members have some of their own.
#[test]
fn rows_are_spread_over_places_and_people() {
    let company = company(&Size::default(), 1);
    let tickets = company.entity("service/tickets");
    let mut nodes: BTreeMap<i64, u32> = BTreeMap::new();
    for row in company.table("service/tickets").values() {
        *nodes
            .entry(integer(row, "scope_id").unwrap_or(0))
            .or_default() += 1;
    }
    assert!(!nodes.contains_key(&0), "a ticket hangs nowhere");
    assert!(
        nodes.values().filter(|count| **count > 60).count() >= 4,
        "{nodes:?}"
    );
    let pairs = &company.pairs[&Arc::from(format!("{}__mine", tickets.table))];
    let mut owners: BTreeMap<i64, u32> = BTreeMap::new();
    for (member, _) in pairs {
        *owners.entry(*member).or_default() += 1;
    }
    assert!(
        owners.values().filter(|count| **count > 20).count() >= 8,
        "{owners:?}"
    );
    assert!(
        owners.contains_key(&company.summary.least.member),
        "the least member owns nothing"
    );
    for (id, row) in company.table("service/tickets") {
        if let Some(owner) = integer(row, "owner_id") {
            assert!(
                pairs.contains(&(owner, *id)),
                "ticket {id} is not its owner's"
            );
        }
    }
}

/// The rights of the least member are four cells, and every role names what the registry knows.
#[test]
fn roles_are_known_and_the_least_is_small() {
    let summary = make(&Size::default(), 1, &mut |_| {});
    let (registry, _) = Catalog::embedded().unwrap_or_else(|error| panic!("{error}"));
    for (_, role) in &summary.roles {
        for cell in &role.cells {
            let known = registry.action(&cell.module, &cell.action).is_some();
            assert!(known, "{}: {} / {}", role.name, cell.module, cell.action);
            let writes = [&cell.add, &cell.edit]
                .into_iter()
                .any(|level| *level != "None");
            assert!(
                !writes || cell.inquire != "None",
                "{}: {} writes without reading",
                role.name,
                cell.action
            );
        }
    }
    let levels = |role: &RoleRecipe| {
        role.cells
            .iter()
            .flat_map(|c| [&c.add, &c.edit, &c.delete, &c.inquire].map(|l| l != "None"))
            .filter(|set| *set)
            .count()
    };
    let least = summary
        .roles
        .iter()
        .find(|(_, role)| role.name == "OfficeProtect");
    assert_eq!(least.map(|(_, role)| levels(role)), Some(4));
    assert_eq!(summary.admin.identifier, "BittingAdmin");
    assert_ne!(summary.admin.member, summary.least.member);
}

/// A slip in a recipe is found, with the file, the entity, the field and what was meant.
#[test]
fn slips_are_named() {
    let slips = [
        (
            "name = \"{type} - {parent.name|head}\"",
            "nmae = \"x\"",
            "finance/agreements: nmae",
            "name",
        ),
        (
            "severity = { pick = { Low = 2,",
            "severity = { pick = { Lwo = 2,",
            "service/tickets: severity",
            "Low",
        ),
        (
            "entity = \"service/boards\"\n",
            "entity = \"service/bords\"\n",
            "service/bords",
            "service/boards",
        ),
        (
            "currency = \"US Dollars\"\nmobileGuid",
            "currency = \"US Dolars\"\nmobileGuid",
            "service/tickets: currency",
            "us dollars",
        ),
        (
            "closedBy = { copy = \"owner.identifier\"",
            "closedBy = { copy = \"owner.identifer\"",
            "service/tickets: closedBy",
            "identifier",
        ),
        (
            "text = \"{remedy}\"",
            "text = \"{remedi}\"",
            "service/tickets/notes: text",
            "",
        ),
        (
            "severity = { pick",
            "severity = { pik",
            "service/tickets: severity",
            "pick",
        ),
    ];
    for (right, slip, place, meant) in slips {
        let mut replaced = 0;
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/demo");
        let mut changed = HashMap::new();
        for entry in std::fs::read_dir(format!("{folder}/connectwise")).unwrap() {
            let path = entry.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap();
            let name = format!(
                "connectwise/{}",
                path.file_name().unwrap().to_string_lossy()
            );
            replaced += usize::from(text.contains(right));
            changed.insert(name, text.replacen(right, slip, 1));
        }
        assert!(replaced > 0, "no recipe says {right}");
        let recipes = Recipes::read("connectwise", &|path| changed.get(path).cloned()).unwrap();
        let now = jiff::Timestamp::from_second(NOW).unwrap();
        let error =
            generate(&catalog(), &recipes, &Size::default(), 1, now, &mut |_| {}).unwrap_err();
        let said = error.to_string();
        assert!(
            said.contains(place) && said.starts_with("connectwise/"),
            "{said}"
        );
        assert_eq!(
            error.nearest.as_deref().unwrap_or_default(),
            meant,
            "{said}"
        );
    }
}
