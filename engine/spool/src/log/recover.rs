//! Opening: from the log files to the index.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;

use super::codec::{Malformed, Reader, Rec};
use super::config::SpoolConfig;
use super::folder::{Folder, io_error};
use super::frame::{HEADER_LEN, Header};
use super::index::{Index, Key, Segment};
use super::names::Names;
use super::scan::{Next, Scan};
use super::{index_file, keys};
use crate::{Cursor, Event, Millis, Parked, SpoolError};

/// What was found in a folder.
#[derive(Debug)]
pub(crate) struct Recovered {
    pub(crate) names: Names,
    pub(crate) index: Index,
    pub(crate) hash_key: [u8; 16],
    pub(crate) spares: Vec<PathBuf>,
}

/// Reads the folder. `writable`: files that were never used are taken away.
pub(crate) fn recover(config: &SpoolConfig, folder: &Folder, writable: bool) -> Result<Recovered, SpoolError> {
    let (numbers, spares) = folder.scan()?;
    let files = open_all(folder, &numbers, writable)?;
    let hash_key = match files.last() {
        Some((header, _)) => header.hash_key,
        None => std::array::from_fn(|_| fastrand::u8(..)),
    };
    let mut index = Index::new(config, hash_key);
    let mut names = Names::default();
    for key in keys::load(folder)? {
        index.dedup.insert(key);
    }
    let ends: Vec<Option<u32>> = files.iter().skip(1).map(|(header, _)| Some(header.prev_end)).chain([None]).collect();
    for ((header, file), end) in files.into_iter().zip(ends) {
        segment(folder, &mut index, &mut names, header, file, end)?;
    }
    let now = config.clock.now();
    if index.segments.len() == 0 {
        // The time in seconds: short ids that don't begin anew after a folder was wiped.
        index.next_id = (now / 1000).max(1);
    }
    index.segments.readers = config.readers.iter().map(|name| (name.clone(), Cursor::default())).collect();
    index.go_live(now);
    Ok(Recovered { names, index, hash_key, spares })
}

/// Opens all log files and checks that none is missing.
fn open_all(folder: &Folder, numbers: &[u64], writable: bool) -> Result<Vec<(Header, Arc<File>)>, SpoolError> {
    let mut files: Vec<(Header, Arc<File>)> = Vec::new();
    for (at, number) in numbers.iter().enumerate() {
        let path = folder.segment(*number);
        let file = OpenOptions::new().read(true).write(writable).open(&path).map_err(|e| io_error("open", &path, &e))?;
        let mut bytes = [0u8; HEADER_LEN as usize];
        let read = file.read_exact_at(&mut bytes, 0);
        let header = Header::decode(&bytes);
        match header {
            Some(header) if header.segment == *number => {
                if let Some((before, _)) = files.last()
                    && before.segment + 1 != *number
                {
                    return Err(corrupt(folder, before.segment + 1, 0, "is missing"));
                }
                files.push((header, Arc::new(file)));
            }
            // The last one may have been taken into use when the power went: zeros, or the header of its life before.
            other if at + 1 == numbers.len() && (other.is_some() || bytes.iter().all(|b| *b == 0) || read.is_err()) => {
                if writable {
                    fs::remove_file(&path).map_err(|e| io_error("remove", &path, &e))?;
                    folder.sync(&folder.segments())?;
                }
            }
            _ => return Err(corrupt(folder, *number, 0, "no valid header")),
        }
    }
    Ok(files)
}

/// Reads one log file; `end` is where the next one says that it ends.
fn segment(
    folder: &Folder,
    index: &mut Index,
    names: &mut Names,
    header: Header,
    file: Arc<File>,
    end: Option<u32>,
) -> Result<(), SpoolError> {
    let number = header.segment;
    index.next_id = index.next_id.max(header.next_id);
    index.next_key = index.next_key.max(header.next_key);
    if header.hash_key != index.key_bytes() {
        return Err(corrupt(folder, number, 56, "its key is another folder's"));
    }
    let seed = header.seed();
    let path = folder.segment(number);
    let size = file.metadata().map_err(|e| io_error("read", &path, &e))?.len() as u32;
    let indexed = end.and_then(|end| index_file::read(folder, &header, end));
    index.segments.push(Segment::new(header, Arc::clone(&file)));
    if let Some((shown, payloads)) = indexed {
        if let Some(segment) = index.segments.get_mut(number) {
            (segment.end, segment.shown, segment.indexed) = (end.unwrap_or(HEADER_LEN), shown, true);
        }
        return payloads
            .iter()
            .try_for_each(|payload| records(index, names, Reader::stripped(payload, number as u32)).map(|_| ()))
            .map_err(|Malformed| SpoolError::Corrupt {
                file: folder.index_file(number).display().to_string(),
                offset: 0,
                what: "a record that this version does not know (the file can be removed)".into(),
            });
    }
    let mut scan = Scan::new(&file, seed.clone(), HEADER_LEN, end.unwrap_or(size).min(size));
    let mut at = HEADER_LEN;
    loop {
        match scan.next().map_err(|e| io_error("read", &path, &e))? {
            Next::Frame(frame) => {
                let shown = records(index, names, Reader::new(&frame.payload, number as u32, frame.offset))
                    .map_err(|Malformed| corrupt(folder, number, frame.offset, "a record that this version does not know"))?;
                at = frame.end;
                if let Some(segment) = index.segments.get_mut(number) {
                    segment.end = at;
                    segment.shown = if shown { at } else { segment.shown };
                }
            }
            Next::End if end.is_none_or(|end| end == at) => return Ok(()),
            Next::Bad(_) if end.is_none() => break,
            Next::End | Next::Bad(_) => {
                return Err(corrupt(folder, number, at, "no valid transaction, although the log goes on behind it"));
            }
        }
    }
    // The torn tail of the last file, unless something behind it shows that it had been whole.
    let mut rest = vec![0; (size - at) as usize];
    file.read_exact_at(&mut rest, u64::from(at)).map_err(|e| io_error("read", &path, &e))?;
    match seed.later_group(&rest, at) {
        Some(_) => Err(corrupt(folder, number, at, "no valid transaction, although later ones follow in the file")),
        None => Ok(()),
    }
}

/// Applies the records of one frame; true if the feed shows something of it.
fn records(index: &mut Index, names: &mut Names, mut reader: Reader<'_>) -> Result<bool, Malformed> {
    let (at, shown) = reader.head()?;
    let segment = reader.segment();
    while let Some(rec) = reader.next()? {
        apply(index, names, rec, segment, at)?;
    }
    Ok(shown)
}

fn apply(index: &mut Index, names: &mut Names, rec: Rec, segment: u32, now: Millis) -> Result<(), Malformed> {
    match rec {
        Rec::Queue { number, name } => define(names.queues.restore(number, text(&name)?)),
        Rec::Group { number, name } => define(names.groups.restore(number, text(&name)?)),
        Rec::Copy { copy, body } | Rec::Replace { copy, body, .. } => {
            index.restore(&copy, body);
            Ok(())
        }
        Rec::Park { key, source, remote, body, at, copied } => {
            index.park(Parked { key, source, remote, body, at: copied.unwrap_or(now) });
            index.parked_at(key, at);
            Ok(())
        }
        Rec::Event { event, body, replay_expires } => {
            apply_event(index, event, segment, now, replay_expires, |index, id| index.written(id, body, now));
            Ok(())
        }
    }
}

fn apply_event(index: &mut Index, event: Event, segment: u32, now: Millis, replay_expires: Millis, written: impl Fn(&mut Index, u64)) {
    match event {
        Event::Accepted { id, entry } => {
            if let Some(hash) = index.dedup_hash(&entry) {
                index.dedup.insert(Key { hash, id: id.0, at: now, segment });
                index.dedup.expire(now);
            }
            index.accept(id, &entry, now);
            written(index, id.0);
        }
        Event::Settled { id, queue, outcome, .. } => index.settle(id, queue, &outcome, now),
        Event::Receipt { id, part, state, done, .. } => index.receipt(id, part, state, done),
        Event::Unparked { key } => index.unpark(key),
        Event::GaveUp { id } | Event::Cancelled { id, .. } | Event::Buried { id } => index.remove(id),
        Event::Replayed { id, queue } => index.replay(id, queue, replay_expires),
        Event::Parked { .. } | Event::Replaced { .. } | Event::Note { .. } => {}
    }
}

fn define(ok: bool) -> Result<(), Malformed> {
    if ok { Ok(()) } else { Err(Malformed) }
}

fn text(bytes: &[u8]) -> Result<&str, Malformed> {
    std::str::from_utf8(bytes).map_err(|_| Malformed)
}

pub(crate) fn corrupt(folder: &Folder, number: u64, offset: u32, what: &str) -> SpoolError {
    SpoolError::Corrupt { file: folder.segment(number).display().to_string(), offset: offset.into(), what: what.into() }
}
