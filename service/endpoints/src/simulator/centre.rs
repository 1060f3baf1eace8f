//! The simulated carrier behind a listener: what it does is the same whatever is spoken to it.
//!
//! One carrier stands behind all connections, as in the field. A [`Face`] says what a protocol makes of that: how a login is answered, what
//! a submission is, what receipts and messages look like.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use hashbrown::HashMap;
use parking_lot::Mutex;
use tokio::sync::Notify;
use waxwing_core::Clock;
use waxwing_session::{Accepted, Dialect, Engine, Event, Link, ListenError, ListenOptions, Listener, Options, Reject, Stream};
use waxwing_testkit::{Carrier, CarrierConfig, CarrierEvent, Codes, Submitted};

use crate::{Endpoint, Stopping};

/// What is the same for every simulated carrier.
#[derive(Clone, Debug)]
pub struct CentreConfig {
    /// Where it listens.
    pub listen: SocketAddr,
    /// How it behaves.
    pub carrier: CarrierConfig,
    /// Unanswered receipts and messages towards each connection.
    pub window: u32,
    /// Silence after which a connection is tested; `None` = never.
    pub keep_alive: Option<Duration>,
    /// Receipts do not go to the connection that the message came over, if its owner has another.
    pub receipts_elsewhere: bool,
    /// What handsets send by themselves, from the first login on.
    pub incoming: Vec<Incoming>,
    /// They send it again and again, so much time apart; `None` = once.
    pub incoming_every: Option<Duration>,
}

/// A message that a handset sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incoming {
    /// The handset's number.
    pub from: String,
    /// The number that it writes to.
    pub to: String,
    /// The text.
    pub text: String,
}

impl CentreConfig {
    /// The usual one: a wide window, connections tested after 30 s, nothing that handsets send by themselves.
    pub fn new(listen: SocketAddr, carrier: CarrierConfig) -> CentreConfig {
        CentreConfig {
            listen,
            carrier,
            window: 1000,
            keep_alive: Some(Duration::from_secs(30)),
            receipts_elsewhere: false,
            incoming: Vec::new(),
            incoming_every: None,
        }
    }
}

/// What a protocol makes of the carrier.
pub(super) trait Face: Sized + Send + Sync + 'static {
    type Dialect: Dialect;
    const CODES: Codes;
    /// What it is called in the log.
    const NAME: &'static str;
    /// A connection ends when it asks for something before its login.
    const CLOSES_UNBOUND: bool;

    /// For a new connection.
    fn dialect(&self) -> Self::Dialect;
    /// Answers a login; `None` when it refused it.
    fn sign_in(&self, link: &mut Link<Self::Dialect, Stream>, pdu: &<Self::Dialect as Dialect>::Pdu) -> Option<SignedIn>;
    /// Answers a request, or gives it to the carrier.
    fn request(&self, centre: &Centre<Self>, link: &mut Link<Self::Dialect, Stream>, pdu: &<Self::Dialect as Dialect>::Pdu, from: &Session);
    /// The carrier's answer to a submission: its id or an error.
    fn respond(&self, link: &mut Link<Self::Dialect, Stream>, seq: u32, result: &Result<String, u32>);
    /// Appends the PDU of a receipt or a message; nothing where it cannot be written.
    fn deliver(&self, dialect: &Self::Dialect, event: &CarrierEvent, now: u64, out: &mut BytesMut);
}

/// Who signed in.
#[derive(Clone, Debug)]
pub(super) struct SignedIn {
    /// Whose receipts come here. Empty: everybody's.
    pub(super) owner: Bytes,
    /// Receipts and messages may be sent here.
    pub(super) receives: bool,
}

/// A connection.
#[derive(Clone, Debug)]
pub(super) struct Session {
    number: u32,
    pub(super) owner: Bytes,
    receives: bool,
}

/// What was seen of one owner, in messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// Submissions.
    pub(super) submitted: u32,
    /// Recipients of them.
    pub(super) recipients: u32,
    pub(super) accepted: u32,
    pub(super) refused: u32,
    /// Messages of handsets that were answered.
    pub(super) received: u32,
    /// Those that were not.
    pub(super) lost: u32,
}

pub(super) struct Centre<F> {
    pub(super) face: F,
    config: CentreConfig,
    clock: Clock,
    core: Mutex<Core>,
    work: Notify,
    taken: AtomicU64,
}

struct Core {
    carrier: Carrier,
    /// Things to send, by connection.
    boxes: HashMap<u32, Vec<Todo>>,
    /// Receipts and messages whose owner has no connection.
    waiting: Vec<CarrierEvent>,
    /// Connections that receive, in order of their coming.
    receivers: Vec<Session>,
    counts: HashMap<Bytes, Counts>,
    next_number: u32,
    /// Whose turn it is to get a receipt.
    turn: usize,
    /// When handsets send by themselves; `None` before the first login, and when they have.
    incoming_at: Option<u64>,
    elsewhere: bool,
}

enum Todo {
    Respond { seq: u32, result: Result<String, u32> },
    Deliver(Box<CarrierEvent>),
}

/// Marks of requests to a client.
const RECEIPT: u64 = 0;
const MESSAGE: u64 = 1;

/// Owners that are counted; of more, no counts are kept.
const MOST_COUNTED: usize = 10_000;

/// Starts a simulated carrier.
pub(super) fn start<F: Face>(face: F, config: CentreConfig, clock: Clock) -> Result<Endpoint, ListenError> {
    let listener = Listener::bind(ListenOptions::new(config.listen))?;
    let address = listener.local_addr().ok();
    let core = Core {
        carrier: Carrier::speaking(F::CODES, config.carrier.clone()),
        boxes: HashMap::new(),
        waiting: Vec::new(),
        receivers: Vec::new(),
        counts: HashMap::new(),
        next_number: 0,
        turn: 0,
        incoming_at: None,
        elsewhere: config.receipts_elsewhere,
    };
    let centre = Arc::new(Centre { face, config, clock, core: Mutex::new(core), work: Notify::new(), taken: AtomicU64::new(0) });
    Ok(Endpoint::spawn(address, move |mut stopping| async move {
        let mut tasks = tokio::task::JoinSet::new();
        tasks.spawn(run_carrier(centre.clone(), stopping.clone()));
        loop {
            tokio::select! {
                incoming = listener.accept() => {
                    let (centre, stopping) = (centre.clone(), stopping.clone());
                    tasks.spawn(async move {
                        if let Ok(accepted) = incoming.establish().await {
                            run_session(centre, accepted, stopping).await;
                        }
                    });
                }
                Some(_) = tasks.join_next() => {}
                () = stopping.stopped() => break,
            }
        }
        tracing::info!(messages = centre.taken.load(Ordering::Relaxed), "simulated {} ends", F::NAME);
        while tasks.join_next().await.is_some() {}
    }))
}

/// Hands what the carrier does to the connections that it concerns.
async fn run_carrier<F: Face>(centre: Arc<Centre<F>>, mut stopping: Stopping) {
    loop {
        let now = centre.clock.now();
        let (woken, due) = {
            let mut core = centre.core.lock();
            core.incoming(now, &centre.config);
            let mut woken = false;
            while let Some(event) = core.carrier.poll(now) {
                core.hand_out(event);
                woken = true;
            }
            (woken, core.carrier.next_due())
        };
        if woken {
            centre.work.notify_waiters();
        }
        let wait = Duration::from_millis(due.map_or(1000, |at| at.saturating_sub(now).max(1)));
        tokio::select! {
            () = tokio::time::sleep(wait.min(Duration::from_millis(5))) => {}
            () = stopping.stopped() => return,
        }
    }
}

async fn run_session<F: Face>(centre: Arc<Centre<F>>, accepted: Accepted, mut stopping: Stopping) {
    let options = Options {
        window: centre.config.window,
        keep_alive_interval: centre.config.keep_alive,
        max_unanswered: 100_000,
        ..Options::default()
    };
    let mut link = Link::new(Engine::server(centre.face.dialect(), options, Instant::now()), accepted.stream);
    let mut session = centre.core.lock().session();
    let mut batch = Vec::new();
    'session: loop {
        let work = centre.work.notified();
        centre.flush(&mut link, &session);
        tokio::select! {
            r = link.events(&mut batch) => if r.is_err() { break },
            () = work => {}
            () = stopping.stopped() => break,
        }
        for event in batch.drain(..) {
            match event {
                Event::Login { pdu, .. } => {
                    if let Some(SignedIn { owner, receives }) = centre.face.sign_in(&mut link, &pdu) {
                        session = Session { owner, receives, ..session };
                        centre.core.lock().signed_in(&session, centre.clock.now());
                    }
                }
                Event::Request { pdu, .. } => centre.face.request(&centre, &mut link, &pdu, &session),
                Event::Response { token: MESSAGE, .. } => centre.count(&session.owner, |c| c.received += 1),
                Event::TimedOut { token: MESSAGE, .. } | Event::Lost { token: MESSAGE } => centre.count(&session.owner, |c| c.lost += 1),
                Event::Rejected { why: Reject::NotBound, .. } if F::CLOSES_UNBOUND => link.abort(),
                Event::Closed { .. } => break 'session,
                _ => {}
            }
        }
    }
    centre.core.lock().signed_out(&session);
    centre.work.notify_waiters();
    let _ = link.close(Duration::from_secs(1)).await;
}

impl<F: Face> Centre<F> {
    /// Gives the carrier a message; its answer comes through [`Face::respond`].
    pub(super) fn submit(&self, from: &Session, seq: u32, m: Submitted) {
        self.taken.fetch_add(1, Ordering::Relaxed);
        let recipients = 1 + u32::try_from(m.more.len()).unwrap_or(u32::MAX);
        let m = Submitted { token: u64::from(from.number) << 32 | u64::from(seq), owner: from.owner.clone(), ..m };
        let mut core = self.core.lock();
        core.count(&from.owner, |c| {
            c.submitted = c.submitted.wrapping_add(1);
            c.recipients = c.recipients.wrapping_add(recipients);
        });
        core.carrier.submit(self.clock.now(), m);
    }

    /// Deletes a message; false if there is no such message any more.
    pub(super) fn cancel(&self, id: &str) -> bool {
        self.core.lock().carrier.cancel(self.clock.now(), id)
    }

    /// What was seen of an owner.
    pub(super) fn counts(&self, owner: &Bytes) -> Counts {
        self.core.lock().counts.get(owner).copied().unwrap_or_default()
    }

    /// The time, milliseconds since 1970.
    pub(super) fn now(&self) -> u64 {
        self.clock.now()
    }

    fn count(&self, owner: &Bytes, change: impl FnOnce(&mut Counts)) {
        self.core.lock().count(owner, change);
    }

    /// Sends what is in the connection's box, as far as the window allows.
    fn flush(&self, link: &mut Link<F::Dialect, Stream>, session: &Session) {
        let todo = self.core.lock().boxes.remove(&session.number).unwrap_or_default();
        let mut left = Vec::new();
        let (mut accepted, mut refused) = (0, 0);
        for t in todo {
            match t {
                Todo::Respond { seq, result } => {
                    *(if result.is_ok() { &mut accepted } else { &mut refused }) += 1;
                    self.face.respond(link, seq, &result);
                }
                Todo::Deliver(event) if session.receives && link.window_free() > 0 && left.is_empty() => {
                    let mut out = BytesMut::new();
                    self.face.deliver(link.engine().dialect(), &event, self.clock.now(), &mut out);
                    let token = if matches!(*event, CarrierEvent::Mo { .. }) { MESSAGE } else { RECEIPT };
                    if !out.is_empty() && link.request(&out, token).is_err() {
                        left.push(Todo::Deliver(event));
                    }
                }
                later @ Todo::Deliver(_) => left.push(later),
            }
        }
        if left.is_empty() && accepted + refused == 0 {
            return;
        }
        let mut core = self.core.lock();
        core.count(&session.owner, |c| {
            c.accepted = c.accepted.wrapping_add(accepted);
            c.refused = c.refused.wrapping_add(refused);
        });
        if !left.is_empty() {
            let newer = core.boxes.remove(&session.number).unwrap_or_default();
            left.extend(newer);
            core.boxes.insert(session.number, left);
        }
    }
}

impl Core {
    fn session(&mut self) -> Session {
        self.next_number = self.next_number.wrapping_add(1);
        Session { number: self.next_number, owner: Bytes::new(), receives: false }
    }

    fn signed_in(&mut self, session: &Session, now: u64) {
        self.incoming_at.get_or_insert(now);
        if !session.receives {
            return;
        }
        self.receivers.push(session.clone());
        for event in std::mem::take(&mut self.waiting) {
            self.hand_out(event);
        }
    }

    fn signed_out(&mut self, session: &Session) {
        self.receivers.retain(|s| s.number != session.number);
        // Receipts that could not be handed over go to another connection, or wait for the next.
        for todo in self.boxes.remove(&session.number).unwrap_or_default() {
            if let Todo::Deliver(event) = todo {
                self.hand_out(*event);
            }
        }
    }

    /// Lets handsets send what they send by themselves.
    fn incoming(&mut self, now: u64, config: &CentreConfig) {
        let Some(at) = self.incoming_at.filter(|at| *at <= now) else { return };
        for m in &config.incoming {
            let number = |s: &str| Bytes::copy_from_slice(s.as_bytes());
            self.carrier.receive(now, number(&m.from), number(&m.to), &m.text);
        }
        let every = config.incoming_every.map(|e| u64::try_from(e.as_millis()).unwrap_or(u64::MAX).max(1));
        // Never again is later than any time.
        self.incoming_at = Some(every.map_or(u64::MAX, |every| at.saturating_add(every).max(now)));
    }

    fn hand_out(&mut self, event: CarrierEvent) {
        let (owner, from) = match &event {
            CarrierEvent::Response { token, result } => {
                let (number, seq) = ((token >> 32) as u32, *token as u32);
                self.boxes.entry(number).or_default().push(Todo::Respond { seq, result: result.clone() });
                return;
            }
            CarrierEvent::Receipt { about, .. } => (&about.owner, (about.token >> 32) as u32),
            CarrierEvent::Mo { owner, .. } => (owner, 0),
        };
        // They go to the receiving connections in turn; with none there they wait.
        self.turn = self.turn.wrapping_add(1);
        let theirs = |s: &&Session| owner.is_empty() || s.owner == *owner;
        let in_turn = |wanted: &dyn Fn(&&Session) -> bool| {
            let count = self.receivers.iter().filter(wanted).count();
            self.receivers.iter().filter(wanted).nth(self.turn % count.max(1)).map(|s| s.number)
        };
        let other = if self.elsewhere { in_turn(&|s| theirs(s) && s.number != from) } else { None };
        match other.or_else(|| in_turn(&theirs)) {
            Some(number) => self.boxes.entry(number).or_default().push(Todo::Deliver(Box::new(event))),
            None => self.waiting.push(event),
        }
    }

    fn count(&mut self, owner: &Bytes, change: impl FnOnce(&mut Counts)) {
        if let Some(counts) = self.counts.get_mut(owner) {
            change(counts);
        } else if self.counts.len() < MOST_COUNTED {
            change(self.counts.entry(owner.clone()).or_default());
        }
    }
}
