//! What the message centre counts. The text of each metric is its documentation.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use waxwing_core::Metrics;
use waxwing_media::MediaStats;

use crate::mail::MailCounters;

/// Labels of a metric about a way to recipients.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct WayLabel {
    /// phone, link, mail or application.
    pub(crate) way: String,
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    /// Messages accepted, a recipient each, by their way.
    pub(crate) accepted: Family<WayLabel, Counter>,
    /// Notifications handed to the SMS routes.
    pub(crate) notified: Counter,
    /// SMS with a link handed to the SMS routes.
    pub(crate) linked: Counter,
    /// Contents fetched by phones.
    pub(crate) fetched: Counter,
    /// Fetches of which the content was changed for the phone.
    pub(crate) adapted: Counter,
    /// Messages that phones acknowledged.
    pub(crate) retrieved: Counter,
    /// Pages opened.
    pub(crate) opened: Counter,
    /// Messages stored in mailboxes.
    pub(crate) stored: Counter,
    /// Delivery and read reports pushed to senders.
    pub(crate) reports: Counter,
    /// Messages fetched from operators' message centres.
    pub(crate) received: Counter,
    /// Attempts to fetch them that failed.
    pub(crate) not_received: Counter,
    /// What the media store says of itself.
    pub(crate) media: MediaGauges,
    /// Those of e-mail.
    pub(crate) mail: MailCounters,
}

/// The media store's numbers, looked up when they are asked for.
#[derive(Debug, Default)]
pub(crate) struct MediaGauges {
    contents: Gauge,
    octets: Gauge,
    disk: Gauge,
    free: Gauge,
    pending: Gauge,
    syncs: Gauge,
}

impl MediaGauges {
    fn register(&self, r: &mut Registry) {
        r.register("mms_contents", "Contents in the media store, each once however many messages have it", self.contents.clone());
        r.register("mms_content_octets", "Octets of these contents", self.octets.clone());
        r.register("mms_media_disk_octets", "Octets that the media store's files take", self.disk.clone());
        r.register("mms_media_disk_free_octets", "Octets free on the media store's disk", self.free.clone());
        r.register("mms_media_pending_octets", "Octets of contents that wait to be written", self.pending.clone());
        r.register("mms_media_syncs", "Syncs of the media store's files since the start", self.syncs.clone());
    }

    /// Shows what the media store says.
    pub(crate) fn show(&self, s: &MediaStats) {
        let all = [
            (&self.contents, s.blobs),
            (&self.octets, s.octets),
            (&self.disk, s.disk_octets),
            (&self.free, s.disk_free),
            (&self.pending, s.pending),
            (&self.syncs, s.syncs),
        ];
        for (gauge, n) in all {
            gauge.set(i64::try_from(n).unwrap_or(i64::MAX));
        }
    }
}

/// Registers what every message centre counts, for the reference page.
pub fn register_metrics(metrics: &Metrics) {
    let counters = Counters::new(metrics);
    drop(counters.accepted.get_or_create(&WayLabel { way: String::new() }));
}

impl Counters {
    pub(crate) fn new(metrics: &Metrics) -> Counters {
        let c = Counters { mail: MailCounters::new(metrics), ..Counters::default() };
        let mut r = metrics.registry.lock();
        r.register(
            "mms_accepted",
            "Multimedia messages accepted, one for each recipient, by way (phone, link, mail, application)",
            c.accepted.clone(),
        );
        r.register("mms_notifications", "Notifications of multimedia messages handed to the SMS routes", c.notified.clone());
        r.register("mms_links", "SMS with a link to a multimedia message handed to the SMS routes", c.linked.clone());
        r.register("mms_fetches", "Multimedia messages fetched by phones", c.fetched.clone());
        r.register("mms_adaptations", "Fetches for which the content was changed to fit the phone", c.adapted.clone());
        r.register("mms_retrieved", "Multimedia messages that phones have acknowledged", c.retrieved.clone());
        r.register("mms_pages_opened", "Pages of multimedia messages opened in a browser", c.opened.clone());
        r.register("mms_stored", "Multimedia messages stored in mailboxes of subscribers", c.stored.clone());
        r.register("mms_reports", "Delivery and read reports pushed to the phones of senders", c.reports.clone());
        r.register("mms_received", "Multimedia messages fetched from operators' message centres", c.received.clone());
        r.register(
            "mms_receive_failures",
            "Attempts to fetch a message from an operator's message centre that failed",
            c.not_received.clone(),
        );
        c.media.register(&mut r);
        drop(r);
        c
    }
}
