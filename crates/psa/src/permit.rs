//! Proof that a call was authorized. Only [`authorize`] makes one, and nothing reads or writes PSA data
//! without one: a forgotten check does not compile.

use crate::caller::{Bar, Caller};
use crate::shape::is_scoped;
use bitting_catalog::Catalog;
use bitting_catalog::entity::{Entity, GuardedBy, Kind as FieldKind};
use bitting_dialects::connectwise::layout::{ENTERED_BY, SCOPE};
use bitting_policy::{Decision, Denial, List, ListId, Needs, Refusal, Registry, Verb, Why, decide};
use bitting_query::{Comparison, Filter, Kind, Link, Path, Value};
use std::sync::Arc;

/// A call that was let through: which entity, which verb, and which of its rows.
#[derive(Debug)]
pub struct Permit<'a> {
    entity: &'a Entity,
    caller: &'a Caller,
    verb: Verb,
    mine: bool,
    /// Records of others are withheld: the right that showing them takes on top is not held.
    withheld: bool,
    /// One bit per guard of the entity whose fields the caller may not see.
    hidden: u64,
    /// Projects that the caller's roles in them close, in part or in whole.
    bars: Vec<&'a Bar>,
}

/// What decisions are made from.
#[derive(Debug, Clone, Copy)]
pub struct Grounds<'a> {
    pub catalog: &'a Catalog,
    pub registry: &'a Registry,
}

/// Decides, and makes the permit when the answer is not no.
pub fn authorize<'a>(
    grounds: Grounds<'_>,
    caller: &'a Caller,
    entity: &'a Entity,
    needs: &Needs,
    verb: Verb,
) -> Result<Permit<'a>, Denial> {
    let mine = match decide(&caller.role, needs, verb) {
        Decision::All => false,
        Decision::Mine => true,
        Decision::Denied(refusal) => return Err(grounds.registry.explain(&refusal, &entity.path)),
    };
    Ok(Permit {
        entity,
        caller,
        verb,
        mine,
        withheld: withheld(caller, entity),
        hidden: hidden(caller, entity),
        bars: bars(caller, entity, needs, verb),
    })
}

/// The further right that an entity names for showing records of others (time, which Billing View Time shows).
const OTHERS: &str = "others";

/// Whether records that are not the caller's are out of sight, whatever its level for them. They cannot be
/// changed either: nobody changes what it does not see.
fn withheld(caller: &Caller, entity: &Entity) -> bool {
    let right = entity.extra_rights.get(OTHERS);
    right.is_some_and(|right| {
        !matches!(
            decide(&caller.role, &right.needs, Verb::Inquire),
            Decision::All
        )
    })
}

fn bars<'a>(caller: &'a Caller, entity: &Entity, needs: &Needs, verb: Verb) -> Vec<&'a Bar> {
    match entity.scope.project {
        Some(_) => caller.barred(needs, verb),
        None => Vec::new(),
    }
}

/// The permit to see that a parent record is there, on the way to what hangs under it. It needs no right
/// on the parent's own action, but the parent must be visible, and mine where only mine are.
pub fn pass_through<'a>(caller: &'a Caller, entity: &'a Entity) -> Permit<'a> {
    let mine = matches!(
        decide(&caller.role, &entity.right.needs, Verb::Inquire),
        Decision::Mine
    );
    Permit {
        entity,
        caller,
        verb: Verb::Inquire,
        mine,
        withheld: withheld(caller, entity),
        hidden: hidden(caller, entity),
        bars: bars(caller, entity, &entity.right.needs, Verb::Inquire),
    }
}

fn hidden(caller: &Caller, entity: &Entity) -> u64 {
    let mut hidden = 0;
    for (index, guard) in entity.guarded.iter().enumerate() {
        let blocked = match &guard.by {
            GuardedBy::Price => caller.block_price,
            GuardedBy::Cost => caller.block_cost,
            GuardedBy::Right(needs) => matches!(
                decide(&caller.role, needs, Verb::Inquire),
                Decision::Denied(_)
            ),
        };
        if blocked {
            hidden |= 1 << index;
        }
    }
    hidden
}

impl<'a> Permit<'a> {
    pub fn entity(&self) -> &'a Entity {
        self.entity
    }

    pub fn caller(&self) -> &'a Caller {
        self.caller
    }

    pub fn verb(&self) -> Verb {
        self.verb
    }

    /// Only the caller's own records.
    pub fn mine(&self) -> bool {
        self.mine
    }

    /// No record of others is in sight, whatever the level.
    pub fn withholds(&self) -> bool {
        self.withheld
    }

    /// One bit per guard that hides fields: what a layout depends on.
    pub fn hidden(&self) -> u64 {
        self.hidden
    }

    /// Whether the caller may not see this field.
    pub fn hides(&self, field: usize) -> bool {
        self.hidden != 0
            && self
                .entity
                .guarded
                .iter()
                .enumerate()
                .any(|(index, guard)| {
                    self.hidden & (1 << index) != 0
                        && guard
                            .fields
                            .iter()
                            .any(|name| **name == *self.entity.fields[field].name)
                })
    }

    /// The rows the permit is about. Every reading and every check of a row goes through it.
    pub fn narrow(&self) -> Filter {
        let mut all = Vec::new();
        for (name, values) in &self.entity.only {
            if let Some(field) = self.entity.any_field(name)
                && !matches!(field.kind, FieldKind::Reference(_))
            {
                let path = column(&field.column, Kind::Text);
                all.push(Filter::OneOf {
                    path,
                    values: values
                        .iter()
                        .map(|value| Value::Text(value.clone()))
                        .collect(),
                });
            }
        }
        if self.mine {
            if crate::mine::is_owned(self.entity) {
                let table = crate::mine::table(&self.entity.table);
                all.push(Filter::InIndex {
                    table,
                    key: self.caller.member,
                });
            } else if !self.entity.ownership.parent || self.entity.parents.is_empty() {
                all.push(self.entered());
            }
        }
        // Also where a path shows the rows as those of a parent: they rest in one table with one index.
        if self.withheld && !(self.mine && crate::mine::is_owned(self.entity)) {
            all.push(Filter::InIndex {
                table: crate::mine::table(&self.entity.table),
                key: self.caller.member,
            });
        }
        if is_scoped(self.entity)
            && let Some(nodes) = &self.caller.scope
        {
            let path = column(SCOPE, Kind::Integer);
            all.push(Filter::OneOf {
                path,
                values: nodes.iter().map(|node| Value::Integer(*node)).collect(),
            });
        }
        if !self.caller.excluded_boards.is_empty()
            && let Some(board) = self.board_column()
        {
            let values = self
                .caller
                .excluded_boards
                .iter()
                .map(|board| Value::Integer(*board))
                .collect();
            let path = Path {
                through: Vec::new(),
                column: board,
                kind: Kind::Integer,
            };
            all.push(Filter::Not(Box::new(Filter::OneOf { path, values })));
        }
        if let Some(project) = self.project_column() {
            for bar in &self.bars {
                let values = bar.projects.iter().map(|id| Value::Integer(*id)).collect();
                let path = Path {
                    through: Vec::new(),
                    column: project.clone(),
                    kind: Kind::Integer,
                };
                let elsewhere = Filter::Not(Box::new(Filter::OneOf { path, values }));
                all.push(if bar.mine {
                    Filter::Or(vec![elsewhere, self.own()])
                } else {
                    elsewhere
                });
            }
        }
        all.into_iter()
            .reduce(bitting_query::and)
            .unwrap_or(Filter::Constant(true))
    }

    /// Rows that the caller made itself: what My means where nothing else says whose a row is.
    pub fn entered(&self) -> Filter {
        let value = Value::Text(self.caller.identifier.to_string());
        Filter::Compare {
            path: column(ENTERED_BY, Kind::Text),
            op: Comparison::Equal,
            value,
        }
    }

    /// Under level My, which rows are the caller's where the rows do not say so themselves: those of a parent
    /// that is the caller's and in sight, else those it entered. `passed` says that the path named the parents
    /// and that they were looked at.
    pub fn own_by_parent(&self, grounds: Grounds<'_>, passed: bool) -> Filter {
        let entity = self.entity;
        let told = self.mine
            && entity.ownership.parent
            && !crate::mine::is_owned(entity)
            // What is worked out is told by the rule that works it out.
            && (entity.stored || !passed);
        let Some(parent) = entity.parents.last().filter(|_| told) else {
            return Filter::Constant(true);
        };
        let holder = parent.entity.map(|holder| grounds.catalog.entity(holder));
        let holder = holder.filter(|holder| holder.stored).and_then(|holder| {
            let permit = pass_through(self.caller, holder);
            let owned = crate::mine::is_owned(holder);
            let permit = if owned { permit.owned() } else { permit };
            permit.mine.then_some(permit)
        });
        match holder {
            None => self.entered(),
            Some(_) if passed => Filter::Constant(true),
            Some(holder) => Filter::Behind {
                link: Link {
                    column: parent.column.clone(),
                    table: holder.entity.table.clone(),
                },
                filter: Box::new(holder.sight(grounds)),
            },
        }
    }

    /// The rows of the entity that the permit covers, wherever they hang.
    pub fn sight(&self, grounds: Grounds<'_>) -> Filter {
        let rows = bitting_query::and(self.narrow(), self.narrow_by_names(grounds));
        bitting_query::and(rows, self.own_by_parent(grounds, false))
    }

    /// The rows that a customize list of the role lets through (configuration types, agreement types), of
    /// those whose references are of the path's kind (schedule entries of tickets).
    pub fn narrow_by_names(&self, grounds: Grounds<'_>) -> Filter {
        let listed = self
            .listed(grounds)
            .map_or(Filter::Constant(true), Listed::filter);
        let kinds = self.entity.only.iter().filter_map(|(name, values)| {
            let field = self.entity.any_field(name)?;
            matches!(field.kind, FieldKind::Reference(_)).then_some(())?;
            let path = entry_path(grounds.catalog, self.entity, name)?;
            let values = values
                .iter()
                .map(|value| Value::Text(value.clone()))
                .collect();
            Some(Filter::OneOf { path, values })
        });
        kinds.fold(listed, bitting_query::and)
    }

    /// The customize list that applies to the entity's records, where the role restricts it.
    pub fn listed(&self, grounds: Grounds<'_>) -> Option<Listed> {
        let listed = self.entity.listed_by.as_ref()?;
        let list = grounds.registry.list(&listed.list)?;
        if self.caller.role.admin {
            return None;
        }
        let (names, denied) = match self.caller.role.list(grounds.registry, list)? {
            List::Everything => return None,
            List::Allow(names) => (names, false),
            List::Deny(names) => (names, true),
        };
        let path = entry_path(grounds.catalog, self.entity, &listed.field);
        let values = names
            .iter()
            .map(|name| Value::Text(name.to_owned()))
            .collect();
        Some(Listed {
            list,
            path,
            values,
            denied,
        })
    }

    /// Whether some records of the entity are hidden from the caller: by My, location, board or a
    /// customize list.
    pub fn restricts(&self, grounds: Grounds<'_>) -> bool {
        let scoped = is_scoped(self.entity) && self.caller.scope.is_some();
        let boards = !self.caller.excluded_boards.is_empty() && self.board_column().is_some();
        let projects = !self.bars.is_empty();
        self.mine || self.withheld || scoped || boards || projects || self.listed(grounds).is_some()
    }

    /// Why a field that the caller may not read may not be filtered or sorted by either.
    pub fn refuse_field(&self, grounds: Grounds<'_>, field: &str) -> Denial {
        let mut denial = self.refuse(grounds, Why::NoWayIn);
        denial.scope = Some(format!("field {field}"));
        denial.by(&self.caller.role.name)
    }

    /// The refusal of a row that is not the caller's, out of sight or on a barred board.
    pub fn refuse(&self, grounds: Grounds<'_>, why: Why) -> Denial {
        let refusal =
            Refusal::of_record(&self.caller.role, &self.entity.right.needs, self.verb, why);
        grounds.registry.explain(&refusal, &self.entity.path)
    }

    fn board_column(&self) -> Option<Arc<str>> {
        let name = self.entity.scope.board.as_deref()?;
        if name == "id" {
            return Some(Arc::from("id"));
        }
        Some(self.entity.any_field(name)?.column.clone())
    }

    /// The caller's own rows, where it has only those in a project.
    fn own(&self) -> Filter {
        if crate::mine::is_owned(self.entity) {
            return Filter::InIndex {
                table: crate::mine::table(&self.entity.table),
                key: self.caller.member,
            };
        }
        self.entered()
    }

    fn project_column(&self) -> Option<Arc<str>> {
        let name = self.entity.scope.project.as_deref()?;
        if name == "id" {
            return Some(Arc::from("id"));
        }
        let field = self
            .entity
            .any_field(name)
            .map(|field| field.column.clone());
        field.or_else(|| self.entity.parent(name).map(|parent| parent.column.clone()))
    }

    /// Whether the caller's role in the row's project closes the row to this call; `own` says whose the row
    /// is.
    pub fn closed_by_project(&self, row: &crate::row::Row, own: bool) -> bool {
        let Some(project) = self
            .project_column()
            .and_then(|column| row.integer(&column))
        else {
            return false;
        };
        let mut bars = self.bars.iter();
        bars.any(|bar| bar.projects.contains(&project) && !(bar.mine && own))
    }

    /// The board a row hangs on, where its entity has one.
    pub fn board_of(&self, row: &crate::row::Row) -> Option<i64> {
        row.integer(&self.board_column()?)
    }

    /// The same rows for reading back what was just written.
    #[must_use]
    pub fn reading(&self) -> Permit<'a> {
        let mine = matches!(
            decide(&self.caller.role, &self.entity.right.needs, Verb::Inquire),
            Decision::Mine
        );
        Permit {
            entity: self.entity,
            caller: self.caller,
            verb: Verb::Inquire,
            mine,
            withheld: self.withheld,
            hidden: self.hidden,
            bars: bars(
                self.caller,
                self.entity,
                &self.entity.right.needs,
                Verb::Inquire,
            ),
        }
    }

    /// Of these rows, the caller's own.
    #[must_use]
    pub fn owned(mut self) -> Self {
        self.mine = true;
        self
    }

    /// All rows in sight, also those that are not the caller's: what a reference may point to.
    #[must_use]
    pub fn whole(mut self) -> Self {
        self.mine = false;
        self.withheld = false;
        self
    }
}

fn column(name: &str, kind: Kind) -> Path {
    Path {
        through: Vec::new(),
        column: Arc::from(name),
        kind,
    }
}

/// A customize list as a condition on rows.
#[derive(Debug)]
pub struct Listed {
    pub list: ListId,
    /// Where the entry's name stands; `None` lets nothing through, for data that names no such field.
    pub path: Option<Path>,
    values: Vec<Value>,
    /// The names are kept out, not let in.
    pub denied: bool,
}

impl Listed {
    pub fn filter(self) -> Filter {
        match self.path.clone() {
            Some(path) => self.on(path),
            None => Filter::Constant(false),
        }
    }

    /// The same list on another path to the same name.
    pub fn on(self, path: Path) -> Filter {
        let filter = Filter::OneOf {
            path,
            values: self.values,
        };
        if self.denied {
            Filter::Not(Box::new(filter))
        } else {
            filter
        }
    }
}

/// The path of a name: a text of the record (`caption`), or what a reference shows (`type`), maybe through
/// others (`member/defaultLocation`).
fn entry_path(catalog: &Catalog, entity: &Entity, field: &str) -> Option<Path> {
    let mut through = Vec::new();
    let mut at = entity;
    let mut shown: Option<Arc<str>> = None;
    for segment in field.split('/') {
        let field = at.any_field(segment)?;
        let FieldKind::Reference(reference) = &field.kind else {
            return Some(Path {
                through,
                column: field.column.clone(),
                kind: Kind::Text,
            });
        };
        let target = catalog.entity(reference.target?);
        through.push(Link {
            column: field.column.clone(),
            table: target.table.clone(),
        });
        shown = reference.members.first().map(|(_, source)| source.clone());
        at = target;
    }
    let label = at.any_field(&shown?)?;
    Some(Path {
        through,
        column: label.column.clone(),
        kind: Kind::Text,
    })
}
