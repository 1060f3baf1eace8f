//! What a decoder let pass.
//!
//! Real peers send PDUs that the standard forbids and that nevertheless mean something.
//! The decoder takes them and says so here, so that an operator can count them by peer.

waxwing_describe::quirks! {
    OTHER_LAYOUT = 0, "other_layout", "A PDU of fixed length in the layout of the other version, by its length; read in that layout.";
    MISSING_TAIL = 1, "missing_tail", "The PDU ends before its last field (Reserve, LinkID, the octet of ACTIVE_TEST_RESP); it is empty.";
    SHORT_TAIL = 2, "short_tail", "The PDU ends inside its last field (Reserve, LinkID); it is empty, the octets are in `ignored`.";
    LONG_TAIL = 3, "long_tail", "Octets after the last field; they are in `ignored`.";
    NOT_NUL_FILLED = 4, "not_nul_filled", "A string is filled up with spaces, or has octets behind its first NUL; read without either.";
    ZERO_NUMBER = 5, "zero_number", "A number that consists of zeros, as some fill an empty one; read as empty.";
    MANY_RECIPIENTS = 6, "many_recipients", "More recipients than the standard allows: above 99, in a FWD of 3.0 above 1.";
    LONG_CONTENT = 7, "long_content", "More octets of Msg_Content than the standard allows: above 160 with Msg_Fmt 0, else above 140.";
    ODD_VALUE = 8, "odd_value", "A field has a value that the standard does not know, e.g. TP_udhi 0x40; kept.";
    ODD_REPORT = 9, "odd_report", "A status report of another length than the version's (60 in 2.0, 71 in 3.0), or none though announced.";
}
