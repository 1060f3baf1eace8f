//! Running ffmpeg: bounded in time, output, memory and talk.

use std::ffi::OsString;
use std::io::{self, Read};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};

use super::FfmpegOptions;

/// What is kept of what it says.
const SAID_MOST: usize = 16 << 10;
/// How often it is looked after.
const GLANCE: Duration = Duration::from_millis(5);

/// One item to be transcoded, in a folder of its own.
pub(super) struct Job<'a> {
    ffmpeg: &'a FfmpegOptions,
    pub(super) input: PathBuf,
    pub(super) output: PathBuf,
    /// Removed when the job is dropped.
    _directory: tempfile::TempDir,
}

/// How a run ended.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) success: bool,
    /// The beginning of what it said.
    pub(super) said: String,
}

impl Ran {
    pub(super) fn last_line(&self) -> &str {
        self.said.lines().last().unwrap_or("it said nothing")
    }
}

/// Why there was no run, or no end to it.
#[derive(Debug, thiserror::Error)]
pub(super) enum RunError {
    #[error("no file could be written for ffmpeg: {0}")]
    File(io::Error),
    #[error("{} could not be run: {error}; install it, or name another one", program.display())]
    Program { program: PathBuf, error: io::Error },
    #[error("no more runs of ffmpeg are left for this message")]
    Spent,
    #[error("ffmpeg was killed when {0:?} were over")]
    Timeout(Duration),
}

impl<'a> Job<'a> {
    pub(super) fn new(ffmpeg: &'a FfmpegOptions, data: &[u8]) -> Result<Self, RunError> {
        let mut builder = tempfile::Builder::new();
        builder.prefix("waxwing-media-");
        let directory = match &ffmpeg.directory {
            Some(place) => builder.tempdir_in(place),
            None => builder.tempdir(),
        };
        let directory = directory.map_err(RunError::File)?;
        let job = Self { ffmpeg, input: directory.path().join("in"), output: directory.path().join("out"), _directory: directory };
        std::fs::write(&job.input, data).map_err(RunError::File)?;
        Ok(job)
    }

    /// Runs it to its end, or to the end of the time it has.
    pub(super) fn run(&self, arguments: &[OsString], runs: &mut usize) -> Result<Ran, RunError> {
        *runs = runs.checked_sub(1).ok_or(RunError::Spent)?;
        let mut command = Command::new(&self.ffmpeg.program);
        command.args(arguments).env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        // A group of its own: what it starts, should it be a script, ends along with it.
        command.process_group(0);
        let mut child = command.spawn().map_err(|e| self.program(e))?;
        self.bound(&child);
        let said = listen(&mut child);
        let status = self.attend(&mut child);
        kill(&mut child);
        // The pipe is closed by now, unless something escaped the group.
        let said = said.recv_timeout(Duration::from_secs(1)).unwrap_or_default();
        match status? {
            Some(status) => Ok(Ran { success: status.success(), said: String::from_utf8_lossy(&said).into_owned() }),
            None => Err(RunError::Timeout(self.ffmpeg.timeout)),
        }
    }

    /// What it wrote; `None` where that is more than asked for.
    pub(super) fn take_output(&self, most: u64) -> Result<Option<Vec<u8>>, RunError> {
        let size = std::fs::metadata(&self.output).map_err(RunError::File)?.len();
        // A file that reached the bound was cut there.
        if size > most || size >= self.ffmpeg.max_output {
            return Ok(None);
        }
        std::fs::read(&self.output).map(Some).map_err(RunError::File)
    }

    /// Waits for its end; `None` where its time was over first.
    fn attend(&self, child: &mut Child) -> Result<Option<ExitStatus>, RunError> {
        let begin = Instant::now();
        loop {
            match child.try_wait() {
                Ok(Some(status)) => return Ok(Some(status)),
                Ok(None) if begin.elapsed() >= self.ffmpeg.timeout => return Ok(None),
                Ok(None) => std::thread::sleep(GLANCE),
                Err(e) => return Err(self.program(e)),
            }
        }
    }

    fn program(&self, error: io::Error) -> RunError {
        RunError::Program { program: self.ffmpeg.program.clone(), error }
    }

    /// Bounds what the system can bound. That it came too late for the first instant does no harm; that it cannot be done neither.
    fn bound(&self, child: &Child) {
        let Some(pid) = pid(child) else { return };
        let _ = rustix::process::setpriority_process(Some(pid), i32::from(self.ffmpeg.nice.min(19)));
        #[cfg(target_os = "linux")]
        {
            use rustix::process::{Resource, Rlimit, prlimit};
            let bounds = [
                (Resource::As, self.ffmpeg.memory),
                (Resource::Core, 0),
                (Resource::Cpu, self.ffmpeg.timeout.as_secs() + 1),
                (Resource::Fsize, self.ffmpeg.max_output.saturating_mul(2)),
            ];
            for (resource, most) in bounds {
                let _ = prlimit(Some(pid), resource, Rlimit { current: Some(most), maximum: Some(most) });
            }
        }
    }
}

fn pid(child: &Child) -> Option<Pid> {
    Pid::from_raw(child.id().cast_signed())
}

/// Ends the group. The child was not waited for yet, or is no longer there: its number is nobody else's as long as its group has members.
fn kill(child: &mut Child) {
    if let Some(pid) = pid(child) {
        let _ = rustix::process::kill_process_group(pid, Signal::KILL);
    }
    let _ = child.kill();
    let _ = child.wait();
}

/// Reads to the end, and keeps the beginning.
fn listen(child: &mut Child) -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    if let Some(mut pipe) = child.stderr.take() {
        std::thread::spawn(move || {
            let (mut said, mut buffer) = (Vec::new(), [0; 4096]);
            while let Ok(read @ 1..) = pipe.read(&mut buffer) {
                let room = SAID_MOST.saturating_sub(said.len()).min(read);
                said.extend_from_slice(&buffer[..room]);
            }
            // Nobody may be waiting any more.
            let _ = sender.send(said);
        });
    }
    receiver
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn options(program: &str, timeout: Duration) -> FfmpegOptions {
        FfmpegOptions { program: program.into(), timeout, ..FfmpegOptions::default() }
    }

    fn run(options: &FfmpegOptions, arguments: &[&str], runs: &mut usize) -> Result<Ran, RunError> {
        let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
        Job::new(options, b"data").unwrap().run(&arguments, runs)
    }

    #[test]
    fn it_ends_when_its_time_is_over_and_so_does_what_it_started() {
        let options = options("sh", Duration::from_millis(50));
        let directory = tempfile::tempdir().unwrap();
        let note = directory.path().join("pid");
        let script = format!("sleep 600 & echo $! >{}; wait", note.display());
        let said = run(&options, &["-c", &script], &mut 1);
        assert!(matches!(said, Err(RunError::Timeout(_))), "{said:?}");
        let started: i32 = std::fs::read_to_string(note).unwrap().trim().parse().unwrap();
        // Killed, and at most not yet reaped by whoever inherited it.
        let state = std::fs::read_to_string(format!("/proc/{started}/stat")).unwrap_or_default();
        assert!(state.is_empty() || state.contains(") Z "), "{state}");
    }

    #[test]
    fn endless_talk_is_read_and_not_kept() {
        let options = options("sh", Duration::from_secs(60));
        let ran = run(&options, &["-c", "head -c 1000000 /dev/zero >&2; exit 3"], &mut 1).unwrap();
        assert_eq!((ran.success, ran.said.len()), (false, SAID_MOST));
    }

    #[test]
    fn no_program_and_no_more_runs_are_said() {
        let missing = options("/nonexistent/ffmpeg", Duration::from_secs(1));
        let said = run(&missing, &[], &mut 1).unwrap_err().to_string();
        assert!(said.starts_with("/nonexistent/ffmpeg could not be run"), "{said}");
        assert!(matches!(run(&missing, &[], &mut 0), Err(RunError::Spent)));
    }
}
