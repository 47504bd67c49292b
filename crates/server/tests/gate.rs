//! The gate: what a virtual key gets through it is what the same role gets of a PSA that enforces it itself; and
//! what it does not get never reaches the PSA.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod gated;
mod support;

use bitting_catalog::route::{Method, RouteKind};
use gated::{Psa, both, opened, same};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::Value;
use support::{Company, Credentials};

/// Records with owners, locations, boards and types, and setup tables.
const PATHS: [&str; 11] = [
    "/company/companies",
    "/company/contacts",
    "/company/configurations",
    "/service/tickets",
    "/project/tickets",
    "/sales/opportunities",
    "/sales/activities",
    "/finance/agreements",
    "/time/entries",
    "/service/boards",
    "/company/companies/types",
];

/// Asks both the same.
async fn compare(
    psa: &Psa,
    gate: &Company,
    keys: &(Credentials, Credentials),
    path: &str,
) -> Value {
    let direct = psa.company.get(&keys.0, path).await;
    let gated = gate.get(&keys.1, path).await;
    same(path, &direct, &gated);
    direct.json
}

#[tokio::test(flavor = "multi_thread")]
async fn a_virtual_key_reads_what_the_role_reads_of_the_psa_itself() {
    let (psa, gate) = opened().await;
    let mut random = StdRng::seed_from_u64(23);
    let mut shown = 0;
    for number in 0..8 {
        let keys = both(&psa, &gate, &mut random, number).await;
        for path in PATHS {
            let text = path.rsplit('/').next().unwrap_or_default();
            let named = if ["tickets"].contains(&text) {
                "summary"
            } else {
                "name"
            };
            for query in [
                "pageSize=13&page=2".to_owned(),
                "pageSize=9&fields=id&orderBy=id desc".to_owned(),
                "conditions=id > 3 and not (id in (5,6) or id = 8)&pageSize=5".to_owned(),
                format!("fields=id,{named},company/name,owner/name&pageSize=40"),
            ] {
                compare(&psa, &gate, &keys, &format!("{path}?{query}")).await;
            }
            compare(
                &psa,
                &gate,
                &keys,
                &format!("{path}/count?conditions=id < 20"),
            )
            .await;
            for _ in 0..6 {
                let id = random.random_range(1..24);
                compare(&psa, &gate, &keys, &format!("{path}/{id}")).await;
                if compare(&psa, &gate, &keys, &format!("{path}/{id}?fields=id")).await["id"]
                    .is_i64()
                {
                    shown += 1;
                }
            }
        }
        for path in [
            "/service/tickets/7/notes",
            "/company/companies/5/sites",
            "/time/info/workroles",
        ] {
            compare(&psa, &gate, &keys, path).await;
        }
    }
    assert!(shown > 50, "only {shown} records were shown");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_list_with_records_is_the_same_through_the_gate() {
    let (psa, gate) = opened().await;
    let mut random = StdRng::seed_from_u64(5);
    let keys = [
        both(&psa, &gate, &mut random, 0).await,
        both(&psa, &gate, &mut random, 1).await,
    ];
    let catalog = psa.company.instance.catalog();
    let (mut lists, mut refused) = (0, Vec::new());
    for route in &catalog.routes {
        let entity = catalog.entity(route.entity);
        let plain = matches!(
            route.kind,
            RouteKind::Collection | RouteKind::Count | RouteKind::Info
        ) && route.params.is_empty()
            && route.methods.iter().any(|op| op.method == Method::Get);
        // Who the caller is differs on both sides.
        if !plain || !entity.stored || entity.path.starts_with("system/my") {
            continue;
        }
        for (number, keys) in keys.iter().enumerate() {
            let path = format!("{}?pageSize=7", route.path);
            let direct = psa.company.get(&keys.0, &path).await;
            let gated = gate.get(&keys.1, &path).await;
            // What the gate refuses on its own it says.
            if gated.status == 403 && direct.status != 403 {
                refused.push(format!("{} {number}: {}", route.path, gated.denial()));
                continue;
            }
            same(&path, &direct, &gated);
            lists += usize::from(direct.status == 200);
        }
    }
    assert!(lists > 400, "{lists}");
    insta::assert_snapshot!("refused_by_the_gate_alone", refused.join("\n"));
}
