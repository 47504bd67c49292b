//! ConnectWise Manage's REST API, release 3.0 of the wire format.

pub mod error;
