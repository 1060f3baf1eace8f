//! Tokens of the Service Indication 1.0 (WAP-167-ServiceInd).

use crate::wbxml::language::{AttributeStart, Language, Token, Values};

/// Service Indication 1.0 (WAP-167-ServiceInd).
pub static SI: Language = Language {
    public_id: 0x05,
    public_name: "-//WAPFORUM//DTD SI 1.0//EN",
    system_id: "http://www.wapforum.org/DTD/si.dtd",
    tags: TAGS,
    attributes: ATTRIBUTES,
    values: VALUES,
    values_match: Values::Anywhere,
    dates: &["created", "si-expires"],
    base64: &[],
};

const TAGS: &[Token] = &[
    Token { page: 0, code: 0x05, text: "si" },
    Token { page: 0, code: 0x06, text: "indication" },
    Token { page: 0, code: 0x07, text: "info" },
    Token { page: 0, code: 0x08, text: "item" },
];

const ATTRIBUTES: &[AttributeStart] = &[
    AttributeStart { page: 0, code: 0x05, name: "action", value: "signal-none" },
    AttributeStart { page: 0, code: 0x06, name: "action", value: "signal-low" },
    AttributeStart { page: 0, code: 0x07, name: "action", value: "signal-medium" },
    AttributeStart { page: 0, code: 0x08, name: "action", value: "signal-high" },
    AttributeStart { page: 0, code: 0x09, name: "action", value: "delete" },
    AttributeStart { page: 0, code: 0x0a, name: "created", value: "" },
    AttributeStart { page: 0, code: 0x0b, name: "href", value: "" },
    AttributeStart { page: 0, code: 0x0d, name: "href", value: "http://www." },
    AttributeStart { page: 0, code: 0x0c, name: "href", value: "http://" },
    AttributeStart { page: 0, code: 0x0f, name: "href", value: "https://www." },
    AttributeStart { page: 0, code: 0x0e, name: "href", value: "https://" },
    AttributeStart { page: 0, code: 0x10, name: "si-expires", value: "" },
    AttributeStart { page: 0, code: 0x11, name: "si-id", value: "" },
    AttributeStart { page: 0, code: 0x12, name: "class", value: "" },
];

const VALUES: &[Token] = &[
    Token { page: 0, code: 0x85, text: ".com/" },
    Token { page: 0, code: 0x86, text: ".edu/" },
    Token { page: 0, code: 0x87, text: ".net/" },
    Token { page: 0, code: 0x88, text: ".org/" },
];
