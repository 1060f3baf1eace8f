//! Traps of the framing.

use std::time::{Duration, Instant};

use waxwing_cmpp::{Cancel, CommandId, Connect, Deliver, DeliverResp, MsgId as Id, Pdu, Query, SubmitResp, Version, decode};
use waxwing_core::{Address, Message, State};
use waxwing_endpoints::cmpp::dialect::Cmpp;
use waxwing_session::{Engine, Event, Options};

use crate::bed::{PHONE, VERSIONS, bed, profile, text};
use crate::wire::{connect, fields, frame, like, sp};

#[tokio::test]
async fn trap_9_a_response_of_the_other_width_is_one() {
    let bed = bed(profile());
    let (carrier, _line) = bed.carrier(|_| {}).await;
    let mut wire = carrier.link(Version::V2).await;
    bed.submit(text("x")).await;
    let (sequence, _) = wire.taken().await;
    let id = Id::new(11, 22, 3, 4, 5, 7, 8);
    wire.send(&frame(&SubmitResp { msg_id: id, result: 0 }, Version::V3, sequence)).await;
    wire.report(id, PHONE, Version::V2).await;
    assert_eq!(bed.arrival().await.receipt.unwrap().state(), State::Delivered);
}

#[tokio::test]
async fn trap_10_reports_of_either_length_are_understood_in_either_version() {
    for session in [Version::V2, Version::V3] {
        let bed = bed(profile());
        let (carrier, _line) = bed.carrier(|_| {}).await;
        let mut wire = carrier.link(session).await;
        for (layout, number) in [(Version::V2, 1), (Version::V3, 2)] {
            bed.submit(text("x")).await;
            let (sequence, _) = wire.taken().await;
            wire.accept(sequence, Id(number)).await;
            wire.report(Id(number), PHONE, layout).await;
            assert_eq!(bed.arrival().await.receipt.unwrap().state(), State::Delivered, "{session:?} {layout:?}");
        }
    }
}

#[tokio::test]
async fn trap_11_a_link_check_may_be_answered_without_its_octet() {
    let bed = bed(profile());
    let (carrier, _line) = bed
        .carrier(|c| {
            c.link_test = Duration::from_millis(20);
            c.response_timeout = Duration::from_secs(1);
            c.sends = 1;
        })
        .await;
    let mut wire = carrier.link(Version::V3).await;
    for _ in 0..3 {
        let check = wire.next().await.unwrap();
        assert_eq!((check.len(), &check[4..8]), (12, &CommandId::ACTIVE_TEST.0.to_be_bytes()[..]));
        let bare = [&b"\0\0\0\x0c\x80\0\0\x08"[..], &check[8..12]].concat();
        wire.send(&bare).await;
    }
    // And the other way round it has one.
    let door = bed.listen(|_| {});
    sp(&door, 0x20).await.alive().await;
}

#[tokio::test]
async fn trap_12_our_pdus_are_small_enough_for_everybody() {
    let bed = bed(profile());
    let (carrier, _line) = bed.carrier(|c| c.window = 1000).await;
    let mut wire = carrier.link(Version::V3).await;
    for to in 0..100 {
        let m = text(&"long, ".repeat(30));
        bed.submit(Message { destination: Address::parse(&format!("1380013{to:04}")), ..m }).await;
    }
    for _ in 0..200 {
        let (_, frame) = wire.taken().await;
        assert!(frame.len() <= 163 + 32 + 160, "{}", frame.len());
        fields(&frame, Version::V3, |s| assert_eq!(s.dest_terminal_id.len(), 1, "each recipient has a SUBMIT"));
    }
}

#[tokio::test]
async fn trap_13_unknown_commands_are_passed_over_and_too_many_end_the_connection() {
    let bed = bed(profile());
    let door = bed.listen(|_| {});
    for byte in VERSIONS {
        let mut wire = sp(&door, byte).await;
        let unknown = b"\0\0\0\x0c\0\0\0\x03\0\0\0\x2a";
        for _ in 0..3 {
            for _ in 0..5 {
                wire.send(unknown).await;
            }
            assert_eq!(wire.submit(&like(b"between")).await.1, 0);
        }
        // What only others may send is told so, if there is a way to; QUERY and CANCEL are answered.
        let answer = wire.ask(&Deliver { msg_id: Id(5), ..Deliver::default() }).await;
        assert_eq!(decode(&answer, wire.version).unwrap().pdu, Pdu::DeliverResp(DeliverResp { msg_id: Id(5), result: 2 }));
        let query = wire.ask(&Query { time: b"20260102", ..Query::default() }).await;
        assert!(matches!(decode(&query, wire.version).unwrap().pdu, Pdu::QueryResp(_)));
        let cancel = wire.ask(&Cancel { msg_id: Id(5) }).await;
        assert!(matches!(decode(&cancel, wire.version).unwrap().pdu, Pdu::CancelResp(c) if c.success_id == 1));
        for _ in 0..6 {
            wire.send(unknown).await;
        }
        wire.closed().await;
    }
    let (carrier, _line) = bed.carrier(|_| {}).await;
    let mut wire = carrier.link(Version::V2).await;
    let answer = wire.ask(&like(b"an SP takes none")).await;
    assert_eq!(wire.submitted(&answer), (Id(0), 2));
}

#[tokio::test]
async fn trap_14_sequence_numbers_begin_and_wrap_anywhere_and_are_the_connections_own() {
    let bed = bed(profile());
    let door = bed.listen(|_| {});
    let (mut one, mut other) = (sp(&door, 0x20).await, sp(&door, 0x30).await);
    let mut ids = Vec::new();
    for sequence in [0, 0x7fff_ffff, 0, 0xffff_ffff, 0, 1] {
        for wire in [&mut one, &mut other] {
            let content = ids.len().to_string();
            let octets = frame(&like(content.as_bytes()), wire.version, sequence);
            wire.send(&octets).await;
            let answer = wire.answer(sequence).await;
            let (id, result) = wire.submitted(&answer);
            assert!(result == 0 && !ids.contains(&id), "{sequence:#x}");
            ids.push(id);
        }
    }
    let mut engine = Engine::client(Cmpp::new(4096), Options::default(), Instant::now());
    let login = frame(&Connect::default(), Version::V2, 0);
    assert_eq!(engine.login(&login, Instant::now()), Ok(1));
}

#[tokio::test]
async fn trap_15_pdus_come_in_one_read_or_octet_by_octet() {
    let bed = bed(profile());
    let door = bed.listen(|_| {});
    for byte in VERSIONS {
        let mut wire = sp(&door, byte).await;
        let contents: Vec<String> = (0..40).map(|n| format!("{byte} {n}")).collect();
        let all: Vec<u8> =
            contents.iter().zip(100..).flat_map(|(c, sequence)| frame(&like(c.as_bytes()), wire.version, sequence)).collect();
        wire.send(&all).await;
        for sequence in 100..140 {
            let answer = wire.answer(sequence).await;
            assert_eq!(wire.submitted(&answer).1, 0);
        }
        let one = frame(&like(b"slowly"), wire.version, 200);
        for octet in &one {
            wire.send(&[*octet]).await;
            tokio::task::yield_now().await;
        }
        let answer = wire.answer(200).await;
        assert_eq!(wire.submitted(&answer).1, 0);
    }
}

#[test]
fn trap_16_a_pdu_that_pauses_in_its_header_is_waited_for() {
    let began = Instant::now();
    let mut engine = Engine::server(Cmpp::new(4096), Options::default(), began);
    let login = connect(b"901234", [0; 16], 0x20, 0);
    engine.receive(&login[..7], began);
    assert_eq!(engine.poll_event(), None);
    let later = began + Duration::from_secs(5);
    engine.handle_timeout(later);
    engine.receive(&login[7..], later);
    assert!(matches!(engine.poll_event(), Some(Event::Login { seq: 77, .. })));
}
