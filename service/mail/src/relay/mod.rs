//! Mail that goes out, by one configured relay.
//!
//! A client of our own, for four things that clients at hand do not give together: each recipient's own answer, the DSN parameters of the
//! envelope, a bound on every wait, and that nothing counts which a relay, or somebody between, sent before TLS was on but after it was
//! asked for.

mod connection;
mod message;
mod reply;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use rustls::ClientConfig;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

pub use reply::SmtpReply;

use crate::smtp::{Enhanced, Notify, Ret};
use connection::{Connection, Fault};

/// Where mail goes, and how.
#[derive(Clone)]
pub struct RelayOptions {
    /// `host:port`; every connection looks the host up anew.
    pub address: String,
    /// Whether and when TLS begins.
    pub tls: RelayTls,
    /// Whom TLS trusts; see [`waxwing_session::client_config`]. Needed unless `tls` is [`RelayTls::None`].
    pub tls_config: Option<Arc<ClientConfig>>,
    /// The name that must stand in the relay's certificate; `None` for the host of the address.
    pub server_name: Option<String>,
    /// Name and password.
    pub login: Option<(String, String)>,
    /// Whether the password may be sent without TLS. Default false.
    pub login_without_tls: bool,
    /// What this host calls itself in EHLO. Default `localhost`.
    pub hello: String,
    /// Connections at a time; further messages wait. Default 4.
    pub max_connections: usize,
    /// Messages over one connection. Default 100.
    pub max_messages: usize,
    /// How long a connection without work is kept. Default 30 s.
    pub idle_time: Duration,
    /// How long connecting may take, TLS and login apart. Default 30 s.
    pub connect_time: Duration,
    /// How long the relay may take to answer a command, and to take any of a message's octets. Default 2 min.
    pub command_time: Duration,
    /// How long the relay may take to answer after the end of a message. Default 10 min, by which it must have answered
    /// (RFC 5321 4.5.3.2.6); shorter, and messages come twice.
    pub message_time: Duration,
    /// How long a message may wait for a free connection. Default 5 min.
    pub queue_time: Duration,
}

impl RelayOptions {
    /// The defaults for `address`, without TLS.
    pub fn new(address: impl Into<String>) -> Self {
        Self {
            address: address.into(),
            tls: RelayTls::None,
            tls_config: None,
            server_name: None,
            login: None,
            login_without_tls: false,
            hello: "localhost".to_owned(),
            max_connections: 4,
            max_messages: 100,
            idle_time: Duration::from_secs(30),
            connect_time: Duration::from_secs(30),
            command_time: Duration::from_secs(120),
            message_time: Duration::from_secs(600),
            queue_time: Duration::from_secs(300),
        }
    }
}

/// Whether and when TLS begins.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum RelayTls {
    /// Never.
    #[default]
    None,
    /// After STARTTLS where the relay offers it. Whoever is between can hide the offer.
    Offered,
    /// After STARTTLS; without it nothing is sent.
    StartTls,
    /// At once (port 465).
    Implicit,
}

/// From whom, and for whom.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Envelope {
    /// The sender; `None` for `<>`, by which reports are sent.
    pub sender: Option<String>,
    /// The recipients; each gets its own [`Delivery`].
    pub recipients: Vec<EnvelopeRecipient>,
    /// How much of the message a report shall carry.
    pub ret: Option<Ret>,
    /// A number of ours for the envelope, which reports repeat; at most 100 octets.
    pub envid: Option<String>,
}

/// For whom a message is.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct EnvelopeRecipient {
    /// The address.
    pub address: String,
    /// What we want to be told.
    pub notify: Option<Notify>,
    /// For whom it was at first, `rfc822;user@example.com`.
    pub original: Option<String>,
}

/// What became of a message for one recipient.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Delivery {
    /// The relay has it.
    Sent {
        /// What it said.
        reply: SmtpReply,
        /// Whether it was asked for reports; where it was not, as it does not offer that, nobody will send any.
        dsn: bool,
    },
    /// Not now; try again.
    Temporary(Failure),
    /// Never.
    Permanent(Failure),
}

/// Why a message was not sent.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{text}")]
pub struct Failure {
    /// The relay's code, if it was the relay who said no.
    pub code: Option<u16>,
    /// The relay's enhanced status code.
    pub enhanced: Option<Enhanced>,
    /// What was said, or what went wrong and what to do.
    pub text: String,
    /// The connection broke after the message was complete: the relay may have it all the same.
    pub uncertain: bool,
}

/// What happened since the start.
#[derive(Debug, Default)]
pub struct RelayCounters {
    /// Connections made.
    pub connections: AtomicU64,
    /// Connections that failed, or broke.
    pub broken: AtomicU64,
    /// Recipients that the relay took a message for.
    pub sent: AtomicU64,
    /// Recipients put off.
    pub temporary: AtomicU64,
    /// Recipients refused for good.
    pub permanent: AtomicU64,
}

/// A relay. Clones share connections and counters.
#[derive(Clone)]
pub struct Relay {
    shared: Arc<Shared>,
}

struct Shared {
    options: RelayOptions,
    places: Semaphore,
    idle: Mutex<Vec<(Connection, Instant)>>,
    counters: RelayCounters,
}

impl Relay {
    /// A relay; nothing is connected yet.
    pub fn new(options: RelayOptions) -> Self {
        let places = Semaphore::new(options.max_connections.clamp(1, Semaphore::MAX_PERMITS));
        Self { shared: Arc::new(Shared { options, places, idle: Mutex::default(), counters: RelayCounters::default() }) }
    }

    /// What happened since the start.
    pub fn counters(&self) -> &RelayCounters {
        &self.shared.counters
    }

    /// Sends a message: what became of it for each recipient, in their order. Line ends that are none (a bare `<CR>` or `<LF>`) are mended on
    /// the way. Dropped before it is done, it may or may not have sent the message.
    pub async fn send(&self, envelope: &Envelope, message: &[u8]) -> Vec<Delivery> {
        let deliveries = self.shared.send(envelope, message).await;
        let counters = &self.shared.counters;
        for delivery in &deliveries {
            let counter = match delivery {
                Delivery::Sent { .. } => &counters.sent,
                Delivery::Temporary(_) => &counters.temporary,
                Delivery::Permanent(_) => &counters.permanent,
            };
            counter.fetch_add(1, Ordering::Relaxed);
        }
        deliveries
    }

    /// Takes leave of the relay on every connection that has no work.
    pub async fn close_idle(&self) {
        let idle = std::mem::take(&mut *self.shared.idle.lock());
        for (connection, _) in idle {
            connection.quit(&self.shared.options).await;
        }
    }
}

impl Shared {
    async fn send(&self, envelope: &Envelope, message: &[u8]) -> Vec<Delivery> {
        let all = |delivery: Delivery| vec![delivery; envelope.recipients.len()];
        if envelope.recipients.is_empty() {
            return Vec::new();
        }
        let place = match timeout(self.options.queue_time, self.places.acquire()).await {
            Ok(Ok(place)) => place,
            _ => return all(Delivery::Temporary(Failure::ours("all connections to the relay are busy; raise their number if that lasts"))),
        };
        let mut reused = true;
        let deliveries = loop {
            let taken = if reused { self.take_idle() } else { None };
            reused = taken.is_some();
            let connection = match taken {
                Some(connection) => Ok(connection),
                None => {
                    self.counters.connections.fetch_add(1, Ordering::Relaxed);
                    Connection::open(&self.options).await
                }
            };
            let mut connection = match connection {
                Ok(connection) => connection,
                Err(fault) => {
                    self.broken(&fault);
                    break all(Delivery::Temporary(fault.into_failure()));
                }
            };
            match connection.send(envelope, message, &self.options).await {
                Ok(deliveries) => {
                    if connection.messages() < self.options.max_messages {
                        self.idle.lock().push((connection, Instant::now()));
                    } else {
                        connection.quit(&self.options).await;
                    }
                    break deliveries;
                }
                // The relay had closed a connection that was waiting for work: nothing was sent, so another is as good.
                Err(fault) if reused && fault.before_message => reused = false,
                Err(fault) => {
                    self.broken(&fault);
                    break all(Delivery::Temporary(fault.into_failure()));
                }
            }
        };
        drop(place);
        deliveries
    }

    fn broken(&self, fault: &Fault) {
        let count = self.counters.broken.fetch_add(1, Ordering::Relaxed) + 1;
        // The powers of two: a relay that is away must not fill the log.
        if count.is_power_of_two() {
            tracing::warn!(relay = %self.options.address, count, "The mail relay cannot be used: {}", fault.text);
        }
    }

    /// A connection that has waited for a message not too long; those that have are closed.
    fn take_idle(&self) -> Option<Connection> {
        let now = Instant::now();
        let mut idle = self.idle.lock();
        idle.retain(|(_, since)| now.duration_since(*since) < self.options.idle_time);
        idle.pop().map(|(connection, _)| connection)
    }
}

impl Failure {
    fn ours(text: impl Into<String>) -> Self {
        Self { code: None, enhanced: None, text: text.into(), uncertain: false }
    }

    fn of_reply(reply: SmtpReply) -> Self {
        Self { code: Some(reply.code), enhanced: reply.enhanced, text: reply.text, uncertain: false }
    }
}

impl Delivery {
    /// What a refusal means.
    fn refused(reply: SmtpReply) -> Self {
        if (500..600).contains(&reply.code) { Self::Permanent(Failure::of_reply(reply)) } else { Self::Temporary(Failure::of_reply(reply)) }
    }

    /// Whether the relay has the message.
    pub fn is_sent(&self) -> bool {
        matches!(self, Self::Sent { .. })
    }
}
