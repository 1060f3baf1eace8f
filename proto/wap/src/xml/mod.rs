//! XML text to and from trees.
//!
//! Reading is `roxmltree`'s. A document type declaration is let pass, as all these documents have one; entities of its own are not.

use std::fmt::{self, Write as _};

use roxmltree::{Document, ParsingOptions};

use crate::charset::Charset;
use crate::document::DocumentError;
use crate::wbxml::{Attribute, Element, Language, Node};

/// A place in XML text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Position {
    /// The line, from 1.
    pub line: u32,
    /// The character of the line, from 1.
    pub column: u32,
}

/// XML text that can't be read as a document.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum XmlError {
    /// It is not well-formed.
    #[error("{position}: {problem}")]
    Syntax {
        /// Where.
        position: Position,
        /// What is wrong, as the parser says it.
        problem: String,
    },
    /// It is well-formed, and not what its type asks for.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// It is longer than any such document.
    #[error("the document has {length} octets and {limit} are allowed")]
    TooLong {
        /// How many octets it has.
        length: usize,
        /// How many are allowed.
        limit: usize,
    },
}

/// The longest text that is read, in octets: far more than fits any push over SMS.
pub const MAX_LENGTH: usize = 64 << 10;

/// How deep elements may be nested.
const MAX_DEPTH: usize = 32;

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// The text of XML octets, in the charset that the transport told; else in that of a byte order mark, else in the one that the XML
/// declaration names, else in UTF-8.
///
/// # Errors
/// The charset that the declaration names is not known here, or there are more octets than [`MAX_LENGTH`].
pub fn text_of(octets: &[u8], charset: Option<Charset>) -> Result<String, XmlError> {
    /// A declaration is no longer.
    const DECLARATION: usize = 200;
    if octets.len() > MAX_LENGTH {
        return Err(XmlError::TooLong { length: octets.len(), limit: MAX_LENGTH });
    }
    let marked = match octets {
        [0xef, 0xbb, 0xbf, ..] => Some(Charset::UTF_8),
        [0xfe, 0xff, ..] | [0xff, 0xfe, ..] => Some(Charset::UTF_16),
        _ => None,
    };
    let head = String::from_utf8_lossy(octets.get(..DECLARATION).unwrap_or(octets));
    let declaration = head.trim_start().strip_prefix("<?xml").and_then(|head| head.split_once("?>")).map(|(declaration, _)| declaration);
    let declared =
        declaration.and_then(|declaration| declaration.split_once("encoding")).and_then(|(_, rest)| rest.split(['"', '\'']).nth(1));
    let name = declared.unwrap_or("utf-8");
    let known = charset.or(marked).or_else(|| Charset::from_name(name)).and_then(|charset| charset.decode(octets));
    known.ok_or_else(|| {
        let problem = format!("the charset {name} is not known; write the document in UTF-8");
        XmlError::Syntax { position: Position { line: 1, column: 1 }, problem }
    })
}

/// Reads a document, and finds the language of its root element.
///
/// # Errors
/// The text is not well-formed, too long, declares entities, or is no document known here.
pub fn parse(text: &str) -> Result<(&'static Language, Element), XmlError> {
    if text.len() > MAX_LENGTH {
        return Err(XmlError::TooLong { length: text.len(), limit: MAX_LENGTH });
    }
    let text = text.trim_start_matches('\u{feff}');
    let options = ParsingOptions { allow_dtd: true, nodes_limit: 20_000, ..ParsingOptions::default() };
    if let Some(at) = text.find("<!ENTITY") {
        let before = text.get(..at).unwrap_or_default();
        let column = before.chars().rev().take_while(|char| *char != '\n').count() as u32 + 1;
        let position = Position { line: before.matches('\n').count() as u32 + 1, column };
        return Err(XmlError::Syntax { position, problem: "the document declares an entity; write its text instead".to_owned() });
    }
    let document = Document::parse_with_options(text, options).map_err(|error| {
        let pos = error.pos();
        let problem = error.to_string().replace(&format!(" at {pos}"), "");
        XmlError::Syntax { position: Position { line: pos.row, column: pos.col }, problem }
    })?;
    let root = document.root_element();
    let language = Language::by_root(&name_of(root)).ok_or_else(|| {
        let expected = "si, sl, co, emn, o-ex:rights, wap-provisioningdoc or CHARACTERISTIC-LIST";
        let problem = crate::document::DocumentProblem::Unexpected(expected);
        DocumentError::new(root.tag_name().name(), problem).at(Some(position(&document, root.range().start)))
    })?;
    Ok((language, element(&document, root, language, 0)?))
}

fn element(document: &Document<'_>, node: roxmltree::Node<'_, '_>, language: &Language, depth: usize) -> Result<Element, XmlError> {
    let at = position(document, node.range().start);
    if depth >= MAX_DEPTH {
        let problem = format!("elements are nested more than {MAX_DEPTH} deep");
        return Err(XmlError::Syntax { position: at, problem });
    }
    let mut element = Element::new(language.canonical(&name_of(node)));
    element.position = Some(at);
    element.attributes = node
        .attributes()
        .map(|attribute| Attribute {
            name: attribute.name().to_owned(),
            value: attribute.value().to_owned(),
            position: Some(position(document, attribute.range().start)),
        })
        .collect();
    for child in node.children() {
        if child.is_element() {
            element.children.push(Node::Element(self::element(document, child, language, depth + 1)?));
        } else if let Some(text) = child.text().filter(|text| child.is_text() && !text.trim().is_empty()) {
            element.children.push(Node::Text(text.to_owned()));
        }
    }
    Ok(element)
}

/// The name with the prefix that the language uses, whichever the text uses.
fn name_of(node: roxmltree::Node<'_, '_>) -> String {
    let name = node.tag_name();
    let prefix = match name.namespace().map(|namespace| namespace.trim_end_matches('/')) {
        Some("http://odrl.net/1.1/ODRL-EX") => "o-ex:",
        Some("http://odrl.net/1.1/ODRL-DD") => "o-dd:",
        Some("http://www.w3.org/2000/09/xmldsig#") => "ds:",
        _ => "",
    };
    format!("{prefix}{}", name.name())
}

fn position(document: &Document<'_>, at: usize) -> Position {
    let pos = document.text_pos_at(at);
    Position { line: pos.row, column: pos.col }
}

/// Writes a document with its declarations, indented.
pub fn write(root: &Element, language: &Language) -> String {
    let mut out = String::from("<?xml version=\"1.0\"?>\n");
    if !language.public_name.is_empty() {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "<!DOCTYPE {} PUBLIC \"{}\" \"{}\">", root.name, language.public_name, language.system_id);
    }
    write_element(root, 0, &mut out);
    out
}

fn write_element(element: &Element, depth: usize, out: &mut String) {
    let indent = depth * 2;
    let _ = write!(out, "{:indent$}<{}", "", element.name);
    for attribute in &element.attributes {
        let _ = write!(out, " {}=\"", attribute.name);
        escape(&attribute.value, true, out);
        out.push('"');
    }
    if element.children.is_empty() {
        out.push_str("/>\n");
        return;
    }
    out.push('>');
    let elements = element.elements().next().is_some();
    if elements {
        out.push('\n');
    }
    for child in &element.children {
        match child {
            Node::Element(child) => write_element(child, depth + 1, out),
            Node::Text(text) => {
                escape(text, false, out);
                if elements {
                    out.push('\n');
                }
            }
            // Octets that are no text have no form in XML, nor have extensions.
            Node::Octets(_) | Node::Extension(_) => {}
        }
    }
    if elements {
        let _ = write!(out, "{:indent$}", "");
    }
    let _ = writeln!(out, "</{}>", element.name);
}

fn escape(text: &str, attribute: bool, out: &mut String) {
    for char in text.chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' if attribute => out.push_str("&quot;"),
            '\n' | '\r' | '\t' => drop(write!(out, "&#{};", u32::from(char))),
            // XML 1.0 has no other controls, not even escaped.
            '\0'..='\x1f' | '\u{fffe}' | '\u{ffff}' => out.push(char::REPLACEMENT_CHARACTER),
            other => out.push(other),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        parse(text).unwrap_err().to_string()
    }

    #[test]
    fn errors_have_line_and_column() {
        assert!(error("<si>\n  <indication></si>").starts_with("line 2, column "), "{}", error("<si>\n  <indication></si>"));
        assert_eq!(
            error("\n <html/>"),
            "line 2, column 2: html: has no place here; expected si, sl, co, emn, o-ex:rights, wap-provisioningdoc or CHARACTERISTIC-LIST"
        );
        assert_eq!(
            error("<!DOCTYPE si [\n <!ENTITY a \"b\">]><si/>"),
            "line 2, column 2: the document declares an entity; write its text instead"
        );
        assert!(error(&"<si>".repeat(100)).starts_with("line 1"));
        assert!(error(&format!("{}{}", "<si>".repeat(40), "</si>".repeat(40))).contains("more than 32 deep"));
        assert!(error(&" ".repeat(MAX_LENGTH + 1)).contains("65537"));
        assert!(error("").starts_with("line 1, column 1: "), "{}", error(""));
    }

    #[test]
    fn charsets_are_told_in_many_ways() {
        let latin = b"<?xml version='1.0' encoding='ISO-8859-1'?><si>\xe9</si>";
        assert!(text_of(latin, None).unwrap().ends_with("<si>é</si>"));
        assert!(text_of(latin, Some(Charset(2251))).unwrap().ends_with("<si>й</si>"));
        assert_eq!(text_of(b"\xef\xbb\xbf<a/>", None).unwrap().trim_start_matches('\u{feff}'), "<a/>");
        assert!(text_of(b"\xff\xfe<\0a\0/\0>\0", None).unwrap().ends_with("<a/>"));
        assert_eq!(text_of("<a>é</a>".as_bytes(), None).unwrap(), "<a>é</a>");
        let error = text_of(b"<?xml version=\"1.0\" encoding=\"klingon\"?><a/>", None).unwrap_err();
        assert_eq!(error.to_string(), "line 1, column 1: the charset klingon is not known; write the document in UTF-8");
    }

    #[test]
    fn text_is_escaped() {
        let root = Element::new("si").with("href", "a&b<\"\n\u{1}").containing("x & <y>");
        let (language, _) = parse("<si/>").unwrap();
        let text = write(&root, language);
        assert!(text.contains("<si href=\"a&amp;b&lt;&quot;&#10;\u{fffd}\">x &amp; &lt;y&gt;</si>"), "{text}");
        let (_, again) = parse(&text).unwrap();
        assert_eq!(again.value("href"), Some("a&b<\"\n\u{fffd}"));
        assert_eq!(again.text(), "x & <y>");
    }

    #[test]
    fn prefixes_are_those_of_the_language() {
        let (language, root) = parse(r#"<x:rights xmlns:x="http://odrl.net/1.1/ODRL-EX"><x:context/></x:rights>"#).unwrap();
        assert_eq!((language.public_id, root.name.as_str()), (14, "o-ex:rights"));
        assert!(root.element("o-ex:context").is_some());
    }
}
