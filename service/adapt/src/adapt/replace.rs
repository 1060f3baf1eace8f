//! Words in the place of what cannot be shown, and names for what is something else now.

use crate::media::extension;
use crate::{Capabilities, Item, text};

/// Characters of a name that are shown.
const NAME_MOST: usize = 64;

/// An item that says in words what was there.
pub(super) fn words(item: &Item, words: &str, name: String, phone: &Capabilities) -> Item {
    let shown: String = item.name.chars().filter(|c| !c.is_control()).take(NAME_MOST).collect();
    let shown = if shown.is_empty() { "?" } else { &shown };
    let size = item.data.len().div_ceil(1024);
    // The type and the size are ours; a name can have braces of its own, so it comes last.
    let said = words.replace("{type}", &item.content_type).replace("{size}", &format!("{size} kB")).replace("{name}", shown);
    let written = text::write(&said, &phone.charsets);
    Item { content_type: "text/plain".to_owned(), charset: Some(written.charset), name, data: written.octets.into() }
}

/// A name with the extension of another media type, that no other item has. What has no name gets none.
pub(super) fn name(old: &str, usual_type: &str, taken: &[String]) -> String {
    if old.is_empty() {
        return String::new();
    }
    let stem = match old.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() && !extension.contains('/') => stem,
        _ => old,
    };
    let extension = extension(usual_type).unwrap_or("bin");
    let free = |name: &String| !taken.iter().any(|other| other.eq_ignore_ascii_case(name));
    let numbered = (1..=taken.len() + 1).map(|n| format!("{stem}-{n}.{extension}"));
    // One of more names than there are is free.
    std::iter::once(format!("{stem}.{extension}")).chain(numbered).find(free).unwrap_or_else(|| old.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_get_the_extension_of_what_they_are() {
        let taken = ["a.jpg", "A-1.JPG", "b.png"].map(str::to_owned);
        assert_eq!(name("a.png", "image/jpeg", &taken), "a-2.jpg");
        assert_eq!(name("b.x.gif", "image/png", &taken), "b.x.png");
        assert_eq!(
            (name("c", "text/plain", &taken), name(".c", "text/plain", &[]), name("", "text/plain", &[])),
            ("c.txt".into(), ".c.txt".into(), String::new())
        );
    }

    #[test]
    fn words_are_filled_in_and_written_for_the_phone() {
        let phone = Capabilities { charsets: vec!["us-ascii".to_owned()], ..Capabilities::default() };
        let item = Item::new("image/tiff", "{type}-Grüße.tif", vec![0; 1025]);
        let said = words(&item, "[{name}: {type} of {size}]", "x.txt".to_owned(), &phone);
        assert_eq!(said.data.as_ref(), b"[{type}-Grusse.tif: image/tiff of 2 kB]");
        assert_eq!((said.charset.as_deref(), said.name.as_str()), (Some("us-ascii"), "x.txt"));
    }
}
