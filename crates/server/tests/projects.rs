//! Projects from a template to a closed ticket: what phases and tickets take over, who is on the team, and
//! what a role in a project takes away.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use bitting_policy::Level::{All, None as No};
use bitting_policy::Levels;
use serde_json::{Value, json};
use support::{Answered, Company, Credentials};

const EVERY: Levels = [All; 4];

/// A company with a project board, roles, and a project of one phase with two tickets.
struct Site {
    company: Company,
    customer: i64,
    board: i64,
    project: i64,
    phase: i64,
    tickets: [i64; 2],
    manager: i64,
    worker: i64,
}

impl Site {
    async fn open() -> Self {
        let company = Company::open().await;
        let made = async |path: &str, body: Value| company.made(path, body).await;
        made(
            "/company/companies/statuses",
            json!({ "name": "Active", "defaultFlag": true }),
        )
        .await;
        made(
            "/project/statuses",
            json!({ "name": "Open", "defaultFlag": true }),
        )
        .await;
        made(
            "/project/statuses",
            json!({ "name": "Closed", "closedFlag": true }),
        )
        .await;
        made(
            "/project/phaseStatuses",
            json!({ "name": "Running", "defaultFlag": true }),
        )
        .await;
        let manager = made(
            "/project/securityRoles",
            json!({ "name": "Manager", "managerRoleFlag": true }),
        )
        .await;
        let worker = made("/project/securityRoles", json!({ "name": "Worker" })).await;
        for (name, identifier) in [("Service", "S"), ("Project Ticket", "P")] {
            made(
                "/schedule/types",
                json!({ "name": name, "identifier": identifier }),
            )
            .await;
        }
        let customer = made(
            "/company/companies",
            json!({ "identifier": "Co", "name": "Co" }),
        )
        .await;
        let place = json!({ "id": 1 });
        let board = json!({ "name": "Projects", "projectFlag": true, "location": place, "department": place });
        let board = made("/service/boards", board).await;
        let project = json!({ "name": "Move", "company": { "id": customer }, "board": { "id": board },
            "billingMethod": "ActualRates", "estimatedStart": "2026-03-01T00:00:00Z", "estimatedEnd": "2026-04-01T00:00:00Z" });
        let project = made("/project/projects", project).await;
        let phase = made(
            &format!("/project/projects/{project}/phases"),
            json!({ "description": "Plan" }),
        )
        .await;
        let mut tickets = [0; 2];
        for (index, ticket) in tickets.iter_mut().enumerate() {
            let body = json!({ "summary": format!("Step {index}"), "project": { "id": project }, "phase": { "id": phase } });
            *ticket = made("/project/tickets", body).await;
        }
        Self {
            company,
            customer,
            board,
            project,
            phase,
            tickets,
            manager,
            worker,
        }
    }

    async fn get(&self, path: &str) -> Value {
        self.company
            .get(&self.company.admin, path)
            .await
            .expect(200)
    }

    async fn patch(&self, key: &Credentials, path: &str, field: &str, value: Value) -> Answered {
        let body = json!([{ "op": "replace", "path": field, "value": value }]);
        self.company.call(key, "PATCH", path, Some(body)).await
    }

    async fn post(&self, key: &Credentials, path: &str, body: Value) -> Answered {
        self.company.call(key, "POST", path, Some(body)).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn projects_know_their_phases_tickets_and_progress() {
    let site = Site::open().await;
    let path = format!("/project/projects/{}", site.project);
    let project = site.get(&path).await;
    assert_eq!(
        [
            &project["status"]["name"],
            &project["manager"]["id"],
            &project["percentComplete"]
        ],
        [&json!("Open"), &json!(site.company.admin_member), &json!(0)]
    );
    let team = site.get(&format!("{path}/teamMembers")).await;
    assert_eq!(
        [&team[0]["member"]["id"], &team[0]["projectRole"]["id"]],
        [&json!(site.company.admin_member), &json!(site.manager)]
    );
    let phase = site.get(&format!("{path}/phases/{}", site.phase)).await;
    assert_eq!(
        [
            &phase["status"]["name"],
            &phase["board"]["id"],
            &phase["wbsCode"]
        ],
        [&json!("Running"), &json!(site.board), &json!("1")]
    );
    let below = json!({ "description": "Detail", "parentPhase": { "id": site.phase } });
    let below = site
        .post(&site.company.admin, &format!("{path}/phases"), below)
        .await
        .expect(201);
    assert_eq!(below["wbsCode"], "1.1");
    let first = site
        .get(&format!("/project/tickets/{}", site.tickets[0]))
        .await;
    assert_eq!(
        [
            &first["company"]["id"],
            &first["wbsCode"],
            &first["board"]["id"]
        ],
        [&json!(site.customer), &json!("1.1"), &json!(site.board)]
    );
    // A ticket of a project is in no list of the service desk, and its notes are under both paths.
    assert_eq!(site.get("/service/tickets").await, json!([]));
    let ticket = site.tickets[0];
    let note = site
        .post(
            &site.company.admin,
            &format!("/service/tickets/{ticket}/notes"),
            json!({ "text": "Seen", "detailDescriptionFlag": true }),
        )
        .await;
    assert_eq!(note.status, 201, "{}", note.json);
    for path in ["service", "project"] {
        let notes = site.get(&format!("/{path}/tickets/{ticket}/notes")).await;
        assert_eq!(notes[0]["text"], "Seen");
    }
    assert_eq!(
        site.company
            .get(&site.company.admin, &format!("/service/tickets/{ticket}"))
            .await
            .status,
        404
    );
    // Only for those who may read the project's tickets.
    let role = site
        .company
        .role("Desk", &[("Service Desk", "Service Tickets", EVERY)], &[])
        .await;
    let (_, desk) = site.company.member("Desk", role).await;
    assert_eq!(
        site.company
            .get(&desk, &format!("/service/tickets/{ticket}/notes"))
            .await
            .status,
        404
    );

    let closed = site
        .get(&format!(
            "/service/boards/{}/statuses?conditions=closedStatus=true",
            site.board
        ))
        .await[0]["id"]
        .clone();
    site.patch(
        &site.company.admin,
        &format!("/project/tickets/{ticket}"),
        "status",
        json!({ "id": closed }),
    )
    .await
    .expect(200);
    assert_eq!(site.get(&path).await["percentComplete"], 0.5);
    // Closing a project has a row of its own.
    let rows = [
        ("Project", "Project Headers", EVERY),
        ("Companies", "Company Maintenance", EVERY),
    ];
    let role = site.company.role("Head", &rows, &[]).await;
    let (_, head) = site.company.member("Head", role).await;
    let done = site
        .get("/project/statuses?conditions=closedFlag=true")
        .await[0]["id"]
        .clone();
    let denied = site
        .patch(&head, &path, "status", json!({ "id": done }))
        .await;
    assert_eq!(
        (denied.status, denied.denial().contains("Close Projects")),
        (403, true),
        "{}",
        denied.denial()
    );
    let shut = site
        .patch(&site.company.admin, &path, "status", json!({ "id": done }))
        .await
        .expect(200);
    assert_eq!(
        [&shut["closedFlag"], &shut["actualEnd"]],
        [&json!(true), &json!("2026-03-02T09:00:00Z")]
    );
    let plan = site.get(&format!("{path}/projectWorkplan")).await;
    assert_eq!(
        [
            &plan["phases"][0]["description"],
            &plan["phases"][1]["wbsCode"]
        ],
        [&json!("Plan"), &json!("1.1")]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_put_people_on_tickets() {
    let site = Site::open().await;
    let admin = &site.company.admin;
    let board = json!({ "name": "Desk", "location": { "id": 1 }, "department": { "id": 1 } });
    let board = site.company.made("/service/boards", board).await;
    let ticket = json!({ "summary": "Printer", "company": { "id": site.customer }, "board": { "id": board } });
    let ticket = site.company.made("/service/tickets", ticket).await;
    let types = site.get("/schedule/types?orderBy=id").await;
    let (service, project) = (types[0]["id"].clone(), types[1]["id"].clone());
    let rows = [(
        "Service Desk",
        "Service Tickets",
        [No, No, No, bitting_policy::Level::My],
    )];
    let role = site.company.role("Own", &rows, &[]).await;
    let (ann, own) = site.company.member("Ann", role).await;
    let (bob, _) = site.company.member("Bob", role).await;
    let entry = |member: i64| {
        json!({ "objectId": ticket, "type": { "id": service }, "member": { "id": member },
        "dateStart": "2026-03-03T09:00:00Z", "dateEnd": "2026-03-03T11:30:00Z" })
    };
    let path = format!("/service/tickets/{ticket}");
    assert_eq!(site.company.get(&own, &path).await.status, 404);
    let first = site
        .post(admin, "/schedule/entries", entry(ann))
        .await
        .expect(201);
    assert_eq!(
        [&first["name"], &first["hours"]],
        [&json!("Printer"), &json!(2.5)]
    );
    // Whoever is scheduled has the ticket as its own.
    assert_eq!(site.company.get(&own, &path).await.status, 200);
    let mut second = entry(bob);
    second["ownerFlag"] = json!(true);
    let second = site
        .post(admin, "/schedule/entries", second)
        .await
        .expect(201);
    let shown = site.get(&path).await;
    assert_eq!(
        [&shown["resources"], &shown["owner"]["id"]],
        [&json!("Ann, Bob"), &json!(bob)]
    );
    let path_of = format!("/schedule/entries/{}/false", first["id"]);
    site.company
        .call(admin, "DELETE", &path_of, None)
        .await
        .expect(204);
    assert_eq!(site.get(&path).await["resources"], "Bob");
    assert_eq!(site.company.get(&own, &path).await.status, 404);
    let path_of = format!("/schedule/entries/{}", second["id"]);
    site.patch(admin, &path_of, "member", json!({ "id": ann }))
        .await
        .expect(200);
    assert_eq!(site.get(&path).await["resources"], "Ann");
    let nowhere = json!({ "objectId": 999_999, "type": { "id": service } });
    assert_eq!(
        site.post(admin, "/schedule/entries", nowhere).await.status,
        400
    );

    // On a project's ticket goes who is on the team, or is put there.
    let ticket = site.tickets[0];
    let mut entry =
        json!({ "objectId": ticket, "type": { "id": project }, "member": { "id": ann } });
    let refused = site.post(admin, "/schedule/entries", entry.clone()).await;
    assert_eq!(
        (refused.status, &refused.json["errors"][0]["field"]),
        (400, &json!("member"))
    );
    entry["addMemberToProjectFlag"] = json!(true);
    entry["projectRoleId"] = json!(site.worker);
    let rows = [
        ("Service Desk", "Resource Scheduling", EVERY),
        ("Project", "Project Tickets", EVERY),
    ];
    let role = site.company.role("Planner", &rows, &[]).await;
    let (_, planner) = site.company.member("Planner", role).await;
    let denied = site
        .post(&planner, "/schedule/entries", entry.clone())
        .await;
    assert_eq!(
        (
            denied.status,
            denied.denial().contains("Project Scheduling")
        ),
        (403, true),
        "{}",
        denied.denial()
    );
    let rows = [rows[0], rows[1], ("Project", "Project Scheduling", EVERY)];
    let role = site.company.role("Planner of projects", &rows, &[]).await;
    let (_, planner) = site.company.member("Planner2", role).await;
    let denied = site
        .post(&planner, "/schedule/entries", entry.clone())
        .await;
    assert_eq!(
        (denied.status, denied.denial().contains("Project Teams")),
        (403, true),
        "{}",
        denied.denial()
    );
    site.post(admin, "/schedule/entries", entry)
        .await
        .expect(201);
    assert_eq!(
        site.get(&format!("/project/tickets/{ticket}")).await["resources"],
        "Ann"
    );
    let team = site
        .get(&format!(
            "/project/projects/{}/teamMembers?conditions=member/id={ann}",
            site.project
        ))
        .await;
    assert_eq!(team[0]["projectRole"]["id"], site.worker);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_in_a_project_takes_away_and_never_gives() {
    let site = Site::open().await;
    let rows = [
        ("Project", "Project Headers", EVERY),
        ("Project", "Project Phase", EVERY),
        ("Project", "Project Tickets", EVERY),
        ("Companies", "Company Maintenance", EVERY),
    ];
    let role = site.company.role("Builder", &rows, &[]).await;
    let (ann, key) = site.company.member("Ann", role).await;
    let settings = format!("/project/securityRoles/{}/settings", site.worker);
    let all = site.get(&format!("{settings}?pageSize=100")).await;
    assert!(all.as_array().unwrap().len() >= 15, "{all}");
    let set = async |module: &str, field: &str, level: &str| {
        let row = all
            .as_array()
            .unwrap()
            .iter()
            .find(|row| row["moduleIdentifier"] == module)
            .unwrap();
        let path = format!("{settings}/{}", row["id"]);
        site.patch(&site.company.admin, &path, field, json!(level))
            .await
            .expect(200);
    };
    let phases = format!("/project/projects/{}/phases", site.project);
    let phase = format!("{phases}/{}", site.phase);
    let ticket = format!("/project/tickets/{}", site.tickets[0]);
    let see = async |path: &str| site.company.get(&key, path).await.status;
    assert_eq!([see(&phase).await, see(&ticket).await], [200, 200]);
    // Outside the team the project's role is nobody's business.
    set("Project Tickets", "inquireLevel", "None").await;
    set("Project Phase", "editLevel", "None").await;
    set("Project Phase", "addLevel", "None").await;
    assert_eq!([see(&phase).await, see(&ticket).await], [200, 200]);
    let team = json!({ "member": { "id": ann }, "projectRole": { "id": site.worker } });
    let team_path = format!("/project/projects/{}/teamMembers", site.project);
    let on = site
        .post(&site.company.admin, &team_path, team)
        .await
        .expect(201);
    assert_eq!([see(&phase).await, see(&ticket).await], [200, 404]);
    assert_eq!(
        site.company
            .get(&key, "/project/tickets")
            .await
            .rows()
            .len(),
        0
    );
    assert_eq!(
        site.company
            .get(&key, "/project/tickets/count")
            .await
            .expect(200)["count"],
        0
    );
    assert_eq!(see(&format!("{ticket}/notes")).await, 404);
    let denied = site
        .patch(&key, &phase, "description", json!("Other"))
        .await;
    assert_eq!(denied.status, 403, "{}", denied.json);
    assert!(
        denied.denial().contains("project role"),
        "{}",
        denied.denial()
    );
    let denied = site
        .post(&key, &phases, json!({ "description": "More" }))
        .await;
    assert_eq!(denied.status, 403, "{}", denied.json);
    // Reading and not writing: what hangs on a ticket follows the role, too.
    set("Project Tickets", "inquireLevel", "All").await;
    set("Project Tickets", "editLevel", "None").await;
    set("Project Tickets", "addLevel", "None").await;
    assert_eq!(see(&ticket).await, 200);
    assert_eq!(
        site.patch(&key, &ticket, "summary", json!("Other"))
            .await
            .status,
        403
    );
    let note = json!({ "text": "x", "detailDescriptionFlag": true });
    assert_eq!(
        site.post(&key, &format!("{ticket}/notes"), note.clone())
            .await
            .status,
        403
    );
    // My leaves the caller's own.
    set("Project Tickets", "inquireLevel", "My").await;
    assert_eq!(see(&ticket).await, 404);
    site.patch(&site.company.admin, &ticket, "owner", json!({ "id": ann }))
        .await
        .expect(200);
    assert_eq!(see(&ticket).await, 200);
    assert_eq!(
        site.company
            .get(&key, "/project/tickets")
            .await
            .rows()
            .len(),
        1
    );
    // A role of managers that is set to All gives no row that the security role lacks.
    let manager =
        json!([{ "op": "replace", "path": "projectRole", "value": { "id": site.manager } }]);
    site.company
        .call(
            &site.company.admin,
            "PATCH",
            &format!("{team_path}/{}", on["id"]),
            Some(manager),
        )
        .await
        .expect(200);
    assert_eq!([see(&phase).await, see(&ticket).await], [200, 200]);
    assert_eq!(
        site.post(&key, &format!("{ticket}/notes"), note)
            .await
            .status,
        201
    );
    assert_eq!(see(&team_path).await, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn tickets_move_between_the_desk_and_projects() {
    let site = Site::open().await;
    let admin = &site.company.admin;
    let board = json!({ "name": "Desk", "location": { "id": 1 }, "department": { "id": 1 } });
    let board = site.company.made("/service/boards", board).await;
    let ticket = json!({ "summary": "Printer", "company": { "id": site.customer }, "board": { "id": board }, "initialDescription": "On fire" });
    let ticket = site.company.made("/service/tickets", ticket).await;
    let path = format!("/service/tickets/{ticket}/convert");
    let body = json!({ "phase": { "id": site.phase }, "wbsCode": "1.9" });
    let rows = [
        ("Service Desk", "Service Tickets", EVERY),
        ("Project", "Project Tickets", [No, All, No, All]),
    ];
    let role = site.company.role("Half", &rows, &[]).await;
    let (_, half) = site.company.member("Half", role).await;
    assert_eq!(site.post(&half, &path, body.clone()).await.status, 403);
    assert_eq!(site.post(admin, &path, json!({})).await.status, 400);
    assert_eq!(
        site.post(admin, &path, body).await.expect(200)["success"],
        true
    );
    assert_eq!(
        site.company
            .get(admin, &format!("/service/tickets/{ticket}"))
            .await
            .status,
        404
    );
    let moved = site.get(&format!("/project/tickets/{ticket}")).await;
    assert_eq!(
        [
            &moved["project"]["id"],
            &moved["board"]["id"],
            &moved["wbsCode"]
        ],
        [&json!(site.project), &json!(site.board), &json!("1.9")]
    );
    assert_eq!(
        site.get(&format!("/project/tickets/{ticket}/notes")).await[0]["text"],
        "On fire"
    );
    let path = format!("/project/tickets/{ticket}/convert");
    site.post(admin, &path, json!({ "recordType": "ServiceTicket" }))
        .await
        .expect(200);
    let back = site.get(&format!("/service/tickets/{ticket}")).await;
    assert_eq!(
        (&back["board"]["id"], back.get("project")),
        (&json!(board), None)
    );
    assert_eq!(
        site.company
            .get(admin, &format!("/project/tickets/{ticket}"))
            .await
            .status,
        404
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn templates_are_taken_from_projects_and_laid_down_in_others() {
    let site = Site::open().await;
    let admin = &site.company.admin;
    let path = format!(
        "/project/projectTemplates/createFromProject/{}",
        site.project
    );
    let template = site
        .post(admin, &path, json!({ "name": "Standard" }))
        .await
        .expect(201);
    assert_eq!(template["name"], "Standard");
    let of = format!("/project/projectTemplates/{}", template["id"]);
    assert_eq!(
        site.get(&format!("{of}/projectTemplatePhases")).await[0]["description"],
        "Plan"
    );
    assert_eq!(
        site.get(&format!("{of}/projectTemplateTickets"))
            .await
            .as_array()
            .unwrap()
            .len(),
        2
    );
    let project = json!({ "name": "Next", "company": { "id": site.customer }, "board": { "id": site.board },
        "billingMethod": "ActualRates", "estimatedStart": "2026-03-01T00:00:00Z", "estimatedEnd": "2026-04-01T00:00:00Z" });
    let project = site.company.made("/project/projects", project).await;
    let apply = format!(
        "/project/projects/{project}/applyTemplate/{}",
        template["id"]
    );
    let role = site
        .company
        .role(
            "Headers",
            &[
                ("Project", "Project Headers", EVERY),
                ("Project", "Project Templates", EVERY),
            ],
            &[],
        )
        .await;
    let (_, headers) = site.company.member("Headers", role).await;
    assert_eq!(site.post(&headers, &apply, json!({})).await.status, 403);
    let plan = site.post(admin, &apply, json!({})).await.expect(201);
    assert_eq!(
        [&plan["projectId"], &plan["phases"][0]["description"]],
        [&json!(project), &json!("Plan")]
    );
    let tickets = site
        .get(&format!(
            "/project/tickets?conditions=project/id={project}&orderBy=id"
        ))
        .await;
    assert_eq!(
        [
            &tickets[0]["summary"],
            &tickets[0]["status"]["name"],
            &tickets[1]["phase"]["id"]
        ],
        [&json!("Step 0"), &json!("New"), &plan["phases"][0]["id"]]
    );
    let both = json!([{ "id": template["id"] }]);
    site.post(
        admin,
        &format!("/project/projects/{project}/applyTemplates"),
        both,
    )
    .await
    .expect(201);
    assert_eq!(
        site.get(&format!("/project/projects/{project}/phases/count"))
            .await["count"],
        2
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_gives_a_ticket_no_owner_that_its_maker_may_not_give() {
    let site = Site::open().await;
    let board = json!({ "name": "Desk", "location": { "id": 1 }, "department": { "id": 1 } });
    let board = site.company.made("/service/boards", board).await;
    let ticket = json!({ "summary": "Printer", "company": { "id": site.customer }, "board": { "id": board } });
    let ticket = site.company.made("/service/tickets", ticket).await;
    let service = site.get("/schedule/types?orderBy=id").await[0]["id"].clone();
    let rows = [
        ("Service Desk", "Resource Scheduling", EVERY),
        ("Service Desk", "Service Tickets", [No, No, No, All]),
    ];
    let role = site.company.role("Planner", &rows, &[]).await;
    let (planner, key) = site.company.member("Planner", role).await;
    let mut entry =
        json!({ "objectId": ticket, "type": { "id": service }, "member": { "id": planner } });
    site.post(&key, "/schedule/entries", entry.clone())
        .await
        .expect(201);
    entry["ownerFlag"] = json!(true);
    let denied = site.post(&key, "/schedule/entries", entry).await;
    assert_eq!(
        (denied.status, denied.denial().contains("Service Tickets")),
        (403, true),
        "{}",
        denied.denial()
    );
    assert_eq!(
        site.get(&format!("/service/tickets/{ticket}"))
            .await
            .get("owner"),
        None
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn notes_by_the_other_path_follow_the_role_in_the_project_too() {
    let site = Site::open().await;
    let rows = [
        ("Service Desk", "Service Tickets", EVERY),
        ("Project", "Project Tickets", EVERY),
    ];
    let role = site.company.role("Both", &rows, &[]).await;
    let (ann, key) = site.company.member("Ann", role).await;
    let path = format!("/service/tickets/{}/notes", site.tickets[0]);
    let note = json!({ "text": "x", "detailDescriptionFlag": true });
    assert_eq!(site.post(&key, &path, note.clone()).await.status, 201);
    let settings = format!("/project/securityRoles/{}/settings", site.worker);
    let all = site
        .get(&format!(
            "{settings}?pageSize=100&conditions=moduleIdentifier=\"Project Tickets\""
        ))
        .await;
    site.patch(
        &site.company.admin,
        &format!("{settings}/{}", all[0]["id"]),
        "addLevel",
        json!("None"),
    )
    .await
    .expect(200);
    let team = json!({ "member": { "id": ann }, "projectRole": { "id": site.worker } });
    site.post(
        &site.company.admin,
        &format!("/project/projects/{}/teamMembers", site.project),
        team,
    )
    .await
    .expect(201);
    assert_eq!(site.post(&key, &path, note).await.status, 404);
    assert_eq!(site.company.get(&key, &path).await.rows().len(), 1);
}

/// A ticket that is given to somebody has that member as a resource, with an entry that says so.
#[tokio::test(flavor = "multi_thread")]
async fn an_owner_is_a_resource_of_its_ticket() {
    let site = Site::open().await;
    let admin = &site.company.admin;
    let board = json!({ "name": "Desk", "location": { "id": 1 }, "department": { "id": 1 } });
    let board = site.company.made("/service/boards", board).await;
    let role = site.company.role("Nobody", &[], &[]).await;
    let (ann, _) = site.company.member("Ann", role).await;
    let (bob, _) = site.company.member("Bob", role).await;
    let ticket = json!({ "summary": "Printer", "company": { "id": site.customer },
        "board": { "id": board }, "owner": { "id": ann } });
    let ticket = site.company.made("/service/tickets", ticket).await;
    let path = format!("/service/tickets/{ticket}");
    assert_eq!(site.get(&path).await["resources"], "Ann");
    let entries = format!(
        "/schedule/entries?conditions=objectId={ticket} and type/name=\"Service\"&orderBy=id"
    );
    let shown = async || -> Vec<(Value, Value)> {
        let entries = site.get(&entries).await;
        let rows = entries.as_array().unwrap().iter();
        rows.map(|row| (row["member"]["id"].clone(), row["ownerFlag"].clone()))
            .collect()
    };
    assert_eq!(shown().await, [(json!(ann), json!(true))]);
    let give = async |owner: Value| site.patch(admin, &path, "owner", owner).await.expect(200);
    let given = give(json!({ "id": bob })).await;
    assert_eq!(given["resources"], "Ann, Bob");
    let both = [(json!(ann), json!(false)), (json!(bob), json!(true))];
    assert_eq!(shown().await, both);
    // Back again takes no third entry; nobody leaves both on it.
    give(json!({ "id": ann })).await;
    let both = [(json!(ann), json!(true)), (json!(bob), json!(false))];
    assert_eq!(shown().await, both);
    let given = give(Value::Null).await;
    assert_eq!(
        (&given["resources"], &given["owner"]),
        (&json!("Ann, Bob"), &Value::Null)
    );
    assert!(shown().await.iter().all(|(_, leads)| leads == false));
    // On a project's ticket goes who is on the team; the owner it is all the same.
    let path = format!("/project/tickets/{}", site.tickets[0]);
    let given = site
        .patch(admin, &path, "owner", json!({ "id": bob }))
        .await
        .expect(200);
    assert_eq!(
        (&given["owner"]["id"], &given["resources"]),
        (&json!(bob), &Value::Null)
    );
}
