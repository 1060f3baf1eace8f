//! A hold on a content for as long as a value lives.

use std::fmt;
use std::sync::Arc;

use crate::shared::Shared;
use crate::{MediaId, Owner};

/// A content that is stored and stays so at least until this is dropped: the bridge between storing it and naming an owner.
pub struct Pin {
    shared: Arc<Shared>,
    slot: u32,
    id: MediaId,
    len: u32,
}

impl Pin {
    /// For a content whose pins have been counted up.
    pub(crate) fn new(shared: &Arc<Shared>, slot: u32, id: MediaId, len: u32) -> Pin {
        Pin { shared: Arc::clone(shared), slot, id, len }
    }

    /// The content's name.
    pub fn id(&self) -> &MediaId {
        &self.id
    }

    /// Octets of the content.
    pub fn len(&self) -> u64 {
        u64::from(self.len)
    }

    /// Whether the content has no octets.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Notes somebody who needs the content, as [`MediaStore::hold`](crate::MediaStore::hold) does.
    pub fn hold(&self, owner: Owner) {
        self.shared.index.lock().hold(self.slot, owner.0);
    }
}

impl Drop for Pin {
    fn drop(&mut self) {
        self.shared.change(|index| index.unpin(self.slot));
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pin").field(&self.id).finish()
    }
}
