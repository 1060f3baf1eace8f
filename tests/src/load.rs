//! Load that keeps its own record of what was acknowledged, outside the gateway and its disk.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::Value;

use crate::smpp::{Esme, Received, Submit, command};

/// A client that submits messages with texts of their own until the connection ends, in a thread.
#[derive(Debug)]
pub struct Load {
    thread: JoinHandle<Vec<String>>,
    acknowledged: Arc<AtomicUsize>,
}

impl Load {
    /// Starts submitting as "shop", with up to `window` requests unanswered, each text `<prefix>-<number>`.
    pub fn start(address: SocketAddr, prefix: &str, window: usize) -> Self {
        let acknowledged = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&acknowledged);
        let prefix = prefix.to_owned();
        let thread = std::thread::spawn(move || submit_until_closed(address, &prefix, window, &count));
        Self { thread, acknowledged }
    }

    /// How many submits have been answered with status 0 so far.
    pub fn acknowledged(&self) -> usize {
        self.acknowledged.load(Ordering::Relaxed)
    }

    /// Waits until at least `count` have been acknowledged.
    pub fn wait_for(&self, count: usize) {
        crate::until(&format!("{count} acknowledged submits"), Duration::from_secs(60), || {
            assert!(!self.thread.is_finished() || self.acknowledged() >= count, "the connection ended by itself");
            self.acknowledged() >= count
        });
    }

    /// The texts of all messages that were acknowledged, after the connection has ended.
    pub fn texts(self) -> Vec<String> {
        self.thread.join().expect("the load ran")
    }
}

fn submit_until_closed(address: SocketAddr, prefix: &str, window: usize, acknowledged: &AtomicUsize) -> Vec<String> {
    let mut esme = Esme::bound(address);
    let mut unanswered: HashMap<u32, String> = HashMap::new();
    let mut texts = Vec::new();
    let mut number = 0;
    loop {
        while unanswered.len() < window {
            let text = format!("{prefix}-{number}");
            number += 1;
            let Ok(sequence) = esme.send(command::SUBMIT_SM, Submit::new(&text).body()) else { return texts };
            unanswered.insert(sequence, text);
        }
        let first = match esme.receive(Duration::from_secs(30)) {
            Received::Pdu(pdu) => pdu,
            Received::Closed => return texts,
            Received::Silence => panic!("the gateway answered nothing for 30 s"),
        };
        for pdu in std::iter::once(first).chain(std::iter::from_fn(|| esme.take_pdu())).collect::<Vec<_>>() {
            if pdu.command == command::SUBMIT_SM | command::RESPONSE {
                let text = unanswered.remove(&pdu.sequence).expect("an answer to a request");
                if pdu.status == 0 {
                    texts.push(text);
                    acknowledged.fetch_add(1, Ordering::Relaxed);
                }
            } else if esme.answer(&pdu).is_err() {
                return texts;
            }
        }
    }
}

/// How what the carrier saw compares with what was acknowledged.
#[derive(Debug)]
pub struct Comparison {
    /// Acknowledged, but never seen.
    pub missing: Vec<String>,
    /// Seen more often than once: how many sightings too many.
    pub duplicates: usize,
}

impl Comparison {
    /// Compares the texts acknowledged with the submits that the carrier recorded.
    pub fn of(acknowledged: &[String], submits: &[Value]) -> Self {
        let seen: Vec<&str> = submits.iter().filter_map(|submit| submit["text"].as_str()).collect();
        let distinct: HashSet<&str> = seen.iter().copied().collect();
        let missing = acknowledged.iter().filter(|text| !distinct.contains(text.as_str())).cloned().collect();
        Self { missing, duplicates: seen.len() - distinct.len() }
    }
}
