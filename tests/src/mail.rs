//! E-mail: swaks, which sends it, and a relay by aiosmtpd, which takes it and has it read by Python's email package.

use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use crate::peer::Peer;

const BOUND: Duration = Duration::from_secs(20);

/// A mail server that takes whatever it is given.
#[derive(Debug)]
pub struct MailRelay {
    peer: Peer,
    address: SocketAddr,
}

/// What swaks said, and whether the server took the message.
#[derive(Clone, Debug)]
pub struct Said {
    /// The whole conversation.
    pub text: String,
    /// Every step succeeded.
    pub ok: bool,
}

impl MailRelay {
    /// Starts one that offers delivery status notifications, or does not.
    pub fn start(dsn: bool) -> Self {
        let mut peer = Peer::start("mail_relay.py", &json!({"dsn": dsn}));
        let port = peer.wait_for_event("ready", BOUND)["port"].as_u64().expect("a port");
        Self { peer, address: SocketAddr::from(([127, 0, 0, 1], u16::try_from(port).expect("a port"))) }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The next message that it has taken: see `tests/peers/mail_relay.py`.
    pub fn mail(&mut self) -> Value {
        self.wait_for("mail")
    }

    /// The next event of that name.
    pub fn wait_for(&mut self, event: &str) -> Value {
        self.peer.wait_for_event(event, BOUND)
    }

    /// All messages so far that were not read yet.
    pub fn mails_so_far(&mut self) -> Vec<Value> {
        self.peer.take_all(|event| event["event"] == "mail")
    }

    /// Gives it an order, and waits until it is obeyed.
    pub fn tell(&mut self, order: &Value) {
        self.peer.tell(order);
        let what = order["do"].clone();
        self.peer.wait_for("obedience", BOUND, |event| event["event"] == "ordered" && event["order"] == what);
    }
}

/// Has swaks send a message. Its arguments are its own; `+` may not begin one, so numbers go without.
pub fn swaks(server: SocketAddr, arguments: &[&str]) -> Said {
    let output = Command::new("swaks")
        .args(["--server", &server.to_string(), "--timeout", "20"])
        .args(arguments)
        .output()
        .expect("swaks; run scripts/install-test-peers.sh");
    Said { text: String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned(), ok: output.status.success() }
}

impl Said {
    /// Panics where the server did not take it.
    #[track_caller]
    pub fn is_taken(&self) {
        assert!(self.ok, "{}", self.text);
    }

    /// Panics where the server took it, or said something else.
    #[track_caller]
    pub fn is_refused(&self, words: &str) {
        assert!(!self.ok && self.text.contains(words), "{words}: {}", self.text);
    }
}
