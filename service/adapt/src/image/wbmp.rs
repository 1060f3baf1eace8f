//! WBMP, the black and white bitmaps of WAP (WAP-237 section 6): type 0, which is the only one there is.

use image::GrayImage;

/// Width, height, and where the pixels begin.
pub(super) fn header(data: &[u8]) -> Option<(u32, u32, usize)> {
    let (kind, at) = integer(data, 0)?;
    let fixed = *data.get(at)?;
    // Bit 7 announces extension headers, which type 0 does not have.
    if kind != 0 || fixed & 0x9f != 0 {
        return None;
    }
    let (width, at) = integer(data, at + 1)?;
    let (height, at) = integer(data, at)?;
    (width > 0 && height > 0).then_some((width, height, at))
}

/// Seven bits an octet, the highest first; no more than fit in 32.
fn integer(data: &[u8], mut at: usize) -> Option<(u32, usize)> {
    let mut value = 0_u32;
    for _ in 0..5 {
        let octet = *data.get(at)?;
        at += 1;
        value = value.checked_mul(128)? | u32::from(octet & 0x7f);
        if octet & 0x80 == 0 {
            return Some((value, at));
        }
    }
    None
}

/// The pixels in shades of grey. The caller has bounded width and height; `None` where octets are missing.
pub(super) fn read(data: &[u8]) -> Option<GrayImage> {
    let (width, height, at) = header(data)?;
    let row = width.div_ceil(8) as usize;
    let bits = data.get(at..at.checked_add(row.checked_mul(height as usize)?)?)?;
    let shade = |x: u32, y: u32| if bits[y as usize * row + x as usize / 8] << (x % 8) & 0x80 == 0 { 0 } else { 255 };
    Some(GrayImage::from_fn(width, height, |x, y| image::Luma([shade(x, y)])))
}

/// Writes shades of grey, dithered (Floyd and Steinberg).
pub(super) fn write(shades: &GrayImage) -> Vec<u8> {
    let (width, height) = shades.dimensions();
    let mut out = vec![0, 0];
    for number in [width, height] {
        let groups = (32 - number.leading_zeros()).div_ceil(7).max(1);
        for group in (0..groups).rev() {
            let more = if group > 0 { 0x80 } else { 0 };
            // Masked to seven bits.
            out.push((number >> (7 * group) & 0x7f) as u8 | more);
        }
    }
    // What the pixels of this row and the next have to make up for, one place of margin on both sides.
    let mut here = vec![0_i32; width as usize + 2];
    let mut below = here.clone();
    for row in shades.rows() {
        let mut octet = 0_u8;
        for (x, pixel) in row.enumerate() {
            let wanted = i32::from(pixel.0[0]) + here[x + 1] / 16;
            let white = wanted >= 128;
            let error = wanted - if white { 255 } else { 0 };
            here[x + 2] += error * 7;
            below[x] += error * 3;
            below[x + 1] += error * 5;
            below[x + 2] += error;
            octet = octet << 1 | u8::from(white);
            if x % 8 == 7 {
                out.push(octet);
                octet = 0;
            }
        }
        if width % 8 != 0 {
            out.push(octet << (8 - width % 8));
        }
        std::mem::swap(&mut here, &mut below);
        below.fill(0);
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_size_goes_both_ways(width in 1..300_u32, height in 1..20_u32, seed: u64) {
            let mut random = fastrand::Rng::with_seed(seed);
            let image = GrayImage::from_fn(width, height, |_, _| image::Luma([if random.bool() { 255 } else { 0 }]));
            prop_assert_eq!(read(&write(&image)), Some(image));
        }

        #[test]
        fn anything_is_read_or_refused(data: Vec<u8>) {
            if let Some((width, height, at)) = header(&data) {
                prop_assert!(width > 0 && height > 0 && at <= data.len());
                if u64::from(width) * u64::from(height) < 1 << 20 {
                    let _ = read(&data);
                }
            }
        }
    }

    #[test]
    fn black_and_white_go_both_ways() {
        for (width, height) in [(1, 1), (8, 3), (9, 2), (127, 1), (128, 1), (300, 20)] {
            let image = GrayImage::from_fn(width, height, |x, y| image::Luma([if (x * 7 + y * 3) % 5 < 2 { 255 } else { 0 }]));
            let written = write(&image);
            assert_eq!(header(&written).map(|(w, h, _)| (w, h)), Some((width, height)));
            assert_eq!(read(&written).unwrap(), image, "{width}x{height}");
        }
    }

    /// The example of the specification's kind: 200 is 0x81 0x48.
    #[test]
    fn numbers_are_of_seven_bits() {
        let written = write(&GrayImage::new(200, 1));
        assert_eq!(written[..5], [0, 0, 0x81, 0x48, 1]);
    }

    #[test]
    fn grey_is_dithered() {
        let written = write(&GrayImage::from_pixel(64, 64, image::Luma([128])));
        let white: u32 = written[4..].iter().map(|b| b.count_ones()).sum();
        assert!((1900..2200).contains(&white), "{white}");
    }

    #[test]
    fn other_types_and_missing_octets_are_refused() {
        assert_eq!(header(&[1, 0, 8, 8]), None);
        assert_eq!(header(&[0, 0x80, 8, 8]), None);
        assert_eq!(header(&[0, 0, 0x81, 0x80, 0x80, 0x80, 0x80, 0x80]), None);
        assert_eq!(header(&[0, 0, 0, 8]), None);
        assert!(read(&[0, 0, 8, 2, 0xff]).is_none());
        assert!(read(&[0, 0, 0x8f, 0xff, 0xff, 0xff, 0x7f, 0x8f, 0xff, 0xff, 0xff, 0x7f]).is_none());
    }
}
