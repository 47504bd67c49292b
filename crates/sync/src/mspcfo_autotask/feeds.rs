//! What of an Autotask fills which of our tables, and each of their columns: the one place that knows both names. Our
//! columns are those of the reports that MSPCFO reads of a ConnectWise, so that everything behind them is the same.

use crate::mspcfo::parts::{CHARGE, EXPENSE, HOURS, SERVICE};
use crate::mspcfo::reports::{self as ours, Report};
use crate::queries::Permission;

pub const COMPANIES: Permission = Permission::new("CRM / Customer & Cancelation", "");
pub const CONTRACTS: Permission = Permission::new("Contracts / Contracts", "View");
pub const PROJECTS: Permission = Permission::new("Projects / Client & Internal", "View");
pub const TICKETS: Permission = Permission::new("Service Desk / Tickets", "View");
pub const CHARGES: Permission = Permission::new("Service Desk / Charges", "View");
pub const FINANCE: Permission = Permission::new("Admin / Finance, Accounting & Invoicing", "");
/// Without these two nothing is refused, and less is shown.
pub const COSTS: Permission = Permission::new("Other / View internal cost", "");
pub const NON_BILLABLE: Permission =
    Permission::new("Service Desk / Can view non-billable time entries", "");
/// Lists that every user of the API may read.
pub const ANYBODY: Permission = Permission::new("a security level for the API", "");

/// Where the rows of a table come from.
pub struct Feed {
    pub table: &'static Report,
    pub entity: &'static str,
    /// What opens the entity.
    pub need: Permission,
    pub rows: Rows,
    /// Moments of which a change moves at least one.
    pub changed: &'static [&'static str],
    /// For records that are given a reference later, and tell no moment of it: the field, the entity it names and
    /// the moment when that one's records are made.
    pub refers: Option<(&'static str, &'static str, &'static str)>,
    /// Records with this flag count as deleted.
    pub gone: Option<&'static str>,
    /// What some of the records show as long as the user holds a permission without which nothing is refused.
    pub shows: Option<Shows>,
    pub columns: &'static [(&'static str, From)],
}

/// A column of ours that is filled in some rows, or a flag that is off in some; where all at once none is to be seen, the
/// permission went.
#[derive(Clone, Copy)]
pub struct Shows {
    pub column: &'static str,
    pub off: bool,
    pub permission: Permission,
}

pub enum Rows {
    Records(&'static [When]),
    /// The values of a field's pick list, with `id` and `label`.
    Picks(&'static str),
}

/// A condition that all records of a feed meet.
pub enum When {
    In(&'static str, &'static [i64]),
    Is(&'static str, bool),
    There(&'static str),
}

/// What a column is made from.
pub enum From {
    Field(&'static str),
    /// Of the first field that is filled.
    Label(&'static [&'static str]),
    /// Whether the flag is off.
    Not(&'static str),
    /// Whether one of these is filled.
    Any(&'static [&'static str]),
    /// The word of the first field that is filled.
    Which(&'static [(&'static str, &'static str)]),
    /// The first less the second.
    Less(&'static str, &'static str),
    /// By the first field that is filled: a column of the row of ours that it names.
    Of(&'static [(&'static str, &'static Report, &'static str)]),
    Yes,
    /// An Autotask has no such thing.
    Nothing,
}

use From::{Any, Field, Label, Less, Not, Nothing, Of, Which, Yes};

/// Our own columns stand behind those that the figures look at.
pub const TICKET: Report = Report {
    columns: &[
        "SR_Service_RecID",
        "Type_RecID",
        "Date_Entered_UTC",
        "Company_RecID",
        "PM_Project_RecID",
    ],
    ..ours::TICKETS
};
/// Time on a project is time on one of its tasks.
pub const TASK: Report = Report {
    name: "Task",
    key: &["Task_RecID"],
    columns: &[
        "Task_RecID",
        "PM_Project_RecID",
        "Company_RecID",
        "Date_Entered",
    ],
    grows: Some(("", "Date_Entered")),
};
pub const HOLIDAY_SET: Report = Report {
    name: "HolidayList",
    key: &["Holiday_List_RecID"],
    columns: &["Holiday_List_RecID", "Holiday_List_Name"],
    grows: None,
};
pub const HOLIDAY: Report = Report {
    key: &["Holiday_RecID"],
    ..ours::HOLIDAYS
};

/// What most feeds do not say.
const PLAIN: Feed = Feed {
    table: &ours::COMPANIES,
    entity: "",
    need: ANYBODY,
    rows: Rows::Records(&[]),
    changed: &[],
    refers: None,
    gone: None,
    shows: None,
    columns: &[],
};

/// In the order in which they are read: what others look up comes before them.
pub static FEEDS: &[Feed] = &[
    Feed {
        entity: "Companies",
        need: COMPANIES,
        columns: &[
            ("Company_RecID", Field("id")),
            ("Company_Name", Field("companyName")),
        ],
        ..PLAIN
    },
    // Who manages the account leads the client: there are no team roles.
    Feed {
        table: &ours::TEAMS,
        entity: "Companies",
        need: COMPANIES,
        rows: Rows::Records(&[When::There("ownerResourceID")]),
        columns: &[
            ("Company_Team_RecID", Field("id")),
            ("Company_RecID", Field("id")),
            ("Member_RecID", Field("ownerResourceID")),
            ("Team_Role_Recid", Nothing),
            ("AcctMgr_Flag", Yes),
        ],
        ..PLAIN
    },
    Feed {
        table: &ours::MEMBERS,
        entity: "Resources",
        columns: &[
            ("Member_RecID", Field("id")),
            ("Member_ID", Field("userName")),
            ("Hourly_Cost", Field("internalCost")),
            ("Inactive_Flag", Not("isActive")),
        ],
        shows: Some(Shows {
            column: "Hourly_Cost",
            off: false,
            permission: COSTS,
        }),
        ..PLAIN
    },
    // Codes of work for clients and of work at home; the others are of expenses, material and services.
    Feed {
        table: &ours::WORK_TYPES,
        entity: "BillingCodes",
        rows: Rows::Records(&[When::In("useType", &[1, 2])]),
        columns: &[
            ("Activity_Type_RecID", Field("id")),
            ("work_type", Field("name")),
            ("Cost_Multiplier", Nothing),
            ("Utilization_Flag", Nothing),
        ],
        ..PLAIN
    },
    Feed {
        table: &ours::WORK_ROLES,
        entity: "Roles",
        columns: &[
            ("Activity_Class_RecID", Field("id")),
            ("work_role", Field("name")),
            ("Hourly_Rate", Field("hourlyRate")),
            ("Inactive_Flag", Not("isActive")),
        ],
        ..PLAIN
    },
    Feed {
        table: &HOLIDAY_SET,
        entity: "HolidaySets",
        columns: &[
            ("Holiday_List_RecID", Field("id")),
            ("Holiday_List_Name", Field("holidaySetName")),
        ],
        ..PLAIN
    },
    Feed {
        table: &HOLIDAY,
        entity: "Holidays",
        columns: &[
            ("Holiday_List_RecID", Field("holidaySetID")),
            (
                "Holiday_List_Name",
                Of(&[("holidaySetID", &HOLIDAY_SET, "Holiday_List_Name")]),
            ),
            ("Holiday_Date", Field("holidayDate")),
        ],
        ..PLAIN
    },
    Feed {
        table: &ours::CALENDARS,
        entity: "InternalLocations",
        columns: &[
            ("Office_Calendar_RecID", Field("id")),
            ("Description", Field("name")),
            ("Holiday_List_RecID", Field("holidaySetId")),
        ],
        ..PLAIN
    },
    Feed {
        table: &ours::AGREEMENT_TYPES,
        entity: "Contracts",
        need: CONTRACTS,
        rows: Rows::Picks("contractCategory"),
        columns: &[
            ("AGR_Type_RecID", Field("id")),
            ("AGR_Type_Desc", Field("label")),
        ],
        ..PLAIN
    },
    Feed {
        table: &ours::AGREEMENTS,
        entity: "Contracts",
        need: CONTRACTS,
        columns: &[
            ("AGR_Header_RecID", Field("id")),
            ("AGR_Name", Field("contractName")),
            ("CompanyRecId", Field("companyID")),
            (
                "agr_type_desc",
                Label(&["contractCategory", "contractType"]),
            ),
        ],
        ..PLAIN
    },
    Feed {
        table: &ours::ADDITIONS,
        entity: "ContractServices",
        need: CONTRACTS,
        columns: &[
            ("Addition_RecId", Field("id")),
            ("AGR_RecID", Field("contractID")),
            ("Product_RecId", Field("serviceID")),
            ("Unit_Cost", Field("unitCost")),
            ("Unit_Price", Field("unitPrice")),
        ],
        ..PLAIN
    },
    // The queue is a ticket's, not its type's, and nothing tells those that react from those that prevent.
    Feed {
        table: &ours::SERVICE_TYPES,
        entity: "Tickets",
        need: TICKETS,
        rows: Rows::Picks("issueType"),
        columns: &[
            ("SR_Type_RecID", Field("id")),
            ("ServiceType", Field("label")),
            ("Board_Name", Nothing),
            ("ActiveType", Nothing),
        ],
        ..PLAIN
    },
    Feed {
        table: &ours::PROJECTS,
        entity: "Projects",
        need: PROJECTS,
        columns: &[
            ("PM_Project_RecID", Field("id")),
            ("Project_Name", Field("projectName")),
            ("Company_RecID", Field("companyID")),
            ("Project_Status", Label(&["status"])),
        ],
        ..PLAIN
    },
    Feed {
        table: &TASK,
        entity: "Tasks",
        need: PROJECTS,
        changed: &["lastActivityDateTime", "createDateTime"],
        columns: &[
            ("Task_RecID", Field("id")),
            ("PM_Project_RecID", Field("projectID")),
            (
                "Company_RecID",
                Of(&[("projectID", &ours::PROJECTS, "Company_RecID")]),
            ),
            ("Date_Entered", Field("createDateTime")),
        ],
        ..PLAIN
    },
    Feed {
        table: &TICKET,
        entity: "Tickets",
        need: TICKETS,
        changed: &[
            "lastActivityDate",
            "lastTrackedModificationDateTime",
            "createDate",
        ],
        columns: &[
            ("SR_Service_RecID", Field("id")),
            ("Type_RecID", Field("issueType")),
            ("Date_Entered_UTC", Field("createDate")),
            ("Company_RecID", Field("companyID")),
            ("PM_Project_RecID", Field("projectID")),
        ],
        ..PLAIN
    },
    // Whose an hour is, its ticket or task says. The cost of an hour is its member's, the rate its role's.
    Feed {
        table: &ours::TIME,
        entity: "TimeEntries",
        need: TICKETS,
        changed: &["lastModifiedDateTime", "createDateTime"],
        shows: Some(Shows {
            column: "billable_flag",
            off: true,
            permission: NON_BILLABLE,
        }),
        columns: &[
            ("Time_RecID", Field("id")),
            (
                "member_id",
                Of(&[("resourceID", &ours::MEMBERS, "Member_ID")]),
            ),
            (
                "Company_RecID",
                Of(&[
                    ("ticketID", &TICKET, "Company_RecID"),
                    ("taskID", &TASK, "Company_RecID"),
                ]),
            ),
            ("Date_Start", Field("dateWorked")),
            ("hours_actual", Field("hoursWorked")),
            (
                "Hourly_Rate",
                Of(&[("roleID", &ours::WORK_ROLES, "Hourly_Rate")]),
            ),
            ("Hourly_Cost", Nothing),
            ("Hourly_Cost_Decimal", Nothing),
            ("AGR_Header_RecID", Field("contractID")),
            (
                "work_type",
                Of(&[
                    ("billingCodeID", &ours::WORK_TYPES, "work_type"),
                    ("internalBillingCodeID", &ours::WORK_TYPES, "work_type"),
                ]),
            ),
            ("billable_flag", Not("isNonBillable")),
            ("Utilization_Flag", Any(&["ticketID", "taskID"])),
            (
                "PM_Project_RecID",
                Of(&[
                    ("taskID", &TASK, "PM_Project_RecID"),
                    ("ticketID", &TICKET, "PM_Project_RecID"),
                ]),
            ),
            ("SR_Service_RecID", Field("ticketID")),
            ("BusGroup", Nothing),
        ],
        ..PLAIN
    },
    Feed {
        table: &ours::INVOICES,
        entity: "Invoices",
        need: FINANCE,
        changed: &["createDateTime", "voidedDate", "webServiceDate"],
        gone: Some("isVoided"),
        columns: &[
            ("Billing_Log_RecID", Field("id")),
            ("Invoice_Number", Field("invoiceNumber")),
            ("Company_RecID", Field("companyID")),
            ("AGR_Header_RecID", Nothing),
            ("Date_Invoice", Field("invoiceDateTime")),
            ("Invoice_Subtotal", Less("invoiceTotal", "totalTaxValue")),
            ("AGR_Amount", Nothing),
            ("Time_Amount", Nothing),
            ("Expense_Amount", Nothing),
            ("Misc_Amount", Nothing),
            ("PM_Project_RecID", Nothing),
            ("BusGroup", Nothing),
            ("Invoice_Amount", Field("invoiceTotal")),
        ],
        ..PLAIN
    },
    // Posted first and put on an invoice later, of which the item tells no moment.
    Feed {
        table: &ours::ITEMS,
        entity: "BillingItems",
        need: FINANCE,
        changed: &["postedDate", "postedOnTime", "webServiceDate"],
        refers: Some(("invoiceID", "Invoices", "createDateTime")),
        columns: &[
            ("Billing_Item_RecID", Field("id")),
            ("Billing_Log_RecID", Field("invoiceID")),
            ("AGR_Header_RecID", Field("contractID")),
            ("PM_Project_RecID", Field("projectID")),
            (
                "Item_Type",
                Which(&[
                    ("timeEntryID", HOURS),
                    ("expenseItemID", EXPENSE),
                    ("ticketChargeID", CHARGE),
                    ("projectChargeID", CHARGE),
                    ("contractChargeID", CHARGE),
                    ("serviceID", SERVICE),
                    ("serviceBundleID", SERVICE),
                    ("contractServiceID", SERVICE),
                    ("contractServiceBundleID", SERVICE),
                ]),
            ),
            ("IV_Item_RecID", Field("serviceID")),
            ("Quantity", Field("quantity")),
            ("Extended_Price", Field("extendedPrice")),
            ("Extended_Cost", Field("ourCost")),
            ("Date_Item", Field("itemDate")),
        ],
        ..PLAIN
    },
    // An invoice is paid whole, on one day.
    Feed {
        table: &PAID,
        entity: "Invoices",
        need: FINANCE,
        rows: Rows::Records(&[When::There("paidDate")]),
        gone: Some("isVoided"),
        columns: &[
            ("Billing_Application_RecID", Field("id")),
            ("Billing_Log_RecID", Field("id")),
            ("Applied_Amount", Field("invoiceTotal")),
            ("Date_Applied", Field("paidDate")),
        ],
        ..PLAIN
    },
    // Those on no invoice yet; the others are billing items.
    Feed {
        table: &CHARGE_OF_TICKET,
        entity: "TicketCharges",
        need: CHARGES,
        rows: Rows::Records(&[When::Is("isBilled", false)]),
        columns: &[
            ("iv_product_RecID", Field("id")),
            (
                "company_recid",
                Of(&[("ticketID", &TICKET, "Company_RecID")]),
            ),
            ("billing_log_recid", Nothing),
            ("Extended_Cost", Field("extendedCost")),
            ("Extended_Price_Amount", Field("billableAmount")),
            ("sr_service_recid", Field("ticketID")),
            ("Line_Desc", Field("name")),
            ("billable_flag", Field("isBillableToCompany")),
            ("Date_Entered", Field("datePurchased")),
        ],
        ..PLAIN
    },
];

/// Read whole: a payment may be dated back as far as one likes, and tells no moment of when it was entered.
pub const PAID: Report = Report {
    grows: None,
    ..ours::PAYMENTS
};
/// Few, and read whole: one that is billed is on the list no more, and tells no moment of it.
pub const CHARGE_OF_TICKET: Report = Report {
    grows: None,
    ..ours::PRODUCTS
};
