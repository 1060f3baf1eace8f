//! Waiting for something with a bound, for what cannot tell us itself that it has happened.

use std::time::{Duration, Instant};

/// How often a condition is looked at.
const STEP: Duration = Duration::from_millis(10);

/// Waits until `condition` holds. Panics with `what` where it does not within `bound`.
pub fn until(what: &str, bound: Duration, mut condition: impl FnMut() -> bool) {
    until_some(what, bound, || condition().then_some(()));
}

/// Waits until `attempt` gives something, and returns it. Panics with `what` where it does not within `bound`.
pub fn until_some<T>(what: &str, bound: Duration, mut attempt: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + bound;
    loop {
        if let Some(found) = attempt() {
            return found;
        }
        assert!(Instant::now() < deadline, "waited {bound:?} in vain: {what}");
        std::thread::sleep(STEP);
    }
}
