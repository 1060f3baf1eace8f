use waxwing_session::{CloseReason, Event, Refused, Reject, State};

use crate::pair::{LATENCY, Pair, SECOND, quiet};
use crate::toy::{NACK, Pdu, REQUEST, RESP, UNBIND, frame, frames};

fn closed(reason: CloseReason) -> Event<Pdu> {
    Event::Closed { reason }
}

#[test]
fn an_idle_session_unbinds_at_once() {
    let mut pair = Pair::bound(quiet(), quiet());
    pair.client.engine.unbind(5 * SECOND, pair.now);
    pair.run_for(2 * LATENCY);
    assert_eq!(pair.client.events, [closed(CloseReason::Unbound)]);
    assert_eq!(pair.server.events, [Event::PeerUnbound, closed(CloseReason::PeerUnbound)]);
}

#[test]
fn answers_in_flight_are_waited_for() {
    let mut pair = Pair::bound(quiet(), quiet());
    pair.client.engine.request(&frame(REQUEST, 0, b""), 1, pair.now).unwrap();
    pair.client.engine.unbind(5 * SECOND, pair.now);
    assert_eq!(pair.client.engine.request(&frame(REQUEST, 0, b""), 2, pair.now), Err(Refused::Closing));
    pair.run_for(4 * SECOND);
    assert_eq!(pair.client.engine.state(), State::Draining);
    pair.server.answer_all();
    pair.run_for(3 * LATENCY);
    assert!(matches!(pair.client.events[0], Event::Response { token: 1, .. }));
    assert_eq!(pair.client.events[1..], [closed(CloseReason::Unbound)]);
}

#[test]
fn the_grace_ends_the_wait_and_names_what_is_lost() {
    let mut pair = Pair::bound(quiet(), quiet());
    pair.client.engine.request(&frame(REQUEST, 0, b""), 1, pair.now).unwrap();
    pair.client.engine.request(&frame(REQUEST, 0, b""), 2, pair.now).unwrap();
    pair.client.engine.unbind(5 * SECOND, pair.now);
    pair.run_for(5 * SECOND);
    assert_eq!(pair.client.engine.state(), State::Unbinding);
    // The server's owner does not answer: its engine waits for its own grace, longer than the client for the answer.
    pair.run_for(5 * SECOND);
    assert_eq!(pair.client.events, [Event::Lost { token: 1 }, Event::Lost { token: 2 }, closed(CloseReason::UnbindTimeout)]);
    pair.run_for(SECOND);
    assert_eq!(pair.server.events.last(), Some(&closed(CloseReason::PeerUnbound)));
}

#[test]
fn the_peers_requests_go_on_until_the_unbind_is_sent() {
    let mut pair = Pair::bound(quiet(), quiet());
    pair.client.engine.request(&frame(REQUEST, 0, b""), 1, pair.now).unwrap();
    pair.client.engine.unbind(5 * SECOND, pair.now);
    pair.server.engine.request(&frame(REQUEST, 0, b""), 7, pair.now).unwrap();
    pair.run_for(LATENCY);
    assert_eq!(pair.client.answer_all(), 1);
    pair.run_for(LATENCY);
    assert!(pair.server.events.iter().any(|event| matches!(event, Event::Response { token: 7, .. })));
}

#[test]
fn an_owner_that_leaves_turns_the_peers_requests_away() {
    let mut pair = Pair::bound(quiet(), quiet());
    pair.client.engine.refuse_incoming();
    pair.client.engine.receive(&frame(REQUEST, 3, b""), pair.now);
    assert!(matches!(pair.client.engine.poll_event(), Some(Event::Rejected { why: Reject::Closing, .. })));
}

#[test]
fn the_peers_unbind_is_answered_after_what_is_unanswered() {
    let mut pair = Pair::bound(quiet(), quiet());
    pair.server.engine.receive(&[frame(REQUEST, 3, b""), frame(UNBIND, 4, b"")].concat(), pair.now);
    pair.settle();
    assert!(matches!(pair.server.events[..], [Event::Request { .. }, Event::PeerUnbound]));
    assert!(pair.server.engine.output().is_empty());
    assert_eq!(pair.server.engine.request(&frame(REQUEST, 0, b""), 2, pair.now), Err(Refused::Closing));
    pair.server.stalled = true;
    pair.server.answer_all();
    pair.settle();
    let sent: Vec<u8> = frames(pair.server.engine.output()).iter().map(|pdu| pdu.kind).collect();
    assert_eq!(sent, [REQUEST | RESP, UNBIND | RESP]);
    pair.server.stalled = false;
    pair.settle();
    assert_eq!(pair.server.events.last(), Some(&closed(CloseReason::PeerUnbound)));
}

#[test]
fn an_owner_that_never_answers_does_not_hold_up_the_peers_unbind() {
    let mut pair = Pair::bound(quiet(), quiet());
    pair.client.engine.request(&frame(REQUEST, 0, b""), 1, pair.now).unwrap();
    pair.client.engine.unbind(std::time::Duration::ZERO, pair.now);
    pair.run_for(5 * SECOND + LATENCY);
    assert_eq!(pair.server.events.last(), Some(&closed(CloseReason::PeerUnbound)));
}

#[test]
fn both_sides_at_once() {
    let mut pair = Pair::bound(quiet(), quiet());
    pair.client.engine.unbind(SECOND, pair.now);
    pair.server.engine.unbind(SECOND, pair.now);
    pair.run_for(3 * LATENCY);
    assert_eq!(pair.client.events, [closed(CloseReason::Unbound)]);
    assert_eq!(pair.server.events, [closed(CloseReason::Unbound)]);
}

#[test]
fn a_generic_refusal_answers_an_unbind() {
    let mut pair = Pair::bound(quiet(), quiet());
    pair.client.stalled = true;
    pair.client.engine.unbind(SECOND, pair.now);
    pair.settle();
    let seq = frames(pair.client.engine.output())[0].seq;
    pair.client.stalled = false;
    pair.client.engine.receive(&frame(NACK, seq, b""), pair.now);
    pair.settle();
    assert_eq!(pair.client.events, [closed(CloseReason::Unbound)]);
}

#[test]
fn a_peer_that_hangs_up_loses_what_is_in_flight() {
    let mut pair = Pair::bound(quiet(), quiet());
    pair.client.engine.request(&frame(REQUEST, 0, b""), 9, pair.now).unwrap();
    pair.client.engine.received_eof(pair.now);
    pair.settle();
    assert_eq!(pair.client.events, [Event::Lost { token: 9 }, closed(CloseReason::PeerClosed)]);
}

#[test]
fn a_peer_that_only_stops_sending_still_gets_what_is_ready() {
    let mut pair = Pair::bound(quiet(), quiet());
    pair.server.stalled = true;
    pair.server.engine.receive(&frame(REQUEST, 5, b""), pair.now);
    pair.settle();
    pair.server.answer_all();
    pair.server.engine.received_eof(pair.now);
    pair.settle();
    assert_eq!((pair.server.engine.state(), frames(pair.server.engine.output()).len()), (State::Closing, 1));
    pair.server.stalled = false;
    pair.settle();
    assert_eq!(pair.server.events, [closed(CloseReason::PeerClosed)]);
}

#[test]
fn what_came_before_the_end_is_told_first() {
    let mut pair = Pair::bound(quiet(), quiet());
    let seq = pair.client.engine.request(&frame(REQUEST, 0, b""), 9, pair.now).unwrap();
    pair.client.engine.receive(&frame(REQUEST | RESP, seq, b""), pair.now);
    pair.client.engine.received_eof(pair.now);
    pair.settle();
    assert!(matches!(pair.client.events[0], Event::Response { token: 9, .. }));
    assert_eq!(pair.client.events[1..], [closed(CloseReason::PeerClosed)]);
}

#[test]
fn after_the_end_every_call_is_harmless() {
    let mut pair = Pair::bound(quiet(), quiet());
    pair.client.engine.connection_failed(&std::io::ErrorKind::ConnectionReset.into(), pair.now);
    pair.settle();
    assert!(matches!(&pair.client.take_events()[..], [Event::Closed { reason: CloseReason::Io(_) }]));
    let engine = &mut pair.client.engine;
    engine.respond(&frame(REQUEST | RESP, 1, b""));
    engine.unbind(SECOND, pair.now);
    engine.abort(pair.now);
    engine.receive(&frame(REQUEST, 1, b""), pair.now);
    engine.received_eof(pair.now);
    engine.handle_timeout(pair.now + 1000 * SECOND);
    assert_eq!(engine.request(&frame(REQUEST, 0, b""), 1, pair.now), Err(Refused::Closing));
    assert_eq!(engine.notice(&frame(REQUEST, 0, b""), pair.now), Err(Refused::Closing));
    assert_eq!((engine.poll_event(), engine.poll_timeout(), engine.output()), (None, None, &[][..]));
}
