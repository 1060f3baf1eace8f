#![allow(clippy::unwrap_used)]

use bytes::Bytes;

use super::*;

type Joiner = Reassembler<&'static str, u32>;

const LIMITS: ReassemblyLimits = ReassemblyLimits { max_messages: 3, max_octets: 4096, lifetime_ms: 1000, burst_ms: 100 };

fn part(reference: u16, total: u8, number: u8, payload: &'static str, token: u32) -> Part<u32> {
    Part { reference, total, number, payload: Bytes::from_static(payload.as_bytes()), token }
}

fn pending(inserted: Inserted<&'static str, u32>) {
    assert_eq!(inserted, Inserted::Pending { evicted: Vec::new() });
}

/// The text and the tokens of a whole message.
fn whole(inserted: Inserted<&'static str, u32>) -> (String, Vec<u32>) {
    let Inserted::Complete { parts } = inserted else { panic!("{inserted:?} is not complete") };
    let text = parts.iter().map(|part| std::str::from_utf8(&part.payload).unwrap()).collect();
    (text, parts.iter().map(|part| part.token).collect())
}

#[test]
fn parts_come_in_any_order() {
    for order in [[1, 2, 3], [3, 2, 1], [2, 3, 1]] {
        let mut joiner = Joiner::new(LIMITS);
        let texts = ["", "one ", "two ", "three"];
        let of = |number: u8| part(7, 3, number, texts[usize::from(number)], u32::from(number));
        pending(joiner.insert("a", of(order[0]), 0));
        pending(joiner.insert("a", of(order[1]), 0));
        assert_eq!(whole(joiner.insert("a", of(order[2]), 0)), ("one two three".to_owned(), vec![1, 2, 3]));
        assert!(joiner.is_empty() && joiner.octets() == 0 && joiner.waiting.is_empty());
    }
}

#[test]
fn keys_references_and_totals_are_kept_apart() {
    let mut joiner = Joiner::new(LIMITS);
    pending(joiner.insert("a", part(1, 2, 1, "a", 1), 0));
    pending(joiner.insert("b", part(1, 2, 2, "b", 2), 0));
    pending(joiner.insert("a", part(2, 2, 2, "c", 3), 0));
    assert_eq!(whole(joiner.insert("a", part(1, 2, 2, "d", 4), 0)).0, "ad");
    pending(joiner.insert("a", part(2, 3, 1, "e", 5), 0));
    assert_eq!(joiner.len(), 3);
}

#[test]
fn a_part_that_comes_twice_is_given_back() {
    let mut joiner = Joiner::new(LIMITS);
    pending(joiner.insert("a", part(1, 2, 1, "x", 1), 0));
    assert_eq!(joiner.insert("a", part(1, 2, 1, "x", 2), 0), Inserted::Duplicate { token: 2 });
    assert_eq!(whole(joiner.insert("a", part(1, 2, 2, "y", 3), 0)).1, [1, 3]);
}

#[test]
fn two_messages_share_a_reference() {
    let mut joiner = Joiner::new(LIMITS);
    pending(joiner.insert("a", part(1, 2, 1, "A1", 1), 0));
    pending(joiner.insert("a", part(1, 2, 1, "B1", 2), 1));
    assert_eq!(joiner.len(), 2);
    assert_eq!(joiner.insert("a", part(1, 2, 1, "B1", 9), 1), Inserted::Duplicate { token: 9 });
    assert_eq!(whole(joiner.insert("a", part(1, 2, 2, "A2", 3), 2)).0, "A1A2");
    assert_eq!(whole(joiner.insert("a", part(1, 2, 2, "B2", 4), 3)).0, "B1B2");
    assert!(joiner.is_empty());
}

#[test]
fn the_remains_of_an_old_message_swallow_nothing() {
    let mut joiner = Joiner::new(LIMITS);
    pending(joiner.insert("a", part(1, 2, 1, "old", 1), 0));
    pending(joiner.insert("a", part(1, 2, 1, "new ", 2), 500));
    assert_eq!(whole(joiner.insert("a", part(1, 2, 2, "parts", 3), 510)).0, "new parts");
    assert_eq!(joiner.expire(1000)[0].parts[0].token, 1);
}

#[test]
fn a_late_part_still_completes_its_message() {
    let mut joiner = Joiner::new(LIMITS);
    pending(joiner.insert("a", part(1, 2, 2, "end", 1), 0));
    assert_eq!(whole(joiner.insert("a", part(1, 2, 1, "late ", 2), 999)).0, "late end");
}

#[test]
fn messages_expire_with_their_tokens() {
    let mut joiner = Joiner::new(LIMITS);
    assert_eq!(joiner.next_expiry(), None);
    pending(joiner.insert("a", part(1, 3, 3, "c", 3), 10));
    pending(joiner.insert("a", part(1, 3, 1, "a", 1), 900));
    pending(joiner.insert("b", part(1, 2, 1, "x", 4), 500));
    assert_eq!(joiner.next_expiry(), Some(1010));
    assert_eq!(joiner.expire(1009), []);
    let expired = joiner.expire(1010);
    assert_eq!(expired.len(), 1);
    let Incomplete { key, reference, total, parts } = &expired[0];
    assert_eq!((*key, *reference, *total), ("a", 1, 3));
    assert_eq!(parts.iter().map(|part| (part.number, part.token)).collect::<Vec<_>>(), [(1, 1), (3, 3)]);
    // The clock had shown 900 when this one came with 500.
    assert_eq!(joiner.next_expiry(), Some(1900));
    assert_eq!(joiner.drain().len(), 1);
    assert!(joiner.is_empty() && joiner.octets() == 0);
}

#[test]
fn the_oldest_gives_way() {
    let mut joiner = Joiner::new(LIMITS);
    for (reference, token) in [(1, 1), (2, 2), (3, 3)] {
        pending(joiner.insert("a", part(reference, 2, 1, "x", token), 0));
    }
    let Inserted::Pending { evicted } = joiner.insert("a", part(4, 2, 1, "x", 4), 0) else { panic!() };
    assert_eq!(evicted.iter().map(|message| message.reference).collect::<Vec<_>>(), [1]);
    assert_eq!(joiner.len(), 3);
}

#[test]
fn octets_are_bounded() {
    let limits = ReassemblyLimits { max_octets: 2 * (PART_OVERHEAD + 10), ..LIMITS };
    let mut joiner = Joiner::new(limits);
    pending(joiner.insert("a", part(1, 9, 1, "0123456789", 1), 0));
    pending(joiner.insert("a", part(1, 9, 2, "0123456789", 2), 0));
    let Inserted::Pending { evicted } = joiner.insert("a", part(1, 9, 3, "", 3), 0) else { panic!() };
    assert_eq!(evicted[0].parts.len(), 3, "the part's own message gives way, too");
    assert_eq!(joiner.octets(), 0);
    let large = Part { payload: Bytes::from(vec![0; 2 * (PART_OVERHEAD + 10)]), ..part(1, 9, 1, "", 4) };
    assert_eq!(joiner.insert("a", large.clone(), 0), Inserted::Rejected { part: large, reason: Reject::TooLarge });
}

#[test]
fn one_reference_does_not_fill_the_house() {
    let mut joiner = Joiner::new(ReassemblyLimits { max_messages: 1000, max_octets: 1 << 20, ..LIMITS });
    for token in 0..=MAX_TWINS as u32 {
        let part = Part { payload: Bytes::from(token.to_be_bytes().to_vec()), ..part(1, 2, 1, "", token) };
        let Inserted::Pending { evicted } = joiner.insert("a", part, 0) else { panic!() };
        let tokens: Vec<u32> = evicted.iter().flat_map(|message| &message.parts).map(|part| part.token).collect();
        assert_eq!(tokens, if token as usize == MAX_TWINS { vec![0] } else { vec![] });
    }
    assert_eq!(joiner.len(), MAX_TWINS);
}

#[test]
fn numbers_that_make_no_sense_are_given_back() {
    let mut joiner = Joiner::new(LIMITS);
    for (total, number) in [(0, 0), (2, 0), (2, 3), (0, 1)] {
        let odd = part(1, total, number, "x", 1);
        assert_eq!(joiner.insert("a", odd.clone(), 0), Inserted::Rejected { part: odd, reason: Reject::Numbering });
    }
    assert_eq!(whole(joiner.insert("a", part(1, 1, 1, "alone", 1), 0)).0, "alone");
    assert!(joiner.is_empty());
}

#[test]
fn every_token_comes_back_once() {
    let mut random = fastrand::Rng::with_seed(7);
    let limits = ReassemblyLimits { max_messages: 20, max_octets: 20 * (PART_OVERHEAD + 4), lifetime_ms: 50, burst_ms: 10 };
    let mut joiner: Reassembler<u8, u32> = Reassembler::new(limits);
    let mut back = vec![0_u32; 20_000];
    let mut now = 0;
    for token in 0..20_000 {
        now += random.u64(0..4);
        let payload = Bytes::from(vec![random.u8(0..3)]);
        let part = Part { reference: random.u16(0..3), total: random.u8(0..5), number: random.u8(0..6), payload, token };
        let tokens = match joiner.insert(random.u8(0..4), part, now) {
            Inserted::Complete { parts } => {
                assert!(parts.iter().map(|part| part.number).eq(1..=parts[0].total));
                parts.iter().map(|part| part.token).collect()
            }
            Inserted::Duplicate { token } => vec![token],
            Inserted::Pending { evicted } => evicted.iter().flat_map(|message| &message.parts).map(|part| part.token).collect(),
            Inserted::Rejected { part, .. } => vec![part.token],
        };
        let expired = if random.bool() { joiner.expire(now) } else { Vec::new() };
        for token in tokens.into_iter().chain(expired.iter().flat_map(|message| &message.parts).map(|part| part.token)) {
            back[token as usize] += 1;
        }
        assert!(joiner.len() <= limits.max_messages && joiner.octets() <= limits.max_octets);
    }
    for part in joiner.drain().iter().flat_map(|message| &message.parts) {
        back[part.token as usize] += 1;
    }
    assert!(back.iter().all(|times| *times == 1));
    assert!(joiner.waiting.is_empty() && joiner.octets() == 0);
}
