//! From a special message to what the spool stores.

use bytes::Bytes;
use waxwing_core::Message;
use waxwing_gsm::udh::{Element, UserDataHeader};
use waxwing_smart::UserData;

use crate::{Binary, ComposeError, Flash, Limits, Replace, Special, settings, smart, wap};

/// data_coding of 8-bit data of class 1, for the handset: what Nokia's handsets were sent (3GPP TS 23.038, 4).
pub(crate) const DATA: u32 = 0xf5;
/// data_coding of 8-bit data without a class: handsets take pushes by their port, and not every carrier takes a class (CMPP's Msg_Fmt has
/// none).
pub(crate) const OCTETS: u32 = 4;
/// TP-PID of "replace short message type 1", less 1 (3GPP TS 23.040, 9.2.3.9).
const REPLACE: u32 = 0x40;

/// The content of one message: what [`Composed::put_into`] fills a [`Message`] with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Composed {
    /// Content as text, where it is text; else `payload` counts.
    pub text: Option<String>,
    /// Content as octets, with the user data header in front if `udhi`.
    pub payload: Bytes,
    /// `payload` begins with a user data header.
    pub udhi: bool,
    /// TP-DCS of the octets.
    pub data_coding: u32,
    /// TP-PID.
    pub protocol_id: u32,
    /// Class of a text, plus 1; 0 for none.
    pub class: u32,
    /// What the user has to type in for settings to be taken, if anything.
    pub user_pin: Option<String>,
}

/// Makes messages of what somebody wants to send: one for whatever can be split anywhere, whichever length it has; several, to be sent
/// in their order, for EMS and message waiting of more than one segment.
///
/// Decoding an image takes up to a second and [`Limits::image_memory`]: not for a thread that must not wait.
///
/// # Errors
/// The field that makes no sense, where in it, and what to do.
pub fn compose(special: &Special, limits: &Limits) -> Result<Vec<Composed>, ComposeError> {
    let one = |composed: Composed| vec![composed];
    match special {
        Special::Si(si) => wap::si(si, limits).map(one),
        Special::Sl(sl) => wap::sl(sl, limits).map(one),
        Special::Co(co) => wap::co(co, limits).map(one),
        Special::EmailNotification(mail) => wap::email(mail, limits).map(one),
        Special::Rights(rights) => wap::rights(rights, limits).map(one),
        Special::Document(document) => wap::any_document(document, limits).map(one),
        Special::Push(push) => wap::push(push, limits).map(one),
        Special::MmsNotification(mms) => crate::mms::notification(mms, limits).map(one),
        Special::Bookmark(bookmark) => settings::bookmark(bookmark, limits).map(one),
        Special::BrowserSettings(browser) => settings::browser(browser, limits).map(one),
        Special::MmsSettings(mms) => settings::mms(mms, limits).map(one),
        Special::Provisioning(document) => settings::provisioning(document, limits).map(one),
        Special::Ota(document) => settings::ota(document, limits).map(one),
        Special::Ringtone(tone) => smart::ringtone(tone, limits).map(one),
        Special::OperatorLogo(logo) => smart::operator_logo(logo, limits).map(one),
        Special::CliIcon(icon) => smart::cli_icon(icon, limits).map(one),
        Special::Picture(picture) => smart::picture(picture, limits).map(one),
        Special::Ems(ems) => smart::ems(ems, limits),
        Special::Voicemail(notice) => smart::voicemail(notice, limits),
        Special::Flash(flash) => self::flash(flash).map(one),
        Special::Replace(replace) => self::replace(replace).map(one),
        Special::Binary(binary) => self::binary(binary).map(one),
    }
}

impl Composed {
    /// Octets behind a header.
    pub(crate) fn octets(header: &[u8], octets: &[u8], data_coding: u32) -> Composed {
        let payload = Bytes::from([header, octets].concat());
        Composed { payload, udhi: !header.is_empty(), data_coding, ..Composed::default() }
    }

    pub(crate) fn of_user_data(part: &UserData) -> Composed {
        Composed {
            payload: part.octets().into(),
            udhi: part.has_header(),
            data_coding: part.data_coding.0.into(),
            protocol_id: part.protocol_id.into(),
            ..Composed::default()
        }
    }

    /// Makes this the content of a message.
    pub fn put_into(&self, message: &mut Message) {
        message.text.clone_from(&self.text);
        message.payload = self.payload.clone();
        message.udhi = self.udhi;
        message.udh = Bytes::new();
        message.charset.clear();
        message.data_coding = self.data_coding;
        message.protocol_id = self.protocol_id;
        message.class = self.class;
    }
}

fn flash(flash: &Flash) -> Result<Composed, ComposeError> {
    Ok(Composed { text: Some(text(&flash.text)?), class: 1, ..Composed::default() })
}

fn replace(replace: &Replace) -> Result<Composed, ComposeError> {
    if !(1..=7).contains(&replace.number) {
        return Err(ComposeError::field("type", format!("{} is none of 1 to 7, the texts that can be replaced", replace.number)));
    }
    Ok(Composed { text: Some(text(&replace.text)?), protocol_id: REPLACE + u32::from(replace.number), ..Composed::default() })
}

fn text(text: &str) -> Result<String, ComposeError> {
    if text.is_empty() {
        return Err(ComposeError::field("text", "it is empty; say what is to be shown"));
    }
    Ok(text.to_owned())
}

fn binary(binary: &Binary) -> Result<Composed, ComposeError> {
    let mut udh = crate::octets::unhex(binary.udh.as_deref().unwrap_or_default()).map_err(|e| ComposeError::field("udh", e))?;
    if let Some(&length) = udh.first() {
        if usize::from(length) + 1 != udh.len() {
            let follow = udh.len() - 1;
            let why = format!("its length octet says {length}, but {follow} octets follow it; write it as in 06050415811581");
            return Err(ComposeError::field("udh", why));
        }
        UserDataHeader::parse(&udh).map_err(|e| ComposeError::field("udh", e))?;
    }
    match (binary.dest_port, binary.source_port) {
        (Some(to), from) => udh = with_ports(&udh, to, from.unwrap_or(0)).map_err(|e| ComposeError::field("dest_port", e))?,
        (None, Some(_)) => return Err(ComposeError::field("source_port", "there is no dest_port; a handset goes by that")),
        (None, None) => {}
    }
    if udh.is_empty() && binary.data.0.is_empty() {
        return Err(ComposeError::field("data", "it is empty, and there is no udh"));
    }
    let data_coding = binary.dcs.map_or(DATA, u32::from);
    Ok(Composed { protocol_id: binary.pid.into(), ..Composed::octets(&udh, &binary.data.0, data_coding) })
}

/// A header with ports in place of those that it may have.
fn with_ports(udh: &[u8], destination: u16, source: u16) -> Result<Vec<u8>, String> {
    let header = if udh.is_empty() { UserDataHeader::new() } else { UserDataHeader::parse(udh).map_err(|e| e.to_string())?.0 };
    let mut header = header.without(|e| matches!(e, Element::Ports8 { .. } | Element::Ports16 { .. }));
    header.push(Element::Ports16 { destination, source }).map_err(|e| e.to_string())?;
    Ok(header.encode())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn composed(json: &str) -> Result<Vec<Composed>, ComposeError> {
        compose(&serde_json::from_str(json).unwrap(), &Limits::default())
    }

    #[test]
    fn texts_that_are_treated_in_their_own_way() {
        let flash = composed(r#"{"kind":"flash","text":"Now"}"#).unwrap();
        assert_eq!((flash[0].text.as_deref(), flash[0].class), (Some("Now"), 1));
        let replace = composed(r#"{"kind":"replace","text":"New","type":7}"#).unwrap();
        assert_eq!((replace[0].text.as_deref(), replace[0].protocol_id), (Some("New"), 0x47));
        for json in [r#"{"kind":"replace","text":"New","type":8}"#, r#"{"kind":"replace","text":"New"}"#] {
            assert_eq!(composed(json).unwrap_err().field_name(), "type");
        }
        assert_eq!(composed(r#"{"kind":"flash"}"#).unwrap_err().to_string(), "text: it is empty; say what is to be shown");
    }

    #[test]
    fn octets_go_as_they_are() {
        let binary = composed(r#"{"kind":"binary","data":{"hex":"0102"},"udh":"06050415811581","pid":1,"dcs":4}"#).unwrap();
        let expected = Composed { protocol_id: 1, ..Composed::octets(&[6, 5, 4, 0x15, 0x81, 0x15, 0x81], &[1, 2], 4) };
        assert_eq!(binary, [expected]);
        let ports = composed(r#"{"kind":"binary","data":{"hex":"09"},"dest_port":5505,"source_port":2}"#).unwrap();
        assert_eq!(ports[0].payload[..], [6, 5, 4, 0x15, 0x81, 0, 2, 9]);
        assert_eq!(composed(r#"{"kind":"binary","data":{"hex":"09"},"source_port":2}"#).unwrap_err().field_name(), "source_port");
        assert_eq!(composed(r#"{"kind":"binary","data":{"base64":"AQI="}}"#).unwrap()[0].data_coding, 0xf5);
        assert!(composed(r#"{"kind":"binary","udh":"0605","data":{"hex":""}}"#).unwrap_err().to_string().starts_with("udh: its length"));
        assert_eq!(composed(r#"{"kind":"binary"}"#).unwrap_err().field_name(), "data");
    }

    #[test]
    fn what_is_unknown_is_named() {
        let said = |json| serde_json::from_str::<Special>(json).unwrap_err().to_string();
        assert!(said(r#"{"kind":"fax"}"#).contains("unknown variant `fax`, expected one of `si`, `sl`"));
        assert!(said(r#"{"kind":"si","uri":"x"}"#).contains("unknown field `uri`, expected one of `url`"));
        assert!(said(r#"{"kind":"binary","data":{"hex":"0x"}}"#).contains("'x' at position 1"));
    }
}
