//! PDUs as broken peers and attackers send them.

/// Damaged copies of samples, without end; the same seed makes the same ones. `take` so many.
///
/// For protocols whose PDUs begin with their length in four octets: most copies tell the length that they have after the damage, so that
/// the damage reaches the fields, and some a wrong one.
#[derive(Clone, Debug)]
pub struct Damaged {
    samples: Vec<Vec<u8>>,
    header_len: usize,
    rng: fastrand::Rng,
}

/// A PDU whose first four octets tell the length that it has, after it was cut or lengthened.
pub fn mended(mut wire: Vec<u8>) -> Vec<u8> {
    let length = u32::try_from(wire.len()).expect("a PDU of a test is short");
    wire[..4].copy_from_slice(&length.to_be_bytes());
    wire
}

impl Damaged {
    /// Copies of these samples; none becomes shorter than a header.
    pub fn new(samples: impl IntoIterator<Item = Vec<u8>>, header_len: usize, seed: u64) -> Self {
        let samples: Vec<Vec<u8>> = samples.into_iter().collect();
        assert!(header_len >= 4 && samples.iter().all(|sample| sample.len() >= header_len), "a sample is shorter than a header");
        Self { samples, header_len, rng: fastrand::Rng::with_seed(seed) }
    }

    fn damage(&mut self, wire: &mut Vec<u8>) {
        let rng = &mut self.rng;
        let at = rng.usize(0..wire.len());
        match rng.u8(0..5) {
            0 => wire[at] = rng.u8(..),
            1 => wire[at] ^= 1 << rng.u8(0..8),
            2 => wire.insert(at, rng.u8(..)),
            3 if wire.len() > self.header_len => drop(wire.remove(at)),
            // Where bounds and signs are.
            _ => wire[at] = [0, 1, 0x7F, 0x80, 0xFF][rng.usize(0..5)],
        }
    }
}

impl Iterator for Damaged {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        let mut wire = self.rng.choice(&self.samples)?.clone();
        for _ in 0..self.rng.usize(1..6) {
            self.damage(&mut wire);
        }
        Some(if self.rng.u8(0..10) > 0 { mended(wire) } else { wire })
    }
}
