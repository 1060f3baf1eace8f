//! File names and media types: which extension stands for which type.

/// Extensions and their types. Of several extensions of a type the first is the one that is written, and so with types of an extension.
const EXTENSIONS: &[(&str, &str)] = &[
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("jpe", "image/jpeg"),
    ("gif", "image/gif"),
    ("png", "image/png"),
    ("webp", "image/webp"),
    ("bmp", "image/bmp"),
    ("wbmp", "image/vnd.wap.wbmp"),
    ("svg", "image/svg+xml"),
    ("txt", "text/plain"),
    ("html", "text/html"),
    ("htm", "text/html"),
    ("vcf", "text/x-vcard"),
    ("vcf", "text/vcard"),
    ("vcs", "text/x-vcalendar"),
    ("ics", "text/calendar"),
    ("xml", "text/xml"),
    ("amr", "audio/amr"),
    ("awb", "audio/amr-wb"),
    ("mid", "audio/midi"),
    ("midi", "audio/midi"),
    ("mid", "audio/sp-midi"),
    ("imy", "audio/imelody"),
    ("mp3", "audio/mpeg"),
    ("m4a", "audio/mp4"),
    ("aac", "audio/aac"),
    ("wav", "audio/wav"),
    ("ogg", "audio/ogg"),
    ("3gp", "video/3gpp"),
    ("3gpp", "video/3gpp"),
    ("3gp", "audio/3gpp"),
    ("3g2", "video/3gpp2"),
    ("mp4", "video/mp4"),
    ("smil", "application/smil"),
    ("smi", "application/smil"),
    ("pdf", "application/pdf"),
    ("jad", "text/vnd.sun.j2me.app-descriptor"),
    ("jar", "application/java-archive"),
    ("mms", "application/vnd.wap.mms-message"),
    ("dm", "application/vnd.oma.drm.message"),
    ("dcf", "application/vnd.oma.drm.content"),
];

/// The media type of a file by the extension of its name; `None` for one that is not known here.
pub fn type_of_name(name: &str) -> Option<&'static str> {
    let (_, extension) = name.rsplit_once('.')?;
    EXTENSIONS.iter().find(|(known, _)| known.eq_ignore_ascii_case(extension)).map(|(_, media)| *media)
}

/// The extension of file names of a type, without its dot; `bin` for those that have none known here.
pub fn extension_of(media: &str) -> &'static str {
    EXTENSIONS.iter().find(|(_, known)| known.eq_ignore_ascii_case(media)).map_or("bin", |(extension, _)| extension)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_types_belong_together() {
        for (name, media) in [("a.JPG", Some("image/jpeg")), ("a.b.smil", Some("application/smil")), ("jpg", None), ("a.", None)] {
            assert_eq!(type_of_name(name), media, "{name}");
        }
        for (media, extension) in [("image/JPEG", "jpg"), ("audio/midi", "mid"), ("text/vcard", "vcf"), ("application/x-thing", "bin")] {
            assert_eq!(extension_of(media), extension, "{media}");
        }
    }
}
