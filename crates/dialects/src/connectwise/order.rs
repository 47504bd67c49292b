//! The `orderBy` parameter: `priority/sortOrder asc, id desc`. Knows names through the catalog.

use super::conditions::Used;
use super::conditions::paths::Walker;
use super::error::ApiError;
use super::names::Names;
use bitting_catalog::entity::{EntityId, Release};
use bitting_query::Order;

/// Keys in one order.
const MAX_KEYS: usize = 16;

/// An order, and the fields it looks at: whoever may not read a field must not sort by it either.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ordered {
    pub order: Vec<Order>,
    pub used: Used,
}

/// Reads `orderBy` for an entity. Blank text orders nothing. 400 for a name the entity does not have or that
/// holds no single value, and for anything but `asc` or `desc` after it.
pub fn order(
    text: &str,
    names: &dyn Names,
    entity: EntityId,
    release: Release,
) -> Result<Ordered, ApiError> {
    let entity = names.entity(entity).ok_or_else(ApiError::no_endpoint)?;
    let mut ordered = Ordered::default();
    for key in text.split(',').map(str::trim).filter(|key| !key.is_empty()) {
        if ordered.order.len() == MAX_KEYS {
            return Err(ApiError::condition(format!(
                "orderBy names more than {MAX_KEYS} fields."
            )));
        }
        let mut words = key.split_whitespace();
        let name = words.next().unwrap_or_default();
        let descending = match words.next() {
            None => false,
            Some(word)
                if word.eq_ignore_ascii_case("asc") || word.eq_ignore_ascii_case("ascending") =>
            {
                false
            }
            Some(word)
                if word.eq_ignore_ascii_case("desc") || word.eq_ignore_ascii_case("descending") =>
            {
                true
            }
            Some(word) => return Err(expected(name, word)),
        };
        if let Some(word) = words.next() {
            return Err(expected(name, word));
        }
        let segments: Vec<&str> = name.trim_matches('/').split(['/', '.']).collect();
        let place = Walker {
            names,
            release,
            used: &mut ordered.used,
        }
        .row(entity, &segments)
        .ok_or_else(|| ApiError::unknown_name(name))?;
        ordered.order.push(Order::by(place.path, descending));
    }
    Ok(ordered)
}

fn expected(name: &str, found: &str) -> ApiError {
    let found: String = found.chars().take(40).collect();
    ApiError::condition(format!(
        "Expected asc or desc after {name} in orderBy, found '{found}'."
    ))
}
