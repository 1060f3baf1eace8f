//! The folder of day files: which days there are, which of them are open, what becomes of damaged and of old ones.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::RwLock;
use waxwing_core::MsgId;
use waxwing_spool::Cursor;

use crate::dayfile::{DayFile, Work};
use crate::{Day, LedgerError};

/// Day files held open for writing: today's, and those of the last days, whose messages still get receipts.
const OPEN: usize = 6;

/// Which days there are, with the lowest and highest id in each. Shared with the readers.
#[derive(Debug, Default)]
pub(crate) struct Catalogue {
    days: RwLock<BTreeMap<Day, Option<(MsgId, MsgId)>>>,
    /// How many files were deleted or moved aside since start.
    generation: AtomicU64,
}

impl Catalogue {
    /// The days that may have a message or receipt of this number, the newest first: one, as a rule.
    pub(crate) fn candidates(&self, id: MsgId) -> Vec<Day> {
        let days = self.days.read();
        days.iter().rev().filter(|(_, range)| range.is_some_and(|(lo, hi)| lo <= id && id <= hi)).map(|(d, _)| *d).collect()
    }

    /// The highest number of a day.
    pub(crate) fn highest(&self, day: Day) -> Option<MsgId> {
        self.days.read().get(&day).copied().flatten().map(|(_, hi)| hi)
    }

    /// All days, the oldest first.
    pub(crate) fn days(&self) -> Vec<Day> {
        self.days.read().keys().copied().collect()
    }

    pub(crate) fn has(&self, day: Day) -> bool {
        self.days.read().contains_key(&day)
    }

    fn set(&self, day: Day, range: Option<(MsgId, MsgId)>) {
        self.days.write().insert(day, range);
    }

    /// Connections that were opened under another number than this may be to files that are gone.
    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    fn remove(&self, day: Day) {
        self.days.write().remove(&day);
        self.generation.fetch_add(1, Ordering::AcqRel);
    }

    /// A day has, or is about to have, messages with these numbers.
    pub(crate) fn extend(&self, day: Day, lo: MsgId, hi: MsgId) {
        let mut days = self.days.write();
        let range = days.entry(day).or_default();
        *range = Some(range.map_or((lo, hi), |(l, h)| (l.min(lo), h.max(hi))));
    }
}

/// The day files, as the projection writes them.
pub(crate) struct Files {
    folder: PathBuf,
    catalogue: Arc<Catalogue>,
    /// The one used last is the last.
    open: Vec<(Day, DayFile)>,
    unsynced: BTreeSet<Day>,
}

impl Files {
    /// Looks what is there. Damaged files are moved aside; `true` says that there were some.
    pub(crate) fn open(folder: &Path, catalogue: Arc<Catalogue>) -> Result<(Files, bool), LedgerError> {
        let mut files = Files { folder: folder.to_owned(), catalogue, open: Vec::new(), unsynced: BTreeSet::new() };
        let mut damaged = false;
        let list = fs::read_dir(folder).map_err(|e| LedgerError::io("listing", folder, e))?;
        let mut days: Vec<Day> = list.flatten().filter_map(|f| f.file_name().to_str()?.strip_suffix(".db")?.parse().ok()).collect();
        days.sort_unstable();
        for day in days {
            match files.get(day).and_then(|f| f.range()) {
                Ok(range) => files.catalogue.set(day, range),
                Err(e) if e.is_damage() => {
                    files.set_aside(day, &e)?;
                    damaged = true;
                }
                Err(e) => return Err(e),
            }
        }
        files.unsynced.clear();
        Ok((files, damaged))
    }

    /// Whether a day has a file.
    pub(crate) fn has(&self, day: Day) -> bool {
        self.catalogue.has(day)
    }

    /// The highest number of a day.
    pub(crate) fn highest(&self, day: Day) -> Option<MsgId> {
        self.catalogue.highest(day)
    }

    /// Which files may have a number.
    pub(crate) fn candidates(&self, id: MsgId) -> Vec<Day> {
        self.catalogue.candidates(id)
    }

    /// A day's file, made where it is not there.
    pub(crate) fn get(&mut self, day: Day) -> Result<&mut DayFile, LedgerError> {
        if let Some(at) = self.open.iter().position(|(d, _)| *d == day) {
            let last = self.open.len() - 1;
            self.open[at..=last].rotate_left(1);
        } else {
            if self.open.len() >= OPEN {
                self.close_oldest()?;
            }
            let path = path_of(&self.folder, day);
            let is_new = !path.exists();
            let file = DayFile::open(&path)?;
            if is_new {
                sync_folder(&self.folder)?;
                self.catalogue.set(day, None);
            }
            self.open.push((day, file));
        }
        let last = self.open.len() - 1;
        Ok(&mut self.open[last].1)
    }

    /// Remembers that a file gets rows, with these numbers, which will not be durable at once.
    pub(crate) fn expect(&mut self, day: Day, ids: Option<(MsgId, MsgId)>) {
        self.unsynced.insert(day);
        if let Some((lo, hi)) = ids {
            self.catalogue.extend(day, lo, hi);
        }
    }

    /// Ends whatever a batch has begun and not written.
    pub(crate) fn forget(&mut self) {
        self.open.iter_mut().for_each(|(_, f)| f.forget());
    }

    /// Makes everything durable.
    pub(crate) fn sync(&mut self) -> Result<(), LedgerError> {
        for (day, file) in &self.open {
            if self.unsynced.contains(day) {
                file.sync()?;
                self.unsynced.remove(day);
            }
        }
        Ok(())
    }

    /// Makes all files forget their place in the feed, durably: it is another feed.
    pub(crate) fn begin_anew(&mut self) -> Result<(), LedgerError> {
        for day in self.days() {
            let file = self.get(day)?;
            file.write(&Work::default(), Cursor::default())?;
            file.sync()?;
        }
        Ok(())
    }

    fn close_oldest(&mut self) -> Result<(), LedgerError> {
        let Some((day, file)) = self.open.first() else { return Ok(()) };
        if self.unsynced.contains(day) {
            file.sync()?;
            self.unsynced.remove(day);
        }
        self.open.remove(0);
        Ok(())
    }

    /// Moves a damaged file out of the way, with whatever belongs to it.
    pub(crate) fn set_aside(&mut self, day: Day, why: &LedgerError) -> Result<(), LedgerError> {
        self.open.retain(|(d, _)| *d != day);
        self.unsynced.remove(&day);
        self.catalogue.remove(day);
        let path = path_of(&self.folder, day);
        let aside = set_aside(&path)?;
        tracing::error!(
            file = %path.display(), moved_to = %aside.display(),
            "the ledger's file is damaged and was moved aside; the day is written anew as far as the spool's log reaches back: {why}"
        );
        sync_folder(&self.folder)
    }

    /// Deletes a day.
    pub(crate) fn delete(&mut self, day: Day) -> Result<(), LedgerError> {
        self.open.retain(|(d, _)| *d != day);
        self.unsynced.remove(&day);
        self.catalogue.remove(day);
        let path = path_of(&self.folder, day);
        // The file itself last: while it is there, the deletion is repeated after a crash.
        for path in [beside(&path, "-shm"), beside(&path, "-wal"), path] {
            match fs::remove_file(&path) {
                Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(LedgerError::io("deleting", &path, e)),
                _ => {}
            }
        }
        sync_folder(&self.folder)
    }

    /// All days, the oldest first.
    pub(crate) fn days(&self) -> Vec<Day> {
        self.catalogue.days()
    }
}

/// Where a day's file is.
pub(crate) fn path_of(folder: &Path, day: Day) -> PathBuf {
    folder.join(format!("{day}.db"))
}

/// Renames a damaged database and the files beside it. Returns the new name.
pub(crate) fn set_aside(path: &Path) -> Result<PathBuf, LedgerError> {
    let name = |n: u32| beside(path, &if n == 0 { ".damaged".to_owned() } else { format!(".damaged-{n}") });
    let aside = (0..).map(name).find(|p| !p.exists()).unwrap_or_else(|| name(0));
    for suffix in ["-wal", ""] {
        let (from, to) = (beside(path, suffix), beside(&aside, suffix));
        match fs::rename(&from, &to) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(LedgerError::io("moving aside", &from, e)),
            _ => {}
        }
    }
    let _ = fs::remove_file(beside(path, "-shm")); // only an index of the write-ahead log, made anew by whoever opens it
    Ok(aside)
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.to_owned().into_os_string();
    name.push(suffix);
    PathBuf::from(name)
}

/// Makes names in a folder durable.
pub(crate) fn sync_folder(folder: &Path) -> Result<(), LedgerError> {
    File::open(folder).and_then(|f| f.sync_all()).map_err(|e| LedgerError::io("syncing", folder, e))
}
