//! Tokens of the E-Mail Notification 1.0 (OMA-Push-EMN).

use crate::wbxml::language::{AttributeStart, Language, Token, Values};

/// E-Mail Notification 1.0 (OMA-Push-EMN).
pub static EMN: Language = Language {
    public_id: 0x0d,
    public_name: "-//WAPFORUM//DTD EMN 1.0//EN",
    system_id: "http://www.wapforum.org/DTD/emn.dtd",
    tags: TAGS,
    attributes: ATTRIBUTES,
    values: VALUES,
    values_match: Values::Anywhere,
    dates: &["timestamp"],
    base64: &[],
};

const TAGS: &[Token] = &[Token { page: 0, code: 0x05, text: "emn" }];

const ATTRIBUTES: &[AttributeStart] = &[
    AttributeStart { page: 0, code: 0x05, name: "timestamp", value: "" },
    AttributeStart { page: 0, code: 0x06, name: "mailbox", value: "" },
    AttributeStart { page: 0, code: 0x07, name: "mailbox", value: "mailat:" },
    AttributeStart { page: 0, code: 0x08, name: "mailbox", value: "pop://" },
    AttributeStart { page: 0, code: 0x09, name: "mailbox", value: "imap://" },
    AttributeStart { page: 0, code: 0x0b, name: "mailbox", value: "http://www." },
    AttributeStart { page: 0, code: 0x0a, name: "mailbox", value: "http://" },
    AttributeStart { page: 0, code: 0x0d, name: "mailbox", value: "https://www." },
    AttributeStart { page: 0, code: 0x0c, name: "mailbox", value: "https://" },
];

const VALUES: &[Token] = &[
    Token { page: 0, code: 0x85, text: ".com" },
    Token { page: 0, code: 0x86, text: ".edu" },
    Token { page: 0, code: 0x87, text: ".net" },
    Token { page: 0, code: 0x88, text: ".org" },
];
