//! The feed: the log read back as events.

use std::sync::Arc;

use super::codec::{Reader, Rec};
use super::folder::io_error;
use super::frame::HEADER_LEN;
use super::recover::corrupt;
use super::scan::{Next, Scan};
use super::shared::Shared;
use crate::{Cursor, Event, FeedItem, SpoolError};

/// See [`crate::Spool::feed`].
pub(crate) fn read(shared: &Shared, after: Cursor, max_bytes: usize) -> Result<Vec<FeedItem>, SpoolError> {
    let files: Vec<_> = {
        let index = shared.index.lock();
        let newer = index.segments.iter().filter(|s| s.header.segment >= after.segment && s.shown > 0);
        newer.map(|s| (s.header.segment, Arc::clone(&s.file), s.header.seed(), s.shown)).collect()
    };
    let mut items = Vec::new();
    let mut octets = 0;
    for (number, file, seed, shown) in files {
        let from = if number == after.segment { (after.offset as u32).max(HEADER_LEN) } else { HEADER_LEN };
        let path = shared.folder.segment(number);
        let mut scan = Scan::new(&file, seed, from, shown).step(max_bytes);
        loop {
            if octets >= max_bytes && !items.is_empty() {
                return Ok(items);
            }
            match scan.next().map_err(|e| io_error("read", &path, &e))? {
                Next::End => break,
                Next::Bad(at) => return Err(corrupt(&shared.folder, number, at, "no transaction begins here, or it is damaged")),
                Next::Frame(frame) => {
                    octets += frame.payload.len();
                    let cursor = Cursor { segment: number, offset: frame.end.into() };
                    let decoded = events(&frame.payload, number as u32, frame.offset, cursor, &mut items);
                    decoded.ok_or_else(|| corrupt(&shared.folder, number, frame.offset, "a record that this version does not know"))?;
                }
            }
        }
    }
    Ok(items)
}

fn events(payload: &bytes::Bytes, segment: u32, offset: u32, cursor: Cursor, items: &mut Vec<FeedItem>) -> Option<()> {
    let mut reader = Reader::new(payload, segment, offset);
    let (at, shown) = reader.head().ok()?;
    while shown && let Some(rec) = reader.next().ok()? {
        let event = match rec {
            Rec::Event { event, .. } => event,
            Rec::Replace { copy, due, expires, .. } => Event::Replaced { id: copy.id, body: copy.body, due, expires },
            Rec::Park { source, remote, body, copied: None, .. } => Event::Parked { source, remote, body },
            Rec::Park { .. } | Rec::Queue { .. } | Rec::Group { .. } | Rec::Copy { .. } => continue,
        };
        items.push(FeedItem { cursor, at, event });
    }
    Some(())
}
