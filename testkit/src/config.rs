//! How a simulated carrier behaves.

use serde::{Deserialize, Serialize};

/// How message ids are written in responses and receipts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IdFormat {
    /// Hexadecimal in both.
    #[default]
    Hex,
    /// Decimal in both.
    Decimal,
    /// Hexadecimal in the response, decimal in the receipt, as several carriers have it.
    HexThenDecimal,
}

/// The settings of a simulated carrier. All shares are from 0 to 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CarrierConfig {
    /// Time from a submission to its response, milliseconds.
    pub latency_ms: u64,
    /// Up to so much is added to each latency, milliseconds.
    pub jitter_ms: u64,
    /// Share of submissions that are refused with `error_code`.
    pub error_rate: f64,
    /// The code that they are refused with (SMPP command_status; 8 is a system error, 11 an invalid destination; or a CMPP result).
    pub error_code: u32,
    /// Submissions a second that are taken; the rest is refused as throttled (0x58, in CMPP 8). 0 = no limit. Each recipient counts.
    pub tps: u32,
    /// Share of submissions that are not answered at all.
    pub silent_rate: f64,
    /// Share of accepted messages that get a receipt, if one was asked for.
    pub receipt_rate: f64,
    /// Time from the response to the receipt, milliseconds.
    pub receipt_delay_ms: u64,
    /// Share of receipts that say DELIVRD; the others say UNDELIV.
    pub delivered_rate: f64,
    /// Share of receipts that are sent before the response to their message.
    pub early_receipt_rate: f64,
    /// Share of receipts that are sent twice.
    pub duplicate_receipt_rate: f64,
    /// How ids are written.
    pub ids: IdFormat,
    /// Messages that begin with `ECHO ` come back as a message from their recipient, without that word.
    pub echo: bool,
    /// Two carriers with the same seed and the same input do the same.
    pub seed: u64,
}

impl Default for CarrierConfig {
    /// A carrier that takes everything within 5 ms and delivers it within a second.
    fn default() -> CarrierConfig {
        CarrierConfig {
            latency_ms: 5,
            jitter_ms: 0,
            error_rate: 0.0,
            error_code: 8,
            tps: 0,
            silent_rate: 0.0,
            receipt_rate: 1.0,
            receipt_delay_ms: 500,
            delivered_rate: 1.0,
            early_receipt_rate: 0.0,
            duplicate_receipt_rate: 0.0,
            ids: IdFormat::Hex,
            echo: true,
            seed: 1,
        }
    }
}
