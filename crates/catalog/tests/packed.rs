//! What is packed while the program is built is what the files say, to the last member; and whatever is wrong with a
//! file stops the build where it stands.

#![allow(clippy::unwrap_used)]

use bitting_catalog::Catalog;
use bitting_catalog::packed::{
    pack_autotask, pack_connectwise, unpack_autotask, unpack_connectwise,
};
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn folder(psa: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../data")
        .join(psa)
}

/// The files of a folder as the build reads them.
fn files(psa: &str) -> BTreeMap<String, String> {
    fn collect(root: &Path, folder: &Path, into: &mut BTreeMap<String, String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(root, &path, into);
            } else if path.extension().is_some_and(|end| end == "toml") {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap();
                into.insert(name.to_owned(), std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    let mut found = BTreeMap::new();
    collect(&folder(psa), &folder(psa), &mut found);
    found
}

/// Every member is in what `Debug` prints.
fn same<T: Debug>(what: &str, read: &[T], unpacked: &[T]) {
    assert_eq!(read.len(), unpacked.len(), "{what}");
    for (read, unpacked) in read.iter().zip(unpacked) {
        assert_eq!(format!("{read:#?}"), format!("{unpacked:#?}"), "{what}");
    }
}

fn same_catalog(read: &Catalog, unpacked: &Catalog) {
    same("entities", &read.entities, &unpacked.entities);
    same("routes", &read.routes, &unpacked.routes);
    assert_eq!(read.shapes, unpacked.shapes);
    assert_eq!(read.references, unpacked.references);
    assert!(!read.entities.is_empty());
    for entity in &read.entities {
        assert_eq!(
            unpacked.entity_at(&entity.path).map(|found| found.id),
            Some(entity.id)
        );
        let (one, other) = (
            read.entity_of(&entity.schema),
            unpacked.entity_of(&entity.schema),
        );
        assert_eq!(one.map(|found| found.id), other.map(|found| found.id));
    }
}

#[test]
fn connectwise_unpacks_to_what_its_files_say() {
    let (registry, read) = Catalog::embedded().unwrap();
    let packed = pack_connectwise(&files("connectwise")).unwrap();
    let (unpacked_registry, unpacked) = unpack_connectwise(&packed).unwrap();
    same_catalog(&read, &unpacked);
    assert_eq!(registry.actions(), unpacked_registry.actions());
    assert_eq!(registry.lists(), unpacked_registry.lists());
    assert_eq!(registry.tables(), unpacked_registry.tables());
}

#[test]
fn autotask_unpacks_to_what_its_files_say() {
    let (permissions, registry, read) = Catalog::autotask().unwrap();
    let packed = pack_autotask(&files("autotask")).unwrap();
    let (unpacked_permissions, unpacked_registry, unpacked) = unpack_autotask(&packed).unwrap();
    same_catalog(&read, &unpacked);
    assert_eq!(permissions.entries, unpacked_permissions.entries);
    assert_eq!(permissions.system, unpacked_permissions.system);
    assert_eq!(registry.actions(), unpacked_registry.actions());
}

#[test]
fn texts_and_links_that_come_back_are_kept_once() {
    let packed = pack_connectwise(&files("connectwise")).unwrap();
    let (_, catalog) = unpack_connectwise(&packed).unwrap();
    let ticket = catalog.entity_at("service/tickets").unwrap();
    let project = catalog.entity_at("project/tickets").unwrap();
    let company = |entity| &catalog.field(entity, "company").unwrap().name;
    assert!(Arc::ptr_eq(company(ticket), company(project)));
    let shown = |field: &bitting_catalog::entity::Field| match &field.kind {
        bitting_catalog::entity::Kind::Reference(to) => to.clone(),
        other => panic!("company is {other:?}"),
    };
    let (one, other) = (
        shown(catalog.field(ticket, "company").unwrap()),
        shown(catalog.field(project, "company").unwrap()),
    );
    assert!(Arc::ptr_eq(&one, &other));
}

#[test]
fn a_broken_file_is_named_with_its_line() {
    let mut broken = files("connectwise");
    let tickets = broken.get_mut("service/tickets.toml").unwrap();
    let line = tickets.lines().count() + 1;
    tickets.push_str("nonsense = \n");
    let error = pack_connectwise(&broken).unwrap_err();
    assert_eq!(
        (error.file.as_str(), error.line),
        ("service/tickets.toml", line)
    );

    let mut broken = files("autotask");
    broken.insert("permissions.toml".to_owned(), "\nlevels = 1\n".to_owned());
    let error = pack_autotask(&broken).unwrap_err();
    assert_eq!((error.file.as_str(), error.line), ("permissions.toml", 2));

    for (pack, gone) in [
        (pack_connectwise as fn(&_) -> _, "tables.toml"),
        (pack_autotask, "permissions.toml"),
    ] {
        let mut few = files(if gone == "tables.toml" {
            "connectwise"
        } else {
            "autotask"
        });
        few.remove(gone);
        assert!(pack(&few).is_err(), "{gone} is not missed");
    }
}

#[test]
fn bytes_that_nobody_packed_are_refused() {
    let packed = pack_connectwise(&files("connectwise")).unwrap();
    for length in (0..packed.len()).step_by(packed.len() / 97) {
        assert!(
            unpack_connectwise(&packed[..length]).is_err(),
            "cut off at {length}"
        );
    }
    let longer = [packed.as_slice(), &[0]].concat();
    assert!(unpack_connectwise(&longer).is_err());
    let huge = [0xff; 64];
    assert!(unpack_connectwise(&huge).is_err());
}
