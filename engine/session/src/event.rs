//! What the engine tells its owner.

use crate::dialect::Reject;

/// Something the owner of a session must know, in the order in which it happened.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Event<P> {
    /// The session is over; nothing follows. Every request still unanswered was given as [`Event::Lost`] before.
    Closed {
        /// Why.
        reason: CloseReason,
    },
    /// The peer wants to log in (server). The engine reads on only after `accept_login` or `refuse_login`.
    Login {
        /// Its sequence number.
        seq: u32,
        /// The login.
        pdu: P,
    },
    /// The peer answered our login (client). The engine reads on only after `bound` or `abort`.
    LoginResponse {
        /// The answer.
        pdu: P,
    },
    /// A request that was sent, or waits in the output, will get no answer because the session ended: its fate is in
    /// doubt.
    Lost {
        /// The owner's token.
        token: u64,
    },
    /// A whole frame that cannot be understood; the dialect's answer is already in the output.
    Malformed {
        /// The frame.
        pdu: P,
        /// What is wrong with it.
        reason: String,
    },
    /// A one-way PDU.
    Notice {
        /// The PDU.
        pdu: P,
    },
    /// A response to nothing: too late (after [`Event::TimedOut`] with this sequence number), twice, or made up.
    Orphan {
        /// Its sequence number.
        seq: u32,
        /// The response.
        pdu: P,
    },
    /// The peer wants to end the session. Answer what is unanswered; the engine then answers the unbind and closes.
    PeerUnbound,
    /// A request came in the wrong state; the dialect's answer is already in the output.
    Rejected {
        /// The request.
        pdu: P,
        /// What was wrong with the state.
        why: Reject,
    },
    /// A request: answer it with `respond`.
    Request {
        /// Its sequence number.
        seq: u32,
        /// The request.
        pdu: P,
    },
    /// The answer to a request of ours.
    Response {
        /// The response.
        pdu: P,
        /// The sequence number under which the request went out.
        seq: u32,
        /// The owner's token.
        token: u64,
    },
    /// No answer within the response timeout, however often it went out; the place in the window is free again.
    TimedOut {
        /// The sequence number under which the request went out; a late answer comes as [`Event::Orphan`] with it.
        seq: u32,
        /// The owner's token.
        token: u64,
    },
}

/// Why a session ended.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum CloseReason {
    /// The owner aborted it.
    #[error("closed by this side without an unbind")]
    Aborted,
    /// The dialect lost the framing.
    #[error("framing lost: {0}; check that the peer speaks this protocol and version on this port")]
    Framing(String),
    /// A frame was begun and not finished in time.
    #[error("the peer began a frame and did not finish it within the frame timeout")]
    FrameTimeout,
    /// No traffic but keep-alives for the inactivity timeout.
    #[error("no traffic but keep-alives for the inactivity timeout")]
    Inactive,
    /// Reading or writing failed.
    #[error("the connection failed: {0}")]
    Io(String),
    /// The peer sent nothing after a keep-alive.
    #[error("the peer did not answer a keep-alive within the response timeout")]
    KeepAliveTimeout,
    /// The owner refused the peer's login.
    #[error("the login was refused")]
    LoginRefused,
    /// No login, or no answer to it, in time.
    #[error("no login was completed within the login timeout")]
    LoginTimeout,
    /// The peer closed the connection without an unbind.
    #[error("the peer closed the connection without an unbind")]
    PeerClosed,
    /// The peer unbound and was answered.
    #[error("the peer unbound")]
    PeerUnbound,
    /// This side unbound and was answered.
    #[error("unbound by this side")]
    Unbound,
    /// This side unbound and was not answered.
    #[error("unbound by this side, and the peer did not answer the unbind in time")]
    UnbindTimeout,
    /// The peer took no octets for the write stall timeout.
    #[error("the peer read nothing for the write stall timeout")]
    WriteStalled,
}

/// Why a request was not taken.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, thiserror::Error)]
pub enum Refused {
    /// The session is ending: use another.
    #[error("the session is ending")]
    Closing,
    /// The login is not complete.
    #[error("the session is not bound yet")]
    NotBound,
    /// Too many octets are unsent: wait until the peer reads.
    #[error("the output buffer is full")]
    OutputFull,
    /// Too many requests are unanswered: wait for a response.
    #[error("the window is full")]
    WindowFull,
}

/// Where a session stands.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum State {
    /// Requests flow.
    Bound,
    /// Over.
    Closed,
    /// Only the output is still to be sent.
    Closing,
    /// This side wants to unbind and waits for the answers to its requests.
    Draining,
    /// A login is on its way, or waits for the owner's decision.
    LoggingIn,
    /// Connected, no login yet.
    Open,
    /// The peer unbound; the owner answers what is unanswered.
    PeerUnbinding,
    /// The unbind is sent; its answer is awaited.
    Unbinding,
}

/// What a session counted since it began.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Counters {
    /// Frames received.
    pub frames_received: u64,
    /// Frames put into the output.
    pub frames_sent: u64,
    /// Keep-alives sent.
    pub keep_alives_sent: u64,
    /// Whole frames that could not be understood.
    pub malformed: u64,
    /// Octets received.
    pub octets_received: u64,
    /// Octets taken by the connection.
    pub octets_sent: u64,
    /// Responses without a request.
    pub orphans: u64,
    /// Requests turned away because of the state.
    pub rejected: u64,
    /// Requests and keep-alives that went out again for want of an answer.
    pub resent: u64,
    /// Requests without an answer in time.
    pub timed_out: u64,
}
