//! One engine for every windowed request/response protocol, and its tokio driver.
//!
//! SMPP, CMPP, SGIP, SMGP, UCP and CIMD2 are one thing: framed PDUs, a login, a window of unanswered requests,
//! keep-alives, timeouts, an unbind. Here that is written once. A protocol says in a [`Dialect`] how a frame is cut and
//! what it is; [`Engine`] is the session as a pure state machine, without sockets, clocks or tasks; [`Link`] runs one
//! engine on one connection. Round about stand the things that every line needs: [`connect`] and [`Listener`] with TLS,
//! [`SourceList`], [`FloodGuard`], [`TokenBucket`], [`Backoff`] and [`Trace`]. None of them knows a protocol.
//!
//! The owner of a [`Link`] is one task:
//! ```
//! use tokio::io::{AsyncRead, AsyncWrite};
//! use tokio::sync::mpsc;
//! use waxwing_session::{Dialect, Event, Link};
//!
//! /// Answers come, encoded, from wherever the requests were made durable.
//! async fn own<D, T>(mut link: Link<D, T>, requests: mpsc::Sender<D::Pdu>, mut answers: mpsc::Receiver<Vec<u8>>)
//! where
//!     D: Dialect,
//!     T: AsyncRead + AsyncWrite + Unpin,
//! {
//!     let mut batch = Vec::new();
//!     loop {
//!         tokio::select! {
//!             result = link.events(&mut batch) => if result.is_err() { return },
//!             Some(answer) = answers.recv() => link.respond(&answer),
//!         }
//!         for event in batch.drain(..) {
//!             match event {
//!                 // The channel holds `max_unanswered` requests: full, it is broken. Waiting here could wait for oneself.
//!                 Event::Request { pdu, .. } => if requests.try_send(pdu).is_err() { link.abort() },
//!                 Event::Closed { reason } => println!("over: {reason}"),
//!                 _ => {}
//!             }
//!         }
//!     }
//! }
//! ```

mod backoff;
mod connect;
mod dialect;
mod engine;
mod event;
mod flood;
mod link;
mod listen;
mod options;
mod rate;
mod sources;
mod stream;
mod tls;
mod trace;

pub use backoff::{Backoff, BackoffOptions};
pub use connect::{ConnectError, ConnectOptions, connect};
pub use dialect::{Class, Dialect, FrameFault, Reject};
pub use engine::{Direction, Engine, Role, Tap};
pub use event::{CloseReason, Counters, Event, Refused, State};
pub use flood::{FloodError, FloodGuard, FloodLimits, Permit};
pub use link::{Link, LinkError};
pub use listen::{Accepted, Incoming, ListenError, ListenOptions, Listener};
pub use options::Options;
pub use rate::TokenBucket;
pub use sources::{SourceError, SourceList};
pub use stream::{Stream, TcpOptions};
pub use tls::{ClientCertificates, Identity, Roots, TlsClient, TlsClientOptions, TlsError, TlsServer, TlsServerOptions, client_config};
pub use trace::{LinkTrace, Trace, TraceError, TraceOptions, TraceScope};
