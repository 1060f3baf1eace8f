//! The spool's folder: names of its files, the lock, syncs of the folder itself, free space.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::SpoolError;

/// Paths inside a spool's folder.
#[derive(Clone, Debug)]
pub(crate) struct Folder {
    root: PathBuf,
}

/// Lets go of the lock. Closing the file is not enough: a child that another thread is just starting has it as well until it runs its own
/// program.
pub(crate) fn unlock(file: &File) {
    if let Err(e) = rustix::fs::flock(file, rustix::fs::FlockOperation::Unlock) {
        tracing::warn!(error = %e, "The lock of the spool could not be let go; it ends with the process.");
    }
}

impl Folder {
    /// Makes the folders where they are missing.
    pub(crate) fn create(root: &Path) -> Result<Folder, SpoolError> {
        let folder = Folder { root: root.to_path_buf() };
        for dir in [folder.root.clone(), folder.segments(), folder.keys()] {
            // Messages are nobody else's business.
            DirBuilder::new().recursive(true).mode(0o700).create(&dir).map_err(|e| io_error("create", &dir, &e))?;
        }
        folder.sync(&folder.root)?;
        Ok(folder)
    }

    pub(crate) fn existing(root: &Path) -> Folder {
        Folder { root: root.to_path_buf() }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn segments(&self) -> PathBuf {
        self.root.join("segments")
    }

    pub(crate) fn keys(&self) -> PathBuf {
        self.root.join("keys")
    }

    pub(crate) fn segment(&self, number: u64) -> PathBuf {
        self.segments().join(format!("{number:010}.log"))
    }

    pub(crate) fn index_file(&self, number: u64) -> PathBuf {
        self.segments().join(format!("{number:010}.idx"))
    }

    pub(crate) fn spare(&self, number: u64) -> PathBuf {
        self.segments().join(format!("spare-{number}.log"))
    }

    /// Removes what a crash left half made.
    pub(crate) fn clean(&self) -> Result<(), SpoolError> {
        for dir in [self.segments(), self.keys()] {
            for entry in fs::read_dir(&dir).map_err(|e| io_error("list", &dir, &e))? {
                let path = entry.map_err(|e| io_error("list", &dir, &e))?.path();
                if path.extension().is_some_and(|e| e == "tmp") {
                    fs::remove_file(&path).map_err(|e| io_error("remove", &path, &e))?;
                }
            }
        }
        Ok(())
    }

    /// Takes the lock, which lasts until [`unlock`], or until the process ends.
    pub(crate) fn lock(&self) -> Result<File, SpoolError> {
        let path = self.root.join("LOCK");
        let file =
            OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path).map_err(|e| io_error("open", &path, &e))?;
        match rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(file),
            Err(rustix::io::Errno::WOULDBLOCK) => Err(SpoolError::Locked { path: self.root.display().to_string() }),
            Err(e) => Err(io_error("lock", &path, &e.into())),
        }
    }

    /// Makes names in a folder durable.
    pub(crate) fn sync(&self, dir: &Path) -> Result<(), SpoolError> {
        File::open(dir).and_then(|d| d.sync_all()).map_err(|e| io_error("sync the folder", dir, &e))
    }

    /// Octets free for this process on the folder's disk.
    pub(crate) fn free(&self) -> u64 {
        rustix::fs::statvfs(&self.root).map_or(u64::MAX, |s| s.f_bavail.saturating_mul(s.f_frsize))
    }

    /// Numbers of log files, rising, and the paths of spare ones.
    pub(crate) fn scan(&self) -> Result<(Vec<u64>, Vec<PathBuf>), SpoolError> {
        let dir = self.segments();
        let mut numbers = Vec::new();
        let mut spares = Vec::new();
        for entry in fs::read_dir(&dir).map_err(|e| io_error("list", &dir, &e))? {
            let path = entry.map_err(|e| io_error("list", &dir, &e))?.path();
            let Some(stem) = path.file_name().and_then(|n| n.to_str()).and_then(|n| n.strip_suffix(".log")) else { continue };
            if stem.starts_with("spare-") {
                spares.push(path);
            } else if let Ok(number) = stem.parse() {
                numbers.push(number);
            }
        }
        numbers.sort_unstable();
        spares.sort();
        Ok((numbers, spares))
    }
}

/// Makes a file that only its owner may read.
pub(crate) fn create_private(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(path)
}

/// A failed file operation, named.
pub(crate) fn io_error(what: &str, path: &Path, error: &io::Error) -> SpoolError {
    SpoolError::Failed { place: format!("{what} {}", path.display()), error: error.to_string() }
}
