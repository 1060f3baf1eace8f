//! Searches by every key and their combinations, against a filter over everything.
#![allow(clippy::unwrap_used)]

mod common;

use common::*;
use waxwing_core::{Kind, State};
use waxwing_ledger::{Ledger, MessageRecord, NumberQuery, Page, PageKey, Query, Side};

/// Everything, newest first.
async fn everything(ledger: &Ledger) -> Vec<MessageRecord> {
    let page = ledger.search(Query { limit: 1000, ..Query::default() }).await.unwrap();
    assert!(page.next.is_none());
    page.messages
}

/// What the query means, said the slow way.
fn matches(q: &Query, m: &MessageRecord) -> bool {
    let number = |n: &NumberQuery| {
        let is = |a: &str| if n.prefix { a.starts_with(&n.digits) } else { a == n.digits };
        let (source, destination) = (is(&m.source.as_text()), is(&m.destination.as_text()));
        match n.side {
            Side::Any => source || destination,
            Side::Source => source,
            Side::Destination => destination,
        }
    };
    q.number.as_ref().is_none_or(number)
        && q.account.as_ref().is_none_or(|a| *a == m.account)
        && q.connector.as_ref().is_none_or(|c| *c == m.connector)
        && q.state.is_none_or(|s| s == m.state)
        && q.kind.is_none_or(|k| k == m.kind)
        && q.from.is_none_or(|t| m.accepted >= t)
        && q.to.is_none_or(|t| m.accepted < t)
        && q.text.as_ref().is_none_or(|t| m.text.as_ref().is_some_and(|x| x.to_ascii_lowercase().contains(&t.to_ascii_lowercase())))
        && q.remote_id.as_ref().is_none_or(|r| m.remote_id.split(',').any(|x| x == r))
        && q.reference.as_ref().is_none_or(|r| m.reference == *r || m.reference.split(' ').any(|x| x == r))
}

async fn pages(ledger: &Ledger, q: &Query) -> Vec<MessageRecord> {
    let mut all = Vec::new();
    let mut q = q.clone();
    loop {
        let Page { messages, next, is_cut } = ledger.search(q.clone()).await.unwrap();
        assert!(!is_cut && messages.len() <= q.limit);
        all.extend(messages);
        match next {
            Some(next) => q.after = Some(next.to_string().parse::<PageKey>().unwrap()),
            None => return all,
        }
    }
}

#[tokio::test]
async fn every_combination_finds_what_it_should_in_pages_of_any_size() {
    let dir = tempfile::tempdir().unwrap();
    let feed = FakeFeed::default();
    lives(&feed, 300, 11);
    let ledger = open(dir.path(), &feed).await;
    let all = everything(&ledger).await;
    assert_eq!(all.len(), 300);
    assert!(all.is_sorted_by(|a, b| (a.accepted, a.id) > (b.accepted, b.id)));
    let mut dice = Dice(5);
    let mut found = 0;
    for round in 0..600 {
        let some = &all[dice.roll(300) as usize];
        let mut q = Query { limit: 1 + dice.roll(40) as usize, ..Query::default() };
        // One condition each at first, then any combination.
        let pick = |n: u64, dice: &mut Dice| if round < 120 { round % 11 == n } else { dice.roll(4) == 0 };
        if pick(0, &mut dice) || pick(9, &mut dice) {
            let text = if dice.roll(2) == 0 { some.source.as_text() } else { some.destination.as_text() };
            let cut = if dice.roll(2) == 0 { text.len() } else { (1 + dice.roll(11) as usize).min(text.len()) };
            let side = [Side::Any, Side::Source, Side::Destination][dice.roll(3) as usize];
            q.number = Some(NumberQuery { digits: text[..cut].to_owned(), prefix: cut < text.len() || dice.roll(4) == 0, side });
        }
        q.account = pick(1, &mut dice).then(|| some.account.clone());
        q.connector = pick(2, &mut dice).then(|| some.connector.clone());
        q.state = pick(3, &mut dice).then_some(some.state);
        q.kind = pick(4, &mut dice).then_some(some.kind);
        q.from = pick(5, &mut dice).then(|| some.accepted - dice.roll(2) * 30 * HOUR);
        q.to = pick(6, &mut dice).then(|| some.accepted + dice.roll(2) * 30 * HOUR);
        q.text = pick(7, &mut dice).then(|| ["code is 1", "PLEASE", "another", "50%", "_"][dice.roll(5) as usize].to_owned());
        q.remote_id =
            pick(8, &mut dice).then(|| some.remote_id.split(',').next_back().unwrap_or_default().to_owned()).filter(|r| !r.is_empty());
        q.reference = pick(10, &mut dice)
            .then(|| {
                if dice.roll(3) == 0 {
                    some.reference.clone()
                } else {
                    some.reference.split(' ').next_back().unwrap_or_default().to_owned()
                }
            })
            .filter(|r| !r.is_empty());
        let want: Vec<_> = all.iter().filter(|m| matches(&q, m)).cloned().collect();
        assert_eq!(pages(&ledger, &q).await, want, "{q:?}");
        found += want.len();
    }
    assert!(found > 5000, "the queries find hardly anything: {found}");
}

#[tokio::test]
async fn pages_stay_in_place_while_messages_come() {
    let dir = tempfile::tempdir().unwrap();
    let feed = FakeFeed::default();
    let t = day0();
    let one = |id: u64, at: u64| feed.tx(at, vec![accept(&feed, id, "shop", "connector:a", &mt("S", "+441", "x"), at + HOUR)]);
    // Several in the same millisecond, and across midnight.
    (1..=10).for_each(|id| {
        one(id, t + 24 * HOUR - 1 + id / 5);
    });
    let ledger = open(dir.path(), &feed).await;
    let first = ledger.search(Query { limit: 4, ..Query::default() }).await.unwrap();
    assert_eq!(first.messages.iter().map(|m| m.id.0).collect::<Vec<_>>(), [10, 9, 8, 7]);
    one(11, t + 25 * HOUR);
    settled(&ledger).await;
    let second = ledger.search(Query { limit: 4, after: first.next, ..Query::default() }).await.unwrap();
    assert_eq!(second.messages.iter().map(|m| m.id.0).collect::<Vec<_>>(), [6, 5, 4, 3]);
    let third = ledger.search(Query { limit: 4, after: second.next, ..Query::default() }).await.unwrap();
    assert_eq!((third.messages.iter().map(|m| m.id.0).collect::<Vec<_>>(), third.next), (vec![2, 1], None));
}

#[tokio::test]
async fn a_search_without_time_says_how_far_it_came() {
    let dir = tempfile::tempdir().unwrap();
    let feed = FakeFeed::default();
    let t = day0();
    for id in 1..=1000 {
        feed.tx(t + id, vec![accept(&feed, id, "shop", "connector:a", &mt("S", "+441", if id == 3 { "needle" } else { "hay" }), t + HOUR)]);
    }
    drop(open(dir.path(), &feed).await);
    let options = waxwing_ledger::LedgerOptions { search_time: std::time::Duration::ZERO, ..options(dir.path()) };
    let ledger = Ledger::open(options, feed.clone()).unwrap();
    settled(&ledger).await;
    let mut q = Query { text: Some("NEEDLE".into()), ..Query::default() };
    let mut cuts = 0;
    let found = loop {
        let page = ledger.search(q.clone()).await.unwrap();
        if page.is_cut {
            cuts += 1;
            assert!(q.after.is_none_or(|a| page.next.unwrap() < a), "it gets on");
            q.after = page.next;
        } else {
            break page.messages;
        }
    };
    assert_eq!((found.len(), cuts), (1, 3));
    assert_eq!((found[0].id.0, found[0].state, found[0].kind), (3, State::Queued, Kind::Mt));
}
