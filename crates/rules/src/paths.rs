//! Paths of the entities that several rules speak of. A path that one rule alone needs stands in that rule.

pub mod company {
    pub const COMPANIES: &str = "company/companies";
    pub const CONTACTS: &str = "company/contacts";
    pub const SITES: &str = "company/companies/sites";
    pub const STATES: &str = "company/states";
}

pub mod expense {
    pub const ENTRIES: &str = "expense/entries";
}

pub mod finance {
    pub const INVOICES: &str = "finance/invoices";
}

pub mod project {
    pub const PROJECTS: &str = "project/projects";
    pub const PHASES: &str = "project/projects/phases";
    pub const TEAM: &str = "project/projects/teamMembers";
    pub const TICKETS: &str = "project/tickets";
    pub const ROLES: &str = "project/securityRoles";
}

pub mod schedule {
    pub const ENTRIES: &str = "schedule/entries";
}

pub mod service {
    pub const TICKETS: &str = "service/tickets";
    pub const BOARDS: &str = "service/boards";
    pub const STATUSES: &str = "service/boards/statuses";
}

pub mod time {
    pub const ENTRIES: &str = "time/entries";
}
