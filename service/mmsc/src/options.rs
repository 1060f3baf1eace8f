//! What the operator decides: the plain data of `[mmsc]`.

use std::time::Duration;

use ipnet::IpNet;
use waxwing_core::Mask;

use crate::OperatorLine;

/// By which way a recipient is reached who is no subscriber.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// A notification, as if it were a subscriber's phone.
    Phone,
    /// An SMS with a link to a page.
    Link,
    /// Not at all: the message is refused.
    Refuse,
}

/// A way for some numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct MmsRoute {
    /// The numbers.
    pub to: Vec<Mask>,
    /// Their way.
    pub way: Unknown,
}

/// How the message centre works.
#[derive(Clone, Debug)]
pub struct MmscOptions {
    /// What phones and browsers reach the centre's listener by, without a slash at the end: `http://mms.example.net`.
    pub public_url: String,
    /// The domain of message ids and of e-mail addresses (`number@domain`).
    pub domain: String,
    /// Largest content that is taken, octets.
    pub max_size: usize,
    /// Most recipients of one message.
    pub max_recipients: usize,
    /// How long a message waits to be fetched at the most, and a page can be opened.
    pub retention: Duration,
    /// Waits between notifications: after the first, after the second, ...; none after the last.
    pub notify_again: Vec<Duration>,
    /// A message that was not fetched for so long becomes an SMS with a link; `None` = never.
    pub link_after: Option<Duration>,
    /// Ways for numbers that are no subscribers'; the longest mask wins.
    pub routes: Vec<MmsRoute>,
    /// The way of all others.
    pub unknown: Unknown,
    /// Operators' message centres that tell us of messages.
    pub lines: Vec<OperatorLine>,
    /// The SMS with a link; `{link}`, `{from}` and `{subject}` are replaced.
    pub link_text: String,
    /// Sender of notifications and links, where not the message's own; empty = the message's.
    pub sender: String,
    /// Request headers that tell the phone's number, from trusted gateways alone.
    pub msisdn_headers: Vec<http::HeaderName>,
    /// Gateways that are trusted with them.
    pub trusted: Vec<IpNet>,
    /// A number that a trusted gateway tells becomes a subscriber's.
    pub auto_provision: bool,
    /// Contents are made to fit the phones that fetch them.
    pub adapt: bool,
    /// Octets of adapted contents that are kept in memory.
    pub adapt_cache: usize,
    /// Contents that are adapted at the same time.
    pub adapt_jobs: usize,
    /// Largest message for phones that do not tell what they take, octets.
    pub phone_max_size: u64,
    /// The program that converts audio and video.
    pub ffmpeg: Option<std::path::PathBuf>,
    /// Where NowSMS's log files are written; `None` writes none.
    pub nowsms_log: Option<std::path::PathBuf>,
    /// The key of the ids that recipients' phones are told, so that nobody can make one up. Kept over restarts.
    pub secret: Vec<u8>,
    /// Connections at the same time.
    pub max_connections: usize,
    /// E-mail leaves by a relay.
    pub mail: bool,
    /// How long what is in a mailbox is kept; `None` = until it is deleted.
    pub mailbox_keep: Option<Duration>,
    /// Octets of uploads that are being read, all together.
    pub upload_memory: usize,
}

impl Default for MmscOptions {
    fn default() -> MmscOptions {
        let minutes = |m: u64| Duration::from_secs(60 * m);
        MmscOptions {
            public_url: "http://127.0.0.1:8080".into(),
            domain: "localhost".into(),
            max_size: 5 << 20,
            max_recipients: 100,
            retention: minutes(15 * 24 * 60),
            notify_again: [5, 30, 2 * 60, 8 * 60, 24 * 60, 48 * 60].map(minutes).to_vec(),
            link_after: None,
            routes: Vec::new(),
            unknown: Unknown::Link,
            lines: Vec::new(),
            link_text: "You have a multimedia message from {from}: {link}".into(),
            sender: String::new(),
            msisdn_headers: ["x-msisdn", "x-wap-network-client-msisdn", "x-up-calling-line-id", "x-nokia-msisdn", "x-h3g-msisdn"]
                .map(http::HeaderName::from_static)
                .to_vec(),
            trusted: Vec::new(),
            auto_provision: false,
            adapt: true,
            adapt_cache: 64 << 20,
            adapt_jobs: 2,
            phone_max_size: 600 << 10,
            ffmpeg: None,
            nowsms_log: None,
            secret: Vec::new(),
            max_connections: 4096,
            mail: false,
            mailbox_keep: None,
            upload_memory: 256 << 20,
        }
    }
}

impl MmscOptions {
    /// What a phone fetches a message by.
    pub fn fetch_url(&self, token: &str) -> String {
        format!("{}/m/{token}", self.public_url)
    }

    /// What a message of a mailbox is fetched by.
    pub fn mailbox_url(&self, token: &str) -> String {
        format!("{}/b/{token}", self.public_url)
    }

    /// The page of a message.
    pub fn page_url(&self, link: &str) -> String {
        format!("{}/l/{link}", self.public_url)
    }

    /// The way of a number that is no subscriber's.
    pub fn way(&self, number: &str) -> Unknown {
        let matching = self.routes.iter().flat_map(|r| r.to.iter().map(move |m| (m, r.way))).filter(|(m, _)| m.matches(number));
        matching.max_by_key(|(m, _)| m.weight()).map_or(self.unknown, |(_, way)| way)
    }
}
