//! A thread with a runtime of its own, so that what a load generator or a sink costs can be told from the rest.

use std::future::Future;
use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::process::Who;

/// A future that runs on a thread of its own. The thread lives until this is dropped, so that its processor time can be
/// read after the future has ended; a future that has not ended by then is dropped as well.
#[derive(Debug)]
pub struct Worker<T> {
    tid: u32,
    result: Receiver<io::Result<T>>,
    /// Dropped to let the thread go.
    _hold: oneshot::Sender<()>,
}

impl<T: Send + 'static> Worker<T> {
    /// Runs the future that `make` gives on a thread of that name (at most 15 octets are kept by Linux), inside a
    /// single-threaded runtime: what it spawns runs there too, and ends when it ends.
    ///
    /// # Errors
    /// When there is no thread or no runtime to be had.
    pub fn start<F, M>(name: &str, make: M) -> io::Result<Worker<T>>
    where
        F: Future<Output = io::Result<T>>,
        M: FnOnce() -> F + Send + 'static,
    {
        let (hold, mut held) = oneshot::channel::<()>();
        let (tell, result) = channel();
        let (tell_tid, tid) = channel();
        std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            let _ = tell_tid.send(own_tid());
            let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => runtime,
                Err(error) => return drop(tell.send(Err(error))),
            };
            runtime.block_on(async {
                tokio::select! {
                    result = make() => drop(tell.send(result)),
                    _ = &mut held => return,
                }
                let _ = held.await;
            });
        })?;
        let tid = tid.recv().map_err(io::Error::other)??;
        Ok(Worker { tid, result, _hold: hold })
    }

    /// The thread, for [`Usage`](crate::process::Usage).
    pub fn who(&self) -> Who {
        Who::Thread(self.tid)
    }

    /// Waits for the future's result; it is there only once.
    ///
    /// # Errors
    /// What the future ended with; or that it was not done in the time given.
    pub fn wait(&self, limit: Duration) -> io::Result<T> {
        match self.result.recv_timeout(limit) {
            Ok(result) => result,
            Err(RecvTimeoutError::Timeout) => Err(io::Error::new(io::ErrorKind::TimedOut, format!("not done after {limit:?}"))),
            Err(RecvTimeoutError::Disconnected) => Err(io::Error::other("the thread ended, or its result was taken before")),
        }
    }
}

/// The kernel's number of the calling thread: the last part of the link /proc/thread-self.
fn own_tid() -> io::Result<u32> {
    let link = std::fs::read_link("/proc/thread-self")?;
    let last = link.file_name().and_then(|n| n.to_str()).unwrap_or_default();
    last.parse().map_err(|e| io::Error::other(format!("/proc/thread-self is {}: {e}", link.display())))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::process::cpu_seconds;

    #[test]
    fn its_time_is_told_after_its_end() {
        let worker = Worker::start("busy", || async {
            let begin = std::time::Instant::now();
            while begin.elapsed().as_millis() < 150 {
                std::hint::black_box(begin);
            }
            Ok(7)
        })
        .unwrap();
        assert_eq!(worker.wait(Duration::from_secs(30)).unwrap(), 7);
        assert!(cpu_seconds(worker.who()) > 0.01);
        assert!(worker.wait(Duration::ZERO).is_err());
    }
}
