//! What can be wrong with octets that came, and with values that are to go.

/// Octets that can't be read: what was looked for, where, and what is wrong with it.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{what} at octet {offset}: {problem}")]
pub struct DecodeError {
    /// What was to be read there, such as `uintvar`.
    pub what: &'static str,
    /// Where, counted in octets from the first one given to the decoder.
    pub offset: usize,
    /// What is wrong.
    pub problem: Problem,
}

/// What is wrong with octets.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Problem {
    /// The octets end too early.
    #[error("{needed} octets are needed and {available} are left; the data is cut off, or a length in it is wrong")]
    Ends {
        /// How many octets there should be.
        needed: usize,
        /// How many there are.
        available: usize,
    },
    /// The string has no NUL at its end.
    #[error("the string does not end")]
    Unterminated,
    /// A `uintvar` has more than five octets, or more than 32 bits.
    #[error("the number has more than 32 bits")]
    TooLargeNumber,
    /// An integer has more octets than the 8 that are understood, not counting leading zeros.
    #[error("the integer has {0} octets, and no more than 8 are understood")]
    LongInteger(usize),
    /// An octet that cannot stand here.
    #[error("{0:#04x} cannot stand here")]
    Unexpected(u8),
    /// A charset that is not known, by its MIBenum.
    #[error("the charset with MIBenum {0} is not known")]
    Charset(u32),
    /// The document type is not known.
    #[error("the document type {0} is not known; known are SI, SL, CO, EMN, PROV, DRMREL and the OTA settings of Nokia and Ericsson")]
    DocumentType(String),
    /// A token that the document type does not have.
    #[error("code page {page} has no {kind} with the token {code:#04x}")]
    Token {
        /// The code page.
        page: u8,
        /// The token.
        code: u8,
        /// `tag`, `attribute` or `attribute value`.
        kind: &'static str,
    },
    /// A string table reference that points outside of it.
    #[error("the string table has {length} octets, and octet {index} is asked for")]
    StringTable {
        /// Where the reference points.
        index: u32,
        /// How many octets the table has.
        length: usize,
    },
    /// More than the limits of the decoder allow.
    #[error("there are more than {limit} {what}")]
    Limit {
        /// What there is too much of.
        what: &'static str,
        /// How much is allowed.
        limit: usize,
    },
    /// Octets follow where the data should have ended.
    #[error("{0} octets follow where it should have ended")]
    Trailing(usize),
    /// A date that is none.
    #[error("{0} is no date; a date is yyyymmddhhmmss in decimal digits, two an octet")]
    Date(String),
    /// The document is well-formed but not what its type asks for.
    #[error(transparent)]
    Document(#[from] crate::document::DocumentError),
}

impl DecodeError {
    /// An error at a place.
    pub(crate) fn new(what: &'static str, offset: usize, problem: Problem) -> Self {
        Self { what, offset, problem }
    }
}

/// A value that has no coding, or that the standard forbids: what, and what is wrong with it.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum EncodeError {
    /// Text with a NUL, which ends text on the wire.
    #[error("{what} has a NUL character; leave it out")]
    Nul {
        /// What the text is.
        what: &'static str,
    },
    /// Text that has to have characters has none, or has ones that are not allowed.
    #[error("{what} is no token ({text:?}): use printable ASCII without separators, at least one character")]
    Token {
        /// What the text is.
        what: &'static str,
        /// The text.
        text: String,
    },
    /// Too much for its length field, or for the limits of this crate.
    #[error("{what} has {length} octets and {limit} are allowed; shorten it")]
    TooLong {
        /// What is too long.
        what: &'static str,
        /// How many octets it has.
        length: usize,
        /// How many are allowed.
        limit: usize,
    },
    /// A number that does not fit.
    #[error("{what} is {value} and at most {limit} is allowed")]
    TooLarge {
        /// What the number is.
        what: &'static str,
        /// The number.
        value: u64,
        /// The largest one allowed.
        limit: u64,
    },
    /// A name that has no token, in a document that may have no string table.
    #[error("{0:?} has no token, so that it needs a string table; allow one")]
    NeedsStringTable(String),
    /// Elements are nested too deeply.
    #[error("elements are nested more than {0} deep")]
    Depth(usize),
    /// The document is not what its type asks for.
    #[error(transparent)]
    Document(#[from] crate::document::DocumentError),
}
