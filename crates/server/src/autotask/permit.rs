//! Proof that a call was authorized, and the rows it is about. Only [`authorize`] makes one, and nothing of this
//! module's neighbours reads or writes a row without one. Names no entity: whose rows are whose is in the data.

use super::answer::Trouble;
use super::tenant::{Caller, Tenant};
use super::users::ProtectedData;
use crate::backend::{column, equals};
use bitting_catalog::entity::{Entity, Field};
use bitting_catalog::security::Reach;
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
    /// In whose name, where that is not the caller's own.
    acting: Option<Caller>,
    act: Act,
    rows: Filter,
    /// Fields that do not show, by index.
    hidden: Vec<usize>,
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

    /// Whose records are made: the caller's, or those of whoever it acts for.
    pub fn acting(&self) -> &Caller {
        self.acting.as_ref().unwrap_or(self.caller)
    }

    /// The resource the caller acts for.
    pub fn impersonated(&self) -> Option<i64> {
        self.acting.as_ref().map(|acting| acting.resource)
    }

    /// Everybody whose sight bounds the call.
    pub fn everybody(&self) -> impl Iterator<Item = &Caller> {
        [Some(self.caller), self.acting.as_ref()]
            .into_iter()
            .flatten()
    }

    /// Whether a field of the record shows.
    pub fn hides(&self, field: usize) -> bool {
        self.hidden.contains(&field)
    }

    /// What the caller may do with the entity's user-defined fields.
    pub fn user_defined(&self) -> ProtectedData {
        let entity = self.entity.served.as_ref();
        if entity.is_some_and(|served| served.protected_data) {
            return self.caller.data;
        }
        // Elsewhere only what is marked as protected is.
        self.caller.data.max(ProtectedData::EditUnprotected)
    }

    /// Whether a right beside those of the four operations is held: `change ownerResourceID`.
    pub fn holds(&self, right: &str, verb: Verb) -> bool {
        self.everybody()
            .all(|caller| holds(caller, self.entity, right, verb))
    }

    /// The rows the permit is about. Every reading and every check of a row goes through it.
    pub fn rows(&self) -> Filter {
        self.rows.clone()
    }
}

/// A right that has no entry is everybody's.
fn holds(caller: &Caller, entity: &Entity, right: &str, verb: Verb) -> bool {
    entity.extra_rights.get(right).is_none_or(|right| {
        !matches!(
            decide(&caller.role, &right.needs, verb),
            Decision::Denied(_)
        )
    })
}

/// Decides on a write that may be in somebody else's name: then both must be allowed to, the caller's level must
/// have the tick of the Resource Impersonation grid, and only what both see is open.
pub async fn authorize_write<'a>(
    tenant: &Tenant,
    caller: &'a Caller,
    entity: &'a Entity,
    act: Act,
) -> Result<Permit<'a>, Trouble> {
    let mut permit = authorize(tenant, caller, entity, act).await?;
    let Some(resource) = caller.impersonates.filter(|_| can_be_impersonated(entity)) else {
        return Ok(permit);
    };
    let refused = || Refusal::permissions(act, &entity.schema);
    if !holds(caller, entity, IMPERSONATE, act.verb()) {
        return Err(refused().into());
    }
    let acting = tenant.stand_in(resource, entity).await?;
    let acting = acting.ok_or_else(refused)?;
    let theirs = authorize(tenant, &acting, entity, act).await?.rows;
    permit.rows = simplify(and(permit.rows, theirs));
    permit.acting = Some(acting);
    Ok(permit)
}

const IMPERSONATE: &str = "impersonate";

/// Whether records of this kind can be made in somebody else's name; elsewhere the header says nothing.
pub fn can_be_impersonated(entity: &Entity) -> bool {
    entity.extra_rights.contains_key(IMPERSONATE)
}

/// Whether everybody whom a write is for may point to a record.
pub async fn may_refer(
    tenant: &Tenant,
    permit: &Permit<'_>,
    target: &Entity,
    id: i64,
) -> Result<bool, Trouble> {
    for caller in permit.everybody() {
        let view = View::new(tenant, caller, true);
        let mut rows = simplify(visible(view, target, Act::Query, CHAIN).await?);
        // Some levels let records be made for companies and contracts that they do not show.
        if let Some(right) = target.extra_rights.get("refer")
            && rows != Filter::Constant(true)
        {
            let asked = (&right.needs, Verb::Inquire);
            let further = rows_under(view, target, asked, CHAIN).await?;
            rows = Filter::Or(vec![rows, further]);
        }
        let rows = and(simplify(rows), crate::backend::with_id(id));
        if tenant.backend.raw_count(target, &rows).await? == 0 {
            return Ok(false);
        }
    }
    Ok(true)
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
    let hidden = entity.fields.iter().enumerate().filter(|(_, field)| {
        let right = format!("see {}", field.name);
        !holds(caller, entity, &right, Verb::Inquire)
    });
    Ok(Permit {
        entity,
        caller,
        acting: None,
        hidden: if entity
            .extra_rights
            .keys()
            .any(|right| right.starts_with("see "))
        {
            hidden.map(|(index, _)| index).collect()
        } else {
            Vec::new()
        },
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
    let served = entity.served.as_ref();
    if served.is_some_and(|served| served.restricted.contains(&act)) {
        return Ok(Access::Restricted);
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
    rows_under(view, entity, needs(entity, act), depth).await
}

/// The rows that a right opens to a verb.
async fn rows_under(
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
    let none = Filter::And(seen.iter().map(|(name, _)| empty(name)).collect());
    let mut all = vec![Filter::Not(Box::new(none))];
    for (name, filter) in seen {
        all.push(Filter::Or(vec![empty(name), filter]));
    }
    Ok(all)
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
    Ok(Some(lifted(seen, &link)))
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
