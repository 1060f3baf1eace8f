//! SMPP in, spool, SMPP out, receipts back: messages a second, memory of a backlog, and restart with it.
#![allow(clippy::print_stdout)]

use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::Duration;

use clap::Parser;
use waxwing_bench::esme::{Load, run_clients};
use waxwing_bench::gateway::Gateway;
use waxwing_bench::sink::start_sink;

/// Measures the path of an SMS from SMPP to SMPP.
#[derive(Debug, Parser)]
struct Args {
    /// The gateway.
    #[arg(long, default_value = "target/release/waxwing")]
    binary: PathBuf,
    /// Messages a run.
    #[arg(long, default_value_t = 200_000)]
    count: u64,
    /// Binds, on both sides.
    #[arg(long, default_value_t = 4)]
    binds: u32,
    /// Window of each bind.
    #[arg(long, default_value_t = 256)]
    window: u32,
    /// Runs.
    #[arg(long, default_value_t = 3)]
    runs: u32,
    /// Without receipts.
    #[arg(long)]
    no_receipts: bool,
    /// Instead: queue `count` messages with the carrier away, then kill -9 and restart.
    #[arg(long)]
    backlog: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let a = Args::parse();
    for run in 1..=a.runs {
        let (carrier, sink) = start_sink().await?;
        sink.away.store(a.backlog, Ordering::Relaxed);
        let mut gateway = Gateway::start(&a.binary, carrier, a.binds, a.window)?;
        let base = gateway.resident();
        let load = Load {
            to: gateway.smpp()?,
            binds: a.binds,
            window: a.window,
            count: a.count,
            receipts: !a.no_receipts && !a.backlog,
            limit: Duration::from_secs(300),
        };
        let cpu = gateway.cpu_seconds();
        let sent = run_clients(load).await;
        let cpu = gateway.cpu_seconds() - cpu;
        let per_second = |n: u64, t: Duration| n as f64 / t.as_secs_f64().max(1e-9);
        println!(
            "run {run}: accepted {} ({:.0}/s), refused {}, receipts {} ({:.0}/s over all), taken by the carrier {}, gateway {:.1} us CPU a message, {:.0} MB resident",
            sent.accepted,
            per_second(sent.accepted, sent.accept_time),
            sent.refused,
            sent.receipts,
            per_second(sent.receipts.max(sent.accepted), sent.whole_time),
            sink.taken.load(Ordering::Relaxed),
            cpu * 1e6 / sent.accepted.max(1) as f64,
            gateway.resident() as f64 / 1e6,
        );
        if a.backlog {
            let memory = gateway.resident().saturating_sub(base) as f64 / sent.accepted.max(1) as f64;
            let restart = gateway.kill_and_restart()?;
            println!(
                "  backlog of {}: {memory:.0} octets of memory a message; restart after kill -9 in {:.2} s, then {:.0} MB resident",
                sent.accepted,
                restart.as_secs_f64(),
                gateway.resident() as f64 / 1e6
            );
        }
    }
    Ok(())
}
