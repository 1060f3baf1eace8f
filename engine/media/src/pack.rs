//! Pack files.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use crate::MediaError;

/// A pack: shared by whoever reads it, so that its file stays readable while somebody does, even when it is deleted.
#[derive(Debug)]
pub(crate) struct Pack {
    pub(crate) number: u64,
    pub(crate) path: PathBuf,
    pub(crate) file: File,
    /// Octets in it, heads included.
    pub(crate) len: AtomicU64,
    /// Octets of what lives in it, heads included.
    pub(crate) live: AtomicI64,
}

impl Pack {
    pub(crate) fn path_of(folder: &Path, number: u64) -> PathBuf {
        folder.join(format!("{number:010}.pack"))
    }

    /// The number of a pack's file.
    pub(crate) fn number_of(path: &Path) -> Option<u64> {
        if path.extension()? != "pack" {
            return None;
        }
        path.file_stem()?.to_str()?.parse().ok()
    }

    pub(crate) fn open(path: PathBuf, number: u64) -> Result<Pack, MediaError> {
        let opened = OpenOptions::new().read(true).write(true).open(&path);
        let file = opened.map_err(|e| MediaError::io("opening", &path, e))?;
        let len = file.metadata().map_err(|e| MediaError::io("looking at", &path, e))?.len();
        Ok(Pack { number, path, file, len: AtomicU64::new(len), live: AtomicI64::new(0) })
    }

    /// A new one; its name is durable.
    pub(crate) fn create(folder: &Path, number: u64) -> Result<Arc<Pack>, MediaError> {
        let path = Pack::path_of(folder, number);
        let made = OpenOptions::new().read(true).write(true).create_new(true).open(&path);
        let file = made.map_err(|e| MediaError::io("making", &path, e))?;
        sync_folder(folder)?;
        Ok(Arc::new(Pack { number, path, file, len: AtomicU64::new(0), live: AtomicI64::new(0) }))
    }

    pub(crate) fn live(&self) -> u64 {
        u64::try_from(self.live.load(Ordering::Acquire)).unwrap_or(0)
    }

    pub(crate) fn len(&self) -> u64 {
        self.len.load(Ordering::Acquire)
    }
}

/// Makes the names in a folder durable.
pub(crate) fn sync_folder(folder: &Path) -> Result<(), MediaError> {
    File::open(folder).and_then(|f| f.sync_all()).map_err(|e| MediaError::io("syncing", folder, e))
}
