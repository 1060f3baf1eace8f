//! Which PDU it is, and of which version of the protocol (OMA-TS-MMS_ENC-V1_3, sections 7.3.21 and 7.3.30).

use std::fmt;

use waxwing_wap::mms::message_type_name;

/// The kinds of PDUs of MMS 1.0 to 1.3, by the value of `X-Mms-Message-Type`.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[repr(u8)]
pub enum PduType {
    /// A phone hands a message in.
    SendReq = 0x80,
    /// What became of it.
    SendConf = 0x81,
    /// A message waits for the phone.
    NotificationInd = 0x82,
    /// What the phone did with it.
    NotifyRespInd = 0x83,
    /// The message itself, or why there is none.
    RetrieveConf = 0x84,
    /// The phone has it.
    AcknowledgeInd = 0x85,
    /// What became of a message, for its sender.
    DeliveryInd = 0x86,
    /// The recipient read it, or deleted it unread: from the phone.
    ReadRecInd = 0x87,
    /// The same, for the sender.
    ReadOrigInd = 0x88,
    /// A phone has a message forwarded that it has not retrieved (1.1).
    ForwardReq = 0x89,
    /// What became of that.
    ForwardConf = 0x8a,
    /// A message is to be kept in the mailbox on the network (1.2, as all that follow).
    MboxStoreReq = 0x8b,
    /// What became of that.
    MboxStoreConf = 0x8c,
    /// What is in the mailbox?
    MboxViewReq = 0x8d,
    /// Its messages, or some of their headers.
    MboxViewConf = 0x8e,
    /// A message of the phone's goes into the mailbox.
    MboxUploadReq = 0x8f,
    /// What became of that.
    MboxUploadConf = 0x90,
    /// Messages of the mailbox are to go.
    MboxDeleteReq = 0x91,
    /// What became of that.
    MboxDeleteConf = 0x92,
    /// A message of a mailbox, inside of another PDU.
    MboxDescr = 0x93,
    /// Messages that were not retrieved are to go (1.3, as all that follow).
    DeleteReq = 0x94,
    /// What became of that.
    DeleteConf = 0x95,
    /// A message that the phone has is to be removed.
    CancelReq = 0x96,
    /// The phone got that.
    CancelConf = 0x97,
}

impl PduType {
    /// All of them, by their values.
    pub const ALL: [Self; 24] = [
        Self::SendReq,
        Self::SendConf,
        Self::NotificationInd,
        Self::NotifyRespInd,
        Self::RetrieveConf,
        Self::AcknowledgeInd,
        Self::DeliveryInd,
        Self::ReadRecInd,
        Self::ReadOrigInd,
        Self::ForwardReq,
        Self::ForwardConf,
        Self::MboxStoreReq,
        Self::MboxStoreConf,
        Self::MboxViewReq,
        Self::MboxViewConf,
        Self::MboxUploadReq,
        Self::MboxUploadConf,
        Self::MboxDeleteReq,
        Self::MboxDeleteConf,
        Self::MboxDescr,
        Self::DeleteReq,
        Self::DeleteConf,
        Self::CancelReq,
        Self::CancelConf,
    ];

    /// The kind of a value of `X-Mms-Message-Type`, 0x80 to 0x97.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code.checked_sub(0x80)?)).copied()
    }

    /// The kind of a name such as `m-send-req`, in any case.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name().eq_ignore_ascii_case(name))
    }

    /// The value of `X-Mms-Message-Type`.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The name, such as `m-send-req`.
    pub fn name(self) -> &'static str {
        message_type_name(self.code()).unwrap_or_default()
    }

    /// The kind that answers this one; `None` for answers, and for what is not answered by a PDU.
    pub fn answer(self) -> Option<Self> {
        Some(match self {
            Self::SendReq => Self::SendConf,
            Self::NotificationInd => Self::NotifyRespInd,
            Self::RetrieveConf => Self::AcknowledgeInd,
            Self::ForwardReq => Self::ForwardConf,
            Self::MboxStoreReq => Self::MboxStoreConf,
            Self::MboxViewReq => Self::MboxViewConf,
            Self::MboxUploadReq => Self::MboxUploadConf,
            Self::MboxDeleteReq => Self::MboxDeleteConf,
            Self::DeleteReq => Self::DeleteConf,
            Self::CancelReq => Self::CancelConf,
            _ => return None,
        })
    }
}

impl fmt::Display for PduType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A version of the protocol: three bits of major and four of minor version.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Version(pub u8);

impl Version {
    /// MMS 1.0 (WAP-209).
    pub const V1_0: Self = Self(0x10);
    /// MMS 1.1.
    pub const V1_1: Self = Self(0x11);
    /// MMS 1.2.
    pub const V1_2: Self = Self(0x12);
    /// MMS 1.3, the latest.
    pub const V1_3: Self = Self(0x13);

    /// The major version, of which peers have to agree.
    pub const fn major(self) -> u8 {
        self.0 >> 4 & 7
    }

    /// The minor version; 15 stands for none, and is told as 0.
    pub const fn minor(self) -> u8 {
        match self.0 & 0xf {
            15 => 0,
            minor => minor,
        }
    }

    /// The version of a text such as `1.2` or `1`.
    pub fn from_text(text: &str) -> Option<Self> {
        let (major, minor) = text.trim().split_once('.').unwrap_or((text.trim(), "0"));
        let (major, minor): (u8, u8) = (major.parse().ok()?, minor.parse().ok()?);
        (major < 8 && minor < 15).then_some(Self(major << 4 | minor))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major(), self.minor())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn kinds_go_by_code_and_name() {
        for (index, kind) in PduType::ALL.into_iter().enumerate() {
            assert_eq!(usize::from(kind.code()), 0x80 + index);
            assert_eq!(PduType::from_code(kind.code()), Some(kind));
            assert_eq!(PduType::from_name(&kind.name().to_uppercase()), Some(kind));
        }
        assert_eq!((PduType::from_code(0x7f), PduType::from_code(0x98)), (None, None));
        assert_eq!((PduType::MboxDescr.name(), PduType::CancelConf.name()), ("m-mbox-descr", "m-cancel-conf"));
    }

    #[test]
    fn versions_are_two_numbers() {
        assert_eq!(Version::from_text("1.2"), Some(Version::V1_2));
        assert_eq!(Version::from_text(" 1 "), Some(Version::V1_0));
        assert_eq!((Version::from_text("1.15"), Version::from_text("8.0"), Version::from_text("x")), (None, None, None));
        assert_eq!((Version::V1_3.to_string(), Version(0x1f).to_string()), ("1.3".to_owned(), "1.0".to_owned()));
    }
}
