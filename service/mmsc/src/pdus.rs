//! The PDUs that the centre sends, from what it knows of a message.

use bytes::{Bytes, BytesMut};
use waxwing_core::Millis;
use waxwing_mms::{
    EncodedText, MessageClass, MessageStatus, MmsAddress, Notification, Pdu, PduType, ReadStatus, RetrieveStatus, Time, Version,
};

use crate::{Facts, MmscOptions};

/// Longest subject in a notification, octets: it should fit into two SMS.
const SUBJECT: usize = 40;
/// The version that a phone is spoken to in that did not tell its own.
pub(crate) const VERSION: Version = Version::V1_2;

/// m-notification-ind.
pub(crate) fn notification(facts: &Facts, options: &MmscOptions, expires: Millis, now: Millis) -> Result<Vec<u8>, String> {
    let n = Notification {
        from: MmsAddress::parse(&facts.from),
        subject: (!facts.subject.is_empty()).then(|| EncodedText::from(cut(&facts.subject, SUBJECT))),
        class: MessageClass::from_name(&facts.class),
        size: facts.size,
        expiry: Time::After(expires.saturating_sub(now) / 1000),
        location: options.fetch_url(&facts.token),
    };
    Pdu::notification_ind(VERSION, facts.token.clone(), n).encode().map_err(|e| e.to_string())
}

/// m-retrieve-conf: what every recipient gets, put around the content.
pub(crate) fn retrieve_conf(facts: &Facts, message_id: &str, content: &[u8]) -> Bytes {
    let mut out = BytesMut::with_capacity(facts.headers.len() + content.len() + facts.token.len() + message_id.len() + 16);
    out.extend_from_slice(&[0x8c, PduType::RetrieveConf.code(), 0x98]);
    out.extend_from_slice(facts.token.as_bytes());
    out.extend_from_slice(&[0, 0x8d, 0x80 | VERSION.0, 0x8b]);
    out.extend_from_slice(message_id.as_bytes());
    out.extend_from_slice(&[0]);
    out.extend_from_slice(&facts.headers);
    out.extend_from_slice(&[0x84]);
    out.extend_from_slice(content);
    out.freeze()
}

/// m-retrieve-conf that says why there is no message.
pub(crate) fn retrieve_failure(status: RetrieveStatus, text: &str, now: Millis) -> Bytes {
    Bytes::from(Pdu::retrieve_failure(VERSION, None, now / 1000, status, EncodedText::from(text)).encode().unwrap_or_default())
}

/// m-delivery-ind.
pub(crate) fn delivery_ind(message_id: &str, facts: &Facts, status: MessageStatus, date: u64) -> Result<Vec<u8>, String> {
    let to = MmsAddress::parse(&facts.recipient).unwrap_or_else(|| MmsAddress::Alphanumeric(facts.recipient.clone()));
    Pdu::delivery_ind(version(facts.version), message_id, to, date, status).encode().map_err(|e| e.to_string())
}

/// m-read-orig-ind.
pub(crate) fn read_orig_ind(message_id: &str, to: MmsAddress, from: MmsAddress, date: u64, status: ReadStatus) -> Result<Vec<u8>, String> {
    Pdu::read_orig_ind(VERSION, message_id, to, from, date, status).encode().map_err(|e| e.to_string())
}

/// The version that is spoken with a phone that speaks this one.
pub(crate) fn version(theirs: u32) -> Version {
    match u8::try_from(theirs) {
        Ok(v) if (Version::V1_0.0..=Version::V1_3.0).contains(&v) => Version(v),
        _ => VERSION,
    }
}

/// The beginning of a text, at most so many octets.
fn cut(text: &str, most: usize) -> &str {
    text.get(..(0..=most.min(text.len())).rev().find(|&n| text.is_char_boundary(n)).unwrap_or(0)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use waxwing_mms::{Header, RawContent, Sender};

    use super::*;

    fn facts() -> Facts {
        let mut headers = Vec::new();
        for h in [Header::Date(1_780_000_000), Header::From(Sender::Address(MmsAddress::parse("+447700900123").unwrap()))] {
            h.write(&mut headers).unwrap();
        }
        Facts {
            token: "AAAAAAAAAAAAAAAAAAAAAA".into(),
            headers: headers.into(),
            from: "+447700900123/TYPE=PLMN".into(),
            subject: "grüße".repeat(20),
            class: "Personal".into(),
            size: 30_000,
            ..Facts::default()
        }
    }

    #[test]
    fn a_retrieve_conf_is_one() {
        let content = b"\x03\x83\x81\xeaHello";
        let pdu = Pdu::decode(retrieve_conf(&facts(), "6B030CC9@mms.example.net", content)).unwrap();
        assert!(pdu.quirks.is_empty(), "{:?}", pdu.quirks);
        let pdu = pdu.pdu;
        assert_eq!((pdu.kind, pdu.transaction_id.as_deref()), (PduType::RetrieveConf, Some("AAAAAAAAAAAAAAAAAAAAAA")));
        assert_eq!(pdu.message_id().unwrap(), "6B030CC9@mms.example.net");
        assert_eq!(pdu.content.unwrap().parts()[0].decoded_text(), "Hello");
        assert!(RawContent::split(Bytes::from_static(content)).is_ok());
    }

    #[test]
    fn a_notification_fits_into_two_sms() {
        let options = MmscOptions { public_url: "http://mms.example.net".into(), ..MmscOptions::default() };
        let pdu = notification(&facts(), &options, 1_780_000_600_000, 1_780_000_000_000).unwrap();
        let decoded = Pdu::decode(pdu.clone()).unwrap().pdu;
        assert_eq!(decoded.expiry(), Some(&Time::After(600)));
        assert_eq!(decoded.content_location().unwrap(), "http://mms.example.net/m/AAAAAAAAAAAAAAAAAAAAAA");
        assert!(decoded.subject().unwrap().text.starts_with("grüße") && decoded.subject().unwrap().text.len() <= SUBJECT);
        let push = waxwing_wap::mms::notification(1, waxwing_wap::mms::TypeForm::Text, &pdu);
        assert!(push.len() <= 2 * 128, "{}", push.len());
    }
}
