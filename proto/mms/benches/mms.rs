//! What a message centre does with each message. `cargo bench -p waxwing-mms`

use bytes::Bytes;
use divan::Bencher;
use divan::counter::ItemsCount;
use waxwing_mms::smil::{Style, present};
use waxwing_mms::{Content, Header, MessageClass, MmsAddress, Notification, Part, Pdu, Sender, Time, Version};
use waxwing_wap::wsp::ContentType;

fn main() {
    divan::main();
}

fn number(digits: &str) -> MmsAddress {
    MmsAddress::Number(digits.to_owned())
}

/// A message with a picture of 100 kB, a text and a presentation.
fn send_req() -> Bytes {
    let parts = vec![
        Part::new(ContentType::new("image/jpeg"), vec![0x55; 100_000]).named("photo.jpg"),
        Part::text("Greetings from the seaside").named("text.txt"),
    ];
    let pdu = Pdu::send_req(Version::V1_2, "T1", Sender::Insert, [Header::To(number("+447700900124"))], present(parts, &Style::default()));
    let pdu = pdu.with(Header::Subject("Hello".into())).with(Header::DeliveryReport(true)).with(Header::ReadReport(false));
    pdu.encode().expect("has all that it needs").into()
}

#[divan::bench]
fn decode_with_parts(bencher: Bencher<'_, '_>) {
    let wire = send_req();
    bencher.counter(ItemsCount::new(1_usize)).bench(|| Pdu::decode(divan::black_box(wire.clone())));
}

#[divan::bench]
fn decode_header_fields(bencher: Bencher<'_, '_>) {
    let wire = send_req();
    bencher.counter(ItemsCount::new(1_usize)).bench(|| Pdu::decode_headers(divan::black_box(wire.clone())));
}

/// From the m-send-req as it comes to the m-retrieve-conf as it goes, the body by itself.
#[divan::bench]
fn pass_on(bencher: Bencher<'_, '_>) {
    let wire = send_req();
    let from = number("+447700900123");
    bencher.counter(ItemsCount::new(1_usize)).bench(|| {
        let send = Pdu::decode_headers(divan::black_box(wire.clone())).expect("is one").pdu;
        let retrieve = send.to_retrieve_conf(Version::V1_2, Some("T2".to_owned()), "M1".to_owned(), 1_800_000_000, &from);
        let head = retrieve.encode_headers().expect("has all that it needs");
        let body = match &retrieve.content {
            Some(Content::Raw(raw)) => raw.body(),
            _ => Bytes::new(),
        };
        (head, body)
    });
}

#[divan::bench]
fn encode_with_parts(bencher: Bencher<'_, '_>) {
    let pdu = Pdu::decode(send_req()).expect("is one").pdu;
    bencher.counter(ItemsCount::new(1_usize)).bench(|| divan::black_box(&pdu).encode());
}

#[divan::bench]
fn encode_a_notification(bencher: Bencher<'_, '_>) {
    bencher.counter(ItemsCount::new(1_usize)).bench(|| {
        let notification = Notification {
            from: Some(number("+447700900123")),
            subject: None,
            class: MessageClass::Personal,
            size: 100_000,
            expiry: Time::After(259_200),
            location: "http://mms.example.net/abcdefgh".to_owned(),
        };
        Pdu::notification_ind(Version::V1_2, "T2", notification).encode()
    });
}
