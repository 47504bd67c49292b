//! The five seed guides, written out by hand a second time: cells, tables, forms.

/// One row: module, action, Add, Edit, Delete, Inquire in single letters (`-` None, `m` My, `a` All).
pub type Row = (&'static str, &'static str, &'static str);

/// A seed on ConnectWise.
pub struct Seed {
    pub profile: &'static str,
    pub features: &'static [&'static str],
    pub role: &'static str,
    pub rows: &'static [Row],
    /// `None`: not customized.
    pub tables: Option<&'static [&'static str]>,
}

pub const SEEDS: &[Seed] = &[
    Seed {
        profile: "connectwise/propel",
        features: &[],
        role: "Propel Your MSP",
        rows: &[
            ("Companies", "Company Maintenance", "---a"),
            ("Companies", "Configurations", "-a-a"),
            ("Companies", "CRM/Sales Activities", "m--a"),
            ("Companies", "Manage Attachments", "m--m"),
            ("Companies", "Team Members", "---a"),
            ("Sales", "Opportunity", "a--a"),
            ("Service Desk", "Service Tickets", "m--a"),
            ("System", "API Reports", "---a"),
            ("System", "Member Maintenance", "---a"),
            ("System", "My Company", "---a"),
            ("System", "Table Setup", "---a"),
        ],
        tables: Some(&[
            "Activities / Activity Type",
            "Agreements / Agreement Type",
            "Company / Company Status",
            "Company / Company Type",
            "Company / Configuration",
            "Company / Configuration Status",
            "Company / Team Role",
            "Invoicing / Billing Cycle",
            "Opportunities / Opportunity Status",
            "Opportunities / Opportunity Type",
            "Opportunities / Sales Probability",
            "Opportunities / Sales Stage",
            "Service / Service Board",
            "Service / Severity",
            "Service / Source",
        ]),
    },
    Seed {
        profile: "connectwise/mspcfo",
        features: &[],
        role: "MSPCFO",
        rows: &[("System", "API Reports", "---a")],
        tables: None,
    },
    Seed {
        profile: "connectwise/umbrella",
        features: &[],
        role: "Umbrella",
        rows: &[
            ("Companies", "Company Maintenance", "---a"),
            ("Companies", "Configurations", "aa-a"),
            ("Service Desk", "Service Tickets", "aa-a"),
            ("System", "Table Setup", "aa-a"),
        ],
        tables: Some(&[
            "Company / Configuration",
            "Service / Priority",
            "Service / Service Board",
        ]),
    },
    Seed {
        profile: "connectwise/office_protect",
        features: &[],
        role: "OfficeProtect",
        rows: &[
            ("Companies", "Company Maintenance", "---a"),
            ("Service Desk", "Service Tickets", "aa-a"),
        ],
        tables: None,
    },
    Seed {
        profile: "connectwise/office_protect",
        features: &["ticket-settings"],
        role: "OfficeProtect",
        rows: &[
            ("Companies", "Company Maintenance", "---a"),
            ("Service Desk", "Service Tickets", "aa-a"),
            ("System", "Member Maintenance", "---a"),
            ("System", "Table Setup", "---a"),
        ],
        tables: None,
    },
];

/// One control: section, subsection, setting, its cells as column and value.
pub type SettingRow = (
    &'static str,
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
);

/// Propel on Autotask.
pub const AUTOTASK: &[SettingRow] = &[
    (
        "Contracts",
        "Object Permissions",
        "Contracts",
        &[("View", "All")],
    ),
    (
        "Contracts",
        "Dropdowns",
        "Contract Visibility",
        &[("", "Full")],
    ),
    (
        "CRM",
        "Account & Contact Access",
        "Customer & Cancelation",
        &[("", "All")],
    ),
    (
        "CRM",
        "Object Permissions",
        "Opportunities & Quotes",
        &[("Add", "Yes")],
    ),
    (
        "CRM",
        "Object Permissions",
        "Configuration Items & Subscriptions",
        &[("View", "All"), ("Edit", "All")],
    ),
    ("CRM", "Object Permissions", "To-Dos", &[("Add", "Yes")]),
    (
        "Service Desk",
        "Object Permissions",
        "Tickets",
        &[("View", "All"), ("Add", "Yes")],
    ),
    (
        "Admin",
        "Feature Access",
        "Resources/Users (HR)",
        &[("", "Checked")],
    ),
    (
        "Admin",
        "Feature Access",
        "Configuration Items",
        &[("", "Checked")],
    ),
    (
        "Other",
        "Miscellaneous",
        "Not required to change password (does not expire)",
        &[("", "Checked")],
    ),
];
