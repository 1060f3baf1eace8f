//! A model in memory beside the store: whatever is done, in whatever order, with however many restarts, both agree.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use proptest::prelude::*;
use waxwing_media::{MediaId, Owner, Pin};

use super::harness::*;

/// Different contents, and different owners.
const CONTENTS: u64 = 14;
const OWNERS: u64 = 6;

#[derive(Clone, Debug)]
enum Step {
    /// Put a content; keep its pin or not; name an owner or not.
    Put {
        content: u64,
        pin: bool,
        owner: Option<u64>,
    },
    Unpin(usize),
    Hold(u64, u64),
    Release(u64, u64),
    /// Only owners with these bits are alive.
    Sweep(u8),
    Maintain,
    /// Restart; closing properly or not.
    Reopen(bool),
}

fn step() -> impl Strategy<Value = Step> {
    let (content, owner) = (0..CONTENTS, 0..OWNERS);
    prop_oneof![
        8 => (content.clone(), any::<bool>(), proptest::option::of(owner.clone()))
            .prop_map(|(content, pin, owner)| Step::Put { content, pin, owner }),
        4 => any::<usize>().prop_map(Step::Unpin),
        3 => (content.clone(), owner.clone()).prop_map(|(c, o)| Step::Hold(c, o)),
        6 => (content, owner).prop_map(|(c, o)| Step::Release(c, o)),
        1 => any::<u8>().prop_map(Step::Sweep),
        2 => Just(Step::Maintain),
        1 => any::<bool>().prop_map(Step::Reopen),
    ]
}

/// The contents, and their names.
static ALL: LazyLock<Vec<(Vec<u8>, MediaId)>> = LazyLock::new(|| {
    let len = |n: u64| if n == 0 { 0 } else { [10, 900, 2500, 6000, 20_000][n as usize % 5] };
    let contents = (0..CONTENTS).map(|n| content(n, len(n)));
    contents.map(|c| (c.clone(), MediaId::of(&c))).collect()
});

fn octets(n: u64) -> &'static [u8] {
    &ALL[n as usize].0
}

fn id(n: u64) -> MediaId {
    ALL[n as usize].1
}

#[derive(Default)]
struct Model {
    owners: BTreeMap<u64, BTreeSet<u64>>,
    pins: Vec<(u64, Pin)>,
}

impl Model {
    fn needed(&self, content: u64) -> bool {
        self.owners.get(&content).is_some_and(|o| !o.is_empty()) || self.pins.iter().any(|(c, _)| *c == content)
    }
}

fn apply(w: &mut World, model: &mut Model, step: Step) {
    match step {
        Step::Put { content, pin, owner } => {
            let new = w.put(octets(content));
            assert_eq!(*new.id(), id(content));
            if let Some(owner) = owner {
                assert!(w.store().hold(&id(content), Owner(owner)));
                model.owners.entry(content).or_default().insert(owner);
            }
            if pin {
                model.pins.push((content, new));
            }
        }
        Step::Unpin(at) => {
            if !model.pins.is_empty() {
                let at = at % model.pins.len();
                drop(model.pins.swap_remove(at));
            }
        }
        Step::Hold(content, owner) => {
            let held = w.store().hold(&id(content), Owner(owner));
            assert_eq!(held, model.needed(content));
            if held {
                model.owners.entry(content).or_default().insert(owner);
            }
        }
        Step::Release(content, owner) => {
            w.store().release(&id(content), Owner(owner));
            if let Some(owners) = model.owners.get_mut(&content) {
                owners.remove(&owner);
            }
        }
        Step::Sweep(alive) => {
            let is = move |owner: u64| alive >> owner & 1 == 1;
            w.store().sweep(&|owner| is(owner.0));
            model.owners.values_mut().for_each(|owners| owners.retain(|o| is(*o)));
        }
        Step::Maintain => w.store().maintain().unwrap(),
        Step::Reopen(close) => {
            if close {
                w.store().close();
            }
            // Pins are a process's own.
            model.pins.clear();
            w.reopen();
            for (content, owners) in &model.owners {
                for owner in owners {
                    assert!(w.store().hold(&id(*content), Owner(*owner)), "content {content} is lost");
                }
            }
            w.store().recovered();
            w.store().maintain().unwrap();
        }
    }
}

fn compare(w: &World, model: &Model) {
    for n in 0..CONTENTS {
        let expected = model.needed(n).then(|| octets(n));
        assert_eq!(w.store().get(&id(n)).unwrap().as_deref(), expected, "content {n}");
        assert_eq!(w.store().len_of(&id(n)), expected.map(|e| e.len() as u64));
    }
    let stats = w.store().stats();
    assert_eq!(stats.blobs, (0..CONTENTS).filter(|n| model.needed(*n)).count() as u64);
    assert_eq!(stats.owners, model.owners.values().map(|o| o.len() as u64).sum::<u64>());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.min(4000) / 4 + 1, ..ProptestConfig::default() })]

    #[test]
    fn it_does_what_a_model_does(steps in proptest::collection::vec(step(), 1..120)) {
        let mut w = World::with(|o| (o.sync, o.compact_slack) = (false, 8 << 10));
        let mut model = Model::default();
        w.store().recovered();
        for step in steps {
            apply(&mut w, &mut model, step);
            compare(&w, &model);
        }
        apply(&mut w, &mut model, Step::Reopen(false));
        compare(&w, &model);
        // All space comes back.
        apply(&mut w, &mut model, Step::Sweep(0));
        until("all packs go", || {
            w.store().maintain().unwrap();
            w.used() <= 4096 + 64
        });
    }
}
