//! Everything that is counted. The text of each metric here is its documentation: the reference page and `/metrics` are made from it.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// Labels of a metric about an account.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct AccountLabel {
    /// The account's name.
    pub account: String,
}

/// Labels of a metric about a connector.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ConnectorLabel {
    /// The connector's name.
    pub connector: String,
}

/// Labels of a metric about bad input.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ReasonLabel {
    /// Where it came in: a listener's or connector's protocol.
    pub place: String,
    /// What was wrong.
    pub reason: String,
}

/// Labels of a metric about messages that another gateway was handed for its SPs.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct MoReportLabel {
    /// The account that the other gateway is.
    pub account: String,
    /// What it says of the message: `DELIVRD`, the class of another code (`SB`), or `other`.
    pub stat: String,
}

/// Labels of a metric about a queue.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct QueueLabel {
    /// The queue: connector:NAME, account:NAME or hook:NAME.
    pub queue: String,
    /// ready, deferred, leased, awaiting or dead.
    pub stage: String,
}

/// All metrics of a gateway. Handles may be cloned and kept; counting is one atomic addition.
#[derive(Debug, Default)]
pub struct Metrics {
    /// The registry that `/metrics` shows.
    pub registry: parking_lot::Mutex<Registry>,
    /// Messages accepted, by account.
    pub accepted: Family<AccountLabel, Counter>,
    /// Submissions refused, by account.
    pub refused: Family<AccountLabel, Counter>,
    /// Messages that a carrier took, by connector.
    pub sent: Family<ConnectorLabel, Counter>,
    /// Attempts that failed and will be repeated, by connector.
    pub retried: Family<ConnectorLabel, Counter>,
    /// Attempts that were put off because the carrier throttled, by connector.
    pub throttled: Family<ConnectorLabel, Counter>,
    /// Messages that failed for good, by connector.
    pub failed: Family<ConnectorLabel, Counter>,
    /// Messages that were moved to another connector, by the one they left.
    pub rerouted: Family<ConnectorLabel, Counter>,
    /// Receipts that found their message, by connector.
    pub receipts: Family<ConnectorLabel, Counter>,
    /// Receipts that came a second time, by connector.
    pub receipts_duplicate: Family<ConnectorLabel, Counter>,
    /// Receipts that came before the response to the message they are about, by connector.
    pub receipts_early: Family<ConnectorLabel, Counter>,
    /// Receipts that found no message within the time that early ones are kept, by connector.
    pub receipts_unmatched: Family<ConnectorLabel, Counter>,
    /// Messages received, by connector.
    pub received: Family<ConnectorLabel, Counter>,
    /// Received messages that no account's numbers claim, by connector.
    pub received_unowned: Family<ConnectorLabel, Counter>,
    /// Reports of other gateways about messages from handsets to their SPs, by account and what they say.
    pub mo_reports: Family<MoReportLabel, Counter>,
    /// Messages whose validity ended in our queue.
    pub expired: Counter,
    /// Messages whose receipt never came in the time allowed.
    pub receipts_missing: Counter,
    /// Malformed or refused input, by place and reason.
    pub bad_input: Family<ReasonLabel, Counter>,
    /// Sessions that are up, by connector.
    pub connector_sessions: Family<ConnectorLabel, Gauge>,
    /// Binds that are up, by account.
    pub account_binds: Family<AccountLabel, Gauge>,
    /// Webhook and DLR-URL calls that were answered with success, by account.
    pub hooks_delivered: Family<AccountLabel, Counter>,
    /// Webhook and DLR-URL calls that failed and will be repeated, by account.
    pub hooks_retried: Family<AccountLabel, Counter>,
    /// Messages in the spool, by queue and stage.
    pub queue: Family<QueueLabel, Gauge>,
    /// Groups that the spool has made durable, one sync each.
    pub spool_syncs: Gauge,
    /// Octets that the spool has written.
    pub spool_written: Gauge,
    /// Log files that the spool uses.
    pub spool_segments: Gauge,
    /// Octets free on the spool's disk.
    pub spool_disk_free: Gauge,
    /// Time that the last group took to become durable, microseconds.
    pub spool_sync_us: Gauge,
    /// How far the ledger is behind the spool, records.
    pub ledger_lag: Gauge,
}

impl Metrics {
    /// All of them, registered under the prefix `waxwing_`.
    pub fn new() -> Metrics {
        let m = Metrics { registry: parking_lot::Mutex::new(Registry::with_prefix("waxwing")), ..Metrics::default() };
        let mut r = m.registry.lock();
        r.register("messages_accepted", "Messages accepted, by account", m.accepted.clone());
        r.register("messages_refused", "Submissions refused, by account", m.refused.clone());
        r.register("messages_sent", "Messages that a carrier took, by connector", m.sent.clone());
        r.register(
            "messages_retried",
            "Attempts that failed and will be repeated, by connector. Many: look at the carrier's error codes in the ledger",
            m.retried.clone(),
        );
        r.register(
            "messages_throttled",
            "Attempts put off because the carrier throttled, by connector. Many: lower the connector's rate",
            m.throttled.clone(),
        );
        r.register("messages_failed", "Messages that failed for good, by connector", m.failed.clone());
        r.register("messages_rerouted", "Messages moved to another connector, by the one they left", m.rerouted.clone());
        r.register("messages_expired", "Messages whose validity ended in our queue", m.expired.clone());
        r.register("messages_received", "Messages received from handsets, by connector", m.received.clone());
        r.register(
            "messages_received_unowned",
            "Received messages that no account's numbers claim. Any: add the number to an account",
            m.received_unowned.clone(),
        );
        r.register("receipts", "Receipts that found their message, by connector", m.receipts.clone());
        r.register("receipts_duplicate", "Receipts that came a second time, by connector", m.receipts_duplicate.clone());
        r.register("receipts_early", "Receipts that came before the response to their message, by connector", m.receipts_early.clone());
        r.register(
            "receipts_unmatched",
            "Receipts that found no message. Many: check receipt_id of the connector",
            m.receipts_unmatched.clone(),
        );
        r.register(
            "forwarded_mo_reports",
            "Reports of other gateways about messages from handsets to their SPs, by account and what they say",
            m.mo_reports.clone(),
        );
        r.register("receipts_missing", "Messages whose receipt never came in the time allowed", m.receipts_missing.clone());
        r.register("bad_input", "Malformed or refused input, by place and reason", m.bad_input.clone());
        r.register(
            "connector_sessions",
            "Sessions that are up, by connector. 0: the carrier cannot be reached",
            m.connector_sessions.clone(),
        );
        r.register("account_binds", "SMPP binds that are up, by account", m.account_binds.clone());
        r.register("hooks_delivered", "Webhook and DLR-URL calls answered with success, by account", m.hooks_delivered.clone());
        r.register("hooks_retried", "Webhook and DLR-URL calls that failed and will be repeated, by account", m.hooks_retried.clone());
        r.register("queue_messages", "Messages in the spool, by queue and stage", m.queue.clone());
        r.register("spool_syncs", "Groups made durable since start, one sync each", m.spool_syncs.clone());
        r.register("spool_written_octets", "Octets written to the spool since start", m.spool_written.clone());
        r.register("spool_segments", "Log files that the spool uses", m.spool_segments.clone());
        r.register(
            "spool_disk_free_octets",
            "Octets free on the spool's disk. Near [spool] min_free: messages will be refused",
            m.spool_disk_free.clone(),
        );
        r.register("spool_sync_microseconds", "Time that the last group took to become durable", m.spool_sync_us.clone());
        r.register("ledger_lag_records", "How far the ledger is behind the spool", m.ledger_lag.clone());
        drop(r);
        m
    }

    /// Counts bad input.
    pub fn bad(&self, place: &str, reason: &str) {
        self.bad_input.get_or_create(&ReasonLabel { place: place.to_owned(), reason: reason.to_owned() }).inc();
    }

    /// The text form that Prometheus reads (OpenMetrics 1.0).
    pub fn render(&self) -> String {
        let mut out = String::new();
        // Writing to a String cannot fail.
        let _ = prometheus_client::encoding::text::encode(&mut out, &self.registry.lock());
        out
    }
}

/// Handles of one connector's counters, so that counting looks nothing up.
#[derive(Clone, Debug)]
pub struct ConnectorCounters {
    /// [`Metrics::sent`]
    pub sent: Counter,
    /// [`Metrics::retried`]
    pub retried: Counter,
    /// [`Metrics::throttled`]
    pub throttled: Counter,
    /// [`Metrics::failed`]
    pub failed: Counter,
    /// [`Metrics::rerouted`]
    pub rerouted: Counter,
    /// [`Metrics::receipts`]
    pub receipts: Counter,
    /// [`Metrics::receipts_duplicate`]
    pub duplicate: Counter,
    /// [`Metrics::receipts_early`]
    pub early: Counter,
    /// [`Metrics::received`]
    pub received: Counter,
    /// [`Metrics::received_unowned`]
    pub unowned: Counter,
}

impl ConnectorCounters {
    /// Those of the connector of that name.
    pub fn new(m: &Metrics, connector: &str) -> ConnectorCounters {
        let l = ConnectorLabel { connector: connector.to_owned() };
        let get = |f: &Family<ConnectorLabel, Counter>| f.get_or_create(&l).clone();
        ConnectorCounters {
            sent: get(&m.sent),
            retried: get(&m.retried),
            throttled: get(&m.throttled),
            failed: get(&m.failed),
            rerouted: get(&m.rerouted),
            receipts: get(&m.receipts),
            duplicate: get(&m.receipts_duplicate),
            early: get(&m.receipts_early),
            received: get(&m.received),
            unowned: get(&m.received_unowned),
        }
    }
}
