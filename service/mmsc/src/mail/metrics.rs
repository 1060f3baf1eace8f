//! What is counted of e-mail: the mail crate's own counters, shown among the gateway's metrics. The text of each is its documentation.

use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use waxwing_core::Metrics;
use waxwing_mail::Relay;

/// All of them; clones share them. They are zero until there is a door, or a relay.
#[derive(Clone, Default)]
pub(crate) struct MailCounters(Arc<Shared>);

#[derive(Default)]
pub(crate) struct Shared {
    door: OnceLock<Arc<waxwing_mail::Counters>>,
    relay: OnceLock<Relay>,
    /// Reports sent to the senders of mail.
    pub(crate) reported: Counter,
    /// Reports that came back and found their message.
    pub(crate) matched: Counter,
    /// Reports that came back and did not.
    pub(crate) unmatched: Counter,
}

impl std::ops::Deref for MailCounters {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl MailCounters {
    pub(crate) fn new(metrics: &Metrics) -> MailCounters {
        let counters = MailCounters::default();
        let mut r = metrics.registry.lock();
        r.register("mail_reports_sent", "Delivery and read reports sent to those who wrote to phones by e-mail", counters.reported.clone());
        r.register(
            "mail_reports_matched",
            "Reports that came back by e-mail and found the message they are about",
            counters.matched.clone(),
        );
        r.register("mail_reports_unmatched", "Reports that came back by e-mail about no message known here", counters.unmatched.clone());
        r.register_collector(Box::new(counters.clone()));
        drop(r);
        counters
    }

    /// Shows those of a door.
    pub(super) fn show_door(&self, counters: Arc<waxwing_mail::Counters>) {
        // There is one door in the life of a centre.
        let _ = self.0.door.set(counters);
    }

    /// Shows those of a relay.
    pub(crate) fn show_relay(&self, relay: &Relay) {
        let _ = self.0.relay.set(relay.clone());
    }
}

impl fmt::Debug for MailCounters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MailCounters").finish_non_exhaustive()
    }
}

impl Collector for MailCounters {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let mut show = |name: &str, help: &str, value: u64| {
            let counter = ConstCounter::new(value);
            counter.encode(encoder.encode_descriptor(name, help, None, counter.metric_type())?)
        };
        let door = self.0.door.get().cloned().unwrap_or_default();
        for (name, help, value) in door.all() {
            show(&format!("smtp_{name}"), &format!("E-mail coming in: {}", help.trim_end_matches('.')), value)?;
        }
        let relay = self.0.relay.get().map(Relay::counters);
        let of = |which: fn(&waxwing_mail::relay::RelayCounters) -> &std::sync::atomic::AtomicU64| {
            relay.map_or(0, |counters| which(counters).load(Ordering::Relaxed))
        };
        show("smtp_relay_connections", "Connections made to the mail relay", of(|c| &c.connections))?;
        show("smtp_relay_broken", "Connections to the mail relay that failed or broke. Many: is it there?", of(|c| &c.broken))?;
        show("smtp_relay_sent", "Recipients that the mail relay took e-mail for", of(|c| &c.sent))?;
        show("smtp_relay_temporary", "Recipients that the mail relay put off; they are tried again", of(|c| &c.temporary))?;
        show("smtp_relay_permanent", "Recipients that the mail relay refused for good", of(|c| &c.permanent))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_shown_before_there_is_mail() {
        let metrics = Metrics::new();
        let counters = MailCounters::new(&metrics);
        counters.matched.inc();
        let text = metrics.render();
        assert!(text.contains("# HELP waxwing_smtp_bare_line_ends E-mail coming in: Messages refused because of a bare"), "{text}");
        assert!(text.contains("\nwaxwing_smtp_relay_sent_total 0\n"), "{text}");
        assert!(text.contains("\nwaxwing_mail_reports_matched_total 1\n"), "{text}");
    }
}
