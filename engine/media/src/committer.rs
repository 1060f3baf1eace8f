//! The thread that writes: all that has queued up goes into the newest pack with one sync, then it is let be seen.

use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Instant;

use bytes::Bytes;
use hashbrown::HashMap;
use smallvec::{SmallVec, smallvec};
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use crate::index::Blob;
use crate::pack::Pack;
use crate::record::{HEAD, Head};
use crate::store::Inner;
use crate::{MediaError, MediaId, MediaOptions};

/// Octets of one write and sync at the most.
const BATCH: usize = 32 << 20;
/// Octets copied forward in one round of care.
const CARE: u64 = 16 << 20;

/// A content that is to be stored.
pub(crate) struct Put {
    pub(crate) id: MediaId,
    pub(crate) pieces: SmallVec<[Bytes; 2]>,
    pub(crate) len: u64,
    pub(crate) crc: u32,
    /// Its share of what may wait.
    pub(crate) permit: OwnedSemaphorePermit,
    pub(crate) reply: oneshot::Sender<Result<(), MediaError>>,
}

/// The only one who writes.
pub(crate) struct Committer {
    pub(crate) inner: Arc<Inner>,
    pub(crate) options: MediaOptions,
    pub(crate) packs: Vec<Arc<Pack>>,
    pub(crate) next: u64,
    pub(crate) puts: Receiver<Put>,
    pub(crate) cared: Instant,
}

/// A record on its way to the disk.
struct New {
    id: MediaId,
    pieces: SmallVec<[Bytes; 2]>,
    len: u64,
    crc: u32,
    /// Copied forward: whoever needs it goes on needing it.
    is_copy: bool,
}

impl Committer {
    /// Runs until everybody is gone who could put.
    pub(crate) fn run(mut self) {
        loop {
            let batch = match self.puts.recv_timeout(self.options.care) {
                Ok(first) => self.gather(first),
                Err(RecvTimeoutError::Timeout) => Vec::new(),
                Err(RecvTimeoutError::Disconnected) => break,
            };
            if !batch.is_empty() {
                self.commit(batch);
            }
            if self.cared.elapsed() >= self.options.care {
                self.cared = Instant::now();
                self.care();
            }
        }
        if let Some(pack) = self.packs.last() {
            let _ = pack.file.sync_all();
        }
    }

    fn gather(&self, first: Put) -> Vec<Put> {
        let mut octets = first.len;
        let mut batch = vec![first];
        while octets < BATCH as u64 {
            let Ok(put) = self.puts.try_recv() else { break };
            octets += put.len;
            batch.push(put);
        }
        batch
    }

    fn commit(&mut self, batch: Vec<Put>) {
        if let Some(e) = self.inner.unhealthy() {
            batch.into_iter().for_each(|put| drop(put.reply.send(Err(e.clone()))));
            return;
        }
        let mut waiting: Vec<(MediaId, oneshot::Sender<_>, OwnedSemaphorePermit)> = Vec::with_capacity(batch.len());
        let mut new: Vec<New> = Vec::with_capacity(batch.len());
        let mut seen: HashMap<MediaId, ()> = HashMap::with_capacity(batch.len());
        for put in batch {
            let Put { id, pieces, len, crc, permit, reply } = put;
            // Stored while it waited.
            if self.inner.pin(&id) {
                self.answer(&id, reply);
                continue;
            }
            waiting.push((id, reply, permit));
            // Twice in this batch.
            if seen.insert(id, ()).is_none() {
                new.push(New { id, pieces, len, crc, is_copy: false });
            }
        }
        let result = self.write(&new);
        if let Err(e) = result {
            waiting.into_iter().for_each(|(_, reply, _)| drop(reply.send(Err(e.clone()))));
            return;
        }
        // Pinned for each who waits, before our own pins go, without which they could have been taken away before anybody had one.
        waiting.retain(|(id, ..)| self.inner.pin(id));
        new.iter().for_each(|n| self.inner.unpin(&n.id));
        for (id, reply, permit) in waiting {
            self.answer(&id, reply);
            drop(permit);
        }
    }

    /// Tells who waits that it is stored and pinned; where nobody waits any more, the pin is let go.
    fn answer(&self, id: &MediaId, reply: oneshot::Sender<Result<(), MediaError>>) {
        if reply.send(Ok(())).is_err() {
            self.inner.unpin(id);
        }
    }

    /// Writes records, syncs, and lets them be seen.
    fn write(&mut self, new: &[New]) -> Result<(), MediaError> {
        if new.is_empty() {
            return Ok(());
        }
        let wanted: u64 = new.iter().map(|n| n.len + HEAD as u64).sum();
        self.room(wanted)?;
        let pack = self.current()?;
        let start = pack.len();
        let heads: Vec<[u8; HEAD]> = new.iter().map(|n| Head { len: n.len, id: n.id, crc: n.crc }.encode()).collect();
        let slices: Vec<&[u8]> =
            heads.iter().zip(new).flat_map(|(head, n)| std::iter::once(&head[..]).chain(n.pieces.iter().map(|p| &p[..]))).collect();
        if let Err(e) = write_all(&pack, &slices, start) {
            // Nothing of it was told to anybody: the file is as it was, or the store ends.
            let error = MediaError::io("writing", &pack.path, e);
            if pack.file.set_len(start).is_err() {
                self.inner.stop(&error);
            }
            return Err(error);
        }
        if self.options.sync
            && let Err(e) = pack.file.sync_data()
        {
            let error = MediaError::io("syncing", &pack.path, e);
            self.inner.stop(&error);
            return Err(error);
        }
        self.inner.syncs.fetch_add(1, Ordering::Relaxed);
        pack.len.store(start + wanted, Ordering::Release);
        let mut at = start;
        for n in new {
            self.appear(&pack, n, at + HEAD as u64);
            at += HEAD as u64 + n.len;
        }
        Ok(())
    }

    fn appear(&self, pack: &Arc<Pack>, n: &New, offset: u64) {
        let pins = u32::from(!n.is_copy);
        let blob = Blob { pack: pack.clone(), offset, len: n.len, crc: n.crc, pins, owners: SmallVec::new() };
        let size = blob.size();
        let mut shard = self.inner.index.shard(&n.id).lock();
        match shard.get_mut(&n.id) {
            Some(old) => {
                old.pack.live.fetch_sub(size, Ordering::AcqRel);
                old.pack = pack.clone();
                old.offset = offset;
            }
            // Gone while it was copied.
            None if n.is_copy => return,
            None => {
                shard.insert(n.id, blob);
                self.inner.blobs.fetch_add(1, Ordering::Relaxed);
            }
        }
        pack.live.fetch_add(size, Ordering::AcqRel);
    }

    /// Looks for room on the disk.
    fn room(&self, wanted: u64) -> Result<(), MediaError> {
        let folder = &self.options.folder;
        let Ok(stat) = rustix::fs::statvfs(folder) else { return Ok(()) };
        let free = stat.f_bavail.saturating_mul(stat.f_frsize);
        if free < self.options.reserve.saturating_add(wanted) {
            return Err(MediaError::Full { folder: folder.clone(), free, reserve: self.options.reserve });
        }
        Ok(())
    }

    /// The pack that is written to.
    fn current(&mut self) -> Result<Arc<Pack>, MediaError> {
        if let Some(pack) = self.packs.last().filter(|p| p.len() < self.options.pack_size) {
            return Ok(pack.clone());
        }
        let pack = Pack::create(&self.options.folder, self.next)?;
        self.next += 1;
        self.packs.push(pack.clone());
        Ok(pack)
    }

    /// Removes what nobody needs: packs in which nothing lives, and, after copying the rest forward, those in which little does.
    fn care(&mut self) {
        if !self.inner.is_recovered() || self.inner.unhealthy().is_some() {
            return;
        }
        self.delete_dead();
        let mut left = CARE;
        while left > 0 {
            let newest = self.packs.last().map(|p| p.number);
            let sparse = |p: &&Arc<Pack>| Some(p.number) != newest && p.live() > 0 && p.live() * 2 < p.len();
            let Some(pack) = self.packs.iter().filter(sparse).min_by_key(|p| p.live()).cloned() else { break };
            match self.carry(&pack, left) {
                Ok(0) => break,
                Ok(copied) => left = left.saturating_sub(copied),
                Err(e) => {
                    tracing::warn!("contents could not be copied forward: {e}");
                    break;
                }
            }
        }
        self.delete_dead();
    }

    fn delete_dead(&mut self) {
        let newest = self.packs.last().map(|p| p.number);
        self.packs.retain(|pack| {
            if Some(pack.number) == newest || pack.live() > 0 {
                return true;
            }
            match std::fs::remove_file(&pack.path) {
                Ok(()) => false,
                Err(e) => {
                    tracing::warn!("{}", MediaError::io("deleting", &pack.path, e));
                    true
                }
            }
        });
    }

    /// Copies what lives in a pack into the newest, at most about so many octets. How many it was.
    fn carry(&mut self, pack: &Arc<Pack>, most: u64) -> Result<u64, MediaError> {
        let mut places: Vec<(MediaId, u64, u64, u32)> = Vec::new();
        for shard in self.inner.index.shards() {
            let shard = shard.lock();
            places.extend(shard.iter().filter(|(_, b)| Arc::ptr_eq(&b.pack, pack)).map(|(id, b)| (*id, b.offset, b.len, b.crc)));
        }
        places.sort_unstable_by_key(|p| p.1);
        let (mut new, mut octets) = (Vec::new(), 0);
        for (id, offset, len, crc) in places {
            let mut content = vec![0; usize::try_from(len).unwrap_or(usize::MAX)];
            pack.file.read_exact_at(&mut content, offset).map_err(|e| MediaError::io("reading", &pack.path, e))?;
            if crc32fast::hash(&content) != crc {
                tracing::error!("{}", MediaError::Damaged { path: pack.path.clone(), offset });
                // It cannot be had anyway, and must not keep its pack for ever.
                self.inner.forget(&id);
                octets += len;
                continue;
            }
            octets += len + HEAD as u64;
            new.push(New { id, pieces: smallvec![Bytes::from(content)], len, crc, is_copy: true });
            if octets >= most {
                break;
            }
        }
        self.write(&new)?;
        self.inner.carried.fetch_add(octets, Ordering::Relaxed);
        Ok(octets)
    }
}

fn write_all(pack: &Pack, slices: &[&[u8]], at: u64) -> std::io::Result<()> {
    // One copy in memory, one call: contents are short as a rule, and a call each would cost more than that.
    const GATHERED: usize = 1 << 20;
    let mut buffer: Vec<u8> = Vec::with_capacity(slices.iter().map(|s| s.len()).sum::<usize>().min(GATHERED + 64 * 1024));
    let mut place = at;
    for slice in slices {
        if buffer.len() + slice.len() > GATHERED && !buffer.is_empty() {
            pack.file.write_all_at(&buffer, place)?;
            place += buffer.len() as u64;
            buffer.clear();
        }
        if slice.len() > GATHERED {
            pack.file.write_all_at(slice, place)?;
            place += slice.len() as u64;
        } else {
            buffer.extend_from_slice(slice);
        }
    }
    pack.file.write_all_at(&buffer, place)
}

/// The lock that keeps a second process out, held as long as the file is open.
pub(crate) fn lock(folder: &Path) -> Result<std::fs::File, MediaError> {
    let path = folder.join("LOCK");
    let file = std::fs::OpenOptions::new().create(true).truncate(false).write(true).open(&path);
    let file = file.map_err(|e| MediaError::io("opening", &path, e))?;
    match rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(_) => Err(MediaError::Locked(folder.to_owned())),
    }
}
