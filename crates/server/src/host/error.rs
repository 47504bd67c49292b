//! Why a server does not start.

use crate::tls::TlsError;
use bitting_catalog::CatalogError;
use bitting_gate::front::FrontError;
use bitting_psa::problem::Problem;
use bitting_store::StoreError;

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error(
        "cannot listen on {address}: {reason}; check the address, or choose other ports with --port and --https-port (0 for free ones)"
    )]
    Listen {
        address: String,
        reason: std::io::Error,
    },
    #[error("the data of the overlay does not hold together: {0}")]
    Overlay(String),
    #[error("{0}")]
    Company(String),
    #[error(transparent)]
    Gate(#[from] FrontError),
    #[error("the demo company cannot be made: {0}")]
    Seed(String),
    #[error("callbacks cannot be delivered: {0}")]
    Delivery(#[from] reqwest::Error),
    #[error(transparent)]
    Problem(#[from] Problem),
}
