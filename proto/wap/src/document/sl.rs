//! Service Loading: "load this URL" (WAP-168-ServiceLoad).

use super::{DocumentError, check_names, check_url, required, word_of};
use crate::wbxml::Element;

/// A service loading.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Sl {
    /// What to load.
    pub href: String,
    /// How.
    pub action: SlAction,
}

/// How a service is loaded.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum SlAction {
    /// Without disturbing the user: the default.
    #[default]
    ExecuteLow,
    /// At once, even if it disturbs the user.
    ExecuteHigh,
    /// Into the cache only.
    Cache,
}

const ACTIONS: [(&str, SlAction); 3] =
    [("execute-low", SlAction::ExecuteLow), ("execute-high", SlAction::ExecuteHigh), ("cache", SlAction::Cache)];

impl SlAction {
    /// The action of a word such as `execute-high`.
    pub fn from_name(name: &str) -> Option<Self> {
        ACTIONS.iter().find(|(word, _)| *word == name).map(|(_, action)| *action)
    }

    /// The word, such as `execute-high`.
    pub fn name(self) -> &'static str {
        ACTIONS.iter().find(|(_, action)| *action == self).map_or("execute-low", |(word, _)| word)
    }
}

impl Sl {
    /// Checks the rules (section 5.2).
    ///
    /// # Errors
    /// The URL is empty or has spaces.
    pub fn validate(&self) -> Result<(), DocumentError> {
        check_url("sl@href", &self.href)
    }

    pub(super) fn from_tree(root: &Element) -> Result<Self, DocumentError> {
        check_names(root, &["href", "action"], &[], "href and action in sl")?;
        let action = word_of(root, "action", &ACTIONS, "execute-low, execute-high or cache")?;
        Ok(Self { href: required(root, "href")?, action })
    }

    pub(super) fn to_tree(&self) -> Element {
        let root = Element::new("sl").with("href", self.href.as_str());
        if self.action == SlAction::default() { root } else { root.with("action", self.action.name()) }
    }
}
