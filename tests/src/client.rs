//! SMPP clients that others wrote, each behind one script of `tests/peers/` with the same job and the same output.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};

use crate::peer::Peer;

/// A text of 405 septets: three parts in the GSM alphabet, seven in UCS-2.
pub fn long_text() -> String {
    "The quick brown fox jumps over the lazy dog. ".repeat(9)
}

/// What a client run does.
#[derive(Clone, Debug)]
pub struct Job {
    /// The script, e.g. `python_smpplib.py`.
    pub script: &'static str,
    /// Kinds of messages to submit, as in `tests/peers/common.py`.
    pub kinds: &'static [&'static str],
    /// A transmitter and a receiver instead of a transceiver.
    pub pair: bool,
    /// The password to give; the right one is "secret".
    pub password: &'static str,
    /// Speak TLS, and trust what the authority of this file (PEM) has signed; node's client only.
    pub tls_ca: Option<PathBuf>,
}

impl Job {
    /// A transceiver with the right password.
    pub fn new(script: &'static str, kinds: &'static [&'static str]) -> Self {
        Self { script, kinds, pair: false, password: "secret", tls_ca: None }
    }

    /// The text that goes with a kind. The one of kind `gsm7` makes the carrier answer with an MO.
    pub fn text(kind: &str) -> String {
        match kind {
            "gsm7" => "ECHO hello from the phone".into(),
            "ucs2" => "Привет, мир! 你好".into(),
            "udhi_lie" => "no header here".into(),
            _ => long_text(),
        }
    }

    /// Runs it to its end against `address` as "shop" and returns its events. An MO is awaited when kind `gsm7` is among the kinds.
    pub fn run(&self, address: SocketAddr) -> Run {
        let messages: Vec<Value> = self.kinds.iter().map(|kind| json!({"kind": kind, "text": Self::text(kind)})).collect();
        let job = json!({
            "host": address.ip().to_string(), "port": address.port(), "system_id": "shop", "password": self.password,
            "bind": if self.pair { "pair" } else { "transceiver" }, "source": "12345", "dest": "447700900123",
            "messages": messages, "expect_mo": usize::from(self.kinds.contains(&"gsm7")), "timeout_s": 30, "tls_ca": self.tls_ca,
        });
        let (status, events) = Peer::start(self.script, &job).finish(Duration::from_secs(60));
        Run { succeeded: status.success(), events }
    }
}

/// What a client run said.
#[derive(Debug)]
pub struct Run {
    /// It got everything that it waited for and unbound.
    pub succeeded: bool,
    /// Its JSON lines.
    pub events: Vec<Value>,
}

impl Run {
    /// All events of that name.
    pub fn events(&self, name: &str) -> Vec<&Value> {
        self.events.iter().filter(|event| event["event"] == name).collect()
    }

    /// Panics unless the run succeeded, each submit was answered with status 0 and an id of its own, each of those ids got a receipt
    /// with state DELIVRD, and the MO came with its text.
    pub fn assert_complete(&self) {
        assert!(self.succeeded, "the client failed: {:#?}", self.events);
        let mut ids = BTreeSet::new();
        for submitted in self.events("submitted") {
            assert_eq!(submitted["status"], 0, "{submitted}");
            let id = submitted["message_id"].as_str().unwrap_or_default();
            assert!(!id.is_empty() && ids.insert(id.to_owned()), "no id of its own: {submitted}");
        }
        let receipts: BTreeSet<String> =
            self.events("receipt").iter().filter_map(|r| r["message_id"].as_str().map(str::to_owned)).collect();
        assert_eq!(ids, receipts, "ids given and ids receipted");
        for receipt in self.events("receipt") {
            assert_eq!(receipt["state"], "DELIVRD", "{receipt}");
        }
        let texts: Vec<&str> = self.events("mo").iter().filter_map(|mo| mo["text"].as_str()).collect();
        assert_eq!(texts, ["hello from the phone"], "the MO");
    }
}
