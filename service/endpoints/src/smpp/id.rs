//! Message ids as clients see them, written without an allocation.

use waxwing_core::MsgId;

/// Most hexadecimal digits of an id.
const MAX: usize = 16;
/// Fewest.
const MIN: usize = 8;

/// The characters of an id: the same as its `Display` writes.
pub(crate) struct IdText {
    digits: [u8; MAX],
    start: usize,
}

impl IdText {
    pub(crate) fn new(id: MsgId) -> IdText {
        let mut digits = [b'0'; MAX];
        let (mut rest, mut start) = (id.0, MAX);
        for digit in digits.iter_mut().rev() {
            if rest == 0 && start <= MAX - MIN {
                break;
            }
            *digit = b"0123456789ABCDEF"[(rest & 0xf) as usize];
            rest >>= 4;
            start -= 1;
        }
        IdText { digits, start }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.digits[self.start..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_what_display_writes() {
        for id in [0, 1, 0xabc, 0x6921_0001, 0xffff_ffff, 0x1_0000_0000, 0x1234_5678_9abc_def0, u64::MAX] {
            assert_eq!(IdText::new(MsgId(id)).as_bytes(), MsgId(id).to_string().as_bytes());
        }
    }
}
