//! The way back over HTTP: receipts and received messages posted to webhooks, and Kannel's dlr-url called.
//!
//! One task for all accounts. It claims from each account's queue as much as that account and the process may have in flight, and the
//! calls run inside the task; an account whose server hangs fills its own share and nobody else's. Outcomes are settled in the spool,
//! so retries survive a restart.

mod client;
mod deliver;
mod guard;
mod payload;
mod schedule;
mod sign;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use prometheus_client::metrics::counter::Counter;
use waxwing_core::{AccountLabel, Gateway, Outbox, Outgoing, RetryPolicy, SendResult, Settlement};
use waxwing_spool::{BoxFuture, QueueId, SpoolError};

use self::client::HookClient;

pub use guard::AddressGuard;
pub use schedule::HookSchedule;

/// How often new accounts are looked for, and queues looked into without being called.
const LOOK: Duration = Duration::from_secs(2);
/// Pause after the spool could not take an outcome.
const SPOOL_PAUSE: Duration = Duration::from_secs(1);

/// How callbacks are made.
#[derive(Clone)]
pub struct HooksOptions {
    /// Calls at the same time, all accounts together.
    pub in_flight: usize,
    /// Calls at the same time of one account.
    pub in_flight_per_account: usize,
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
}

impl Default for HooksOptions {
    /// 256 calls, 16 an account; 5 s to connect, 15 s in all.
    fn default() -> HooksOptions {
        HooksOptions {
            in_flight: 256,
            in_flight_per_account: 16,
            connect_time: Duration::from_secs(5),
            total_time: Duration::from_secs(15),
            schedule: HookSchedule::default(),
            guard: AddressGuard::default(),
            tls: None,
        }
    }
}

/// Makes callbacks.
pub struct Hooks {
    caller: Caller,
    options: HooksOptions,
    accounts: HashMap<QueueId, Desk>,
    hungry: VecDeque<QueueId>,
    in_flight: usize,
}

/// What one call needs.
#[derive(Clone)]
struct Caller {
    gateway: Arc<Gateway>,
    client: HookClient,
    schedule: HookSchedule,
}

/// One account's way out.
#[derive(Clone)]
struct Desk {
    outbox: Outbox,
    delivered: Counter,
    retried: Counter,
    in_flight: usize,
    /// Stands in `hungry`.
    waits: bool,
    /// Will be called when something comes.
    armed: bool,
}

type Finished = (QueueId, Result<(), SpoolError>);

impl Hooks {
    /// Over a gateway.
    pub fn new(gateway: Arc<Gateway>, options: HooksOptions) -> Hooks {
        let tls = options.tls.clone().unwrap_or_else(usual_tls);
        let client = HookClient::new(options.guard.clone(), tls, options.connect_time, options.total_time);
        let caller = Caller { gateway, client, schedule: options.schedule.clone() };
        Hooks { caller, options, accounts: HashMap::new(), hungry: VecDeque::new(), in_flight: 0 }
    }

    /// Runs until `shutdown` resolves; calls that are under way then end first (each within its bound).
    pub async fn run(mut self, shutdown: impl Future<Output = ()>) {
        let mut shutdown = std::pin::pin!(shutdown);
        let mut calls: FuturesUnordered<BoxFuture<'static, Finished>> = FuturesUnordered::new();
        let mut wakes: FuturesUnordered<BoxFuture<'static, QueueId>> = FuturesUnordered::new();
        let mut look = tokio::time::interval(LOOK);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = &mut shutdown => break,
                _ = look.tick() => self.look(),
                Some(queue) = wakes.next() => {
                    if let Some(desk) = self.accounts.get_mut(&queue) {
                        desk.armed = false;
                    }
                    self.enqueue(queue);
                }
                Some((queue, settled)) = calls.next() => {
                    self.finished(queue);
                    if let Err(e) = settled {
                        tracing::error!("The outcome of a callback could not be stored: {e}");
                        tokio::time::sleep(SPOOL_PAUSE).await;
                    }
                }
            }
            self.claim(&mut calls, &mut wakes);
        }
        while calls.next().await.is_some() {}
    }

    /// Opens a desk for each new account, and looks into all queues: nothing is lost where a wake-up is.
    fn look(&mut self) {
        let gateway = &self.caller.gateway;
        let setup = gateway.setup();
        for account in setup.accounts.iter() {
            self.accounts.entry(account.hook_queue).or_insert_with(|| {
                let label = AccountLabel { account: account.name.to_string() };
                Desk {
                    outbox: Outbox::deliveries(gateway, account.hook_queue, "webhook", RetryPolicy::default()),
                    delivered: gateway.metrics.hooks_delivered.get_or_create(&label).clone(),
                    retried: gateway.metrics.hooks_retried.get_or_create(&label).clone(),
                    in_flight: 0,
                    waits: false,
                    armed: false,
                }
            });
        }
        let all: Vec<QueueId> = self.accounts.keys().copied().collect();
        all.into_iter().for_each(|q| self.enqueue(q));
    }

    fn enqueue(&mut self, queue: QueueId) {
        if let Some(desk) = self.accounts.get_mut(&queue).filter(|d| !d.waits) {
            desk.waits = true;
            self.hungry.push_back(queue);
        }
    }

    fn finished(&mut self, queue: QueueId) {
        self.in_flight -= 1;
        if let Some(desk) = self.accounts.get_mut(&queue) {
            desk.in_flight -= 1;
        }
        self.enqueue(queue);
    }

    /// Claims for the accounts that may have something, in turn, as long as there is room.
    fn claim(
        &mut self,
        calls: &mut FuturesUnordered<BoxFuture<'static, Finished>>,
        wakes: &mut FuturesUnordered<BoxFuture<'static, QueueId>>,
    ) {
        while self.in_flight < self.options.in_flight {
            let Some(queue) = self.hungry.pop_front() else { return };
            let Some(desk) = self.accounts.get_mut(&queue) else { continue };
            desk.waits = false;
            let room = self.options.in_flight_per_account.saturating_sub(desk.in_flight).min(self.options.in_flight - self.in_flight);
            if room == 0 {
                continue; // Its next call to end brings it back.
            }
            let ready = desk.outbox.ready();
            let claimed = desk.outbox.claim(room);
            desk.in_flight += claimed.len();
            self.in_flight += claimed.len();
            let more = claimed.len() == room;
            if !more && !desk.armed {
                desk.armed = true;
                wakes.push(Box::pin(async move {
                    ready.await;
                    queue
                }));
            }
            for out in claimed {
                calls.push(self.caller.clone().call(queue, desk, out));
            }
            if more {
                self.enqueue(queue);
            }
        }
    }
}

impl Caller {
    fn call(self, queue: QueueId, desk: &Desk, out: Outgoing) -> BoxFuture<'static, Finished> {
        let (outbox, delivered, retried) = (desk.outbox.clone(), desk.delivered.clone(), desk.retried.clone());
        Box::pin(async move {
            let clock = &self.gateway.clock;
            let call = deliver::prepare(&out, self.gateway.account_of(out.group).as_ref(), clock.now());
            let answer = match call {
                Some(call) => self.client.call(call.request, &call.url).await,
                None => Err(client::CallError::Failed("the account has no webhook".to_owned())),
            };
            let result = deliver::verdict(answer, out.attempts.saturating_add(1), &self.schedule, clock.now());
            match &result {
                SendResult::Sent { .. } => {
                    delivered.inc();
                }
                SendResult::Later { code, reason, .. } => {
                    retried.inc();
                    tracing::debug!(message = %out.id(), code, "A callback failed and will be repeated: {reason}");
                }
                SendResult::Refused { code, reason, .. } => {
                    tracing::warn!(message = %out.id(), code, "A callback is given up: {reason}");
                }
                SendResult::NoAnswer { .. } | SendResult::Released => {}
            }
            (queue, outbox.settle(vec![Settlement { out, result }]).await)
        })
    }
}

/// The roots of the web's certificate authorities.
fn usual_tls() -> rustls::ClientConfig {
    let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    // The provider's own versions always suit it.
    let builder = builder.unwrap_or_else(|_| rustls::ClientConfig::builder());
    builder.with_root_certificates(roots).with_no_client_auth()
}
