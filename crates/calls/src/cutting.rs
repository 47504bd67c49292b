//! Key pairs: cut for members, changed, revoked, and shown once to whoever starts with them.

use crate::seed::Seeded;
use bitting_psa::instance::Instance;
use bitting_psa::problem::Problem;
use serde::Serialize;

/// Description of key pairs cut for the first start.
const FIRST: &str = "first start";
/// Description of key pairs cut for a ready file; those of the start before stay good, older ones go.
const READY: &str = "ready file";

/// A key pair in the clear, for the terminal and the ready file alone.
#[derive(Serialize)]
pub struct Shown {
    pub public_key: String,
    pub private_key: String,
}

/// Any GUID will do: it names the software, not the tenant.
pub const CLIENT_ID: &str = "b1771a6e-0000-4000-8000-000000000001";

/// Key pairs of the two members that a newcomer starts with.
pub async fn pairs(
    instance: &Instance,
    seeded: &Seeded,
    ready: bool,
) -> Result<(Option<Shown>, Option<Shown>), Problem> {
    if !seeded.new && !ready {
        return Ok((None, None));
    }
    let description = if seeded.new { FIRST } else { READY };
    let mut shown = Vec::new();
    for member in [seeded.admin, seeded.least] {
        let Some(member) = member else {
            shown.push(None);
            continue;
        };
        if description == READY {
            let mut held = instance.keys.list(Some(member));
            held.retain(|key| key.description == READY);
            held.sort_by_key(|key| key.id);
            for key in held.iter().rev().skip(1) {
                instance.delete_key(key.id).await?;
            }
        }
        let (_, pair) = instance.cut_key(member, description, None).await?;
        shown.push(Some(Shown {
            public_key: pair.public,
            private_key: pair.private.reveal().to_owned(),
        }));
    }
    let least = shown.pop().flatten();
    Ok((shown.pop().flatten(), least))
}
