//! A gateway (ISMG) that does what the test tells it, PDU by PDU: nothing in it runs by itself.

use std::collections::VecDeque;
use std::net::{SocketAddr, TcpListener};
use std::time::{Duration, Instant};

use super::fields::Fields;
use super::{Deliver, Pdu, Received, Report, Submit, Version, Wire, authenticator_ismg, authenticator_source, command};

const BOUND: Duration = Duration::from_secs(20);
/// The secret that it shares with the gateway under test.
const SECRET: &str = "secret";

/// A listening ISMG.
#[derive(Debug)]
pub struct Ismg {
    listener: TcpListener,
    address: SocketAddr,
}

/// A CONNECT that came.
#[derive(Clone, Debug)]
pub struct Connect {
    pdu: Pdu,
    /// Source_Addr
    pub source: String,
    /// Version byte.
    pub version: u8,
    /// Timestamp
    pub timestamp: u32,
    authenticator: [u8; 16],
}

impl Connect {
    /// Whether AuthenticatorSource is right, over the bare account or over the padded one.
    pub fn is_authentic(&self, padded: bool) -> bool {
        let mut source = self.source.clone().into_bytes();
        if padded {
            source.resize(6, 0);
        }
        self.authenticator == authenticator_source(&source, SECRET, self.timestamp)
    }
}

/// What an ISMG proves in its CONNECT_RESP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The standard's, over the status in its wire width.
    Right,
    /// Over a status of four octets, also where the wire has one.
    FourOctets,
    /// Zeros.
    Empty,
    /// Something else.
    Wrong,
}

impl Ismg {
    /// Starts one on a free port.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("a socket");
        let address = listener.local_addr().expect("a bound socket");
        Self { listener, address }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The next connection and its CONNECT, which is to be answered.
    pub fn accept(&self) -> (Link, Connect) {
        let (stream, _) = crate::until_some("a connection to the ISMG", BOUND, || self.listener.accept().ok());
        stream.set_nonblocking(false).expect("a socket");
        let mut link =
            Link { wire: Wire::new(stream).expect("a socket"), version: Version::V2, sequence: 0x7fff_fff0, submits: VecDeque::new() };
        let pdu = link.next(BOUND);
        assert_eq!((pdu.command, pdu.body.len()), (command::CONNECT, 27), "the first PDU: {pdu:?}");
        let mut fields = Fields::new(&pdu.body);
        let source = fields.text(6);
        let authenticator = fields.octets(16).try_into().expect("16 octets");
        let (version, timestamp) = (fields.octet(), fields.word());
        (link, Connect { source, version, timestamp, authenticator, pdu })
    }

    /// The next connection, logged in as its CONNECT wants it.
    pub fn login(&self) -> Link {
        let (mut link, connect) = self.accept();
        assert_eq!(connect.source, "901234");
        assert!(connect.is_authentic(false), "{connect:?}");
        link.answer_connect(&connect, 0, connect.version, Proof::Right);
        link
    }
}

/// A SUBMIT that came and waits for its answer.
#[derive(Clone, Debug)]
pub struct Incoming {
    pdu: Pdu,
    /// Its fields.
    pub submit: Submit,
}

impl Incoming {
    /// Whether both are the same request: sequence number and all fields.
    pub fn same_as(&self, other: &Self) -> bool {
        self.pdu == other.pdu
    }
}

/// A connection of the gateway under test.
#[derive(Debug)]
pub struct Link {
    wire: Wire,
    version: Version,
    sequence: u32,
    submits: VecDeque<Incoming>,
}

impl Link {
    /// Answers a CONNECT in the layout that goes with the version byte, which is the layout of everything after it.
    pub fn answer_connect(&mut self, connect: &Connect, status: u32, version: u8, proof: Proof) {
        self.version = Version::of_byte(version);
        let status_octets = self.version.result(status);
        let right = |status: &[u8]| authenticator_ismg(status, &connect.authenticator, SECRET);
        let authenticator = match proof {
            Proof::Right => right(&status_octets),
            Proof::FourOctets => right(&status.to_be_bytes()),
            Proof::Empty => [0; 16],
            Proof::Wrong => *b"mockauthmockauth",
        };
        let body = [status_octets.as_slice(), &authenticator, &[version]].concat();
        self.wire.send(&connect.pdu.answer(body)).expect("the connection takes an answer");
    }

    /// Answers a CONNECT with a status and this version byte in a layout that has nothing to do with it.
    pub fn refuse_connect(&mut self, connect: &Connect, status: u32, version: u8, layout: Version) {
        let body = [layout.result(status).as_slice(), &[0; 16], &[version]].concat();
        self.wire.send(&connect.pdu.answer(body)).expect("the connection takes an answer");
    }

    /// The layout in use.
    pub fn version(&self) -> Version {
        self.version
    }

    fn next(&mut self, bound: Duration) -> Pdu {
        match self.wire.receive(bound) {
            Received::Pdu(pdu) => pdu,
            other => panic!("at the ISMG: {other:?}"),
        }
    }

    /// Answers what is not the test's business, and keeps SUBMITs; gives responses.
    fn meet(&mut self, pdu: Pdu) -> Option<Pdu> {
        match pdu.command {
            command::SUBMIT => {
                let submit = Submit::parse(&pdu.body, self.version);
                self.submits.push_back(Incoming { pdu, submit });
            }
            command::ACTIVE_TEST => self.wire.send(&pdu.answer(vec![0])).expect("the connection takes an answer"),
            command::TERMINATE => self.wire.send(&pdu.answer(Vec::new())).expect("the connection takes an answer"),
            response if response & command::RESPONSE != 0 => return Some(pdu),
            other => panic!("a request {other:#x} at an ISMG"),
        }
        None
    }

    /// Waits for the next SUBMIT.
    pub fn wait_for_submit(&mut self) -> Incoming {
        let deadline = Instant::now() + BOUND;
        loop {
            if let Some(incoming) = self.submits.pop_front() {
                return incoming;
            }
            let pdu = self.next(deadline.saturating_duration_since(Instant::now()));
            self.meet(pdu);
        }
    }

    /// Whether nothing is submitted within `bound`; for what must not come.
    pub fn gets_nothing(&mut self, bound: Duration) -> bool {
        let deadline = Instant::now() + bound;
        while self.submits.is_empty() {
            match self.wire.receive(deadline.saturating_duration_since(Instant::now())) {
                Received::Pdu(pdu) => drop(self.meet(pdu)),
                Received::Silence => return true,
                Received::Closed => panic!("the gateway closed the connection"),
            }
        }
        false
    }

    /// Answers a SUBMIT.
    pub fn answer(&mut self, incoming: &Incoming, id: u64, result: u32) {
        let body = [id.to_be_bytes().as_slice(), &self.version.result(result)].concat();
        self.wire.send(&incoming.pdu.answer(body)).expect("the connection takes an answer");
    }

    /// Takes the next SUBMIT under that Msg_Id.
    pub fn take(&mut self, id: u64) -> Submit {
        let incoming = self.wait_for_submit();
        self.answer(&incoming, id, 0);
        incoming.submit
    }

    /// Sends a DELIVER and returns its sequence number.
    pub fn send_deliver(&mut self, deliver: &Deliver) -> u32 {
        self.sequence = self.sequence.wrapping_add(1);
        let pdu = Pdu { command: command::DELIVER, sequence: self.sequence, body: deliver.body(self.version) };
        self.wire.send(&pdu).expect("the connection takes a DELIVER");
        self.sequence
    }

    /// Sends a DELIVER and waits for its answer: the Result. Panics where the answer is about another Msg_Id.
    pub fn deliver(&mut self, deliver: &Deliver) -> u32 {
        let sequence = self.send_deliver(deliver);
        let (id, result) = self.response(sequence).id_and_result(self.version);
        assert_eq!(id, deliver.msg_id, "DELIVER_RESP repeats Msg_Id");
        result
    }

    /// Sends any request and returns its response.
    pub fn request(&mut self, command: u32, body: Vec<u8>) -> Pdu {
        self.sequence = self.sequence.wrapping_add(1);
        self.wire.send(&Pdu { command, sequence: self.sequence, body }).expect("the connection takes a request");
        self.response(self.sequence)
    }

    /// The response with that sequence number.
    pub fn response(&mut self, sequence: u32) -> Pdu {
        let deadline = Instant::now() + BOUND;
        loop {
            let pdu = self.next(deadline.saturating_duration_since(Instant::now()));
            if let Some(answer) = self.meet(pdu)
                && answer.sequence == sequence
            {
                return answer;
            }
        }
    }

    /// Sends a report in the layout's own length, and panics where it is not taken.
    pub fn report(&mut self, id: u64, stat: &str, phone: &str) {
        let deliver = Deliver::of_report(&Report::new(id, stat, phone), self.version.report());
        assert_eq!(self.deliver(&deliver), 0, "{stat} about {id:x}");
    }

    /// Sends octets as they are.
    pub fn send_octets(&mut self, octets: &[u8]) {
        self.wire.send_octets(octets).expect("the connection takes them");
    }

    /// Waits until the gateway has closed the connection; whether it said TERMINATE before.
    pub fn wait_for_close(&mut self) -> bool {
        let deadline = Instant::now() + BOUND;
        let mut goodbye = false;
        loop {
            match self.wire.receive(deadline.saturating_duration_since(Instant::now())) {
                Received::Pdu(pdu) => {
                    goodbye |= pdu.command == command::TERMINATE;
                    self.meet(pdu);
                }
                Received::Closed => return goodbye,
                Received::Silence => panic!("the connection is still open"),
            }
        }
    }

    /// What comes next within `bound`, unanswered.
    pub fn receive(&mut self, bound: Duration) -> Received {
        self.wire.receive(bound)
    }
}
