//! What the adaptation of a message may still cost.
//!
//! Time is bounded by counting pixels, not by a clock: the same message then always comes out the same, on a busy machine as on an idle one.

/// Pixels that may still be worked on.
#[derive(Debug)]
pub(crate) struct Budget {
    pixels: u64,
}

impl Budget {
    pub(crate) fn new(pixels: u64) -> Self {
        Self { pixels }
    }

    /// Takes that many; `false`, and nothing is taken, where fewer are left.
    pub(crate) fn take(&mut self, pixels: u64) -> bool {
        match self.pixels.checked_sub(pixels) {
            Some(left) => self.pixels = left,
            None => return false,
        }
        true
    }
}
