//! What a 404 means. A record that the key's location, board or level hides answers just as a deleted one does, so a
//! 404 proves a deletion only to a key from which nothing can be hidden. What the PSA tells every member of itself
//! (its rights, its location, the tree of locations) shows whether this is such a key; no right is needed for it.

use crate::Failure;
use crate::api::{Api, Need};
use serde_json::Value;

/// How a record stands that was there before.
#[derive(Debug)]
pub enum Standing {
    There(Value),
    /// Deleted: nothing of its kind can be hidden from this key.
    Gone,
    /// Deleted or hidden; why that cannot be told.
    Unknown(String),
}

/// Asks for a record that was there before, and what it means where it does not show.
pub fn look(api: Api<'_>, need: Need, path: &str) -> Result<Standing, Failure> {
    if let Some(record) = api.get_if_there(need, path)? {
        return Ok(Standing::There(record));
    }
    if let Some(reason) = narrowed(api, need)? {
        return Ok(Standing::Unknown(reason));
    }
    // Once more behind the proof: the key may have been narrower a moment ago.
    Ok(match api.get_if_there(need, path)? {
        Some(record) => Standing::There(record),
        None => Standing::Gone,
    })
}

/// Why records of this right may be hidden from the key; `None` where none can be.
pub fn narrowed(api: Api<'_>, need: Need) -> Result<Option<String>, Failure> {
    let untold = || Some("the PSA does not tell this key what it may see".to_owned());
    let ask = |path: &str| match api.all(need, path) {
        Ok(rows) => Ok(Some(rows)),
        Err(Failure::Right { .. } | Failure::NotFound { .. } | Failure::Invalid { .. }) => Ok(None),
        Err(failure) => Err(failure),
    };
    let Some(rights) = ask("system/mySecurity")? else {
        return Ok(untold());
    };
    let is = |row: &Value, names: [&str; 3], word: &str| {
        names.iter().any(|name| {
            row[*name]
                .as_str()
                .is_some_and(|held| held.trim().eq_ignore_ascii_case(word))
        })
    };
    let module = ["moduleName", "moduleDescription", "moduleIdentifier"];
    let action = [
        "moduleFunctionDescription",
        "moduleFunctionName",
        "moduleFunctionIdentifier",
    ];
    let held = rights
        .iter()
        .find(|row| is(row, module, need.module) && is(row, action, need.action));
    match held.map(|row| &row["inquireLevel"]) {
        None => return Ok(untold()),
        Some(level) if level == "All" => {}
        Some(_) => {
            return Ok(Some(format!(
                "the key's role does not see all of {} / {}",
                need.module, need.action
            )));
        }
    }
    let me = match api.get(need, "system/myMembers") {
        Ok(Value::Array(rows)) => rows.into_iter().next().unwrap_or_default(),
        Ok(me) => me,
        Err(Failure::Right { .. } | Failure::NotFound { .. }) => return Ok(untold()),
        Err(failure) => return Err(failure),
    };
    let lists = ["excludedServiceBoardIds", "excludedProjectBoardIds"];
    let boards = lists.iter().filter_map(|list| me[*list].as_array());
    if boards.into_iter().any(|boards| !boards.is_empty()) {
        return Ok(Some("boards are excluded from the key's member".to_owned()));
    }
    let Some(places) = ask("system/info/locations")? else {
        return Ok(untold());
    };
    Ok(below_the_top(&me["securityLocation"]["id"], &places))
}

/// Why the location is not the one that has all others below it.
fn below_the_top(own: &Value, places: &[Value]) -> Option<String> {
    let level = |place: &Value| place["structureLevel"]["id"].as_i64();
    let top = places.iter().filter_map(level).min();
    let mut tops = places.iter().filter(|place| level(place) == top);
    match (own.as_i64(), top, tops.next(), tops.next()) {
        (Some(own), Some(_), Some(only), None) if only["id"].as_i64() == Some(own) => None,
        (Some(_), Some(_), Some(only), None) => Some(format!(
            "the key's member sits at a location below {}",
            only["name"].as_str().unwrap_or("the top")
        )),
        _ => Some("the PSA does not tell which location has all others below it".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::below_the_top;
    use serde_json::{Value, json};

    #[test]
    fn only_the_one_location_at_the_top_sees_everything() {
        let place = |id: i64, level: i64| json!({ "id": id, "name": "x", "structureLevel": { "id": level } });
        let tree = [place(3, 2), place(38, 1), place(4, 3)];
        for (own, places, whole) in [
            (json!(38), &tree[..], true),
            (json!(3), &tree, false),
            (json!(99), &tree, false),
            (Value::Null, &tree, false),
            // Two at the top, or nobody knows: neither is above all.
            (json!(38), &[place(38, 1), place(2, 1)], false),
            (json!(38), &[json!({ "id": 38 })], false),
            (json!(38), &[], false),
        ] {
            assert_eq!(
                below_the_top(&own, places).is_none(),
                whole,
                "{own} {places:?}"
            );
        }
    }
}
