//! What can be wrong with a document that is well-formed.

use std::fmt;

use crate::xml::Position;

/// A document that is not what its type asks for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DocumentError {
    /// The element, and the attribute after an `@`, such as `indication@created`.
    pub place: String,
    /// What is wrong.
    pub problem: DocumentProblem,
    /// Where in the XML text; `None` for documents that were not text.
    pub position: Option<Position>,
}

/// What is wrong with a document.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum DocumentProblem {
    /// It has to be there.
    #[error("is missing")]
    Missing,
    /// It has no place here.
    #[error("has no place here; expected {0}")]
    Unexpected(&'static str),
    /// The value is not one that is allowed.
    #[error("{value:?} is not allowed; use {expected}")]
    Value {
        /// What stands there.
        value: String,
        /// What may stand there.
        expected: &'static str,
    },
    /// A rule between several values is broken.
    #[error("{0}")]
    Rule(&'static str),
}

impl DocumentError {
    pub(crate) fn new(place: impl Into<String>, problem: DocumentProblem) -> Self {
        Self { place: place.into(), problem, position: None }
    }

    pub(crate) fn value(place: impl Into<String>, value: impl Into<String>, expected: &'static str) -> Self {
        Self::new(place, DocumentProblem::Value { value: value.into(), expected })
    }

    pub(crate) fn at(mut self, position: Option<Position>) -> Self {
        self.position = position;
        self
    }
}

impl fmt::Display for DocumentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(position) = self.position {
            write!(f, "{position}: ")?;
        }
        write!(f, "{}: {}", self.place, self.problem)
    }
}

impl std::error::Error for DocumentError {}
