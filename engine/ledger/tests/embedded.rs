//! Behind a real gateway and the embedded spool.
#![allow(clippy::unwrap_used)]

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use waxwing_core::*;
use waxwing_ledger::{Day, EventKind, Ledger, LedgerOptions, Query};
use waxwing_spool::log::{EmbeddedSpool, SpoolConfig};
use waxwing_spool::{SentPart, Spool};

struct House {
    gateway: Arc<Gateway>,
    spool: Arc<EmbeddedSpool>,
    ledger: Arc<Ledger>,
    line: Arc<ConnectorState>,
    shop: Arc<Account>,
    outbox: Outbox,
    counters: ConnectorCounters,
}

async fn house(data: &Path) -> House {
    let mut config = SpoolConfig::small(data.join("spool"));
    config.readers = vec!["ledger".into()];
    let spool = EmbeddedSpool::open(config).unwrap();
    let gateway = Gateway::new(spool.clone(), Clock::system(), Arc::new(Metrics::new()));
    let feed: Arc<dyn Spool> = spool.clone();
    let ledger = Ledger::open(LedgerOptions { linger: Duration::from_millis(5), ..LedgerOptions::new(data.join("ledger")) }, feed).unwrap();
    gateway.set_history(ledger.clone());
    let line = ConnectorState::new("carrier", spool.queue("connector:carrier"));
    line.session_up();
    let config = AccountConfig { name: "shop".into(), numbers: Mask::parse_list("12345").unwrap(), ..AccountConfig::default() };
    let (group, queue, hook) = (spool.group("shop"), spool.queue("account:shop"), spool.queue("hook:shop"));
    let shop = Arc::new(Account::new(config, group, queue, hook, Arc::default(), Default::default()));
    let carrier = Line {
        state: line.clone(),
        senders: vec![],
        to: Mask::parse_list("*").unwrap(),
        any: true,
        weight: 1,
        retry: RetryPolicy::default(),
        errors: ErrorTable::smpp(),
        no_answer: NoAnswer::Resend,
        receipt_wait: 3_600_000,
    };
    gateway.install(Setup {
        accounts: Accounts::new(vec![shop.clone()]),
        routes: RouteTable::new(vec![carrier], vec![]),
        ..Setup::empty()
    });
    let policy = OutboxPolicy { retry: RetryPolicy::default(), no_answer: NoAnswer::Resend, receipt_wait: 3_600_000, spellings: None };
    let outbox = Outbox::connector(&gateway, &line, policy);
    let counters = ConnectorCounters::new(&gateway.metrics, &line.name);
    House { gateway, spool, ledger, line, shop, outbox, counters }
}

impl House {
    async fn submit(&self, n: usize) -> Vec<MsgId> {
        let one = |n: usize| {
            let mut message = Message::new_text(Address::parse("Shop"), Address::parse(&format!("+4477780{n:05}")), format!("Hello {n}"));
            (message.door, message.want) = (Door::Smpp as i32, want::FINAL);
            Submission { message, ..Submission::default() }
        };
        self.gateway.submit(&self.shop, (0..n).map(one).collect()).await.into_iter().map(Result::unwrap).collect()
    }

    /// The carrier refuses every fifth message, takes the others, and delivers all of those but every seventh.
    async fn carry(&self) {
        loop {
            let claimed = self.outbox.claim(50);
            if claimed.is_empty() {
                return;
            }
            let mut receipts = Vec::new();
            let mut batch = Vec::new();
            for out in claimed {
                let id = out.id().0;
                let remote = Bytes::from(format!("{id:x}"));
                let result = if id % 5 == 0 {
                    SendResult::Refused { class: ErrorClass::Permanent, code: "ESME_RINVDSTADR".into(), reason: "bad".into(), sent: vec![] }
                } else {
                    SendResult::Sent { parts: vec![SentPart { part: 0, remote: remote.clone() }], total: 1, receipt: true }
                };
                if id % 5 != 0 && id % 7 != 0 {
                    receipts.push(CarrierReceipt { remotes: vec![remote], state: State::Delivered as i32, ..CarrierReceipt::default() });
                }
                batch.push(Settlement { out, result });
            }
            self.outbox.settle(batch).await.unwrap();
            self.gateway.carrier_receipts(&self.line, &self.counters, receipts, None).await.unwrap();
        }
    }
}

fn expected(id: u64) -> State {
    match id {
        id if id % 5 == 0 => State::Rejected,
        id if id % 7 == 0 => State::Enroute,
        _ => State::Delivered,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_tells_the_truth_about_what_the_gateway_did_over_restarts() {
    let dir = tempfile::tempdir().unwrap();
    let mut all: HashMap<MsgId, State> = HashMap::new();
    for round in 0..4 {
        let h = house(dir.path()).await;
        let ids = h.submit(200).await;
        h.carry().await;
        all.extend(ids.iter().map(|id| (*id, expected(id.0))));
        assert!(h.ledger.stats().lag.octets.is_some(), "the spool can tell how far behind the ledger is");
        // Broken off; then the last one with everything stored.
        if round == 3 {
            assert!(h.ledger.caught_up(Duration::from_secs(60)).await);
            assert_eq!(h.ledger.stats().lag.octets, Some(0));
            check(&h, &all).await;
        }
        drop(h.ledger);
        h.spool.close();
    }
    let h = house(dir.path()).await;
    assert!(h.ledger.caught_up(Duration::from_secs(60)).await);
    check(&h, &all).await;
}

async fn check(h: &House, all: &HashMap<MsgId, State>) {
    let mut q = Query { limit: 300, ..Query::default() };
    let mut seen = HashMap::new();
    loop {
        let page = h.ledger.search(q.clone()).await.unwrap();
        seen.extend(page.messages.iter().map(|m| (m.id, m.state)));
        match page.next {
            Some(next) => q.after = Some(next),
            None => break,
        }
    }
    assert_eq!(seen.len(), all.len());
    assert_eq!(&seen, all);
    let (id, _) = all.iter().find(|(_, s)| **s == State::Rejected).unwrap();
    let life = h.ledger.get(*id).await.unwrap().unwrap();
    assert_eq!(life.events.iter().map(|e| e.kind).collect::<Vec<_>>(), [EventKind::Accepted, EventKind::Failed]);
    assert_eq!((life.message.error.as_str(), life.message.connector.as_str()), ("ESME_RINVDSTADR", "carrier"));
    // What has left the spool is looked up here.
    let (id, _) = all.iter().find(|(_, s)| **s == State::Delivered).unwrap();
    assert_eq!(h.gateway.status(&h.shop, *id).await.unwrap().state, State::Delivered);
    let now = Clock::system().now();
    let today = Day::of(now);
    let counted: u64 = h.ledger.counters(today.back(1), today).await.unwrap().iter().map(|c| c.messages).sum();
    assert_eq!(counted, all.len() as u64);
    let usage: u64 = h.ledger.usage(now).await.unwrap().iter().map(|(_, c)| c.this_month).sum();
    assert_eq!(usage, all.len() as u64);
}

#[tokio::test]
async fn what_was_submitted_in_parts_is_one_message_and_found_by_each_of_them() {
    let dir = tempfile::tempdir().unwrap();
    let h = house(dir.path()).await;
    let part = |number: u8| {
        let mut message = Message {
            source: Address::parse("Shop"),
            destination: Address::parse("+447778001210"),
            payload: [&[5, 0, 3, 9, 3, number][..], b"part "].concat().into(),
            udhi: true,
            service_type: "HELP".into(),
            reference: format!("10{number}"),
            ..Message::default()
        };
        message.door = Door::Cmpp as i32;
        Submission { part: content::part_of(&message), message, ..Submission::default() }
    };
    let now = h.gateway.clock.now();
    let first = h.gateway.submit(&h.shop, vec![part(1), part(3)]).await.remove(0).unwrap();
    assert_eq!(h.gateway.find_reference(&h.shop, "101", now).await, [first], "it waits");
    h.gateway.submit(&h.shop, vec![part(2)]).await.remove(0).unwrap();
    let joined = async {
        loop {
            let ready = h.outbox.ready();
            match h.outbox.claim(1).pop() {
                Some(out) => return out,
                None => ready.await,
            }
        }
    };
    let out = tokio::time::timeout(Duration::from_secs(20), joined).await.unwrap();
    for word in ["101", "102", "103"] {
        assert_eq!(h.gateway.find_reference(&h.shop, word, now).await, [out.id()], "{word}");
    }
    let all = h.ledger.search(Query::default()).await.unwrap().messages;
    assert_eq!(
        all.iter().map(|m| (m.id, m.text.as_deref(), m.door.as_str())).collect::<Vec<_>>(),
        [(out.id(), Some("part part part "), "cmpp")]
    );
    let history = h.gateway.history().unwrap().clone();
    let today = Day::of(now);
    let counts = history.counts("shop", (today.start(), today.end() + 1), Some("HELP")).await;
    assert_eq!(counts, LifeCounts { mt_messages: 1, mt_recipients: 1, mt_waiting: 1, ..LifeCounts::default() });
    h.ledger.close();
    h.spool.close();
}
