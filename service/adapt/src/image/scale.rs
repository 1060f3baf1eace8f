//! Fewer pixels.

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::{U8, U8x3, U8x4};
use fast_image_resize::{FilterType, PixelTrait, ResizeAlg, ResizeOptions, Resizer};
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
    let size = (width, height);
    let scaled = match image {
        DynamicImage::ImageLuma8(_) => by_simd::<U8>(image, size).and_then(|o| Some(GrayImage::from_raw(width, height, o)?.into())),
        DynamicImage::ImageRgb8(_) => by_simd::<U8x3>(image, size).and_then(|o| Some(RgbImage::from_raw(width, height, o)?.into())),
        _ => by_simd::<U8x4>(image, size).and_then(|o| Some(RgbaImage::from_raw(width, height, o)?.into())),
    };
    scaled.unwrap_or_else(|| image.resize_exact(width, height, image::imageops::FilterType::Triangle))
}

/// The octets of the scaled image; `None` only where a buffer is not what its size says, which does not come about. Of one kind of pixels:
/// whoever leaves that to the library compiles it for thirteen kinds, for minutes.
fn by_simd<P: PixelTrait>(image: &DynamicImage, (width, height): (u32, u32)) -> Option<Vec<u8>> {
    let source = TypedImageRef::<P>::from_buffer(image.width(), image.height(), image.as_bytes()).ok()?;
    let mut octets = vec![0; usize::try_from(u64::from(width) * u64::from(height)).ok()?.checked_mul(P::size())?];
    let mut target = TypedImage::<P>::from_buffer(width, height, &mut octets).ok()?;
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3));
    Resizer::new().resize_typed(&source, &mut target, &options).ok()?;
    Some(octets)
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
