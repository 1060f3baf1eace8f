//! What content says of itself: gateways and mail programs name media types wrongly often enough.

/// The usual media type of content, by its first octets; `None` for what has no such mark (text, WBMP, most others).
pub(crate) fn sniff(data: &[u8]) -> Option<&'static str> {
    let at = |offset: usize, mark: &[u8]| data.get(offset..offset + mark.len()) == Some(mark);
    let marks: &[(&[u8], &str)] = &[
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"GIF87a", "image/gif"),
        (b"GIF89a", "image/gif"),
        (b"#!AMR\n", "audio/amr"),
        (b"#!AMR-WB\n", "audio/amr-wb"),
        (b"MThd", "audio/midi"),
        (b"OggS", "audio/ogg"),
        (b"fLaC", "audio/flac"),
        (b"ID3", "audio/mpeg"),
        (b"\x1a\x45\xdf\xa3", "video/x-matroska"),
        (b"FLV\x01", "video/x-flv"),
        (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "video/x-ms-asf"),
    ];
    if let Some((_, name)) = marks.iter().find(|(mark, _)| at(0, mark)) {
        return Some(name);
    }
    if at(0, b"RIFF") {
        return match data.get(8..12) {
            Some(b"WEBP") => Some("image/webp"),
            Some(b"WAVE") => Some("audio/wav"),
            Some(b"AVI ") => Some("video/x-msvideo"),
            _ => None,
        };
    }
    if at(4, b"ftyp") {
        return Some(brand(data.get(8..12).unwrap_or_default()));
    }
    match data {
        // The size of the information header is at 14; only these exist.
        [b'B', b'M', ..] if matches!(data.get(14), Some(12 | 40 | 52 | 56 | 64 | 108 | 124)) => Some("image/bmp"),
        // ADTS: layer 0. MPEG audio: layers II and III (layer I is rather the byte order mark of UTF-16).
        [0xff, second, ..] if second & 0xf6 == 0xf0 => Some("audio/aac"),
        [0xff, second, third, ..] if second & 0xe0 == 0xe0 && matches!(second & 0x06, 2 | 4) && third & 0xf0 != 0xf0 => Some("audio/mpeg"),
        _ => None,
    }
}

fn brand(brand: &[u8]) -> &'static str {
    match brand {
        b"heic" | b"heix" | b"hevc" | b"mif1" | b"msf1" => "image/heic",
        b"avif" | b"avis" => "image/avif",
        b"M4A " | b"M4B " => "audio/mp4",
        b"qt  " => "video/quicktime",
        [b'3', b'g', b'2', _] => "video/3gpp2",
        [b'3', b'g', ..] => "video/3gpp",
        _ => "video/mp4",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_known_and_short_content_is_not() {
        let seen = [
            (&b"\xff\xd8\xff\xe0"[..], Some("image/jpeg")),
            (b"RIFF\x24\0\0\0WAVEfmt ", Some("audio/wav")),
            (b"RIFF", None),
            (b"\0\0\0\x18ftyp3gp4", Some("video/3gpp")),
            (b"\0\0\0\x18ftyp", Some("video/mp4")),
            (b"\xff\xf1\x50\x80", Some("audio/aac")),
            (b"\xff\xfb\x90\x64", Some("audio/mpeg")),
            (b"\xff\xfe\x48\x00", None),
            (b"BMX", None),
            (b"", None),
        ];
        for (data, name) in seen {
            assert_eq!(sniff(data), name, "{data:02x?}");
        }
    }
}
