//! Index files: what recovery needs of a full log file, about a seventh of its size.
//!
//! Head of 48 octets (magic, segment, nonce, end, end of what the feed shows, CRC of the rest, count of payloads, length of the rest),
//! then for each frame the length of its stripped payload and that payload. Not synced and never needed: one that is missing, torn or
//! of another life of its log file is passed over, and the log file read instead.

use std::fs::{self, File};
use std::io::Write;

use bytes::{Buf, Bytes};

use super::codec::{Malformed, put_u64, strip};
use super::folder::{Folder, create_private, io_error};
use super::frame::{HEADER_LEN, Header};
use super::recover::corrupt;
use super::scan::{Next, Scan};
use crate::SpoolError;

const MAGIC: &[u8; 8] = b"WAXINDX1";
const HEAD: usize = 48;

/// Writes the index file of a log file that is full.
pub(crate) fn write(folder: &Folder, header: &Header, file: &File, end: u32, shown: u32) -> Result<(), SpoolError> {
    let number = header.segment;
    let path = folder.segment(number);
    let mut scan = Scan::new(file, header.seed(), HEADER_LEN, end);
    let (mut rest, mut one, mut count) = (Vec::new(), Vec::new(), 0u32);
    loop {
        match scan.next().map_err(|e| io_error("read", &path, &e))? {
            Next::End => break,
            Next::Bad(at) => return Err(corrupt(folder, number, at, "no valid transaction where there was one")),
            Next::Frame(frame) => {
                one.clear();
                strip(&mut one, &frame.payload, number as u32, frame.offset)
                    .map_err(|Malformed| corrupt(folder, number, frame.offset, "a record that this version does not know"))?;
                put_u64(&mut rest, one.len() as u64);
                rest.extend_from_slice(&one);
                count += 1;
            }
        }
    }
    let mut head = Vec::with_capacity(HEAD);
    head.extend_from_slice(MAGIC);
    head.extend_from_slice(&number.to_le_bytes());
    head.extend_from_slice(&header.nonce.to_le_bytes());
    for word in [end, shown, crc32fast::hash(&rest), count] {
        head.extend_from_slice(&word.to_le_bytes());
    }
    head.extend_from_slice(&(rest.len() as u64).to_le_bytes());
    let path = folder.index_file(number);
    let raw = path.with_extension("tmp");
    let written = create_private(&raw).and_then(|mut file| file.write_all(&head).and_then(|()| file.write_all(&rest)));
    written.and_then(|()| fs::rename(&raw, &path)).or_else(|error| {
        // It is only a help: a disk that has no room for it is no reason to stop.
        let _ = fs::remove_file(&raw);
        tracing::warn!(path = %path.display(), %error, "An index file could not be written.");
        Ok(())
    })
}

/// End of what the feed shows, and stripped payloads. `None` where the file is of no use.
pub(crate) fn read(folder: &Folder, header: &Header, end: u32) -> Option<(u32, Vec<Bytes>)> {
    let mut bytes = Bytes::from(fs::read(folder.index_file(header.segment)).ok()?);
    if bytes.len() < HEAD || bytes.split_to(8) != MAGIC[..] {
        return None;
    }
    let (segment, nonce) = (bytes.get_u64_le(), bytes.get_u64_le());
    let (file_end, shown, crc, count) = (bytes.get_u32_le(), bytes.get_u32_le(), bytes.get_u32_le(), bytes.get_u32_le());
    let len = bytes.get_u64_le();
    let ours = (segment, nonce, file_end, len) == (header.segment, header.nonce, end, bytes.len() as u64);
    if !ours || crc32fast::hash(&bytes) != crc {
        return None;
    }
    let mut payloads = Vec::with_capacity((count as usize).min(bytes.len()));
    while !bytes.is_empty() {
        let len = length(&mut bytes)?;
        if len > bytes.len() {
            return None;
        }
        payloads.push(bytes.split_to(len));
    }
    (payloads.len() == count as usize).then_some((shown, payloads))
}

/// Removes the index file of a log file, if there is one.
pub(crate) fn remove(folder: &Folder, number: u64) -> Result<(), SpoolError> {
    let path = folder.index_file(number);
    match fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(io_error("remove", &path, &error)),
        _ => Ok(()),
    }
}

fn length(bytes: &mut Bytes) -> Option<usize> {
    let mut value = 0usize;
    for shift in (0..35).step_by(7) {
        let octet = bytes.try_get_u8().ok()?;
        value |= usize::from(octet & 0x7F) << shift;
        if octet & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}
