//! The bodies: for each condition one that breaks it and one that keeps it.

use serde_json::{Value, json};

pub const MISSING: &str = "MissingRequiredField";
pub const INVALID: &str = "InvalidField";

/// One condition of one field.
pub struct Row {
    pub entity: &'static str,
    pub field: &'static str,
    pub code: &'static str,
    /// What any such record has.
    pub base: Value,
    /// What breaks the condition, and what a record has instead that keeps it.
    pub breaks: Value,
    pub keeps: Value,
}

fn row(
    (entity, field, code): (&'static str, &'static str, &'static str),
    base: &Value,
    breaks: Value,
    keeps: Value,
) -> Row {
    let base = base.clone();
    Row {
        entity,
        field,
        code,
        base,
        breaks,
        keeps,
    }
}

fn named(name: &str) -> Value {
    json!({ "name": name })
}

/// Every condition there is; `name` is put where a record needs one of its own.
pub fn table() -> Vec<Row> {
    let mut rows = Vec::new();
    boards(&mut rows);
    let mail = || named("Email Address");
    for entity in [
        "service/boards/statuses/notifications",
        "sales/orders/statuses/notifications",
        "procurement/purchaseorderstatuses/notifications",
        "procurement/rmaStatuses/notifications",
    ] {
        let keeps = json!({ "notifyWho": mail(), "email": "a@b.example.com" });
        rows.push(row(
            (entity, "email", MISSING),
            &json!({}),
            json!({ "notifyWho": mail() }),
            keeps,
        ));
    }
    for (field, other) in [
        ("phoneFlag", "faxFlag"),
        ("faxFlag", "emailFlag"),
        ("emailFlag", "phoneFlag"),
    ] {
        let breaks = json!({ "phoneFlag": false, "faxFlag": false });
        rows.push(row(
            ("company/communicationTypes", field, MISSING),
            &json!({ "description": "NAME" }),
            breaks,
            json!({ other: true }),
        ));
    }
    for field in [
        "exportInvoicesFlag",
        "exportExpensesFlag",
        "exportProductsFlag",
    ] {
        let id = if field == "exportInvoicesFlag" {
            "INVOICE"
        } else {
            "NONE"
        };
        rows.push(row(
            ("CreateAccountingBatchRequest", field, MISSING),
            &json!({ "processedRecordIds": [id] }),
            json!({ field: false }),
            json!({ field: true }),
        ));
    }
    let from = json!({ "firstName": "A", "lastName": "B", "emailAddress": "a@b.example.com" });
    for (entity, base) in [
        (
            "finance/invoiceEmailTemplates",
            json!({ "name": "NAME", "subject": "S" }),
        ),
        ("service/emailTemplates", json!({ "type": "Any" })),
    ] {
        for field in ["firstName", "lastName", "emailAddress"] {
            let (mut breaks, mut keeps) = (from.clone(), from.clone());
            breaks["useSenderFlag"] = json!(false);
            keeps["useSenderFlag"] = json!(false);
            breaks.as_object_mut().unwrap().remove(field);
            rows.push(row((entity, field, MISSING), &base, breaks, keeps));
        }
    }
    managed(&mut rows);
    for entity in ["project/phaseStatuses", "project/statuses"] {
        let custom = named("Custom");
        rows.push(row(
            (entity, "customStatusIndicatorName", MISSING),
            &json!({ "name": "NAME" }),
            json!({ "statusIndicator": custom }),
            json!({ "statusIndicator": custom, "customStatusIndicatorName": "Ours" }),
        ));
    }
    portal(&mut rows);
    let colors = "schedule/colors";
    rows.push(row(
        (colors, "startPercent", MISSING),
        &json!({}),
        json!({ "startPercent": null, "endPercent": 7 }),
        json!({ "startPercent": 3, "endPercent": 7 }),
    ));
    rows.push(row(
        (colors, "endPercent", MISSING),
        &json!({}),
        json!({ "endPercent": null }),
        json!({ "startPercent": null, "endPercent": null }),
    ));
    let field = json!({ "podId": 1, "caption": "NAME", "sequenceNumber": 9 });
    rows.push(row(
        ("system/userDefinedFields", "numberDecimals", INVALID),
        &field,
        json!({ "fieldTypeIdentifier": "Text", "numberDecimals": 2 }),
        json!({ "fieldTypeIdentifier": "Percent", "numberDecimals": 2 }),
    ));
    rows.push(row(
        ("system/userDefinedFields", "buttonUrl", MISSING),
        &field,
        json!({ "fieldTypeIdentifier": "Button" }),
        json!({ "fieldTypeIdentifier": "Button", "buttonUrl": "https://a.example.com" }),
    ));
    workflows(&mut rows);
    rows
}

fn boards(rows: &mut Vec<Row>) {
    const BOARDS: &str = "service/boards";
    let base = json!({ "name": "NAME" });
    let allow = "emailConnectorAllowReopenClosedFlag";
    for field in [
        "emailConnectorReopenResourcesFlag",
        "emailConnectorNewTicketNoMatchFlag",
    ] {
        let keeps = json!({ field: true, allow: true });
        rows.push(row(
            (BOARDS, field, INVALID),
            &base,
            json!({ field: true }),
            keeps,
        ));
    }
    for (flag, limit) in [
        (
            "emailConnectorNeverReopenByDaysFlag",
            "emailConnectorReopenDaysLimit",
        ),
        (
            "emailConnectorNeverReopenByDaysClosedFlag",
            "emailConnectorReopenDaysClosedLimit",
        ),
    ] {
        let keeps = || json!({ allow: true, flag: true, limit: 5 });
        let breaks = json!({ flag: true, limit: 5 });
        rows.push(row((BOARDS, flag, INVALID), &base, breaks, keeps()));
        let breaks = json!({ allow: true, flag: true });
        rows.push(row((BOARDS, limit, MISSING), &base, breaks, keeps()));
        let breaks = json!({ allow: true, limit: 5 });
        rows.push(row((BOARDS, limit, INVALID), &base, breaks, keeps()));
    }
    rows.push(row(
        (BOARDS, "autoAssignLimitAmount", INVALID),
        &base,
        json!({ "autoAssignLimitFlag": false, "autoAssignLimitAmount": 5 }),
        json!({ "autoAssignLimitFlag": true, "autoAssignLimitAmount": 5 }),
    ));
}

fn managed(rows: &mut Vec<Row>) {
    let login = json!({ "globalLoginUsername": "u", "globalLoginPassword": "p" });
    let devices = json!({ "name": "NAME", "solution": "S", "loginBy": "Global", "defaultBillingLevel": "Detail" });
    let solution =
        json!({ "name": "NAME", "managementItSolutionType": "NAble", "globalLoginFlag": true });
    for (entity, base) in [
        ("company/managedDevicesIntegrations", &devices),
        ("company/managementItSolutions", &solution),
    ] {
        for field in ["globalLoginUsername", "globalLoginPassword"] {
            let mut breaks = login.clone();
            breaks.as_object_mut().unwrap().remove(field);
            rows.push(row((entity, field, MISSING), base, breaks, login.clone()));
        }
    }
    let custom = json!({ "name": "NAME", "managementItSolutionType": "Custom" });
    rows.push(row(
        (
            "company/managementItSolutions",
            "managementSolutionName",
            MISSING,
        ),
        &custom,
        json!({}),
        json!({ "managementSolutionName": "Ours" }),
    ));
    let report = "executiveSummaryReportSchedule";
    for part in ["Day", "Hour", "Minute"] {
        let field: &'static str = match part {
            "Day" => "executiveSummaryReportScheduleDay",
            "Hour" => "executiveSummaryReportScheduleHour",
            _ => "executiveSummaryReportScheduleMinute",
        };
        let mut keeps = json!({ "scheduleExecutiveSummaryReportFlag": true });
        for part in ["Day", "Hour", "Minute"] {
            keeps[format!("{report}{part}")] = json!(1);
        }
        let mut breaks = keeps.clone();
        breaks[field] = Value::Null;
        rows.push(row(
            ("company/management", field, MISSING),
            &json!({}),
            breaks,
            keeps,
        ));
    }
}

fn portal(rows: &mut Vec<Row>) {
    for (entity, flag, field) in [
        (
            "opportunitySetups",
            "acceptanceSendEmailFlag",
            "acceptanceFromEmail",
        ),
        (
            "opportunitySetups",
            "rejectionSendEmailFlag",
            "rejectionFromEmail",
        ),
        (
            "opportunitySetups",
            "confirmationSendEmailFlag",
            "confirmationFromEmail",
        ),
        (
            "passwordEmailSetups",
            "validPasswordEmailUseCustomEmailFlag",
            "validPasswordEmailFromEmail",
        ),
        (
            "passwordEmailSetups",
            "invalidPasswordEmailUseCustomEmailFlag",
            "invalidPasswordEmailFromEmail",
        ),
    ] {
        let entity = match entity {
            "opportunitySetups" => "company/portalConfigurations/opportunitySetups",
            _ => "company/portalConfigurations/passwordEmailSetups",
        };
        let keeps = json!({ flag: true, field: "a@b.example.com" });
        rows.push(row(
            (entity, field, MISSING),
            &json!({}),
            json!({ flag: true }),
            keeps,
        ));
    }
}

fn workflows(rows: &mut Vec<Row>) {
    let workflow = json!({ "name": "NAME", "tableType": named("Activity") });
    rows.push(row(
        ("system/workflows", "batchSchedule", MISSING),
        &workflow,
        json!({ "activateFlag": true }),
        json!({ "activateFlag": true, "batchSchedule": "AnyTime" }),
    ));
    let whole = json!({ "executionTime": "MultipleTimes", "frequencyUnit": "Days",
        "frequencyOfExecution": 2, "maxNumberOfExecution": 3 });
    for field in [
        "frequencyUnit",
        "frequencyOfExecution",
        "maxNumberOfExecution",
    ] {
        let mut breaks = whole.clone();
        breaks.as_object_mut().unwrap().remove(field);
        rows.push(row(
            ("system/workflows/events", field, MISSING),
            &json!({ "eventCondition": "x" }),
            breaks,
            whole.clone(),
        ));
    }
    let actions = "system/workflows/events/actions";
    let mail = || named("Email Address");
    for (who, field) in [("notifyWho", "emailRecipient"), ("notifyFrom", "emailFrom")] {
        let base = json!({ "notifyType": named("Attach Configuration"), "attachConfigurationsFor": "Company" });
        let keeps = json!({ who: mail(), field: "a@b.example.com" });
        rows.push(row(
            (actions, field, MISSING),
            &base,
            json!({ who: mail() }),
            keeps,
        ));
    }
    for (kind, field, value) in [
        ("Send Email", "subject", "Hello"),
        ("Create Activity", "subject", "Hello"),
        ("Attach Configuration", "attachConfigurationsFor", "Contact"),
    ] {
        rows.push(row(
            (actions, field, MISSING),
            &json!({ "notifyType": named(kind) }),
            json!({}),
            json!({ field: value }),
        ));
    }
}
