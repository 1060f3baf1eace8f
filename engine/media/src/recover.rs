//! Opening: from the packs to the index.

use std::fs::OpenOptions;

use crate::MediaError;
use crate::files;
use crate::folder::{Folder, corrupt, io_error};
use crate::frame::Listed;
use crate::index::{Index, Place};
use crate::scan;
use crate::writer::Writer;

/// Reads the folder. Also gives the pack to go on with, if there is one that is not full.
///
/// Full packs are known by their lists, without reading the contents. The last one is read whole, and synced: after a crash of the process
/// alone it may hold what has not reached the disk yet, and who puts the same content again is told that it is durable.
pub(crate) fn recover(folder: &Folder, sync: bool) -> Result<(Index, Option<Writer>), MediaError> {
    let numbers = folder.scan()?;
    if sync {
        folder.sync()?;
    }
    let mut index = Index::new();
    let mut writer = None;
    for number in &numbers {
        let last = numbers.last() == Some(number);
        writer = pack(folder, &mut index, *number, last, sync)?;
    }
    if let Some(writer) = &writer {
        index.packs.active = Some(writer.number);
    }
    Ok((index, writer))
}

fn pack(folder: &Folder, index: &mut Index, number: u32, last: bool, sync: bool) -> Result<Option<Writer>, MediaError> {
    let path = folder.pack(number);
    let file = OpenOptions::new().read(true).write(last).open(&path).map_err(|e| io_error("open", &path, &e))?;
    let header = files::header(&file, &path, number)?;
    let seed = header.seed();
    let size = file.metadata().map_err(|e| io_error("read", &path, &e))?.len();
    let Ok(size) = u32::try_from(size) else { return Err(corrupt(&path, u32::MAX, "the file is larger than a pack can be")) };
    let known = |index: &mut Index, listed: &[Listed], size: u32| {
        for one in listed {
            index.insert(one.id, Place { pack: number, offset: one.offset }, one.len);
        }
        index.packs.set_size(number, size.into());
    };
    if !last {
        let (listed, from_list) = files::listed(&file, &path, &seed, size)?;
        if !from_list {
            tracing::warn!(path = %path.display(), "The list at the end of a pack is damaged; the pack was read without.");
        }
        known(index, &listed, size);
        return Ok(None);
    }
    if let Some(listed) = files::list(&file, &seed, size).map_err(|e| io_error("read", &path, &e))? {
        if sync {
            file.sync_all().map_err(|e| io_error("sync", &path, &e))?;
        }
        known(index, &listed, size);
        return Ok(None);
    }
    let found = scan::whole(&file, &path, &seed, size)?;
    for one in &found.damaged {
        tracing::error!(id = %one.id, path = %path.display(), offset = one.offset, "A content is damaged, and lost.");
    }
    if found.end < size {
        file.set_len(found.end.into()).map_err(|e| io_error("shorten", &path, &e))?;
    }
    if sync {
        file.sync_all().map_err(|e| io_error("sync", &path, &e))?;
    }
    known(index, &found.listed, found.end);
    if !found.damaged.is_empty() {
        index.packs.set_damaged(number);
    }
    Ok(Some(Writer::resume(file, path, &header, found.end, found.listed)))
}
