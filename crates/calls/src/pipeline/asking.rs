//! What a call asks for in its conditions and its order, read and checked: a filter shows what it looks at,
//! so whoever may not read that may not ask for it either.

use super::veil::Veil;
use crate::pipeline::call::Call;
use bitting_dialects::connectwise::conditions::{self, Resolved, Used};
use bitting_dialects::connectwise::order;
use bitting_dialects::connectwise::parameters::Parameters;
use bitting_policy::Verb;
use bitting_psa::permit::{Permit, authorize, pass_through};
use bitting_psa::problem::Problem;
use bitting_query::{Filter, Order, and};

pub(super) fn filter(call: &Call<'_>, permit: &Permit<'_>) -> Result<Filter, Problem> {
    read_filter(call, permit, &call.parameters)
}

/// Reads the three kinds of conditions; fields the caller may not read are refused.
pub fn read_filter(
    call: &Call<'_>,
    permit: &Permit<'_>,
    parameters: &Parameters,
) -> Result<Filter, Problem> {
    let (names, entity, release) = (call.instance.catalog(), call.entity.id, call.release);
    let mut filter = Filter::Constant(true);
    if let Some(text) = &parameters.conditions {
        let resolved = conditions::conditions(text, names, entity, release)?;
        filter = and(filter, in_sight(call, permit, resolved)?);
    }
    if let Some(text) = &parameters.child_conditions {
        let resolved = conditions::child_conditions(text, names, entity, release)?;
        filter = and(filter, in_sight(call, permit, resolved)?);
    }
    if let Some(text) = &parameters.custom_field_conditions {
        let defined = call.instance.backend.defined(entity);
        let captions: Vec<(i64, &str)> = defined
            .iter()
            .map(|field| (field.shown.id, field.caption.as_str()))
            .collect();
        filter = and(
            filter,
            conditions::custom_field_conditions(text, &captions)?,
        );
    }
    Ok(filter)
}

pub fn ordered(call: &Call<'_>, permit: &Permit<'_>, text: &str) -> Result<Vec<Order>, Problem> {
    let ordered = order::order(text, call.instance.catalog(), call.entity.id, call.release)?;
    Ok(veil(call, permit, &ordered.used)?.sorted(ordered.order))
}

/// The filter on what the caller may see: fields it may not read are refused, and records hidden from it answer
/// as if there were none.
fn in_sight(call: &Call<'_>, permit: &Permit<'_>, resolved: Resolved) -> Result<Filter, Problem> {
    Ok(veil(call, permit, &resolved.used)?.over(resolved.filter))
}

/// What is hidden from the caller of what is looked at.
fn veil<'u>(call: &Call<'_>, permit: &Permit<'_>, used: &'u Used) -> Result<Veil<'u>, Problem> {
    let mut veil = Veil::new(used);
    for other in readable(call, permit, used)? {
        // A PSA behind a gate answers what it is asked itself, and knows nothing of what is hidden here.
        if call.instance.is_gate() {
            return Err(behind(call, &other));
        }
        veil.hide(&other, call.instance.backend.grounds(), used);
    }
    Ok(veil)
}

/// A row that is hidden from the caller must not answer through a row that is not.
fn behind(call: &Call<'_>, other: &Permit<'_>) -> Problem {
    let name = format!("{} behind a reference", other.entity().path);
    other
        .refuse_field(call.instance.backend.grounds(), &name)
        .into()
}

/// A filter or an order shows what it looks at: whoever may not read it may not ask for it either. Answers the
/// permits of those entities behind references whose records are hidden from the caller in part.
fn readable<'c>(
    call: &'c Call<'_>,
    permit: &Permit<'_>,
    used: &Used,
) -> Result<Vec<Permit<'c>>, Problem> {
    if let Some(field) = used.fields.iter().find(|field| permit.hides(**field)) {
        let name = &call.entity.fields[*field].name;
        return Err(permit
            .refuse_field(call.instance.backend.grounds(), name)
            .into());
    }
    let catalog = call.instance.catalog();
    let mut veiled = Vec::new();
    let mut beyond = used.entities();
    beyond.extend(
        used.children
            .iter()
            .filter(|id| !used.entities().contains(id)),
    );
    for id in beyond {
        let entity = catalog.entity(id);
        let grounds = call.instance.backend.grounds();
        let other = authorize(
            grounds,
            &call.caller,
            entity,
            &entity.right.needs,
            Verb::Inquire,
        )
        .map_err(|denial| denial.by(&call.caller.role.name))?;
        if other.restricts(grounds) {
            veiled.push(other);
        }
    }
    for (id, field) in &used.beyond {
        let entity = catalog.entity(*id);
        let other = pass_through(&call.caller, entity);
        if other.hides(*field) {
            return Err(other
                .refuse_field(call.instance.backend.grounds(), &entity.fields[*field].name)
                .into());
        }
    }
    Ok(veiled)
}
