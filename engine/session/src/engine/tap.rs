//! The place where a trace listens in.

/// Which way a frame went.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Direction {
    /// From the peer.
    Received,
    /// To the peer.
    Sent,
}

/// Sees every frame of a session: received ones as they are cut, sent ones as they enter the output.
pub trait Tap: Send {
    /// Whether frames are wanted; asked for every frame, so it must be cheap.
    fn is_on(&self) -> bool;

    /// One frame.
    fn frame(&mut self, direction: Direction, octets: &[u8]);
}
