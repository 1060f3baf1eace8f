//! A tree to WBXML. Tokens wherever the language has them, the longest first; strings inline or in a string table.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Attribute, AttributeStart, Element, Extension, Language, Node, Values, global};
use crate::date;
use crate::error::EncodeError;
use crate::wsp::write;

/// How a document is written.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Options {
    /// The version that it says it has.
    pub version: Version,
    /// What goes into the string table.
    pub string_table: StringTable,
    /// How the document type is told.
    pub public_id: PublicId,
}

/// How the document type is told.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum PublicId {
    /// By its number.
    #[default]
    Number,
    /// By its name in the string table, where it has a name and there may be a string table.
    Name,
}

/// Versions of WBXML. The layout of these documents is the same in all.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Version {
    /// 1.1.
    V1_1,
    /// 1.2: what phones and other senders have most.
    #[default]
    V1_2,
    /// 1.3.
    V1_3,
}

/// What goes into the string table.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum StringTable {
    /// Nothing: there is none, and a name without a token is an error.
    Forbidden,
    /// Names without a token only, so there is mostly none.
    #[default]
    WhenNeeded,
    /// Strings that occur more than once too, where that makes the document shorter.
    Repeated,
}

/// How deep elements may be nested.
const MAX_DEPTH: usize = 32;

/// Writes a document in UTF-8.
///
/// # Errors
/// A name has no token and there may be no string table; text has a NUL; elements are nested more than 32 deep.
pub fn encode(root: &Element, language: &'static Language, options: Options) -> Result<Vec<u8>, EncodeError> {
    let written = Encoder::new(language, options).document(root)?;
    if options.string_table != StringTable::Repeated {
        return Ok(written);
    }
    // What the table saves is reckoned string by string, and its own length is not in it.
    let plain = Encoder::new(language, Options { string_table: StringTable::WhenNeeded, ..options }).document(root)?;
    Ok(if plain.len() < written.len() { plain } else { written })
}

struct Encoder {
    language: &'static Language,
    options: Options,
    table: Table,
    tag_page: u8,
    attribute_page: u8,
    out: Vec<u8>,
}

#[derive(Default)]
struct Table {
    octets: Vec<u8>,
    indices: BTreeMap<String, u32>,
}

impl Table {
    fn index(&mut self, string: &str) -> u32 {
        if let Some(index) = self.indices.get(string) {
            return *index;
        }
        let index = self.octets.len() as u32;
        self.octets.extend_from_slice(string.as_bytes());
        self.octets.push(0);
        self.indices.insert(string.to_owned(), index);
        index
    }
}

/// A piece of an attribute's value.
enum Piece<'a> {
    Token(u8),
    Text(&'a str),
}

impl Encoder {
    fn new(language: &'static Language, options: Options) -> Self {
        Self { language, options, table: Table::default(), tag_page: 0, attribute_page: 0, out: Vec::new() }
    }

    fn document(mut self, root: &Element) -> Result<Vec<u8>, EncodeError> {
        let name = self.language.public_name;
        let by_name = self.options.public_id == PublicId::Name && !name.is_empty() && self.options.string_table != StringTable::Forbidden;
        let name_index = if by_name { Some(self.table.index(name)) } else { None };
        if self.options.string_table == StringTable::Repeated {
            let mut counts = BTreeMap::new();
            self.count(root, 0, &mut counts)?;
            self.attribute_page = 0;
            for (string, count) in counts {
                // A reference takes two octets, or three from index 128 on; an inline string its octets, its token and a NUL.
                let (inline, reference) = (string.len() + 2, if self.table.octets.len() < 128 { 2 } else { 3 });
                if count > 1 && count * inline > string.len() + 1 + count * reference {
                    self.table.index(&string);
                }
            }
        }
        self.element(root, 0)?;
        let version = match self.options.version {
            Version::V1_1 => 1,
            Version::V1_2 => 2,
            Version::V1_3 => 3,
        };
        let mut out = vec![version];
        match name_index {
            Some(index) => {
                write::uintvar(0, &mut out);
                write::uintvar(index, &mut out);
            }
            None => write::uintvar(self.language.public_id, &mut out),
        }
        write::uintvar(crate::Charset::UTF_8.0, &mut out);
        let (length, limit) = (self.table.octets.len(), u32::MAX as usize);
        let length = u32::try_from(length).map_err(|_| EncodeError::TooLong { what: "the string table", length, limit })?;
        write::uintvar(length, &mut out);
        out.extend(self.table.octets);
        out.extend(self.out);
        Ok(out)
    }

    fn element(&mut self, element: &Element, depth: usize) -> Result<(), EncodeError> {
        if depth >= MAX_DEPTH {
            return Err(EncodeError::Depth(MAX_DEPTH));
        }
        let attributes = if element.attributes.is_empty() { 0 } else { global::WITH_ATTRIBUTES };
        let content = if element.children.is_empty() { 0 } else { global::WITH_CONTENT };
        let tokens = || self.language.tags.iter().filter(|token| token.text == element.name);
        let token = tokens().find(|token| token.page == self.tag_page).or_else(|| tokens().next());
        match token {
            Some(token) => {
                if token.page != self.tag_page {
                    self.tag_page = token.page;
                    self.out.extend([global::SWITCH_PAGE, token.page]);
                }
                self.out.push(token.code | attributes | content);
            }
            None => {
                let index = self.name(&element.name)?;
                self.out.push(global::LITERAL | attributes | content);
                write::uintvar(index, &mut self.out);
            }
        }
        if attributes != 0 {
            for attribute in &element.attributes {
                self.attribute(attribute)?;
            }
            self.out.push(global::END);
        }
        if content != 0 {
            for child in &element.children {
                self.content(child, element, depth)?;
            }
            self.out.push(global::END);
        }
        Ok(())
    }

    fn content(&mut self, child: &Node, parent: &Element, depth: usize) -> Result<(), EncodeError> {
        match child {
            Node::Element(element) => return self.element(element, depth + 1),
            Node::Text(text) if self.language.base64.contains(&parent.name.as_str()) => match STANDARD.decode(text.trim()) {
                Ok(octets) => self.opaque(&octets)?,
                Err(_) => self.string(text)?,
            },
            Node::Text(text) => self.string(text)?,
            Node::Octets(octets) => self.opaque(octets)?,
            Node::Extension(Extension::Alone(number)) => self.out.push(global::EXT_0 + (number & 3).min(2)),
            Node::Extension(Extension::Number(number, value)) => {
                self.out.push(global::EXT_T_0 + (number & 3).min(2));
                write::uintvar(*value, &mut self.out);
            }
            Node::Extension(Extension::Text(number, text)) => {
                self.out.push(global::EXT_I_0 + (number & 3).min(2));
                self.inline(text)?;
            }
        }
        Ok(())
    }

    fn attribute(&mut self, attribute: &Attribute) -> Result<(), EncodeError> {
        let (start, rest) = self.start(attribute);
        match start {
            Some(start) => {
                if start.page != self.attribute_page {
                    self.attribute_page = start.page;
                    self.out.extend([global::SWITCH_PAGE, start.page]);
                }
                self.out.push(start.code);
            }
            None => {
                let index = self.name(&attribute.name)?;
                self.out.push(global::LITERAL);
                write::uintvar(index, &mut self.out);
            }
        }
        if self.language.dates.contains(&attribute.name.as_str())
            && let Some(date) = date::from_xml(rest)
        {
            return self.opaque(&date::to_bcd(date));
        }
        for piece in self.pieces(rest) {
            match piece {
                Piece::Token(code) => self.out.push(code),
                Piece::Text(text) => self.string(text)?,
            }
        }
        Ok(())
    }

    /// The token that an attribute begins with, the longest and then the one of the code page, and what is left of the value.
    fn start<'a>(&self, attribute: &'a Attribute) -> (Option<&'static AttributeStart>, &'a str) {
        let value = attribute.value.as_str();
        let suits = |start: &&AttributeStart| {
            start.name == attribute.name
                && match self.language.values_match {
                    Values::Anywhere => value.starts_with(start.value),
                    Values::Whole => start.value.is_empty() || start.value == value,
                }
        };
        let starts = self.language.attributes.iter().filter(suits);
        let start = starts.max_by_key(|start| (start.value.len(), start.page == self.attribute_page));
        (start, value.get(start.map_or(0, |start| start.value.len())..).unwrap_or_default())
    }

    /// A value as tokens and the text between them: at each place the longest token of the code page.
    fn pieces<'a>(&self, value: &'a str) -> Vec<Piece<'a>> {
        let tokens = || self.language.values.iter().filter(|token| token.page == self.attribute_page);
        if self.language.values_match == Values::Whole {
            return match tokens().find(|token| token.text == value) {
                Some(token) => vec![Piece::Token(token.code)],
                None if value.is_empty() => Vec::new(),
                None => vec![Piece::Text(value)],
            };
        }
        let mut pieces = Vec::new();
        let (mut from, mut at) = (0, 0);
        while let Some(rest) = value.get(at..).filter(|rest| !rest.is_empty()) {
            let longest = tokens().filter(|token| rest.starts_with(token.text)).max_by_key(|token| token.text.len());
            if let Some(token) = longest {
                pieces.extend(value.get(from..at).filter(|text| !text.is_empty()).map(Piece::Text));
                pieces.push(Piece::Token(token.code));
                at += token.text.len();
                from = at;
            } else {
                at += rest.chars().next().map_or(1, char::len_utf8);
            }
        }
        pieces.extend(value.get(from..).filter(|text| !text.is_empty()).map(Piece::Text));
        pieces
    }

    fn name(&mut self, name: &str) -> Result<u32, EncodeError> {
        if self.options.string_table == StringTable::Forbidden {
            return Err(EncodeError::NeedsStringTable(name.to_owned()));
        }
        if name.contains('\0') || name.is_empty() {
            return Err(EncodeError::Token { what: "a name", text: name.to_owned() });
        }
        Ok(self.table.index(name))
    }

    fn string(&mut self, text: &str) -> Result<(), EncodeError> {
        if let Some(index) = self.table.indices.get(text) {
            self.out.push(global::STR_T);
            write::uintvar(*index, &mut self.out);
            return Ok(());
        }
        self.out.push(global::STR_I);
        self.inline(text)
    }

    fn inline(&mut self, text: &str) -> Result<(), EncodeError> {
        if text.contains('\0') {
            return Err(EncodeError::Nul { what: "text of a document" });
        }
        self.out.extend_from_slice(text.as_bytes());
        self.out.push(0);
        Ok(())
    }

    fn opaque(&mut self, octets: &[u8]) -> Result<(), EncodeError> {
        let length = octets.len();
        let limit = u32::MAX as usize;
        let length = u32::try_from(length).map_err(|_| EncodeError::TooLong { what: "opaque data", length, limit })?;
        self.out.push(global::OPAQUE);
        write::uintvar(length, &mut self.out);
        self.out.extend_from_slice(octets);
        Ok(())
    }

    /// Counts the strings that would stand in the document.
    fn count(&mut self, element: &Element, depth: usize, counts: &mut BTreeMap<String, usize>) -> Result<(), EncodeError> {
        if depth >= MAX_DEPTH {
            return Err(EncodeError::Depth(MAX_DEPTH));
        }
        for attribute in &element.attributes {
            let (start, rest) = self.start(attribute);
            self.attribute_page = start.map_or(self.attribute_page, |start| start.page);
            let date = self.language.dates.contains(&attribute.name.as_str()) && date::from_xml(rest).is_some();
            for piece in self.pieces(rest) {
                if let (Piece::Text(text), false) = (piece, date) {
                    *counts.entry(text.to_owned()).or_default() += 1;
                }
            }
        }
        for child in &element.children {
            match child {
                Node::Element(element) => self.count(element, depth + 1, counts)?,
                Node::Text(text) => *counts.entry(text.clone()).or_default() += 1,
                _ => {}
            }
        }
        Ok(())
    }
}
