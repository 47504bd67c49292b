//! The ConnectWise data as it ships: it loads, every cross-reference holds, nothing got lost, and
//! every entity's right is written down where a change shows.

use bitting_catalog::Catalog;
use bitting_catalog::entity::{Basis, Right};
use bitting_policy::{Needs, Registry};
use std::fmt::Write;

fn shipped() -> (Registry, Catalog) {
    match Catalog::embedded() {
        Ok(both) => both,
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn every_cross_reference_holds() {
    let (_, catalog) = shipped();
    let faults = catalog.check(None);
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}
