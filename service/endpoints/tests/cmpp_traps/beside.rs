//! What is no trap, and stands beside them.

use std::sync::Arc;

use waxwing_cmpp::{CommandId, ConnectResp, DeliverResp, MsgId as Id, Pdu, Query, Submit, Terminals, Terminate, Version, auth, decode};
use waxwing_core::{AccountConfig, Clock, CmppProfile, Outbox, RetryPolicy};
use waxwing_endpoints::cmpp::Exchange;

use crate::bed::{account, bed, policy, profile, text};
use crate::wire::{Wire, connect, fields, frame, like, sp, status};

#[tokio::test]
async fn a_gateway_that_hangs_up_on_3_0_is_asked_for_2_0() {
    let bed = bed(profile());
    let (carrier, _line) = bed.carrier(|c| c.links = 2).await;
    let mut links = Vec::new();
    while links.len() < 2 {
        let (mut wire, connect) = carrier.connection().await;
        if connect[34] == 0x20 {
            wire.let_in(&connect, Version::V2).await;
            links.push(wire);
        }
    }
    // From now on that is known.
    drop(links);
    for _ in 0..2 {
        assert_eq!(carrier.connection().await.1[34], 0x20);
    }
    let held = bed.carrier(|c| c.version = Some(0x30)).await;
    for _ in 0..3 {
        assert_eq!(held.0.connection().await.1[34], 0x30);
    }
}

#[tokio::test]
async fn a_gateway_that_hung_up_for_another_reason_is_asked_for_3_0_again() {
    let bed = bed(profile());
    let (carrier, _line) = bed.carrier(|_| {}).await;
    assert_eq!(carrier.connection().await.1[34], 0x30);
    let (mut wire, connect) = carrier.connection().await;
    assert_eq!(connect[34], 0x20);
    let authenticator_ismg = [0; 16];
    wire.send(&frame(&ConnectResp { status: 0, authenticator_ismg, version: 0x30 }, Version::V2, 1)).await;
    drop(wire);
    let (mut wire, connect) = carrier.connection().await;
    assert_eq!(connect[34], 0x30);
    wire.let_in(&connect, Version::V3).await;
    drop(wire);
    // Known now: a restart of the gateway does not change it.
    for _ in 0..3 {
        assert_eq!(carrier.connection().await.1[34], 0x30);
    }
}

#[tokio::test]
async fn an_account_without_a_secret_lets_nobody_in() {
    let bed = bed(CmppProfile { secret: String::new(), ..profile() });
    let door = bed.listen(|_| {});
    let mut wire = Wire::to(&door).await;
    wire.send(&connect(b"901234", auth::source(b"901234", b"", 1), 0x20, 1)).await;
    assert_eq!(status(&wire.next().await.unwrap()), 3);
}

#[tokio::test]
async fn the_same_submit_again_is_one_message_and_terminate_waits_for_its_answer() {
    let bed = bed(profile());
    let door = bed.listen(|_| {});
    let mut wire = sp(&door, 0x30).await;
    let octets = frame(&like(b"once"), wire.version, 5);
    wire.send(&[&octets[..], &octets].concat()).await;
    let answer = wire.answer(5).await;
    let (id, result) = wire.submitted(&answer);
    assert_eq!(result, 0);
    wire.send(&octets).await;
    let answer = wire.answer(5).await;
    assert_eq!(wire.submitted(&answer), (id, 0));
    let last = [&frame(&like(b"last"), wire.version, 6)[..], &frame(&Terminate::default(), wire.version, 7)].concat();
    wire.send(&last).await;
    let answer = wire.answer(6).await;
    assert_eq!(wire.submitted(&answer).1, 0);
    assert_eq!(wire.answer(7).await.len(), 12);
    wire.closed().await;
    assert_eq!(bed.texts(2).await, ["once", "last"]);
    let outbox = Outbox::connector(&bed.gateway, &bed.state, policy());
    assert!(outbox.claim(9).is_empty());
}

#[tokio::test]
async fn a_short_connection_gets_no_delivery_and_a_long_one_does() {
    let bed = bed(profile());
    let (long, short) = (bed.listen(|_| {}), bed.listen(|c| c.short = true));
    let mut wire = sp(&short, 0x20).await;
    let (id, _) = wire.submit(&like(b"x")).await;
    bed.report(1).await;
    wire.alive().await;
    assert!(wire.aside.is_empty());
    let (_, about) = sp(&long, 0x20).await.delivery(|d| d.report().unwrap().msg_id).await;
    assert_eq!(about, id);
}

#[tokio::test]
async fn a_refused_delivery_comes_again_and_an_answer_with_another_msg_id_counts() {
    let bed = bed(profile());
    let door = bed.listen(|_| {});
    let mut wire = sp(&door, 0x20).await;
    wire.submit(&like(b"x")).await;
    bed.report(1).await;
    let (sequence, about) = wire.delivery(|d| d.report().unwrap().msg_id).await;
    let refused = frame(&DeliverResp { msg_id: Id(0), result: 9 }, wire.version, sequence);
    wire.send(&refused).await;
    let (again, same) = wire.delivery(|d| d.report().unwrap().msg_id).await;
    assert!(same == about && again != sequence, "a new request");
    let taken = frame(&DeliverResp { msg_id: Id(42), result: 0 }, wire.version, again);
    // The answer to the first comes once more, late: to nothing.
    wire.send(&[&taken[..], &refused].concat()).await;
    wire.alive().await;
    drop(wire);
    let outbox = Outbox::deliveries(&bed.gateway, bed.account.queue, "account", RetryPolicy::default());
    let mut next = sp(&door, 0x20).await;
    next.alive().await;
    assert!(next.aside.is_empty() && outbox.claim(1).is_empty(), "it was taken");
}

#[tokio::test]
async fn the_parts_of_a_message_fit_though_the_link_breaks_between_them() {
    let bed = bed(profile());
    let (carrier, _line) = bed.carrier(|c| c.window = 1).await;
    let mut wire = carrier.link(Version::V2).await;
    let before = bed.submit(text("of one part")).await;
    let (sequence, _) = wire.taken().await;
    bed.submit(text(&"长".repeat(100))).await;
    wire.accept(sequence, Id(before.0)).await;
    let (sequence, first) = wire.taken().await;
    wire.accept(sequence, Id(2)).await;
    // The second is on its way when the link breaks: it comes again, and the first does not.
    let (_, second) = wire.taken().await;
    drop(wire);
    let (_, again) = carrier.link(Version::V2).await.taken().await;
    let content = |frame: &[u8]| {
        let mut content = Vec::new();
        fields(frame, Version::V2, |s| content = s.msg_content.to_vec());
        content
    };
    assert_eq!(content(&again), content(&second));
    assert_eq!((&content(&first)[..5], content(&first)[5], content(&again)[5]), (&content(&again)[..5], 1, 2));
}

#[tokio::test]
async fn lookups_are_answered_however_many_there_are() {
    let bed = bed(profile());
    let door = bed.listen(|_| {});
    let mut wire = sp(&door, 0x20).await;
    let query = Query { time: b"20260102", ..Query::default() };
    let numbers: Vec<u32> = (1..=50).collect();
    let all: Vec<u8> = numbers.iter().flat_map(|&n| frame(&query, wire.version, n)).collect();
    wire.send(&all).await;
    for n in numbers {
        let answer = wire.answer(n).await;
        assert!(matches!(decode(&answer, wire.version).unwrap().pdu, Pdu::QueryResp(_)));
    }
}

#[tokio::test]
async fn who_is_connected_has_the_settings_of_a_reload_and_goes_where_the_secret_did() {
    let bed = bed(profile());
    let door = bed.listen(|_| {});
    let mut wire = sp(&door, 0x20).await;
    bed.reload(account(CmppProfile { resend: 50, sends: 3, service_ids: vec!["NEWS".into()], window: 1, ..profile() }));
    assert_eq!(wire.submit(&like(b"the first one looks")).await.1, 0);
    assert_eq!(wire.submit(&like(b"not its service any more")).await.1, 7);
    bed.report(1).await;
    let mut sent = Vec::new();
    for _ in 0..3 {
        sent.push(wire.next().await.unwrap());
    }
    assert!(sent.iter().all(|s| s == &sent[0]));
    let elsewhere = "192.0.2.0/24".parse().unwrap();
    for changed in
        [account(CmppProfile { secret: "another".into(), ..profile() }), AccountConfig { hosts: vec![elsewhere], ..account(profile()) }]
    {
        bed.reload(account(profile()));
        let mut wire = sp(&door, 0x20).await;
        bed.reload(changed);
        let _ = wire.submit(&like(b"and this one looks")).await;
        while wire.next().await.expect("a TERMINATE before the end")[4..8] != CommandId::TERMINATE.0.to_be_bytes() {}
    }
}

#[tokio::test]
async fn who_speaks_another_version_than_it_said_is_told_and_helped_by_the_account() {
    for (said, spoken) in [(0x20, Version::V3), (0x30, Version::V2)] {
        let free = bed(profile());
        let door = free.listen(|_| {});
        let mut wire = sp(&door, said).await;
        for (number, n) in [(&b"13800138000"[..], 5), (b"8613800138000", 6)] {
            let body = Submit { dest_terminal_id: Terminals::one(number), ..like(b"which is it") };
            let octets = frame(&body, spoken, n);
            wire.send(&octets).await;
            let answer = wire.answer(n).await;
            assert_eq!(wire.submitted(&answer), (Id(0), 1), "{said:#x}");
        }
        wire.alive().await;
        assert!(free.metrics().contains("PDU of the other version"));
    }
    let held = bed(CmppProfile { version: Some(0x30), ..profile() });
    let door = held.listen(|_| {});
    let mut wire = sp(&door, 0x20).await;
    assert_eq!((wire.version, wire.submit(&like(b"that")).await.1), (Version::V3, 0));
}

#[tokio::test]
async fn a_second_that_has_no_more_ids_is_flow_control_and_reports_go_on() {
    let mut bed = bed(CmppProfile { max_recipients: 100, ..profile() });
    // A second that does not end.
    bed.exchange = Arc::new(Exchange::new(Clock::new(|| 1_700_000_000_999)));
    let door = bed.listen(|_| {});
    let mut wire = sp(&door, 0x20).await;
    let (id, result) = wire.submit(&like(b"before")).await;
    assert_eq!(result, 0);
    let nobody = [&b"nobody"[..]; 100];
    let refused = Submit { dest_terminal_id: Terminals::from(&nobody[..]), ..like(b"to nobody") };
    let mut results = Vec::new();
    for _ in 0..656 {
        results.push(wire.submit(&refused).await.1);
    }
    assert!(results.iter().all(|r| *r == 9 || *r == 8) && results[655] == 8, "{results:?}");
    let octets = frame(&refused, wire.version, 7000);
    for _ in 0..2 {
        wire.send(&octets).await;
        let answer = wire.answer(7000).await;
        assert_eq!(wire.submitted(&answer), (Id(0), 8), "and is tried anew each time");
    }
    bed.report(1).await;
    let (_, about) = wire.delivery(|d| d.report().unwrap().msg_id).await;
    assert_eq!(about, id);
}
