//! A running endpoint, as the roof holds it.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;

/// A listener or connector at work. Dropping it without [`Endpoint::stop`] ends it hard.
#[derive(Debug)]
pub struct Endpoint {
    /// Where it listens, with the real port.
    pub address: Option<SocketAddr>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

/// Tells the tasks of an endpoint to come to an end.
#[derive(Clone, Debug)]
pub struct Stopping(watch::Receiver<bool>);

impl Endpoint {
    /// Starts a task that ends when it is told so.
    pub fn spawn<F>(address: Option<SocketAddr>, run: impl FnOnce(Stopping) -> F) -> Endpoint
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (stop, rx) = watch::channel(false);
        let task = tokio::spawn(run(Stopping(rx)));
        Endpoint { address, stop, task }
    }

    /// Unbinds its sessions, waits for outstanding answers, and returns when all is over, after `grace` at the latest.
    pub async fn stop(mut self, grace: Duration) {
        let _ = self.stop.send(true);
        if tokio::time::timeout(grace, &mut self.task).await.is_err() {
            tracing::warn!("an endpoint did not end in time and is cut off");
        }
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        let _ = self.stop.send(true);
        self.task.abort();
    }
}

impl Stopping {
    /// Resolves when it is time to end.
    pub async fn stopped(&mut self) {
        // An error means that the endpoint itself is gone, which is the same.
        let _ = self.0.wait_for(|&stop| stop).await;
    }

    /// It is time to end.
    pub fn is_stopping(&self) -> bool {
        *self.0.borrow()
    }
}
