//! Long messages that an account submits in parts, each by itself and perhaps over several connections: the parts wait for each other
//! and leave as one message.
//!
//! A part is durable, and answered, before it waits. What is in memory is only which parts there are; a message whose parts are all there
//! is put together from what the spool has, in the transaction that takes the parts out. Whatever keeps that from happening leaves the
//! parts where they are, and the janitor hands them on one by one when they have waited long enough: so none is lost, and none leaves
//! twice.

use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;

use bytes::Bytes;
use hashbrown::{DefaultHashBuilder, HashMap};
use smallvec::SmallVec;
use tokio::sync::oneshot;
use waxwing_spool::{BoxFuture, GroupId, Lease, NewEntry, Op, Outcome, Stage, Tx};

use crate::submit::MAX_CONTENT;
use crate::{Account, Gateway, Kind, Message, Millis, MsgId, OutcomeNote, Outgoing, RouteQuery, Setup, State, want};

/// Most times that the same part is kept as such; further ones wait by themselves.
const COPIES: usize = 16;

/// Which message a part belongs to, and which part it is.
pub(crate) struct Placing {
    key: Box<[u8]>,
    total: u8,
    number: u8,
    /// Of the content: a part that comes again has the same, a part of another message hardly.
    digest: u64,
    /// Of the words of its reference.
    words: SmallVec<[u64; 1]>,
}

/// A part that waits.
struct Held {
    id: MsgId,
    words: SmallVec<[u64; 1]>,
}

/// One place of a message: the part, and the same again where it came more than once.
struct Slot {
    number: u8,
    digest: u64,
    held: SmallVec<[Held; 1]>,
}

/// The parts of a message that is complete, by their number, each with what came again of it.
pub(crate) type Complete = Vec<SmallVec<[MsgId; 1]>>;

/// Which parts wait, by the message that they belong to.
#[derive(Default)]
pub(crate) struct SubmittedParts {
    /// More than one message where the same reference is used again too soon.
    messages: HashMap<Box<[u8]>, Vec<Vec<Slot>>>,
    by_word: HashMap<u64, SmallVec<[MsgId; 1]>>,
    /// Found complete at start, before there was anything to route them by.
    restored: Vec<Complete>,
    hasher: DefaultHashBuilder,
}

impl SubmittedParts {
    /// Where a waiting message belongs; `None` where it is none.
    pub(crate) fn placing(&self, group: GroupId, m: &Message) -> Option<Placing> {
        let w = m.waiting.as_deref()?;
        let mut key = Vec::with_capacity(64);
        key.extend_from_slice(&group.0.to_be_bytes());
        key.extend_from_slice(&[w.reference, w.total, m.data_coding].map(u32::to_be_bytes).concat());
        for octets in [&m.source.octets[..], &m.destination.octets, m.charset.as_bytes()] {
            key.extend_from_slice(&(octets.len() as u64).to_be_bytes());
            key.extend_from_slice(octets);
        }
        let words = m.reference.split_ascii_whitespace().map(|word| self.word(group, word)).collect();
        let (total, number) = (u8::try_from(w.total).ok()?, u8::try_from(w.number).ok()?);
        Some(Placing { key: key.into(), total, number, digest: self.hash(&[&m.payload]), words })
    }

    /// Puts a part beside the others; gives all of them if it was the last.
    pub(crate) fn insert(&mut self, id: MsgId, p: Placing) -> Option<Complete> {
        let messages = self.messages.entry(p.key.clone()).or_default();
        let known = messages.iter_mut().flatten().find(|s| s.number == p.number && s.digest == p.digest);
        if let Some(slot) = known {
            if slot.held.len() < COPIES && slot.held.iter().all(|h| h.id != id) {
                p.words.iter().for_each(|w| self.by_word.entry(*w).or_default().push(id));
                slot.held.push(Held { id, words: p.words });
            }
            return None;
        }
        p.words.iter().for_each(|w| self.by_word.entry(*w).or_default().push(id));
        let slot = Slot { number: p.number, digest: p.digest, held: SmallVec::from_iter([Held { id, words: p.words }]) };
        let at = match messages.iter().position(|m| m.iter().all(|s| s.number != p.number)) {
            Some(at) => {
                messages[at].push(slot);
                at
            }
            None => {
                messages.push(vec![slot]);
                messages.len() - 1
            }
        };
        if messages[at].len() < usize::from(p.total) {
            return None;
        }
        let mut slots = messages.remove(at);
        if messages.is_empty() {
            self.messages.remove(&p.key);
        }
        slots.sort_unstable_by_key(|s| s.number);
        slots.iter().flat_map(|s| &s.held).for_each(|h| forget_words(&mut self.by_word, h));
        Some(slots.iter().map(|s| s.held.iter().map(|h| h.id).collect()).collect())
    }

    /// Takes a part out, with whatever came again of it (`copies`), or alone. Gives the others that went with it.
    fn take(&mut self, id: MsgId, p: &Placing, copies: bool) -> SmallVec<[MsgId; 1]> {
        let mut others = SmallVec::new();
        let Some(messages) = self.messages.get_mut(&p.key) else { return others };
        for message in messages.iter_mut() {
            let Some(at) = message.iter().position(|s| s.held.iter().any(|h| h.id == id)) else { continue };
            let slot = &mut message[at];
            slot.held.retain(|h| {
                let stays = h.id != id && !copies;
                if !stays {
                    forget_words(&mut self.by_word, h);
                    others.extend((h.id != id).then_some(h.id));
                }
                stays
            });
            if slot.held.is_empty() {
                message.remove(at);
            }
        }
        messages.retain(|m| !m.is_empty());
        if messages.is_empty() {
            self.messages.remove(&p.key);
        }
        others
    }

    /// Parts of a group that wait, with this word in their reference.
    fn with_word(&self, group: GroupId, word: &str) -> SmallVec<[MsgId; 1]> {
        self.by_word.get(&self.word(group, word)).cloned().unwrap_or_default()
    }

    fn word(&self, group: GroupId, word: &str) -> u64 {
        self.hash(&[&group.0.to_be_bytes(), word.as_bytes()])
    }

    fn hash(&self, octets: &[&[u8]]) -> u64 {
        let mut h = self.hasher.build_hasher();
        octets.iter().for_each(|o| h.write(o));
        h.finish()
    }
}

fn forget_words(by_word: &mut HashMap<u64, SmallVec<[MsgId; 1]>>, held: &Held) {
    for word in &held.words {
        if let Some(ids) = by_word.get_mut(word) {
            ids.retain(|id| *id != held.id);
            if ids.is_empty() {
                by_word.remove(word);
            }
        }
    }
}

/// A part as the spool has it.
struct Stored {
    message: Message,
    group: GroupId,
    priority: u8,
    expires: Millis,
}

impl Gateway {
    /// Sees a submission of parts through, whether or not whoever submitted them waits for it: when they are durable they are put beside the
    /// others, then the submitter is answered, then what got complete by them is exchanged for the whole.
    pub(crate) fn submit_parts<T: Send + 'static>(
        self: &Arc<Self>,
        submission: impl Future<Output = T> + Send + 'static,
        durable: impl FnOnce(&T) -> Vec<(MsgId, Placing)> + Send + 'static,
        lost: impl FnOnce() -> T + Send + 'static,
    ) -> BoxFuture<'static, T> {
        let gateway = self.clone();
        let (answer, answered) = oneshot::channel();
        tokio::spawn(async move {
            let results = submission.await;
            let complete = gateway.place_submitted(durable(&results));
            // Nobody may wait for it any more.
            let _ = answer.send(results);
            gateway.join_submitted(complete).await;
        });
        Box::pin(async move { answered.await.unwrap_or_else(|_| lost()) })
    }

    /// Puts parts, which are durable by now, beside the others. Gives the messages that got complete.
    fn place_submitted(&self, parts: Vec<(MsgId, Placing)>) -> Vec<Complete> {
        // One that was submitted before under the same key has its place already, or has left.
        let waits = |id: &MsgId| self.spool.get(*id).is_some_and(|s| s.queue == self.parts_queue && s.stage == Stage::Queued);
        let parts: Vec<_> = parts.into_iter().filter(|(id, _)| waits(id)).collect();
        let mut desk = self.submitted_parts.lock();
        parts.into_iter().filter_map(|(id, p)| desk.insert(id, p)).collect()
    }

    /// A part that the spool had at start. What is complete waits for the janitor, since there are no routes yet.
    pub(crate) fn restore_submitted(&self, id: MsgId, group: GroupId, m: &Message) {
        let mut desk = self.submitted_parts.lock();
        if let Some(p) = desk.placing(group, m)
            && let Some(complete) = desk.insert(id, p)
        {
            desk.restored.push(complete);
        }
    }

    /// Joins what was found complete at start.
    pub(crate) async fn join_restored(&self) {
        let complete = std::mem::take(&mut self.submitted_parts.lock().restored);
        self.join_submitted(complete).await;
    }

    async fn join_submitted(&self, complete: Vec<Complete>) {
        let (setup, now) = (self.setup(), self.clock.now());
        let joined = complete.iter().map(|parts| self.whole_tx(&setup, parts, now));
        let txs: Vec<Tx> = joined.filter_map(|tx| tx.inspect_err(|why| not_joined(why)).ok()).collect();
        if txs.is_empty() {
            return;
        }
        match self.spool.commit(txs).await {
            Ok(done) => done.into_iter().filter_map(Result::err).for_each(|e| not_joined(&e.to_string())),
            Err(e) => not_joined(&e.to_string()),
        }
    }

    /// The transaction that puts the whole in the place of its parts, or why that cannot be.
    fn whole_tx(&self, setup: &Setup, parts: &Complete, now: Millis) -> Result<Tx, String> {
        let mut stored = Vec::with_capacity(parts.len());
        let mut words = Words::default();
        for ids in parts {
            for (n, id) in ids.iter().enumerate() {
                let part = self.stored_part(*id)?;
                words.add(&part.message);
                if n == 0 {
                    stored.push(part);
                }
            }
        }
        let payloads: Vec<Bytes> = stored.iter().map(|p| p.message.payload.clone()).collect();
        let given = stored.iter().filter(|p| p.message.validity_given).map(|p| p.expires).min();
        let expires = given.or(stored.iter().map(|p| p.expires).min()).unwrap_or(0);
        let waiting = || stored.iter().filter_map(|p| p.message.waiting.as_deref());
        let due = waiting().map(|w| w.due).max().filter(|&due| due > now).unwrap_or(0);
        let route = waiting().map(|w| w.route.as_str()).find(|r| !r.is_empty()).unwrap_or_default().to_owned();
        let want = stored.iter().fold(0, |all, p| all | p.message.want);
        let priority = stored.iter().map(|p| p.priority).max().unwrap_or(1);
        let callback = stored.iter().map(|p| &p.message.callback).find(|c| !c.is_empty()).cloned().unwrap_or_default();
        let Some(Stored { message: mut whole, group, .. }) = stored.into_iter().next() else { return Err("it has no parts".into()) };
        (whole.payload, whole.udhi) = crate::content::joined(&whole, &payloads);
        if whole.payload.len() > MAX_CONTENT {
            return Err(format!("it has {} octets, at most {MAX_CONTENT} can be sent", whole.payload.len()));
        }
        if expires <= now.max(due) {
            return Err("its validity ends before it can be sent".into());
        }
        (whole.want, whole.callback, whole.validity_given) = (want, callback, given.is_some());
        (whole.reference, whole.door_data) = (words.reference, words.door_data);
        crate::content::strip_sar(&mut whole);
        let entry = self.mt_entry(setup, group, whole, &route, now)?;
        let mut ops = vec![Op::Accept(NewEntry { priority, due, expires, ..entry })];
        ops.extend(parts.iter().flatten().map(|id| Op::Cancel { id: *id, note: Bytes::from_static(b"joined") }));
        Ok(Tx { ops })
    }

    fn stored_part(&self, id: MsgId) -> Result<Stored, String> {
        let gone = || format!("its part {id} is gone");
        let state = self.spool.get(id).ok_or_else(gone)?;
        let body = self.spool.read_body(id).map_err(|e| e.to_string())?.ok_or_else(gone)?;
        let message = Message::from_bytes(body).map_err(|e| e.to_string())?;
        Ok(Stored { message, group: state.group, priority: state.priority, expires: state.expires })
    }

    /// The entry of an ordinary MT message, routed now; the caller fills in its times and its priority.
    fn mt_entry(&self, setup: &Setup, group: GroupId, mut m: Message, route: &str, now: Millis) -> Result<NewEntry, String> {
        let account = setup.accounts.of_group(group);
        let name = account.map(|a| a.name.clone()).or_else(|| self.spool.group_name(group)).unwrap_or_default();
        let own = account.and_then(|a| a.config.route.as_deref());
        let route = Some(route).filter(|r| !r.is_empty()).or(own);
        let stick = crate::content::concat_key(&m);
        let query = RouteQuery { from: &m.source, to: &m.destination, account: &name, route, stick };
        let path = self.path(setup, account.map(|a| &**a), &query, now).map_err(|e| e.to_string())?;
        let queue = path.lines.first().ok_or("nothing takes it")?.state.queue;
        m.kind = Kind::Mt as i32;
        m.waiting = None;
        m.via = path.via();
        Ok(NewEntry { queue, group, priority: 1, due: 0, expires: 0, dedup: None, body: m.to_bytes() })
    }

    /// Transactions that hand parts on, each by itself, since the others did not come. A part that came more than once is handed on once.
    pub(crate) fn lonely_txs(&self, setup: &Setup, parts: Vec<Outgoing>, now: Millis) -> Vec<Tx> {
        let leases: HashMap<MsgId, Lease> = parts.iter().map(|p| (p.id(), p.lease)).collect();
        let mut done: HashMap<MsgId, ()> = HashMap::new();
        let mut txs = Vec::with_capacity(parts.len());
        for mut part in parts {
            if done.contains_key(&part.id()) {
                continue;
            }
            let copies = {
                let mut desk = self.submitted_parts.lock();
                let placing = desk.placing(part.group, &part.message);
                placing.map(|p| desk.take(part.id(), &p, true)).unwrap_or_default()
            };
            let note = OutcomeNote::bytes("parts", "", "the other parts did not come", State::Queued);
            let mut ops = Vec::with_capacity(2 + copies.len());
            let mut words = Words::default();
            words.add(&part.message);
            for copy in copies {
                let Ok(stored) = self.stored_part(copy) else { continue };
                words.add(&stored.message);
                done.insert(copy, ());
                ops.push(match leases.get(&copy) {
                    Some(&lease) => Op::Settle { lease, outcome: Outcome::Done, note: note.clone() },
                    None => Op::Cancel { id: copy, note: Bytes::from_static(b"part submitted twice") },
                });
            }
            (part.message.reference, part.message.door_data) = (words.reference, words.door_data);
            let waiting = part.message.waiting.take().unwrap_or_default();
            match self.mt_entry(setup, part.group, (*part.message).clone(), &waiting.route, now) {
                Ok(entry) => {
                    let due = if waiting.due > now { waiting.due } else { 0 };
                    ops.push(Op::Accept(NewEntry { priority: part.priority, due, expires: part.expires, ..entry }));
                    ops.push(Op::Settle { lease: part.lease, outcome: Outcome::Done, note });
                }
                Err(why) => {
                    ops.extend(self.failure_receipt(&part, State::Failed, want::FAILED, "", &why, now, "parts"));
                    let note = OutcomeNote::bytes("parts", "", &why, State::Failed);
                    ops.push(Op::Settle { lease: part.lease, outcome: Outcome::Failed, note });
                }
            }
            txs.push(Tx { ops });
        }
        txs
    }

    /// A part that has left the queue otherwise (cancelled, expired) is waited for no longer.
    pub(crate) fn forget_submitted(&self, id: MsgId, group: GroupId, m: &Message) {
        if m.kind() == Kind::MtPart {
            let mut desk = self.submitted_parts.lock();
            if let Some(p) = desk.placing(group, m) {
                desk.take(id, &p, false);
            }
        }
    }

    /// Parts of an account that wait for others and have this word in their reference.
    pub(crate) fn waiting_with_reference(&self, account: &Account, word: &str) -> Vec<MsgId> {
        let found = self.submitted_parts.lock().with_word(account.group, word);
        // Hashes can be equal by chance.
        let has = |m: &Message| m.reference.split_ascii_whitespace().any(|w| w == word);
        found.into_iter().filter(|id| self.stored_part(*id).is_ok_and(|p| p.group == account.group && has(&p.message))).collect()
    }
}

/// References and door data of parts, in their order, with a space between.
#[derive(Default)]
struct Words {
    reference: String,
    door_data: String,
}

impl Words {
    fn add(&mut self, m: &Message) {
        for (all, one) in [(&mut self.reference, &m.reference), (&mut self.door_data, &m.door_data)] {
            if !one.is_empty() {
                if !all.is_empty() {
                    all.push(' ');
                }
                all.push_str(one);
            }
        }
    }
}

fn not_joined(why: &str) {
    tracing::warn!("a long message could not be joined, and its parts will leave one by one: {why}");
}
