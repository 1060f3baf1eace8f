//! A carrier: the SMSC of `tests/peers/node_smpp_server.js`, on node's smpp module.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};

use crate::peer::Peer;

const BOUND: Duration = Duration::from_secs(20);

/// A running SMSC that takes binds as `waxwing` / `secret` and records what is submitted to it.
#[derive(Debug)]
pub struct Carrier {
    peer: Peer,
    address: SocketAddr,
    submits: Vec<Value>,
}

impl Carrier {
    /// Starts one; `job` as described in the script, `{}` for all defaults.
    pub fn start(job: Value) -> Self {
        let mut peer = Peer::start("node_smpp_server.js", &job);
        let port = peer.wait_for_event("listening", BOUND)["port"].as_u64().and_then(|port| u16::try_from(port).ok());
        let address = SocketAddr::from(([127, 0, 0, 1], port.expect("a port")));
        Self { peer, address, submits: Vec::new() }
    }

    /// [`Carrier::start`] on a port of the caller's choice: one that a carrier had before, for example.
    pub fn start_at(address: SocketAddr, mut job: Value) -> Self {
        job["port"] = address.port().into();
        Self::start(job)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits for the next bind.
    pub fn wait_for_bind(&mut self) -> Value {
        self.peer.wait_for_event("bound", BOUND)
    }

    /// Waits for the next event of that name.
    pub fn wait_for_event(&mut self, event: &str) -> Value {
        self.peer.wait_for_event(event, BOUND)
    }

    /// Whether no event of that name has come so far.
    pub fn never_saw(&mut self, event: &str) -> bool {
        !self.peer.has_unread(|seen| seen["event"] == event)
    }

    /// All messages submitted so far, in order.
    pub fn submits(&mut self) -> &[Value] {
        self.submits.extend(self.peer.take_all(|event| event["event"] == "submit"));
        &self.submits
    }

    /// All events of that name so far that were not read.
    pub fn take_events(&mut self, event: &str) -> Vec<Value> {
        self.peer.take_all(|seen| seen["event"] == event)
    }

    /// Waits until at least `count` messages have been submitted and returns all.
    pub fn wait_for_submits(&mut self, count: usize, bound: Duration) -> &[Value] {
        crate::until(&format!("{count} messages at the carrier"), bound, || self.submits().len() >= count);
        &self.submits
    }

    /// Sends a message from a phone.
    pub fn send_mo(&mut self, source: &str, dest: &str, text: &str) {
        self.obey(&json!({"cmd": "mo", "source": source, "dest": dest, "text": text}));
    }

    /// Sends a message from a phone in parts, each with a user data header that says so.
    pub fn send_long_mo(&mut self, source: &str, dest: &str, parts: &[&str]) {
        for (index, text) in parts.iter().enumerate() {
            self.send_part_of_mo(source, dest, text, (index + 1, parts.len()));
        }
    }

    /// Sends one part of a long message: its number, from 1, and how many there are.
    pub fn send_part_of_mo(&mut self, source: &str, dest: &str, text: &str, (number, total): (usize, usize)) {
        let udh = format!("05000377{total:02x}{number:02x}");
        self.obey(&json!({"cmd": "mo", "source": source, "dest": dest, "text": text, "udh": udh}));
    }

    /// Sends octets from a phone, behind a user data header; both in hexadecimal.
    pub fn send_binary_mo(&mut self, source: &str, dest: &str, udh: &str, hex: &str) {
        self.obey(&json!({"cmd": "mo", "source": source, "dest": dest, "hex": hex, "udh": udh, "data_coding": 4}));
    }

    /// Answers the next `count` submits with this status.
    pub fn refuse(&mut self, status: u32, count: usize) {
        self.obey(&json!({"cmd": "refuse", "status": status, "count": count}));
    }

    /// Records the next `count` submits and never answers them.
    pub fn ignore(&mut self, count: usize) {
        self.obey(&json!({"cmd": "ignore", "count": count}));
    }

    /// Drops all sessions and takes no new ones.
    pub fn go_away(&mut self) {
        self.obey(&json!({"cmd": "away"}));
    }

    /// Takes sessions again.
    pub fn come_back(&mut self) {
        self.obey(&json!({"cmd": "back"}));
    }

    fn obey(&mut self, order: &Value) {
        self.peer.tell(order);
        self.peer.wait_for("obedience", BOUND, |event| event["event"] == "obeyed" && event["cmd"] == order["cmd"]);
    }
}
