//! Long messages that are submitted in parts, and messages that are submitted together.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use common::*;
use waxwing_core::*;
use waxwing_spool::Stage;

/// One part of a long message, as a CMPP door makes it: octets with their header, and the words by which its submitter knows it.
fn part(reference: u8, total: u8, number: u8, content: &str) -> Submission {
    let payload = [&[5, 0, 3, reference, total, number][..], content.as_bytes()].concat();
    let mut s = hello();
    s.message.text = None;
    s.message.payload = payload.into();
    s.message.udhi = true;
    s.message.door = Door::Cmpp as i32;
    s.message.door_data = format!("d{number}");
    s.message.reference = format!("{reference}-{number}");
    s.message.native = bytes::Bytes::from(vec![number]);
    s.part = content::part_of(&s.message);
    s
}

/// What a connector gets, when it is there: joining is nobody's to wait for.
async fn next(outbox: &Outbox) -> Outgoing {
    let found = async {
        loop {
            let ready = outbox.ready();
            if let Some(out) = outbox.claim(1).pop() {
                return out;
            }
            ready.await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), found).await.unwrap()
}

fn shown(out: &Outgoing) -> (String, String, String) {
    (content::text(&out.message).unwrap(), out.message.door_data.clone(), out.message.reference.clone())
}

fn words(text: &str, data: &str, reference: &str) -> (String, String, String) {
    (text.into(), data.into(), reference.into())
}

#[tokio::test]
async fn parts_in_any_order_leave_as_one_message_and_its_receipt_names_them_all() {
    let h = house();
    let a = h.outbox(0);
    // Three connections, one part each.
    for (number, text) in [(3, "three"), (1, "one "), (2, "two ")] {
        let mut s = part(9, 3, number, text);
        s.message.want = if number == 2 { want::FINAL } else { 0 };
        h.submit(s).await.unwrap();
    }
    let out = next(&a).await;
    assert_eq!(shown(&out), words("one two three", "d1 d2 d3", "9-1 9-2 9-3"));
    let m = &out.message;
    assert_eq!((m.kind(), m.udhi, m.want, m.waiting.clone(), &m.native[..]), (Kind::Mt, false, want::FINAL, None, &[1][..]));
    assert_eq!(m.via, ["a", "b"]);
    let parts = h.gateway.spool.queue("parts:");
    assert!(h.gateway.spool.list(Some(parts), None, 10).is_empty());
    settle(&a, out, sent(&["ff"])).await;
    h.receipt(0, "ff", State::Delivered).await;
    let receipt = h.delivered().pop().unwrap().message;
    assert_eq!((receipt.door(), receipt.door_data.as_str(), &receipt.native[..]), (Door::Cmpp, "d1 d2 d3", &[1][..]));
    h.pass(3_600_000);
    h.gateway.lonely_parts().await.unwrap();
    assert!(a.claim(10).is_empty());
}

#[tokio::test]
async fn long_messages_are_kept_apart_by_what_their_parts_say() {
    let h = house();
    let a = h.outbox(0);
    let other_recipient = |mut s: Submission| {
        s.message.destination = Address::parse("+447778001211");
        s
    };
    let ucs2 = |mut s: Submission| {
        s.message.data_coding = 4;
        s
    };
    let batch = vec![
        part(7, 2, 1, "a1"),
        part(7, 3, 1, "b1"),
        other_recipient(part(7, 2, 1, "c1")),
        ucs2(part(7, 2, 1, "d1")),
        // Two at once that nothing but their content tells apart.
        part(7, 2, 1, "e1"),
        part(7, 3, 3, "b3"),
        other_recipient(part(7, 2, 2, "c2")),
        part(7, 2, 2, "a2"),
        ucs2(part(7, 2, 2, "d2")),
        part(7, 2, 2, "e2"),
        part(7, 3, 2, "b2"),
    ];
    assert!(h.gateway.submit(&h.account(), batch).await.iter().all(Result::is_ok));
    let mut whole = Vec::new();
    for _ in 0..5 {
        whole.push(String::from_utf8(next(&a).await.message.payload.to_vec()).unwrap());
    }
    whole.sort();
    assert_eq!(whole, ["a1a2", "b1b2b3", "c1c2", "d1d2", "e1e2"]);
}

#[tokio::test]
async fn parts_wait_over_a_restart_and_what_is_complete_then_is_joined() {
    let h = house();
    let due = h.time.load(std::sync::atomic::Ordering::Relaxed) + 60_000;
    h.submit(Submission { due: Some(due), ..part(1, 2, 2, "later") }).await.unwrap();
    h.submit(part(2, 2, 1, "whole ")).await.unwrap();
    let h = h.restarted(|_| {});
    h.submit(part(2, 2, 2, "message")).await.unwrap();
    let (a, b) = (h.outbox(0), h.outbox(1));
    assert_eq!(shown(&next(&a).await), words("whole message", "d1 d2", "2-1 2-2"));
    h.submit(Submission { route: Some("b".into()), ..part(1, 2, 1, "sooner ") }).await.unwrap();
    h.gateway.lonely_parts().await.unwrap();
    assert!(a.claim(1).is_empty() && b.claim(1).is_empty(), "not before the later of the times asked for");
    h.pass(61_000);
    assert_eq!(shown(&next(&b).await), words("sooner later", "d1 d2", "1-1 1-2"));
}

/// The parts are all in the spool and nobody has joined them: as after a crash between the two.
#[tokio::test]
async fn what_is_complete_at_start_is_joined() {
    let h = house();
    h.submit(part(2, 2, 1, "whole ")).await.unwrap();
    let stored = h.gateway.spool.list(Some(h.gateway.spool.queue("parts:")), None, 10);
    let body = h.gateway.spool.read_body(stored[0].id).unwrap().unwrap();
    let mut second = Message::from_bytes(body).unwrap();
    second.payload = bytes::Bytes::from_static(b"\x05\x00\x03\x02\x02\x02message");
    second.waiting.as_mut().unwrap().number = 2;
    let s = &stored[0];
    let entry = waxwing_spool::NewEntry {
        queue: s.queue,
        group: s.group,
        priority: 3,
        due: s.due,
        expires: s.expires,
        dedup: None,
        body: second.to_bytes(),
    };
    h.gateway.spool.commit(vec![waxwing_spool::Tx::one(waxwing_spool::Op::Accept(entry))]).await.unwrap();
    let h = h.restarted(|_| {});
    h.gateway.lonely_parts().await.unwrap();
    let out = next(&h.outbox(0)).await;
    assert_eq!((content::text(&out.message).as_deref(), out.priority), (Some("whole message"), 3));
}

#[tokio::test]
async fn a_part_that_comes_twice_is_sent_once_and_told_twice() {
    let again = |data: &str| {
        let mut s = part(5, 2, 1, "one ");
        s.message.door_data = data.into();
        s
    };
    let h = house();
    let a = h.outbox(0);
    h.submit(part(5, 2, 1, "one ")).await.unwrap();
    h.submit(again("d1b")).await.unwrap();
    h.submit(part(5, 2, 2, "two")).await.unwrap();
    let out = next(&a).await;
    assert_eq!(shown(&out), words("one two", "d1 d1b d2", "5-1 5-1 5-2"));
    settle(&a, out, sent(&["77"])).await;
    // And where the other parts never come, whether it waits as long as the first or not.
    h.submit(part(5, 2, 1, "one ")).await.unwrap();
    h.submit(again("d1b")).await.unwrap();
    h.pass(60_000);
    h.submit(again("d1c")).await.unwrap();
    h.pass(30 * 60_000 - 30_000);
    h.gateway.lonely_parts().await.unwrap();
    let out = next(&a).await;
    assert_eq!((out.message.door_data.as_str(), out.message.kind(), out.message.udhi), ("d1 d1b d1c", Kind::Mt, true));
    h.pass(60_000);
    h.gateway.lonely_parts().await.unwrap();
    assert!(a.claim(10).is_empty());
    assert!(h.gateway.spool.list(Some(h.gateway.spool.queue("parts:")), None, 10).is_empty());
}

#[tokio::test]
async fn parts_whose_others_never_come_leave_by_themselves() {
    let h = house();
    let a = h.outbox(0);
    h.submit(part(5, 3, 1, "one ")).await.unwrap();
    h.submit(part(5, 3, 3, "three")).await.unwrap();
    h.pass(29 * 60_000);
    h.gateway.lonely_parts().await.unwrap();
    assert!(a.claim(10).is_empty());
    h.pass(2 * 60_000);
    h.gateway.lonely_parts().await.unwrap();
    let got = a.claim(10);
    assert_eq!(got.iter().map(|o| o.message.reference.as_str()).collect::<Vec<_>>(), ["5-1", "5-3"]);
    assert!(got.iter().all(|o| o.message.udhi && o.message.waiting.is_none() && o.message.via.len() == 2));
    // One that comes now is the first of another message.
    h.submit(part(5, 3, 2, "two ")).await.unwrap();
    h.gateway.lonely_parts().await.unwrap();
    assert!(a.claim(10).is_empty());
}

#[tokio::test]
async fn a_short_validity_shortens_the_wait() {
    let h = house();
    let expires = Some(h.time.load(std::sync::atomic::Ordering::Relaxed) + 60_000);
    h.submit(Submission { expires, ..part(5, 2, 1, "one ") }).await.unwrap();
    h.pass(31_000);
    h.gateway.lonely_parts().await.unwrap();
    let out = next(&h.outbox(0)).await;
    assert_eq!((Some(out.expires), out.message.validity_given), (expires, true));
}

#[tokio::test]
async fn a_waiting_part_can_be_found_and_cancelled() {
    let h = house();
    let id = h.submit(part(5, 2, 1, "one ")).await.unwrap();
    assert_eq!(h.gateway.find_reference(&h.account(), "5-1", 0).await, [id]);
    assert!(h.gateway.find_reference(&h.account(), "5-2", 0).await.is_empty());
    assert_eq!(h.gateway.status(&h.account(), id).await.unwrap().state, State::Queued);
    h.gateway.cancel(&h.account(), id).await.unwrap();
    assert!(h.gateway.find_reference(&h.account(), "5-1", 0).await.is_empty());
    let a = h.outbox(0);
    h.submit(part(5, 2, 2, "two")).await.unwrap();
    assert!(a.claim(1).is_empty(), "half of it was called back");
    h.submit(part(5, 2, 1, "new ")).await.unwrap();
    assert_eq!(content::text(&next(&a).await.message).as_deref(), Some("new two"));
}

#[tokio::test]
async fn a_part_that_was_called_back_elsewhere_leaves_the_others_to_go_alone() {
    let h = house();
    let id = h.submit(part(5, 2, 1, "one ")).await.unwrap();
    h.spool_cancel(id).await;
    h.submit(part(5, 2, 2, "two")).await.unwrap();
    h.pass(31 * 60_000);
    h.gateway.lonely_parts().await.unwrap();
    assert_eq!(next(&h.outbox(0)).await.message.reference, "5-2");
}

#[tokio::test]
async fn several_recipients_are_taken_together_or_not_at_all() {
    let h = house_with(|c| {
        c.rate = Some(5.0);
        c.per_day = Some(6);
    });
    let to = |number: &str| {
        let mut s = hello();
        s.message.destination = Address::parse(number);
        s
    };
    let account = h.account();
    let three = || vec![to("+447778001210"), to("+447778001211"), to("+447778001212")];
    let mut bad = three();
    bad[1] = to("nobody");
    assert!(matches!(h.gateway.submit_whole(&account, bad).await, Err(SubmitError::Recipient(_))));
    let ids = h.gateway.submit_whole(&account, three()).await.unwrap();
    let got = h.outbox(0).claim(10);
    assert_eq!(got.iter().map(Outgoing::id).collect::<Vec<_>>(), ids);
    let to: Vec<_> = got.iter().map(|o| o.message.destination.to_string()).collect();
    assert_eq!(to, ["+447778001210", "+447778001211", "+447778001212"]);
    assert!(matches!(h.gateway.submit_whole(&account, three()).await, Err(SubmitError::Throttled { retry_after_ms: 200, .. })));
    h.pass(1000);
    assert_eq!(h.gateway.submit_whole(&account, three()).await.unwrap().len(), 3);
    h.pass(1000);
    assert!(matches!(h.gateway.submit_whole(&account, three()).await, Err(SubmitError::Quota { limit: 6, period: "day" })));
    assert_eq!(h.gateway.submit_whole(&account, Vec::new()).await, Ok(Vec::new()));
    assert!(ids.iter().all(|id| h.gateway.spool.get(*id).unwrap().stage == Stage::Leased));
}

#[tokio::test]
async fn parts_to_several_recipients_are_joined_for_each() {
    let h = house();
    let both = |number, text| {
        let mut second = part(5, 2, number, text);
        second.message.destination = Address::parse("+447778001211");
        vec![part(5, 2, number, text), second]
    };
    h.gateway.submit_whole(&h.account(), both(2, "two")).await.unwrap();
    h.gateway.submit_whole(&h.account(), both(1, "one ")).await.unwrap();
    let a = h.outbox(0);
    let mut to = Vec::new();
    for _ in 0..2 {
        let out = next(&a).await;
        assert_eq!(content::text(&out.message).as_deref(), Some("one two"));
        to.push(out.message.destination.to_string());
    }
    to.sort();
    assert_eq!(to, ["+447778001210", "+447778001211"]);
}

#[tokio::test]
async fn a_part_that_nothing_takes_any_more_fails_and_is_told() {
    let h = house();
    let id = h.submit(part(5, 2, 1, "one ")).await.unwrap();
    let account = h.account();
    h.gateway.install(Setup { accounts: Accounts::new(vec![account]), ..Setup::empty() });
    h.pass(31 * 60_000);
    h.gateway.lonely_parts().await.unwrap();
    let told = h.delivered().pop().unwrap().message;
    let r = told.receipt.clone().unwrap();
    assert_eq!((r.id, r.state(), told.door_data.as_str()), (id.0, State::Failed, "d1"));
    assert_eq!(h.gateway.spool.get(id).unwrap().stage, Stage::Dead);
    // It is no part of what comes later.
    let h = h.restarted(|_| {});
    h.submit(part(5, 2, 2, "two")).await.unwrap();
    assert!(h.gateway.find_reference(&h.account(), "5-1", 0).await.is_empty());
    assert!(!h.gateway.find_reference(&h.account(), "5-2", 0).await.is_empty());
    // Sent again by hand, it goes by itself.
    h.gateway.replay(&h.account(), id).await.unwrap();
    h.gateway.lonely_parts().await.unwrap();
    let out = next(&h.outbox(0)).await;
    assert_eq!((out.message.kind(), out.message.reference.as_str()), (Kind::Mt, "5-1"));
}

/// Whatever comes in whatever order, over restarts, with parts missing and parts repeated: the words of each submission come back exactly
/// once, with a message that has its content.
#[tokio::test]
async fn no_submission_is_lost_or_told_twice() {
    for seed in 0..12 {
        let mut dice = fastrand::Rng::with_seed(seed);
        let mut h = house();
        let mut submissions = Vec::new();
        for message in 0..20 {
            let (reference, total) = (dice.u8(0..4), dice.u8(2..5));
            for number in 1..=total {
                // One in eight never comes, one in eight comes again.
                for _ in 0..[0, 1, 1, 1, 1, 1, 1, 2][dice.usize(0..8)] {
                    let mut s = part(reference, total, number, &format!("<{message}.{number}>"));
                    s.message.door_data = format!("w{}", submissions.len());
                    submissions.push((s, format!("<{message}.{number}>")));
                }
            }
        }
        // Nearly in order, as over several connections.
        for at in 1..submissions.len() {
            submissions.swap(at, at.saturating_sub(dice.usize(0..4)));
        }
        for (s, _) in &submissions {
            h.submit(s.clone()).await.unwrap();
            if dice.u8(0..40) == 0 {
                h = h.restarted(|_| {});
            }
        }
        h.pass(31 * 60_000);
        let a = h.outbox(0);
        let contents: std::collections::HashMap<_, _> = submissions.iter().map(|(s, c)| (s.message.door_data.clone(), c.clone())).collect();
        let mut told = Vec::new();
        let mut joined = 0;
        while told.len() < submissions.len() {
            h.gateway.lonely_parts().await.unwrap();
            let out = next(&a).await;
            let text = content::text(&out.message).unwrap();
            joined += usize::from(!out.message.udhi);
            for word in out.message.door_data.split(' ') {
                assert!(text.contains(&contents[word]), "seed {seed}: {word} is not in {text}");
                told.push(word.to_owned());
            }
            settle(&a, out, sent(&["1"])).await;
        }
        told.sort();
        assert!(told.windows(2).all(|w| w[0] != w[1]), "seed {seed}: {told:?}");
        h.gateway.lonely_parts().await.unwrap();
        assert!(a.claim(1).is_empty() && joined > 0, "seed {seed}");
        assert!(h.gateway.spool.list(Some(h.gateway.spool.queue("parts:")), None, 1).is_empty());
    }
}
