//! Reports.
use super::{Answer, Context};
use crate::permit::Permit;
use crate::problem::Problem;
use crate::row::Row;

pub fn names(_context: Context<'_>, _permit: &Permit<'_>) -> Result<Vec<Row>, Problem> {
    Ok(Vec::new())
}

pub async fn answer(
    _context: Context<'_>,
    _permit: &Permit<'_>,
    _rule: &str,
) -> Result<Answer, Problem> {
    Ok(Answer::empty(404))
}
