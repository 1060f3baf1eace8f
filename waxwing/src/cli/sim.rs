//! `waxwing sim`: carriers for anybody's tests.

use std::net::SocketAddr;

use clap::{Args, Subcommand};
use waxwing_core::Clock;
use waxwing_endpoints::simulator::{SmscConfig, start_smsc};
use waxwing_testkit::{CarrierConfig, IdFormat};

use super::{Failure, out};

/// Arguments of `waxwing sim`.
#[derive(Debug, Args)]
pub struct Sim {
    /// Which
    #[command(subcommand)]
    kind: Kind,
}

#[derive(Debug, Subcommand)]
enum Kind {
    /// An SMSC that speaks SMPP
    Smsc(Box<Smsc>),
}

#[derive(Debug, Args)]
struct Smsc {
    /// Where it listens
    #[arg(long, default_value = "127.0.0.1:2776")]
    listen: SocketAddr,
    /// The only system_id that may bind; without it, everybody may
    #[arg(long, requires = "password")]
    system_id: Option<String>,
    /// Its password
    #[arg(long, requires = "system_id")]
    password: Option<String>,
    /// Time from a submission to its response, milliseconds
    #[arg(long, default_value_t = CarrierConfig::default().latency_ms)]
    latency_ms: u64,
    /// Up to so much is added to each latency, milliseconds
    #[arg(long, default_value_t = CarrierConfig::default().jitter_ms)]
    jitter_ms: u64,
    /// Share of submissions that are refused, 0 to 1
    #[arg(long, default_value_t = CarrierConfig::default().error_rate, value_parser = share)]
    error_rate: f64,
    /// The code that they are refused with
    #[arg(long, default_value = "0x08", value_parser = code)]
    error_code: u32,
    /// Submissions a second that are taken, the rest is refused as throttled; 0 = no limit
    #[arg(long, default_value_t = CarrierConfig::default().tps)]
    tps: u32,
    /// Share of submissions that are not answered, 0 to 1
    #[arg(long, default_value_t = CarrierConfig::default().silent_rate, value_parser = share)]
    silent_rate: f64,
    /// Share of messages that get a receipt if one was asked for, 0 to 1
    #[arg(long, default_value_t = CarrierConfig::default().receipt_rate, value_parser = share)]
    receipt_rate: f64,
    /// Time from the response to the receipt, milliseconds
    #[arg(long, default_value_t = CarrierConfig::default().receipt_delay_ms)]
    receipt_delay_ms: u64,
    /// Share of receipts that say DELIVRD, 0 to 1
    #[arg(long, default_value_t = CarrierConfig::default().delivered_rate, value_parser = share)]
    delivered_rate: f64,
    /// Share of receipts that are sent before the response, 0 to 1
    #[arg(long, default_value_t = CarrierConfig::default().early_receipt_rate, value_parser = share)]
    early_receipt_rate: f64,
    /// Share of receipts that are sent twice, 0 to 1
    #[arg(long, default_value_t = CarrierConfig::default().duplicate_receipt_rate, value_parser = share)]
    duplicate_receipt_rate: f64,
    /// How message ids are written
    #[arg(long, value_enum, default_value_t = Ids::Hex)]
    ids: Ids,
    /// Do not answer messages that begin with ECHO
    #[arg(long)]
    no_echo: bool,
    /// The same seed and the same messages have the same results
    #[arg(long, default_value_t = CarrierConfig::default().seed)]
    seed: u64,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Ids {
    Hex,
    Decimal,
    HexThenDecimal,
}

/// Runs until interrupted.
pub(super) fn run(args: &Sim) -> Result<(), Failure> {
    let Kind::Smsc(a) = &args.kind;
    let carrier = CarrierConfig {
        latency_ms: a.latency_ms,
        jitter_ms: a.jitter_ms,
        error_rate: a.error_rate,
        error_code: a.error_code,
        tps: a.tps,
        silent_rate: a.silent_rate,
        receipt_rate: a.receipt_rate,
        receipt_delay_ms: a.receipt_delay_ms,
        delivered_rate: a.delivered_rate,
        early_receipt_rate: a.early_receipt_rate,
        duplicate_receipt_rate: a.duplicate_receipt_rate,
        ids: match a.ids {
            Ids::Hex => IdFormat::Hex,
            Ids::Decimal => IdFormat::Decimal,
            Ids::HexThenDecimal => IdFormat::HexThenDecimal,
        },
        echo: !a.no_echo,
        seed: a.seed,
    };
    let login = a.system_id.clone().zip(a.password.clone());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let endpoint = start_smsc(SmscConfig { listen: a.listen, carrier, login }, Clock::system()).map_err(Failure::of)?;
        out::notice(format_args!("SMSC at {}", endpoint.address.unwrap_or(a.listen)));
        tokio::signal::ctrl_c().await?;
        endpoint.stop(std::time::Duration::from_secs(2)).await;
        Ok(())
    })
}

fn share(s: &str) -> Result<f64, String> {
    s.parse::<f64>().ok().filter(|v| (0.0..=1.0).contains(v)).ok_or_else(|| "write a number from 0 to 1".into())
}

fn code(s: &str) -> Result<u32, String> {
    s.parse::<crate::config::value::Code>().map(|c| c.0)
}
