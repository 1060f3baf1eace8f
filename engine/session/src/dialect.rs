//! The seam between the engine and a protocol.
//!
//! SMPP, CMPP, SGIP, SMGP, UCP and CIMD2 differ in how a frame is cut, where its sequence number stands and what the
//! four housekeeping PDUs look like; they do not differ in windows, timers or draining. A [`Dialect`] says the first
//! and knows nothing of the second. It never sees a socket or a clock.

use bytes::{Bytes, BytesMut};

/// What a protocol tells the engine. One value per connection, so it may keep state (a negotiated version, say).
pub trait Dialect: Send + 'static {
    /// One frame: usually a decoded header and the frame's octets as [`Bytes`].
    type Pdu: Send;

    /// Takes the next whole frame from the front of `buf`, or `Ok(None)` if more octets are needed. Split the frame
    /// off with [`BytesMut::split_to`] and `freeze` it: that costs a reference count, no copy.
    ///
    /// A frame that is whole but makes no sense is no fault here: return it and [`classify`](Self::classify) it as
    /// [`Class::Malformed`]. An error means that the place where the next frame starts is lost, and ends the session.
    fn next_pdu(&mut self, buf: &mut BytesMut) -> Result<Option<Self::Pdu>, FrameFault>;

    /// Says what the frame is to the engine.
    fn classify(&self, pdu: &Self::Pdu) -> Class;

    /// The frame's octets as they came, for the trace.
    fn octets<'a>(&self, pdu: &'a Self::Pdu) -> &'a [u8];

    /// Appends a keep-alive request. Not called when [`Options::keep_alive_interval`](crate::Options) is `None`.
    fn keep_alive(&mut self, seq: u32, out: &mut BytesMut);

    /// Appends the answer to the peer's keep-alive `request`.
    fn keep_alive_resp(&mut self, request: &Self::Pdu, out: &mut BytesMut);

    /// Appends an unbind request; a protocol without one appends nothing, and the engine then closes at once.
    fn unbind(&mut self, seq: u32, out: &mut BytesMut);

    /// Appends the answer to the peer's unbind `request`.
    fn unbind_resp(&mut self, request: &Self::Pdu, out: &mut BytesMut);

    /// Appends the answer to a request that came in the wrong state, or nothing where the protocol wants silence.
    fn reject(&mut self, request: &Self::Pdu, why: Reject, out: &mut BytesMut);

    /// The sequence number after `prev`; the first one is `next_seq(0)`. SMPP: 1 to 0x7fffffff, then 1 again.
    fn next_seq(prev: u32) -> u32;

    /// Writes `seq` into a whole encoded frame.
    fn set_seq(frame: &mut [u8], seq: u32);
}

/// What a frame is, as far as the engine cares.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Class {
    /// A keep-alive: answered inside the engine.
    KeepAlive,
    /// The answer to a keep-alive.
    KeepAliveResp {
        /// Its sequence number.
        seq: u32,
    },
    /// A request to open the session (bind, CONNECT).
    Login {
        /// Its sequence number.
        seq: u32,
    },
    /// The answer to a login, whether it accepts or refuses.
    LoginResp {
        /// Its sequence number.
        seq: u32,
    },
    /// A whole frame that cannot be understood; the session goes on.
    Malformed {
        /// What to send back; empty for nothing.
        answer: Bytes,
        /// What is wrong, for the log: command, sequence number, field.
        reason: String,
    },
    /// A one-way PDU which nobody answers (SMPP outbind, alert_notification).
    Notice,
    /// A request which the owner must answer.
    Request {
        /// Its sequence number.
        seq: u32,
    },
    /// The answer to a request; a generic refusal that names a sequence number (SMPP generic_nack) is one as well.
    Response {
        /// Its sequence number.
        seq: u32,
    },
    /// A request to end the session.
    Unbind,
    /// The answer to an unbind.
    UnbindResp {
        /// Its sequence number.
        seq: u32,
    },
}

/// Why a request was turned away without the owner.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Reject {
    /// A login on a session which is open already, or towards the side that logs in itself.
    AlreadyBound,
    /// The session is ending.
    Closing,
    /// No login yet.
    NotBound,
}

/// Framing is lost: nothing after this point of the stream can be trusted.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("framing lost: {reason}")]
pub struct FrameFault {
    /// A last answer to send before closing; empty for none.
    pub answer: Bytes,
    /// What was expected and what came.
    pub reason: String,
}
