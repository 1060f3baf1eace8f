//! What Msg_Content holds beside a plain message: user data headers and status reports.

use crate::{Body, Deliver, Fwd, MoReport, Pdu, Quirks, Report, Submit, Version};

/// Whether content begins with a user data header: 0x40 is what an SMSC's esm_class leaves there.
const fn announces_udh(tp_udhi: u8) -> bool {
    tp_udhi & 0x41 != 0
}

impl Submit<'_> {
    /// Whether Msg_Content begins with a user data header. TP_udhi 0x40 counts as well as 1.
    pub const fn has_udh(&self) -> bool {
        announces_udh(self.tp_udhi)
    }
}

impl<'a> Deliver<'a> {
    /// Whether Msg_Content begins with a user data header. TP_udhi 0x40 counts as well as 1.
    pub const fn has_udh(&self) -> bool {
        announces_udh(self.tp_udhi)
    }

    /// The status report that it carries; `None` for a message, and for a content that is too short for a report.
    pub fn report(&self) -> Option<Report<'a>> {
        if self.registered_delivery == 0 { None } else { Report::decode(self.msg_content).ok() }
    }
}

impl<'a> Fwd<'a> {
    /// Msg_Fwd_Type of an MT message.
    pub const MT: u8 = 0;
    /// Msg_Fwd_Type of an MO message.
    pub const MO: u8 = 1;
    /// Msg_Fwd_Type of the status report of an MT message.
    pub const MT_REPORT: u8 = 2;
    /// Msg_Fwd_Type of the status report of an MO message.
    pub const MO_REPORT: u8 = 3;

    /// Whether Msg_Content begins with a user data header. TP_udhi 0x40 counts as well as 1.
    pub const fn has_udh(&self) -> bool {
        announces_udh(self.tp_udhi)
    }

    /// The status report of an MT message that it carries.
    pub fn report(&self) -> Option<Report<'a>> {
        if self.msg_fwd_type == Self::MT_REPORT { Report::decode(self.msg_content).ok() } else { None }
    }

    /// The status report of an MO message that it carries.
    pub fn mo_report(&self) -> Option<MoReport<'a>> {
        if self.msg_fwd_type == Self::MO_REPORT { MoReport::decode(self.msg_content).ok() } else { None }
    }
}

impl Pdu<'_> {
    /// Whether the two versions have this PDU in different layouts.
    pub(crate) fn differs_by_version(&self) -> bool {
        Self::fixed_lengths(self.command_id()).is_none_or(|[v2, v3]| v2.is_none() || v2 != v3)
    }

    /// What is odd about the status report that the PDU carries.
    #[inline]
    pub(crate) fn report_quirks(&self, version: Version) -> Quirks {
        let (content, expected) = match self {
            Self::Deliver(deliver) if deliver.registered_delivery != 0 => (deliver.msg_content, Report::len(version)),
            Self::Fwd(fwd) if fwd.msg_fwd_type == Fwd::MT_REPORT => (fwd.msg_content, Report::len(version)),
            Self::Fwd(fwd) if fwd.msg_fwd_type == Fwd::MO_REPORT => (fwd.msg_content, MoReport::LEN),
            _ => return Quirks::NONE,
        };
        if content.len() == expected { Quirks::NONE } else { Quirks::ODD_REPORT }
    }
}
