//! One company of a PSA and its data: rows under a permit, what a caller is, what a write becomes. It knows no entity by
//! name: what does is handed in as `instance::Groundwork` and `context::Rules`.

pub mod answer;
pub mod backend;
pub mod caller;
pub mod computed;
pub mod context;
pub mod custom;
pub mod defaults;
pub mod draft;
pub mod event;
pub mod fault;
pub mod instance;
pub mod keys;
pub mod labels;
pub mod marked;
pub mod marks;
pub mod mine;
pub mod moment;
pub mod naming;
pub mod number;
pub mod outbox;
pub mod paths;
pub mod pdf;
pub mod permit;
pub mod placement;
pub mod pointers;
pub mod problem;
pub mod references;
pub mod row;
pub mod saving;
pub mod secret;
pub mod setup_rows;
pub mod shape;
pub mod usage;
pub mod used;
pub mod versions;
