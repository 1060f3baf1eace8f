//! Notifications of multimedia messages that lie elsewhere (OMA-MMS-ENC 1.0, sections 6.2 and 7.2).
//!
//! The codec of whole multimedia messages is not here: what is needed is to write m-notification-ind, and to read the headers of what is
//! to be notified of.

use waxwing_wap::mms::{self as push, CONTENT_TYPE};
use waxwing_wap::sms;
use waxwing_wap::wsp::{Reader, write};

use crate::wap::{of_pdu, transaction_id, url};
use crate::{ComposeError, Composed, Limits, MmsNotification};

/// How long a notification can be used unless it says so, seconds.
const EXPIRY: u32 = 3 * 86_400;
/// Longest transaction id.
const MAX_ID: usize = 40;
/// Names of message classes, from 0x80 on.
const CLASSES: [&str; 4] = ["personal", "advertisement", "informational", "auto"];

/// What the headers of an MMS PDU say that a notification says too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MmsContent {
    /// X-Mms-Message-Type, as its octet.
    pub message_type: u8,
    /// Tells transactions apart.
    pub transaction_id: Option<String>,
    /// Who it is from.
    pub from: Option<String>,
    /// What it is about.
    pub subject: Option<String>,
    /// Its class: a name, in lower case for those that have numbers.
    pub class: Option<String>,
    /// Where the content lies (of a notification).
    pub content_location: Option<String>,
    /// How large the content is, octets (of a notification).
    pub size: Option<u64>,
    /// How long the content can be fetched, seconds from now (of a notification that says it so).
    pub expiry: Option<u64>,
}

/// Why octets are no multimedia message that can be notified of.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MmsContentError {
    /// The content type is another.
    #[error("its content type is {0:?} and has to be application/vnd.wap.mms-message")]
    ContentType(String),
    /// It is no MMS PDU.
    #[error("it is no multimedia message: it does not begin with X-Mms-Message-Type (octet 8C)")]
    NotMms,
    /// It is an MMS PDU of another type.
    #[error("it is {0} and has to be m-retrieve-conf: what a handset gets when it fetches a message")]
    MessageType(&'static str),
    /// A header cannot be read.
    #[error("its headers cannot be read at octet {0}")]
    Headers(usize),
    /// There is no content behind the headers.
    #[error("its headers end without a content type")]
    NoContent,
}

/// Checks what was fetched from where a notification would send handsets: its media type, that it is m-retrieve-conf, and that its
/// headers can be read up to the content.
///
/// # Errors
/// What is wrong with it.
pub fn read_mms(media_type: &str, octets: &[u8]) -> Result<MmsContent, MmsContentError> {
    let media = media_type.split(';').next().unwrap_or_default().trim();
    if !media.eq_ignore_ascii_case(CONTENT_TYPE) {
        return Err(MmsContentError::ContentType(media.to_owned()));
    }
    let (content, end) = headers(octets)?;
    if content.message_type != 0x84 {
        return Err(MmsContentError::MessageType(push::message_type_name(content.message_type).unwrap_or("of an unknown type")));
    }
    match end {
        End::Content => Ok(content),
        End::Nothing => Err(MmsContentError::NoContent),
        End::Broken(at) => Err(MmsContentError::Headers(at)),
    }
}

/// What comes behind the headers of an MMS PDU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// A content type, and content.
    Content,
    /// Nothing.
    Nothing,
    /// Something that is no header, at this octet. Some phones and operators send a stray octet or two.
    Broken(usize),
}

/// The headers of any MMS PDU as far as they can be read.
pub(crate) fn headers(octets: &[u8]) -> Result<(MmsContent, End), MmsContentError> {
    let &[0x8c, message_type, ..] = octets else { return Err(MmsContentError::NotMms) };
    let mut content = MmsContent { message_type, ..MmsContent::default() };
    let mut reader = Reader::new(octets.get(2..).unwrap_or_default());
    let end = read(&mut reader, &mut content).unwrap_or_else(|_| End::Broken(reader.offset() + 2));
    Ok((content, end))
}

fn read(reader: &mut Reader<'_>, content: &mut MmsContent) -> Result<End, waxwing_wap::DecodeError> {
    while let Ok(name) = reader.octet("header") {
        match name {
            0x83 => content.content_location = Some(reader.string()),
            0x84 => return Ok(End::Content),
            0x88 => content.expiry = relative(reader)?,
            0x89 => content.from = from(reader)?,
            0x8a if reader.peek().is_some_and(|o| o >= 0x80) => {
                let code = reader.octet("class")?;
                content.class = CLASSES.get(usize::from(code & 0x7f)).map(|&c| c.to_owned());
            }
            0x8a => content.class = Some(reader.string()),
            0x8e => content.size = Some(reader.integer()?),
            0x96 => content.subject = Some(reader.encoded_string()?).filter(|s| !s.is_empty()),
            0x98 => content.transaction_id = Some(reader.string()),
            // A name as text: its value is text as well.
            0x20..=0x7e => {
                reader.string();
                reader.string();
            }
            0x80.. => {
                reader.value()?;
            }
            _ => return Ok(End::Broken(reader.offset() + 1)),
        }
    }
    Ok(End::Nothing)
}

fn from(reader: &mut Reader<'_>) -> Result<Option<String>, waxwing_wap::DecodeError> {
    let length = reader.value_length()?;
    let mut inner = reader.sub(length, "From")?;
    match inner.octet("address or token")? {
        0x80 => inner.encoded_string().map(Some),
        _ => Ok(None),
    }
}

/// Seconds from now; `None` of a date.
fn relative(reader: &mut Reader<'_>) -> Result<Option<u64>, waxwing_wap::DecodeError> {
    let length = reader.value_length()?;
    let mut inner = reader.sub(length, "Expiry")?;
    match inner.octet("token")? {
        0x81 => inner.integer().map(Some),
        _ => Ok(None),
    }
}

pub(crate) fn notification(mms: &MmsNotification, limits: &Limits) -> Result<Composed, ComposeError> {
    let location = url("url", &mms.url)?;
    let size = mms.size.ok_or_else(|| ComposeError::field("size", "it is not known how large the message is; give it"))?;
    let class = match mms.class.as_deref().map(str::to_ascii_lowercase) {
        None => 0,
        Some(name) => CLASSES
            .iter()
            .position(|&c| c == name)
            .ok_or_else(|| ComposeError::field("class", format!("{name:?} is none of personal, advertisement, informational, auto")))?,
    };
    let id = match mms.transaction_id.as_deref().filter(|id| !id.is_empty()) {
        None => format!("{:016x}", fnv(location.as_bytes())),
        Some(id) if id.len() <= MAX_ID && id.bytes().all(|b| b.is_ascii_graphic()) => id.to_owned(),
        Some(_) => return Err(ComposeError::field("transaction_id", format!("it has to be 1 to {MAX_ID} printable ASCII characters"))),
    };
    let expiry = match mms.expiry {
        Some(0) => return Err(ComposeError::field("expiry", "0 seconds: nobody could fetch it")),
        expiry => expiry.unwrap_or(EXPIRY),
    };
    let wrong = |field| move |e: waxwing_wap::EncodeError| ComposeError::field(field, e);

    let mut out = vec![0x8c, 0x82, 0x98];
    write::text(&id, "transaction id", &mut out).map_err(wrong("transaction_id"))?;
    // Version 1.0, which every handset takes.
    out.extend([0x8d, 0x90]);
    if let Some(sender) = mms.sender.as_deref().map(str::trim).filter(|s| !s.is_empty()) {
        let mut value = vec![0x80];
        encoded_string(&address(sender), &mut value).map_err(wrong("sender"))?;
        out.push(0x89);
        write::value_length(value.len(), "sender", &mut out).map_err(wrong("sender"))?;
        out.extend(value);
    }
    if let Some(subject) = mms.subject.as_deref().filter(|s| !s.is_empty()) {
        out.push(0x96);
        encoded_string(subject, &mut out).map_err(wrong("subject"))?;
    }
    // One of four.
    out.extend([0x8a, 0x80 | class as u8, 0x8e]);
    write::long_integer(size, &mut out);
    let mut value = vec![0x81];
    write::long_integer(expiry.into(), &mut value);
    out.push(0x88);
    write::value_length(value.len(), "expiry", &mut out).map_err(wrong("expiry"))?;
    out.extend(value);
    out.push(0x83);
    write::text(&location, "URL", &mut out).map_err(wrong("url"))?;

    let pdu = push::notification(transaction_id(&out), push::TypeForm::Number, &out);
    of_pdu("url", &pdu, sms::PUSH, limits)
}

/// `+44…/TYPE=PLMN` of a number; mail addresses and addresses with a type stay.
fn address(sender: &str) -> String {
    let digits = sender.strip_prefix('+').unwrap_or(sender);
    let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    if is_number { format!("{sender}/TYPE=PLMN") } else { sender.to_owned() }
}

/// Plain where it is ASCII, else with its charset.
fn encoded_string(text: &str, out: &mut Vec<u8>) -> Result<(), waxwing_wap::EncodeError> {
    if text.is_ascii() {
        return write::text(text, "text", out);
    }
    let mut value = vec![0xea];
    write::text(text, "text", &mut value)?;
    write::value_length(value.len(), "text", out)?;
    out.extend(value);
    Ok(())
}

/// The same id for the same URL, so that handsets see a notification that comes again for what it is (FNV-1a).
fn fnv(octets: &[u8]) -> u64 {
    octets.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &octet| (hash ^ u64::from(octet)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn composed(json: &str) -> Result<Composed, ComposeError> {
        crate::compose(&serde_json::from_str(json).unwrap(), &Limits::default()).map(|mut all| all.remove(0))
    }

    #[test]
    fn notifications_say_what_they_are_to_say() {
        let c = composed(
            r#"{"kind":"mms_notification","url":"mms.example.net/1","size":30000,"sender":"+44777","subject":"Grüße","transaction_id":"t1"}"#,
        )
        .unwrap();
        let pdu = &c.payload[7 + 6..];
        assert_eq!(pdu[..9], [0x8c, 0x82, 0x98, b't', b'1', 0, 0x8d, 0x90, 0x89]);
        let (content, more) = headers(pdu).unwrap();
        let expected = MmsContent {
            message_type: 0x82,
            transaction_id: Some("t1".into()),
            from: Some("+44777/TYPE=PLMN".into()),
            subject: Some("Grüße".into()),
            class: Some("personal".into()),
            content_location: Some("http://mms.example.net/1".into()),
            size: Some(30_000),
            expiry: Some(259_200),
        };
        assert_eq!((content, more), (expected, End::Nothing));
    }

    #[test]
    fn nonsense_is_named() {
        for (rest, field) in [
            (r#""url":"a""#, "size"),
            (r#""size":1"#, "url"),
            (r#""url":"a","size":1,"class":"secret""#, "class"),
            (r#""url":"a","size":1,"expiry":0"#, "expiry"),
            (r#""url":"a","size":1,"transaction_id":"a b""#, "transaction_id"),
            (r#""url":"a","size":1,"subject":"a\u0000b""#, "subject"),
        ] {
            assert_eq!(composed(&format!("{{\"kind\":\"mms_notification\",{rest}}}")).unwrap_err().field_name(), field, "{rest}");
        }
    }

    #[test]
    fn what_was_fetched_is_checked() {
        let mms = b"\x8c\x84\x98tx\0\x8d\x90\x85\x04\x68\x00\x00\x00\x89\x0b\x80+44/TYPE=\0\x96Hi\0\x8a\x81\x84\xa3\x01\x02";
        let content = read_mms("application/vnd.wap.mms-message; charset=x", mms).unwrap();
        assert_eq!((content.subject.as_deref(), content.from.as_deref()), (Some("Hi"), Some("+44/TYPE=")));
        assert_eq!(content.class.as_deref(), Some("advertisement"));
        let said = |media: &str, octets: &[u8]| read_mms(media, octets).unwrap_err().to_string();
        assert!(said("text/html", mms).contains("its content type is \"text/html\""));
        assert!(said(CONTENT_TYPE, b"<html>").contains("no multimedia message"));
        assert!(said(CONTENT_TYPE, b"\x8c\x82\x98t\0").contains("m-notification-ind and has to be m-retrieve-conf"));
        assert!(said(CONTENT_TYPE, b"\x8c\x84\x98tx\0").contains("without a content type"));
        for length in 0..mms.len() {
            let _ = read_mms(CONTENT_TYPE, &mms[..length]);
        }
    }
}
