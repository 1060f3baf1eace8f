//! What connectors receive: receipts and messages.
//!
//! Everything here resolves when it is durable; only then does the connector answer its carrier.

use std::sync::Arc;

use bytes::Bytes;
use hashbrown::HashMap;
use prost::Message as _;
use waxwing_gsm::reassembly::{Inserted, Part, Reassembler, ReassemblyLimits};
use waxwing_spool::{Accepted, NewEntry, Op, Parked, QueueId, RemoteLookup, RemoteMatch, SpoolError, Stage, Tx, TxError};

use crate::stored::{self, ReceiptFacts};
use crate::{
    Account, CarrierReceipt, ConnectorCounters, ConnectorState, Gateway, Kind, Message, Millis, MsgId, Setup, Spellings, State, fold, want,
    words,
};

/// Rounds of "somebody else was faster" before a batch of receipts is given back to the carrier as temporarily refused.
const ROUNDS: usize = 32;

/// Where a part stands in its message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartInfo {
    /// Reference number, 8 or 16 bits.
    pub reference: u16,
    /// Parts in all.
    pub total: u8,
    /// This one, from 1.
    pub number: u8,
}

/// A message from a handset.
#[derive(Clone, Debug)]
pub struct Inbound {
    /// The message as it came; `payload` holds the user data with its header.
    pub message: Message,
    /// Set when it is a part of a long message.
    pub part: Option<PartInfo>,
}

/// Key of the parts of one message: connector, source, destination, reference, total.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct PartKey {
    connector: String,
    source: Bytes,
    destination: Bytes,
}

/// Parts that wait for the others. Their bodies are in the spool as well; this is the index.
pub(crate) struct PartsDesk(Reassembler<PartKey, MsgId>);

impl PartsDesk {
    pub(crate) fn new() -> PartsDesk {
        // The spool says when a part has waited long enough (its entry falls due); this is only the bound on memory.
        let limits =
            ReassemblyLimits { max_messages: 100_000, max_octets: 64 << 20, lifetime_ms: 7 * 86_400_000, ..ReassemblyLimits::default() };
        PartsDesk(Reassembler::new(limits))
    }

    /// Forgets messages whose first part is older than `age`: the spool has handed their parts on.
    pub(crate) fn forget_older(&mut self, now: Millis, age: Millis) {
        // Time is counted from the insertion, so asking as of later takes out what is older.
        let as_of = (now + 7 * 86_400_000).saturating_sub(age);
        drop(self.0.expire(as_of));
    }
}

/// A receipt that is to be applied.
pub(crate) struct ReceiptTodo {
    pub(crate) receipt: CarrierReceipt,
    /// Set where it is parked in the spool.
    pub(crate) key: Option<u64>,
    /// All spellings of its ids are in it.
    pub(crate) complete: bool,
}

impl ReceiptTodo {
    /// As it was parked: complete.
    pub(crate) fn parked(receipt: CarrierReceipt, key: u64) -> ReceiptTodo {
        ReceiptTodo { receipt, key: Some(key), complete: true }
    }

    /// Puts the other spellings of each id behind it.
    fn complete(&mut self, spellings: Spellings) {
        let ids = std::mem::take(&mut self.receipt.remotes);
        for id in ids {
            let others = spellings(&id);
            self.receipt.remotes.push(id.clone());
            self.receipt.remotes.extend(others.into_iter().filter(|other| *other != id));
        }
        self.complete = true;
    }
}

impl Gateway {
    /// Receipts from a carrier. Resolves when each is applied, recognised as a duplicate, or parked until the response arrives that it
    /// overtook. `spellings` gives the other forms of an id to try, where the first one in a receipt leads nowhere.
    ///
    /// # Errors
    /// The spool's: the carrier should be answered with a temporary error and will send them again.
    pub async fn carrier_receipts(
        self: &Arc<Self>,
        state: &Arc<ConnectorState>,
        counters: &ConnectorCounters,
        receipts: Vec<CarrierReceipt>,
        spellings: Option<Spellings>,
    ) -> Result<(), SpoolError> {
        let todo = receipts.into_iter().map(|receipt| ReceiptTodo { receipt, key: None, complete: spellings.is_none() }).collect();
        self.apply_receipts(state, counters, todo, spellings).await
    }

    pub(crate) async fn apply_receipts(
        self: &Arc<Self>,
        state: &Arc<ConnectorState>,
        counters: &ConnectorCounters,
        mut todo: Vec<ReceiptTodo>,
        spellings: Option<Spellings>,
    ) -> Result<(), SpoolError> {
        for _ in 0..ROUNDS {
            if todo.is_empty() {
                return Ok(());
            }
            let (now, setup) = (self.clock.now(), self.setup());
            let mut txs = Vec::with_capacity(todo.len());
            let mut asked = Vec::with_capacity(todo.len());
            for mut t in todo {
                match self.receipt_tx(state, &setup, &mut t, spellings, now) {
                    Planned::Apply(tx) => {
                        txs.push(tx);
                        asked.push((t, true));
                    }
                    Planned::Duplicate => {
                        counters.duplicate.inc();
                        if let Some(key) = t.key.take() {
                            txs.push(Tx::one(Op::Unpark { key }));
                            asked.push((t, false));
                        }
                    }
                    // Parked already and still unknown: it stays where it is.
                    Planned::Park(_) if t.key.is_some() => {}
                    Planned::Park(tx) => {
                        counters.early.inc();
                        txs.push(tx);
                        asked.push((t, false));
                    }
                }
            }
            if txs.is_empty() {
                return Ok(());
            }
            let results = self.spool.commit(txs).await?;
            todo = Vec::new();
            let mut applied = 0;
            let mut result = Ok(());
            for ((t, applies), outcome) in asked.into_iter().zip(results) {
                match outcome {
                    Ok(done) => {
                        applied += u64::from(applies);
                        let again = |p: Parked| ReceiptTodo { receipt: t.receipt.clone(), key: Some(p.key), complete: t.complete };
                        // The response arrived between the look-up and the parking: the spool has seen it if both spell the id alike.
                        todo.extend(done.parked.into_iter().map(again));
                        if !applies && t.key.is_none() && self.is_known_by_another_name(state, &t.receipt) {
                            let parked = self.spool.parked(state.queue, t.receipt.remotes.first().map_or(&[], |f| f));
                            let read = |p: Parked| Some(ReceiptTodo::parked(CarrierReceipt::decode(p.body).ok()?, p.key));
                            todo.extend(parked.into_iter().filter_map(read));
                        }
                    }
                    Err(TxError::Changed(_)) => todo.push(t),
                    Err(TxError::Refused(e)) => {
                        result = Err(e);
                        break;
                    }
                    Err(e) => tracing::error!(connector = %state.name, "a receipt could not be recorded: {e}"),
                }
            }
            counters.receipts.inc_by(applied);
            result?;
        }
        Err(SpoolError::TooSlow { waited_ms: 0 })
    }

    fn is_known_by_another_name(&self, connector: &ConnectorState, r: &CarrierReceipt) -> bool {
        let found = |remote: &Bytes| matches!(self.spool.find_remote(connector.queue, remote), RemoteLookup::Found(_));
        r.remotes.iter().skip(1).any(found)
    }

    fn receipt_tx(
        &self,
        connector: &ConnectorState,
        setup: &Setup,
        t: &mut ReceiptTodo,
        spellings: Option<Spellings>,
        now: Millis,
    ) -> Planned {
        let mut finished = false;
        let mut tried = 0;
        if !t.complete
            && let Some(remote) = t.receipt.remotes.first()
        {
            match self.spool.find_remote(connector.queue, remote) {
                RemoteLookup::Found(m) => return Planned::Apply(matched(connector, setup, t, remote, m, now)),
                RemoteLookup::Finished(_) => finished = true,
                RemoteLookup::Unknown => {}
            }
            tried = 1;
            if let Some(spellings) = spellings {
                t.complete(spellings);
            }
        }
        for remote in t.receipt.remotes.iter().skip(tried) {
            match self.spool.find_remote(connector.queue, remote) {
                RemoteLookup::Found(m) => return Planned::Apply(matched(connector, setup, t, remote, m, now)),
                RemoteLookup::Finished(_) => finished = true,
                RemoteLookup::Unknown => {}
            }
        }
        if finished {
            return Planned::Duplicate;
        }
        let Some(remote) = t.receipt.remotes.first() else {
            return Planned::Duplicate;
        };
        // Apart from the octets that were read with it, since it is kept.
        let remote = Bytes::copy_from_slice(remote);
        let body = Bytes::from(t.receipt.encode_to_vec());
        Planned::Park(Tx::one(Op::Park { source: connector.queue, remote, body }))
    }

    /// Messages from handsets. Resolves when they are durable, whole or in parts.
    ///
    /// # Errors
    /// The spool's: the carrier should be answered with a temporary error and will send them again.
    pub async fn inbound(
        self: &Arc<Self>,
        state: &Arc<ConnectorState>,
        counters: &ConnectorCounters,
        batch: Vec<Inbound>,
    ) -> Result<(), SpoolError> {
        let setup = self.setup();
        let now = self.clock.now();
        let mut txs = Vec::with_capacity(batch.len());
        let mut waiting = Vec::new();
        for mut i in batch {
            counters.received.inc();
            i.message.kind = Kind::Mo as i32;
            i.message.door = crate::Door::Connector as i32;
            i.message.connector = state.name.to_string();
            let owner = self.owner(&setup, &i.message.destination.as_text());
            if owner.is_none() {
                counters.unowned.inc();
            }
            match i.part.filter(|_| joins(owner)) {
                Some(part) => {
                    i.message.kind = Kind::MoPart as i32;
                    let entry = NewEntry {
                        queue: self.parts_queue,
                        group: owner.map_or(self.nobody, |a| a.group),
                        priority: 1,
                        due: now + setup.parts_wait,
                        expires: now + setup.parts_wait + setup.delivery_wait,
                        dedup: None,
                        body: i.message.to_bytes(),
                    };
                    waiting.push((txs.len(), i.message, part));
                    txs.push(Tx::one(Op::Accept(entry)));
                }
                None => txs.push(Tx::one(Op::Accept(self.mo_entry(owner, &i.message, now)))),
            }
        }
        let results = self.spool.commit(txs).await?;
        for (at, message, part) in waiting {
            if let Some(Ok(done)) = results.get(at)
                && let Some(id) = done.accepted.first().copied().map(Accepted::id)
            {
                self.place_part(id, &message, part, now).await?;
            }
        }
        match results.into_iter().find_map(Result::err) {
            Some(TxError::Refused(e)) => Err(e),
            Some(e) => {
                tracing::error!(connector = %state.name, "a received message could not be stored: {e}");
                Err(SpoolError::TooSlow { waited_ms: 0 })
            }
            None => Ok(()),
        }
    }

    /// Where a received message waits for its owner: in his webhook's queue if he has one, else in his SMPP queue; in the inbox if nobody
    /// owns the number.
    pub fn owner_queue(&self, m: &Message) -> QueueId {
        self.queue_of(self.owner(&self.setup(), &m.destination.as_text()))
    }

    fn queue_of(&self, owner: Option<&Arc<Account>>) -> QueueId {
        match owner {
            Some(a) if a.config.webhook.is_some() => a.hook_queue,
            Some(a) => a.queue,
            None => self.inbox_queue,
        }
    }

    /// A received message, in the queue of whoever takes such messages, or of its owner.
    pub(crate) fn mo_entry(&self, owner: Option<&Arc<Account>>, m: &Message, now: Millis) -> NewEntry {
        let taken = self.taker.get().and_then(|takes| takes(m));
        NewEntry {
            queue: taken.unwrap_or_else(|| self.queue_of(owner)),
            group: owner.map_or(self.nobody, |a| a.group),
            priority: 1,
            due: 0,
            expires: now + self.setup().delivery_wait,
            dedup: None,
            body: m.to_bytes(),
        }
    }

    /// Puts a part, which is durable by now, beside the others; when it was the last, exchanges them for the whole message.
    async fn place_part(self: &Arc<Self>, id: MsgId, m: &Message, part: PartInfo, now: Millis) -> Result<(), SpoolError> {
        let whole = self.parts.lock().0.insert(part_key(m), gsm_part(m, part, id), now);
        match whole {
            Inserted::Complete { parts } => self.join(parts.into_iter().map(|p| (p.token, p.payload)).collect(), m, now).await,
            Inserted::Duplicate { .. } => self.drop_part(id).await,
            // Evicted parts and parts that are none stay in the spool and are handed on one by one when they fall due.
            _ => Ok(()),
        }
    }

    /// A part that was there already: the carrier sent it twice.
    async fn drop_part(&self, id: MsgId) -> Result<(), SpoolError> {
        self.spool.commit(vec![Tx::one(Op::Cancel { id, note: Bytes::from_static(b"part received twice") })]).await.map(drop)
    }

    async fn join(self: &Arc<Self>, parts: Vec<(MsgId, Bytes)>, like: &Message, now: Millis) -> Result<(), SpoolError> {
        let setup = self.setup();
        let mut whole = like.clone();
        whole.kind = Kind::Mo as i32;
        crate::content::strip_sar(&mut whole);
        (whole.payload, whole.udhi) = crate::content::joined(like, &parts.iter().map(|(_, p)| p.clone()).collect::<Vec<_>>());
        whole.door_data = self.ids_of_parts(like, &parts);
        let owner = self.owner(&setup, &like.destination.as_text());
        let mut ops = vec![Op::Accept(self.mo_entry(owner, &whole, now))];
        ops.extend(parts.iter().map(|(id, _)| Op::Cancel { id: *id, note: Bytes::from_static(b"joined") }));
        match self.spool.commit(vec![Tx { ops }]).await?.pop() {
            // The janitor has taken a part in the same moment and hands all of them on one by one.
            Some(Err(e)) => tracing::warn!("a long message could not be joined and is handed on in parts: {e}"),
            _ => tracing::debug!(parts = parts.len(), "joined a long message"),
        }
        Ok(())
    }

    /// What the doors said of the parts of a message that somebody handed to us, in their order: all of them are told of what becomes of
    /// the whole.
    fn ids_of_parts(&self, like: &Message, parts: &[(MsgId, Bytes)]) -> String {
        if like.tell.is_empty() {
            return like.door_data.clone();
        }
        let stored = parts.iter().filter_map(|(id, _)| Message::from_bytes(self.spool.read_body(*id).ok()??).ok());
        stored.map(|m| m.door_data).filter(|d| !d.is_empty()).collect::<Vec<_>>().join(" ")
    }

    /// After a restart: the parts that were waiting wait again.
    pub(crate) fn restore_parts(&self) {
        let mut after = None;
        let mut restored: HashMap<MsgId, ()> = HashMap::new();
        loop {
            let page = self.spool.list(Some(self.parts_queue), after, 1000);
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            // Not those that could not be handed on and are dead letters.
            for s in page.iter().filter(|s| s.stage == Stage::Queued) {
                let Ok(Some(body)) = self.spool.read_body(s.id) else { continue };
                let Ok(m) = Message::from_bytes(body) else { continue };
                if m.kind() == Kind::MtPart {
                    restored.insert(s.id, ());
                    self.restore_submitted(s.id, s.group, &m);
                } else if let Some(part) = crate::content::part_of(&m) {
                    restored.insert(s.id, ());
                    let _ = self.parts.lock().0.insert(part_key(&m), gsm_part(&m, part, s.id), s.accepted);
                }
            }
        }
        if !restored.is_empty() {
            tracing::info!(parts = restored.len(), "parts of long messages wait for the others");
        }
    }
}

/// A receipt that found its message: the parts folded, the submitter's receipt (if one is due) and the record, together.
fn matched(connector: &ConnectorState, setup: &Setup, t: &ReceiptTodo, remote: &[u8], m: RemoteMatch, now: Millis) -> Tx {
    let r = &t.receipt;
    let state = r.state();
    let mut codes = m.parts;
    let known = codes.get(usize::from(m.part)).copied().and_then(State::from_code);
    // A late "en route" must not undo a final state.
    let state = if known.is_some_and(State::is_final) && !state.is_final() { known.unwrap_or(state) } else { state };
    if let Some(c) = codes.get_mut(usize::from(m.part)) {
        *c = state.code();
    }
    let folded = fold(&codes);
    let mut ops = Vec::with_capacity(2 + usize::from(t.key.is_some()));
    // Not final: worth telling only what this part newly says, and only for those who asked for it.
    let event = if folded.done { folded.state.event() } else { want::BUFFERED };
    let telling = folded.done || (known != Some(state) && matches!(state, State::Enroute | State::Accepted));
    if telling && let Ok(msg) = Message::from_bytes(m.body) {
        let facts = ReceiptFacts {
            id: m.id,
            state: folded.state,
            event,
            submitted: m.accepted,
            done: if r.done == 0 { now } else { r.done },
            parts: u32::try_from(codes.len()).unwrap_or(1),
            delivered: folded.delivered,
            error: words(&r.error),
            reason: "",
            remote_id: remote,
            raw: &r.raw,
            stat: if folded.state == state { words(&r.stat) } else { "" },
        };
        ops.extend(Gateway::receipt_entry(setup, m.group, &msg, &facts, &connector.name, now).map(Op::Accept));
    }
    let note = stored::carrier_receipt(r, remote);
    ops.push(Op::Receipt { id: m.id, part: m.part, expect: m.version, state: state.code(), done: folded.done, note });
    ops.extend(t.key.map(|key| Op::Unpark { key }));
    Tx { ops }
}

enum Planned {
    Apply(Tx),
    Duplicate,
    Park(Tx),
}

/// Whether long messages for this owner are joined: webhooks and the inbox get whole messages, SMPP binds what came, unless they ask.
fn joins(owner: Option<&Arc<Account>>) -> bool {
    owner.is_none_or(|a| a.config.webhook.is_some() || a.config.join_long)
}

fn part_key(m: &Message) -> PartKey {
    PartKey { connector: m.connector.clone(), source: m.source.octets.clone(), destination: m.destination.octets.clone() }
}

fn gsm_part(m: &Message, part: PartInfo, token: MsgId) -> Part<MsgId> {
    Part { reference: part.reference, total: part.total, number: part.number, payload: m.payload.clone(), token }
}
