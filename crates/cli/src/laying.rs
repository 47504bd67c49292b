//! The process that lays down a server's first records: the same program, with a hidden command. The order comes over
//! its standard input, what was laid down goes out over the other one. Knows nothing of records.

use anyhow::{Context as _, Result};
use bitting_server::host::{self, Laid, Options, Order, Work};
use std::io::{BufRead as _, Read as _, Write as _};
use std::process::{ChildStdin, Command, Stdio};

/// Name of the command.
const COMMAND: &str = "lay-down";

/// Lays down what a server orders on standard input.
pub fn run() -> Result<()> {
    let mut input = std::io::stdin().lock();
    let mut line = String::new();
    input
        .read_line(&mut line)
        .context("cannot read the order")?;
    drop(input);
    let order: Order = serde_json::from_str(&line).context("this is no server's order")?;
    // The server holds the other end for as long as it waits. Without it nobody wants the records.
    std::thread::spawn(|| {
        let _ = std::io::stdin().lock().read(&mut [0]);
        std::process::exit(1);
    });
    let laid = crate::runtime::runtime()?.block_on(host::lay_down(order));
    // The server says what could not be done; this is why.
    let told = laid.map_err(|error| match error {
        host::HostError::Seed(why) => why,
        other => other.to_string(),
    });
    let mut out = std::io::stdout().lock();
    serde_json::to_writer(&mut out, &told)?;
    out.flush()?;
    Ok(())
}

/// Starts the process, where there is something to lay down. Nothing where it cannot be started: the server lays it
/// down itself then, and holds more.
pub fn begin(options: &Options) -> Option<Work<'static, Result<Laid, String>>> {
    let mut order = Order::of(options)?;
    let keys = order.keys();
    let order = serde_json::to_string(&order).ok()?;
    let mut child = Command::new(std::env::current_exe().ok()?)
        .arg(COMMAND)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .ok()?;
    let mut tether = child.stdin.take()?;
    // Should it be gone already, its end tells why.
    let _ = writeln!(tether, "{order}");
    let waiting = tokio::task::spawn_blocking(move || child.wait_with_output());
    Some(Box::pin(async move {
        let _tether: ChildStdin = tether;
        let broken = |what: String| {
            format!("the process that lays it down ended early ({what}); please report this")
        };
        let ended = waiting.await.map_err(|error| broken(error.to_string()))?;
        let ended = ended.map_err(|error| broken(error.to_string()))?;
        let laid = serde_json::from_slice::<Result<Laid, String>>(&ended.stdout)
            .map_err(|_| broken(ended.status.to_string()))?;
        Ok(laid?.with(keys))
    }))
}
