//! A store in a folder of its own, and contents that can be told from each other.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use tempfile::TempDir;
use waxwing_media::{MediaError, MediaId, MediaOptions, MediaStore, Owner, Pin};

/// A store and its folder.
pub(crate) struct World {
    pub(crate) dir: TempDir,
    pub(crate) store: Option<Arc<MediaStore>>,
    change: Box<dyn Fn(&mut MediaOptions)>,
}

impl World {
    pub(crate) fn new() -> World {
        World::with(|_| {})
    }

    pub(crate) fn with(change: impl Fn(&mut MediaOptions) + 'static) -> World {
        let mut world = World { dir: TempDir::new().unwrap(), store: None, change: Box::new(change) };
        world.open();
        world
    }

    pub(crate) fn options(&self) -> MediaOptions {
        let mut options = MediaOptions::small(self.dir.path());
        (self.change)(&mut options);
        options
    }

    pub(crate) fn open(&mut self) {
        self.store = Some(MediaStore::open(self.options()).unwrap());
    }

    /// Ends the store without a word and opens the folder again.
    pub(crate) fn reopen(&mut self) {
        drop(self.store.take());
        self.open();
    }

    pub(crate) fn store(&self) -> &Arc<MediaStore> {
        self.store.as_ref().unwrap()
    }

    pub(crate) fn try_put(&self, content: &[u8]) -> Result<Pin, MediaError> {
        block_on(self.store().put(Bytes::copy_from_slice(content)))
    }

    pub(crate) fn put(&self, content: &[u8]) -> Pin {
        self.try_put(content).unwrap()
    }

    /// Puts a content and names its owner.
    pub(crate) fn keep(&self, content: &[u8], owner: u64) -> MediaId {
        let pin = self.put(content);
        assert!(self.store().hold(pin.id(), Owner(owner)));
        *pin.id()
    }

    pub(crate) fn get(&self, id: &MediaId) -> Option<Vec<u8>> {
        self.store().get(id).unwrap().map(|content| content.to_vec())
    }

    /// Octets of all packs.
    pub(crate) fn used(&self) -> u64 {
        // One may go between two looks.
        self.packs().iter().map(|path| std::fs::metadata(path).map_or(0, |m| m.len())).sum()
    }

    pub(crate) fn packs(&self) -> Vec<PathBuf> {
        packs(self.dir.path())
    }
}

pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// Pack files, the oldest first.
pub(crate) fn packs(folder: &Path) -> Vec<PathBuf> {
    let mut packs: Vec<PathBuf> = std::fs::read_dir(folder.join("packs")).unwrap().map(|e| e.unwrap().path()).collect();
    packs.sort();
    packs
}

/// Octets that follow from a number.
pub(crate) fn content(number: u64, len: usize) -> Vec<u8> {
    let mut rng = fastrand::Rng::with_seed(number);
    (0..len).map(|_| rng.u8(..)).collect()
}

/// Looks again and again until something that threads of the store bring about has come.
pub(crate) fn until(what: &str, mut done: impl FnMut() -> bool) {
    let began = std::time::Instant::now();
    while !done() {
        assert!(began.elapsed().as_secs() < 60, "{what} never came");
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
}
