//! The parameters of sendsms, translated into submissions, with Kannel's words for those that make no sense.

use std::net::SocketAddr;

use bytes::Bytes;
use http::HeaderMap;
use waxwing_core::{Address, Door, Message, Millis, Submission};
use waxwing_gsm::dcs::DataCoding;

use super::data::DoorData;
use super::meta;
use crate::content::{self, Wish};
use crate::params::Params;
use crate::rest::MAX_CALLBACK;
use crate::{AddressGuard, body};

/// Most recipients of one request.
const MAX_RECIPIENTS: usize = 10_000;
/// esm_class: reply path (SMPP 3.4, 5.2.12), which is what rpi means.
const REPLY_PATH: u32 = 0x80;
const BAD_TEXT: &str = "Charset or body misformed, rejected";

/// A request that makes sense.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    template: Submission,
    recipients: Vec<Address>,
}

impl Request {
    /// One for each recipient.
    pub(crate) fn submissions(self, peer: Option<SocketAddr>) -> Vec<Submission> {
        let Request { mut template, mut recipients } = self;
        template.message.submitted_from = peer.map(|p| p.ip().to_string()).unwrap_or_default().into();
        // Meta-data may have set type of number and numbering plan.
        let (ton, npi) = (template.message.destination.ton, template.message.destination.npi);
        let addressed = |mut s: Submission, to: Address| {
            let (ton, npi) = (if ton > 0 { ton } else { to.ton }, if npi > 0 { npi } else { to.npi });
            s.message.destination = Address { ton, npi, octets: to.octets };
            s
        };
        let last = recipients.pop();
        let mut all: Vec<Submission> = recipients.into_iter().map(|to| addressed(template.clone(), to)).collect();
        all.extend(last.map(|to| addressed(template, to)));
        all
    }

    /// Whether it asks to be sent later.
    pub(crate) fn is_deferred(&self) -> bool {
        self.template.due.is_some()
    }
}

/// Adds the `X-Kannel-*` headers and the body of a POST that is no form: a text, or octets.
pub(crate) fn from_headers(p: &mut Params, headers: &HeaderMap, media: &str, content: &[u8]) {
    for (name, value) in headers {
        if let Some(name) = name.as_str().strip_prefix("x-kannel-") {
            let value = value.as_bytes();
            if name == "udh" {
                // Here it is hexadecimal; in a URL it is octets.
                p.push(name, content::hex(&String::from_utf8_lossy(value)).unwrap_or_else(|_| vec![0xff]));
            } else {
                p.push(name, value.to_vec());
            }
        }
    }
    if let Some(charset) = body::media_type_parameter(headers, "charset") {
        p.push("charset", charset.as_bytes().to_vec());
    }
    if media == "application/octet-stream" {
        p.push("coding", b"1".to_vec());
    }
    p.push("text", content.to_vec());
}

/// Reads the parameters of a request by `user`.
///
/// # Errors
/// With Kannel's words.
pub(crate) fn read(p: &Params, user: &str, now: Millis, guard: &AddressGuard) -> Result<Request, String> {
    let recipients = recipients(p)?;
    let mut m = Message { door: Door::Kannel as i32, ..Message::default() };
    m.source = Address::parse(&string(p, "from"));
    let mut data = DoorData {
        service: user.to_owned(),
        account: string(p, "account"),
        binfo: string(p, "binfo"),
        meta: string(p, "meta-data"),
        charset: string(p, "charset"),
        mclass: ranged(p, "mclass", 0, 3, "MClass")?,
        mwi: ranged(p, "mwi", 0, 7, "MWI")?,
        coding: ranged(p, "coding", 0, 2, "Coding")?,
        alt_dcs: ranged(p, "alt-dcs", 0, 1, "Alt-DCS")? == Some(1),
        priority: ranged(p, "priority", 0, 3, "Priority")?,
        ..DoorData::default()
    };
    if integer(p, "flash") == Some(1) && data.mclass.is_none() {
        data.mclass = Some(0);
    }
    m.want = ranged(p, "dlr-mask", 0, 63, "DLR-Mask")?.unwrap_or(0).into();
    m.protocol_id = ranged(p, "pid", 0, 255, "PID")?.unwrap_or(0).into();
    m.esm_class = if ranged(p, "rpi", 0, 2, "RPI")? == Some(1) { REPLY_PATH } else { 0 };
    m.callback = dlr_url(p, guard)?;
    put_content(p, &mut m, &mut data)?;
    meta::apply(&data.meta, &mut m)?;
    let deferred = minutes(p, "deferred", "Deferred")?;
    let validity = minutes(p, "validity", "Validity")?;
    m.reference.clone_from(&data.account);
    let (priority, route) = (data.priority, p.get("smsc").map(|v| String::from_utf8_lossy(v).into_owned()));
    // Only the escapes of a dlr-url ask for these.
    if !m.callback.is_empty() {
        m.door_data = serde_json::to_string(&data).map_err(|e| e.to_string())?;
    }
    let template = Submission {
        message: m,
        priority,
        due: deferred.map(|ms| now + ms),
        expires: validity.map(|ms| now + deferred.unwrap_or(0) + ms),
        idempotency: None,
        part: None,
        route,
    };
    Ok(Request { template, recipients })
}

fn recipients(p: &Params) -> Result<Vec<Address>, String> {
    let Some(to) = p.get("to") else {
        let words = if p.has("to") { "Empty receiver number not allowed, rejected" } else { "Missing receiver number, rejected" };
        return Err(words.into());
    };
    let to = String::from_utf8_lossy(to);
    // A space at the very beginning is a + that was not escaped; the others separate recipients.
    let mut list: Vec<Address> = to.split_whitespace().map(Address::parse).collect();
    if let (true, Some(first), Some(word)) = (to.starts_with(' '), list.first_mut(), to.split_whitespace().next()) {
        *first = Address::parse(&format!(" {word}"));
    }
    match list.len() {
        0 => Err("Empty receiver number not allowed, rejected".into()),
        n if n > MAX_RECIPIENTS => Err(format!("{n} receivers, at most {MAX_RECIPIENTS} are taken at once, rejected")),
        _ => Ok(list),
    }
}

fn put_content(p: &Params, m: &mut Message, data: &mut DoorData) -> Result<(), String> {
    let udh = p.get("udh").unwrap_or_default();
    content::check_udh(udh).map_err(|_| "UDH field misformed, rejected")?;
    data.udh = content::to_hex(udh);
    // As Kannel has it: with a header and no coding, octets.
    let octets_by_header = !udh.is_empty() && data.coding.is_none();
    if octets_by_header {
        data.coding = Some(1);
    }
    let text = p.get("text").unwrap_or_default();
    let compressed = ranged(p, "compress", 0, 1, "Compress")? == Some(1);
    if data.coding == Some(1) {
        let dcs = data.dcs() | if compressed { 0x20 } else { 0 };
        content::put_octets(m, udh, text, dcs.into());
        return Ok(());
    }
    if compressed {
        return Err("Compress field needs coding=1 and text that is compressed already, rejected".into());
    }
    let charset = match (data.charset.as_str(), data.coding) {
        ("", Some(2)) => "UTF-16BE",
        (charset, _) => charset,
    };
    let text = content::decode(text, charset).map_err(|e| format!("{BAD_TEXT} ({e})"))?;
    if data.mwi.is_some() {
        return content::put_text_with_dcs(m, udh, text, DataCoding(data.dcs())).map_err(|e| format!("{BAD_TEXT} ({e})"));
    }
    m.class = data.mclass.map_or(0, |c| u32::from(c) + 1);
    m.udh = Bytes::copy_from_slice(udh);
    match data.coding {
        Some(2) => content::put_text(m, text, Wish::Ucs2),
        // Asked for 7 bits: plain stand-ins where there are some; the whole text as it is where not, rather than question marks.
        Some(0) => content::put_text(m, text.clone(), Wish::Gsm7).or_else(|_| content::put_text(m, text, Wish::Auto)),
        _ => content::put_text(m, text, Wish::Auto),
    }
}

fn dlr_url(p: &Params, guard: &AddressGuard) -> Result<String, String> {
    let url = string(p, "dlr-url");
    if url.is_empty() {
        return Ok(url);
    }
    let lower = url.get(..8).unwrap_or(&url).to_ascii_lowercase();
    if url.len() > MAX_CALLBACK || !(lower.starts_with("http://") || lower.starts_with("https://")) {
        return Err("DLR-URL field misformed, rejected".into());
    }
    guard.check_url(&url).map_err(|e| format!("DLR-URL field misformed, rejected ({e})"))?;
    Ok(url)
}

fn string(p: &Params, name: &str) -> String {
    p.get(name).map(|v| String::from_utf8_lossy(v).into_owned()).unwrap_or_default()
}

/// A number; what is none counts as absent, as in Kannel.
fn integer(p: &Params, name: &str) -> Option<i64> {
    std::str::from_utf8(p.get(name)?).ok()?.trim().parse().ok()
}

fn ranged(p: &Params, name: &str, least: i64, most: i64, shown: &str) -> Result<Option<u8>, String> {
    match integer(p, name) {
        None | Some(-1) => Ok(None),
        Some(n) if (least..=most).contains(&n) => Ok(u8::try_from(n).ok()),
        Some(_) => Err(format!("{shown} field misformed, rejected")),
    }
}

/// Minutes as milliseconds.
fn minutes(p: &Params, name: &str, shown: &str) -> Result<Option<Millis>, String> {
    match integer(p, name) {
        None => Ok(None),
        Some(n) => match u32::try_from(n) {
            Ok(n) => Ok(Some(u64::from(n) * 60_000)),
            Err(_) => Err(format!("{shown} field misformed, rejected")),
        },
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn request(query: &str) -> Result<Request, String> {
        let mut p = Params::default();
        p.extend(query.as_bytes());
        read(&p, "tester", 1_000_000, &AddressGuard::default())
    }

    fn message(query: &str) -> Message {
        request(query).unwrap().submissions(None).remove(0).message
    }

    #[test]
    fn the_coding_decides_what_text_is() {
        let cases: [(&str, Option<&str>, u32, u32); 9] = [
            ("text=hi", Some("hi"), 0, 0),
            ("text=hi&flash=1", Some("hi"), 0, 1),
            ("text=hi&mclass=3", Some("hi"), 0, 4),
            ("text=hi&mclass=x", Some("hi"), 0, 0),
            ("text=%03%93&coding=2&mclass=0", Some("Γ"), 8, 1),
            ("text=%CE%93&coding=2&charset=utf-8", Some("Γ"), 8, 0),
            ("text=%e9&charset=iso-8859-1", Some("é"), 0, 0),
            ("text=%E2%80%9Ca%E2%80%9D&coding=0", Some("\"a\""), 0, 0),
            ("text=%D0%9F&coding=0", Some("П"), 0, 0),
        ];
        for (query, text, data_coding, class) in cases {
            let m = message(&format!("to=1&{query}"));
            assert_eq!((m.text.as_deref(), m.data_coding, m.class), (text, data_coding, class), "{query}");
        }
        let m = message("to=1&text=%01%00%FF&coding=1&mclass=1&alt-dcs=1");
        assert_eq!((&m.payload[..], m.data_coding), (&[1, 0, 255][..], 0xf5));
        let m = message("to=1&text=ab&udh=%06%05%04%15%81%15%81");
        assert_eq!((m.payload.len(), m.udhi, m.data_coding), (9, true, 4));
        let m = message("to=1&text=ab&udh=%06%05%04%15%81%15%81&coding=0");
        assert_eq!((m.text.as_deref(), m.udh.len()), (Some("ab"), 7));
        let m = message("to=1&text=2+new&mwi=0");
        assert_eq!((m.data_coding, &m.payload[..]), (0xd8, &b"2 new"[..]));
    }

    #[test]
    fn several_receivers_and_times() {
        let r = request(
            "to=%2B44777+44778+5&text=a&deferred=2&validity=60&priority=3&smsc=uk&dlr-mask=31&dlr-url=http%3A//h/%3Fs%3D%25d&account=acc",
        )
        .unwrap();
        let to: Vec<_> = r.clone().submissions(None).iter().map(|s| s.message.destination.to_string()).collect();
        assert_eq!(to, ["+44777", "44778", "5"]);
        let t = &r.template;
        assert_eq!((t.due, t.expires, t.priority, t.route.as_deref()), (Some(1_120_000), Some(4_720_000), Some(3), Some("uk")));
        assert_eq!((t.message.want, t.message.callback.as_str(), t.message.reference.as_str()), (31, "http://h/?s=%d", "acc"));
        assert_eq!(request("to=+4477&text=a").unwrap().recipients[0].to_string(), "+4477");
    }

    #[test]
    fn refusals_have_kannels_words() {
        for (query, words) in [
            ("text=a", "Missing receiver number, rejected"),
            ("to=&text=a", "Empty receiver number not allowed, rejected"),
            ("to=1&mclass=4", "MClass field misformed, rejected"),
            ("to=1&mwi=8", "MWI field misformed, rejected"),
            ("to=1&coding=3", "Coding field misformed, rejected"),
            ("to=1&pid=256", "PID field misformed, rejected"),
            ("to=1&rpi=3", "RPI field misformed, rejected"),
            ("to=1&alt-dcs=2", "Alt-DCS field misformed, rejected"),
            ("to=1&compress=2", "Compress field misformed, rejected"),
            ("to=1&priority=4", "Priority field misformed, rejected"),
            ("to=1&dlr-mask=64", "DLR-Mask field misformed, rejected"),
            ("to=1&validity=-5", "Validity field misformed, rejected"),
            ("to=1&deferred=-5", "Deferred field misformed, rejected"),
            ("to=1&dlr-url=ftp://x", "DLR-URL field misformed, rejected"),
            ("to=1&udh=%06%05", "UDH field misformed, rejected"),
            ("to=1&text=%ff", BAD_TEXT),
            ("to=1&text=a&charset=klingon", BAD_TEXT),
        ] {
            let e = request(query).unwrap_err();
            assert!(e.starts_with(words), "{query}: {e}");
        }
    }

    #[test]
    fn headers_and_body_of_a_post() {
        let mut p = Params::default();
        let headers = [("x-kannel-to", "+44777"), ("x-kannel-udh", "06050415811581"), ("x-kannel-flash", "1"), ("x-kannel-coding", "0")];
        let mut map: HeaderMap = headers.into_iter().map(|(n, v)| (n.parse().unwrap(), v.parse().unwrap())).collect();
        map.insert("content-type", "text/plain; charset=\"iso-8859-1\"".parse().unwrap());
        from_headers(&mut p, &map, "text/plain", b"\xe9");
        let m = read(&p, "u", 0, &AddressGuard::default()).unwrap().submissions(None).remove(0).message;
        assert_eq!((m.text.as_deref(), m.class, m.udh.len(), m.destination.to_string().as_str()), (Some("é"), 1, 7, "+44777"));
    }
}
