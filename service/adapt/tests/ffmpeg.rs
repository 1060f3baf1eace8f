//! Sound and video by the real ffmpeg, and what its own enquirer sees in what comes out. Skipped where it is not installed.
#![allow(clippy::unwrap_used)]

mod common;

use std::time::Duration;

use common::{Peers, adapt_with, only, phone_of};
use waxwing_adapt::{Adapted, Capabilities, Change, FfmpegOptions, Item, MediaTypes, Options};

fn options() -> Options {
    Options { ffmpeg: Some(FfmpegOptions { timeout: Duration::from_secs(120), ..FfmpegOptions::default() }), ..Options::default() }
}

/// Makes a file with ffmpeg: a tone, and where asked for a test picture.
fn made(peers: &Peers, seconds: u32, video: Option<&str>, coding: &str, name: &str) -> Vec<u8> {
    let sound = format!("-f lavfi -i sine=frequency=440:duration={seconds}");
    let picture = video.map(|size| format!("-f lavfi -i testsrc=size={size}:rate=20:duration={seconds}")).unwrap_or_default();
    peers.run("ffmpeg", &format!("-nostdin -loglevel error -y {picture} {sound} {coding} {name}"));
    peers.read(name)
}

/// What ffprobe sees: the format, and for each stream its codec, width, height and rate.
fn probed(peers: &Peers, adapted: &Adapted) -> (String, Vec<String>) {
    peers.file("seen", &only(adapted).data);
    let streams = peers.run("ffprobe", "-v error -show_entries stream=codec_name,width,height,sample_rate,channels -of csv=p=0 seen");
    let format = peers.run("ffprobe", "-v error -show_entries format=format_name -of csv=p=0 seen");
    (format.trim().trim_matches('"').to_owned(), streams.lines().map(|line| line.trim().trim_end_matches(',').to_owned()).collect())
}

fn peers(test: &str) -> Option<Peers> {
    let peers = Peers::find(test, &["ffmpeg", "ffprobe"])?;
    // In Debian that is libavcodec-extra.
    peers.needs(test, "ffmpeg", "-hide_banner -encoders", "libopencore_amrnb")?;
    Some(peers)
}

#[test]
fn sound_becomes_what_the_phone_plays() {
    let Some(peers) = peers("sound_becomes_what_the_phone_plays") else { return };
    let sources = [
        ("audio/wav", "-ar 44100", "a.wav"),
        ("audio/mpeg", "-c:a libmp3lame", "a.mp3"),
        ("audio/amr", "-c:a libopencore_amrnb -ar 8000 -ac 1 -b:a 12.2k", "a.amr"),
        ("audio/ogg", "-c:a libvorbis", "a.ogg"),
        ("audio/mp4", "-c:a aac", "a.m4a"),
        ("audio/aac", "-c:a aac -f adts", "a.aac"),
    ];
    let targets = [
        ("audio/amr", "amr", "amr_nb,8000,1", "amr"),
        ("audio/mpeg", "mp3", "mp3,44100,2", "mp3"),
        ("audio/mp4", "mov,mp4,m4a,3gp,3g2,mj2", "aac,44100,2", "m4a"),
        ("audio/aac", "aac", "aac,44100,2", "aac"),
    ];
    for (content_type, coding, name) in sources {
        let data = made(&peers, 2, None, coding, name);
        for (target, format, stream, extension) in targets {
            let adapted = adapt_with(Item::new(content_type, name, data.clone()), &phone_of(&[target], 99, 99, 300 * 1024), &options());
            let what = format!("{name} as {target}: {:?}", adapted.outcomes[0].changes);
            if content_type == target {
                assert!(adapted.is_unchanged(), "{what}");
                continue;
            }
            assert_eq!(
                (only(&adapted).content_type.as_str(), only(&adapted).name.as_str()),
                (target, &*format!("a.{extension}")),
                "{what}"
            );
            assert_eq!(probed(&peers, &adapted), (format.to_owned(), vec![stream.to_owned()]), "{what}");
        }
    }
}

#[test]
fn video_becomes_what_an_old_phone_plays() {
    let Some(peers) = peers("video_becomes_what_an_old_phone_plays") else { return };
    let data = made(&peers, 3, Some("640x360"), "-c:v libx264 -pix_fmt yuv420p -c:a aac", "a.mp4");
    let item = Item::new("video/mp4", "a.mp4", data);
    let adapted = adapt_with(item, &phone_of(&["video/3gpp", "audio/amr"], 640, 480, 300 * 1024), &options());
    let outcome = &adapted.outcomes[0];
    assert_eq!((only(&adapted).name.as_str(), outcome.pixels), ("a.3gp", Some((176, 144))), "{:?}", outcome.changes);
    assert_eq!(probed(&peers, &adapted).1, ["h263,176,144", "amr_nb,8000,1"]);
    assert_eq!(only(&adapted).data[4..11], *b"ftyp3gp");
    assert!(matches!(&outcome.changes[0], Change::Converted { from, to } if from == "video/mp4" && to == "video/3gpp"));
}

#[test]
fn video_of_an_old_phone_becomes_mp4() {
    let Some(peers) = peers("video_of_an_old_phone_becomes_mp4") else { return };
    let coding = "-c:v h263 -s 176x144 -c:a libopencore_amrnb -ar 8000 -ac 1 -b:a 12.2k";
    let data = made(&peers, 2, Some("176x144"), coding, "a.3gp");
    let adapted = adapt_with(Item::new("video/3gpp", "a.3gp", data), &phone_of(&["video/mp4"], 640, 480, 300 * 1024), &options());
    assert_eq!(adapted.outcomes[0].pixels, Some((176, 144)), "{:?}", adapted.outcomes[0].changes);
    assert_eq!(probed(&peers, &adapted).1, ["h264,176,144", "aac,44100,1"]);
}

/// The same format, and smaller: too large to be sent as it is.
#[test]
fn what_is_too_large_is_made_smaller() {
    let Some(peers) = peers("what_is_too_large_is_made_smaller") else { return };
    let data = made(&peers, 10, Some("1280x720"), "-c:v libx264 -b:v 4M -pix_fmt yuv420p -c:a aac", "a.mp4");
    let phone = phone_of(&["video/mp4", "video/3gpp"], 640, 480, 200 * 1024);
    assert!(data.len() > 200 * 1024);
    let adapted = adapt_with(Item::new("video/mp4", "a.mp4", data), &phone, &options());
    assert_eq!(only(&adapted).content_type, "video/mp4", "{:?}", adapted.outcomes[0].changes);
    assert!(adapted.size <= 200 * 1024);
    let pixels = adapted.outcomes[0].pixels.unwrap();
    let seen = probed(&peers, &adapted).1;
    assert!(seen[0].starts_with(&format!("h264,{},{}", pixels.0, pixels.1)), "{seen:?} {pixels:?}");
    assert!(matches!(adapted.outcomes[0].changes[..], [Change::Recompressed { .. }]));
}

#[test]
fn what_cannot_be_made_small_enough_becomes_words() {
    let Some(peers) = peers("what_cannot_be_made_small_enough_becomes_words") else { return };
    let data = made(&peers, 60, None, "-c:a libmp3lame -b:a 64k", "a.mp3");
    let adapted = adapt_with(Item::new("audio/mpeg", "a.mp3", data), &phone_of(&["audio/amr"], 99, 99, 10 * 1024), &options());
    assert!(matches!(&adapted.outcomes[0].changes[..], [Change::Replaced { from, .. }] if from == "audio/mpeg"));
    assert_eq!(only(&adapted).content_type, "text/plain");
}

/// A list of other files is none of the formats that are opened, whatever it is called.
#[test]
fn lists_of_other_files_are_not_opened() {
    let Some(peers) = peers("lists_of_other_files_are_not_opened") else { return };
    let secret = peers.file("secret", &made(&peers, 1, None, "", "secret.wav"));
    for list in
        [format!("#EXTM3U\n#EXTINF:1,\nfile://{0}\n", secret.display()), format!("ffconcat version 1.0\nfile {0}\n", secret.display())]
    {
        let adapted = adapt_with(Item::new("video/mp4", "a.mp4", list), &phone_of(&["video/3gpp"], 99, 99, 99_000), &options());
        assert!(matches!(adapted.outcomes[0].changes[..], [Change::Replaced { .. }]));
    }
}

#[test]
fn broken_ones_become_words() {
    let Some(peers) = peers("broken_ones_become_words") else { return };
    let data = made(&peers, 1, Some("176x144"), "-c:v libx264 -pix_fmt yuv420p -c:a aac -movflags +faststart", "a.mp4");
    let mut random = fastrand::Rng::with_seed(3);
    let phone = Capabilities { accept: MediaTypes::new(["video/3gpp"]), ..Capabilities::default() };
    for length in [12, 40, 200, 1000, data.len() / 2] {
        let mut broken = data[..length].to_vec();
        for octet in broken.iter_mut().skip(12) {
            if random.u8(..) < 10 {
                *octet = random.u8(..);
            }
        }
        let adapted = adapt_with(Item::new("video/mp4", "a.mp4", broken), &phone, &options());
        assert!(!adapted.outcomes[0].changes.is_empty() && adapted.size <= phone.max_message_size);
    }
}

/// A program that does not end is ended, and one that is not there is no reason to fail.
#[test]
fn a_program_that_does_not_work_is_done_without() {
    let amr = [&b"#!AMR\n"[..], &[0x3c; 3000]].concat();
    let phone = phone_of(&["audio/mpeg"], 99, 99, 300 * 1024);
    for (program, why) in [("/nonexistent/ffmpeg", "could not be run"), ("/bin/false", "ffmpeg failed")] {
        let ffmpeg = FfmpegOptions { program: program.into(), ..FfmpegOptions::default() };
        let options = Options { ffmpeg: Some(ffmpeg), ..Options::default() };
        let adapted = adapt_with(Item::new("audio/amr", "a.amr", amr.clone()), &phone, &options);
        assert!(
            matches!(&adapted.outcomes[0].changes[..], [Change::Replaced { why: said, .. }] if said.contains(why)),
            "{:?}",
            adapted.outcomes[0]
        );
    }
}
