//! A message centre with a carrier under it, whose short messages the test hands to phones.

use std::time::Duration;

use serde_json::{Value, json};

use crate::mm1::{Answer, Mm1, Pdu};
use crate::push::{joined, unhex};
use crate::{Carrier, Config, Gateway};

const BOUND: Duration = Duration::from_secs(20);

/// The centre, and the carrier.
#[derive(Debug)]
pub struct Network {
    /// The gateway, with an account "root" that may administrate.
    pub gateway: Gateway,
    /// Where its short messages go.
    pub carrier: Carrier,
    /// Short messages that were looked at.
    seen: usize,
}

/// A push that reached a phone.
#[derive(Clone, Debug)]
pub struct Pushed {
    /// For whom, without a plus.
    pub to: String,
    /// The PDU in it.
    pub pdu: Answer,
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
        Self { gateway, carrier, seen: 0 }
    }

    /// A phone's connection to the centre.
    pub fn phone(&self, number: &str) -> Mm1 {
        Mm1::connect(self.gateway.mmsc(), number)
    }

    /// Waits for the next short messages that belong together.
    pub fn next_sms(&mut self) -> Vec<Value> {
        let next = self.seen;
        let parts = parts_of(&self.carrier.wait_for_submits(next + 1, BOUND)[next]);
        let submits = self.carrier.wait_for_submits(next + parts, BOUND)[next..next + parts].to_vec();
        self.seen += parts;
        submits
    }

    /// Waits for the next push.
    pub fn next_push(&mut self) -> Pushed {
        let submits = self.next_sms();
        let push = unhex(&joined(&submits).1);
        // Transaction, Push, length of the headers, headers.
        let pdu = Answer::read(&push[3 + usize::from(push[2])..]);
        Pushed { to: submits[0]["dest"].as_str().expect("a number").to_owned(), pdu }
    }
}

/// In how many parts it came: as the element 00 or 08 of its header says.
pub fn parts_of(submit: &Value) -> usize {
    let udh = submit["udh"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let mut concatenation = udh.filter(|element| element.starts_with("0003") || element.starts_with("0804"));
    concatenation.next().map_or(1, |e| usize::from_str_radix(&e[e.len() - 4..e.len() - 2], 16).expect("a number"))
}

/// m-send-req with a multipart: media types as text, names, octets.
pub fn send_req(transaction: &str, to: &[&str], subject: &str, parts: &[(&str, &str, &[u8])]) -> Pdu {
    let mut pdu = Pdu::new(0x80, transaction).from_me();
    for to in to {
        pdu = pdu.text(0x17, &format!("{to}/TYPE=PLMN"));
    }
    let mut pdu = pdu.text(0x16, subject).0;
    pdu.extend([0x84, 0xa3, u8::try_from(parts.len()).expect("few parts")]);
    for (media, name, octets) in parts {
        let mut head = [media.as_bytes(), &[0]].concat();
        head.extend([0xc0, b'"']);
        head.extend(format!("<{name}>\0").as_bytes());
        head.push(0x8e);
        head.extend(format!("{name}\0").as_bytes());
        uintvar(head.len(), &mut pdu);
        uintvar(octets.len(), &mut pdu);
        pdu.extend(head);
        pdu.extend(*octets);
    }
    Pdu(pdu)
}

/// Appends a uintvar (WAP-230-WSP, 8.1.2).
pub fn uintvar(value: usize, out: &mut Vec<u8>) {
    for shift in (0..5).rev().map(|n| n * 7).filter(|shift| *shift == 0 || value >> shift > 0) {
        out.push((value >> shift & 0x7f) as u8 | if shift > 0 { 0x80 } else { 0 });
    }
}
