//! The decision: may this role do this, to all records, to the caller's own, or not.
//!
//! Must not allocate and must not know names: it runs on every call.

use crate::{ActionId, EntryId, Level, ListId, Needs, Role, Verb};

/// What a role may do. Ordered by generosity in [`decide`]: `Denied`, `Mine`, `All`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// On every record the caller can see.
    All,
    /// On records that belong to the caller.
    Mine,
    /// Not at all, and why.
    Denied(Refusal),
}

/// Why not, small enough to be handed around. [`crate::Registry::explain`] puts it into words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// The row that lacks something; [`ActionId::NOWHERE`] where no single row does.
    pub action: ActionId,
    pub verb: Verb,
    /// The level the row holds for the verb.
    pub held: Level,
    pub why: Why,
}

/// The gate that refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// The row's level.
    Level,
    /// The row holds the verb but not Inquire, which it needs. No role set here gets into this
    /// state; one that another system reports can.
    NeedsInquire,
    /// The level is there; the setup table is not on the role's list.
    TableNotAllowed(EntryId),
    /// The level is there; the record's type is not on the role's customize list.
    ListEntryNotAllowed(ListId),
    /// The role is inactive.
    InactiveRole,
    /// The level is My, and the record is not the caller's.
    Ownership,
    /// The record is on a board that is excluded for the caller.
    Board,
    /// The record lies outside the caller's location.
    Location,
    /// The caller's role in the record's project does not let it.
    ProjectRole,
    /// The call names no right that would open it.
    NoWayIn,
}

impl Refusal {
    /// A refusal of a decision that was `Mine`, once the record turned out not to be the caller's
    /// or to lie elsewhere. Names the first row that holds My, else the first row there is.
    pub fn of_record(role: &Role, needs: &Needs, verb: Verb, why: Why) -> Refusal {
        let mut first = None;
        let action = first_my(role, needs, verb, &mut first)
            .or(first)
            .unwrap_or(ActionId::NOWHERE);
        refuse(role, action, verb, why)
    }
}

fn first_my(
    role: &Role,
    needs: &Needs,
    verb: Verb,
    first: &mut Option<ActionId>,
) -> Option<ActionId> {
    let action = match needs {
        Needs::Anyone | Needs::AnyMember => return None,
        Needs::Action(action) => *action,
        Needs::Table(_) => role.table_setup,
        Needs::Every(parts) | Needs::Either(parts) => {
            return parts
                .iter()
                .find_map(|part| first_my(role, part, verb, first));
        }
    };
    first.get_or_insert(action);
    (role.level(action, verb) == Level::My).then_some(action)
}

/// Decides a call.
///
/// - An inactive role is refused everything that needs a key; an admin role is refused nothing.
/// - A row decides by its level for the verb. Add, Edit and Delete also need Inquire on the row.
/// - A table decides by the Table Setup row, and must be on the role's list.
/// - `Every` is as generous as its least generous part; its refusal is that of the first part that
///   refuses. `Either` is as generous as its most generous part; its refusal is that of the first.
pub fn decide(role: &Role, needs: &Needs, verb: Verb) -> Decision {
    if matches!(needs, Needs::Anyone) {
        return Decision::All;
    }
    if role.inactive {
        return Decision::Denied(refuse(role, ActionId::NOWHERE, verb, Why::InactiveRole));
    }
    if role.admin {
        return Decision::All;
    }
    weigh(role, needs, verb)
}

fn weigh(role: &Role, needs: &Needs, verb: Verb) -> Decision {
    match needs {
        Needs::Anyone | Needs::AnyMember => Decision::All,
        Needs::Action(action) => row(role, *action, verb),
        Needs::Table(table) => match row(role, role.table_setup, verb) {
            denied @ Decision::Denied(_) => denied,
            _ if !role.lists_table(*table) => {
                let why = Why::TableNotAllowed(*table);
                Decision::Denied(refuse(role, role.table_setup, verb, why))
            }
            allowed => allowed,
        },
        Needs::Every(parts) => {
            let mut least = Decision::All;
            for part in parts {
                match weigh(role, part, verb) {
                    Decision::All => {}
                    Decision::Mine => least = Decision::Mine,
                    denied @ Decision::Denied(_) => return denied,
                }
            }
            least
        }
        Needs::Either(parts) => {
            let mut most = None;
            for part in parts {
                match (weigh(role, part, verb), most) {
                    (Decision::All, _) => return Decision::All,
                    (Decision::Mine, _) => most = Some(Decision::Mine),
                    (denied, None) => most = Some(denied),
                    (Decision::Denied(_), Some(_)) => {}
                }
            }
            let no_way_in = refuse(role, ActionId::NOWHERE, verb, Why::NoWayIn);
            most.unwrap_or(Decision::Denied(no_way_in))
        }
    }
}

fn row(role: &Role, action: ActionId, verb: Verb) -> Decision {
    let why = match role.level(action, verb) {
        Level::None => Why::Level,
        _ if role.level(action, Verb::Inquire) == Level::None => Why::NeedsInquire,
        Level::My => return Decision::Mine,
        Level::All => return Decision::All,
    };
    Decision::Denied(refuse(role, action, verb, why))
}

fn refuse(role: &Role, action: ActionId, verb: Verb, why: Why) -> Refusal {
    Refusal {
        action,
        verb,
        held: role.level(action, verb),
        why,
    }
}

/// Whether a customize list of tenant data lets an entry through, without regard to case:
/// configuration types, agreement types, reports. Says nothing about levels.
///
/// The list of setup tables holds no names, so it never lets a name through here; ask
/// [`allows_table`].
pub fn allows_entry(role: &Role, list: ListId, entry: &str) -> bool {
    if role.inactive {
        return false;
    }
    let names = role.names(list);
    role.admin || names.is_some_and(|names| names.admits(|set| set.contains(entry)))
}

/// Whether the list of setup tables lets a table through. Says nothing about levels.
pub fn allows_table(role: &Role, table: EntryId) -> bool {
    !role.inactive && (role.admin || role.lists_table(table))
}
