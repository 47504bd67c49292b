//! The three calls on every operation and what is expected of each.

use crate::NOT_YET;
use crate::arranged::Arranged;
use crate::bodies::{Ground, Place, filled, has_own};
use crate::support::{Answered, Company, Credentials};
use crate::{shape, trail};
use bitting_catalog::Catalog;
use bitting_catalog::entity::{Entity, Kind, Release};
use bitting_catalog::route::{Method, Operation, Route, RouteKind};
use bitting_policy::Needs;
use serde_json::{Map, Value, json};

/// What was seen of one operation.
#[derive(Debug)]
pub struct Seen {
    pub route: usize,
    pub method: Method,
    /// Status of the call that is allowed, and whether it is the one of the catalog.
    pub valid: u16,
    pub allowed: bool,
    /// The right of the path was not enough: the call touches another record, which takes its own.
    pub further: bool,
    /// Status without the right: 403, or 401 without a key where every member is let in.
    pub denied: u16,
    pub refused: bool,
    /// The level that the denial asks for (Add, Edit, Delete, Inquire); empty where it asks for none.
    pub level: String,
    /// Statuses of the calls that ask for something wrong.
    pub invalid: Vec<u16>,
    /// The path is a verb of its own that is not written yet.
    pub not_yet: bool,
    /// The answer was a list with records in it, or no list: its members were looked at.
    pub told: bool,
    /// Records that a verb of its own changed.
    pub changed: usize,
    /// What is not as it should be.
    pub faults: Vec<String>,
}

const RELEASE: Release = Release {
    year: 2025,
    number: 1,
};
/// An id no record has.
const NOBODY: &str = "987654321";

pub fn word(method: Method) -> &'static str {
    match method {
        Method::Get => "GET",
        Method::Post => "POST",
        Method::Put => "PUT",
        Method::Patch => "PATCH",
        Method::Delete => "DELETE",
    }
}

/// What a call on the route needs, found independently of the pipeline.
pub fn needs<'a>(catalog: &'a Catalog, route: &'a Route) -> &'a bitting_catalog::entity::Right {
    let entity: &Entity = catalog.entity(route.entity);
    let view = route
        .view
        .and_then(|index| entity.views[index].right.as_ref());
    route.right.as_ref().or(view).unwrap_or(&entity.right)
}

/// Releases that the facts know: the oldest, the one that is served unasked, the newest.
pub const RELEASES: [Release; 3] = [
    Release {
        year: 2022,
        number: 1,
    },
    RELEASE,
    Release {
        year: 2026,
        number: 4,
    },
];

/// Calls everything.
pub async fn all(company: &Company) -> Vec<Seen> {
    let catalog = company.instance.catalog();
    let role = company.role("no rights", &[], &[]).await;
    let (_, nobody) = company.member("norights", role).await;
    let mut ground = Ground::new(company, catalog);
    ground.associate().await;
    let mut seen = Vec::new();
    for (index, route) in catalog.routes.iter().enumerate() {
        for operation in &route.methods {
            let mut case = Case {
                company,
                catalog,
                ground: &mut ground,
                route,
                operation,
                further: false,
                told: true,
                faults: Vec::new(),
            };
            seen.push(case.run(index, &nobody).await);
        }
    }
    seen
}

/// What is wrong, the path, the body, and the statuses that say so.
type Mistake = (String, String, Option<Vec<u8>>, &'static [u16]);

struct Case<'g, 'c> {
    company: &'c Company,
    catalog: &'c Catalog,
    ground: &'g mut Ground<'c>,
    route: &'c Route,
    operation: &'c Operation,
    further: bool,
    told: bool,
    faults: Vec<String>,
}

impl Case<'_, '_> {
    async fn run(&mut self, index: usize, nobody: &Credentials) -> Seen {
        let (path, body) = self.request().await;
        let (denied, level) = self.denied(nobody, &path, body.as_ref()).await;
        let not_yet = self.not_yet(&path, body.as_ref()).await;
        let (mut invalid, mut valid, mut changed) = (Vec::new(), 404, 0);
        if !not_yet {
            invalid = self.invalid(&path).await;
            let before = trail::before(self.company, self.route, self.operation, &path).await;
            valid = self.valid(&path, body).await;
            if let Some(before) = before
                && valid == self.operation.status
            {
                let (count, silent) = trail::after(self.company, &before).await;
                changed = count;
                let (method, path) = (word(self.operation.method), &self.route.path);
                let silent = silent.iter();
                let faults =
                    silent.map(|record| format!("{method} {path} leaves no line for {record}"));
                self.faults.extend(faults);
            }
            if self.route.kind == RouteKind::Collection && self.operation.method == Method::Delete
                || [
                    "forecast",
                    "clear_picker_items",
                    "clear_color",
                    "reset_colors",
                    // It marks one company as deleted, to which nothing new points from then on.
                    "merge_company",
                ]
                .contains(&self.rule())
            {
                self.ground.forget(self.route.entity);
            }
        }
        Seen {
            not_yet,
            route: index,
            method: self.operation.method,
            valid,
            allowed: valid == self.operation.status,
            further: self.further,
            denied,
            level,
            refused: denied == 403 || denied == 401,
            invalid,
            told: self.told,
            changed,
            faults: std::mem::take(&mut self.faults),
        }
    }

    /// Whether nobody answers yet what the path is about. One that answers is not waited for any longer.
    async fn not_yet(&mut self, path: &str, body: Option<&Value>) -> bool {
        let call = format!("{} {}", word(self.operation.method), self.route.path);
        if !NOT_YET.contains(&self.rule()) && !NOT_YET.contains(&&*call) {
            return false;
        }
        let answered = self.call(&self.company.admin, path, body).await;
        let strange = self.operation.returns.as_deref().is_some_and(|returns| {
            !shape::strays(self.catalog, returns, RELEASE, &answered.json).is_empty()
        });
        let waited_for = answered.status != self.operation.status || strange;
        if !waited_for {
            self.fault("answers now: take it out of NOT_YET", &answered);
        }
        waited_for
    }

    fn fault(&mut self, what: &str, answered: &Answered) {
        let text: String = String::from_utf8_lossy(&answered.body)
            .chars()
            .take(300)
            .collect();
        self.faults.push(format!(
            "{} {} {what}: {} {}",
            word(self.operation.method),
            self.route.path,
            answered.status,
            text.replace(['\n', '\r'], " ")
        ));
    }

    async fn call(&self, key: &Credentials, path: &str, body: Option<&Value>) -> Answered {
        if self.uploads() {
            return self.ground.upload(key, path).await;
        }
        let body = body.map(|body| body.to_string().into_bytes());
        self.company
            .send(Some(key), word(self.operation.method), path, body)
            .await
    }

    /// Whether records of others take a right of their own.
    fn is_withheld(&self) -> bool {
        let entity = self.catalog.entity(self.route.entity);
        let above = entity.parents.iter().filter_map(|parent| parent.entity);
        let mut all = above
            .chain([self.route.entity])
            .map(|id| self.catalog.entity(id));
        all.any(|entity| entity.extra_rights.contains_key("others"))
    }

    fn rule(&self) -> &str {
        self.route.rule.as_deref().unwrap_or_default()
    }

    /// Whether the body is a form with a file.
    fn uploads(&self) -> bool {
        let form = ["document_upload", "menu_entry_image"].contains(&self.rule());
        form && self.operation.method == Method::Post
    }

    /// The key that the call takes: one with exactly the right it needs; a token is for a person, who has one.
    async fn key(&mut self) -> Credentials {
        let about = |rule: &str| {
            let entity = self.catalog.entity(self.route.entity);
            let above = entity.parents.first().and_then(|parent| parent.entity);
            let above = above.map(|above| self.catalog.entity(above));
            let mut named = std::iter::once(entity).chain(above).flat_map(|e| &e.rules);
            named.any(|known| known == rule)
        };
        // A document and a change are read by whoever reads the record they are about; a callback, an
        // account and a list of picks are the caller's own.
        let further = [
            "document",
            "audit_trail",
            "callback",
            "my_account",
            "own_records",
        ];
        match self.rule() {
            "member_tokens" => self.ground.person().await.1,
            _ if further.into_iter().any(about) => {
                self.further = true;
                self.company.admin.clone()
            }
            _ => {
                let needs = &needs(self.catalog, self.route).needs;
                self.company.holder(needs).await
            }
        }
    }

    /// What a list has to be told before it answers.
    async fn query(&mut self, entity: &Entity, words: &[String]) -> String {
        match self.rule() {
            "member_image" | "contact_image" => return "?useDefaultFlag=true".to_owned(),
            "management_log_download" => return format!("?filePath=management-{}.log", words[0]),
            "test_quote_link" => return "?url=https://quotes.test".to_owned(),
            "included_properties" | "excluded_properties" => return "?id=1".to_owned(),
            "menu_entry_image" if self.operation.method == Method::Get => {
                let icon = format!("/system/menuentries/{}/image", words[0]);
                self.ground.upload(&self.company.admin, &icon).await;
            }
            _ => {}
        }
        let lists = matches!(self.route.kind, RouteKind::Collection | RouteKind::Count);
        if !lists || self.operation.method == Method::Post {
            return String::new();
        }
        let about = |rule: &str| entity.rules.iter().any(|known| known == rule);
        if about("audit_trail") {
            return format!("?type=Ticket&id={}", self.ground.ticket().await);
        }
        if about("document") {
            let ticket = self.ground.ticket().await;
            return format!("?recordType=Ticket&recordId={ticket}");
        }
        if self.operation.method == Method::Delete && !entity.parents.is_empty() {
            let place = self.ground.fresh(entity.id).await;
            return place.map_or_else(String::new, |place| format!("?id={}", place.id));
        }
        String::new()
    }

    /// Path and body of a call that should go through.
    async fn request(&mut self) -> (String, Option<Value>) {
        let entity = self.catalog.entity(self.route.entity);
        let own = has_own(self.route, entity);
        let place: Option<Place> = if !own {
            None
        } else if self.operation.method == Method::Delete {
            self.ground.fresh(entity.id).await
        } else {
            self.ground.place(entity.id).await
        };
        // A list that is changed as a whole, and settings, are about a record that is there.
        let one = matches!(self.operation.method, Method::Put | Method::Patch)
            || self.route.kind == RouteKind::Singleton;
        if one && !own {
            self.ground.place(entity.id).await;
        }
        // A list shows what its records look like when there is one in it.
        let lists = matches!(
            self.route.kind,
            RouteKind::Collection | RouteKind::Count | RouteKind::Info
        );
        let listed = match self.operation.method {
            Method::Get if lists && !own => self.ground.place(entity.id).await,
            _ => None,
        };
        let about = place.as_ref().or(listed.as_ref());
        let mut words = self.ground.words(self.route, about).await;
        match self.rule() {
            "report_rows" | "report_count" | "report_columns" => words = vec!["Company".to_owned()],
            "member_tokens" => words = vec![self.ground.person().await.0],
            "quantity_on_hand" => {
                let item = self.ground.place(entity.id).await.expect("a product");
                let item = format!("/procurement/catalog/{}", item.id);
                let item = self.company.get(&self.company.admin, &item).await.json;
                words = vec![item["identifier"].as_str().expect("text").to_owned()];
            }
            "import_mass_maintenance" => {
                let admin = self.company.admin.clone();
                let list = self.ground.upload(&admin, "/system/documents").await;
                words = vec![list.json["id"].to_string()];
            }
            _ => {}
        }
        let posts = matches!(self.operation.method, Method::Post | Method::Delete);
        if posts && !self.rule().is_empty() {
            let rule = self.rule().to_owned();
            let mut arranged = Arranged {
                company: self.company,
                catalog: self.catalog,
                ground: &mut *self.ground,
            };
            if let Some((words, body)) = arranged.call(&rule).await {
                return (filled(&self.route.path, &words), body);
            }
        }
        let path = filled(&self.route.path, &words) + &self.query(entity, &words).await;
        let body = self.body(entity, &path, place.as_ref()).await;
        (path, body)
    }

    /// The body of a path whose rule takes another one than its schema lets guess.
    async fn special(&mut self) -> Option<Value> {
        if self.route.kind == RouteKind::Bulk {
            let id = self.route.entity;
            let entity = self.catalog.entity(id);
            let place = self.ground.fresh(id).await?;
            let mut record = self.ground.record(entity, &place.parents).await;
            return Some(match self.operation.method {
                Method::Delete => json!({ "ids": [place.id] }),
                Method::Put => {
                    record.insert("id".to_owned(), json!(place.id));
                    json!([record])
                }
                _ => json!([record]),
            });
        }
        Some(match self.rule() {
            "forecast" if self.operation.method != Method::Post => return None,
            "search" => json!({ "conditions": "id>0", "orderBy": "id desc" }),
            "merge_ticket" => {
                let entity = self.route.entity;
                let other = self.ground.fresh(entity).await?.id;
                let ticket = self.ground.ticket().await;
                let into = format!("/service/tickets/{ticket}");
                let status =
                    self.company.get(&self.company.admin, &into).await.json["status"].take();
                json!({ "mergeTicketIds": [other], "status": { "id": status["id"] } })
            }
            "forecast" => json!({ "forecastItems": [] }),
            "copy_board" | "copy_holiday_list" | "copy_portal_configuration" => {
                json!({ "id": self.ground.place(self.route.entity).await?.id })
            }
            "resolve_link" => json!({ "referenceId": 1 }),
            "generate_template" => {
                // Only a template with a company says whose the ticket is.
                let template = self.ground.place(self.route.entity).await?.id;
                let companies = self.catalog.entity_at("company/companies")?.id;
                let company = self.ground.place(companies).await?.id;
                let path = format!("/service/templates/{template}");
                let change =
                    json!([{ "op": "replace", "path": "company", "value": { "id": company } }]);
                let admin = self.company.admin.clone();
                let changed = self
                    .company
                    .call(&admin, "PATCH", &path, Some(change))
                    .await;
                changed.expect(200);
                return None;
            }
            "purchasing_demand" => {
                let of = |path: &str| self.catalog.entity_at(path).map(|entity| entity.id);
                let product = self.ground.place(of("procurement/products")?).await?.id;
                let unit = self
                    .ground
                    .place(of("procurement/unitOfMeasures")?)
                    .await?
                    .id;
                let admin = self.company.admin.clone();
                let path = format!("/procurement/products/{product}");
                let item = self.company.get(&admin, &path).await.json["catalogItem"]["id"].take();
                let path = format!("/procurement/catalog/{item}");
                let change =
                    json!([{ "op": "replace", "path": "unitOfMeasure", "value": { "id": unit } }]);
                let changed = self
                    .company
                    .call(&admin, "PATCH", &path, Some(change))
                    .await;
                changed.expect(200);
                let orders = self.catalog.entity_at("procurement/purchaseorders")?;
                let order = self.ground.record(orders, &[]).await;
                json!({
                    "vendor": order["vendorCompany"],
                    "products": [{ "productRecId": product, "quantity": 2, "cost": 3 }],
                    "purchaseOrder": order,
                })
            }
            "request_portal_password" => {
                let contacts = self.catalog.entity_at("company/contacts")?.id;
                let contact = self.ground.place(contacts).await?.id;
                let path = format!("/company/contacts/{contact}/communications");
                let kind = "/company/communicationTypes?conditions=emailFlag=true&pageSize=1";
                let admin = self.company.admin.clone();
                let kind = self.company.get(&admin, kind).await.json[0]["id"].take();
                let mail = json!({ "type": { "id": kind }, "value": "ann@example.com" });
                self.company
                    .call(&admin, "POST", &path, Some(mail))
                    .await
                    .expect(201);
                json!({ "email": "ann@example.com" })
            }
            _ => return None,
        })
    }

    async fn body(&mut self, entity: &Entity, path: &str, _place: Option<&Place>) -> Option<Value> {
        if let Some(special) = self.special().await {
            return Some(special);
        }
        match self.operation.method {
            Method::Get | Method::Delete => None,
            Method::Put if self.route.kind == RouteKind::Item => {
                let read = self.company.get(&self.company.admin, path).await;
                if read.status == 200 {
                    return Some(alone(read.json));
                }
                let parents = self.ground.parents(entity).await.unwrap_or_default();
                Some(Value::Object(self.ground.record(entity, &parents).await))
            }
            Method::Patch => {
                let read = self.company.get(&self.company.admin, path).await;
                Some(patch(entity, &alone(read.json)))
            }
            Method::Post if self.route.kind == RouteKind::Collection => {
                let parents = self.ground.parents(entity).await.unwrap_or_default();
                Some(Value::Object(self.ground.record(entity, &parents).await))
            }
            _ => match &self.operation.body {
                Some(shape) if shape.ends_with("[]") => {
                    let one = self.ground.shaped(shape.trim_end_matches("[]"), 0).await;
                    Some(json!([one]))
                }
                Some(shape) => Some(self.ground.shaped(shape, 0).await),
                None => Some(json!({})),
            },
        }
    }

    /// The call by a key without rights; where none is needed, the call without a key.
    async fn denied(
        &mut self,
        nobody: &Credentials,
        path: &str,
        body: Option<&Value>,
    ) -> (u16, String) {
        let right = needs(self.catalog, self.route);
        if matches!(right.needs, Needs::Anyone | Needs::AnyMember) {
            let body = body.map(|body| body.to_string().into_bytes());
            let answered = self
                .company
                .send(None, word(self.operation.method), path, body)
                .await;
            let open = right.needs == Needs::Anyone && answered.status == 200;
            if answered.status != 401 && !open {
                self.fault("without a key", &answered);
            }
            return (answered.status, String::new());
        }
        let answered = self.call(nobody, path, body).await;
        // The vendor's own body, to the letter: clients tell a denial by it. The reason is beside it.
        let told = answered.json == crate::refused() && answered.denial().contains("needs");
        if answered.status != 403 || !told {
            self.fault("without the right", &answered);
        }
        let levels = ["Add", "Edit", "Delete", "Inquire"];
        let asked = levels
            .into_iter()
            .find(|level| answered.denial().contains(&format!(": {level} ")));
        (answered.status, asked.unwrap_or_default().to_owned())
    }

    /// Calls that ask for something wrong, each of which is a mistake of the caller.
    async fn invalid(&mut self, path: &str) -> Vec<u16> {
        let mut statuses = Vec::new();
        let admin = self.company.admin.clone();
        let entity = self.catalog.entity(self.route.entity);
        let method = word(self.operation.method);
        for (what, path, body, expected) in self.mistakes(entity, path) {
            let answered = self.company.send(Some(&admin), method, &path, body).await;
            if !expected.contains(&answered.status) || answered.json["code"].as_str().is_none() {
                self.fault(&what, &answered);
            }
            statuses.push(answered.status);
        }
        if statuses.is_empty() {
            // Read without a parameter and without a condition: what is left to get wrong is the key.
            let stranger = Credentials::new("nobody", "none");
            let answered = self.company.send(Some(&stranger), method, path, None).await;
            if answered.status != 401 || answered.json["code"] != "Unauthorized" {
                self.fault("a key that is none", &answered);
            }
            statuses.push(answered.status);
        }
        statuses
    }

    fn mistakes(&self, entity: &Entity, path: &str) -> Vec<Mistake> {
        let mut mistakes: Vec<Mistake> = Vec::new();
        let method = self.operation.method;
        let writes = !matches!(method, Method::Get | Method::Delete);
        if has_own(self.route, entity) && !self.route.params.is_empty() {
            let words = vec![NOBODY.to_owned(); self.route.params.len()];
            let body = writes.then(|| b"{}".to_vec());
            let nowhere = filled(&self.route.path, &words);
            // A token for somebody else is refused whoever that is.
            let expected: &[u16] = if self.rule() == "member_tokens" {
                &[401]
            } else {
                &[400, 404]
            };
            mistakes.push((
                "a record that is not there".to_owned(),
                nowhere,
                body,
                expected,
            ));
        }
        if writes && self.operation.body.is_some() && !self.uploads() {
            let broken = Some(b"{\"broken\"".to_vec());
            mistakes.push(("a broken body".to_owned(), path.to_owned(), broken, &[400]));
        }
        if writes
            && self.operation.body.as_deref() == Some(&*entity.schema)
            && matches!(self.route.kind, RouteKind::Collection | RouteKind::Item)
        {
            let strange = Some(b"{\"noSuchMember\":1}".to_vec());
            mistakes.push((
                "an unknown member".to_owned(),
                path.to_owned(),
                strange,
                &[400],
            ));
            if let Some(field) = entity
                .fields
                .iter()
                .find(|f| !f.read_only && f.kind == Kind::Boolean)
            {
                let wrong = json!({ &*field.name: {"a": 1} }).to_string().into_bytes();
                mistakes.push((
                    "a value of the wrong type".to_owned(),
                    path.to_owned(),
                    Some(wrong),
                    &[400],
                ));
            }
            let asked = |f: &bitting_catalog::entity::Field| {
                f.required
                    && !f.read_only
                    && !f.write_only
                    && f.default.is_none()
                    && f.values.is_empty()
                    && f.kind == Kind::Text
            };
            if entity.fields.iter().any(asked) {
                mistakes.push((
                    "an empty record".to_owned(),
                    path.to_owned(),
                    Some(b"{}".to_vec()),
                    &[400],
                ));
            }
        }
        if matches!(
            self.route.kind,
            RouteKind::Collection | RouteKind::Count | RouteKind::Info
        ) && method == Method::Get
            && self.rule() != "report_columns"
            && !has_own(self.route, entity)
        {
            let asked = format!("{path}?conditions=noSuchField=1");
            mistakes.push((
                "an unknown name in conditions".to_owned(),
                asked,
                None,
                &[400],
            ));
        }
        mistakes
    }

    fn stray(&mut self, schema: &str, strays: &[String]) {
        if !strays.is_empty() {
            self.faults.push(format!(
                "{} {}: not in {schema}: {}",
                word(self.operation.method),
                self.route.path,
                strays.join(", ")
            ));
        }
    }

    /// The call that should go through.
    async fn valid(&mut self, path: &str, body: Option<Value>) -> u16 {
        let mut admin = self.key().await;
        let entity = self.catalog.entity(self.route.entity);
        let mut body = body;
        let mut answered = self.call(&admin, path, body.as_ref()).await;
        let empty = answered.status == 404 || answered.json.as_array().is_some_and(Vec::is_empty);
        if answered.status == 403 || (empty && self.is_withheld()) {
            // What a verb of its own makes or reads beside the record takes the right to that too; so does a
            // record of somebody else.
            self.further = true;
            admin = self.company.admin.clone();
            answered = self.call(&admin, path, body.as_ref()).await;
        }
        for _ in 0..5 {
            let Some(Value::Object(members)) = &mut body else {
                break;
            };
            let mut more: Map<String, Value> = members.clone();
            if answered.status != 400 || !self.ground.heed(entity, &answered, &mut more).await {
                break;
            }
            body = Some(Value::Object(more));
            answered = self.call(&admin, path, body.as_ref()).await;
        }
        if let Some(returns) = self.operation.returns.as_deref()
            && answered.json.is_array() != self.operation.list
            && answered.status == self.operation.status
            && returns != "binary"
            && returns != "map<any>"
        {
            self.fault(
                if self.operation.list {
                    "should be a list"
                } else {
                    "should be no list"
                },
                &answered,
            );
        }
        if answered.status != self.operation.status {
            let what = format!(
                "should be {}, sent {}",
                self.operation.status,
                body.unwrap_or_default()
            );
            self.fault(&what, &answered);
        } else if let Some(returns) = &self.operation.returns {
            self.told = answered.json.as_array().is_none_or(|rows| !rows.is_empty());
            // What a bulk call answers is a list of answers.
            let strays = if self.route.kind == RouteKind::Bulk {
                let schema = &self.catalog.entity(self.route.entity).schema;
                let rows = answered.json["payload"]
                    .as_array()
                    .cloned()
                    .unwrap_or_default();
                let failed = rows.iter().any(|row| row["success"] != true);
                if failed {
                    self.fault("a record of the list failed", &answered);
                }
                let data = rows.into_iter().map(|mut row| row["data"].take()).collect();
                shape::strays(self.catalog, schema, RELEASE, &data)
            } else {
                shape::strays(self.catalog, returns, RELEASE, &answered.json)
            };
            self.stray(returns, &strays);
            for release in RELEASES {
                if self.operation.method != Method::Get || &**returns == "binary" {
                    break;
                }
                let asked = release.to_string();
                let answered = self.company.get_as_of(&admin, path, &asked).await;
                let strays = shape::strays(self.catalog, returns, release, &answered.json);
                self.stray(returns, &strays);
            }
        }
        answered.status
    }
}

/// The record of an answer that lists it alone.
fn alone(answer: Value) -> Value {
    match answer {
        Value::Array(rows) => rows.into_iter().next().unwrap_or_default(),
        record => record,
    }
}

/// One operation on a field that can stand any text, else one that changes nothing.
fn patch(entity: &Entity, row: &Value) -> Value {
    let plain = |kind: &Kind| {
        matches!(
            kind,
            Kind::Text | Kind::Boolean | Kind::Integer | Kind::Number
        )
    };
    let field = entity.fields.iter().find(|field| {
        plain(&field.kind)
            && !field.read_only
            && !field.post_only
            && !field.write_only
            && &*field.name != "id"
            && row.get(&*field.name).is_some()
    });
    match field {
        Some(field) => {
            json!([{ "op": "replace", "path": &*field.name, "value": row[&*field.name] }])
        }
        None => json!([]),
    }
}
