//! What the headers of a request say.

use super::Profile;
use crate::MediaTypes;

/// Octets of a header that are read.
const HEADER_MOST: usize = 16 << 10;
/// Charsets of a list that are kept.
const MOST_CHARSETS: usize = 32;

impl Profile {
    /// What `Accept` and `Accept-Charset` say (RFC 9110 section 12.5); either may be empty. What has a quality of 0 is left out.
    pub fn from_accept(accept: &str, accept_charset: &str) -> Self {
        let types = MediaTypes::new(by_quality(accept));
        let smil = types.iter().any(crate::media::is_presentation).then_some(true);
        let charsets: Vec<String> = by_quality(accept_charset).into_iter().map(str::to_ascii_lowercase).take(MOST_CHARSETS).collect();
        Self { accept: (!types.is_empty()).then_some(types), charsets: (!charsets.is_empty()).then_some(charsets), smil, ..Self::default() }
    }
}

/// The values of a list, the preferred one first, without their parameters.
fn by_quality(header: &str) -> Vec<&str> {
    let end = header.char_indices().map(|(at, _)| at).find(|at| *at > HEADER_MOST).unwrap_or(header.len());
    let mut values: Vec<(u16, &str)> = header[..end].split(',').filter_map(value).collect();
    values.sort_by_key(|(quality, _)| std::cmp::Reverse(*quality));
    values.into_iter().map(|(_, value)| value).collect()
}

fn value(element: &str) -> Option<(u16, &str)> {
    let mut parameters = element.split(';');
    let value = parameters.next()?.trim().trim_matches('"');
    let is_quality = |p: &str| p.trim().strip_prefix(['q', 'Q']).and_then(|p| p.trim().strip_prefix('=')).map(|q| q.trim().parse::<f32>());
    let quality = match parameters.find_map(is_quality) {
        Some(Ok(quality)) if quality.is_finite() => quality.clamp(0.0, 1.0),
        _ => 1.0,
    };
    // Three digits at most by the standard; at most 1000 by the line above.
    let quality = (quality * 1000.0).round() as u16;
    (quality > 0 && !value.is_empty()).then_some((quality, value))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn qualities_order_and_exclude() {
        let accept = "image/gif;q=0.2, image/jpeg, application/vnd.wap.mms-message;level=1, image/bmp;q=0, , audio/amr;q=0.9";
        let profile = Profile::from_accept(accept, "iso-8859-1;q=0.5, UTF-8;q=0.8, us-ascii; q=0.000");
        let types = profile.accept.unwrap();
        assert_eq!(types.iter().collect::<Vec<_>>(), ["image/jpeg", "application/vnd.wap.mms-message", "audio/amr", "image/gif"]);
        assert_eq!(profile.charsets.unwrap(), ["utf-8", "iso-8859-1"]);
    }

    #[test]
    fn empty_and_endless_headers() {
        assert!(Profile::from_accept("", " , ;").is_empty());
        let endless = "ä/ö,".repeat(100_000);
        let _ = Profile::from_accept(&endless, &endless);
    }
}
