//! The gate: the same enforcement in front of a live PSA. Members, roles and keys are the gate's own; records are
//! the PSA's, reached with one key that no caller ever sees. A call takes the way of every call to its permit;
//! from there the permit's rows are said in the PSA's conditions, sent up, and proven on what comes back.

mod closed;
mod fence;
pub mod front;
mod identity;
mod mirror;
mod proof;
mod reading;
mod references;
mod show;
pub(crate) mod state;
mod upstream;
mod writing;

use bitting_calls::pipeline;
use bitting_calls::pipeline::call::Call;
use bitting_calls::pipeline::call::needs;
use bitting_catalog::entity::Entity;
use bitting_catalog::route::{Method, RouteKind};
use bitting_dialects::connectwise::conditions::print;
use bitting_dialects::connectwise::error::ApiError;
use bitting_policy::{Denial, Verb, Why};
use bitting_psa::answer::Reply;
use bitting_psa::caller::Caller;
use bitting_psa::event::Event;
use bitting_psa::instance::{Instance, Later};
use bitting_psa::marks;
use bitting_psa::permit::{Permit, authorize, pass_through};
use bitting_psa::problem::Problem;
use bitting_query::{Filter, Path};
use bitting_rules as rules;
use fence::{Fence, Unprovable};
pub use front::Front;
use identity::Identity;
pub use mirror::Mirrored;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use proof::Beyond;
use serde_json::Value as Json;
pub use state::Gate;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};
pub use upstream::{LocateError, Settings, Trace, Upstream};

/// How long the gate remembers a member's id on the PSA.
const REMEMBERED: Duration = Duration::from_secs(60);
/// Ids named in one request for the records behind references.
const AT_ONCE: usize = 100;
/// Setting of the instance with the members' names on the PSA, as JSON.
const NAMES: &str = "gate-members";

/// What ends a call early: a problem of the gate's, or an answer of the PSA that goes on as it is.
enum Stop {
    Problem(Problem),
    Passed(Box<Reply>),
}

impl<E: Into<Problem>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Problem(error.into())
    }
}

/// One call on its way through.
#[derive(Clone, Copy)]
struct Passage<'a> {
    gate: &'a Gate,
    call: &'a Call<'a>,
    trace: &'a Trace,
}

impl Gate {
    /// Sets what virtual members are called on the PSA, beside what was set before.
    pub async fn name_members(
        &self,
        instance: &Instance,
        more: &[(String, String)],
    ) -> Result<(), Problem> {
        let known = instance.setting(NAMES).unwrap_or_default();
        let mut names: BTreeMap<String, String> = serde_json::from_str(&known).unwrap_or_default();
        for (member, name) in more {
            names.insert(member.to_ascii_lowercase(), name.clone());
        }
        if !more.is_empty() {
            let json = serde_json::to_string(&names).unwrap_or_default();
            instance.set_setting(NAMES, Some(&json)).await?;
        }
        *self.names.write() = names;
        Ok(())
    }

    /// Answers a call of a virtual key.
    pub fn answer<'a>(&'a self, call: &'a Call<'_>, event: &'a mut Event) -> Later<'a, Reply> {
        Box::pin(async move {
            let trace = Trace::default();
            let passage = Passage {
                gate: self,
                call,
                trace: &trace,
            };
            let answered = Box::pin(passage.answer()).await;
            event.upstream(trace.told());
            match answered {
                Ok(reply) => Ok(reply),
                Err(Stop::Passed(reply)) => Ok(*reply),
                Err(Stop::Problem(problem)) => Err(problem),
            }
        })
    }
}

impl Passage<'_> {
    async fn answer(self) -> Result<Reply, Stop> {
        let call = self.call;
        let verb = rules::verb(call.route, call.method)
            .unwrap_or_else(|| pipeline::verb(call.route, call.method));
        let grounds = call.instance.backend.grounds();
        let permit = authorize(grounds, &call.caller, call.entity, needs(call), verb)
            .map_err(|denial| denial.by(&call.caller.role.name))?;
        if closed::is_local(call) {
            return Ok(Box::pin(pipeline::answer(call)).await?);
        }
        if let Some(why) = closed::why(call, &permit) {
            return Err(self.refuse(&permit, why).into());
        }
        let plain = match call.route.kind {
            RouteKind::Collection | RouteKind::Item | RouteKind::Search => true,
            RouteKind::ItemByName | RouteKind::Info | RouteKind::Singleton | RouteKind::Count => {
                call.method == Method::Get
            }
            _ => false,
        };
        let odd = call
            .route
            .rule
            .as_deref()
            .is_some_and(|rule| rule != "search")
            || !call.entity.stored
            || (call.route.kind == RouteKind::Collection
                && !matches!(call.method, Method::Get | Method::Post))
            || (call.route.kind == RouteKind::Item && call.method == Method::Post);
        if !plain || odd {
            return self.forward(&permit).await;
        }
        let ids = self.ids()?;
        let (parents, id) = pipeline::split(call, &ids);
        let proven = Box::pin(self.parents(&permit, parents)).await?;
        match call.method {
            Method::Get => Box::pin(self.read(&permit, id, proven)).await,
            _ if call.route.kind == RouteKind::Search => {
                Box::pin(self.read(&permit, None, proven)).await
            }
            Method::Post => Box::pin(self.create(&permit, parents, proven)).await,
            Method::Delete => Box::pin(self.delete(&permit, id, proven)).await,
            Method::Put | Method::Patch => Box::pin(self.change(&permit, id, proven)).await,
        }
    }

    /// The ids in the path; a name where one is expected counts as an id that no record has.
    fn ids(self) -> Result<Vec<i64>, Problem> {
        let call = self.call;
        let mut ids = Vec::with_capacity(call.words.len());
        for (index, word) in call.words.iter().enumerate() {
            let last = index + 1 == call.words.len();
            match word.parse() {
                Ok(id) => ids.push(id),
                Err(_) if last && call.route.kind == RouteKind::ItemByName => ids.push(-1),
                Err(_) => return Err(ApiError::not_found(&call.entity.schema, word).into()),
            }
        }
        Ok(ids)
    }

    /// The call's path as the PSA has it: the catalog's, with the words of the call in their places.
    fn path(self) -> String {
        let words = self.call.words.iter().map(|word| {
            let plain = percent_decode_str(word).decode_utf8_lossy();
            utf8_percent_encode(&plain, NON_ALPHANUMERIC).to_string()
        });
        filled(&self.call.route.path, words)
    }

    fn unbounded(self) -> bool {
        closed::is_unbounded(&self.call.caller)
    }

    /// A refusal of the gate's own.
    fn refuse(self, permit: &Permit<'_>, why: &str) -> Denial {
        let path = self.call.route.path.trim_start_matches('/');
        upstream::refusal(path, permit.verb(), why).by(&self.call.caller.role.name)
    }

    fn unprovable(self, permit: &Permit<'_>, why: &Unprovable) -> Denial {
        let why = format!(
            "the gate cannot prove whose or where a record is ({})",
            why.0
        );
        self.refuse(permit, &why)
    }

    /// What a row has to meet under this permit.
    async fn fence(self, permit: &Permit<'_>, proven: bool) -> Result<Fence, Stop> {
        if self.unbounded() {
            return Ok(Fence { parts: Vec::new() });
        }
        let identity = self.identity(permit.mine()).await?;
        let grounds = self.call.instance.backend.grounds();
        let fence = fence::of(grounds, permit, &identity, proven);
        fence.map_err(|why| self.unprovable(permit, &why).into())
    }

    /// Who the caller is on the PSA. Its id there is looked up only where level My needs it.
    async fn identity(self, mine: bool) -> Result<Identity, Stop> {
        let caller: &Caller = &self.call.caller;
        let lower = caller.identifier.to_ascii_lowercase();
        let named = self.gate.names.read().get(&lower).cloned();
        let name = named.unwrap_or_else(|| caller.identifier.to_string());
        if !mine {
            return Ok(Identity { name, id: None });
        }
        let known = self.gate.people.read().get(&name).copied();
        if let Some((_, id)) = known.filter(|(at, _)| at.elapsed() < REMEMBERED) {
            return Ok(Identity { name, id });
        }
        let condition = print::filter(&Filter::Compare {
            path: Path {
                through: Vec::new(),
                column: Arc::from("identifier"),
                kind: bitting_query::Kind::Text,
            },
            op: bitting_query::Comparison::Equal,
            value: bitting_query::Value::Text(name.clone()),
        })
        .map_err(|error| ApiError::bad_request(error.to_string()))?;
        let ask = upstream::Ask::get("system/members", self.call.release)
            .with("conditions", Some(condition.text))
            .with("fields", Some("id,identifier".to_owned()));
        let found = self.sent(ask).await?.json()?;
        let mut rows = found.as_array().into_iter().flatten();
        let own = rows.find(|row| {
            row["identifier"]
                .as_str()
                .is_some_and(|text| text.eq_ignore_ascii_case(&name))
        });
        let id = own.and_then(|row| row["id"].as_i64());
        let mut people = self.gate.people.write();
        people.insert(name.clone(), (Instant::now(), id));
        Ok(Identity { name, id })
    }

    /// Every parent in the path is proven before what hangs under it is asked for.
    async fn parents(self, asked: &Permit<'_>, ids: &[i64]) -> Result<bool, Stop> {
        let call = self.call;
        let all = call.entity.parents.len();
        if self.unbounded() {
            return Ok(ids.len() >= all);
        }
        if ids.len() > all {
            let why = "the gate does not know what every id in the path is about";
            return Err(self.refuse(asked, why).into());
        }
        for (index, (parent, id)) in call.entity.parents.iter().zip(ids).enumerate() {
            let Some(target) = parent.entity else {
                let why = "the gate does not know what the path's first id is about";
                return Err(self.refuse(asked, why).into());
            };
            let holder = call.instance.catalog().entity(target);
            let sight = pass_through(&call.caller, holder);
            if !holder.stored || marks::is_own(holder, &call.caller, *id).is_some() {
                let why = "what stands in the path before it cannot be proven";
                return Err(self.refuse(asked, why).into());
            }
            if !call.caller.barred(needs(call), asked.verb()).is_empty() {
                return Err(self.denied(asked, Why::ProjectRole).into());
            }
            let above = index > 0 && holder.parents.len() <= index;
            let fence = self.fence(&sight, above).await?;
            let owns =
                asked.mine() && call.entity.ownership.parent && bitting_psa::mine::is_owned(holder);
            let own = if owns {
                let sight = pass_through(&call.caller, holder).owned();
                Some(self.fence(&sight, above).await?)
            } else {
                None
            };
            if fence.is_open() && own.is_none() {
                continue;
            }
            let missing = || ApiError::not_found(&holder.schema, &id.to_string());
            let mut paths = fence.paths();
            paths.extend(own.iter().flat_map(Fence::paths));
            let record = self.item(asked, holder, &ids[..=index], &paths).await?;
            let record = record.ok_or_else(missing)?;
            if !self.prove(std::slice::from_ref(&record), &fence).await?[0] {
                return Err(missing().into());
            }
            if let Some(own) = own
                && !self.prove(&[record], &own).await?[0]
            {
                return Err(match asked.verb() {
                    Verb::Inquire => missing().into(),
                    _ => self.denied(asked, Why::Ownership).into(),
                });
            }
        }
        Ok(!ids.is_empty() && ids.len() >= all)
    }

    fn denied(self, permit: &Permit<'_>, why: Why) -> Denial {
        let grounds = self.call.instance.backend.grounds();
        permit.refuse(grounds, why).by(&self.call.caller.role.name)
    }

    /// One record by its ids, with what the paths look at; `None` where the PSA has none.
    async fn item(
        self,
        asked: &Permit<'_>,
        entity: &Entity,
        ids: &[i64],
        paths: &[Path],
    ) -> Result<Option<Json>, Stop> {
        let Some(path) = self.gate.items.get(&entity.id) else {
            let why = format!("the gate knows no path to one record of {}", entity.path);
            return Err(self.refuse(asked, &why).into());
        };
        let path = filled(path, ids.iter().map(i64::to_string));
        let fields = proof::fields(paths).join(",");
        let ask = upstream::Ask::get(&path, self.call.release).with("fields", Some(fields));
        let answer = self.gate.upstream.send(ask, self.trace).await?;
        match answer.status {
            404 => Ok(None),
            _ => Ok(Some(passed(answer)?.json()?)),
        }
    }

    /// Which of these records meet the fence: every one is looked at, whatever the PSA was asked.
    async fn prove(self, rows: &[Json], fence: &Fence) -> Result<Vec<bool>, Stop> {
        if fence.is_open() {
            return Ok(vec![true; rows.len()]);
        }
        let mut beyond = Beyond::new();
        let wanted = proof::wanted(rows, &fence.paths(), &beyond);
        Box::pin(self.gather(wanted, &mut beyond)).await?;
        let filter = fence.whole();
        let proven = rows.iter().map(|row| proof::holds(&filter, row, &beyond));
        Ok(proven.collect())
    }

    /// Reads the records behind references, one list request per entity and hundred of them.
    async fn gather(self, wanted: Vec<proof::Wanted>, beyond: &mut Beyond) -> Result<(), Stop> {
        for one in wanted {
            let entity = self.call.instance.catalog().entity_at(&one.entity);
            // What cannot be read stays unseen, and proves nothing.
            let Some(path) = entity.and_then(|entity| self.gate.lists.get(&entity.id)) else {
                continue;
            };
            if path.contains('{') {
                continue;
            }
            for ids in one.ids.chunks(AT_ONCE) {
                let mut condition = "id in (".to_owned();
                for (index, id) in ids.iter().enumerate() {
                    let comma = if index > 0 { "," } else { "" };
                    let _ = write!(condition, "{comma}{id}");
                }
                condition.push(')');
                let ask = upstream::Ask::get(path.trim_start_matches('/'), self.call.release)
                    .with("conditions", Some(condition))
                    .with("fields", Some(proof::fields(&one.paths).join(",")))
                    .with("pageSize", Some("1000".to_owned()));
                let found = self.sent(ask).await?.json()?;
                for row in found.as_array().into_iter().flatten() {
                    if let Some(id) = row["id"].as_i64() {
                        beyond.insert((one.entity.clone(), id), row.clone());
                    }
                }
            }
            let rows: Vec<Json> = one
                .ids
                .iter()
                .filter_map(|id| beyond.get(&(one.entity.clone(), *id)).cloned())
                .collect();
            let further = proof::wanted(&rows, &one.paths, beyond);
            Box::pin(self.gather(further, beyond)).await?;
        }
        Ok(())
    }

    /// Sends, and stops the call with the PSA's own words where it refuses.
    async fn sent(self, ask: upstream::Ask<'_>) -> Result<upstream::Answer, Stop> {
        let answer = self.gate.upstream.send(ask, self.trace).await?;
        passed(answer)
    }
}

/// The PSA's own refusal stops the call and goes on as it is.
fn passed(answer: upstream::Answer) -> Result<upstream::Answer, Stop> {
    if answer.is_success() {
        return Ok(answer);
    }
    let reply = Reply::json(answer.status, answer.bytes).with_wait(answer.retry_after);
    Err(Stop::Passed(Box::new(reply)))
}

/// A path of the catalog with words in the places of its placeholders, without the slash before it.
fn filled(path: &str, mut words: impl Iterator<Item = String>) -> String {
    let mut out = String::with_capacity(path.len() + 16);
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        if !out.is_empty() {
            out.push('/');
        }
        if segment.starts_with('{') {
            out.push_str(&words.next().unwrap_or_default());
        } else {
            out.push_str(segment);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::filled;

    #[test]
    fn paths_are_the_catalogs_with_the_words_in_their_places() {
        let words = ["5", "a%2Fb"].map(str::to_owned);
        let path = filled("/service/tickets/{parentId}/notes/{id}", words.into_iter());
        assert_eq!(path, "service/tickets/5/notes/a%2Fb");
    }
}
