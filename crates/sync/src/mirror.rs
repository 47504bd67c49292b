//! Keeps our rows in step with a list of the PSA: both sides go by in the order of the PSA's ids, so that memory
//! stays flat however long the list is, and what did not change is not written. Knows no entity.

use crate::Failure;
use crate::api::id;
use crate::prints::{Cursor, Print};
use crate::state::{Record, Shelf};
use crate::text::hash;
use crate::work::Work;
use serde_json::Value;

/// State of a row whose record is there.
pub const IMPORTED: &str = "imported";

/// A page of records.
pub type Each<'e> = &'e mut dyn FnMut(Vec<Value>) -> Result<(), Failure>;

/// Takes over what `walk` hands out, as far as `keep` wants it; answers our rows that were not among it. `keep`
/// may add to a record. Records must come by ascending id.
pub fn mirror<A>(
    work: &mut Work<'_, A>,
    kind: &'static str,
    walk: impl FnOnce(Each<'_>) -> Result<(), Failure>,
    mut keep: impl FnMut(&mut Value) -> bool,
) -> Result<Vec<Print>, Failure> {
    let (state, now, slug) = (work.state, work.moment(), work.integration);
    let (counts, progress) = (&mut work.counts, work.progress);
    let mut cursor = Cursor::new(state, Shelf::Link, slug, kind);
    let (mut gone, mut last) = (Vec::new(), i64::MIN);
    let mut page = |rows: Vec<Value>| {
        let mut changed = Vec::new();
        progress.step(rows.len(), kind);
        for mut row in rows {
            counts.read += 1;
            let psa_id = id(&row);
            if psa_id <= last || !keep(&mut row) {
                continue;
            }
            last = psa_id;
            let mut known = None;
            while let Some(print) = cursor.up_to(psa_id)? {
                if print.psa_id == psa_id {
                    known = Some(print);
                    break;
                }
                gone.push(light(print));
            }
            let print = hash(&row.to_string());
            let mut link = Record::new(slug, kind, psa_id.to_string());
            match known {
                Some(known) if known.hash == print && known.state == IMPORTED => {
                    counts.unchanged += 1;
                    continue;
                }
                Some(known) => {
                    counts.changed += 1;
                    link.id = known.id;
                }
                None => counts.created += 1,
            }
            link.psa_id = Some(psa_id);
            IMPORTED.clone_into(&mut link.state);
            link.hash = print;
            link.updated.clone_from(&now);
            link.data = row;
            changed.push(link);
        }
        state.put_all(Shelf::Link, &mut changed)
    };
    walk(&mut page)?;
    while let Some(print) = cursor.up_to(i64::MAX)? {
        gone.push(light(print));
    }
    Ok(gone)
}

/// Without what nobody asks for of a row that is gone.
fn light(mut print: Print) -> Print {
    print.hash = String::new();
    print
}
