//! Tokens of the DRM Rights Expression Language 1.0 (OMA-Download-DRMREL).

use crate::wbxml::language::{AttributeStart, Language, Token, Values};

/// DRM Rights Expression Language 1.0 (OMA-Download-DRMREL).
pub static RIGHTS: Language = Language {
    public_id: 0x0e,
    public_name: "-//OMA//DTD DRMREL 1.0//EN",
    system_id: "http://www.openmobilealliance.org/DTD/drmrel10.dtd",
    tags: TAGS,
    attributes: ATTRIBUTES,
    values: VALUES,
    values_match: Values::Whole,
    dates: &[],
    base64: &["ds:KeyValue"],
};

const TAGS: &[Token] = &[
    Token { page: 0, code: 0x05, text: "o-ex:rights" },
    Token { page: 0, code: 0x06, text: "o-ex:context" },
    Token { page: 0, code: 0x07, text: "o-dd:version" },
    Token { page: 0, code: 0x08, text: "o-dd:uid" },
    Token { page: 0, code: 0x09, text: "o-ex:agreement" },
    Token { page: 0, code: 0x0a, text: "o-ex:asset" },
    Token { page: 0, code: 0x0b, text: "ds:KeyInfo" },
    Token { page: 0, code: 0x0c, text: "ds:KeyValue" },
    Token { page: 0, code: 0x0d, text: "o-ex:permission" },
    Token { page: 0, code: 0x0e, text: "o-dd:play" },
    Token { page: 0, code: 0x0f, text: "o-dd:display" },
    Token { page: 0, code: 0x10, text: "o-dd:execute" },
    Token { page: 0, code: 0x11, text: "o-dd:print" },
    Token { page: 0, code: 0x12, text: "o-ex:constraint" },
    Token { page: 0, code: 0x13, text: "o-dd:count" },
    Token { page: 0, code: 0x14, text: "o-dd:datetime" },
    Token { page: 0, code: 0x15, text: "o-dd:start" },
    Token { page: 0, code: 0x16, text: "o-dd:end" },
    Token { page: 0, code: 0x17, text: "o-dd:interval" },
];

const ATTRIBUTES: &[AttributeStart] = &[
    AttributeStart { page: 0, code: 0x05, name: "xmlns:o-ex", value: "" },
    AttributeStart { page: 0, code: 0x06, name: "xmlns:o-dd", value: "" },
    AttributeStart { page: 0, code: 0x07, name: "xmlns:ds", value: "" },
];

const VALUES: &[Token] = &[
    Token { page: 0, code: 0x85, text: "http://odrl.net/1.1/ODRL-EX" },
    Token { page: 0, code: 0x86, text: "http://odrl.net/1.1/ODRL-DD" },
    Token { page: 0, code: 0x87, text: "http://www.w3.org/2000/09/xmldsig#/" },
];
