//! Where a phone's profile lies, as its requests say (WAP-248 section 9, W3C's CC/PP exchange).

/// What `X-Wap-Profile` or `Profile` refers to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct References {
    /// Addresses of documents, http or https, in order: what a later one says comes before what an earlier one said. At most 8.
    pub urls: Vec<String>,
    /// Differences that are in other headers (`X-Wap-Profile-Diff`): their number, and MD5 in base64.
    pub digests: Vec<(u32, String)>,
}

/// References that are kept.
const MOST: usize = 8;
/// Octets of an address.
const URL_MOST: usize = 2048;

/// Reads the value of `X-Wap-Profile` or `Profile`: addresses in quotes with commas between, digests such as `"1-uKhJE/AEeeMzFSejsYshHg=="`,
/// and what phones make of that (no quotes, blanks between, one quote only).
///
/// Addresses of other schemes are left out. They come from whoever sent the request: fetch them with bounds, and not from your own network.
pub fn profile_references(value: &str) -> References {
    let mut references = References::default();
    for word in value.split(['"', ',', ' ', '\t', '<', '>']).filter(|word| !word.is_empty()) {
        let is_url = word.get(..7).is_some_and(|s| s.eq_ignore_ascii_case("http://"))
            || word.get(..8).is_some_and(|s| s.eq_ignore_ascii_case("https://"));
        if is_url {
            let sound = word.len() <= URL_MOST && word.bytes().all(|b| b.is_ascii_graphic());
            if sound && references.urls.len() < MOST && !references.urls.iter().any(|url| url == word) {
                references.urls.push(word.to_owned());
            }
        } else if let Some((number, digest)) = word.split_once('-') {
            let is_md5 = digest.len() == 24 && digest.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=".contains(&b));
            if let Ok(number) = number.parse()
                && is_md5
                && references.digests.len() < MOST
            {
                references.digests.push((number, digest.to_owned()));
            }
        }
    }
    references
}

/// Reads the value of `X-Wap-Profile-Diff`: a number, a semicolon, and a document for [`crate::Profile::from_uaprof`]. Phones leave the
/// number away, or have it in the name of the header (`Profile-Diff-1`); it is 1 then.
pub fn profile_diff(value: &str) -> Option<(u32, &str)> {
    let value = value.trim().trim_matches('"');
    match value.split_once(';') {
        Some((number, document)) if number.trim().bytes().all(|b| b.is_ascii_digit()) => {
            Some((number.trim().parse().ok()?, document.trim()))
        }
        _ => value.starts_with('<').then_some((1, value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_as_phones_write_them() {
        let one = "http://nds.nokia.com/uaprof/N6600r100.xml";
        for value in [format!("\"{one}\""), one.to_owned(), format!("\"{one}"), format!("  {one} ,"), format!("<{one}>, \"{one}\"")] {
            assert_eq!(profile_references(&value).urls, [one], "{value}");
        }
        let two = profile_references("\"http://a.example/p.rdf\",\"HTTPS://b.example/q\", \"1-uKhJE/AEeeMzFSejsYshHg==\"");
        assert_eq!(two.urls, ["http://a.example/p.rdf", "HTTPS://b.example/q"]);
        assert_eq!(two.digests, [(1, "uKhJE/AEeeMzFSejsYshHg==".to_owned())]);
    }

    #[test]
    fn other_schemes_and_endless_lists_are_left_out() {
        assert_eq!(profile_references("\"file:///etc/passwd\", ftp://x, gopher://y, 1-x, -, \"\""), References::default());
        let many: String = (0..1000).map(|n| format!("\"http://h/{n}\",")).collect();
        assert_eq!(profile_references(&many).urls.len(), MOST);
        assert!(profile_references(&format!("http://{}", "a".repeat(5000))).urls.is_empty());
        assert!(profile_references("http://a.example/\u{e4}").urls.is_empty());
    }

    #[test]
    fn differences() {
        assert_eq!(profile_diff("1;<?xml version=\"1.0\"?><a/>"), Some((1, "<?xml version=\"1.0\"?><a/>")));
        assert_eq!(profile_diff(" 2 ; <a/>"), Some((2, "<a/>")));
        assert_eq!(
            (profile_diff("<a b=\"1;2\"/>"), profile_diff("x"), profile_diff("99999999999;<a/>")),
            (Some((1, "<a b=\"1;2\"/>")), None, None)
        );
    }
}
