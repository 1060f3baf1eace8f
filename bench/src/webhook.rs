//! An HTTP server that takes what is posted to it (receipts, messages from handsets, Kannel's calls) and counts it.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::http::{Kind, frame};
use crate::marks::Marks;

/// A server at work. It lives as long as the runtime that it was started in.
#[derive(Clone, Debug)]
pub struct Webhook {
    /// Where it listens.
    pub address: SocketAddr,
    /// What it has seen.
    pub seen: Arc<Seen>,
}

/// What a server has seen.
#[derive(Debug, Default)]
pub struct Seen {
    /// Requests, each answered.
    pub calls: AtomicU64,
    /// Connections, all in all.
    pub connections: AtomicU64,
    /// Connections that are open.
    pub open: AtomicU64,
    /// The most requests that were under way at the same time.
    pub at_once: AtomicU64,
    under_way: AtomicU64,
    /// Connections that broke or spoke nonsense.
    pub broken: AtomicU64,
}

/// An empty text, which Kannel makes no answer to the handset of.
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 0\r\n\r\n";

// === impl Webhook ===

impl Webhook {
    /// Starts one on a port of its own, in the runtime of the caller. It answers after `delay`, and notes what is marked in `marks`.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start(delay: Duration, marks: Option<Arc<Marks>>) -> io::Result<Webhook> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let webhook = Webhook { address: listener.local_addr()?, seen: Arc::default() };
        let seen = webhook.seen.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (seen, marks) = (seen.clone(), marks.clone());
                tokio::spawn(async move {
                    seen.connections.fetch_add(1, Ordering::Relaxed);
                    seen.open.fetch_add(1, Ordering::Relaxed);
                    if connection(stream, delay, &seen, marks.as_deref()).await.is_err() {
                        seen.broken.fetch_add(1, Ordering::Relaxed);
                    }
                    seen.open.fetch_sub(1, Ordering::Relaxed);
                });
            }
        });
        Ok(webhook)
    }
}

async fn connection(mut stream: TcpStream, delay: Duration, seen: &Seen, marks: Option<&Marks>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buf = BytesMut::with_capacity(8 * 1024);
    loop {
        let Some(framed) = frame(&buf, Kind::Request)? else {
            if stream.read_buf(&mut buf).await? == 0 {
                return if buf.is_empty() { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
            }
            continue;
        };
        let under_way = seen.under_way.fetch_add(1, Ordering::Relaxed) + 1;
        seen.at_once.fetch_max(under_way, Ordering::Relaxed);
        if let Some(marks) = marks {
            // In the body of a webhook, in the address of a call of Kannel's.
            marks.seen(&buf[..framed.end]);
        }
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        let _ = buf.split_to(framed.end);
        seen.calls.fetch_add(1, Ordering::Relaxed);
        seen.under_way.fetch_sub(1, Ordering::Relaxed);
        stream.write_all(ANSWER).await?;
        if framed.close {
            return Ok(());
        }
    }
}
