//! Reports: every file reads, one right opens all of them and nothing else, conditions and pages work over
//! the report's own columns, and blocks and the instance's list hold.

mod support;

use bitting_demo::Size;
use bitting_policy::Level;
use bitting_rules::reports::{self, definition};
use serde_json::{Value, json};
use support::{Company, Credentials};

const READS: [Level; 4] = [Level::None, Level::None, Level::None, Level::All];

/// The one row that a profitability tool asks for.
async fn reader(company: &Company) -> Credentials {
    let role = company
        .role("Reports", &[("System", "API Reports", READS)], &[])
        .await;
    company.member("Profit", role).await.1
}

/// Billing cycles and agreement types are small; locations and roles are there from the start.
async fn roles(company: &Company, count: usize) {
    for index in 0..count {
        let body = json!({ "name": format!("Role {index:02}"), "techFlag": index % 2 == 0 });
        company.made("/company/teamRoles", body).await;
    }
}

fn names(answer: &Value) -> Vec<String> {
    let definitions = answer["column_definitions"].as_array().expect("columns");
    definitions
        .iter()
        .map(|one| {
            one.as_object()
                .expect("an object")
                .keys()
                .next()
                .expect("a name")
                .clone()
        })
        .collect()
}

fn rows(answer: &Value) -> &Vec<Value> {
    answer["row_values"].as_array().expect("rows")
}

#[tokio::test]
async fn every_file_reads_and_every_path_leads_somewhere() {
    let company = Company::open().await;
    assert_eq!(reports::check(&company.instance), Vec::<String>::new());
}

#[tokio::test]
async fn all_reports_answer_with_their_columns() {
    let company = Company::open().await;
    let key = reader(&company).await;
    let list = company
        .get(&key, "/system/reports?pageSize=1000")
        .await
        .rows();
    assert_eq!(list.len(), 259);
    for report in list {
        let name = report["name"].as_str().expect("a name");
        let path = format!("/system/reports/{name}");
        let answer = company
            .get(&key, &format!("{path}?pageSize=3"))
            .await
            .expect(200);
        let columns = company
            .get(&key, &format!("{path}/columns"))
            .await
            .expect(200);
        assert_eq!(answer["column_definitions"], columns, "{name}");
        assert!(!names(&answer).is_empty(), "{name}");
        for row in rows(&answer) {
            assert_eq!(
                row.as_array().map(Vec::len),
                Some(names(&answer).len()),
                "{name}"
            );
        }
        let count = company
            .get(&key, &format!("{path}/count"))
            .await
            .expect(200);
        assert!(count["count"].is_u64(), "{name}");
    }
}

#[tokio::test]
async fn one_row_of_a_role_opens_reports_and_nothing_else() {
    let company = Company::open().await;
    let key = reader(&company).await;
    for report in ["Time", "Invoices", "AgreementList", "agreementlist"] {
        company
            .get(
                &key,
                &format!("/system/reports/{report}?pageSize=1000&page=1"),
            )
            .await
            .expect(200);
    }
    for path in [
        "/time/entries",
        "/finance/invoices",
        "/finance/agreements",
        "/company/companies",
        "/service/tickets",
        "/system/members",
        "/sales/opportunities",
        "/company/teamRoles",
    ] {
        assert_eq!(company.get(&key, path).await.status, 403, "{path}");
    }
    let missing = company.get(&key, "/system/reports/NoSuchReport").await;
    assert_eq!(missing.status, 404);
}

#[tokio::test]
async fn without_the_row_reports_are_refused() {
    let company = Company::open().await;
    let none = company.role("None", &[], &[]).await;
    let (_, key) = company.member("Nobody", none).await;
    for path in ["", "/Time", "/Time/count", "/Time/columns"] {
        let refused = company.get(&key, &format!("/system/reports{path}")).await;
        assert!(
            refused.denial().contains("API Reports"),
            "{}",
            refused.denial()
        );
        assert_eq!(refused.status, 403);
    }
}

#[tokio::test]
async fn pages_and_conditions_part_the_rows() {
    let company = Company::open().await;
    let key = reader(&company).await;
    roles(&company, 7).await;
    let all = company
        .get(&key, "/system/reports/TeamRole?pageSize=1000")
        .await
        .expect(200);
    let total = rows(&all).len();
    assert!(total >= 7);
    let mut paged = Vec::new();
    for page in 1..=total {
        let path = format!("/system/reports/TeamRole?pageSize=2&page={page}");
        paged.extend(rows(&company.get(&key, &path).await.expect(200)).clone());
    }
    assert_eq!(&paged, rows(&all));
    let path = "/system/reports/TeamRole?conditions=role_desc = 'Role 03'&columns=Team_Role_RecID,role_desc";
    let one = company.get(&key, path).await.expect(200);
    assert_eq!(names(&one), ["Team_Role_RecID", "Role_Desc"]);
    assert_eq!(rows(&one).len(), 1);
    assert_eq!(rows(&one)[0][1], "Role 03");
    let path = "/system/reports/TeamRole?conditions=Role_Desc like 'Role 0*'&orderBy=Role_Desc desc&fields=Role_Desc&pageSize=2";
    let two = company.get(&key, path).await.expect(200);
    assert_eq!(rows(&two), &vec![json!(["Role 06"]), json!(["Role 05"])]);
    let count = company
        .get(
            &key,
            "/system/reports/TeamRole/count?conditions=Role_Desc like 'Role 0*'",
        )
        .await
        .expect(200);
    assert_eq!(count["count"], 7);
    let unknown = company
        .get(&key, "/system/reports/TeamRole?conditions=Nothing = 1")
        .await;
    assert_eq!(unknown.status, 400);
    assert_eq!(unknown.json["code"], "ApiFindCondition");
}

/// Clients that follow `Link` come to the end of every kind of report, page by page and forward only.
#[tokio::test]
async fn links_lead_through_all_rows_and_end() {
    let company = Company::open().await;
    let key = reader(&company).await;
    roles(&company, 7).await;
    for (report, more) in [
        ("TeamRole", ""),
        ("TeamRole", "&orderBy=Role_Desc desc"),
        // Worked out row by row, and made by a function.
        ("MemberSecurityRoles", ""),
        ("MemberSecurityRoles", "&conditions=Member_ID != 'x'"),
    ] {
        let whole = format!("/system/reports/{report}?pageSize=1000{more}");
        let whole = company.get(&key, &whole).await.expect(200);
        let total = rows(&whole).len();
        assert!(total > 3, "{report}");
        for start in ["", "&pageId=0"] {
            let mut path = format!("/system/reports/{report}?pageSize=3{more}{start}");
            let mut read = Vec::new();
            for _ in 0..=total {
                let answered = company.get(&key, &path).await;
                let link = answered.headers["link"].to_str().unwrap_or("").to_owned();
                read.extend(rows(&answered.expect(200)).clone());
                let Some((next, _)) = link.split_once(">; rel=\"next\"") else {
                    assert_eq!(link, "");
                    break;
                };
                let (_, below) = next.split_once("/apis/3.0").expect("an address");
                below.clone_into(&mut path);
            }
            assert_eq!(read.len(), total, "{report}{more}{start}");
            if start.is_empty() || more.is_empty() {
                assert_eq!(&read, rows(&whole), "{report}{more}{start}");
            }
        }
    }
}

/// A column worked out by a function is compared as what it shows, and so is one in the database.
#[tokio::test]
async fn a_condition_and_its_opposite_part_the_rows_whatever_the_column() {
    let company = Company::open().await;
    let key = reader(&company).await;
    for (index, billing) in ["Billable", "DoNotBill", "NoCharge", "Billable"]
        .iter()
        .enumerate()
    {
        let body = json!({ "name": format!("Type {index}"), "billTime": billing,
            "rateType": "AdjAmount", "rate": 1 });
        company.made("/time/workTypes", body).await;
    }
    let count = async |report: &str, conditions: &str| {
        let path = format!("/system/reports/{report}/count?conditions={conditions}");
        company.get(&key, &path).await.expect(200)["count"]
            .as_i64()
            .expect("a count")
    };
    let all = count("WorkTypes", "").await;
    for term in [
        "Billable_Flag = true",
        "work_type = 'Type 1'",
        "Multiplier_Flag = false",
        "Cost_Multiplier > 0",
        "Activity_Type_RecID = 0",
        "Hours_Max = null",
    ] {
        let with = count("WorkTypes", term).await;
        let without = count("WorkTypes", &format!("not ({term})")).await;
        assert_eq!(with + without, all, "{term}");
    }
    assert_eq!(
        count(
            "WorkTypes",
            "Billable_Flag = true and work_type like 'Type*'"
        )
        .await,
        2
    );
    assert_eq!(
        count("OwnerLevel", "Owner_Level_ID = 0").await,
        1,
        "shown as 0, so found as 0"
    );
}

#[tokio::test]
async fn a_list_of_reports_shuts_the_others() {
    let company = Company::open().await;
    let key = reader(&company).await;
    let list = Some("Time, AgreementList");
    company
        .instance
        .set_setting(reports::ALLOW_LIST, list)
        .await
        .expect("a setting");
    company.get(&key, "/system/reports/time").await.expect(200);
    let refused = company.get(&key, "/system/reports/Member").await;
    assert!(
        refused.denial().contains("report Member"),
        "{}",
        refused.denial()
    );
    assert_eq!(refused.status, 403);
    assert_eq!(
        company
            .get(&key, "/system/reports/Member/columns")
            .await
            .status,
        403
    );
    assert_eq!(company.get(&key, "/system/reports").await.rows().len(), 2);
}

#[tokio::test]
async fn a_block_empties_prices_and_costs() {
    let company = Company::open().await;
    let key = reader(&company).await;
    let rate = json!({ "name": "Engineer", "hourlyRate": 150.0 });
    company.made("/time/workRoles", rate).await;
    let path = "/system/reports/Member?columns=Member_ID,Hourly_Cost,Hourly_Rate&conditions=Member_ID = 'Profit'";
    let answer = company.get(&key, path).await;
    assert_eq!(answer.status, 200);
    let members = company
        .get(
            &company.admin,
            "/system/apiMembers?conditions=identifier='Profit'",
        )
        .await
        .rows();
    let id = members[0]["id"].as_i64().expect("an id");
    let patch = json!([{ "op": "replace", "path": "blockCostFlag", "value": true }]);
    company
        .call(
            &company.admin,
            "PATCH",
            &format!("/system/apiMembers/{id}"),
            Some(patch),
        )
        .await
        .expect(200);
    let answer = company
        .get(&key, "/system/reports/Member?columns=Hourly_Cost,Member_ID")
        .await
        .expect(200);
    for row in rows(&answer) {
        assert_eq!(row[0], Value::Null);
    }
    let refused = company
        .get(
            &key,
            "/system/reports/Member?conditions=Hourly_Cost != null",
        )
        .await;
    assert_eq!(
        refused.status, 403,
        "a filter on a hidden column tells its values"
    );
}

#[tokio::test]
async fn the_security_matrix_shows_what_roles_say() {
    let company = Company::open().await;
    let key = reader(&company).await;
    let path = "/system/reports/MemberSecurityRoles?pageSize=1000&conditions=Member_ID = 'Profit' and Inquire_Level = 2&columns=Module_Name,Inquire_Level,Add_Level";
    let answer = company.get(&key, path).await.expect(200);
    assert_eq!(rows(&answer), &vec![json!(["System / API Reports", 2, 0])]);
}

/// The page that tells which reports have rows is held to the files.
#[test]
fn the_page_names_the_computed_reports() {
    let page = include_str!("../../../data/reports/README.md");
    let (_, list) = page
        .split_once("Computed from the served data:")
        .expect("the list");
    let list = list.replace('\n', " ");
    let told: Vec<&str> = list
        .trim()
        .trim_end_matches('.')
        .split(',')
        .map(str::trim)
        .collect();
    let held: Vec<String> = definition::names()
        .into_iter()
        .filter(|name| {
            let report = definition::find(name)
                .expect("a file that reads")
                .expect("a report");
            report.rows != definition::Source::Nowhere
        })
        .collect();
    assert_eq!(told, held);
}

/// Rows of a report as objects, and records of a list, both whole.
async fn objects(company: &Company, report: &str) -> Vec<Value> {
    let path = format!("/system/reports/{report}?pageSize=1000");
    let answer = company.get(&company.admin, &path).await.expect(200);
    let names = names(&answer);
    let object = |row: &Value| {
        let cells = row.as_array().expect("a row").iter().cloned();
        names.iter().cloned().zip(cells).collect::<Value>()
    };
    rows(&answer).iter().map(object).collect()
}

async fn demo() -> Company {
    Company::demo(Size::scaled(120), 5).await
}

/// What the API itself shows of the same records is what the columns have to hold.
#[tokio::test]
async fn reports_of_a_demo_company_hold_what_the_api_shows() {
    let company = demo().await;
    let list = async |path: &str| {
        let path = format!("{path}pageSize=1000");
        company.get(&company.admin, &path).await.rows()
    };

    let mails = list("/company/contacts?").await;
    let told = objects(&company, "Contact").await;
    assert_eq!(mails.len(), told.len());
    for (contact, row) in mails.iter().zip(&told) {
        let ways = contact["communicationItems"].as_array();
        let mail = ways
            .into_iter()
            .flatten()
            .find(|way| way["communicationType"] == "Email" && way["defaultFlag"] == true);
        let mail = mail.map_or(json!(""), |way| way["value"].clone());
        assert_eq!(row["Default_Email"], mail, "contact {}", contact["id"]);
    }
    assert!(told.iter().any(|row| row["Default_Email"] != ""));

    let hours = objects(&company, "Service").await;
    let times = list("/time/entries?conditions=chargeToType=%22ServiceTicket%22&").await;
    let mut any = false;
    for row in &hours {
        let of = times
            .iter()
            .filter(|time| time["ticket"]["id"] == row["SR_Service_RecID"]);
        let worth = |time: &Value| time["actualHours"].as_f64().unwrap_or(0.0);
        let (mut billable, mut other) = (0.0, 0.0);
        for time in of {
            if time["billableOption"] == "Billable" {
                billable += worth(time);
            } else {
                other += worth(time);
            }
        }
        let near = |name: &str, sum: f64| (row[name].as_f64().unwrap_or(-1.0) - sum).abs() < 0.001;
        assert!(near("Hours_Billable", billable), "{row}");
        assert!(near("Hours_NonBillable", other), "{row}");
        any |= billable > 0.0;
    }
    assert!(any);

    let types = list("/company/companyTypeAssociations?").await;
    let told = objects(&company, "CompanyCompanyTypes").await;
    let pairs = |rows: &[Value], company: &str, name: &str| {
        let mut pairs: Vec<String> = rows
            .iter()
            .map(|row| format!("{:?} {:?}", row.pointer(company), row.pointer(name)))
            .collect();
        pairs.sort();
        pairs
    };
    assert!(!told.is_empty());
    assert_eq!(
        pairs(&told, "/Company_RecID", "/Description"),
        pairs(&types, "/company/id", "/type/name")
    );

    for (report, id, path, column, at) in [
        (
            "ContactCommunication",
            "Contact_Communication_RecID",
            "/company/contacts/1/communications?",
            "Contact_Communication_Desc",
            "/value",
        ),
        (
            "ConfigurationTypeQuestion",
            "CS_Survey_Detail_RecID",
            "/company/configurations/types/1/questions?",
            "Question",
            "/question",
        ),
        (
            "InventoryItem",
            "IV_Item_RecID",
            "/procurement/catalog?",
            "Item_ID",
            "/identifier",
        ),
        (
            "ProjectTeamMember",
            "PM_Team_RecID",
            "/project/projects/1/teamMembers?",
            "Member_ID",
            "/member/identifier",
        ),
        (
            "CompanyAddress",
            "Company_Address_RecID",
            "/company/companies/2/sites?",
            "Default_Flag",
            "/primaryAddressFlag",
        ),
    ] {
        let told = objects(&company, report).await;
        let records = list(path).await;
        assert!(!told.is_empty(), "{report} has no rows");
        for record in records {
            let row = told.iter().find(|row| row[id] == record["id"]);
            let row = row.unwrap_or_else(|| panic!("{report}: no row {}", record["id"]));
            assert_eq!(row.get(column), record.pointer(at), "{report} {column}");
        }
    }
}
