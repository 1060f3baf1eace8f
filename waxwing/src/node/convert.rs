//! From the settings of the file to those of the crates that do the work.

mod cmpp;

use std::path::Path;

use waxwing_core::{AccountConfig, ConnectorState, ErrorTable, Line, RetryPolicy, Route, Secret, Webhook};
use waxwing_endpoints::simulator::SimulatorConfig;
use waxwing_endpoints::smpp::{BindKind, ConnectorConfig, IdSpelling, ListenerConfig, LongMessages, RequestReceipts};
use waxwing_session::{
    BackoffOptions, ClientCertificates, FloodLimits, Identity, Roots, SourceError, SourceList, TlsClientOptions, TlsServerOptions,
};
use waxwing_spool::log::SpoolConfig;

use crate::config::keys::{self, Account, Door, Right, SmppConnector, SmppListener, Tls};
use crate::config::value::{Masks, Network};
use crate::config::{Config, ConnectorKind, ConnectorSetup, ListenerSetup, ServerFiles};

pub(super) use cmpp::{cmpp_connector, cmpp_listener, gns};

/// The spool's settings.
pub(super) fn spool(config: &Config) -> SpoolConfig {
    let s = &config.spool;
    let segment_size = segment_size(config);
    let defaults = SpoolConfig::new(config.data().join("spool"));
    SpoolConfig {
        segment_size,
        max_tx: defaults.max_tx.min(segment_size / 4),
        group_bytes: defaults.group_bytes.min(segment_size as usize / 4),
        max_messages: s.max_messages,
        min_free: s.min_free.0,
        max_disk: s.max_disk.map(|d| d.0),
        dead_retention: u64::from(s.dead_letter_days) * 86_400_000,
        sync: s.sync,
        readers: vec!["ledger".to_owned()],
        ..defaults
    }
}

/// Octets of a log file.
pub(crate) fn segment_size(config: &Config) -> u32 {
    // The check has kept it within 1 GiB.
    u32::try_from(config.spool.segment_size.0).unwrap_or(64 << 20)
}

/// An account.
pub(super) fn account(a: &Account) -> AccountConfig {
    let may = |r| a.allow.contains(&r);
    AccountConfig {
        name: a.name.clone(),
        password: Secret::parse(&a.password),
        sms: may(Right::Sms),
        mms: may(Right::Mms),
        push: may(Right::Push),
        admin: may(Right::Admin),
        smpp: a.doors.contains(&Door::Smpp),
        http: a.doors.contains(&Door::Http),
        numbers: masks(&a.numbers),
        senders: masks(&a.senders),
        default_sender: a.default_sender.clone(),
        forced_sender: a.forced_sender.clone(),
        rate: a.rate,
        per_day: a.per_day,
        per_month: a.per_month,
        max_binds: a.max_binds,
        window: a.window,
        hosts: a.hosts.iter().map(|n| n.0).collect(),
        webhook: a.webhook.as_ref().map(|u| Webhook { url: u.0.clone(), secret: a.webhook_secret.clone().unwrap_or_default() }),
        webhook_calls: a.webhook_calls,
        priority: a.priority,
        max_priority: a.max_priority,
        validity: a.validity.map(|v| v.millis()),
        charset: a.charset.map(|c| c.0.name().to_owned()).unwrap_or_default(),
        route: a.route.clone(),
        join_long: a.join_long,
        country: a.country.as_ref().map(|c| c.0.clone()),
        cmpp: cmpp::profile(a),
    }
}

/// A connector, as routing sees it.
pub(super) fn line(config: &Config, setup: &ConnectorSetup, state: std::sync::Arc<ConnectorState>) -> Line {
    let c = &setup.common;
    Line {
        state,
        senders: masks(&c.senders),
        to: masks(&c.to),
        any: c.any.unwrap_or(false),
        weight: c.weight,
        retry: retry(c),
        errors: errors(setup),
        no_answer: c.no_answer,
        receipt_wait: receipt_wait(config, c),
    }
}

/// A route.
pub(super) fn route(r: &keys::Route) -> Route {
    Route { name: r.name.clone(), to: masks(&r.to), from: masks(&r.from), accounts: r.accounts.clone(), via: r.via.clone(), share: r.share }
}

/// TLS of a listener, `None` for plain TCP.
pub(super) fn tls_server(config: &Config, files: ServerFiles<'_>) -> Option<TlsServerOptions> {
    let path = |p: &Path| config.path(p);
    files.cert.zip(files.key).map(|(cert, key)| TlsServerOptions {
        clients: files.client_ca.map_or(ClientCertificates::None, |ca| ClientCertificates::Required(path(ca))),
        identity: Identity { certificate: path(cert), key: path(key) },
    })
}

/// An SMPP listener. Fails only on networks that the check has let through by mistake.
pub(super) fn smpp_listener(config: &Config, setup: &ListenerSetup, l: &SmppListener) -> Result<ListenerConfig, SourceError> {
    Ok(ListenerConfig {
        tls: tls_server(config, setup.files()),
        allow: sources(&l.allow)?,
        flood: FloodLimits { per_source: l.max_connections_per_host as usize, total: l.max_connections as usize },
        login_timeout: l.login_timeout.0,
        enquire_link: l.enquire_link.0,
        response_timeout: l.response_timeout.0,
        inactivity_timeout: l.inactivity_timeout.map(|p| p.0),
        max_unanswered: l.window,
        rate: l.rate,
        system_id: l.system_id.clone(),
        charset: l.charset.0,
        strict: l.strict,
        ..ListenerConfig::new(setup.listen)
    })
}

/// An SMPP connector.
pub(super) fn smpp_connector(config: &Config, setup: &ConnectorSetup, c: &SmppConnector) -> ConnectorConfig {
    let common = &setup.common;
    ConnectorConfig {
        addresses: c.address.0.iter().map(|a| a.0.clone()).collect(),
        tls: tls_client(config, &c.tls),
        system_id: c.system_id.clone(),
        password: c.password.clone(),
        system_type: c.system_type.clone(),
        interface_version: u8::try_from(c.interface_version.0).unwrap_or(0x34),
        address_range: (c.bind_ton, c.bind_npi, c.address_range.clone()),
        bind: match c.bind {
            keys::Bind::Transceiver => BindKind::Transceiver,
            keys::Bind::Transmitter => BindKind::Transmitter,
            keys::Bind::Receiver => BindKind::Receiver,
            keys::Bind::Separate => BindKind::Pair,
        },
        binds: c.binds,
        window: c.window,
        rate: c.rate,
        enquire_link: c.enquire_link.0,
        response_timeout: c.response_timeout.0,
        reconnect: BackoffOptions { initial: c.reconnect_min.0, max: c.reconnect_max.0, ..BackoffOptions::default() },
        throttle_pause: c.throttle_pause.0,
        source_ton_npi: (c.source_ton, c.source_npi),
        dest_ton_npi: (c.dest_ton, c.dest_npi),
        service_type: c.service_type.clone(),
        charset: c.charset.0,
        national: match c.national {
            keys::National::None => waxwing_gsm::segment::National::None,
            keys::National::Single => waxwing_gsm::segment::National::Single,
            keys::National::Both => waxwing_gsm::segment::National::Both,
        },
        transliterate: c.transliterate.unwrap_or(config.sms.transliterate),
        long: match c.long_messages {
            keys::LongMessages::Udh => LongMessages::Udh8,
            keys::LongMessages::Udh16 => LongMessages::Udh16,
            keys::LongMessages::Sar => LongMessages::Sar,
            keys::LongMessages::Payload => LongMessages::Payload,
        },
        request_receipts: match c.request_receipts {
            keys::ReceiptRequest::Asked => RequestReceipts::Asked,
            keys::ReceiptRequest::Always => RequestReceipts::Always,
            keys::ReceiptRequest::Never => RequestReceipts::Never,
        },
        receipt_id: match c.receipt_id {
            keys::ReceiptId::Auto => IdSpelling::Auto,
            keys::ReceiptId::Same => IdSpelling::Same,
            keys::ReceiptId::HexThenDecimal => IdSpelling::HexThenDecimal,
            keys::ReceiptId::DecimalThenHex => IdSpelling::DecimalThenHex,
        },
        guess_receipts: c.guess_receipts,
        // The check has refused those that are none.
        tlvs: c.tlv.iter().filter_map(|t| t.octets().ok()).collect(),
        errors: errors(setup),
        retry: retry(common),
        no_answer: common.no_answer,
        receipt_wait: receipt_wait(config, common),
    }
}

/// A simulator.
pub(super) fn simulator(setup: &ConnectorSetup, s: &keys::Simulator) -> SimulatorConfig {
    SimulatorConfig { carrier: s.carrier(), window: s.window, retry: retry(&setup.common), errors: Some(errors(setup)) }
}

/// TLS of a connector.
pub(super) fn tls_client(config: &Config, tls: &Tls) -> Option<TlsClientOptions> {
    let Tls::On(t) = tls else { return None };
    let path = |p: &Path| config.path(p);
    Some(TlsClientOptions {
        identity: t.cert.as_deref().zip(t.key.as_deref()).map(|(c, k)| Identity { certificate: path(c), key: path(k) }),
        insecure: t.insecure,
        roots: t.ca.as_deref().map_or(Roots::Webpki, |ca| Roots::File(path(ca))),
        server_name: t.server_name.clone(),
    })
}

fn masks(m: &Masks) -> Vec<waxwing_core::Mask> {
    m.0.clone()
}

fn sources(networks: &[Network]) -> Result<SourceList, SourceError> {
    SourceList::parse(networks.iter().map(ToString::to_string))
}

fn retry(c: &keys::Connector) -> RetryPolicy {
    let r = &c.retry;
    RetryPolicy { max_attempts: r.max_attempts, delay: r.delay.0, multiplier: r.multiplier, delay_max: r.delay_max.0 }
}

/// The protocol's own table of errors, with the operator's changes.
fn errors(setup: &ConnectorSetup) -> ErrorTable {
    let c = &setup.common;
    let codes = |list: &[crate::config::value::Code]| list.iter().map(|c| c.0).collect::<Vec<_>>();
    let table = match setup.kind {
        ConnectorKind::Cmpp(_) => ErrorTable::cmpp(),
        ConnectorKind::Smpp(_) | ConnectorKind::Simulator(_) => ErrorTable::smpp(),
    };
    table.with(&codes(&c.permanent), &codes(&c.temporary), &codes(&c.throttled))
}

fn receipt_wait(config: &Config, c: &keys::Connector) -> u64 {
    c.receipt_wait.unwrap_or(config.sms.receipt_wait).millis()
}
