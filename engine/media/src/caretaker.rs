//! The thread that gives space back: removes packs in which nothing is needed any more, and copies what is needed out of packs that are
//! mostly dead, so that one message that waits for days doesn't hold a whole pack.

use std::fs;
use std::io;
use std::sync::atomic::Ordering;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use crate::MediaError;
use crate::committer::{Copy, Job};
use crate::files::{self, Read};
use crate::folder::{corrupt, io_error};
use crate::frame::Listed;
use crate::index::Place;
use crate::shared::Shared;
use crate::writer::Content;

/// How often the thread looks by itself.
const ROUND: Duration = Duration::from_secs(1);
/// How long it pauses after a failure.
const PAUSE: Duration = Duration::from_secs(10);
/// Octets copied with one group at most, so that callers wait little longer; more only for a single content that is larger.
const BATCH: u64 = 1 << 20;
/// Slots of the index looked at under one lock.
const SLOTS: u32 = 1024;

/// Runs until the store closes.
pub(crate) fn run(shared: &Shared) {
    while shared.stopped().is_none() {
        if let Err(error) = tend(shared)
            && shared.stopped().is_none()
        {
            // Packs stay meanwhile; on a full disk contents are then refused, which says more than stopping would.
            tracing::error!(%error, "Giving back the space of contents that nobody needs failed.");
            shared.caretaker.wait(PAUSE);
        }
        shared.caretaker.wait(ROUND);
    }
}

/// Ticks for those who wait, and looks whether a disk that was full has room again.
pub(crate) fn watch(shared: &Shared) {
    let tick = (shared.options.deadline / 4).clamp(Duration::from_millis(1), Duration::from_secs(5));
    while shared.stopped().is_none() {
        shared.watcher.wait(tick);
        shared.slow.send_replace(());
        if shared.no_room(BATCH, shared.options.min_free).is_none() {
            shared.set_short(None);
        }
    }
}

/// Takes all contents out of the index that nobody needs.
pub(crate) fn bury(shared: &Shared) {
    let mut at = Some(0);
    while let Some(from) = at {
        at = shared.change(|index| index.bury_from(from, SLOTS));
    }
}

/// One round: as long as there is something to remove or to copy forward.
pub(crate) fn tend(shared: &Shared) -> Result<(), MediaError> {
    let _one_at_a_time = shared.tending.lock();
    if std::mem::take(&mut *shared.burying.lock()) {
        bury(shared);
    }
    let options = &shared.options;
    loop {
        drop_empty(shared);
        let (copy, end) = {
            let packs = &shared.index.lock().packs;
            (packs.to_copy(options.compact_percent, options.compact_slack), packs.to_end(options.compact_percent, least(shared)))
        };
        if end {
            let _ = shared.jobs.send(Job::End);
        }
        // Before all owners are told, everything counts as needed.
        let Some(number) = copy.filter(|_| shared.stopped().is_none()) else { return Ok(()) };
        copy_forward(shared, number)?;
    }
}

/// From which size on the pack being written is ended where it is mostly dead.
fn least(shared: &Shared) -> u64 {
    u64::from(shared.options.pack_size) / 4
}

/// Removes packs in which nothing is needed. One that cannot be removed now is after the next start.
fn drop_empty(shared: &Shared) {
    let numbers = shared.index.lock().packs.take_empty();
    for number in numbers {
        let path = shared.folder.pack(number);
        // Should the name be there again after a crash, so are contents that nobody needs.
        match fs::remove_file(&path) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => tracing::error!("{}", io_error("remove", &path, &e)),
            _ => {
                shared.counters.dropped.fetch_add(1, Ordering::Relaxed);
            }
        }
        shared.files.forget(number);
    }
}

/// Copies what is needed in a pack to the one being written.
fn copy_forward(shared: &Shared, number: u32) -> Result<(), MediaError> {
    let path = shared.folder.pack(number);
    let open = shared.files.open(&shared.folder, number)?.ok_or_else(|| corrupt(&path, 0, "the file is missing"))?;
    let size = open.file.metadata().map_err(|e| io_error("read", &path, &e))?.len() as u32;
    let (listed, _) = files::listed(&open.file, &path, &open.seed, size)?;
    let mut batch = Vec::new();
    let mut octets = 0;
    for one in listed {
        let place = Place { pack: number, offset: one.offset };
        if !shared.index.lock().lies_at(&one.id, place) {
            continue;
        }
        let Some(copy) = read(shared, one, place)? else { continue };
        if octets > 0 && octets + copy.content.frame() > BATCH {
            send(shared, std::mem::take(&mut batch))?;
            octets = 0;
        }
        octets += copy.content.frame();
        batch.push(copy);
    }
    if !batch.is_empty() {
        send(shared, batch)?;
    }
    Ok(())
}

/// A content that is to be copied. `None` where it cannot be: then the pack stays for as long as it is needed.
fn read(shared: &Shared, one: Listed, from: Place) -> Result<Option<Copy>, MediaError> {
    match shared.files.content(&shared.folder, &one.id, from, one.len) {
        Ok(Read::Content(content, crc)) => {
            Ok(Some(Copy { content: Content { id: one.id, parts: vec![content], len: one.len, crc }, from }))
        }
        Ok(Read::NoPack) => Ok(None),
        Err(error @ MediaError::Corrupt { .. }) => {
            tracing::error!(%error, "A content is lost. Its file stays where it is until nothing in it is needed any more.");
            shared.index.lock().packs.set_damaged(from.pack);
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn send(shared: &Shared, copies: Vec<Copy>) -> Result<(), MediaError> {
    let (done, ready) = sync_channel(1);
    shared.jobs.send(Job::Copy { copies, done }).map_err(|_| MediaError::Closing)?;
    ready.recv().map_err(|_| shared.unhealthy().unwrap_or(MediaError::Closing))
}
