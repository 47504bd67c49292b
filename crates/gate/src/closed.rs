//! What the gate does not let through: calls whose effect no fence can be held against. Fail closed: whatever is
//! not known to be provable is refused, with the reason.

use bitting_calls::pipeline::call::Call;
use bitting_catalog::entity::Entity;
use bitting_catalog::route::{Method, RouteKind};
use bitting_psa::caller::Caller;
use bitting_psa::permit::Permit;
use bitting_rules as rules;

/// Rules whose paths speak of the caller itself: a virtual member is known to the gate alone.
const OF_THE_CALLER: [&str; 3] = ["my_security", "my_customize_items", "my_member"];
/// Rules that read as any list does, and one that everybody may read.
const PLAIN: [&str; 2] = ["search", "info"];
/// Reports: one right opens all of everything in them, so that a caller who does not see all gets none.
const REPORTS: [&str; 4] = ["reports", "report_columns", "report_rows", "report_count"];
/// Rules of entities whose rows belong to the key that calls, and all virtual members share the gate's.
const OF_THE_KEY: [&str; 4] = ["own_records", "callback", "my_account", "document"];
/// Where rights, members and keys of the PSA are made: a key of the PSA's own would outlive its virtual one.
const KEYS: [&str; 8] = [
    "system/members",
    "system/apiMembers",
    "system/securityroles",
    "system/membertemplates",
    "system/sso",
    "system/myAccount",
    "system/ldap",
    "system/authAnvils",
];

/// Whether the gate answers by itself.
pub fn is_local(call: &Call<'_>) -> bool {
    let rule = call.route.rule.as_deref();
    call.caller.is_operator() || rule.is_some_and(|rule| OF_THE_CALLER.contains(&rule))
}

/// Whether nothing has to be proven about a caller's calls: an administrator that sees all.
pub fn is_unbounded(caller: &Caller) -> bool {
    caller.role.admin && sees_all(caller)
}

fn sees_all(caller: &Caller) -> bool {
    let blocked = caller.block_price || caller.block_cost;
    caller.scope.is_none() && caller.excluded_boards.is_empty() && !blocked
}

/// Why a call is refused whatever its right, if it is.
pub fn why(call: &Call<'_>, permit: &Permit<'_>) -> Option<&'static str> {
    let writes = call.method != Method::Get && call.route.kind != RouteKind::Search;
    if writes && makes_keys(call, call.entity) {
        return Some(
            "members, roles and keys of the PSA are not made through its gate, whose own keys would not hold them",
        );
    }
    if is_unbounded(&call.caller) {
        return None;
    }
    if let Some(rule) = call
        .route
        .rule
        .as_deref()
        .filter(|rule| !PLAIN.contains(rule))
    {
        if !REPORTS.contains(&rule) {
            return Some(
                "what this path does cannot be held against the rows of a role; only an administrator's virtual key may use it through a gate",
            );
        }
        if permit.mine() || !sees_all(&call.caller) {
            return Some("reports show every record, and the member does not see all of them");
        }
    }
    if call
        .entity
        .rules
        .iter()
        .any(|rule| OF_THE_KEY.contains(&rule.as_str()))
    {
        return Some(
            "these records belong to the key that calls the PSA, and all virtual keys share it",
        );
    }
    if call.route.kind == RouteKind::Singleton && !call.route.params.is_empty() {
        return Some(
            "what the path's id is about cannot be proven; only an administrator's virtual key may use it through a gate",
        );
    }
    let provable = matches!(
        (call.route.kind, call.method),
        (
            RouteKind::Collection
                | RouteKind::Item
                | RouteKind::ItemByName
                | RouteKind::Info
                | RouteKind::Count
                | RouteKind::Singleton,
            Method::Get,
        ) | (RouteKind::Search | RouteKind::Collection, Method::Post)
            | (
                RouteKind::Item,
                Method::Put | Method::Patch | Method::Delete
            )
    );
    if !provable {
        return Some(
            "what this path shows or does cannot be held against the rows of a role; only an administrator's virtual key may use it through a gate",
        );
    }
    let reads = call.entity.stored || call.route.rule.is_some();
    (!reads).then_some(
        "the PSA works these records out of others; only an administrator's virtual key may read them through a gate",
    )
}

fn makes_keys(call: &Call<'_>, entity: &Entity) -> bool {
    rules::members::decides_rights(call.instance.catalog(), entity)
        || KEYS.iter().any(|start| {
            entity
                .path
                .get(..start.len())
                .is_some_and(|path| path.eq_ignore_ascii_case(start))
        })
}
