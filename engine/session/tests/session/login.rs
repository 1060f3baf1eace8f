use waxwing_session::{CloseReason, Event, Options, Refused, Reject, State};

use crate::pair::{LATENCY, Pair, SECOND, quiet};
use crate::toy::{LOGIN, NACK, REQUEST, RESP, frame, frames};

#[test]
fn both_sides_become_bound() {
    let pair = Pair::bound(quiet(), quiet());
    assert_eq!(pair.client.engine.window_free(), 32);
    assert_eq!(pair.elapsed(), 2 * LATENCY);
}

#[test]
fn a_silent_client_is_closed() {
    let mut pair = Pair::open(quiet(), Options { login_timeout: 3 * SECOND, ..quiet() });
    pair.run_for(3 * SECOND - LATENCY);
    assert!(pair.server.events.is_empty());
    pair.run_for(LATENCY);
    assert_eq!(pair.server.take_events(), [Event::Closed { reason: CloseReason::LoginTimeout }]);
    assert_eq!(pair.server.engine.poll_timeout(), None);
}

#[test]
fn a_silent_server_is_given_up() {
    let mut pair = Pair::open(quiet(), quiet());
    pair.client.engine.login(&frame(LOGIN, 0, b""), pair.now).unwrap();
    pair.run_for(10 * SECOND);
    assert_eq!(pair.client.take_events(), [Event::Closed { reason: CloseReason::LoginTimeout }]);
}

#[test]
fn a_refused_login_is_answered_and_closed() {
    let mut pair = Pair::open(quiet(), quiet());
    pair.client.engine.login(&frame(LOGIN, 0, b""), pair.now).unwrap();
    pair.run_for(LATENCY);
    pair.server.engine.refuse_login(&frame(LOGIN | RESP, 1, b"no"), pair.now);
    pair.run_for(LATENCY);
    assert!(matches!(&pair.client.events[..], [Event::LoginResponse { pdu }] if pdu.body() == b"no"));
    assert_eq!(pair.server.events.last(), Some(&Event::Closed { reason: CloseReason::LoginRefused }));
    pair.client.engine.abort(pair.now);
    pair.run_for(LATENCY);
    assert_eq!(pair.client.events.last(), Some(&Event::Closed { reason: CloseReason::Aborted }));
}

#[test]
fn a_generic_refusal_answers_a_login() {
    let mut pair = Pair::open(quiet(), quiet());
    let seq = pair.client.engine.login(&frame(LOGIN, 0, b""), pair.now).unwrap();
    pair.client.engine.receive(&frame(NACK, seq, b""), pair.now);
    assert!(matches!(pair.client.engine.poll_event(), Some(Event::LoginResponse { pdu }) if pdu.kind == NACK));
}

#[test]
fn a_request_before_the_login_is_rejected() {
    let mut pair = Pair::open(quiet(), quiet());
    pair.server.engine.receive(&frame(REQUEST, 9, b"x"), pair.now);
    assert!(matches!(pair.server.engine.poll_event(), Some(Event::Rejected { why: Reject::NotBound, .. })));
    let answer = frames(pair.server.engine.output());
    assert_eq!((answer[0].kind, answer[0].seq, answer[0].body()), (NACK, 9, &b"NotBound"[..]));
    assert_eq!(pair.server.engine.counters().rejected, 1);
    assert_eq!(pair.client.engine.request(&frame(REQUEST, 0, b""), 1, pair.now), Err(Refused::NotBound));
}

#[test]
fn a_second_login_is_rejected() {
    let mut pair = Pair::bound(quiet(), quiet());
    pair.server.engine.receive(&frame(LOGIN, 7, b""), pair.now);
    assert!(matches!(pair.server.engine.poll_event(), Some(Event::Rejected { why: Reject::AlreadyBound, .. })));
    assert_eq!(pair.server.engine.state(), State::Bound);
}

#[test]
fn what_comes_with_the_login_waits_for_the_decision() {
    let mut pair = Pair::open(quiet(), quiet());
    let mut octets = frame(LOGIN, 1, b"");
    octets.extend(frame(REQUEST, 2, b"early"));
    pair.server.engine.receive(&octets, pair.now);
    pair.settle();
    assert!(matches!(pair.server.take_events()[..], [Event::Login { .. }]));
    assert!(!pair.server.engine.wants_input());
    pair.server.engine.accept_login(&frame(LOGIN | RESP, 1, b""), pair.now);
    pair.settle();
    assert!(matches!(&pair.server.take_events()[..], [Event::Request { seq: 2, pdu }] if pdu.body() == b"early"));
}

#[test]
fn a_decision_that_takes_too_long_ends_the_login() {
    let mut pair = Pair::open(quiet(), quiet());
    pair.client.engine.login(&frame(LOGIN, 0, b""), pair.now).unwrap();
    pair.run_for(10 * SECOND);
    assert_eq!(pair.server.events.last(), Some(&Event::Closed { reason: CloseReason::LoginTimeout }));
    pair.server.engine.accept_login(&frame(LOGIN | RESP, 1, b""), pair.now);
    assert_eq!(pair.server.engine.state(), State::Closed);
    assert!(pair.server.engine.output().is_empty());
}
