//! Images that other programs wrote, made to fit, and what those see in them then. ImageMagick, exiftool and libwebp's tools are the
//! judges; skipped where they are not installed.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Peers, adapt_one, only, phone, phone_of};
use waxwing_adapt::{Capabilities, Change, Item};

const ALL: [(&str, &str); 5] =
    [("image/jpeg", "jpg"), ("image/png", "png"), ("image/gif", "gif"), ("image/bmp", "bmp"), ("image/vnd.wap.wbmp", "wbmp")];

/// A photo, more or less, that other programs drew.
const PLASMA: &str = "-size 320x200 -seed 5 plasma:tomato-steelblue -depth 8";

/// Every kind of each format that ImageMagick writes: what it is for us, and its media type.
const KINDS: &[(&str, &str, &str)] = &[
    ("-quality 90", "baseline.jpg", "image/jpeg"),
    ("-quality 90 -interlace JPEG", "progressive.jpg", "image/jpeg"),
    ("-quality 90 -sampling-factor 4:4:4", "full.jpg", "image/jpeg"),
    ("-quality 90 -sampling-factor 4:1:1", "411.jpg", "image/jpeg"),
    ("-colorspace Gray", "gray.jpg", "image/jpeg"),
    ("-colorspace CMYK", "cmyk.jpg", "image/jpeg"),
    ("", "plain.png", "image/png"),
    ("-interlace PNG", "interlaced.png", "image/png"),
    ("-depth 16", "PNG48:sixteen.png", "image/png"),
    ("-colors 16", "PNG8:palette.png", "image/png"),
    ("-colorspace Gray", "gray.png", "image/png"),
    ("-colors 200", "plain.gif", "image/gif"),
    ("-colors 200 -interlace GIF", "interlaced.gif", "image/gif"),
    ("", "BMP3:three.bmp", "image/bmp"),
    ("-colors 200 -compress RLE", "BMP3:rle.bmp", "image/bmp"),
    ("", "BMP2:two.bmp", "image/bmp"),
    ("-quality 80", "lossy.webp", "image/webp"),
    ("-define webp:lossless=true", "lossless.webp", "image/webp"),
];

#[test]
fn every_format_becomes_every_other() {
    let Some(peers) = Peers::find("every_format_becomes_every_other", &["convert", "identify", "compare"]) else { return };
    for (options, written, content_type) in KINDS {
        let name = written.split(':').next_back().unwrap();
        peers.run("convert", &format!("{PLASMA} {options} {written}"));
        let data = peers.read(name);
        // What the other program makes of its own file, at the size we want.
        peers.run("convert", &format!("{name}[0] -filter Lanczos -resize 160x100 -colorspace sRGB reference.png"));
        for (target, extension) in ALL {
            let adapted = adapt_one(Item::new(*content_type, name, data.clone()), &phone_of(&[target], 160, 120, 300 * 1024));
            let what = format!("{name} as {target}: {:?}", adapted.outcomes[0].changes);
            assert_eq!((only(&adapted).content_type.as_str(), adapted.outcomes[0].pixels), (target, Some((160, 100))), "{what}");
            let seen = peers.identify(&only(&adapted).data, extension);
            let format = target.split(['/', '.']).next_back().unwrap().to_uppercase();
            assert!(seen.len() == 1 && seen[0].starts_with(&format) && seen[0].contains(":160x100:"), "{what}: {seen:?}");
            peers.run("convert", &format!("seen.{extension} seen.png"));
            if extension == "wbmp" {
                // Black and white look alike from afar only.
                peers.run("convert", "seen.png -resize 20x20! -colorspace Gray seen.png");
                peers.run("convert", "reference.png -resize 20x20! -colorspace Gray afar.png");
                let difference = peers.difference("seen.png", "afar.png");
                assert!(difference < 0.2, "{what}: {difference}");
            } else {
                let difference = peers.difference("seen.png", "reference.png");
                assert!(difference < 0.05, "{what}: {difference}");
            }
        }
    }
}

/// The eight ways that a camera can be held, noted by exiftool; ImageMagick turns them for comparison.
#[test]
fn images_are_turned_as_their_camera_says() {
    let Some(peers) = Peers::find("images_are_turned_as_their_camera_says", &["convert", "compare", "exiftool"]) else { return };
    peers.convert(PLASMA, "camera.jpg");
    for orientation in 1..=8 {
        peers.run(
            "exiftool",
            &format!("-q -overwrite_original -n -Orientation={orientation} -GPSLatitude=48.1 -GPSLatitudeRef=N camera.jpg"),
        );
        peers.run("convert", "camera.jpg -auto-orient -filter Lanczos -resize 100x100 reference.png");
        let adapted =
            adapt_one(Item::new("image/jpeg", "camera.jpg", peers.read("camera.jpg")), &phone_of(&["image/jpeg"], 100, 100, 300 * 1024));
        let sideways = orientation >= 5;
        assert_eq!(adapted.outcomes[0].pixels, Some(if sideways { (63, 100) } else { (100, 63) }), "{orientation}");
        assert_eq!(adapted.outcomes[0].changes.contains(&Change::Turned), orientation != 1, "{orientation}");
        peers.file("seen.jpg", &only(&adapted).data);
        let difference = peers.difference("seen.jpg", "reference.png");
        assert!(difference < 0.05, "{orientation}: {difference}");
        // Neither the note, which would have it turned twice, nor the place.
        let left = peers.run("exiftool", "-s -Orientation -GPSLatitude seen.jpg");
        assert_eq!(left.trim(), "", "{orientation}");
    }
    // Fits: not touched, so the note is still there.
    let untouched = adapt_one(Item::new("image/jpeg", "camera.jpg", peers.read("camera.jpg")), &phone(&["image/jpeg"]));
    assert!(untouched.is_unchanged());
}

#[test]
fn animations_stay_animated() {
    let Some(peers) = Peers::find("animations_stay_animated", &["convert", "identify", "compare", "exiftool"]) else { return };
    let frames = "-size 200x150 xc:white ( +clone -fill red -draw rectangle_20,20_60,60 ) ( -clone 0 -fill blue -draw circle_100,75_130,75 ) -set delay 30 -loop 3";
    let words: Vec<String> = frames.split(' ').map(|w| w.replace('_', " ")).collect();
    let status = std::process::Command::new("convert").args(&words).arg(peers.path("moving.gif")).status().unwrap();
    assert!(status.success());
    let clear: Vec<String> = words.iter().map(|w| w.replace("xc:white", "xc:none")).collect();
    let status = std::process::Command::new("convert")
        .args(&clear)
        .args(["-set", "dispose", "background"])
        .arg(peers.path("clear.gif"))
        .status()
        .unwrap();
    assert!(status.success());
    for name in ["moving.gif", "clear.gif"] {
        let adapted = adapt_one(Item::new("image/gif", name, peers.read(name)), &phone_of(&["image/gif"], 100, 100, 300 * 1024));
        assert_eq!(adapted.outcomes[0].pixels, Some((100, 75)));
        assert!(!adapted.outcomes[0].changes.contains(&Change::Stilled));
        peers.file("seen.gif", &only(&adapted).data);
        let seen = peers.run("identify", "-format %m:%T\\n seen.gif");
        assert_eq!(seen.lines().collect::<Vec<_>>(), ["GIF:30"; 3], "{name}");
        let times = |file: &str| peers.run("exiftool", &format!("-s -s -s -AnimationIterations {file}"));
        assert_eq!(times("seen.gif"), times(name));
        // Each frame as it is seen, not as it is stored.
        peers.run("convert", &format!("{name} -coalesce -resize 100x75 -background gray -alpha remove want-%d.png"));
        peers.run("convert", "seen.gif -coalesce -background gray -alpha remove have-%d.png");
        for frame in 0..3 {
            let difference = peers.difference(&format!("want-{frame}.png"), &format!("have-{frame}.png"));
            assert!(difference < 0.06, "{name} {frame}: {difference}");
        }
    }
    // A phone without GIF sees the first frame.
    let still = adapt_one(Item::new("image/gif", "moving.gif", peers.read("moving.gif")), &phone(&["image/jpeg"]));
    assert_eq!(still.outcomes[0].changes[0], Change::Stilled);
    assert!(peers.identify(&only(&still).data, "jpg")[0].starts_with("JPEG:200x150"));
}

#[test]
fn a_moving_webp_becomes_a_gif_or_a_still() {
    let Some(peers) = Peers::find("a_moving_webp_becomes_a_gif_or_a_still", &["convert", "identify", "gif2webp"]) else { return };
    let status = std::process::Command::new("convert")
        .args(["-size", "120x90", "xc:white", "xc:red", "xc:navy", "-set", "delay", "20"])
        .arg(peers.path("moving.gif"))
        .status();
    assert!(status.unwrap().success());
    peers.run("gif2webp", "-quiet moving.gif -o moving.webp");
    let item = Item::new("image/webp", "moving.webp", peers.read("moving.webp"));
    let moving = adapt_one(item.clone(), &phone(&["image/gif", "image/jpeg"]));
    assert_eq!(peers.identify(&only(&moving).data, "gif").len(), 3);
    assert_eq!(only(&moving).name, "moving.gif");
    let still = adapt_one(item.clone(), &phone(&["image/png", "image/jpeg"]));
    assert_eq!((peers.identify(&only(&still).data, "png").len(), &still.outcomes[0].changes[0]), (1, &Change::Stilled));
    assert!(adapt_one(item, &phone(&["image/webp"])).is_unchanged());
}

/// What is transparent stays so where the format can have it, and is white where it cannot.
#[test]
fn transparency_is_kept_or_white() {
    let Some(peers) = Peers::find("transparency_is_kept_or_white", &["convert", "identify"]) else { return };
    let status = std::process::Command::new("convert")
        .args(["-size", "400x400", "xc:none", "-fill", "green", "-draw", "rectangle 0,0 199,399"])
        .arg(peers.path("clear.png"))
        .status();
    assert!(status.unwrap().success());
    let item = Item::new("image/png", "clear.png", peers.read("clear.png"));
    let pixel = |adapted: &waxwing_adapt::Adapted, extension: &str| {
        let name = format!("seen.{extension}");
        peers.file(&name, &only(adapted).data);
        peers.run("convert", &format!("{name} -format %[pixel:p{{10,10}}]|%[pixel:p{{90,10}}] info:"))
    };
    let png = adapt_one(item.clone(), &phone_of(&["image/png", "image/jpeg"], 100, 100, 300 * 1024));
    let seen = pixel(&png, "png");
    assert!(seen.contains("0,128,0,1") && seen.contains(",0)"), "{seen}");
    let gif = adapt_one(item.clone(), &phone_of(&["image/gif"], 100, 100, 300 * 1024));
    assert!(pixel(&gif, "gif").ends_with(",0)"));
    let jpeg = adapt_one(item, &phone_of(&["image/jpeg"], 100, 100, 300 * 1024));
    assert!(pixel(&jpeg, "jpg").ends_with("white") || pixel(&jpeg, "jpg").ends_with("(255,255,255)"), "{}", pixel(&jpeg, "jpg"));
}

/// WBMP that another program wrote, and ours in its eyes.
#[test]
fn wbmp_goes_both_ways() {
    let Some(peers) = Peers::find("wbmp_goes_both_ways", &["convert", "identify", "compare"]) else { return };
    for (width, height) in [(96, 65), (97, 3), (8, 8), (1, 1), (200, 130)] {
        let data = peers.convert(&format!("-size {width}x{height} -seed 3 plasma: -monochrome"), "theirs.wbmp");
        let png = adapt_one(Item::new("image/vnd.wap.wbmp", "x.wbmp", data.clone()), &phone(&["image/png"]));
        peers.file("ours.png", &only(&png).data);
        assert_eq!(peers.difference("theirs.wbmp", "ours.png"), 0.0, "{width}x{height}");
        let back = adapt_one(Item::new("image/png", "x.png", only(&png).data.clone()), &phone(&["image/vnd.wap.wbmp"]));
        assert_eq!(only(&back).data, data, "{width}x{height}");
    }
}

/// Into every size of message, as large as it may be.
#[test]
fn photos_are_squeezed_into_what_there_is() {
    let Some(peers) = Peers::find("photos_are_squeezed_into_what_there_is", &["convert", "identify"]) else { return };
    let data = peers.convert("-size 1600x1200 -seed 2 plasma: -attenuate 0.5 +noise Gaussian -quality 95", "noisy.jpg");
    let mut before = (0, 0);
    for octets in [4, 10, 30, 100, 300] {
        let phone = phone_of(&["image/jpeg", "image/png"], 640, 480, octets * 1024);
        let adapted = adapt_one(Item::new("image/jpeg", "noisy.jpg", data.clone()), &phone);
        assert!(adapted.size <= octets * 1024, "{octets} kB: {}", adapted.size);
        let pixels = adapted.outcomes[0].pixels.unwrap();
        let seen = peers.identify(&only(&adapted).data, "jpg");
        assert!(seen[0].starts_with(&format!("JPEG:{}x{}:", pixels.0, pixels.1)), "{seen:?}");
        assert!(pixels >= before, "{octets} kB: {pixels:?}");
        before = pixels;
    }
    assert_eq!(before, (640, 480));
}

#[test]
fn a_phone_of_greys_gets_greys() {
    let Some(peers) = Peers::find("a_phone_of_greys_gets_greys", &["convert", "identify"]) else { return };
    let data = peers.convert(PLASMA, "plasma.jpg");
    let gray = Capabilities { color: false, ..phone_of(&["image/jpeg"], 100, 100, 30 * 1024) };
    let adapted = adapt_one(Item::new("image/jpeg", "x.jpg", data), &gray);
    assert!(peers.identify(&only(&adapted).data, "jpg")[0].contains(":gray:"));
}
