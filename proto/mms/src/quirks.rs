//! What real phones and message centres do wrong and can be understood, as a set to count by.

waxwing_describe::quirks! {
    HEADER_ORDER = 0, "header_order", "X-Mms-Message-Type does not come first.";
    UNKNOWN_HEADER = 1, "unknown_header", "A header field with a number that no version up to 1.3 has; kept.";
    UNREADABLE_VALUE = 2, "unreadable_value", "A value whose form does not suit its header field; kept as it is.";
    EMPTY_ADDRESS = 3, "empty_address", "An address without anything in it; left out.";
    UNTERMINATED_TEXT = 4, "unterminated_text", "The last text of all lacks its NUL.";
    REPEATED_HEADER = 5, "repeated_header", "A header field that may stand once stands more than once.";
    MISSING_HEADER = 6, "missing_header", "A header field is not there that the kind has to have.";
    VALUE_LENGTH = 7, "value_length", "A value tells another length than it has.";
    UNKNOWN_CHARSET = 8, "unknown_charset", "Text in a charset that is not known; read as UTF-8 or ISO-8859-1.";
    TRAILING_OCTETS = 9, "trailing_octets", "Octets behind the end; ignored.";
    PART_COUNT = 10, "part_count", "A multipart tells another number of parts than it has.";
    PART_LENGTH = 11, "part_length", "A part tells another length than it has.";
    PART_HEADERS = 12, "part_headers", "Header fields of a part that can't be read; left out.";
    TRANSFER_ENCODING = 13, "transfer_encoding", "A part in base64 or quoted-printable; decoded.";
    ADDRESS_TYPE = 14, "address_type", "An address whose TYPE is not known.";
    SHIFT_CODE = 15, "shift_code", "A change of the header code page, which MMS does not have; stepped over.";
}
