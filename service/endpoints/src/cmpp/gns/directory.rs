//! What this gateway knows from its GNS, and how it comes to know it.

use std::net::SocketAddr;
use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{self, StreamExt};
use parking_lot::RwLock;
use tokio::sync::mpsc;
use waxwing_cmpp::{Body, GetMoRoute, GetMtRoute, MoRoute, MoRouteUpdate, MtRoute, MtRouteUpdate, Pdu, Version, decode};
use waxwing_core::{Account, Clock, Gateway, Guidance, Guide, LogLimit, Millis, Setup};

use super::super::exchange::Exchange;
use super::super::forward::code;
use super::super::ids::LocalTime;
use super::book::{Book, Changed, Found, Way};
use super::link::{Once, ask};
use super::route::{MoEntry, MtEntry, TellsMo, TellsMt, place, refused, update, written};
use crate::{Endpoint, Stopping};

/// Numbers that wait to be asked for; of more, those that come later are asked for when they come again.
const WAITING: usize = 10_000;
/// Questions at the same time, each over a connection of its own.
const AT_ONCE: usize = 8;
/// How long a number is not asked for again after the GNS gave no answer.
const AGAIN: Duration = Duration::from_secs(2);
/// Wait before all routes are fetched again, or our own are told again, after that failed.
const RETRY: Duration = Duration::from_secs(30);
/// Most routes that are fetched, one connection each.
const MAX_FETCHED: usize = 500_000;

/// A directory of gateways, as one of them uses it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GnsConfig {
    /// Addresses (`host:port`), tried in turn. The standard's port is 9168.
    pub addresses: Vec<String>,
    /// Our gateway code.
    pub gateway: u32,
    /// The shared secret.
    pub secret: String,
    /// Layout that is spoken there.
    pub version: Version,
    /// The account that the GNS is at our listener, where it tells of changes; empty = it does not.
    pub account: String,
    /// How often all routes are fetched; `None` = never, each is asked for when it is needed.
    pub refresh: Option<Duration>,
    /// How long the answer to a question is believed.
    pub keep: Duration,
    /// How long it is believed that nobody serves a number.
    pub keep_none: Duration,
    /// Time for a question and its answer.
    pub timeout: Duration,
    /// Segments of numbers that we serve, first and last, told to the GNS at start. Seven digits, in 2.0 six.
    pub segments: Vec<(String, String)>,
    /// Service codes of the SPs that we serve, told to the GNS at start.
    pub service_codes: Vec<String>,
    /// Where other gateways reach us, as the GNS is told.
    pub advertise: Option<SocketAddr>,
    /// Area code that our segments are told with.
    pub area_code: String,
    /// Minutes that our local time is ahead of UTC.
    pub utc_offset: i32,
}

impl GnsConfig {
    /// The defaults for an address and our code.
    pub fn new(address: impl Into<String>, gateway: u32, secret: impl Into<String>) -> GnsConfig {
        GnsConfig {
            addresses: vec![address.into()],
            gateway,
            secret: secret.into(),
            version: Version::V3,
            account: String::new(),
            refresh: Some(Duration::from_secs(3600)),
            keep: Duration::from_secs(3600),
            keep_none: Duration::from_secs(60),
            timeout: Duration::from_secs(10),
            segments: Vec::new(),
            service_codes: Vec::new(),
            advertise: None,
            area_code: String::new(),
            utc_offset: super::super::config::CHINA,
        }
    }
}

/// The directory at work. It guides messages from memory, and sees to knowing more.
pub(crate) struct Directory {
    config: GnsConfig,
    clock: Clock,
    book: RwLock<Book>,
    questions: mpsc::Sender<(Way, String)>,
    log: LogLimit,
}

/// Uses a GNS: it guides messages where the configuration has no way, until it is stopped.
pub fn start_directory(gateway: &Arc<Gateway>, exchange: &Arc<Exchange>, config: GnsConfig) -> Endpoint {
    let (questions, asked) = mpsc::channel(WAITING);
    let directory = Arc::new(Directory {
        config,
        clock: gateway.clock.clone(),
        book: RwLock::default(),
        questions,
        log: LogLimit::new(gateway.clock.clone()),
    });
    gateway.set_guide(Some(directory.clone()));
    exchange.set_directory(Some(directory.clone()));
    let (gateway, exchange) = (Arc::downgrade(gateway), Arc::downgrade(exchange));
    Endpoint::spawn(None, move |mut stopping: Stopping| async move {
        let work = async {
            tokio::join!(directory.tell(), directory.refresh(), directory.answer(asked));
        };
        tokio::select! {
            () = work => {}
            () = stopping.stopped() => {}
        }
        forget(&gateway, &exchange);
    })
}

fn forget(gateway: &Weak<Gateway>, exchange: &Weak<Exchange>) {
    if let Some(gateway) = gateway.upgrade() {
        gateway.set_guide(None);
    }
    if let Some(exchange) = exchange.upgrade() {
        exchange.set_directory(None);
    }
}

impl Guide for Directory {
    fn line_for(&self, setup: &Setup, recipient: &str) -> Guidance {
        let digits = recipient.strip_prefix('+').unwrap_or(recipient);
        let mobile = digits.strip_prefix("86").filter(|d| d.len() == 11).unwrap_or(digits);
        // A GNS knows of China's handsets only.
        if mobile.len() != 11 || !mobile.starts_with('1') || place(mobile).is_none() {
            return Guidance::Unknown;
        }
        self.guide(setup, Way::Mt, mobile, |a| a.config.cmpp.as_ref()?.connector.as_deref().map(Arc::from))
    }

    fn account_for(&self, setup: &Setup, number: &str) -> Guidance {
        if number.is_empty() || number.len() > 21 || !number.bytes().all(|b| b.is_ascii_digit()) {
            return Guidance::Unknown;
        }
        self.guide(setup, Way::Mo, number, |a| Some(a.name.clone()))
    }
}

impl Directory {
    fn guide(&self, setup: &Setup, way: Way, number: &str, name: impl Fn(&Account) -> Option<Arc<str>>) -> Guidance {
        match self.find(way, number) {
            // What we serve ourselves leaves by the lines that take any traffic.
            Found::Gateway(gateway) if gateway == self.config.gateway => Guidance::Unknown,
            Found::Gateway(gateway) => match setup.accounts.of_source(code(gateway).as_bytes()).and_then(|a| name(a)) {
                Some(name) => Guidance::Known(name),
                None => {
                    if let Some(left_out) = self.log.allow() {
                        let gateway = code(gateway);
                        tracing::warn!(
                            left_out,
                            "the GNS names gateway {gateway} for {number}, and there is no account with a connector for it"
                        );
                    }
                    Guidance::Unknown
                }
            },
            Found::Nobody => Guidance::Unknown,
            Found::Unknown | Found::Asked => Guidance::Asked,
        }
    }

    /// What is known; what is not is asked for.
    fn find(&self, way: Way, number: &str) -> Found {
        let now = self.clock.now();
        let found = self.book.read().find(way, number, now);
        if found == Found::Unknown {
            let until = now + millis(self.config.timeout + AGAIN);
            self.book.write().asked(way, number, until, now);
            if self.questions.try_send((way, number.to_owned())).is_err() {
                tracing::debug!(number, "not asked for: too many others are");
            }
        }
        found
    }

    /// Whether an account is the GNS.
    pub(crate) fn is(&self, account: &str) -> bool {
        !account.is_empty() && self.config.account == account
    }

    /// Takes a change of a route to handsets.
    ///
    /// # Errors
    /// With the result to answer.
    pub(crate) fn change_mt(&self, update_type: u8, entry: Option<MtEntry>) -> Changed {
        let entry = entry.ok_or(refused::GATEWAY)?;
        tracing::info!(
            update_type,
            route = entry.id,
            gateway = entry.gateway,
            start = entry.start,
            end = entry.end,
            "the GNS changed a route"
        );
        self.book.write().change_mt(update_type, entry, Millis::MAX)
    }

    /// Takes a change of a route to an SP.
    ///
    /// # Errors
    /// With the result to answer.
    pub(crate) fn change_mo(&self, update_type: u8, entry: Option<MoEntry>) -> Changed {
        let entry = entry.ok_or(refused::GATEWAY)?;
        tracing::info!(update_type, route = entry.id, gateway = entry.gateway, sp_code = entry.sp_code, "the GNS changed a route");
        self.book.write().change_mo(update_type, entry, Millis::MAX)
    }

    /// Asks one thing, at the first address that answers.
    async fn ask(&self, body: &impl Body) -> Result<Bytes, String> {
        let source_addr = code(self.config.gateway);
        let mut why = "no address".to_owned();
        for address in &self.config.addresses {
            let how = Once {
                source_addr: &source_addr,
                secret: &self.config.secret,
                version: self.config.version,
                timestamp: LocalTime::at(self.clock.now(), self.config.utc_offset).timestamp(),
                timeout: self.config.timeout,
            };
            match ask(address, &how, body).await {
                Ok(answer) => return Ok(answer),
                Err(e) => why = format!("GNS at {address}: {e}"),
            }
        }
        Err(why)
    }

    /// Answers questions, some at a time.
    async fn answer(&self, asked: mpsc::Receiver<(Way, String)>) {
        let questions = stream::unfold(asked, |mut asked| async { asked.recv().await.map(|q| (q, asked)) });
        questions
            .for_each_concurrent(AT_ONCE, |(way, number)| async move {
                let answer = match way {
                    Way::Mt => self.ask_mt(&number).await,
                    Way::Mo => self.ask_mo(&number).await,
                };
                let now = self.clock.now();
                match answer {
                    Ok(true) => {}
                    Ok(false) => self.book.write().nobody(way, &number, now + millis(self.config.keep_none), now),
                    Err(why) => {
                        self.book.write().asked(way, &number, now + millis(AGAIN), now);
                        if let Some(left_out) = self.log.allow() {
                            tracing::warn!(left_out, "{why}");
                        }
                    }
                }
            })
            .await;
    }

    /// Whether somebody serves a handset.
    async fn ask_mt(&self, number: &str) -> Result<bool, String> {
        let source = code(self.config.gateway);
        let answer = self.ask(&MtRoute { source_id: source.as_bytes(), terminal_id: number.as_bytes() }).await?;
        let Ok(Pdu::MtRouteResp(r)) = decode(&answer, self.config.version).map(|d| d.pdu) else { return Err(unreadable()) };
        if !self.positive(r.result)? {
            return Ok(false);
        }
        let mut entry = r.mt().ok_or_else(unreadable)?;
        let asked = place(number);
        if !entry.range().is_ok_and(|(first, last)| asked.is_some_and(|p| (first..=last).contains(&p))) {
            // An answer without a segment is one about the segment that was asked for.
            let segment = number.get(..7).unwrap_or(number);
            (entry.start, entry.end) = (segment.to_owned(), segment.to_owned());
        }
        let until = self.clock.now() + millis(self.config.keep);
        self.book.write().keep_mt(entry, until).map_err(|_| unreadable())?;
        Ok(true)
    }

    /// Whether somebody serves an SP.
    async fn ask_mo(&self, number: &str) -> Result<bool, String> {
        let source = code(self.config.gateway);
        let body = MoRoute { source_id: source.as_bytes(), sp_code: number.as_bytes(), ..MoRoute::default() };
        let answer = self.ask(&body).await?;
        let Ok(Pdu::MoRouteResp(r)) = decode(&answer, self.config.version).map(|d| d.pdu) else { return Err(unreadable()) };
        if !self.positive(r.result)? {
            return Ok(false);
        }
        let mut entry = r.mo().ok_or_else(unreadable)?;
        if !number.starts_with(&entry.sp_code) || entry.sp_code.is_empty() {
            number.clone_into(&mut entry.sp_code);
        }
        let until = self.clock.now() + millis(self.config.keep);
        self.book.write().keep_mo(entry, until).map_err(|_| unreadable())?;
        Ok(true)
    }

    fn positive(&self, result: u8) -> Result<bool, String> {
        match (result, self.config.version) {
            (0, _) | (refused::LAST_ROUTE, Version::V2) => Ok(true),
            (refused::NO_ROUTE, _) => Ok(false),
            _ => Err(format!("the GNS answers with result {result}")),
        }
    }

    /// Fetches all routes, and again and again.
    async fn refresh(&self) {
        let Some(every) = self.config.refresh else { return };
        loop {
            let mut wait = every;
            for way in [Way::Mt, Way::Mo] {
                match self.fetch(way).await {
                    Ok(fresh) => {
                        tracing::info!(?way, routes = fresh.len(way), "fetched the routes of the GNS");
                        self.book.write().replace(way, fresh);
                    }
                    Err(why) => {
                        tracing::warn!(?way, "the routes of the GNS could not be fetched: {why}");
                        wait = wait.min(RETRY);
                    }
                }
            }
            tokio::time::sleep(wait).await;
        }
    }

    /// All routes of a kind. Each answer has one, and says whether there are more.
    async fn fetch(&self, way: Way) -> Result<Book, String> {
        let source = code(self.config.gateway);
        let (source_id, v3) = (source.as_bytes(), self.config.version == Version::V3);
        let route_type: &[u8] = if way == Way::Mt { b"MT" } else { b"MO" };
        let mut book = Book::default();
        let mut last_route_id = -1;
        for _ in 0..MAX_FETCHED {
            let answer = if v3 && way == Way::Mo {
                self.ask(&GetMoRoute { source_id, route_type, last_route_id }).await?
            } else {
                self.ask(&GetMtRoute { source_id, route_type, last_route_id }).await?
            };
            let (result, id, total, number) = match decode(&answer, self.config.version).map(|d| d.pdu) {
                Ok(Pdu::GetMtRouteResp(r)) => {
                    if self.positive(r.result)? {
                        let kept = match way {
                            Way::Mt => r.mt().map(|e| book.keep_mt(e, Millis::MAX)),
                            Way::Mo => r.mo().map(|e| book.keep_mo(e, Millis::MAX)),
                        };
                        passed_over(kept, r.route_id);
                    }
                    (r.result, r.route_id, r.route_total, r.route_number)
                }
                Ok(Pdu::GetMoRouteResp(r)) => {
                    if self.positive(r.result)? {
                        passed_over(r.mo().map(|e| book.keep_mo(e, Millis::MAX)), r.route_id);
                    }
                    (r.result, r.route_id, r.route_total, r.route_number)
                }
                _ => return Err(unreadable()),
            };
            if result != 0 || (v3 && total > 0 && number >= total) {
                return Ok(book);
            }
            let next = i32::try_from(id).map_err(|_| unreadable())?;
            if next <= last_route_id {
                return Err(format!("route {next} came after route {last_route_id}: there would be no end"));
            }
            last_route_id = next;
        }
        Err(format!("more than {MAX_FETCHED} routes"))
    }

    /// Tells the GNS what we serve, until it has all been taken.
    async fn tell(&self) {
        let mut left: Vec<Own<'_>> = self.config.segments.iter().map(|(first, last)| Own::Segment(first, last)).collect();
        left.extend(self.config.service_codes.iter().map(|code| Own::Code(code)));
        while !left.is_empty() {
            let mut again = Vec::new();
            for own in left {
                match self.tell_one(&own).await {
                    Ok(0) => tracing::info!(?own, "told the GNS"),
                    Ok(result) => tracing::warn!(?own, "the GNS refused it with result {result}"),
                    Err(why) => {
                        tracing::warn!(?own, "the GNS could not be told: {why}");
                        again.push(own);
                    }
                }
            }
            left = again;
            if !left.is_empty() {
                tokio::time::sleep(RETRY).await;
            }
        }
    }

    async fn tell_one(&self, own: &Own<'_>) -> Result<u8, String> {
        let source = code(self.config.gateway);
        let (ip, gateway_port) = written(self.config.advertise);
        let (destination_id, gateway_ip) = (source.as_bytes(), ip.as_bytes());
        let answer = match own {
            Own::Segment(first, last) => {
                let body = MtRouteUpdate {
                    update_type: update::ADD,
                    destination_id,
                    gateway_ip,
                    gateway_port,
                    start_id: first.as_bytes(),
                    end_id: last.as_bytes(),
                    area_code: self.config.area_code.as_bytes(),
                    ..MtRouteUpdate::default()
                };
                self.ask(&body).await?
            }
            Own::Code(sp_code) => {
                let body = MoRouteUpdate {
                    update_type: update::ADD,
                    destination_id,
                    gateway_ip,
                    gateway_port,
                    sp_code: sp_code.as_bytes(),
                    ..MoRouteUpdate::default()
                };
                self.ask(&body).await?
            }
        };
        match decode(&answer, self.config.version).map(|d| d.pdu) {
            Ok(Pdu::MtRouteUpdateResp(r)) => Ok(r.result),
            Ok(Pdu::MoRouteUpdateResp(r)) => Ok(r.result),
            _ => Err(unreadable()),
        }
    }
}

/// What we serve.
#[derive(Debug)]
enum Own<'a> {
    Segment(&'a str, &'a str),
    Code(&'a str),
}

/// One bad route does not spoil the others.
fn passed_over(kept: Option<Changed>, route: u32) {
    if kept != Some(Ok(())) {
        tracing::debug!(route, "a route of the GNS is none, and left out");
    }
}

fn unreadable() -> String {
    "the answer of the GNS cannot be read".to_owned()
}

fn millis(period: Duration) -> Millis {
    u64::try_from(period.as_millis()).unwrap_or(u64::MAX / 4).min(u64::MAX / 4)
}
