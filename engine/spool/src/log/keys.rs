//! Idempotency keys of log files that are gone, saved apart so that they outlive the messages.
//!
//! One small file for each log file dropped: 16 octets head (magic, count, CRC), then 32 octets a key; gone when the youngest key in it
//! is out of the window. Its name says when that one was seen.

use std::fs;
use std::io::Write;

use super::codec::Hash128;
use super::folder::{Folder, create_private, io_error};
use super::index::Key;
use crate::{Millis, SpoolError};

const MAGIC: &[u8; 8] = b"WAXKEYS1";

/// Saves keys; durable when it returns.
pub(crate) fn save(folder: &Folder, segment: u64, keys: &[Key]) -> Result<(), SpoolError> {
    let Some(youngest) = keys.iter().map(|k| k.at).max() else { return Ok(()) };
    let mut body = Vec::with_capacity(keys.len() * 32);
    for key in keys {
        for word in [key.hash.0[0], key.hash.0[1], key.id, key.at] {
            body.extend_from_slice(&word.to_le_bytes());
        }
    }
    let dir = folder.keys();
    let path = dir.join(format!("{youngest}-{segment}.keys"));
    let raw = path.with_extension("tmp");
    create_private(&raw)
        .and_then(|mut file| {
            file.write_all(MAGIC)?;
            file.write_all(&(keys.len() as u32).to_le_bytes())?;
            file.write_all(&crc32fast::hash(&body).to_le_bytes())?;
            file.write_all(&body)?;
            file.sync_all()
        })
        .and_then(|()| fs::rename(&raw, &path))
        .map_err(|e| io_error("write", &path, &e))?;
    folder.sync(&dir)
}

/// All saved keys, oldest file first.
pub(crate) fn load(folder: &Folder) -> Result<Vec<Key>, SpoolError> {
    let mut all = Vec::new();
    for (_, path) in files(folder)? {
        let bytes = fs::read(&path).map_err(|e| io_error("read", &path, &e))?;
        let bad = |what: &str| SpoolError::Corrupt { file: path.display().to_string(), offset: 0, what: what.into() };
        let (head, body) = bytes.split_at_checked(16).ok_or_else(|| bad("shorter than its head"))?;
        if &head[..8] != MAGIC || crc32fast::hash(body).to_le_bytes() != head[12..16] {
            return Err(bad("its checksum is wrong"));
        }
        for key in body.chunks_exact(32) {
            let word = |at: usize| u64::from_le_bytes(key[at..at + 8].try_into().unwrap_or_default());
            all.push(Key { hash: Hash128([word(0), word(8)]), id: word(16), at: word(24), segment: 0 });
        }
    }
    Ok(all)
}

/// Removes files whose keys are all out of the window.
pub(crate) fn expire(folder: &Folder, before: Millis) -> Result<(), SpoolError> {
    for (youngest, path) in files(folder)? {
        if youngest <= before {
            fs::remove_file(&path).map_err(|e| io_error("remove", &path, &e))?;
        }
    }
    Ok(())
}

fn files(folder: &Folder) -> Result<Vec<(Millis, std::path::PathBuf)>, SpoolError> {
    let dir = folder.keys();
    let mut files = Vec::new();
    for entry in fs::read_dir(&dir).into_iter().flatten() {
        let path = entry.map_err(|e| io_error("list", &dir, &e))?.path();
        let name = path.file_name().and_then(|n| n.to_str()).and_then(|n| n.strip_suffix(".keys"));
        if let Some(youngest) = name.and_then(|n| n.split('-').next()?.parse().ok()) {
            files.push((youngest, path));
        }
    }
    files.sort();
    Ok(files)
}
