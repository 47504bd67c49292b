//! ConnectWise Manage's REST API, release 3.0 of the wire format.

pub mod auth;
pub mod body;
pub mod conditions;
pub mod dates;
pub mod error;
pub mod filter_values;
pub mod layout;
pub mod link;
pub mod multipart;
pub mod names;
pub mod order;
pub mod parameters;
pub mod patch;
pub mod projection;
pub mod record;
pub mod router;
