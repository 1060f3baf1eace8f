//! Code points of CMPP and what they mean.

/// Values of Status in a CONNECT_RESP. Others are failures too.
pub mod status {
    /// Logged in.
    pub const OK: u32 = 0;
    /// The CONNECT is not as it should be.
    pub const STRUCTURE_ERROR: u32 = 1;
    /// The source address may not connect.
    pub const ILLEGAL_SOURCE_ADDRESS: u32 = 2;
    /// The authenticator is wrong.
    pub const AUTHENTICATION_ERROR: u32 = 3;
    /// The client's version is higher than the server's.
    pub const VERSION_TOO_HIGH: u32 = 4;
    /// Everything else; gateways say so when the account has too many connections.
    pub const OTHER: u32 = 5;
}

/// Values of Result in SUBMIT_RESP, DELIVER_RESP and FWD_RESP.
pub mod result {
    /// Taken.
    pub const OK: u32 = 0;
    /// The message is not as it should be.
    pub const STRUCTURE_ERROR: u32 = 1;
    /// Unknown command.
    pub const COMMAND_WORD_ERROR: u32 = 2;
    /// The Sequence_Id was used already.
    pub const DUPLICATE_SEQUENCE: u32 = 3;
    /// Msg_Length is wrong.
    pub const MESSAGE_LENGTH_ERROR: u32 = 4;
    /// FeeCode or FeeType is wrong.
    pub const FEE_CODE_ERROR: u32 = 5;
    /// The message is longer than allowed.
    pub const TOO_LONG: u32 = 6;
    /// Service_Id is wrong.
    pub const SERVICE_CODE_ERROR: u32 = 7;
    /// Too fast: send it again later.
    pub const FLOW_CONTROL: u32 = 8;
    /// SUBMIT_RESP of 3.0: this gateway does not serve the number that is to pay. In 2.0 and in DELIVER_RESP: another error.
    pub const CHARGING_NUMBER_NOT_SERVED: u32 = 9;
    /// Src_Id is wrong (SUBMIT_RESP of 3.0).
    pub const SRC_ID_ERROR: u32 = 10;
    /// Msg_src is wrong (SUBMIT_RESP of 3.0).
    pub const MSG_SRC_ERROR: u32 = 11;
    /// Fee_terminal_Id is wrong (SUBMIT_RESP of 3.0).
    pub const FEE_TERMINAL_ID_ERROR: u32 = 12;
    /// Dest_terminal_Id is wrong (SUBMIT_RESP of 3.0).
    pub const DEST_TERMINAL_ID_ERROR: u32 = 13;
}

macro_rules! words {
    ($( $(#[doc = $doc:literal])* $name:ident { $( $value:pat => $word:literal, )* } )*) => {
        $(
            $(#[doc = $doc])*
            pub(crate) fn $name(value: u32) -> Option<&'static str> {
                match value {
                    $( $value => Some($word), )*
                    _ => None,
                }
            }
        )*
    };
}

words! {
    /// For fields whose values have no names.
    none {}
    login_status {
        0 => "ok", 1 => "structure error", 2 => "illegal source address", 3 => "authentication error", 4 => "version too high",
        5 => "other error",
    }
    version { 0x20 => "2.0", 0x21 => "2.1", 0x30 => "3.0", }
    common_result {
        0 => "ok", 1 => "structure error", 2 => "command word error", 3 => "duplicate sequence number", 4 => "message length error",
        5 => "fee code error", 6 => "longer than the maximum", 7 => "service code error", 8 => "flow control", 9 => "other error",
        100..=199 => "vendor",
    }
    submit_only_result {
        9 => "charging number not served here (2.0: other error)", 10 => "Src_Id error", 11 => "Msg_src error",
        12 => "Fee_terminal_Id error", 13 => "Dest_terminal_Id error", 14..=99 => "reserved",
    }
    cancel_result { 0 => "ok", 1 => "failed", }
    /// Results of a GNS by 3.0; 2.0 has 0 and 1, and 2 for the last route.
    gns_result {
        0 => "ok", 1 => "no route", 2 => "source gateway code error (2.0: last route)", 3 => "route type error",
        4 => "node does not take updates", 5 => "update failed", 6 => "timestamp is older than the local one", 9 => "busy",
        10 => "Update_type error", 11 => "route number error", 12 => "gateway code error", 13 => "IP error", 14 => "port error",
        15 => "start segment error", 16 => "end segment error", 17 => "province code error", 18 => "user type error",
        19 => "SP_Id error", 20 => "SP_Code error", 21 => "SP_AccessType error", 22 => "Service_Id error", 23 => "Start_code error",
        24 => "End_code error", 100..=199 => "vendor",
    }
    registered_delivery { 0 => "none", 1 => "report", 2 => "billing record", }
    deliver_kind { 0 => "message", 1 => "status report", }
    fee_user_type { 0 => "destination", 1 => "source", 2 => "SP", 3 => "Fee_terminal_Id", }
    terminal_type { 0 => "real number", 1 => "pseudo-code", }
    user_type { 0 => "GoTone", 1 => "Easyown", 2 => "M-Zone", }
    udhi { 0 => "no user data header", 1 => "user data header", 0x40 => "user data header", }
    msg_fmt { 0 => "ASCII", 3 => "SIM write", 4 => "binary", 8 => "UCS2", 15 => "GB", 24 => "flash UCS2", }
    query_type { 0 => "totals", 1 => "by service", }
    fwd_type { 0 => "MT", 1 => "MO", 2 => "MT status report", 3 => "MO status report", }
}

pub(crate) fn submit_result(value: u32) -> Option<&'static str> {
    submit_only_result(value).or_else(|| common_result(value))
}

pub(crate) fn fwd_result(value: u32) -> Option<&'static str> {
    if value == 9 { Some("forward judgement wrong") } else { common_result(value) }
}

/// What Stat of a status report says; `None` for house codes.
pub(crate) fn stat(stat: &[u8]) -> Option<&'static str> {
    Some(match stat {
        b"DELIVRD" => "delivered",
        b"EXPIRED" => "validity over",
        b"DELETED" => "deleted",
        b"UNDELIV" => "undeliverable",
        b"ACCEPTD" => "accepted, on its way",
        b"UNKNOWN" => "invalid state",
        b"REJECTD" => "rejected",
        _ => match stat.get(..3)? {
            b"MA:" => "no response of the SMSC",
            b"MB:" => "error response of the SMSC",
            b"MC:" => "no status report of the SMSC",
            b"CA:" => "no response of the SCP",
            b"CB:" => "error response of the SCP",
            b"DA:" => "no response of the DSMP",
            b"DB:" => "error response of the DSMP",
            b"SA:" => "no response of the SP",
            b"SB:" => "error response of the SP",
            b"IA:" => "no response of the next ISMG",
            b"IB:" => "error response of the next ISMG",
            b"IC:" => "no status report of the next ISMG",
            _ => return None,
        },
    })
}
