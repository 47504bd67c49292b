//! A server under test: started on the first core, its CPU time and memory read from /proc, stopped when
//! dropped with everything it started. Knows no protocol.

use anyhow::{Context as _, Result, bail};
use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The core of the servers; this program itself runs on the other one.
pub const SERVER_CORE: &str = "0";

/// A running server and its children.
pub struct Server {
    child: Child,
}

impl Server {
    /// Starts a program on the servers' core. What it prints goes to the file.
    pub fn start(
        program: &Path,
        arguments: &[&str],
        environment: &[(&str, &str)],
        log: &Path,
    ) -> Result<Self> {
        Self::start_on(Some(SERVER_CORE), program, arguments, environment, log)
    }

    /// Starts a program on one core, or on all.
    pub fn start_on(
        core: Option<&str>,
        program: &Path,
        arguments: &[&str],
        environment: &[(&str, &str)],
        log: &Path,
    ) -> Result<Self> {
        let out =
            fs::File::create(log).with_context(|| format!("cannot create {}", log.display()))?;
        let mut command = Command::new("taskset");
        // taskset becomes the program, so the process id is the server's own.
        command
            .args(["-c", core.unwrap_or("0,1")])
            .arg(program)
            .args(arguments)
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stderr(out.try_clone()?)
            .stdout(out)
            .process_group(0);
        let child = command
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        Ok(Self { child })
    }

    /// Waits until `ready` answers something, or says what the server printed.
    pub fn until<T>(
        &mut self,
        limit: Duration,
        log: &Path,
        mut ready: impl FnMut() -> Option<T>,
    ) -> Result<T> {
        let started = Instant::now();
        loop {
            if let Some(found) = ready() {
                return Ok(found);
            }
            let ended = self.child.try_wait()?;
            if ended.is_some() || started.elapsed() > limit {
                let text = fs::read_to_string(log).unwrap_or_default();
                bail!(
                    "the server is not ready after {:?}; it printed:\n{text}",
                    started.elapsed()
                );
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// CPU time of the server and its children so far, user and system.
    pub fn cpu(&self) -> Duration {
        let ticks: u64 = self.stats().iter().map(|stat| stat.ticks).sum();
        // /proc counts in hundredths of a second on every Linux that matters here.
        Duration::from_millis(ticks * 10)
    }

    /// Resident memory in MB (millions of bytes).
    pub fn memory(&self) -> f64 {
        let mut kilobytes = 0.0;
        for stat in self.stats() {
            let status =
                fs::read_to_string(format!("/proc/{}/status", stat.id)).unwrap_or_default();
            let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
            let number = line.and_then(|line| line.trim().split(' ').next()?.parse::<f64>().ok());
            kilobytes += number.unwrap_or_default();
        }
        kilobytes * 1024.0 / 1e6
    }

    fn stats(&self) -> Vec<Stat> {
        let Ok(entries) = fs::read_dir("/proc") else {
            return Vec::new();
        };
        entries
            .flatten()
            .filter_map(|entry| Stat::read(entry.file_name().to_str()?.parse().ok()?))
            .filter(|stat| stat.group == self.child.id())
            .collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let group = format!("-{}", self.child.id());
        for signal in ["-TERM", "-KILL"] {
            let _ = Command::new("kill")
                .args([signal, "--", &group])
                .stderr(Stdio::null())
                .status();
            let asked = Instant::now();
            while asked.elapsed() < Duration::from_secs(10) {
                if matches!(self.child.try_wait(), Ok(Some(_)) | Err(_)) {
                    return;
                }
                std::thread::sleep(Duration::from_millis(10));
            }
        }
    }
}

struct Stat {
    id: u32,
    group: u32,
    ticks: u64,
}

impl Stat {
    fn read(id: u32) -> Option<Self> {
        let text = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        // The name in parentheses may hold blanks; the fields after it do not.
        let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
        let ticks = |index: usize| fields.get(index)?.parse::<u64>().ok();
        Some(Self {
            id,
            group: fields.get(2)?.parse().ok()?,
            ticks: ticks(11)? + ticks(12)?,
        })
    }
}

/// A port that is free now.
pub fn free_port() -> Result<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?
        .local_addr()?
        .port())
}
