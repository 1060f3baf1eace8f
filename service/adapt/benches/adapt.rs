//! What a message costs: one that fits, and one with a photo of three megapixels.

use divan::{Bencher, black_box};
use image::RgbImage;
use waxwing_adapt::{Capabilities, Item, Options, Size, adapt, fits};

fn main() {
    divan::main();
}

/// A picture of many shades and some noise, as a JPEG.
fn photo(width: u32, height: u32, quality: u8) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(7);
    let image = RgbImage::from_fn(width, height, |x, y| {
        let noise = random.u8(..24);
        image::Rgb([(x / 9) as u8 ^ noise, (y / 7) as u8 ^ noise, ((x + y) / 11) as u8])
    });
    let mut out = Vec::new();
    let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut out, quality);
    // Memory takes anything.
    let _ = image.write_with_encoder(encoder);
    out
}

fn message(photo: Vec<u8>) -> Vec<Item> {
    vec![
        Item::new("application/smil", "0.smil", &b"<smil><body><par><img src=\"a.jpg\"/><text src=\"b.txt\"/></par></body></smil>"[..]),
        Item::new("image/jpeg", "a.jpg", photo),
        Item::new("text/plain", "b.txt", "Grüße aus dem Süden".repeat(4)).with_charset("utf-8"),
    ]
}

#[divan::bench]
fn it_fits(bencher: Bencher) {
    let (items, phone, options) = (message(photo(640, 480, 60)), Capabilities::default(), Options::default());
    assert!(fits(&items, &phone, &options));
    bencher.bench(|| fits(black_box(&items), &phone, &options));
}

#[divan::bench]
fn passed_through(bencher: Bencher) {
    let (items, phone, options) = (message(photo(640, 480, 60)), Capabilities::default(), Options::default());
    bencher.with_inputs(|| items.clone()).bench_values(|items| adapt(items, &phone, &options));
}

#[divan::bench(args = [(640, 480), (160, 120)], sample_count = 20)]
fn three_megapixels(bencher: Bencher, size: (u32, u32)) {
    let phone = Capabilities { max_image: Size::new(size.0, size.1), ..Capabilities::default() };
    let (items, options) = (message(photo(2048, 1536, 85)), Options::default());
    bencher.with_inputs(|| items.clone()).bench_values(|items| adapt(items, &phone, &options));
}

/// 30 kB is not enough for 640x480 at the best quality: several attempts.
#[divan::bench(sample_count = 20)]
fn three_megapixels_into_30_kb(bencher: Bencher) {
    let phone = Capabilities { max_message_size: 30 * 1024, ..Capabilities::default() };
    let (items, options) = (message(photo(2048, 1536, 85)), Options::default());
    bencher.with_inputs(|| items.clone()).bench_values(|items| adapt(items, &phone, &options));
}

/// Reading the three megapixels and nothing else, to compare.
#[divan::bench(sample_count = 20)]
fn three_megapixels_decoded(bencher: Bencher) {
    let octets = photo(2048, 1536, 85);
    bencher.bench(|| image::load_from_memory(black_box(&octets)));
}
