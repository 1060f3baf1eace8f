//! A session that a client opened: submissions in, receipts and received messages out.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::time::Instant;
use waxwing_core::{Account, BindPlace, ErrorClass, MsgId, Outbox, RetryPolicy, SendResult, Settlement, Submission, SubmitError};
use waxwing_session::{Accepted, CloseReason, Dialect, Engine, Event, Link, Refused, Role, Stream, TokenBucket};
use waxwing_spool::{BoxFuture, SpoolError};

use super::held::Held;
use super::{Context, Delivery, Door, Host, Reply, Request, SignedIn};
use crate::Stopping;
use crate::flight::{Flights, Lane};

/// Most messages claimed at a time.
const CLAIM: usize = 64;
/// How often leases are renewed, well before they run out, and the account is looked at anew.
const RENEW: Duration = Duration::from_secs(10);
/// How long nothing is delivered to a client that says that we are too fast, or does not answer.
const PAUSE: Duration = Duration::from_secs(1);

/// Lookups of one connection at a time.
const SEARCHES: u32 = 4;

/// What becomes of requests that cannot be answered at once.
enum Done<Ask> {
    /// Submissions, each with what is kept of its request.
    Submitted(Vec<Ask>, Vec<Result<MsgId, SubmitError>>),
    /// A whole response.
    Reply(Reply),
    /// The same, of a lookup.
    Found(Reply),
}

struct Session<H: Host> {
    door: Arc<Door<H>>,
    link: Link<H::Dialect, Stream>,
    host: H,
    account: Arc<Account>,
    peer: SocketAddr,
    receives: bool,
    outbox: Outbox,
    _place: BindPlace,
    answering: FuturesUnordered<BoxFuture<'static, Done<H::Ask>>>,
    /// Lookups that wait for others, which are as many as `searching`.
    searches: VecDeque<BoxFuture<'static, Reply>>,
    searching: u32,
    /// Refusals that a client would answer with the same again at once.
    held: Held,
    settles: FuturesUnordered<BoxFuture<'static, (usize, Result<(), SpoolError>)>>,
    /// Deliveries whose outcome is known and not durable yet: part of the window, as in the other direction.
    unsettled: usize,
    flights: Flights<H::Part>,
    ready: Option<BoxFuture<'static, ()>>,
    resumes: Option<Instant>,
    pace: Option<TokenBucket>,
    /// Where PDUs are encoded.
    scratch: BytesMut,
    malformed: u32,
    stopping: bool,
}

/// When something is delivered again that a client refused, or did not answer: less and less often, until its validity ends. To a client
/// that is away it is kept as long, and one whose disk is full for an afternoon is not to lose what one that is switched off gets.
pub(crate) fn until_it_expires() -> RetryPolicy {
    RetryPolicy { max_attempts: u16::MAX, ..RetryPolicy::default() }
}

/// Runs the session of a connection to its end.
pub(super) async fn run<H: Host>(door: Arc<Door<H>>, accepted: Accepted, mut stop: Stopping) {
    let now = std::time::Instant::now();
    let mut engine = Engine::server(H::dialect(&door.settings), door.session_options(), now);
    let Accepted { peer, permit, stream } = accepted;
    if let Ok(local) = stream.local_addr() {
        engine.set_tap(Box::new(door.trace.link(&door.name, Role::Server, local, peer)));
    }
    let mut link = Link::new(engine, stream);
    let Some(client) = sign_in(&door, &mut link, peer, &mut stop).await else {
        let _ = link.close(Duration::from_millis(100)).await;
        return;
    };
    let SignedIn { host, account, place, receives, .. } = client;
    tracing::info!(account = %account.name, %peer, receives, listener = %door.name, "bound");
    let name = account.name.clone();
    let mut session = Session {
        outbox: Outbox::deliveries(&door.gateway, account.queue, "account", until_it_expires()),
        pace: door.options.rate.map(|rate| TokenBucket::new(f64::from(rate.get()), rate.get(), now)),
        door,
        link,
        host,
        account,
        peer,
        receives,
        _place: place,
        answering: FuturesUnordered::new(),
        searches: VecDeque::new(),
        searching: 0,
        held: Held::default(),
        settles: FuturesUnordered::new(),
        unsettled: 0,
        flights: Flights::default(),
        ready: None,
        resumes: None,
        scratch: BytesMut::new(),
        malformed: 0,
        stopping: false,
    };
    let reason = session.work(&mut stop).await;
    tracing::info!(account = %name, %peer, "session ended: {reason}");
    session.give_back().await;
    drop(permit);
}

/// Waits for the login and answers it.
async fn sign_in<H: Host>(
    door: &Arc<Door<H>>,
    link: &mut Link<H::Dialect, Stream>,
    peer: SocketAddr,
    stop: &mut Stopping,
) -> Option<SignedIn<H>> {
    let mut batch = Vec::new();
    loop {
        tokio::select! {
            r = link.events(&mut batch) => r.ok()?,
            () = stop.stopped() => return None,
        }
        for event in batch.drain(..) {
            match event {
                Event::Login { pdu, .. } => match H::sign_in(door, &pdu, peer).await {
                    Ok(mut client) => {
                        std::mem::swap(link.engine_mut().dialect_mut(), &mut client.dialect);
                        set_bounds::<H>(link, &client.account);
                        link.accept_login(&client.answer);
                        return Some(client);
                    }
                    Err(refusal) => {
                        door.bad(&peer, "bind refused", &refusal.why);
                        link.refuse_login(&refusal.answer);
                    }
                },
                Event::Closed { reason } => {
                    if !matches!(reason, CloseReason::LoginRefused | CloseReason::PeerClosed) {
                        door.bad(&peer, "no bind", &format!("closed before a bind: {reason}"));
                    }
                    return None;
                }
                Event::Malformed { reason, .. } => {
                    door.gateway.metrics.bad(H::PLACE, "unknown command");
                    tracing::debug!(%peer, "{reason}");
                }
                Event::Rejected { .. } if H::LOGIN_FIRST => {
                    door.bad(&peer, "no bind", "closed: a request before the login");
                    link.abort();
                }
                _ => {}
            }
        }
    }
}

/// Makes the bounds of a session those of its account.
fn set_bounds<H: Host>(link: &mut Link<H::Dialect, Stream>, account: &Account) {
    let (engine, bounds) = (link.engine_mut(), H::bounds(account));
    let mut options = engine.options().clone();
    options.window = H::window(account).max(1);
    options.sends = bounds.sends.max(1);
    options.response_timeout = bounds.response_timeout.unwrap_or(options.response_timeout);
    options.keep_alive_interval = bounds.keep_alive.or(options.keep_alive_interval);
    engine.set_options(options);
}

impl<H: Host> Session<H> {
    async fn work(&mut self, stop: &mut Stopping) -> CloseReason {
        let mut batch: Vec<Event<<H::Dialect as Dialect>::Pdu>> = Vec::new();
        let mut renew = tokio::time::interval(RENEW);
        renew.tick().await;
        loop {
            self.fill();
            tokio::select! {
                r = self.link.events(&mut batch) => {
                    if r.is_err() {
                        return CloseReason::Aborted;
                    }
                    if let Some(reason) = self.take(&mut batch) {
                        return reason;
                    }
                }
                Some(done) = self.answering.next() => self.answer(done),
                Some((messages, result)) = self.settles.next() => {
                    self.unsettled -= messages;
                    if let Err(e) = result {
                        tracing::error!(account = %self.account.name, "a delivery could not be recorded: {e}");
                        self.link.abort();
                    }
                }
                () = wait(self.ready.as_mut()) => self.ready = None,
                () = tokio::time::sleep_until(self.resumes.unwrap_or_else(Instant::now)), if self.resumes.is_some() => self.resumes = None,
                () = tokio::time::sleep_until(self.held.until().unwrap_or_else(Instant::now)), if self.held.until().is_some() => {
                    for response in self.held.release() {
                        self.link.respond(&response);
                    }
                }
                _ = renew.tick() => {
                    for lease in self.flights.leases() {
                        self.door.gateway.spool.renew(lease, waxwing_core::LEASE);
                    }
                    self.refresh_account();
                }
                () = stop.stopped(), if !self.stopping => self.unbind(),
            }
        }
    }

    fn unbind(&mut self) {
        self.stopping = true;
        self.ready = None;
        self.link.unbind(Duration::from_secs(5));
    }

    /// Deliveries that may be sent now.
    fn room(&self) -> usize {
        self.link.window_free().saturating_sub(self.unsettled)
    }

    /// Takes over the account's settings as they are now. A client whose account is gone, or has
    /// another password, or no longer allows its address, is unbound.
    fn refresh_account(&mut self) {
        let setup = self.door.gateway.setup();
        let before = &self.account;
        match setup.accounts.get(&before.name) {
            Some(now) if Arc::ptr_eq(now, before) => {}
            Some(now) if now.allows_host(self.peer.ip()) && self.host.stays(before, now) => {
                set_bounds::<H>(&mut self.link, now);
                self.account = now.clone();
            }
            _ if self.stopping => {}
            _ => {
                tracing::info!(account = %before.name, "unbound: the account was removed, its password changed, or its hosts");
                self.unbind();
            }
        }
    }

    /// Claims and sends as many deliveries as the window allows.
    fn fill(&mut self) {
        loop {
            self.send_pending();
            let wants = self.receives && !self.stopping && !self.flights.has_pending() && self.ready.is_none() && self.resumes.is_none();
            let want = self.room().min(CLAIM);
            if !wants || want == 0 {
                return;
            }
            let ready = self.outbox.ready();
            let claimed = self.outbox.claim(want);
            if claimed.len() < want {
                self.ready = Some(ready);
            }
            let mut settled = Vec::new();
            for out in claimed {
                match self.host.parts(&out) {
                    Ok(parts) => settled.extend(self.flights.add(0, out, parts, false)),
                    Err(reason) => {
                        let result = SendResult::Refused { class: ErrorClass::Permanent, code: String::new(), reason, sent: Vec::new() };
                        settled.push((0, Settlement { out, result }));
                    }
                }
            }
            self.settle(settled);
        }
    }

    fn send_pending(&mut self) {
        if !self.flights.has_pending() || self.stopping || self.resumes.is_some() {
            return;
        }
        let (now, at) = (self.door.gateway.clock.now(), Instant::now().into_std());
        let mut settled = Vec::new();
        let mut room = self.room();
        while room > 0 {
            let Some(next) = self.flights.next() else { break };
            let Some((out, part)) = self.flights.content(next) else { break };
            // A client that says "later" again and again can hold it up until nobody waits for it any more.
            if out.expires <= now {
                settled.extend(self.flights.unsendable(next, ErrorClass::Temporary, "validity ended".into()));
                continue;
            }
            self.scratch.clear();
            if let Err(reason) = self.host.encode(&out.message, part, now, &mut self.scratch) {
                settled.extend(self.flights.unsendable(next, ErrorClass::Permanent, reason));
                continue;
            }
            match self.link.engine_mut().request(&self.scratch, next.token, at) {
                Ok(_) => {
                    self.flights.sent(next);
                    room -= 1;
                }
                Err(Refused::WindowFull | Refused::OutputFull | Refused::NotBound | Refused::Closing) => break,
            }
        }
        self.settle(settled);
    }

    fn take(&mut self, batch: &mut Vec<Event<<H::Dialect as Dialect>::Pdu>>) -> Option<CloseReason> {
        let now = self.door.gateway.clock.now();
        let mut submitted: (Vec<H::Ask>, Vec<Submission>) = Default::default();
        let mut settled = Vec::new();
        let mut closed = None;
        for event in batch.drain(..) {
            match event {
                Event::Request { pdu, .. } => {
                    self.malformed = 0;
                    self.request(&pdu, &mut submitted, now);
                }
                Event::Response { pdu, token, .. } => settled.extend(self.delivered(token, &pdu)),
                Event::TimedOut { token, .. } => {
                    // Another connection of the account may do better: it is to claim this first.
                    self.resumes = Some(Instant::now() + PAUSE);
                    settled.extend(self.flights.unanswered(token));
                }
                // The client is gone: it gets the same again when it is back, and the attempt does not count.
                Event::Lost { token } => self.flights.lost(token),
                Event::Malformed { reason, .. } => {
                    self.bad("unknown command", &reason);
                    self.malformed += 1;
                    if self.malformed > self.door.options.max_malformed {
                        self.bad("too many unknown commands", "closed: nothing but commands that nobody knows");
                        self.link.abort();
                    }
                }
                Event::Orphan { .. } => self.bad("response without a request", "a response that nothing waits for"),
                Event::Rejected { .. } => self.bad("request in the wrong state", "a second bind, or a request while unbinding"),
                Event::Closed { reason } => {
                    let orderly = matches!(reason, CloseReason::PeerUnbound | CloseReason::PeerClosed | CloseReason::Unbound);
                    if !orderly {
                        self.bad("session broken", &reason.to_string());
                    }
                    closed = Some(reason);
                }
                Event::PeerUnbound => self.stopping = true,
                Event::Notice { .. } | Event::Login { .. } | Event::LoginResponse { .. } => {}
            }
        }
        let (asks, batch) = submitted;
        if !asks.is_empty() {
            self.refresh_account();
            let results = self.door.gateway.submit(&self.account, batch);
            self.answering.push(Box::pin(async move { Done::Submitted(asks, results.await) }));
        }
        self.settle(settled);
        closed
    }

    fn request(&mut self, pdu: &<H::Dialect as Dialect>::Pdu, submitted: &mut (Vec<H::Ask>, Vec<Submission>), now: u64) {
        let mut context = Context { door: &self.door, account: &self.account, pace: self.pace.as_mut() };
        match self.host.request(&mut context, pdu, now) {
            Request::Submit(ask, submission) => {
                submitted.0.push(ask);
                submitted.1.push(*submission);
            }
            Request::SubmitWhole(ask, submissions) => {
                let outcome = self.door.gateway.submit_whole(&self.account, submissions);
                let none = || SubmitError::Broken("no id".into());
                self.answering.push(Box::pin(async move {
                    let first = outcome.await.and_then(|ids| ids.first().copied().ok_or_else(none));
                    Done::Submitted(vec![ask], vec![first])
                }));
            }
            Request::Later(reply) => self.answering.push(Box::pin(async move { Done::Reply(reply.await) })),
            Request::Search(reply) => {
                self.searches.push_back(reply);
                self.search();
            }
            Request::Answered { answer, bad } => {
                self.link.respond(&answer);
                if let Some((reason, detail)) = bad {
                    self.bad(reason, &detail);
                }
            }
        }
    }

    /// Begins lookups, as many as may be.
    fn search(&mut self) {
        while self.searching < SEARCHES
            && let Some(reply) = self.searches.pop_front()
        {
            self.searching += 1;
            self.answering.push(Box::pin(async move { Done::Found(reply.await) }));
        }
    }

    fn answer(&mut self, done: Done<H::Ask>) {
        let (asks, results) = match done {
            Done::Found(Reply { octets, .. }) => {
                self.searching -= 1;
                self.search();
                return self.link.respond(&octets);
            }
            Done::Reply(Reply { octets, busy: true }) => return self.held.push(octets),
            Done::Reply(Reply { octets, .. }) => return self.link.respond(&octets),
            Done::Submitted(asks, results) => (asks, results),
        };
        let host = &mut self.host;
        for (ask, result) in asks.iter().zip(&results) {
            match result {
                Err(SubmitError::Busy(why)) => {
                    tracing::debug!(account = %self.account.name, "refused: {why}");
                    let mut out = BytesMut::new();
                    host.answer(ask, result, &mut out);
                    self.held.push(out.freeze());
                    continue;
                }
                Err(e) => tracing::debug!(account = %self.account.name, "refused: {e}"),
                Ok(_) => {}
            }
            self.link.respond_with(|out| host.answer(ask, result, out));
        }
    }

    fn delivered(&mut self, token: u64, pdu: &<H::Dialect as Dialect>::Pdu) -> Option<(Lane, Settlement)> {
        match self.host.delivered(pdu, self.flights.message(token)) {
            Delivery::Taken => self.flights.accepted(token, Bytes::new()),
            Delivery::Throttled => {
                self.resumes = Some(Instant::now() + PAUSE);
                self.flights.later(token);
                None
            }
            Delivery::Refused(class, code) => self.flights.refused(token, class, code, "refused by the client".into()),
        }
    }

    fn settle(&mut self, settled: Vec<(Lane, Settlement)>) {
        if !settled.is_empty() {
            let messages = settled.len();
            let settle = self.outbox.settle(settled.into_iter().map(|(_, s)| s).collect());
            self.unsettled += messages;
            self.settles.push(Box::pin(async move { (messages, settle.await) }));
        }
    }

    fn bad(&self, reason: &str, detail: &str) {
        self.door.bad(&self.account.name, reason, detail);
    }

    /// After the end: what the client did not answer waits for it, and what was begun is finished.
    async fn give_back(&mut self) {
        let left = self.flights.drain();
        self.settle(left);
        while self.settles.next().await.is_some() {}
    }
}

async fn wait(ready: Option<&mut BoxFuture<'static, ()>>) {
    match ready {
        Some(r) => r.await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn trap_31_what_is_not_taken_is_tried_for_days_and_ever_less_often() {
        let policy = until_it_expires();
        let waits: Vec<_> = (1..=200).map(|n| policy.after(n).unwrap()).collect();
        assert_eq!(waits[..3], [0, 30, 60].map(Duration::from_secs));
        assert!(waits.is_sorted() && waits[199] == Duration::from_secs(3600));
        let mut at = Duration::ZERO;
        let attempts = waits.iter().take_while(|wait| {
            at += **wait;
            at < Duration::from_secs(72 * 3600)
        });
        assert!((100..150).contains(&attempts.count()), "within the time that receipts are kept for");
    }
}
