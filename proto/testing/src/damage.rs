//! PDUs as broken peers and attackers send them.

/// Damaged copies of samples, without end; the same seed makes the same ones. `take` so many.
#[derive(Clone, Debug)]
pub struct Damaged {
    samples: Vec<Vec<u8>>,
    rng: fastrand::Rng,
    /// Of PDUs that begin with their length.
    header_len: Option<usize>,
}

/// A PDU whose first four octets tell the length that it has, after it was cut or lengthened.
pub fn mended(mut wire: Vec<u8>) -> Vec<u8> {
    let length = u32::try_from(wire.len()).expect("a PDU of a test is short");
    wire[..4].copy_from_slice(&length.to_be_bytes());
    wire
}

impl Damaged {
    /// Copies of these samples, of any length down to none.
    pub fn new(samples: impl IntoIterator<Item = Vec<u8>>, seed: u64) -> Self {
        Self { samples: samples.into_iter().collect(), rng: fastrand::Rng::with_seed(seed), header_len: None }
    }

    /// For PDUs that begin with their length in four octets: none becomes shorter than a header, and most tell the length that they have
    /// after the damage, so that it reaches the fields; some tell a wrong one.
    pub fn framed(mut self, header_len: usize) -> Self {
        assert!(header_len >= 4 && self.samples.iter().all(|sample| sample.len() >= header_len), "a sample is shorter than a header");
        self.header_len = Some(header_len);
        self
    }

    fn damage(&mut self, wire: &mut Vec<u8>) {
        let (rng, least) = (&mut self.rng, self.header_len.unwrap_or(0));
        let at = rng.usize(0..wire.len().max(1));
        match rng.u8(0..6) {
            _ if wire.is_empty() => wire.push(rng.u8(..)),
            0 => wire[at] = rng.u8(..),
            1 => wire[at] ^= 1 << rng.u8(0..8),
            2 => wire.insert(at, rng.u8(..)),
            3 if wire.len() > least => drop(wire.remove(at)),
            4 => wire.truncate(at.max(least)),
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
        Some(if self.header_len.is_some() && self.rng.u8(0..10) > 0 { mended(wire) } else { wire })
    }
}
