//! Packs what is shipped of both APIs, so that a server that starts has nothing to parse. A fault in a data file stops
//! the build with its file and line.
//!
//! Only for a release: any other build reads the checkout, so that a change of data needs no compiler.

use bitting_catalog::CatalogError;
use bitting_catalog::packed::{pack_autotask, pack_connectwise};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs, io};

type Packing = fn(&BTreeMap<String, String>) -> Result<Vec<u8>, CatalogError>;

fn main() -> ExitCode {
    println!("cargo::rustc-check-cfg=cfg(packed)");
    println!("cargo::rerun-if-changed=build.rs");
    if env::var("PROFILE").as_deref() != Ok("release") {
        return ExitCode::SUCCESS;
    }
    println!("cargo::rustc-cfg=packed");
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data");
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    for (psa, pack) in [
        ("connectwise", pack_connectwise as Packing),
        ("autotask", pack_autotask),
    ] {
        let folder = data.join(psa);
        // The folder and whatever is below it, files that are new to it too.
        println!("cargo::rerun-if-changed={}", folder.display());
        let packed = read(&folder, &folder).map_err(|error| error.to_string());
        let packed = packed.and_then(|files| pack(&files).map_err(|error| error.to_string()));
        let packed = packed.and_then(|bytes| {
            fs::write(out.join(format!("{psa}.packed")), bytes).map_err(|error| error.to_string())
        });
        if let Err(fault) = packed {
            println!("cargo::error=data/{psa}: {fault}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

/// Every data file below a folder, by its path below the root.
fn read(root: &Path, folder: &Path) -> io::Result<BTreeMap<String, String>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(read(root, &path)?);
        } else if path.extension().is_some_and(|end| end == "toml") {
            let name = path.strip_prefix(root).unwrap_or(&path);
            let name = name.to_string_lossy().replace('\\', "/");
            files.insert(name, fs::read_to_string(&path)?);
        }
    }
    Ok(files)
}
