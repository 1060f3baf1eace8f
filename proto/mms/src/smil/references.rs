//! References to parts: listed, and rewritten where they stand.

use std::borrow::Cow;

use super::read::bounded;
use super::scan::{escape, unescape};
use super::{MediaKind, SmilError};

/// Every `src` of media, in the order of the document, as often as it stands there.
///
/// # Errors
/// The document is too long.
pub fn sources(text: &str) -> Result<Vec<String>, SmilError> {
    let mut sources = Vec::new();
    for tag in bounded(text)? {
        let tag = tag?;
        if MediaKind::from_name(&tag.name).is_some() {
            sources.extend(tag.value("src").map(Cow::into_owned));
        }
    }
    Ok(sources)
}

/// The document with other values of `src` where the function gives one, and unchanged everywhere else.
///
/// # Errors
/// The document is too long.
pub fn rewrite(text: &str, mut new: impl FnMut(&str) -> Option<String>) -> Result<String, SmilError> {
    let mut out = String::with_capacity(text.len() + 64);
    let mut done = 0;
    for tag in bounded(text)? {
        let tag = tag?;
        if MediaKind::from_name(&tag.name).is_none() {
            continue;
        }
        let Some(attribute) = tag.attributes.iter().find(|attribute| attribute.is("src")) else { continue };
        let Some(value) = new(&unescape(attribute.raw)) else { continue };
        out.push_str(text.get(done..attribute.range.start).unwrap_or_default());
        let value = escape(&value);
        match attribute.quote {
            Some(_) => out.push_str(&value),
            None => {
                out.push('"');
                out.push_str(&value);
                out.push('"');
            }
        }
        done = attribute.range.end;
    }
    out.push_str(text.get(done..).unwrap_or_default());
    Ok(out)
}
