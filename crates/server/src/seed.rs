//! A company's first records: the demo company, or the least that anyone can call with.

use crate::instance::Instance;
use crate::rules::first;

/// Setting that names the members a newcomer starts with, `admin,least`.
const MEMBERS: &str = "first-members";

/// What was laid down, now or earlier.
#[derive(Debug, Clone, Copy)]
pub struct Seeded {
    /// The company was empty before.
    pub new: bool,
    pub admin: Option<i64>,
    pub least: Option<i64>,
}

/// Fills a company that is new; leaves one with records as it is.
pub async fn company(instance: &Instance, _demo: bool, _seed: u64) -> Result<Seeded, String> {
    if let Some(members) = instance.setting(MEMBERS) {
        let mut ids = members.split(',').map(|id| id.parse().ok());
        return Ok(Seeded {
            new: false,
            admin: ids.next().flatten(),
            least: ids.next().flatten(),
        });
    }
    let members = first::company(instance)
        .await
        .map_err(|problem| problem.to_string())?;
    let value = format!("{},{}", members.admin, members.least);
    instance
        .set_setting(MEMBERS, Some(&value))
        .await
        .map_err(|problem| problem.to_string())?;
    Ok(Seeded {
        new: true,
        admin: Some(members.admin),
        least: Some(members.least),
    })
}
