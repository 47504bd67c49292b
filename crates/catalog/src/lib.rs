//! What there is: entities, fields, paths and the rights they need, read strictly from `data/`.
//! Pure: no runtime, no driver, no HTTP.

pub mod entity;
pub mod route;
