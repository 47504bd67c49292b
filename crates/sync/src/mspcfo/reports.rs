//! Our own tables: the reports that MSPCFO reads of a ConnectWise, and which of their columns it keeps. What it reads of
//! an Autotask is kept in the same ones. Knows no figure.

/// A report.
pub struct Report {
    pub name: &'static str,
    /// Columns that together tell a row from all others; the first one orders the pages.
    pub key: &'static [&'static str],
    /// What is kept of a row.
    pub columns: &'static [&'static str],
    /// For reports that grow: the moment of the last change, and the day that puts a row into a month.
    pub grows: Option<(&'static str, &'static str)>,
}

impl Report {
    /// Where a column stands among those that are kept.
    pub fn at(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|known| *known == column)
    }
}

const fn small(
    name: &'static str,
    key: &'static [&'static str],
    columns: &'static [&'static str],
) -> Report {
    Report {
        name,
        key,
        columns,
        grows: None,
    }
}

pub const ALL: [&Report; 21] = [
    &COMPANIES,
    &MEMBERS,
    &WORK_TYPES,
    &AGREEMENT_TYPES,
    &AGREEMENTS,
    &ADDITIONS,
    &TIME,
    &INVOICES,
    &LINES,
    &PRODUCTS,
    &HOLIDAYS,
    &WORK_ROLES,
    &TEAM_ROLES,
    &TEAMS,
    &GROUPS,
    &SERVICE_TYPES,
    &CALENDARS,
    &PROJECTS,
    &TICKETS,
    &EXPENSES,
    &PAYMENTS,
];

pub const COMPANIES: Report = small(
    "Company",
    &["Company_RecID"],
    &["Company_RecID", "Company_Name"],
);
pub const MEMBERS: Report = small(
    "Member",
    &["Member_RecID"],
    &["Member_RecID", "Member_ID", "Hourly_Cost", "Inactive_Flag"],
);
pub const WORK_TYPES: Report = small(
    "WorkTypes",
    &["Activity_Type_RecID"],
    &[
        "Activity_Type_RecID",
        "work_type",
        "Cost_Multiplier",
        "Utilization_Flag",
    ],
);
pub const AGREEMENT_TYPES: Report = small(
    "AgrType",
    &["AGR_Type_RecID"],
    &["AGR_Type_RecID", "AGR_Type_Desc"],
);
pub const AGREEMENTS: Report = small(
    "AgreementList",
    &["AGR_Header_RecID"],
    &[
        "AGR_Header_RecID",
        "AGR_Name",
        "CompanyRecId",
        "agr_type_desc",
    ],
);
pub const ADDITIONS: Report = small(
    "AgreementAdditions",
    &["Addition_RecId"],
    &[
        "Addition_RecId",
        "AGR_RecID",
        "Product_RecId",
        "Unit_Cost",
        "Unit_Price",
    ],
);
pub const TIME: Report = Report {
    name: "Time",
    key: &["Time_RecID"],
    columns: &[
        "Time_RecID",
        "member_id",
        "Company_RecID",
        "Date_Start",
        "hours_actual",
        "Hourly_Rate",
        "Hourly_Cost",
        "Hourly_Cost_Decimal",
        "AGR_Header_RecID",
        "work_type",
        "billable_flag",
        "Utilization_Flag",
        "PM_Project_RecID",
        "SR_Service_RecID",
        "BusGroup",
    ],
    grows: Some(("Last_Update_UTC", "Date_Start")),
};
pub const INVOICES: Report = Report {
    name: "InvoiceHeader",
    key: &["Billing_Log_RecID"],
    columns: &[
        "Billing_Log_RecID",
        "Invoice_Number",
        "Company_RecID",
        "AGR_Header_RecID",
        "Date_Invoice",
        "Invoice_Subtotal",
        "AGR_Amount",
        "Time_Amount",
        "Expense_Amount",
        "Misc_Amount",
        "PM_Project_RecID",
        "BusGroup",
        "Invoice_Amount",
    ],
    grows: Some(("Last_Update", "Date_Invoice")),
};
/// Its rows have no moment of their own that is always filled, so it is read whole.
pub const LINES: Report = small(
    "InvoiceAgreementAdditions",
    &[
        "Billing_Log_RecID",
        "IV_Item_RecID",
        "Sequence_Number",
        "Line_Desc",
    ],
    &[
        "Billing_Log_RecID",
        "AGR_Header_RecID",
        "IV_Item_RecID",
        "Quantity",
        "Unit_Price",
        "Extended_Price",
        "AGR_Amount",
    ],
);
/// What was sold besides agreements and hours, and what it cost.
pub const PRODUCTS: Report = Report {
    name: "Product",
    key: &["iv_product_RecID"],
    columns: &[
        "iv_product_RecID",
        "company_recid",
        "billing_log_recid",
        "Extended_Cost",
        "Extended_Price_Amount",
        "sr_service_recid",
        "Line_Desc",
        "billable_flag",
        "Date_Entered",
    ],
    grows: Some(("Last_Update", "Date_Entered")),
};
pub const HOLIDAYS: Report = small(
    "Holiday",
    &["Holiday_List_RecID", "Holiday_Date", "Description"],
    &["Holiday_List_RecID", "Holiday_List_Name", "Holiday_Date"],
);
/// Roles and their rates; a role without one earns nothing on paper.
pub const WORK_ROLES: Report = small(
    "WorkRoles",
    &["Activity_Class_RecID"],
    &[
        "Activity_Class_RecID",
        "work_role",
        "Hourly_Rate",
        "Inactive_Flag",
    ],
);
pub const TEAM_ROLES: Report = small(
    "TeamRole",
    &["Team_Role_RecID"],
    &["Team_Role_RecID", "Role_Desc"],
);
/// Who looks after which company.
pub const TEAMS: Report = small(
    "CompanyTeam",
    &["Company_Team_RecID"],
    &[
        "Company_Team_RecID",
        "Company_RecID",
        "Member_RecID",
        "Team_Role_Recid",
        "AcctMgr_Flag",
    ],
);
/// Business groups.
pub const GROUPS: Report = small(
    "BillingUnit",
    &["Billing_Unit_RecID"],
    &["Billing_Unit_RecID", "BusGroup"],
);
/// Types of tickets; `ActiveType` tells those that react from those that prevent.
pub const SERVICE_TYPES: Report = small(
    "ServiceType",
    &["SR_Type_RecID"],
    &["SR_Type_RecID", "ServiceType", "Board_Name", "ActiveType"],
);
/// Office calendars and the holiday list of each.
pub const CALENDARS: Report = small(
    "Calendar",
    &["Office_Calendar_RecID"],
    &["Office_Calendar_RecID", "Description", "Holiday_List_RecID"],
);
pub const PROJECTS: Report = small(
    "ProjectHeader",
    &["PM_Project_RecID"],
    &[
        "PM_Project_RecID",
        "Project_Name",
        "Company_RecID",
        "Project_Status",
    ],
);
pub const TICKETS: Report = Report {
    name: "Service",
    key: &["SR_Service_RecID"],
    columns: &["SR_Service_RecID", "Type_RecID", "Date_Entered_UTC"],
    grows: Some(("Last_Update", "Date_Entered_UTC")),
};
pub const EXPENSES: Report = Report {
    name: "InvoiceExpense",
    key: &["EX_Detail_RecID"],
    columns: &[
        "EX_Detail_RecID",
        "Billing_Log_RecID",
        "Company_RecID",
        "Expense_Cost",
        "Extended_Amount",
        "Date_Expense",
    ],
    grows: Some(("Last_Update", "Date_Expense")),
};
pub const PAYMENTS: Report = Report {
    name: "InvoicePayments",
    key: &["Billing_Application_RecID"],
    columns: &[
        "Billing_Application_RecID",
        "Billing_Log_RecID",
        "Applied_Amount",
        "Date_Applied",
    ],
    grows: Some(("Last_Update", "Date_Applied")),
};
/// What invoices consist of, where one invoice may be about several agreements: billing items of an Autotask. Invoices
/// of a ConnectWise are about one agreement each, and have none.
pub const ITEMS: Report = Report {
    name: "BillingItem",
    key: &["Billing_Item_RecID"],
    columns: &[
        "Billing_Item_RecID",
        "Billing_Log_RecID",
        "AGR_Header_RecID",
        "PM_Project_RecID",
        "Item_Type",
        "IV_Item_RecID",
        "Quantity",
        "Extended_Price",
        "Extended_Cost",
        "Date_Item",
    ],
    grows: Some(("", "Date_Item")),
};
