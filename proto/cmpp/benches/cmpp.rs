//! What one PDU costs: encoding, decoding, framing, reports. Time and allocations, nothing of a session or a socket.

use std::fmt;

use bytes::{Bytes, BytesMut};
use divan::counter::ItemsCount;
use divan::{AllocProfiler, Bencher, black_box, black_box_drop};
use waxwing_cmpp::{Deliver, MsgId, Pdu, Report, Submit, SubmitResp, Terminals, Version, decode, encode, frame};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

/// A PDU on the wire, with the name it has in the table of results.
struct Sample {
    name: &'static str,
    version: Version,
    wire: Bytes,
}

impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.version)
    }
}

const ID: MsgId = MsgId::new(12, 31, 23, 59, 58, 1001, 7);

fn submit<'a>(dest_terminal_id: Terminals<'a>) -> Submit<'a> {
    const CONTENT: &[u8] = b"Your code is 123456. Do not tell it to anybody. It is valid for ten minutes.";
    Submit {
        registered_delivery: 1,
        service_id: b"SVC",
        fee_user_type: 2,
        msg_src: b"901234",
        fee_type: b"01",
        fee_code: b"000000",
        src_id: b"1069000112",
        dest_terminal_id,
        msg_content: CONTENT,
        ..Default::default()
    }
}

fn report(version: Version) -> BytesMut {
    let mut content = BytesMut::new();
    let report = Report {
        msg_id: ID,
        stat: b"DELIVRD",
        submit_time: b"2601020304",
        done_time: b"2601020305",
        dest_terminal_id: b"13800138000",
        smsc_sequence: 7,
    };
    assert_eq!(report.encode(version, &mut content), Ok(()));
    content
}

fn deliver(content: &[u8]) -> Deliver<'_> {
    Deliver {
        msg_id: ID,
        dest_id: b"1069000112",
        src_terminal_id: b"13800138000",
        registered_delivery: 1,
        msg_content: content,
        ..Default::default()
    }
}

fn wire<'a>(pdu: impl Into<Pdu<'a>>, version: Version) -> Bytes {
    let mut out = BytesMut::new();
    assert_eq!(encode(&pdu.into(), version, 4711, &mut out), Ok(()));
    out.freeze()
}

fn samples() -> Vec<Sample> {
    let ten = [&b"13800138000"[..]; 10];
    [Version::V2, Version::V3]
        .into_iter()
        .flat_map(|version| {
            let report = report(version);
            [
                ("SUBMIT, 1 recipient", wire(submit(Terminals::one(b"13800138000")), version)),
                ("SUBMIT, 10 recipients", wire(submit(Terminals::from(&ten)), version)),
                ("SUBMIT_RESP", wire(SubmitResp { msg_id: ID, result: 0 }, version)),
                ("DELIVER, report", wire(deliver(&report), version)),
            ]
            .map(|(name, wire)| Sample { name, version, wire })
        })
        .collect()
}

#[divan::bench(name = "decode", args = samples())]
fn decode_pdu(bencher: Bencher<'_, '_>, sample: &Sample) {
    bencher.counter(ItemsCount::new(1_u32)).bench_local(|| black_box_drop(decode(black_box(&sample.wire), sample.version)));
}

/// The body is taken apart beforehand; encoding through [`Pdu`] costs one more jump than encoding the view itself.
#[divan::bench(name = "encode", args = samples())]
fn encode_pdu(bencher: Bencher<'_, '_>, sample: &Sample) {
    let Ok(decoded) = decode(&sample.wire, sample.version) else { return };
    let mut out = BytesMut::with_capacity(4096);
    bencher.counter(ItemsCount::new(1_u32)).bench_local(|| {
        out.clear();
        black_box(encode(black_box(&decoded.pdu), sample.version, 4711, &mut out).is_ok())
    });
}

#[divan::bench(name = "64 KiB of SUBMIT: frames cut off and decoded", args = [Version::V2, Version::V3])]
fn frames_decoded(bencher: Bencher<'_, '_>, version: Version) {
    let one = wire(submit(Terminals::one(b"13800138000")), version);
    let count = 64 * 1024 / one.len();
    let block = one.repeat(count);
    bencher.with_inputs(|| BytesMut::from(&block[..])).input_counter(move |_| ItemsCount::new(count)).bench_local_values(|mut buffer| {
        while let Ok(Some(length)) = frame::next(&buffer, frame::DEFAULT_MAX_LEN) {
            let frame = buffer.split_to(length).freeze();
            let _ = black_box(decode(&frame, version));
        }
    });
}

#[divan::bench(name = "report: read", args = [Version::V2, Version::V3])]
fn report_read(bencher: Bencher<'_, '_>, version: Version) {
    let content = report(version);
    bencher.counter(ItemsCount::new(1_u32)).bench_local(|| black_box_drop(Report::decode(black_box(&content))));
}
