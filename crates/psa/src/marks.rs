//! What the names of an entity's rules say to the core itself, without any rule being run.

use crate::backend::equals;
use crate::caller::Caller;
use crate::permit::{Grounds, Permit};
use bitting_catalog::entity::Entity;
use bitting_query::{Filter, Kind, Value, and};

/// Records that are for the caller alone whatever its level, as a filter.
pub fn own(permit: &Permit<'_>) -> Filter {
    let marked = |name: &str| permit.entity().rules.iter().any(|rule| rule == name);
    // Of callbacks an administrator sees everybody's.
    if marked("own_records") || (marked("callback") && !permit.caller().role.admin) {
        return of_caller(permit);
    }
    Filter::Constant(true)
}

/// Rows under the parents in the path; of those that level My hides, only the caller's.
pub fn under(grounds: Grounds<'_>, permit: &Permit<'_>, parents: &[i64]) -> Filter {
    let entity = permit.entity();
    if parents.len() < entity.parents.len() {
        return permit.own_by_parent(grounds, false);
    }
    // Outer parents were checked on the way; the nearest one decides.
    match (entity.parents.last(), parents.last()) {
        (Some(parent), Some(id)) => {
            let of = equals(&parent.column, Kind::Integer, Value::Integer(*id));
            and(of, permit.own_by_parent(grounds, true))
        }
        _ => own(permit),
    }
}

/// The rows that name the caller as their member.
pub fn of_caller(permit: &Permit<'_>) -> Filter {
    let member = Value::Integer(permit.caller().member);
    equals("member_id", Kind::Integer, member)
}

/// Where a path is for the caller's own record alone, whether this id is it; `None` for all other paths.
pub fn is_own(entity: &Entity, caller: &Caller, id: i64) -> Option<bool> {
    let own = entity.rules.iter().any(|rule| rule == "my_account");
    own.then_some(id == caller.member)
}

/// Whether conditions on rows that are worked out look behind references. Not where the rows are made of other stored
/// records by rules of their own, which a gate's fence through a reference cannot tell: it finds none there.
pub fn looks_behind(entity: &Entity) -> bool {
    // Of boards the active ones are worked out, and nothing else.
    let own = ["all_notes", "attached_configuration", "board"];
    !entity.stored || entity.rules.iter().any(|rule| own.contains(&rule.as_str()))
}

/// Whether records of this entity are read at opening, and anew once one of them is written.
pub fn is_read_at_opening(entity: &Entity) -> bool {
    entity.rules.iter().any(|rule| rule == "user_defined_field")
}
