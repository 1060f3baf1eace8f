//! Other gateways: whoever handed a received message to us is told of it, nothing goes back to where it came from, and a guide knows ways.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::sync::Arc;

use common::*;
use waxwing_core::*;
use waxwing_spool::Spool;

/// The shop's house, with a neighbour whose connector is b.
fn neighbourhood(routes: Vec<Route>) -> House {
    let h = house();
    let profile = CmppProfile { gateway: Some("001002".into()), connector: Some("b".into()), ..CmppProfile::default() };
    let config = AccountConfig { name: "next".into(), cmpp: Some(Box::new(profile)), ..AccountConfig::default() };
    let queues = (h.spool.group("next"), h.spool.queue("account:next"), h.spool.queue("hook:next"));
    let next = Account::new(config, queues.0, queues.1, queues.2, Arc::default(), Default::default());
    let old = h.gateway.setup();
    h.gateway.install(Setup {
        accounts: Accounts::new(vec![h.account(), Arc::new(next)]),
        routes: RouteTable::new(old.routes.lines().to_vec(), routes),
        ..Setup::empty()
    });
    h
}

fn to_all(via: &[&str]) -> Vec<Route> {
    vec![Route { to: vec![Mask::parse("*").unwrap()], via: via.iter().map(|v| (*v).to_owned()).collect(), ..Route::default() }]
}

/// From a handset, by way of the neighbour.
async fn receive(h: &House) {
    let message = Message {
        source: Address::parse("+447778001210"),
        destination: Address::parse("12345"),
        payload: (&b"hello"[..]).into(),
        tell: "next".into(),
        door_data: "its id".into(),
        native: (&b"its own"[..]).into(),
        ..Message::default()
    };
    h.gateway.inbound(&h.lines[1], &h.counters(1), vec![Inbound { message, part: None }]).await.unwrap();
}

fn for_next(h: &House) -> Vec<Outgoing> {
    let queue = h.gateway.setup().accounts.get("next").unwrap().queue;
    Outbox::deliveries(&h.gateway, queue, "account", RetryPolicy::default()).claim(100)
}

fn deliveries(h: &House, attempts: u16) -> Outbox {
    let retry = RetryPolicy { max_attempts: attempts, ..RetryPolicy::default() };
    Outbox::deliveries(&h.gateway, h.account().queue, "account", retry)
}

#[tokio::test]
async fn whoever_handed_it_to_us_is_told_what_became_of_it() {
    let h = neighbourhood(vec![]);
    let results = [
        (sent(&[]), State::Delivered, ""),
        (refused(ErrorClass::Permanent), State::Rejected, "ESME_X"),
        (refused(ErrorClass::Temporary), State::Failed, "ESME_X"),
    ];
    for (result, state, error) in results {
        receive(&h).await;
        let outbox = deliveries(&h, 1);
        let out = outbox.claim(1).pop().unwrap();
        settle(&outbox, out, result).await;
        let told = for_next(&h).pop().unwrap();
        let receipt = told.message.receipt.as_ref().unwrap();
        assert_eq!((told.message.kind(), told.message.door(), receipt.state()), (Kind::Receipt, Door::Connector, state));
        assert_eq!((words(&receipt.error), told.message.door_data.as_str(), &told.message.native[..]), (error, "its id", &b"its own"[..]));
        assert_eq!((told.message.source.as_text().as_ref(), told.message.destination.as_text().as_ref()), ("12345", "447778001210"));
    }
}

#[tokio::test]
async fn it_is_told_of_what_nobody_fetched_and_not_of_what_is_only_handed_on() {
    let h = neighbourhood(vec![]);
    receive(&h).await;
    let outbox = deliveries(&h, 1).handing_on();
    let out = outbox.claim(1).pop().unwrap();
    settle(&outbox, out, sent(&[])).await;
    assert!(for_next(&h).is_empty(), "the one that it was handed to will tell");
    receive(&h).await;
    h.pass(h.gateway.setup().delivery_wait + 1);
    h.gateway.expire().await.unwrap();
    let told = for_next(&h).pop().unwrap();
    assert_eq!(told.message.receipt.as_ref().unwrap().state(), State::Expired);
}

#[tokio::test]
async fn nothing_goes_back_to_where_it_came_from() {
    let h = neighbourhood(to_all(&["b", "a"]));
    let next = h.gateway.setup().accounts.get("next").unwrap().clone();
    let id = h.gateway.submit(&next, vec![hello()]).await.pop().unwrap().unwrap();
    assert_eq!(h.outbox(0).claim(1).pop().unwrap().id(), id, "the other one of its route");
    let h = neighbourhood(to_all(&["b"]));
    let next = h.gateway.setup().accounts.get("next").unwrap().clone();
    assert!(matches!(h.gateway.submit(&next, vec![hello()]).await.pop().unwrap(), Err(SubmitError::NoRoute(_))));
    h.submit(hello()).await.unwrap();
}

/// Says the same of everything.
struct Says(Guidance);

impl Guide for Says {
    fn line_for(&self, _: &Setup, recipient: &str) -> Guidance {
        assert_eq!(recipient, "447778001210");
        self.0.clone()
    }

    fn account_for(&self, _: &Setup, _: &str) -> Guidance {
        self.0.clone()
    }
}

fn guided(h: &House, says: Guidance) {
    h.gateway.set_guide(Some(Arc::new(Says(says))));
}

#[tokio::test]
async fn a_guide_is_asked_where_no_mask_says_anything() {
    let h = neighbourhood(vec![]);
    guided(&h, Guidance::Known("a".into()));
    h.submit(hello()).await.unwrap();
    assert_eq!(h.outbox(0).claim(9).len(), 1);
    guided(&h, Guidance::Asked);
    assert!(matches!(h.submit(hello()).await, Err(SubmitError::Busy(_))), "worth trying again");
    guided(&h, Guidance::Unknown);
    assert!(matches!(h.submit(hello()).await, Err(SubmitError::NoRoute(_))));
    let masked = neighbourhood(to_all(&["b"]));
    guided(&masked, Guidance::Known("a".into()));
    masked.submit(hello()).await.unwrap();
    assert_eq!(masked.outbox(1).claim(9).len(), 1, "masks come first");
}

#[tokio::test]
async fn lines_for_any_traffic_take_what_a_guide_does_not_know() {
    for says in [Guidance::Asked, Guidance::Unknown, Guidance::Known("gone".into())] {
        let h = neighbourhood(vec![]);
        let old = h.gateway.setup();
        let lines = old.routes.lines().iter().cloned().map(|l| Line { any: &*l.state.name == "b", ..l }).collect();
        h.gateway.install(Setup { accounts: Accounts::new(vec![h.account()]), routes: RouteTable::new(lines, vec![]), ..Setup::empty() });
        guided(&h, says);
        h.submit(hello()).await.unwrap();
        assert_eq!(h.outbox(1).claim(9).len(), 1);
    }
}

#[tokio::test]
async fn a_guide_knows_owners_of_numbers_that_are_nobodys_here() {
    let h = neighbourhood(vec![]);
    let owner = |number: &str| h.gateway.owner_of(number).map(|a| a.name.to_string());
    assert_eq!(owner("777"), Err(NoRoute::Nothing("777".into())));
    guided(&h, Guidance::Known("next".into()));
    assert_eq!((owner("12345"), owner("777")), (Ok("shop".into()), Ok("next".into())));
    guided(&h, Guidance::Asked);
    assert_eq!(owner("777"), Err(NoRoute::Asked("777".into())));
    guided(&h, Guidance::Known("next".into()));
    let message = Message { destination: Address::parse("777"), payload: (&b"x"[..]).into(), ..Message::default() };
    h.gateway.inbound(&h.lines[0], &h.counters(0), vec![Inbound { message, part: None }]).await.unwrap();
    assert_eq!(for_next(&h).len(), 1);
}
