//! A service provider: the client's side.

use std::collections::{HashMap, VecDeque};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use super::{Deliver, Pdu, Received, Report, Submit, Version, Wire, authenticator_ismg, authenticator_source, command, number};

const BOUND: Duration = Duration::from_secs(10);

/// What a CONNECT says.
#[derive(Clone, Debug)]
pub struct Login {
    /// Source_Addr, at most six octets.
    pub source: String,
    /// The shared secret.
    pub secret: String,
    /// Version byte.
    pub version: u8,
    /// Timestamp: MMDDHHMMSS as a number.
    pub timestamp: u32,
    /// AuthenticatorSource over Source_Addr padded to six octets.
    pub padded: bool,
}

impl Login {
    /// "901234" with the right secret, on the second of January: a timestamp that begins with a zero.
    pub fn shop(version: u8) -> Self {
        Self { source: "901234".into(), secret: "secret".into(), version, timestamp: 102_030_405, padded: false }
    }

    fn authenticator(&self) -> [u8; 16] {
        let mut source = self.source.clone().into_bytes();
        if self.padded {
            source.resize(6, 0);
        }
        authenticator_source(&source, &self.secret, self.timestamp)
    }

    /// The PDU with that sequence number.
    pub fn pdu(&self, sequence: u32) -> Pdu {
        let mut body = Vec::new();
        super::fields::put(&mut body, self.source.as_bytes(), 6);
        body.extend(self.authenticator());
        body.push(self.version);
        body.extend(self.timestamp.to_be_bytes());
        Pdu { command: command::CONNECT, sequence, body }
    }
}

/// What a CONNECT_RESP said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginAnswer {
    /// Status
    pub status: u32,
    /// The layout, by its length.
    pub layout: Version,
    /// Version
    pub version: u8,
    /// AuthenticatorISMG is the right one.
    pub authentic: bool,
    /// AuthenticatorISMG is all zeros.
    pub empty: bool,
}

/// A connection to an ISMG. Requests of the ISMG are answered as they are met; a DELIVER is kept for the test.
#[derive(Debug)]
pub struct Sp {
    wire: Wire,
    version: Version,
    sequence: u32,
    delivers: VecDeque<(u32, Deliver)>,
    mute: bool,
}

impl Sp {
    /// Connects, without a login.
    pub fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect_timeout(&address, BOUND).and_then(Wire::new);
        let wire = stream.unwrap_or_else(|error| panic!("{address}: {error}"));
        Self { wire, version: Version::V2, sequence: 0, delivers: VecDeque::new(), mute: false }
    }

    /// Connects and logs in as "901234" with this version byte. Panics where that fails or the ISMG does not prove that it is the one.
    pub fn ready(address: SocketAddr, version: u8) -> Self {
        Self::ready_as(address, &Login::shop(version))
    }

    /// [`Sp::ready`] as somebody else.
    pub fn ready_as(address: SocketAddr, login: &Login) -> Self {
        let mut sp = Self::connect(address);
        let answer = sp.login(login);
        assert_eq!((answer.status, answer.authentic), (0, true), "{login:?}: {answer:?}");
        sp
    }

    /// Sends a CONNECT and reads its answer, whose length gives the layout of everything after it.
    pub fn login(&mut self, login: &Login) -> LoginAnswer {
        self.sequence += 1;
        self.wire.send(&login.pdu(self.sequence)).expect("the connection takes a CONNECT");
        let answer = self.response(self.sequence);
        assert_eq!(answer.command, command::CONNECT | command::RESPONSE, "{answer:?}");
        let layout = match answer.body.len() {
            18 => Version::V2,
            21 => Version::V3,
            other => panic!("a CONNECT_RESP with a body of {other} octets"),
        };
        self.version = layout;
        let (status, rest) = answer.body.split_at(answer.body.len() - 17);
        let right = authenticator_ismg(status, &login.authenticator(), &login.secret);
        let given = &rest[..16];
        LoginAnswer {
            status: number(status),
            layout,
            version: rest[16],
            authentic: given == right,
            empty: given.iter().all(|octet| *octet == 0),
        }
    }

    /// The layout that the login settled.
    pub fn version(&self) -> Version {
        self.version
    }

    /// From now on no DELIVER is answered.
    pub fn fall_silent(&mut self) {
        self.mute = true;
    }

    /// Sends octets as they are.
    pub fn send_octets(&mut self, octets: &[u8]) -> std::io::Result<()> {
        self.wire.send_octets(octets)
    }

    /// Sends a request with the next sequence number and returns that.
    pub fn send(&mut self, command: u32, body: Vec<u8>) -> u32 {
        self.sequence += 1;
        self.wire.send(&Pdu { command, sequence: self.sequence, body }).expect("the connection takes a request");
        self.sequence
    }

    /// Sends a request and returns its response.
    pub fn request(&mut self, command: u32, body: Vec<u8>) -> Pdu {
        let sequence = self.send(command, body);
        let answer = self.response(sequence);
        assert_eq!(answer.command, command | command::RESPONSE, "{answer:?}");
        answer
    }

    /// Sends a SUBMIT and returns Msg_Id and Result.
    pub fn submit(&mut self, submit: &Submit) -> (u64, u32) {
        self.request(command::SUBMIT, submit.body(self.version)).id_and_result(self.version)
    }

    /// Sends a SUBMIT that has to be taken and returns its Msg_Id.
    pub fn submit_ok(&mut self, submit: &Submit) -> u64 {
        let (id, result) = self.submit(submit);
        assert_eq!(result, 0, "{submit:?}");
        assert_ne!(id, 0, "{submit:?}");
        id
    }

    /// Sends many at once and returns their Msg_Ids and Results in the order of sending.
    pub fn submit_all(&mut self, submits: &[Submit]) -> Vec<(u64, u32)> {
        let sequences: Vec<u32> = submits.iter().map(|submit| self.send(command::SUBMIT, submit.body(self.version))).collect();
        let mut answers: HashMap<u32, (u64, u32)> = HashMap::new();
        while answers.len() < sequences.len() {
            let answer = self.next_response("the answers to many SUBMITs");
            answers.insert(answer.sequence, answer.id_and_result(self.version));
        }
        sequences.iter().map(|sequence| answers[sequence]).collect()
    }

    /// CANCEL: its Success_Id.
    pub fn cancel(&mut self, id: u64) -> u32 {
        let answer = self.request(command::CANCEL, id.to_be_bytes().to_vec());
        assert_eq!(answer.body.len(), self.version.result(0).len(), "{answer:?}");
        number(&answer.body)
    }

    /// Sends an ACTIVE_TEST and panics where it is not answered: the session lives.
    pub fn assert_alive(&mut self) {
        let answer = self.request(command::ACTIVE_TEST, Vec::new());
        assert_eq!(answer.body.len(), 1, "{answer:?}");
    }

    /// Says goodbye and waits for the answer.
    pub fn terminate(mut self) {
        let answer = self.request(command::TERMINATE, Vec::new());
        assert!(answer.body.is_empty(), "{answer:?}");
    }

    /// The response with that sequence number. Panics where none comes.
    pub fn response(&mut self, sequence: u32) -> Pdu {
        loop {
            let answer = self.next_response("a response");
            if answer.sequence == sequence {
                return answer;
            }
        }
    }

    fn next_response(&mut self, what: &str) -> Pdu {
        loop {
            match self.wire.receive(BOUND) {
                Received::Pdu(pdu) if pdu.command & command::RESPONSE != 0 => return pdu,
                Received::Pdu(pdu) => self.meet(pdu),
                other => panic!("waiting for {what}: {other:?}"),
            }
        }
    }

    /// Answers a request of the ISMG, and keeps it where it is a DELIVER.
    fn meet(&mut self, request: Pdu) {
        let body = match request.command {
            command::DELIVER => {
                let deliver = Deliver::parse(&request.body, self.version);
                let body = [deliver.msg_id.to_be_bytes().as_slice(), &self.version.result(0)].concat();
                self.delivers.push_back((request.sequence, deliver));
                if self.mute {
                    return;
                }
                body
            }
            command::ACTIVE_TEST => vec![0],
            command::TERMINATE => Vec::new(),
            other => panic!("a request {other:#x} at an SP"),
        };
        // The ISMG may have gone.
        let _ = self.wire.send(&request.answer(body));
    }

    /// Waits for the next DELIVER and gives it with its sequence number. Panics where none comes.
    pub fn wait_for_deliver(&mut self, bound: Duration) -> (u32, Deliver) {
        self.wait_for("a DELIVER", bound, |_| true)
    }

    /// Waits for the first DELIVER that `wanted` likes; others stay.
    pub fn wait_for(&mut self, what: &str, bound: Duration, wanted: impl Fn(&Deliver) -> bool) -> (u32, Deliver) {
        let deadline = Instant::now() + bound;
        loop {
            if let Some(index) = self.delivers.iter().position(|(_, deliver)| wanted(deliver)) {
                return self.delivers.remove(index).expect("just found");
            }
            match self.wire.receive(deadline.saturating_duration_since(Instant::now())) {
                Received::Pdu(pdu) if pdu.command & command::RESPONSE == 0 => self.meet(pdu),
                Received::Pdu(_) => {}
                other => panic!("waiting for {what}: {other:?}; there is {:?}", self.delivers),
            }
        }
    }

    /// Waits for the next report.
    pub fn wait_for_report(&mut self, bound: Duration) -> Report {
        self.wait_for("a report", bound, |deliver| deliver.registered_delivery != 0).1.report()
    }

    /// Waits for the next message that is no report.
    pub fn wait_for_mo(&mut self, bound: Duration) -> Deliver {
        self.wait_for("an MO", bound, |deliver| deliver.registered_delivery == 0).1
    }

    /// Whether all that has come was waited for: asks for an answer first, so that what was on its way is there.
    pub fn has_no_more(&mut self) -> bool {
        self.assert_alive();
        self.delivers.is_empty()
    }

    /// What comes next within `bound`, unanswered.
    pub fn receive(&mut self, bound: Duration) -> Received {
        self.wire.receive(bound)
    }

    /// Answers what comes until the ISMG closes the connection; whether it said TERMINATE before.
    pub fn wait_for_goodbye(&mut self, bound: Duration) -> bool {
        let deadline = Instant::now() + bound;
        let mut goodbye = false;
        loop {
            match self.wire.receive(deadline.saturating_duration_since(Instant::now())) {
                Received::Pdu(pdu) => {
                    goodbye |= pdu.command == command::TERMINATE;
                    if pdu.command & command::RESPONSE == 0 {
                        self.meet(pdu);
                    }
                }
                Received::Closed => return goodbye,
                Received::Silence => panic!("the connection is still open"),
            }
        }
    }

    /// Panics unless the ISMG closes the connection within the bound; gives what it said before.
    pub fn wait_for_close(&mut self, bound: Duration) -> Vec<Pdu> {
        let deadline = Instant::now() + bound;
        let mut said = Vec::new();
        loop {
            match self.wire.receive(deadline.saturating_duration_since(Instant::now())) {
                Received::Pdu(pdu) => said.push(pdu),
                Received::Closed => return said,
                Received::Silence => panic!("the connection is still open; it said {said:?}"),
            }
        }
    }
}
