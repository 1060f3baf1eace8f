//! The time of sending inside the text of a message: sixteen hexadecimal digits at its beginning.
//!
//! Load and sink are threads of one process and read the same clock, so that a stamped message tells how long it was on its way
//! without a table of what was sent.

use std::sync::LazyLock;
use std::time::Instant;

/// Octets of a stamp.
pub const LENGTH: usize = 16;

static EPOCH: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Microseconds since the first call in this process.
pub fn micros() -> u64 {
    u64::try_from(EPOCH.elapsed().as_micros()).unwrap_or(u64::MAX)
}

/// A moment as [`micros`] counts, in digits that mean the same in ASCII and in the GSM alphabet.
pub fn write(micros: u64) -> [u8; LENGTH] {
    std::array::from_fn(|i| b"0123456789abcdef"[(micros >> (60 - 4 * i)) as usize & 15])
}

/// The moment at the beginning of a text; `None` if there is none.
pub fn read(text: &[u8]) -> Option<u64> {
    let digits = text.get(..LENGTH)?;
    digits.iter().try_fold(0u64, |n, d| Some(n << 4 | u64::from(char::from(*d).to_digit(16)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_reads_as_written() {
        for moment in [0, 1, 0x0123_4567_89ab_cdef, u64::MAX, micros()] {
            let mut text = write(moment).to_vec();
            text.extend(b" and more");
            assert_eq!(read(&text), Some(moment));
        }
        assert_eq!((read(b"Your code is 123456."), read(b"0123")), (None, None));
    }
}
