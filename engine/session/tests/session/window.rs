use waxwing_session::{Event, Options, Refused};

use crate::pair::{LATENCY, Pair, SECOND, quiet};
use crate::toy::{NACK, REQUEST, RESP, frame};

fn tokens(pair: &mut Pair) -> Vec<u64> {
    let token = |event| match event {
        Event::Response { token, .. } => token,
        other => panic!("{other:?}"),
    };
    pair.client.take_events().into_iter().map(token).collect()
}

#[test]
fn it_fills_and_empties() {
    let mut pair = Pair::bound(Options { window: 3, ..quiet() }, quiet());
    for token in 0..3 {
        assert_eq!(pair.client.engine.window_free(), 3 - token as usize);
        pair.client.engine.request(&frame(REQUEST, 0, b""), token, pair.now).unwrap();
    }
    assert_eq!(pair.client.engine.request(&frame(REQUEST, 0, b""), 3, pair.now), Err(Refused::WindowFull));
    pair.run_for(LATENCY);
    assert_eq!(pair.server.answer_all(), 3);
    pair.run_for(LATENCY);
    assert_eq!(tokens(&mut pair), [0, 1, 2]);
    assert_eq!(pair.client.engine.window_free(), 3);
}

#[test]
fn it_can_be_changed() {
    let mut pair = Pair::bound(Options { window: 2, ..quiet() }, quiet());
    pair.client.engine.request(&frame(REQUEST, 0, b""), 0, pair.now).unwrap();
    pair.client.engine.request(&frame(REQUEST, 0, b""), 1, pair.now).unwrap();
    pair.client.engine.set_window(1);
    assert_eq!(pair.client.engine.window_free(), 0);
    pair.client.engine.set_window(5);
    assert_eq!(pair.client.engine.window_free(), 3);
}

#[test]
fn answers_come_in_any_order() {
    let mut pair = Pair::bound(quiet(), quiet());
    let seqs: Vec<u32> = (0..5).map(|token| pair.client.engine.request(&frame(REQUEST, 0, b""), token, pair.now).unwrap()).collect();
    for token in [3, 0, 4, 1, 2] {
        pair.client.engine.receive(&frame(REQUEST | RESP, seqs[token], b""), pair.now);
    }
    pair.settle();
    assert_eq!(tokens(&mut pair), [3, 0, 4, 1, 2]);
}

#[test]
fn a_generic_refusal_answers_a_request() {
    let mut pair = Pair::bound(quiet(), quiet());
    let seq = pair.client.engine.request(&frame(REQUEST, 0, b""), 77, pair.now).unwrap();
    pair.client.engine.receive(&frame(NACK, seq, b""), pair.now);
    assert!(matches!(pair.client.engine.poll_event(), Some(Event::Response { token: 77, pdu, .. }) if pdu.kind == NACK));
}

#[test]
fn no_answer_times_out_and_a_late_one_is_an_orphan() {
    let mut pair = Pair::bound(Options { response_timeout: 5 * SECOND, window: 2, ..quiet() }, quiet());
    let first = pair.client.engine.request(&frame(REQUEST, 0, b""), 1, pair.now).unwrap();
    pair.run_for(2 * SECOND);
    let second = pair.client.engine.request(&frame(REQUEST, 0, b""), 2, pair.now).unwrap();
    pair.run_for(3 * SECOND - LATENCY);
    assert!(pair.client.events.is_empty());
    pair.run_for(LATENCY);
    assert_eq!(pair.client.take_events(), [Event::TimedOut { seq: first, token: 1 }]);
    assert_eq!(pair.client.engine.window_free(), 1);
    pair.server.answer_all();
    pair.run_for(LATENCY);
    let events = pair.client.take_events();
    assert!(matches!(events[..], [Event::Orphan { seq, .. }, Event::Response { token: 2, .. }] if seq == first), "{events:?}");
    pair.client.engine.receive(&frame(REQUEST | RESP, second, b""), pair.now);
    assert!(matches!(pair.client.engine.poll_event(), Some(Event::Orphan { .. })), "answered twice");
    assert_eq!((pair.client.engine.counters().orphans, pair.client.engine.counters().timed_out), (2, 1));
}

#[test]
fn sequence_numbers_wrap_and_skip_those_in_flight() {
    let mut pair = Pair::<5>::bound_with(quiet(), quiet());
    let mut seqs = Vec::new();
    let mut request = |pair: &mut Pair<5>, token| {
        let seq = pair.client.engine.request(&frame(REQUEST, 0, b""), token, pair.now);
        seqs.push(seq);
        seq
    };
    // The login had 1.
    request(&mut pair, 0).unwrap();
    for token in 1..9 {
        let seq = request(&mut pair, token).unwrap();
        pair.client.engine.receive(&frame(REQUEST | RESP, seq, b""), pair.now);
        assert!(matches!(pair.client.engine.poll_event(), Some(Event::Response { token: t, .. }) if t == token));
    }
    assert_eq!(seqs.iter().flatten().copied().collect::<Vec<_>>(), [2, 3, 4, 5, 1, 3, 4, 5, 1]);
}

#[test]
fn a_range_all_in_flight_is_a_full_window() {
    let mut pair = Pair::<5>::bound_with(quiet(), quiet());
    for token in 0..5 {
        pair.client.engine.request(&frame(REQUEST, 0, b""), token, pair.now).unwrap();
    }
    assert_eq!(pair.client.engine.request(&frame(REQUEST, 0, b""), 5, pair.now), Err(Refused::WindowFull));
}

#[test]
fn one_that_hangs_does_not_pile_up_the_others() {
    let mut pair = Pair::bound(quiet(), quiet());
    pair.client.engine.request(&frame(REQUEST, 0, b""), u64::MAX, pair.now).unwrap();
    for token in 0..10_000 {
        let seq = pair.client.engine.request(&frame(REQUEST, 0, b""), token, pair.now).unwrap();
        let sent = pair.client.engine.output().len();
        pair.client.engine.sent(sent, pair.now);
        pair.client.engine.receive(&frame(REQUEST | RESP, seq, b""), pair.now);
        assert!(matches!(pair.client.engine.poll_event(), Some(Event::Response { token: t, .. }) if t == token));
    }
    pair.run_for(30 * SECOND);
    assert!(matches!(pair.client.take_events()[..], [Event::TimedOut { token: u64::MAX, .. }]));
}

#[test]
fn the_frame_carries_the_number_that_was_told() {
    let mut pair = Pair::bound(quiet(), quiet());
    let seq = pair.client.engine.request(&frame(REQUEST, 0xffff_ffff, b"body"), 1, pair.now).unwrap();
    pair.run_for(LATENCY);
    assert!(matches!(&pair.server.events[..], [Event::Request { seq: s, pdu }] if *s == seq && pdu.body() == b"body"));
}
