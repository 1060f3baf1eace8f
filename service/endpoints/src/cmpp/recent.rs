//! Submissions of a connection that may come again.
//!
//! A client that waits longer than it likes for an answer sends the same again, with the same Sequence_Id (CMPP 3.0 section 7.2). That must not become
//! a second message: it gets the answer of the first.

use std::collections::VecDeque;
use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashMap};
use waxwing_cmpp::MsgId;

/// Answered submissions that are remembered. Those not answered yet are bounded by what a client may have unanswered.
const ANSWERED: usize = 1024;

/// What is known of a submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// Never seen.
    New,
    /// Its answer is yet to come.
    Unanswered,
    /// It was answered with this id and result.
    Answered(MsgId, u32),
}

/// The latest submissions of one connection.
#[derive(Debug, Default)]
pub(super) struct Recent {
    by_sequence: HashMap<u32, (u64, Seen)>,
    answered: VecDeque<u32>,
    hasher: DefaultHashBuilder,
}

impl Recent {
    /// Whether this PDU, behind its header, came before under this number; if not, it is remembered.
    pub(super) fn seen(&mut self, sequence_id: u32, body: &[u8]) -> Seen {
        let hash = self.hasher.hash_one(body);
        match self.by_sequence.get(&sequence_id) {
            Some((known, seen)) if *known == hash => *seen,
            _ => {
                self.by_sequence.insert(sequence_id, (hash, Seen::Unanswered));
                Seen::New
            }
        }
    }

    /// It was answered.
    pub(super) fn answered(&mut self, sequence_id: u32, id: MsgId, result: u32) {
        let Some((_, seen)) = self.by_sequence.get_mut(&sequence_id) else { return };
        *seen = Seen::Answered(id, result);
        self.answered.push_back(sequence_id);
        if self.answered.len() > ANSWERED
            && let Some(oldest) = self.answered.pop_front()
            && self.by_sequence.get(&oldest).is_some_and(|(_, s)| *s != Seen::Unanswered)
        {
            self.by_sequence.remove(&oldest);
        }
    }

    /// It was refused for the moment: the client is to send it again, and then it is new.
    pub(super) fn forget(&mut self, sequence_id: u32) {
        self.by_sequence.remove(&sequence_id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_again_has_the_same_answer() {
        let mut r = Recent::default();
        assert_eq!(r.seen(1, b"a"), Seen::New);
        assert_eq!(r.seen(1, b"a"), Seen::Unanswered);
        r.answered(1, MsgId(7), 0);
        assert_eq!(r.seen(1, b"a"), Seen::Answered(MsgId(7), 0));
        assert_eq!(r.seen(1, b"b"), Seen::New, "a number that is used again");
        r.forget(1);
        assert_eq!(r.seen(1, b"b"), Seen::New);
    }

    #[test]
    fn what_was_answered_long_ago_is_forgotten() {
        let mut r = Recent::default();
        for n in 0..10_000 {
            assert_eq!(r.seen(n, b"x"), Seen::New);
            r.answered(n, MsgId(n.into()), 0);
        }
        assert_eq!(r.by_sequence.len(), ANSWERED);
        assert_eq!(r.seen(9_999, b"x"), Seen::Answered(MsgId(9_999), 0));
        assert_eq!(r.seen(0, b"x"), Seen::New);
    }
}
