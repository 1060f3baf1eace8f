#![allow(clippy::unwrap_used)]

use super::*;
use crate::{DecodeError, EncodeError};

fn drawn(rows: &[&str]) -> Bitmap {
    let mut bitmap = Bitmap::new(rows[0].len() as u16, rows.len() as u16).unwrap();
    for (y, row) in rows.iter().enumerate() {
        for (x, pixel) in row.chars().enumerate() {
            bitmap.set(x as u16, y as u16, pixel == '#');
        }
    }
    bitmap
}

#[test]
fn pixels_are_packed_row_behind_row() {
    let bitmap = drawn(&["#.#", ".#.", "###"]);
    assert_eq!(bitmap.to_octets(), [0b1010_1011, 0b1000_0000]);
    assert_eq!(Bitmap::from_octets(3, 3, &bitmap.to_octets()), Some(bitmap.clone()));
    assert_eq!(Bitmap::from_octets(3, 3, &[0xff]), None);
    assert_eq!(bitmap.to_string(), "#.#\n.#.\n###");
    assert_eq!(bitmap.piece(1, 1, 3, 2).unwrap().to_string(), "#..\n##.");
    assert!(!bitmap.get(3, 0) && !bitmap.get(0, 3) && bitmap.get(2, 2));
    assert_eq!(Bitmap::new(256, 257), None);
}

#[test]
fn ota_bitmaps_are_read_back() {
    let bitmap = drawn(&["#.#######", ".#......#"]);
    let mut octets = Vec::new();
    write_ota(&bitmap, &mut octets).unwrap();
    assert_eq!(octets, [0x00, 9, 2, 1, 0b1011_1111, 0b1010_0000, 0b0100_0000]);
    assert_eq!(read_ota(&octets, 0), Ok(bitmap.clone()));
    let wide = [&[0x10, 0, 9, 0, 2, 1][..], &octets[4..]].concat();
    assert_eq!(read_ota(&wide, 0), Ok(bitmap));
    for end in 0..octets.len() {
        assert!(matches!(read_ota(&octets[..end], 5), Err(DecodeError::Truncated { offset, .. }) if offset == 5 + end));
    }
}

#[test]
fn what_is_not_plain_is_refused() {
    let read = |octets: &[u8]| read_ota(octets, 4).unwrap_err().to_string();
    assert_eq!(read(&[0x03, 8, 1, 1, 0]), "the icon is animated (3 frames beside the first), and no phone shows that; send a single frame");
    assert_eq!(read(&[0x40, 8, 1, 1, 0]), "octet 4: bitmap information octet 0x40 is not supported; ask the sender for the plain form");
    assert_eq!(read(&[0, 8, 1, 8, 0]), "octet 7: bitmap depth 0x08 is not supported; ask the sender for the plain form");
    assert!(read(&[0x10, 0xff, 0xff, 0xff, 0xff, 1]).contains("65535x65535"));
    let wide = Bitmap::new(256, 1).unwrap();
    assert!(matches!(write_ota(&wide, &mut Vec::new()), Err(EncodeError::BitmapSize { width: 256, height: 1, .. })));
}

#[test]
fn grey_becomes_black_and_white() {
    let ramp: Vec<u8> = (0..=255).collect();
    let threshold = Bitmap::from_gray(256, 1, &ramp, Dither::Threshold(100)).unwrap();
    assert!((0..256).all(|x| threshold.get(x, 0) == (x < 100)));

    // An area of one shade has as many black pixels as the shade says.
    for (shade, black) in [(0, 256), (64, 192), (128, 128), (192, 64), (255, 0)] {
        let dithered = Bitmap::from_gray(16, 16, &[shade; 256], Dither::FloydSteinberg).unwrap();
        let found = dithered.bits.iter().filter(|bit| **bit).count();
        assert!(found.abs_diff(black) <= 8, "{shade}: {found} of {black}");
    }
}

#[test]
fn pictures_are_scaled_to_fit() {
    // A black picture of half the proportions stands in the middle.
    let fitted = Bitmap::fitted(100, 100, &[0; 10_000], (8, 4), Dither::Threshold(128)).unwrap();
    assert_eq!(fitted.to_string(), "..####..\n..####..\n..####..\n..####..");
    let high = Bitmap::fitted(1, 50, &[0; 50], (4, 4), Dither::FloydSteinberg).unwrap();
    assert_eq!(high.bits.iter().filter(|bit| **bit).count(), 4);
    // Halves remain halves, made larger or smaller.
    for width in [2_usize, 6, 640] {
        let gray: Vec<u8> = (0..width * width).map(|at| if at % width < width / 2 { 0 } else { 255 }).collect();
        let fitted = Bitmap::fitted(width, width, &gray, (6, 6), Dither::Threshold(128)).unwrap();
        assert!(fitted.to_string().lines().all(|row| row == "###..."), "{width}\n{fitted}");
    }
}

#[test]
fn what_can_be_no_bitmap_is_refused() {
    let dither = Dither::default();
    assert_eq!(Bitmap::from_gray(2, 2, &[0; 3], dither), Err(GrayError::Shades { width: 2, height: 2, shades: 3 }));
    assert_eq!(Bitmap::from_gray(0, 2, &[], dither), Err(GrayError::Empty));
    assert_eq!(Bitmap::fitted(1, 1, &[0], (0, 2), dither), Err(GrayError::Empty));
    assert_eq!(Bitmap::from_gray(70_000, 1, &[0; 70_000], dither), Err(GrayError::TooLarge { width: 70_000, height: 1 }));
    assert_eq!(Bitmap::fitted(1, 1, &[0], (60_000, 60_000), dither), Err(GrayError::TooLarge { width: 60_000, height: 60_000 }));
    assert!(matches!(Bitmap::from_gray(usize::MAX, 2, &[0], dither), Err(GrayError::Shades { .. })));
}
