//! OMA Client Provisioning: settings as nested characteristics (OMA-WAP-ProvCont 1.1, OMA-WAP-ProvBoot 1.1).

use super::{Connection, DocumentError, DocumentProblem, check_names, check_text, required};
use crate::wbxml::Element;

/// A provisioning document.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Provisioning {
    /// The version of the content: `1.0` or `1.1`; some senders leave it out.
    pub version: Option<String>,
    /// The settings.
    pub characteristics: Vec<Characteristic>,
}

/// A group of settings.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Characteristic {
    /// What kind of group, such as `NAPDEF`.
    pub kind: String,
    /// The settings in their order.
    pub parms: Vec<Parm>,
    /// Groups inside.
    pub characteristics: Vec<Self>,
}

/// A setting.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Parm {
    /// The name, such as `NAP-ADDRESS`.
    pub name: String,
    /// The value; some settings, such as `INTERNET`, have none.
    pub value: Option<String>,
}

/// The root characteristics of the standard that a document can be made of.
const ROOT: &str = "wap-provisioningdoc";

impl Characteristic {
    /// A group without settings.
    pub fn new(kind: impl Into<String>) -> Self {
        Self { kind: kind.into(), ..Self::default() }
    }

    /// The same with one more setting.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.parms.push(Parm { name: name.into(), value: Some(value.into()) });
        self
    }

    /// The same with one more setting that has no value.
    #[must_use]
    pub fn with_flag(mut self, name: impl Into<String>) -> Self {
        self.parms.push(Parm { name: name.into(), value: None });
        self
    }

    /// The same with one more group inside.
    #[must_use]
    pub fn holding(mut self, inner: Self) -> Self {
        self.characteristics.push(inner);
        self
    }

    /// The value of the first setting of a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.parms.iter().find(|parm| parm.name == name).and_then(|parm| parm.value.as_deref())
    }

    fn from_tree(element: &Element) -> Result<Self, DocumentError> {
        check_names(element, &["type"], &["characteristic", "parm"], "type, characteristic and parm in characteristic")?;
        let mut characteristic = Self::new(required(element, "type")?);
        for child in element.elements() {
            match child.name.as_str() {
                "characteristic" => characteristic.characteristics.push(Self::from_tree(child)?),
                "parm" => {
                    check_names(child, &["name", "value"], &[], "name and value in parm")?;
                    characteristic.parms.push(Parm { name: required(child, "name")?, value: child.value("value").map(str::to_owned) });
                }
                _ => {}
            }
        }
        Ok(characteristic)
    }

    fn to_tree(&self) -> Element {
        let element = Element::new("characteristic").with("type", self.kind.as_str());
        let element = self.parms.iter().fold(element, |element, parm| {
            element.holding(Element::new("parm").with("name", parm.name.as_str()).with_some("value", parm.value.as_deref()))
        });
        self.characteristics.iter().map(Self::to_tree).fold(element, Element::holding)
    }

    fn validate(&self) -> Result<(), DocumentError> {
        if self.kind.is_empty() {
            return Err(DocumentError::new("characteristic@type", DocumentProblem::Missing));
        }
        check_text("characteristic@type", &self.kind)?;
        for parm in &self.parms {
            if parm.name.is_empty() {
                return Err(DocumentError::new("parm@name", DocumentProblem::Missing));
            }
            check_text("parm@name", &parm.name)?;
            check_text("parm@value", parm.value.as_deref().unwrap_or_default())?;
        }
        self.characteristics.iter().try_for_each(Self::validate)
    }
}

impl Provisioning {
    /// The settings of a browser: an access point, a proxy if there is one, a home page and its bookmark.
    pub fn browser(connection: &Connection, home_page: Option<&str>) -> Self {
        let mut application = Characteristic::new("APPLICATION").with("APPID", "w2").with("NAME", connection.name.as_str());
        application = application.with(connection.target().0, connection.target().1);
        if let Some(home_page) = home_page {
            let resource = Characteristic::new("RESOURCE").with("URI", home_page).with("NAME", connection.name.as_str());
            application = application.holding(resource.with_flag("STARTPAGE"));
        }
        Self::of(connection, home_page, application)
    }

    /// The settings of MMS: an access point, a proxy if there is one, and the URL of the message centre.
    pub fn mms(connection: &Connection, mmsc: &str) -> Self {
        let application = Characteristic::new("APPLICATION").with("APPID", "w4").with("NAME", connection.name.as_str());
        let application = application.with(connection.target().0, connection.target().1).with("ADDR", mmsc);
        Self::of(connection, None, application)
    }

    fn of(connection: &Connection, start_page: Option<&str>, application: Characteristic) -> Self {
        let bootstrap = Characteristic::new("BOOTSTRAP").with("NAME", connection.name.as_str());
        let mut characteristics = vec![bootstrap];
        characteristics.extend(connection.proxy_characteristic(start_page));
        characteristics.extend([connection.nap_characteristic(), application]);
        Self { version: Some("1.0".to_owned()), characteristics }
    }

    /// Checks what the standard asks of any document.
    ///
    /// # Errors
    /// There are no settings, or one has no name.
    pub fn validate(&self) -> Result<(), DocumentError> {
        if self.characteristics.is_empty() {
            return Err(DocumentError::new(ROOT, DocumentProblem::Rule("there has to be a characteristic")));
        }
        check_text("wap-provisioningdoc@version", self.version.as_deref().unwrap_or_default())?;
        self.characteristics.iter().try_for_each(Characteristic::validate)
    }

    pub(super) fn from_tree(root: &Element) -> Result<Self, DocumentError> {
        check_names(root, &["version"], &["characteristic"], "version and characteristic in wap-provisioningdoc")?;
        let elements = root.elements().filter(|element| element.name == "characteristic");
        let characteristics = elements.map(Characteristic::from_tree).collect::<Result<_, _>>()?;
        Ok(Self { version: root.value("version").map(str::to_owned), characteristics })
    }

    pub(super) fn to_tree(&self) -> Element {
        let root = Element::new(ROOT).with_some("version", self.version.as_deref());
        self.characteristics.iter().map(Characteristic::to_tree).fold(root, Element::holding)
    }
}
