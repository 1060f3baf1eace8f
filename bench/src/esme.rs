//! Clients on a thread of their own, so that what they cost can be told. What they do is the product's own load generator.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use waxwing_endpoints::load::smpp::Account;
use waxwing_endpoints::load::{self, Progress, Protocol};

use crate::process::Who;
use crate::worker::Worker;

pub use waxwing_endpoints::load::smpp::Body;
pub use waxwing_endpoints::load::{End, Pace, Sent};

/// What to send over SMPP.
#[derive(Clone, Debug)]
pub struct Load {
    /// Where the gateway listens.
    pub to: SocketAddr,
    /// The account.
    pub system_id: String,
    /// Its password.
    pub password: String,
    /// Connections.
    pub binds: u32,
    /// Unanswered submit_sm, each bind.
    pub window: u32,
    /// When the next one is sent.
    pub pace: Pace,
    /// When no more are sent.
    pub end: End,
    /// Ask for receipts, and wait for them.
    pub receipts: bool,
    /// How many receipts are waited for, if not one for each accepted message: none where the carrier withholds them, more where it
    /// sends those of earlier loads.
    pub expect: Option<u64>,
    /// What messages look like.
    pub body: Body,
    /// Ask for the highest priority.
    pub high: bool,
    /// Begin the text with the time of sending, for the sink's histogram ([`Body::Text`] and [`Body::Long`] only).
    pub stamped: bool,
    /// The most time it may take in all, the wait for answers and receipts included.
    pub limit: Duration,
}

/// Clients at work. They end when this is dropped.
#[derive(Debug)]
pub struct Client {
    limit: Duration,
    progress: Progress,
    worker: Worker<Sent>,
}

impl Load {
    /// Short texts over so many binds with such a window, as fast as it goes for so long, with receipts; change what is to be different.
    pub fn new(to: SocketAddr, binds: u32, window: u32, time: Duration) -> Load {
        Load {
            to,
            system_id: "bench".to_owned(),
            password: "bench".to_owned(),
            binds,
            window,
            pace: Pace::Window,
            end: End::After(time),
            receipts: true,
            expect: None,
            body: Body::Text,
            high: false,
            stamped: false,
            limit: time + Duration::from_secs(60),
        }
    }

    fn split(self) -> (load::Load, Account) {
        let Load { to, system_id, password, binds, window, pace, end, receipts, expect, body, high, stamped, limit } = self;
        let to = to.to_string();
        let load = load::Load { to, links: binds, window, pace, end, receipts, expect, matching: false, stamped, limit };
        (load, Account { body, high, receipts, ..Account::new(system_id, password) })
    }
}

impl Client {
    /// Starts a load over SMPP.
    ///
    /// # Errors
    /// When no thread can be had; that a bind failed is told by [`Client::wait`].
    pub fn start(load: Load) -> io::Result<Client> {
        let (load, account) = load.split();
        Client::speaking(load, account)
    }

    /// Starts a load over any protocol.
    ///
    /// # Errors
    /// As [`Client::start`].
    pub fn speaking(load: load::Load, protocol: impl Protocol) -> io::Result<Client> {
        let limit = load.limit;
        let (progress, work) = load::start(load, protocol);
        let worker = Worker::start("load", move || async { work.await.map_err(io::Error::other) })?;
        Ok(Client { limit, progress, worker })
    }

    /// Its thread, for [`Usage`](crate::process::Usage).
    pub fn who(&self) -> Who {
        self.worker.who()
    }

    /// Accepted so far.
    pub fn accepted(&self) -> u64 {
        self.progress.accepted()
    }

    /// Receipts so far.
    pub fn receipts(&self) -> u64 {
        self.progress.receipts()
    }

    /// Sends no more; answers and receipts are still waited for.
    pub fn stop(&self) {
        self.progress.stop();
    }

    /// Waits for the end, and at most until the load's limit.
    ///
    /// # Errors
    /// When a bind failed or broke, or when the result was taken before.
    pub fn wait(&self) -> io::Result<Sent> {
        self.worker.wait(self.limit + Duration::from_secs(10))
    }
}
