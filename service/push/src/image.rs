//! Uploaded images, as black and white bitmaps for handsets of the time.
//!
//! An image of a few octets can ask for gigabytes of pixels: what its header says is looked at before anything is decoded, and the
//! decoders are bounded as well.

use std::io::Cursor;

use image::{DynamicImage, ImageReader, Limits as ImageLimits};
use waxwing_smart::bitmap::{Bitmap, Dither};

use crate::{ComposeError, Limits, Octets};

/// What a decoded image is in shades of grey, white behind what is transparent.
pub(crate) struct Gray {
    width: usize,
    height: usize,
    shades: Vec<u8>,
}

impl Gray {
    /// Decodes an image.
    pub(crate) fn decode(octets: &Octets, invert: bool, limits: &Limits) -> Result<Gray, ComposeError> {
        let wrong = |why: String| ComposeError::field("image", why);
        if octets.0.is_empty() {
            return Err(wrong("there is no image".to_owned()));
        }
        let reader = || {
            let guessed = ImageReader::new(Cursor::new(&octets.0[..])).with_guessed_format();
            guessed.ok().filter(|r| r.format().is_some()).ok_or_else(|| wrong("it is no PNG, JPEG, GIF, BMP or WebP".to_owned()))
        };
        let (width, height) = reader()?.into_dimensions().map_err(|e| wrong(format!("it cannot be read: {e}")))?;
        let pixels = u64::from(width) * u64::from(height);
        if pixels > limits.image_pixels {
            let most = limits.image_pixels;
            return Err(wrong(format!("it has {width}x{height} pixels, and at most {most} in all are taken; make it smaller")));
        }
        let mut bounded = reader()?;
        let mut bounds = ImageLimits::default();
        bounds.max_image_width = Some(width);
        bounds.max_image_height = Some(height);
        bounds.max_alloc = Some(limits.image_memory);
        bounded.limits(bounds);
        let image = bounded.decode().map_err(|e| wrong(format!("it cannot be decoded: {e}")))?;
        Ok(Gray { width: width as usize, height: height as usize, shades: shades(image, invert) })
    }

    /// A bitmap of that size, the image's proportions kept.
    pub(crate) fn fitted(&self, size: (u16, u16)) -> Result<Bitmap, ComposeError> {
        let bitmap = Bitmap::fitted(self.width, self.height, &self.shades, size, Dither::default());
        bitmap.map_err(|e| ComposeError::field("image", e))
    }

    /// A bitmap of its own size, or as large as `most` allows.
    pub(crate) fn at_most(&self, most: (u16, u16)) -> Result<Bitmap, ComposeError> {
        let (width, height) = (u32::try_from(self.width).unwrap_or(u32::MAX), u32::try_from(self.height).unwrap_or(u32::MAX));
        let (most_width, most_height) = (u32::from(most.0), u32::from(most.1));
        if width <= most_width && height <= most_height {
            let bitmap = Bitmap::from_gray(self.width, self.height, &self.shades, Dither::default());
            return bitmap.map_err(|e| ComposeError::field("image", e));
        }
        let by_width = u64::from(height) * u64::from(most_width) / u64::from(width.max(1));
        let size = if by_width <= u64::from(most_height) {
            (most.0, u16::try_from(by_width).unwrap_or(u16::MAX).max(1))
        } else {
            let by_height = u64::from(width) * u64::from(most_height) / u64::from(height.max(1));
            (u16::try_from(by_height).unwrap_or(u16::MAX).max(1), most.1)
        };
        self.fitted(size)
    }
}

fn shades(image: DynamicImage, invert: bool) -> Vec<u8> {
    let on_white = |[shade, alpha]: [u8; 2]| {
        let (shade, alpha) = (u32::from(shade), u32::from(alpha));
        // At most 255 by construction.
        let seen = ((shade * alpha + 255 * (255 - alpha)) / 255) as u8;
        if invert { 255 - seen } else { seen }
    };
    image.into_luma_alpha8().pixels().map(|p| on_white(p.0)).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn png(width: u32, height: u32, pixel: impl Fn(u32, u32) -> [u8; 4]) -> Octets {
        let image = image::RgbaImage::from_fn(width, height, |x, y| image::Rgba(pixel(x, y)));
        let mut out = Cursor::new(Vec::new());
        image.write_to(&mut out, image::ImageFormat::Png).unwrap();
        out.into_inner().into()
    }

    #[test]
    fn what_is_transparent_is_white() {
        let left_black = |x: u32, _| if x < 36 { [0, 0, 0, 255] } else { [0, 0, 0, 0] };
        let octets = png(72, 14, left_black);
        let bitmap = Gray::decode(&octets, false, &Limits::default()).unwrap().fitted((72, 14)).unwrap();
        assert!(bitmap.get(0, 0) && bitmap.get(35, 13) && !bitmap.get(36, 0));
        let inverted = Gray::decode(&octets, true, &Limits::default()).unwrap().fitted((72, 14)).unwrap();
        assert!(!inverted.get(0, 0) && inverted.get(36, 0));
    }

    #[test]
    fn large_ones_are_made_smaller_and_small_ones_left() {
        let size = |width, height| {
            let gray = Gray::decode(&png(width, height, |_, _| [0, 0, 0, 255]), false, &Limits::default()).unwrap();
            let bitmap = gray.at_most((96, 64)).unwrap();
            (bitmap.width(), bitmap.height())
        };
        assert_eq!((size(10, 10), size(960, 64), size(64, 640), size(192, 128)), ((10, 10), (96, 6), (6, 64), (96, 64)));
    }

    /// A header that promises 50 megapixels, and nothing behind it.
    #[test]
    fn a_bomb_is_refused_by_its_header() {
        let mut bomb = png(1, 1, |_, _| [0; 4]).0.to_vec();
        bomb[16..24].copy_from_slice(&[0, 0, 0x1d, 0x4c, 0, 0, 0x1a, 0x0a]);
        // The checksum of the header is of another one now.
        let crc = {
            let mut crc = u32::MAX;
            for octet in &bomb[12..29] {
                crc ^= u32::from(*octet);
                for _ in 0..8 {
                    crc = if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
                }
            }
            !crc
        };
        bomb[29..33].copy_from_slice(&crc.to_be_bytes());
        let said = Gray::decode(&bomb.into(), false, &Limits::default()).err().unwrap().to_string();
        assert_eq!(said, "image: it has 7500x6666 pixels, and at most 16000000 in all are taken; make it smaller");
    }

    #[test]
    fn what_is_no_image_is_refused() {
        for octets in [&b""[..], b"hello", b"\x89PNG\r\n\x1a\n", b"GIF89a\x01\x00\x01\x00\x00\x00\x00", b"\xff\xd8\xff"] {
            assert!(Gray::decode(&octets.to_vec().into(), false, &Limits::default()).is_err(), "{octets:02x?}");
        }
        let whole = png(20, 20, |x, y| [(x * y) as u8, 0, 0, 255]).0;
        for length in 0..whole.len() {
            let _ = Gray::decode(&whole[..length].to_vec().into(), false, &Limits::default());
        }
    }
}
