//! One account's way out: what was claimed for it, what is under way, and the outcomes that are to be settled.

use std::collections::VecDeque;
use std::sync::Arc;

use prometheus_client::metrics::counter::Counter;
use waxwing_core::{Account, AccountLabel, Gateway, Outbox, Outgoing, RetryPolicy, SendResult, Settlement, Setup};
use waxwing_spool::{BoxFuture, QueueId, SpoolError};

use super::target::Hook;
use super::{AddressGuard, WEBHOOK};

/// Most entries claimed ahead of the calls, so that not each call asks the spool: never more than the account may have under way.
const AHEAD: usize = 64;

/// One account's way out.
pub(super) struct Desk {
    queue: QueueId,
    outbox: Outbox,
    name: Arc<str>,
    account: Option<Arc<Account>>,
    pub(super) hook: Arc<Hook>,
    /// Bound of this queue, whatever the account may have.
    most: usize,
    /// Calls that it may have under way.
    pub(super) limit: usize,
    pub(super) under_way: usize,
    /// Claimed, and not begun.
    ahead: VecDeque<Outgoing>,
    /// Outcomes that wait until those before them are durable.
    outcomes: Vec<Settlement>,
    settling: bool,
    /// Stands in line for room.
    pub(super) waits: bool,
    /// The queue had no more when it was asked, and nobody has said since that it has.
    pub(super) dry: bool,
    /// Will be called when something comes.
    pub(super) armed: bool,
    delivered: Counter,
    retried: Counter,
}

impl Desk {
    /// For one of an account's queues, with at most so many calls under way.
    pub(super) fn new(gateway: &Arc<Gateway>, account: &Arc<Account>, queue: QueueId, most: usize, guard: &AddressGuard) -> Desk {
        let label = AccountLabel { account: account.name.to_string() };
        Desk {
            queue,
            outbox: Outbox::deliveries(gateway, queue, WEBHOOK, RetryPolicy::default()),
            name: account.name.clone(),
            account: Some(account.clone()),
            hook: Arc::new(Hook::of(Some(account), guard)),
            most,
            limit: limit(account).min(most),
            under_way: 0,
            ahead: VecDeque::new(),
            outcomes: Vec::new(),
            settling: false,
            waits: false,
            dry: false,
            armed: false,
            delivered: gateway.metrics.hooks_delivered.get_or_create(&label).clone(),
            retried: gateway.metrics.hooks_retried.get_or_create(&label).clone(),
        }
    }

    /// Takes the account's settings over where they have changed.
    pub(super) fn refresh(&mut self, setup: &Setup, guard: &AddressGuard) {
        let account = setup.accounts.get(&self.name);
        if account.map(Arc::as_ptr) != self.account.as_ref().map(Arc::as_ptr) {
            self.account = account.cloned();
            self.hook = Arc::new(Hook::of(account, guard));
            self.limit = account.map_or(self.limit, limit).min(self.most);
        }
    }

    /// Up to `room` entries to call for, and how to learn of more where the queue has none left and nobody is listening yet.
    pub(super) fn take(&mut self, room: usize) -> (Vec<Outgoing>, Option<BoxFuture<'static, QueueId>>) {
        let mut wake = None;
        if self.ahead.len() < room && !self.dry {
            let want = room.max(self.limit.min(AHEAD)) - self.ahead.len();
            let ready = (!self.armed).then(|| self.outbox.ready());
            let claimed = self.outbox.claim(want);
            self.dry = claimed.len() < want;
            self.ahead.extend(claimed);
            if let Some(ready) = ready.filter(|_| self.dry) {
                let queue = self.queue;
                self.armed = true;
                wake = Some(Box::pin(async move {
                    ready.await;
                    queue
                }) as BoxFuture<'static, QueueId>);
            }
        }
        let taken: Vec<Outgoing> = self.ahead.drain(..room.min(self.ahead.len())).collect();
        self.under_way += taken.len();
        (taken, wake)
    }

    /// Whether there may be more to call for.
    pub(super) fn has_more(&self) -> bool {
        !self.dry || !self.ahead.is_empty()
    }

    /// Notes the outcome of a call.
    pub(super) fn answered(&mut self, settlement: Settlement) {
        self.under_way -= 1;
        let message = settlement.out.id();
        match &settlement.result {
            SendResult::Sent { .. } => {
                self.delivered.inc();
            }
            SendResult::Later { code, reason, .. } => {
                self.retried.inc();
                tracing::debug!(%message, code, "A callback failed and will be repeated: {reason}");
            }
            SendResult::Refused { code, reason, .. } => {
                tracing::warn!(%message, code, "A callback is given up: {reason}");
            }
            SendResult::NoAnswer { .. } | SendResult::Released => {}
        }
        self.outcomes.push(settlement);
    }

    /// Gives back what was claimed and not begun.
    pub(super) fn release(&mut self) -> BoxFuture<'static, Result<(), SpoolError>> {
        let ahead = self.ahead.drain(..).map(|out| Settlement { out, result: SendResult::Released });
        self.outbox.settle(ahead.collect())
    }

    /// Settles all outcomes as one batch, and says how many; `None` where there are none, or a batch is on its way: what comes
    /// meanwhile is the next batch, the greater the slower the disk.
    pub(super) fn settle(&mut self) -> Option<(usize, BoxFuture<'static, Result<(), SpoolError>>)> {
        if self.settling || self.outcomes.is_empty() {
            return None;
        }
        self.settling = true;
        let batch = std::mem::take(&mut self.outcomes);
        Some((batch.len(), self.outbox.settle(batch)))
    }

    /// A batch has been settled.
    pub(super) fn settled(&mut self) {
        self.settling = false;
    }
}

fn limit(account: &Arc<Account>) -> usize {
    account.config.webhook_calls.max(1) as usize
}
