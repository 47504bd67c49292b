//! The screen's controls one by one, in its order. Must not know how they are looked up.

use super::{CRM, Control, DESK, Entry, Values};

const SCOPE: Values = &["None", "Mine", "My Territories", "All"];
const MINE: Values = &["None", "Mine", "All"];
const TICK: Values = &["Unchecked", "Checked"];
const ALL: Values = &["None", "All"];
const YES: Values = &["No", "Yes"];
const EDIT: Values = &["None", "No", "Mine", "Yes", "All"];
const CHECK: Control = Control::Choice(&["Unchecked", "Checked"]);
const OBJECTS: &str = "Object Permissions";
const FEATURES: &str = "Feature Access";

const fn entry(
    section: &'static str,
    subsection: &'static str,
    name: &'static str,
    aliases: &'static [&'static str],
    control: Control,
) -> Entry {
    Entry {
        section,
        subsection,
        name,
        aliases,
        control,
    }
}

const fn object(view: Values, add: Values, edit: Values, delete: Values) -> Control {
    Control::Object {
        view,
        add,
        edit,
        delete,
    }
}

/// A category of reports.
const fn report(name: &'static str) -> Entry {
    entry("Reports", "Categories", name, &[], CHECK)
}

/// A check about timesheets.
const fn timesheet(name: &'static str) -> Entry {
    entry("Timesheets", FEATURES, name, &[], CHECK)
}

/// A row of the Resource Impersonation grid.
const fn acting(name: &'static str, aliases: &'static [&'static str]) -> Entry {
    let ticks = object(TICK, TICK, TICK, TICK);
    entry(
        "Web Services API",
        "Resource Impersonation",
        name,
        aliases,
        ticks,
    )
}

/// Every control known by name.
pub const ENTRIES: &[Entry] = &[
    entry(
        "Contracts",
        OBJECTS,
        "Contracts",
        &[],
        object(&["None", "Organizations", "All"], YES, &[], &[]),
    ),
    entry(
        "Contracts",
        "Dropdowns",
        "Contract Visibility",
        &["Contract Visibility (for contracts you have access to)"],
        Control::Choice(&["None", "Limited", "Full"]),
    ),
    entry(
        "Contracts",
        FEATURES,
        "Can modify contract internal costs",
        &[],
        CHECK,
    ),
    entry(
        "Contracts",
        FEATURES,
        "Can modify Service/Bundle on contract charges",
        &[],
        CHECK,
    ),
    entry(
        "Contracts",
        FEATURES,
        "Can create invoices from the Ticket & Won-Quote wizard",
        &[],
        CHECK,
    ),
    entry(
        CRM,
        "Account & Contact Access",
        "Customer & Cancelation",
        &["Customer & Cancellation"],
        Control::Choice(SCOPE),
    ),
    entry(
        CRM,
        "Account & Contact Access",
        "Vendor & Partners",
        &[],
        Control::Choice(SCOPE),
    ),
    entry(
        CRM,
        "Account & Contact Access",
        "Prospects, Leads, & Dead",
        &["Prospects, Leads and Dead"],
        Control::Choice(SCOPE),
    ),
    entry(
        CRM,
        OBJECTS,
        "Accounts",
        &["Companies", "Organizations"],
        object(MINE, &["None", "No", "Yes"], MINE, MINE),
    ),
    entry(
        CRM,
        OBJECTS,
        "Contacts",
        &[],
        object(MINE, &["None", "No", "Yes"], MINE, MINE),
    ),
    entry(
        CRM,
        OBJECTS,
        "Opportunities & Quotes",
        &[],
        object(MINE, YES, EDIT, MINE),
    ),
    entry(
        CRM,
        OBJECTS,
        "Sales Orders",
        &[],
        object(MINE, &[], MINE, MINE),
    ),
    entry(
        CRM,
        OBJECTS,
        "Configuration Items & Subscriptions",
        &["Assets", "Devices & Subscriptions"],
        object(MINE, YES, MINE, MINE),
    ),
    entry(
        CRM,
        OBJECTS,
        "Configuration Item Notes",
        &["Asset Notes", "Device Notes"],
        object(MINE, YES, MINE, MINE),
    ),
    entry(CRM, OBJECTS, "Notes", &[], object(MINE, YES, MINE, MINE)),
    entry(CRM, OBJECTS, "To-Dos", &[], object(MINE, YES, MINE, MINE)),
    entry(
        CRM,
        OBJECTS,
        "Attachments",
        &[],
        object(MINE, YES, &[], MINE),
    ),
    entry(CRM, FEATURES, "Contact Group Manager", &[], CHECK),
    entry(CRM, FEATURES, "Reports > Export", &[], CHECK),
    entry(CRM, FEATURES, "Device Discovery Wizard", &[], CHECK),
    entry(
        CRM,
        FEATURES,
        "Can manage quote templates & quote e-mail messages",
        &[],
        CHECK,
    ),
    entry(CRM, "Other", "Can modify Account Manager", &[], CHECK),
    entry(CRM, "Other", "Can modify Opportunity Owner", &[], CHECK),
    entry(
        CRM,
        "Other",
        "Display ALL companies in pick lists and data selectors",
        &[
            "Display ALL accounts in pick lists and data selectors",
            "Display ALL organizations in pick lists and data selectors",
        ],
        CHECK,
    ),
    entry(
        "Inventory",
        OBJECTS,
        "Inventory Locations",
        &[],
        object(ALL, YES, &[], ALL),
    ),
    entry(
        "Inventory",
        OBJECTS,
        "Items",
        &["Inventory Products", "Stocked Items"],
        object(ALL, YES, &[], ALL),
    ),
    entry(
        "Inventory",
        OBJECTS,
        "Products",
        &[],
        object(ALL, YES, &[], ALL),
    ),
    entry(
        "Inventory",
        OBJECTS,
        "Purchase Orders",
        &[],
        object(ALL, YES, &[], ALL),
    ),
    entry(
        "Inventory",
        FEATURES,
        "Can approve/reject purchase orders",
        &[],
        CHECK,
    ),
    entry("Inventory", FEATURES, "Can receive items", &[], CHECK),
    entry("Inventory", FEATURES, "Can deliver/ship items", &[], CHECK),
    entry("Inventory", FEATURES, "Can transfer items", &[], CHECK),
    entry(
        "Projects",
        OBJECTS,
        "Client & Internal",
        &[],
        object(MINE, YES, &[], &[]),
    ),
    entry(
        "Projects",
        OBJECTS,
        "Proposals",
        &[],
        object(MINE, YES, &[], &[]),
    ),
    entry(
        "Projects",
        OBJECTS,
        "Project Templates",
        &[],
        object(MINE, YES, &[], &[]),
    ),
    entry("Projects", "Time Entry", "Can modify Contract", &[], CHECK),
    entry(
        "Projects",
        "Time Entry",
        "Can modify Non-Billable",
        &[],
        CHECK,
    ),
    entry(
        "Projects",
        "Time Entry",
        "Can modify Show on Invoice",
        &[],
        CHECK,
    ),
    entry("Projects", "Time Entry", "Can modify Work Type", &[], CHECK),
    entry(
        "Projects",
        "Time Entry",
        "Can modify Service/Bundle",
        &[],
        CHECK,
    ),
    entry(
        "Projects",
        "Other",
        "Can view internal cost data",
        &[],
        CHECK,
    ),
    entry(
        DESK,
        OBJECTS,
        "Tickets",
        &[],
        object(
            &["None", "Mine", "Mine + Organizations", "All"],
            YES,
            YES,
            ALL,
        ),
    ),
    entry(
        DESK,
        OBJECTS,
        "Ticket Notes",
        &[],
        object(&[], &[], MINE, MINE),
    ),
    entry(
        DESK,
        OBJECTS,
        "Service Calls",
        &[],
        object(MINE, YES, &["None", "No", "Mine", "Yes", "All"], MINE),
    ),
    entry(DESK, OBJECTS, "Charges", &[], object(MINE, YES, MINE, MINE)),
    entry(
        DESK,
        OBJECTS,
        "Expenses",
        &[],
        object(MINE, YES, MINE, MINE),
    ),
    entry(DESK, "Time Entry", "Can modify Non-Billable", &[], CHECK),
    entry(DESK, "Time Entry", "Can modify Show on Invoice", &[], CHECK),
    entry(DESK, "Time Entry", "Can modify Work Type", &[], CHECK),
    entry(
        DESK,
        "Time Entry",
        "Can view non-billable time entries",
        &[],
        CHECK,
    ),
    entry(
        "Knowledge Base and Documents",
        OBJECTS,
        "Articles",
        &[],
        object(ALL, YES, MINE, MINE),
    ),
    entry(
        "Knowledge Base and Documents",
        OBJECTS,
        "Documents",
        &[],
        object(ALL, YES, MINE, MINE),
    ),
    timesheet("Can view paid/exported timesheets"),
    timesheet("Can administer paid/exported timesheets"),
    timesheet("Can create project time from timesheet"),
    timesheet("Start and end times are optional for time off"),
    report("CRM"),
    report("Projects"),
    report("Service Desk"),
    report("Contracts"),
    report("Time & Expenses"),
    entry("Admin", FEATURES, "Resources/Users (HR)", &[], CHECK),
    entry("Admin", FEATURES, "Configuration Items", &["Assets"], CHECK),
    entry("Admin", FEATURES, "Service Desk (Tickets)", &[], CHECK),
    entry(
        "Admin",
        FEATURES,
        "Application-wide (Shared) Features",
        &[],
        CHECK,
    ),
    entry("Admin", FEATURES, "Contracts & Un-Posting", &[], CHECK),
    entry(
        "Admin",
        FEATURES,
        "Finance, Accounting & Invoicing",
        &[],
        CHECK,
    ),
    entry("Admin", FEATURES, "Kaseya Integrations", &[], CHECK),
    entry(
        "Other",
        "Webhooks",
        "Can create webhooks",
        &["Webhooks"],
        CHECK,
    ),
    entry(
        "Other",
        "Webhooks",
        "Maximum number of webhooks",
        &[],
        Control::Number,
    ),
    entry(
        "Other",
        "Resources/Users (HR)",
        "View internal cost",
        &[],
        CHECK,
    ),
    entry(
        "Other",
        "Resource Visibility",
        "Resources",
        &[],
        object(MINE, &[], &[], &[]),
    ),
    entry("Other", "Surveys", "Surveys", &[], CHECK),
    entry("Other", "Client Portal", "Client Portal", &[], CHECK),
    entry("Other", "Form Templates", "Form Templates", &[], CHECK),
    entry("Other", "QuickBooks", "QuickBooks", &[], CHECK),
    entry(
        "Other",
        "Miscellaneous",
        "Not required to change password (does not expire)",
        &[
            "Not required to change password (password does not expire)",
            "Not required to change password",
        ],
        CHECK,
    ),
    entry(
        "Web Services API",
        FEATURES,
        "Can login to Web Services API",
        &[],
        CHECK,
    ),
    acting("Account", &["Companies", "Organizations"]),
    acting("Account Notes", &["Company Notes"]),
    acting("Account To-Dos", &["Company To-Dos"]),
    acting("Attachments", &[]),
    acting("Configuration Item Notes", &["Asset Notes"]),
    acting("Configuration Items", &["Assets"]),
    acting("Contacts", &[]),
    acting("Contract Notes", &[]),
    acting("Inventory Items", &[]),
    acting("Inventory Locations", &[]),
    acting("Opportunities", &[]),
    acting("Product Notes", &[]),
    acting("Products", &[]),
    acting("Project Notes", &[]),
    acting("Projects", &[]),
    acting("Purchase Orders", &[]),
    acting("Quotes", &[]),
    acting("Sales Orders", &[]),
    acting("Service Calls", &[]),
    acting("Subscriptions", &[]),
    acting("Task Notes", &[]),
    acting("Tasks", &[]),
    acting("Ticket Notes", &[]),
    acting("Tickets", &[]),
    acting("Time Entries", &[]),
];
