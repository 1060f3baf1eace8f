//! The JSON of a submission, and its translation into [`Submission`]s.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;
use waxwing_core::{Address, Door, MAX_ADDRESS, Message, Millis, Submission, Tlv, want};

use crate::content::{self, Wish};
use crate::{AddressGuard, Problem};

/// Longest reference, octets.
pub(crate) const MAX_REFERENCE: usize = 255;
/// Longest callback address, octets.
pub(crate) const MAX_CALLBACK: usize = 2048;

/// Several messages at once.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BatchRequest {
    /// The messages; together at most 10,000 recipients.
    #[schema(min_items = 1, max_items = 10_000)]
    pub(crate) messages: Vec<MessageRequest>,
}

/// One message to one or several recipients.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MessageRequest {
    /// Recipient or recipients: international numbers with `+`, or as the gateway's country writes them.
    pub(crate) to: Recipients,
    /// Sender: a number, a short code or at most 20 characters; the account's default where it is absent.
    #[schema(example = "12345")]
    pub(crate) from: Option<String>,
    /// The text. Either this or `binary`.
    #[schema(example = "Your parcel has arrived.")]
    pub(crate) text: Option<String>,
    /// Octets instead of a text.
    pub(crate) binary: Option<Binary>,
    /// User data header in hexadecimal, its length octet first (3GPP TS 23.040, 9.2.3.24).
    #[schema(example = "06050415811581")]
    pub(crate) udh: Option<String>,
    /// Port of the application on the handset that it is for, added to the user data header.
    pub(crate) dest_port: Option<u16>,
    /// Port that it comes from; 0 unless given. Goes with `dest_port`.
    pub(crate) source_port: Option<u16>,
    /// Alphabet of the text.
    pub(crate) encoding: Option<Encoding>,
    /// Message class: `"flash"` (0) is shown at once and not stored.
    pub(crate) class: Option<Class>,
    /// Protocol identifier (TP-PID).
    pub(crate) pid: Option<u8>,
    /// SMPP service_type, at most 5 characters.
    #[schema(max_length = 5)]
    pub(crate) service_type: Option<String>,
    /// Not before this time (RFC 3339).
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) send_at: Option<Timestamp>,
    /// Not before so many seconds from now.
    pub(crate) delay: Option<u32>,
    /// How long it is worth delivering, seconds.
    #[schema(minimum = 1)]
    pub(crate) validity: Option<u32>,
    /// Until when it is worth delivering (RFC 3339).
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) valid_until: Option<Timestamp>,
    /// 0 (low), 1 (normal), 2 (high), 3 (urgent), or the word.
    pub(crate) priority: Option<Priority>,
    /// Which receipts are pushed to the callback or the account's webhook: all final states unless said otherwise.
    pub(crate) receipt: Option<ReceiptWish>,
    /// Your own reference, given back with receipts.
    #[schema(max_length = 255)]
    pub(crate) reference: Option<String>,
    /// Where receipts of this message are posted, instead of the account's webhook.
    #[schema(max_length = 2048)]
    pub(crate) callback: Option<String>,
    /// Route or connector by name.
    pub(crate) route: Option<String>,
    /// Ask for the reply to take the same way back (TP-Reply-Path).
    pub(crate) reply_path: Option<bool>,
    /// Optional SMPP parameters to send along.
    pub(crate) tlvs: Option<Vec<TlvRequest>>,
}

/// One number or several.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(untagged, expecting = "`to` has to be a string or a list of strings")]
pub(crate) enum Recipients {
    /// One.
    One(String),
    /// Several.
    Many(Vec<String>),
}

impl Default for Recipients {
    fn default() -> Recipients {
        Recipients::Many(Vec::new())
    }
}

impl Recipients {
    pub(crate) fn into_list(self) -> Vec<String> {
        match self {
            Recipients::One(to) => vec![to],
            Recipients::Many(to) => to,
        }
    }

    pub(crate) fn list(&self) -> &[String] {
        match self {
            Recipients::One(to) => std::slice::from_ref(to),
            Recipients::Many(to) => to,
        }
    }
}

/// Octets.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Binary {
    /// In hexadecimal. Either this or `base64`.
    pub(crate) hex: Option<String>,
    /// In base 64.
    pub(crate) base64: Option<String>,
    /// SMPP data_coding (SMPP 3.4, 5.2.19); 4, 8-bit data, unless given.
    pub(crate) data_coding: Option<u8>,
}

/// Alphabets.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Encoding {
    /// GSM 7-bit where the text allows it, else UCS-2.
    Auto,
    /// GSM 7-bit, with plain stand-ins for typographic quotes, accents and the like.
    Gsm7,
    /// UCS-2.
    Ucs2,
}

/// A message class.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(untagged, expecting = "`class` has to be \"flash\" or a number from 0 to 3")]
pub(crate) enum Class {
    /// By name.
    Name(ClassName),
    /// 0 to 3.
    Number(u8),
}

/// The class that has a name.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ClassName {
    /// Shown at once.
    Flash,
}

/// A priority.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(untagged, expecting = "`priority` has to be low, normal, high, urgent or a number from 0 to 3")]
pub(crate) enum Priority {
    /// By name.
    Name(PriorityName),
    /// 0 to 3.
    Number(u8),
}

/// Names of the priorities.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum PriorityName {
    /// 0
    Low,
    /// 1
    Normal,
    /// 2
    High,
    /// 3
    Urgent,
}

/// Wishes for receipts.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(untagged, expecting = "`receipt` has to be true, false or a list of delivered, failed, accepted, buffered, read")]
pub(crate) enum ReceiptWish {
    /// All final states, or none.
    Any(bool),
    /// These.
    Events(Vec<ReceiptEvent>),
}

/// What receipts are about.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ReceiptEvent {
    /// Delivered to the handset.
    Delivered,
    /// Failed, expired or refused.
    Failed,
    /// Taken by the carrier.
    Accepted,
    /// Buffered by the carrier.
    Buffered,
    /// Read by its recipient (multimedia messages).
    Read,
}

/// An optional SMPP parameter.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TlvRequest {
    /// Its tag.
    #[schema(example = 5120)]
    pub(crate) tag: u16,
    /// Its value in hexadecimal.
    pub(crate) hex: String,
}

impl MessageRequest {
    /// Everything but the recipient.
    ///
    /// # Errors
    /// 400 with the field that makes no sense.
    pub(crate) fn template(&self, now: Millis, guard: &AddressGuard) -> Result<Submission, Problem> {
        let mut submission = self.envelope(now, guard)?;
        let message = &mut submission.message;
        message.protocol_id = self.pid.unwrap_or(0).into();
        self.content(message)?;
        if let Some(class) = self.class {
            let class = class.number()?;
            if message.text.is_some() {
                message.class = u32::from(class) + 1;
            } else {
                message.data_coding = with_class(message.data_coding, class)?;
            }
        }
        Ok(submission)
    }

    /// Everything but recipient and content.
    ///
    /// # Errors
    /// 400 with the field that makes no sense.
    pub(crate) fn envelope(&self, now: Millis, guard: &AddressGuard) -> Result<Submission, Problem> {
        let mut message = Message { door: Door::Rest as i32, want: self.want(), ..Message::default() };
        message.source = Address::parse(self.from.as_deref().unwrap_or_default());
        if message.source.octets.len() > MAX_ADDRESS {
            return Err(field("from", format!("it has {} octets, at most {MAX_ADDRESS} fit", message.source.octets.len())));
        }
        message.esm_class = if self.reply_path == Some(true) { content::REPLY_PATH } else { 0 };
        message.service_type = short("service_type", self.service_type.as_deref(), 5)?;
        message.reference = short("reference", self.reference.as_deref(), MAX_REFERENCE)?;
        message.callback = short("callback", self.callback.as_deref(), MAX_CALLBACK)?;
        if !message.callback.is_empty() {
            guard.check_url(&message.callback).map_err(|e| field("callback", e))?;
        }
        for t in self.tlvs.iter().flatten() {
            let value = content::hex(&t.hex).map_err(|e| field("tlvs", e))?;
            message.tlvs.push(Tlv { tag: t.tag.into(), value: Bytes::from(value) });
        }
        let due = match (self.send_at, self.delay) {
            (Some(_), Some(_)) => return Err(field("send_at", "give either send_at or delay")),
            (Some(at), None) => Some(millis("send_at", at)?),
            (None, delay) => delay.map(|s| now + u64::from(s) * 1000),
        };
        let expires = match (self.valid_until, self.validity) {
            (Some(_), Some(_)) => return Err(field("valid_until", "give either validity or valid_until")),
            (Some(at), None) => Some(millis("valid_until", at)?),
            // Counted from when it may leave, as the recipient would expect of a message for tomorrow.
            (None, validity) => validity.map(|s| due.unwrap_or(now).max(now) + u64::from(s) * 1000),
        };
        let priority = self.priority.map(Priority::number).transpose()?;
        Ok(Submission { message, priority, due, expires, idempotency: None, route: self.route.clone(), part: None })
    }

    fn content(&self, m: &mut Message) -> Result<(), Problem> {
        let mut udh = self.udh.as_deref().map(content::hex).transpose().map_err(|e| field("udh", e))?.unwrap_or_default();
        content::check_udh(&udh).map_err(|e| field("udh", e))?;
        match (self.dest_port, self.source_port) {
            (Some(to), from) => udh = content::with_ports(&udh, to, from.unwrap_or(0)).map_err(|e| field("dest_port", e))?,
            (None, Some(_)) => return Err(field("source_port", "there is no dest_port; a handset goes by that")),
            (None, None) => {}
        }
        match (&self.text, &self.binary) {
            (Some(text), None) => {
                let wish = match self.encoding {
                    None | Some(Encoding::Auto) => Wish::Auto,
                    Some(Encoding::Gsm7) => Wish::Gsm7,
                    Some(Encoding::Ucs2) => Wish::Ucs2,
                };
                content::put_text(m, text.clone(), wish).map_err(|e| field("text", e))?;
                m.udh = Bytes::from(udh);
            }
            (None, Some(b)) => {
                let octets = match (&b.hex, &b.base64) {
                    (Some(hex), None) => content::hex(hex),
                    (None, Some(base64)) => STANDARD.decode(base64).map_err(|e| format!("it is not base 64: {e}")),
                    _ => Err("give either hex or base64".into()),
                };
                let octets = octets.map_err(|e| field("binary", e))?;
                content::put_octets(m, &udh, &octets, b.data_coding.map_or(content::OCTETS, u32::from));
            }
            (Some(_), Some(_)) => return Err(field("text", "give either text or binary")),
            (None, None) => return Err(field("text", "the message has neither text nor binary")),
        }
        Ok(())
    }

    fn want(&self) -> u32 {
        wanted(self.receipt.as_ref())
    }
}

/// The bits of [`want`] that a wish stands for.
pub(super) fn wanted(wish: Option<&ReceiptWish>) -> u32 {
    match wish {
        None | Some(ReceiptWish::Any(true)) => want::FINAL,
        Some(ReceiptWish::Any(false)) => 0,
        Some(ReceiptWish::Events(events)) => events.iter().fold(0, |bits, e| {
            bits | match e {
                ReceiptEvent::Delivered => want::DELIVERED,
                ReceiptEvent::Failed => want::FAILED | want::REFUSED,
                ReceiptEvent::Accepted => want::ACCEPTED,
                ReceiptEvent::Buffered => want::BUFFERED,
                ReceiptEvent::Read => want::READ,
            }
        }),
    }
}

impl Class {
    fn number(self) -> Result<u8, Problem> {
        match self {
            Class::Name(ClassName::Flash) => Ok(0),
            Class::Number(n) if n <= 3 => Ok(n),
            Class::Number(n) => Err(field("class", format!("{n} is none of 0 to 3"))),
        }
    }
}

impl Priority {
    fn number(self) -> Result<u8, Problem> {
        match self {
            Priority::Name(PriorityName::Low) => Ok(0),
            Priority::Name(PriorityName::Normal) => Ok(1),
            Priority::Name(PriorityName::High) => Ok(2),
            Priority::Name(PriorityName::Urgent) => Ok(3),
            Priority::Number(n) if n <= 3 => Ok(n),
            Priority::Number(n) => Err(field("priority", format!("{n} is none of 0 to 3"))),
        }
    }
}

/// A data coding of octets with a class (3GPP TS 23.038, 4).
fn with_class(data_coding: u32, class: u8) -> Result<u32, Problem> {
    match data_coding {
        0 => Ok(0xf0 | u32::from(class)),
        content::OCTETS => Ok(0xf4 | u32::from(class)),
        content::UCS2 => Ok(0x18 | u32::from(class)),
        other => Err(field("class", format!("data_coding {other} has no place for a class; give the data_coding that says both"))),
    }
}

pub(super) fn millis(name: &str, at: Timestamp) -> Result<Millis, Problem> {
    Millis::try_from(at.as_millisecond()).map_err(|_| field(name, "it is before 1970"))
}

pub(super) fn short(name: &str, value: Option<&str>, most: usize) -> Result<String, Problem> {
    let value = value.unwrap_or_default();
    if value.len() > most {
        return Err(field(name, format!("it has {} octets, at most {most} are kept", value.len())));
    }
    Ok(value.to_owned())
}

pub(super) fn field(name: &str, why: impl Into<Cow<'static, str>>) -> Problem {
    Problem::invalid(format!("{name}: {}", why.into())).with("field", name)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::body;

    fn template(json: &str) -> Result<Submission, Problem> {
        body::json::<MessageRequest>(json.as_bytes())?.template(1_000_000, &AddressGuard::default())
    }

    #[test]
    fn a_full_message_is_understood() {
        let s = template(
            r#"{"to":["+44777"],"from":"Shop","text":"hi","class":"flash","encoding":"ucs2","pid":64,"delay":60,"validity":3600,
                "priority":"urgent","receipt":["delivered","accepted"],"reference":"r1","callback":"http://127.0.0.1/x","route":"uk",
                "tlvs":[{"tag":5120,"hex":"3132"}],"service_type":"CMT","udh":"0401020005","dest_port":5505,"reply_path":true}"#,
        )
        .unwrap();
        let m = &s.message;
        assert_eq!((&m.udh[..], m.esm_class), (&[10, 1, 2, 0, 5, 5, 4, 0x15, 0x81, 0, 0][..], 0x80));
        assert_eq!(
            (m.text.as_deref(), m.class, m.data_coding, m.protocol_id, m.want),
            (Some("hi"), 1, 8, 64, want::DELIVERED | want::ACCEPTED)
        );
        assert_eq!((s.due, s.expires, s.priority), (Some(1_060_000), Some(4_660_000), Some(3)));
        assert_eq!((m.tlvs[0].tag, &m.tlvs[0].value[..]), (5120, &b"12"[..]));
    }

    #[test]
    fn octets_with_their_header() {
        let s = template(r#"{"to":"1","binary":{"hex":"0102"},"udh":"06050415811581","class":1}"#).unwrap();
        assert_eq!((s.message.data_coding, s.message.udhi, s.message.payload.len()), (0xf5, true, 9));
        let s = template(r#"{"to":"1","binary":{"hex":"09"},"dest_port":1,"source_port":2}"#).unwrap();
        assert_eq!((s.message.udhi, &s.message.payload[..]), (true, &[6, 5, 4, 0, 1, 0, 2, 9][..]));
        let s = template(r#"{"to":"1","binary":{"base64":"AQI=","data_coding":246}}"#).unwrap();
        assert_eq!((s.message.data_coding, s.message.udhi, &s.message.payload[..]), (246, false, &[1, 2][..]));
    }

    #[test]
    fn nonsense_is_named() {
        for (json, says) in [
            (r#"{"to":"1"}"#, "neither text nor binary"),
            (r#"{"to":"1","text":"a","binary":{"hex":""}}"#, "either text or binary"),
            (r#"{"to":5,"text":"a"}"#, "`to` has to be"),
            (r#"{"to":"1","text":"a","priority":9}"#, "priority: 9"),
            (r#"{"to":"1","text":"a","priority":"huge"}"#, "`priority` has to be"),
            (r#"{"to":"1","text":"a","colour":"red"}"#, "unknown field `colour`"),
            (r#"{"to":"1","binary":{"hex":"0x"}}"#, "binary: 'x'"),
            (r#"{"to":"1","text":"a","udh":"0605"}"#, "udh: the header's length"),
            (r#"{"to":"1","text":"a","source_port":1}"#, "source_port: there is no dest_port"),
            (r#"{"to":"1","text":"a","dest_port":65536}"#, "65536"),
            (r#"{"to":"1","text":"a","send_at":"2030-01-01T00:00:00Z","delay":1}"#, "either send_at or delay"),
            (r#"{"to":"1","text":"a","send_at":"tomorrow"}"#, "line 1 column"),
            (r#"{"to":"1","text":"a","callback":"ftp://x/"}"#, "callback: "),
            (r#"{"to":"1","text":"a","callback":"http://169.254.169.254/latest"}"#, "callback: "),
            (r#"{"text":"a"}"#, "missing field `to`"),
        ] {
            let detail = template(json).unwrap_err().detail;
            assert!(detail.contains(says), "{json}: {detail}");
        }
    }
}
