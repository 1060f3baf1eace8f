//! `[[listener]]`: doors.

use std::num::NonZeroU32;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ListenerProtocol;
use crate::config::value::{CharsetName, Listen, Network, Period};

/// A door through which others connect to this gateway.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(default)]
pub struct Listener {
    /// What is spoken there (must be given).
    pub protocol: Option<ListenerProtocol>,
    /// Where it listens (must be given). Port 0 takes any free port; `listening.json` in the data folder tells which.
    pub listen: Option<Listen>,
}

/// A door for SMPP clients (ESMEs). They sign in with an account's name and password.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SmppListener {
    /// Name that the gateway gives itself in bind responses, at most 15 octets.
    pub system_id: String,
    /// Certificate chain (PEM file); with `tls_key`, the door takes TLS connections only.
    pub tls_cert: Option<PathBuf>,
    /// Private key of the certificate (PEM file).
    pub tls_key: Option<PathBuf>,
    /// Authorities (PEM file) one of which must have signed a client's certificate; without it, clients need none.
    pub tls_client_ca: Option<PathBuf>,
    /// Networks that may connect; empty = all. Others are closed before a word.
    pub allow: Vec<Network>,
    /// Connections at the same time.
    pub max_connections: u32,
    /// Connections at the same time from one address (one /64 network of IPv6).
    pub max_connections_per_host: u32,
    /// How long a client may take to sign in.
    pub login_timeout: Period,
    /// After so much silence an enquire_link is sent; 0 sends none.
    pub enquire_link: Period,
    /// How long an answer to enquire_link or deliver_sm is waited for.
    pub response_timeout: Period,
    /// A connection without messages for so long is unbound; without it, never.
    pub inactivity_timeout: Option<Period>,
    /// Requests of a client that may be unanswered; nothing more is read from it meanwhile.
    pub window: u32,
    /// Messages a second that one connection may submit; more are answered with ESME_RTHROTTLED. Without it, only the account's rate counts.
    pub rate: Option<NonZeroU32>,
    /// What data_coding 0 means at this door: the alphabet that clients write in where their account does not say otherwise.
    pub charset: CharsetName,
    /// Write every PDU into pcap files in the data folder's `trace`, for tshark and Wireshark. They hold passwords in clear.
    pub trace: bool,
    /// Refuse PDUs with octets behind their last field, and TLVs of wrong length, instead of taking what can be read.
    pub strict: bool,
}

// === impl SmppListener ===

impl Default for SmppListener {
    fn default() -> SmppListener {
        SmppListener {
            system_id: "waxwing".into(),
            tls_cert: None,
            tls_key: None,
            tls_client_ca: None,
            allow: Vec::new(),
            max_connections: 10_000,
            max_connections_per_host: 256,
            login_timeout: Period::secs(10),
            enquire_link: Period::secs(30),
            response_timeout: Period::secs(30),
            inactivity_timeout: None,
            window: 1000,
            rate: None,
            charset: CharsetName(waxwing_gsm::charset::Charset::Gsm7),
            trace: false,
            strict: false,
        }
    }
}
