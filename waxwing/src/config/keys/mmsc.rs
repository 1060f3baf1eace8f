//! `[mmsc]`, `[[mms_route]]` and `[[mms_line]]`: the multimedia message centre.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::value::{HostPort, Listen, Masks, Network, Period, Size};

/// The multimedia message centre (MMSC). It runs where `listen` is given. Its notifications leave by the SMS routes, as the account `mmsc`,
/// which nobody can sign in as. Changes take effect at a restart.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Mmsc {
    /// Where phones (MM1) and browsers reach it. Without it there is no message centre.
    pub listen: Option<Listen>,
    /// Certificate chain (PEM file); with `tls_key`, it speaks HTTPS only.
    pub tls_cert: Option<PathBuf>,
    /// Private key of the certificate (PEM file).
    pub tls_key: Option<PathBuf>,
    /// What phones and browsers know it by, `http://` or `https://` and its name; stands in notifications and links, so keep it short.
    /// Without it, `http://` and `listen`.
    pub public_url: Option<String>,
    /// Its domain, in message ids and e-mail addresses (`number@domain`).
    pub domain: String,
    /// Largest multimedia message that is taken.
    pub max_size: Size,
    /// Most recipients of one message.
    pub max_recipients: u32,
    /// How long a message waits to be fetched at the most, and its page can be opened.
    pub retention: Period,
    /// Waits between the notifications of a message that is not fetched: after the first, the second, ...; none after the last.
    pub notify_again: Vec<Period>,
    /// A message that was not fetched for so long becomes an SMS with a link to a page. Without it, never.
    pub link_after: Option<Period>,
    /// How a number is reached that is no subscriber's, and that no `[[mms_route]]` has.
    pub unknown: MmsWay,
    /// The SMS with a link; `{link}`, `{from}` and `{subject}` stand for those of the message.
    pub link_text: String,
    /// Sender of notifications and links, such as a short code. Without it, the message's own sender.
    pub sender: Option<String>,
    /// Request headers that tell the number of a phone; they count only from `trusted` networks.
    pub msisdn_headers: Vec<String>,
    /// Networks of WAP gateways and proxies whose `msisdn_headers` are believed.
    pub trusted: Vec<Network>,
    /// Make numbers that a trusted gateway tells subscribers, when they send or fetch for the first time.
    pub auto_provision: bool,
    /// Make contents fit the phones that fetch them: pictures scaled and converted, texts in their charsets, the rest said in words.
    pub adapt: bool,
    /// Largest message for phones that do not tell what they take.
    pub phone_max_size: Size,
    /// The program that converts audio and video (ffmpeg); without it they stay as they are.
    pub ffmpeg: Option<PathBuf>,
    /// Messages that a subscriber may keep in the mailbox here; 0 = there are no mailboxes.
    pub mailbox_messages: u32,
    /// How much a mailbox may hold; 0 = there are no mailboxes.
    pub mailbox_size: Size,
    /// How long what is in a mailbox is kept. Without it, until it is deleted.
    pub mailbox_keep: Option<Period>,
    /// Connections at the same time; further ones wait in the system's queue.
    pub max_connections: u32,
    /// Memory for uploads that are being read, all together; beyond it phones are told to try again.
    pub upload_memory: Size,
    /// Write NowSMS's log files (`MMSC-yyyymmdd.LOG`, CSV) into this folder.
    pub nowsms_log: Option<PathBuf>,
    /// Where e-mail comes in by SMTP: `number@domain` becomes a multimedia message.
    pub smtp_listen: Option<Listen>,
    /// Domain of which `number@sms_domain` becomes an SMS.
    pub sms_domain: Option<String>,
    /// Networks whose e-mail is taken without a password. All others sign in as an account that may send MMS.
    pub smtp_trusted: Vec<Network>,
    /// What is done with e-mail that failed SPF or DKIM, as the `Authentication-Results` of `smtp_authserv` say.
    pub smtp_unverified: MailPolicy,
    /// The name of the mail server in front whose `Authentication-Results` are believed.
    pub smtp_authserv: Option<String>,
    /// The mail server that takes e-mail from us, such as `127.0.0.1:25`. Without it, e-mail addresses are refused as recipients.
    pub smtp_relay: Option<HostPort>,
    /// How the relay is spoken to.
    pub smtp_relay_tls: RelayTls,
    /// Name that we sign in to the relay with.
    pub smtp_relay_user: Option<String>,
    /// Password for it.
    pub smtp_relay_password: Option<String>,
}

/// How a recipient is reached who is no subscriber.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MmsWay {
    /// A notification, as if it were a subscriber's phone.
    Phone,
    /// An SMS with a link to a page that shows the message.
    Link,
    /// Not at all: the message is refused.
    Refuse,
}

/// What is done with e-mail whose sender is not proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MailPolicy {
    /// It is taken.
    Ignore,
    /// Refused where SPF or DKIM failed.
    Refuse,
    /// Refused unless SPF or DKIM passed.
    Require,
}

/// How the mail relay is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RelayTls {
    /// In clear.
    None,
    /// STARTTLS where the relay offers it.
    Opportunistic,
    /// STARTTLS, or not at all.
    Starttls,
    /// TLS from the first octet on.
    Tls,
}

/// By which way some numbers get multimedia messages that are no subscribers'. The longest mask wins.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MmsRoute {
    /// The numbers (masks, must be given).
    pub to: Masks,
    /// Their way.
    pub way: MmsWay,
}

/// An operator's message centre that tells us of messages by SMS: they are fetched there, and go to the subscriber, or to the webhook of the
/// account, whose number they are for. Needs `[mmsc]`. Changes take effect at a restart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MmsLine {
    /// The connector over which its notifications come (must be given).
    pub connector: String,
    /// The address of the operator's message centre, as phones are given it; acknowledgements go there (must be given).
    pub url: String,
    /// The HTTP proxy (WAP gateway) that leads there, such as `10.1.2.3:8080`. Without it, it is called itself.
    pub proxy: Option<HostPort>,
}

// === impl Mmsc ===

impl Default for Mmsc {
    fn default() -> Mmsc {
        let periods = ["5m", "30m", "2h", "8h", "24h", "48h"];
        let headers = ["X-MSISDN", "X-WAP-Network-Client-MSISDN", "X-Up-Calling-Line-ID", "X-Nokia-MSISDN", "X-H3G-MSISDN"];
        Mmsc {
            listen: None,
            tls_cert: None,
            tls_key: None,
            public_url: None,
            domain: "localhost".into(),
            max_size: Size(5 << 20),
            max_recipients: 100,
            retention: Period(std::time::Duration::from_secs(15 * 86_400)),
            notify_again: periods.iter().filter_map(|p| p.parse().ok()).collect(),
            link_after: None,
            unknown: MmsWay::Link,
            link_text: "You have a multimedia message from {from}: {link}".into(),
            sender: None,
            msisdn_headers: headers.map(str::to_owned).to_vec(),
            trusted: Vec::new(),
            auto_provision: false,
            adapt: true,
            phone_max_size: Size(600 << 10),
            ffmpeg: None,
            mailbox_messages: 1000,
            mailbox_size: Size(50 << 20),
            mailbox_keep: None,
            max_connections: 4096,
            upload_memory: Size(256 << 20),
            nowsms_log: None,
            smtp_listen: None,
            sms_domain: None,
            smtp_trusted: Vec::new(),
            smtp_unverified: MailPolicy::Ignore,
            smtp_authserv: None,
            smtp_relay: None,
            smtp_relay_tls: RelayTls::Opportunistic,
            smtp_relay_user: None,
            smtp_relay_password: None,
        }
    }
}

// === impl MmsRoute ===

impl Default for MmsRoute {
    fn default() -> MmsRoute {
        MmsRoute { to: Masks::default(), way: MmsWay::Link }
    }
}
