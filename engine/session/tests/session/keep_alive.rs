use waxwing_session::{CloseReason, Event, Options, State};

use crate::pair::{LATENCY, Pair, SECOND, quiet};
use crate::toy::{KEEP_ALIVE, REQUEST, RESP, frame, frames};

fn lively() -> Options {
    Options { keep_alive_interval: Some(30 * SECOND), response_timeout: 5 * SECOND, ..Options::default() }
}

#[test]
fn an_idle_session_is_kept_alive() {
    let mut pair = Pair::bound(lively(), quiet());
    pair.run_for(300 * SECOND);
    assert_eq!(pair.client.engine.state(), State::Bound);
    assert!(pair.client.events.is_empty() && pair.server.events.is_empty(), "the owner hears nothing of it");
    assert_eq!(pair.client.engine.counters().keep_alives_sent, 9);
}

#[test]
fn an_interval_of_0_sends_none() {
    let mut pair = Pair::bound(Options { keep_alive_interval: Some(std::time::Duration::ZERO), ..lively() }, quiet());
    pair.run_for(300 * SECOND);
    assert_eq!(pair.client.engine.counters().keep_alives_sent, 0);
}

#[test]
fn a_dead_peer_is_found() {
    let mut pair = Pair::bound(lively(), quiet());
    pair.server.stalled = true;
    pair.run_for(35 * SECOND - LATENCY);
    assert!(pair.client.events.is_empty());
    pair.run_for(LATENCY);
    assert_eq!(pair.client.events, [Event::Closed { reason: CloseReason::KeepAliveTimeout }]);
}

#[test]
fn traffic_puts_it_off() {
    let mut pair = Pair::bound(lively(), quiet());
    for _ in 0..10 {
        pair.run_for(20 * SECOND);
        pair.server.engine.request(&frame(REQUEST, 0, b""), 1, pair.now).unwrap();
        pair.run_for(LATENCY);
        pair.client.answer_all();
        pair.run_for(LATENCY);
    }
    assert_eq!(pair.client.engine.counters().keep_alives_sent, 0);
}

#[test]
fn anything_received_counts_as_an_answer() {
    let mut pair = Pair::bound(lively(), quiet());
    pair.server.stalled = true;
    pair.run_for(33 * SECOND);
    pair.client.engine.receive(&frame(REQUEST, 5, b""), pair.now);
    pair.run_for(20 * SECOND);
    assert_eq!(pair.client.engine.state(), State::Bound);
}

#[test]
fn the_peers_are_answered_even_before_the_login() {
    let mut pair = Pair::open(quiet(), quiet());
    pair.server.engine.receive(&frame(KEEP_ALIVE, 42, b""), pair.now);
    assert_eq!(pair.server.engine.poll_event(), None);
    let answer = frames(pair.server.engine.output());
    assert_eq!((answer[0].kind, answer[0].seq), (KEEP_ALIVE | RESP, 42));
}

#[test]
fn an_inactive_session_is_unbound_in_spite_of_keep_alives() {
    let mut pair = Pair::bound(lively(), Options { inactivity_timeout: Some(100 * SECOND), ..quiet() });
    pair.run_for(90 * SECOND);
    pair.client.engine.request(&frame(REQUEST, 0, b""), 1, pair.now).unwrap();
    pair.run_for(LATENCY);
    pair.server.answer_all();
    pair.run_for(100 * SECOND - LATENCY);
    assert_eq!(pair.server.engine.state(), State::Bound);
    pair.run_for(3 * LATENCY);
    assert_eq!(pair.server.events.last(), Some(&Event::Closed { reason: CloseReason::Inactive }));
    assert_eq!(pair.client.events.last(), Some(&Event::Closed { reason: CloseReason::PeerUnbound }));
}
