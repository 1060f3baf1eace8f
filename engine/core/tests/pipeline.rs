//! The pipeline over the real spool, with a carrier played by the test.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::sync::atomic::Ordering;

use bytes::Bytes;
use common::*;
use waxwing_core::*;
use waxwing_spool::Stage;

#[tokio::test]
async fn a_message_is_sent_and_its_receipt_comes_home() {
    let h = house();
    let id = h.submit(hello()).await.unwrap();
    let a = h.outbox(0);
    let out = a.claim(10).pop().unwrap();
    assert_eq!((out.id(), out.message.text.as_deref()), (id, Some("hello")));
    settle(&a, out, sent(&["ff01"])).await;
    assert_eq!(h.gateway.spool.get(id).unwrap().stage, Stage::Awaiting);
    h.receipt(0, "ff01", State::Delivered).await;
    assert_eq!(h.gateway.spool.get(id), None);
    let receipt = h.delivered().pop().unwrap().message;
    let r = receipt.receipt.clone().unwrap();
    assert_eq!((receipt.kind(), r.id, r.state(), words(&r.text)), (Kind::Receipt, id.0, State::Delivered, "hello"));
    assert_eq!((receipt.source.to_string(), receipt.destination.to_string()), ("+447778001210".into(), "12345".into()));
}

#[tokio::test]
async fn a_receipt_that_overtakes_its_response_is_kept_for_it() {
    let h = house();
    h.submit(hello()).await.unwrap();
    let a = h.outbox(0);
    let out = a.claim(10).pop().unwrap();
    h.receipt(0, "77", State::Delivered).await;
    assert!(h.delivered().is_empty());
    settle(&a, out, sent(&["77"])).await;
    assert_eq!(h.delivered().len(), 1);
}

#[tokio::test]
async fn a_receipt_that_comes_twice_is_told_once() {
    let h = house();
    h.submit(hello()).await.unwrap();
    let a = h.outbox(0);
    settle(&a, a.claim(1).pop().unwrap(), sent(&["77"])).await;
    h.receipt(0, "77", State::Delivered).await;
    h.receipt(0, "77", State::Delivered).await;
    assert_eq!(h.delivered().len(), 1);
    assert_eq!(h.counters(0).duplicate.get(), 1);
}

#[tokio::test]
async fn parts_fold_into_one_receipt() {
    let h = house();
    h.submit(hello()).await.unwrap();
    let a = h.outbox(0);
    settle(&a, a.claim(1).pop().unwrap(), sent(&["1", "2", "3"])).await;
    h.receipt(0, "2", State::Delivered).await;
    h.receipt(0, "1", State::Delivered).await;
    assert!(h.delivered().is_empty());
    h.receipt(0, "3", State::Undeliverable).await;
    let r = h.delivered().pop().unwrap().message.receipt.unwrap();
    assert_eq!((r.state(), r.parts, r.delivered), (State::Undeliverable, 3, 2));
}

#[tokio::test]
async fn two_receipts_of_one_message_in_one_batch_are_both_counted() {
    let h = house();
    h.submit(hello()).await.unwrap();
    let a = h.outbox(0);
    settle(&a, a.claim(1).pop().unwrap(), sent(&["1", "2"])).await;
    let r = |id: &'static str| CarrierReceipt {
        remotes: vec![Bytes::from_static(id.as_bytes())],
        state: State::Delivered as i32,
        ..CarrierReceipt::default()
    };
    h.gateway.carrier_receipts(&h.lines[0], &h.counters(0), vec![r("1"), r("2")], None).await.unwrap();
    assert_eq!(h.delivered().len(), 1);
}

#[tokio::test]
async fn a_permanent_error_is_told_at_once_and_kept_as_a_dead_letter() {
    let h = house();
    let id = h.submit(hello()).await.unwrap();
    let a = h.outbox(0);
    settle(&a, a.claim(1).pop().unwrap(), refused(ErrorClass::Permanent)).await;
    let r = h.delivered().pop().unwrap().message.receipt.unwrap();
    assert_eq!((r.state(), words(&r.error)), (State::Rejected, "ESME_X"));
    assert_eq!(h.gateway.spool.get(id).unwrap().stage, Stage::Dead);
    h.gateway.replay(&h.account(), id).await.unwrap();
    assert_eq!(a.claim(1).pop().unwrap().attempts, 0);
    assert_eq!(h.gateway.replay(&h.account(), id).await, Err(ChangeError::NotDead(id)));
}

#[tokio::test]
async fn a_temporary_error_goes_to_the_next_connector_if_that_is_well() {
    let h = house();
    h.lines.iter().for_each(|l| l.session_up());
    h.submit(hello()).await.unwrap();
    let (a, b) = (h.outbox(0), h.outbox(1));
    settle(&a, a.claim(1).pop().unwrap(), refused(ErrorClass::Temporary)).await;
    let out = b.claim(1).pop().unwrap();
    assert_eq!(out.attempts, 1);
    // The last of the route waits by the schedule instead of going round.
    settle(&b, out, refused(ErrorClass::Temporary)).await;
    assert!(a.claim(1).is_empty() && b.claim(1).is_empty());
    h.pass(30_000);
    let out = b.claim(1).pop().unwrap();
    settle(&b, out, refused(ErrorClass::Temporary)).await;
    let r = h.delivered().pop().unwrap().message.receipt.unwrap();
    assert_eq!(r.state(), State::Failed, "after its third attempt");
}

#[tokio::test]
async fn the_queue_of_a_connector_that_is_away_moves_to_the_next() {
    let h = house();
    h.lines[0].session_up();
    h.submit(hello()).await.unwrap();
    h.lines[0].session_down(h.time.load(Ordering::Relaxed));
    h.lines[1].session_up();
    h.gateway.reroute(1000).await.unwrap();
    assert!(h.outbox(1).claim(1).is_empty(), "a short absence moves nothing");
    h.pass(6_000);
    h.gateway.reroute(1000).await.unwrap();
    assert_eq!(h.outbox(1).claim(10).len(), 1);
}

#[tokio::test]
async fn messages_that_have_no_other_way_do_not_hold_up_those_that_have() {
    let h = house();
    let only_a = || Submission { route: Some("a".into()), ..hello() };
    let stuck = h.gateway.submit(&h.account(), (0..2500).map(|_| only_a()).collect()).await;
    assert!(stuck.iter().all(Result::is_ok));
    let id = h.submit(hello()).await.unwrap();
    h.lines[1].session_up();
    h.pass(6_000);
    h.gateway.reroute(1000).await.unwrap();
    assert!(h.outbox(1).claim(10).is_empty(), "a short look does not get that far");
    h.gateway.reroute(100_000).await.unwrap();
    assert_eq!(h.outbox(1).claim(10).iter().map(Outgoing::id).collect::<Vec<_>>(), [id]);
    let first = h.outbox(0).claim(1).pop().unwrap();
    assert_eq!(Some(&Ok(first.id())), stuck.first(), "the others kept their order");
}

#[tokio::test]
async fn what_was_only_throttled_is_tried_again_uncounted() {
    let h = house();
    h.submit(hello()).await.unwrap();
    let a = h.outbox(0);
    settle(&a, a.claim(1).pop().unwrap(), refused(ErrorClass::Throttled)).await;
    assert_eq!(a.claim(1).pop().unwrap().attempts, 0);
}

#[tokio::test]
async fn validity_that_ends_in_the_queue_is_told() {
    let h = house();
    let id = h.submit(Submission { expires: Some(h.time.load(Ordering::Relaxed) + 5_000), ..hello() }).await.unwrap();
    h.pass(7_000);
    assert!(h.outbox(0).claim(1).is_empty());
    h.gateway.expire().await.unwrap();
    let r = h.delivered().pop().unwrap().message.receipt.unwrap();
    assert_eq!((r.id, r.state()), (id.0, State::Expired));
}

#[tokio::test]
async fn a_message_is_held_until_it_is_due() {
    let h = house();
    h.submit(Submission { due: Some(h.time.load(Ordering::Relaxed) + 60_000), ..hello() }).await.unwrap();
    assert!(h.outbox(0).claim(1).is_empty());
    h.pass(61_000);
    assert_eq!(h.outbox(0).claim(1).len(), 1);
}

#[tokio::test]
async fn limits_are_kept_one_by_one() {
    let h = house_with(|c| {
        c.rate = Some(3.0);
        c.per_day = Some(4);
    });
    let five = h.gateway.submit(&h.account(), vec![hello(), hello(), hello(), hello(), hello()]).await;
    assert_eq!(five.iter().filter(|r| r.is_ok()).count(), 3);
    assert!(matches!(five[4], Err(SubmitError::Throttled { .. })));
    h.pass(10_000);
    let more = h.gateway.submit(&h.account(), vec![hello(), hello()]).await;
    assert!(more[0].is_ok() && matches!(more[1], Err(SubmitError::Quota { limit: 4, period: "day" })), "{more:?}");
}

#[tokio::test]
async fn senders_are_checked_and_forced() {
    let h = house_with(|c| c.senders = Mask::parse_list("Shop,123*").unwrap());
    assert!(h.submit(hello()).await.is_ok());
    let mut other = hello();
    other.message.source = Address::parse("Bank");
    assert!(matches!(h.submit(other.clone()).await, Err(SubmitError::SenderNotAllowed(s)) if s == "Bank"));
    let h = house_with(|c| c.forced_sender = Some("Shop".into()));
    h.submit(other).await.unwrap();
    assert_eq!(h.outbox(0).claim(1)[0].message.source.to_string(), "Shop");
}

#[tokio::test]
async fn the_same_key_is_the_same_message() {
    let h = house();
    let keyed = || Submission { idempotency: Some(Bytes::from_static(b"order-17")), ..hello() };
    assert_eq!(h.submit(keyed()).await.unwrap(), h.submit(keyed()).await.unwrap());
    assert_eq!(h.outbox(0).claim(10).len(), 1);
}

fn mo_part(number: u8, text: &'static str) -> Inbound {
    let payload = [&[5, 0, 3, 9, 2, number][..], text.as_bytes()].concat();
    let message = Message {
        source: Address::parse("+447778001210"),
        destination: Address::parse("12345"),
        payload: payload.into(),
        udhi: true,
        ..Message::default()
    };
    Inbound { part: content::part_of(&message), message }
}

#[tokio::test]
async fn a_client_gets_the_parts_of_a_long_message_as_they_came() {
    let h = house();
    h.gateway.inbound(&h.lines[0], &h.counters(0), vec![mo_part(1, "one "), mo_part(2, "two")]).await.unwrap();
    assert_eq!(h.delivered().len(), 2);
}

#[tokio::test]
async fn a_long_message_is_joined_where_that_is_wanted_even_over_a_restart() {
    let h = house_with(|c| c.join_long = true);
    h.gateway.inbound(&h.lines[0], &h.counters(0), vec![mo_part(2, "two")]).await.unwrap();
    assert!(h.delivered().is_empty());
    let h = h.restarted(|c| c.join_long = true);
    h.gateway.inbound(&h.lines[0], &h.counters(0), vec![mo_part(1, "one "), mo_part(1, "one ")]).await.unwrap();
    let got = h.delivered();
    assert_eq!(got.len(), 1);
    assert_eq!(content::text(&got[0].message).as_deref(), Some("one two"));
    h.spool.close();
}

#[tokio::test]
async fn parts_that_stay_alone_are_handed_on_in_the_end() {
    let h = house_with(|c| c.join_long = true);
    h.gateway.inbound(&h.lines[0], &h.counters(0), vec![mo_part(2, "two")]).await.unwrap();
    h.pass(31 * 60_000);
    h.gateway.lonely_parts().await.unwrap();
    assert_eq!(h.delivered().len(), 1);
}

#[tokio::test]
async fn a_number_that_nobody_owns_goes_to_the_inbox() {
    let h = house();
    let mut i = mo_part(1, "x");
    i.part = None;
    i.message.destination = Address::parse("99999");
    h.gateway.inbound(&h.lines[0], &h.counters(0), vec![i]).await.unwrap();
    assert!(h.delivered().is_empty());
    assert_eq!(h.counters(0).unowned.get(), 1);
    let inbox = h.gateway.spool.queue("inbox:");
    assert_eq!(h.gateway.spool.list(Some(inbox), None, 10).len(), 1);
}

#[tokio::test]
async fn a_queued_message_can_be_cancelled_and_replaced_by_its_owner_alone() {
    let h = house();
    let id = h.submit(hello()).await.unwrap();
    let account = h.account();
    h.gateway.replace(&account, id, None, None, |m| m.text = Some("changed".into())).await.unwrap();
    assert_eq!(h.gateway.cancel(&account, MsgId(1)).await, Err(ChangeError::Unknown(MsgId(1))));
    let a = h.outbox(0);
    let out = a.claim(1).pop().unwrap();
    assert_eq!(out.message.text.as_deref(), Some("changed"));
    assert_eq!(h.gateway.cancel(&account, id).await, Err(ChangeError::TooLate(id)));
    settle(&a, out, SendResult::Released).await;
    h.gateway.cancel(&account, id).await.unwrap();
    assert!(a.claim(1).is_empty());
}

#[tokio::test]
async fn receipts_that_match_nothing_are_dropped_in_the_end() {
    let h = house();
    h.receipt(0, "nobody", State::Delivered).await;
    h.pass(120_000);
    h.gateway.unpark().await.unwrap();
    assert_eq!(h.gateway.spool.stats().parked, 0);
    assert!(h.gateway.metrics.render().contains("receipts_unmatched_total{connector=\"a\"} 1"), "{}", h.gateway.metrics.render());
}

#[tokio::test]
async fn a_receipt_that_never_comes_is_given_up() {
    let h = house();
    let id = h.submit(hello()).await.unwrap();
    let a = h.outbox(0);
    settle(&a, a.claim(1).pop().unwrap(), sent(&["77"])).await;
    h.pass(48 * 3_600_000 + 3_700_000);
    h.gateway.give_up().await.unwrap();
    assert_eq!(h.gateway.spool.get(id), None);
}

#[tokio::test]
async fn an_accounts_binds_are_counted_over_all_doors() {
    let h = house_with(|c| c.max_binds = 2);
    let first = h.gateway.bind_place(&h.account(), Door::Smpp, 2);
    let _second = h.gateway.bind_place(&h.account(), Door::Smpp, 2).unwrap();
    assert!(h.gateway.bind_place(&h.account(), Door::Smpp, 2).is_none());
    drop(first);
    assert!(h.gateway.bind_place(&h.account(), Door::Smpp, 2).is_some());
}
