//! Texts that phones treat in their own way: shown at once, replacing an earlier one, asking for a call (3GPP TS 23.038, 4; 3GPP
//! TS 23.040, 9.2.3.9).

use waxwing_gsm::dcs::{Coding, DataCoding, MessageClass};
use waxwing_gsm::segment::TextPolicy;
use waxwing_gsm::udh::UserDataHeader;

use crate::{EncodeError, Splitting, UserData};

/// TP-Protocol-Identifier of a message that asks for a call.
pub(crate) const RETURN_CALL: u8 = 0x5f;
/// TP-Protocol-Identifier of a message that is acknowledged and not shown.
const SILENT: u8 = 0x40;

/// A text that is treated in its own way.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SpecialText {
    /// The text.
    pub text: String,
    /// Where it is shown or kept: class 0 shows it at once and keeps it nowhere ("flash").
    pub class: Option<MessageClass>,
    /// What becomes of it.
    pub handling: Handling,
}

/// What becomes of a text.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Handling {
    /// What becomes of any.
    #[default]
    Plain,
    /// The phone acknowledges it and does nothing else (short message type 0).
    Silent,
    /// It takes the place of an earlier text of the same number, 1 to 7, from the same sender.
    Replace(u8),
    /// It asks for a call (return call message).
    ReturnCall,
}

impl Handling {
    /// TP-Protocol-Identifier.
    ///
    /// # Errors
    /// A number of a text to replace other than 1 to 7.
    pub fn protocol_id(self) -> Result<u8, EncodeError> {
        Ok(match self {
            Self::Plain => 0,
            Self::Silent => SILENT,
            Self::Replace(number @ 1..=7) => SILENT + number,
            Self::Replace(number) => {
                return Err(EncodeError::OutOfRange { what: "the number of a text to replace", value: number.into(), from: 1, to: 7 });
            }
            Self::ReturnCall => RETURN_CALL,
        })
    }

    /// What a TP-Protocol-Identifier asks for; [`Handling::Plain`] if nothing of these.
    pub const fn from_protocol_id(protocol_id: u8) -> Self {
        match protocol_id {
            SILENT => Self::Silent,
            0x41..=0x47 => Self::Replace(protocol_id - SILENT),
            RETURN_CALL => Self::ReturnCall,
            _ => Self::Plain,
        }
    }
}

impl SpecialText {
    /// The text as short messages: in GSM 7-bit, or in UCS-2 where that lacks a character.
    ///
    /// # Errors
    /// The number of a text to replace is outside 1 to 7; the text takes more segments than allowed.
    pub fn encode(&self, splitting: Splitting) -> Result<Vec<UserData>, EncodeError> {
        let protocol_id = self.handling.protocol_id()?;
        let header = UserDataHeader::new();
        let data_coding = |coding| DataCoding::new(coding, self.class);
        Ok(splitting.text(&self.text, &header, TextPolicy::default(), protocol_id, data_coding)?)
    }

    /// Reads the segments of a message. `None` if it is treated as any other, or is no text.
    pub fn decode(parts: &[UserData]) -> Option<Self> {
        let first = parts.first()?;
        let handling = Handling::from_protocol_id(first.protocol_id);
        let class = first.data_coding.class();
        if first.data_coding.coding() == Coding::Octets || handling == Handling::Plain && class.is_none() {
            return None;
        }
        Some(Self { text: parts.iter().map(UserData::text).collect(), class, handling })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn special_texts_have_known_octets() {
        for (text, class, handling, protocol_id, data_coding) in [
            ("Hi", Some(MessageClass::Flash), Handling::Plain, 0, 0x10),
            ("你好", Some(MessageClass::Flash), Handling::Plain, 0, 0x18),
            ("Hi", None, Handling::Replace(1), 0x41, 0x00),
            ("Hi", Some(MessageClass::Sim), Handling::Replace(7), 0x47, 0x12),
            ("", None, Handling::Silent, 0x40, 0x00),
            ("Hi", None, Handling::ReturnCall, 0x5f, 0x00),
        ] {
            let special = SpecialText { text: text.to_owned(), class, handling };
            let parts = special.encode(Splitting::default()).unwrap();
            assert_eq!((parts.len(), parts[0].protocol_id, parts[0].data_coding.0), (1, protocol_id, data_coding));
            assert_eq!(SpecialText::decode(&parts), Some(special));
        }
        let eighth = SpecialText { text: String::new(), class: None, handling: Handling::Replace(8) };
        assert!(eighth.encode(Splitting::default()).unwrap_err().to_string().contains("8 is outside 1 to 7"));
        assert_eq!(SpecialText::decode(&[UserData::default()]), None);
    }
}
