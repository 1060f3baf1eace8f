//! The other side, SP or ISMG, frame by frame.

use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use waxwing_cmpp::{
    ActiveTest, Body, CommandId, Connect, ConnectResp, Deliver, DeliverResp, Encoder, MsgId as Id, Pdu, Report, Submit, SubmitResp,
    Terminals, Version, auth, decode,
};
use waxwing_endpoints::Endpoint;

use crate::bed::{BOUND, PHONE};

/// A connection, frame by frame.
pub(crate) struct Wire {
    pub(crate) stream: TcpStream,
    pub(crate) version: Version,
    pub(crate) sequence: u32,
    /// Frames that came while another was waited for.
    pub(crate) aside: Vec<Vec<u8>>,
}

impl Wire {
    pub(crate) fn new(stream: TcpStream) -> Wire {
        stream.set_nodelay(true).unwrap();
        Wire { stream, version: Version::V2, sequence: 0, aside: Vec::new() }
    }

    pub(crate) async fn to(endpoint: &Endpoint) -> Wire {
        Wire::new(TcpStream::connect(endpoint.address.unwrap()).await.unwrap())
    }

    pub(crate) async fn send(&mut self, octets: &[u8]) {
        self.stream.write_all(octets).await.unwrap();
    }

    /// The next frame; `None` when the other side has closed.
    pub(crate) async fn next(&mut self) -> Option<Vec<u8>> {
        if !self.aside.is_empty() {
            return Some(self.aside.remove(0));
        }
        self.read().await
    }

    pub(crate) async fn read(&mut self) -> Option<Vec<u8>> {
        let mut length = [0; 4];
        let read = tokio::time::timeout(BOUND, self.stream.read_exact(&mut length)).await.expect("nothing came");
        read.ok()?;
        let mut frame = length.to_vec();
        frame.resize(u32::from_be_bytes(length) as usize, 0);
        tokio::time::timeout(BOUND, self.stream.read_exact(&mut frame[4..])).await.expect("half a frame").ok()?;
        Some(frame)
    }

    /// Sends a request; gives its number.
    pub(crate) async fn request(&mut self, body: &impl Body) -> u32 {
        self.sequence += 1;
        let octets = frame(body, self.version, self.sequence);
        self.send(&octets).await;
        self.sequence
    }

    /// The answer to a request.
    pub(crate) async fn answer(&mut self, sequence: u32) -> Vec<u8> {
        loop {
            let frame = self.read().await.expect("closed before the answer");
            if frame[4] == 0x80 && frame[8..12] == sequence.to_be_bytes() {
                return frame;
            }
            self.aside.push(frame);
        }
    }

    pub(crate) async fn ask(&mut self, body: &impl Body) -> Vec<u8> {
        let sequence = self.request(body).await;
        self.answer(sequence).await
    }

    pub(crate) async fn submit(&mut self, body: &Submit<'_>) -> (Id, u32) {
        let frame = self.ask(body).await;
        self.submitted(&frame)
    }

    pub(crate) fn submitted(&self, frame: &[u8]) -> (Id, u32) {
        let Pdu::SubmitResp(r) = decode(frame, self.version).unwrap().pdu else { panic!("{frame:02x?}") };
        (r.msg_id, r.result)
    }

    /// The next frame, which is a DELIVER, given to `look`, and its number.
    pub(crate) async fn delivery<T>(&mut self, look: impl FnOnce(&Deliver<'_>) -> T) -> (u32, T) {
        let frame = self.next().await.expect("closed before a DELIVER");
        let decoded = decode(&frame, self.version).unwrap();
        let Pdu::Deliver(d) = decoded.pdu else { panic!("{frame:02x?}") };
        (decoded.header.sequence_id, look(&d))
    }

    pub(crate) async fn alive(&mut self) {
        let sequence = self.request(&ActiveTest::default()).await;
        assert_eq!(self.answer(sequence).await.len(), 13);
    }

    pub(crate) async fn closed(&mut self) {
        assert_eq!(self.next().await, None);
    }
}

pub(crate) fn frame(body: &impl Body, version: Version, sequence: u32) -> BytesMut {
    let mut out = BytesMut::new();
    Encoder::new(version).max_content(255).max_recipients(255).encode(body, sequence, &mut out).unwrap();
    out
}

/// A CONNECT with this digest's account, and so on.
pub(crate) fn connect(source: &[u8], digest: [u8; 16], byte: u8, timestamp: u32) -> BytesMut {
    frame(&Connect { source_addr: source, authenticator_source: digest, version: byte, timestamp }, Version::V2, 77)
}

/// Signs in; gives the connection and the whole answer.
pub(crate) async fn sign_in(door: &Endpoint, byte: u8) -> (Wire, Vec<u8>) {
    let timestamp = auth::timestamp(11, 22, 3, 4, 5);
    let digest = auth::source(b"901234", b"secret", timestamp);
    let mut wire = Wire::to(door).await;
    wire.send(&connect(b"901234", digest, byte, timestamp)).await;
    let answer = wire.next().await.unwrap();
    wire.version = if answer.len() == 33 { Version::V3 } else { Version::V2 };
    (wire, answer)
}

pub(crate) async fn sp(door: &Endpoint, byte: u8) -> Wire {
    let (wire, answer) = sign_in(door, byte).await;
    assert_eq!(status(&answer), 0);
    wire
}

pub(crate) fn status(answer: &[u8]) -> u32 {
    let Pdu::ConnectResp(r) = decode(answer, Version::V2).unwrap().pdu else { panic!("{answer:02x?}") };
    r.status
}

pub(crate) fn like<'a>(content: &'a [u8]) -> Submit<'a> {
    Submit {
        registered_delivery: 1,
        msg_src: b"901234",
        src_id: b"10690001",
        dest_terminal_id: Terminals::one(PHONE),
        msg_content: content,
        ..Submit::default()
    }
}

/// An ISMG, as far as a test needs one.
pub(crate) struct Carrier {
    pub(crate) listener: TcpListener,
}

impl Carrier {
    /// The next connection, and its CONNECT.
    pub(crate) async fn connection(&self) -> (Wire, Vec<u8>) {
        let (stream, _) = tokio::time::timeout(BOUND, self.listener.accept()).await.expect("nobody came").unwrap();
        let mut wire = Wire::new(stream);
        let connect = wire.next().await.unwrap();
        (wire, connect)
    }

    /// The next connection, let in.
    pub(crate) async fn link(&self, version: Version) -> Wire {
        let (mut wire, connect) = self.connection().await;
        wire.let_in(&connect, version).await;
        wire
    }
}

impl Wire {
    pub(crate) async fn let_in(&mut self, connect: &[u8], version: Version) {
        let decoded = decode(connect, version).unwrap();
        let Pdu::Connect(c) = decoded.pdu else { panic!("{connect:02x?}") };
        let authenticator_ismg = auth::ismg(0, version, &c.authenticator_source, b"secret");
        let body = ConnectResp { status: 0, authenticator_ismg, version: version.byte() };
        self.version = version;
        self.send(&frame(&body, version, decoded.header.sequence_id)).await;
    }

    /// Takes a SUBMIT; gives its number and the frame.
    pub(crate) async fn taken(&mut self) -> (u32, Vec<u8>) {
        let frame = self.next().await.expect("closed before a SUBMIT");
        assert_eq!(frame[4..8], CommandId::SUBMIT.0.to_be_bytes(), "{frame:02x?}");
        (u32::from_be_bytes(frame[8..12].try_into().unwrap()), frame)
    }

    pub(crate) async fn accept(&mut self, sequence: u32, msg_id: Id) {
        self.send(&frame(&SubmitResp { msg_id, result: 0 }, self.version, sequence)).await;
    }

    pub(crate) async fn report(&mut self, msg_id: Id, number: &[u8], layout: Version) {
        let mut content = BytesMut::new();
        let report = Report { msg_id, stat: b"DELIVRD", dest_terminal_id: number, ..Report::default() };
        report.encode(layout, &mut content).unwrap();
        let body = Deliver {
            msg_id: Id(9),
            dest_id: b"10690001",
            registered_delivery: 1,
            src_terminal_id: number,
            msg_content: &content,
            ..Deliver::default()
        };
        let frame = self.ask(&body).await;
        assert_eq!(decode(&frame, self.version).unwrap().pdu, Pdu::DeliverResp(DeliverResp { msg_id: Id(9), result: 0 }));
    }
}

pub(crate) fn fields(frame: &[u8], version: Version, look: impl FnOnce(&Submit<'_>)) {
    let Pdu::Submit(s) = decode(frame, version).unwrap().pdu else { panic!("{frame:02x?}") };
    look(&s);
}
