//! The thread that moves what time moves, and watches the committer.

use std::time::Duration;

use super::shared::Shared;

/// Longest sleep while something is waiting for its time: the configured clock may jump.
const SOON: Duration = Duration::from_millis(100);
/// Longest sleep otherwise.
const IDLE: Duration = Duration::from_millis(500);

/// Runs until the spool closes.
pub(crate) fn run(shared: &Shared) {
    while shared.stopped().is_none() {
        let now = shared.config.clock.now();
        let (wakes, next) = {
            let mut index = shared.index.lock();
            if index.next_deadline().is_some_and(|at| at <= now) {
                index.advance_all(now);
            }
            (index.take_wakes(), index.next_deadline())
        };
        shared.wake(&wakes);
        if shared.is_slow() {
            shared.slow.send_replace(());
        }
        if shared.pool.short().is_none() {
            shared.set_short(None);
        }
        let sleep = next.map_or(IDLE, |at| Duration::from_millis(at.saturating_sub(now).max(5)).min(SOON));
        shared.timer.wait(sleep);
    }
}
