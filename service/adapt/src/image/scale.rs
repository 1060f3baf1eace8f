//! Fewer pixels.

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use image::{DynamicImage, GrayImage, RgbImage, RgbaImage};

use crate::phone::Size;

/// The size that fits into a phone's largest, lying or standing as the image does, proportions kept; the same where it fits already.
pub(super) fn fitted((width, height): (u32, u32), most: Size) -> (u32, u32) {
    let (long, short) = (most.width.max(most.height), most.width.min(most.height));
    // A phone whose largest image stands means that for standing ones.
    let (w, h) = if width >= height { (long, short) } else { (short, long) };
    if width <= w && height <= h {
        return (width, height);
    }
    let by_width = u64::from(height) * u64::from(w);
    let by_height = u64::from(width) * u64::from(h);
    // Which side is the tighter one: height/width against h/w.
    if by_width <= by_height { (w, rounded(by_width, width).clamp(1, h)) } else { (rounded(by_height, height).clamp(1, w), h) }
}

/// A size made smaller by a factor, at least one pixel each way.
pub(super) fn times((width, height): (u32, u32), factor: f64) -> (u32, u32) {
    // Factors are below 1, so both fit.
    let side = |n: u32| ((f64::from(n) * factor).round() as u32).clamp(1, n);
    (side(width), side(height))
}

fn rounded(dividend: u64, divisor: u32) -> u32 {
    let divisor = u64::from(divisor.max(1));
    u32::try_from((dividend + divisor / 2) / divisor).unwrap_or(u32::MAX)
}

/// Scales an image of one of the kinds that are decoded to (Lanczos; transparency weighs the colours). It is as it was where the size is.
pub(super) fn scaled(image: &DynamicImage, (width, height): (u32, u32)) -> DynamicImage {
    if (image.width(), image.height()) == (width, height) {
        return image.clone();
    }
    let kind = match image {
        DynamicImage::ImageLuma8(_) => PixelType::U8,
        DynamicImage::ImageRgb8(_) => PixelType::U8x3,
        _ => PixelType::U8x4,
    };
    by_simd(image, kind, (width, height)).unwrap_or_else(|| image.resize_exact(width, height, image::imageops::FilterType::Triangle))
}

/// `None` only where a buffer is not what its size says, which does not come about.
fn by_simd(image: &DynamicImage, kind: PixelType, (width, height): (u32, u32)) -> Option<DynamicImage> {
    let source = ImageRef::new(image.width(), image.height(), image.as_bytes(), kind).ok()?;
    let mut target = Image::new(width, height, kind);
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3));
    Resizer::new().resize(&source, &mut target, &options).ok()?;
    let octets = target.into_vec();
    Some(match kind {
        PixelType::U8 => GrayImage::from_raw(width, height, octets)?.into(),
        PixelType::U8x3 => RgbImage::from_raw(width, height, octets)?.into(),
        _ => RgbaImage::from_raw(width, height, octets)?.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proportions_are_kept_lying_and_standing() {
        let most = Size::new(640, 480);
        let fits = |w, h| fitted((w, h), most);
        assert_eq!((fits(640, 480), fits(480, 640), fits(1, 1)), ((640, 480), (480, 640), (1, 1)));
        assert_eq!((fits(4000, 3000), fits(3000, 4000), fits(1000, 1000)), ((640, 480), (480, 640), (480, 480)));
        assert_eq!((fits(10_000, 10), fits(10, 10_000), fits(60_000, 1)), ((640, 1), (1, 640), (640, 1)));
        assert_eq!(fitted((1000, 500), Size::new(120, 160)), (160, 80));
    }

    #[test]
    fn a_factor_leaves_a_pixel() {
        assert_eq!((times((640, 480), 0.5), times((640, 1), 0.1)), ((320, 240), (64, 1)));
    }
}
