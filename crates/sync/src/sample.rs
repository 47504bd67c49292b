//! Something to try an integration with: settings that fit the PSA it is connected to, and generated records of the
//! product's own side, made up from what the integration's key may read. The same PSA gives the same sample.

use crate::Failure;
use crate::api::encode;
use crate::home::Home;
use crate::integration::Integration;
use crate::private;
use crate::psa::Way;
use crate::schedule::window;
use crate::text::moment;
use bitting_client::{Autotask, Psa};
use jiff::{Timestamp, ToSpan as _};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Lays settings and input down; answers which files. Settings that are not the ones `connect` laid down stay, and
/// so do input files that are there.
pub fn lay(
    home: &Home,
    integration: &'static Integration,
    way: Way<'_>,
    now: Timestamp,
) -> Result<Vec<String>, Failure> {
    let (settings, inputs) = match (integration.slug, way) {
        ("office_protect", Way::ConnectWise(psa)) => office_protect(&companies(psa, 2)?, now),
        ("office_protect_autotask", Way::Autotask(psa)) => office_protect(&customers(psa, 2)?, now),
        ("umbrella", Way::ConnectWise(psa)) => umbrella(psa, now)?,
        ("umbrella_autotask", Way::Autotask(psa)) => umbrella_autotask(psa, now)?,
        ("propel", Way::ConnectWise(psa)) => propel(psa)?,
        ("propel_autotask", Way::Autotask(psa)) => propel_autotask(psa)?,
        _ => return Ok(Vec::new()),
    };
    let mut laid = Vec::new();
    let file = home.settings_file(integration.slug);
    let there = std::fs::read_to_string(&file).unwrap_or_default();
    if there.is_empty() || there == integration.settings {
        private::write(&file, settings.as_bytes())?;
        laid.push(file.display().to_string());
    }
    for (name, rows) in inputs {
        let file = home.input(integration.slug, name);
        if !file.exists() {
            crate::input::write(&file, &rows)?;
            laid.push(file.display().to_string());
        }
    }
    Ok(laid)
}

type Laid = (String, Vec<(&'static str, Vec<Value>)>);

fn list(psa: &Psa, path: &str) -> Result<Vec<Value>, Failure> {
    let rows = psa.get(path).map_err(Failure::Client)?;
    Ok(rows.as_array().cloned().unwrap_or_default())
}

fn companies(psa: &Psa, most: usize) -> Result<Vec<Value>, Failure> {
    let conditions = encode("deletedFlag=false");
    let path = format!(
        "company/companies?conditions={conditions}&fields=id,identifier,name,status,defaultContact&orderBy=id&pageSize={most}"
    );
    let found = list(psa, &path)?;
    if found.is_empty() {
        return Err(Failure::Held(
            "the key sees no company; is its location the right one?".to_owned(),
        ));
    }
    Ok(found)
}

/// The first value of a table, as a TOML string.
fn first(psa: &Psa, path: &str, member: &str) -> Result<String, Failure> {
    let joint = if path.contains('?') { '&' } else { '?' };
    let rows = list(psa, &format!("{path}{joint}orderBy=id&pageSize=1"))?;
    Ok(rows
        .first()
        .map(|row| row[member].clone())
        .unwrap_or_default()
        .to_string())
}

/// A board whose tickets the key sees, as a TOML string: where the member sits at one location, its tickets stand on
/// that of their board.
fn board(psa: &Psa) -> Result<String, Failure> {
    let conditions = encode("inactiveFlag=false and projectFlag=false");
    let boards = list(
        psa,
        &format!("service/boards?conditions={conditions}&orderBy=id&pageSize=1000"),
    )?;
    // Light reads that every member may do; a PSA that refuses them leaves the first board.
    let me = psa.get("system/myMembers").unwrap_or_default();
    let me = me.get(0).unwrap_or(&me);
    let own = ["defaultLocation", "securityLocation"]
        .iter()
        .filter_map(|place| me[*place]["id"].as_i64())
        .find_map(|place| {
            let of = |board: &&Value| board["location"]["id"].as_i64() == Some(place);
            boards.iter().find(of)
        });
    Ok(own
        .or(boards.first())
        .map(|board| board["name"].clone())
        .unwrap_or_default()
        .to_string())
}

fn ago(now: Timestamp, hours: i64) -> String {
    moment(now.checked_sub(hours.hours()).unwrap_or(now))
}

/// Customers of an Autotask instance: `id` and `name`.
fn customers(psa: &Autotask, most: usize) -> Result<Vec<Value>, Failure> {
    let is =
        |op: &str, field: &str, value: Value| json!({ "op": op, "field": field, "value": value });
    let filter = [
        is("eq", "companyType", json!(1)),
        is("eq", "isActive", json!(true)),
        is("gt", "id", json!(0)),
    ];
    let query = json!({ "MaxRecords": most, "filter": filter });
    let path = "Companies/query";
    let answer = psa.ask("POST", path, Some(&query));
    let mut found = answer
        .and_then(|answer| answer.ok("POST", path))
        .map_err(Failure::Client)?;
    let Value::Array(rows) = found["items"].take() else {
        return Ok(Vec::new());
    };
    if rows.is_empty() {
        return Err(Failure::Held(
            "the key sees no customer; does its security level open them?".to_owned(),
        ));
    }
    let named = |row: &Value| json!({ "id": row["id"], "name": row["companyName"] });
    Ok(rows.iter().map(named).collect())
}

/// Tenants and events of these companies; each has `id` and `name`.
fn office_protect(companies: &[Value], now: Timestamp) -> Laid {
    let mut settings = "# A sample: two tenants, one of them switched off.\nemergency_contact = \"security@example.com\"\n".to_owned();
    let (mut tenants, mut events) = (Vec::new(), Vec::new());
    for (at, company) in companies.iter().enumerate() {
        let tenant = format!("tenant-{}", at + 1);
        // Writing into a string cannot fail.
        let _ = write!(
            settings,
            "\n# {}\n[[tenant]]\ntenant = \"{tenant}\"\ncompany = {}\ntickets = {}\n",
            company["name"],
            company["id"],
            at == 0
        );
        tenants.push(json!({ "tenant": tenant, "name": company["name"], "domain": format!("{tenant}.example.com") }));
        for (number, kind, hours, standing) in [
            (1, "Administrator Role Change", 2, "open"),
            (2, "Sign-in from Unauthorized Country", 5, "ignored"),
            (3, "Transport Rule to External Domain", 90, "open"),
        ] {
            events.push(json!({
                "id": format!("{tenant}-event-{number}"), "tenant": tenant, "type": kind, "user": format!("ada@{tenant}.example.com"),
                "occurred": ago(now, hours), "description": format!("{kind} seen at {tenant}."), "entities": [format!("ada@{tenant}.example.com")],
                "view": "https://office-protect.example.com/view", "ignore": "https://office-protect.example.com/ignore", "standing": standing,
            }));
        }
    }
    (
        settings,
        vec![("tenants.jsonl", tenants), ("events.jsonl", events)],
    )
}

fn umbrella(psa: &Psa, now: Timestamp) -> Result<Laid, Failure> {
    let settings = format!(
        "# A sample.\ntype = \"Umbrella\"\n\n[tickets]\non = true\nboard = {}\npriority = {}\nthreshold = 5\n",
        board(psa)?,
        first(psa, "service/priorities", "name")?,
    );
    let companies = companies(psa, 3)?;
    let typed = companies
        .iter()
        .map(|company| (company["name"].clone(), company["identifier"].clone()));
    Ok((settings, organisations(typed, now)))
}

fn umbrella_autotask(psa: &Autotask, now: Timestamp) -> Result<Laid, Failure> {
    let found = customers(psa, 3)?;
    let typed = found
        .iter()
        .map(|company| (company["name"].clone(), json!(company["id"].to_string())));
    let answer = psa
        .get("Tickets/entityInformation/fields")
        .map_err(Failure::Client)?;
    let first = |field: &str| {
        let fields = answer["fields"].as_array().into_iter().flatten();
        let mut named = fields.filter(|known| known["name"] == field);
        let values = named.next().map(|field| field["picklistValues"].clone());
        values.unwrap_or_default()[0]["label"].clone()
    };
    let settings = format!(
        "# A sample.\nproduct = \"OpenDNS_Umbrella\"\n\n[tickets]\non = true\nqueue = {}\npriority = {}\nthreshold = 5\n",
        first("queueID"),
        first("priority"),
    );
    Ok((settings, organisations(typed, now)))
}

/// Organisations of these companies, by name and by what an administrator would type, and their botnet events.
fn organisations(
    companies: impl Iterator<Item = (Value, Value)>,
    now: Timestamp,
) -> Vec<(&'static str, Vec<Value>)> {
    let (start, _) = window(now, 4);
    let (mut organisations, mut events) = (Vec::new(), Vec::new());
    for (at, (name, company)) in companies.enumerate() {
        let org = format!("{}", 1000 + at);
        organisations.push(json!({
            "org": org, "name": name, "company": company, "package": "DNS Advantage", "seats": 25 + 10 * at,
            "service_status": "Protected", "networks": { "active": 1 + at, "inactive": 0 }, "roaming_clients": { "active": 20 + at, "inactive": 2 },
            "requests_24h": 12_000 + at, "requests_30d": 350_000 + at, "blocked_24h": 40, "blocked_30d": 900, "threats_30d": 12, "infections_30d": at,
            "top_allowed": ["example.com"], "top_blocked": ["c2.example.net"], "dashboard": "https://dashboard.umbrella.example.com",
        }));
        // The first identity is above the threshold, the others are not.
        let count = if at == 0 { 8 } else { 2 };
        events.push(json!({ "org": org, "identity": format!("laptop-{}", at + 1), "time": moment(start), "domain": "c2.example.net", "category": "botnet", "count": count }));
    }
    vec![
        ("organisations.jsonl", organisations),
        ("events.jsonl", events),
    ]
}

fn propel(psa: &Psa) -> Result<Laid, Failure> {
    let mut settings = format!(
        "# A sample: every type of asset, and one project.\n[companies]\ntypes = []\nstatuses = [\"Active\"]\npropelled = []\n\n[team]\naccount_manager = {}\n\n\
         [assets]\nwrite_back = true\n\n[opportunity]\ntype = {}\nstage = {}\nactivity_type = {}\nsales_rep = {}\n\n[tickets]\nboard = {}\nsource = {}\n\n[assets.types]\n",
        first(psa, "company/teamRoles", "name")?,
        first(psa, "sales/opportunities/types", "description")?,
        first(psa, "sales/stages", "name")?,
        first(psa, "sales/activities/types", "name")?,
        first(
            psa,
            &format!("system/members?conditions={}", encode("inactiveFlag=false")),
            "identifier"
        )?,
        first(
            psa,
            &format!(
                "service/boards?conditions={}",
                encode("inactiveFlag=false and projectFlag=false")
            ),
            "name"
        )?,
        first(psa, "service/sources", "name")?,
    );
    for kind in list(psa, "company/configurations/types?orderBy=id&pageSize=1000")? {
        let _ = writeln!(settings, "{} = {}", kind["name"], kind["name"]);
    }
    let companies = companies(psa, 100)?;
    let active = |company: &&Value| {
        company["status"]["name"] == "Active" && !company["defaultContact"].is_null()
    };
    let company = companies
        .iter()
        .find(active)
        .or(companies.first())
        .map(|company| company["id"].clone());
    let company = company.unwrap_or_default();
    let project = json!({
        "id": "sample-1", "company": company, "name": "New firewall", "description": "Replace the firewall before its support ends.",
        "material": 1500.0, "material_cost": 1100.0, "labor": 640.0, "labor_cost": 300.0, "start": "2030-01-10", "close": "2029-12-20",
    });
    let ticket = json!({ "key": "sample:warranty", "company": company, "summary": "Warranty ends soon", "description": "Renew or replace." });
    let mut inputs = vec![
        ("projects.jsonl", vec![project]),
        ("tickets.jsonl", vec![ticket]),
    ];
    let of = encode(&format!("company/id={company}"));
    let path = format!("company/configurations?conditions={of}&fields=id&orderBy=id&pageSize=1");
    if let Some(configuration) = list(psa, &path)?.first() {
        inputs.push(("warranties.jsonl", vec![json!({ "configuration": configuration["id"], "purchase": "2024-03-01", "warranty": "2029-03-01" })]));
    }
    Ok((settings, inputs))
}

fn propel_autotask(psa: &Autotask) -> Result<Laid, Failure> {
    let company = customers(psa, 1)?[0]["id"].clone();
    let settings = "# A sample.\n[companies]\ntypes = [\"Customer\"]\n\n[assets.types]\nServer = \"Server\"\nWorkstation = \"Computer\"\n".to_owned();
    let project = json!({
        "id": "sample-1", "company": company, "name": "New firewall", "description": "Replace the firewall before its support ends.",
        "material": 1500.0, "material_cost": 1100.0, "labor": 640.0, "labor_cost": 300.0, "start": "2030-01-10", "close": "2029-12-20",
    });
    let ticket = json!({ "key": "sample:warranty", "company": company, "summary": "Warranty ends soon", "description": "Renew or replace." });
    Ok((
        settings,
        vec![
            ("projects.jsonl", vec![project]),
            ("tickets.jsonl", vec![ticket]),
        ],
    ))
}
