//! [`Spool`] for the embedded engine: what callers see, put together from the parts.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::{oneshot, watch};

use super::codec::{Pos, body_crc};
use super::committer::{Job, Reply};
use super::folder::io_error;
use super::index::Found;
use super::recover::corrupt;
use super::shared::Shared;
use super::{EmbeddedSpool, feed, plan};
use crate::{
    BoxFuture, Claimed, Cursor, FeedItem, GroupId, Lease, Millis, MsgId, MsgState, Parked, QueueDepth, QueueId, RemoteLookup, RemoteMatch,
    Spool, SpoolError, SpoolStats, Tx,
};

impl Spool for EmbeddedSpool {
    fn queue(&self, name: &str) -> QueueId {
        if let Some(number) = self.shared.names.read().queues.number(name) {
            return QueueId(number);
        }
        QueueId(self.shared.names.write().queues.define(name))
    }

    fn queue_name(&self, id: QueueId) -> Option<Arc<str>> {
        self.shared.names.read().queues.name(id.0)
    }

    fn group(&self, name: &str) -> GroupId {
        if let Some(number) = self.shared.names.read().groups.number(name) {
            return GroupId(number);
        }
        GroupId(self.shared.names.write().groups.define(name))
    }

    fn group_name(&self, id: GroupId) -> Option<Arc<str>> {
        self.shared.names.read().groups.name(id.0)
    }

    fn commit(&self, txs: Vec<Tx>) -> BoxFuture<'static, Reply> {
        let jobs = match (&self.jobs, self.shared.stopped()) {
            (Some(jobs), None) => jobs.clone(),
            (_, stopped) => {
                let error = stopped.unwrap_or(SpoolError::Closing);
                return Box::pin(async move { Err(error) });
            }
        };
        if txs.is_empty() {
            return Box::pin(async { Ok(Vec::new()) });
        }
        let octets = txs.iter().map(plan::tx_size).sum::<usize>();
        let count = (octets / 1024 + 1).min(self.all_permits as usize) as u32;
        let (reply, answer) = oneshot::channel();
        let wait = Wait { began: Instant::now(), deadline: self.shared.config.deadline, slow: self.shared.slow.subscribe() };
        if self.shared.config.wait_inline {
            // Nothing bounds this but the disk: see SpoolConfig::wait_inline.
            let _ = jobs.send(Job::Commit { txs, reply, permit: None });
            let answer = answer_inline(answer);
            return Box::pin(async move { answer });
        }
        // Queued at once where there is room, so that calls keep their order.
        if let Ok(permit) = Arc::clone(&self.permits).try_acquire_many_owned(count) {
            let _ = jobs.send(Job::Commit { txs, reply, permit: Some(permit) });
            return Box::pin(wait.answer(answer));
        }
        let permits = Arc::clone(&self.permits);
        Box::pin(async move {
            let mut wait = wait;
            let permit = tokio::select! {
                biased;
                permit = permits.acquire_many_owned(count) => permit.map_err(|_| SpoolError::Closing)?,
                waited_ms = wait.too_slow() => return Err(SpoolError::TooSlow { waited_ms }),
            };
            let _ = jobs.send(Job::Commit { txs, reply, permit: Some(permit) });
            wait.answer(answer).await
        })
    }

    fn claim(&self, queue: QueueId, max: usize, lease: Duration) -> Vec<Claimed> {
        self.hand_out(|index, until, now| index.claim(queue.0, max, until, now), lease)
    }

    fn ready(&self, queue: QueueId) -> BoxFuture<'static, ()> {
        let shared = Arc::clone(&self.shared);
        let mut waker = shared.waker(queue.0);
        Box::pin(async move {
            loop {
                let due = shared.index.lock().queues.get(queue.0 as usize).and_then(|q| q.next_due());
                let now = shared.config.clock.now();
                match due {
                    Some(due) if due <= now => return,
                    Some(due) => {
                        tokio::select! {
                            _ = waker.changed() => return,
                            () = tokio::time::sleep(Duration::from_millis(due - now)) => {}
                        }
                    }
                    None => {
                        let _ = waker.changed().await;
                        return;
                    }
                }
            }
        })
    }

    fn renew(&self, lease: &Lease, by: Duration) -> bool {
        let now = self.shared.config.clock.now();
        self.shared.index.lock().renew(lease, after(now, by), now)
    }

    fn release(&self, lease: &Lease) -> bool {
        let now = self.shared.config.clock.now();
        let (released, wakes) = {
            let mut index = self.shared.index.lock();
            (index.release(lease, now), index.take_wakes())
        };
        self.shared.wake(&wakes);
        released
    }

    fn claim_expired(&self, max: usize, lease: Duration) -> Vec<Claimed> {
        self.hand_out(|index, until, now| index.claim_expired(max, until, now), lease)
    }

    fn overdue_receipts(&self, max: usize) -> Vec<MsgId> {
        let now = self.shared.config.clock.now();
        self.shared.index.lock().overdue(max, now)
    }

    fn find_remote(&self, source: QueueId, remote: &[u8]) -> RemoteLookup {
        let (mut found, pos, body, file) = {
            let index = self.shared.index.lock();
            let hash = index.remote_hash(source, remote);
            let Some((slot, part)) = index.sides.find(hash) else {
                return index.sides.finished(hash).map_or(RemoteLookup::Unknown, |id| RemoteLookup::Finished(MsgId(id)));
            };
            let Some((side, entry)) = index.sides.get(slot).and_then(|side| Some((side, index.entries.get(side.id)?))) else {
                return RemoteLookup::Unknown;
            };
            let found = RemoteMatch {
                id: MsgId(side.id),
                part,
                version: side.version,
                parts: side.states(),
                group: GroupId(entry.group),
                accepted: entry.accepted(),
                expires: entry.expires(),
                body: Bytes::new(),
            };
            let body = index.recent.get(side.id, entry.pos());
            let file = if body.is_none() { index.file(entry.pos()) } else { None };
            (found, entry.pos(), body, file)
        };
        if let Some(body) = body {
            found.body = body;
            return RemoteLookup::Found(found);
        }
        match file.ok_or(SpoolError::Closing).and_then(|file| read(&self.shared, &file, found.id.0, pos)) {
            Ok(body) => {
                found.body = body;
                RemoteLookup::Found(found)
            }
            Err(error) => {
                tracing::error!(%error, id = %found.id, "The body of a message that has a receipt cannot be read.");
                RemoteLookup::Unknown
            }
        }
    }

    fn parked(&self, source: QueueId, remote: &[u8]) -> Vec<Parked> {
        let mut index = self.shared.index.lock();
        let stale = self.shared.config.clock.now().saturating_add(index.parked_stale);
        let mut out = Vec::new();
        index.parked.take(source, &Bytes::copy_from_slice(remote), stale, &mut out);
        out
    }

    fn stale_parked(&self, max: usize) -> Vec<Parked> {
        let now = self.shared.config.clock.now();
        let mut index = self.shared.index.lock();
        let stale = now.saturating_add(index.parked_stale);
        index.parked.take_stale(now, max, stale)
    }

    fn get(&self, id: MsgId) -> Option<MsgState> {
        self.shared.index.lock().state(id)
    }

    fn read_body(&self, id: MsgId) -> Result<Option<Bytes>, SpoolError> {
        let found = {
            let index = self.shared.index.lock();
            index.entries.get(id.0).filter(|e| e.written()).and_then(|e| Some((e.pos(), index.file(e.pos())?)))
        };
        found.map(|(pos, file)| read(&self.shared, &file, id.0, pos)).transpose()
    }

    fn depths(&self) -> Vec<QueueDepth> {
        let now = self.shared.config.clock.now();
        let mut depths = Vec::new();
        let mut index = self.shared.index.lock();
        index.advance_all(now);
        for at in 0..index.queues.len() as u32 {
            let oldest = index.oldest(at);
            let Some(queue) = index.queues.get(at as usize).filter(|q| !q.is_empty()) else { continue };
            let Some(name) = self.shared.names.read().queues.name(at) else { continue };
            depths.push(QueueDepth {
                queue: QueueId(at),
                name,
                ready: queue.ready + queue.expired,
                deferred: queue.deferred,
                leased: queue.leased,
                awaiting: queue.awaiting,
                dead: queue.dead,
                oldest,
            });
        }
        depths
    }

    fn list(&self, queue: Option<QueueId>, after: Option<MsgId>, max: usize) -> Vec<MsgState> {
        let now = self.shared.config.clock.now();
        let mut index = self.shared.index.lock();
        index.advance_all(now);
        index.list(queue, after, max)
    }

    fn feed(&self, after: Cursor, max_bytes: usize) -> Result<Vec<FeedItem>, SpoolError> {
        feed::read(&self.shared, after, max_bytes)
    }

    fn feed_ready(&self, after: Cursor) -> BoxFuture<'static, ()> {
        let mut shown = self.shared.shown.subscribe();
        Box::pin(async move {
            if shown.wait_for(|end| *end > after).await.is_err() {
                // The spool is gone: nothing will ever come.
                std::future::pending::<()>().await;
            }
        })
    }

    fn feed_ack(&self, reader: &str, upto: Cursor) {
        let free = {
            let mut index = self.shared.index.lock();
            let at = index.segments.readers.entry_ref(reader).or_default();
            *at = upto.max(*at);
            index.segments.oldest_is_done()
        };
        if free {
            self.shared.tend();
        }
    }

    fn feed_register(&self, reader: &str, at: Option<Cursor>) -> Cursor {
        let mut index = self.shared.index.lock();
        let segments = &mut index.segments;
        let oldest = segments.oldest().map_or(Cursor::default(), |s| Cursor { segment: s.header.segment, offset: 0 });
        // Behind the end: this is another log than the reader knew.
        let known = at.filter(|at| *at <= segments.shown_end());
        let from = known.map_or(Cursor::default(), |at| at);
        let from = if from == Cursor::default() { from } else { from.max(oldest) };
        segments.readers.insert(reader.to_owned(), from);
        from
    }

    fn feed_behind(&self, after: Cursor) -> Option<u64> {
        Some(self.shared.index.lock().segments.behind(after))
    }

    fn unhealthy(&self) -> Option<SpoolError> {
        self.shared.unhealthy()
    }

    fn stats(&self) -> SpoolStats {
        let counters = &self.shared.counters;
        let (messages, parked, segments, feed_lag) = {
            let index = self.shared.index.lock();
            (index.entries.len(), index.parked.len() as u64, index.segments.len() as u64, index.segments.lag())
        };
        SpoolStats {
            messages,
            accepted: counters.accepted.load(Ordering::Relaxed),
            syncs: counters.syncs.load(Ordering::Relaxed),
            written: counters.written.load(Ordering::Relaxed),
            segments,
            compacted: counters.compacted.load(Ordering::Relaxed),
            parked,
            disk_free: self.shared.pool.free(),
            feed_lag,
            last_sync_us: counters.last_sync_us.load(Ordering::Relaxed),
        }
    }
}

impl EmbeddedSpool {
    /// Claims under the lock, then reads the bodies without it.
    fn hand_out(&self, claim: impl FnOnce(&mut super::index::Index, Millis, Millis) -> Vec<Found>, lease: Duration) -> Vec<Claimed> {
        if self.shared.stopped().is_some() {
            return Vec::new();
        }
        let now = self.shared.config.clock.now();
        let (found, files, wakes) = {
            let mut index = self.shared.index.lock();
            let found = claim(&mut index, after(now, lease), now);
            let mut files: Vec<(u32, Arc<File>)> = Vec::new();
            for f in found.iter().filter(|f| f.body.is_none()) {
                if files.iter().all(|(segment, _)| *segment != f.pos.segment) {
                    files.extend(index.file(f.pos).map(|file| (f.pos.segment, file)));
                }
            }
            (found, files, index.take_wakes())
        };
        self.shared.wake(&wakes);
        let body = |f: &mut Found| {
            if let Some(body) = f.body.take() {
                return Ok(body);
            }
            let file = files.iter().find(|(segment, _)| *segment == f.pos.segment).ok_or(SpoolError::Closing);
            file.and_then(|(_, file)| read(&self.shared, file, f.lease.id.0, f.pos))
        };
        let mut claimed = Vec::with_capacity(found.len());
        for mut f in found {
            match body(&mut f) {
                Ok(body) => claimed.push(Claimed {
                    lease: f.lease,
                    group: f.group,
                    priority: f.priority,
                    attempts: f.attempts,
                    accepted: f.accepted,
                    expires: f.expires,
                    sent_parts: f.sent_parts,
                    body,
                }),
                // It stays leased, so that it is not tried again at once.
                Err(error) => tracing::error!(%error, id = %f.lease.id, "The body of a message cannot be read."),
            }
        }
        claimed
    }
}

fn after(now: Millis, time: Duration) -> Millis {
    now.saturating_add(time.as_millis().try_into().unwrap_or(Millis::MAX))
}

/// Reads and checks a body.
fn read(shared: &Shared, file: &File, id: u64, pos: Pos) -> Result<Bytes, SpoolError> {
    let segment = u64::from(pos.segment);
    let mut buf = vec![0; pos.len as usize + 4];
    let path = || shared.folder.segment(segment);
    file.read_exact_at(&mut buf, u64::from(pos.offset)).map_err(|e| io_error("read", &path(), &e))?;
    let mut body = Bytes::from(buf);
    let crc = body.split_to(4);
    if crc[..] != body_crc(id, &body).to_le_bytes() {
        return Err(corrupt(&shared.folder, segment, pos.offset, "the body of a message does not match its checksum"));
    }
    Ok(body)
}

/// Waiting for the committer, which says by itself when it takes too long: tokio's clock may be paused in tests, the disk's is not.
struct Wait {
    began: Instant,
    deadline: Duration,
    slow: watch::Receiver<()>,
}

impl Wait {
    async fn answer(mut self, mut answer: oneshot::Receiver<Reply>) -> Reply {
        tokio::select! {
            biased;
            reply = &mut answer => reply.unwrap_or(Err(SpoolError::Closing)),
            waited_ms = self.too_slow() => Err(SpoolError::TooSlow { waited_ms }),
        }
    }

    /// Resolves when the committer hangs and this caller has waited for the deadline.
    async fn too_slow(&mut self) -> u64 {
        while self.slow.changed().await.is_ok() {
            if self.began.elapsed() >= self.deadline {
                return self.began.elapsed().as_millis() as u64;
            }
        }
        std::future::pending().await
    }
}

fn answer_inline(mut answer: oneshot::Receiver<Reply>) -> Reply {
    loop {
        match answer.try_recv() {
            Ok(reply) => return reply,
            Err(oneshot::error::TryRecvError::Empty) => std::thread::sleep(Duration::from_micros(50)),
            Err(oneshot::error::TryRecvError::Closed) => return Err(SpoolError::Closing),
        }
    }
}
