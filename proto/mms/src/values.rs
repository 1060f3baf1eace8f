//! Values of header fields that are neither numbers with names nor addresses.

use std::fmt;

use waxwing_wap::Charset;
use waxwing_wap::wsp::Parameter;

use crate::address::MmsAddress;

/// Text with the charset that it has on the wire (Encoded-string-value, OMA-TS-MMS_ENC-V1_3, section 7.3.1).
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct EncodedText {
    /// The text.
    pub text: String,
    /// The charset that the wire names; where it names none, or one that is not known, none of ASCII and UTF-8 of other text. Text that its
    /// charset lacks characters for is written in UTF-8, and so is text without a charset that is not ASCII.
    pub charset: Option<Charset>,
}

/// A moment, or a time from the receipt of the PDU on (`X-Mms-Expiry` and the like).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Time {
    /// So many seconds after it was received.
    After(u64),
    /// This moment, in seconds since 1970 UTC.
    At(u64),
}

impl Time {
    /// The moment, in seconds since 1970 UTC, of a PDU that was received then.
    pub const fn since(self, received: u64) -> u64 {
        match self {
            Self::After(seconds) => received.saturating_add(seconds),
            Self::At(moment) => moment,
        }
    }
}

/// The sender.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Sender {
    /// This address.
    Address(MmsAddress),
    /// The message centre is to fill in who it is.
    Insert,
}

impl Sender {
    /// The address, if there is one.
    pub const fn address(&self) -> Option<&MmsAddress> {
        match self {
            Self::Address(address) => Some(address),
            Self::Insert => None,
        }
    }
}

/// What kind of message it is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum MessageClass {
    /// Advertising.
    Advertisement,
    /// Made by a machine, such as a read report in a message.
    Auto,
    /// Of an information service.
    Informational,
    /// Of a class of somebody's own, a token.
    Other(String),
    /// From a person; where no class is told, this is it.
    Personal,
}

impl MessageClass {
    pub(crate) const NUMBERED: [(u8, Self); 4] =
        [(0x80, Self::Personal), (0x81, Self::Advertisement), (0x82, Self::Informational), (0x83, Self::Auto)];

    /// The class of a name, in any case.
    pub fn from_name(name: &str) -> Self {
        let known = Self::NUMBERED.into_iter().map(|(_, class)| class).find(|class| class.name().eq_ignore_ascii_case(name));
        known.unwrap_or_else(|| Self::Other(name.to_owned()))
    }

    /// The name.
    pub fn name(&self) -> &str {
        match self {
            Self::Advertisement => "Advertisement",
            Self::Auto => "Auto",
            Self::Informational => "Informational",
            Self::Other(name) => name,
            Self::Personal => "Personal",
        }
    }
}

/// Which keyword a message of a mailbox gets or loses, or has to have (`X-Mms-MM-Flags`, 1.2).
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum MmFlag {
    /// It gets this one.
    Add(EncodedText),
    /// Those that have it are meant.
    Filter(EncodedText),
    /// It loses this one.
    Remove(EncodedText),
}

/// How much a mailbox holds, or may hold (`X-Mms-Mbox-Totals`, `X-Mms-Mbox-Quotas`, 1.2).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Amount {
    /// So many messages.
    Messages(u64),
    /// So many octets.
    Octets(u64),
}

/// Who passed the message on, and the how manieth that was (`X-Mms-Previously-Sent-By`, 1.1).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PreviouslySentBy {
    /// From 1, the first sender, on.
    pub count: u64,
    /// Who.
    pub address: MmsAddress,
}

/// When the message was passed on (`X-Mms-Previously-Sent-Date`, 1.1).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct PreviouslySentDate {
    /// From 1, the first sender, on.
    pub count: u64,
    /// When, in seconds since 1970 UTC.
    pub date: u64,
}

/// What an answer to a deletion says of one of several messages: those with the same number belong together (1.2).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Numbered<T> {
    /// The number.
    pub number: u64,
    /// What is said.
    pub value: T,
}

/// A part of the content of a message in a mailbox (`X-Mms-Element-Descriptor`, 1.2).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ElementDescriptor {
    /// Its Content-ID or Content-Location.
    pub reference: String,
    /// What is said of it, such as its type.
    pub parameters: Vec<Parameter>,
}

impl EncodedText {
    /// Text whose charset is said.
    pub fn with_charset(text: impl Into<String>, charset: Charset) -> Self {
        Self { text: text.into(), charset: Some(charset) }
    }
}

impl From<&str> for EncodedText {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

/// Without a charset if it is ASCII, else in UTF-8.
impl From<String> for EncodedText {
    fn from(text: String) -> Self {
        let charset = (!is_plain(&text)).then_some(Charset::UTF_8);
        Self { text, charset }
    }
}

/// Text that needs no charset: ASCII, and nothing before it that would be taken for a length.
pub(crate) fn is_plain(text: &str) -> bool {
    text.is_ascii() && !text.starts_with(|char: char| char.is_ascii_control())
}

impl fmt::Display for EncodedText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Display for MessageClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
