//! What a message is, found out from its ports, its header and its codings.

use waxwing_gsm::dcs::Coding;
use waxwing_gsm::udh::UserDataHeader;

use crate::ems::EmsMessage;
use crate::logo::{CLI_ICON_PORT, CliIcon, OPERATOR_LOGO_PORT, OperatorLogo};
use crate::multipart::{MULTIPART_PORT, Multipart};
use crate::ringtone::{RINGTONE_PORT, Ringtone};
use crate::sckl::Sckl;
use crate::text::SpecialText;
use crate::vobject::{VCALENDAR_PORT, VCARD_PORT, VObject, VObjectKind};
use crate::waiting::WaitingNotice;
use crate::{DecodeError, UserData, user_data};

/// The 8-bit port of business cards, which text forms use.
const VCARD_PORT_8: u16 = 0xe2;
/// The 8-bit port of calendar entries.
const VCALENDAR_PORT_8: u16 = 0xe4;

/// A message that is more than a text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Smart {
    /// A ring tone.
    Ringtone(Ringtone),
    /// An operator logo, or that there be none.
    OperatorLogo(OperatorLogo),
    /// An icon for callers.
    CliIcon(CliIcon),
    /// A picture message or a profile.
    Multipart(Multipart),
    /// A business card or a calendar entry.
    VObject(VObject),
    /// Text with formats and objects.
    Ems(EmsMessage),
    /// Messages are waiting.
    Waiting(WaitingNotice),
    /// A text that phones treat in its own way.
    Text(SpecialText),
}

impl Smart {
    /// Reads a message: its segments in their order, or one that they were joined to (of which EMS, whose positions are within segments,
    /// is read for the first only). `None` if it is none of these.
    ///
    /// # Errors
    /// The port is one of these, and the content is not what it says.
    pub fn decode(parts: &[UserData]) -> Result<Option<Self>, DecodeError> {
        let Some(first) = parts.first() else { return Ok(None) };
        if let Some(ports) = first.header.ports() {
            let content: Vec<u8> = parts.iter().flat_map(|part| part.payload.iter().copied()).collect();
            if let Some(smart) = of_port(ports.destination, &content, first.data_coding.coding())? {
                return Ok(Some(smart));
            }
        }
        if let Some(smart) = of_text(parts)? {
            return Ok(Some(smart));
        }
        let ems = || EmsMessage::decode(parts).map(Self::Ems);
        let waiting = || WaitingNotice::decode(parts).map(Self::Waiting);
        let text = || SpecialText::decode(parts).map(Self::Text);
        Ok(waiting().or_else(ems).or_else(text))
    }
}

fn of_port(port: u16, content: &[u8], coding: Coding) -> Result<Option<Smart>, DecodeError> {
    let object = |kind| Smart::VObject(VObject { kind, text: user_data::text(content, coding, &UserDataHeader::new()) });
    Ok(Some(match port {
        RINGTONE_PORT => Smart::Ringtone(Ringtone::from_binary(content)?),
        OPERATOR_LOGO_PORT => Smart::OperatorLogo(OperatorLogo::from_octets(content)?),
        CLI_ICON_PORT => Smart::CliIcon(CliIcon::from_octets(content)?),
        MULTIPART_PORT => Smart::Multipart(Multipart::from_octets(content)?),
        VCARD_PORT | VCARD_PORT_8 => object(VObjectKind::Card),
        VCALENDAR_PORT | VCALENDAR_PORT_8 => object(VObjectKind::Calendar),
        _ => return Ok(None),
    }))
}

/// The form for networks without user data headers.
fn of_text(parts: &[UserData]) -> Result<Option<Smart>, DecodeError> {
    let read = parts.iter().map(|part| Sckl::parse(&part.text())).collect::<Option<Vec<_>>>();
    let Some((first, read)) = read.as_deref().and_then(|read| Some((read.first()?, read))) else { return Ok(None) };
    let content: Vec<u8> = read.iter().flat_map(|part| part.content.iter().copied()).collect();
    of_port(first.destination, &content, Coding::Octets)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use bytes::Bytes;
    use waxwing_gsm::dcs::DataCoding;

    use super::*;
    use crate::Splitting;

    fn text(text: &str) -> UserData {
        let payload = Bytes::copy_from_slice(text.as_bytes());
        UserData { payload, data_coding: DataCoding::OCTETS, ..UserData::default() }
    }

    #[test]
    fn what_is_for_a_port_is_read() {
        let tone = Ringtone::from_rtttl(&format!("Long::{}", "c,d,".repeat(60))).unwrap();
        let parts = tone.encode(Splitting::default()).unwrap();
        assert_eq!(Smart::decode(&parts), Ok(Some(Smart::Ringtone(tone))));
        let card = VObject { kind: VObjectKind::Card, text: "BEGIN:VCARD\r\nN:Müller\r\nEND:VCARD\r\n".repeat(5) };
        let parts = card.encode(Splitting::default()).unwrap();
        assert_eq!(parts.len(), 2);
        assert_eq!(Smart::decode(&parts), Ok(Some(Smart::VObject(card))));
        let broken = UserData { payload: Bytes::from_static(&[2]), ..parts[0].clone() };
        assert!(matches!(Smart::decode(&[broken]), Ok(Some(Smart::VObject(_)))));
    }

    #[test]
    fn what_is_for_a_port_as_text_is_read() {
        let tone = Ringtone::from_rtttl("Tune::c,d,e").unwrap();
        let digits: String = tone.to_binary().unwrap().iter().map(|octet| format!("{octet:02X}")).collect();
        let (begin, end) = digits.split_at(10);
        let whole = text(&format!("//SCKL1581 {digits}"));
        assert_eq!(Smart::decode(&[whole]), Ok(Some(Smart::Ringtone(tone.clone()))));
        let parts = [text(&format!("//SCKL15811581070201 {begin}")), text(&format!("//SCKL15811581070202 {end}"))];
        assert_eq!(Smart::decode(&parts), Ok(Some(Smart::Ringtone(tone))));
        let object = |kind, text: &str| Smart::VObject(VObject { kind, text: text.to_owned() });
        assert_eq!(Smart::decode(&[text("//SCKE2 BEGIN:VCARD")]), Ok(Some(object(VObjectKind::Card, "BEGIN:VCARD"))));
        assert_eq!(Smart::decode(&[text("//SCKL23F5\r\nX")]), Ok(Some(object(VObjectKind::Calendar, "X"))));
        assert_eq!(Smart::decode(&[text("//SCKL1234 00")]), Ok(None));
    }

    #[test]
    fn other_messages_are_none() {
        assert_eq!(Smart::decode(&[]), Ok(None));
        assert_eq!(Smart::decode(&[text("Hello")]), Ok(None));
        assert_eq!(Smart::decode(&[UserData::parse(&[6, 5, 4, 0x0b, 0x84, 0x23, 0xf0, 1, 6], true, DataCoding(0xf5), 0)]), Ok(None));
        let empty = UserData::parse(&[6, 5, 4, 0x15, 0x81, 0, 0], true, DataCoding(0xf5), 0);
        assert!(Smart::decode(&[empty]).unwrap_err().to_string().starts_with("octet 0: the number of commands is missing"));
    }
}
