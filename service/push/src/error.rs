//! Why something special cannot be sent.

use waxwing_gsm::segment::SegmentError;
use waxwing_smart::EncodeError as SmartError;
use waxwing_wap::document::DocumentError;
use waxwing_wap::sms::SendError;
use waxwing_wap::xml::{Position, XmlError};

/// Why there is no message: which field, where in it, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ComposeError {
    /// A field makes no sense, or is missing.
    #[error("{field}: {why}")]
    Field {
        /// The field.
        field: &'static str,
        /// What is wrong with it, and the mend.
        why: String,
    },
    /// A document in XML cannot be read, or breaks a rule of its type.
    #[error("{field}: {error}")]
    Xml {
        /// The field that the document was given in.
        field: &'static str,
        /// Where and why.
        error: XmlError,
    },
    /// It takes more segments than allowed.
    #[error("the message takes {count} segments and {limit} are allowed; shorten {field}")]
    TooLong {
        /// What to shorten.
        field: &'static str,
        /// Segments that it takes.
        count: usize,
        /// Segments that are allowed.
        limit: u8,
    },
}

impl ComposeError {
    /// A field makes no sense.
    pub(crate) fn field(field: &'static str, why: impl ToString) -> ComposeError {
        ComposeError::Field { field, why: why.to_string() }
    }

    /// The field that is wrong.
    pub fn field_name(&self) -> &'static str {
        match self {
            ComposeError::Field { field, .. } | ComposeError::Xml { field, .. } | ComposeError::TooLong { field, .. } => field,
        }
    }

    /// Where in the field's XML.
    pub fn position(&self) -> Option<Position> {
        match self {
            ComposeError::Xml { error: XmlError::Syntax { position, .. }, .. } => Some(*position),
            ComposeError::Xml { error: XmlError::Document(e), .. } => e.position,
            _ => None,
        }
    }

    /// Of a document that was made of fields, the first of which is meant where the error does not tell.
    pub(crate) fn of_document(field: &'static str, e: &DocumentError) -> ComposeError {
        let attribute = e.place.rsplit('@').next().unwrap_or_default();
        let field = match attribute {
            "href" | "uri" | "URL" => "url",
            "si-id" => "id",
            "created" => "created",
            "si-expires" => "expires",
            "mailbox" => "mailbox",
            "indication" => "text",
            _ => field,
        };
        ComposeError::field(field, &e.problem)
    }

    pub(crate) fn of_send(field: &'static str, e: &SendError) -> ComposeError {
        match e {
            SendError::Secret(e @ waxwing_wap::security::SecretError::Imsi) => ComposeError::field("imsi", e),
            SendError::Secret(_) | SendError::NoSecret(_) => ComposeError::field("pin", e),
            SendError::Encode(waxwing_wap::EncodeError::Document(e)) => ComposeError::of_document(field, e),
            other => ComposeError::field(field, other),
        }
    }

    pub(crate) fn of_segments(field: &'static str, e: &SegmentError) -> ComposeError {
        match e {
            SegmentError::TooManySegments { count, limit } => ComposeError::TooLong { field, count: *count, limit: *limit },
            other => ComposeError::field(field, other),
        }
    }

    pub(crate) fn of_smart(field: &'static str, e: &SmartError) -> ComposeError {
        match e {
            SmartError::Segment(e) => ComposeError::of_segments(field, e),
            other => ComposeError::field(field, other),
        }
    }
}
