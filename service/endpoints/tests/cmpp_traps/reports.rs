//! Traps of the reports.

use waxwing_cmpp::{DeliverResp, MsgId as Id, Report, Submit, Version};
use waxwing_core::{Address, CmppProfile, Message};

use crate::bed::{PHONE, bed, profile, text};
use crate::wire::{fields, frame, like, sp};

#[tokio::test]
async fn trap_30_a_report_may_come_first_and_an_id_twice() {
    let bed = bed(profile());
    let (carrier, _line) = bed.carrier(|c| c.links = 2).await;
    let (mut one, mut two) = (carrier.link(Version::V2).await, carrier.link(Version::V2).await);
    let ids =
        [bed.submit(text("to one")).await, bed.submit(Message { destination: Address::parse("13900139000"), ..text("to another") }).await];
    let mut taken = Vec::new();
    for _ in 0..2 {
        let (frame, wire) = tokio::select! {
            f = one.taken() => (f, true),
            f = two.taken() => (f, false),
        };
        taken.push((frame, wire));
    }
    // The same id for both, of two gateways behind one address; the reports before the responses, over the other link, with 86.
    let id = Id::new(11, 22, 3, 4, 5, 1, 1);
    for ((_, frame), first) in &taken {
        let wire = if *first { &mut two } else { &mut one };
        let mut number = b"86".to_vec();
        fields(frame, Version::V2, |s| number.extend_from_slice(s.dest_terminal_id.iter().next().unwrap()));
        wire.report(id, &number, Version::V2).await;
    }
    for ((sequence, _), first) in taken {
        let wire = if first { &mut one } else { &mut two };
        wire.accept(sequence, id).await;
    }
    let mut got = [bed.arrival().await.receipt.unwrap().id, bed.arrival().await.receipt.unwrap().id];
    got.sort_unstable();
    assert_eq!(got, ids.map(|id| id.0));
}

#[tokio::test]
async fn trap_31_an_sp_that_never_answers_gets_it_as_often_as_agreed_and_stalls_nobody() {
    let bed = bed(CmppProfile { resend: 100, sends: 3, window: 2, link_test: 60_000, ..profile() });
    let door = bed.listen(|_| {});
    let mut mute = sp(&door, 0x20).await;
    for n in 0..6 {
        assert_eq!(mute.submit(&like(format!("{n}").as_bytes())).await.1, 0);
    }
    bed.report(6).await;
    // The window, three times each, with the same number and content.
    let mut sent: Vec<Vec<u8>> = Vec::new();
    for _ in 0..6 {
        sent.push(mute.next().await.unwrap());
    }
    assert_ne!(sent[0], sent[1]);
    assert!(sent[..2] == sent[2..4] && sent[..2] == sent[4..], "the same again");
    // It can go on submitting meanwhile, and another link gets all that it does not hold, then the rest.
    assert_eq!(mute.submit(&Submit { registered_delivery: 0, ..like(b"more") }).await.1, 0);
    let mut quick = sp(&door, 0x20).await;
    let mut reported = std::collections::HashSet::new();
    while reported.len() < 6 {
        let (sequence, about) = quick.delivery(|d| d.report().unwrap().msg_id).await;
        reported.insert(about);
        let answer = frame(&DeliverResp { msg_id: about, result: 0 }, quick.version, sequence);
        quick.send(&answer).await;
    }
    mute.alive().await;
}

#[tokio::test]
async fn trap_32_an_sp_that_dies_of_its_delivery_gets_it_when_it_is_back() {
    let bed = bed(profile());
    let door = bed.listen(|_| {});
    for round in 0..30 {
        let mut wire = sp(&door, 0x20).await;
        if round == 0 {
            assert_eq!(wire.submit(&like(b"x")).await.1, 0);
            bed.report(1).await;
        }
        let (sequence, content) = wire.delivery(|d| d.msg_content.to_vec()).await;
        assert_eq!(Report::decode(&content).unwrap().stat, b"DELIVRD");
        if round == 29 {
            // An answer that says nothing is one.
            wire.send(&[&b"\0\0\0\x0c\x80\0\0\x05"[..], &sequence.to_be_bytes()].concat()).await;
            wire.alive().await;
        }
    }
    let mut wire = sp(&door, 0x20).await;
    let (id, _) = wire.submit(&like(b"y")).await;
    bed.report(1).await;
    let (_, second) = wire.delivery(|d| d.report().unwrap().msg_id).await;
    assert_eq!(second, id, "the first was taken");
}

#[tokio::test]
async fn trap_33_reports_are_asked_for_though_the_submitter_does_not_and_not_told_then() {
    let bed = bed(profile());
    let door = bed.listen(|_| {});
    let (carrier, _line) = bed.carrier(|_| {}).await;
    let (mut out, mut wire) = (carrier.link(Version::V2).await, sp(&door, 0x20).await);
    for (asked, id) in [(0, 1), (1, 2)] {
        wire.submit(&Submit { registered_delivery: asked, ..like(format!("{asked}").as_bytes()) }).await;
        let (sequence, frame) = out.taken().await;
        fields(&frame, Version::V2, |s| assert_eq!(s.registered_delivery, 1));
        out.accept(sequence, Id(id)).await;
        out.report(Id(id), PHONE, Version::V2).await;
    }
    wire.delivery(|d| assert!(d.report().is_some())).await;
    wire.alive().await;
    assert!(wire.aside.is_empty(), "only for the one that asked");
}
