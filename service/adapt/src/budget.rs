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

    /// The same from one half of what is left: for what may be done without, so that there is something left to do without it.
    pub(crate) fn take_of_half(&mut self, pixels: u64) -> bool {
        pixels <= self.pixels / 2 && self.take(pixels)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_ends_and_half_of_it_is_kept() {
        let mut budget = Budget::new(100);
        assert!(!budget.take(101) && !budget.take_of_half(51) && budget.take_of_half(50) && !budget.take_of_half(26));
        assert!(budget.take(50) && !budget.take(1) && budget.take(0));
    }
}
