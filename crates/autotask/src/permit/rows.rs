//! Which rows of an entity a right opens: those that are the caller's, those of its class, and those of records that
//! are seen. Names no entity; whose rows are whose is in the data.

use super::super::answer::Trouble;
use super::super::tenant::{Caller, Tenant};
use super::needs;
use bitting_catalog::entity::{Entity, Field};
use bitting_catalog::security::Reach;
use bitting_catalog::served::{Act, Served};
use bitting_policy::{ActionId, Decision, Level, Needs, Verb, decide};
use bitting_psa::backend::{column, equals};
use bitting_query::{Elements, Filter, Kind, Link, Path, Row, Value, and, matches, simplify};
use std::borrow::Cow;
use std::future::Future;
use std::pin::Pin;

/// Longest chain of records through which a row is seen: an attachment of a note of a ticket of a company.
pub const CHAIN: u32 = 6;

/// Who looks at whose rows.
#[derive(Clone, Copy)]
pub struct View<'f> {
    tenant: &'f Tenant,
    caller: &'f Caller,
    /// Rows of other lines of business are out of sight.
    by_line: bool,
}

impl<'f> View<'f> {
    pub fn new(tenant: &'f Tenant, caller: &'f Caller, by_line: bool) -> Self {
        Self {
            tenant,
            caller,
            by_line: by_line && !caller.is_operator(),
        }
    }
}

/// The rows of an entity that are open to an operation.
pub fn visible<'f>(
    view: View<'f>,
    entity: &'f Entity,
    act: Act,
    depth: u32,
) -> Pin<Box<dyn Future<Output = Result<Filter, Trouble>> + Send + 'f>> {
    Box::pin(rows_of(view, entity, act, depth))
}

async fn rows_of(view: View<'_>, entity: &Entity, act: Act, depth: u32) -> Result<Filter, Trouble> {
    rows_under(view, entity, needs(entity, act), depth).await
}

/// The rows that a right opens to a verb.
pub async fn rows_under(
    view: View<'_>,
    entity: &Entity,
    (needs, verb): (&Needs, Verb),
    depth: u32,
) -> Result<Filter, Trouble> {
    let View {
        tenant,
        caller,
        by_line,
    } = view;
    let decision = decide(&caller.role, needs, verb);
    if matches!(decision, Decision::Denied(_)) || depth == 0 {
        return Ok(Filter::Constant(false));
    }
    let Some(served) = &entity.served else {
        return Ok(Filter::Constant(false));
    };
    let mut all = Vec::new();
    let mut actions = Vec::new();
    collect(needs, &mut actions);
    // Rows that fall under the right of their class have no one level for all of them.
    let classed = match served.rows.classes {
        Some(field) => {
            let filter = classes(view, entity, served, field, &actions, verb, depth).await?;
            all.extend(filter.clone());
            filter.is_some()
        }
        None => false,
    };
    let others_mine: Vec<ActionId> = actions
        .iter()
        .copied()
        .filter(|action| {
            let has_classes = tenant.registry().get(*action).is_some_and(|row| {
                let found = tenant.permissions.find(&row.module, &row.name);
                found.is_some_and(|permission| !permission.classes.is_empty())
            });
            !has_classes && caller.role.level(*action, verb) == Level::My
        })
        .collect();
    if decision == Decision::Mine && (!classed || !others_mine.is_empty()) {
        // Every row of the screen that says Mine has to reach as far.
        let widened = |reach: Reach| {
            !others_mine.is_empty()
                && others_mine
                    .iter()
                    .all(|action| caller.level.reaches(*action, verb, reach))
        };
        let reach = EVERY_REACH.into_iter().filter(|reach| widened(*reach));
        all.push(mine(view, entity, served, depth, &reach.collect::<Vec<_>>()).await?);
    }
    all.extend(through(view, entity, served, depth).await?);
    for (name, right) in &entity.extra_rights {
        let Some(flag) = name.strip_prefix("rows ") else {
            continue;
        };
        let held = decide(&caller.role, &right.needs, Verb::Inquire);
        if let Decision::Denied(_) = held
            && let Some(field) = entity.fields.iter().find(|field| *field.name == *flag)
        {
            all.push(without(field));
        }
    }
    if let Some(field) = served.rows.line
        && by_line
    {
        let path = column(&entity.fields[field].column, Kind::Integer);
        let values = caller
            .lines
            .iter()
            .map(|line| Value::Integer(*line))
            .collect();
        all.push(Filter::Or(vec![
            Filter::IsNull { path: path.clone() },
            Filter::OneOf { path, values },
        ]));
    }
    let others = simplify(
        all.into_iter()
            .reduce(and)
            .unwrap_or(Filter::Constant(true)),
    );
    if served.rows.own.is_empty() || others == Filter::Constant(true) {
        return Ok(others);
    }
    let own = served.rows.own.iter().map(|field| {
        let me = Value::Integer(caller.resource);
        equals(&entity.fields[*field].column, Kind::Integer, me)
    });
    Ok(Filter::Or(own.chain([others]).collect()))
}

/// The rows that do not have a flag, or name nothing in a field.
fn without(field: &Field) -> Filter {
    match field.kind {
        bitting_catalog::entity::Kind::Boolean => Filter::Or(vec![
            Filter::IsNull {
                path: column(&field.column, Kind::Boolean),
            },
            equals(&field.column, Kind::Boolean, Value::Boolean(false)),
        ]),
        _ => Filter::IsNull {
            path: column(&field.column, Kind::Integer),
        },
    }
}

const EVERY_REACH: [Reach; 2] = [Reach::Territories, Reach::Organizations];

/// So many parents of an entity are said one by one; of more each would say all others.
const SPELT_OUT: usize = 3;

/// The rows whose parents are seen. Where there are several, each that is named must be, and one must be named.
async fn through(
    view: View<'_>,
    entity: &Entity,
    served: &Served,
    depth: u32,
) -> Result<Vec<Filter>, Trouble> {
    let mut seen = Vec::new();
    for field in &served.rows.through {
        if let Some(filter) = beyond(view, entity, *field, depth).await? {
            seen.push((&entity.fields[*field].column, filter));
        }
    }
    if seen.len() < 2 {
        return Ok(seen.into_iter().map(|(_, filter)| filter).collect());
    }
    if seen
        .iter()
        .all(|(_, filter)| *filter == Filter::Constant(true))
    {
        return Ok(Vec::new());
    }
    let empty = |name: &std::sync::Arc<str>| Filter::IsNull {
        path: column(name, Kind::Integer),
    };
    let unless_empty = |(name, filter): &(&std::sync::Arc<str>, Filter)| {
        Filter::Or(vec![empty(name), filter.clone()])
    };
    if seen.len() > SPELT_OUT {
        let none = Filter::And(seen.iter().map(|(name, _)| empty(name)).collect());
        let each = seen.iter().map(unless_empty);
        return Ok(std::iter::once(Filter::Not(Box::new(none)))
            .chain(each)
            .collect());
    }
    // Said so that each branch names the rows of one parent, by which they are found.
    let by_one = |place: usize| {
        let (name, filter) = &seen[place];
        let named = and(Filter::Not(Box::new(empty(name))), filter.clone());
        let others = seen.iter().enumerate().filter(|(other, _)| *other != place);
        others.fold(named, |all, (_, other)| and(all, unless_empty(other)))
    };
    Ok(vec![Filter::Or((0..seen.len()).map(by_one).collect())])
}

/// What the caller sees of the records that a field names, as a filter on the rows that name them.
async fn beyond(
    view: View<'_>,
    entity: &Entity,
    field: usize,
    depth: u32,
) -> Result<Option<Filter>, Trouble> {
    let field = &entity.fields[field];
    let Some(target) = field.target() else {
        return Ok(None);
    };
    let target = view.tenant.catalog().entity(target);
    let seen = simplify(visible(view, target, Act::Query, depth - 1).await?);
    let link = Link {
        column: field.column.clone(),
        table: target.table.clone(),
    };
    Ok(Some(match seen {
        // What names no record is open to those who see all but some.
        wide if matches(&wide, &Nothing) => lifted(wide, &link),
        filter => Filter::Behind {
            link,
            filter: Box::new(filter),
        },
    }))
}

/// The rows that the permissions of their classes open; nothing where every class is open.
async fn classes(
    view: View<'_>,
    entity: &Entity,
    served: &Served,
    field: usize,
    actions: &[ActionId],
    verb: Verb,
    depth: u32,
) -> Result<Option<Filter>, Trouble> {
    let View { tenant, caller, .. } = view;
    let mut open = Vec::new();
    let mut own = Vec::new();
    let mut whole = true;
    for action in actions {
        let Some(row) = tenant.registry().get(*action) else {
            continue;
        };
        let permission = tenant.permissions.find(&row.module, &row.name);
        let Some(permission) = permission.filter(|permission| !permission.classes.is_empty())
        else {
            continue;
        };
        let viewed = caller.role.level(*action, Verb::Inquire) != Level::None;
        match caller.role.level(*action, verb) {
            Level::All if viewed => open.extend(&permission.classes),
            Level::My if viewed => {
                whole = false;
                own.push((*action, &permission.classes));
            }
            _ => whole = false,
        }
    }
    if whole {
        return Ok(None);
    }
    let of = |classes: &[i64]| Filter::OneOf {
        path: column(&entity.fields[field].column, Kind::Integer),
        values: classes.iter().copied().map(Value::Integer).collect(),
    };
    let mut any = vec![of(&open)];
    for (action, classes) in own {
        let reach = EVERY_REACH.into_iter();
        let reach: Vec<Reach> = reach
            .filter(|reach| caller.level.reaches(action, verb, *reach))
            .collect();
        let mine = mine(view, entity, served, depth, &reach).await?;
        any.push(and(of(classes), mine));
    }
    Ok(Some(Filter::Or(any)))
}

/// The caller's own rows, and those that the level's value reaches beside them.
async fn mine(
    view: View<'_>,
    entity: &Entity,
    served: &Served,
    depth: u32,
    reach: &[Reach],
) -> Result<Filter, Trouble> {
    let View { tenant, caller, .. } = view;
    let rows = &served.rows;
    let me = || Value::Integer(caller.resource);
    let mut any: Vec<Filter> = rows
        .mine
        .iter()
        .map(|field| equals(&entity.fields[*field].column, Kind::Integer, me()))
        .collect();
    if let Some(team) = &rows.team {
        let listing = tenant.catalog().entity(team.entity);
        // By an index, on this thread: it is asked at each call of whoever has level Mine.
        let of = (&*team.resource, caller.resource);
        let members = tenant.backend.raw_part(listing, of, &[&*team.row]).await?;
        let values = members
            .iter()
            .filter_map(|row| row.integer(&team.row))
            .map(Value::Integer)
            .collect();
        any.push(Filter::OneOf {
            path: column("id", Kind::Integer),
            values,
        });
    }
    if let Some(field) = rows.organizations
        && reach.contains(&Reach::Organizations)
    {
        any.extend(beyond(view, entity, field, depth).await?);
    }
    if let Some(field) = rows.territory
        && reach.contains(&Reach::Territories)
    {
        let values = caller.territories.iter().copied().map(Value::Integer);
        any.push(Filter::OneOf {
            path: column(&entity.fields[field].column, Kind::Integer),
            values: values.collect(),
        });
    }
    if any.is_empty() {
        // Part of another record: mine when that one is.
        return Ok(if rows.through.is_empty() {
            equals(
                bitting_dialects::connectwise::layout::ENTERED_BY,
                Kind::Text,
                Value::Text(caller.user.to_string()),
            )
        } else {
            Filter::Constant(true)
        });
    }
    Ok(Filter::Or(any))
}

fn collect(needs: &Needs, actions: &mut Vec<ActionId>) {
    match needs {
        Needs::Action(action) => actions.push(*action),
        Needs::Every(parts) | Needs::Either(parts) => {
            for part in parts {
                collect(part, actions);
            }
        }
        Needs::Anyone | Needs::AnyMember | Needs::Table(_) => {}
    }
}

/// A row that holds nothing: what a reference to no record leads to.
struct Nothing;

impl Row for Nothing {
    fn value(&self, _: &Path) -> Cow<'_, Value> {
        Cow::Owned(Value::Null)
    }

    fn elements(&self, _: &Elements) -> Vec<Box<dyn Row + '_>> {
        Vec::new()
    }

    fn in_index(&self, _: &str, _: i64) -> bool {
        false
    }
}

/// A filter on a record as one on the rows that point to it.
fn lifted(filter: Filter, link: &Link) -> Filter {
    let lift = |mut path: Path| {
        path.through.insert(0, link.clone());
        path
    };
    let each = |parts: Vec<Filter>| parts.into_iter().map(|part| lifted(part, link)).collect();
    match filter {
        Filter::Constant(value) => Filter::Constant(value),
        Filter::And(parts) => Filter::And(each(parts)),
        Filter::Or(parts) => Filter::Or(each(parts)),
        Filter::Not(inner) => Filter::Not(Box::new(lifted(*inner, link))),
        Filter::Compare { path, op, value } => Filter::Compare {
            path: lift(path),
            op,
            value,
        },
        Filter::OneOf { path, values } => Filter::OneOf {
            path: lift(path),
            values,
        },
        Filter::Contains { path, text } => Filter::Contains {
            path: lift(path),
            text,
        },
        Filter::Like { path, pattern } => Filter::Like {
            path: lift(path),
            pattern,
        },
        Filter::HasWord { path, word } => Filter::HasWord {
            path: lift(path),
            word,
        },
        Filter::IsNull { path } => Filter::IsNull { path: lift(path) },
        behind @ Filter::Behind { .. } => Filter::Behind {
            link: link.clone(),
            filter: Box::new(behind),
        },
        // Rules about rows are not made of these; one that were would close and not open.
        Filter::Any { .. } | Filter::InIndex { .. } | Filter::InRuns { .. } => {
            Filter::Constant(false)
        }
    }
}
