//! `protocol = "simulator"`: a carrier inside the gateway.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use waxwing_testkit::{CarrierConfig, IdFormat};

use crate::config::value::Code;

/// A carrier inside the gateway, for tests and demonstrations: it takes messages, sends receipts, and answers messages that begin with
/// `ECHO`. Shares are from 0 to 1. The options of `waxwing sim smsc` are the same.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Simulator {
    /// Time from a submission to its response, milliseconds.
    pub latency_ms: u64,
    /// Up to so much is added to each latency, milliseconds.
    pub jitter_ms: u64,
    /// Share of submissions that are refused with `error_code`.
    pub error_rate: f64,
    /// The code that they are refused with (an SMPP command_status: 0x08 system error, 0x0B invalid destination).
    pub error_code: Code,
    /// Submissions a second that are taken; the rest is refused as throttled. 0 = no limit.
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
    /// How message ids are written: `hex`, `decimal`, or `hex-then-decimal` (hexadecimal in responses, decimal in receipts).
    #[schemars(with = "IdWords")]
    pub ids: IdFormat,
    /// Messages that begin with `ECHO ` come back as a message from their recipient, without that word.
    pub echo: bool,
    /// Two simulators with the same seed and the same messages do the same.
    pub seed: u64,
    /// Messages that it is given at the same time.
    pub window: u32,
}

/// The words of [`IdFormat`], for the reference page.
#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case", inline)]
#[allow(dead_code)]
enum IdWords {
    Hex,
    Decimal,
    HexThenDecimal,
}

// === impl Simulator ===

impl Simulator {
    /// As the carrier itself takes it.
    pub fn carrier(&self) -> CarrierConfig {
        CarrierConfig {
            latency_ms: self.latency_ms,
            jitter_ms: self.jitter_ms,
            error_rate: self.error_rate,
            error_code: self.error_code.0,
            tps: self.tps,
            silent_rate: self.silent_rate,
            receipt_rate: self.receipt_rate,
            receipt_delay_ms: self.receipt_delay_ms,
            delivered_rate: self.delivered_rate,
            early_receipt_rate: self.early_receipt_rate,
            duplicate_receipt_rate: self.duplicate_receipt_rate,
            ids: self.ids,
            echo: self.echo,
            seed: self.seed,
        }
    }

    /// Keys whose values are shares, with them.
    pub fn shares(&self) -> [(&'static str, f64); 6] {
        [
            ("error_rate", self.error_rate),
            ("silent_rate", self.silent_rate),
            ("receipt_rate", self.receipt_rate),
            ("delivered_rate", self.delivered_rate),
            ("early_receipt_rate", self.early_receipt_rate),
            ("duplicate_receipt_rate", self.duplicate_receipt_rate),
        ]
    }
}

impl Default for Simulator {
    fn default() -> Simulator {
        let c = CarrierConfig::default();
        Simulator {
            latency_ms: c.latency_ms,
            jitter_ms: c.jitter_ms,
            error_rate: c.error_rate,
            error_code: Code(c.error_code),
            tps: c.tps,
            silent_rate: c.silent_rate,
            receipt_rate: c.receipt_rate,
            receipt_delay_ms: c.receipt_delay_ms,
            delivered_rate: c.delivered_rate,
            early_receipt_rate: c.early_receipt_rate,
            duplicate_receipt_rate: c.duplicate_receipt_rate,
            ids: c.ids,
            echo: c.echo,
            seed: c.seed,
            window: 256,
        }
    }
}
