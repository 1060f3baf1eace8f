//! `waxwing bench`: load on an ISMG or an SMSC, this gateway or another, and what came of it.

use std::fmt;
use std::pin::pin;
use std::time::Duration;

use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Map, Value, json};
use tokio::time::Instant;
use waxwing_cmpp::Version;
use waxwing_endpoints::load::cmpp::Sp;
use waxwing_endpoints::load::smpp::{Account, Body};
use waxwing_endpoints::load::{self, End, Load, Pace, Progress, Protocol, Sent};
use waxwing_gsm::charset::Charset;

use super::client::runtime;
use super::sim::version;
use super::{Failure, out};
use crate::config::value::Period;

/// Arguments of `waxwing bench`.
#[derive(Debug, Args)]
pub struct Bench {
    /// Over which protocol
    #[command(subcommand)]
    kind: Kind,
}

#[derive(Debug, Subcommand)]
enum Kind {
    /// As an SP that submits to an ISMG
    Cmpp(Box<Cmpp>),
    /// As a client that submits to an SMSC
    Smpp(Box<Smpp>),
}

#[derive(Debug, Args)]
struct Cmpp {
    /// SP_Id
    #[arg(long)]
    sp_id: String,
    /// The shared secret
    #[arg(long, env = "WAXWING_BENCH_SECRET", hide_env_values = true)]
    secret: String,
    /// Version to ask for, 2.0 or 3.0
    #[arg(long, default_value = "3.0", value_parser = version)]
    version: Version,
    /// Text of the messages; without one, six Chinese characters
    #[arg(long, conflicts_with = "octets")]
    text: Option<String>,
    /// Instead of a text, so many octets of digits
    #[arg(long)]
    octets: Option<u8>,
    /// Msg_Fmt: 0 ASCII, 8 UCS-2, 15 GB; without it, 0 or 8 as the text needs
    #[arg(long)]
    fmt: Option<u8>,
    /// Recipients of each SUBMIT
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..))]
    recipients: u8,
    /// Src_Id
    #[arg(long, default_value = "10690001")]
    src_id: String,
    /// Service_Id
    #[arg(long, default_value = "")]
    service_id: String,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Args)]
struct Smpp {
    /// system_id
    #[arg(long)]
    system_id: String,
    /// Its password
    #[arg(long, env = "WAXWING_BENCH_SECRET", hide_env_values = true)]
    password: String,
    /// What messages look like
    #[arg(long, value_enum, default_value_t = Look::Text)]
    body: Look,
    #[command(flatten)]
    common: Common,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Look {
    /// 76 characters of ASCII
    Text,
    /// 160 characters of the GSM alphabet
    Gsm7,
    /// Three parts of 153 characters
    Long,
    /// 70 characters of UCS-2
    Ucs2,
}

#[derive(Debug, Args)]
struct Common {
    /// Where to, such as 127.0.0.1:7890
    #[arg(long, value_name = "HOST:PORT")]
    connect: String,
    /// Connections
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    links: u32,
    /// Unanswered submissions on each connection
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    window: u32,
    /// Submissions in all [default: 10000]
    #[arg(long, conflicts_with = "duration")]
    count: Option<u64>,
    /// Instead of a count, how long to submit, such as 30s
    #[arg(long, value_name = "PERIOD")]
    duration: Option<Period>,
    /// Submissions a second over all connections; without it, as many as the windows let through
    #[arg(long, value_parser = rate)]
    rate: Option<f64>,
    /// Ask for receipts, wait for them, and look for the message of each
    #[arg(long)]
    receipts: bool,
    /// How long to wait for answers and receipts after the last submission
    #[arg(long, value_name = "PERIOD", default_value = "60s")]
    wait: Period,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// Submissions where neither a count nor a duration is given.
const COUNT: u64 = 10_000;
/// Between two looks at the progress.
const LOOK: Duration = Duration::from_millis(100);

/// Sends, and prints what came of it.
pub(super) fn run(args: &Bench) -> Result<(), Failure> {
    match &args.kind {
        Kind::Cmpp(a) => a.common.run(a.sp()?),
        Kind::Smpp(a) => a.common.run(a.account()),
    }
}

impl Cmpp {
    fn sp(&self) -> Result<Sp, Failure> {
        let plain = Sp::new(&self.sp_id, &self.secret, self.version);
        let (msg_fmt, content) = match (&self.text, self.octets) {
            (Some(text), _) => encoded(text, self.fmt).map_err(Failure::Usage)?,
            (None, Some(octets)) => digits(octets, self.fmt.unwrap_or(0)).map_err(Failure::Usage)?,
            (None, None) => (self.fmt.unwrap_or(plain.msg_fmt), plain.content.clone()),
        };
        let most = if msg_fmt == 0 { 160 } else { 140 };
        if content.len() > most {
            let length = content.len();
            return Err(Failure::Usage(format!("the text has {length} octets with Msg_Fmt {msg_fmt}, one message has {most} at most")));
        }
        Ok(Sp {
            src_id: self.src_id.clone(),
            service_id: self.service_id.clone(),
            msg_fmt,
            content,
            recipients: self.recipients,
            reports: self.common.receipts,
            ..plain
        })
    }
}

impl Smpp {
    fn account(&self) -> Account {
        let body = match self.body {
            Look::Text => Body::Text,
            Look::Gsm7 => Body::Gsm7,
            Look::Long => Body::Long,
            Look::Ucs2 => Body::Ucs2,
        };
        Account { body, receipts: self.common.receipts, ..Account::new(&self.system_id, &self.password) }
    }
}

impl Common {
    fn run(&self, protocol: impl Protocol) -> Result<(), Failure> {
        let each = protocol.receipts_each();
        let end = match (self.duration, self.count) {
            (Some(time), _) => End::After(time.0),
            (None, count) => End::Count(count.unwrap_or(COUNT)),
        };
        let load = Load {
            to: self.connect.clone(),
            links: self.links,
            window: self.window,
            pace: self.rate.map_or(Pace::Window, Pace::Rate),
            end,
            receipts: self.receipts,
            expect: None,
            matching: self.receipts,
            stamped: false,
            // It is this program that ends it, with --wait.
            limit: Duration::from_secs(10 * 365 * 86_400),
        };
        let sent = runtime()?.block_on(self.watch(load, protocol))?;
        if self.json {
            out::line(summary(&sent, end, each));
        } else {
            print(&sent, end, each, self.receipts);
        }
        if sent.complete && sent.failed == 0 { Ok(()) } else { Err(Failure::Said) }
    }

    async fn watch(&self, load: Load, protocol: impl Protocol) -> Result<Sent, Failure> {
        let end = load.end;
        let bar = bar(end);
        let (progress, work) = load::start(load, protocol);
        let mut work = pin!(work);
        let mut look = tokio::time::interval(LOOK);
        // When sending was over.
        let mut over: Option<Instant> = None;
        let result = loop {
            tokio::select! {
                result = &mut work => break result,
                _ = look.tick() => {
                    show(&bar, &progress, end);
                    let done = match end {
                        End::Count(count) => progress.answered() >= count,
                        End::After(time) => progress.elapsed() >= time,
                    };
                    if done || over.is_some() {
                        let since = *over.get_or_insert_with(Instant::now);
                        if since.elapsed() > self.wait.0 {
                            progress.give_up();
                        }
                    }
                }
                result = tokio::signal::ctrl_c() => {
                    result?;
                    // The first stops sending, the second the waiting too.
                    if over.is_some() { progress.give_up() } else { progress.stop() }
                    over.get_or_insert_with(Instant::now);
                }
            }
        };
        bar.finish_and_clear();
        result.map_err(Failure::of)
    }
}

fn bar(end: End) -> ProgressBar {
    let (length, template) = match end {
        End::Count(count) => (count, "{bar:40} {pos}/{len} {per_sec} {eta} {msg}"),
        End::After(time) => (millis(time), "{bar:40} {elapsed} {msg}"),
    };
    let bar = ProgressBar::new(length);
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}

fn show(bar: &ProgressBar, progress: &Progress, end: End) {
    match end {
        End::Count(_) => {
            bar.set_position(progress.answered());
            bar.set_message(format!("{} receipts", progress.receipts()));
        }
        End::After(time) => {
            bar.set_position(millis(progress.elapsed().min(time)));
            bar.set_message(format!("{} accepted, {} receipts", progress.accepted(), progress.receipts()));
        }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// The results with how often they came, "ok" first.
fn results(sent: &Sent) -> Vec<(String, u64)> {
    let others = sent.codes.iter().map(|(code, n)| (code.map_or_else(|| "none".to_owned(), |c| c.to_string()), *n));
    std::iter::once(("0".to_owned(), sent.accepted)).chain(others).collect()
}

fn summary(sent: &Sent, end: End, each: u64) -> Value {
    let results: Map<String, Value> = results(sent).into_iter().map(|(code, n)| (code, n.into())).collect();
    let m = sent.matched;
    json!({
        "accepted": sent.accepted,
        "accepted_messages": sent.accepted * each,
        "accepted_per_second": sent.accept_rate(),
        "seconds": sent.sending.as_secs_f64(),
        "latency_ms": { "p50": sent.response_ms(0.5), "p99": sent.response_ms(0.99), "max": sent.response_ms(1.0) },
        "results": results,
        "receipts": {
            "received": sent.receipts,
            "per_second": sent.receipt_rate(end),
            "matched": m.matched,
            "strange": m.strange,
            "missing": m.missing,
            "unlooked": m.unlooked,
        },
        "messages_received": sent.messages,
        "complete": sent.complete,
    })
}

fn print(sent: &Sent, end: End, each: u64, receipts: bool) {
    let say = |what: &str, words: &dyn fmt::Display| out::line(format_args!("{what:<10}{words}"));
    let recipients = if each > 1 { format!(", {} messages", sent.accepted * each) } else { String::new() };
    let (rate, seconds) = (sent.accept_rate(), sent.sending.as_secs_f64());
    say("accepted", &format_args!("{}{recipients}; {rate:.0}/s in {seconds:.2} s", sent.accepted));
    let latency = [0.5, 0.99, 1.0].map(|share| sent.response_ms(share));
    say("answers", &format_args!("p50 {:.2} ms, p99 {:.2} ms, longest {:.2} ms", latency[0], latency[1], latency[2]));
    let codes: Vec<String> = results(sent).into_iter().map(|(code, n)| format!("{code}: {n}")).collect();
    say("results", &codes.join(", "));
    if receipts {
        let m = sent.matched;
        say("receipts", &format_args!("{}; {:.0}/s", sent.receipts, sent.receipt_rate(end)));
        say("", &format_args!("{} matched, {} of nothing or twice, {} missing", m.matched, m.strange, m.missing));
        if m.unlooked > 0 {
            say("", &format_args!("{} not looked at: too many were outstanding, or an id came twice", m.unlooked));
        }
    }
    if sent.messages > 0 {
        say("received", &format_args!("{} messages", sent.messages));
    }
    if !sent.complete {
        say("", &"not everything was answered in time");
    }
}

/// A text in Msg_Fmt and octets.
fn encoded(text: &str, fmt: Option<u8>) -> Result<(u8, Vec<u8>), String> {
    let fmt = fmt.unwrap_or(if text.is_ascii() { 0 } else { 8 });
    let charset = match fmt {
        0 => Charset::Ascii,
        8 => Charset::Ucs2,
        15 => Charset::Gb18030,
        _ => return Err(format!("there is no text in Msg_Fmt {fmt}; use 0, 8 or 15, or --octets")),
    };
    charset.encode(text).map(|octets| (fmt, octets)).map_err(|e| format!("the text does not go into Msg_Fmt {fmt}: {e}"))
}

/// Digits in that many octets.
fn digits(octets: u8, fmt: u8) -> Result<(u8, Vec<u8>), String> {
    let digits = (b'0'..=b'9').cycle();
    Ok(match fmt {
        8 if octets % 2 == 1 => return Err("Msg_Fmt 8 has two octets a character: give an even number".into()),
        8 => (8, digits.take(usize::from(octets) / 2).flat_map(|d| [0, d]).collect()),
        _ => (fmt, digits.take(octets.into()).collect()),
    })
}

fn rate(s: &str) -> Result<f64, String> {
    s.parse::<f64>().ok().filter(|r| *r > 0.0 && r.is_finite()).ok_or_else(|| "write a number above 0".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_octets_become_contents() {
        assert_eq!(encoded("Hello", None), Ok((0, b"Hello".to_vec())));
        assert_eq!(encoded("退订", None), Ok((8, vec![0x90, 0x00, 0x8b, 0xa2])));
        assert_eq!(encoded("退订", Some(15)), Ok((15, vec![0xcd, 0xcb, 0xb6, 0xa9])));
        assert!(encoded("退订", Some(0)).is_err() && encoded("Hello", Some(4)).is_err());
        assert_eq!(digits(12, 0), Ok((0, b"012345678901".to_vec())));
        assert_eq!(digits(4, 8), Ok((8, b"\x000\x001".to_vec())));
        assert!(digits(3, 8).is_err());
    }
}
