//! Waiting for a future on a plain thread, with a limit.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::Instant;

/// Wakes a parked thread.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Parks until the future resolves, the time comes, or `enough` says so (looked at whenever the thread is unparked).
pub(crate) fn wait(future: impl Future<Output = ()>, until: Instant, enough: impl Fn() -> bool) {
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(()) = future.as_mut().poll(&mut context) {
            return;
        }
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() || enough() {
            return;
        }
        std::thread::park_timeout(left);
    }
}
