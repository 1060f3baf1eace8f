//! Who needs a content. Nearly always nobody yet, or one; sometimes, when the same picture goes to everybody, very many.

use hashbrown::HashSet;

/// A set of owners; 16 octets while it has at most one.
#[derive(Debug, Default)]
pub(crate) enum Owners {
    #[default]
    None,
    One(u64),
    Many(Box<HashSet<u64>>),
}

impl Owners {
    pub(crate) fn is_empty(&self) -> bool {
        matches!(self, Owners::None)
    }

    /// False if it was there already.
    pub(crate) fn insert(&mut self, owner: u64) -> bool {
        match self {
            Owners::None => *self = Owners::One(owner),
            Owners::One(one) if *one == owner => return false,
            Owners::One(one) => *self = Owners::Many(Box::new([*one, owner].into_iter().collect())),
            Owners::Many(set) => return set.insert(owner),
        }
        true
    }

    /// False if it was not there.
    pub(crate) fn remove(&mut self, owner: u64) -> bool {
        match self {
            Owners::One(one) if *one == owner => *self = Owners::None,
            Owners::Many(set) => {
                if !set.remove(&owner) {
                    return false;
                }
                if set.len() == 1 {
                    *self = set.iter().next().map_or(Owners::None, |one| Owners::One(*one));
                } else if set.len() * 4 < set.capacity() {
                    set.shrink_to(set.len() * 2);
                }
            }
            _ => return false,
        }
        true
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = u64> {
        let (one, many) = match self {
            Owners::None => (None, None),
            Owners::One(one) => (Some(*one), None),
            Owners::Many(set) => (None, Some(set.iter().copied())),
        };
        one.into_iter().chain(many.into_iter().flatten())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn it_is_a_set_and_small_while_it_has_one() {
        assert_eq!(size_of::<Owners>(), 16);
        let (mut owners, mut model) = (Owners::default(), BTreeSet::new());
        let mut rng = fastrand::Rng::with_seed(1);
        for _ in 0..20_000 {
            let owner = rng.u64(..60);
            if rng.u64(..) % 100 < 45 {
                assert_eq!(owners.insert(owner), model.insert(owner));
            } else {
                assert_eq!(owners.remove(owner), model.remove(&owner));
            }
            assert_eq!(owners.is_empty(), model.is_empty());
            assert_eq!(owners.iter().collect::<BTreeSet<_>>(), model);
        }
    }
}
