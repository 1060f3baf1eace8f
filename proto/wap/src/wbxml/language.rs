//! Token tables: which octet stands for which name or value in a document type.

/// The tokens of a document type.
#[derive(Debug, Eq, PartialEq)]
pub struct Language {
    /// The public identifier as a number; 1 ("unknown") for a type that has none.
    pub public_id: u32,
    /// The formal public identifier; empty if there is none.
    pub public_name: &'static str,
    /// Where the DTD is; empty if it has no such place.
    pub system_id: &'static str,
    /// Tags.
    pub tags: &'static [Token],
    /// Names of attributes, with values or beginnings of values.
    pub attributes: &'static [AttributeStart],
    /// Values of attributes, or pieces of them.
    pub values: &'static [Token],
    /// Whether pieces of values are tokens too.
    pub values_match: Values,
    /// Attributes that are dates: digits two an octet in WBXML, ISO 8601 in XML.
    pub dates: &'static [&'static str],
    /// Elements whose content is octets in WBXML and base64 in XML.
    pub base64: &'static [&'static str],
}

/// A tag, or a value of attributes.
#[derive(Debug, Eq, PartialEq)]
pub struct Token {
    /// The code page.
    pub page: u8,
    /// The token.
    pub code: u8,
    /// What it stands for.
    pub text: &'static str,
}

/// The name of an attribute, with a value or the beginning of one.
#[derive(Debug, Eq, PartialEq)]
pub struct AttributeStart {
    /// The code page.
    pub page: u8,
    /// The token.
    pub code: u8,
    /// The name.
    pub name: &'static str,
    /// The value, or its beginning; empty if it only follows.
    pub value: &'static str,
}

/// Where tokens for values are used when writing. Any use is understood when reading.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Values {
    /// At the beginning and anywhere in a value: URLs.
    Anywhere,
    /// For whole values only, where a piece would be a coincidence.
    Whole,
}

impl Language {
    /// The language of a public identifier.
    pub fn by_public_id(id: u32) -> Option<&'static Self> {
        super::tables::ALL.into_iter().find(|language| language.public_id == id)
    }

    /// The language of a formal public identifier, as it stands in a string table or a DOCTYPE.
    pub fn by_public_name(name: &str) -> Option<&'static Self> {
        super::tables::ALL.into_iter().find(|language| !name.is_empty() && language.public_name == name)
    }

    /// The language of a root element. A prefix of a namespace may be missing.
    pub fn by_root(root: &str) -> Option<&'static Self> {
        super::tables::ALL.into_iter().find(|language| language.tags.first().is_some_and(|tag| same_name(tag.text, root)))
    }

    pub(super) fn tag(&self, page: u8, code: u8) -> Option<&'static str> {
        self.tags.iter().find(|token| token.page == page && token.code == code).map(|token| token.text)
    }

    pub(super) fn attribute(&self, page: u8, code: u8) -> Option<&'static AttributeStart> {
        self.attributes.iter().find(|start| start.page == page && start.code == code)
    }

    pub(super) fn value(&self, page: u8, code: u8) -> Option<&'static str> {
        self.values.iter().find(|token| token.page == page && token.code == code).map(|token| token.text)
    }

    /// The name that the language has for a local name; the name itself if it has none.
    pub(crate) fn canonical<'a>(&self, name: &'a str) -> &'a str
    where
        'static: 'a,
    {
        self.tags.iter().find(|tag| same_name(tag.text, name)).map_or(name, |tag| tag.text)
    }
}

/// The names are the same, or the second is the first without its prefix: libwbxml writes such.
fn same_name(full: &str, name: &str) -> bool {
    full == name || full.split_once(':').is_some_and(|(_, local)| local == name)
}
