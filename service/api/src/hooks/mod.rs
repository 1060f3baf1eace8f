//! The way back over HTTP: receipts and received messages posted to webhooks, and Kannel's dlr-url called.
//!
//! One task for all accounts. It claims from each account's queue as much as that account may have under way, and the calls run inside the
//! task. A call is over when its answer is in: its place is free for the next one, and its outcome joins the account's next batch for the
//! spool, so that a slow disk holds no call up. An account whose server hangs fills its own share and nobody else's. Outcomes are settled
//! in the spool, so retries survive a restart; what is not settled yet is called again after a crash, and their number is bounded.

pub(crate) mod client;
mod deliver;
mod desk;
mod guard;
mod payload;
mod schedule;
mod share;
mod sign;
pub(crate) mod target;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, StreamExt as _};
use tokio::sync::Semaphore;
use tokio::time::Instant;
use waxwing_core::{Gateway, Kind, Outgoing, Settlement};
use waxwing_spool::{BoxFuture, QueueId, SpoolError};

use self::client::{CallError, HookClient};
use self::desk::Desk;
use self::target::Hook;
use crate::mms::multimedia_queue;
use crate::{MmsDoor, MmsReceived};

pub use guard::AddressGuard;
pub use schedule::HookSchedule;

/// How often new accounts are looked for, and queues looked into without being called.
const LOOK: Duration = Duration::from_secs(2);
/// Pause after the spool could not take an outcome.
const SPOOL_PAUSE: Duration = Duration::from_secs(1);
/// Outcomes of all accounts together that are not durable yet, above which no call is begun. All of them wait for the same disk, so this
/// holds up everybody alike.
const UNSETTLED: usize = 4096;

/// What the ledger calls the place where callbacks are made.
pub(crate) const WEBHOOK: &str = "webhook";
/// Calls with multimedia messages at the same time, all accounts together: each holds its content.
const MULTIMEDIA: usize = 32;
/// Of these, what one account may have.
const MULTIMEDIA_EACH: usize = 4;

/// How callbacks are made.
#[derive(Clone)]
pub struct HooksOptions {
    /// Calls at the same time, all accounts together, which share them: nobody has more than are free. Beyond it each account has four
    /// of its own. How many one account may have at most is its own setting
    /// ([`webhook_calls`](waxwing_core::AccountConfig::webhook_calls)).
    pub in_flight: usize,
    /// How long a connection may take.
    pub connect_time: Duration,
    /// How long a call may take in all.
    pub total_time: Duration,
    /// When failed calls are made again.
    pub schedule: HookSchedule,
    /// Which addresses may be called.
    pub guard: AddressGuard,
    /// TLS settings; the usual roots unless given.
    pub tls: Option<rustls::ClientConfig>,
    /// The message centre, where multimedia messages come for accounts.
    pub mms: Option<Arc<dyn MmsDoor>>,
}

impl Default for HooksOptions {
    /// 2,048 calls, so that one account can have its thousand; 5 s to connect, 15 s in all.
    fn default() -> HooksOptions {
        HooksOptions {
            in_flight: 2048,
            connect_time: Duration::from_secs(5),
            total_time: Duration::from_secs(15),
            schedule: HookSchedule::default(),
            guard: AddressGuard::default(),
            tls: None,
            mms: None,
        }
    }
}

/// Makes callbacks.
pub struct Hooks {
    caller: Arc<Caller>,
    in_flight: usize,
    desks: HashMap<QueueId, Desk>,
    /// Accounts that may have something to call for.
    hungry: VecDeque<QueueId>,
    /// Accounts whose calls have ended since outcomes were last settled.
    answered: Vec<QueueId>,
    calls: FuturesUnordered<BoxFuture<'static, (QueueId, Settlement)>>,
    wakes: FuturesUnordered<BoxFuture<'static, QueueId>>,
    settles: FuturesUnordered<BoxFuture<'static, Settled>>,
    /// Answered and not durable.
    unsettled: usize,
    /// No call is begun before.
    paused_until: Option<Instant>,
}

/// What all calls need.
struct Caller {
    gateway: Arc<Gateway>,
    client: HookClient,
    schedule: HookSchedule,
    guard: AddressGuard,
    /// For addresses that push initiators named: not in this machine's own network.
    initiators: (HookClient, AddressGuard),
    mms: Option<Arc<dyn MmsDoor>>,
    multimedia: Semaphore,
}

/// A batch that was handed to the spool.
struct Settled {
    queue: QueueId,
    outcomes: usize,
    result: Result<(), SpoolError>,
}

impl Hooks {
    /// Over a gateway.
    pub fn new(gateway: Arc<Gateway>, options: HooksOptions) -> Hooks {
        let HooksOptions { in_flight, connect_time, total_time, schedule, guard, tls, mms } = options;
        let tls = tls.unwrap_or_else(usual_tls);
        let times = (connect_time, total_time);
        let strict = guard.strict();
        let initiators = (HookClient::new(strict.clone(), tls.clone(), times, in_flight), strict);
        let client = HookClient::new(guard.clone(), tls, times, in_flight);
        Hooks {
            caller: Arc::new(Caller { gateway, client, schedule, guard, initiators, mms, multimedia: Semaphore::new(MULTIMEDIA) }),
            in_flight,
            desks: HashMap::new(),
            hungry: VecDeque::new(),
            answered: Vec::new(),
            calls: FuturesUnordered::new(),
            wakes: FuturesUnordered::new(),
            settles: FuturesUnordered::new(),
            unsettled: 0,
            paused_until: None,
        }
    }

    /// Runs until `shutdown` resolves; calls that are under way then end first (each within its bound), and their outcomes are settled.
    pub async fn run(mut self, shutdown: impl Future<Output = ()>) {
        let mut shutdown = std::pin::pin!(shutdown);
        let mut stopping = false;
        let mut look = tokio::time::interval(LOOK);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        while !(stopping && self.calls.is_empty() && self.settles.is_empty()) {
            let pause = self.paused_until;
            tokio::select! {
                () = &mut shutdown, if !stopping => {
                    stopping = true;
                    self.release();
                }
                _ = look.tick(), if !stopping => self.look(),
                Some(queue) = self.wakes.next(), if !stopping => self.woken(queue),
                Some((queue, settlement)) = self.calls.next() => {
                    self.answered(queue, settlement);
                    // All that have ended go into one batch.
                    while let Some(Some((queue, settlement))) = self.calls.next().now_or_never() {
                        self.answered(queue, settlement);
                    }
                    self.settle();
                }
                Some(settled) = self.settles.next() => self.settled(settled),
                () = tokio::time::sleep_until(pause.unwrap_or_else(Instant::now)), if pause.is_some() => self.paused_until = None,
            }
            if !stopping {
                self.fill();
            }
        }
    }

    /// Opens a desk for each new account, and looks into all queues: nothing is lost where a wake-up is.
    fn look(&mut self) {
        let Caller { gateway, guard, mms, .. } = &*self.caller;
        for account in gateway.setup().accounts.iter() {
            let desk = |queue, most| Desk::new(gateway, account, queue, most, guard);
            self.desks.entry(account.hook_queue).or_insert_with(|| desk(account.hook_queue, usize::MAX));
            if mms.is_some() {
                let queue = multimedia_queue(gateway, &account.name);
                self.desks.entry(queue).or_insert_with(|| desk(queue, MULTIMEDIA_EACH));
            }
        }
        for (queue, desk) in &mut self.desks {
            desk.dry = false;
            enqueue(&mut self.hungry, *queue, desk);
        }
    }

    fn woken(&mut self, queue: QueueId) {
        if let Some(desk) = self.desks.get_mut(&queue) {
            desk.armed = false;
            desk.dry = false;
            enqueue(&mut self.hungry, queue, desk);
        }
    }

    fn answered(&mut self, queue: QueueId, settlement: Settlement) {
        self.unsettled += 1;
        if let Some(desk) = self.desks.get_mut(&queue) {
            desk.answered(settlement);
            self.answered.push(queue);
            enqueue(&mut self.hungry, queue, desk);
        }
    }

    /// Hands outcomes to the spool.
    fn settle(&mut self) {
        for queue in self.answered.drain(..) {
            self.settles.extend(self.desks.get_mut(&queue).and_then(|desk| batch(queue, desk)));
        }
    }

    fn settled(&mut self, Settled { queue, outcomes, result }: Settled) {
        self.unsettled -= outcomes;
        if let Err(e) = result {
            tracing::error!("The outcomes of {outcomes} callbacks could not be stored: {e}");
            self.paused_until = Some(Instant::now() + SPOOL_PAUSE);
        }
        if let Some(desk) = self.desks.get_mut(&queue) {
            desk.settled();
            self.settles.extend(batch(queue, desk));
        }
    }

    fn release(&mut self) {
        for (queue, desk) in &mut self.desks {
            let (queue, released) = (*queue, desk.release());
            self.settles.push(Box::pin(async move { Settled { queue, outcomes: 0, result: released.await } }));
        }
    }

    /// Begins calls for the accounts that may have something, in turn, as long as there is room.
    fn fill(&mut self) {
        if self.hungry.is_empty() || self.paused_until.is_some() {
            return;
        }
        let setup = self.caller.gateway.setup();
        while self.unsettled < UNSETTLED {
            let Some(queue) = self.hungry.pop_front() else { return };
            let Some(desk) = self.desks.get_mut(&queue) else { continue };
            desk.waits = false;
            desk.refresh(&setup, &self.caller.guard);
            let free = self.in_flight.saturating_sub(self.calls.len());
            let room = share::room(desk.limit, desk.under_way, free);
            if room == 0 {
                continue; // Its next call to end brings it back.
            }
            let (taken, wake) = desk.take(room);
            self.wakes.extend(wake);
            for out in taken {
                self.calls.push(self.caller.clone().call(queue, desk.hook.clone(), out));
            }
            enqueue(&mut self.hungry, queue, desk);
        }
    }
}

/// Puts an account in line, unless it stands there or has nothing to call for.
fn enqueue(hungry: &mut VecDeque<QueueId>, queue: QueueId, desk: &mut Desk) {
    if !desk.waits && desk.has_more() {
        desk.waits = true;
        hungry.push_back(queue);
    }
}

/// The account's next batch for the spool, if there is one.
fn batch(queue: QueueId, desk: &mut Desk) -> Option<BoxFuture<'static, Settled>> {
    let (outcomes, settle) = desk.settle()?;
    Some(Box::pin(async move { Settled { queue, outcomes, result: settle.await } }))
}

impl Caller {
    fn call(self: Arc<Caller>, queue: QueueId, hook: Arc<Hook>, out: Outgoing) -> BoxFuture<'static, (QueueId, Settlement)> {
        Box::pin(async move {
            let clock = &self.gateway.clock;
            let (client, guard) = match deliver::is_for_initiator(&out.message) {
                true => (&self.initiators.0, &self.initiators.1),
                false => (&self.client, &self.guard),
            };
            // Held until the answer is in.
            let _room = if out.message.kind() == Kind::Mms { self.multimedia.acquire().await.ok() } else { None };
            let answer = match self.received(&out).await.and_then(|r| deliver::prepare(&out, r.as_ref(), &hook, guard, clock.now())) {
                Ok(request) => client.call(request).await,
                Err(e) => Err(e),
            };
            let result = deliver::verdict(answer, out.attempts.saturating_add(1), &self.schedule, clock.now());
            (queue, Settlement { out, result })
        })
    }
}

impl Caller {
    /// What a multimedia message is made of.
    async fn received(&self, out: &Outgoing) -> Result<Option<MmsReceived>, CallError> {
        if out.message.kind() != Kind::Mms {
            return Ok(None);
        }
        let Some(mms) = &self.mms else { return Err(CallError::Failed("there is no message centre that has its content".into())) };
        match mms.received(&out.message).await {
            Ok(Some(received)) => Ok(Some(received)),
            Ok(None) => Err(CallError::Gone("its content is gone".into())),
            Err(problem) => Err(CallError::Failed(problem.detail)),
        }
    }
}

/// The roots of the web's certificate authorities.
pub(crate) fn usual_tls() -> rustls::ClientConfig {
    let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    // The provider's own versions always suit it.
    let builder = builder.unwrap_or_else(|_| rustls::ClientConfig::builder());
    builder.with_root_certificates(roots).with_no_client_auth()
}
