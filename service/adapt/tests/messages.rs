//! Whole messages: octets shared out, names kept apart, words in place of what cannot be shown.
#![allow(clippy::unwrap_used)]

mod common;

use common::{adapt_one, only, phone, phone_of};
use image::{ImageFormat, RgbImage};
use waxwing_adapt::{AdaptError, Capabilities, Change, Item, Limits, Options, Words, adapt, fits};

/// A picture that compresses badly: the more noise, the larger.
fn picture(width: u32, height: u32, noise: u8, format: ImageFormat) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(u64::from(width));
    let image = RgbImage::from_fn(width, height, |x, y| {
        let noise = if noise == 0 { 0 } else { random.u8(..noise) };
        image::Rgb([(x / 4) as u8 ^ noise, (y / 4) as u8 ^ noise, ((x + y) / 8) as u8])
    });
    let mut out = std::io::Cursor::new(Vec::new());
    image.write_to(&mut out, format).unwrap();
    out.into_inner()
}

fn smil() -> Item {
    Item::new("application/smil", "start.smil", "<smil><body/></smil>")
}

#[test]
fn what_fits_is_passed_through_untouched_and_uncopied() {
    let items = vec![
        smil(),
        Item::new("image/jpeg", "a.jpg", picture(640, 480, 8, ImageFormat::Jpeg)),
        Item::new("text/plain", "b.txt", "Grüße").with_charset("UTF-8"),
        Item::new("audio/amr", "c.amr", &b"#!AMR\nxx"[..]),
    ];
    let (phone, options) = (Capabilities::default(), Options::default());
    assert!(fits(&items, &phone, &options));
    let adapted = adapt(items.clone(), &phone, &options).unwrap();
    assert!(adapted.is_unchanged() && adapted.renames().next().is_none());
    assert_eq!((adapted.presentation(), adapted.outcomes[1].pixels), (Some(0), Some((640, 480))));
    for (before, after) in items.iter().zip(adapted.items()) {
        assert_eq!((before, before.data.as_ptr()), (after, after.data.as_ptr()));
    }
    let octets: usize = items.iter().map(|item| item.data.len()).sum();
    assert_eq!(adapted.size, octets as u64 + 4 * 128 + 512);
}

#[test]
fn looking_at_a_message_that_fits_costs_no_memory_to_speak_of() {
    let items =
        vec![smil(), Item::new("image/jpeg", "a.jpg", picture(640, 480, 8, ImageFormat::Jpeg)), Item::new("text/plain", "b.txt", "hello")];
    let (phone, options) = (Capabilities::default(), Options::default());
    let info = allocation_counter::measure(|| assert!(fits(&items, &phone, &options)));
    assert!(info.bytes_max < 1024 && info.count_total < 10, "{info:?}");
}

#[test]
fn a_large_photo_is_scaled_and_the_rest_is_left_alone() {
    let items =
        vec![smil(), Item::new("image/jpeg", "a.jpg", picture(2000, 1000, 40, ImageFormat::Jpeg)), Item::new("text/plain", "b.txt", "hi")];
    let adapted = adapt(items.clone(), &Capabilities::default(), &Options::default()).unwrap();
    let outcome = &adapted.outcomes[1];
    assert_eq!(outcome.pixels, Some((640, 320)));
    assert!(matches!(outcome.changes[..], [Change::Scaled { from: (2000, 1000), to: (640, 320) }, Change::Recompressed { .. }]));
    assert_eq!(outcome.item.as_ref().unwrap().name, "a.jpg");
    assert_eq!((&adapted.outcomes[0].item, &adapted.outcomes[2].item), (&Some(items[0].clone()), &Some(items[2].clone())));
    assert!(adapted.size <= 300 * 1024);
}

/// Three photos into 100 kB: the small one stays as it is, the two large ones share the rest evenly.
#[test]
fn the_largest_give_and_the_small_stay() {
    let small = picture(100, 80, 10, ImageFormat::Jpeg);
    let large = picture(600, 480, 120, ImageFormat::Jpeg);
    let larger = picture(640, 480, 120, ImageFormat::Jpeg);
    assert!(small.len() < 15_000 && large.len() > 80_000 && larger.len() > 80_000);
    let items: Vec<Item> = [&larger, &small, &large].into_iter().map(|data| Item::new("image/jpeg", "x", data.clone())).collect();
    let phone = phone_of(&["image/jpeg"], 640, 480, 100 * 1024);
    let adapted = adapt(items, &phone, &Options::default()).unwrap();
    let sizes: Vec<usize> = adapted.items().map(|item| item.data.len()).collect();
    assert!(adapted.outcomes[1].changes.is_empty() && sizes[1] == small.len());
    assert!(adapted.size <= 100 * 1024 && adapted.size > 75 * 1024, "{}", adapted.size);
    let (one, other) = (sizes[0].max(sizes[2]), sizes[0].min(sizes[2]));
    assert!(one < other * 3 / 2, "{sizes:?}");
}

/// What has to be scaled anyway may then need so little that nothing else has to give.
#[test]
fn what_must_be_scaled_goes_first() {
    let fitting = picture(320, 240, 60, ImageFormat::Jpeg);
    let huge = picture(3000, 2000, 100, ImageFormat::Jpeg);
    let phone = phone_of(&["image/jpeg"], 320, 240, fitting.len() as u64 + 80_000);
    let items = vec![Item::new("image/jpeg", "a.jpg", fitting.clone()), Item::new("image/jpeg", "b.jpg", huge)];
    let adapted = adapt(items, &phone, &Options::default()).unwrap();
    assert!(adapted.outcomes[0].changes.is_empty(), "{:?}", adapted.outcomes[0].changes);
    assert_eq!(adapted.outcomes[1].pixels, Some((320, 213)));
}

#[test]
fn what_becomes_something_else_gets_a_name_of_its_own() {
    let items = vec![
        Item::new("image/png", "a.png", picture(60, 40, 200, ImageFormat::Png)),
        Item::new("image/jpeg", "A.JPG", picture(60, 40, 0, ImageFormat::Jpeg)),
        Item::new("application/pdf", "a.pdf", "%PDF"),
        smil(),
    ];
    let phone = Capabilities { smil: false, ..phone(&["image/jpeg"]) };
    let adapted = adapt(items, &phone, &Options::default()).unwrap();
    let renames: Vec<_> = adapted.renames().collect();
    assert_eq!(renames, [("a.png", Some("a-1.jpg")), ("a.pdf", Some("a.txt")), ("start.smil", None)]);
    let item = adapted.outcomes[2].item.as_ref().unwrap();
    assert_eq!((item.content_type.as_str(), item.data.as_ref()), ("text/plain", &b"[a.pdf: this phone cannot show application/pdf]"[..]));
    assert_eq!(adapted.outcomes[3].changes, [Change::Dropped]);
    assert_eq!(adapted.presentation(), None);
    assert!(matches!(&adapted.outcomes[0].changes[0], Change::Converted { from, to } if from == "image/png" && to == "image/jpeg"));
}

#[test]
fn the_operator_s_words_are_used() {
    let words = Words { unsupported: "Nicht anzeigbar: {type}, {size}".to_owned(), ..Words::default() };
    let options = Options { words, ..Options::default() };
    let adapted = adapt(vec![Item::new("application/zip", "", vec![0; 3000])], &phone(&[]), &options).unwrap();
    assert_eq!((only(&adapted).data.as_ref(), only(&adapted).name.as_str()), (&b"Nicht anzeigbar: application/zip, 3 kB"[..], ""));
}

#[test]
fn sound_without_a_program_is_kept_or_replaced() {
    let amr = Item::new("audio/amr", "a.amr", [&b"#!AMR\n"[..], &[0; 5000]].concat());
    assert!(adapt_one(amr.clone(), &phone(&["audio/amr"])).is_unchanged());
    let replaced = adapt_one(amr.clone(), &phone(&["audio/midi"]));
    assert_eq!(only(&replaced).data.as_ref(), b"[a.amr: this phone cannot show audio/amr]");
    let replaced = adapt_one(amr, &phone_of(&["audio/amr"], 99, 99, 3000));
    assert_eq!(only(&replaced).data.as_ref(), b"[a.amr: with 5 kB too large for this phone]");
}

#[test]
fn text_in_another_charset() {
    let text = Item::new("text/plain", "a.txt", &b"\xff\xfeG\0r\0\xfc\0n\0"[..]).with_charset("utf-16");
    let old = Capabilities { charsets: ["us-ascii", "iso-8859-1"].map(str::to_owned).to_vec(), ..Capabilities::default() };
    let adapted = adapt_one(text, &old);
    assert_eq!((only(&adapted).data.as_ref(), only(&adapted).charset.as_deref()), (&b"Gr\xfcn"[..], Some("iso-8859-1")));
    assert_eq!(adapted.outcomes[0].changes, [Change::Charset { from: "utf-16".to_owned(), to: "iso-8859-1".to_owned(), lost: 0 }]);
    // What named no charset, and is none that a phone would assume.
    let unnamed = adapt_one(Item::new("text/plain", "", "\u{feff}Grün"), &Capabilities::default());
    assert_eq!((only(&unnamed).data.as_ref(), only(&unnamed).charset.as_deref()), ("Grün".as_bytes(), Some("utf-8")));
}

#[test]
fn text_gives_last_and_is_cut_then() {
    let long = Item::new("text/plain", "a.txt", "Ä".repeat(20_000)).with_charset("utf-8");
    let photo = Item::new("image/jpeg", "b.jpg", picture(640, 480, 60, ImageFormat::Jpeg));
    let phone = phone_of(&["image/jpeg"], 640, 480, 30 * 1024);
    let adapted = adapt(vec![long, photo], &phone, &Options::default()).unwrap();
    assert!(adapted.size <= 30 * 1024 && adapted.size > 29 * 1024, "{}", adapted.size);
    let text = String::from_utf8(adapted.outcomes[0].item.as_ref().unwrap().data.to_vec()).unwrap();
    assert!(text.ends_with("Ä...") && text.len() > 25_000);
    assert!(matches!(adapted.outcomes[1].changes[..], [Change::Replaced { .. }]));
}

#[test]
fn what_does_not_fit_at_all_is_refused() {
    let items = vec![Item::new("text/plain", "", "x".repeat(100)); 20];
    let refused = adapt(items, &phone_of(&[], 9, 9, 2000), &Options::default()).unwrap_err();
    assert!(matches!(refused, AdaptError::TooLarge { most: 2000, .. }), "{refused}");
    let many = vec![Item::new("text/plain", "", ""); 257];
    assert_eq!(
        adapt(many.clone(), &Capabilities::default(), &Options::default()).unwrap_err(),
        AdaptError::TooManyItems { items: 257, most: 256 }
    );
    assert!(!fits(&many, &Capabilities::default(), &Options::default()));
}

/// The same, whatever the machine does meanwhile: what may be spent is counted in pixels.
#[test]
fn what_may_be_spent_ends() {
    let photo = Item::new("image/jpeg", "x.jpg", picture(1000, 1000, 30, ImageFormat::Jpeg));
    let options = Options { limits: Limits { work_pixels: 4_000_000, ..Limits::default() }, ..Options::default() };
    let adapted = adapt(vec![photo; 5], &Capabilities::default(), &options).unwrap();
    let replaced: Vec<bool> = adapted.outcomes.iter().map(|o| matches!(o.changes[..], [Change::Replaced { .. }])).collect();
    assert_eq!(replaced, [false, false, true, true, true]);
}

#[test]
fn a_phone_s_own_spelling_is_used() {
    let wrong = Item::new("image/gif", "a.jpg", picture(60, 40, 0, ImageFormat::Jpeg));
    let adapted = adapt_one(wrong, &phone(&["image/jpg"]));
    assert_eq!(only(&adapted).content_type, "image/jpg");
    assert_eq!(adapted.outcomes[0].changes, [Change::Retyped { from: "image/gif".to_owned(), to: "image/jpg".to_owned() }]);
}
