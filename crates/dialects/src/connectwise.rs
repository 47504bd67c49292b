//! ConnectWise Manage's REST API, release 3.0 of the wire format.

pub mod error;
pub mod layout;
pub mod link;
pub mod projection;
pub mod record;
pub mod router;
