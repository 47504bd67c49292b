//! The allocator, and how soon it gives memory back. By itself it waits for a second and then for the next
//! allocation, which an idle server never makes: what laying down a company freed would stay its own, a
//! quarter of what it holds. Its only switch is an environment variable that it reads before `main`.

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Milliseconds before freed pages go back to the system.
#[cfg(unix)]
const PURGE_DELAY: (&str, &str) = ("MIMALLOC_PURGE_DELAY", "10");

/// Becomes the same program anew with the switch set, unless somebody set it. It costs a millisecond; where it
/// cannot be done the server runs on and holds more.
#[cfg(unix)]
pub fn give_back_soon() {
    use std::os::unix::process::CommandExt as _;
    let (name, value) = PURGE_DELAY;
    if std::env::var_os(name).is_some() {
        return;
    }
    let Ok(program) = std::env::current_exe() else {
        return;
    };
    let mut arguments = std::env::args_os();
    let mut anew = std::process::Command::new(program);
    if let Some(called) = arguments.next() {
        anew.arg0(called);
    }
    // Comes back only where it failed.
    let _ = anew.args(arguments).env(name, value).exec();
}

#[cfg(not(unix))]
pub fn give_back_soon() {}
