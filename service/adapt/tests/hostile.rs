//! Images made to do harm: bombs, endless animations, and everything broken. Memory is measured.
#![allow(clippy::unwrap_used)]

mod common;

use common::{adapt_one, only, phone, phone_of};
use image::{DynamicImage, ImageFormat, RgbaImage};
use waxwing_adapt::{Capabilities, Change, Item, Limits, Options, adapt};

fn crc(octets: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for octet in octets {
        crc ^= u32::from(*octet);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    !crc
}

fn chunk(name: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let body = [&name[..], data].concat();
    [&(data.len() as u32).to_be_bytes()[..], &body, &crc(&body).to_be_bytes()].concat()
}

fn png_of(width: u32, height: u32, depth: u8, color: u8, rest: &[Vec<u8>]) -> Vec<u8> {
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[depth, color, 0, 0, 0]].concat();
    let mut out = [b"\x89PNG\r\n\x1a\n".to_vec(), chunk(b"IHDR", &header)].concat();
    out.extend(rest.concat());
    out.extend(chunk(b"IEND", &[]));
    out
}

fn assert_replaced(content_type: &str, data: Vec<u8>, memory: u64) {
    let item = Item::new(content_type, "x", data);
    // Not accepted as it is, so that it has to be decoded.
    let phone = phone(&["image/vnd.wap.wbmp"]);
    let mut adapted = None;
    let info = allocation_counter::measure(|| adapted = Some(adapt_one(item.clone(), &phone)));
    let adapted = adapted.unwrap();
    assert!(matches!(adapted.outcomes[0].changes[..], [Change::Replaced { .. }]), "{content_type}: {:?}", adapted.outcomes[0].changes);
    assert!(info.bytes_max < memory, "{content_type}: {} octets", info.bytes_max);
}

#[test]
fn headers_that_promise_gigapixels_are_refused_by_their_header() {
    assert_replaced("image/png", png_of(50_000, 50_000, 8, 6, &[]), 64 << 10);
    assert_replaced("image/gif", b"GIF89a\xff\xff\xff\xff\0\0\0\x2c\0\0\0\0\xff\xff\xff\xff\0\x02\x02D\x01\0;".to_vec(), 64 << 10);
    assert_replaced("image/jpeg", b"\xff\xd8\xff\xc0\0\x11\x08\xff\xff\xff\xff\x03\x01\x22\0\x02\x11\x01\x03\x11\x01".to_vec(), 64 << 10);
    let mut bmp = vec![0; 80];
    bmp[..2].copy_from_slice(b"BM");
    bmp[14] = 40;
    bmp[18..26].copy_from_slice(&[0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff, 0x7f]);
    bmp[28] = 24;
    assert_replaced("image/bmp", bmp, 64 << 10);
    assert_replaced("image/webp", b"RIFF\x1a\0\0\0WEBPVP8L\x0d\0\0\0\x2f\xff\xff\xff\x0f\0\0\0\0\0\0\0\0\0".to_vec(), 64 << 10);
    assert_replaced("image/webp", b"RIFF\x1a\0\0\0WEBPVP8X\x0a\0\0\0\x02\0\0\0\xff\xff\xff\xff\xff\xff".to_vec(), 64 << 10);
    let wbmp = [0, 0, 0x8f, 0xff, 0xff, 0xff, 0x7f, 0x8f, 0xff, 0xff, 0xff, 0x7f].to_vec();
    let phone = phone(&["image/jpeg"]);
    assert!(matches!(adapt_one(Item::new("image/vnd.wap.wbmp", "x", wbmp), &phone).outcomes[0].changes[..], [Change::Replaced { .. }]));
}

/// Within the bound of pixels, and beyond that of memory: 16 bits a channel.
#[test]
fn pixels_of_many_bits_are_reckoned_with() {
    assert_replaced("image/png", png_of(4000, 3990, 16, 6, &[chunk(b"IDAT", b"\x78\x9c")]), 1 << 20);
}

/// A few kilobytes that inflate to 200 MB, in the pixels and in a comment.
#[test]
fn what_inflates_is_bounded() {
    let zeros = {
        // Stored as one long run: what any deflate makes of 200 MB of zeros, written by its format.
        let image = DynamicImage::new_luma8(14_000, 14_000);
        let mut out = std::io::Cursor::new(Vec::new());
        image.write_to(&mut out, ImageFormat::Png).unwrap();
        let octets = out.into_inner();
        let at = octets.windows(4).position(|w| w == b"IDAT").unwrap();
        let length = u32::from_be_bytes(octets[at - 4..at].try_into().unwrap()) as usize;
        octets[at + 4..at + 4 + length].to_vec()
    };
    // The header says 10 by 10.
    let few = png_of(10, 10, 8, 0, &[chunk(b"IDAT", &zeros)]);
    let comment =
        png_of(10, 10, 8, 0, &[chunk(b"zTXt", &[b"Comment\0\0", &zeros[..]].concat()), chunk(b"iCCP", &[b"x\0\0", &zeros[..]].concat())]);
    for data in [few, comment] {
        let item = Item::new("image/png", "x", data);
        let info = allocation_counter::measure(|| drop(adapt_one(item.clone(), &phone(&["image/jpeg"]))));
        assert!(info.bytes_max < 8 << 20, "{} octets", info.bytes_max);
    }
}

fn gif_of(width: u16, height: u16, frames: usize) -> Vec<u8> {
    let mut gif = [&b"GIF89a"[..], &width.to_le_bytes(), &height.to_le_bytes(), b"\x80\0\0\0\0\0\xff\xff\xff"].concat();
    for _ in 0..frames {
        gif.extend(b"\x21\xf9\x04\0\x02\0\0\0\x2c\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0");
    }
    gif.push(b';');
    gif
}

#[test]
fn a_gif_of_a_hundred_thousand_frames_becomes_a_still() {
    let item = Item::new("image/gif", "x.gif", gif_of(1000, 1000, 100_000));
    let phone = phone_of(&["image/gif"], 640, 480, 300 * 1024);
    let mut adapted = None;
    let info = allocation_counter::measure(|| adapted = Some(adapt_one(item.clone(), &phone)));
    let adapted = adapted.unwrap();
    assert_eq!(adapted.outcomes[0].changes[0], Change::Stilled);
    assert_eq!(adapted.outcomes[0].pixels, Some((480, 480)));
    assert!(info.bytes_max < 32 << 20, "{} octets", info.bytes_max);
}

/// 250 frames of 16 megapixels are within the bound of frames, and not within that of pixels.
#[test]
fn an_animation_that_costs_too_much_becomes_a_still() {
    let item = Item::new("image/gif", "x.gif", gif_of(4000, 4000, 250));
    let info = allocation_counter::measure(|| {
        let adapted = adapt_one(item.clone(), &phone_of(&["image/gif"], 64, 64, 300 * 1024));
        assert_eq!(adapted.outcomes[0].changes[0], Change::Stilled);
    });
    assert!(info.bytes_max < 260 << 20, "{} octets", info.bytes_max);
}

/// A frame that is larger than the screen it is on.
#[test]
fn a_frame_beyond_its_screen_is_bounded() {
    let gif = b"GIF89a\x08\0\x08\0\x80\0\0\0\0\0\xff\xff\xff\x2c\0\0\0\0\xff\xff\xff\xff\0\x02\x02D\x01\0;".to_vec();
    let info = allocation_counter::measure(|| drop(adapt_one(Item::new("image/gif", "x", gif.clone()), &phone(&["image/jpeg"]))));
    assert!(info.bytes_max < 110 << 20, "{} octets", info.bytes_max);
}

/// Scans cost time, not octets: each goes over all pixels.
#[test]
fn a_jpeg_of_endless_scans_is_refused() {
    let mut jpeg = b"\xff\xd8\xff\xc2\0\x0b\x08\x0f\xa0\x0f\x9b\x01\x01\x11\0".to_vec();
    for _ in 0..5000 {
        jpeg.extend(b"\xff\xda\0\x08\x01\x01\0\0\0\0");
    }
    assert_replaced("image/jpeg", jpeg, 64 << 10);
}

fn drawing(width: u32, height: u32) -> DynamicImage {
    RgbaImage::from_fn(width, height, |x, y| {
        image::Rgba([(x * 5) as u8, (y * 7) as u8, (x * y) as u8, if (x + y) % 9 == 0 { 0 } else { 255 }])
    })
    .into()
}

/// One image of each format.
fn samples() -> Vec<(&'static str, Vec<u8>)> {
    let image = drawing(90, 70);
    let write = |image: &DynamicImage, format| {
        let mut out = std::io::Cursor::new(Vec::new());
        image.write_to(&mut out, format).unwrap();
        out.into_inner()
    };
    let opaque = DynamicImage::from(image.to_rgb8());
    let still = |content_type: &str, accept: &str| {
        let item = Item::new(content_type, "", write(&image, ImageFormat::Png));
        only(&adapt_one(item, &phone(&[accept]))).data.to_vec()
    };
    vec![
        ("image/png", write(&image, ImageFormat::Png)),
        ("image/jpeg", write(&opaque, ImageFormat::Jpeg)),
        ("image/gif", still("image/png", "image/gif")),
        ("image/bmp", write(&opaque, ImageFormat::Bmp)),
        ("image/webp", write(&image, ImageFormat::WebP)),
        ("image/vnd.wap.wbmp", still("image/png", "image/vnd.wap.wbmp")),
        ("image/gif", gif_of(90, 70, 3)),
    ]
}

fn every_way(content_type: &str, data: &[u8]) {
    let all = phone_of(&["image/jpeg", "image/png", "image/gif", "image/bmp", "image/webp", "image/vnd.wap.wbmp"], 32, 32, 300 * 1024);
    let other = phone_of(&[if content_type == "image/jpeg" { "image/png" } else { "image/jpeg" }], 32, 32, 4096);
    // Small bounds, so that it takes no hours.
    let limits = Limits { image_pixels: 200_000, image_octets: 2 << 20, work_pixels: 2_000_000, ..Limits::default() };
    let options = Options { limits, ..Options::default() };
    for phone in [&all, &other] {
        let adapted = adapt(vec![Item::new(content_type, "x", data.to_vec())], phone, &options).unwrap();
        assert!(adapted.size <= phone.max_message_size);
    }
}

#[test]
fn every_truncation_of_every_format() {
    for (content_type, data) in samples() {
        let step = (data.len() / 400).max(1);
        for length in (0..data.len()).step_by(step).chain(data.len().saturating_sub(16)..data.len()) {
            every_way(content_type, &data[..length]);
        }
    }
}

/// How many times each format is mutated; `WAXWING_MUTATIONS` is for long runs.
fn mutations() -> usize {
    std::env::var("WAXWING_MUTATIONS").ok().and_then(|n| n.parse().ok()).unwrap_or(300)
}

#[test]
fn many_mutations_of_every_format() {
    let mut random = fastrand::Rng::with_seed(0x5eed);
    for (content_type, data) in samples() {
        for _ in 0..mutations() {
            let mut mutated = data.clone();
            for _ in 0..random.usize(1..6) {
                // Headers matter most.
                let end = if random.bool() { mutated.len().min(64) } else { mutated.len() };
                let at = random.usize(..end);
                match random.u8(..4) {
                    0 => mutated[at] = random.u8(..),
                    1 => mutated[at] ^= 1 << random.u8(..8),
                    2 => mutated[at] = *random.choice([0, 0xff, 0x7f, 0x80, 1].iter()).unwrap(),
                    _ => {
                        let length = random.usize(..(mutated.len() - at).min(16));
                        mutated.drain(at..at + length);
                    }
                }
                if mutated.is_empty() {
                    break;
                }
            }
            let info = allocation_counter::measure(|| every_way(content_type, &mutated));
            assert!(info.bytes_max < 8 << 20, "{content_type}: {} octets for {mutated:02x?}", info.bytes_max);
        }
    }
}

/// The largest that is taken: what the documentation says of memory is so. A progressive JPEG takes the most, as it is decoded at once.
#[test]
fn the_largest_image_takes_what_is_said() {
    let pixels = vec![0x55; 4000 * 4000 * 3];
    let mut progressive = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut progressive, 50);
    encoder.set_progressive(true);
    encoder.encode(&pixels, 4000, 4000, jpeg_encoder::ColorType::Rgb).unwrap();
    drop(pixels);
    let item = Item::new("image/jpeg", "x", progressive);
    let mut adapted = None;
    let info = allocation_counter::measure(|| adapted = Some(adapt_one(item.clone(), &Capabilities::default())));
    assert_eq!(adapted.unwrap().outcomes[0].pixels, Some((480, 480)));
    assert!(info.bytes_max < 250 << 20, "{} octets", info.bytes_max);
}
