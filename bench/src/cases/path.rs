//! What the cases over SMPP share: the gateway between a load and a sink, and waiting until it is at rest.

use std::io;
use std::time::Duration;

use super::Ctx;
use crate::esme::{Client, Load, Sent};
use crate::gateway::{Gateway, Setup};
use crate::metrics;
use crate::process::{Usage, Used};
use crate::report::{Report, figure, progress};
use crate::sink::{Behaviour, Sink};

/// Binds of the load and to the carrier, unless a case says otherwise.
pub(super) const BINDS: u32 = 4;
/// Window of each of them.
pub(super) const WINDOW: u32 = 256;

/// The gateway and its carrier.
pub(super) struct Path {
    // Before the sink, so that it is gone when its carrier goes.
    pub(super) gateway: Gateway,
    pub(super) sink: Sink,
}

/// How long the ledger may take to catch up. Ten million messages may lie before it.
const CATCH_UP: Duration = Duration::from_secs(900);

// === impl Path ===

impl Path {
    /// Starts both; `connector` are further lines of the connector's table.
    pub(super) fn start(ctx: &Ctx, window: u32, behaviour: Behaviour, connector: &str) -> io::Result<Path> {
        let sink = Sink::start(behaviour)?;
        let setup = Setup { connector: connector.to_owned(), ..Setup::new(sink.address(), BINDS, window) };
        let gateway = Gateway::start(&ctx.binary, &ctx.tmp, &setup)?;
        Ok(Path { gateway, sink })
    }

    /// The usual load, for so long.
    pub(super) fn load(&self, time: Duration) -> io::Result<Load> {
        Ok(Load::new(self.gateway.smpp()?, BINDS, WINDOW, time))
    }

    /// Runs a load to its end and measures all three.
    pub(super) fn run(&self, load: Load) -> io::Result<(Sent, Used)> {
        let client = Client::start(load)?;
        let usage = self.usage(&client);
        let sent = client.wait()?;
        Ok((sent, usage.end()))
    }

    /// Begins to measure all three.
    pub(super) fn usage(&self, client: &Client) -> Usage {
        Usage::begin(&[("gateway", self.gateway.who()), ("load", client.who()), ("sink", self.sink.who())])
    }

    /// Waits until the ledger has everything: what it still has to do from before would be charged to what is measured next.
    pub(super) fn rest(&self, report: &mut Report, case: &str) -> io::Result<()> {
        if !metrics::wait_for_ledger(self.gateway.http()?, CATCH_UP)? {
            report.note(case, format!("The ledger did not catch up within {CATCH_UP:?}; what follows was measured beside its work."));
        }
        Ok(())
    }
}

/// Waits until `count` has come to `target`, telling how far it is now and then.
pub(super) fn wait_until(what: &str, target: u64, limit: Duration, count: impl Fn() -> u64) -> io::Result<()> {
    let begin = std::time::Instant::now();
    let mut told = begin;
    while count() < target {
        if begin.elapsed() > limit {
            return Err(io::Error::other(format!("{} of {target} {what} after {limit:?}", count())));
        }
        if told.elapsed() > Duration::from_secs(20) {
            told = std::time::Instant::now();
            progress(&format!("    {} of {target} {what}", count()));
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    Ok(())
}

/// "none", "10,000", "1,200,000", "10 million".
pub(super) fn amount(n: u64) -> String {
    match n {
        0 => "none".to_owned(),
        n if n % 1_000_000 == 0 => format!("{} million", n / 1_000_000),
        n if n < 1000 => n.to_string(),
        n => figure(n as f64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_readable() {
        let cases =
            [(0, "none"), (7, "7"), (50_000, "50,000"), (1_200_001, "1,200,001"), (1_000_000, "1 million"), (10_000_000, "10 million")];
        for (n, words) in cases {
            assert_eq!(amount(n), words);
        }
    }
}
