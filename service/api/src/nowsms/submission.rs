//! NowSMS's parameters, translated into submissions.

use std::net::SocketAddr;

use bytes::Bytes;
use http::StatusCode;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use waxwing_core::{Address, AddressError, Door, Message, Millis, Submission, SubmitError, want};
use waxwing_gsm::dcs::{Coding, DataCoding};
use waxwing_push::Composed;

use crate::Problem;
use crate::content::{self, Wish};
use crate::params::Params;

/// Most recipients of one request.
const MAX_RECIPIENTS: usize = 10_000;
/// Parameters of what this gateway does not do.
const ELSEWHERE: [(&str, &str); 3] = [
    ("inboundmessage", "injecting received messages"),
    ("localuser", "injecting received messages"),
    ("inboundsmscroute", "injecting received messages"),
];

/// Who gets it, when, and what the answer links to: the same for all kinds.
#[derive(Debug)]
pub(super) struct Envelope {
    /// Recipients, as given.
    pub(super) recipients: Vec<String>,
    /// Not before.
    pub(super) due: Option<Millis>,
    /// Not after.
    pub(super) expires: Option<Millis>,
    /// Where the answer's link leads.
    pub(super) continue_url: Option<String>,
}

/// A request that makes sense.
#[derive(Debug)]
pub(crate) struct Request {
    template: Submission,
    /// PID and DCS as given: they are stronger than those of a special message.
    pid: Option<u8>,
    dcs: Option<u8>,
    /// Recipients, as given.
    pub(crate) recipients: Vec<String>,
    /// Where the answer's link leads.
    pub(crate) continue_url: Option<String>,
}

impl Request {
    /// One for each recipient and content; the contents are those of a special message, or none.
    pub(crate) fn submissions(&self, peer: Option<SocketAddr>, contents: &[Composed]) -> Vec<Submission> {
        let from = peer.map(|p| p.ip().to_string()).unwrap_or_default();
        let one = |to: &String, content: Option<&Composed>| {
            let mut s = self.template.clone();
            if let Some(content) = content {
                content.put_into(&mut s.message);
                if let Some(pid) = self.pid {
                    s.message.protocol_id = pid.into();
                }
                if let Some(dcs) = self.dcs.filter(|_| content.text.is_none()) {
                    s.message.data_coding = dcs.into();
                }
            }
            s.message.destination = Address::parse(to);
            s.message.submitted_from = from.clone().into();
            s
        };
        if contents.is_empty() {
            return self.recipients.iter().map(|to| one(to, None)).collect();
        }
        self.recipients.iter().flat_map(|to| contents.iter().map(|c| one(to, Some(c)))).collect()
    }
}

/// Reads the parameters. `zone` is that of DelayUntil and Validity; the content of a `special` message is read elsewhere.
///
/// # Errors
/// 400 with the parameter that makes no sense, 501 for what is not done here.
pub(crate) fn read(p: &Params, now: Millis, zone: &TimeZone, special: bool) -> Result<Request, Problem> {
    let Envelope { recipients, due, expires, continue_url } = envelope(p, now, zone)?;
    let mut m = Message { door: Door::NowSms as i32, ..Message::default() };
    m.source = Address::parse(p.text("sender")?.unwrap_or_default());
    if !special {
        put_content(p, &mut m)?;
    }
    let (pid, dcs) = (octet(p, "pid")?, octet(p, "dcs")?);
    m.protocol_id = pid.unwrap_or(0).into();
    m.want = if yes(p, "receiptrequested") { want::FINAL } else { 0 };
    m.esm_class = if yes(p, "replyrequested") { content::REPLY_PATH } else { 0 };
    m.service_type = p.text("servicetype")?.unwrap_or_default().chars().take(5).collect();
    let priority = p.text("priority")?.map(priority).transpose()?;
    let route = p.text("smscroute")?.map(str::to_owned);
    let template = Submission { message: m, priority, due, expires, idempotency: None, route, part: None };
    Ok(Request { template, pid, dcs, recipients, continue_url })
}

/// Reads what all kinds have in common.
///
/// # Errors
/// As [`read`].
pub(super) fn envelope(p: &Params, now: Millis, zone: &TimeZone) -> Result<Envelope, Problem> {
    refuse_elsewhere(p)?;
    let recipients = recipients(p)?;
    let due = p.text("delayuntil")?.map(|v| local_time(v, zone).map_err(|e| invalid("DelayUntil", e))).transpose()?;
    let expires = p.text("validity")?.map(|v| validity(v, due.unwrap_or(now).max(now), zone)).transpose()?;
    let continue_url = p.text("continueurl")?.filter(|u| u.starts_with('/') || u.starts_with("http://") || u.starts_with("https://"));
    Ok(Envelope { recipients, due, expires, continue_url: continue_url.map(str::to_owned) })
}

/// How a refusal is told at this door.
pub(crate) fn refusal(e: &SubmitError) -> Problem {
    let mut problem = Problem::from(e);
    if let SubmitError::Recipient(AddressError::NotANumber(name)) = e {
        problem.status = StatusCode::BAD_REQUEST;
        problem.detail =
            format!("{name:?} is not a phone number, and distribution lists are not available; give numbers separated by commas");
    }
    problem
}

fn refuse_elsewhere(p: &Params) -> Result<(), Problem> {
    for name in p.names().filter(|n| p.get(n).is_some()) {
        if let Some((_, what)) = ELSEWHERE.iter().find(|(known, _)| name == *known) {
            return Err(Problem::unsupported(format!("the parameter {name} asks for something that this gateway does not do: {what}")));
        }
    }
    Ok(())
}

fn recipients(p: &Params) -> Result<Vec<String>, Problem> {
    let given = p.text("phonenumber")?.ok_or_else(|| invalid("PhoneNumber", "no recipient is given"))?;
    // Only the blanks between recipients go: one at the beginning of a number is a + that was not escaped.
    let list: Vec<String> = given.split(',').map(|s| s.trim_end().to_owned()).filter(|s| !s.trim().is_empty()).collect();
    match list.len() {
        0 => Err(invalid("PhoneNumber", "no recipient is given")),
        n if n > MAX_RECIPIENTS => {
            Err(invalid("PhoneNumber", format!("{n} recipients are given, at most {MAX_RECIPIENTS} are taken at once")))
        }
        _ => Ok(list),
    }
}

fn put_content(p: &Params, m: &mut Message) -> Result<(), Problem> {
    let mut udh = hex(p, "udh")?.unwrap_or_default();
    content::check_udh(&udh).map_err(|e| invalid("UDH", e))?;
    match (port(p, "destport")?, port(p, "sourceport")?) {
        (Some(to), from) => udh = content::with_ports(&udh, to, from.unwrap_or(0)).map_err(|e| invalid("DestPort", e))?,
        (None, Some(_)) => return Err(invalid("SourcePort", "there is no DestPort; a handset goes by that")),
        (None, None) => {}
    }
    let dcs = octet(p, "dcs")?.map(DataCoding);
    let binary = yes(p, "binary") || p.get("data").is_some();
    if binary {
        let octets = hex(p, if p.get("data").is_some() { "data" } else { "text" })?.unwrap_or_default();
        content::put_octets(m, &udh, &octets, dcs.map_or(content::OCTETS, |d| d.0.into()));
        return Ok(());
    }
    let octets = p.get("text").ok_or_else(|| invalid("Text", "neither Text nor Data is given"))?;
    let text = content::decode(octets, p.text("charset")?.unwrap_or_default()).map_err(|e| invalid("Text", e))?;
    match dcs {
        Some(dcs) if dcs.coding() == Coding::Octets => {
            Err(invalid("DCS", format!("{dcs} says 8-bit data; give it as Data in hexadecimal")))
        }
        Some(dcs) => content::put_text_with_dcs(m, &udh, text, dcs).map_err(|e| invalid("Text", e)),
        None => {
            m.udh = Bytes::from(udh);
            content::put_text(m, text, Wish::Auto).map_err(|e| invalid("Text", e))
        }
    }
}

/// `Yes`, `1`, `True`, `On`.
pub(super) fn yes(p: &Params, name: &str) -> bool {
    let value = p.get(name).map(|v| v.to_ascii_lowercase());
    matches!(value.as_deref(), Some(b"yes" | b"1" | b"true" | b"on"))
}

fn hex(p: &Params, name: &'static str) -> Result<Option<Vec<u8>>, Problem> {
    p.text(name)?.map(|v| content::hex(v).map_err(|e| invalid(name, e))).transpose()
}

/// One octet in hexadecimal, with or without a leading 0.
fn octet(p: &Params, name: &'static str) -> Result<Option<u8>, Problem> {
    let read = |v: &str| u8::from_str_radix(v.trim(), 16).map_err(|_| invalid(name, format!("{v:?} is none of 0 to FF")));
    p.text(name)?.filter(|v| !v.trim().is_empty()).map(read).transpose()
}

fn port(p: &Params, name: &'static str) -> Result<Option<u16>, Problem> {
    let read = |v: &str| v.trim().parse().map_err(|_| invalid(name, format!("{v:?} is no port number (0 to 65535)")));
    p.text(name)?.map(read).transpose()
}

fn priority(v: &str) -> Result<u8, Problem> {
    match v.trim().to_ascii_lowercase().as_str() {
        "0" | "low" => Ok(0),
        "1" | "normal" => Ok(1),
        "2" | "high" => Ok(2),
        "3" | "urgent" => Ok(3),
        _ => Err(invalid("Priority", format!("{v:?} is none of 0 to 3, low, normal, high, urgent"))),
    }
}

/// `YYYYMMDDHHMM`, the server's local time.
fn local_time(v: &str, zone: &TimeZone) -> Result<Millis, String> {
    let v = v.trim();
    let at = DateTime::strptime("%Y%m%d%H%M", v).ok().filter(|_| v.len() == 12);
    let at = at.and_then(|at| zone.to_ambiguous_zoned(at).compatible().ok());
    let at = at.ok_or_else(|| format!("{v:?} is no local time; write YYYYMMDDHHMM, such as 202612312359"))?;
    Millis::try_from(at.timestamp().as_millisecond()).map_err(|_| format!("{v:?} is before 1970"))
}

/// `YYYYMMDDHHMM`, or a number of minutes, or one with a unit: `90s`, `30m`, `12h`, `2d`, `1w`.
fn validity(v: &str, from: Millis, zone: &TimeZone) -> Result<Millis, Problem> {
    let v = v.trim();
    if v.len() == 12 && v.bytes().all(|b| b.is_ascii_digit()) {
        return local_time(v, zone).map_err(|e| invalid("Validity", e));
    }
    let digits = v.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match v[digits.len()..].to_ascii_lowercase().as_str() {
        "s" => Some(1000),
        "" | "m" => Some(60_000),
        "h" => Some(3_600_000),
        "d" => Some(86_400_000),
        "w" => Some(7 * 86_400_000),
        _ => None,
    };
    let time = digits.parse::<u32>().ok().zip(unit).map(|(n, unit)| from + u64::from(n) * unit);
    time.ok_or_else(|| invalid("Validity", format!("{v:?} is none; write minutes, 90s, 12h, 2d, or a local time YYYYMMDDHHMM")))
}

pub(super) fn invalid(name: &str, why: impl std::fmt::Display) -> Problem {
    Problem::invalid(format!("{name}: {why}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const NOW: Millis = 1_700_000_000_000;

    fn request(query: &str) -> Result<Request, Problem> {
        let mut p = Params::default();
        p.extend(query.as_bytes());
        read(&p, NOW, &TimeZone::fixed(jiff::tz::offset(2)), false)
    }

    fn first(query: &str) -> Submission {
        request(query).unwrap().submissions(None, &[]).remove(0)
    }

    #[test]
    fn a_plus_that_became_a_space_is_a_plus() {
        let r = request("PhoneNumber=+886911,%2B44777+,5&text=a+b&InfoCharCounter=&PID=&DCS=&Submit=Submit").unwrap();
        let to: Vec<String> = r.submissions(None, &[]).iter().map(|s| s.message.destination.to_string()).collect();
        assert_eq!(to, ["+886911", "+44777", "5"]);
        assert_eq!(r.template.message.text.as_deref(), Some("a b"));
    }

    #[test]
    fn binary_by_data_or_by_text() {
        let s = first("phonenumber=1&Data=0011&UDH=060504158115810&pid=7F&dcs=F5&binary=1".replace("810&", "81&").as_str());
        let m = &s.message;
        assert_eq!((m.data_coding, m.protocol_id, m.udhi, m.payload.len()), (0xf5, 0x7f, true, 9));
        let m = first("PhoneNumber=1&Binary=1&Text=ff00").message;
        assert_eq!((m.data_coding, &m.payload[..]), (4, &[0xff, 0][..]));
    }

    #[test]
    fn flash_ports_charset_and_the_rest() {
        let s = first(
            "PhoneNumber=1&Text=%A4%A4&Charset=big5&DCS=10&DestPort=5505&Sender=Shop&ReceiptRequested=Yes&ReplyRequested=yes\
             &DelayUntil=203001021530&SMSCRoute=uk&ServiceType=CMT&Priority=high&Validity=2h",
        );
        let m = &s.message;
        assert_eq!((m.text.as_deref(), m.class, m.want, m.esm_class), (Some("中"), 1, want::FINAL, 0x80));
        assert_eq!(m.udh[..], [6, 5, 4, 0x15, 0x81, 0, 0]);
        // 2030-01-02 15:30 +02:00
        let due = 1_893_591_000_000;
        assert_eq!((s.due, s.expires, s.priority, s.route.as_deref()), (Some(due), Some(due + 7_200_000), Some(2), Some("uk")));
    }

    #[test]
    fn nonsense_is_named() {
        for (query, status, says) in [
            ("Text=a", 400, "PhoneNumber"),
            ("PhoneNumber=,+,&Text=a", 400, "PhoneNumber"),
            ("PhoneNumber=1", 400, "neither Text nor Data"),
            ("PhoneNumber=1&Text=%ff", 400, "not UTF-8 at octet 0"),
            ("PhoneNumber=1&Text=a&PID=xyz", 400, "pid"),
            ("PhoneNumber=1&Text=a&DCS=F5", 400, "8-bit"),
            ("PhoneNumber=1&Data=0", 400, "data"),
            ("PhoneNumber=1&Data=00&UDH=0605", 400, "length"),
            ("PhoneNumber=1&Text=a&SourcePort=1", 400, "there is no DestPort"),
            ("PhoneNumber=1&Text=a&DestPort=70000", 400, "no port number"),
            ("PhoneNumber=1&Text=a&DelayUntil=tomorrow", 400, "DelayUntil"),
            ("PhoneNumber=1&Text=a&DelayUntil=203013011200", 400, "DelayUntil"),
            ("PhoneNumber=1&Text=a&Validity=soon", 400, "Validity"),
            ("PhoneNumber=1&Text=a&InboundMessage=x", 501, "injecting"),
        ] {
            let e = request(query).unwrap_err();
            assert_eq!(e.status.as_u16(), status, "{query}: {}", e.detail);
            assert!(e.detail.contains(says), "{query}: {}", e.detail);
        }
        assert!(request("PhoneNumber=1&Text=a&WAPURL=&MMSFile=").is_ok(), "empty is absent");
    }
}
