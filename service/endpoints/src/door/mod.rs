//! Doors that others come in by, whatever is spoken there.
//!
//! Submissions in batches, refusals that are held back, deliveries within a window, what a reload changes: these are the same for each
//! protocol and are here once. A protocol says what its PDUs are in a [`Host`], one for each session.

mod held;
mod listener;
mod session;

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use waxwing_core::{Account, BindPlace, ErrorClass, Gateway, LogLimit, Message, Millis, MsgId, Outgoing, Submission, SubmitError};
use waxwing_session::{Dialect, FloodLimits, ListenError, Options, SourceList, TlsError, TlsServerOptions, TokenBucket, Trace};
use waxwing_spool::BoxFuture;

pub(crate) use self::listener::start;
pub(crate) use self::session::until_it_expires;
use crate::flight::Parts;

/// One session's side of a protocol, as the one who is connected to.
pub(crate) trait Host: Sized + Send + 'static {
    /// What the sessions of a listener share.
    type Settings: Send + Sync + 'static;
    /// Framing.
    type Dialect: Dialect;
    /// What differs between the parts of a message that is delivered.
    type Part: Send + Sync;
    /// What is kept of a submission until it is answered.
    type Ask: Send;
    /// The word for it in metrics.
    const PLACE: &'static str;
    /// Whoever begins with anything but a login is at the wrong door, and the connection ends.
    const LOGIN_FIRST: bool = false;

    /// The framing of a new connection.
    fn dialect(settings: &Self::Settings) -> Self::Dialect;

    /// Judges a login.
    fn sign_in(
        door: &Arc<Door<Self>>,
        pdu: &<Self::Dialect as Dialect>::Pdu,
        peer: SocketAddr,
    ) -> impl Future<Output = Result<SignedIn<Self>, Refusal>> + Send;

    /// Reads a request.
    fn request(&mut self, context: &mut Context<'_, Self>, pdu: &<Self::Dialect as Dialect>::Pdu, now: Millis) -> Request<Self::Ask>;

    /// Appends the answer to a submission.
    fn answer(&mut self, ask: &Self::Ask, result: &Result<MsgId, SubmitError>, out: &mut BytesMut);

    /// The parts in which a message or receipt is delivered.
    ///
    /// # Errors
    /// With words, where it cannot be.
    fn parts(&mut self, out: &Outgoing) -> Result<Parts<Self::Part>, String>;

    /// Appends a part, with any sequence number.
    ///
    /// # Errors
    /// With words, where it cannot be encoded.
    fn encode(&mut self, m: &Message, part: &Self::Part, now: Millis, dst: &mut BytesMut) -> Result<(), String>;

    /// Reads the answer to a part that was delivered.
    fn delivered(&mut self, pdu: &<Self::Dialect as Dialect>::Pdu, about: Option<&Outgoing>) -> Delivery;

    /// Whether somebody who is signed in may stay, now that the account's settings are these; takes them over.
    fn stays(&mut self, before: &Account, now: &Account) -> bool;

    /// Unanswered deliveries for an account.
    fn window(account: &Account) -> u32;

    /// The bounds of a session that are the account's matter.
    fn bounds(_: &Account) -> Bounds {
        Bounds::default()
    }
}

/// What the sessions of a listener share.
pub(crate) struct Door<H: Host> {
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) options: DoorOptions,
    pub(crate) settings: H::Settings,
    trace: Trace,
    /// Name in the trace and the log.
    pub(crate) name: String,
    /// For lines about bad input.
    pub(crate) log: LogLimit,
}

/// The settings that every listener has.
pub(crate) struct DoorOptions {
    /// Before the port in its name.
    pub(crate) protocol: &'static str,
    pub(crate) listen: SocketAddr,
    pub(crate) tls: Option<TlsServerOptions>,
    pub(crate) allow: SourceList,
    pub(crate) flood: FloodLimits,
    pub(crate) login_timeout: Duration,
    pub(crate) keep_alive: Duration,
    pub(crate) response_timeout: Duration,
    pub(crate) inactivity_timeout: Option<Duration>,
    /// Requests of a client that may be unanswered before nothing more is read from it.
    pub(crate) max_unanswered: u32,
    /// Submissions a second of one connection.
    pub(crate) rate: Option<NonZeroU32>,
    /// Whole frames that nobody understands, in a row, before a session is ended.
    pub(crate) max_malformed: u32,
}

/// Somebody who was let in.
pub(crate) struct SignedIn<H: Host> {
    pub(crate) host: H,
    pub(crate) account: Arc<Account>,
    pub(crate) place: BindPlace,
    /// The answer, a whole frame.
    pub(crate) answer: Bytes,
    /// The framing from now on.
    pub(crate) dialect: H::Dialect,
    pub(crate) receives: bool,
}

/// Bounds that an account may have of its own.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Bounds {
    pub(crate) keep_alive: Option<Duration>,
    pub(crate) response_timeout: Option<Duration>,
    /// How often a delivery is sent before it counts as unanswered; 0 = once.
    pub(crate) sends: u32,
}

/// Why somebody is not let in.
pub(crate) struct Refusal {
    /// The answer, a whole frame.
    pub(crate) answer: Bytes,
    /// For the log.
    pub(crate) why: String,
}

/// Who asks.
pub(crate) struct Context<'a, H: Host> {
    pub(crate) door: &'a Arc<Door<H>>,
    pub(crate) account: &'a Arc<Account>,
    pace: Option<&'a mut TokenBucket>,
}

/// What a client asks.
pub(crate) enum Request<Ask> {
    /// Take a message.
    Submit(Ask, Box<Submission>),
    /// Take these messages, all of them or none; the answer is that of the first.
    SubmitWhole(Ask, Vec<Submission>),
    /// Something whose answer takes a while.
    Later(BoxFuture<'static, Reply>),
    /// Something that has to be looked up. A connection gets a few of these done at a time, so that one that asks for more does not keep
    /// others from what they look up.
    Search(BoxFuture<'static, Reply>),
    /// Something that is answered at once. `bad` is what was wrong with it, if something was: for metrics, and for the log.
    Answered {
        /// A whole frame; empty for none.
        answer: Bytes,
        /// A word for metrics, and a sentence.
        bad: Option<(&'static str, String)>,
    },
}

/// An answer that took a while.
pub(crate) struct Reply {
    /// A whole frame.
    pub(crate) octets: Bytes,
    /// It says that we take no messages at the moment: see [`held`].
    pub(crate) busy: bool,
}

/// What a client says to a delivery.
pub(crate) enum Delivery {
    /// It has it.
    Taken,
    /// Slow down.
    Throttled,
    /// It has not.
    Refused(ErrorClass, String),
}

/// Why a listener cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Its address.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// Its certificate or key.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

impl<H: Host> Context<'_, H> {
    /// Takes so many submissions from the connection's own rate; false where it has not so many left. More at once than the rate of a
    /// second are let in when all of that is left.
    pub(crate) fn within_rate(&mut self, submissions: u32) -> bool {
        let most = self.door.options.rate.map_or(u32::MAX, NonZeroU32::get);
        self.pace.as_mut().is_none_or(|p| p.take(submissions.min(most), std::time::Instant::now()))
    }
}

impl<H: Host> Door<H> {
    /// The bounds of a session before anybody has signed in.
    fn session_options(&self) -> Options {
        let o = &self.options;
        Options {
            keep_alive_interval: Some(o.keep_alive),
            response_timeout: o.response_timeout,
            login_timeout: o.login_timeout,
            inactivity_timeout: o.inactivity_timeout,
            max_unanswered: o.max_unanswered.max(1),
            ..Options::default()
        }
    }

    /// Counts bad input, and tells of it as often as the log may.
    pub(crate) fn bad(&self, who: &dyn std::fmt::Display, reason: &str, detail: &str) {
        self.gateway.metrics.bad(H::PLACE, reason);
        if let Some(left_out) = self.log.allow() {
            tracing::warn!(listener = %self.name, %who, left_out, "{detail}");
        }
    }
}
