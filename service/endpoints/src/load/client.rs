//! One link of a load.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::BytesMut;
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until};
use waxwing_session::{Dialect, Engine, Event, Link, Options};

use super::matching::Half;
use super::shared::Shared;
use super::{Answer, End, LoadError, Pace, Protocol, Received, Writer, stamp};

/// Pause of a link that was told "not now": a client that tries again at once only makes it worse.
const PAUSE: Duration = Duration::from_millis(50);

/// How often a link with nothing to do looks whether all is done.
const TICK: Duration = Duration::from_millis(100);

/// The runtime's timers are that coarse: what is late by less was not kept waiting by the gateway.
const COARSE: u64 = 2000;

struct Client<P: Protocol> {
    shared: Arc<Shared>,
    protocol: Arc<P>,
    link: Link<P::Dialect, TcpStream>,
    out: BytesMut,
    writer: P::Writer,
    /// Ids of a batch of answers.
    ids: Vec<(u64, Half)>,
    /// Those of one answer.
    some: Vec<u64>,
    /// Nothing is sent before.
    paused_until: Option<Instant>,
    /// When the next one is due, microseconds as stamps have them, and the interval; of a steady rate only.
    schedule: Option<(f64, f64)>,
}

/// Logs in, sends until enough is sent, and waits for the answers to all that any link has sent.
pub(super) async fn run<P: Protocol>(shared: Arc<Shared>, protocol: Arc<P>, number: u32) -> Result<(), LoadError> {
    let mut client = Client::log_in(shared, protocol, number).await?;
    client.shared.ready.wait().await;
    let now = stamp::micros().max(1);
    let begin = match client.shared.begin.compare_exchange(0, now, Ordering::Relaxed, Ordering::Relaxed) {
        Ok(_) => now,
        Err(begin) => begin,
    };
    let load = &client.shared.load;
    if let Pace::Rate(rate) = load.pace {
        let interval = 1e6 * f64::from(load.links) / rate;
        client.schedule = Some((begin as f64 + interval * f64::from(number) / f64::from(load.links), interval));
    }
    let mut batch = Vec::new();
    let mut sleep = Box::pin(sleep_until(Instant::now()));
    loop {
        let enough = client.send()?;
        let given_up = client.shared.given_up.load(Ordering::Relaxed);
        if given_up || (enough && client.shared.settled()) {
            let now = stamp::micros();
            let _ = client.shared.finished.compare_exchange(0, now, Ordering::Relaxed, Ordering::Relaxed);
            let _ = client.link.close(Duration::from_secs(1)).await;
            return Ok(());
        }
        client.set_alarm(sleep.as_mut());
        tokio::select! {
            biased;
            // It fails after the end only, which was an event.
            _ = client.link.events(&mut batch) => {}
            () = sleep.as_mut() => {}
        }
        client.handle(&mut batch)?;
    }
}

impl<P: Protocol> Client<P> {
    async fn log_in(shared: Arc<Shared>, protocol: Arc<P>, number: u32) -> Result<Client<P>, LoadError> {
        let load = &shared.load;
        let connect = async {
            let stream = TcpStream::connect(&load.to).await?;
            stream.set_nodelay(true)?;
            Ok(stream)
        };
        let stream = connect.await.map_err(|source| LoadError::Connect { to: load.to.clone(), source })?;
        let patience = Duration::from_secs(60);
        let options = Options {
            window: load.window,
            max_unanswered: 100_000,
            max_output: 4 << 20,
            response_timeout: patience,
            login_timeout: patience,
            ..Options::default()
        };
        let mut link = Link::new(Engine::client(protocol.dialect(), options, std::time::Instant::now()), stream);
        let mut out = BytesMut::new();
        protocol.login(&mut out)?;
        link.login(&out).map_err(|e| LoadError::Login(e.to_string()))?;
        let mut batch = Vec::new();
        let _ = link.events(&mut batch).await;
        match batch.into_iter().next() {
            Some(Event::LoginResponse { pdu }) => protocol.logged_in(link.engine_mut().dialect_mut(), &pdu)?,
            Some(Event::Closed { reason }) => return Err(LoadError::Login(reason.to_string())),
            _ => return Err(LoadError::Login("the server sent something else than an answer".to_owned())),
        }
        link.bound();
        let writer = protocol.writer(number);
        Ok(Client { shared, protocol, link, out, writer, ids: Vec::new(), some: Vec::new(), paused_until: None, schedule: None })
    }

    /// Sends what may be sent now; true if nothing more is to be sent.
    fn send(&mut self) -> Result<bool, LoadError> {
        let shared = self.shared.clone();
        let elapsed = shared.since_begin();
        if let Some(until) = self.paused_until {
            if Instant::now() < until {
                return Ok(shared.enough(elapsed) && !self.writer.inside_message());
            }
            self.paused_until = None;
        }
        let mut sent = 0;
        let mut enough = false;
        while self.link.window_free() > 0 {
            // What was begun is sent whole.
            if shared.enough(elapsed) && !self.writer.inside_message() {
                enough = true;
                break;
            }
            let mut at = stamp::micros();
            if let Some((due, interval)) = &mut self.schedule {
                let this = *due as u64;
                if this > at {
                    break;
                }
                if at - this > COARSE {
                    at = this;
                }
                *due += *interval;
            }
            self.out.clear();
            self.writer.submit(self.link.engine().dialect(), shared.load.stamped.then_some(at), &mut self.out)?;
            if self.link.request(&self.out, at).is_err() {
                break;
            }
            shared.begun.fetch_add(1, Ordering::Relaxed);
            sent += 1;
        }
        shared.submitted.fetch_add(sent, Ordering::Relaxed);
        Ok(enough || (self.link.window_free() == 0 && shared.enough(elapsed)))
    }

    /// Wakes the link for its next message, the end of a pause, or just to look round.
    fn set_alarm(&self, mut sleep: Pin<&mut Sleep>) {
        let now = Instant::now();
        let mut at = now + TICK;
        if let Some(until) = self.paused_until {
            at = at.min(until);
        } else if let Some((due, _)) = self.schedule
            && self.link.window_free() > 0
        {
            at = at.min(now + Duration::from_micros((due as u64).saturating_sub(stamp::micros())));
        }
        if sleep.is_elapsed() || at < sleep.deadline() {
            sleep.as_mut().reset(at);
        }
    }

    fn handle(&mut self, batch: &mut Vec<Event<<P::Dialect as Dialect>::Pdu>>) -> Result<(), LoadError> {
        let shared = self.shared.clone();
        let matching = shared.load.matching;
        let now = stamp::micros();
        let (mut accepted, mut receipts, mut messages) = (0, 0, 0);
        let mut tally = shared.tally.lock();
        for event in batch.drain(..) {
            match event {
                Event::Response { pdu, token, .. } => {
                    match self.protocol.answer(self.link.engine().dialect(), &pdu, matching.then_some(&mut self.some)) {
                        Answer::Accepted => {
                            accepted += 1;
                            tally.response.saturating_record(now.saturating_sub(token).max(1));
                            self.ids.extend(self.some.drain(..).map(|id| (id, Half::Accepted)));
                        }
                        Answer::Busy(code) => {
                            *tally.codes.entry(Some(code)).or_default() += 1;
                            shared.pauses.fetch_add(1, Ordering::Relaxed);
                            shared.begun.fetch_sub(1, Ordering::Relaxed);
                            self.paused_until = Some(Instant::now() + PAUSE);
                        }
                        Answer::Refused(code) => {
                            *tally.codes.entry(Some(code)).or_default() += 1;
                            shared.failed.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                }
                Event::Request { pdu, .. } => {
                    self.out.clear();
                    match self.protocol.receive(self.link.engine().dialect(), &pdu, matching, &mut self.out) {
                        Received::Receipt(id) => {
                            receipts += 1;
                            self.ids.extend(id.map(|id| (id, Half::Receipt)));
                        }
                        Received::Message => messages += 1,
                        Received::Other => {}
                    }
                    self.link.respond(&self.out);
                }
                Event::TimedOut { .. } | Event::Lost { .. } => {
                    *tally.codes.entry(None).or_default() += 1;
                    shared.failed.fetch_add(1, Ordering::Relaxed);
                }
                Event::Closed { reason } => return Err(LoadError::Closed(reason)),
                _ => {}
            }
        }
        for (id, half) in self.ids.drain(..) {
            tally.matching.saw(id, half);
        }
        drop(tally);
        if accepted + receipts + messages == 0 {
            return Ok(());
        }
        let in_time = match shared.load.end {
            End::After(time) => shared.since_begin() <= time,
            End::Count(_) => true,
        };
        shared.accepted.fetch_add(accepted, Ordering::Relaxed);
        shared.receipts.fetch_add(receipts, Ordering::Relaxed);
        shared.messages.fetch_add(messages, Ordering::Relaxed);
        if accepted > 0 {
            shared.last_answer.store(now, Ordering::Relaxed);
        }
        if in_time {
            shared.accepted_in_time.fetch_add(accepted, Ordering::Relaxed);
            shared.receipts_in_time.fetch_add(receipts, Ordering::Relaxed);
        }
        Ok(())
    }
}
