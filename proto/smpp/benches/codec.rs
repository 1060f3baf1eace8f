//! What one PDU costs: encoding, decoding, framing, receipts. Time and allocations, nothing of a session or a socket.

use std::fmt;

use bytes::{Bytes, BytesMut};
use divan::counter::ItemsCount;
use divan::{AllocProfiler, Bencher, black_box, black_box_drop};
use waxwing_smpp::receipt::{Receipt, ReceiptDate, TextReceipt, put_tlvs};
use waxwing_smpp::{
    Address, CommandStatus, DataCoding, DeliverSm, EnquireLink, EsmClass, MessageState, Npi, Pdu, RegisteredDelivery, SubmitSm,
    SubmitSmResp, Tag, TlvBuf, Ton, decode, encode, frame,
};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

/// A PDU on the wire, with the name it has in the table of results.
struct Sample {
    name: &'static str,
    wire: Bytes,
}

impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

const RECEIPT: &[u8] =
    b"id:0123456789 sub:001 dlvrd:001 submit date:2603311200 done date:2603311205 stat:DELIVRD err:000 text:Your code is 123456.";

fn submit(short_message: &[u8]) -> SubmitSm<'_> {
    SubmitSm {
        source_addr: Address::new(Ton::ALPHANUMERIC, Npi::UNKNOWN, b"Waxwing"),
        destination_addr: Address::new(Ton::INTERNATIONAL, Npi::ISDN, b"447900900123"),
        registered_delivery: RegisteredDelivery(1),
        short_message,
        ..Default::default()
    }
}

fn six_tlvs() -> TlvBuf {
    let mut tlvs = TlvBuf::new();
    let done = tlvs
        .put_u16(Tag::USER_MESSAGE_REFERENCE, 4711)
        .and_then(|()| tlvs.put_u16(Tag::SOURCE_PORT, 2948))
        .and_then(|()| tlvs.put_u16(Tag::DESTINATION_PORT, 2948))
        .and_then(|()| tlvs.put_u8(Tag::PRIVACY_INDICATOR, 1))
        .and_then(|()| tlvs.put(Tag::CALLBACK_NUM, b"\x01\x01\x01447900900100"))
        .and_then(|()| tlvs.put(Tag(0x1401), b"campaign-2026-03"));
    assert_eq!(done, Ok(()));
    tlvs
}

fn receipt_tlvs() -> TlvBuf {
    let mut tlvs = TlvBuf::new();
    assert_eq!(put_tlvs(&mut tlvs, b"0123456789", MessageState::DELIVERED, None), Ok(()));
    tlvs
}

fn receipt(tlvs: &TlvBuf) -> DeliverSm<'_> {
    DeliverSm {
        source_addr: Address::new(Ton::INTERNATIONAL, Npi::ISDN, b"447900900123"),
        destination_addr: Address::new(Ton::ALPHANUMERIC, Npi::UNKNOWN, b"Waxwing"),
        esm_class: EsmClass(4),
        short_message: RECEIPT,
        tlvs: tlvs.as_tlvs(),
        ..Default::default()
    }
}

fn wire<'a>(pdu: impl Into<Pdu<'a>>) -> Bytes {
    let mut out = BytesMut::new();
    assert_eq!(encode(&pdu.into(), CommandStatus::ESME_ROK, 4711, &mut out), Ok(()));
    out.freeze()
}

const SHORT: &[u8] = b"Your code is 123456. Do not tell it to anybody. It is valid for ten minutes.";

fn samples() -> Vec<Sample> {
    let ucs2: Vec<u8> =
        "Ваш код 123456. Никому его не сообщайте. Он действует десять минут.".encode_utf16().flat_map(u16::to_be_bytes).collect();
    let part = [&b"\x05\x00\x03\x2a\x03\x01"[..], &[b'x'; 134]].concat();
    let (six, two) = (six_tlvs(), receipt_tlvs());
    vec![
        Sample { name: "submit_sm, 76 octets", wire: wire(submit(SHORT)) },
        Sample { name: "submit_sm, UCS-2", wire: wire(SubmitSm { data_coding: DataCoding(8), ..submit(&ucs2) }) },
        Sample {
            name: "submit_sm, UDH and 6 TLVs",
            wire: wire(SubmitSm { esm_class: EsmClass(EsmClass::UDHI), tlvs: six.as_tlvs(), ..submit(&part) }),
        },
        Sample { name: "submit_sm_resp", wire: wire(SubmitSmResp { message_id: Some(b"0123456789"), ..Default::default() }) },
        Sample { name: "deliver_sm, receipt", wire: wire(receipt(&two)) },
        Sample { name: "enquire_link", wire: wire(EnquireLink::default()) },
    ]
}

#[divan::bench(name = "decode", args = samples())]
fn decode_pdu(bencher: Bencher<'_, '_>, sample: &Sample) {
    bencher.counter(ItemsCount::new(1_u32)).bench_local(|| black_box_drop(decode(black_box(&sample.wire))));
}

/// The body is taken apart beforehand; encoding through [`Pdu`] costs one more jump than encoding the view itself.
#[divan::bench(name = "encode", args = samples())]
fn encode_pdu(bencher: Bencher<'_, '_>, sample: &Sample) {
    let Ok(decoded) = decode(&sample.wire) else { return };
    let mut out = BytesMut::with_capacity(4096);
    bencher.counter(ItemsCount::new(1_u32)).bench_local(|| {
        out.clear();
        black_box(encode(black_box(&decoded.pdu), CommandStatus::ESME_ROK, 4711, &mut out).is_ok())
    });
}

/// 64 KiB of submit_sm, as one read of a socket brings them.
fn block() -> (Bytes, usize) {
    let one = wire(submit(SHORT));
    let count = 64 * 1024 / one.len();
    (one.repeat(count).into(), count)
}

#[divan::bench(name = "64 KiB: frames cut off")]
fn frames(bencher: Bencher<'_, '_>) {
    let (block, count) = block();
    bencher.with_inputs(|| BytesMut::from(&block[..])).input_counter(move |_| ItemsCount::new(count)).bench_local_values(|mut buffer| {
        let mut octets = 0;
        while let Ok(Some(length)) = frame::next(&buffer, frame::DEFAULT_MAX_LEN) {
            octets += buffer.split_to(length).freeze().len();
        }
        black_box(octets)
    });
}

#[divan::bench(name = "64 KiB: frames cut off and decoded")]
fn frames_decoded(bencher: Bencher<'_, '_>) {
    let (block, count) = block();
    bencher.with_inputs(|| BytesMut::from(&block[..])).input_counter(move |_| ItemsCount::new(count)).bench_local_values(|mut buffer| {
        while let Ok(Some(length)) = frame::next(&buffer, frame::DEFAULT_MAX_LEN) {
            let frame = buffer.split_to(length).freeze();
            let _ = black_box(decode(&frame));
        }
    });
}

#[divan::bench(name = "receipt: read from a decoded deliver_sm")]
fn receipt_read(bencher: Bencher<'_, '_>) {
    let tlvs = receipt_tlvs();
    let message = receipt(&tlvs).message();
    bencher.counter(ItemsCount::new(1_u32)).bench_local(|| black_box_drop(Receipt::from_message(black_box(&message), false)));
}

#[divan::bench(name = "receipt: text and TLVs made")]
fn receipt_made(bencher: Bencher<'_, '_>) {
    let date = ReceiptDate::parse(b"2603311205");
    let mut text = BytesMut::with_capacity(256);
    let mut tlvs = TlvBuf::new();
    bencher.counter(ItemsCount::new(1_u32)).bench_local(|| {
        text.clear();
        tlvs.clear();
        TextReceipt {
            id: Some(black_box(b"0123456789")),
            sub: Some(1),
            dlvrd: Some(1),
            submit_date: date,
            done_date: date,
            stat: Some(b"DELIVRD"),
            err: Some(b"000"),
            text: Some(b"Your code is 123456."),
        }
        .write(&mut text);
        black_box(put_tlvs(&mut tlvs, b"0123456789", MessageState::DELIVERED, None).is_ok())
    });
}

#[divan::bench(name = "receipt: message id in other spellings", args = ["0123456789", "00AB12CD-7E57D004"])]
fn receipt_spellings(bencher: Bencher<'_, '_>, id: &str) {
    let id = id.as_bytes();
    let both = |id| (waxwing_smpp::receipt::hex_to_decimal(id), waxwing_smpp::receipt::decimal_to_hex(id));
    bencher.counter(ItemsCount::new(1_u32)).bench_local(|| both(black_box(id)));
}

#[divan::bench(name = "receipt: message id normalised", args = ["0123456789", "00AB12CD-7E57D004"])]
fn receipt_id(bencher: Bencher<'_, '_>, id: &str) {
    bencher.counter(ItemsCount::new(1_u32)).bench_local(|| waxwing_smpp::receipt::normalise(black_box(id.as_bytes())));
}
