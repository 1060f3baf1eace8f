//! Reading a pack frame by frame, where it has no list: the one that was being written, or one whose list is damaged.

use std::fs::File;
use std::path::Path;

use crate::MediaError;
use crate::files::read_at;
use crate::folder::{corrupt, io_error};
use crate::frame::{HEAD_LEN, HEADER_LEN, Head, Kind, Listed, Seed};

/// What was found in a pack.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) listed: Vec<Listed>,
    /// Where the whole frames end.
    pub(crate) end: u32,
    /// Contents that were acknowledged and are damaged; they are in `listed` too.
    pub(crate) damaged: Vec<Listed>,
}

/// The frames of the pack that was being written, their contents checked. What a crash left unfinished at its end is left out: a frame is
/// unfinished where it or one of its group is not whole. One that is not whole although a later group follows had been acknowledged.
///
/// Fails where the head of an acknowledged frame is damaged, since then nobody knows what it was.
pub(crate) fn whole(file: &File, path: &Path, seed: &Seed, size: u32) -> Result<Found, MediaError> {
    let mut found = Found { end: HEADER_LEN, ..Found::default() };
    // The first frames of a group that may be unfinished.
    let mut torn: Vec<Listed> = Vec::new();
    let mut at = HEADER_LEN;
    while at < size {
        let head = seed.head(&read(file, path, at, HEAD_LEN)?, at);
        if head.as_ref().is_some_and(|h| torn.first().is_some_and(|first| h.group > first.offset)) {
            found.damaged.append(&mut torn);
        }
        let Some(head) = head.filter(|h| fits(h, at, size)) else {
            let since = torn.first().map_or(at, |first| first.offset);
            let rest = read(file, path, at + 1, size - at - 1)?;
            return match seed.later_group(&rest, at + 1, since) {
                Some(_) => Err(corrupt(path, at, "no valid head of a content, although later ones follow in the file")),
                None => Ok(cut(found, &torn, at)),
            };
        };
        let content = read(file, path, at + HEAD_LEN, head.len)?;
        let good = crc32fast::hash(&content) == head.crc;
        if head.kind == Kind::List {
            break;
        }
        let one = Listed { id: head.id, offset: at, len: head.len };
        if !good {
            torn.push(one);
        }
        found.listed.push(one);
        at += HEAD_LEN + head.len;
    }
    Ok(cut(found, &torn, at))
}

/// The frames of a full pack whose list is damaged, up to `end` or the list, without their contents.
pub(crate) fn heads(file: &File, path: &Path, seed: &Seed, end: u32) -> Result<Vec<Listed>, MediaError> {
    let mut listed = Vec::new();
    let mut at = HEADER_LEN;
    while at < end {
        let head = seed.head(&read(file, path, at, HEAD_LEN)?, at);
        let Some(head) = head.filter(|h| fits(h, at, end)) else {
            return Err(corrupt(path, at, "no valid head of a content, and the list of contents at the end is damaged too"));
        };
        if head.kind == Kind::List {
            break;
        }
        listed.push(Listed { id: head.id, offset: at, len: head.len });
        at += HEAD_LEN + head.len;
    }
    Ok(listed)
}

fn fits(head: &Head, at: u32, size: u32) -> bool {
    u64::from(at) + u64::from(HEAD_LEN) + u64::from(head.len) <= u64::from(size)
}

/// Leaves out everything from the first frame that is torn.
fn cut(mut found: Found, torn: &[Listed], at: u32) -> Found {
    found.end = torn.first().map_or(at, |first| first.offset);
    found.listed.retain(|one| one.offset < found.end);
    found
}

fn read(file: &File, path: &Path, at: u32, len: u32) -> Result<Vec<u8>, MediaError> {
    read_at(file, at, len as usize).map_err(|e| io_error("read", path, &e))
}
