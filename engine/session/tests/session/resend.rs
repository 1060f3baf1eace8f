use waxwing_session::{CloseReason, Event, Options, State};

use crate::pair::{LATENCY, Pair, SECOND, quiet};
use crate::toy::{KEEP_ALIVE, REQUEST, RESP, frame, frames};

fn thrice() -> Options {
    Options { response_timeout: 60 * SECOND, sends: 3, window: 2, ..quiet() }
}

#[test]
fn the_same_octets_go_out_again_and_keep_their_place() {
    let mut pair = Pair::bound(thrice(), quiet());
    let seq = pair.client.engine.request(&frame(REQUEST, 0, b"mt"), 7, pair.now).unwrap();
    let first = pair.client.engine.output().to_vec();
    pair.run_for(LATENCY);
    for sent in 1..=2 {
        pair.server.take_events();
        pair.run_for(60 * SECOND);
        assert_eq!(pair.client.engine.counters().resent, sent);
        assert_eq!(pair.client.engine.window_free(), 1);
        assert!(matches!(&pair.server.events[..], [Event::Request { seq: s, pdu }] if *s == seq && pdu.octets == first));
    }
    assert!(pair.client.events.is_empty());
    pair.run_for(60 * SECOND);
    assert_eq!(pair.client.take_events(), [Event::TimedOut { seq, token: 7 }]);
    assert_eq!((pair.client.engine.counters().resent, pair.client.engine.counters().timed_out), (2, 1));
    assert_eq!(pair.client.engine.window_free(), 2);
}

#[test]
fn a_late_answer_to_any_of_them_is_the_answer() {
    let mut pair = Pair::bound(thrice(), quiet());
    let seq = pair.client.engine.request(&frame(REQUEST, 0, b"mt"), 7, pair.now).unwrap();
    pair.run_for(61 * SECOND);
    // The peer answers both, one after the other.
    assert_eq!(pair.server.answer_all(), 2);
    pair.run_for(LATENCY);
    let events = pair.client.take_events();
    assert!(matches!(events[..], [Event::Response { seq: s, token: 7, .. }, Event::Orphan { .. }] if s == seq), "{events:?}");
    pair.run_for(300 * SECOND);
    assert_eq!((pair.client.engine.counters().resent, pair.client.events.len()), (1, 0));
}

#[test]
fn each_has_its_own_time() {
    let mut pair = Pair::bound(thrice(), quiet());
    let early = pair.client.engine.request(&frame(REQUEST, 0, b"a"), 1, pair.now).unwrap();
    pair.run_for(30 * SECOND);
    let late = pair.client.engine.request(&frame(REQUEST, 0, b"b"), 2, pair.now).unwrap();
    pair.run_for(31 * SECOND);
    pair.client.engine.receive(&frame(REQUEST | RESP, early, b""), pair.now);
    pair.settle();
    assert!(matches!(pair.client.take_events()[..], [Event::Response { token: 1, .. }]));
    pair.run_for(30 * SECOND);
    let went: Vec<_> = pair.server.events.iter().map(|e| matches!(e, Event::Request { seq, .. } if *seq == late)).collect();
    assert_eq!(went, [false, true, false, true], "a, b, a again, b again");
    pair.run_for(120 * SECOND);
    assert_eq!(pair.client.take_events(), [Event::TimedOut { seq: late, token: 2 }]);
}

#[test]
fn what_was_sent_again_is_lost_with_the_session() {
    let mut pair = Pair::bound(thrice(), quiet());
    pair.client.engine.request(&frame(REQUEST, 0, b""), 7, pair.now).unwrap();
    pair.run_for(61 * SECOND);
    pair.client.engine.abort_now(pair.now);
    pair.settle();
    assert_eq!(pair.client.events, [Event::Lost { token: 7 }, Event::Closed { reason: CloseReason::Aborted }]);
}

#[test]
fn nothing_goes_out_again_once_the_unbind_is_sent() {
    let mut pair = Pair::bound(thrice(), Options { unbind_timeout: 600 * SECOND, ..quiet() });
    pair.client.engine.request(&frame(REQUEST, 0, b""), 7, pair.now).unwrap();
    pair.run_for(55 * SECOND);
    pair.server.stalled = true;
    pair.client.engine.unbind(SECOND, pair.now);
    pair.run_for(600 * SECOND);
    assert_eq!(pair.client.engine.counters().resent, 0);
    assert!(matches!(
        pair.client.events[..],
        [Event::TimedOut { token: 7, .. }, Event::Closed { .. }] | [Event::Lost { token: 7 }, Event::Closed { .. }]
    ));
}

#[test]
fn a_full_output_is_not_filled_further() {
    let body = [0; 50];
    let options = Options { max_output: 100, window: 10, write_stall_timeout: 600 * SECOND, ..thrice() };
    let mut pair = Pair::bound(options, quiet());
    for token in 0..10 {
        pair.client.engine.request(&frame(REQUEST, 0, &body), token, pair.now).unwrap();
        pair.run_for(LATENCY);
    }
    pair.client.stalled = true;
    pair.run_for(120 * SECOND);
    assert_eq!(frames(pair.client.engine.output()).len(), 2);
    pair.client.stalled = false;
    pair.run_for(SECOND);
    assert_eq!(pair.client.engine.counters().resent, 10, "the others had waited for the peer to read");
    assert!(pair.client.events.is_empty());
}

#[test]
fn a_keep_alive_goes_out_as_often() {
    let mut pair = Pair::bound(Options { keep_alive_interval: Some(180 * SECOND), ..thrice() }, quiet());
    pair.client.stalled = true;
    pair.run_for(180 * SECOND);
    let first = pair.client.engine.output().to_vec();
    assert_eq!(frames(&first)[0].kind, KEEP_ALIVE);
    pair.client.engine.sent(first.len(), pair.now);
    for _ in 0..2 {
        pair.run_for(60 * SECOND);
        let again = pair.client.engine.output().to_vec();
        assert_eq!(again, first);
        pair.client.engine.sent(again.len(), pair.now);
    }
    assert_eq!(pair.client.engine.state(), State::Bound);
    pair.run_for(60 * SECOND);
    assert_eq!(pair.client.events, [Event::Closed { reason: CloseReason::KeepAliveTimeout }]);
    assert_eq!((pair.client.engine.counters().keep_alives_sent, pair.client.engine.counters().resent), (1, 2));
}
