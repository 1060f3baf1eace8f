//! What the session engine costs by itself, without sockets: octets in, events out; requests and answers in, octets out.
//!
//! The dialect is SMPP's, cut down to what is measured, and the PDUs are read no further than their header: the codec has a bench of its own.

use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use divan::counter::ItemsCount;
use divan::{AllocProfiler, Bencher, black_box};
use waxwing_session::{Class, Dialect, Engine, Event, FrameFault, Options, Reject};
use waxwing_smpp::frame::{self, Header};
use waxwing_smpp::{BindTransceiver, BindTransceiverResp, CommandId, CommandStatus, SubmitSm, SubmitSmResp, encode};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

/// PDUs a round: what one or two reads of a busy connection bring.
const BATCH: usize = 256;

struct Smpp;

struct Frame {
    header: Header,
    octets: Bytes,
}

impl Dialect for Smpp {
    type Pdu = Frame;

    fn next_pdu(&mut self, buf: &mut BytesMut) -> Result<Option<Frame>, FrameFault> {
        match frame::next(buf, frame::DEFAULT_MAX_LEN) {
            Ok(None) => Ok(None),
            Ok(Some(length)) => {
                let octets = buf.split_to(length).freeze();
                Ok(Header::parse(&octets).map(|header| Frame { header, octets }))
            }
            Err(error) => Err(FrameFault { answer: Bytes::new(), reason: error.to_string() }),
        }
    }

    fn classify(&self, pdu: &Frame) -> Class {
        let seq = pdu.header.sequence_number;
        match pdu.header.command_id {
            CommandId::BIND_TRANSCEIVER => Class::Login { seq },
            CommandId::BIND_TRANSCEIVER_RESP => Class::LoginResp { seq },
            id if id.is_response() => Class::Response { seq },
            _ => Class::Request { seq },
        }
    }

    fn octets<'a>(&self, pdu: &'a Frame) -> &'a [u8] {
        &pdu.octets
    }

    fn keep_alive(&mut self, _: u32, _: &mut BytesMut) {}

    fn keep_alive_resp(&mut self, _: &Frame, _: &mut BytesMut) {}

    fn unbind(&mut self, _: u32, _: &mut BytesMut) {}

    fn unbind_resp(&mut self, _: &Frame, _: &mut BytesMut) {}

    fn reject(&mut self, _: &Frame, _: Reject, _: &mut BytesMut) {}

    fn next_seq(prev: u32) -> u32 {
        if prev >= 0x7fff_ffff { 1 } else { prev + 1 }
    }

    fn set_seq(frame: &mut [u8], seq: u32) {
        if let Some(field) = frame.get_mut(12..16) {
            field.copy_from_slice(&seq.to_be_bytes());
        }
    }
}

fn options() -> Options {
    Options { window: BATCH as u32, max_unanswered: 2 * BATCH as u32, keep_alive_interval: None, ..Options::default() }
}

fn submit(sequence_number: u32, out: &mut BytesMut) {
    let body =
        SubmitSm { short_message: b"Your code is 123456. Do not tell it to anybody. It is valid for ten minutes.", ..Default::default() };
    assert_eq!(encode(&body, CommandStatus::ESME_ROK, sequence_number, out), Ok(()));
}

fn submit_resp(sequence_number: u32, out: &mut BytesMut) {
    let body = SubmitSmResp { message_id: Some(b"0123456789"), ..Default::default() };
    assert_eq!(encode(&body, CommandStatus::ESME_ROK, sequence_number, out), Ok(()));
}

/// The side that takes submissions, bound.
fn server(now: Instant) -> Engine<Smpp> {
    let mut engine = Engine::server(Smpp, options(), now);
    let mut login = BytesMut::new();
    assert_eq!(encode(&BindTransceiver::default(), CommandStatus::ESME_ROK, 1, &mut login), Ok(()));
    engine.receive(&login, now);
    assert!(matches!(engine.poll_event(), Some(Event::Login { .. })));
    engine.accept_login(b"", now);
    engine
}

/// The side that submits, bound.
fn client(now: Instant) -> Engine<Smpp> {
    let mut engine = Engine::client(Smpp, options(), now);
    let mut frame = BytesMut::new();
    assert_eq!(encode(&BindTransceiver::default(), CommandStatus::ESME_ROK, 0, &mut frame), Ok(()));
    assert_eq!(engine.login(&frame, now), Ok(1));
    engine.sent(usize::MAX, now);
    let mut answer = BytesMut::new();
    assert_eq!(encode(&BindTransceiverResp::default(), CommandStatus::ESME_ROK, 1, &mut answer), Ok(()));
    engine.receive(&answer, now);
    assert!(matches!(engine.poll_event(), Some(Event::LoginResponse { .. })));
    engine.bound(now);
    engine
}

/// Requests come in, each is answered at once, the answers leave.
#[divan::bench(name = "server: requests in, answers out")]
fn requests_in(bencher: Bencher<'_, '_>) {
    let mut now = Instant::now();
    let mut engine = server(now);
    let mut block = BytesMut::new();
    for sequence_number in 0..BATCH as u32 {
        submit(sequence_number + 1, &mut block);
    }
    let mut answer = BytesMut::new();
    submit_resp(1, &mut answer);
    bencher.counter(ItemsCount::new(BATCH)).bench_local(|| {
        now += Duration::from_millis(1);
        engine.receive(&block, now);
        let mut answered = 0;
        while let Some(event) = engine.poll_event() {
            if let Event::Request { pdu, .. } = event {
                black_box(pdu.octets.len());
                engine.respond(&answer);
                answered += 1;
            }
        }
        assert_eq!(answered, BATCH);
        engine.sent(usize::MAX, now);
    });
}

/// The same, with the answers held back until the whole batch is there, as a gateway does that syncs a batch to its disk.
#[divan::bench(name = "server: requests in, answers out together")]
fn requests_in_batch(bencher: Bencher<'_, '_>) {
    let mut now = Instant::now();
    let mut engine = server(now);
    let mut block = BytesMut::new();
    for sequence_number in 0..BATCH as u32 {
        submit(sequence_number + 1, &mut block);
    }
    let mut answer = BytesMut::new();
    submit_resp(1, &mut answer);
    let mut held = Vec::with_capacity(BATCH);
    bencher.counter(ItemsCount::new(BATCH)).bench_local(|| {
        now += Duration::from_millis(1);
        engine.receive(&block, now);
        held.extend(std::iter::from_fn(|| engine.poll_event()));
        assert_eq!(held.len(), BATCH);
        for event in held.drain(..) {
            black_box(&event);
            engine.respond(&answer);
        }
        engine.sent(usize::MAX, now);
    });
}

/// Requests leave, their answers come in the order of the requests.
#[divan::bench(name = "client: requests out, answers in")]
fn requests_out(bencher: Bencher<'_, '_>) {
    client_rounds(bencher, |_| {});
}

/// Requests leave, their answers come in any order.
#[divan::bench(name = "client: requests out, answers in any order")]
fn requests_out_shuffled(bencher: Bencher<'_, '_>) {
    client_rounds(bencher, |order| {
        let mut random = fastrand::Rng::with_seed(7);
        random.shuffle(order);
    });
}

fn client_rounds(bencher: Bencher<'_, '_>, arrange: impl Fn(&mut [usize])) {
    let mut now = Instant::now();
    let mut engine = client(now);
    let mut request = BytesMut::new();
    submit(0, &mut request);
    let mut answer = BytesMut::new();
    submit_resp(0, &mut answer);
    let mut order: Vec<usize> = (0..BATCH).collect();
    arrange(&mut order);
    let mut sent = Vec::with_capacity(BATCH);
    let mut block = BytesMut::with_capacity(BATCH * answer.len());
    bencher.counter(ItemsCount::new(BATCH)).bench_local(|| {
        now += Duration::from_millis(1);
        sent.clear();
        for token in 0..BATCH as u64 {
            sent.extend(engine.request(&request, token, now));
        }
        assert_eq!(sent.len(), BATCH);
        engine.sent(usize::MAX, now);
        block.clear();
        for &index in &order {
            let start = block.len();
            block.extend_from_slice(&answer);
            Smpp::set_seq(&mut block[start..], sent[index]);
        }
        engine.receive(&block, now);
        let mut answered = 0;
        while let Some(event) = engine.poll_event() {
            if let Event::Response { token, .. } = event {
                black_box(token);
                answered += 1;
            }
        }
        assert_eq!(answered, BATCH);
    });
}
