//! WBXML to a tree. What comes may lie about anything, so depth, number and size of what is made are limited.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Attribute, Element, Extension, Language, Node, global};
use crate::charset::Charset;
use crate::date;
use crate::error::{DecodeError, Problem};
use crate::wsp::Reader;

/// How much a document may have.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// How deep elements may be nested.
    pub depth: usize,
    /// How many elements, attributes and pieces of text there may be.
    pub nodes: usize,
    /// How many octets of text and names there may be in all: string table references make much of little.
    pub octets: usize,
}

impl Default for Limits {
    /// 32 levels, 10,000 nodes, 256 KiB.
    fn default() -> Self {
        Self { depth: 32, nodes: 10_000, octets: 256 << 10 }
    }
}

/// Reads a document of the type that it says it has. Type 1 ("unknown") is taken as OTA settings of Nokia and Ericsson.
///
/// # Errors
/// The octets are no WBXML, its type is unknown, or there is more than the limits allow.
pub fn decode(octets: &[u8], limits: Limits) -> Result<(&'static Language, Element), DecodeError> {
    let mut decoder = Decoder::with_header(octets, limits, None)?;
    let language = decoder.language;
    Ok((language, decoder.document()?))
}

/// Reads a document of a type that is known from elsewhere, such as a content type, whatever it says itself.
///
/// # Errors
/// As [`decode`].
pub fn decode_as(octets: &[u8], language: &'static Language, limits: Limits) -> Result<Element, DecodeError> {
    Decoder::with_header(octets, limits, Some(language))?.document()
}

struct Decoder<'a> {
    reader: Reader<'a>,
    language: &'static Language,
    charset: Charset,
    table: &'a [u8],
    tag_page: u8,
    attribute_page: u8,
    limits: Limits,
    nodes: usize,
    octets: usize,
}

impl<'a> Decoder<'a> {
    /// Reads what stands before the root element.
    fn with_header(octets: &'a [u8], limits: Limits, known: Option<&'static Language>) -> Result<Self, DecodeError> {
        /// The highest version that has the same layout: 1.x.
        const MAX_VERSION: u8 = 0x0f;
        let mut reader = Reader::new(octets);
        let version = reader.octet("WBXML version")?;
        if version > MAX_VERSION {
            return Err(DecodeError::new("WBXML version", 0, Problem::Unexpected(version)));
        }
        let public_id = reader.uintvar()?;
        let name_index = if public_id == 0 { Some(reader.uintvar()?) } else { None };
        // WBXML 1.0 has no charset.
        let charset = if version == 0 { Charset::UTF_8 } else { Charset(reader.uintvar()?) };
        if charset != Charset(0) && charset.name().is_none() {
            return Err(reader.error("charset", Problem::Charset(charset.0)));
        }
        let length = reader.uintvar()? as usize;
        let table = reader.take(length, "string table")?;
        let empty =
            Self { reader, language: &super::tables::OTA, charset, table, tag_page: 0, attribute_page: 0, limits, nodes: 0, octets: 0 };
        if let Some(language) = known {
            return Ok(Self { language, ..empty });
        }
        let (language, name) = match name_index {
            Some(index) => {
                let name = empty.table_string(index)?;
                (Language::by_public_name(&name), format!("{name:?}"))
            }
            None => (Language::by_public_id(public_id), format!("{public_id:#04x}")),
        };
        let language = language.ok_or(DecodeError::new("public identifier", 1, Problem::DocumentType(name)))?;
        Ok(Self { language, ..empty })
    }

    fn document(&mut self) -> Result<Element, DecodeError> {
        while self.reader.peek() == Some(global::PI) {
            self.processing_instruction()?;
        }
        self.element(0)
        // What follows the root element is padding of the last segment, or processing instructions without a meaning here.
    }

    fn element(&mut self, depth: usize) -> Result<Element, DecodeError> {
        if depth >= self.limits.depth {
            return Err(self.reader.error("element", Problem::Limit { what: "levels of elements", limit: self.limits.depth }));
        }
        self.count(0)?;
        let start = self.reader.offset();
        let mut octet = self.reader.octet("tag")?;
        while octet == global::SWITCH_PAGE {
            self.tag_page = self.reader.octet("code page")?;
            octet = self.reader.octet("tag")?;
        }
        let code = octet & 0x3f;
        let name = if code == global::LITERAL {
            let index = self.reader.uintvar()?;
            let name = self.table_string(index)?;
            self.language.canonical(&name).to_owned()
        } else {
            let name = self.language.tag(self.tag_page, code);
            name.ok_or_else(|| DecodeError::new("tag", start, Problem::Token { page: self.tag_page, code, kind: "tag" }))?.to_owned()
        };
        self.count(name.len())?;
        let mut element = Element::new(name);
        if octet & global::WITH_ATTRIBUTES != 0 {
            while let Some(attribute) = self.attribute()? {
                element.attributes.push(attribute);
            }
        }
        if octet & global::WITH_CONTENT != 0 {
            while let Some(node) = self.content(&element.name, depth)? {
                match (element.children.last_mut(), node) {
                    (Some(Node::Text(text)), Node::Text(more)) => text.push_str(&more),
                    (_, node) => element.children.push(node),
                }
            }
        }
        Ok(element)
    }

    /// One piece of content; `None` at its end.
    fn content(&mut self, element: &str, depth: usize) -> Result<Option<Node>, DecodeError> {
        loop {
            let offset = self.reader.offset();
            let node = match self.reader.peek() {
                Some(global::SWITCH_PAGE) => {
                    self.reader.octet("code page")?;
                    self.tag_page = self.reader.octet("code page")?;
                    continue;
                }
                Some(global::PI) => {
                    self.processing_instruction()?;
                    continue;
                }
                Some(global::END) => {
                    self.reader.octet("end")?;
                    return Ok(None);
                }
                Some(global::OPAQUE) => {
                    let octets = self.opaque()?;
                    if self.language.base64.contains(&element) { Node::Text(STANDARD.encode(octets)) } else { opaque_node(octets) }
                }
                Some(code @ (global::EXT_I_0..=global::EXT_I_2 | global::EXT_T_0..=global::EXT_T_2 | global::EXT_0..=global::EXT_2)) => {
                    Node::Extension(self.extension(code)?)
                }
                Some(global::STR_I | global::STR_T | global::ENTITY) => Node::Text(self.string()?),
                Some(_) => return Ok(Some(Node::Element(self.element(depth + 1)?))),
                None => return Err(DecodeError::new("content of an element", offset, Problem::Ends { needed: 1, available: 0 })),
            };
            self.count(match &node {
                Node::Text(text) | Node::Extension(Extension::Text(_, text)) => text.len(),
                Node::Octets(octets) => octets.len(),
                _ => 0,
            })?;
            return Ok(Some(node));
        }
    }

    /// An attribute; `None` at the end of them.
    fn attribute(&mut self) -> Result<Option<Attribute>, DecodeError> {
        let mut attribute = Attribute::default();
        loop {
            let offset = self.reader.offset();
            match self.reader.octet("attribute")? {
                global::END => return Ok(None),
                global::SWITCH_PAGE => self.attribute_page = self.reader.octet("code page")?,
                global::LITERAL => {
                    let index = self.reader.uintvar()?;
                    attribute.name = self.table_string(index)?;
                    break;
                }
                code => {
                    let page = self.attribute_page;
                    let problem = Problem::Token { page, code, kind: "attribute" };
                    let start = self.language.attribute(page, code).ok_or(DecodeError::new("attribute", offset, problem))?;
                    start.name.clone_into(&mut attribute.name);
                    start.value.clone_into(&mut attribute.value);
                    break;
                }
            }
        }
        self.count(attribute.name.len())?;
        self.attribute_value(&mut attribute)?;
        Ok(Some(attribute))
    }

    fn attribute_value(&mut self, attribute: &mut Attribute) -> Result<(), DecodeError> {
        loop {
            let offset = self.reader.offset();
            let before = attribute.value.len();
            match self.reader.peek() {
                Some(global::SWITCH_PAGE) => {
                    self.reader.octet("code page")?;
                    self.attribute_page = self.reader.octet("code page")?;
                }
                Some(global::STR_I | global::STR_T | global::ENTITY) => attribute.value.push_str(&self.string()?),
                Some(global::OPAQUE) => {
                    let octets = self.opaque()?;
                    if self.language.dates.contains(&attribute.name.as_str()) {
                        let date = date::from_bcd(octets).map_err(|problem| DecodeError::new("date", offset, problem))?;
                        attribute.value.push_str(&date::to_xml(date));
                    } else {
                        match opaque_node(octets) {
                            Node::Text(text) => attribute.value.push_str(&text),
                            _ => attribute.value.push_str(&STANDARD.encode(octets)),
                        }
                    }
                }
                Some(code @ (global::EXT_I_0..=global::EXT_I_2 | global::EXT_T_0..=global::EXT_T_2 | global::EXT_0..=global::EXT_2)) => {
                    self.extension(code)?;
                }
                Some(code @ 0x85..) => {
                    self.reader.octet("attribute value")?;
                    let page = self.attribute_page;
                    let problem = Problem::Token { page, code, kind: "attribute value" };
                    let value = self.language.value(page, code);
                    attribute.value.push_str(value.ok_or(DecodeError::new("attribute value", offset, problem))?);
                }
                Some(_) => return Ok(()),
                None => return Err(DecodeError::new("attribute", offset, Problem::Ends { needed: 1, available: 0 })),
            }
            self.count(attribute.value.len() - before)?;
        }
    }

    /// A processing instruction, which has no meaning here.
    fn processing_instruction(&mut self) -> Result<(), DecodeError> {
        self.reader.octet("processing instruction")?;
        while self.attribute()?.is_some() {}
        Ok(())
    }

    /// `STR_I`, `STR_T` or `ENTITY`.
    fn string(&mut self) -> Result<String, DecodeError> {
        let offset = self.reader.offset();
        match self.reader.octet("string")? {
            global::STR_I => self.inline_string(),
            global::STR_T => {
                let index = self.reader.uintvar()?;
                self.table_string(index)
            }
            _ => {
                let code = self.reader.uintvar()?;
                let char = char::from_u32(code).filter(|char| *char != '\0').unwrap_or(char::REPLACEMENT_CHARACTER);
                self.count(0).map_err(|error| DecodeError { offset, ..error })?;
                Ok(char.to_string())
            }
        }
    }

    fn inline_string(&mut self) -> Result<String, DecodeError> {
        let rest = self.reader.rest();
        let length = string_length(rest, self.charset);
        let offset = self.reader.offset();
        let length = length.ok_or(DecodeError::new("inline string", offset, Problem::Unterminated))?;
        let octets = self.reader.take(length, "inline string")?;
        self.reader.take(if self.charset.is_wide() { 2 } else { 1 }, "inline string")?;
        self.text(octets, offset)
    }

    fn table_string(&self, index: u32) -> Result<String, DecodeError> {
        let offset = self.reader.offset();
        let problem = Problem::StringTable { index, length: self.table.len() };
        let from = self.table.get(index as usize..).filter(|from| !from.is_empty());
        let from = from.ok_or(DecodeError::new("string table reference", offset, problem))?;
        // The last string of the table may lack its NUL.
        let length = string_length(from, self.charset).unwrap_or(from.len());
        self.text(from.get(..length).unwrap_or_default(), offset)
    }

    fn text(&self, octets: &[u8], offset: usize) -> Result<String, DecodeError> {
        if octets.len() > self.limits.octets {
            return Err(DecodeError::new("string", offset, Problem::Limit { what: "octets of text", limit: self.limits.octets }));
        }
        self.charset.decode(octets).ok_or(DecodeError::new("string", offset, Problem::Charset(self.charset.0)))
    }

    fn opaque(&mut self) -> Result<&'a [u8], DecodeError> {
        self.reader.octet("opaque data")?;
        let length = self.reader.uintvar()? as usize;
        self.reader.take(length, "opaque data")
    }

    fn extension(&mut self, code: u8) -> Result<Extension, DecodeError> {
        self.reader.octet("extension")?;
        let number = code & 0x03;
        Ok(match code {
            global::EXT_I_0..=global::EXT_I_2 => Extension::Text(number, self.inline_string()?),
            global::EXT_T_0..=global::EXT_T_2 => Extension::Number(number, self.reader.uintvar()?),
            _ => Extension::Alone(number),
        })
    }

    /// Counts something made of so many octets.
    fn count(&mut self, octets: usize) -> Result<(), DecodeError> {
        self.nodes += 1;
        self.octets += octets;
        if self.nodes > self.limits.nodes {
            return Err(self.reader.error("document", Problem::Limit { what: "elements and values", limit: self.limits.nodes }));
        }
        if self.octets > self.limits.octets {
            return Err(self.reader.error("document", Problem::Limit { what: "octets of text", limit: self.limits.octets }));
        }
        Ok(())
    }
}

/// Where a string ends; `None` if it does not.
fn string_length(octets: &[u8], charset: Charset) -> Option<usize> {
    if charset.is_wide() {
        return octets.chunks_exact(2).position(|pair| pair == [0, 0]).map(|pairs| pairs * 2);
    }
    octets.iter().position(|octet| *octet == 0)
}

/// Opaque data that is text is text.
fn opaque_node(octets: &[u8]) -> Node {
    match std::str::from_utf8(octets) {
        Ok(text) if !text.chars().any(|char| char.is_control() && !char.is_whitespace()) => Node::Text(text.to_owned()),
        _ => Node::Octets(octets.to_vec()),
    }
}
