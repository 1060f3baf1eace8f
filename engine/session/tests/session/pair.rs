//! A client and a server on a simulated clock and line, so that every timer can be tried without waiting.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use waxwing_session::{Engine, Event, Options, State};

use crate::toy::{LOGIN, Pdu, RESP, Toy, frame};

pub const SECOND: Duration = Duration::from_secs(1);
pub const LATENCY: Duration = Duration::from_millis(10);

pub struct Pair<const MAX: u32 = 0x7fff_ffff> {
    pub client: Side<MAX>,
    pub now: Instant,
    pub server: Side<MAX>,
    pub start: Instant,
}

/// One end, what it was told, and the line on which octets come to it.
pub struct Side<const MAX: u32> {
    pub engine: Engine<Toy<MAX>>,
    pub events: Vec<Event<Pdu>>,
    /// The peer takes nothing of this side's output.
    pub stalled: bool,
    line: VecDeque<(Instant, Vec<u8>)>,
}

impl<const MAX: u32> Side<MAX> {
    fn new(engine: Engine<Toy<MAX>>) -> Self {
        Self { engine, events: Vec::new(), stalled: false, line: VecDeque::new() }
    }

    pub fn take_events(&mut self) -> Vec<Event<Pdu>> {
        std::mem::take(&mut self.events)
    }

    /// Answers, with its own body, the requests among the events, which are taken out.
    pub fn answer_all(&mut self) -> usize {
        let mut answered = 0;
        for event in self.take_events() {
            match event {
                Event::Request { seq, pdu } => {
                    self.engine.respond(&frame(pdu.kind | RESP, seq, pdu.body()));
                    answered += 1;
                }
                other => self.events.push(other),
            }
        }
        answered
    }

    fn collect(&mut self) -> bool {
        let before = self.events.len();
        while let Some(event) = self.engine.poll_event() {
            self.events.push(event);
        }
        self.events.len() > before
    }

    fn send_to(&mut self, other: &mut Self, now: Instant) -> bool {
        let octets = self.engine.output().to_vec();
        if octets.is_empty() || self.stalled {
            return false;
        }
        self.engine.sent(octets.len(), now);
        other.line.push_back((now + LATENCY, octets));
        true
    }

    fn deliver(&mut self, now: Instant) -> bool {
        if !self.engine.wants_input() || self.line.front().is_none_or(|(at, _)| *at > now) {
            return false;
        }
        let (_, octets) = self.line.pop_front().unwrap();
        self.engine.receive(&octets, now);
        true
    }

    fn next_delivery(&self) -> Option<Instant> {
        self.line.front().map(|(at, _)| *at).filter(|_| self.engine.wants_input())
    }
}

impl Pair {
    /// Connected, not logged in.
    pub fn open(client: Options, server: Options) -> Self {
        Self::open_with(client, server)
    }

    /// Logged in, with nothing left to be told.
    pub fn bound(client: Options, server: Options) -> Self {
        Self::bound_with(client, server)
    }
}

impl<const MAX: u32> Pair<MAX> {
    pub fn open_with(client: Options, server: Options) -> Self {
        let now = Instant::now();
        Self { client: Side::new(Engine::client(Toy, client, now)), now, server: Side::new(Engine::server(Toy, server, now)), start: now }
    }

    pub fn bound_with(client: Options, server: Options) -> Self {
        let mut pair = Self::open_with(client, server);
        pair.client.engine.login(&frame(LOGIN, 0, b"me"), pair.now).unwrap();
        pair.run_for(LATENCY);
        assert!(matches!(pair.server.take_events()[..], [Event::Login { seq: 1, .. }]));
        pair.server.engine.accept_login(&frame(LOGIN | RESP, 1, b""), pair.now);
        pair.run_for(LATENCY);
        assert!(matches!(pair.client.take_events()[..], [Event::LoginResponse { .. }]));
        pair.client.engine.bound(pair.now);
        assert_eq!((pair.client.engine.state(), pair.server.engine.state()), (State::Bound, State::Bound));
        pair
    }

    /// Does what happens now, then lets the time pass from one thing to the next.
    pub fn run_for(&mut self, time: Duration) {
        let end = self.now + time;
        let mut at_once = 0;
        loop {
            self.settle();
            let sides = [&self.client, &self.server];
            let next = sides.iter().flat_map(|side| [side.engine.poll_timeout(), side.next_delivery()]).flatten().min();
            match next {
                Some(next) if next <= end => {
                    at_once = if next > self.now { 0 } else { at_once + 1 };
                    assert!(at_once < 10, "a timer is due and nothing comes of it");
                    self.now = next;
                    self.client.deliver(next);
                    self.server.deliver(next);
                    self.client.collect();
                    self.server.collect();
                    self.client.engine.handle_timeout(next);
                    self.server.engine.handle_timeout(next);
                }
                _ => break,
            }
        }
        self.now = end;
        self.client.engine.handle_timeout(end);
        self.server.engine.handle_timeout(end);
        self.settle();
    }

    /// Everything that happens without time passing.
    pub fn settle(&mut self) {
        loop {
            let mut busy = self.client.collect() | self.server.collect();
            busy |= self.client.send_to(&mut self.server, self.now);
            busy |= self.server.send_to(&mut self.client, self.now);
            busy |= self.client.deliver(self.now) | self.server.deliver(self.now);
            if !busy {
                break;
            }
        }
    }

    pub fn elapsed(&self) -> Duration {
        self.now - self.start
    }
}

/// The defaults without keep-alives, which would be in the way.
pub fn quiet() -> Options {
    Options { keep_alive_interval: None, ..Options::default() }
}
