//! Proof that a call was authorized, and the rows it is about. Only [`authorize`] makes one, and nothing of this
//! module's neighbours reads or writes a row without one. Names no entity: whose rows are whose is in the data.

mod rows;

use super::answer::Trouble;
use super::tenant::{Caller, Tenant};
use super::users::ProtectedData;
use bitting_catalog::entity::Entity;
use bitting_catalog::served::Act;
use bitting_dialects::autotask::error::Refusal;
use bitting_dialects::autotask::information::Access;
use bitting_policy::{Decision, Needs, Verb, decide};
use bitting_query::{Filter, and, simplify};
use rows::{CHAIN, View, rows_under, visible};

/// A call that was let through.
#[derive(Debug)]
pub struct Permit<'a> {
    entity: &'a Entity,
    caller: &'a Caller,
    /// In whose name, where that is not the caller's own.
    acting: Option<Caller>,
    act: Act,
    rows: Filter,
    /// The rows in sight of a change or a deletion; all of them for other operations, whose `rows` say it.
    sight: Filter,
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

    /// The rows it can be used on as they are: what is out of sight can be neither changed nor deleted, even where the
    /// level says more for that than for viewing. A change may take a record out of sight, as who gives a ticket away
    /// does.
    pub fn found(&self) -> Filter {
        and(self.rows.clone(), self.sight.clone())
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
    let theirs = authorize(tenant, &acting, entity, act).await?;
    let (rows, sight) = (theirs.rows, theirs.sight);
    permit.rows = simplify(and(permit.rows, rows));
    permit.sight = simplify(and(permit.sight, sight));
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
        let rows = simplify(rows);
        let seen = if rows == Filter::Constant(true) {
            // Nothing is asked of the row but that it is there.
            tenant.backend.raw_row(target, id).await?.is_some()
        } else {
            let rows = and(rows, bitting_psa::backend::with_id(id));
            tenant.backend.raw_any(target, rows).await?
        };
        if !seen {
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
    let view = View::new(tenant, caller, true);
    let rows = simplify(visible(view, entity, act, CHAIN).await?);
    let sight = match act {
        Act::Update | Act::Delete => simplify(visible(view, entity, Act::Query, CHAIN).await?),
        Act::Query | Act::Create => Filter::Constant(true),
    };
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
        // Mostly the same rows, which need no saying twice.
        sight: if sight == rows {
            Filter::Constant(true)
        } else {
            sight
        },
        rows,
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
    let view = View::new(tenant, caller, false);
    let mut rows = visible(view, entity, act, CHAIN).await?;
    if let Act::Update | Act::Delete = act {
        rows = and(rows, visible(view, entity, Act::Query, CHAIN).await?);
    }
    Ok(if simplify(rows) == Filter::Constant(true) {
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
