//! The store's folder: names of its files, the lock, syncs of the folder itself, free space.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::MediaError;

/// Paths inside a store's folder.
#[derive(Clone, Debug)]
pub(crate) struct Folder {
    root: PathBuf,
}

/// Lets go of the lock. Closing the file is not enough: a child that another thread is just starting has it as well until it runs its own
/// program.
pub(crate) fn unlock(file: &File) {
    if let Err(e) = rustix::fs::flock(file, rustix::fs::FlockOperation::Unlock) {
        tracing::warn!(error = %e, "The lock of the media store could not be let go; it ends with the process.");
    }
}

impl Folder {
    /// Makes the folders where they are missing.
    pub(crate) fn create(root: &Path) -> Result<Folder, MediaError> {
        let folder = Folder { root: root.to_path_buf() };
        for dir in [folder.root.clone(), folder.packs()] {
            // Messages are nobody else's business.
            DirBuilder::new().recursive(true).mode(0o700).create(&dir).map_err(|e| io_error("create", &dir, &e))?;
        }
        Ok(folder)
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    fn packs(&self) -> PathBuf {
        self.root.join("packs")
    }

    pub(crate) fn pack(&self, number: u32) -> PathBuf {
        self.packs().join(format!("{number:010}.pack"))
    }

    /// Takes the lock, which lasts until [`unlock`], or until the process ends.
    pub(crate) fn lock(&self) -> Result<File, MediaError> {
        let path = self.root.join("LOCK");
        let file =
            OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path).map_err(|e| io_error("open", &path, &e))?;
        match rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(file),
            Err(rustix::io::Errno::WOULDBLOCK) => Err(MediaError::Locked { path: self.root.display().to_string() }),
            Err(e) => Err(io_error("lock", &path, &e.into())),
        }
    }

    /// Makes names in the folders durable.
    pub(crate) fn sync(&self) -> Result<(), MediaError> {
        for dir in [&self.root, &self.packs()] {
            File::open(dir).and_then(|d| d.sync_all()).map_err(|e| io_error("sync the folder", dir, &e))?;
        }
        Ok(())
    }

    /// Octets free for this process on the folder's disk.
    pub(crate) fn free(&self) -> u64 {
        rustix::fs::statvfs(&self.root).map_or(u64::MAX, |s| s.f_bavail.saturating_mul(s.f_frsize))
    }

    /// Numbers of packs, rising. Removes what a crash left half made.
    pub(crate) fn scan(&self) -> Result<Vec<u32>, MediaError> {
        let dir = self.packs();
        let mut numbers = Vec::new();
        for entry in fs::read_dir(&dir).map_err(|e| io_error("list", &dir, &e))? {
            let path = entry.map_err(|e| io_error("list", &dir, &e))?.path();
            if path.extension().is_some_and(|e| e == "tmp") {
                fs::remove_file(&path).map_err(|e| io_error("remove", &path, &e))?;
            } else if path.extension().is_some_and(|e| e == "pack")
                && let Some(number) = path.file_stem().and_then(|s| s.to_str()?.parse().ok())
            {
                numbers.push(number);
            }
        }
        numbers.sort_unstable();
        Ok(numbers)
    }
}

/// Makes a file that only its owner may read.
pub(crate) fn create_private(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).truncate(true).read(true).write(true).mode(0o600).open(path)
}

/// A failed file operation, named.
pub(crate) fn io_error(what: &str, path: &Path, error: &io::Error) -> MediaError {
    MediaError::Failed { place: format!("{what} {}", path.display()), error: error.to_string() }
}

/// Damage, named.
pub(crate) fn corrupt(path: &Path, offset: u32, what: &str) -> MediaError {
    MediaError::Corrupt { file: path.display().to_string(), offset: offset.into(), what: what.into() }
}
