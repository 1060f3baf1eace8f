//! The store: what callers hold.

use std::fmt;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;
use std::time::Instant;

use bytes::Bytes;
use parking_lot::Mutex;
use smallvec::{SmallVec, smallvec};
use tokio::sync::{Semaphore, oneshot};

use crate::committer::{Committer, Put, lock};
use crate::index::Index;
use crate::{MediaError, MediaId, MediaOptions, Owner, recover};

/// A boxed future.
pub type BoxFuture<'a, T> = std::pin::Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MediaStats {
    /// Contents that are stored.
    pub blobs: u64,
    /// Octets asked for with puts since the start.
    pub put_octets: u64,
    /// Puts of what was there already, since the start.
    pub known: u64,
    /// Syncs since the start.
    pub syncs: u64,
    /// Octets copied forward since the start.
    pub carried: u64,
}

/// What the store and its thread share.
pub(crate) struct Inner {
    pub(crate) index: Index,
    stopped: Mutex<Option<MediaError>>,
    recovered: AtomicBool,
    pub(crate) blobs: AtomicU64,
    pub(crate) syncs: AtomicU64,
    pub(crate) carried: AtomicU64,
    put_octets: AtomicU64,
    known: AtomicU64,
}

/// Contents by their hash; see the head of the crate.
pub struct MediaStore {
    inner: Arc<Inner>,
    options: MediaOptions,
    pending: Arc<Semaphore>,
    puts: Mutex<Option<Sender<Put>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    _lock: std::fs::File,
}

/// A content that stays as long as this lives. Hold it for an owner before letting go.
pub struct Pin {
    inner: Arc<Inner>,
    id: MediaId,
    len: u64,
}

impl Pin {
    /// The content.
    pub fn id(&self) -> &MediaId {
        &self.id
    }

    /// Its octets.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// It has none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}

impl Drop for Pin {
    fn drop(&mut self) {
        self.inner.unpin(&self.id);
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pin({})", self.id)
    }
}

impl fmt::Debug for MediaStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MediaStore({})", self.options.folder.display())
    }
}

impl MediaStore {
    /// Opens or makes a store. Reads the heads of all records.
    ///
    /// # Errors
    /// When the folder cannot be used, or another process uses it.
    pub fn open(options: MediaOptions) -> Result<Arc<MediaStore>, MediaError> {
        let folder = &options.folder;
        std::fs::create_dir_all(folder).map_err(|e| MediaError::io("making", folder, e))?;
        let lock = lock(folder)?;
        let index = Index::new();
        let found = recover::read(folder, &index)?;
        let blobs = index.shards().map(|s| s.lock().len() as u64).sum();
        let inner = Arc::new(Inner {
            index,
            stopped: Mutex::default(),
            recovered: AtomicBool::new(false),
            blobs: AtomicU64::new(blobs),
            syncs: AtomicU64::new(0),
            carried: AtomicU64::new(0),
            put_octets: AtomicU64::new(0),
            known: AtomicU64::new(0),
        });
        let (sender, puts) = channel();
        let committer =
            Committer { inner: inner.clone(), options: options.clone(), packs: found.packs, next: found.next, puts, cared: Instant::now() };
        let thread = std::thread::Builder::new().name("media".into()).spawn(move || committer.run());
        let thread = thread.map_err(|e| MediaError::io("starting the thread of", folder, e))?;
        Ok(Arc::new(MediaStore {
            inner,
            pending: Arc::new(Semaphore::new(options.pending.clamp(1, Semaphore::MAX_PERMITS))),
            options,
            puts: Mutex::new(Some(sender)),
            thread: Mutex::new(Some(thread)),
            _lock: lock,
        }))
    }

    /// Stores a content; durable when it resolves. The same content again costs no writing.
    pub fn put(self: &Arc<Self>, content: Bytes) -> BoxFuture<'static, Result<Pin, MediaError>> {
        self.put_parts(smallvec![content])
    }

    /// The same for a content in pieces, which are not copied together first.
    pub fn put_parts(self: &Arc<Self>, pieces: SmallVec<[Bytes; 2]>) -> BoxFuture<'static, Result<Pin, MediaError>> {
        let this = self.clone();
        Box::pin(async move { this.store(pieces).await })
    }

    async fn store(&self, pieces: SmallVec<[Bytes; 2]>) -> Result<Pin, MediaError> {
        let len: u64 = pieces.iter().map(|p| p.len() as u64).sum();
        let inner = &self.inner;
        if len > self.options.max_blob {
            return Err(MediaError::TooLarge { len, max: self.options.max_blob });
        }
        if let Some(e) = inner.unhealthy() {
            return Err(e);
        }
        inner.put_octets.fetch_add(len, Ordering::Relaxed);
        let id = MediaId::of(pieces.iter().map(|p| &p[..]));
        if inner.pin(&id) {
            inner.known.fetch_add(1, Ordering::Relaxed);
            return Ok(Pin { inner: inner.clone(), id, len });
        }
        let mut crc = crc32fast::Hasher::new();
        pieces.iter().for_each(|p| crc.update(p));
        let permits = u32::try_from(len.clamp(1, self.options.pending as u64)).unwrap_or(u32::MAX);
        let queued = tokio::time::timeout(self.options.deadline, self.pending.clone().acquire_many_owned(permits)).await;
        let Ok(Ok(permit)) = queued else {
            return Err(MediaError::TooSlow(u64::try_from(self.options.deadline.as_millis()).unwrap_or(u64::MAX)));
        };
        let (reply, answer) = oneshot::channel();
        let closed = || MediaError::Stopped("it is being closed".into());
        {
            let puts = self.puts.lock();
            let put = Put { id, pieces, len, crc: crc.finalize(), permit, reply };
            puts.as_ref().and_then(|p| p.send(put).ok()).ok_or_else(closed)?;
        }
        answer.await.map_err(|_| closed())??;
        Ok(Pin { inner: inner.clone(), id, len })
    }

    /// A content, read from the page cache as a rule; `None` where it is not here. Blocks for as long as the disk does.
    ///
    /// # Errors
    /// When it cannot be read, or is not what was written.
    pub fn get(&self, id: &MediaId) -> Result<Option<Bytes>, MediaError> {
        let place = self.inner.index.shard(id).lock().get(id).map(|b| (b.pack.clone(), b.offset, b.len, b.crc));
        let Some((pack, offset, len, crc)) = place else { return Ok(None) };
        let mut content = vec![0; usize::try_from(len).unwrap_or(usize::MAX)];
        pack.file.read_exact_at(&mut content, offset).map_err(|e| MediaError::io("reading", &pack.path, e))?;
        if crc32fast::hash(&content) != crc {
            return Err(MediaError::Damaged { path: pack.path.clone(), offset });
        }
        Ok(Some(Bytes::from(content)))
    }

    /// Whether it is here.
    pub fn contains(&self, id: &MediaId) -> bool {
        self.inner.index.shard(id).lock().contains_key(id)
    }

    /// Octets of a content that is here.
    pub fn len_of(&self, id: &MediaId) -> Option<u64> {
        self.inner.index.shard(id).lock().get(id).map(|b| b.len)
    }

    /// Keeps a content for an owner. Without effect where the content is not here.
    pub fn hold(&self, id: &MediaId, owner: Owner) {
        if let Some(blob) = self.inner.index.shard(id).lock().get_mut(id)
            && !blob.owners.contains(&owner)
        {
            blob.owners.push(owner);
        }
    }

    /// An owner needs it no more.
    pub fn release(&self, id: &MediaId, owner: Owner) {
        let mut shard = self.inner.index.shard(id).lock();
        if let Some(blob) = shard.get_mut(id) {
            blob.owners.retain(|o| *o != owner);
        }
        drop(shard);
        self.inner.drop_unneeded(id);
    }

    /// All owners have been told: from now on what nobody needs may go.
    pub fn recovered(&self) {
        self.inner.recovered.store(true, Ordering::Release);
    }

    /// Drops owners that are gone, and what nobody needs then. Each part of the index is locked for itself.
    pub fn sweep(&self, alive: &dyn Fn(Owner) -> bool) {
        if !self.inner.is_recovered() {
            return;
        }
        for shard in self.inner.index.shards() {
            let mut shard = shard.lock();
            shard.retain(|_, blob| {
                blob.owners.retain(|o| alive(*o));
                if !blob.is_needed() {
                    blob.pack.live.fetch_sub(blob.size(), Ordering::AcqRel);
                    self.inner.blobs.fetch_sub(1, Ordering::Relaxed);
                }
                blob.is_needed()
            });
        }
    }

    /// What is counted.
    pub fn stats(&self) -> MediaStats {
        let of = |n: &AtomicU64| n.load(Ordering::Relaxed);
        let i = &self.inner;
        MediaStats { blobs: of(&i.blobs), put_octets: of(&i.put_octets), known: of(&i.known), syncs: of(&i.syncs), carried: of(&i.carried) }
    }

    /// Why nothing is stored any more, if so.
    pub fn unhealthy(&self) -> Option<MediaError> {
        self.inner.unhealthy()
    }

    /// Ends it: what was put is stored, new puts are refused. Blocks.
    pub fn close(&self) {
        drop(self.puts.lock().take());
        if let Some(thread) = self.thread.lock().take()
            && thread.join().is_err()
        {
            tracing::error!("The thread of the media store ended badly.");
        }
    }
}

impl Drop for MediaStore {
    fn drop(&mut self) {
        self.close();
    }
}

impl Inner {
    pub(crate) fn unhealthy(&self) -> Option<MediaError> {
        self.stopped.lock().clone()
    }

    /// Stops for good.
    pub(crate) fn stop(&self, why: &MediaError) {
        tracing::error!("The media store stops: {why}");
        *self.stopped.lock() = Some(MediaError::Stopped(why.to_string()));
    }

    pub(crate) fn is_recovered(&self) -> bool {
        self.recovered.load(Ordering::Acquire)
    }

    /// Pins a content that is here.
    pub(crate) fn pin(&self, id: &MediaId) -> bool {
        match self.index.shard(id).lock().get_mut(id) {
            Some(blob) => {
                blob.pins += 1;
                true
            }
            None => false,
        }
    }

    pub(crate) fn unpin(&self, id: &MediaId) {
        if let Some(blob) = self.index.shard(id).lock().get_mut(id) {
            blob.pins = blob.pins.saturating_sub(1);
        }
        self.drop_unneeded(id);
    }

    fn drop_unneeded(&self, id: &MediaId) {
        if !self.is_recovered() {
            return;
        }
        let mut shard = self.index.shard(id).lock();
        if shard.get(id).is_some_and(|b| !b.is_needed()) {
            Self::removed(self, shard.remove(id));
        }
    }

    /// A content that is damaged: nobody can have it.
    pub(crate) fn forget(&self, id: &MediaId) {
        let removed = self.index.shard(id).lock().remove(id);
        self.removed(removed);
    }

    fn removed(&self, blob: Option<crate::index::Blob>) {
        if let Some(blob) = blob {
            blob.pack.live.fetch_sub(blob.size(), Ordering::AcqRel);
            self.blobs.fetch_sub(1, Ordering::Relaxed);
        }
    }
}
