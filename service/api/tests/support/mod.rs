//! A gateway over a real spool with one connector that the test plays, and the router on top of it.
#![allow(clippy::unwrap_used, dead_code, missing_docs, unreachable_pub)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use base64::Engine as _;
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt as _;
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;
use serde_json::Value;
use waxwing_api::{AddressGuard, ApiOptions, ApiState, Registry, router};
use waxwing_core::*;
use waxwing_ledger::{AccountStore, Ledger, LedgerOptions};
use waxwing_spool::log::{EmbeddedSpool, SpoolConfig};
use waxwing_spool::{SentPart, Spool};

pub mod slow;

pub const START: u64 = 1_800_000_000_000;
pub const RECEIPT_WAIT: u64 = 3_600_000;

pub struct House {
    pub gateway: Arc<Gateway>,
    pub spool: Arc<EmbeddedSpool>,
    pub ledger: Arc<Ledger>,
    pub store: Arc<AccountStore>,
    pub time: Arc<AtomicU64>,
    pub line: Arc<ConnectorState>,
    pub state: ApiState,
    pub router: Router,
    _dir: tempfile::TempDir,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8(self.body.to_vec()).unwrap()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e} in {:?}", self.text()))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|v| v.to_str().unwrap()).unwrap_or_default()
    }
}

/// The accounts "shop" (password "secret"), "other" and the administrator "root", and the connector "carrier".
pub fn house() -> House {
    house_with(|_| {})
}

/// The same, with changes to the shop.
pub fn house_with(change: impl Fn(&mut AccountConfig)) -> House {
    house_over(change, |spool| spool)
}

/// The same, with something between the gateway and its spool.
pub fn house_over(change: impl Fn(&mut AccountConfig), between: impl FnOnce(Arc<EmbeddedSpool>) -> Arc<dyn Spool>) -> House {
    house_guarded(change, between, AddressGuard::default())
}

/// A stored provisioning document, under the name `mms`.
pub const STORED: &str = "<wap-provisioningdoc version=\"1.0\"><characteristic type=\"BOOTSTRAP\"><parm name=\"NAME\" value=\"N\"/></characteristic></wap-provisioningdoc>";

/// The same, where calls go by this guard.
pub fn house_guarded(
    change: impl Fn(&mut AccountConfig),
    between: impl FnOnce(Arc<EmbeddedSpool>) -> Arc<dyn Spool>,
    guard: AddressGuard,
) -> House {
    let dir = tempfile::tempdir().unwrap();
    let time = Arc::new(AtomicU64::new(START));
    let clock = time.clone();
    let mut config = SpoolConfig::small(dir.path().join("spool"));
    config.readers = vec!["ledger".into()];
    config.clock = waxwing_spool::log::Clock::new(move || clock.load(Ordering::Relaxed));
    let spool = EmbeddedSpool::open(config).unwrap();
    let now = time.clone();
    let clock = Clock::new(move || now.load(Ordering::Relaxed));
    let gateway = Gateway::new(between(spool.clone()), clock.clone(), Arc::new(Metrics::new()));
    let line = ConnectorState::new("carrier", spool.queue("connector:carrier"));
    line.session_up();
    let feed: Arc<dyn Spool> = spool.clone();
    let mut options = LedgerOptions::new(dir.path().join("ledger"));
    options.linger = Duration::from_millis(1);
    options.clock = clock;
    let ledger = Ledger::open(options, feed).unwrap();
    gateway.set_history(ledger.clone());
    let account = |name: &str, admin: bool| AccountConfig {
        name: name.into(),
        password: Secret::parse("secret"),
        admin,
        numbers: if name == "shop" { Mask::parse_list("12345").unwrap() } else { vec![] },
        ..AccountConfig::default()
    };
    let mut shop = account("shop", false);
    change(&mut shop);
    let accounts = [shop, account("other", false), account("root", true)].map(|c| {
        let (group, queue, hook) =
            (spool.group(&c.name), spool.queue(&format!("account:{}", c.name)), spool.queue(&format!("hook:{}", c.name)));
        Arc::new(Account::new(c, group, queue, hook, Arc::default(), Default::default()))
    });
    let carrier = Line {
        state: line.clone(),
        senders: vec![],
        to: Mask::parse_list("*").unwrap(),
        any: true,
        weight: 1,
        retry: RetryPolicy::default(),
        errors: ErrorTable::smpp(),
        no_answer: NoAnswer::Resend,
        receipt_wait: RECEIPT_WAIT,
    };
    gateway.install(Setup { accounts: Accounts::new(accounts.to_vec()), routes: RouteTable::new(vec![carrier], vec![]), ..Setup::empty() });
    let ota = dir.path().join("ota");
    std::fs::create_dir(&ota).unwrap();
    std::fs::write(ota.join("mms.OTA"), STORED).unwrap();
    let store = Arc::new(AccountStore::open(dir.path().join("accounts.db")).unwrap());
    // The gateway under test has the accounts above alone; what is stored counts as in force.
    let check = |name: &str, _: &str, _: &serde_json::Map<String, Value>| match name {
        "shop" | "other" | "root" => Err(format!("{name} is in the configuration file")),
        _ => Ok(()),
    };
    let options = ApiOptions {
        ledger: Some(ledger.clone()),
        home: Some("/console".into()),
        guard,
        ota_folder: Some(ota),
        registry: Some(Registry::new(store.clone(), Arc::new(check), store.revision())),
        ..ApiOptions::default()
    };
    let state = ApiState::new(gateway.clone(), options);
    House { router: router(state.clone()), gateway, spool, ledger, store, time, line, state, _dir: dir }
}

pub fn basic(name: &str) -> String {
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{name}:secret")))
}

impl House {
    pub async fn call(&self, request: Request<Body>) -> Answer {
        let response = TowerToHyperService::new(self.router.clone()).call(request).await.unwrap();
        let (parts, body) = response.into_parts();
        Answer { status: parts.status, headers: parts.headers, body: body.collect().await.unwrap().to_bytes() }
    }

    pub async fn get(&self, uri: &str) -> Answer {
        self.call(Request::get(uri).body(Body::empty()).unwrap()).await
    }

    pub async fn get_as(&self, name: &str, uri: &str) -> Answer {
        self.call(Request::get(uri).header("authorization", basic(name)).body(Body::empty()).unwrap()).await
    }

    pub async fn post(&self, body: impl Into<Body>) -> Answer {
        self.post_with(body, &[]).await
    }

    /// Posts JSON to /api/v1/messages as the shop.
    pub async fn post_with(&self, body: impl Into<Body>, headers: &[(&str, &str)]) -> Answer {
        let mut r = Request::post("/api/v1/messages").header("content-type", "application/json").header("authorization", basic("shop"));
        for (name, value) in headers {
            r = r.header(*name, *value);
        }
        self.call(r.body(body.into()).unwrap()).await
    }

    /// Posts a form.
    pub async fn form(&self, uri: &str, media: &str, body: &str) -> Answer {
        let r = Request::post(uri).header("content-type", media).header("authorization", basic("shop"));
        self.call(r.body(Body::from(body.to_owned())).unwrap()).await
    }

    fn outbox(&self) -> Outbox {
        let policy =
            OutboxPolicy { retry: RetryPolicy::default(), no_answer: NoAnswer::Resend, receipt_wait: RECEIPT_WAIT, spellings: None };
        Outbox::connector(&self.gateway, &self.line, policy)
    }

    /// What the connector would send now.
    pub fn claim(&self) -> Vec<Outgoing> {
        self.outbox().claim(100)
    }

    /// The only message that the connector would send now.
    pub fn sent(&self) -> Message {
        let mut all = self.claim();
        assert_eq!(all.len(), 1);
        *all.remove(0).message
    }

    /// The carrier takes everything, under remote ids `r0`, `r1`, ..., and delivers it.
    pub async fn deliver(&self) {
        let outbox = self.outbox();
        let counters = ConnectorCounters::new(&self.gateway.metrics, &self.line.name);
        for (n, out) in outbox.claim(100).into_iter().enumerate() {
            let remote = Bytes::from(format!("r{n}"));
            let result = SendResult::Sent { parts: vec![SentPart { part: 0, remote: remote.clone() }], total: 1, receipt: true };
            outbox.settle(vec![Settlement { out, result }]).await.unwrap();
            let r = CarrierReceipt {
                remotes: vec![remote],
                state: State::Delivered as i32,
                raw: Bytes::from_static(b"id:r0 stat:DELIVRD err:000"),
                ..CarrierReceipt::default()
            };
            self.gateway.carrier_receipts(&self.line, &counters, vec![r], None).await.unwrap();
        }
    }

    /// Somebody writes to the shop.
    pub async fn receive(&self, text: &str) {
        let counters = ConnectorCounters::new(&self.gateway.metrics, &self.line.name);
        let message = Message {
            source: Address::parse("+447700900123"),
            destination: Address::parse("12345"),
            payload: Bytes::from(text.to_owned()),
            ..Message::default()
        };
        self.gateway.inbound(&self.line, &counters, vec![Inbound { message, part: None }]).await.unwrap();
    }

    /// Waits until the shop's hook queue looks so.
    pub async fn until_hooks(&self, wanted: impl Fn(&waxwing_spool::QueueDepth) -> bool) {
        let holds = || self.gateway.spool.depths().iter().any(|d| &*d.name == "hook:shop" && wanted(d));
        tokio::time::timeout(Duration::from_secs(20), async {
            while !holds() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await
        .expect("the queue's state in time");
    }

    /// Waits until nothing is left in the shop's hook queue, dead letters included.
    pub async fn until_no_hooks(&self) {
        let empty = |d: &waxwing_spool::QueueDepth| d.ready + d.deferred + d.leased + d.dead == 0;
        let holds = || self.gateway.spool.depths().iter().all(|d| &*d.name != "hook:shop" || empty(d));
        tokio::time::timeout(Duration::from_secs(20), async {
            while !holds() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await
        .expect("an empty queue in time");
    }

    /// Puts other settings of the shop in force.
    pub fn change_shop(&self, change: impl Fn(&mut AccountConfig)) {
        let setup = self.gateway.setup();
        let accounts = setup.accounts.iter().map(|a| {
            let mut config = a.config.clone();
            if &*a.name == "shop" {
                change(&mut config);
            }
            Arc::new(Account::new(config, a.group, a.queue, a.hook_queue, a.usage.clone(), Default::default()))
        });
        self.gateway.install(Setup { accounts: Accounts::new(accounts.collect()), ..Setup::empty() });
    }

    pub fn pass(&self, ms: u64) {
        self.time.fetch_add(ms, Ordering::Relaxed);
    }
}
