//! The push that tells a phone of an MMS: the header around an m-notification-ind, whose own coding is not this crate's.

use crate::push::Push;
use crate::wsp::{ContentType, HeaderName, HeaderValue};

/// The content type of MMS PDUs.
pub const CONTENT_TYPE: &str = "application/vnd.wap.mms-message";
/// The application that MMS is for on the phone (`mms.ua`).
pub const APPLICATION_ID: u8 = 4;

/// How the content type of a notification is written. Phones know both.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum TypeForm {
    /// One octet, BE: the shortest.
    #[default]
    Number,
    /// The name as text, as most operators send it.
    Text,
}

/// The push PDU of an MMS PDU, with `X-Wap-Application-Id: mms.ua`.
pub fn notification(transaction_id: u8, form: TypeForm, pdu: &[u8]) -> Vec<u8> {
    let headers = match form {
        TypeForm::Number => vec![0xbe, 0xaf, 0x80 | APPLICATION_ID],
        TypeForm::Text => [CONTENT_TYPE.as_bytes(), &[0, 0xaf, 0x80 | APPLICATION_ID]].concat(),
    };
    [&[transaction_id, 0x06, headers.len() as u8][..], &headers, pdu].concat()
}

/// The same as a [`Push`], to which header fields can be added.
pub fn push(pdu: Vec<u8>) -> Push {
    let mut push = Push::new(ContentType::new(CONTENT_TYPE), pdu);
    push.headers.push(HeaderName::APPLICATION_ID, HeaderValue::Short(APPLICATION_ID));
    push
}

/// The name of an MMS PDU by the value of its `X-Mms-Message-Type` (OMA-MMS-ENC 1.3, section 7.3.30).
pub fn message_type_name(code: u8) -> Option<&'static str> {
    /// From 0x80 on.
    const NAMES: [&str; 24] = [
        "m-send-req",
        "m-send-conf",
        "m-notification-ind",
        "m-notifyresp-ind",
        "m-retrieve-conf",
        "m-acknowledge-ind",
        "m-delivery-ind",
        "m-read-rec-ind",
        "m-read-orig-ind",
        "m-forward-req",
        "m-forward-conf",
        "m-mbox-store-req",
        "m-mbox-store-conf",
        "m-mbox-view-req",
        "m-mbox-view-conf",
        "m-mbox-upload-req",
        "m-mbox-upload-conf",
        "m-mbox-delete-req",
        "m-mbox-delete-conf",
        "m-mbox-descr",
        "m-delete-req",
        "m-delete-conf",
        "m-cancel-req",
        "m-cancel-conf",
    ];
    NAMES.get(usize::from(code.checked_sub(0x80)?)).copied()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_the_ones_that_phones_know() {
        assert_eq!(notification(7, TypeForm::Number, b"\x8c\x82"), b"\x07\x06\x03\xbe\xaf\x84\x8c\x82");
        let text = notification(7, TypeForm::Text, b"\x8c\x82");
        assert_eq!(text, b"\x07\x06\x22application/vnd.wap.mms-message\0\xaf\x84\x8c\x82");
        for wire in [notification(1, TypeForm::Number, b"\x8c\x82"), text] {
            let decoded = Push::decode(&wire).unwrap();
            assert!(decoded.quirks.is_empty());
            assert_eq!(Push { transaction_id: 1, ..decoded.push }, push(b"\x8c\x82".to_vec()));
        }
    }
}
