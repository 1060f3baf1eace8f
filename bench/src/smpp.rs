//! Load as one likes it, for looking at one thing: SMPP in, spool, SMPP out, receipts back.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::esme::{Client, End, Load};
use crate::gateway::{Gateway, Setup};
use crate::process::Usage;
use crate::report::progress;
use crate::sink::{Behaviour, Sink};

/// What to measure.
#[derive(Clone, Debug, clap::Args)]
pub struct Smpp {
    /// The gateway.
    #[arg(long, default_value = "target/release/waxwing")]
    binary: PathBuf,
    /// Messages a run.
    #[arg(long, default_value_t = 200_000)]
    count: u64,
    /// Seconds a run, instead of a count.
    #[arg(long, conflicts_with = "count")]
    seconds: Option<u64>,
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
    /// Folder for data, on the disk to be measured.
    #[arg(long, default_value = "target/bench")]
    tmp: PathBuf,
}

impl Smpp {
    /// Runs it and says what it saw on standard error.
    ///
    /// # Errors
    /// When the gateway does not start or a connection breaks.
    pub fn run(&self) -> io::Result<()> {
        std::fs::create_dir_all(&self.tmp)?;
        let (binary, tmp) = (self.binary.canonicalize()?, self.tmp.canonicalize()?);
        for run in 1..=self.runs {
            self.once(run, &binary, &tmp)?;
        }
        Ok(())
    }

    fn once(&self, run: u32, binary: &Path, tmp: &Path) -> io::Result<()> {
        let sink = Sink::start(Behaviour::default())?;
        sink.set_away(self.backlog);
        let mut gateway = Gateway::start(binary, tmp, &Setup::new(sink.address(), self.binds, self.window))?;
        let base = gateway.resident();
        let end = self.seconds.map_or(End::Count(self.count), |s| End::After(Duration::from_secs(s)));
        let limit = Duration::from_secs(300 + self.seconds.unwrap_or(0));
        let plain = Load::new(gateway.smpp()?, self.binds, self.window, limit);
        let client = Client::start(Load { end, receipts: !self.no_receipts && !self.backlog, limit, ..plain })?;
        let usage = Usage::begin(&[("gateway", gateway.who()), ("load", client.who()), ("sink", sink.who())]);
        let sent = client.wait()?;
        let used = usage.end();
        let each = |part| used.micros_each(part, sent.accepted);
        progress(&format!(
            "run {run}: accepted {} ({:.0}/s, p99 {:.2} ms), {} pauses, {} failed, receipts {} ({:.0}/s), taken by the carrier {}; \
             CPU a message: gateway {:.1} us, load {:.1} us, sink {:.1} us; {:.0} MB resident; {}",
            sent.accepted,
            sent.accept_rate(),
            sent.response_ms(0.99),
            sent.pauses,
            sent.failed,
            sent.receipts,
            sent.receipt_rate(end),
            sink.taken(),
            each("gateway"),
            each("load"),
            each("sink"),
            gateway.resident() as f64 / 1e6,
            used.bottleneck(),
        ));
        if self.backlog {
            let memory = gateway.resident().saturating_sub(base) as f64 / sent.accepted.max(1) as f64;
            let restart = gateway.kill_and_restart()?;
            progress(&format!(
                "  backlog of {}: {memory:.0} octets of memory a message; restart after kill -9 in {:.2} s, then {:.0} MB resident",
                sent.accepted,
                restart.as_secs_f64(),
                gateway.resident() as f64 / 1e6
            ));
        }
        Ok(())
    }
}
