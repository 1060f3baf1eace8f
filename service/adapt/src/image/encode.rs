//! From pixels to octets.

use std::io::Cursor;

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{DynamicImage, ImageEncoder as _, RgbImage};
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

use super::{Format, animation, wbmp};

/// Writes an image; `None` where the format cannot take it (too wide) or is none that is written (WebP).
pub(super) fn encode(image: &DynamicImage, format: Format, quality: u8) -> Option<Vec<u8>> {
    match format {
        Format::Bmp => bmp(image),
        Format::Gif => animation::still(image),
        Format::Jpeg => jpeg(image, quality),
        Format::Png => png(image),
        Format::Wbmp => Some(wbmp::write(&on_white(image).into_luma8())),
        Format::WebP => None,
    }
}

/// Baseline, which every phone takes; halved colours except where there is room for the best.
fn jpeg(image: &DynamicImage, quality: u8) -> Option<Vec<u8>> {
    let (width, height) = (u16::try_from(image.width()).ok()?, u16::try_from(image.height()).ok()?);
    let mut octets = Vec::new();
    let mut encoder = Encoder::new(&mut octets, quality.clamp(1, 100));
    encoder.set_sampling_factor(if quality >= 93 { SamplingFactor::R_4_4_4 } else { SamplingFactor::R_4_2_0 });
    encoder.set_optimized_huffman_tables(true);
    let result = match image {
        DynamicImage::ImageLuma8(pixels) => encoder.encode(pixels, width, height, ColorType::Luma),
        DynamicImage::ImageRgb8(pixels) => encoder.encode(pixels, width, height, ColorType::Rgb),
        _ => encoder.encode(&on_white(image).into_rgb8(), width, height, ColorType::Rgb),
    };
    result.ok().map(|()| octets)
}

fn png(image: &DynamicImage) -> Option<Vec<u8>> {
    let mut octets = Vec::new();
    let encoder = PngEncoder::new_with_quality(&mut octets, CompressionType::Default, FilterType::Adaptive);
    encoder.write_image(image.as_bytes(), image.width(), image.height(), image.color().into()).ok()?;
    Some(octets)
}

fn bmp(image: &DynamicImage) -> Option<Vec<u8>> {
    let mut octets = Cursor::new(Vec::new());
    on_white(image).into_rgb8().write_to(&mut octets, image::ImageFormat::Bmp).ok()?;
    Some(octets.into_inner())
}

/// The image as it looks on white.
pub(super) fn on_white(image: &DynamicImage) -> DynamicImage {
    let DynamicImage::ImageRgba8(pixels) = image else { return image.clone() };
    let flat = |[red, green, blue, alpha]: [u8; 4]| {
        let alpha = u32::from(alpha);
        // At most 255 by construction.
        [red, green, blue].map(|c| ((u32::from(c) * alpha + 255 * (255 - alpha) + 127) / 255) as u8)
    };
    let mut out = RgbImage::new(pixels.width(), pixels.height());
    for (to, from) in out.pixels_mut().zip(pixels.pixels()) {
        to.0 = flat(from.0);
    }
    out.into()
}

/// Whether an image has more colours than a palette has room for: photos do, drawings do not.
pub(super) fn is_photo(image: &DynamicImage) -> bool {
    let mut seen = std::collections::HashSet::with_capacity(257);
    let channels = usize::from(image.color().channel_count());
    channels > 1
        && image.as_bytes().chunks_exact(channels).any(|pixel| {
            // Neighbours are alike: what differs by the lowest bits only is one colour.
            seen.insert([pixel[0] >> 2, pixel[1] >> 2, pixel[2] >> 2]);
            seen.len() > 256
        })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_is_transparent_is_white() {
        let image = image::RgbaImage::from_fn(2, 1, |x, _| image::Rgba([10, 20, 30, if x == 0 { 0 } else { 255 }]));
        let flat = on_white(&image.into()).into_rgb8();
        assert_eq!((flat.get_pixel(0, 0).0, flat.get_pixel(1, 0).0), ([255; 3], [10, 20, 30]));
    }

    #[test]
    fn photos_have_many_colours() {
        let drawing = RgbImage::from_fn(100, 100, |x, y| image::Rgb(if x > y { [0; 3] } else { [200, 0, 0] }));
        let photo = RgbImage::from_fn(100, 100, |x, y| image::Rgb([(x * 2) as u8, (y * 2) as u8, 0]));
        assert!(!is_photo(&drawing.into()) && is_photo(&photo.into()));
    }
}
