//! Message waiting notices: an icon for voicemail, fax, e-mail or something else is shown or taken away (3GPP TS 23.038, 4, groups 1100
//! to 1110; 3GPP TS 23.040, 9.2.3.24.2 and 9.2.3.9).

use waxwing_gsm::charset::Charset;
use waxwing_gsm::dcs::{DataCoding, Indication, Waiting};
use waxwing_gsm::segment::{SegmentError, TextPolicy};
use waxwing_gsm::udh::Element;

use crate::text::RETURN_CALL;
use crate::user_data::header_of;
use crate::{EncodeError, Splitting, UserData};

/// A notice.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct WaitingNotice {
    /// What is waiting. Phones take several from the header; a data coding scheme tells the first.
    pub indications: Vec<WaitingIndication>,
    /// How it is told.
    pub method: WaitingMethod,
    /// What is shown; it may be empty.
    pub text: String,
    /// The message asks for a call (TP-Protocol-Identifier 0x5F).
    pub return_call: bool,
}

/// What is waiting.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct WaitingIndication {
    /// What kind.
    pub kind: WaitingKind,
    /// How many; 0 takes the icon away. A data coding scheme alone tells 1 of any number.
    pub count: u8,
    /// The message is kept when the icon is set; else it may be thrown away.
    pub store: bool,
}

/// What is waiting.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum WaitingKind {
    /// Voicemail.
    Voicemail,
    /// Fax.
    Fax,
    /// Electronic mail.
    Email,
    /// Anything else.
    Other,
    /// Video message; told in the header only.
    Video,
    /// A reserved kind: bits 4 to 0 of the header element; told in the header only.
    Reserved(u8),
}

/// How a phone is told.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum WaitingMethod {
    /// By the data coding scheme, which every phone understands.
    DataCoding,
    /// By the user data header, which tells how many.
    Header,
    /// By both.
    #[default]
    Both,
}

impl WaitingKind {
    /// Bits 4 to 0 of the header element.
    pub const fn code(self) -> u8 {
        match self {
            Self::Voicemail => 0,
            Self::Fax => 1,
            Self::Email => 2,
            Self::Other => 3,
            Self::Video => 7,
            Self::Reserved(code) => code & 0x1f,
        }
    }

    const fn from_code(code: u8) -> Self {
        match code & 0x1f {
            0 => Self::Voicemail,
            1 => Self::Fax,
            2 => Self::Email,
            3 => Self::Other,
            7 => Self::Video,
            reserved => Self::Reserved(reserved),
        }
    }

    const fn indication(self) -> Option<Indication> {
        match self {
            Self::Voicemail => Some(Indication::Voicemail),
            Self::Fax => Some(Indication::Fax),
            Self::Email => Some(Indication::Email),
            Self::Other => Some(Indication::Other),
            Self::Video | Self::Reserved(_) => None,
        }
    }
}

impl From<Indication> for WaitingKind {
    fn from(indication: Indication) -> Self {
        Self::from_code(indication as u8)
    }
}

impl WaitingNotice {
    /// The notice as short messages; mostly one.
    ///
    /// # Errors
    /// Nothing is indicated; a data coding scheme is to tell what it can't; the text can't be coded, or takes more segments than allowed.
    pub fn encode(&self, splitting: Splitting) -> Result<Vec<UserData>, EncodeError> {
        let scheme = self.scheme()?;
        let told = if self.method == WaitingMethod::DataCoding { &[][..] } else { &self.indications };
        let header = header_of(told.iter().map(|WaitingIndication { kind, count, store }| Element::Waiting {
            indication: u8::from(*store) << 7 | kind.code(),
            count: *count,
        }))?;
        let mut policy = TextPolicy::default();
        let volatile = scheme.is_some_and(|waiting| !waiting.store);
        if volatile {
            policy.charsets = vec![Charset::Gsm7];
        }
        let protocol_id = if self.return_call { RETURN_CALL } else { 0 };
        let coded = splitting.text(&self.text, &header, policy, protocol_id, |coding| match scheme {
            Some(waiting) => DataCoding::message_waiting(waiting, coding),
            None => DataCoding::new(coding, None),
        });
        coded.map_err(|error| match error {
            error @ SegmentError::Unencodable(_) if volatile => EncodeError::NotStoredText(error),
            error => error.into(),
        })
    }

    /// Reads the segments of a message. `None` if it is no notice.
    pub fn decode(parts: &[UserData]) -> Option<Self> {
        let first = parts.first()?;
        let told = first.header.elements().iter().filter_map(|element| match *element {
            Element::Waiting { indication, count } => {
                Some(WaitingIndication { kind: WaitingKind::from_code(indication), count, store: indication & 0x80 != 0 })
            }
            _ => None,
        });
        let mut indications: Vec<_> = told.collect();
        let method = match (first.data_coding.waiting(), indications.is_empty()) {
            (None, true) => return None,
            (None, false) => WaitingMethod::Header,
            (Some(waiting), true) => {
                let Waiting { active, indication, store } = waiting;
                indications.push(WaitingIndication { kind: indication.into(), count: u8::from(active), store });
                WaitingMethod::DataCoding
            }
            (Some(_), false) => WaitingMethod::Both,
        };
        let text = parts.iter().map(UserData::text).collect();
        Some(Self { indications, method, text, return_call: first.protocol_id == RETURN_CALL })
    }

    /// What the data coding scheme is to tell.
    fn scheme(&self) -> Result<Option<Waiting>, EncodeError> {
        let count = u32::try_from(self.indications.len()).unwrap_or(u32::MAX);
        let most = if self.method == WaitingMethod::DataCoding { 1 } else { 60 };
        let Some(first) = self.indications.first().filter(|_| count <= most) else {
            return Err(EncodeError::OutOfRange { what: "the number of indications", value: count, from: 1, to: most });
        };
        if self.method == WaitingMethod::Header {
            return Ok(None);
        }
        let Some(indication) = first.kind.indication() else {
            let what = "the kind of messages waiting, where a data coding scheme is to tell it,";
            return Err(EncodeError::OutOfRange { what, value: first.kind.code().into(), from: 0, to: 3 });
        };
        Ok(Some(Waiting { active: first.count > 0, indication, store: first.store }))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn notice(kind: WaitingKind, count: u8, store: bool, method: WaitingMethod, text: &str) -> WaitingNotice {
        let indications = vec![WaitingIndication { kind, count, store }];
        WaitingNotice { indications, method, text: text.to_owned(), return_call: false }
    }

    #[test]
    fn notices_have_known_octets() {
        use WaitingKind::*;
        use WaitingMethod::*;
        for (notice, header, data_coding) in [
            (notice(Voicemail, 1, false, DataCoding, "Hi"), &[][..], 0xc8),
            (notice(Voicemail, 0, false, DataCoding, ""), &[], 0xc0),
            (notice(Voicemail, 1, true, DataCoding, "Hi"), &[], 0xd8),
            (notice(Fax, 1, true, DataCoding, "你"), &[], 0xe9),
            (notice(Voicemail, 5, true, Both, "Hi"), &[4, 1, 2, 0x80, 5], 0xd8),
            (notice(Email, 255, false, Both, ""), &[4, 1, 2, 0x02, 255], 0xca),
            (notice(Other, 3, false, Header, "你"), &[4, 1, 2, 0x03, 3], 0x08),
            (notice(Video, 3, true, Header, "Hi"), &[4, 1, 2, 0x87, 3], 0x00),
        ] {
            let parts = notice.encode(Splitting::default()).unwrap();
            assert_eq!(parts.len(), 1);
            assert_eq!((parts[0].header.encode().as_slice(), parts[0].data_coding.0), (header, data_coding), "{notice:?}");
            assert_eq!(WaitingNotice::decode(&parts), Some(notice));
        }
    }

    #[test]
    fn a_notice_may_ask_for_a_call() {
        let notice =
            WaitingNotice { return_call: true, ..notice(WaitingKind::Voicemail, 2, true, WaitingMethod::Both, &"Call ".repeat(50)) };
        let parts = notice.encode(Splitting { reference: 1, max_segments: 2 }).unwrap();
        assert!(parts.len() == 2 && parts.iter().all(|part| part.protocol_id == 0x5f && part.data_coding.0 == 0xd8));
        assert_eq!(WaitingNotice::decode(&parts), Some(notice));
    }

    #[test]
    fn what_cannot_be_told_is_refused() {
        let said = |notice: WaitingNotice| notice.encode(Splitting::default()).unwrap_err().to_string();
        assert!(
            said(notice(WaitingKind::Fax, 1, false, WaitingMethod::Both, "你")).starts_with("a message waiting notice that is not stored")
        );
        assert!(said(notice(WaitingKind::Video, 1, true, WaitingMethod::Both, "")).contains("7 is outside 0 to 3"));
        let mut none = notice(WaitingKind::Fax, 1, true, WaitingMethod::Header, "");
        none.indications.clear();
        assert_eq!(said(none), "the number of indications 0 is outside 1 to 60; choose another");
    }

    #[test]
    fn several_kinds_are_told_in_one_header() {
        let mut notice = notice(WaitingKind::Voicemail, 1, false, WaitingMethod::Header, "Two");
        notice.indications.push(WaitingIndication { kind: WaitingKind::Reserved(9), count: 2, store: true });
        let parts = notice.encode(Splitting::default()).unwrap();
        assert_eq!(WaitingNotice::decode(&parts), Some(notice));
        assert_eq!(WaitingNotice::decode(&[UserData::default()]), None);
        assert_eq!(WaitingNotice::decode(&[]), None);
    }
}
