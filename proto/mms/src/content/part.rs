//! A part: what it is, what it is called, and its data.

use std::collections::HashMap;

use bytes::Bytes;
use waxwing_wap::Charset;
use waxwing_wap::wsp::{ContentType, HeaderName, HeaderValue, Headers, Parameter, ParameterValue, Reader};

use super::{DecodedContent, Limits, Multipart, is_multipart, read};
use crate::error::{DecodeError, EncodeError};

/// A part of a multipart.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Part {
    /// What it is, with its charset and its name among the parameters.
    pub content_type: ContentType,
    /// The other header fields: see [`content_id`](Self::content_id) and [`content_location`](Self::content_location).
    pub headers: Headers,
    /// The data, without a transfer encoding. Of a part that is a multipart itself, its body.
    pub data: Bytes,
}

/// How a part is to be shown (`Content-Disposition`).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Disposition {
    /// `inline`, `attachment`, `form-data`, or another word.
    pub kind: String,
    /// The parameters, such as `filename`.
    pub parameters: Vec<Parameter>,
}

/// `Content-Disposition` of WSP 1.1 to 1.3, and of 1.4.
const DISPOSITION: [HeaderName; 2] = [HeaderName::WellKnown(0x2e), HeaderName::WellKnown(0x45)];

impl Part {
    /// A part of a type, without a name.
    pub fn new(content_type: ContentType, data: impl Into<Bytes>) -> Self {
        Self { content_type, headers: Headers::default(), data: data.into() }
    }

    /// Text in UTF-8.
    pub fn text(text: impl Into<String>) -> Self {
        Self::new(ContentType::new("text/plain").with(Parameter::charset(Charset::UTF_8)), text.into())
    }

    /// The same with a name: as parameter of the type, as Content-Location and as Content-ID, so that every phone finds it.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        self.set_name(name);
        self
    }

    /// The same with a Content-ID, without angle brackets.
    #[must_use]
    pub fn with_content_id(mut self, id: &str) -> Self {
        self.set_content_id(id);
        self
    }

    /// The same with a Content-Location.
    #[must_use]
    pub fn with_content_location(mut self, location: &str) -> Self {
        self.set_header(HeaderName::CONTENT_LOCATION, "Content-Location", HeaderValue::Text(location.to_owned()));
        self
    }

    /// Gives it a name: as parameter of the type, as Content-Location and as Content-ID.
    pub fn set_name(&mut self, name: &str) {
        self.content_type.parameters.retain(|parameter| !is_name(parameter));
        self.content_type.parameters.push(Parameter::text("name", name));
        self.set_content_id(name);
        self.set_header(HeaderName::CONTENT_LOCATION, "Content-Location", HeaderValue::Text(name.to_owned()));
    }

    /// Gives it a Content-ID, without angle brackets.
    pub fn set_content_id(&mut self, id: &str) {
        self.set_header(HeaderName::CONTENT_ID, "Content-ID", HeaderValue::Text(format!("<{id}>")));
    }

    fn set_header(&mut self, name: HeaderName, text: &str, value: HeaderValue) {
        self.headers.0.retain(|header| header.name != name && !is_called(&header.name, text));
        self.headers.push(name, value);
    }

    /// The value of a header field, by number or by name, as text.
    fn header_text(&self, name: &HeaderName, text: &str) -> Option<&str> {
        self.headers.0.iter().find_map(|header| match &header.value {
            HeaderValue::Text(value) if header.name == *name || is_called(&header.name, text) => Some(value.trim()),
            _ => None,
        })
    }

    /// The Content-ID without angle brackets and quotes; `None` where there is none, or an empty one.
    pub fn content_id(&self) -> Option<&str> {
        self.header_text(&HeaderName::CONTENT_ID, "Content-ID").map(unbracketed).filter(|id| !id.is_empty())
    }

    /// The Content-Location; `None` where there is none, or an empty one.
    pub fn content_location(&self) -> Option<&str> {
        let location = self.header_text(&HeaderName::CONTENT_LOCATION, "Content-Location").map(|text| text.trim_matches('"'));
        location.filter(|location| !location.is_empty())
    }

    /// The name that its type says, in any of the forms that there are.
    pub fn type_name(&self) -> Option<&str> {
        let named = |wanted: &str| {
            self.content_type.parameters.iter().find_map(|parameter| match &parameter.value {
                ParameterValue::Text(name) if parameter.name.eq_ignore_ascii_case(wanted) => Some(name.trim_matches(['"', ' '])),
                _ => None,
            })
        };
        named("name").or_else(|| named("filename")).filter(|name| !name.is_empty())
    }

    /// What it is called: by its type, its disposition, its Content-Location or its Content-ID, whichever is there first.
    pub fn name(&self) -> Option<String> {
        let type_name = self.type_name().map(str::to_owned);
        let disposition = || self.disposition().and_then(|disposition| disposition.file_name().map(str::to_owned));
        let rest = || self.content_location().or_else(|| self.content_id()).map(str::to_owned);
        type_name.or_else(disposition).or_else(rest)
    }

    /// What a file with its data can be called: the first of its names with an extension, else the first at all, without folders and without
    /// characters that file names can't have.
    pub fn file_name(&self) -> Option<String> {
        /// As long as file systems take, in octets.
        const LONGEST: usize = 200;
        let disposition = self.disposition();
        let names = [self.type_name(), disposition.as_ref().and_then(Disposition::file_name), self.content_location(), self.content_id()];
        let clean = |name: &str| {
            let name = name.rsplit(['/', '\\', ':']).next().unwrap_or_default();
            let mut name: String =
                name.chars().filter(|char| !char.is_control() && !matches!(char, '<' | '>' | '"' | '|' | '?' | '*')).collect();
            while name.len() > LONGEST {
                name.pop();
            }
            Some(name.trim().trim_start_matches('.').to_owned()).filter(|name| !name.is_empty())
        };
        let names: Vec<String> = names.into_iter().flatten().filter_map(clean).collect();
        let extended = names.iter().find(|name| name.rfind('.').is_some_and(|at| at + 1 < name.len()));
        extended.or_else(|| names.first()).cloned()
    }

    /// A reference of SMIL or of `start` means this part: by its Content-Location, with or without `cid:` and angle brackets by its
    /// Content-ID, or by its name.
    pub fn is_called(&self, reference: &str) -> bool {
        let wanted = bare_reference(reference);
        !wanted.is_empty() && self.references().any(|name| name == wanted)
    }

    /// All that a reference may call it, without angle brackets.
    fn references(&self) -> impl Iterator<Item = String> {
        let file = self.disposition().and_then(|disposition| disposition.file_name().map(bare_reference).map(str::to_owned));
        let names = [self.content_location(), self.content_id(), self.type_name()];
        let names: Vec<String> = names.into_iter().flatten().map(bare_reference).map(str::to_owned).chain(file).collect();
        names.into_iter().filter(|name| !name.is_empty())
    }

    /// How it is to be shown; `None` if that is not said.
    pub fn disposition(&self) -> Option<Disposition> {
        let known = |name: &HeaderName| DISPOSITION.contains(name) || is_called(name, "Content-Disposition");
        let value = self.headers.0.iter().find(|header| known(&header.name)).map(|header| &header.value)?;
        Some(match value {
            HeaderValue::Short(short) => Disposition { kind: disposition_name(*short).to_owned(), parameters: Vec::new() },
            HeaderValue::Text(text) => {
                let ContentType { media, parameters } = ContentType::from_text(text);
                Disposition { kind: media, parameters }
            }
            HeaderValue::Octets(octets) => {
                let mut reader = Reader::new(octets);
                let kind = match reader.peek()? {
                    0x80.. => disposition_name(reader.octet("disposition").ok()? & 0x7f).to_owned(),
                    _ => reader.string(),
                };
                let mut parameters = Vec::new();
                while !reader.is_empty() {
                    let Ok(parameter) = Parameter::decode(&mut reader) else { break };
                    parameters.push(parameter);
                }
                Disposition { kind, parameters }
            }
        })
    }

    /// The charset: as the type says, else by a byte order mark; `None` if neither tells.
    pub fn charset(&self) -> Option<Charset> {
        let said = self.content_type.charset().filter(|charset| charset.0 != 0);
        said.or(match *self.data {
            [0xef, 0xbb, 0xbf, ..] => Some(Charset::UTF_8),
            [0xfe, 0xff, ..] | [0xff, 0xfe, ..] => Some(Charset::UTF_16),
            _ => None,
        })
    }

    /// It is text, by its type: also SMIL and other XML.
    pub fn is_text(&self) -> bool {
        let media = self.content_type.media.to_ascii_lowercase();
        media.starts_with("text/") || media.ends_with("+xml") || matches!(media.as_str(), "application/smil" | "application/xml")
    }

    /// The data as text, without a byte order mark: in its charset, else in UTF-8, else in ISO-8859-1. That it is text is not checked.
    pub fn decoded_text(&self) -> String {
        let charset = self.charset().unwrap_or(Charset(0));
        let text = charset.decode(&self.data).or_else(|| Charset(0).decode(&self.data)).unwrap_or_default();
        match text.strip_prefix('\u{feff}') {
            Some(text) => text.to_owned(),
            None => text,
        }
    }

    /// It is a multipart itself.
    pub fn is_multipart(&self) -> bool {
        is_multipart(&self.content_type)
    }

    /// What is inside of a part that is a multipart itself; `None` for others.
    ///
    /// # Errors
    /// The data is no multipart, or has more parts than the limits allow.
    pub fn multipart(&self, limits: Limits) -> Option<Result<DecodedContent, DecodeError>> {
        self.is_multipart().then(|| read::content(self.content_type.clone(), &self.data, 0, limits))
    }

    /// A part that holds others.
    ///
    /// # Errors
    /// A part has no coding.
    pub fn of_multipart(multipart: &Multipart) -> Result<Self, EncodeError> {
        let mut data = Vec::new();
        multipart.encode_body(&mut data)?;
        Ok(Self::new(multipart.content_type.clone(), data))
    }
}

impl Disposition {
    /// The name of the file.
    pub fn file_name(&self) -> Option<&str> {
        self.parameters.iter().filter(|parameter| is_name(parameter)).find_map(|parameter| match &parameter.value {
            ParameterValue::Text(name) => Some(name.trim_matches('"')),
            _ => None,
        })
    }
}

/// What many parts are called, to look many references up.
#[derive(Clone, Debug, Default)]
pub struct Names(HashMap<String, usize>);

impl Names {
    /// The names of parts.
    pub fn new(parts: &[Part]) -> Self {
        let mut names = HashMap::new();
        for (at, part) in parts.iter().enumerate() {
            for name in part.references() {
                names.entry(name).or_insert(at);
            }
        }
        Self(names)
    }

    /// Which part a reference means, counted from 0: see [`Part::is_called`].
    pub fn part(&self, reference: &str) -> Option<usize> {
        self.0.get(bare_reference(reference)).copied()
    }
}

fn is_name(parameter: &Parameter) -> bool {
    parameter.name.eq_ignore_ascii_case("name") || parameter.name.eq_ignore_ascii_case("filename")
}

fn is_called(name: &HeaderName, text: &str) -> bool {
    matches!(name, HeaderName::Text(name) if name.eq_ignore_ascii_case(text))
}

/// A reference without `cid:`, angle brackets and quotes.
fn bare_reference(reference: &str) -> &str {
    let reference = reference.trim();
    let bare = match reference.get(..4) {
        Some(scheme) if scheme.eq_ignore_ascii_case("cid:") => reference.get(4..).unwrap_or_default(),
        _ => reference,
    };
    unbracketed(bare)
}

fn unbracketed(text: &str) -> &str {
    text.trim_matches(['<', '>', '"', ' '])
}

/// Tokens of Content-Disposition (WAP-230-WSP, 8.4.2.21).
fn disposition_name(code: u8) -> &'static str {
    match code {
        0 => "form-data",
        1 => "attachment",
        _ => "inline",
    }
}
