//! Proof that a call was authorized, and the rows it is about. Only [`authorize`] makes one, and nothing of this
//! module's neighbours reads or writes a row without one. Names no entity: whose rows are whose is in the data.

use super::answer::Trouble;
use super::tenant::{Caller, Tenant};
use crate::backend::{column, equals};
use bitting_catalog::entity::Entity;
use bitting_catalog::served::{Act, Served};
use bitting_dialects::autotask::error::Refusal;
use bitting_dialects::autotask::information::Access;
use bitting_policy::{ActionId, Decision, Level, Needs, Verb, decide};
use bitting_query::{Filter, Kind, Link, Path, Value, and, simplify};
use std::future::Future;
use std::pin::Pin;

/// Longest chain of records through which a row is seen: an attachment of a note of a ticket of a company.
const CHAIN: u32 = 6;

/// A call that was let through.
#[derive(Debug)]
pub struct Permit<'a> {
    entity: &'a Entity,
    caller: &'a Caller,
    act: Act,
    rows: Filter,
}

impl<'a> Permit<'a> {
    pub fn entity(&self) -> &'a Entity {
        self.entity
    }

    pub fn caller(&self) -> &'a Caller {
        self.caller
    }

    pub fn act(&self) -> Act {
        self.act
    }

    /// The rows the permit is about. Every reading and every check of a row goes through it.
    pub fn rows(&self) -> Filter {
        self.rows.clone()
    }
}

/// Decides, and makes the permit when the answer is not no.
pub async fn authorize<'a>(
    tenant: &Tenant,
    caller: &'a Caller,
    entity: &'a Entity,
    act: Act,
) -> Result<Permit<'a>, Trouble> {
    let (needs, verb) = needs(entity, act);
    if let Decision::Denied(refusal) = decide(&caller.role, needs, verb) {
        let denial = tenant.registry().explain(&refusal, &entity.path);
        let refusal = Refusal::permissions(act, &entity.schema);
        return Err(Trouble::Denied(
            refusal,
            Box::new(denial.by(&caller.role.name)),
        ));
    }
    Ok(Permit {
        entity,
        caller,
        act,
        rows: simplify(visible(View::new(tenant, caller, true), entity, act, CHAIN).await?),
    })
}

/// How far the caller may go: what entityInformation says of it.
pub async fn access(
    tenant: &Tenant,
    caller: &Caller,
    entity: &Entity,
    act: Act,
) -> Result<Access, Trouble> {
    let (needs, verb) = needs(entity, act);
    match decide(&caller.role, needs, verb) {
        Decision::Denied(_) => return Ok(Access::None),
        Decision::Mine => return Ok(Access::Restricted),
        Decision::All => {}
    }
    // Lines of business hide rows without a word, also here.
    let rows = simplify(visible(View::new(tenant, caller, false), entity, act, CHAIN).await?);
    Ok(if rows == Filter::Constant(true) {
        Access::All
    } else {
        Access::Restricted
    })
}

/// What an operation needs, and the verb that decides it.
fn needs(entity: &Entity, act: Act) -> (&Needs, Verb) {
    let own = entity.extra_rights.get(act.word());
    let right = own.unwrap_or(&entity.right);
    let asks = entity
        .served
        .as_ref()
        .and_then(|served| served.asks.iter().find(|(asked, _)| *asked == act));
    let verb = asks.map_or(act.verb(), |(_, verb)| verb.verb());
    (&right.needs, verb)
}

/// Who looks at whose rows.
#[derive(Clone, Copy)]
struct View<'f> {
    tenant: &'f Tenant,
    caller: &'f Caller,
    /// Rows of other lines of business are out of sight.
    by_line: bool,
}

impl<'f> View<'f> {
    fn new(tenant: &'f Tenant, caller: &'f Caller, by_line: bool) -> Self {
        Self {
            tenant,
            caller,
            by_line: by_line && !caller.is_operator(),
        }
    }
}

/// The rows of an entity that are open to an operation.
fn visible<'f>(
    view: View<'f>,
    entity: &'f Entity,
    act: Act,
    depth: u32,
) -> Pin<Box<dyn Future<Output = Result<Filter, Trouble>> + Send + 'f>> {
    Box::pin(rows_of(view, entity, act, depth))
}

async fn rows_of(view: View<'_>, entity: &Entity, act: Act, depth: u32) -> Result<Filter, Trouble> {
    let View {
        tenant,
        caller,
        by_line,
    } = view;
    let (needs, verb) = needs(entity, act);
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
    let others_mine = actions.iter().any(|action| {
        let has_classes = tenant.registry().get(*action).is_some_and(|row| {
            let found = tenant.permissions.find(&row.module, &row.name);
            found.is_some_and(|permission| !permission.classes.is_empty())
        });
        !has_classes && caller.role.level(*action, verb) == Level::My
    });
    if decision == Decision::Mine && (!classed || others_mine) {
        all.push(mine(view, entity, served, depth).await?);
    }
    if let Some(field) = served.rows.through {
        let field = &entity.fields[field];
        if let Some(target) = field.target() {
            let target = tenant.catalog().entity(target);
            let seen = visible(view, target, Act::Query, depth - 1).await?;
            let link = Link {
                column: field.column.clone(),
                table: target.table.clone(),
            };
            all.push(lifted(simplify(seen), &link));
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
    Ok(all
        .into_iter()
        .reduce(and)
        .unwrap_or(Filter::Constant(true)))
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
                own.extend(&permission.classes);
            }
            _ => whole = false,
        }
    }
    if whole {
        return Ok(None);
    }
    let of = |classes: Vec<i64>| Filter::OneOf {
        path: column(&entity.fields[field].column, Kind::Integer),
        values: classes.into_iter().map(Value::Integer).collect(),
    };
    let mut any = vec![of(open)];
    if !own.is_empty() {
        any.push(and(of(own), mine(view, entity, served, depth).await?));
    }
    Ok(Some(Filter::Or(any)))
}

/// The caller's own rows.
async fn mine(
    view: View<'_>,
    entity: &Entity,
    served: &Served,
    depth: u32,
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
        let filter = equals(&team.resource, Kind::Integer, me());
        let members = tenant
            .backend
            .raw_rows(listing, filter, Vec::new(), None)
            .await?;
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
    if let Some(field) = rows.mine_through {
        let field = &entity.fields[field];
        if let Some(target) = field.target() {
            let target = tenant.catalog().entity(target);
            let seen = visible(view, target, Act::Query, depth - 1).await?;
            let link = Link {
                column: field.column.clone(),
                table: target.table.clone(),
            };
            any.push(lifted(simplify(seen), &link));
        }
    }
    if any.is_empty() {
        // Part of another record: mine when that one is.
        return Ok(match rows.through {
            Some(_) => Filter::Constant(true),
            None => equals(
                bitting_dialects::connectwise::layout::ENTERED_BY,
                Kind::Text,
                Value::Text(caller.user.to_string()),
            ),
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
        // Rules about rows are not made of these; one that were would close and not open.
        Filter::Any { .. } | Filter::InIndex { .. } => Filter::Constant(false),
    }
}
