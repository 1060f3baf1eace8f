//! The thread that keeps the log short: drops the oldest file when nothing needs it any more, and copies stragglers forward so that one
//! message with a long retry doesn't hold a whole file.

use std::sync::Arc;
use std::sync::mpsc::{Sender, SyncSender, sync_channel};
use std::time::Duration;

use bytes::Bytes;

use super::codec::{Pos, Reader, Rec};
use super::committer::{CopyItem, Job};
use super::folder::io_error;
use super::frame::HEADER_LEN;
use super::recover::corrupt;
use super::scan::{Next, Scan};
use super::shared::Shared;
use super::{index_file, keys};
use crate::{Event, SpoolError};

/// How often the thread looks by itself.
const ROUND: Duration = Duration::from_secs(1);
/// How long it pauses after a failure.
const PAUSE: Duration = Duration::from_secs(10);
/// Octets copied with one group at most, so that callers wait little longer.
const BATCH: usize = 256 * 1024;

/// Runs until the spool closes.
pub(crate) fn run(shared: &Shared, jobs: &Sender<Job>) {
    while shared.stopped().is_none() {
        shared.pool.look();
        if let Err(error) = tend(shared, jobs)
            && shared.stopped().is_none()
        {
            // The log grows meanwhile; on a full disk accepts are then refused, which says more than stopping would.
            tracing::error!(%error, "Keeping the log short failed.");
            shared.caretaker.wait(PAUSE);
        }
        shared.caretaker.wait(ROUND);
    }
}

/// One round: as long as there is something to drop or to copy forward.
pub(crate) fn tend(shared: &Shared, jobs: &Sender<Job>) -> Result<(), SpoolError> {
    let _one_at_a_time = shared.tending.lock();
    loop {
        while drop_oldest(shared)? {}
        if shared.stopped().is_some() || !worth_copying(shared) || !copy_oldest(shared, jobs)? {
            break;
        }
    }
    write_index_files(shared)?;
    let window = shared.config.dedup_window;
    keys::expire(&shared.folder, shared.config.clock.now().saturating_sub(window))
}

/// Drops the oldest file if nothing needs it. True if it did.
fn drop_oldest(shared: &Shared) -> Result<bool, SpoolError> {
    let (number, to_save) = {
        let index = shared.index.lock();
        if !index.segments.oldest_is_done() {
            return Ok(false);
        }
        let Some(number) = index.segments.oldest().map(|s| s.header.segment) else { return Ok(false) };
        (number, index.dedup.unsaved(number as u32))
    };
    keys::save(&shared.folder, number, &to_save)?;
    index_file::remove(&shared.folder, number)?;
    let gone = {
        let mut index = shared.index.lock();
        index.dedup.saved(number as u32);
        index.segments.pop_oldest()
    };
    // Somebody who is reading it keeps the file, but not its name; it must not be overwritten under them.
    let unused = gone.is_some_and(|segment| Arc::try_unwrap(segment.file).is_ok());
    // Were it left in its place while later ones go, the log would have a gap.
    shared.pool.give_back(&shared.folder.segment(number), unused).inspect_err(|error| shared.fail(error.clone()))?;
    Ok(true)
}

/// Writes index files beside the files that are full, if there are many.
fn write_index_files(shared: &Shared) -> Result<(), SpoolError> {
    let full: Vec<_> = {
        let index = shared.index.lock();
        let count = index.segments.len();
        let all = if count > shared.config.index_files_beyond { count - 1 } else { 0 };
        let segments = index.segments.iter().take(all).filter(|s| !s.indexed);
        segments.map(|s| (s.header.clone(), Arc::clone(&s.file), s.end, s.shown)).collect()
    };
    for (header, file, end, shown) in full {
        if shared.stopped().is_some() {
            break;
        }
        let number = header.segment;
        index_file::write(&shared.folder, &header, &file, end, shown)?;
        if let Some(segment) = shared.index.lock().segments.get_mut(number) {
            segment.indexed = true;
        }
    }
    Ok(())
}

/// Whether what is live in the oldest file should be copied forward.
fn worth_copying(shared: &Shared) -> bool {
    let index = shared.index.lock();
    let segments = &index.segments;
    // While a reader still needs the file, copying frees nothing.
    let Some(oldest) = segments.oldest().filter(|s| segments.len() > 1 && s.live > 0 && segments.oldest_is_read()) else { return false };
    let size = u64::from(shared.config.segment_size);
    let (_, live) = segments.octets();
    let sparse = oldest.live_octets * 100 < size * u64::from(shared.config.compact_percent);
    sparse || segments.len() as u64 * size > 4 * live + shared.config.compact_slack
}

/// Copies what is live in the oldest file to the end of the log. False if not all of it could be.
fn copy_oldest(shared: &Shared, jobs: &Sender<Job>) -> Result<bool, SpoolError> {
    let (number, file, seed, end) = {
        let index = shared.index.lock();
        let Some(oldest) = index.segments.oldest() else { return Ok(false) };
        (oldest.header.segment, Arc::clone(&oldest.file), oldest.header.seed(), oldest.end)
    };
    let batch_size = BATCH.min(shared.config.segment_size as usize / 8);
    let path = shared.folder.segment(number);
    let mut scan = Scan::new(&file, seed, HEADER_LEN, end);
    let mut batch = Vec::new();
    let mut octets = 0;
    loop {
        let frame = match scan.next().map_err(|e| io_error("read", &path, &e))? {
            Next::Frame(frame) => frame,
            Next::End => break,
            Next::Bad(at) => return Err(corrupt(&shared.folder, number, at, "no valid transaction where there was one")),
        };
        let bodies = bodies(&frame.payload, number as u32, frame.offset);
        let bodies = bodies.ok_or_else(|| corrupt(&shared.folder, number, frame.offset, "a record that this version does not know"))?;
        for item in live(shared, bodies) {
            if octets > 0 && octets + item.size() > batch_size {
                send(jobs, std::mem::take(&mut batch))?;
                octets = 0;
                if shared.stopped().is_some() {
                    return Ok(false);
                }
            }
            octets += item.size();
            batch.push(item);
        }
    }
    if !batch.is_empty() {
        send(jobs, batch)?;
    }
    let index = shared.index.lock();
    Ok(index.segments.oldest().is_some_and(|s| s.header.segment == number && s.live == 0))
}

fn send(jobs: &Sender<Job>, items: Vec<CopyItem>) -> Result<(), SpoolError> {
    let (done, ready): (SyncSender<()>, _) = sync_channel(1);
    jobs.send(Job::Copy { items, done }).map_err(|_| SpoolError::Closing)?;
    ready.recv().map_err(|_| SpoolError::Closing)
}

/// A body found in a file.
enum Body {
    Message(u64, Pos, Bytes),
    Parked(u64, Pos, usize),
}

fn bodies(payload: &Bytes, segment: u32, offset: u32) -> Option<Vec<Body>> {
    let mut reader = Reader::new(payload, segment, offset);
    reader.head().ok()?;
    let mut found = Vec::new();
    while let Some(rec) = reader.next().ok()? {
        found.extend(match rec {
            Rec::Event { event: Event::Accepted { id, entry }, body, .. } => Some(Body::Message(id.0, body, entry.body)),
            Rec::Copy { copy, body } | Rec::Replace { copy, body, .. } => Some(Body::Message(copy.id.0, body, copy.body)),
            Rec::Park { key, at, remote, .. } => Some(Body::Parked(key, at, remote.len())),
            _ => None,
        });
    }
    Some(found)
}

/// Those that are still needed from where they were found.
fn live(shared: &Shared, bodies: Vec<Body>) -> Vec<CopyItem> {
    if bodies.is_empty() {
        return Vec::new();
    }
    let index = shared.index.lock();
    let item = |body| match body {
        Body::Message(id, from, body) => {
            index.entries.get(id).filter(|e| e.pos() == from)?;
            Some(CopyItem::Message { id, from, body, parts: index.part_count(id) })
        }
        Body::Parked(key, from, remote) => (index.parked.pos(key) == Some(from)).then_some(CopyItem::Parked { key, from, remote }),
    };
    bodies.into_iter().filter_map(item).collect()
}
