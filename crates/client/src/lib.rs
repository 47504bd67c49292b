//! A PSA over HTTP, live or embedded alike: where it is, whose key opens it, retries, paging, and every
//! fault as a sentence. Knows no security role, no profile and no entity.

mod answer;
mod autotask;
pub mod conditions;
mod credentials;
mod fault;
mod psa;
mod site;
mod transport;

pub use answer::Answer;
pub use autotask::{ApiUser, Autotask, AutotaskKey, DISCOVERY};
pub use credentials::{Credentials, KeyFile, Secret};
pub use fault::{ClientError, Distrust};
pub use psa::{Options, Psa};
pub use site::Site;
pub use transport::Call;
