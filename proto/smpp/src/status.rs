//! Command status: the result of a request, as its response carries it.

use crate::codes::codes;

codes! {
    /// A command_status (SMPP 3.4 section 5.1.3, 5.0 section 4.7.6). Vendor values (0x400 to 0x4FF) and reserved ones are kept as they are.
    #[derive(Default)]
    pub struct CommandStatus(u32);
    ESME_ROK = 0x0000, "ESME_ROK", "No error";
    ESME_RINVMSGLEN = 0x0001, "ESME_RINVMSGLEN", "Message length is invalid";
    ESME_RINVCMDLEN = 0x0002, "ESME_RINVCMDLEN", "Command length is invalid";
    ESME_RINVCMDID = 0x0003, "ESME_RINVCMDID", "Invalid command id";
    ESME_RINVBNDSTS = 0x0004, "ESME_RINVBNDSTS", "Incorrect bind status for the given command";
    ESME_RALYBND = 0x0005, "ESME_RALYBND", "ESME already in bound state";
    ESME_RINVPRTFLG = 0x0006, "ESME_RINVPRTFLG", "Invalid priority flag";
    ESME_RINVREGDLVFLG = 0x0007, "ESME_RINVREGDLVFLG", "Invalid registered delivery flag";
    ESME_RSYSERR = 0x0008, "ESME_RSYSERR", "System error";
    ESME_RINVSRCADR = 0x000A, "ESME_RINVSRCADR", "Invalid source address";
    ESME_RINVDSTADR = 0x000B, "ESME_RINVDSTADR", "Invalid destination address";
    ESME_RINVMSGID = 0x000C, "ESME_RINVMSGID", "Message id is invalid";
    ESME_RBINDFAIL = 0x000D, "ESME_RBINDFAIL", "Bind failed";
    ESME_RINVPASWD = 0x000E, "ESME_RINVPASWD", "Invalid password";
    ESME_RINVSYSID = 0x000F, "ESME_RINVSYSID", "Invalid system id";
    ESME_RCANCELFAIL = 0x0011, "ESME_RCANCELFAIL", "Cancelling the message failed";
    ESME_RREPLACEFAIL = 0x0013, "ESME_RREPLACEFAIL", "Replacing the message failed";
    ESME_RMSGQFUL = 0x0014, "ESME_RMSGQFUL", "Message queue full";
    ESME_RINVSERTYP = 0x0015, "ESME_RINVSERTYP", "Invalid service type";
    ESME_RINVNUMDESTS = 0x0033, "ESME_RINVNUMDESTS", "Invalid number of destinations";
    ESME_RINVDLNAME = 0x0034, "ESME_RINVDLNAME", "Invalid distribution list name";
    ESME_RINVDESTFLAG = 0x0040, "ESME_RINVDESTFLAG", "Invalid destination flag (submit_multi)";
    ESME_RINVSUBREP = 0x0042, "ESME_RINVSUBREP", "Invalid submit with replace request";
    ESME_RINVESMCLASS = 0x0043, "ESME_RINVESMCLASS", "Invalid esm_class";
    ESME_RCNTSUBDL = 0x0044, "ESME_RCNTSUBDL", "Cannot submit to distribution list";
    ESME_RSUBMITFAIL = 0x0045, "ESME_RSUBMITFAIL", "Submitting the message failed";
    ESME_RINVSRCTON = 0x0048, "ESME_RINVSRCTON", "Invalid source address type of number";
    ESME_RINVSRCNPI = 0x0049, "ESME_RINVSRCNPI", "Invalid source address numbering plan";
    ESME_RINVDSTTON = 0x0050, "ESME_RINVDSTTON", "Invalid destination address type of number";
    ESME_RINVDSTNPI = 0x0051, "ESME_RINVDSTNPI", "Invalid destination address numbering plan";
    ESME_RINVSYSTYP = 0x0053, "ESME_RINVSYSTYP", "Invalid system type";
    ESME_RINVREPFLAG = 0x0054, "ESME_RINVREPFLAG", "Invalid replace_if_present flag";
    ESME_RINVNUMMSGS = 0x0055, "ESME_RINVNUMMSGS", "Invalid number of messages";
    ESME_RTHROTTLED = 0x0058, "ESME_RTHROTTLED", "Throttling: the ESME exceeded its allowed message rate";
    ESME_RINVSCHED = 0x0061, "ESME_RINVSCHED", "Invalid scheduled delivery time";
    ESME_RINVEXPIRY = 0x0062, "ESME_RINVEXPIRY", "Invalid validity period (expiry time)";
    ESME_RINVDFTMSGID = 0x0063, "ESME_RINVDFTMSGID", "Predefined message id is invalid or not found";
    ESME_RX_T_APPN = 0x0064, "ESME_RX_T_APPN", "ESME receiver temporary application error";
    ESME_RX_P_APPN = 0x0065, "ESME_RX_P_APPN", "ESME receiver permanent application error";
    ESME_RX_R_APPN = 0x0066, "ESME_RX_R_APPN", "ESME receiver rejects the message";
    ESME_RQUERYFAIL = 0x0067, "ESME_RQUERYFAIL", "Querying the message failed";
    ESME_RINVTLVSTREAM = 0x00C0, "ESME_RINVTLVSTREAM", "Error in the optional part of the PDU body (3.4: ESME_RINVOPTPARSTREAM)";
    ESME_RTLVNOTALLWD = 0x00C1, "ESME_RTLVNOTALLWD", "TLV not allowed (3.4: ESME_ROPTPARNOTALLWD)";
    ESME_RINVTLVLEN = 0x00C2, "ESME_RINVTLVLEN", "Invalid parameter length (3.4: ESME_RINVPARLEN)";
    ESME_RMISSINGTLV = 0x00C3, "ESME_RMISSINGTLV", "Expected TLV missing (3.4: ESME_RMISSINGOPTPARAM)";
    ESME_RINVTLVVAL = 0x00C4, "ESME_RINVTLVVAL", "Invalid TLV value (3.4: ESME_RINVOPTPARAMVAL)";
    ESME_RDELIVERYFAILURE = 0x00FE, "ESME_RDELIVERYFAILURE", "Delivery failure (answer to a data_sm in transaction mode)";
    ESME_RUNKNOWNERR = 0x00FF, "ESME_RUNKNOWNERR", "Unknown error";
    ESME_RSERTYPUNAUTH = 0x0100, "ESME_RSERTYPUNAUTH", "ESME not authorised to use the service type";
    ESME_RPROHIBITED = 0x0101, "ESME_RPROHIBITED", "ESME prohibited from using the operation";
    ESME_RSERTYPUNAVAIL = 0x0102, "ESME_RSERTYPUNAVAIL", "The service type is unavailable";
    ESME_RSERTYPDENIED = 0x0103, "ESME_RSERTYPDENIED", "The service type is denied";
    ESME_RINVDCS = 0x0104, "ESME_RINVDCS", "Invalid data coding scheme";
    ESME_RINVSRCADDRSUBUNIT = 0x0105, "ESME_RINVSRCADDRSUBUNIT", "Source address subunit is invalid";
    ESME_RINVDSTADDRSUBUNIT = 0x0106, "ESME_RINVDSTADDRSUBUNIT", "Destination address subunit is invalid";
    ESME_RINVBCASTFREQINT = 0x0107, "ESME_RINVBCASTFREQINT", "Broadcast frequency interval is invalid";
    ESME_RINVBCASTALIAS_NAME = 0x0108, "ESME_RINVBCASTALIAS_NAME", "Broadcast alias name is invalid";
    ESME_RINVBCASTAREAFMT = 0x0109, "ESME_RINVBCASTAREAFMT", "Broadcast area format is invalid";
    ESME_RINVNUMBCAST_AREAS = 0x010A, "ESME_RINVNUMBCAST_AREAS", "Number of broadcast areas is invalid";
    ESME_RINVBCASTCNTTYPE = 0x010B, "ESME_RINVBCASTCNTTYPE", "Broadcast content type is invalid";
    ESME_RINVBCASTMSGCLASS = 0x010C, "ESME_RINVBCASTMSGCLASS", "Broadcast message class is invalid";
    ESME_RBCASTFAIL = 0x010D, "ESME_RBCASTFAIL", "broadcast_sm failed";
    ESME_RBCASTQUERYFAIL = 0x010E, "ESME_RBCASTQUERYFAIL", "query_broadcast_sm failed";
    ESME_RBCASTCANCELFAIL = 0x010F, "ESME_RBCASTCANCELFAIL", "cancel_broadcast_sm failed";
    ESME_RINVBCAST_REP = 0x0110, "ESME_RINVBCAST_REP", "Number of repeated broadcasts is invalid";
    ESME_RINVBCASTSRVGRP = 0x0111, "ESME_RINVBCASTSRVGRP", "Broadcast service group is invalid";
    ESME_RINVBCASTCHANIND = 0x0112, "ESME_RINVBCASTCHANIND", "Broadcast channel indicator is invalid";
}

impl CommandStatus {
    /// SMPP 3.4 name of [`CommandStatus::ESME_RINVTLVSTREAM`].
    pub const ESME_RINVOPTPARSTREAM: Self = Self::ESME_RINVTLVSTREAM;
    /// SMPP 3.4 name of [`CommandStatus::ESME_RTLVNOTALLWD`].
    pub const ESME_ROPTPARNOTALLWD: Self = Self::ESME_RTLVNOTALLWD;
    /// SMPP 3.4 name of [`CommandStatus::ESME_RINVTLVLEN`].
    pub const ESME_RINVPARLEN: Self = Self::ESME_RINVTLVLEN;
    /// SMPP 3.4 name of [`CommandStatus::ESME_RMISSINGTLV`].
    pub const ESME_RMISSINGOPTPARAM: Self = Self::ESME_RMISSINGTLV;
    /// SMPP 3.4 name of [`CommandStatus::ESME_RINVTLVVAL`].
    pub const ESME_RINVOPTPARAMVAL: Self = Self::ESME_RINVTLVVAL;

    /// Whether the request succeeded.
    pub const fn is_ok(self) -> bool {
        self.0 == 0
    }

    /// Whether this is one of the codes left to each SMSC vendor (0x400 to 0x4FF).
    pub const fn is_vendor(self) -> bool {
        self.0 >= 0x400 && self.0 <= 0x4FF
    }
}

#[cfg(test)]
mod tests {
    use super::CommandStatus;

    #[test]
    fn names_go_both_ways_and_vendor_codes_are_kept() {
        for status in CommandStatus::ALL {
            assert_eq!(status.name().and_then(CommandStatus::from_name), Some(*status));
        }
        let vendor = CommandStatus::from(0x0415);
        assert!(vendor.is_vendor() && vendor.name().is_none());
        assert_eq!(u32::from(vendor), 0x0415);
        assert_eq!(vendor.to_string(), "0x415");
    }
}
