//! Push-ids that are being submitted at this moment: two requests with the same one must not both find that it is new.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The push-ids that are being submitted, each with its account.
#[derive(Default)]
pub(crate) struct Pending(Mutex<HashSet<(String, String)>>);

/// Ends with the submission.
pub(super) struct Claim<'a> {
    pending: &'a Pending,
    key: (String, String),
}

impl Pending {
    fn lock(&self) -> MutexGuard<'_, HashSet<(String, String)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `None` where somebody else is submitting it.
    pub(super) fn claim(&self, account: &str, push_id: &str) -> Option<Claim<'_>> {
        let key = (account.to_owned(), push_id.to_owned());
        let is_new = self.lock().insert(key.clone());
        // Made only where it is new: one that is dropped takes the key away.
        is_new.then(|| Claim { pending: self, key })
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        self.pending.lock().remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time() {
        let pending = Pending::default();
        let first = pending.claim("a", "1");
        assert!(first.is_some() && pending.claim("a", "1").is_none() && pending.claim("b", "1").is_some());
        drop(first);
        assert!(pending.claim("a", "1").is_some());
    }
}
