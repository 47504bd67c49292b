//! Listening: plain and TLS connections, a cap on bodies, a clean stop. Knows no path and no record.

pub mod form;
mod request_line;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use request_line::Tolerant;
use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio_rustls::TlsAcceptor;

/// Largest body of a request in bytes; documents are larger than records.
pub const BODY_LIMIT: usize = 64 * 1024 * 1024;

/// Longest request line and headers in bytes: conditions travel in the URL.
const HEADERS: usize = 128 * 1024;
/// A client that does not finish its TLS handshake in this time is let go.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// A request with its body read.
#[derive(Debug)]
pub struct Received {
    pub parts: http::request::Parts,
    pub body: Body,
    pub secure: bool,
    pub peer: SocketAddr,
}

impl Received {
    /// The encoding that the body is in, where its header names one and the body shows it. One client names gzip and
    /// sends plain JSON all the same.
    pub fn encoding(&self) -> Option<String> {
        let named = self.parts.headers.get_all(http::header::CONTENT_ENCODING);
        let named: Vec<_> = named
            .iter()
            .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
            .map(|word| String::from_utf8_lossy(word).trim().to_ascii_lowercase())
            .filter(|word| !word.is_empty() && word != "identity")
            .collect();
        let Body::Read(bytes) = &self.body else {
            return None;
        };
        let plain = || {
            bytes.starts_with(b"--")
                || serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_ok()
        };
        (!named.is_empty() && !bytes.is_empty() && !plain()).then(|| named.join(", "))
    }
}

/// A body, or why there is none.
#[derive(Debug)]
pub enum Body {
    Read(Bytes),
    TooLarge,
    /// The client broke off.
    Broken,
}

/// A body on its way out: whole, or written while it is sent.
#[derive(Debug)]
pub enum Outgoing {
    Whole(Full<Bytes>),
    /// Ends when the sender is dropped.
    Live(mpsc::Receiver<Bytes>),
}

impl hyper::body::Body for Outgoing {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.get_mut() {
            Self::Whole(body) => Pin::new(body).poll_frame(context),
            Self::Live(parts) => parts
                .poll_recv(context)
                .map(|part| part.map(|part| Ok(Frame::data(part)))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(body) => body.is_end_stream(),
            Self::Live(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(body) => body.size_hint(),
            Self::Live(_) => SizeHint::default(),
        }
    }
}

/// Whoever answers.
pub trait Handler: Send + Sync + 'static {
    fn handle(&self, received: Received) -> impl Future<Output = Response<Outgoing>> + Send;
}

/// Serves one listener until `stop` turns true; open requests are finished first.
pub async fn serve<H: Handler>(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    handler: Arc<H>,
    body_limit: usize,
    mut stop: watch::Receiver<bool>,
) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stopped(&mut stop) => return,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file descriptors, mostly: waiting lets connections end.
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let _ = stream.set_nodelay(true);
        let connection = Connection {
            handler: handler.clone(),
            peer,
            body_limit,
            stop: stop.clone(),
        };
        tokio::spawn(connection.run(stream, tls.clone()));
    }
}

struct Connection<H> {
    handler: Arc<H>,
    peer: SocketAddr,
    body_limit: usize,
    stop: watch::Receiver<bool>,
}

impl<H: Handler> Connection<H> {
    async fn run(self, stream: TcpStream, tls: Option<TlsAcceptor>) {
        match tls {
            None => self.speak(stream, false).await,
            Some(acceptor) => {
                match tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
                    Ok(Ok(stream)) => self.speak(stream, true).await,
                    Ok(Err(error)) => {
                        tracing::debug!(peer = %self.peer, %error, "TLS handshake failed");
                    }
                    Err(_) => tracing::debug!(peer = %self.peer, "TLS handshake took too long"),
                }
            }
        }
    }

    async fn speak<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
        mut self,
        stream: S,
        secure: bool,
    ) {
        let handler = self.handler.clone();
        let (peer, limit) = (self.peer, self.body_limit);
        let service = service_fn(move |request: Request<Incoming>| {
            let handler = handler.clone();
            async move {
                let (parts, body) = request.into_parts();
                let body = read(body, limit).await;
                Ok::<_, Infallible>(
                    handler
                        .handle(Received {
                            parts,
                            body,
                            secure,
                            peer,
                        })
                        .await,
                )
            }
        });
        let mut builder = Builder::new(TokioExecutor::new());
        builder.http1().max_buf_size(HEADERS).keep_alive(true);
        let connection = builder.serve_connection(TokioIo::new(Tolerant::new(stream)), service);
        tokio::pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = stopped(&mut self.stop) => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%peer, %error, "connection ended");
        }
    }
}

/// Returns once the server is told to stop, or nobody is left who could tell it.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stopped| *stopped).await;
}

/// Reads a body to its end. What is beyond the limit is let pass by, up to four times as much, because whoever is
/// still sending does not look for an answer.
async fn read<B>(mut body: B, limit: usize) -> Body
where
    B: hyper::body::Body<Data = Bytes> + Unpin,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    if body.is_end_stream() {
        return Body::Read(Bytes::new());
    }
    // What is announced as too large is not kept at all.
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced <= limit {
        match Limited::new(&mut body, limit).collect().await {
            Ok(collected) => return Body::Read(collected.to_bytes()),
            Err(error) if error.is::<LengthLimitError>() => {}
            Err(_) => return Body::Broken,
        }
    }
    let mut left = limit.saturating_mul(4);
    while let Some(Ok(frame)) = body.frame().await {
        let length = frame.data_ref().map_or(0, Bytes::len);
        match left.checked_sub(length) {
            Some(less) => left = less,
            None => break,
        }
    }
    Body::TooLarge
}

#[cfg(test)]
mod tests {
    use super::{Body, Bytes, read};
    use hyper::body::Frame;
    use std::convert::Infallible;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    /// So many pieces of ten bytes, without a word beforehand on how many.
    struct Pieces<'p>(usize, &'p mut usize);

    impl hyper::body::Body for Pieces<'_> {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            if *self.1 == self.0 {
                return Poll::Ready(None);
            }
            *self.1 += 1;
            Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"0123456789")))))
        }
    }

    #[tokio::test]
    async fn a_body_beyond_the_limit_is_taken_off_the_line_and_not_kept() {
        for (pieces, polled) in [(5, 5), (6, 6), (40, 40), (1_000, 47)] {
            let mut seen = 0;
            let body = read(Pieces(pieces, &mut seen), 50).await;
            match body {
                Body::Read(bytes) => assert_eq!((pieces, bytes.len()), (5, 50)),
                Body::TooLarge => assert!(pieces > 5),
                Body::Broken => panic!("nobody broke off"),
            }
            assert!(
                seen <= polled && (seen == pieces || seen >= 25),
                "{pieces}: {seen}"
            );
        }
    }
}
