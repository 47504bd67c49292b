//! What there is: entities, fields, paths and the rights they need, read strictly from `data/`.
//! Pure: no runtime, no driver, no HTTP.

mod catalog;
mod check;
pub mod conditions;
mod embedded;
pub mod entity;
mod error;
mod ground;
pub mod import;
pub mod packed;
pub mod profile;
mod read;
pub mod route;
pub mod security;
pub mod served;
mod source;
pub mod table;
mod when;

pub use catalog::Catalog;
pub use error::CatalogError;
