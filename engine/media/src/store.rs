//! The store: what callers see, put together from the parts.

use std::fs::File;
use std::future::Future;
use std::pin::Pin as Pinned;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::channel;
use std::thread::JoinHandle;

use bytes::Bytes;
use parking_lot::Mutex;

use crate::committer::{Committer, Job};
use crate::files::Read;
use crate::folder::{self, Folder, corrupt};
use crate::recover::recover;
use crate::shared::Shared;
use crate::{MediaError, MediaId, MediaOptions, MediaStats, Owner, Pin, caretaker, put};

/// A boxed future.
pub type BoxFuture<'a, T> = Pinned<Box<dyn Future<Output = T> + Send + 'a>>;

/// How often a content is looked for that moves to another pack whenever it is to be read.
const LOOKS: usize = 100;
/// Owners and slots of the index looked at under one lock.
const SLICE: usize = 1024;

/// The contents of multimedia messages. Open one for a folder; dropping it closes it.
#[derive(Debug)]
pub struct MediaStore {
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    lock: Mutex<Option<File>>,
}

impl MediaStore {
    /// Opens the store of a folder, which is made if missing. Blocks: reads the lists of all packs, and the last pack whole.
    ///
    /// Fails where an option is out of its range ([`MediaError::Options`]), another process has the folder open ([`MediaError::Locked`]),
    /// or a pack is damaged such that nobody knows what was in it ([`MediaError::Corrupt`]). A content that is damaged is told when it is
    /// read.
    pub fn open(options: MediaOptions) -> Result<Arc<MediaStore>, MediaError> {
        options.check()?;
        let folder = Folder::create(&options.folder)?;
        let lock = folder.lock()?;
        let (index, writer) = recover(&folder, options.sync)?;
        let (jobs, inbox) = channel();
        let shared = Arc::new(Shared::new(options, folder, index, jobs));
        let committer = Committer::new(Arc::clone(&shared), inbox, writer);
        let mut threads = vec![spawn("media-commit", move || committer.run())?];
        let own = Arc::clone(&shared);
        threads.push(spawn("media-care", move || caretaker::run(&own))?);
        let own = Arc::clone(&shared);
        threads.push(spawn("media-watch", move || caretaker::watch(&own))?);
        Ok(Arc::new(MediaStore { shared, threads: Mutex::new(threads), lock: Mutex::new(Some(lock)) }))
    }

    /// Stores a content. Durable when it resolves; the same content again costs no writing. It stays at least as long as the [`Pin`].
    ///
    /// Nothing happens before the future is polled. Dropped before it resolves, the content may be stored or not; if so, nobody needs it.
    ///
    /// Refused with [`MediaError::TooLarge`], [`MediaError::DiskFull`], [`MediaError::TooSlow`] (waited for longer than the deadline),
    /// [`MediaError::Failed`] (the disk failed, now or earlier), [`MediaError::Closing`].
    pub fn put(&self, content: Bytes) -> BoxFuture<'static, Result<Pin, MediaError>> {
        self.put_parts(vec![content])
    }

    /// Stores a content that is these parts one after another, without copying them together. Otherwise as [`MediaStore::put`].
    pub fn put_parts(&self, parts: Vec<Bytes>) -> BoxFuture<'static, Result<Pin, MediaError>> {
        let shared = Arc::clone(&self.shared);
        if shared.options.wait_inline {
            let result = put::inline(&shared, parts);
            return Box::pin(async move { result });
        }
        Box::pin(put::run(shared, parts))
    }

    /// A content; `None` if it is not stored. Blocks, as a rule only to copy it out of the system's cache.
    ///
    /// Fails with [`MediaError::Corrupt`] where the disk has something else than what was stored, and with [`MediaError::Failed`] where it
    /// cannot be read; the next read may succeed then.
    pub fn get(&self, id: &MediaId) -> Result<Option<Bytes>, MediaError> {
        let shared = &self.shared;
        let mut last = None;
        for _ in 0..LOOKS {
            let found = shared.index.lock().blob(id).map(|blob| (blob.place(), blob.len));
            let Some((place, len)) = found else { return Ok(None) };
            match shared.files.content(&shared.folder, id, place, len)? {
                Read::Content(content, _) => {
                    shared.counters.gets.fetch_add(1, Ordering::Relaxed);
                    return Ok(Some(content));
                }
                // It was copied forward between the two looks; or the file is gone.
                Read::NoPack if last == Some(place) => break,
                Read::NoPack => last = Some(place),
            }
        }
        let path = shared.folder.pack(last.map_or(0, |place| place.pack));
        Err(corrupt(&path, 0, "the file is missing"))
    }

    /// Whether a content is stored.
    pub fn contains(&self, id: &MediaId) -> bool {
        self.shared.index.lock().slot(id).is_some()
    }

    /// Octets of a content, if it is stored.
    pub fn len_of(&self, id: &MediaId) -> Option<u64> {
        self.shared.index.lock().blob(id).map(|blob| blob.len.into())
    }

    /// Notes that somebody needs a content, which stays for as long as anybody does. In memory only: after a restart the caller, who knows
    /// it from durable records, says so again. Owners are a set: to hold twice is to hold once.
    ///
    /// False if the content is not stored; after a restart this says that it is lost.
    pub fn hold(&self, id: &MediaId, owner: Owner) -> bool {
        let mut index = self.shared.index.lock();
        let slot = index.slot(id);
        slot.inspect(|slot| index.hold(*slot, owner.0)).is_some()
    }

    /// Somebody does not need a content any more. Without owners and pins it goes.
    pub fn release(&self, id: &MediaId, owner: Owner) {
        self.shared.change(|index| {
            if let Some(slot) = index.slot(id) {
                index.release(slot, owner.0);
            }
        });
    }

    /// All owners have been told again: from now on what has none goes. Nothing is removed before. Returns at once.
    pub fn recovered(&self) {
        self.shared.index.lock().set_recovered();
        *self.shared.burying.lock() = true;
        self.shared.caretaker.ring();
    }

    /// Drops all owners for which `alive` is false. Goes through everything, in slices, so that nobody else waits; the calling thread
    /// is busy for as long as all the answers take. `alive` is asked without any lock held, and has to be true from before the owner
    /// holds something until it may be dropped.
    pub fn sweep(&self, alive: &dyn Fn(Owner) -> bool) {
        let mut from = Some(0);
        let mut held = Vec::new();
        while let Some(at) = from {
            held.clear();
            from = self.shared.index.lock().owners_from(at, SLICE as u32, SLICE, &mut held);
            held.retain(|one| !alive(Owner(one.owner)));
            for some in held.chunks(SLICE) {
                self.shared.change(|index| some.iter().for_each(|one| index.release_held(*one)));
            }
        }
    }

    /// Does now what the background thread does in its own time: removes packs that are not needed, copies stragglers forward. Blocks.
    /// For tools and tests.
    pub fn maintain(&self) -> Result<(), MediaError> {
        caretaker::tend(&self.shared)
    }

    /// What there is, and what was done since the store was opened.
    pub fn stats(&self) -> MediaStats {
        self.shared.stats()
    }

    /// Why new contents are refused at the moment, if they are.
    pub fn unhealthy(&self) -> Option<MediaError> {
        self.shared.unhealthy()
    }

    /// Stores what has been queued, then stops and lets go of the folder; later puts fail with [`MediaError::Closing`]. Blocks until the
    /// threads have ended.
    pub fn close(&self) {
        let threads = std::mem::take(&mut *self.threads.lock());
        if threads.is_empty() {
            return;
        }
        let _ = self.shared.jobs.send(Job::Close);
        let mut threads = threads.into_iter();
        let _ = threads.next().map(JoinHandle::join);
        self.shared.close();
        self.shared.caretaker.ring();
        self.shared.watcher.ring();
        for thread in threads {
            let _ = thread.join();
        }
        if let Some(file) = self.lock.lock().take() {
            folder::unlock(&file);
        }
    }
}

impl Drop for MediaStore {
    fn drop(&mut self) {
        self.close();
    }
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, MediaError> {
    std::thread::Builder::new()
        .name(name.into())
        .spawn(run)
        .map_err(|e| MediaError::Failed { place: format!("starting the thread {name}"), error: e.to_string() })
}
