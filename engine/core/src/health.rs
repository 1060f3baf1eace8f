//! Whether a connector is worth giving messages to: it has to be up, and its outcomes have to be more than failures.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use waxwing_spool::QueueId;

use crate::Millis;

/// Failures in a row after which a connector counts as failing.
pub const BREAKER_FAILURES: u32 = 20;
/// How long it then gets nothing new that can go elsewhere, milliseconds.
pub const BREAKER_PAUSE: Millis = 30_000;

/// The live state of a connector, shared between its sessions and the routing.
#[derive(Debug)]
pub struct ConnectorState {
    /// Its name in the configuration.
    pub name: Arc<str>,
    /// Its queue, `connector:NAME`.
    pub queue: QueueId,
    sessions: AtomicU32,
    paused: AtomicBool,
    failures: AtomicU32,
    open_until: AtomicU64,
    down_since: AtomicU64,
}

impl ConnectorState {
    /// A connector without sessions.
    pub fn new(name: &str, queue: QueueId) -> Arc<ConnectorState> {
        Arc::new(ConnectorState {
            name: name.into(),
            queue,
            sessions: AtomicU32::new(0),
            paused: AtomicBool::new(false),
            failures: AtomicU32::new(0),
            open_until: AtomicU64::new(0),
            down_since: AtomicU64::new(1),
        })
    }

    /// A session that can send is up.
    pub fn session_up(&self) {
        self.sessions.fetch_add(1, Ordering::AcqRel);
        self.failures.store(0, Ordering::Relaxed);
        self.open_until.store(0, Ordering::Relaxed);
    }

    /// Such a session is gone.
    pub fn session_down(&self, now: Millis) {
        if self.sessions.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.down_since.store(now, Ordering::Relaxed);
        }
    }

    /// Sessions that can send.
    pub fn sessions(&self) -> u32 {
        self.sessions.load(Ordering::Acquire)
    }

    /// Stops (or lets go on) sending by hand.
    pub fn set_paused(&self, paused: bool) {
        self.paused.store(paused, Ordering::Release);
    }

    /// Stopped by hand.
    pub fn is_paused(&self) -> bool {
        self.paused.load(Ordering::Acquire)
    }

    /// A message was taken.
    pub fn succeeded(&self) {
        if self.failures.load(Ordering::Relaxed) != 0 {
            self.failures.store(0, Ordering::Relaxed);
            self.open_until.store(0, Ordering::Relaxed);
        }
    }

    /// A temporary failure or no answer. True when this one opened the breaker.
    pub fn failed(&self, now: Millis) -> bool {
        let n = self.failures.fetch_add(1, Ordering::Relaxed) + 1;
        if n < BREAKER_FAILURES {
            return false;
        }
        self.open_until.swap(now + BREAKER_PAUSE, Ordering::Relaxed) <= now
    }

    /// May be given messages: up, not paused, not failing.
    pub fn is_healthy(&self, now: Millis) -> bool {
        self.sessions() > 0 && !self.is_paused() && self.open_until.load(Ordering::Relaxed) <= now
    }

    /// How long it has been without a session, milliseconds; 0 when it has one. Infinite when it never had.
    pub fn down_for(&self, now: Millis) -> Millis {
        if self.sessions() > 0 { 0 } else { now.saturating_sub(self.down_since.load(Ordering::Relaxed)) }
    }

    /// One word for people: up, down, failing, paused.
    pub fn word(&self, now: Millis) -> &'static str {
        if self.is_paused() {
            "paused"
        } else if self.sessions() == 0 {
            "down"
        } else if self.is_healthy(now) {
            "up"
        } else {
            "failing"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failing_is_a_reason_to_go_elsewhere_and_passes() {
        let c = ConnectorState::new("a", QueueId(1));
        assert_eq!(c.word(0), "down");
        c.session_up();
        assert!(c.is_healthy(0));
        let opened = (0..BREAKER_FAILURES).filter(|_| c.failed(1000)).count();
        assert_eq!((opened, c.word(1000)), (1, "failing"));
        assert!(c.is_healthy(1000 + BREAKER_PAUSE), "half open: the next outcome decides");
        assert!(c.failed(1000 + BREAKER_PAUSE), "one more failure opens it again");
        c.succeeded();
        assert!(c.is_healthy(1001 + BREAKER_PAUSE));
        c.session_down(5);
        assert_eq!(c.down_for(15), 10);
    }
}
