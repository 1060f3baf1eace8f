//! Refusals that are not said at once.
//!
//! A gateway that takes no messages at the moment answers ESME_RMSGQFUL, and many clients then send the same again without a pause: as
//! fast as they are refused, so that the refusals use up the time in which the work would get done. A refusal that is held back slows
//! such a client down to its window in each pause, and costs a client that waits by itself next to nothing.

use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

/// How long the first refusal of a batch is held back.
const PAUSE: Duration = Duration::from_millis(100);

/// The refusals of one session that are held back. They stay unanswered requests for the session engine, which reads nothing more when
/// there are too many of those: so this is bounded as well.
#[derive(Debug, Default)]
pub(super) struct Held {
    responses: Vec<Bytes>,
    until: Option<Instant>,
}

impl Held {
    /// Holds a response back, until the time of those that are held already.
    pub(super) fn push(&mut self, response: Bytes) {
        self.until.get_or_insert_with(|| Instant::now() + PAUSE);
        self.responses.push(response);
    }

    /// When [`Held::release`] is due, if anything is held.
    pub(super) fn until(&self) -> Option<Instant> {
        self.until
    }

    /// All of them, in their order.
    pub(super) fn release(&mut self) -> std::vec::Drain<'_, Bytes> {
        self.until = None;
        self.responses.drain(..)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn all_that_is_held_goes_with_the_first() {
        let start = Instant::now();
        let mut held = Held::default();
        assert_eq!(held.until(), None);
        held.push(Bytes::from_static(b"a"));
        tokio::time::advance(PAUSE / 2).await;
        held.push(Bytes::from_static(b"b"));
        assert_eq!(held.until(), Some(start + PAUSE));
        assert_eq!(held.release().collect::<Vec<_>>(), [&b"a"[..], b"b"]);
        assert_eq!(held.until(), None);
        held.push(Bytes::from_static(b"c"));
        assert_eq!(held.until(), Some(start + PAUSE / 2 + PAUSE));
    }
}
