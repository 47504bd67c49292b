//! Umbrella's reporting API as the source: organisations with their requests and deployments, and blocked requests.
//! What it does not tell (package, seats, domains) stays empty. Knows no PSA.

use super::psa::Psa;
use super::settings::Console;
use super::source::{Deployed, Event, Organisation};
use crate::Failure;
use crate::source::{Asked, Http, read, secret};
use crate::work::Work;
use jiff::{Timestamp, ToSpan as _};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// Records per request.
const PAGE: usize = 1000;
/// The API serves no further: windows with more events than this are far above any threshold.
const MOST: usize = 10_000;
/// What Umbrella calls botnets.
const BOTNET: [&str; 2] = ["command and control", "botnet"];

/// How much of the organisations is asked for. Each organisation's deployments cost a token of its own, of which the
/// API hands out twenty a minute.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    Names,
    Deployments,
}

/// The organisations, from the API where one is set.
pub fn organisations<P: Psa>(
    work: &mut Work<'_, P>,
    depth: Depth,
) -> Result<Vec<Organisation>, Failure> {
    let decided = P::decided(work)?;
    let Some(console) = &decided.source else {
        return work.input("organisations.jsonl");
    };
    let way = Way::open(console)?;
    let mut known: BTreeMap<String, Value> = BTreeMap::new();
    for (from, suffix) in [("-30days", "30d"), ("-1days", "24h")] {
        let path = format!("reports/v2/providers/requests-by-org?from={from}&to=now");
        for row in way.all(&path, None)? {
            let org = text(&row["organizationid"]);
            if org.is_empty() {
                continue;
            }
            let entry = known
                .entry(org.clone())
                .or_insert_with(|| json!({ "org": org, "name": row["organizationname"] }));
            entry[format!("requests_{suffix}")] = row["requests"].clone();
            entry[format!("blocked_{suffix}")] = row["blockedrequests"].clone();
        }
    }
    for (org, entry) in &mut known {
        entry["company"] = json!(console.companies.get(org).cloned().unwrap_or_default());
        entry["service_status"] = json!("Protected");
        // Nothing is written about an organisation that is mapped to nobody.
        if depth == Depth::Names || entry["company"] == "" {
            continue;
        }
        for row in way.all("reports/v2/deployment-status?from=-1days&to=now", Some(org))? {
            let kind = text(&row["type"]["type"]);
            let member = match kind.as_str() {
                "network" => "networks",
                "roaming" | "anyconnect" => "roaming_clients",
                "virtual_appliance" => "virtual_appliances",
                _ => continue,
            };
            let (active, all) = (row["activecount"].as_u64(), row["count"].as_u64());
            let active = active.unwrap_or_default();
            let deployed = Deployed {
                active,
                inactive: all.unwrap_or_default().saturating_sub(active),
            };
            entry[member] = json!(deployed);
        }
    }
    let mut all = Vec::new();
    read(
        work,
        "organisation",
        0,
        known.into_values().collect(),
        &mut all,
    );
    Ok(all)
}

/// Blocked requests of the last two days, from the API where one is set.
pub fn events<P: Psa>(
    work: &mut Work<'_, P>,
    organisations: &[Organisation],
) -> Result<Vec<Event>, Failure> {
    let decided = P::decided(work)?;
    let Some(console) = &decided.source else {
        return work.input("events.jsonl");
    };
    let way = Way::open(console)?;
    let since = work.now.checked_sub(52.hours()).unwrap_or(work.now);
    let mut events = Vec::new();
    for org in organisations.iter().filter(|org| !org.company.is_empty()) {
        let path = format!(
            "reports/v2/activity/dns?from={}&to={}&verdict=blocked",
            since.as_millisecond(),
            work.now.as_millisecond()
        );
        let rows = way.all(&path, Some(&org.org))?;
        if rows.len() >= MOST {
            work.warn(format!(
                "organisation {}: more than {MOST} blocked requests in two days; the oldest are not looked at",
                org.org
            ));
        }
        for row in rows {
            let labels = row["categories"].as_array().into_iter().flatten();
            let botnet = labels
                .map(|category| text(&category["label"]).to_lowercase())
                .any(|label| BOTNET.iter().any(|known| label.contains(known)));
            let time = row["timestamp"].as_i64();
            let time = time.and_then(|time| Timestamp::from_millisecond(time).ok());
            let (Some(time), true) = (time, botnet) else {
                continue;
            };
            events.push(Event {
                org: org.org.clone(),
                identity: text(&row["identities"][0]["label"]),
                time,
                domain: text(&row["domain"]),
                category: "botnet".to_owned(),
                count: 1,
            });
        }
    }
    Ok(events)
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    }
}

/// The header that names one organisation of many.
const OF: &str = "X-Umbrella-OrgId";

/// The API with its tokens. They last an hour; one that is refused is replaced once.
struct Way<'c> {
    http: Http,
    console: &'c Console,
    secret: String,
    /// By organisation; an empty one stands for the provider. Cisco hands out a token for each.
    tokens: RefCell<BTreeMap<String, String>>,
}

impl<'c> Way<'c> {
    fn open(console: &'c Console) -> Result<Self, Failure> {
        Ok(Self {
            http: Http::open(&console.url)?,
            console,
            secret: secret("source.secret_variable", &console.secret_variable)?,
            tokens: RefCell::default(),
        })
    }

    fn token(&self, org: Option<&str>) -> Result<String, Failure> {
        let whose = org.unwrap_or_default();
        if let Some(token) = self.tokens.borrow().get(whose) {
            return Ok(token.clone());
        }
        let answer = self.http.ask("auth/v2/token", &|client, url| {
            let request = client
                .post(url)
                .basic_auth(&self.console.key, Some(&self.secret))
                .header("content-type", "application/x-www-form-urlencoded")
                .body("grant_type=client_credentials");
            match org {
                Some(org) => request.header(OF, org),
                None => request,
            }
        })?;
        let token = text(&answer["access_token"]);
        if token.is_empty() {
            return Err(Failure::Held(
                "Umbrella hands out no token for source.key; cut a new key in its console"
                    .to_owned(),
            ));
        }
        let mut tokens = self.tokens.borrow_mut();
        tokens.insert(whose.to_owned(), token.clone());
        Ok(token)
    }

    /// One page, with a new token where the one at hand is refused: 401, and 403 of the reports of a provider.
    fn page(&self, path: &str, org: Option<&str>) -> Result<Value, Failure> {
        let mut fresh = false;
        loop {
            let whose = org.unwrap_or_default();
            fresh |= !self.tokens.borrow().contains_key(whose);
            let token = self.token(org)?;
            let asked = self.http.try_ask(path, &|client, url| {
                let request = client.get(url).bearer_auth(&token);
                match org {
                    Some(org) => request.header(OF, org),
                    None => request,
                }
            })?;
            match asked {
                Asked::Answered(answer) => return Ok(answer),
                Asked::Refused(401 | 403) if !fresh => {
                    self.tokens.borrow_mut().remove(whose);
                }
                Asked::Refused(status) => return Err(self.http.refused(path, status)),
            }
        }
    }

    /// Every record of a report, of one organisation or of all together.
    fn all(&self, path: &str, org: Option<&str>) -> Result<Vec<Value>, Failure> {
        let mut all = Vec::new();
        while all.len() < MOST {
            let page = format!("{path}&limit={PAGE}&offset={}", all.len());
            let mut answer = self.page(&page, org)?;
            let Value::Array(rows) = answer["data"].take() else {
                return Err(Failure::Held(format!(
                    "Umbrella answers {} with something that is no report",
                    path.split('?').next().unwrap_or_default()
                )));
            };
            let last = rows.len() < PAGE;
            all.extend(rows);
            if last {
                break;
            }
        }
        Ok(all)
    }
}
