//! `waxwing sim`: carriers for anybody's tests.

use std::net::SocketAddr;
use std::time::Duration;

use clap::{Args, Subcommand};
use waxwing_cmpp::Version;
use waxwing_core::Clock;
use waxwing_endpoints::Endpoint;
use waxwing_endpoints::simulator::{CentreConfig, Incoming, IsmgConfig, SmscConfig, start_ismg, start_smsc};
use waxwing_testkit::{CarrierConfig, IdFormat};

use super::gns::Gns;
use super::{Failure, out};
use crate::config::value::{Code, Period};

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
    /// An ISMG that speaks CMPP 2.0 and 3.0
    Ismg(Box<Ismg>),
    /// A directory of gateways (GNS) that speaks CMPP 2.0 and 3.0
    Gns(Gns),
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
    /// The code that submissions are refused with
    #[arg(long, default_value = "0x08", value_parser = code)]
    error_code: u32,
    /// How message ids are written
    #[arg(long, value_enum, default_value_t = Ids::Hex)]
    ids: Ids,
    /// Unanswered deliver_sm towards each client
    #[arg(long, default_value_t = 1000)]
    window: u32,
    #[command(flatten)]
    behaviour: Behaviour,
}

#[derive(Debug, Args)]
struct Ismg {
    /// Where it listens
    #[arg(long, default_value = "127.0.0.1:7891")]
    listen: SocketAddr,
    /// The only SP_Id that may connect; without it, any may
    #[arg(long)]
    sp_id: Option<String>,
    /// The secret of whoever connects; without it, any does, and AuthenticatorISMG is zeros
    #[arg(long)]
    secret: Option<String>,
    /// Code of the gateway, at most six digits, part of every Msg_Id
    #[arg(long, default_value = "001001", value_parser = gateway)]
    gateway: u32,
    /// The only version that it speaks, 2.0 or 3.0; without it, the one that the client asks for
    #[arg(long, value_parser = version)]
    version: Option<Version>,
    /// Serve clients that ask for 3.0 in 2.0 where that is the only version, instead of refusing them with status 4
    #[arg(long, requires = "version")]
    any_version: bool,
    /// The result that submissions are refused with
    #[arg(long, default_value = "9", value_parser = code)]
    error_code: u32,
    /// Unanswered DELIVERs towards each SP
    #[arg(long, default_value_t = 16)]
    window: u32,
    /// Octets of status reports; without it, 60 in 2.0 and 71 in 3.0
    #[arg(long, value_parser = report_form, value_name = "60|71")]
    report_octets: Option<Version>,
    /// Put 86 before the phone in status reports, whatever it was submitted with
    #[arg(long)]
    country_code: bool,
    /// Answer CONNECT with a wrong AuthenticatorISMG
    #[arg(long)]
    wrong_authenticator: bool,
    #[command(flatten)]
    behaviour: Behaviour,
}

/// What every simulated carrier can do, and do wrong.
#[derive(Debug, Args)]
struct Behaviour {
    /// Time from a submission to its response, milliseconds
    #[arg(long, default_value_t = CarrierConfig::default().latency_ms)]
    latency_ms: u64,
    /// Up to so much is added to each latency, milliseconds
    #[arg(long, default_value_t = CarrierConfig::default().jitter_ms)]
    jitter_ms: u64,
    /// Share of submissions that are refused, 0 to 1
    #[arg(long, default_value_t = CarrierConfig::default().error_rate, value_parser = share)]
    error_rate: f64,
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
    /// Send receipts over another connection than the message came by, where there is one
    #[arg(long)]
    receipts_elsewhere: bool,
    /// Do not answer messages that begin with ECHO
    #[arg(long)]
    no_echo: bool,
    /// A message that a handset sends after the first login, such as 13800138000:10690001:TD; can be given several times
    #[arg(long, value_name = "FROM:TO:TEXT", value_parser = incoming)]
    mo: Vec<Incoming>,
    /// Send those messages again and again, so much time apart, such as 10s
    #[arg(long, value_name = "PERIOD", requires = "mo")]
    mo_every: Option<Period>,
    /// Silence after which a connection is tested, such as 30s; 0 = never
    #[arg(long, value_name = "PERIOD", default_value = "30s")]
    keep_alive: Period,
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
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let (name, endpoint) = match &args.kind {
            Kind::Smsc(a) => ("SMSC", a.start()?),
            Kind::Ismg(a) => ("ISMG", a.start()?),
            Kind::Gns(a) => ("GNS", a.start()?),
        };
        if let Some(address) = endpoint.address {
            out::notice(format_args!("{name} at {address}"));
        }
        tokio::signal::ctrl_c().await?;
        endpoint.stop(Duration::from_secs(2)).await;
        Ok(())
    })
}

impl Smsc {
    fn start(&self) -> Result<Endpoint, Failure> {
        let ids = match self.ids {
            Ids::Hex => IdFormat::Hex,
            Ids::Decimal => IdFormat::Decimal,
            Ids::HexThenDecimal => IdFormat::HexThenDecimal,
        };
        let carrier = CarrierConfig { ids, error_code: self.error_code, ..self.behaviour.carrier() };
        let centre = self.behaviour.centre(self.listen, self.window, carrier);
        let login = self.system_id.clone().zip(self.password.clone());
        start_smsc(SmscConfig { centre, login }, Clock::system()).map_err(Failure::of)
    }
}

impl Ismg {
    fn start(&self) -> Result<Endpoint, Failure> {
        let carrier = CarrierConfig { error_code: self.error_code, ..self.behaviour.carrier() };
        let config = IsmgConfig {
            centre: self.behaviour.centre(self.listen, self.window, carrier),
            sp_id: self.sp_id.clone(),
            secret: self.secret.clone(),
            gateway: self.gateway,
            version: self.version,
            any_version: self.any_version,
            report_form: self.report_octets,
            country_code: self.country_code,
            wrong_authenticator: self.wrong_authenticator,
        };
        start_ismg(config, Clock::system()).map_err(Failure::of)
    }
}

impl Behaviour {
    fn carrier(&self) -> CarrierConfig {
        CarrierConfig {
            latency_ms: self.latency_ms,
            jitter_ms: self.jitter_ms,
            error_rate: self.error_rate,
            tps: self.tps,
            silent_rate: self.silent_rate,
            receipt_rate: self.receipt_rate,
            receipt_delay_ms: self.receipt_delay_ms,
            delivered_rate: self.delivered_rate,
            early_receipt_rate: self.early_receipt_rate,
            duplicate_receipt_rate: self.duplicate_receipt_rate,
            echo: !self.no_echo,
            seed: self.seed,
            ..CarrierConfig::default()
        }
    }

    fn centre(&self, listen: SocketAddr, window: u32, carrier: CarrierConfig) -> CentreConfig {
        CentreConfig {
            window,
            keep_alive: Some(self.keep_alive.0).filter(|p| !p.is_zero()),
            receipts_elsewhere: self.receipts_elsewhere,
            incoming: self.mo.clone(),
            incoming_every: self.mo_every.map(|p| p.0),
            ..CentreConfig::new(listen, carrier)
        }
    }
}

fn share(s: &str) -> Result<f64, String> {
    s.parse::<f64>().ok().filter(|v| (0.0..=1.0).contains(v)).ok_or_else(|| "write a number from 0 to 1".into())
}

fn code(s: &str) -> Result<u32, String> {
    s.parse::<Code>().map(|c| c.0)
}

fn gateway(s: &str) -> Result<u32, String> {
    s.parse::<u32>().ok().filter(|_| s.len() <= 6).ok_or_else(|| "write at most six digits, such as 001001".into())
}

pub(super) fn version(s: &str) -> Result<Version, String> {
    match s {
        "2.0" | "2" => Ok(Version::V2),
        "3.0" | "3" => Ok(Version::V3),
        _ => Err("write 2.0 or 3.0".into()),
    }
}

fn report_form(s: &str) -> Result<Version, String> {
    match s {
        "60" => Ok(Version::V2),
        "71" => Ok(Version::V3),
        _ => Err("write 60 or 71".into()),
    }
}

fn incoming(s: &str) -> Result<Incoming, String> {
    let mut parts = s.splitn(3, ':').map(str::to_owned);
    match (parts.next(), parts.next(), parts.next()) {
        (Some(from), Some(to), Some(text)) if !from.is_empty() && !to.is_empty() => Ok(Incoming { from, to, text }),
        _ => Err("write the handset, the number that it writes to, and the text: 13800138000:10690001:TD".into()),
    }
}
