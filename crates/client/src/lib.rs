//! A PSA over HTTP, live or embedded alike: where it is, whose key opens it, retries, paging, and every
//! fault as a sentence. Knows no security role, no profile and no entity.

mod answer;
mod credentials;
mod fault;
mod psa;
mod site;

pub use answer::Answer;
pub use credentials::{Credentials, KeyFile, Secret};
pub use fault::ClientError;
pub use psa::{Call, Options, Psa};
pub use site::Site;
