//! What single values cannot show: names that are missing, taken or unknown, ports that clash, ranges that contradict each other.

mod cmpp;
mod mmsc;

use std::fmt::Display;
use std::net::SocketAddr;
use std::ops::Range;
use std::path::PathBuf;

use super::fields::nearest;
use super::keys::{Account, Connector, Door, Role, Route, Simulator, SmppConnector, SmppListener, Tls};
use super::sections::{ConnectorItem, ListenerItem, Sections};
use super::tree::{Block, Findings, Item};
use super::value::{Hosts, Period};
use super::{Config, ConnectorKind, ConnectorSetup, ListenerKind, ListenerSetup};

/// Longest system_id (SMPP 3.4, 4.1.1: 16 with its NUL).
const SYSTEM_ID: usize = 15;
/// Longest name of an account, connector or route.
const NAME: usize = 64;
/// What is said about waiting for an answer for no time.
const NO_ANSWER: &str = "0 would wait for no answer; write at least \"1s\"";

/// What is known besides the document, where that is only an account.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Names of routes and connectors.
    pub(super) routes: Vec<String>,
    /// Connectors that lead to other gateways.
    pub(super) peers: Vec<Peer>,
}

/// A connector that leads to another gateway.
#[derive(Debug)]
pub(super) struct Peer {
    pub(super) connector: String,
    /// The account that the gateway is.
    pub(super) account: String,
}

/// Checks everything, notes every mistake, and makes of it what would be in force if there were none.
pub(super) fn check(findings: &mut Findings<'_>, s: Sections<'_>, elsewhere: &Known) -> Config {
    let mut c = Checker { findings, elsewhere, warnings: Vec::new() };
    c.general(&s);
    c.ports(&s);
    c.cmpp_gateways(&s);
    c.gns(&s);
    c.mmsc(&s);
    c.names(&s);
    for (common, item) in &s.listeners {
        let port = if matches!(item, ListenerItem::Cmpp(_)) { 7890 } else { 2775 };
        let mend = format!("where to listen, such as listen = \"127.0.0.1:{port}\"");
        c.need(common.value.listen.is_some(), &common.block, "listen", &mend);
        match item {
            ListenerItem::Smpp(item) => c.smpp_listener(item),
            ListenerItem::Cmpp(item) => c.cmpp_listener(item),
        }
    }
    for account in &s.accounts {
        c.account(account, &s);
        c.cmpp_account(account, &s);
    }
    c.cmpp_sources(&s.accounts);
    c.numbers(&s.accounts);
    for (common, kind) in &s.connectors {
        c.connector(common);
        match kind {
            ConnectorItem::Smpp(item) => c.smpp_connector(item),
            ConnectorItem::Cmpp(item) => c.cmpp_connector(&common.value.name, item, &s),
            ConnectorItem::Simulator(item) => c.simulator(item),
            ConnectorItem::Unknown => {}
        }
    }
    for route in &s.routes {
        c.route(route, &s);
    }
    let warnings = std::mem::take(&mut c.warnings);
    Config { warnings, ..assemble(s) }
}

fn assemble(s: Sections<'_>) -> Config {
    let guided = !s.gns.value.address.0.is_empty();
    let named: Vec<&String> = s.routes.iter().flat_map(|r| &r.value.via).collect();
    let connectors = s
        .connectors
        .iter()
        .filter_map(|(common, kind)| {
            let mut common = common.value.clone();
            let alone = common.to.is_empty() && common.senders.is_empty() && !named.contains(&&common.name);
            // With a directory of gateways, those take what it says, and nothing else.
            let peer = matches!(kind, ConnectorItem::Cmpp(item) if item.value.role == Role::Ismg);
            common.any = Some(common.any.unwrap_or(alone && !(guided && peer)));
            let kind = match kind {
                ConnectorItem::Smpp(item) => ConnectorKind::Smpp(Box::new(item.value.clone())),
                ConnectorItem::Cmpp(item) => ConnectorKind::Cmpp(Box::new(item.value.clone())),
                ConnectorItem::Simulator(item) => ConnectorKind::Simulator(item.value.clone()),
                ConnectorItem::Unknown => return None,
            };
            Some(ConnectorSetup { common, kind })
        })
        .collect();
    let listeners = s.listeners.into_iter().filter_map(|(common, item)| {
        let kind = match item {
            ListenerItem::Smpp(item) => ListenerKind::Smpp(Box::new(item.value)),
            ListenerItem::Cmpp(item) => ListenerKind::Cmpp(Box::new(item.value)),
        };
        common.value.listen.map(|l| ListenerSetup { listen: l.0, kind })
    });
    Config {
        node: s.node.value,
        http: s.http.value,
        spool: s.spool.value,
        ledger: s.ledger.value,
        sms: s.sms.value,
        callback: s.callback.value,
        log: s.log.value,
        gns: s.gns.value,
        mmsc: s.mmsc.value,
        mms_routes: s.mms_routes.into_iter().map(|r| r.value).collect(),
        mms_lines: s.mms_lines.into_iter().map(|l| l.value).collect(),
        listeners: listeners.collect(),
        accounts: s.accounts.into_iter().map(|a| a.value).collect(),
        connectors,
        routes: s.routes.into_iter().map(|r| r.value).collect(),
        ..Config::default()
    }
}

struct Checker<'f, 's> {
    findings: &'f mut Findings<'s>,
    elsewhere: &'f Known,
    warnings: Vec<super::Problem>,
}

impl Checker<'_, '_> {
    fn wrong(&mut self, block: &Block<'_>, span: Range<usize>, message: impl Display) {
        self.findings.add_in(block, span, message);
    }

    fn wrong_key(&mut self, block: &Block<'_>, key: &str, message: impl Display) {
        self.wrong(block, block.at(key), format!("{}{key}: {message}", block.prefix));
    }

    fn warn(&mut self, block: &Block<'_>, key: &str, message: impl Display) {
        self.findings.add_in(block, block.at(key), message);
        self.warnings.extend(self.findings.problems.pop());
    }

    /// A key that has to be there.
    fn need(&mut self, given: bool, block: &Block<'_>, key: &str, mend: &str) {
        if !given && !block.given(key) {
            self.wrong(block, block.span.clone(), format!("missing key `{}{key}`: {mend}", block.prefix));
        }
    }

    fn in_range<T: PartialOrd + Display>(&mut self, block: &Block<'_>, key: &str, value: T, range: std::ops::RangeInclusive<T>) {
        if !range.contains(&value) {
            self.wrong_key(block, key, format!("{value} is out of range; write {} to {}", range.start(), range.end()));
        }
    }

    fn at_most(&mut self, block: &Block<'_>, key: &str, value: &str, octets: usize) {
        if value.len() > octets {
            self.wrong_key(block, key, format!("{value:?} has {} octets, at most {octets} fit", value.len()));
        }
    }

    /// Certificate and key come together.
    fn pair(&mut self, block: &Block<'_>, (cert, has_cert): (&str, bool), (key, has_key): (&str, bool)) {
        if has_cert && !has_key {
            self.wrong_key(block, cert, format!("a certificate needs its private key; add {key}"));
        }
        if has_key && !has_cert {
            self.wrong_key(block, key, format!("a private key needs its certificate; add {cert}"));
        }
    }

    fn general(&mut self, s: &Sections<'_>) {
        let (sms, spool, http, log) = (&s.sms, &s.spool, &s.http, &s.log);
        if sms.value.validity.0 > sms.value.validity_max.0 {
            self.wrong_key(
                &sms.block,
                "validity",
                format!(
                    "{} is longer than validity_max ({}); raise validity_max or lower validity",
                    sms.value.validity, sms.value.validity_max
                ),
            );
        }
        if sms.value.validity.0.is_zero() {
            self.wrong_key(&sms.block, "validity", "0 would let every message expire at once; write at least \"1m\"");
        }
        let size = spool.value.segment_size.0;
        if !(16 << 10..=1 << 30).contains(&size) || size % 4096 != 0 {
            self.wrong_key(&spool.block, "segment_size", "write a multiple of 4 KiB between \"16 KiB\" and \"1 GiB\"");
        }
        self.in_range(&spool.block, "max_messages", spool.value.max_messages, 1..=1_000_000_000);
        self.in_range(&s.ledger.block, "retention_days", s.ledger.value.retention_days, 1..=36_500);
        self.pair(&http.block, ("tls_cert", http.value.tls_cert.is_some()), ("tls_key", http.value.tls_key.is_some()));
        self.in_range(&http.block, "max_connections", http.value.max_connections, 1..=1_000_000);
        self.in_range(&http.block, "push_segments", http.value.push_segments, 1..=255);
        if s.node.value.data.as_os_str().is_empty() {
            self.wrong_key(&s.node.block, "data", "the folder's name is empty; write data = \"data\"");
        }
        if let Err(e) = tracing_subscriber::EnvFilter::try_new(&log.value.level) {
            self.wrong_key(
                &log.block,
                "level",
                format!("{:?} is no log level ({e}); write error, warn, info, debug or trace", log.value.level),
            );
        }
    }

    fn ports(&mut self, s: &Sections<'_>) {
        let http = (s.http.value.listen.0, "[http]".to_owned());
        let mut taken: Vec<(SocketAddr, String)> = vec![http];
        for (key, listen) in [("listen", s.mmsc.value.listen), ("smtp_listen", s.mmsc.value.smtp_listen)] {
            let Some(listen) = listen else { continue };
            if let Some((other, who)) = taken.iter().find(|(a, _)| clash(*a, listen.0)) {
                let message = format!("{listen} is taken by {who} ({other}); give one of them another port");
                self.wrong_key(&s.mmsc.block, key, message);
            }
            taken.push((listen.0, s.mmsc.block.place.clone()));
        }
        for (common, _) in &s.listeners {
            let Some(listen) = common.value.listen else { continue };
            if let Some((other, who)) = taken.iter().find(|(a, _)| clash(*a, listen.0)) {
                let message = format!("{listen} is taken by {who} ({other}); give one of them another port");
                self.wrong_key(&common.block, "listen", message);
            }
            taken.push((listen.0, common.block.place.clone()));
        }
    }

    /// Names of accounts, of connectors, and of routes, each once; a route must not be called like a connector.
    fn names(&mut self, s: &Sections<'_>) {
        let accounts = s.accounts.iter().map(|a| (&a.block, a.value.name.as_str()));
        self.unique("account", accounts.collect());
        let connectors = s.connectors.iter().map(|(c, _)| (&c.block, c.value.name.as_str()));
        let routes = s.routes.iter().filter_map(|r| r.value.name.as_deref().map(|n| (&r.block, n)));
        self.unique("connector or route", connectors.chain(routes).collect());
    }

    fn unique(&mut self, what: &str, names: Vec<(&Block<'_>, &str)>) {
        for (i, (block, name)) in names.iter().enumerate() {
            if name.is_empty() {
                self.need(false, block, "name", "a unique name, such as name = \"one\"");
                if block.has("name") {
                    self.wrong_key(block, "name", "the name is empty");
                }
                continue;
            }
            let odd = name.chars().find(|c| c.is_control() || c.is_whitespace() || matches!(c, ':' | ',' | '/' | '"'));
            if let Some(c) = odd {
                self.wrong_key(block, "name", format!("{name:?} has {c:?} in it; use letters, digits, - _ and ."));
            }
            self.at_most(block, "name", name, NAME);
            if let Some((first, _)) = names[..i].iter().find(|(_, other)| other.eq_ignore_ascii_case(name)) {
                let line = self.findings.line(first.at("name"));
                self.wrong_key(block, "name", format!("there is already a {what} of that name (line {line}); choose another"));
            }
        }
    }

    fn smpp_listener(&mut self, item: &Item<'_, SmppListener>) {
        let (b, v) = (&item.block, &item.value);
        self.at_most(b, "system_id", &v.system_id, SYSTEM_ID);
        self.server_files(b, [&v.tls_cert, &v.tls_key, &v.tls_client_ca]);
        self.in_range(b, "window", v.window, 1..=100_000);
        self.in_range(b, "max_connections", v.max_connections, 1..=1_000_000);
        self.in_range(b, "max_connections_per_host", v.max_connections_per_host, 1..=1_000_000);
        for (key, period) in [("login_timeout", v.login_timeout), ("response_timeout", v.response_timeout)] {
            self.no_zero(b, key, period, "0 would let no connection live; write at least \"1s\"");
        }
    }

    fn server_files(&mut self, b: &Block<'_>, [cert, key, client_ca]: [&Option<PathBuf>; 3]) {
        self.pair(b, ("tls_cert", cert.is_some()), ("tls_key", key.is_some()));
        if client_ca.is_some() && cert.is_none() {
            self.wrong_key(b, "tls_client_ca", "client certificates need TLS; add tls_cert and tls_key");
        }
    }

    fn no_zero(&mut self, b: &Block<'_>, key: &str, period: Period, message: &str) {
        if period.0.is_zero() {
            self.wrong_key(b, key, message);
        }
    }

    fn account(&mut self, item: &Item<'_, Account>, s: &Sections<'_>) {
        let (b, v) = (&item.block, &item.value);
        if v.doors.contains(&Door::Smpp) && v.name.len() > SYSTEM_ID && v.name.len() <= NAME {
            let message = format!("the name has {} octets; SMPP clients that keep to the book can send {SYSTEM_ID}", v.name.len());
            self.warn(b, "name", message);
        }
        if v.password.is_empty() && v.cmpp.is_none() {
            self.warn(b, "password", "without a password nobody can sign in");
        }
        self.in_range(b, "priority", v.priority, 0..=3);
        self.in_range(b, "max_priority", v.max_priority, 0..=3);
        self.rate(b, v.rate);
        self.in_range(b, "max_binds", v.max_binds, 1..=10_000);
        self.in_range(b, "window", v.window, 1..=10_000);
        self.in_range(b, "webhook_calls", v.webhook_calls, 1..=1000);
        self.at_most(b, "default_sender", v.default_sender.as_deref().unwrap_or_default(), waxwing_core::MAX_ADDRESS);
        self.at_most(b, "forced_sender", v.forced_sender.as_deref().unwrap_or_default(), waxwing_core::MAX_ADDRESS);
        if v.webhook_secret.is_some() && v.webhook.is_none() && !b.given("webhook") {
            self.wrong_key(b, "webhook_secret", "there is no webhook to sign; add webhook = \"https://...\"");
        }
        if v.webhook_secret.as_deref().is_some_and(|k| k.split_whitespace().any(|key| !key.starts_with("whsec_"))) {
            self.warn(
                b,
                "webhook_secret",
                "webhook_secret: a key is whsec_ and base64, as `waxwing account secret` makes one; this is taken as it is",
            );
        }
        if let Some(route) = &v.route {
            let routes = s.routes.iter().filter_map(|r| r.value.name.as_deref());
            let all: Vec<&str> = routes.chain(connector_names(s)).chain(self.elsewhere.routes.iter().map(String::as_str)).collect();
            self.known(b, "route", b.at("route"), route, &all, "route or connector");
        }
    }

    /// A number belongs to one account.
    fn numbers(&mut self, accounts: &[Item<'_, Account>]) {
        for (i, a) in accounts.iter().enumerate() {
            for mask in &a.value.numbers.0 {
                if let Some(other) = accounts[..i].iter().find(|o| o.value.numbers.0.contains(mask)) {
                    let message = format!("{} is already account {:?}'s", mask.as_str(), other.value.name);
                    self.wrong_key(&a.block, "numbers", message);
                }
            }
        }
    }

    fn connector(&mut self, item: &Item<'_, Connector>) {
        let (b, v) = (&item.block, &item.value);
        self.in_range(b, "weight", v.weight, 1..=1_000_000);
        if v.retry.max_attempts == 0 {
            self.wrong_key(b, "retry", "max_attempts = 0 would send nothing; write at least 1");
        }
        let lists = [("permanent", &v.permanent), ("temporary", &v.temporary), ("throttled", &v.throttled)];
        for (i, (key, codes)) in lists.iter().enumerate() {
            for (n, code) in codes.iter().enumerate() {
                if let Some((other, _)) = lists[..i].iter().find(|(_, l)| l.contains(code)) {
                    self.wrong(b, b.at_nth(key, n), format!("{key}: {code} is in {other} already"));
                }
            }
        }
    }

    fn smpp_connector(&mut self, item: &Item<'_, SmppConnector>) {
        let (b, v) = (&item.block, &item.value);
        self.address(b, &v.address, "smsc.example.net:2775");
        self.need(!v.system_id.is_empty(), b, "system_id", "your name at the carrier");
        self.at_most(b, "system_id", &v.system_id, SYSTEM_ID);
        self.at_most(b, "system_type", &v.system_type, 12);
        self.at_most(b, "address_range", &v.address_range, 40);
        self.at_most(b, "service_type", &v.service_type, 5);
        self.in_range(b, "window", v.window, 1..=10_000);
        self.in_range(b, "binds", v.binds, 1..=100);
        if ![0x33, 0x34, 0x50].contains(&v.interface_version.0) {
            self.wrong_key(b, "interface_version", format!("{} is no version of SMPP; write 0x33, 0x34 or 0x50", v.interface_version));
        }
        self.rate(b, v.rate);
        self.no_zero(b, "response_timeout", v.response_timeout, NO_ANSWER);
        self.reconnect(b, v.reconnect_min, v.reconnect_max);
        for (n, tlv) in v.tlv.iter().enumerate() {
            if let Err(e) = tlv.octets() {
                self.wrong(b, b.at_nth("tlv", n), format!("tlv: {e}"));
            }
        }
        self.client_tls(b, &v.tls);
    }

    fn address(&mut self, b: &Block<'_>, address: &Hosts, such_as: &str) {
        self.need(!address.0.is_empty(), b, "address", &format!("the carrier's host and port, such as address = \"{such_as}\""));
        if address.0.is_empty() && b.has("address") && !b.is_spoilt("address") {
            self.wrong_key(b, "address", "the list is empty");
        }
    }

    fn rate(&mut self, b: &Block<'_>, rate: Option<f64>) {
        if rate.is_some_and(|r| r <= 0.0 || !r.is_finite()) {
            self.wrong_key(b, "rate", "messages a second have to be more than 0; leave the key out for no limit");
        }
    }

    fn reconnect(&mut self, b: &Block<'_>, min: Period, max: Period) {
        if min.0 > max.0 {
            self.wrong_key(b, "reconnect_min", "it is longer than reconnect_max");
        }
        self.no_zero(b, "reconnect_min", min, "0 would knock without pause; write at least \"100ms\"");
    }

    fn client_tls(&mut self, b: &Block<'_>, tls: &Tls) {
        if let Tls::On(tls) = tls {
            self.pair(b, ("tls", tls.cert.is_some()), ("tls", tls.key.is_some()));
            if tls.insecure {
                self.warn(b, "tls", "insecure takes any certificate: anybody in between can read and change everything");
            }
        }
    }

    fn simulator(&mut self, item: &Item<'_, Simulator>) {
        for (key, share) in item.value.shares() {
            self.in_range(&item.block, key, share, 0.0..=1.0);
        }
        self.in_range(&item.block, "window", item.value.window, 1..=100_000);
    }

    fn route(&mut self, item: &Item<'_, Route>, s: &Sections<'_>) {
        let (b, v) = (&item.block, &item.value);
        self.need(!v.via.is_empty(), b, "via", "the connectors that carry it, such as via = [\"carrier-a\"]");
        if v.via.is_empty() && b.has("via") && b.table.get("via").is_some_and(|l| l.get_ref().as_array().is_some_and(|a| a.is_empty())) {
            self.wrong_key(b, "via", "the list is empty");
        }
        let connectors: Vec<&str> = connector_names(s).collect();
        for (n, name) in v.via.iter().enumerate() {
            self.known(b, "via", b.at_nth("via", n), name, &connectors, "connector");
            if v.via[..n].contains(name) {
                self.wrong(b, b.at_nth("via", n), format!("via: {name:?} is there twice"));
            }
        }
        if v.to.is_empty() && v.name.is_none() && !b.given("to") && !b.given("name") {
            self.wrong(b, b.span.clone(), "nothing would ever take this route; add to = \"...\" or a name");
        }
        for (n, name) in v.accounts.iter().enumerate() {
            if !s.accounts.iter().any(|a| a.value.name == *name) {
                // It may be one that was made in the console, which this file does not know.
                let message = format!("there is no account {name:?} in this file");
                self.findings.add_in(b, b.at_nth("accounts", n), message);
                self.warnings.extend(self.findings.problems.pop());
            }
        }
    }

    fn known(&mut self, block: &Block<'_>, key: &str, span: Range<usize>, name: &str, known: &[&str], what: &str) {
        if known.iter().any(|k| k.eq_ignore_ascii_case(name)) {
            return;
        }
        let mend = match nearest(name, known.iter().copied()) {
            Some(near) => format!("; did you mean {near:?}?"),
            None if known.is_empty() => String::new(),
            None => format!("; there are {}", known.join(", ")),
        };
        self.wrong(block, span, format!("{key}: there is no {what} {name:?}{mend}"));
    }
}

fn connector_names<'s>(s: &'s Sections<'_>) -> impl Iterator<Item = &'s str> {
    s.connectors.iter().map(|(c, _)| c.value.name.as_str()).filter(|n| !n.is_empty())
}

/// Two sockets that cannot both be listened on.
fn clash(a: SocketAddr, b: SocketAddr) -> bool {
    let covers = a.ip() == b.ip() || a.ip().is_unspecified() || b.ip().is_unspecified();
    a.port() != 0 && a.port() == b.port() && covers
}
