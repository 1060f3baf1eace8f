//! The settings of SMPP listeners and connectors.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use waxwing_core::{ErrorTable, NoAnswer, RetryPolicy};
use waxwing_gsm::charset::Charset;
use waxwing_gsm::segment::National;
use waxwing_session::{BackoffOptions, FloodLimits, SourceList, TlsClientOptions, TlsServerOptions};

/// A door for SMPP clients.
#[derive(Clone, Debug)]
pub struct ListenerConfig {
    /// Address and port; port 0 takes any.
    pub listen: SocketAddr,
    /// TLS; `None` for plain TCP.
    pub tls: Option<TlsServerOptions>,
    /// Who may connect; empty = everybody.
    pub allow: SourceList,
    /// Connections at the same time, in all and from one address.
    pub flood: FloodLimits,
    /// From the connection to a completed bind.
    pub login_timeout: Duration,
    /// Idle time after which an enquire_link is sent.
    pub enquire_link: Duration,
    /// Time for the answer to a deliver_sm or an enquire_link.
    pub response_timeout: Duration,
    /// No submit_sm and no deliver_sm for so long unbinds; `None` = never.
    pub inactivity_timeout: Option<Duration>,
    /// Requests that a client may have unanswered before nothing more is read from it.
    pub max_unanswered: u32,
    /// Messages a second that one connection may submit; more are answered with ESME_RTHROTTLED.
    pub rate: Option<NonZeroU32>,
    /// Our name in bind responses, at most 15 octets.
    pub system_id: String,
    /// What data_coding 0 means where the account does not say.
    pub charset: Charset,
    /// Refuses PDUs with trailing octets or TLVs of wrong length instead of reading what can be read.
    pub strict: bool,
    /// Longest PDU, octets.
    pub max_pdu: usize,
}

impl ListenerConfig {
    /// The defaults for an address.
    pub fn new(listen: SocketAddr) -> ListenerConfig {
        ListenerConfig {
            listen,
            tls: None,
            allow: SourceList::default(),
            flood: FloodLimits::default(),
            login_timeout: Duration::from_secs(10),
            enquire_link: Duration::from_secs(30),
            response_timeout: Duration::from_secs(30),
            inactivity_timeout: None,
            max_unanswered: 1000,
            rate: None,
            system_id: "waxwing".into(),
            charset: Charset::Gsm7,
            strict: false,
            max_pdu: waxwing_smpp::frame::DEFAULT_MAX_LEN,
        }
    }
}

/// How a connector binds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BindKind {
    /// bind_transceiver: both directions on one connection.
    #[default]
    Transceiver,
    /// bind_transmitter alone: no receipts, no received messages.
    Transmitter,
    /// bind_receiver alone.
    Receiver,
    /// A transmitter and a receiver, each on a connection of its own.
    Pair,
}

/// How long messages are sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LongMessages {
    /// In parts, with a user data header and an 8-bit reference.
    #[default]
    Udh8,
    /// In parts, with a user data header and a 16-bit reference.
    Udh16,
    /// In parts, with the sar_* TLVs.
    Sar,
    /// Whole, in message_payload.
    Payload,
}

/// When the carrier is asked for receipts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RequestReceipts {
    /// When the submitter asked for one.
    #[default]
    Asked,
    /// For each message: the ledger then knows what became of it.
    Always,
    /// Never.
    Never,
}

/// How the carrier spells the same id in its responses and in its receipts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IdSpelling {
    /// Tried in this order: the same, then hexadecimal as decimal, then decimal as hexadecimal. Case and leading zeros never matter.
    #[default]
    Auto,
    /// The same in both.
    Same,
    /// Hexadecimal in the response, decimal in the receipt.
    HexThenDecimal,
    /// Decimal in the response, hexadecimal in the receipt.
    DecimalThenHex,
}

/// A line to an SMSC.
#[derive(Clone, Debug)]
pub struct ConnectorConfig {
    /// `host:port`, tried in order.
    pub addresses: Vec<String>,
    /// TLS; `None` for plain TCP.
    pub tls: Option<TlsClientOptions>,
    /// Who we are, at most 15 octets.
    pub system_id: String,
    /// Password, at most 8 octets by the specification.
    pub password: String,
    /// At most 12 octets.
    pub system_type: String,
    /// SMPP version in the bind: 0x33, 0x34 or 0x50.
    pub interface_version: u8,
    /// Addresses that we serve, told in the bind (TON, NPI, pattern).
    pub address_range: (u8, u8, String),
    /// How it binds.
    pub bind: BindKind,
    /// Connections of that kind.
    pub binds: u32,
    /// Requests unanswered at the same time, each bind.
    pub window: u32,
    /// submit_sm a second, all binds together; `None` = no limit.
    pub rate: Option<f64>,
    /// Idle time after which an enquire_link is sent.
    pub enquire_link: Duration,
    /// Time for the answer to a submit_sm, enquire_link or bind.
    pub response_timeout: Duration,
    /// Waits between attempts to connect.
    pub reconnect: BackoffOptions,
    /// How long all binds pause when the carrier says that we are too fast.
    pub throttle_pause: Duration,
    /// TON and NPI of the sender; `None` = by its form.
    pub source_ton_npi: (Option<u8>, Option<u8>),
    /// TON and NPI of the recipient; `None` = by its form.
    pub dest_ton_npi: (Option<u8>, Option<u8>),
    /// service_type where the message has none.
    pub service_type: String,
    /// What data_coding 0 means to this carrier.
    pub charset: Charset,
    /// Charsets that text may leave in, besides `charset`, with UCS-2 for what they lack.
    pub national: National,
    /// Characters that the alphabet lacks may be replaced by plain ones.
    pub transliterate: bool,
    /// How long messages are sent.
    pub long: LongMessages,
    /// When receipts are asked for.
    pub request_receipts: RequestReceipts,
    /// How ids are spelt.
    pub receipt_id: IdSpelling,
    /// Takes messages that look like a receipt for one even if esm_class does not say so.
    pub guess_receipts: bool,
    /// TLVs added to each submit_sm: tag and value.
    pub tlvs: Vec<(u16, Vec<u8>)>,
    /// Which errors are what.
    pub errors: ErrorTable,
    /// When to try again.
    pub retry: RetryPolicy,
    /// What an unanswered message becomes.
    pub no_answer: NoAnswer,
    /// How long to wait for receipts after the validity has ended, milliseconds.
    pub receipt_wait: u64,
}

impl ConnectorConfig {
    /// The defaults for an address.
    pub fn new(address: impl Into<String>) -> ConnectorConfig {
        ConnectorConfig {
            addresses: vec![address.into()],
            tls: None,
            system_id: "waxwing".into(),
            password: String::new(),
            system_type: String::new(),
            interface_version: 0x34,
            address_range: (0, 0, String::new()),
            bind: BindKind::Transceiver,
            binds: 1,
            window: 32,
            rate: None,
            enquire_link: Duration::from_secs(30),
            response_timeout: Duration::from_secs(30),
            reconnect: BackoffOptions::default(),
            throttle_pause: Duration::from_secs(1),
            source_ton_npi: (None, None),
            dest_ton_npi: (None, None),
            service_type: String::new(),
            charset: Charset::Gsm7,
            national: National::None,
            transliterate: false,
            long: LongMessages::Udh8,
            request_receipts: RequestReceipts::Asked,
            receipt_id: IdSpelling::Auto,
            guess_receipts: false,
            tlvs: Vec::new(),
            errors: ErrorTable::smpp(),
            retry: RetryPolicy::default(),
            no_answer: NoAnswer::Resend,
            receipt_wait: 72 * 3_600_000,
        }
    }
}
