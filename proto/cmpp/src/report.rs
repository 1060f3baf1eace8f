//! Status reports: the Msg_Content of a DELIVER with Registered_Delivery 1 and of some FWDs.

use bytes::BytesMut;

use crate::error::Fault;
use crate::field::{Limits, Reader, Writer, int_at_end, msg_id, number, raw_at_end, text};
use crate::record::{Record, record};
use crate::visit::Visitor;
use crate::{EncodeError, MsgId, Version};

record! {
    /// What became of a message (CMPP 2.0 section 7.4.5.1, 3.0 section 8.4.5.1): 60 octets in 2.0, 71 in 3.0.
    Report<'a>, "status report" {
        /// Msg_Id of the SUBMIT_RESP.
        msg_id: MsgId = "Msg_Id", msg_id();
        /// How it ended, up to 7 octets: DELIVRD, EXPIRED, DELETED, UNDELIV, ACCEPTD, UNKNOWN, REJECTD, "MA:0001" and the like, and house
        /// codes without number.
        stat: &'a [u8] = "Stat", text(7, 7);
        /// When it was submitted, YYMMDDHHMM.
        submit_time: &'a [u8] = "Submit_time", text(10, 10);
        /// When it ended, YYMMDDHHMM.
        done_time: &'a [u8] = "Done_time", text(10, 10);
        /// Recipient; perhaps in another form (86, +86, bare) than it was submitted in.
        dest_terminal_id: &'a [u8] = "Dest_terminal_Id", number(21, 32);
        /// Sequence number of the SMSC.
        smsc_sequence: u32 = "SMSC_sequence", int_at_end(4);
    }
}

record! {
    /// What became of an MO message on its way to the SP: the Msg_Content of a FWD of type 3, 60 octets in both versions.
    MoReport<'a>, "MO status report" {
        /// Msg_Id of the MO message.
        msg_id: MsgId = "Msg_Id", msg_id();
        /// DELIVRD where the SP's DELIVER_RESP had result 0, else REJECTD (2.0) or "SA:xxxx", "SB:xxxx" (3.0).
        stat: &'a [u8] = "Stat", text(7, 7);
        /// When the DELIVER was sent, YYMMDDHHMM.
        deliver_time: &'a [u8] = "CMPP_DELIVER_time", text(10, 10);
        /// When its response came, YYMMDDHHMM.
        deliver_resp_time: &'a [u8] = "CMPP_DELIVER_RESP_time", text(10, 10);
        /// Service code of the SP.
        dest_id: &'a [u8] = "Dest_Id", number(21, 21);
        /// Reserved, 4 octets.
        reserved: &'a [u8] = "Reserved", raw_at_end(4, 4);
    }
}

/// Octets that are no report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a content of {length} octets is no status report: those have 60 or 71")]
pub struct ReportError {
    /// Octets given.
    pub length: usize,
}

/// Octets of a report up to SMSC_sequence.
const WITHOUT_SEQUENCE: [usize; 2] = [56, 67];

const LIMITS: Limits = Limits { recipients: None, content: None };

impl<'a> Report<'a> {
    /// Octets of a report in this version: 60 or 71.
    pub const fn len(version: Version) -> usize {
        WITHOUT_SEQUENCE[version.is_v3() as usize] + 4
    }

    /// Reads a report in the layout that its length tells, whatever the session's version: gateways mix them up.
    ///
    /// 67 octets or more have the long number; 56 or more the short one. A missing SMSC_sequence is 0, what follows it is ignored.
    pub fn decode(content: &'a [u8]) -> Result<Self, ReportError> {
        let mut reader = Reader::new(content);
        let report = match content.len() {
            length if length >= WITHOUT_SEQUENCE[1] => Self::read::<true>(&mut reader),
            length if length >= WITHOUT_SEQUENCE[0] => Self::read::<false>(&mut reader),
            length => return Err(ReportError { length }),
        };
        report.map_err(|_: Fault| ReportError { length: content.len() })
    }

    /// Appends the report, 60 or 71 octets. On error nothing is appended.
    pub fn encode(&self, version: Version, dst: &mut BytesMut) -> Result<(), EncodeError> {
        append(self, version, dst)
    }

    /// Shows its fields as the version has them.
    pub fn visit(&self, version: Version, visitor: &mut dyn Visitor) {
        Record::visit(self, version.is_v3(), visitor);
    }
}

impl<'a> MoReport<'a> {
    /// Octets of a report.
    pub const LEN: usize = 60;

    /// Reads a report of 56 octets or more. Reserved is empty where it is not there whole.
    pub fn decode(content: &'a [u8]) -> Result<Self, ReportError> {
        Self::read::<false>(&mut Reader::new(content)).map_err(|_: Fault| ReportError { length: content.len() })
    }

    /// Appends the report, 60 octets. On error nothing is appended.
    pub fn encode(&self, dst: &mut BytesMut) -> Result<(), EncodeError> {
        append(self, Version::V2, dst)
    }

    /// Shows its fields.
    pub fn visit(&self, visitor: &mut dyn Visitor) {
        Record::visit(self, false, visitor);
    }
}

fn append<'a, R: Record<'a>>(record: &R, version: Version, dst: &mut BytesMut) -> Result<(), EncodeError> {
    let start = dst.len();
    dst.resize(start + record.size(version.is_v3()), 0);
    let mut writer = Writer::new(&mut dst[start..], R::NAME, LIMITS);
    let result = match version {
        Version::V2 => record.write::<false>(&mut writer),
        Version::V3 => record.write::<true>(&mut writer),
    };
    if result.is_err() {
        dst.truncate(start);
    }
    result
}
