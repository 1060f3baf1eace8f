//! Where each content is, and who needs it.

use std::sync::Arc;

use hashbrown::HashMap;
use parking_lot::Mutex;
use smallvec::SmallVec;

use crate::pack::Pack;
use crate::record::HEAD;
use crate::{MediaId, Owner};

/// Parts of the index, each with a lock of its own.
const SHARDS: usize = 256;

/// A content.
#[derive(Debug)]
pub(crate) struct Blob {
    pub(crate) pack: Arc<Pack>,
    /// Of the content itself, behind its head.
    pub(crate) offset: u64,
    pub(crate) len: u64,
    pub(crate) crc: u32,
    /// Puts that are not through with it.
    pub(crate) pins: u32,
    pub(crate) owners: SmallVec<[Owner; 1]>,
}

impl Blob {
    /// Octets that it takes in its pack.
    pub(crate) fn size(&self) -> i64 {
        i64::try_from(self.len + HEAD as u64).unwrap_or(i64::MAX)
    }

    pub(crate) fn is_needed(&self) -> bool {
        self.pins > 0 || !self.owners.is_empty()
    }
}

/// A part of the index.
pub(crate) type Shard = HashMap<MediaId, Blob>;

/// All of it.
#[derive(Debug)]
pub(crate) struct Index(Box<[Mutex<Shard>]>);

impl Index {
    pub(crate) fn new() -> Index {
        Index((0..SHARDS).map(|_| Mutex::default()).collect())
    }

    /// The part that has this content. The first octet of a hash is as good as another.
    pub(crate) fn shard(&self, id: &MediaId) -> &Mutex<Shard> {
        &self.0[usize::from(id.as_bytes()[0]) % SHARDS]
    }

    pub(crate) fn shards(&self) -> impl Iterator<Item = &Mutex<Shard>> {
        self.0.iter()
    }
}
