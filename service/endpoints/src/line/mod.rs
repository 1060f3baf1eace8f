//! Lines that we open to others, whatever is spoken on them.
//!
//! Claiming, pacing, windows, parts, throttling, receipts that overtake responses, reconnecting: these are the same for each protocol and
//! are here once. A protocol says what its PDUs are in a [`Speaker`], one for each session.

mod keep;
mod pace;
mod session;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use waxwing_core::{
    CarrierReceipt, ConnectorCounters, ConnectorState, ErrorTable, Gateway, Inbound, Message, Millis, Outbox, OutboxPolicy, Outgoing,
    Spellings,
};
use waxwing_session::{BackoffOptions, Dialect, Options, TlsClient, TlsClientOptions, TlsError, Trace};

use self::pace::Pace;
use crate::flight::Parts;
use crate::{Endpoint, Stopping};

/// One session's side of a protocol, as the one who connects.
pub(crate) trait Speaker: Sized + Send + 'static {
    /// What the sessions of a line share.
    type Settings: Send + Sync + 'static;
    /// The kinds of session that a line may have beside each other.
    type Kind: Copy + Send + Sync + fmt::Display + 'static;
    /// Framing.
    type Dialect: Dialect;
    /// What differs between the parts of a message.
    type Part: Send + Sync;
    /// What is kept of a request of the other side until it is answered.
    type Ask: Send;
    /// The word for it in metrics.
    const PLACE: &'static str;

    /// For a new connection.
    fn new(settings: &Arc<Self::Settings>, kind: Self::Kind) -> Self;

    /// Its framing.
    fn dialect(&self) -> Self::Dialect;

    /// Messages leave over it.
    fn sends(&self) -> bool;

    /// Appends the login, with any sequence number.
    ///
    /// # Errors
    /// With words, where the settings cannot be written.
    fn login(&mut self, now: Millis, out: &mut BytesMut) -> Result<(), String>;

    /// Reads the answer to the login.
    ///
    /// # Errors
    /// With words, where it is a refusal.
    fn logged_in(&mut self, pdu: &<Self::Dialect as Dialect>::Pdu, dialect: &mut Self::Dialect) -> Result<(), String>;

    /// The session ended before the login was answered.
    fn not_answered(&mut self) {}

    /// The parts of a message; `reference` is theirs in common.
    ///
    /// # Errors
    /// With words, where it cannot be sent over this line.
    fn parts(&mut self, m: &Message, reference: u16) -> Result<Parts<Self::Part>, Unsendable>;

    /// Whether a receipt will come for it.
    fn asks_receipt(&self, m: &Message) -> bool;

    /// Appends a part, with any sequence number.
    ///
    /// # Errors
    /// With words, where it cannot be encoded.
    fn encode(&mut self, out: &Outgoing, part: &Self::Part, now: Millis, dst: &mut BytesMut) -> Result<(), String>;

    /// Reads the answer to a part of `about`.
    fn response(&mut self, pdu: &<Self::Dialect as Dialect>::Pdu, about: Option<&Outgoing>) -> Response;

    /// Reads a request of the other side.
    fn request(&mut self, pdu: &<Self::Dialect as Dialect>::Pdu, now: Millis) -> Request<Self::Ask>;

    /// Appends the answer to what [`Speaker::request`] read: `stored`, or to be sent again.
    fn answer(&mut self, ask: &Self::Ask, stored: bool, out: &mut BytesMut);
}

/// Why a message cannot be sent over a line.
#[derive(Debug)]
pub(crate) struct Unsendable {
    /// A code as if the other side had refused it; empty for none.
    pub(crate) code: String,
    pub(crate) reason: String,
}

impl From<String> for Unsendable {
    fn from(reason: String) -> Unsendable {
        Unsendable { code: String::new(), reason }
    }
}

/// What the other side says to a part.
pub(crate) enum Response {
    /// It has it, under this id.
    Accepted(Bytes),
    /// It has not.
    Refused {
        /// The code, as error tables have it.
        code: u32,
        /// The code for people.
        name: String,
    },
}

/// What the other side asks.
pub(crate) enum Request<Ask> {
    /// Take a receipt.
    Receipt(Ask, CarrierReceipt),
    /// Take a message from a handset.
    Message(Ask, Box<Inbound>),
    /// Something that is answered at once. `bad` is what was wrong with it, if something was: for metrics, and for the log.
    Answered {
        /// The answer, a whole frame; empty for none.
        answer: Bytes,
        /// A word for metrics, and a sentence.
        bad: Option<(&'static str, String)>,
    },
}

/// The settings that every line has.
#[derive(Clone)]
pub(crate) struct LineOptions {
    /// `host:port`, tried in turn.
    pub(crate) addresses: Vec<String>,
    pub(crate) tls: Option<TlsClientOptions>,
    /// Unanswered requests on each session.
    pub(crate) window: u32,
    /// Messages a second over all sessions.
    pub(crate) rate: Option<f64>,
    pub(crate) keep_alive: Duration,
    pub(crate) response_timeout: Duration,
    /// How often a request goes out before it counts as unanswered.
    pub(crate) sends: u32,
    pub(crate) reconnect: BackoffOptions,
    pub(crate) throttle_pause: Duration,
    /// Sessions of each kind.
    pub(crate) sessions: u32,
    pub(crate) errors: ErrorTable,
    pub(crate) policy: OutboxPolicy,
    /// Other spellings of the ids in receipts.
    pub(crate) spellings: Option<Spellings>,
}

/// What all sessions of a line share.
pub(crate) struct Line<S: Speaker> {
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) state: Arc<ConnectorState>,
    counters: Arc<ConnectorCounters>,
    /// Where messages are claimed, in turn: the connector's own queue first.
    lanes: Vec<Outbox>,
    options: LineOptions,
    settings: Arc<S::Settings>,
    trace: Trace,
    pace: Pace,
}

/// Opens a line with sessions of these kinds, which are brought up, and brought up again whenever they break, until it is stopped. What
/// waits in `others` leaves over it as well.
///
/// # Errors
/// When its TLS settings cannot be used.
pub(crate) fn start<S: Speaker>(
    gateway: &Arc<Gateway>,
    state: &Arc<ConnectorState>,
    options: LineOptions,
    settings: S::Settings,
    kinds: &'static [S::Kind],
    others: Vec<Outbox>,
    trace: &Trace,
) -> Result<Endpoint, TlsError> {
    let tls = options.tls.clone().map(TlsClient::new).transpose()?;
    let mut lanes = vec![Outbox::connector(gateway, state, options.policy.clone())];
    lanes.extend(others);
    let line = Arc::new(Line::<S> {
        gateway: gateway.clone(),
        state: state.clone(),
        counters: Arc::new(ConnectorCounters::new(&gateway.metrics, &state.name)),
        lanes,
        trace: trace.clone(),
        pace: Pace::new(options.rate),
        options,
        settings: Arc::new(settings),
    });
    Ok(Endpoint::spawn(None, move |stopping: Stopping| async move {
        let mut sessions = tokio::task::JoinSet::new();
        for n in 0..line.options.sessions.max(1) {
            for &kind in kinds {
                sessions.spawn(keep::up(line.clone(), tls.clone(), kind, u64::from(n), stopping.clone()));
            }
        }
        while sessions.join_next().await.is_some() {}
    }))
}

impl<S: Speaker> Line<S> {
    /// The other side says that we are too fast.
    fn throttled(&self) {
        self.counters.throttled.inc();
        self.pace.pause(self.options.throttle_pause);
    }

    fn session_options(&self) -> Options {
        let o = &self.options;
        Options {
            keep_alive_interval: Some(o.keep_alive),
            response_timeout: o.response_timeout,
            login_timeout: o.response_timeout,
            window: o.window.max(1),
            max_unanswered: 1000,
            sends: o.sends.max(1),
            ..Options::default()
        }
    }
}
