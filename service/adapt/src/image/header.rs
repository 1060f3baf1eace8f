//! What the first octets of an image say. Thousands of messages a second go through here, most of which need nothing more.

/// Formats that are understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Format {
    Bmp,
    Gif,
    Jpeg,
    Png,
    Wbmp,
    WebP,
}

impl Format {
    pub(crate) const fn media_type(self) -> &'static str {
        match self {
            Self::Bmp => "image/bmp",
            Self::Gif => "image/gif",
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Wbmp => "image/vnd.wap.wbmp",
            Self::WebP => "image/webp",
        }
    }
}

/// What the header of an image says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) format: Format,
    /// At least 1, as is the height.
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// WebP: whether it has frames. How many, and whether a GIF has any, only a walk through it tells.
    pub(crate) animated: bool,
    /// Whether losses were taken for fewer octets: photos mostly.
    pub(crate) lossy: bool,
}

impl Header {
    /// Reads a header; `None` for what is no image of a format that is understood. WBMP has no mark, so its (usual) media type counts.
    pub(crate) fn read(data: &[u8], usual_type: &str) -> Option<Self> {
        let header = match crate::media::sniff(data) {
            Some("image/jpeg") => jpeg(data),
            Some("image/png") => png(data),
            Some("image/gif") => gif(data),
            Some("image/bmp") => bmp(data),
            Some("image/webp") => webp(data),
            None if usual_type == Format::Wbmp.media_type() => wbmp(data),
            _ => None,
        }?;
        (header.width > 0 && header.height > 0).then_some(header)
    }

    pub(crate) fn pixels(&self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }
}

fn be16(data: &[u8], at: usize) -> Option<u32> {
    data.get(at..at + 2).map(|b| u32::from(b[0]) << 8 | u32::from(b[1]))
}

fn le16(data: &[u8], at: usize) -> Option<u32> {
    data.get(at..at + 2).map(|b| u32::from(b[1]) << 8 | u32::from(b[0]))
}

fn le24(data: &[u8], at: usize) -> Option<u32> {
    Some(le16(data, at)? | u32::from(*data.get(at + 2)?) << 16)
}

fn still(format: Format, width: u32, height: u32) -> Header {
    Header { format, width, height, animated: false, lossy: false }
}

fn png(data: &[u8]) -> Option<Header> {
    let at = |at| Some(be16(data, at)? << 16 | be16(data, at + 2)?);
    (data.get(12..16)? == b"IHDR").then_some(())?;
    Some(still(Format::Png, at(16)?, at(20)?))
}

fn gif(data: &[u8]) -> Option<Header> {
    Some(still(Format::Gif, le16(data, 6)?, le16(data, 8)?))
}

fn bmp(data: &[u8]) -> Option<Header> {
    let le32 = |at| Some(le16(data, at)? | le16(data, at + 2)? << 16);
    if le32(14)? == 12 {
        return Some(still(Format::Bmp, le16(data, 18)?, le16(data, 20)?));
    }
    // Signed: rows from the top have a negative height. A negative width is none.
    let width = i32::try_from(le32(18)?).ok()?;
    let height = le32(22)?.cast_signed().unsigned_abs();
    Some(still(Format::Bmp, width.unsigned_abs(), height))
}

fn webp(data: &[u8]) -> Option<Header> {
    match data.get(12..16)? {
        b"VP8 " => {
            (data.get(23..26)? == b"\x9d\x01\x2a").then_some(())?;
            let still = still(Format::WebP, le16(data, 26)? & 0x3fff, le16(data, 28)? & 0x3fff);
            Some(Header { lossy: true, ..still })
        }
        b"VP8L" => {
            (*data.get(20)? == 0x2f).then_some(())?;
            let bits = le16(data, 21)? | le16(data, 23)? << 16;
            Some(still(Format::WebP, (bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1))
        }
        b"VP8X" => {
            let still = still(Format::WebP, le24(data, 24)? + 1, le24(data, 27)? + 1);
            Some(Header { animated: data.get(20)? & 0x02 != 0, lossy: true, ..still })
        }
        _ => None,
    }
}

fn wbmp(data: &[u8]) -> Option<Header> {
    let (width, height, _) = super::wbmp::header(data)?;
    Some(still(Format::Wbmp, width, height))
}

/// Segments before the frame header that are looked at.
const SEGMENTS_MOST: usize = 512;

fn jpeg(data: &[u8]) -> Option<Header> {
    let mut at = 2;
    for _ in 0..SEGMENTS_MOST {
        // Fill octets may stand before a marker.
        while data.get(at) == Some(&0xff) && data.get(at + 1) == Some(&0xff) {
            at += 1;
        }
        let (&[0xff, marker], length) = (data.get(at..at + 2)?.first_chunk::<2>()?, be16(data, at + 2)) else { return None };
        match marker {
            0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) => {
                let still = still(Format::Jpeg, be16(data, at + 7)?, be16(data, at + 5)?);
                return Some(Header { lossy: true, ..still });
            }
            // The scan begins: there was no frame header.
            0xda | 0xd9 => return None,
            0x01 | 0xd0..=0xd8 => at += 2,
            _ => at += 2 + length.filter(|length| *length >= 2)? as usize,
        }
    }
    None
}

/// How often a JPEG's pixels are gone over when it is decoded: once, or once a scan where it is progressive. A small file can have many.
pub(super) fn jpeg_scans(data: &[u8]) -> u64 {
    data.windows(2).filter(|pair| *pair == [0xff, 0xda]).count().max(1) as u64
}

/// How many frames a GIF has, without decoding any, up to one more than asked for.
pub(super) fn gif_frames(data: &[u8], most: usize) -> usize {
    fn palette(flags: u8) -> usize {
        if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) }
    }
    let mut at = 13 + data.get(10).copied().map_or(0, palette);
    let mut frames = 0;
    let skip_blocks = |mut at: usize| {
        while let Some(length) = data.get(at).copied().filter(|length| *length > 0) {
            at += 1 + usize::from(length);
        }
        at + 1
    };
    while frames <= most {
        match data.get(at) {
            Some(0x21) => at = skip_blocks(at + 2),
            Some(0x2c) => {
                frames += 1;
                let flags = data.get(at + 9).copied().unwrap_or_default();
                at = skip_blocks(at + 11 + palette(flags));
            }
            _ => break,
        }
    }
    frames
}

/// How many frames a WebP has, up to one more than asked for.
pub(super) fn webp_frames(data: &[u8], most: usize) -> usize {
    let (mut at, mut frames) = (12, 0);
    while let (Some(name), Some(low), Some(high)) = (data.get(at..at + 4), le16(data, at + 4), le16(data, at + 6)) {
        frames += usize::from(name == b"ANMF");
        if frames > most {
            break;
        }
        // Chunks are padded to an even number of octets.
        let length = (low | high << 16) as usize;
        at = at.saturating_add(8).saturating_add(length).saturating_add(length & 1);
        if at >= data.len() {
            break;
        }
    }
    frames
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn size(data: &[u8], usual: &str) -> Option<(u32, u32)> {
        Header::read(data, usual).map(|h| (h.width, h.height))
    }

    #[test]
    fn a_jpeg_s_segments_are_walked() {
        let start = b"\xff\xd8\xff\xe0\0\x04ab\xff\xff\xe1\0\x02";
        let frame = b"\xff\xc2\0\x11\x08\x01\x00\x02\x00\x03";
        assert_eq!(size(&[&start[..], frame].concat(), ""), Some((512, 256)));
        // Huffman tables are no frame, and a scan before the frame is none either.
        assert_eq!(size(&[&start[..], b"\xff\xc4\0\x03x", frame].concat(), ""), Some((512, 256)));
        assert_eq!(size(&[&start[..], b"\xff\xda\0\x02", frame].concat(), ""), None);
        assert_eq!(size(&[&start[..], b"\xff\xe2\0\x01", frame].concat(), ""), None);
        assert_eq!(size(b"\xff\xd8\xff", ""), None);
    }

    #[test]
    fn zero_is_no_size() {
        assert_eq!(size(b"GIF89a\0\0\x05\0", "image/gif"), None);
        assert_eq!(size(b"GIF89a\x07\0\x05\0", "image/jpeg"), Some((7, 5)));
    }

    #[test]
    fn frames_are_counted_without_decoding() {
        let head = b"GIF89a\x01\0\x01\0\x80\0\0......";
        let frame = b"\x21\xf9\x04\0\0\0\0\0\x2c\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0";
        let three = [&head[..], frame, frame, frame, b";"].concat();
        assert_eq!((gif_frames(&three, 10), gif_frames(&three, 1)), (3, 2));
        for length in 0..three.len() {
            assert!(gif_frames(&three[..length], 10) <= 3);
        }
        let webp = [&b"RIFF....WEBPVP8X\x03\0\0\0...."[..], b"ANMF\x02\0\0\0..", b"ANMF\x01\0\0\0..", b"ANMF\xff\xff\xff\xff"].concat();
        assert_eq!((webp_frames(&webp, 10), webp_frames(&webp, 1)), (3, 2));
        for length in 0..webp.len() {
            assert!(webp_frames(&webp[..length], 10) <= 3);
        }
    }
}
