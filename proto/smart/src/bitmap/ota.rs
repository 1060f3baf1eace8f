//! The over-the-air bitmap (Smart Messaging Specification 3.0.0, 3.4.1): an information octet, the size, the depth, the pixels.

use super::{Bitmap, MAX_PIXELS};
use crate::{DecodeError, EncodeError};

/// How many further frames there are.
const FRAMES: u8 = 0x0f;
/// Width and height have two octets each.
const WIDE_SIZE: u8 = 0x10;
/// Palette, compression, and further information octets: nobody sends any of them.
const UNSUPPORTED: u8 = 0xe0;

/// Reads one that begins at `offset` of some content; octets behind it are passed over.
pub(crate) fn read_ota(octets: &[u8], offset: usize) -> Result<Bitmap, DecodeError> {
    let missing = |what| DecodeError::Truncated { what, offset: offset + octets.len() };
    let info = *octets.first().ok_or(missing("bitmap"))?;
    if info & UNSUPPORTED != 0 {
        return Err(DecodeError::Unsupported { what: "bitmap information octet", value: info.into(), offset });
    }
    if info & FRAMES != 0 {
        return Err(DecodeError::Animated { frames: info & FRAMES });
    }
    let (width, height, depth, pixels) = match (info & WIDE_SIZE != 0, octets) {
        (false, [_, width, height, depth, pixels @ ..]) => (u16::from(*width), u16::from(*height), *depth, pixels),
        (true, [_, w1, w0, h1, h0, depth, pixels @ ..]) => (u16::from_be_bytes([*w1, *w0]), u16::from_be_bytes([*h1, *h0]), *depth, pixels),
        _ => return Err(missing("size of the bitmap")),
    };
    if depth != 1 {
        return Err(DecodeError::Unsupported {
            what: "bitmap depth",
            value: depth.into(),
            offset: octets.len() - pixels.len() + offset - 1,
        });
    }
    if usize::from(width) * usize::from(height) > MAX_PIXELS {
        return Err(DecodeError::BitmapTooLarge { width, height, limit: MAX_PIXELS });
    }
    Bitmap::from_octets(width, height, pixels).ok_or(missing("rest of the bitmap"))
}

/// Appends one.
pub(crate) fn write_ota(bitmap: &Bitmap, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    let (width, height) = (bitmap.width(), bitmap.height());
    let (Ok(narrow), Ok(low)) = (u8::try_from(width), u8::try_from(height)) else {
        return Err(EncodeError::BitmapSize { what: "bitmap", demanded: "at most 255x255", width, height });
    };
    out.extend([0, narrow, low, 1]);
    out.extend(bitmap.to_octets());
    Ok(())
}
