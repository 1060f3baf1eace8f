//! Service Indication: "there is something at this URL" (WAP-167-ServiceInd).

use jiff::Timestamp;

use super::{DocumentError, DocumentProblem, check_names, check_text, check_url, date_of, required, word_of};
use crate::date;
use crate::wbxml::Element;

/// A service indication. [`Si::new`] makes one with the usual defaults.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Si {
    /// Where the service is.
    pub href: Option<String>,
    /// What the user is shown.
    pub text: String,
    /// Tells indications apart, so that a later one replaces or deletes an earlier one; the URL if there is none.
    pub id: Option<String>,
    /// How urgently the user is told.
    pub action: SiAction,
    /// When the content was made: of two with the same id, phones keep the later one.
    pub created: Option<Timestamp>,
    /// When the phone shall delete it by itself.
    pub expires: Option<Timestamp>,
    /// Further values, which few phones look at.
    pub info: Vec<InfoItem>,
}

/// How urgently the user is told of a service.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum SiAction {
    /// Not at all: it lies there.
    None,
    /// When convenient.
    Low,
    /// As soon as possible without disturbing: the default.
    #[default]
    Medium,
    /// At once.
    High,
    /// Earlier ones with the same id are deleted.
    Delete,
}

/// A further value of a service indication.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct InfoItem {
    /// What it is.
    pub class: String,
    /// The value.
    pub text: String,
}

const ACTIONS: [(&str, SiAction); 5] = [
    ("signal-none", SiAction::None),
    ("signal-low", SiAction::Low),
    ("signal-medium", SiAction::Medium),
    ("signal-high", SiAction::High),
    ("delete", SiAction::Delete),
];
const ACTIONS_ALLOWED: &str = "signal-none, signal-low, signal-medium, signal-high or delete";

impl SiAction {
    /// The action of a word such as `signal-high`.
    pub fn from_name(name: &str) -> Option<Self> {
        ACTIONS.iter().find(|(word, _)| *word == name).map(|(_, action)| *action)
    }

    /// The word, such as `signal-high`.
    pub fn name(self) -> &'static str {
        ACTIONS.iter().find(|(_, action)| *action == self).map_or("signal-medium", |(word, _)| word)
    }
}

impl Si {
    /// An indication of a URL with a text, and defaults for all else.
    pub fn new(href: impl Into<String>, text: impl Into<String>) -> Self {
        Self { href: Some(href.into()), text: text.into(), ..Self::default() }
    }

    /// Checks the rules (section 5.2).
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn validate(&self) -> Result<(), DocumentError> {
        if let Some(href) = &self.href {
            check_url("indication@href", href)?;
        }
        check_text("indication", &self.text)?;
        if let Some(id) = &self.id {
            check_text("indication@si-id", id)?;
        }
        if self.action == SiAction::Delete && self.id.is_none() {
            let rule = "the action delete needs an si-id: it says what to delete";
            return Err(DocumentError::new("indication@si-id", DocumentProblem::Rule(rule)));
        }
        if let (Some(created), Some(expires)) = (self.created, self.expires)
            && expires <= created
        {
            let rule = "si-expires has to be later than created";
            return Err(DocumentError::new("indication@si-expires", DocumentProblem::Rule(rule)));
        }
        for item in &self.info {
            if item.class.is_empty() {
                return Err(DocumentError::new("item@class", DocumentProblem::Missing));
            }
            check_text("item", &item.text)?;
        }
        Ok(())
    }

    pub(super) fn from_tree(root: &Element) -> Result<Self, DocumentError> {
        check_names(root, &[], &["indication", "info"], "indication and info in si")?;
        let indication = root.element("indication");
        let indication = indication.ok_or_else(|| DocumentError::new("indication", DocumentProblem::Missing).at(root.position))?;
        let expected = "href, si-id, action, created and si-expires in indication";
        check_names(indication, &["href", "si-id", "action", "created", "si-expires"], &[], expected)?;
        let mut info = Vec::new();
        if let Some(element) = root.element("info") {
            check_names(element, &[], &["item"], "item in info")?;
            for item in element.elements().filter(|item| item.name == "item") {
                check_names(item, &["class"], &[], "class in item")?;
                info.push(InfoItem { class: required(item, "class")?, text: item.text() });
            }
        }
        Ok(Self {
            href: indication.value("href").map(str::to_owned),
            text: indication.text(),
            id: indication.value("si-id").map(str::to_owned),
            action: word_of(indication, "action", &ACTIONS, ACTIONS_ALLOWED)?,
            created: date_of(indication, "created")?,
            expires: date_of(indication, "si-expires")?,
            info,
        })
    }

    pub(super) fn to_tree(&self) -> Element {
        let mut indication = Element::new("indication").with_some("href", self.href.as_deref()).with_some("si-id", self.id.as_deref());
        if self.action != SiAction::default() {
            indication = indication.with("action", self.action.name());
        }
        let indication = indication.with_some("created", self.created.map(date::to_xml));
        let indication = indication.with_some("si-expires", self.expires.map(date::to_xml)).containing(self.text.as_str());
        let root = Element::new("si").holding(indication);
        if self.info.is_empty() {
            return root;
        }
        let items = self.info.iter().map(|item| Element::new("item").with("class", item.class.as_str()).containing(item.text.as_str()));
        root.holding(items.fold(Element::new("info"), Element::holding))
    }
}
