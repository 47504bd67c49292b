//! Request lines as clients write them. `curl 'https://…?conditions=name="Acme" and id>5'` and others send
//! `"`, `<`, `>` and backticks as they are, which the vendor's server takes; the HTTP library refuses the line before
//! anybody sees the call. Here the four are percent-encoded on their way in. A blank is not: it ends the address, and
//! servers that guess otherwise can be told two requests in one. Knows the framing of requests,
//! so that nothing but a request line is touched, and no meaning of any header but those that frame.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// More of a header's line is not looked at.
const HEADER: usize = 64;

/// A connection whose request lines arrive in the form that the HTTP library reads.
#[derive(Debug)]
pub struct Tolerant<S> {
    stream: S,
    framing: Framing,
    /// Bytes that were read and found no room yet; encoding makes a line longer.
    waiting: Vec<u8>,
}

impl<S> Tolerant<S> {
    pub fn new(stream: S) -> Self {
        Self {
            stream,
            framing: Framing::default(),
            waiting: Vec::new(),
        }
    }
}

/// Where in a request the next byte belongs.
#[derive(Debug, Default)]
struct Framing {
    place: Place,
    /// The header line, or the size of a chunk, as far as it came.
    line: Vec<u8>,
    /// Bytes of the body that the headers announce.
    length: u64,
    chunked: bool,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Place {
    #[default]
    RequestLine,
    Headers,
    /// A body with so many bytes to come.
    Body(u64),
    ChunkSize,
    /// A chunk with so many bytes to come, its line end among them.
    Chunk(u64),
    Trailers,
    /// Nothing that is understood here: passed on as it is for good.
    Unknown,
}

impl Framing {
    /// Walks over bytes as they came. `None` when they can go on as they are.
    fn pass(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        let mut rewritten: Option<Vec<u8>> = None;
        let mut at = 0;
        while at < bytes.len() {
            let rest = &bytes[at..];
            let taken = match &mut self.place {
                Place::Unknown => rest.len(),
                Place::Body(left) | Place::Chunk(left) => {
                    let taken = rest.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                    *left -= taken as u64;
                    if *left == 0 {
                        self.place = match self.place {
                            Place::Chunk(_) => Place::ChunkSize,
                            _ => Place::RequestLine,
                        };
                    }
                    taken
                }
                Place::RequestLine => {
                    let (taken, ended) = line(rest);
                    let text = &rest[..taken];
                    if rewritten.is_none() && text.iter().any(|byte| escape(*byte).is_some()) {
                        rewritten = Some(bytes[..at].to_vec());
                    }
                    if let Some(rewritten) = &mut rewritten {
                        encode(text, rewritten);
                    }
                    self.keep(text);
                    if ended {
                        self.request_line();
                    }
                    at += taken;
                    continue;
                }
                Place::Headers | Place::ChunkSize | Place::Trailers => {
                    let (taken, ended) = line(rest);
                    self.keep(&rest[..taken]);
                    if ended {
                        self.line_ended();
                    }
                    taken
                }
            };
            if let Some(rewritten) = &mut rewritten {
                rewritten.extend_from_slice(&rest[..taken]);
            }
            at += taken;
        }
        rewritten
    }

    fn keep(&mut self, text: &[u8]) {
        let room = HEADER.saturating_sub(self.line.len());
        self.line.extend_from_slice(&text[..text.len().min(room)]);
    }

    fn request_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        self.place = match line.trim_ascii() {
            // Empty lines before a request are allowed.
            [] => Place::RequestLine,
            // HTTP/2 by prior knowledge has no lines.
            text if text.starts_with(b"PRI ") => Place::Unknown,
            _ => Place::Headers,
        };
        (self.length, self.chunked) = (0, false);
    }

    fn line_ended(&mut self) {
        let line = std::mem::take(&mut self.line);
        let text = line.trim_ascii();
        self.place = match (self.place, text) {
            (Place::Headers, []) if self.chunked => Place::ChunkSize,
            (Place::Headers, []) if self.length > 0 => Place::Body(self.length),
            (Place::Headers | Place::Trailers, []) => Place::RequestLine,
            (Place::Headers, header) => self.header(header),
            (Place::ChunkSize, size) => chunk(size),
            (place, _) => place,
        };
    }

    fn header(&mut self, header: &[u8]) -> Place {
        let mut parts = header.splitn(2, |byte| *byte == b':');
        let name = parts.next().unwrap_or_default();
        let value = parts.next().unwrap_or_default().trim_ascii();
        if name.eq_ignore_ascii_case(b"content-length") {
            match std::str::from_utf8(value).map(str::parse) {
                Ok(Ok(length)) => self.length = length,
                _ => return Place::Unknown,
            }
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            self.chunked = true;
        } else if name.eq_ignore_ascii_case(b"upgrade") {
            return Place::Unknown;
        }
        Place::Headers
    }
}

/// Bytes up to the end of the line, and whether it ends here.
fn line(bytes: &[u8]) -> (usize, bool) {
    match bytes.iter().position(|byte| *byte == b'\n') {
        Some(end) => (end + 1, true),
        None => (bytes.len(), false),
    }
}

fn chunk(size: &[u8]) -> Place {
    let digits = size.split(|byte| *byte == b';').next().unwrap_or_default();
    let digits = std::str::from_utf8(digits.trim_ascii()).unwrap_or_default();
    match u64::from_str_radix(digits, 16) {
        Ok(0) => Place::Trailers,
        Ok(size) => Place::Chunk(size.saturating_add(2)),
        Err(_) => Place::Unknown,
    }
}

fn escape(byte: u8) -> Option<&'static [u8]> {
    match byte {
        b'"' => Some(b"%22"),
        b'<' => Some(b"%3C"),
        b'>' => Some(b"%3E"),
        b'`' => Some(b"%60"),
        _ => None,
    }
}

fn encode(text: &[u8], into: &mut Vec<u8>) {
    for byte in text {
        match escape(*byte) {
            Some(code) => into.extend_from_slice(code),
            None => into.push(*byte),
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Tolerant<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.waiting.is_empty() {
            let before = buffer.filled().len();
            ready!(Pin::new(&mut this.stream).poll_read(context, buffer))?;
            let Some(rewritten) = this.framing.pass(&buffer.filled()[before..]) else {
                return Poll::Ready(Ok(()));
            };
            buffer.set_filled(before);
            this.waiting = rewritten;
        }
        let room = buffer.remaining().min(this.waiting.len());
        buffer.put_slice(&this.waiting[..room]);
        this.waiting.drain(..room);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Tolerant<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::Framing;

    /// What comes out when the bytes arrive in pieces of this length.
    fn passed(bytes: &[u8], piece: usize) -> String {
        let mut framing = Framing::default();
        let mut out = Vec::new();
        for piece in bytes.chunks(piece) {
            let rewritten = framing.pass(piece);
            out.extend_from_slice(rewritten.as_deref().unwrap_or(piece));
        }
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn request_lines_are_encoded_and_nothing_else() {
        let get =
            "GET /x?conditions=name=\"a\"&b=id>5<7&c=`d` HTTP/1.1\r\nHost: h\r\nQ: \"<`>\"\r\n\r\n";
        let plain = "GET /x?conditions=name=%22a%22&b=id%3E5%3C7&c=%60d%60 HTTP/1.1\r\nHost: h\r\nQ: \"<`>\"\r\n\r\n";
        let post = "POST /x HTTP/1.1\r\ncontent-LENGTH:  9\r\n\r\n{\"a\":\"<\"}";
        let chunked = "POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5;x=\"y\"\r\n{\"a\n<\r\n0\r\nT: \"\r\n\r\n";
        let table = [
            (get.to_owned(), plain.to_owned()),
            (format!("{post}{get}"), format!("{post}{plain}")),
            (format!("{chunked}{get}"), format!("{chunked}{plain}")),
            (format!("\r\n{get}{get}"), format!("\r\n{plain}{plain}")),
            (
                "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nGET \"\r\n".to_owned(),
                "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nGET \"\r\n".to_owned(),
            ),
            (
                format!("GET /x HTTP/1.1\r\nContent-Length: many\r\n\r\n{get}"),
                format!("GET /x HTTP/1.1\r\nContent-Length: many\r\n\r\n{get}"),
            ),
        ];
        for (sent, read) in table {
            for piece in [1, 2, 7, 64, 4096] {
                assert_eq!(passed(sent.as_bytes(), piece), read, "in pieces of {piece}");
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics_and_adds_only_codes(bytes in proptest::collection::vec(0u8.., 0..200), piece in 1usize..50) {
            let mut framing = Framing::default();
            let mut out = Vec::new();
            for piece in bytes.chunks(piece) {
                let rewritten = framing.pass(piece);
                out.extend_from_slice(rewritten.as_deref().unwrap_or(piece));
            }
            proptest::prop_assert!(out.len() >= bytes.len() && out.len() <= bytes.len() * 3);
        }
    }
}
