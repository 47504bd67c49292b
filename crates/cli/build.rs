//! Lays the functions that a server runs by itself side by side in the program. The system maps a program's code in
//! pieces of 16 pages around each page that is run: scattered over the whole of it they keep four times as much in
//! memory as they are.
//!
//! `start.order` names them, written by `benches/order`. A name that is no more says nothing, and a function that is
//! not named lies where it would have lain: an old list costs memory, and nothing else.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Command;
use std::{env, fs};

const NAMES: &str = "start.order";

/// Releases of the C library whose loader knows relocations as a list of bits.
const PACKED_RELOCATIONS: (u32, u32) = (2, 36);

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={NAMES}");
    println!("cargo::rerun-if-env-changed=CARGO_ENCODED_RUSTFLAGS");
    let told = |name: &str| env::var(name).unwrap_or_default();
    // Linkers of GNU and LLVM read the same scripts; these two read none.
    let flags = told("CARGO_ENCODED_RUSTFLAGS") + &told("RUSTC_LINKER");
    let knows_scripts = told("CARGO_CFG_TARGET_OS") == "linux"
        && !["mold", "wild"].iter().any(|other| flags.contains(other));
    if !knows_scripts || told("PROFILE") != "release" {
        return;
    }
    let names = fs::read_to_string(NAMES).expect("the list of functions is beside this file");
    let mut script = String::from("SECTIONS {\n  .text.start : {\n");
    for name in names.lines().filter(|line| !line.starts_with('#')) {
        // Names of the workspace end with a hash of the compiler's; others, at times, with what was done to them.
        let ends: &[&str] = if name.starts_with("_ZN") {
            &["17h*"]
        } else {
            &["", ".*"]
        };
        script.push_str("    *(");
        for end in ends {
            let _ = write!(script, " .text.{name}{end} .text.unlikely.{name}{end}");
        }
        script.push_str(" )\n");
    }
    script.push_str("  }\n} INSERT BEFORE .text;\n");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo names the directory"));
    let path = out.join("start.ld");
    fs::write(&path, script).expect("the directory of the build can be written to");
    println!("cargo::rustc-link-arg-bins=-T{}", path.display());
    // Relocations are read at every start, and stay: 24 bytes each, or a bit. Only where the loader is at hand that
    // will read them.
    if told("HOST") == told("TARGET")
        && loader().is_some_and(|release| release >= PACKED_RELOCATIONS)
    {
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}

/// The release of this machine's C library, where that is GNU's: it answers `glibc 2.36`.
fn loader() -> Option<(u32, u32)> {
    let answer = Command::new("getconf")
        .arg("GNU_LIBC_VERSION")
        .output()
        .ok()?;
    let text = String::from_utf8(answer.stdout).ok()?;
    let (major, minor) = text.trim().strip_prefix("glibc ")?.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}
