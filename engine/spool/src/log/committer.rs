//! The one thread that writes the log.
//!
//! It takes whatever has queued up, judges it (phase one), writes it with one write and one sync, and only then lets anybody see it
//! (phase two). It never waits to fill a batch: while one group is being synced, the next one gathers by itself.

use std::collections::VecDeque;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::codec::{self, Pos, Step};
use super::folder::io_error;
use super::frame::{FRAME_HEAD, HEADER_LEN, Header, Seed};
use super::index::{Effect, LARGEST, Place, Segment};
use super::plan::{self, Rules};
use super::shared::Shared;
use crate::{Cursor, Millis, Op, SpoolError, Tx, TxDone, TxError};

/// What a caller of commit waits for.
pub(crate) type Reply = Result<Vec<Result<TxDone, TxError>>, SpoolError>;

/// How long the thread sleeps when nothing comes; then it looks after dead letters.
const IDLE: Duration = Duration::from_millis(200);
/// Writes end on such a boundary, so that no page has to be read before it is overwritten.
const PAGE: usize = 4096;
/// Dead letters buried with one transaction.
const BURY: usize = 1000;

/// Something for the committer.
pub(crate) enum Job {
    /// Transactions.
    Commit { txs: Vec<Tx>, reply: oneshot::Sender<Reply>, permit: Option<OwnedSemaphorePermit> },
    /// Copies for compaction; says when they are durable.
    Copy { items: Vec<CopyItem>, done: SyncSender<()> },
    /// Look after dead letters now; closes the channel when that is done.
    Tend { done: SyncSender<()> },
    /// Finish what has been queued, then end.
    Close,
}

/// Something to be copied forward.
#[derive(Debug)]
pub(crate) enum CopyItem {
    /// A message.
    Message { id: u64, from: Pos, body: Bytes, parts: usize },
    /// A parked receipt.
    Parked { key: u64, from: Pos, remote: usize },
}

/// Transactions of one caller, as far as they have got.
struct Work {
    txs: Vec<Tx>,
    results: Vec<Result<TxDone, TxError>>,
    reply: Option<oneshot::Sender<Reply>>,
    _permit: Option<OwnedSemaphorePermit>,
}

/// The state of the thread.
pub(crate) struct Committer {
    shared: Arc<Shared>,
    jobs: Receiver<Job>,
    work: VecDeque<Work>,
    copies: VecDeque<(Vec<CopyItem>, SyncSender<()>)>,
    waiting: Vec<SyncSender<()>>,
    closing: bool,
    log: Writer,
}

/// The log file being written.
struct Writer {
    segment: u64,
    file: Arc<File>,
    seed: Seed,
    offset: u32,
    /// The group being put together; begins at `offset`.
    buf: Vec<u8>,
    /// How many names of queues and groups the file defines.
    defined: (usize, usize),
    /// The file is the one that was kept for outcomes.
    reserve: bool,
}

/// What a group came to.
#[derive(Default)]
struct Group {
    steps: Vec<Step>,
    effects: Vec<Effect>,
    /// State of messages that are replaced.
    states: Vec<codec::CopyRec>,
    /// Bodies that will probably be asked for soon.
    bodies: Vec<(u64, Pos, Bytes)>,
    /// End of the last frame that the feed shows.
    shown: u32,
}

impl Committer {
    /// Begins a fresh log file.
    pub(crate) fn new(shared: Arc<Shared>, jobs: Receiver<Job>) -> Result<Committer, SpoolError> {
        let log = Writer::begin(&shared, true)?;
        log.sync(&shared)?;
        Ok(Committer { shared, jobs, work: VecDeque::new(), copies: VecDeque::new(), waiting: Vec::new(), closing: false, log })
    }

    /// Runs until [`Job::Close`] or an error of the disk.
    pub(crate) fn run(mut self) {
        while !self.closing || !self.work.is_empty() || !self.copies.is_empty() {
            self.gather();
            self.add_burials();
            if self.work.is_empty() && self.copies.is_empty() {
                continue;
            }
            let began = Instant::now();
            self.shared.begin_group();
            let result = self.group();
            self.shared.end_group();
            match result {
                Ok(()) => self.shared.counters.last_sync_us.store(began.elapsed().as_micros() as u64, Ordering::Relaxed),
                Err(error) => {
                    tracing::error!(%error, "The spool has stopped.");
                    self.shared.fail(error);
                    break;
                }
            }
        }
        let error = self.shared.failed().unwrap_or(SpoolError::Closing);
        self.shared.close();
        let rest = self.work.drain(..).filter_map(|w| w.reply);
        let queued = self.jobs.try_iter().filter_map(|job| if let Job::Commit { reply, .. } = job { Some(reply) } else { None });
        for reply in rest.chain(queued) {
            let _ = reply.send(Err(error.clone()));
        }
    }

    /// Takes in whatever is there; waits only if there is nothing at all to do.
    fn gather(&mut self) {
        if self.work.is_empty() && self.copies.is_empty() && !self.closing {
            match self.jobs.recv_timeout(IDLE) {
                Ok(job) => self.take(job),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => self.closing = true,
            }
        }
        while let Ok(job) = self.jobs.try_recv() {
            self.take(job);
        }
    }

    fn take(&mut self, job: Job) {
        match job {
            Job::Commit { txs, reply, permit } => {
                let results = Vec::with_capacity(txs.len());
                self.work.push_back(Work { txs, results, reply: Some(reply), _permit: permit });
            }
            Job::Copy { items, done } => self.copies.push_back((items, done)),
            Job::Tend { done } => self.waiting.push(done),
            Job::Close => self.closing = true,
        }
    }

    /// Dead letters whose time has come leave with a transaction of our own.
    fn add_burials(&mut self) {
        let ids = {
            let mut index = self.shared.index.lock();
            if !self.waiting.is_empty() {
                index.advance_all(self.shared.config.clock.now());
            }
            let count = index.to_bury.len().min(BURY);
            index.to_bury.drain(..count).collect::<Vec<_>>()
        };
        if ids.is_empty() {
            // Nothing is left to tend: whoever waits for that sees the channel close.
            self.waiting.clear();
        } else {
            let txs = vec![Tx { ops: ids.into_iter().map(|id| Op::Bury { id }).collect() }];
            self.work.push_back(Work { txs, results: Vec::new(), reply: None, _permit: None });
        }
    }

    /// One group: judge, write, sync, publish, answer.
    fn group(&mut self) -> Result<(), SpoolError> {
        let now = self.shared.config.clock.now();
        let (names, defined) = self.log.new_names(&self.shared);
        let copies = self.copies.pop_front();
        let picked = self.pick();
        let (all, outcomes) = self.sizes(&picked);
        let copied = copies.as_ref().map_or(0, |(items, _)| items.iter().map(CopyItem::size).sum::<usize>() + 64);
        let fixed = names.len() + copied;
        let rules = self.room(now, fixed + all, fixed + outcomes)?;

        let mut group = Group::default();
        let mut copy_records = Vec::new();
        {
            let mut index = self.shared.index.lock();
            index.advance(now);
            index.dedup.expire(now);
            for (work, count) in &picked {
                let Work { txs, results, .. } = &mut self.work[*work];
                let first = results.len();
                for tx in &txs[first..first + count] {
                    let result = rules.check(&index, tx).map(|()| rules.apply(&mut index, tx, &mut group.steps, &mut group.states));
                    results.push(result);
                }
            }
            if let (Some((items, _)), None) = (&copies, &rules.nothing) {
                let mut left = copied;
                for record in items.iter().filter_map(|item| item.record(&index)) {
                    // One that has grown since it was measured waits for the next round.
                    if let Some(rest) = left.checked_sub(record.size()) {
                        left = rest;
                        copy_records.push(record);
                    }
                }
            }
        }
        if rules.nothing.is_none() {
            self.encode(now, &names, &picked, &copy_records, &mut group);
            self.log.defined = defined;
        }
        if !self.log.buf.is_empty() {
            self.log.write(&self.shared)?;
        }
        self.publish(now, group);
        if let Some((_, done)) = copies {
            let _ = done.send(());
        }
        self.answer(&picked);
        Ok(())
    }

    /// Transactions of the next group: (index of the work, how many of its open ones).
    fn pick(&self) -> Vec<(usize, usize)> {
        let mut octets = 0;
        let mut picked = Vec::new();
        for (at, work) in self.work.iter().enumerate() {
            let mut count = 0;
            for tx in &work.txs[work.results.len()..] {
                // One larger than a transaction may be is picked too, to be refused.
                let size = plan::tx_size(tx).min(self.shared.config.max_tx as usize);
                if octets > 0 && octets + size > self.shared.config.group_bytes.min(self.shared.config.segment_size as usize / 4) {
                    if count > 0 {
                        picked.push((at, count));
                    }
                    return picked;
                }
                octets += size;
                count += 1;
            }
            picked.push((at, count));
        }
        picked
    }

    /// Octets that a group may take: all of it, and what remains of it when accepts are refused.
    fn sizes(&self, picked: &[(usize, usize)]) -> (usize, usize) {
        let index = self.shared.index.lock();
        let open = |(work, count): &(usize, usize)| self.work[*work].txs[self.work[*work].results.len()..].iter().take(*count);
        let (mut all, mut outcomes) = (0, 0);
        for tx in picked.iter().flat_map(open) {
            let size = plan::tx_size(tx) + plan::extra_size(&index, tx);
            if size > self.shared.config.max_tx as usize {
                continue; // It will be refused.
            }
            all += size;
            outcomes += if plan::accepts(tx) { 0 } else { size };
        }
        (all, outcomes)
    }

    /// Sees to it that the group fits into the log file, with a new one if need be; otherwise the rules refuse what doesn't.
    fn room(&mut self, now: Millis, all: usize, outcomes: usize) -> Result<Rules, SpoolError> {
        let shared = Arc::clone(&self.shared);
        let short = if self.log.reserve { shared.pool.short() } else { None };
        let mut no_accepts = short;
        let mut nothing = None;
        if no_accepts.is_none() && self.log.room(&shared) < all {
            no_accepts = self.log.rotate(&shared, false)?;
        }
        if no_accepts.is_some() && self.log.room(&shared) < outcomes {
            nothing = self.log.rotate(&shared, true)?;
        }
        if self.log.room(&shared) < if no_accepts.is_some() { outcomes } else { all } && nothing.is_none() {
            nothing = Some(SpoolError::Failed {
                place: format!("fitting a transaction into log file {}", self.log.segment),
                error: "the names of queues and groups leave no room; raise [spool] segment_size".into(),
            });
        }
        shared.set_short(no_accepts.clone());
        let names = shared.names.read();
        Ok(Rules {
            now,
            queues: names.queues.len() as u32,
            groups: names.groups.len() as u32,
            max_tx: shared.config.max_tx as usize,
            max_messages: shared.config.max_messages,
            max_parked: shared.config.max_parked,
            segment: self.log.segment as u32,
            no_accepts,
            nothing,
        })
    }

    fn encode(&mut self, now: Millis, names: &[u8], picked: &[(usize, usize)], copies: &[CopyRecord], group: &mut Group) {
        let log = &mut self.log;
        if !names.is_empty() {
            log.frame(now, false, |out, _| out.extend_from_slice(names));
        }
        let mut steps = &group.steps[..];
        for (work, count) in picked {
            let Work { txs, results, .. } = &self.work[*work];
            let first = results.len() - count;
            for (tx, _) in txs[first..].iter().zip(&results[first..]).filter(|(_, result)| result.is_ok()) {
                let (here, rest) = steps.split_at(tx.ops.len());
                steps = rest;
                if here.iter().all(|step| *step == Step::Skip) {
                    continue;
                }
                let (effects, bodies, states) = (&mut group.effects, &mut group.bodies, &group.states);
                group.shown = log.frame(now, true, |out, at| {
                    for (op, step) in tx.ops.iter().zip(here.iter().copied()) {
                        let body = codec::put_op(out, op, step, states);
                        let len = match op {
                            Op::Accept(e) => e.body.len(),
                            Op::Replace { body, .. } | Op::Park { body, .. } => body.len(),
                            _ => 0,
                        };
                        let pos = body.map_or(Pos::NONE, |body| at(body, len));
                        if let (Op::Accept(e), Step::Accept(id)) = (op, step)
                            && len <= LARGEST
                        {
                            bodies.push((id.0, pos, e.body.clone()));
                        }
                        effects.extend(plan::effect(op, step, pos));
                    }
                });
            }
        }
        if !copies.is_empty() {
            let effects = &mut group.effects;
            let before = log.buf.len();
            log.frame(now, false, |out, at| effects.extend(copies.iter().map(|copy| copy.put(out, at))));
            let copied = (log.buf.len() - before) as u64;
            self.shared.counters.compacted.fetch_add(copied, Ordering::Relaxed);
        }
    }

    fn publish(&mut self, now: Millis, mut group: Group) {
        let (wakes, messages, done) = {
            let mut index = self.shared.index.lock();
            if let Some(segment) = index.segments.get_mut(self.log.segment) {
                segment.end = self.log.offset;
                segment.shown = segment.shown.max(group.shown);
            }
            for (id, pos, body) in group.bodies.drain(..) {
                index.recent.put(id, pos, body);
            }
            index.publish(&group.effects, now);
            (index.take_wakes(), index.entries.len(), index.segments.oldest_is_done())
        };
        self.shared.wake(&wakes);
        if done {
            self.shared.tend();
        }
        self.shared.counters.messages.store(messages, Ordering::Relaxed);
        let accepted = group.steps.iter().filter(|s| matches!(s, Step::Accept(_))).count() as u64;
        self.shared.counters.accepted.fetch_add(accepted, Ordering::Relaxed);
        if group.shown > 0 {
            self.shared.shown.send_replace(Cursor { segment: self.log.segment, offset: u64::from(group.shown) });
        }
    }

    fn answer(&mut self, picked: &[(usize, usize)]) {
        // What was picked is at the front; all of it but the last is complete.
        for _ in picked {
            let Some(work) = self.work.front_mut() else { break };
            if work.results.len() < work.txs.len() {
                break;
            }
            if let Some(reply) = work.reply.take() {
                let _ = reply.send(Ok(std::mem::take(&mut work.results)));
            }
            self.work.pop_front();
        }
    }
}

impl CopyItem {
    /// Octets in the log, at most; `parts` counts states and remote ids.
    pub(crate) fn size(&self) -> usize {
        match self {
            CopyItem::Message { body, parts, .. } => body.len() + codec::state_size(*parts) + 16,
            CopyItem::Parked { from, remote, .. } => from.len as usize + remote + 48,
        }
    }

    fn record(&self, index: &super::index::Index) -> Option<CopyRecord> {
        match self {
            CopyItem::Message { id, from, body, .. } => {
                // A hidden one is changed by this very group, perhaps its body: the copy would undo that. It is copied in the next round.
                index.entries.get(*id).filter(|e| e.pos() == *from && e.place != Place::Hidden)?;
                index.snapshot(*id, body.clone()).map(|copy| CopyRecord::Message { copy: Box::new(copy), from: *from })
            }
            CopyItem::Parked { key, from, .. } => {
                let parked = index.parked.get(*key).filter(|_| index.parked.pos(*key) == Some(*from))?;
                Some(CopyRecord::Parked(parked.clone()))
            }
        }
    }
}

/// Something being copied forward, as it is at this moment.
enum CopyRecord {
    Message { copy: Box<codec::CopyRec>, from: Pos },
    Parked(crate::Parked),
}

impl CopyRecord {
    fn size(&self) -> usize {
        match self {
            CopyRecord::Message { copy, .. } => copy.body.len() + codec::state_size(copy.states.len() + copy.sent.len()) + 16,
            CopyRecord::Parked(p) => p.body.len() + p.remote.len() + 48,
        }
    }

    fn put(&self, out: &mut Vec<u8>, at: &dyn Fn(usize, usize) -> Pos) -> Effect {
        match self {
            CopyRecord::Message { copy, from } => {
                let body = codec::put_copy(out, copy);
                Effect::Moved { id: copy.id.0, from: *from, to: at(body, copy.body.len()) }
            }
            CopyRecord::Parked(p) => {
                let body = codec::put_copy_parked(out, p.key, p.source, &p.remote, p.at, &p.body);
                Effect::Parked { key: p.key, pos: at(body, p.body.len()) }
            }
        }
    }
}

impl Writer {
    /// Takes a new log file and puts header and names into its buffer.
    fn begin(shared: &Shared, reserve: bool) -> Result<Writer, SpoolError> {
        let now = shared.config.clock.now();
        let (segment, prev_end, next_id, next_key, hash_key) = {
            let index = shared.index.lock();
            let last = index.segments.active();
            let number = last.map_or(1, |s| s.header.segment + 1);
            (number, last.map_or(0, |s| s.end), index.next_id, index.next_key, shared.hash_key)
        };
        let path = shared.folder.segment(segment);
        let file = Arc::new(shared.pool.take(&path, reserve)?);
        let header = Header { segment, created: now, next_id, next_key, prev_end, nonce: fastrand::u64(..), hash_key };
        let mut log =
            Writer { segment, file: Arc::clone(&file), seed: header.seed(), offset: HEADER_LEN, buf: Vec::new(), defined: (0, 0), reserve };
        let (names, defined) = log.new_names(shared);
        log.defined = defined;
        if !names.is_empty() {
            log.frame(now, false, |out, _| out.extend_from_slice(&names));
        }
        let mut first = header.encode().to_vec();
        first.append(&mut log.buf);
        log.offset = first.len() as u32;
        pad(&mut first, 0, shared.config.segment_size);
        shared.ask("write").and_then(|()| file.write_all_at(&first, 0)).map_err(|e| io_error("write", &path, &e))?;
        let mut index = shared.index.lock();
        let mut new = Segment::new(header, file);
        new.end = log.offset;
        index.segments.push(new);
        Ok(log)
    }

    /// Goes on in a new file. Returns why that is refused, if it is.
    fn rotate(&mut self, shared: &Shared, reserve: bool) -> Result<Option<SpoolError>, SpoolError> {
        match Writer::begin(shared, reserve) {
            Ok(log) => {
                *self = log;
                shared.tend();
                Ok(None)
            }
            Err(error @ SpoolError::DiskFull { .. }) => Ok(Some(error)),
            Err(error) => Err(error),
        }
    }

    fn room(&self, shared: &Shared) -> usize {
        (shared.config.segment_size as usize).saturating_sub(self.offset as usize)
    }

    /// Definitions of the names that the file does not define yet, and how many there are then.
    fn new_names(&self, shared: &Shared) -> (Vec<u8>, (usize, usize)) {
        let names = shared.names.read();
        let (queues, groups) = self.defined;
        let mut out = Vec::new();
        names.queues.from(queues).for_each(|(number, name)| codec::put_queue(&mut out, number, name));
        names.groups.from(groups).for_each(|(number, name)| codec::put_group(&mut out, number, name));
        (out, (names.queues.len(), names.groups.len()))
    }

    /// Appends a frame to the buffer; `fill` writes its records and is given how to tell where a body will lie. Returns where it ends.
    fn frame(&mut self, now: Millis, shown: bool, fill: impl FnOnce(&mut Vec<u8>, &dyn Fn(usize, usize) -> Pos)) -> u32 {
        let start = self.buf.len();
        let (base, segment) = (self.offset, self.segment as u32);
        self.buf.resize(start + FRAME_HEAD as usize, 0);
        codec::put_u64(&mut self.buf, now);
        self.buf.push(u8::from(shown));
        fill(&mut self.buf, &|at, len| Pos { segment, offset: base + at as u32, len: len as u32 });
        self.seed.close_frame(&mut self.buf, start, base + start as u32, base);
        base + self.buf.len() as u32
    }

    /// Writes the buffer and syncs it.
    fn write(&mut self, shared: &Shared) -> Result<(), SpoolError> {
        let path = || shared.folder.segment(self.segment);
        let len = self.buf.len();
        pad(&mut self.buf, self.offset as usize, shared.config.segment_size);
        shared
            .ask("write")
            .and_then(|()| self.file.write_all_at(&self.buf, u64::from(self.offset)))
            .map_err(|e| io_error("write", &path(), &e))?;
        self.sync(shared)?;
        self.offset += len as u32;
        shared.counters.written.fetch_add(len as u64, Ordering::Relaxed);
        self.buf.clear();
        if self.buf.capacity() > 4 * shared.config.group_bytes {
            self.buf.shrink_to(shared.config.group_bytes);
        }
        Ok(())
    }

    fn sync(&self, shared: &Shared) -> Result<(), SpoolError> {
        if !shared.config.sync {
            return Ok(());
        }
        shared.counters.syncs.fetch_add(1, Ordering::Relaxed);
        let synced = shared.ask("sync").and_then(|()| self.file.sync_data());
        synced.map_err(|e| io_error("sync", &shared.folder.segment(self.segment), &e))
    }
}

/// Zeros up to the end of the page: they say that no frame follows, and a page that is written whole needn't be read first.
fn pad(buf: &mut Vec<u8>, offset: usize, segment_size: u32) {
    let end = (offset + buf.len() + FRAME_HEAD as usize).next_multiple_of(PAGE).min(segment_size as usize);
    buf.resize(end.saturating_sub(offset).max(buf.len()), 0);
}
