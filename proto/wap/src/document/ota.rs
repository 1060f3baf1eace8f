//! Bookmarks and browser settings of Nokia and Ericsson (Over The Air Settings Specification 7.0).

use super::{Connection, DocumentError, DocumentProblem, check_names, check_text, required};
use crate::wbxml::Element;

/// Bookmarks, or the settings of a browser or of MMS.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Ota {
    /// The settings.
    pub characteristics: Vec<OtaCharacteristic>,
}

/// A group of settings.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct OtaCharacteristic {
    /// What kind of group: `ADDRESS`, `URL`, `NAME`, `BOOKMARK`, `MMSURL`, `ID`.
    pub kind: String,
    /// A value of its own, as `URL` has.
    pub value: Option<String>,
    /// Names and values of the settings, in their order.
    pub parms: Vec<(String, String)>,
}

const ROOT: &str = "CHARACTERISTIC-LIST";

impl OtaCharacteristic {
    /// A group without settings.
    pub fn new(kind: impl Into<String>) -> Self {
        Self { kind: kind.into(), ..Self::default() }
    }

    /// The same with one more setting.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.parms.push((name.into(), value.into()));
        self
    }

    /// The value of the first setting of a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.parms.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

impl Ota {
    /// A bookmark.
    pub fn bookmark(title: &str, url: &str) -> Self {
        Self { characteristics: vec![OtaCharacteristic::new("BOOKMARK").with("NAME", title).with("URL", url)] }
    }

    /// The settings of a browser.
    pub fn browser(connection: &Connection, home_page: Option<&str>) -> Self {
        let mut characteristics = vec![connection.ota_address()];
        if let Some(home_page) = home_page {
            characteristics.push(OtaCharacteristic { value: Some(home_page.to_owned()), ..OtaCharacteristic::new("URL") });
        }
        characteristics.push(OtaCharacteristic::new("NAME").with("NAME", connection.name.as_str()));
        Self { characteristics }
    }

    /// The settings of MMS.
    pub fn mms(connection: &Connection, mmsc: &str) -> Self {
        let url = OtaCharacteristic { value: Some(mmsc.to_owned()), ..OtaCharacteristic::new("MMSURL") };
        let name = OtaCharacteristic::new("NAME").with("NAME", connection.name.as_str());
        Self { characteristics: vec![connection.ota_address(), url, name] }
    }

    /// There are bookmarks and nothing else.
    pub fn is_bookmarks(&self) -> bool {
        !self.characteristics.is_empty() && self.characteristics.iter().all(|characteristic| characteristic.kind == "BOOKMARK")
    }

    /// Checks the rules.
    ///
    /// # Errors
    /// There are no settings, or one has no name.
    pub fn validate(&self) -> Result<(), DocumentError> {
        if self.characteristics.is_empty() {
            return Err(DocumentError::new(ROOT, DocumentProblem::Rule("there has to be a CHARACTERISTIC")));
        }
        for characteristic in &self.characteristics {
            if characteristic.kind.is_empty() {
                return Err(DocumentError::new("CHARACTERISTIC@TYPE", DocumentProblem::Missing));
            }
            check_text("CHARACTERISTIC@TYPE", &characteristic.kind)?;
            check_text("CHARACTERISTIC@VALUE", characteristic.value.as_deref().unwrap_or_default())?;
            for (name, value) in &characteristic.parms {
                if name.is_empty() {
                    return Err(DocumentError::new("PARM@NAME", DocumentProblem::Missing));
                }
                check_text("PARM@NAME", name)?;
                check_text("PARM@VALUE", value)?;
            }
            if characteristic.kind == "BOOKMARK" && characteristic.get("URL").is_none_or(str::is_empty) {
                return Err(DocumentError::new("BOOKMARK", DocumentProblem::Rule("a bookmark needs a PARM with NAME=\"URL\"")));
            }
        }
        Ok(())
    }

    pub(super) fn from_tree(root: &Element) -> Result<Self, DocumentError> {
        check_names(root, &[], &["CHARACTERISTIC"], "CHARACTERISTIC in CHARACTERISTIC-LIST")?;
        let mut characteristics = Vec::new();
        for element in root.elements().filter(|element| element.name == "CHARACTERISTIC") {
            check_names(element, &["TYPE", "VALUE"], &["PARM"], "TYPE, VALUE and PARM in CHARACTERISTIC")?;
            let mut parms = Vec::new();
            for parm in element.elements().filter(|parm| parm.name == "PARM") {
                check_names(parm, &["NAME", "VALUE"], &[], "NAME and VALUE in PARM")?;
                parms.push((required(parm, "NAME")?, parm.value("VALUE").unwrap_or_default().to_owned()));
            }
            let value = element.value("VALUE").map(str::to_owned);
            characteristics.push(OtaCharacteristic { kind: required(element, "TYPE")?, value, parms });
        }
        Ok(Self { characteristics })
    }

    pub(super) fn to_tree(&self) -> Element {
        self.characteristics.iter().fold(Element::new(ROOT), |root, characteristic| {
            let element = Element::new("CHARACTERISTIC").with("TYPE", characteristic.kind.as_str());
            let element = element.with_some("VALUE", characteristic.value.as_deref());
            root.holding(characteristic.parms.iter().fold(element, |element, (name, value)| {
                element.holding(Element::new("PARM").with("NAME", name.as_str()).with("VALUE", value.as_str()))
            }))
        })
    }
}
