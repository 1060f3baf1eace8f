//! Slow password hashes, bounded: each takes megabytes and milliseconds, so whoever sends wrong passwords at every door at once must not
//! decide how many are computed.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};

use super::AuthError;

/// Sign-ins that wait for their turn at the same time; further ones are refused at once.
const WAITING: usize = 128;
/// How long one waits for its turn.
const PATIENCE: Duration = Duration::from_secs(5);

/// Computes slow hashes on blocking threads, few at a time.
#[derive(Debug)]
pub(super) struct Hashes {
    running: Arc<Semaphore>,
    waiting: Semaphore,
    patience: Duration,
}

impl Default for Hashes {
    /// Half of the cores at most: sign-ins must not take the processor from the messages.
    fn default() -> Hashes {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Hashes::new((cores / 2).max(1), WAITING, PATIENCE)
    }
}

impl Hashes {
    pub(super) fn new(running: usize, waiting: usize, patience: Duration) -> Hashes {
        Hashes { running: Arc::new(Semaphore::new(running)), waiting: Semaphore::new(waiting), patience }
    }

    /// Computes on a blocking thread when it is its turn.
    ///
    /// # Errors
    /// [`AuthError::Busy`] where too many wait already, or its turn does not come in time.
    pub(super) async fn compute(&self, hash: impl FnOnce() -> bool + Send + 'static) -> Result<bool, AuthError> {
        let turn = match self.running.clone().try_acquire_owned() {
            Ok(turn) => turn,
            Err(_) => {
                let _place: SemaphorePermit<'_> = self.waiting.try_acquire().map_err(|_| AuthError::Busy)?;
                let turn = tokio::time::timeout(self.patience, self.running.clone().acquire_owned()).await;
                turn.map_err(|_| AuthError::Busy)?.map_err(|_| AuthError::Busy)?
            }
        };
        // The turn goes along: a client that hangs up does not stop the thread, and must not make room for another.
        let computed = tokio::task::spawn_blocking(move || {
            let right = hash();
            drop(turn);
            right
        });
        Ok(computed.await.unwrap_or(false))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;

    #[tokio::test]
    async fn no_more_than_its_number_run_and_wait_at_once() {
        let hashes = Arc::new(Hashes::new(2, 10, Duration::from_secs(60)));
        let (begun, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (release, held) = mpsc::channel::<()>();
        let held = Arc::new(parking_lot::Mutex::new(held));
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..250 {
            let (hashes, begun, most, held) = (hashes.clone(), begun.clone(), most.clone(), held.clone());
            tasks.spawn(async move {
                let work = move || {
                    most.fetch_max(begun.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    let _ = held.lock().recv();
                    begun.fetch_sub(1, Ordering::SeqCst);
                    true
                };
                hashes.compute(work).await
            });
        }
        // Nobody has been let go, so these can only be those for whom there is no place.
        for _ in 0..250 - 12 {
            assert_eq!(tasks.join_next().await.unwrap().unwrap(), Err(AuthError::Busy));
        }
        drop(release);
        let served = tasks.join_all().await;
        assert_eq!(served, vec![Ok(true); 12]);
        assert!(most.load(Ordering::SeqCst) <= 2);
    }

    #[tokio::test]
    async fn patience_ends_and_a_client_that_hangs_up_keeps_its_turn() {
        let hashes = Arc::new(Hashes::new(1, 10, Duration::from_millis(20)));
        let (begin, begun) = tokio::sync::oneshot::channel();
        let (release, held) = mpsc::channel::<()>();
        let first = tokio::spawn({
            let hashes = hashes.clone();
            async move { hashes.compute(move || begin.send(()).is_ok() && held.recv().is_ok()).await }
        });
        begun.await.unwrap();
        first.abort();
        assert!(first.await.unwrap_err().is_cancelled());
        assert_eq!(hashes.compute(|| true).await, Err(AuthError::Busy));
        release.send(()).unwrap();
        // The thread may take longer to end than another is patient.
        while hashes.compute(|| true).await != Ok(true) {}
    }
}
