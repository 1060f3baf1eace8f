//! What a decoder let pass.
//!
//! Real peers send PDUs that the specification forbids and that nevertheless mean something.
//! The decoder takes them and says so here, so that an operator can count them by peer.

waxwing_describe::quirks! {
    TRAILING_OCTETS = 0, "trailing_octets", "One to three octets at the end of the body that cannot be a TLV; ignored.";
    TLV_PAST_END = 1, "tlv_past_end", "A TLV whose length goes past the end of the PDU; it and what follows is ignored.";
    TLV_BAD_LENGTH = 2, "tlv_bad_length", "A TLV of the specification with a length outside its range; kept raw.";
    MISSING_BODY = 3, "missing_body", "A positive response without its body; the fields have their defaults.";
    MISSING_FIELDS = 4, "missing_fields", "A response whose body ends before its last field; the missing ones have their defaults.";
    MISSING_NUL = 5, "missing_nul", "The last string of a response has no closing NUL.";
    OVERLONG_FIELD = 6, "overlong_field", "A string in a response is longer than the specification allows; taken whole.";
    EIGHT_BIT_ADDRESS = 7, "eight_bit_address", "An address has octets outside ASCII; taken as octets.";
    UDHI_WITHOUT_UDH = 8, "udhi_without_udh", "esm_class announces a user data header and the message has none that fits.";
    TWO_MESSAGES = 9, "two_messages", "Both short_message and message_payload carry octets.";
}
