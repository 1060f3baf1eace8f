//! Audio and video, by an ffmpeg that the operator has installed: there is no encoder of AMR or H.263 that could be built in.

mod plan;
mod run;

use std::path::PathBuf;
use std::time::Duration;

use crate::image::Trouble;
use crate::{Capabilities, MediaKind};

/// How ffmpeg is run: with an argument vector and no shell, on files of its own, with no protocol but files, and for a bounded time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FfmpegOptions {
    /// The program; `ffmpeg` by default, which is looked for in `PATH`.
    pub program: PathBuf,
    /// How long one run may take before it is killed; 30 seconds by default.
    pub timeout: Duration,
    /// How many runs one message may take, attempts and enquiries counted; 12 by default.
    pub runs: usize,
    /// Octets that one run may write; 20 MiB by default.
    pub max_output: u64,
    /// Octets of memory that one run may take (address space, Linux only); 2 GiB by default.
    pub memory: u64,
    /// How nice it is to other programs, 0 to 19; 10 by default.
    pub nice: u8,
    /// Where its files are; the system's folder for temporary files by default.
    pub directory: Option<PathBuf>,
}

impl Default for FfmpegOptions {
    fn default() -> Self {
        Self {
            program: "ffmpeg".into(),
            timeout: Duration::from_secs(30),
            runs: 12,
            max_output: 20 << 20,
            memory: 2 << 30,
            nice: 10,
            directory: None,
        }
    }
}

/// Audio or video as the phone takes it.
#[derive(Debug)]
pub(crate) struct Transcoded {
    pub(crate) content_type: String,
    pub(crate) octets: Vec<u8>,
    /// Width and height of video.
    pub(crate) pixels: Option<(u32, u32)>,
}

/// Whether transcoding is worth a try.
pub(crate) fn can(data: &[u8]) -> bool {
    plan::demuxer(data).is_some()
}

/// Transcodes audio or video to what a phone accepts, into at most `most` octets. `runs` is what is left of the runs of the message.
pub(crate) fn transcode(
    data: &[u8],
    usual_type: &str,
    kind: MediaKind,
    phone: &Capabilities,
    most: u64,
    ffmpeg: &FfmpegOptions,
    runs: &mut usize,
) -> Result<Transcoded, Trouble> {
    let Some(demuxer) = plan::demuxer(data) else { return Err(Trouble::Unsupported("it is of no format that is transcoded".to_owned())) };
    let targets = plan::targets(usual_type, kind, phone);
    if targets.is_empty() {
        return Err(Trouble::Unsupported("the phone accepts no format that can be written".to_owned()));
    }
    let job = run::Job::new(ffmpeg, data).map_err(|e| Trouble::Broken(e.to_string()))?;
    let enquiry = job.run(&plan::enquiry(demuxer, &job.input), runs).map_err(|e| Trouble::Broken(e.to_string()))?;
    let seconds = plan::seconds(&enquiry.said);
    let mut trouble = Trouble::TooLarge(format!("it cannot be made to fit into {most} octets"));
    for target in targets {
        for tier in target.tiers_within(seconds, most) {
            let arguments = plan::arguments(demuxer, target, tier, phone, &job, ffmpeg);
            let ran = match job.run(&arguments, runs) {
                Ok(ran) => ran,
                // What took all of its time once would take it again.
                Err(e) => return Err(Trouble::Broken(e.to_string())),
            };
            if !ran.success {
                // Another format may work: an encoder may be missing.
                trouble = Trouble::Broken(format!("ffmpeg failed: {}", ran.last_line()));
                break;
            }
            let octets = job.take_output(most).map_err(|e| Trouble::Broken(e.to_string()))?;
            if let Some(octets) = octets {
                let content_type = phone.accept.spelling(target.content_type).unwrap_or_default().into_owned();
                let pixels = plan::video_size(&octets).filter(|_| kind == MediaKind::Video);
                return Ok(Transcoded { content_type, octets, pixels });
            }
        }
    }
    Err(trouble)
}
