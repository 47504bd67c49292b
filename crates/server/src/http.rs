//! Listening: plain and TLS connections, a cap on bodies, a clean stop. Knows no path and no record.

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

async fn read(body: Incoming, limit: usize) -> Body {
    use hyper::body::Body as _;
    if body.is_end_stream() {
        return Body::Read(Bytes::new());
    }
    match Limited::new(body, limit).collect().await {
        Ok(collected) => Body::Read(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Body::TooLarge,
        Err(_) => Body::Broken,
    }
}
