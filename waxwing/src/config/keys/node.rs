//! Sections about the gateway as a whole.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::value::{Country, Listen, Network, Period, Size};

/// Who this gateway is and where it keeps its data. Changes take effect at a restart.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Node {
    /// Name of this gateway in logs, webhooks and the console.
    pub name: String,
    /// Folder of everything that is kept: spool, ledger, accounts. A relative path starts at the configuration file's folder.
    pub data: PathBuf,
}

/// The HTTP door: console, REST, NowSMS URLs, `/cgi-bin/sendsms`, `/metrics`. Changes take effect at a restart.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Http {
    /// Where it listens. Port 0 takes any free port; `listening.json` in the data folder tells which.
    pub listen: Listen,
    /// Certificate chain (PEM file); with `tls_key`, the door speaks HTTPS only.
    pub tls_cert: Option<PathBuf>,
    /// Private key of the certificate (PEM file).
    pub tls_key: Option<PathBuf>,
    /// Largest request body that is read.
    pub max_body: Size,
    /// Connections at the same time; further ones wait in the system's queue.
    pub max_connections: u32,
    /// Networks that may read `/metrics`; empty = all.
    pub metrics_from: Vec<Network>,
    /// Folder of stored settings, documents in XML named `NAME.OTA`, that NowSMS's OTA and OMAOTA name; `ota` in the data folder unless given.
    pub ota_folder: Option<PathBuf>,
    /// Segments that a special message (WAP push, settings, ring tone, picture) may take: 1 to 255.
    pub push_segments: u32,
}

/// The durable queue. Changes take effect at a restart.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Spool {
    /// Octets of one log file: 16 KiB to 1 GiB, a multiple of 4096.
    pub segment_size: Size,
    /// Messages that may be queued or wait for receipts; beyond, new ones are refused with "try later" (about 100 octets of memory each).
    pub max_messages: u64,
    /// Space that has to stay free on the disk, for the contents of multimedia messages too; below, new messages are refused and outcomes are
    /// still recorded.
    pub min_free: Size,
    /// Space that the spool may use in all; without it, what the disk has.
    pub max_disk: Option<Size>,
    /// How many days messages that failed for good are kept for replaying.
    pub dead_letter_days: u32,
    /// For the control run of durability tests: `false` acknowledges messages that a power cut can lose.
    #[schemars(extend("x-hidden" = true))]
    pub sync: bool,
}

/// The searchable record of every message's life. Changes take effect at a restart.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Ledger {
    /// How many days it is kept; older days are dropped whole.
    pub retention_days: u32,
    /// Keep the text of messages. Without it, only numbers, times and outcomes are kept.
    pub store_text: bool,
}

/// How messages are treated where nothing more specific says otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Sms {
    /// Two-letter code (ISO 3166-1) of the country that national numbers belong to. Without it, numbers without `+` or `00` stay as they
    /// are.
    pub country: Option<Country>,
    /// How long a message is tried where its submitter does not say.
    pub validity: Period,
    /// Longest validity that is granted.
    pub validity_max: Period,
    /// How long after a message's validity its receipt is waited for.
    pub receipt_wait: Period,
    /// How long receipts and received messages wait for an account that is not connected.
    pub delivery_wait: Period,
    /// How long the parts of a long received message wait for each other.
    pub parts_wait: Period,
    /// Replace characters outside the GSM alphabet by similar ones in it, where that saves UCS-2. Connectors may say otherwise.
    pub transliterate: bool,
}

/// Which addresses webhooks and DLR URLs may be sent to. `deny` is looked at after `allow`: an address that `allow` lists is always let
/// through. Addresses that strangers name (results of pushes by PAP, messages that an MMS notification is of) may not be in this machine's own
/// network (loopback, private and the like) either, unless `allow` lists them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Callback {
    /// Networks that may be called although they are private or listed in `deny`.
    pub allow: Vec<Network>,
    /// Further networks that must not be called. Link-local addresses (cloud metadata services) never may be unless `allow` lists them.
    pub deny: Vec<Network>,
}

/// What is written to standard error.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// `error`, `warn`, `info`, `debug` or `trace`; or filters by part, such as `info,waxwing_session=debug`. The environment variable
    /// WAXWING_LOG is stronger.
    pub level: String,
    /// How lines look.
    pub format: LogFormat,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

// === impl Node ===

impl Default for Node {
    fn default() -> Node {
        Node { name: "waxwing".into(), data: "data".into() }
    }
}

// === impl Http ===

impl Default for Http {
    fn default() -> Http {
        Http {
            listen: Listen(([127, 0, 0, 1], 8800).into()),
            tls_cert: None,
            tls_key: None,
            max_body: Size(8 << 20),
            max_connections: 4096,
            metrics_from: Vec::new(),
            ota_folder: None,
            push_segments: 10,
        }
    }
}

// === impl Spool ===

impl Default for Spool {
    fn default() -> Spool {
        Spool {
            segment_size: Size(64 << 20),
            max_messages: 20_000_000,
            min_free: Size(256 << 20),
            max_disk: None,
            dead_letter_days: 7,
            sync: true,
        }
    }
}

// === impl Ledger ===

impl Default for Ledger {
    fn default() -> Ledger {
        Ledger { retention_days: 90, store_text: true }
    }
}

// === impl Sms ===

impl Default for Sms {
    fn default() -> Sms {
        const HOUR: u64 = 3600;
        Sms {
            country: None,
            validity: Period::secs(48 * HOUR),
            validity_max: Period::secs(30 * 24 * HOUR),
            receipt_wait: Period::secs(72 * HOUR),
            delivery_wait: Period::secs(72 * HOUR),
            parts_wait: Period::secs(HOUR / 2),
            transliterate: false,
        }
    }
}

// === impl Log ===

impl Default for Log {
    fn default() -> Log {
        Log { level: "info".into(), format: LogFormat::Text }
    }
}
