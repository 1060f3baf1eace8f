//! Fields of any number of bits, the most significant bit first, as ring tones have them.

/// Takes fields out of octets.
#[derive(Clone, Debug)]
pub(crate) struct BitReader<'a> {
    octets: &'a [u8],
    /// How many bits were taken.
    at: usize,
}

impl<'a> BitReader<'a> {
    pub(crate) const fn new(octets: &'a [u8]) -> Self {
        Self { octets, at: 0 }
    }

    /// The next `count` bits (16 at most) as a number; `None` where there are fewer.
    pub(crate) fn take(&mut self, count: usize) -> Option<u16> {
        if self.at + count > self.octets.len() * 8 {
            return None;
        }
        let mut value = 0;
        for at in self.at..self.at + count {
            let bit = self.octets.get(at / 8)? >> (7 - at % 8) & 1;
            value = value << 1 | u16::from(bit);
        }
        self.at += count;
        Some(value)
    }

    /// Skips to the next octet, unless one begins here.
    pub(crate) fn align(&mut self) {
        self.at = self.at.next_multiple_of(8);
    }

    /// The octet that the next bit is in, counted from 0.
    pub(crate) const fn offset(&self) -> usize {
        self.at / 8
    }
}

/// Puts fields into octets.
#[derive(Clone, Debug, Default)]
pub(crate) struct BitWriter {
    octets: Vec<u8>,
    /// How many bits of the last octet are free.
    free: usize,
}

impl BitWriter {
    /// Appends the low `count` bits of a value.
    pub(crate) fn put(&mut self, value: u16, count: usize) {
        for at in (0..count).rev() {
            if self.free == 0 {
                self.octets.push(0);
                self.free = 8;
            }
            self.free -= 1;
            if let Some(last) = self.octets.last_mut() {
                *last |= ((value >> at & 1) as u8) << self.free;
            }
        }
    }

    /// Leaves the rest of the last octet 0.
    pub(crate) fn align(&mut self) {
        self.free = 0;
    }

    pub(crate) fn into_octets(self) -> Vec<u8> {
        self.octets
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_is_taken() {
        let mut writer = BitWriter::default();
        writer.put(0x4a >> 1, 7);
        writer.align();
        writer.put(0b101, 3);
        writer.put(0x1234, 16);
        let octets = writer.into_octets();
        assert_eq!(octets, [0x4a, 0xa2, 0x46, 0x80]);
        let mut reader = BitReader::new(&octets);
        assert_eq!(reader.take(7), Some(0x25));
        reader.align();
        assert_eq!((reader.offset(), reader.take(3), reader.take(16)), (1, Some(0b101), Some(0x1234)));
        assert_eq!((reader.take(5), reader.take(6), reader.take(0)), (Some(0), None, Some(0)));
        assert_eq!(BitReader::new(&[]).take(1), None);
    }
}
