//! `[[connector]]`: lines to carriers.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use waxwing_core::{NoAnswer, RetryPolicy};

use super::ConnectorProtocol;
use crate::config::value::{CharsetName, Code, Hosts, Masks, Period};

/// A line that this gateway opens to somebody else.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(default)]
pub struct Connector {
    /// Unique name (must be given).
    pub name: String,
    /// What is spoken on it (must be given).
    pub protocol: Option<ConnectorProtocol>,
    /// Recipients (masks) it is preferred for.
    pub to: Masks,
    /// Senders (masks) that are its own: messages from them leave here whatever their recipient.
    pub senders: Masks,
    /// Takes any traffic that no mask claims. Without the key: yes if it has neither `to` nor `senders` and no route names it.
    pub any: Option<bool>,
    /// Share of the load among equals.
    pub weight: u32,
    /// When a message that failed for the time being is tried again.
    pub retry: Retry,
    /// Error codes that mean a message will never go through, added to the protocol's usual ones.
    pub permanent: Vec<Code>,
    /// Error codes that are worth another attempt although the protocol's usual list says otherwise.
    pub temporary: Vec<Code>,
    /// Error codes that mean "slow down": the whole connector waits a moment and the attempt does not count.
    pub throttled: Vec<Code>,
    /// What becomes of a message that was sent and not answered in time (nobody knows whether the carrier has it): `resend` it, `fail` it
    /// with a receipt, or `hold` it as a dead letter for a person to decide.
    #[schemars(with = "NoAnswerWords")]
    pub no_answer: NoAnswer,
    /// How long after a message's validity its receipt is waited for; without it, `[sms] receipt_wait`.
    pub receipt_wait: Option<Period>,
}

/// A carrier's SMPP server, spoken to as a client.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SmppConnector {
    /// The carrier's address (must be given). Several, in a list, are tried in turn.
    pub address: Hosts,
    /// TLS: `true`, or a table with the details.
    pub tls: Tls,
    /// Our name at the carrier, at most 15 octets.
    pub system_id: String,
    /// Our password there.
    pub password: String,
    /// system_type of the bind, if the carrier wants one.
    pub system_type: String,
    /// How to bind.
    pub bind: Bind,
    /// Binds at the same time (with `separate`: pairs).
    pub binds: u32,
    /// Messages that are sent on each bind without waiting for an answer.
    pub window: u32,
    /// Messages a second, over all its binds.
    pub rate: Option<f64>,
    /// Type of number of senders; without it, by their form.
    pub source_ton: Option<u8>,
    /// Numbering plan of senders; without it, by their form.
    pub source_npi: Option<u8>,
    /// Type of number of recipients; without it, by their form.
    pub dest_ton: Option<u8>,
    /// Numbering plan of recipients; without it, by their form.
    pub dest_npi: Option<u8>,
    /// address_range of the bind.
    pub address_range: String,
    /// Type of number in the bind.
    pub bind_ton: u8,
    /// Numbering plan in the bind.
    pub bind_npi: u8,
    /// interface_version of the bind: 0x33, 0x34 or 0x50.
    pub interface_version: Code,
    /// What data_coding 0 means to this carrier: `gsm7`, `gsm7-packed`, `iso-8859-1` and others.
    pub charset: CharsetName,
    /// How messages longer than one SMS leave.
    #[serde(rename = "long")]
    pub long_messages: LongMessages,
    /// National language shift tables (3GPP TS 23.038) that the carrier understands.
    pub national: National,
    /// Replace characters outside the GSM alphabet by similar ones in it, where that saves UCS-2; without it, `[sms] transliterate`.
    pub transliterate: Option<bool>,
    /// How the carrier writes the same message id in its responses and in its receipts. Case and leading zeros never matter.
    pub receipt_id: ReceiptId,
    /// Takes messages that look like a receipt for one even if esm_class does not say so.
    pub guess_receipts: bool,
    /// When the carrier is asked for a receipt.
    pub request_receipts: ReceiptRequest,
    /// service_type of messages that come without one.
    pub service_type: String,
    /// After so much silence an enquire_link is sent; 0 sends none.
    pub enquire_link: Period,
    /// How long an answer is waited for.
    pub response_timeout: Period,
    /// How long all binds pause when the carrier says that we are too fast.
    pub throttle_pause: Period,
    /// Wait before the first new attempt to connect; it doubles with every further one.
    pub reconnect_min: Period,
    /// Longest such wait.
    pub reconnect_max: Period,
    /// TLVs that are added to every message, unless it has its own.
    pub tlv: Vec<TlvEntry>,
    /// Write every PDU into pcap files in the data folder's `trace`, for tshark and Wireshark. They hold passwords in clear.
    pub trace: bool,
}

/// When a message that failed for the time being is tried again.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Retry {
    /// Attempts in all before the message fails.
    pub max_attempts: u16,
    /// Step of the wait: after failure n it is (n - 1) x `delay` x `multiplier`; the first failure is tried again at once.
    pub delay: Period,
    /// 0 makes every wait the same `delay`.
    pub multiplier: u32,
    /// Longest wait.
    pub delay_max: Period,
}

/// TLS on a connector.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Tls {
    /// Plain TCP.
    #[default]
    Off,
    /// TLS.
    On(TlsSettings),
}

/// Details of TLS on a connector.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TlsSettings {
    /// Authorities (PEM file) that may have signed the carrier's certificate; without it, the usual public ones.
    pub ca: Option<PathBuf>,
    /// Our certificate (PEM file), where the carrier wants one.
    pub cert: Option<PathBuf>,
    /// Private key of our certificate (PEM file).
    pub key: Option<PathBuf>,
    /// Name that the carrier's certificate must be for; without it, the host name of `address`.
    pub server_name: Option<String>,
    /// Take any certificate. Only for tests: anybody in between can read and change everything.
    pub insecure: bool,
}

/// How to bind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Bind {
    /// Sends and receives on one bind.
    #[default]
    Transceiver,
    /// Sends only.
    Transmitter,
    /// Receives only.
    Receiver,
    /// A transmitter and a receiver.
    Separate,
}

/// How messages longer than one SMS leave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LongMessages {
    /// In parts with a user data header, 8-bit reference.
    #[default]
    Udh,
    /// In parts with a user data header, 16-bit reference.
    Udh16,
    /// In parts with the sar_ TLVs.
    Sar,
    /// Whole, in message_payload.
    Payload,
}

/// National language shift tables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum National {
    /// None: what the default alphabet lacks goes as UCS-2.
    #[default]
    None,
    /// The single shift table (further characters behind an escape).
    Single,
    /// Single and locking shift tables.
    Both,
}

/// How a carrier writes the same message id in its responses and in its receipts. Case and leading zeros never matter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReceiptId {
    /// Tries the same, then hexadecimal as decimal, then decimal as hexadecimal.
    #[default]
    Auto,
    /// The same in both.
    #[serde(alias = "as-is")]
    Same,
    /// Hexadecimal in the response, decimal in the receipt.
    HexThenDecimal,
    /// Decimal in the response, hexadecimal in the receipt.
    DecimalThenHex,
}

/// When a carrier is asked for a receipt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ReceiptRequest {
    /// When the submitter asked for one.
    #[default]
    Asked,
    /// For every message: the ledger then knows what was delivered.
    Always,
    /// Never.
    Never,
}

/// A TLV that is added to every message: a tag and one of the values.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TlvEntry {
    /// Its tag, such as 0x1400.
    pub tag: Option<Code>,
    /// Characters, with a NUL added at the end.
    pub cstring: Option<String>,
    /// Octets, in hexadecimal.
    pub hex: Option<String>,
    /// Characters, without a NUL.
    pub text: Option<String>,
}

/// The words of [`NoAnswer`], for the reference page.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase", inline)]
#[allow(dead_code)]
enum NoAnswerWords {
    Resend,
    Fail,
    Hold,
}

// === impl Connector ===

impl Default for Connector {
    fn default() -> Connector {
        Connector {
            name: String::new(),
            protocol: None,
            to: Masks::default(),
            senders: Masks::default(),
            any: None,
            weight: 1,
            retry: Retry::default(),
            permanent: Vec::new(),
            temporary: Vec::new(),
            throttled: Vec::new(),
            no_answer: NoAnswer::Resend,
            receipt_wait: None,
        }
    }
}

// === impl SmppConnector ===

impl Default for SmppConnector {
    fn default() -> SmppConnector {
        SmppConnector {
            address: Hosts::default(),
            tls: Tls::Off,
            system_id: String::new(),
            password: String::new(),
            system_type: String::new(),
            bind: Bind::Transceiver,
            binds: 1,
            window: 32,
            rate: None,
            source_ton: None,
            source_npi: None,
            dest_ton: None,
            dest_npi: None,
            address_range: String::new(),
            bind_ton: 0,
            bind_npi: 0,
            interface_version: Code(0x34),
            charset: CharsetName(waxwing_gsm::charset::Charset::Gsm7),
            long_messages: LongMessages::Udh,
            national: National::None,
            transliterate: None,
            receipt_id: ReceiptId::Auto,
            guess_receipts: false,
            request_receipts: ReceiptRequest::Asked,
            service_type: String::new(),
            enquire_link: Period::secs(30),
            response_timeout: Period::secs(30),
            throttle_pause: Period::secs(1),
            reconnect_min: Period::secs(1),
            reconnect_max: Period::secs(60),
            tlv: Vec::new(),
            trace: false,
        }
    }
}

// === impl TlvEntry ===

impl TlvEntry {
    /// Tag and octets.
    ///
    /// # Errors
    /// With the words, when it has no tag, or not exactly one value.
    pub fn octets(&self) -> Result<(u16, Vec<u8>), String> {
        let tag = self.tag.ok_or("missing key `tag`: write the TLV's number, such as tag = 0x1400")?;
        let tag = u16::try_from(tag.0).map_err(|_| format!("the tag {tag} is too large; tags are 0x0001 to 0xFFFF"))?;
        match (&self.cstring, &self.hex, &self.text) {
            (Some(s), None, None) => Ok((tag, s.bytes().chain([0]).collect())),
            (None, Some(h), None) => {
                unhex(h).map(|v| (tag, v)).ok_or_else(|| format!("{h:?} is not hexadecimal; write two digits an octet"))
            }
            (None, None, Some(t)) => Ok((tag, t.as_bytes().to_vec())),
            _ => Err("a TLV needs one value: `text`, `cstring` or `hex`".into()),
        }
    }
}

/// Octets from hexadecimal digits; white space between them does not count.
pub(crate) fn unhex(s: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        s.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok())).collect();
    let digits = digits.filter(|d| d.len() % 2 == 0)?;
    Some(digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

// === impl Retry ===

impl Default for Retry {
    fn default() -> Retry {
        let p = RetryPolicy::default();
        Retry { max_attempts: p.max_attempts, delay: Period(p.delay), multiplier: p.multiplier, delay_max: Period(p.delay_max) }
    }
}

// === impl Tls ===

impl<'de> Deserialize<'de> for Tls {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Tls, D::Error> {
        struct BoolOrTable;
        impl<'de> Visitor<'de> for BoolOrTable {
            type Value = Tls;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("true, false, or a table such as { ca = \"carrier-ca.pem\" }")
            }
            fn visit_bool<E>(self, on: bool) -> Result<Tls, E> {
                Ok(if on { Tls::On(TlsSettings::default()) } else { Tls::Off })
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Tls, A::Error> {
                TlsSettings::deserialize(MapAccessDeserializer::new(map)).map(Tls::On)
            }
        }
        d.deserialize_any(BoolOrTable)
    }
}

impl Serialize for Tls {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match self {
            Tls::Off => s.serialize_bool(false),
            Tls::On(settings) => settings.serialize(s),
        }
    }
}

impl JsonSchema for Tls {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "tls".into()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let table = generator.subschema_for::<TlsSettings>();
        schemars::json_schema!({ "title": "bool or table", "anyOf": [{ "type": "boolean" }, table] })
    }
}
