//! What must hold for every course of events.

use std::collections::HashMap;
use std::time::Duration;

use proptest::prelude::*;
use waxwing_session::{Engine, Event, Options};

use crate::pair::{LATENCY, Pair, SECOND, quiet};
use crate::toy::{KEEP_ALIVE, LOGIN, NACK, NOTICE, Pdu, REQUEST, RESP, SENSELESS, Toy, UNBIND, frame};

/// What a server tells and sends when `octets` come in these pieces.
fn course(octets: &[u8], pieces: &[usize]) -> (Vec<Event<Pdu>>, Vec<u8>) {
    let now = std::time::Instant::now();
    let mut engine = Engine::server(Toy::<1000>, Options { max_unanswered: 1000, ..quiet() }, now);
    let (mut events, mut sent, mut rest, mut pieces) = (Vec::new(), Vec::new(), octets, pieces.iter().cycle());
    while !rest.is_empty() {
        let (piece, after) = rest.split_at((*pieces.next().unwrap()).clamp(1, rest.len()));
        rest = after;
        engine.receive(piece, now);
        loop {
            while let Some(event) = engine.poll_event() {
                if let Event::Login { seq, .. } = event {
                    engine.accept_login(&frame(LOGIN | RESP, seq, b""), now);
                }
                events.push(event);
            }
            if engine.output().is_empty() {
                break;
            }
            sent.extend_from_slice(engine.output());
            engine.sent(engine.output().len(), now);
        }
    }
    (events, sent)
}

fn any_frame() -> impl Strategy<Value = Vec<u8>> {
    let kinds =
        [LOGIN, REQUEST, REQUEST, KEEP_ALIVE, NOTICE, SENSELESS, LOGIN | RESP, REQUEST | RESP, KEEP_ALIVE | RESP, NACK, UNBIND | RESP];
    (prop::sample::select(kinds.to_vec()), 0..20_u32, prop::collection::vec(any::<u8>(), 0..40))
        .prop_map(|(kind, seq, body)| frame(kind, seq, &body))
}

#[derive(Clone, Debug)]
enum Action {
    Answer(usize),
    ClientRequest,
    HangUp,
    Pass(u64),
    ServerRequest,
    StallServer(bool),
    Unbind(bool),
}

fn any_action() -> impl Strategy<Value = Action> {
    prop_oneof![
        8 => Just(Action::ClientRequest),
        8 => Just(Action::ServerRequest),
        8 => (1..20_usize).prop_map(Action::Answer),
        8 => (0..40_u64).prop_map(Action::Pass),
        1 => (1000..9000_u64).prop_map(Action::Pass),
        1 => any::<bool>().prop_map(Action::StallServer),
        1 => any::<bool>().prop_map(Action::Unbind),
        1 => Just(Action::HangUp),
    ]
}

/// How often each token came back, after `events`.
fn count(events: &[Event<Pdu>], back: &mut HashMap<u64, u32>) {
    for event in events {
        if let Event::Response { token, .. } | Event::TimedOut { token, .. } | Event::Lost { token } = event {
            *back.entry(*token).or_default() += 1;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn pieces_do_not_matter(
        frames in prop::collection::vec(any_frame(), 1..30),
        fault in any::<bool>(),
        pieces in prop::collection::vec(1..50_usize, 1..10),
    ) {
        let mut octets = frames.concat();
        if fault {
            octets.extend([0, 0, 0, 0]);
        }
        prop_assert_eq!(course(&octets, &pieces), course(&octets, &[usize::MAX]));
    }

    #[test]
    fn any_octets_are_survived(octets in prop::collection::vec(any::<u8>(), 0..500), pieces in prop::collection::vec(1..50_usize, 1..10)) {
        prop_assert_eq!(course(&octets, &pieces), course(&octets, &[usize::MAX]));
    }

    #[test]
    fn every_token_comes_back_exactly_once(actions in prop::collection::vec(any_action(), 1..80), sends in 1..4_u32) {
        let options = Options {
            max_output: 100, max_unanswered: 3, response_timeout: 3 * SECOND, sends, window: 6, write_stall_timeout: 8 * SECOND, ..Options::default()
        };
        let mut pair = Pair::<9>::bound_with(options.clone(), options);
        let (mut sent, mut back, mut requests) = (0_u64, HashMap::new(), Vec::new());
        for action in actions {
            match action {
                Action::Answer(many) => {
                    for pdu in requests.drain(..many.min(requests.len())) {
                        let pdu: Pdu = pdu;
                        pair.server.engine.respond(&frame(REQUEST | RESP, pdu.seq, b""));
                    }
                    pair.client.answer_all();
                }
                Action::ClientRequest => sent += u64::from(pair.client.engine.request(&frame(REQUEST, 0, b"mt"), sent, pair.now).is_ok()),
                Action::HangUp => pair.client.engine.received_eof(pair.now),
                Action::Pass(millis) => pair.run_for(Duration::from_millis(millis)),
                Action::ServerRequest => sent += u64::from(pair.server.engine.request(&frame(REQUEST, 0, b"mo"), sent, pair.now).is_ok()),
                Action::StallServer(stalled) => pair.server.stalled = stalled,
                Action::Unbind(true) => pair.client.engine.unbind(SECOND, pair.now),
                Action::Unbind(false) => pair.server.engine.unbind(SECOND, pair.now),
            }
            pair.settle();
            prop_assert!(pair.client.engine.in_flight() <= 6 && pair.server.engine.in_flight() <= 6);
            prop_assert!(pair.client.engine.unanswered() <= 3 && pair.server.engine.unanswered() <= 3);
            requests.extend(pair.server.events.iter().filter_map(|event| match event {
                Event::Request { pdu, .. } => Some(pdu.clone()),
                _ => None,
            }));
            count(&pair.server.take_events(), &mut back);
            let events = pair.client.take_events();
            count(&events, &mut back);
            pair.client.events = events.into_iter().filter(|event| matches!(event, Event::Request { .. })).collect();
        }
        // The end: both sides are cut off.
        pair.run_for(LATENCY);
        pair.client.engine.abort_now(pair.now);
        pair.server.engine.abort_now(pair.now);
        pair.settle();
        count(&pair.server.events, &mut back);
        count(&pair.client.events, &mut back);
        prop_assert_eq!(back.len() as u64, sent);
        prop_assert!(back.values().all(|times| *times == 1), "{:?}", back);
    }
}
