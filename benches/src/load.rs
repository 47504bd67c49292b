//! The load generator: keep-alive HTTP/1.1 over plain sockets, a thread per connection, each sending its
//! next request when the last answer is whole. Written here so that every server meets the same client,
//! answers are checked, and nothing of it runs on the servers' core.

use anyhow::{Context as _, Result, bail};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::process::Server;

/// What to send, and how much of it at once.
pub struct Load {
    pub address: SocketAddr,
    /// Whole requests, head and body; sent in turn, each connection from a place of its own.
    pub requests: Vec<Vec<u8>>,
    pub status: u16,
    pub connections: usize,
    pub seconds: u64,
}

/// What came of it.
#[derive(Clone, Copy)]
pub struct Outcome {
    /// Answers per second.
    pub rate: f64,
    /// CPU time of the server per answer, in microseconds.
    pub cpu: f64,
    /// Median and 99th percentile from the first byte sent to the last received, in milliseconds.
    pub median: f64,
    pub tail: f64,
    /// Mean length of a body in bytes.
    pub bytes: f64,
}

/// One answer.
pub struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
}

/// Warms up for a second, then measures.
pub fn run(load: &Load, server: &Server) -> Result<Outcome> {
    send(load, Duration::from_secs(1))?;
    let before = server.cpu();
    let (mut took, bytes, elapsed) = send(load, Duration::from_secs(load.seconds))?;
    let cpu = server.cpu().saturating_sub(before);
    if took.is_empty() {
        bail!("no answer in {} s", load.seconds);
    }
    took.sort_unstable();
    let count = took.len() as f64;
    let at = |share: f64| took[((count - 1.0) * share) as usize].as_secs_f64() * 1e3;
    Ok(Outcome {
        rate: count / elapsed.as_secs_f64(),
        cpu: cpu.as_secs_f64() * 1e6 / count,
        median: at(0.5),
        tail: at(0.99),
        bytes: bytes as f64 / count,
    })
}

fn send(load: &Load, time: Duration) -> Result<(Vec<Duration>, usize, Duration)> {
    let over = AtomicBool::new(false);
    let started = Instant::now();
    let one = |number: usize| -> Result<(Vec<Duration>, usize)> {
        let mut connection = Connection::open(load.address)?;
        let (mut took, mut bytes) = (Vec::with_capacity(1 << 16), 0);
        let mut at = number * 7919;
        while !over.load(Ordering::Relaxed) {
            let request = &load.requests[at % load.requests.len()];
            at += 1;
            let sent = Instant::now();
            let answer = connection.ask(request)?;
            took.push(sent.elapsed());
            bytes += answer.body.len();
            if answer.status != load.status {
                bail!(
                    "{} answers {}: {}",
                    String::from_utf8_lossy(&request[..request.len().min(200)]),
                    answer.status,
                    String::from_utf8_lossy(&answer.body)
                );
            }
        }
        Ok((took, bytes))
    };
    std::thread::scope(|scope| {
        let one = &one;
        let threads: Vec<_> = (0..load.connections)
            .map(|number| {
                let builder = std::thread::Builder::new().stack_size(256 * 1024);
                builder.spawn_scoped(scope, move || one(number))
            })
            .collect::<Result<_, _>>()?;
        std::thread::sleep(time);
        over.store(true, Ordering::Relaxed);
        let elapsed = started.elapsed();
        let (mut took, mut bytes) = (Vec::new(), 0);
        for thread in threads {
            let (mut times, length) = thread
                .join()
                .map_err(|_| anyhow::anyhow!("a connection's thread broke off"))??;
            took.append(&mut times);
            bytes += length;
        }
        Ok((took, bytes, elapsed))
    })
}

/// A keep-alive connection.
pub struct Connection {
    address: SocketAddr,
    stream: TcpStream,
    buffer: Vec<u8>,
    filled: usize,
}

impl Connection {
    pub fn open(address: SocketAddr) -> Result<Self> {
        let stream =
            TcpStream::connect(address).with_context(|| format!("cannot connect to {address}"))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        Ok(Self {
            address,
            stream,
            buffer: vec![0; 64 * 1024],
            filled: 0,
        })
    }

    /// Sends a request and waits for its whole answer.
    pub fn ask(&mut self, request: &[u8]) -> Result<Answer> {
        self.stream.write_all(request)?;
        self.filled = 0;
        let head = loop {
            if let Some(end) = find(&self.buffer[..self.filled], b"\r\n\r\n") {
                break end + 4;
            }
            self.more()?;
        };
        let text = String::from_utf8_lossy(&self.buffer[..head]).to_ascii_lowercase();
        let status = text
            .get(9..12)
            .and_then(|code| code.parse().ok())
            .context("no status line")?;
        let header = |name: &str| {
            text.lines()
                .find_map(|line| line.strip_prefix(name))
                .map(str::trim)
        };
        let body = if header("transfer-encoding:") == Some("chunked") {
            self.chunks(head)?
        } else {
            let length: usize = header("content-length:").unwrap_or("0").parse()?;
            while self.filled < head + length {
                self.more()?;
            }
            self.buffer[head..head + length].to_vec()
        };
        if header("connection:") == Some("close") {
            *self = Self::open(self.address)?;
        }
        Ok(Answer { status, body })
    }

    fn chunks(&mut self, head: usize) -> Result<Vec<u8>> {
        let (mut body, mut at) = (Vec::new(), head);
        loop {
            let line = loop {
                match find(&self.buffer[at..self.filled], b"\r\n") {
                    Some(end) => break at + end,
                    None => self.more()?,
                }
            };
            let length = std::str::from_utf8(&self.buffer[at..line])?;
            let length = usize::from_str_radix(length.split(';').next().unwrap_or(length), 16)?;
            while self.filled < line + 2 + length + 2 {
                self.more()?;
            }
            body.extend_from_slice(&self.buffer[line + 2..line + 2 + length]);
            at = line + 2 + length + 2;
            if length == 0 {
                return Ok(body);
            }
        }
    }

    fn more(&mut self) -> Result<()> {
        if self.filled == self.buffer.len() {
            self.buffer.resize(self.filled * 2, 0);
        }
        match self.stream.read(&mut self.buffer[self.filled..])? {
            0 => bail!("the server closed the connection in the middle of an answer"),
            count => self.filled += count,
        }
        Ok(())
    }
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

/// A request as bytes.
pub fn request(method: &str, path: &str, headers: &[(&str, &str)], body: Option<&str>) -> Vec<u8> {
    let mut text =
        format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n");
    for (name, value) in headers {
        text += &format!("{name}: {value}\r\n");
    }
    if let Some(body) = body {
        text += &format!(
            "Content-Type: application/json\r\nContent-Length: {}\r\n",
            body.len()
        );
    }
    text += "\r\n";
    text += body.unwrap_or_default();
    text.into_bytes()
}
