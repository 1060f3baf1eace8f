//! Reading a log file frame by frame, in windows.

use std::fs::File;
use std::os::unix::fs::FileExt;

use bytes::Bytes;

use super::frame::{FRAME_HEAD, Parsed, Seed};

/// Octets read at a time, at least.
const WINDOW: u32 = 1 << 20;

/// A frame that was read.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) payload: Bytes,
    /// Offset of the payload in the file.
    pub(crate) offset: u32,
    /// Offset behind the frame.
    pub(crate) end: u32,
}

/// What comes next in a file.
#[derive(Debug)]
pub(crate) enum Next {
    Frame(Frame),
    /// The end that was asked for is reached.
    End,
    /// No good frame lies here.
    Bad(u32),
}

/// Reads frames up to a given end.
#[derive(Debug)]
pub(crate) struct Scan<'a> {
    file: &'a File,
    seed: Seed,
    at: u32,
    end: u32,
    window: Bytes,
    /// Offset of the window in the file.
    base: u32,
    /// Octets to read at a time.
    step: u32,
}

impl<'a> Scan<'a> {
    pub(crate) fn new(file: &'a File, seed: Seed, from: u32, end: u32) -> Scan<'a> {
        Scan { file, seed, at: from, end, window: Bytes::new(), base: from, step: WINDOW }
    }

    /// Reads less at a time, for a reader who will stop soon.
    pub(crate) fn step(mut self, octets: usize) -> Scan<'a> {
        self.step = octets.clamp(4096, WINDOW as usize) as u32;
        self
    }

    pub(crate) fn next(&mut self) -> std::io::Result<Next> {
        if self.at >= self.end {
            return Ok(Next::End);
        }
        loop {
            let at = (self.at - self.base) as usize;
            match self.seed.parse(&self.window, at, self.at) {
                Parsed::Frame { payload, .. } => {
                    let offset = self.at + FRAME_HEAD;
                    self.at = self.base + payload.end as u32;
                    return Ok(Next::Frame(Frame { payload: self.window.slice(payload), offset, end: self.at }));
                }
                Parsed::Bad => return Ok(Next::Bad(self.at)),
                Parsed::Short(need) => {
                    let rest = (self.end - self.at) as usize;
                    if need > rest {
                        return Ok(Next::Bad(self.at));
                    }
                    let mut window = vec![0; need.max(self.step as usize).min(rest)];
                    self.file.read_exact_at(&mut window, u64::from(self.at))?;
                    self.window = Bytes::from(window);
                    self.base = self.at;
                }
            }
        }
    }
}
