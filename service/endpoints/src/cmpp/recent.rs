//! Submissions of a connection, or what a carrier delivers over it, that may come again.
//!
//! A client that waits longer than it likes for an answer sends the same again, with the same Sequence_Id (CMPP 3.0 section 7.2). That must not become
//! a second message: it gets the answer of the first. There are clients that give all they send the same number; what differs is new for
//! them too, and so is what is the same after [`AGAIN`].

use std::collections::VecDeque;
use std::hash::BuildHasher;
use std::time::Duration;

use hashbrown::{DefaultHashBuilder, HashMap};
use tokio::time::Instant;
use waxwing_cmpp::MsgId;

/// Answered submissions that are remembered. Those not answered yet are bounded by what a client may have unanswered.
const ANSWERED: usize = 1024;
/// How long after its answer a submission may come again: the standard's T is 60 s, its N is 3.
const AGAIN: Duration = Duration::from_secs(300);

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
    by_sequence: HashMap<u32, Entry>,
    /// Those answered, in order: number and `order`.
    answered: VecDeque<(u32, u64)>,
    order: u64,
    hasher: DefaultHashBuilder,
}

/// What came last under a number.
#[derive(Debug)]
struct Entry {
    /// Of its body.
    hash: u64,
    state: State,
}

#[derive(Debug)]
enum State {
    /// So many under this number wait for their answers, which come in their order: the last is that of the latest.
    Unanswered(u32),
    Answered {
        id: MsgId,
        result: u32,
        at: Instant,
        order: u64,
    },
}

impl Recent {
    /// Whether this PDU, behind its header, came before under this number; if not, it is remembered.
    pub(super) fn seen(&mut self, sequence_id: u32, body: &[u8]) -> Seen {
        let hash = self.hasher.hash_one(body);
        let open = match self.by_sequence.get(&sequence_id) {
            Some(Entry { hash: known, state: State::Unanswered(_) }) if *known == hash => return Seen::Unanswered,
            Some(Entry { hash: known, state: State::Answered { id, result, at, .. } }) if *known == hash && at.elapsed() < AGAIN => {
                return Seen::Answered(*id, *result);
            }
            Some(Entry { state: State::Unanswered(open), .. }) => *open,
            _ => 0,
        };
        self.by_sequence.insert(sequence_id, Entry { hash, state: State::Unanswered(open.saturating_add(1)) });
        Seen::New
    }

    /// It was answered.
    pub(super) fn answered(&mut self, sequence_id: u32, id: MsgId, result: u32) {
        let Some(entry) = self.by_sequence.get_mut(&sequence_id) else { return };
        if let State::Unanswered(open @ 2..) = &mut entry.state {
            *open -= 1;
            return;
        }
        self.order += 1;
        entry.state = State::Answered { id, result, at: Instant::now(), order: self.order };
        self.answered.push_back((sequence_id, self.order));
        if self.answered.len() > ANSWERED
            && let Some((oldest, order)) = self.answered.pop_front()
            && self.by_sequence.get(&oldest).is_some_and(|e| matches!(e.state, State::Answered { order: o, .. } if o == order))
        {
            self.by_sequence.remove(&oldest);
        }
    }

    /// It was refused for the moment: the client is to send it again, and then it is new.
    pub(super) fn forget(&mut self, sequence_id: u32) {
        match self.by_sequence.get_mut(&sequence_id) {
            Some(Entry { state: State::Unanswered(open @ 2..), .. }) => *open -= 1,
            _ => {
                self.by_sequence.remove(&sequence_id);
            }
        }
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

    #[tokio::test(start_paused = true)]
    async fn the_same_after_minutes_is_another_message() {
        let mut r = Recent::default();
        assert_eq!(r.seen(1, b"code 1234"), Seen::New);
        r.answered(1, MsgId(7), 0);
        tokio::time::advance(AGAIN).await;
        assert_eq!(r.seen(1, b"code 1234"), Seen::New);
    }

    #[test]
    fn a_client_with_one_number_for_everything_is_remembered_as_well() {
        let mut r = Recent::default();
        for n in 0..u64::from(u16::MAX) {
            let body = n.to_be_bytes();
            assert_eq!(r.seen(0, &body), Seen::New);
            r.answered(0, MsgId(n), 0);
            assert_eq!(r.seen(0, &body), Seen::Answered(MsgId(n), 0));
        }
        assert_eq!((r.by_sequence.len(), r.answered.len()), (1, ANSWERED));
    }

    #[test]
    fn an_answer_is_not_given_to_another_message_under_the_same_number() {
        let mut r = Recent::default();
        assert_eq!((r.seen(5, b"first"), r.seen(5, b"second")), (Seen::New, Seen::New));
        r.answered(5, MsgId(1), 0);
        assert_eq!(r.seen(5, b"second"), Seen::Unanswered);
        r.answered(5, MsgId(2), 0);
        assert_eq!(r.seen(5, b"second"), Seen::Answered(MsgId(2), 0));
    }
}
