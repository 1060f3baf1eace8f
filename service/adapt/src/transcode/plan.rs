//! What ffmpeg is asked to do: formats, and how small they can be made.

use std::ffi::OsString;
use std::path::Path;

use super::FfmpegOptions;
use super::run::Job;
use crate::media::sniff;
use crate::{Capabilities, MediaKind};

/// A format that can be written.
#[derive(Debug, PartialEq)]
pub(super) struct Target {
    /// Its usual media type.
    pub(super) content_type: &'static str,
    muxer: &'static str,
    audio: Audio,
    video: Option<Video>,
    /// From the best to the smallest.
    tiers: &'static [Tier],
}

/// How good and how large.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Tier {
    /// Bits a second.
    audio: u32,
    /// Samples a second.
    rate: u32,
    channels: u8,
    /// Bits a second, frames a second, width, height.
    video: Option<(u32, u32, u32, u32)>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Audio {
    Aac,
    Amr,
    Mp3,
    Pcm,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Video {
    /// H.263 has but a few sizes; what is of another one is put on black.
    H263,
    H264,
}

impl Target {
    /// The tiers that are worth a try: from the first that could fit, given how long it plays.
    pub(super) fn tiers_within(&self, seconds: Option<f64>, most: u64) -> &'static [Tier] {
        let Some(seconds) = seconds else { return self.tiers };
        let octets = |tier: &Tier| f64::from(tier.audio + tier.video.map_or(0, |v| v.0)) * seconds / 8.0;
        // What is written may be smaller than its rate says, hardly ever by half.
        let first = self.tiers.iter().position(|tier| octets(tier) <= most as f64 * 1.1);
        match first {
            Some(first) => &self.tiers[first..],
            None if self.tiers.last().is_some_and(|tier| octets(tier) <= most as f64 * 2.0) => &self.tiers[self.tiers.len() - 1..],
            None => &[],
        }
    }
}

const fn sound(audio: u32, rate: u32, channels: u8) -> Tier {
    Tier { audio, rate, channels, video: None }
}

const fn film(video: (u32, u32, u32, u32), audio: u32, rate: u32, channels: u8) -> Tier {
    Tier { audio, rate, channels, video: Some(video) }
}

const AMR: &[Tier] = &[sound(12_200, 8000, 1), sound(7950, 8000, 1), sound(4750, 8000, 1)];
const AAC: &[Tier] = &[sound(96_000, 44_100, 2), sound(48_000, 44_100, 1), sound(24_000, 22_050, 1)];

const TARGETS: &[Target] = &[
    Target {
        content_type: "audio/mpeg",
        muxer: "mp3",
        audio: Audio::Mp3,
        video: None,
        tiers: &[sound(128_000, 44_100, 2), sound(64_000, 44_100, 1), sound(32_000, 22_050, 1), sound(16_000, 16_000, 1)],
    },
    Target { content_type: "audio/mp4", muxer: "ipod", audio: Audio::Aac, video: None, tiers: AAC },
    Target { content_type: "audio/aac", muxer: "adts", audio: Audio::Aac, video: None, tiers: AAC },
    Target { content_type: "audio/amr", muxer: "amr", audio: Audio::Amr, video: None, tiers: AMR },
    Target { content_type: "audio/3gpp", muxer: "3gp", audio: Audio::Amr, video: None, tiers: AMR },
    Target { content_type: "audio/wav", muxer: "wav", audio: Audio::Pcm, video: None, tiers: &[sound(128_000, 8000, 1)] },
    Target {
        content_type: "video/mp4",
        muxer: "mp4",
        audio: Audio::Aac,
        video: Some(Video::H264),
        tiers: &[
            film((600_000, 25, 640, 480), 64_000, 44_100, 1),
            film((250_000, 15, 320, 240), 48_000, 44_100, 1),
            film((110_000, 12, 240, 180), 24_000, 22_050, 1),
            film((48_000, 8, 176, 144), 16_000, 16_000, 1),
        ],
    },
    Target {
        content_type: "video/3gpp",
        muxer: "3gp",
        audio: Audio::Amr,
        video: Some(Video::H263),
        tiers: &[
            film((110_000, 15, 176, 144), 12_200, 8000, 1),
            film((56_000, 10, 176, 144), 12_200, 8000, 1),
            film((24_000, 8, 128, 96), 4750, 8000, 1),
        ],
    },
    // Where ffmpeg was built without AMR: every phone shows the picture at least.
    Target {
        content_type: "video/3gpp",
        muxer: "3gp",
        audio: Audio::Aac,
        video: Some(Video::H263),
        tiers: &[film((110_000, 15, 176, 144), 24_000, 22_050, 1), film((24_000, 8, 128, 96), 16_000, 16_000, 1)],
    },
];

/// The formats of a phone that something can be transcoded to, the best one first: its own where that is accepted.
pub(super) fn targets(usual_type: &str, kind: MediaKind, phone: &Capabilities) -> Vec<&'static Target> {
    let speech = ["audio/amr", "audio/amr-wb", "audio/3gpp", "audio/qcelp"].contains(&usual_type);
    let mut targets: Vec<&Target> = TARGETS
        .iter()
        .filter(|target| target.video.is_some() == (kind == MediaKind::Video))
        .filter(|target| phone.accept.accepts(target.content_type))
        .collect();
    targets.sort_by_key(|target| (target.content_type != usual_type, speech && target.audio != Audio::Amr));
    targets
}

/// ffmpeg's name for the format of content. It is never left to guess: some of its formats are lists of other files.
pub(super) fn demuxer(data: &[u8]) -> Option<&'static str> {
    Some(match sniff(data)? {
        "audio/aac" => "aac",
        "audio/amr" | "audio/amr-wb" => "amr",
        "audio/flac" => "flac",
        "audio/mp4" | "video/3gpp" | "video/3gpp2" | "video/mp4" | "video/quicktime" => "mov",
        "audio/mpeg" => "mp3",
        "audio/ogg" => "ogg",
        "audio/wav" => "wav",
        "video/x-flv" => "flv",
        "video/x-matroska" => "matroska",
        "video/x-ms-asf" => "asf",
        "video/x-msvideo" => "avi",
        _ => return None,
    })
}

/// Pixels of a frame that are decoded: 4K, and no more.
const PIXELS_MOST: &str = "8900000";
/// Seconds that are transcoded; longer than any message has room for.
const SECONDS_MOST: &str = "900";

fn input(demuxer: &str, input: &Path, level: &str) -> Vec<OsString> {
    let fixed = ["-nostdin", "-hide_banner", "-loglevel", level, "-y", "-threads", "1", "-protocol_whitelist", "file", "-max_pixels"];
    let behind = [PIXELS_MOST, "-f", demuxer, "-i"];
    fixed.iter().chain(&behind).map(OsString::from).chain([input.into()]).collect()
}

/// Arguments with which ffmpeg only tells what it reads.
pub(super) fn enquiry(demuxer: &str, path: &Path) -> Vec<OsString> {
    input(demuxer, path, "info")
}

/// How long it plays, by what ffmpeg said of it.
pub(super) fn seconds(said: &str) -> Option<f64> {
    let (_, behind) = said.split_once("Duration: ")?;
    let mut seconds = 0.0;
    for number in behind.split(',').next()?.trim().split(':') {
        seconds = seconds * 60.0 + number.parse::<f64>().ok()?;
    }
    Some(seconds)
}

pub(super) fn arguments(
    demuxer: &str,
    target: &Target,
    tier: &Tier,
    phone: &Capabilities,
    job: &Job,
    ffmpeg: &FfmpegOptions,
) -> Vec<OsString> {
    let mut arguments = input(demuxer, &job.input, "error");
    let mut add = |words: &[&str]| arguments.extend(words.iter().map(OsString::from));
    add(&["-t", SECONDS_MOST, "-map_metadata", "-1", "-sn", "-dn", "-fs", &ffmpeg.max_output.to_string()]);
    if target.video.is_some() {
        add(&["-map", "0:v:0"]);
    }
    add(&["-map", "0:a:0?"]);
    let codec = match target.audio {
        Audio::Aac => "aac",
        Audio::Amr => "libopencore_amrnb",
        Audio::Mp3 => "libmp3lame",
        Audio::Pcm => "pcm_s16le",
    };
    add(&["-c:a", codec, "-ar", &tier.rate.to_string(), "-ac", &tier.channels.to_string()]);
    if target.audio != Audio::Pcm {
        add(&["-b:a", &tier.audio.to_string()]);
    }
    match (target.video, tier.video) {
        (Some(video), Some((rate, frames, width, height))) => {
            let (rate, frames) = (rate.to_string(), frames.to_string());
            add(&["-b:v", &rate, "-maxrate", &rate, "-bufsize", &rate, "-r", &frames]);
            let whole = "force_original_aspect_ratio=decrease";
            match video {
                Video::H263 => {
                    let filter = format!("scale={width}:{height}:{whole},pad={width}:{height}:(ow-iw)/2:(oh-ih)/2,setsar=1");
                    add(&["-c:v", "h263", "-g", "50", "-vf", &filter]);
                }
                Video::H264 => {
                    let (width, height) = (width.min(phone.max_image.width.max(2)), height.min(phone.max_image.height.max(2)));
                    let filter = format!("scale='min(iw,{width})':'min(ih,{height})':{whole}:force_divisible_by=2,setsar=1");
                    add(&[
                        "-c:v",
                        "libx264",
                        "-profile:v",
                        "baseline",
                        "-level",
                        "3.0",
                        "-preset",
                        "fast",
                        "-pix_fmt",
                        "yuv420p",
                        "-vf",
                        &filter,
                    ]);
                }
            }
        }
        _ => add(&["-vn"]),
    }
    if ["mp4", "3gp", "ipod"].contains(&target.muxer) {
        add(&["-movflags", "+faststart"]);
    }
    add(&["-fflags", "+bitexact", "-f", target.muxer]);
    arguments.push((&job.output).into());
    arguments
}

/// Width and height of the first track with any, of an MP4 or 3GP that ffmpeg wrote.
pub(super) fn video_size(octets: &[u8]) -> Option<(u32, u32)> {
    for (at, _) in octets.windows(4).enumerate().filter(|(_, name)| name == b"tkhd") {
        let be32 = |at: usize| octets.get(at..at + 4)?.try_into().map(u32::from_be_bytes).ok();
        let begin = at.checked_sub(4)?;
        let end = begin.checked_add(be32(begin)? as usize).filter(|end| *end >= begin + 16)?;
        // Fixed point, 16 bits before and 16 behind it.
        let (width, height) = (be32(end - 8)? >> 16, be32(end - 4)? >> 16);
        if width > 0 && height > 0 {
            return Some((width, height));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::MediaTypes;

    fn phone(types: &[&str]) -> Capabilities {
        Capabilities { accept: MediaTypes::new(types), ..Capabilities::default() }
    }

    #[test]
    fn the_format_of_its_own_comes_first_and_speech_stays_speech() {
        let names = |usual, kind, types: &[&str]| targets(usual, kind, &phone(types)).iter().map(|t| t.content_type).collect::<Vec<_>>();
        let all = ["audio/*", "video/*"];
        assert_eq!(names("audio/ogg", MediaKind::Audio, &all)[..2], ["audio/mpeg", "audio/mp4"]);
        assert_eq!(names("audio/amr-wb", MediaKind::Audio, &all)[0], "audio/amr");
        assert_eq!(names("audio/aac", MediaKind::Audio, &all)[0], "audio/aac");
        assert_eq!(names("video/quicktime", MediaKind::Video, &["video/3gpp", "audio/amr"]), ["video/3gpp"; 2]);
        assert!(names("video/mp4", MediaKind::Video, &["image/gif"]).is_empty());
    }

    #[test]
    fn tiers_that_cannot_fit_are_not_tried() {
        let amr = TARGETS.iter().find(|t| t.content_type == "audio/amr").unwrap();
        let rates = |seconds, most| amr.tiers_within(seconds, most).iter().map(|t| t.audio).collect::<Vec<_>>();
        assert_eq!(rates(None, 1), [12_200, 7950, 4750]);
        assert_eq!(rates(Some(10.0), 30_000), [12_200, 7950, 4750]);
        assert_eq!(rates(Some(100.0), 100_000), [7950, 4750]);
        assert_eq!(rates(Some(100.0), 40_000), [4750]);
        assert!(rates(Some(1000.0), 40_000).is_empty());
    }

    #[test]
    fn what_ffmpeg_said() {
        assert_eq!(seconds("  Duration: 00:01:02.50, start: 0.0, bitrate: 1 kb/s"), Some(62.5));
        assert_eq!((seconds("Duration: N/A, "), seconds("")), (None, None));
        assert_eq!(video_size(b"\0\0\0\x08tkhd"), None);
        assert_eq!(video_size(b"tkhd"), None);
        assert_eq!(video_size(b"\0\0\0\x14tkhd....\0\xb0\0\0\0\x90\0\0"), Some((176, 144)));
    }
}
