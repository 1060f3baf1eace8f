//! Our errors as results of CMPP, and theirs as words.

use bytes::{Bytes, BytesMut};
use waxwing_cmpp::{CancelResp, DeliverResp, FwdResp, MsgId, Pdu, SubmitResp, Version, encode, result, status};
use waxwing_core::{AuthError, SubmitError};

/// "Other" of FWD_RESP.
pub(super) const FWD_OTHER: u32 = 10;
/// 9 of FWD_RESP: the recipient is not on this gateway.
pub(super) const FORWARD_JUDGEMENT_WRONG: u32 = 9;

/// "Other" of SUBMIT_RESP in 2.0, whose table ends there.
const OTHER: u32 = 9;

/// A result that only 3.0 has, as a peer of this version knows it.
pub(super) fn of_version(code: u32, version: Version) -> u32 {
    if version == Version::V2 && code > OTHER { OTHER } else { code }
}

/// The answer to a request that only the other side may send: result 2, where its response has one; empty otherwise.
pub(super) fn not_taken(request: &Pdu<'_>, version: Version, sequence_id: u32) -> Bytes {
    let result = result::COMMAND_WORD_ERROR;
    let answer = match request {
        Pdu::Submit(_) => Pdu::from(SubmitResp { msg_id: MsgId(0), result }),
        Pdu::Deliver(p) => Pdu::from(DeliverResp { msg_id: p.msg_id, result }),
        Pdu::Fwd(p) => Pdu::from(FwdResp { msg_id: p.msg_id, pk_total: p.pk_total, pk_number: p.pk_number, result }),
        Pdu::Cancel(_) => Pdu::from(CancelResp { success_id: 1 }),
        _ => return Bytes::new(),
    };
    let mut out = BytesMut::new();
    // Numbers always encode.
    let _ = encode(&answer, version, sequence_id, &mut out);
    out.freeze()
}

/// What a submitter is told.
pub(super) fn of_submit(e: &SubmitError, version: Version) -> u32 {
    let code = match e {
        SubmitError::Recipient(_) | SubmitError::NoRoute(_) => result::DEST_TERMINAL_ID_ERROR,
        SubmitError::Sender(_) | SubmitError::SenderNotAllowed(_) => result::SRC_ID_ERROR,
        SubmitError::Throttled { .. } | SubmitError::Busy(_) => result::FLOW_CONTROL,
        SubmitError::TooLong { .. } => result::TOO_LONG,
        _ => OTHER,
    };
    of_version(code, version)
}

/// What a gateway is told that forwards.
pub(super) fn of_forwarded(e: &SubmitError) -> u32 {
    match e {
        SubmitError::Recipient(_) | SubmitError::NoRoute(_) => FORWARD_JUDGEMENT_WRONG,
        SubmitError::Throttled { .. } | SubmitError::Busy(_) => result::FLOW_CONTROL,
        SubmitError::TooLong { .. } => result::TOO_LONG,
        _ => FWD_OTHER,
    }
}

/// A result of FWD_RESP for people.
pub(super) fn fwd_name(code: u32) -> String {
    match code {
        FORWARD_JUDGEMENT_WRONG => format!("{code} (forward judgement wrong)"),
        FWD_OTHER => format!("{code} (other error)"),
        _ => name(code),
    }
}

/// What somebody is told who is not let in. An unknown account and a wrong secret look the same.
pub(super) fn of_auth(e: AuthError) -> u32 {
    match e {
        AuthError::Unknown | AuthError::Password | AuthError::Door => status::AUTHENTICATION_ERROR,
        AuthError::Host => status::ILLEGAL_SOURCE_ADDRESS,
        AuthError::Busy => status::OTHER,
    }
}

/// A result for people: the number and what the standard says it means.
pub(super) fn name(code: u32) -> String {
    let words = match code {
        result::STRUCTURE_ERROR => "structure error",
        result::COMMAND_WORD_ERROR => "command word error",
        result::DUPLICATE_SEQUENCE => "duplicate sequence number",
        result::MESSAGE_LENGTH_ERROR => "message length error",
        result::FEE_CODE_ERROR => "fee code error",
        result::TOO_LONG => "longer than the maximum",
        result::SERVICE_CODE_ERROR => "service code error",
        result::FLOW_CONTROL => "flow control",
        result::CHARGING_NUMBER_NOT_SERVED => "other, or charging number not served",
        result::SRC_ID_ERROR => "Src_Id error",
        result::MSG_SRC_ERROR => "Msg_src error",
        result::FEE_TERMINAL_ID_ERROR => "Fee_terminal_Id error",
        result::DEST_TERMINAL_ID_ERROR => "Dest_terminal_Id error",
        _ => "the carrier's own",
    };
    format!("{code} ({words})")
}

/// A status of CONNECT_RESP for people. Above 5 is a failure too.
pub(super) fn login(code: u32) -> String {
    let words = match code {
        status::STRUCTURE_ERROR => "structure error",
        status::ILLEGAL_SOURCE_ADDRESS => "illegal source address",
        status::AUTHENTICATION_ERROR => "authentication error: check the account and the shared secret",
        status::VERSION_TOO_HIGH => "version too high",
        status::OTHER => "other error, often too many connections",
        _ => "the carrier's own",
    };
    format!("status {code} ({words})")
}
