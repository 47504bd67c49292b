//! Who calls: a member with its role and what its level, location, boards and blocks let it see. Built
//! from the rows of its member record, and cached until any of them changes.

use bitting_policy::{ActionId, Level, Needs, Registry, Role, Verb};
use std::sync::Arc;

/// Projects in which the member's role of the project's team takes a row of its security role away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bar {
    pub action: ActionId,
    pub verb: Verb,
    /// Only the member's own records are left; else nothing is.
    pub mine: bool,
    pub projects: Arc<[i64]>,
}

/// The member behind a key, ready for decisions.
#[derive(Debug, Clone)]
pub struct Caller {
    pub member: i64,
    pub identifier: Arc<str>,
    pub role: Arc<Role>,
    /// Structure nodes whose records it sees; `None` sees all ("Corporate").
    pub scope: Option<Arc<[i64]>>,
    pub excluded_boards: Arc<[i64]>,
    pub default_board: Option<i64>,
    pub default_location: Option<i64>,
    pub default_department: Option<i64>,
    /// What its roles in projects take away.
    pub bars: Arc<[Bar]>,
    pub block_price: bool,
    pub block_cost: bool,
    /// The key it called with; none for the console and the operator.
    pub key: Option<i64>,
}

impl Caller {
    /// Whoever runs the server: not a member, holds every right, sees everything.
    pub fn operator(registry: &Registry) -> Self {
        let mut role = Role::new(registry, 0, "operator");
        role.admin = true;
        Self {
            member: 0,
            identifier: Arc::from("operator"),
            role: Arc::new(role),
            scope: None,
            excluded_boards: Arc::from([]),
            default_board: None,
            default_location: None,
            default_department: None,
            bars: Arc::from([]),
            block_price: false,
            block_cost: false,
            key: None,
        }
    }

    /// The same caller with a row of its role taken away. An administrator keeps every right: its role has
    /// no rows to take.
    #[must_use]
    pub fn without(&self, registry: &Registry, right: &str) -> Self {
        let mut caller = self.clone();
        if let Some(action) = crate::fault::action(registry, right) {
            let mut role = (*self.role).clone();
            if role.set(registry, action, [Level::None; 4]).is_ok() {
                caller.role = Arc::new(role);
            }
        }
        caller
    }

    /// The projects that are closed to a call which needs this, in part or in whole.
    pub fn barred(&self, needs: &Needs, verb: Verb) -> Vec<&Bar> {
        if self.bars.is_empty() {
            return Vec::new();
        }
        let bars = self.bars.iter();
        bars.filter(|bar| bar.verb == verb && asks(needs, bar.action))
            .collect()
    }

    pub fn is_operator(&self) -> bool {
        self.member == 0
    }

    /// Whether records on this structure node are visible.
    pub fn sees(&self, node: Option<i64>) -> bool {
        match (&self.scope, node) {
            (None, _) => true,
            (Some(nodes), Some(node)) => nodes.contains(&node),
            (Some(_), None) => false,
        }
    }
}

/// Whether a call that needs this asks for the row.
fn asks(needs: &Needs, action: ActionId) -> bool {
    match needs {
        Needs::Action(asked) => *asked == action,
        Needs::Every(all) | Needs::Either(all) => all.iter().any(|needs| asks(needs, action)),
        Needs::Anyone | Needs::AnyMember | Needs::Table(_) => false,
    }
}
