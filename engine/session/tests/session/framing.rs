use waxwing_session::{CloseReason, Event, Options};

use crate::pair::{LATENCY, Pair, SECOND, quiet};
use crate::toy::{GOODBYE, NACK, NOTICE, REQUEST, SENSELESS, frame, frames};

#[test]
fn octet_by_octet() {
    let mut pair = Pair::bound(quiet(), quiet());
    let octets = [frame(REQUEST, 5, b"hello"), frame(NOTICE, 6, b""), frame(REQUEST, 7, b"")].concat();
    for octet in octets {
        pair.server.engine.receive(&[octet], pair.now);
        pair.settle();
    }
    assert!(matches!(&pair.server.events[..],
        [Event::Request { seq: 5, pdu }, Event::Notice { .. }, Event::Request { seq: 7, .. }] if pdu.body() == b"hello"));
}

#[test]
fn lost_framing_sends_the_last_word_and_closes() {
    let mut pair = Pair::bound(quiet(), quiet());
    pair.server.stalled = true;
    pair.server.engine.receive(&[frame(REQUEST, 5, b""), vec![0, 3, 1]].concat(), pair.now);
    pair.settle();
    assert!(matches!(pair.server.events[..], [Event::Request { .. }]));
    assert_eq!(frames(pair.server.engine.output())[0].kind, GOODBYE);
    assert!(!pair.server.engine.wants_input());
    pair.server.stalled = false;
    pair.settle();
    assert_eq!(pair.server.events.last(), Some(&Event::Closed { reason: CloseReason::Framing("a length of 3".to_owned()) }));
}

#[test]
fn a_senseless_frame_is_answered_and_the_session_goes_on() {
    let mut pair = Pair::bound(quiet(), quiet());
    pair.server.engine.receive(&[frame(SENSELESS, 5, b""), frame(REQUEST, 6, b"")].concat(), pair.now);
    assert!(matches!(pair.server.engine.poll_event(), Some(Event::Malformed { reason, .. }) if reason == "kind 6"));
    assert!(matches!(pair.server.engine.poll_event(), Some(Event::Request { seq: 6, .. })));
    let answer = frames(pair.server.engine.output());
    assert_eq!((answer[0].kind, answer[0].seq), (NACK, 5));
    assert_eq!(pair.server.engine.counters().malformed, 1);
}

#[test]
fn an_unfinished_frame_closes_before_and_after_the_login() {
    let slow = Options { frame_timeout: 4 * SECOND, ..quiet() };
    for mut pair in [Pair::open(quiet(), slow.clone()), Pair::bound(quiet(), slow)] {
        let octets = frame(REQUEST, 5, b"hello");
        pair.server.engine.receive(&octets[..3], pair.now);
        pair.run_for(3 * SECOND);
        // More octets of the same frame do not put it off.
        pair.server.engine.receive(&octets[3..4], pair.now);
        pair.run_for(SECOND - LATENCY);
        assert!(pair.server.events.is_empty());
        pair.run_for(LATENCY);
        assert_eq!(pair.server.events, [Event::Closed { reason: CloseReason::FrameTimeout }]);
    }
}

#[test]
fn each_frame_has_the_whole_time() {
    let mut pair = Pair::bound(quiet(), Options { frame_timeout: 4 * SECOND, max_unanswered: 1000, ..quiet() });
    let octets: Vec<u8> = (0..10).flat_map(|seq| frame(REQUEST, seq, b"hello")).collect();
    for half in octets.chunks(6) {
        pair.server.engine.receive(half, pair.now);
        pair.run_for(3 * SECOND);
    }
    assert_eq!(pair.server.events.len(), 10);
}

#[test]
fn a_frame_longer_than_the_buffer_closes() {
    let mut pair = Pair::bound(quiet(), Options { max_input: 1000, ..quiet() });
    pair.server.engine.receive(&frame(REQUEST, 5, &[0; 2000])[..1000], pair.now);
    pair.settle();
    assert!(matches!(&pair.server.events[..], [Event::Closed { reason: CloseReason::Framing(_) }]));
}
