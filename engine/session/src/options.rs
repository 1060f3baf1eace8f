//! Every bound of a session, with its default.

use std::time::Duration;

/// The bounds of one session. All of them hold at all times: none is advice.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Options {
    /// Time to wait, after the end, for the last octets to leave and the peer to close. Default 1 s.
    pub close_linger: Duration,
    /// Age at which an unfinished frame closes the session (slow loris). Default 10 s.
    pub frame_timeout: Duration,
    /// No traffic but keep-alives for this long unbinds the session. `None`, the default, for never.
    pub inactivity_timeout: Option<Duration>,
    /// Nothing received for this long sends a keep-alive (bound sessions only). Default 30 s; `None` or 0 for never.
    pub keep_alive_interval: Option<Duration>,
    /// From the connection to a completed login, on both sides. Default 10 s.
    pub login_timeout: Duration,
    /// Events handed out by one call of [`Link::events`](crate::Link::events). Default 1024.
    pub max_batch: usize,
    /// Octets received and not yet cut into frames; a longer frame closes the session. Default 256 KiB.
    pub max_input: usize,
    /// Octets unsent at which requests are refused and nothing more is read. Default 256 KiB. Answers are always
    /// taken: they are bounded by [`max_unanswered`](Self::max_unanswered).
    pub max_output: usize,
    /// Requests of the peer that the owner holds unanswered; then nothing more is read. 0 counts as 1. Default 256.
    pub max_unanswered: u32,
    /// Octets asked of the connection in one read, and size of the blocks that frames share. It starts at an eighth
    /// and doubles while reads fill it. A frame kept for long keeps its block: copy it. Default 64 KiB.
    pub read_chunk: usize,
    /// Time for the answer to a request or a keep-alive. Default 30 s.
    pub response_timeout: Duration,
    /// How often a request or a keep-alive goes out in all, each time after [`response_timeout`](Self::response_timeout) without an answer,
    /// with the same octets; only then it has timed out. 0 counts as 1. Above 1 the requests in flight are kept, as many as the window has
    /// room for. Default 1.
    pub sends: u32,
    /// Time for outstanding answers before an unbind is sent or answered. Default 5 s.
    pub unbind_grace: Duration,
    /// Time for the answer to an unbind. Default 5 s.
    pub unbind_timeout: Duration,
    /// Requests of ours unanswered at one time. Default 32.
    pub window: u32,
    /// The peer takes nothing of the output for this long: the session closes. Default 30 s.
    pub write_stall_timeout: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            close_linger: Duration::from_secs(1),
            frame_timeout: Duration::from_secs(10),
            inactivity_timeout: None,
            keep_alive_interval: Some(Duration::from_secs(30)),
            login_timeout: Duration::from_secs(10),
            max_batch: 1024,
            max_input: 256 * 1024,
            max_output: 256 * 1024,
            max_unanswered: 256,
            read_chunk: 64 * 1024,
            response_timeout: Duration::from_secs(30),
            sends: 1,
            unbind_grace: Duration::from_secs(5),
            unbind_timeout: Duration::from_secs(5),
            window: 32,
            write_stall_timeout: Duration::from_secs(30),
        }
    }
}
