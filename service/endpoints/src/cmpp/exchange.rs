//! What the CMPP endpoints of one gateway share: its Msg_Ids, and the logins it has seen.
//!
//! Two listeners (long and short connections, say) with the same gateway code must not give out the same Msg_Id, and a login that was
//! overheard at one must not be good at the other.

use std::collections::VecDeque;
use std::hash::BuildHasher;
use std::sync::Arc;
use std::time::Duration;

use hashbrown::{DefaultHashBuilder, HashMap, HashSet};
use parking_lot::{Mutex, RwLock};
use waxwing_cmpp::MsgId;
use waxwing_core::Clock;

use super::gns::Directory;
use super::ids::MsgIds;

/// Logins that are remembered, over all accounts.
const LOGINS: usize = 65_536;

/// Messages of other gateways that are remembered, over all of them.
const TAKEN: usize = 65_536;
/// Seconds from which ids may be borrowed.
const BORROWED: u64 = 30;

/// What another gateway forwarded: its Msg_Id, and a digest of who forwarded it and of all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Forward(MsgId, u64);

#[derive(Default)]
struct Taken {
    seen: HashSet<Forward>,
    order: VecDeque<Forward>,
    hasher: DefaultHashBuilder,
}

/// Shared by all CMPP endpoints of a process.
pub struct Exchange {
    clock: Clock,
    /// Ids are of later seconds only: another process may have given out those of the second in which this one began.
    first: u64,
    /// By the first of their codes.
    ids: Mutex<HashMap<u32, MsgIds>>,
    logins: Mutex<Logins>,
    taken: Mutex<Taken>,
    /// Connectors that lead to other gateways.
    gateways: RwLock<HashSet<String>>,
    directory: RwLock<Option<Arc<Directory>>>,
}

#[derive(Default)]
struct Logins {
    seen: HashMap<[u8; 16], u64>,
    order: VecDeque<[u8; 16]>,
}

impl Exchange {
    /// For a process that begins now.
    pub fn new(clock: Clock) -> Exchange {
        let first = (clock.now() / 1000 + 1) * 1000;
        Exchange {
            clock,
            first,
            ids: Mutex::default(),
            logins: Mutex::default(),
            taken: Mutex::default(),
            gateways: RwLock::default(),
            directory: RwLock::default(),
        }
    }

    /// Resolves when ids may be given out: within a second of the beginning. Nobody is let in before.
    pub(super) async fn open(&self) {
        let wait = self.first.saturating_sub(self.clock.now());
        if wait > 0 {
            tokio::time::sleep(Duration::from_millis(wait.min(1000))).await;
        }
    }

    /// The first of `count` ids in a row of a gateway with these codes, whose local time is so many minutes ahead of UTC. `None` where this
    /// second has no more: the answer is flow control.
    pub(super) fn take(&self, gateways: &[u32], utc_offset: i32, count: u16) -> Option<MsgId> {
        let key = gateways.first().copied().unwrap_or_default();
        let now = self.clock.now().max(self.first);
        let mut ids = self.ids.lock();
        ids.entry(key).or_insert_with(|| MsgIds::new(gateways.to_vec(), utc_offset)).take(now, count)
    }

    /// An id for what needs none of its own; `None` where they are wanted for submissions.
    pub(super) fn spare(&self, gateways: &[u32], utc_offset: i32) -> Option<MsgId> {
        let key = gateways.first().copied().unwrap_or_default();
        let now = self.clock.now().max(self.first);
        let mut ids = self.ids.lock();
        let ids = ids.entry(key).or_insert_with(|| MsgIds::new(gateways.to_vec(), utc_offset));
        if ids.has_plenty(now) { ids.take(now, 1) } else { None }
    }

    /// [`take`](Self::take) where an id must be had: of the next second, if this one has none left.
    pub(super) fn take_soon(&self, gateways: &[u32], utc_offset: i32, count: u16) -> MsgId {
        let key = gateways.first().copied().unwrap_or_default();
        let now = self.clock.now().max(self.first);
        let mut ids = self.ids.lock();
        let ids = ids.entry(key).or_insert_with(|| MsgIds::new(gateways.to_vec(), utc_offset));
        (0..=BORROWED).find_map(|ahead| ids.take(now + ahead * 1000, count)).unwrap_or_default()
    }

    /// Says of a connector whether it leads to another gateway or to a carrier.
    pub(super) fn set_gateway(&self, connector: &str, gateway: bool) {
        let mut gateways = self.gateways.write();
        if gateway {
            gateways.insert(connector.to_owned());
        } else {
            gateways.remove(connector);
        }
    }

    /// What an account forwards, to be known again: a gateway that got no answer sends it once more, over another connection.
    pub(super) fn forward(&self, account: &str, msg_id: MsgId, body: &[u8]) -> Forward {
        Forward(msg_id, self.taken.lock().hasher.hash_one((account, body)))
    }

    /// Whether it is here already.
    pub(super) fn is_taken(&self, forward: Forward) -> bool {
        self.taken.lock().seen.contains(&forward)
    }

    /// It is here.
    pub(super) fn take_forward(&self, forward: Forward) {
        let mut taken = self.taken.lock();
        if taken.seen.insert(forward) {
            taken.order.push_back(forward);
        }
        if taken.order.len() > TAKEN
            && let Some(oldest) = taken.order.pop_front()
        {
            taken.seen.remove(&oldest);
        }
    }

    /// Installs the directory of gateways, or removes it.
    pub(super) fn set_directory(&self, directory: Option<Arc<Directory>>) {
        *self.directory.write() = directory;
    }

    /// The directory of gateways, for the account that it is at our listener.
    pub(super) fn directory_of(&self, account: &str) -> Option<Arc<Directory>> {
        self.directory.read().clone().filter(|d| d.is(account))
    }

    /// Whether a connector leads to another gateway.
    pub(super) fn is_gateway(&self, connector: &str) -> bool {
        self.gateways.read().contains(connector)
    }

    /// Whether a login that is right is none that was overheard: the same digest, of the same account at the same time, was not seen more
    /// than `window` ago. Several connections may be made in one second, so that it is good for a while.
    pub(super) fn is_fresh(&self, authenticator: [u8; 16], window: Duration) -> bool {
        let now = self.clock.now();
        let mut logins = self.logins.lock();
        if let Some(&at) = logins.seen.get(&authenticator) {
            return now.saturating_sub(at) <= u64::try_from(window.as_millis()).unwrap_or(u64::MAX);
        }
        logins.seen.insert(authenticator, now);
        logins.order.push_back(authenticator);
        if logins.order.len() > LOGINS
            && let Some(oldest) = logins.order.pop_front()
        {
            logins.seen.remove(&oldest);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    fn at(now: &Arc<AtomicU64>) -> Clock {
        let now = now.clone();
        Clock::new(move || now.load(Ordering::Relaxed))
    }

    #[test]
    fn listeners_with_the_same_code_share_its_ids() {
        let now = Arc::new(AtomicU64::new(1_700_000_000_500));
        let x = Exchange::new(at(&now));
        let given: Vec<_> = (0..3).map(|_| x.take(&[1001], 480, 1)).collect();
        assert!(given.windows(2).all(|w| w[0] != w[1]));
        assert!(given.iter().flatten().all(|id| id.parts().second == 21), "ids are of the second after that of the beginning");
    }

    #[test]
    fn reports_leave_half_of_a_seconds_ids_to_submissions() {
        let x = Exchange::new(Clock::new(|| 1_700_000_000_500));
        let spare = (0..70_000).filter(|_| x.spare(&[1001], 480).is_some()).count();
        let taken = (0..70_000).filter(|_| x.take(&[1001], 480, 1).is_some()).count();
        assert_eq!((spare, taken), (32_768, 32_768));
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_is_let_in_before_ids_may_be_given_out() {
        let x = Exchange::new(Clock::new(|| 1_700_000_000_500));
        let before = tokio::time::Instant::now();
        x.open().await;
        assert_eq!(before.elapsed(), Duration::from_millis(500));
    }

    #[test]
    fn what_was_forwarded_is_known_again_until_much_else_was() {
        let x = Exchange::new(Clock::new(|| 1_700_000_000_500));
        let first = x.forward("next", MsgId(1), b"body");
        assert!(!x.is_taken(first));
        x.take_forward(first);
        assert!(x.is_taken(x.forward("next", MsgId(1), b"body")));
        for other in [x.forward("other", MsgId(1), b"body"), x.forward("next", MsgId(2), b"body"), x.forward("next", MsgId(1), b"part")] {
            assert!(!x.is_taken(other));
        }
        for n in 0..TAKEN as u64 {
            x.take_forward(x.forward("next", MsgId(n), b"more"));
        }
        assert!(!x.is_taken(first));
        let taken = x.taken.lock();
        assert_eq!((taken.seen.len(), taken.order.len()), (TAKEN, TAKEN));
    }

    #[test]
    fn a_login_is_good_for_a_while_and_a_replay_is_not() {
        let now = Arc::new(AtomicU64::new(1_700_000_000_000));
        let x = Exchange::new(at(&now));
        let window = Duration::from_secs(600);
        assert!(x.is_fresh([1; 16], window));
        now.fetch_add(600_000, Ordering::Relaxed);
        assert!(x.is_fresh([1; 16], window), "another link with the same timestamp");
        now.fetch_add(1, Ordering::Relaxed);
        assert!(!x.is_fresh([1; 16], window));
        assert!(x.is_fresh([2; 16], window));
    }
}
