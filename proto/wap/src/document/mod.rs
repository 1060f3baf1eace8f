//! The documents that are pushed: typed, with their rules, to and from XML and WBXML.
//!
//! Reading takes what phones take; [`Document::to_wbxml`] and [`Document::to_xml`] check the rules first.

mod co;
mod connection;
mod emn;
mod error;
mod ota;
mod provisioning;
mod rights;
mod si;
mod sl;

pub use co::{Co, Invalidate};
pub use connection::{Authentication, Connection};
pub use emn::Emn;
pub use error::{DocumentError, DocumentProblem};
use jiff::Timestamp;
pub use ota::{Ota, OtaCharacteristic};
pub use provisioning::{Characteristic, Parm, Provisioning};
pub use rights::{Constraint, Permission, PermissionKind, Rights};
pub use si::{InfoItem, Si, SiAction};
pub use sl::{Sl, SlAction};

use crate::charset::Charset;
use crate::date;
use crate::error::{DecodeError, EncodeError, Problem};
use crate::wbxml::{self, Attribute, Element, Language, Limits, Options, tables};
use crate::xml::{self, Position, XmlError};

/// A document of any type known here.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Document {
    /// Cache Operation.
    Co(Co),
    /// E-Mail Notification.
    Emn(Emn),
    /// Bookmarks and browser settings of Nokia and Ericsson.
    Ota(Ota),
    /// OMA Client Provisioning.
    Provisioning(Provisioning),
    /// DRM Rights.
    Rights(Rights),
    /// Service Indication.
    Si(Si),
    /// Service Loading.
    Sl(Sl),
}

impl Document {
    /// Reads XML text; the root element says what it is.
    ///
    /// # Errors
    /// The text is not well-formed or not what its type asks for, with line and column.
    pub fn from_xml(text: &str) -> Result<Self, XmlError> {
        let (language, root) = xml::parse(text)?;
        let document = Self::from_tree(language, &root)?;
        document.validate().map_err(|error| DocumentError { position: locate(&root, &error), ..error })?;
        Ok(document)
    }

    /// Reads XML octets: see [`xml::text_of`] for how their charset is found.
    ///
    /// # Errors
    /// As [`from_xml`](Self::from_xml); and the charset is not known.
    pub fn from_xml_octets(octets: &[u8], charset: Option<Charset>) -> Result<Self, XmlError> {
        Self::from_xml(&xml::text_of(octets, charset)?)
    }

    /// Reads WBXML; the public identifier says what it is, "unknown" being the settings of Nokia and Ericsson.
    ///
    /// # Errors
    /// The octets are no WBXML of a type known here, or not what the type asks for.
    pub fn from_wbxml(octets: &[u8]) -> Result<Self, DecodeError> {
        let (language, root) = wbxml::decode(octets, Limits::default())?;
        Self::from_decoded(language, &root)
    }

    /// Reads WBXML of a type known from elsewhere.
    ///
    /// # Errors
    /// As [`from_wbxml`](Self::from_wbxml).
    pub fn from_wbxml_as(octets: &[u8], language: &'static Language) -> Result<Self, DecodeError> {
        Self::from_decoded(language, &wbxml::decode_as(octets, language, Limits::default())?)
    }

    fn from_decoded(language: &'static Language, root: &Element) -> Result<Self, DecodeError> {
        Self::from_tree(language, root).map_err(|error| DecodeError::new("document", 0, Problem::Document(error)))
    }

    fn from_tree(language: &'static Language, root: &Element) -> Result<Self, DocumentError> {
        let expected = language.tags.first().map_or("", |tag| tag.text);
        if root.name != expected {
            return Err(DocumentError::new(&root.name, DocumentProblem::Unexpected(expected)).at(root.position));
        }
        Ok(match language.public_id {
            id if id == tables::CO.public_id => Self::Co(Co::from_tree(root)?),
            id if id == tables::EMN.public_id => Self::Emn(Emn::from_tree(root)?),
            id if id == tables::PROVISIONING.public_id => Self::Provisioning(Provisioning::from_tree(root)?),
            id if id == tables::RIGHTS.public_id => Self::Rights(Rights::from_tree(root)?),
            id if id == tables::SI.public_id => Self::Si(Si::from_tree(root)?),
            id if id == tables::SL.public_id => Self::Sl(Sl::from_tree(root)?),
            _ => Self::Ota(Ota::from_tree(root)?),
        })
    }

    /// Checks the rules of the type.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn validate(&self) -> Result<(), DocumentError> {
        match self {
            Self::Co(co) => co.validate(),
            Self::Emn(emn) => emn.validate(),
            Self::Ota(ota) => ota.validate(),
            Self::Provisioning(provisioning) => provisioning.validate(),
            Self::Rights(rights) => rights.validate(),
            Self::Si(si) => si.validate(),
            Self::Sl(sl) => sl.validate(),
        }
    }

    /// The token tables of the type.
    pub fn language(&self) -> &'static Language {
        match self {
            Self::Co(_) => &tables::CO,
            Self::Emn(_) => &tables::EMN,
            Self::Ota(_) => &tables::OTA,
            Self::Provisioning(_) => &tables::PROVISIONING,
            Self::Rights(_) => &tables::RIGHTS,
            Self::Si(_) => &tables::SI,
            Self::Sl(_) => &tables::SL,
        }
    }

    /// The name of the type, as people know it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Co(_) => "cache operation",
            Self::Emn(_) => "e-mail notification",
            Self::Ota(ota) if ota.is_bookmarks() => "OTA bookmark",
            Self::Ota(_) => "OTA settings",
            Self::Provisioning(_) => "client provisioning",
            Self::Rights(_) => "DRM rights",
            Self::Si(_) => "service indication",
            Self::Sl(_) => "service loading",
        }
    }

    /// The content type of its WBXML.
    pub fn content_type(&self) -> &'static str {
        match self {
            Self::Co(_) => "application/vnd.wap.coc",
            Self::Emn(_) => "application/vnd.wap.emn+wbxml",
            Self::Ota(ota) if ota.is_bookmarks() => "application/x-wap-prov.browser-bookmarks",
            Self::Ota(_) => "application/x-wap-prov.browser-settings",
            Self::Provisioning(_) => "application/vnd.wap.connectivity-wbxml",
            Self::Rights(_) => "application/vnd.oma.drm.rights+wbxml",
            Self::Si(_) => "application/vnd.wap.sic",
            Self::Sl(_) => "application/vnd.wap.slc",
        }
    }

    /// The document as XML text.
    ///
    /// # Errors
    /// A rule of the type is broken.
    pub fn to_xml(&self) -> Result<String, DocumentError> {
        self.validate()?;
        Ok(self.to_xml_unchecked())
    }

    /// The document as XML text, whatever its rules say: to show what came.
    pub fn to_xml_unchecked(&self) -> String {
        xml::write(&self.to_tree(), self.language())
    }

    /// The document as WBXML.
    ///
    /// # Errors
    /// A rule of the type is broken, or something has no coding.
    pub fn to_wbxml(&self, options: Options) -> Result<Vec<u8>, EncodeError> {
        self.validate()?;
        wbxml::encode(&self.to_tree(), self.language(), options)
    }

    fn to_tree(&self) -> Element {
        match self {
            Self::Co(co) => co.to_tree(),
            Self::Emn(emn) => emn.to_tree(),
            Self::Ota(ota) => ota.to_tree(),
            Self::Provisioning(provisioning) => provisioning.to_tree(),
            Self::Rights(rights) => rights.to_tree(),
            Self::Si(si) => si.to_tree(),
            Self::Sl(sl) => sl.to_tree(),
        }
    }
}

/// Where in the text an error of [`Document::validate`] is: the attribute or element that has the name and, if it is wrong by itself, the
/// value; else the root.
fn locate(root: &Element, error: &DocumentError) -> Option<Position> {
    fn find(element: &Element, name: &str, attribute: Option<&str>, wrong: Option<&str>) -> Option<Position> {
        if element.name == name {
            let at = match attribute {
                Some(attribute) => element.attribute(attribute).map(|attribute| (attribute.value.as_str(), attribute.position)),
                None => None,
            };
            match (at, wrong) {
                (Some((value, position)), Some(wrong)) if value == wrong => return position,
                (Some((_, position)), None) => return position,
                (None, Some(wrong)) if attribute.is_none() && element.text() == wrong => return element.position,
                (None, None) => return element.position,
                _ => {}
            }
        }
        element.elements().find_map(|child| find(child, name, attribute, wrong))
    }
    let (name, attribute) = match error.place.split_once('@') {
        Some((name, attribute)) => (name, Some(attribute)),
        None => (error.place.as_str(), None),
    };
    let wrong = match &error.problem {
        DocumentProblem::Value { value, .. } => Some(value.as_str()),
        _ => None,
    };
    find(root, name, attribute, wrong).or(root.position)
}

/// The language of a content type of WBXML; `None` if it is not one known here.
pub fn language_of(content_type: &str) -> Option<&'static Language> {
    Some(match content_type.to_ascii_lowercase().as_str() {
        "application/vnd.wap.coc" => &tables::CO,
        "application/vnd.wap.emn+wbxml" => &tables::EMN,
        "application/x-wap-prov.browser-bookmarks" | "application/x-wap-prov.browser-settings" => &tables::OTA,
        "application/vnd.wap.connectivity-wbxml" => &tables::PROVISIONING,
        "application/vnd.oma.drm.rights+wbxml" => &tables::RIGHTS,
        "application/vnd.wap.sic" => &tables::SI,
        "application/vnd.wap.slc" => &tables::SL,
        _ => return None,
    })
}

/// The content type is XML of a document known here.
pub fn is_xml_type(content_type: &str) -> bool {
    const TYPES: [&str; 8] = [
        "text/vnd.wap.si",
        "text/vnd.wap.sl",
        "text/vnd.wap.co",
        "text/vnd.wap.emn+xml",
        "text/vnd.wap.connectivity-xml",
        "application/vnd.oma.drm.rights+xml",
        "text/xml",
        "application/xml",
    ];
    TYPES.iter().any(|known| known.eq_ignore_ascii_case(content_type))
}

/// In XML that a person wrote, what the type does not have is an error; in WBXML that a machine sent, it is let pass.
fn check_names(element: &Element, attributes: &[&str], elements: &[&str], expected: &'static str) -> Result<(), DocumentError> {
    if element.position.is_none() {
        return Ok(());
    }
    for attribute in &element.attributes {
        if !attributes.contains(&attribute.name.as_str()) {
            let place = format!("{}@{}", element.name, attribute.name);
            return Err(DocumentError::new(place, DocumentProblem::Unexpected(expected)).at(attribute.position));
        }
    }
    match element.elements().find(|child| !elements.contains(&child.name.as_str())) {
        Some(child) => Err(DocumentError::new(&child.name, DocumentProblem::Unexpected(expected)).at(child.position)),
        None => Ok(()),
    }
}

/// An attribute that has to be there.
fn required(element: &Element, name: &str) -> Result<String, DocumentError> {
    let missing = || DocumentError::new(format!("{}@{name}", element.name), DocumentProblem::Missing).at(element.position);
    element.value(name).map(str::to_owned).ok_or_else(missing)
}

/// An attribute that is a date; an empty one is none.
fn date_of(element: &Element, name: &str) -> Result<Option<Timestamp>, DocumentError> {
    let Some(Attribute { value, position, .. }) = element.attribute(name).filter(|attribute| !attribute.value.trim().is_empty()) else {
        return Ok(None);
    };
    let wrong = || DocumentError::value(format!("{}@{name}", element.name), value, "a date such as 2026-12-31T23:59:59Z").at(*position);
    date::from_xml(value).map(Some).ok_or_else(wrong)
}

/// An attribute that is one of several words, with the one that it is if it is not there.
fn word_of<T: Copy + Default>(element: &Element, name: &str, words: &[(&str, T)], expected: &'static str) -> Result<T, DocumentError> {
    let Some(attribute) = element.attribute(name) else { return Ok(T::default()) };
    let word = words.iter().find(|(word, _)| *word == attribute.value).map(|(_, value)| *value);
    let wrong = || DocumentError::value(format!("{}@{name}", element.name), &attribute.value, expected).at(attribute.position);
    word.ok_or_else(wrong)
}

/// Text that goes into a URL attribute: something, without white space and controls.
fn check_url(place: &str, url: &str) -> Result<(), DocumentError> {
    if url.is_empty() || url.chars().any(|char| char.is_whitespace() || char.is_control()) {
        return Err(DocumentError::value(place, url, "a URL without spaces"));
    }
    Ok(())
}

/// Text that XML and WBXML can both carry.
fn check_text(place: &str, text: &str) -> Result<(), DocumentError> {
    if text.chars().any(|char| char.is_control() && !matches!(char, '\t' | '\n' | '\r')) {
        return Err(DocumentError::value(place, text, "text without control characters"));
    }
    Ok(())
}
