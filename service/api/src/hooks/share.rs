//! How many calls an account may make at the same time, so that the slow application of one holds no other's back.
//!
//! All accounts draw from one pool, each up to its own limit. Nobody may hold more of the pool than is still free: the first that hang
//! leave half of it, many that hang share it about evenly, and what one gives back is there for the next. However full the pool is, each
//! account has [`OWN`] calls besides.

/// Calls that each account may always make, beyond the pool.
pub(super) const OWN: usize = 4;

/// How many more calls an account may begin that may make `limit` at once and has `under_way`, while `free` of the pool are left.
///
/// 0 only where it has some under way, or a limit of 0: the end of one of them is the time to ask again.
pub(super) fn room(limit: usize, under_way: usize, free: usize) -> usize {
    let even = free.saturating_sub(under_way) / 2;
    let own = OWN.saturating_sub(under_way);
    limit.saturating_sub(under_way).min(even.max(own))
}

#[cfg(test)]
mod tests {
    use super::*;

    const POOL: usize = 2048;

    /// Calls under way after accounts with these limits began all that they may, each in turn, twice.
    fn hanging(limits: &[usize]) -> Vec<usize> {
        let mut under_way = vec![0; limits.len()];
        for turn in 0..limits.len() * 2 {
            let i = turn % limits.len();
            let free = POOL.saturating_sub(under_way.iter().sum());
            under_way[i] += room(limits[i], under_way[i], free);
        }
        under_way
    }

    #[test]
    fn one_account_gets_all_that_it_may_have() {
        for limit in [1, 64, 1000] {
            assert_eq!(hanging(&[limit]), [limit]);
        }
    }

    #[test]
    fn no_number_of_hanging_accounts_takes_everything() {
        for n in [2, 30, 500] {
            let all = hanging(&vec![1000; n]);
            assert!(all.iter().all(|&c| c >= OWN), "{all:?}");
            assert!(all.iter().sum::<usize>() <= POOL + n * OWN, "{all:?}");
        }
        assert_eq!(room(64, 0, 0), OWN, "the pool is empty");
        assert_eq!(room(64, OWN, 0), 0);
        assert_eq!(room(1, 0, 0), 1, "never more than its limit");
    }

    #[test]
    fn who_holds_more_than_is_free_gets_no_more() {
        assert_eq!(room(1000, 600, 500), 0);
        assert_eq!(room(1000, 400, 500), 50);
        assert_eq!(room(64, 0, 500), 64);
    }
}
