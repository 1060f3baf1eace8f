//! Which protocol's numbers a carrier is spoken to in.

use waxwing_gsm::charset::Charset;
use waxwing_gsm::dcs::smpp::meaning;
use waxwing_gsm::dcs::{Coding, DataCoding};

/// Whose error codes and encodings a carrier uses towards its caller.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Codes {
    /// SMPP: command_status and data_coding; 0 is the GSM alphabet.
    #[default]
    Smpp,
    /// CMPP: Result and Msg_Fmt; 0 is ASCII, 8 UTF-16, 15 GB 18030.
    Cmpp,
}

impl Codes {
    /// "Too fast".
    pub(crate) fn throttled(self) -> u32 {
        match self {
            Codes::Smpp => 0x58,
            Codes::Cmpp => 8,
        }
    }

    /// How the octets under a data_coding are to be read.
    pub(crate) fn charset(self, data_coding: u8) -> Charset {
        match (self, data_coding) {
            (Codes::Smpp, d) => meaning(d, Charset::Gsm7).charset,
            (Codes::Cmpp, 0) => Charset::Ascii,
            (Codes::Cmpp, 3 | 4) => Charset::Octets,
            (Codes::Cmpp, 15) => Charset::Gb18030,
            // Others come from data coding schemes that leaked through: 0x18 is a flash message in UCS-2.
            (Codes::Cmpp, d) => match DataCoding(d).coding() {
                Coding::Ucs2 => Charset::Ucs2,
                Coding::Gsm7 => Charset::Ascii,
                Coding::Octets | Coding::Reserved => Charset::Octets,
            },
        }
    }

    /// A text in the narrowest encoding that has all of it: its data_coding and its octets. Text beyond ASCII that answers one in GB is
    /// in GB.
    pub(crate) fn encode(self, text: &str, answered: u8) -> (u8, Vec<u8>) {
        let (narrow, wide) = match self {
            Codes::Smpp => (Charset::Gsm7, (8, Charset::Ucs2)),
            Codes::Cmpp if answered == 15 => (Charset::Ascii, (15, Charset::Gb18030)),
            Codes::Cmpp => (Charset::Ascii, (8, Charset::Ucs2)),
        };
        narrow.encode(text).map_or_else(|_| (wide.0, wide.1.encode_lossy(text).octets), |octets| (0, octets))
    }
}
