//! A raw SMPP client for what no library would send, and for load: its own few lines of codec, nothing shared with the gateway.

use std::collections::HashSet;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Command ids (SMPP 3.4, section 5.1.2.1).
pub mod command {
    #![allow(missing_docs)]
    pub const GENERIC_NACK: u32 = 0x8000_0000;
    pub const SUBMIT_SM: u32 = 0x0000_0004;
    pub const DELIVER_SM: u32 = 0x0000_0005;
    pub const QUERY_SM: u32 = 0x0000_0003;
    pub const REPLACE_SM: u32 = 0x0000_0007;
    pub const CANCEL_SM: u32 = 0x0000_0008;
    pub const UNBIND: u32 = 0x0000_0006;
    pub const BIND_TRANSCEIVER: u32 = 0x0000_0009;
    pub const BIND_RECEIVER: u32 = 0x0000_0001;
    pub const ENQUIRE_LINK: u32 = 0x0000_0015;
    /// Set in the command id of every response.
    pub const RESPONSE: u32 = 0x8000_0000;
}

/// One PDU, its body undecoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pdu {
    /// command_id
    pub command: u32,
    /// command_status
    pub status: u32,
    /// sequence_number
    pub sequence: u32,
    /// What follows the header.
    pub body: Vec<u8>,
}

impl Pdu {
    /// The C-octet string that the body starts with: the message id of a submit_sm_resp.
    pub fn first_string(&self) -> String {
        let end = self.body.iter().position(|&octet| octet == 0).unwrap_or(self.body.len());
        String::from_utf8_lossy(&self.body[..end]).into_owned()
    }

    /// The id in the text of a deliver_sm that is a receipt.
    pub fn receipt_id(&self) -> Option<String> {
        let text = String::from_utf8_lossy(&self.body);
        let id = text.split_once("id:")?.1.split(' ').next()?;
        (self.command == command::DELIVER_SM && text.contains("stat:")).then(|| id.to_owned())
    }

    /// The octets on the wire.
    pub fn encode(&self) -> Vec<u8> {
        let length = u32::try_from(16 + self.body.len()).expect("a small body");
        let mut octets = Vec::with_capacity(16 + self.body.len());
        for word in [length, self.command, self.status, self.sequence] {
            octets.extend(word.to_be_bytes());
        }
        octets.extend(&self.body);
        octets
    }
}

/// The fields of a submit_sm that tests vary.
#[derive(Clone, Debug)]
pub struct Submit {
    /// Source address; any octets but zero.
    pub source: Vec<u8>,
    /// Destination address, international.
    pub dest: String,
    /// esm_class
    pub esm_class: u8,
    /// schedule_delivery_time
    pub schedule: String,
    /// validity_period
    pub validity: String,
    /// registered_delivery
    pub registered_delivery: u8,
    /// data_coding
    pub data_coding: u8,
    /// short_message
    pub text: Vec<u8>,
    /// sm_length where it shall not be the truth.
    pub claimed_length: Option<u8>,
    /// Whatever comes after: TLVs, or junk.
    pub tail: Vec<u8>,
}

impl Submit {
    /// A message from 12345 in the default alphabet, without a receipt.
    pub fn new(text: &str) -> Self {
        Self {
            source: b"12345".to_vec(),
            dest: "447700900123".into(),
            esm_class: 0,
            schedule: String::new(),
            validity: String::new(),
            registered_delivery: 0,
            data_coding: 0,
            text: text.as_bytes().to_vec(),
            claimed_length: None,
            tail: Vec::new(),
        }
    }

    /// Adds a TLV whose length field tells the truth.
    pub fn tlv(mut self, tag: u16, value: &[u8]) -> Self {
        self.tail.extend(tag.to_be_bytes());
        self.tail.extend(u16::try_from(value.len()).expect("a short value").to_be_bytes());
        self.tail.extend(value);
        self
    }

    /// The body of the PDU.
    pub fn body(&self) -> Vec<u8> {
        let mut body = vec![0, 3, 0];
        body.extend(&self.source);
        body.extend([0, 1, 1]);
        body.extend(self.dest.as_bytes());
        body.extend([0, self.esm_class, 0, 0]);
        for time in [&self.schedule, &self.validity] {
            body.extend(time.as_bytes());
            body.push(0);
        }
        body.extend([self.registered_delivery, 0, self.data_coding, 0]);
        body.push(self.claimed_length.unwrap_or_else(|| u8::try_from(self.text.len()).expect("at most 255 octets")));
        body.extend(&self.text);
        body.extend(&self.tail);
        body
    }
}

/// What came from the gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// A PDU.
    Pdu(Pdu),
    /// The connection was closed.
    Closed,
    /// Nothing within the bound.
    Silence,
}

/// A connection to an SMPP server.
#[derive(Debug)]
pub struct Esme {
    stream: TcpStream,
    received: Vec<u8>,
    sequence: u32,
}

impl Esme {
    /// Connects, without binding.
    pub fn connect(address: SocketAddr) -> std::io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, Duration::from_secs(5))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, received: Vec::new(), sequence: 0 })
    }

    /// Connects and binds as a transceiver "shop" / "secret". Panics where that fails.
    pub fn bound(address: SocketAddr) -> Self {
        let mut esme = Self::connect(address).unwrap_or_else(|error| panic!("{address}: {error}"));
        let answer = esme.bind(command::BIND_TRANSCEIVER, "shop", "secret");
        assert_eq!(answer.status, 0, "bind_transceiver_resp");
        esme
    }

    /// Sends a bind of that kind (version 3.4) and returns its response.
    pub fn bind(&mut self, kind: u32, system_id: &str, password: &str) -> Pdu {
        let mut body = Vec::new();
        for text in [system_id, password, ""] {
            body.extend(text.as_bytes());
            body.push(0);
        }
        body.extend([0x34, 0, 0, 0]);
        let sequence = self.send(kind, body).expect("the bind can be sent");
        self.response(sequence)
    }

    /// Sends a PDU with the next sequence number and returns that.
    pub fn send(&mut self, command: u32, body: Vec<u8>) -> std::io::Result<u32> {
        self.sequence += 1;
        let pdu = Pdu { command, status: 0, sequence: self.sequence, body };
        self.send_octets(&pdu.encode())?;
        Ok(self.sequence)
    }

    /// Sends octets as they are.
    pub fn send_octets(&mut self, octets: &[u8]) -> std::io::Result<()> {
        self.stream.write_all(octets)
    }

    /// How long a send may wait for the other side to read.
    pub fn set_write_timeout(&self, bound: Duration) {
        self.stream.set_write_timeout(Some(bound)).expect("a bound above zero");
    }

    /// Sends a submit_sm and returns its response.
    pub fn submit(&mut self, submit: &Submit) -> Pdu {
        let sequence = self.send(command::SUBMIT_SM, submit.body()).expect("the submit can be sent");
        self.response(sequence)
    }

    /// Sends any request and returns its response.
    pub fn request(&mut self, command: u32, body: Vec<u8>) -> Pdu {
        let sequence = self.send(command, body).expect("the request can be sent");
        self.response(sequence)
    }

    /// Waits for the next receipt, answers it and gives its text; panics where none comes.
    pub fn wait_for_receipt(&mut self, bound: Duration) -> String {
        loop {
            match self.receive(bound) {
                Received::Pdu(pdu) => {
                    self.answer(&pdu).expect("the session takes an answer");
                    if pdu.command == command::DELIVER_SM {
                        return String::from_utf8_lossy(&pdu.body).into_owned();
                    }
                }
                other => panic!("waiting for a receipt: {other:?}"),
            }
        }
    }

    /// Sends an enquire_link and panics where it is not answered: the session lives.
    pub fn assert_alive(&mut self) {
        let sequence = self.send(command::ENQUIRE_LINK, Vec::new()).expect("the session takes an enquire_link");
        let answer = self.response(sequence);
        assert_eq!((answer.command, answer.status), (command::ENQUIRE_LINK | command::RESPONSE, 0));
    }

    /// The response with that sequence number; requests of the gateway on the way are answered. Panics where none comes.
    pub fn response(&mut self, sequence: u32) -> Pdu {
        loop {
            match self.receive(Duration::from_secs(10)) {
                Received::Pdu(pdu) if pdu.command & command::RESPONSE != 0 && pdu.sequence == sequence => return pdu,
                Received::Pdu(pdu) => self.answer(&pdu).expect("the session takes a response"),
                other => panic!("waiting for the response to {sequence}: {other:?}"),
            }
        }
    }

    /// The responses with these sequence numbers, in whatever order they come. Panics where one does not.
    pub fn responses(&mut self, sequences: &[u32]) -> Vec<Pdu> {
        let mut missing: HashSet<u32> = sequences.iter().copied().collect();
        let mut responses = Vec::new();
        while !missing.is_empty() {
            match self.receive(Duration::from_secs(10)) {
                Received::Pdu(pdu) if pdu.command & command::RESPONSE != 0 && missing.remove(&pdu.sequence) => responses.push(pdu),
                Received::Pdu(pdu) => self.answer(&pdu).expect("the session takes a response"),
                other => panic!("waiting for the responses to {missing:?}: {other:?}"),
            }
        }
        responses
    }

    /// Answers a deliver_sm, an enquire_link or an unbind with status 0; does nothing for a response.
    pub fn answer(&mut self, request: &Pdu) -> std::io::Result<()> {
        if request.command & command::RESPONSE != 0 {
            return Ok(());
        }
        let body = if request.command == command::DELIVER_SM { vec![0] } else { Vec::new() };
        let answer = Pdu { command: request.command | command::RESPONSE, status: 0, sequence: request.sequence, body };
        self.send_octets(&answer.encode())
    }

    /// What comes next, within `bound`.
    pub fn receive(&mut self, bound: Duration) -> Received {
        loop {
            if let Some(pdu) = self.take_pdu() {
                return Received::Pdu(pdu);
            }
            self.stream.set_read_timeout(Some(bound.max(Duration::from_millis(1)))).expect("a bound above zero");
            let mut chunk = [0; 65_536];
            match self.stream.read(&mut chunk) {
                Ok(0) => return Received::Closed,
                Ok(count) => self.received.extend(&chunk[..count]),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => return Received::Silence,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return Received::Closed,
            }
        }
    }

    /// A PDU that has already come.
    pub fn take_pdu(&mut self) -> Option<Pdu> {
        let word = |index: usize| Some(u32::from_be_bytes(self.received.get(index..index + 4)?.try_into().ok()?));
        let length = word(0)? as usize;
        let (command, status, sequence) = (word(4)?, word(8)?, word(12)?);
        let body = self.received.get(16..length)?.to_vec();
        self.received.drain(..length);
        Some(Pdu { command, status, sequence, body })
    }
}
