//! `[[listener]]` with `protocol = "cmpp"`.

use std::num::NonZeroU32;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::value::{GatewayCodes, Network, Period, UtcOffset};

/// A door for service providers (SPs) and for other gateways (ISMGs), CMPP 2.0 and 3.0. They sign in with what the `[account.cmpp]` of an
/// account says. The standard's ports are 7890 for long connections, 7900 for short ones, 7930 between gateways.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CmppListener {
    /// Code of this gateway (must be given): at most six digits, part of every Msg_Id. A code has 65,536 Msg_Ids a second; of several, in a
    /// list, the next is used when one has none left. The first is the one that other gateways know this one by. Listeners may
    /// have the same codes.
    pub gateway: GatewayCodes,
    /// Certificate chain (PEM file); with `tls_key`, the door takes TLS connections only, of which the standard knows nothing.
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
    /// Requests of a client that may be unanswered; nothing more is read from it meanwhile.
    pub window: u32,
    /// Messages a second that one connection may submit; more are answered with result 8. Without it, only the account's rate counts.
    pub rate: Option<NonZeroU32>,
    /// A door for short connections (connect, one operation, close): nothing is delivered over them.
    pub short: bool,
    /// A CONNECT that was first seen longer ago than this, with the same time in it, is a replay and refused with status 3; 0 takes it.
    pub replay_window: Period,
    /// Zone of this gateway's clock: the times in Msg_Ids and reports are local ones.
    pub utc_offset: UtcOffset,
    /// Write every PDU into pcap files in the data folder's `trace`, for tshark and Wireshark. What is said there is not encrypted.
    pub trace: bool,
}

// === impl CmppListener ===

impl Default for CmppListener {
    fn default() -> CmppListener {
        CmppListener {
            gateway: GatewayCodes::default(),
            tls_cert: None,
            tls_key: None,
            tls_client_ca: None,
            allow: Vec::new(),
            max_connections: 10_000,
            max_connections_per_host: 256,
            login_timeout: Period::secs(10),
            window: 1000,
            rate: None,
            short: false,
            replay_window: Period::secs(600),
            utc_offset: UtcOffset(480),
            trace: false,
        }
    }
}
