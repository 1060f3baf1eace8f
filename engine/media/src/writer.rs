//! The pack that is being written.

use std::fs::{self, File};
use std::io::{self, IoSlice};
use std::path::PathBuf;
use std::sync::atomic::Ordering;

use bytes::Bytes;

use crate::MediaError;
use crate::MediaId;
use crate::folder::{create_private, io_error};
use crate::frame::{HEAD_LEN, HEADER_LEN, Head, Header, Kind, LISTED_LEN, Listed, Seed, TRAILER_LEN};
use crate::shared::Shared;

/// Contents of a pack, at most: bounds its list, and the time it takes to read a pack without one.
const MOST_LISTED: usize = 1 << 16;
/// Slices that the system takes at once.
const SLICES: usize = 1024;

/// A content to be written.
#[derive(Debug)]
pub(crate) struct Content {
    pub(crate) id: MediaId,
    pub(crate) parts: Vec<Bytes>,
    /// Octets of all parts.
    pub(crate) len: u32,
    /// CRC-32 of all parts.
    pub(crate) crc: u32,
}

/// A pack to which contents are appended.
#[derive(Debug)]
pub(crate) struct Writer {
    pub(crate) number: u32,
    file: File,
    path: PathBuf,
    seed: Seed,
    /// Where the next frame goes.
    end: u32,
    listed: Vec<Listed>,
}

/// Why a group was not written.
#[derive(Debug)]
pub(crate) enum Unwritten {
    /// There is no room; nothing has changed.
    Full,
    /// The disk failed, and nobody knows what it has.
    Broken(MediaError),
}

impl Content {
    /// Octets of its frame.
    pub(crate) fn frame(&self) -> u64 {
        u64::from(HEAD_LEN) + u64::from(self.len)
    }
}

impl Writer {
    /// Makes a pack. Its header and its name are durable before anything is put in, so that no crash explains one without.
    pub(crate) fn create(shared: &Shared) -> Result<Writer, Unwritten> {
        let number = shared.index.lock().packs.next();
        let path = shared.folder.pack(number);
        let raw = path.with_extension("tmp");
        let header = Header { number, nonce: fastrand::u64(..) };
        let made = shared.ask("write").and_then(|()| {
            let file = create_private(&raw)?;
            write_all(&file, &mut [IoSlice::new(&header.encode())], 0)?;
            if shared.options.sync {
                shared.ask("sync").and_then(|()| file.sync_all())?;
            }
            fs::rename(&raw, &path)?;
            Ok(file)
        });
        let file = made.map_err(|e| {
            let _ = fs::remove_file(&raw);
            if is_full(&e) { Unwritten::Full } else { Unwritten::Broken(io_error("make", &path, &e)) }
        })?;
        if shared.options.sync {
            shared.folder.sync().map_err(Unwritten::Broken)?;
        }
        let writer = Writer { number, file, path, seed: header.seed(), end: HEADER_LEN, listed: Vec::new() };
        let mut index = shared.index.lock();
        index.packs.set_size(number, u64::from(HEADER_LEN));
        index.packs.active = Some(number);
        Ok(writer)
    }

    /// Goes on with a pack that was found, whose frames end at `end`, where the file ends too.
    pub(crate) fn resume(file: File, path: PathBuf, header: &Header, end: u32, listed: Vec<Listed>) -> Writer {
        Writer { number: header.number, file, path, seed: header.seed(), end, listed }
    }

    /// How many of these contents, in their order, fit in here: at least one if there is none in it yet.
    pub(crate) fn fitting<'a>(&self, pack_size: u32, contents: impl Iterator<Item = &'a Content>) -> usize {
        let mut end = u64::from(self.end);
        let room = MOST_LISTED.saturating_sub(self.listed.len());
        let fits = |(at, content): &(usize, &Content)| {
            end += content.frame();
            end <= u64::from(pack_size) || (*at == 0 && self.listed.is_empty())
        };
        contents.enumerate().take(room).take_while(fits).count()
    }

    /// Appends contents with one write and syncs them. Where their frames lie.
    pub(crate) fn append(&mut self, shared: &Shared, contents: &[&Content]) -> Result<Vec<u32>, Unwritten> {
        let mut heads = Vec::with_capacity(contents.len() * HEAD_LEN as usize);
        let mut offsets = Vec::with_capacity(contents.len());
        let mut end = self.end;
        for content in contents {
            offsets.push(end);
            let head = Head { kind: Kind::Blob, len: content.len, group: self.end, id: content.id, crc: content.crc };
            self.seed.put_head(&mut heads, &head, end);
            end += HEAD_LEN + content.len;
        }
        let mut slices = Vec::with_capacity(contents.len() * 2);
        for (content, head) in contents.iter().zip(heads.chunks_exact(HEAD_LEN as usize)) {
            slices.push(IoSlice::new(head));
            slices.extend(content.parts.iter().filter(|part| !part.is_empty()).map(|part| IoSlice::new(part)));
        }
        self.write(shared, &mut slices)?;
        self.listed.extend(contents.iter().zip(&offsets).map(|(c, offset)| Listed { id: c.id, offset: *offset, len: c.len }));
        self.end = end;
        shared.index.lock().packs.set_size(self.number, u64::from(end));
        Ok(offsets)
    }

    /// Ends the pack with its list.
    pub(crate) fn finish(&mut self, shared: &Shared) -> Result<(), Unwritten> {
        let mut list = Vec::with_capacity(self.listed.len() * LISTED_LEN);
        self.listed.iter().for_each(|one| one.put(&mut list));
        let mut head = Vec::with_capacity(HEAD_LEN as usize);
        let (len, crc) = (list.len() as u32, crc32fast::hash(&list));
        self.seed.put_head(&mut head, &Head { kind: Kind::List, len, group: self.end, id: MediaId::from_bytes([0; 32]), crc }, self.end);
        let trailer = self.seed.trailer(self.end);
        self.write(shared, &mut [IoSlice::new(&head), IoSlice::new(&list), IoSlice::new(&trailer)])?;
        let mut index = shared.index.lock();
        index.packs.set_size(self.number, u64::from(self.end + HEAD_LEN + len + TRAILER_LEN));
        index.packs.active = None;
        Ok(())
    }

    /// Whether there is nothing in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.listed.is_empty()
    }

    fn write(&mut self, shared: &Shared, slices: &mut [IoSlice<'_>]) -> Result<(), Unwritten> {
        let octets: usize = slices.iter().map(|slice| slice.len()).sum();
        let written = shared.ask("write").and_then(|()| write_all(&self.file, slices, self.end.into()));
        match written {
            Ok(()) => {}
            // What was reserved for a write is there, so that a disk that is full shows here, and not in the sync.
            Err(e) if is_full(&e) => {
                let undone = self.file.set_len(self.end.into());
                return Err(undone.map_or_else(|e| Unwritten::Broken(io_error("shorten", &self.path, &e)), |()| Unwritten::Full));
            }
            Err(e) => return Err(Unwritten::Broken(io_error("write", &self.path, &e))),
        }
        if shared.options.sync {
            shared.counters.syncs.fetch_add(1, Ordering::Relaxed);
            let synced = shared.ask("sync").and_then(|()| self.file.sync_data());
            synced.map_err(|e| Unwritten::Broken(io_error("sync", &self.path, &e)))?;
        }
        shared.counters.written.fetch_add(octets as u64, Ordering::Relaxed);
        Ok(())
    }
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

fn write_all(file: &File, mut slices: &mut [IoSlice<'_>], mut offset: u64) -> io::Result<()> {
    while !slices.is_empty() {
        match rustix::io::pwritev(file, &slices[..slices.len().min(SLICES)], offset) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(n) => {
                offset += n as u64;
                IoSlice::advance_slices(&mut slices, n);
            }
            Err(rustix::io::Errno::INTR) => {}
            Err(e) => return Err(e.into()),
        }
    }
    Ok(())
}
