//! Reading packs: a bounded number of open files, and contents that are checked.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use rustix::buffer::spare_capacity;

use crate::MediaError;
use crate::MediaId;
use crate::folder::{Folder, corrupt, io_error};
use crate::frame::{HEAD_LEN, HEADER_LEN, Head, Header, Kind, LISTED_LEN, Listed, Seed, TRAILER_LEN};
use crate::index::Place;

/// A pack that is open.
#[derive(Debug)]
pub(crate) struct Open {
    pub(crate) file: File,
    pub(crate) seed: Seed,
}

/// Packs that are open for reading.
#[derive(Debug)]
pub(crate) struct Files {
    most: usize,
    open: Mutex<Recent>,
}

#[derive(Debug, Default)]
struct Recent {
    /// With when each was last asked for.
    packs: HashMap<u32, (Arc<Open>, u64)>,
    clock: u64,
}

/// What reading a content came to.
#[derive(Debug)]
pub(crate) enum Read {
    /// The content and its CRC-32.
    Content(Bytes, u32),
    /// The pack is not there any more: the content has moved, or is gone.
    NoPack,
}

impl Files {
    pub(crate) fn new(most: usize) -> Files {
        Files { most, open: Mutex::default() }
    }

    /// A pack, opened where it is not yet. `None` where there is no such file.
    pub(crate) fn open(&self, folder: &Folder, number: u32) -> Result<Option<Arc<Open>>, MediaError> {
        {
            let mut recent = self.open.lock();
            recent.clock += 1;
            let now = recent.clock;
            if let Some((open, used)) = recent.packs.get_mut(&number) {
                *used = now;
                return Ok(Some(Arc::clone(open)));
            }
        }
        let path = folder.pack(number);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(io_error("open", &path, &e)),
        };
        let open = Arc::new(Open { seed: header(&file, &path, number)?.seed(), file });
        let mut recent = self.open.lock();
        if recent.packs.len() >= self.most
            && let Some(oldest) = recent.packs.iter().min_by_key(|(_, (_, used))| *used).map(|(number, _)| *number)
        {
            recent.packs.remove(&oldest);
        }
        let now = recent.clock;
        recent.packs.insert(number, (Arc::clone(&open), now));
        Ok(Some(open))
    }

    /// A pack is gone.
    pub(crate) fn forget(&self, number: u32) {
        self.open.lock().packs.remove(&number);
    }

    /// Reads a content and checks that it is what was stored.
    pub(crate) fn content(&self, folder: &Folder, id: &MediaId, place: Place, len: u32) -> Result<Read, MediaError> {
        let Some(open) = self.open(folder, place.pack)? else { return Ok(Read::NoPack) };
        let path = || folder.pack(place.pack);
        let bytes = read_at(&open.file, place.offset, HEAD_LEN as usize + len as usize).map_err(|e| io_error("read", &path(), &e))?;
        let mut content = Bytes::from(bytes);
        let head = content.split_to((HEAD_LEN as usize).min(content.len()));
        let head = open.seed.head(&head, place.offset).filter(|h| h.kind == Kind::Blob && h.id == *id && h.len == len);
        let Some(head) = head else { return Err(corrupt(&path(), place.offset, "the head of a content is damaged")) };
        if content.len() != len as usize || crc32fast::hash(&content) != head.crc {
            return Err(corrupt(&path(), place.offset, &format!("the content {id} does not match its checksum")));
        }
        Ok(Read::Content(content, head.crc))
    }
}

/// Up to so many octets from an offset; less where the file ends.
pub(crate) fn read_at(file: &File, offset: u32, len: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(len);
    while bytes.len() < len {
        let at = u64::from(offset) + bytes.len() as u64;
        match rustix::io::pread(file, spare_capacity(&mut bytes), at) {
            Ok(0) => break,
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(e) => return Err(e.into()),
        }
    }
    // An allocator may have given more than was asked for.
    bytes.truncate(len);
    Ok(bytes)
}

/// Reads and checks a pack's header.
pub(crate) fn header(file: &File, path: &Path, number: u32) -> Result<Header, MediaError> {
    let mut bytes = [0; HEADER_LEN as usize];
    match file.read_exact_at(&mut bytes, 0) {
        Err(e) if e.kind() != io::ErrorKind::UnexpectedEof => return Err(io_error("read", path, &e)),
        _ => {}
    }
    Header::decode(&bytes).filter(|h| h.number == number).ok_or_else(|| corrupt(path, 0, "no valid header of a pack"))
}

/// Where the list of a full pack begins, by its trailer. `None` where the pack is not full, or the trailer is damaged.
pub(crate) fn list_at(file: &File, seed: &Seed, size: u32) -> io::Result<Option<u32>> {
    let Some(trailer_at) = size.checked_sub(TRAILER_LEN) else { return Ok(None) };
    let trailer = read_at(file, trailer_at, TRAILER_LEN as usize)?;
    let within = |at: &u32| *at >= HEADER_LEN && trailer_at.checked_sub(HEAD_LEN).is_some_and(|last| *at <= last);
    Ok(seed.list_offset(&trailer).filter(within))
}

/// The list of a full pack. `None` where the pack is not full, or list or trailer are damaged.
pub(crate) fn list(file: &File, seed: &Seed, size: u32) -> io::Result<Option<Vec<Listed>>> {
    let Some(at) = list_at(file, seed, size)? else { return Ok(None) };
    let bytes = read_at(file, at, (size - TRAILER_LEN - at) as usize)?;
    let head = seed.head(&bytes, at).filter(|h| h.kind == Kind::List);
    let content = &bytes[(HEAD_LEN as usize).min(bytes.len())..];
    let whole = |h: &Head| h.len as usize == content.len() && content.len().is_multiple_of(LISTED_LEN) && crc32fast::hash(content) == h.crc;
    if !head.is_some_and(|h| whole(&h)) {
        return Ok(None);
    }
    let all: Vec<Listed> = Listed::all(content).collect();
    Ok(all.iter().all(|one| one.offset >= HEADER_LEN && one.end() <= u64::from(at)).then_some(all))
}

/// The contents of a full pack, from its list, or where that is damaged from the heads.
pub(crate) fn listed(file: &File, path: &Path, seed: &Seed, size: u32) -> Result<(Vec<Listed>, bool), MediaError> {
    let failed = |e| io_error("read", path, &e);
    if let Some(listed) = list(file, seed, size).map_err(failed)? {
        return Ok((listed, true));
    }
    let end = list_at(file, seed, size).map_err(failed)?.unwrap_or(size);
    Ok((crate::scan::heads(file, path, seed, end)?, false))
}
