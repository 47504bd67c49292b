//! Who calls: a member with its role and what its level, location, boards and blocks let it see. Built
//! from the rows of its member record, and cached until any of them changes.

use bitting_policy::{Level, Registry, Role};
use std::sync::Arc;

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
