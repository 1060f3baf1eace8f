//! From octets to pixels, with hard bounds: an image of a few octets can ask for gigabytes.

use std::borrow::Cow;
use std::io::Cursor;

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageReader};

use super::header::jpeg_scans;
use super::{Format, Header, Trouble, wbmp};
use crate::Limits;
use crate::budget::Budget;

/// A decoded image, of 8 bits a channel: grey, colours, or colours with transparency.
pub(super) struct Picture {
    pub(super) image: DynamicImage,
    /// How it is to be turned, which is done last: a small image is turned faster.
    pub(super) orientation: Orientation,
}

/// Refuses what is too large to be looked at, and takes what it costs from the budget.
pub(super) fn admit(header: &Header, passes: u64, limits: &Limits, budget: &mut Budget) -> Result<(), Trouble> {
    let Header { width, height, .. } = header;
    let (pixels, most) = (header.pixels(), limits.image_pixels);
    if pixels > most {
        return Err(Trouble::Broken(format!("it has {width}x{height} pixels, and at most {most} in all are decoded")));
    }
    if !budget.take(pixels.saturating_mul(passes)) {
        return Err(Trouble::TooLarge("what may be spent on one message is spent".to_owned()));
    }
    Ok(())
}

/// What a decoder may take: what the pixels need several times over, and something for its tables.
pub(super) fn bounds(header: &Header, limits: &Limits) -> image::Limits {
    let mut bounds = image::Limits::default();
    bounds.max_image_width = Some(header.width);
    bounds.max_image_height = Some(header.height);
    bounds.max_alloc = Some(header.pixels().saturating_mul(16).saturating_add(2 << 20).min(limits.image_octets));
    bounds
}

/// Decodes an image, or the first frame of one.
pub(super) fn decode(data: &[u8], header: &Header, limits: &Limits, budget: &mut Budget) -> Result<Picture, Trouble> {
    let passes = if header.format == Format::Jpeg { jpeg_scans(data) } else { 1 };
    admit(header, passes, limits, budget)?;
    let broken = |why: String| Trouble::Broken(format!("it cannot be decoded: {why}"));
    let format = match header.format {
        Format::Bmp => image::ImageFormat::Bmp,
        Format::Gif => image::ImageFormat::Gif,
        Format::Jpeg => image::ImageFormat::Jpeg,
        Format::Png => image::ImageFormat::Png,
        Format::WebP => image::ImageFormat::WebP,
        Format::Wbmp => {
            let image = wbmp::read(data).ok_or_else(|| broken("octets are missing".to_owned()))?;
            return Ok(Picture { image: image.into(), orientation: Orientation::NoTransforms });
        }
    };
    let data = if header.format == Format::Png { only_pixels(data) } else { Cow::Borrowed(data) };
    let mut reader = ImageReader::with_format(Cursor::new(&data[..]), format);
    reader.limits(bounds(header, limits));
    let mut decoder = reader.into_decoder().map_err(|e| broken(e.to_string()))?;
    let (octets, most) = (decoder.total_bytes(), limits.image_octets);
    if octets > most {
        return Err(Trouble::Broken(format!("it takes {octets} octets of memory, and at most {most} are taken")));
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let image = DynamicImage::from_decoder(decoder).map_err(|e| broken(e.to_string()))?;
    Ok(Picture { image: eight_bits(image), orientation })
}

/// A PNG without what its decoder would inflate to no purpose: texts and colour profiles can be bombs of their own.
fn only_pixels(data: &[u8]) -> Cow<'_, [u8]> {
    const NEEDED: [&[u8]; 6] = [b"IHDR", b"PLTE", b"tRNS", b"eXIf", b"IDAT", b"IEND"];
    let mut kept = data.get(..8).unwrap_or_default().to_vec();
    let mut rest = data.get(8..).unwrap_or_default();
    while let Some((length, _)) = rest.split_first_chunk::<4>() {
        // Length, name, data, checksum; the last one may be cut short.
        let end = (u32::from_be_bytes(*length) as usize).saturating_add(12).min(rest.len());
        let (chunk, behind) = rest.split_at(end);
        if chunk.get(4..8).is_some_and(|name| NEEDED.contains(&name)) {
            kept.extend_from_slice(chunk);
        }
        rest = behind;
    }
    Cow::Owned(kept)
}

/// One of three kinds of pixels is enough for all that follows.
fn eight_bits(image: DynamicImage) -> DynamicImage {
    match image {
        DynamicImage::ImageLuma8(_) | DynamicImage::ImageRgb8(_) => image,
        DynamicImage::ImageRgba8(_) => without_needless_alpha(image),
        DynamicImage::ImageLuma16(_) => image.into_luma8().into(),
        DynamicImage::ImageRgb16(_) | DynamicImage::ImageRgb32F(_) => image.into_rgb8().into(),
        _ => without_needless_alpha(image.into_rgba8().into()),
    }
}

/// Many images could be transparent somewhere, and are not.
pub(super) fn without_needless_alpha(image: DynamicImage) -> DynamicImage {
    match &image {
        DynamicImage::ImageRgba8(pixels) if pixels.pixels().all(|p| p.0[3] == 255) => image.into_rgb8().into(),
        _ => image,
    }
}

/// Whether a turned image's width is what its height was.
pub(super) fn is_sideways(orientation: Orientation) -> bool {
    matches!(orientation, Orientation::Rotate90 | Orientation::Rotate270 | Orientation::Rotate90FlipH | Orientation::Rotate270FlipH)
}
