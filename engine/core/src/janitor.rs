//! What time alone brings about: expired messages, receipts that never came, receipts that match nothing, parts that stay alone, and
//! messages that wait for a connector that is away while another of their route is well.

use std::sync::Arc;
use std::time::Duration;

use prost::Message as _;
use waxwing_spool::{Op, Outcome, QueueId, SpoolError, Tx};

use crate::{CarrierReceipt, ConnectorLabel, Gateway, Kind, Message, OutcomeNote, State};

/// How often it looks.
pub(crate) const JANITOR_PERIOD: Duration = Duration::from_millis(500);
/// How long a connector is away before its queue is emptied into others, milliseconds: reconnecting should not shuffle messages.
pub(crate) const REROUTE_AFTER: u64 = 5_000;
const BATCH: usize = 1000;
/// Messages without another way that are looked past, in the queue of a connector that is away, each time; and now and then.
const DEPTH: usize = 1000;
const DEEP: usize = 200_000;
/// Every so many rounds is "now and then": ten seconds.
const DEEP_EVERY: u32 = 20;
const LEASE: Duration = Duration::from_secs(60);

impl Gateway {
    /// Runs until dropped.
    pub async fn janitor(self: Arc<Self>) {
        let mut every = tokio::time::interval(JANITOR_PERIOD);
        every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut round = 0u32;
        loop {
            every.tick().await;
            round = round.wrapping_add(1);
            let depth = if round.is_multiple_of(DEEP_EVERY) { DEEP } else { DEPTH };
            // Each duty has its own error: one that fails must not keep the others from being done.
            let results =
                [self.expire().await, self.give_up().await, self.unpark().await, self.lonely_parts().await, self.reroute(depth).await];
            for e in results.into_iter().filter_map(Result::err) {
                tracing::warn!("the janitor will try again: {e}");
            }
        }
    }

    /// Messages whose validity has ended while they were queued.
    ///
    /// # Errors
    /// The spool's.
    pub async fn expire(&self) -> Result<(), SpoolError> {
        loop {
            let claimed = self.spool.claim_expired(BATCH, LEASE);
            let now = self.clock.now();
            let txs: Vec<Tx> = claimed
                .into_iter()
                .filter_map(|c| self.outgoing(c))
                .map(|out| {
                    self.forget_submitted(out.id(), out.group, &out.message);
                    let place = self.spool.get(out.id()).and_then(|s| self.spool.queue_name(s.queue));
                    let place = place.as_deref().map_or("spool", |q| q.strip_prefix("connector:").unwrap_or(q));
                    self.expired_tx(&out, place, now)
                })
                .collect();
            if txs.is_empty() {
                return Ok(());
            }
            self.spool.commit(txs).await?;
        }
    }

    /// Sent messages whose receipt never came.
    ///
    /// # Errors
    /// The spool's.
    pub async fn give_up(&self) -> Result<(), SpoolError> {
        loop {
            let ids = self.spool.overdue_receipts(BATCH);
            if ids.is_empty() {
                return Ok(());
            }
            self.metrics.receipts_missing.inc_by(ids.len() as u64);
            self.spool.commit(ids.into_iter().map(|id| Tx::one(Op::GiveUp { id })).collect()).await?;
        }
    }

    /// Receipts that found no message in time.
    ///
    /// # Errors
    /// The spool's.
    pub async fn unpark(&self) -> Result<(), SpoolError> {
        loop {
            let stale = self.spool.stale_parked(BATCH);
            if stale.is_empty() {
                return Ok(());
            }
            for p in &stale {
                let name = self.spool.queue_name(p.source);
                let connector = name.as_deref().map_or("", |n| n.strip_prefix("connector:").unwrap_or(n)).to_owned();
                let receipt = CarrierReceipt::decode(p.body.clone()).unwrap_or_default();
                let stat = crate::words(&receipt.stat);
                tracing::info!(connector, remote = %String::from_utf8_lossy(&p.remote), stat, "a receipt matches no message");
                self.metrics.receipts_unmatched.get_or_create(&ConnectorLabel { connector }).inc();
            }
            self.spool.commit(stale.into_iter().map(|p| Tx::one(Op::Unpark { key: p.key })).collect()).await?;
        }
    }

    /// Parts of long messages whose others did not come in time: handed on as they are. What was found complete at start is joined first.
    ///
    /// # Errors
    /// The spool's.
    pub async fn lonely_parts(&self) -> Result<(), SpoolError> {
        self.join_restored().await;
        loop {
            let claimed = self.spool.claim(self.parts_queue, BATCH, LEASE);
            if claimed.is_empty() {
                return Ok(());
            }
            let setup = self.setup();
            let now = self.clock.now();
            let parts = claimed.into_iter().filter_map(|c| self.outgoing(c));
            let (submitted, received): (Vec<_>, Vec<_>) = parts.partition(|out| out.message.kind() == Kind::MtPart);
            let mut txs = self.lonely_txs(&setup, submitted, now);
            for out in received {
                let mut message: Message = *out.message;
                message.kind = Kind::Mo as i32;
                let owner = self.owner(&setup, &message.destination.as_text());
                let entry = self.mo_entry(owner, &message, now);
                let note = OutcomeNote::bytes("parts", "", "the other parts did not come", State::Delivered);
                txs.push(Tx { ops: vec![Op::Accept(entry), Op::Settle { lease: out.lease, outcome: Outcome::Done, note }] });
            }
            self.parts.lock().forget_older(now, setup.parts_wait);
            self.spool.commit(txs).await?;
        }
    }

    /// Empties the queues of connectors that are away or failing into those of their messages' failover lists that are well.
    ///
    /// Looks past at most about `depth` messages that have no other way.
    ///
    /// # Errors
    /// The spool's.
    pub async fn reroute(&self, depth: usize) -> Result<(), SpoolError> {
        let now = self.clock.now();
        let setup = self.setup();
        if !setup.routes.lines().iter().any(|l| l.state.is_healthy(now)) {
            return Ok(());
        }
        for line in setup.routes.lines() {
            let state = &line.state;
            let away = state.down_for(now) >= REROUTE_AFTER || state.is_paused() || (state.sessions() > 0 && !state.is_healthy(now));
            if away && !state.is_healthy(now) {
                self.empty_queue(state.queue, &state.name, depth).await?;
            }
        }
        Ok(())
    }

    async fn empty_queue(&self, queue: QueueId, name: &str, depth: usize) -> Result<(), SpoolError> {
        let mut stay = Vec::new();
        let mut result = Ok(());
        while result.is_ok() && stay.len() < depth {
            let now = self.clock.now();
            let claimed = self.spool.claim(queue, BATCH, LEASE);
            if claimed.is_empty() {
                break;
            }
            let mut txs = Vec::new();
            for out in claimed.into_iter().filter_map(|c| self.outgoing(c)) {
                match self.other_line(&out.message, queue, now).filter(|_| out.sent_parts.is_empty()) {
                    Some(to) => {
                        let outcome = Outcome::Retry { at: now, queue: Some(to), count: false, sent: Vec::new() };
                        let note = OutcomeNote::bytes(name, "", "the connector is away; moved to the next of its route", State::Queued);
                        txs.push(Tx::one(Op::Settle { lease: out.lease, outcome, note }));
                    }
                    None => stay.push(out.lease),
                }
            }
            if !txs.is_empty() {
                self.metrics.rerouted.get_or_create(&ConnectorLabel { connector: name.to_owned() }).inc_by(txs.len() as u64);
                result = self.spool.commit(txs).await.map(drop);
            }
        }
        // In reverse, since each goes back to the front.
        for lease in stay.iter().rev() {
            self.spool.release(lease);
        }
        result
    }
}
