//! NowSMS's form for multimedia messages.

use jiff::tz::TimeZone;
use waxwing_core::{Door, want};
use waxwing_wap::document::{Constraint, PermissionKind};

use super::submission::{self, Envelope, invalid, yes};
use crate::mms::{Delivery, MmsClass, MmsPart, MmsRequest, Protection, fetch_part};
use crate::params::Params;
use crate::{ApiState, Problem};

/// Parameters any of which makes a request one for a multimedia message; `MMSURL` is a notification of one that lies elsewhere.
const CONTENT: [&str; 3] = ["mmsfile", "mmstext", "mmssubject"];
/// Parameters of ways that this gateway does not have.
const ELSEWHERE: [(&str, &str); 2] =
    [("mmswappush", "multimedia WAP pushes"), ("mmssmslink", "links instead of messages; [mmsc] unknown and link_after decide on those")];
/// Most files of a message.
const MAX_FILES: usize = 100;

/// Whether a request is for a multimedia message.
pub(super) fn is_wanted(p: &Params, files: &[MmsPart]) -> bool {
    // A notification of one that lies elsewhere, and special messages by their kind, are something else.
    let is_other = ["mmsurl", "kind"].iter().any(|name| p.get(name).is_some());
    !is_other && (!files.is_empty() || CONTENT.iter().any(|name| p.get(name).is_some()))
}

/// Reads the parameters; `files` are those that came along, further ones are fetched where `MMSFile` is a URL.
///
/// # Errors
/// 400 with the parameter that makes no sense.
pub(super) async fn read(state: &ApiState, p: &Params, files: Vec<MmsPart>, zone: &TimeZone) -> Result<(MmsRequest, Envelope), Problem> {
    for (name, what) in ELSEWHERE {
        if yes(p, name) {
            return Err(Problem::unsupported(format!("the parameter {name} asks for something that this gateway does not do: {what}")));
        }
    }
    let now = state.gateway().clock.now();
    let envelope = submission::envelope(p, now, zone)?;
    let text = |name: &str| p.text(name).map(|t| t.unwrap_or_default().to_owned());
    let mut request = MmsRequest::new(Door::NowSms);
    // Everybody sees everybody, unless they are not to.
    *if yes(p, "mmsbcc") { &mut request.bcc } else { &mut request.to } = envelope.recipients.iter().map(|to| plus(to)).collect();
    request.from = p.text("mmsfrom")?.or(p.text("sender")?).map(plus).unwrap_or_default();
    request.subject = text("mmssubject")?;
    if let Some(body) = p.text("mmstext")?.or(p.text("text")?) {
        request.parts.push(MmsPart::text(body));
    }
    for url in p.all("mmsfile") {
        let url = std::str::from_utf8(url).map_err(|_| invalid("MMSFile", "it is no URL; send a file as multipart/form-data"))?;
        request.parts.push(fetch_part(state, url, state.shared().options.body_limit, "MMSFile").await?);
    }
    request.parts.extend(files);
    if request.parts.len() > MAX_FILES {
        return Err(invalid("MMSFile", format!("there are {}, at most {MAX_FILES} are taken", request.parts.len())));
    }
    request.class = class(&text("mmsmessageclass")?)?;
    request.priority = priority(&text("mmspriority")?)?;
    request.read_report = yes(p, "mmsreadreport");
    let report = yes(p, "mmsdeliveryreport") || yes(p, "receiptrequested");
    request.want = if report { want::FINAL } else { 0 } | if request.read_report { want::READ } else { 0 };
    request.not_before = envelope.due;
    request.expires = envelope.expires;
    request.protection = protection(p)?;
    request.headers = headers(&text("mmsheaders")?)?;
    Ok((request, envelope))
}

/// A blank at the beginning of a number is a plus that was not escaped.
fn plus(address: &str) -> String {
    let bare = address.trim();
    if address.starts_with(' ') && bare.starts_with(|c: char| c.is_ascii_digit()) { format!("+{bare}") } else { bare.to_owned() }
}

fn class(value: &str) -> Result<MmsClass, Problem> {
    match value.trim().to_ascii_lowercase().as_str() {
        "" | "personal" => Ok(MmsClass::Personal),
        "informational" => Ok(MmsClass::Informational),
        "advertisement" => Ok(MmsClass::Advertisement),
        "auto" => Ok(MmsClass::Auto),
        _ => Err(invalid("MMSMessageClass", format!("{value:?} is none of Personal, Informational, Advertisement, Auto"))),
    }
}

fn priority(value: &str) -> Result<u8, Problem> {
    match value.trim().to_ascii_lowercase().as_str() {
        "low" => Ok(0),
        "" | "normal" => Ok(1),
        "high" => Ok(2),
        _ => Err(invalid("MMSPriority", format!("{value:?} is none of Low, Normal, High"))),
    }
}

/// Forward lock, or rights.
fn protection(p: &Params) -> Result<Option<Protection>, Problem> {
    let texts = yes(p, "drmrestricttextxml");
    if !yes(p, "drmrestrict") {
        let locked = Protection { delivery: Delivery::ForwardLock, permissions: Vec::new(), texts };
        return Ok(yes(p, "mmsforwardlock").then_some(locked));
    }
    let delivery = match p.text("drmdelivery")?.map(|d| d.trim().to_ascii_lowercase()).as_deref() {
        None | Some("combined") => Delivery::Combined,
        Some("separate") => Delivery::Separate,
        Some(other) => return Err(invalid("DRMDelivery", format!("{other:?} is neither Combined nor Separate"))),
    };
    let all = [
        ("drmpermissionplay", PermissionKind::Play),
        ("drmpermissiondisplay", PermissionKind::Display),
        ("drmpermissionexecute", PermissionKind::Execute),
        ("drmpermissionprint", PermissionKind::Print),
    ];
    let mut kinds: Vec<PermissionKind> = all.iter().filter(|(name, _)| yes(p, name)).map(|(_, kind)| *kind).collect();
    if kinds.is_empty() {
        // Restricted, but not to nothing.
        kinds = vec![PermissionKind::Play, PermissionKind::Display];
    }
    let count =
        p.text("drmconstraintcount")?.map(|n| n.trim().parse().map_err(|_| invalid("DRMConstraintCount", format!("{n:?} is no number"))));
    let constraint = Constraint {
        count: count.transpose()?,
        start: moment(p, "DRMConstraintStart", "T00:00:00")?,
        end: moment(p, "DRMConstraintEnd", "T23:59:59")?,
        interval: p.text("drmconstraintinterval")?.map(interval).transpose()?,
    };
    Ok(Some(Protection::new(delivery, kinds, &constraint, texts)))
}

fn moment(p: &Params, name: &str, time_of_day: &str) -> Result<Option<String>, Problem> {
    let Some(text) = p.text(&name.to_ascii_lowercase())?.map(str::trim) else { return Ok(None) };
    let whole = text.replace(' ', "T");
    let whole = if whole.contains('T') { whole } else { format!("{whole}{time_of_day}") };
    match whole.trim_end_matches('Z').parse::<jiff::civil::DateTime>() {
        Ok(_) => Ok(Some(whole)),
        Err(_) => Err(invalid(name, format!("{text:?} is no time; write 2026-12-31 or 2026-12-31T18:00:00"))),
    }
}

/// Seconds, or a duration such as `P7D`.
fn interval(text: &str) -> Result<String, Problem> {
    let text = text.trim();
    match text.parse::<u32>() {
        Ok(seconds) => Ok(format!("PT{seconds}S")),
        Err(_) if text.starts_with('P') && text.parse::<jiff::Span>().is_ok() => Ok(text.to_owned()),
        Err(_) => Err(invalid("DRMConstraintInterval", format!("{text:?} is neither a number of seconds nor a duration such as P7D"))),
    }
}

/// Lines of `Name: value`.
fn headers(text: &str) -> Result<Vec<(String, String)>, Problem> {
    let lines = text.lines().map(str::trim).filter(|l| !l.is_empty());
    let split = |line: &str| {
        let (name, value) = line.split_once(':').ok_or_else(|| invalid("MMSHEADERS", format!("{line:?} is not Name: value")))?;
        Ok((name.trim().to_owned(), value.trim().to_owned()))
    };
    lines.map(split).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn params(query: &str) -> Params {
        let mut p = Params::default();
        p.extend(query.as_bytes());
        p
    }

    #[test]
    fn protection_is_what_the_form_says() {
        assert_eq!(protection(&params("MMSForwardLock=No")).unwrap(), None);
        let locked = protection(&params("MMSForwardLock=Yes&DRMRestrict=No&DRMRestrictTextXML=Yes")).unwrap().unwrap();
        assert_eq!((locked.delivery, locked.permissions.len(), locked.texts), (Delivery::ForwardLock, 0, true));
        let p = params(
            "DRMRestrict=Yes&DRMPermissionPlay=Yes&DRMPermissionPrint=Yes&DRMConstraintCount=3&DRMConstraintStart=2026-01-01\
             &DRMConstraintEnd=2026-12-31+18:00:00&DRMConstraintInterval=3600",
        );
        let rights = protection(&p).unwrap().unwrap();
        assert_eq!(rights.delivery, Delivery::Combined);
        let kinds: Vec<_> = rights.permissions.iter().map(|p| p.kind).collect();
        assert_eq!(kinds, [PermissionKind::Play, PermissionKind::Print]);
        let c = rights.permissions[0].constraint.clone().unwrap();
        assert_eq!(
            (c.count, c.start.as_deref(), c.end.as_deref(), c.interval.as_deref()),
            (Some(3), Some("2026-01-01T00:00:00"), Some("2026-12-31T18:00:00"), Some("PT3600S"))
        );
        for (query, says) in [
            ("DRMRestrict=1&DRMConstraintCount=x", "DRMConstraintCount"),
            ("DRMRestrict=1&DRMConstraintEnd=soon", "DRMConstraintEnd"),
            ("DRMRestrict=1&DRMConstraintInterval=soon", "DRMConstraintInterval"),
            ("DRMRestrict=1&DRMDelivery=by+hand", "DRMDelivery"),
        ] {
            assert!(protection(&params(query)).unwrap_err().detail.starts_with(says), "{query}");
        }
    }

    #[test]
    fn the_rest_of_the_form() {
        assert_eq!((plus(" 4477"), plus("+44 "), plus(" a@b.c")), ("+4477".into(), "+44".into(), "a@b.c".into()));
        assert_eq!(headers("X-A: b: c\r\n\r\nX-B:d").unwrap(), [("X-A".into(), "b: c".into()), ("X-B".into(), "d".into())]);
        assert!(headers("nonsense").is_err());
        assert!(is_wanted(&params("MMSText=a"), &[]) && !is_wanted(&params("MMSURL=a&MMSSubject=b"), &[]));
        assert!(!is_wanted(&params("Text=a&MMSFile=&MMSPriority=High"), &[]));
        assert!(class("odd").is_err() && priority("odd").is_err());
    }
}
