use waxwing_session::{CloseReason, Event, Options, Refused, State};

use crate::pair::{LATENCY, Pair, SECOND, quiet};
use crate::toy::{KEEP_ALIVE, REQUEST, RESP, frame};

#[test]
fn unanswered_requests_stop_the_reading() {
    let mut pair = Pair::bound(quiet(), Options { max_unanswered: 4, ..quiet() });
    for token in 0..10 {
        pair.client.engine.request(&frame(REQUEST, 0, b""), token, pair.now).unwrap();
    }
    for expected in [4, 4, 2] {
        pair.run_for(LATENCY);
        assert_eq!(pair.server.engine.unanswered(), expected);
        assert_eq!(pair.server.engine.wants_input(), expected < 4);
        assert_eq!(pair.server.answer_all(), expected as usize);
    }
    pair.run_for(LATENCY);
    assert_eq!(pair.client.events.len(), 10);
}

#[test]
fn unsent_output_stops_reading_and_requests() {
    let options = Options { max_output: 1000, window: 1000, ..quiet() };
    let mut pair = Pair::bound(quiet(), options);
    pair.server.stalled = true;
    let keep_alives: Vec<u8> = (0..1000).flat_map(|seq| frame(KEEP_ALIVE, seq, b"")).collect();
    pair.server.engine.receive(&keep_alives, pair.now);
    pair.settle();
    assert!(pair.server.engine.output().len() < 1000 + 7, "answers to keep-alives are bounded as well");
    assert!(!pair.server.engine.wants_input());
    assert_eq!(pair.server.engine.request(&frame(REQUEST, 0, b""), 1, pair.now), Err(Refused::OutputFull));
    assert_eq!(pair.server.engine.window_free(), 0);
    pair.server.stalled = false;
    pair.settle();
    assert_eq!(pair.server.engine.counters().frames_sent, 1001);
    assert!(pair.server.engine.wants_input());
}

#[test]
fn a_peer_that_takes_nothing_is_closed() {
    let mut pair = Pair::bound(quiet(), Options { write_stall_timeout: 3 * SECOND, ..quiet() });
    pair.server.stalled = true;
    pair.server.engine.request(&frame(REQUEST, 0, b""), 1, pair.now).unwrap();
    pair.run_for(2 * SECOND);
    // A little progress starts the time anew.
    pair.server.engine.sent(1, pair.now);
    pair.run_for(3 * SECOND - LATENCY);
    assert!(pair.server.events.is_empty());
    pair.run_for(LATENCY);
    assert_eq!(pair.server.events, [Event::Lost { token: 1 }, Event::Closed { reason: CloseReason::WriteStalled }]);
}

#[test]
fn time_in_which_this_side_does_not_read_is_not_held_against_the_peer() {
    let slow = Options { max_unanswered: 1, response_timeout: 5 * SECOND, ..Options::default() };
    let mut pair = Pair::bound(quiet(), slow);
    let mine = pair.server.engine.request(&frame(REQUEST, 0, b""), 7, pair.now).unwrap();
    let answer = frame(REQUEST | RESP, mine, b"");
    // The peer's answer stands behind two requests, and the owner takes a minute for each.
    pair.server.engine.receive(&[frame(REQUEST, 1, b""), frame(REQUEST, 2, b""), answer].concat(), pair.now);
    for _ in 0..2 {
        pair.run_for(60 * SECOND);
        assert_eq!(pair.server.answer_all(), 1);
    }
    pair.settle();
    assert!(matches!(pair.server.events[..], [Event::Response { token: 7, .. }]), "{:?}", pair.server.events);
    assert_eq!(pair.server.engine.state(), State::Bound);
    // The same time counts once the engine reads.
    let seq = pair.server.engine.request(&frame(REQUEST, 0, b""), 8, pair.now).unwrap();
    pair.run_for(5 * SECOND);
    assert_eq!(pair.server.events.last(), Some(&Event::TimedOut { seq, token: 8 }));
}
