//! Load that keeps its own record of what was acknowledged, outside the gateway and its disk.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::Carrier;
use crate::smpp::{Esme, Received, Submit, command};

/// A client that submits messages with texts of their own until the connection ends, in a thread.
#[derive(Debug)]
pub struct Load {
    thread: JoinHandle<Record>,
    acknowledged: Arc<AtomicUsize>,
}

/// What a client has seen.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// Text and id of each submit that was answered with status 0.
    pub acknowledged: Vec<(String, String)>,
    /// The id of each receipt that came.
    pub receipts: Vec<String>,
}

impl Load {
    /// Starts submitting as "shop", with up to `window` requests unanswered, each text `<prefix>-<number>`.
    pub fn start(address: SocketAddr, prefix: &str, window: usize) -> Self {
        Self::start_asking(address, prefix, window, 0)
    }

    /// [`Load::start`] with this registered_delivery: 1 asks for a receipt of every message.
    pub fn start_asking(address: SocketAddr, prefix: &str, window: usize, registered_delivery: u8) -> Self {
        let acknowledged = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&acknowledged);
        let prefix = prefix.to_owned();
        let template = Submit { registered_delivery, ..Submit::new("") };
        let thread = std::thread::spawn(move || submit_until_closed(address, &prefix, window, &template, &count));
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
        self.record().acknowledged.into_iter().map(|(text, _)| text).collect()
    }

    /// All that it has seen, after the connection has ended.
    pub fn record(self) -> Record {
        self.thread.join().expect("the load ran")
    }
}

fn submit_until_closed(address: SocketAddr, prefix: &str, window: usize, template: &Submit, acknowledged: &AtomicUsize) -> Record {
    let mut esme = Esme::bound(address);
    let mut unanswered: HashMap<u32, String> = HashMap::new();
    let mut record = Record::default();
    let mut number = 0;
    loop {
        while unanswered.len() < window {
            let text = format!("{prefix}-{number}");
            number += 1;
            let submit = Submit { text: text.clone().into_bytes(), ..template.clone() };
            let Ok(sequence) = esme.send(command::SUBMIT_SM, submit.body()) else { return record };
            unanswered.insert(sequence, text);
        }
        let first = match esme.receive(Duration::from_secs(30)) {
            Received::Pdu(pdu) => pdu,
            Received::Closed => return record,
            Received::Silence => panic!("the gateway answered nothing for 30 s"),
        };
        for pdu in std::iter::once(first).chain(std::iter::from_fn(|| esme.take_pdu())).collect::<Vec<_>>() {
            if pdu.command == command::SUBMIT_SM | command::RESPONSE {
                let text = unanswered.remove(&pdu.sequence).expect("an answer to a request");
                if pdu.status == 0 {
                    record.acknowledged.push((text, pdu.first_string()));
                    acknowledged.fetch_add(1, Ordering::Relaxed);
                }
                continue;
            }
            if esme.answer(&pdu).is_err() {
                return record;
            }
            record.receipts.extend(pdu.receipt_id());
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
    /// The most of them with the same prefix: submitted in the same round.
    pub most_duplicates: usize,
}

impl Comparison {
    /// [`Comparison::of`] again and again until nothing is missing or patience ends.
    pub fn settled(acknowledged: &[String], carrier: &mut Carrier, patience: Duration) -> Self {
        let deadline = Instant::now() + patience;
        loop {
            let comparison = Self::of(acknowledged, carrier.submits());
            if comparison.missing.is_empty() || Instant::now() > deadline {
                return comparison;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Compares the texts acknowledged with the submits that the carrier recorded.
    pub fn of(acknowledged: &[String], submits: &[Value]) -> Self {
        let seen: Vec<&str> = submits.iter().filter_map(|submit| submit["text"].as_str()).collect();
        let distinct: HashSet<&str> = seen.iter().copied().collect();
        let missing = acknowledged.iter().filter(|text| !distinct.contains(text.as_str())).cloned().collect();
        let mut rounds: HashMap<&str, usize> = HashMap::new();
        let mut once = HashSet::new();
        for text in &seen {
            if !once.insert(*text) {
                *rounds.entry(text.rsplit_once('-').map_or("", |(prefix, _)| prefix)).or_default() += 1;
            }
        }
        Self { missing, duplicates: seen.len() - distinct.len(), most_duplicates: rounds.into_values().max().unwrap_or(0) }
    }
}
