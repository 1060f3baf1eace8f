//! Building the index from the packs: heads are read, contents are not, but for those of the newest pack.

use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use smallvec::SmallVec;

use crate::MediaError;
use crate::index::{Blob, Index};
use crate::pack::Pack;
use crate::record::{HEAD, Head, MAGIC};

/// Octets looked through at a time for the next head after damage.
const STRIDE: usize = 1 << 20;

/// What was found.
pub(crate) struct Found {
    pub(crate) packs: Vec<Arc<Pack>>,
    pub(crate) next: u64,
}

/// Reads all packs of a folder into the index.
pub(crate) fn read(folder: &Path, index: &Index) -> Result<Found, MediaError> {
    let mut numbers = Vec::new();
    let entries = std::fs::read_dir(folder).map_err(|e| MediaError::io("reading", folder, e))?;
    for entry in entries {
        let path = entry.map_err(|e| MediaError::io("reading", folder, e))?.path();
        numbers.extend(Pack::number_of(&path));
    }
    numbers.sort_unstable();
    let mut packs = Vec::with_capacity(numbers.len());
    for (n, number) in numbers.iter().enumerate() {
        let pack = Arc::new(Pack::open(Pack::path_of(folder, *number), *number)?);
        scan(&pack, index, n + 1 == numbers.len())?;
        packs.push(pack);
    }
    Ok(Found { packs, next: numbers.last().map_or(0, |n| n + 1) })
}

/// Reads one pack. Of the newest, what a crash has torn off is cut off: contents there may be incomplete, so they are read and checked.
fn scan(pack: &Arc<Pack>, index: &Index, is_newest: bool) -> Result<(), MediaError> {
    let len = pack.len();
    let mut at = 0;
    while at < len {
        let head = head(pack, at, len)?.filter(|h| is_within(h, at, len));
        let is_whole = match &head {
            Some(h) if is_newest => content_is(pack, h, at)?,
            Some(_) => true,
            None => false,
        };
        match head.filter(|_| is_whole) {
            Some(h) => {
                keep(pack, index, &h, at);
                at += HEAD as u64 + h.len;
            }
            None => match next_head(pack, at + 1, len, is_newest)? {
                Some(next) => {
                    let error = MediaError::Damaged { path: pack.path.clone(), offset: at };
                    tracing::error!("{error}; the store goes on at offset {next}");
                    at = next;
                }
                None => return cut(pack, at, len, is_newest),
            },
        }
    }
    Ok(())
}

fn head(pack: &Pack, at: u64, len: u64) -> Result<Option<Head>, MediaError> {
    if len - at < HEAD as u64 {
        return Ok(None);
    }
    let mut octets = [0; HEAD];
    pack.file.read_exact_at(&mut octets, at).map_err(|e| MediaError::io("reading", &pack.path, e))?;
    Ok(Head::decode(&octets))
}

fn is_within(head: &Head, at: u64, len: u64) -> bool {
    head.len.checked_add(at + HEAD as u64).is_some_and(|end| end <= len)
}

fn content_is(pack: &Pack, head: &Head, at: u64) -> Result<bool, MediaError> {
    let mut content = vec![0; usize::try_from(head.len).unwrap_or(usize::MAX)];
    pack.file.read_exact_at(&mut content, at + HEAD as u64).map_err(|e| MediaError::io("reading", &pack.path, e))?;
    Ok(crc32fast::hash(&content) == head.crc)
}

/// The next place from which on records are whole again. In the newest pack the content has to be as well.
fn next_head(pack: &Pack, from: u64, len: u64, is_newest: bool) -> Result<Option<u64>, MediaError> {
    let mut at = from;
    let mut window = vec![0; STRIDE + HEAD];
    while len.saturating_sub(at) >= HEAD as u64 {
        let n = usize::try_from((len - at).min(window.len() as u64)).unwrap_or(window.len());
        let window = &mut window[..n];
        pack.file.read_exact_at(window, at).map_err(|e| MediaError::io("reading", &pack.path, e))?;
        for (offset, candidate) in window.windows(HEAD).enumerate() {
            if !candidate.starts_with(&MAGIC) {
                continue;
            }
            let place = at + offset as u64;
            let decoded = candidate.try_into().ok().and_then(Head::decode).filter(|h| is_within(h, place, len));
            if let Some(h) = decoded
                && (!is_newest || content_is(pack, &h, place)?)
            {
                return Ok(Some(place));
            }
        }
        at += (n - HEAD + 1) as u64;
    }
    Ok(None)
}

/// Nothing comes after this place that could be read.
fn cut(pack: &Pack, at: u64, len: u64, is_newest: bool) -> Result<(), MediaError> {
    if is_newest {
        tracing::info!(pack = %pack.path.display(), octets = len - at, "cut off what a crash had left unfinished");
        pack.file.set_len(at).and_then(|()| pack.file.sync_all()).map_err(|e| MediaError::io("cutting", &pack.path, e))?;
        pack.len.store(at, Ordering::Release);
    } else {
        tracing::error!("{}", MediaError::Damaged { path: pack.path.clone(), offset: at });
    }
    Ok(())
}

fn keep(pack: &Arc<Pack>, index: &Index, head: &Head, at: u64) {
    let blob = Blob { pack: pack.clone(), offset: at + HEAD as u64, len: head.len, crc: head.crc, pins: 0, owners: SmallVec::new() };
    let size = blob.size();
    pack.live.fetch_add(size, Ordering::AcqRel);
    // A copy that was carried forward: the later one counts.
    if let Some(old) = index.shard(&head.id).lock().insert(head.id, blob) {
        old.pack.live.fetch_sub(old.size(), Ordering::AcqRel);
    }
}
