//! Cache Operation: "what you keep of this is old" (WAP-175-CacheOp).

use super::{DocumentError, DocumentProblem, check_names, check_url, required};
use crate::wbxml::Element;

/// A cache operation.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Co {
    /// What the phone shall not use any more; at least one.
    pub operations: Vec<Invalidate>,
}

/// One thing in a cache that is old.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Invalidate {
    /// The object of this URL.
    Object(String),
    /// Every object whose URL begins so.
    Service(String),
}

impl Co {
    /// Checks the rules (section 5.2).
    ///
    /// # Errors
    /// There is nothing to do, or a URL is empty or has spaces.
    pub fn validate(&self) -> Result<(), DocumentError> {
        if self.operations.is_empty() {
            return Err(DocumentError::new("co", DocumentProblem::Rule("there has to be an invalidate-object or an invalidate-service")));
        }
        self.operations.iter().try_for_each(|operation| match operation {
            Invalidate::Object(uri) => check_url("invalidate-object@uri", uri),
            Invalidate::Service(uri) => check_url("invalidate-service@uri", uri),
        })
    }

    pub(super) fn from_tree(root: &Element) -> Result<Self, DocumentError> {
        check_names(root, &[], &["invalidate-object", "invalidate-service"], "invalidate-object and invalidate-service in co")?;
        let mut operations = Vec::new();
        for element in root.elements() {
            check_names(element, &["uri"], &[], "uri")?;
            match element.name.as_str() {
                "invalidate-object" => operations.push(Invalidate::Object(required(element, "uri")?)),
                "invalidate-service" => operations.push(Invalidate::Service(required(element, "uri")?)),
                _ => {}
            }
        }
        Ok(Self { operations })
    }

    pub(super) fn to_tree(&self) -> Element {
        self.operations.iter().fold(Element::new("co"), |root, operation| {
            root.holding(match operation {
                Invalidate::Object(uri) => Element::new("invalidate-object").with("uri", uri.as_str()),
                Invalidate::Service(uri) => Element::new("invalidate-service").with("uri", uri.as_str()),
            })
        })
    }
}
