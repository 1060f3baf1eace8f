//! Case j: CMPP in; by itself in a bare ISMG, and through the gateway to a carrier, reports back.

use std::io;
use std::time::Duration;

use waxwing_cmpp::Version;
use waxwing_endpoints::load::cmpp::Sp;
use waxwing_endpoints::load::{End, Load, Pace};

use super::Ctx;
use super::flow::{self, LAG, WAXWING, Watched, warm};
use crate::esme::{Client, Sent};
use crate::gateway::{Gateway, Setup};
use crate::ismg::{Ismg, IsmgSink};
use crate::metrics;
use crate::process::resident_peak;
use crate::report::Report;

const CASE: &str = "j";
/// The floor.
pub(super) const BARE: &str = "bare ISMG";

/// Links of the gateway to its carrier, and the window of each.
const CARRIER: (u32, u32) = (4, 256);

struct Variant {
    name: String,
    links: u32,
    window: u32,
    version: Version,
}

/// Runs the case.
///
/// # Errors
/// When something cannot be started.
pub fn run(ctx: &Ctx, report: &mut Report) -> io::Result<()> {
    report.compare(CASE, "accepted/s", WAXWING, BARE);
    report.note(
        CASE,
        "SUBMITs of 12 octets of UCS-2 to random phones. The bare ISMG decodes them and answers, with the gateway's codec and session engine, \
         and does nothing else; no reports are asked for. The gateway answers after fsync, sends them to a carrier over 4 links of CMPP with a \
         window of 256, and every message asks for a report, which the carrier sends right behind its response; \"receipts/s\" are the \
         reports at the SP.",
    );
    report.note(
        CASE,
        "A figure to hold the bare ISMG against, from its own measurement and not run here: SMSGate, an ISMG in Java, without persistence, some \
         30,000/s on one link and 63,000/s on eight, on two cores.",
    );
    for run in 0..ctx.runs {
        for variant in variants() {
            if !ctx.wants(&variant.name) {
                continue;
            }
            // Another order in every run: who comes first may find the machine in another state.
            if run % 2 == 0 {
                bare(ctx, report, &variant)?;
                gateway(ctx, report, &variant)?;
            } else {
                gateway(ctx, report, &variant)?;
                bare(ctx, report, &variant)?;
            }
        }
    }
    Ok(())
}

fn variants() -> Vec<Variant> {
    let mut variants = Vec::new();
    for links in [1, 8] {
        for window in [16, 128] {
            let plural = if links == 1 { "" } else { "s" };
            variants.push(Variant {
                name: format!("CMPP 3.0, {links} link{plural}, window {window}"),
                links,
                window,
                version: Version::V3,
            });
        }
    }
    variants.push(Variant { name: "CMPP 2.0, 8 links, window 128".to_owned(), links: 8, window: 128, version: Version::V2 });
    variants
}

/// How long is watched.
fn time(ctx: &Ctx) -> Duration {
    Duration::from_secs(ctx.pick(8, 2))
}

fn client(ctx: &Ctx, variant: &Variant, to: std::net::SocketAddr, reports: bool) -> io::Result<Client> {
    let limit = warm(ctx) + time(ctx) + Duration::from_secs(60);
    let load = Load {
        to: to.to_string(),
        links: variant.links,
        window: variant.window,
        pace: Pace::Window,
        end: End::After(limit),
        receipts: reports,
        expect: None,
        matching: false,
        stamped: false,
        limit: limit + Duration::from_secs(60),
    };
    Client::speaking(load, Sp { reports, ..Sp::new(SP_ID, SECRET, variant.version) })
}

fn bare(ctx: &Ctx, report: &mut Report, variant: &Variant) -> io::Result<()> {
    let ismg = Ismg::start()?;
    let client = client(ctx, variant, ismg.address(), false)?;
    let parts = [(BARE, ismg.who()), ("load", client.who())];
    let counters: [&dyn Fn() -> u64; 1] = [&|| client.accepted()];
    let Watched { grown, used } = flow::watch(&parts, &counters, warm(ctx), time(ctx), &mut || {});
    client.stop();
    let sent = client.wait()?;
    let values = [
        ("accepted/s", grown[0] as f64 / used.wall),
        ("answer p50 ms", sent.response_ms(0.5)),
        ("answer p99 ms", sent.response_ms(0.99)),
        ("CPU µs/message", used.micros_each(BARE, grown[0])),
        ("load CPU µs/message", used.micros_each("load", grown[0])),
        ("memory MB", ismg.resident_peak() as f64 / 1e6),
    ];
    report.add(CASE, &variant.name, BARE, &values);
    report.limit(CASE, &variant.name, BARE, used.bottleneck());
    check(report, variant, BARE, &sent, sent.accepted);
    Ok(())
}

const SP_ID: &str = "901234";
const SECRET: &str = "bench";

fn setup(carrier: &IsmgSink) -> Setup {
    let (links, window) = CARRIER;
    Setup {
        account: format!(
            "[account.cmpp]\nsp_id = \"{SP_ID}\"\nsecret = \"{SECRET}\"\nsrc_id = \"10690001\"\nmax_links = 100\nwindow = 1000\n"
        ),
        // One code gives 65,536 ids a second.
        more: "[[listener]]\nprotocol = \"cmpp\"\nlisten = \"127.0.0.1:0\"\ngateway = [\"001001\", \"001002\", \"001003\", \"001004\"]\nwindow = 1000\n"
            .to_owned(),
        carrier_table: format!(
            "protocol = \"cmpp\"\naddress = \"{}\"\nsp_id = \"901234\"\nsecret = \"x\"\nsrc_id = \"10690001\"\nreconnect_max = \"1s\"\n\
             links = {links}\nwindow = {window}\n",
            carrier.address()
        ),
        ..Setup::new(carrier.address(), links, window)
    }
}

fn gateway(ctx: &Ctx, report: &mut Report, variant: &Variant) -> io::Result<()> {
    let sink = IsmgSink::start()?;
    let gateway = Gateway::start(&ctx.binary, &ctx.tmp, &setup(&sink))?;
    let client = client(ctx, variant, gateway.cmpp()?, true)?;
    let parts = [(WAXWING, gateway.who()), ("load", client.who()), ("sink", sink.who())];
    let counters: [&dyn Fn() -> u64; 3] = [&|| client.accepted(), &|| sink.taken(), &|| client.receipts()];
    let Watched { grown, used } = flow::watch(&parts, &counters, warm(ctx), time(ctx), &mut || {});
    let lag = metrics::read(gateway.http()?).map(|text| metrics::sum(&text, LAG, "")).unwrap_or(0.0);
    client.stop();
    let memory = match gateway.who() {
        crate::process::Who::Process(pid) => resident_peak(pid) as f64 / 1e6,
        crate::process::Who::Thread(_) => 0.0,
    };
    // Not before the interval is over: the rest of the reports is no part of it, but all must come.
    let sent = client.wait()?;
    let rate = |n: u64| n as f64 / used.wall;
    let values = [
        ("accepted/s", rate(grown[0])),
        ("delivered/s", rate(grown[1])),
        ("receipts/s", rate(grown[2])),
        ("answer p50 ms", sent.response_ms(0.5)),
        ("answer p99 ms", sent.response_ms(0.99)),
        ("CPU µs/message", used.micros_each(WAXWING, grown[1])),
        ("load CPU µs/message", used.micros_each("load", grown[1])),
        ("sink CPU µs/message", used.micros_each("sink", grown[1])),
        ("memory MB", memory),
        ("\"flow control\"/s", sent.pauses as f64 / sent.whole.as_secs_f64().max(1e-9)),
        ("ledger's lag, at the end", lag),
    ];
    report.add(CASE, &variant.name, WAXWING, &values);
    report.limit(CASE, &variant.name, WAXWING, used.bottleneck());
    check(report, variant, WAXWING, &sent, sink.taken());
    Ok(())
}

fn check(report: &mut Report, variant: &Variant, subject: &str, sent: &Sent, taken: u64) {
    let mut trouble = Vec::new();
    if sent.failed > 0 {
        trouble.push(format!("{} SUBMITs failed: {:?}", sent.failed, sent.codes));
    }
    if taken < sent.accepted {
        trouble.push(format!("the carrier got {taken} of {} messages", sent.accepted));
    }
    if !sent.complete {
        trouble.push(format!("{} reports of {} came within {} s", sent.receipts, sent.accepted, sent.whole.as_secs()));
    }
    if !trouble.is_empty() {
        report.note(CASE, format!("{}, {subject}: {}.", variant.name, trouble.join(", ")));
    }
}
