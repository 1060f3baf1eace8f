//! Tokens of the Cache Operation 1.0 (WAP-175-CacheOp).

use crate::wbxml::language::{AttributeStart, Language, Token, Values};

/// Cache Operation 1.0 (WAP-175-CacheOp).
pub static CO: Language = Language {
    public_id: 0x07,
    public_name: "-//WAPFORUM//DTD CO 1.0//EN",
    system_id: "http://www.wapforum.org/DTD/co_1.0.dtd",
    tags: TAGS,
    attributes: ATTRIBUTES,
    values: VALUES,
    values_match: Values::Anywhere,
    dates: &[],
    base64: &[],
};

const TAGS: &[Token] = &[
    Token { page: 0, code: 0x05, text: "co" },
    Token { page: 0, code: 0x06, text: "invalidate-object" },
    Token { page: 0, code: 0x07, text: "invalidate-service" },
];

const ATTRIBUTES: &[AttributeStart] = &[
    AttributeStart { page: 0, code: 0x05, name: "uri", value: "" },
    AttributeStart { page: 0, code: 0x07, name: "uri", value: "http://www." },
    AttributeStart { page: 0, code: 0x06, name: "uri", value: "http://" },
    AttributeStart { page: 0, code: 0x09, name: "uri", value: "https://www." },
    AttributeStart { page: 0, code: 0x08, name: "uri", value: "https://" },
];

const VALUES: &[Token] = &[
    Token { page: 0, code: 0x85, text: ".com/" },
    Token { page: 0, code: 0x86, text: ".edu/" },
    Token { page: 0, code: 0x87, text: ".net/" },
    Token { page: 0, code: 0x88, text: ".org/" },
];
