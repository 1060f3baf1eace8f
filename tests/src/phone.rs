//! A phone: mmsd-tng, the MMS daemon of Linux phones, behind a mocked modem (`tests/peers/mmsd_phone.py`). What the gateway sends to the
//! phone as short messages the test hands over; the phone itself posts to the message centre and fetches from it.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::peer::Peer;
use crate::push::unhex;

/// How long a phone may take to come up, and to say what came of an order.
const PATIENCE: Duration = Duration::from_secs(40);

/// A phone that is on, with a number and the address of its message centre; killed when dropped.
#[derive(Debug)]
pub struct Phone {
    peer: Peer,
    number: String,
    files: usize,
    folder: TempDir,
}

/// A message that a phone is to send.
#[derive(Clone, Copy, Debug, Default)]
pub struct Outgoing<'a> {
    /// Its recipients; the phone makes international numbers of them, and takes nothing but numbers.
    pub to: &'a [&'a str],
    /// Its subject; empty for none.
    pub subject: &'a str,
    /// Its presentation, which names parts by their ids; empty for none.
    pub smil: &'a str,
    /// Its parts: content id, media type, octets.
    pub parts: &'a [(&'a str, &'a str, &'a [u8])],
    /// Whether it asks for a delivery report.
    pub delivery_report: bool,
}

/// A message that a phone has fetched.
#[derive(Clone, Debug)]
pub struct Received {
    /// The phone's own name for it, for [`Phone::read`] and [`Phone::delete`].
    pub message: String,
    /// Who sent it, without a type of address; empty where the message centre does not say.
    pub sender: String,
    /// Whom it names as recipients, without types of addresses.
    pub recipients: Vec<String>,
    /// Its subject; empty without one.
    pub subject: String,
    /// Its presentation; empty without one.
    pub smil: String,
    /// Its other parts.
    pub parts: Vec<Part>,
}

/// A part of a message that a phone has fetched.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Part {
    /// The content id without its brackets; a random one where the part has none, whatever other name it has.
    pub id: String,
    /// The media type, with the parameter `charset` where the part has it.
    pub media_type: String,
    /// The octets.
    pub data: Vec<u8>,
}

impl Phone {
    /// Switches on a phone with this number (`+49...`), whose message centre is at this URL.
    pub fn start(mmsc: &str, number: &str) -> Self {
        Self::start_with(mmsc, number, json!({}))
    }

    /// The same with further keys of the peer's job, such as `apn`, `proxy` or `auto_smil`.
    pub fn start_with(mmsc: &str, number: &str, mut job: Value) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        job["mmsc"] = mmsc.into();
        job["number"] = number.into();
        job["folder"] = folder.path().join("phone").to_string_lossy().into();
        let mut phone = Self { peer: Peer::start("mmsd_phone.py", &job), number: number.to_owned(), files: 0, folder };
        phone.wait_for("ready", PATIENCE);
        phone
    }

    /// Its number.
    pub fn number(&self) -> &str {
        &self.number
    }

    /// A push arrives: the user data of its short messages, put together, without headers.
    pub fn push(&mut self, data: &[u8]) {
        self.peer.tell(&json!({"do": "push", "data_hex": hex(data)}));
    }

    /// A push arrives in short messages as a carrier got them: JSON with `udh`, a list of elements, and `hex`, the octets after it.
    /// The phone puts them together, and the test fails where it cannot.
    pub fn push_parts(&mut self, submits: &[Value]) {
        let parts: Vec<String> = submits.iter().map(user_data).collect();
        self.peer.tell(&json!({"do": "push", "parts_hex": parts}));
    }

    /// Has it send a message, and gives the phone's own name for it as soon as it is about to send: [`Phone::wait_for_status`] tells of
    /// the rest. Panics where the phone refuses.
    pub fn send(&mut self, message: &Outgoing<'_>) -> String {
        let mut attachments = Vec::new();
        for (id, media_type, data) in message.parts {
            let file = self.folder.path().join(format!("part-{}", self.files));
            self.files += 1;
            std::fs::write(&file, data).expect("a file can be written");
            attachments.push(json!([id, media_type, file.to_string_lossy()]));
        }
        self.peer.tell(&json!({
            "do": "send", "to": message.to, "subject": message.subject, "smil": message.smil,
            "delivery_report": message.delivery_report, "attachments": attachments,
        }));
        let answer =
            self.wait("an answer to the order to send", PATIENCE, |event| event["event"] == "sending" || event["event"] == "refused");
        assert_eq!(answer["event"], "sending", "{}: {answer:#}", self.number);
        text(&answer["message"])
    }

    /// The first event of this name that was not read yet. Panics where none comes within `bound`, or where the phone fails.
    pub fn wait_for(&mut self, event: &str, bound: Duration) -> Value {
        self.wait(event, bound, |value| value["event"] == event)
    }

    /// Waits until one of its messages has this status (`sent`, `delivered`, `read`). Other events stay to be read.
    pub fn wait_for_status(&mut self, message: &str, status: &str, bound: Duration) {
        self.wait(status, bound, |event| event["event"] == "status" && event["message"] == message && event["status"] == status);
    }

    /// Waits for the delivery report of one of its messages from this recipient, and gives what it says: `retrieved`, `expired`...
    pub fn wait_for_report(&mut self, message: &str, recipient: &str, bound: Duration) -> String {
        let wanted = |event: &Value| event["event"] == "delivery_report" && event["message"] == message && event["recipient"] == recipient;
        text(&self.wait("a delivery report", bound, wanted)["status"])
    }

    /// The next message that it fetched.
    pub fn wait_for_message(&mut self, bound: Duration) -> Received {
        Received::of(&self.wait_for("received", bound))
    }

    /// All events so far with this name.
    pub fn take_all(&mut self, event: &str) -> Vec<Value> {
        self.peer.take_all(|value| value["event"] == event)
    }

    /// Its user reads a message. This daemon tells the message centre nothing of it.
    pub fn read(&mut self, message: &str) {
        self.peer.tell(&json!({"do": "read", "message": message}));
        self.wait_for("read", PATIENCE);
    }

    /// Its user deletes a message.
    pub fn delete(&mut self, message: &str) {
        self.peer.tell(&json!({"do": "delete", "message": message}));
        self.wait_for("removed", PATIENCE);
    }

    /// Its modem loses the data connection, or has it again; short messages come in any case. The daemon may hold a connection that is
    /// gone for good for ten seconds more.
    pub fn set_data(&mut self, on: bool) {
        self.peer.tell(&json!({"do": "data", "on": on}));
        self.wait_for("data", PATIENCE);
    }

    /// Switches it off, in order. Panics where it fails.
    pub fn stop(mut self) {
        self.peer.tell(&json!({"do": "stop"}));
        self.wait_for("stopped", PATIENCE);
    }

    fn wait(&mut self, what: &str, bound: Duration, mut wanted: impl FnMut(&Value) -> bool) -> Value {
        let event = self.peer.wait_for(what, bound, |event| event["event"] == "error" || wanted(event));
        assert_ne!(event["event"], "error", "the phone {}: {}\n{}", self.number, text(&event["reason"]), text(&event["log"]));
        event
    }
}

impl Received {
    fn of(event: &Value) -> Self {
        let list = |name: &str| event[name].as_array().cloned().unwrap_or_default();
        Self {
            message: text(&event["message"]),
            sender: text(&event["sender"]),
            recipients: list("recipients").iter().map(text).collect(),
            subject: text(&event["subject"]),
            smil: text(&event["smil"]),
            parts: list("attachments").iter().map(Part::of).collect(),
        }
    }

    /// The part with this content id. Panics where there is none.
    pub fn part(&self, id: &str) -> &Part {
        self.parts.iter().find(|part| part.id == id).unwrap_or_else(|| panic!("no part {id} in {self:#?}"))
    }
}

impl Part {
    fn of(attachment: &Value) -> Self {
        let data = BASE64_STANDARD.decode(text(&attachment["data"])).expect("base64");
        Self { id: text(&attachment["id"]), media_type: text(&attachment["type"]), data }
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

/// The user data of a short message, with its header, in hexadecimal.
fn user_data(submit: &Value) -> String {
    let elements: String = submit["udh"].as_array().map(|all| all.iter().filter_map(Value::as_str).collect()).unwrap_or_default();
    let length = unhex(&elements).len();
    assert!((1..=139).contains(&length), "a user data header in {submit:#}");
    format!("{length:02x}{elements}{}", text(&submit["hex"]))
}
