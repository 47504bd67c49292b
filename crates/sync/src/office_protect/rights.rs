//! The rights of Office Protect's profile for ConnectWise, and whether a key has them. A test holds them against the
//! profile.

use crate::Failure;
use crate::api::Need;
use crate::check::{self, Probe};
use crate::work::Work;
use bitting_policy::Verb;

pub const COMPANIES: Need = Need::row("Companies", "Company Maintenance", Verb::Inquire);
pub const READ_TICKETS: Need = Need::row("Service Desk", "Service Tickets", Verb::Inquire);
pub const ADD_TICKETS: Need = Need::row("Service Desk", "Service Tickets", Verb::Add);
pub const EDIT_TICKETS: Need = Need::row("Service Desk", "Service Tickets", Verb::Edit);
pub const MEMBERS: Need = Need::row("System", "Member Maintenance", Verb::Inquire);
pub const BOARDS: Need = Need::table("Service / Service Board", Verb::Inquire);

/// What is missing without the optional rights.
pub const HIDDEN: &str = "the status of new tickets cannot be chosen";

/// Tries every right that reading can prove.
pub fn check(work: &mut Work<'_>) -> Result<(), Failure> {
    let probes = [
        Probe::must(COMPANIES, "company/companies?pageSize=1"),
        Probe::must(READ_TICKETS, "service/tickets?pageSize=1"),
        Probe::may(MEMBERS, "system/members?pageSize=1", HIDDEN),
        Probe::may(BOARDS, "service/boards?pageSize=1", HIDDEN),
    ];
    check::run(work, &probes, &[ADD_TICKETS, EDIT_TICKETS])
}
