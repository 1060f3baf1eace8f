//! Tokens of the Service Loading 1.0 (WAP-168-ServiceLoad).

use crate::wbxml::language::{AttributeStart, Language, Token, Values};

/// Service Loading 1.0 (WAP-168-ServiceLoad).
pub static SL: Language = Language {
    public_id: 0x06,
    public_name: "-//WAPFORUM//DTD SL 1.0//EN",
    system_id: "http://www.wapforum.org/DTD/sl.dtd",
    tags: TAGS,
    attributes: ATTRIBUTES,
    values: VALUES,
    values_match: Values::Anywhere,
    dates: &[],
    base64: &[],
};

const TAGS: &[Token] = &[Token { page: 0, code: 0x05, text: "sl" }];

const ATTRIBUTES: &[AttributeStart] = &[
    AttributeStart { page: 0, code: 0x05, name: "action", value: "execute-low" },
    AttributeStart { page: 0, code: 0x06, name: "action", value: "execute-high" },
    AttributeStart { page: 0, code: 0x07, name: "action", value: "cache" },
    AttributeStart { page: 0, code: 0x08, name: "href", value: "" },
    AttributeStart { page: 0, code: 0x0a, name: "href", value: "http://www." },
    AttributeStart { page: 0, code: 0x09, name: "href", value: "http://" },
    AttributeStart { page: 0, code: 0x0c, name: "href", value: "https://www." },
    AttributeStart { page: 0, code: 0x0b, name: "href", value: "https://" },
];

const VALUES: &[Token] = &[
    Token { page: 0, code: 0x85, text: ".com/" },
    Token { page: 0, code: 0x86, text: ".edu/" },
    Token { page: 0, code: 0x87, text: ".net/" },
    Token { page: 0, code: 0x88, text: ".org/" },
];
