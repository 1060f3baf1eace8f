//! A message centre with a carrier under it, whose short messages the test hands to phones.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::{Value, json};

use crate::mm1::{Answer, Mm1, Pdu};
use crate::phone::Phone;
use crate::push::{joined, unhex};
use crate::{Carrier, Config, Gateway, http, until, until_some};

const BOUND: Duration = Duration::from_secs(20);

/// The centre, and the carrier.
#[derive(Debug)]
pub struct Network {
    /// The gateway, with an account "root" that may administrate.
    pub gateway: Gateway,
    /// Where its short messages go.
    pub carrier: Carrier,
    /// Short messages that came from the carrier.
    seen: usize,
    /// Those of them that were not looked at.
    waiting: Vec<Value>,
}

/// A push that reached a phone.
#[derive(Clone, Debug)]
pub struct Pushed {
    /// For whom, without a plus.
    pub to: String,
    /// All of it.
    pub push: Vec<u8>,
    /// The PDU in it.
    pub pdu: Answer,
    /// The short messages that it came in, in their order.
    pub sms: Vec<Value>,
}

impl Network {
    /// Starts both, with further settings of `[mmsc]` as TOML lines.
    pub fn start(more: &str) -> Self {
        Self::start_with(Config::without_doors().root().mmsc(more))
    }

    /// The same on another configuration, which has a message centre.
    pub fn start_with(config: Config) -> Self {
        let mut carrier = Carrier::start(json!({}));
        let gateway = Gateway::start(&config.smpp_connector(carrier.address(), "").route_to_carrier());
        carrier.wait_for_bind();
        gateway.wait_until_up("carrier");
        Self { gateway, carrier, seen: 0, waiting: Vec::new() }
    }

    /// A phone's connection to the centre.
    pub fn phone(&self, number: &str) -> Mm1 {
        Mm1::connect(self.gateway.mmsc(), number)
    }

    /// A real phone, switched on.
    pub fn real_phone(&self, number: &str) -> Phone {
        Phone::start_with(&format!("http://{}/", self.gateway.mmsc()), number, json!({"apn": "vzwinternet"}))
    }

    /// Waits for the next short messages that belong together.
    pub fn next_sms(&mut self) -> Vec<Value> {
        until_some("short messages at the carrier", BOUND, || {
            let all = self.carrier.submits();
            self.waiting.extend_from_slice(&all[self.seen..]);
            self.seen = all.len();
            let first = self.waiting.first()?;
            let (belongs, parts) = (concatenation(first), parts_of(first));
            let is_one = |other: &Value| other["dest"] == first["dest"] && concatenation(other) == belongs;
            let places: Vec<usize> = (0..self.waiting.len()).filter(|at| *at == 0 || is_one(&self.waiting[*at])).take(parts).collect();
            (places.len() == parts).then(|| {
                let mut sms: Vec<Value> = places.iter().rev().map(|at| self.waiting.remove(*at)).collect();
                sms.reverse();
                sms
            })
        })
    }

    /// Waits for the next push.
    pub fn next_push(&mut self) -> Pushed {
        let sms = self.next_sms();
        let push = unhex(&joined(&sms).1);
        // Transaction, Push, length of the headers, headers.
        let pdu = Answer::read(&push[3 + usize::from(push[2])..]);
        Pushed { to: sms[0]["dest"].as_str().expect("a number").to_owned(), push, pdu, sms }
    }

    /// Waits for the next push, which has to tell this number of a message, and gives the message's location.
    pub fn notified(&mut self, number: &str) -> String {
        let pushed = self.next_push();
        assert_eq!((pushed.to.as_str(), pushed.pdu.kind()), (number.trim_start_matches('+'), 0x82), "{pushed:?}");
        pushed.pdu.text(0x03)
    }

    /// Hands the next push to the phone that it is for.
    pub fn deliver(&mut self, phone: &mut Phone) {
        let pushed = self.next_push();
        assert_eq!(pushed.to, phone.number().trim_start_matches('+'), "{pushed:?}");
        phone.push_parts(&pushed.sms);
    }

    /// The messages of a kind that the ledger has, newest first, as the administrator sees them.
    pub fn messages(&self, kind: &str) -> Vec<Value> {
        let list = http::get_as(self.gateway.http(), &format!("/api/v1/messages?kind={kind}"), "root", "secret").json();
        list["messages"].as_array().cloned().unwrap_or_default()
    }

    /// Waits until the ledger has a multimedia message to a number in one of these states.
    pub fn message_to(&self, number: &str, states: &[&str]) -> Value {
        until_some(&format!("the message to {number} in {states:?}"), BOUND, || {
            self.messages("mms").into_iter().find(|m| {
                m["to"].as_str().is_some_and(|to| to.ends_with(number)) && m["state"].as_str().is_some_and(|s| states.contains(&s))
            })
        })
    }

    /// Waits until a multimedia message to a number has come to this step of its way (`notified`, `fetched`...).
    pub fn wait_for_step(&self, number: &str, step: &str) {
        let has_come = |message: &Value| {
            let id = message["id"].as_str().expect("a number");
            let one = http::get_as(self.gateway.http(), &format!("/api/v1/messages/{id}"), "root", "secret").json();
            one["mms"].as_array().is_some_and(|steps| steps.iter().any(|s| s["step"] == step))
        };
        until(&format!("{step} of the message to {number}"), BOUND, || {
            self.messages("mms").iter().any(|m| m["to"].as_str().is_some_and(|to| to.ends_with(number)) && has_come(m))
        });
    }
}

/// The element 00 or 08 of its header, of one that came in parts.
fn element_of(submit: &Value) -> Option<&str> {
    let mut elements = submit["udh"].as_array().into_iter().flatten().filter_map(Value::as_str);
    elements.find(|element| element.starts_with("0003") || element.starts_with("0804"))
}

/// What the parts of one have in common; `None` of one that came in one piece.
fn concatenation(submit: &Value) -> Option<&str> {
    element_of(submit).map(|element| &element[..element.len() - 2])
}

/// In how many parts it came.
pub fn parts_of(submit: &Value) -> usize {
    let total = |e: &str| usize::from_str_radix(&e[e.len() - 4..e.len() - 2], 16).expect("a number");
    element_of(submit).map_or(1, total)
}

/// Where the messages are that short messages at the carrier tell of, by the number that each was told to, without a plus. Only of use
/// where each number is told of one message; parts that came twice, as after a crash, count once.
pub fn told_locations(submits: &[Value]) -> HashMap<String, String> {
    let mut waiting: HashMap<(&str, Option<&str>), Vec<&Value>> = HashMap::new();
    let mut locations = HashMap::new();
    for submit in submits {
        let to = submit["dest"].as_str().unwrap_or_default();
        let parts = waiting.entry((to, concatenation(submit))).or_default();
        parts.retain(|other| other["udh"] != submit["udh"]);
        parts.push(submit);
        if parts.len() == parts_of(submit) {
            let whole: Vec<Value> = parts.drain(..).cloned().collect();
            let push = unhex(&joined(&whole).1);
            let pdu = Answer::read(&push[3 + usize::from(push[2])..]);
            locations.insert(to.to_owned(), pdu.text(0x03));
        }
    }
    locations
}

/// m-send-req without a content.
pub fn to_send(transaction: &str, to: &[&str], subject: &str) -> Pdu {
    let pdu = Pdu::new(0x80, transaction).from_me();
    to.iter().fold(pdu, |pdu, to| pdu.text(0x17, &format!("{to}/TYPE=PLMN"))).text(0x16, subject)
}

/// m-send-req with a multipart: media types as text, names, octets.
pub fn send_req(transaction: &str, to: &[&str], subject: &str, parts: &[(&str, &str, &[u8])]) -> Pdu {
    to_send(transaction, to, subject).multipart(parts)
}
