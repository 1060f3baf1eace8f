//! The `%` codes of dlr-url, filled when a receipt comes. As Kannel has them: sender and receiver are those of the receipt, so `%p` is
//! the handset and `%P` the address that the message was sent from.

use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use waxwing_core::{Message, MsgId, Receipt, State, want, words};

use super::data::DoorData;
use crate::content;

/// What stays as it is in a URL: letters, digits and these.
const KEEP: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b' ');

/// The URL to be called for a receipt: its message's dlr-url with the codes filled.
pub(crate) fn callback_url(message: &Message, receipt: &Receipt) -> String {
    let data: DoorData = serde_json::from_str(&message.door_data).unwrap_or_default();
    let reply = reply(receipt);
    let words: Vec<&[u8]> = reply.split(u8::is_ascii_whitespace).filter(|w| !w.is_empty()).collect();
    let mut next = 1;
    let mut out = String::with_capacity(message.callback.len() + 64);
    let mut chars = message.callback.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        match chars.next() {
            None => out.push('%'),
            Some('s' | 'S') => {
                if let Some(word) = words.get(next) {
                    out.push_str(&encode(word));
                    next += 1;
                }
            }
            Some('r') => out.push_str(&join(words.get(next..).unwrap_or_default())),
            Some('#') => {
                // %#group#parameter#: a single value of the meta-data.
                let rest: String = chars.by_ref().take_while(|&c| c != '#').collect();
                let name: String = chars.by_ref().take_while(|&c| c != '#').collect();
                out.push_str(&encode(meta_value(&data.meta, &rest, &name).as_bytes()));
            }
            Some(code) => match value(code, message, receipt, &data, &reply, &words) {
                Some(v) => out.push_str(&v),
                // Not a code: most likely an escape that belongs to the URL.
                None => out.extend(['%', code]),
            },
        }
    }
    out
}

fn value(code: char, m: &Message, r: &Receipt, data: &DoorData, reply: &[u8], words: &[&[u8]]) -> Option<String> {
    let number = |n: Option<u8>| n.map_or("-1".to_owned(), |n| n.to_string());
    let udh = || content::hex(&data.udh).unwrap_or_default();
    Some(match code {
        'a' => join(words),
        'A' | 'b' => encode(reply),
        'B' => encode(data.binfo.as_bytes()),
        'c' => data.coding.unwrap_or(0).to_string(),
        'C' if !data.charset.is_empty() => encode(data.charset.as_bytes()),
        'C' => ["UTF-8", "8-BIT", "UTF-16BE"].get(usize::from(data.coding.unwrap_or(0))).copied().unwrap_or_default().to_owned(),
        'd' => r.event.to_string(),
        'D' => encode(data.meta.as_bytes()),
        'e' => content::to_hex(reply),
        'F' => encode(&r.remote_id),
        'i' => encode(m.connector.as_bytes()),
        'I' => MsgId(r.id).to_string(),
        'k' => words.first().map(|w| encode(w)).unwrap_or_default(),
        'm' => number(data.mclass),
        'M' => number(data.mwi),
        'n' => encode(data.service.as_bytes()),
        'o' => encode(data.account.as_bytes()),
        'O' => format!("{:02}", data.dcs()),
        'p' => encode(m.source.to_string().as_bytes()),
        'P' => encode(m.destination.to_string().as_bytes()),
        'q' => international(&m.source.to_string()),
        'Q' => international(&m.destination.to_string()),
        'R' => encode(m.callback.as_bytes()),
        't' => {
            let at = Timestamp::from_millisecond(i64::try_from(r.done).unwrap_or(0)).unwrap_or_default();
            at.strftime("%Y-%m-%d+%H:%M:%S").to_string()
        }
        'T' => (r.done / 1000).to_string(),
        'u' => encode(&udh()),
        'U' => content::to_hex(&udh()),
        'y' => number(data.priority),
        // Unknown of a receipt: number of the SMSC, validity, deferred time, and codes of older versions.
        'f' | 'v' | 'V' | 'x' | 'N' => String::new(),
        '%' => "%".to_owned(),
        _ => return None,
    })
}

/// What Kannel has for the text of a report: the carrier's, or `ACK/` and `NACK/code/reason`.
fn reply(r: &Receipt) -> Vec<u8> {
    if !r.raw.is_empty() {
        return r.raw.to_vec();
    }
    match r.event {
        want::ACCEPTED => b"ACK/".to_vec(),
        want::REFUSED | want::FAILED => format!("NACK/{}/{}", words(&r.error), r.reason).into_bytes(),
        // A report that had no text: one in the standard's form (SMPP 3.4, appendix B).
        _ => {
            let state = State::try_from(r.state).unwrap_or(State::Unknown);
            let error = if r.error.is_empty() { "000" } else { words(&r.error) };
            let (id, text) = (words(&r.remote_id), words(&r.text));
            format!("id:{id} sub:{:03} dlvrd:{:03} stat:{} err:{error} text:{text}", r.parts, r.delivered, state.stat()).into_bytes()
        }
    }
}

/// `00` before an international number becomes `+`.
fn international(number: &str) -> String {
    match number.strip_prefix("00") {
        Some(rest) => format!("%2B{}", encode(rest.as_bytes())),
        None => encode(number.as_bytes()),
    }
}

fn meta_value(meta: &str, group: &str, name: &str) -> String {
    let mut pieces = meta.strip_prefix('?').unwrap_or_default().split('?');
    while let (Some(g), Some(pairs)) = (pieces.next(), pieces.next()) {
        if g == group {
            let mut params = crate::params::Params::default();
            params.extend(pairs.as_bytes());
            return params.get(&name.to_ascii_lowercase()).map(|v| String::from_utf8_lossy(v).into_owned()).unwrap_or_default();
        }
    }
    String::new()
}

fn join(words: &[&[u8]]) -> String {
    words.iter().map(|w| encode(w)).collect::<Vec<_>>().join("+")
}

fn encode(octets: &[u8]) -> String {
    percent_encode(octets, KEEP).to_string().replace(' ', "+")
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use waxwing_core::Address;

    fn fill(url: &str) -> String {
        let data = r#"{"service":"tester","account":"acc 1","binfo":"b&i","meta":"?smpp?pe_id=12","coding":2,"mclass":0,"udh":"0600ff"}"#;
        let m = Message {
            callback: url.into(),
            source: Address::parse("+44777"),
            destination: Address::parse("Shop"),
            connector: "carrier-a".into(),
            door_data: data.into(),
            ..Message::default()
        };
        let r = Receipt {
            id: 42,
            event: want::DELIVERED,
            state: State::Delivered as i32,
            done: 1_700_000_000_500,
            remote_id: "a/1".into(),
            raw: Bytes::from_static(b"id:a/1 stat:DELIVRD err:000"),
            ..Receipt::default()
        };
        callback_url(&m, &r)
    }

    #[test]
    fn every_code_is_filled() {
        for (code, filled) in [
            ("%d", "1"),
            ("%p|%P|%q|%Q", "%2B44777|Shop|%2B44777|Shop"),
            ("%I %F %i", "0000002A a%2F1 carrier-a"),
            ("%T %t", "1700000000 2023-11-14+22:13:20"),
            ("%n %o %B", "tester acc+1 b%26i"),
            ("%a", "id%3Aa%2F1+stat%3ADELIVRD+err%3A000"),
            ("%A", "id%3Aa%2F1+stat%3ADELIVRD+err%3A000"),
            ("%k,%s,%S,%s.", "id%3Aa%2F1,stat%3ADELIVRD,err%3A000,."),
            ("%s,%r", "stat%3ADELIVRD,err%3A000"),
            ("%c %m %M %C %O", "2 0 -1 UTF-16BE 24"),
            ("%u %U", "%06%00%FF 0600ff"),
            ("%D %#smpp#PE_ID#", "%3Fsmpp%3Fpe_id%3D12 12"),
            ("100%% %2B %", "100% %2B %"),
        ] {
            assert_eq!(fill(code), filled, "{code}");
        }
    }

    #[test]
    fn reports_without_a_text_get_one() {
        let r = Receipt { event: want::ACCEPTED, ..Receipt::default() };
        assert_eq!(reply(&r), b"ACK/");
        let r = Receipt { event: want::FAILED, error: "11".into(), reason: "no such number".into(), ..Receipt::default() };
        assert_eq!(reply(&r), b"NACK/11/no such number");
        let r = Receipt {
            event: want::DELIVERED,
            state: State::Delivered as i32,
            remote_id: "7".into(),
            parts: 1,
            delivered: 1,
            ..Receipt::default()
        };
        assert_eq!(reply(&r), b"id:7 sub:001 dlvrd:001 stat:DELIVRD err:000 text:");
    }
}
