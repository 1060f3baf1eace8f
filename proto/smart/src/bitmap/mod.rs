//! Pictures of black and white pixels.

mod gray;
mod ota;

use std::fmt;

pub use self::gray::{Dither, GrayError};
pub(crate) use self::ota::{read_ota, write_ota};

/// How many pixels a bitmap may have: more than any phone of the time showed.
pub const MAX_PIXELS: usize = 1 << 16;

/// The size of operator logos and CLI icons, width first.
pub const LOGO_SIZE: (u16, u16) = (72, 14);

/// The size of picture messages, width first.
pub const PICTURE_SIZE: (u16, u16) = (72, 28);

/// A picture of black and white pixels. `Display` draws it with `#` and `.`.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Bitmap {
    width: u16,
    height: u16,
    bits: Vec<bool>,
}

impl Bitmap {
    /// A white one; `None` if it had more than [`MAX_PIXELS`].
    pub fn new(width: u16, height: u16) -> Option<Self> {
        let pixels = usize::from(width) * usize::from(height);
        (pixels <= MAX_PIXELS).then(|| Self { width, height, bits: vec![false; pixels] })
    }

    /// The bits of octets, a row right behind the other, the most significant bit first; 1 is black. `None` if there are too few octets
    /// for the pixels, or too many pixels.
    pub fn from_octets(width: u16, height: u16, octets: &[u8]) -> Option<Self> {
        let mut bitmap = Self::new(width, height)?;
        for (at, bit) in bitmap.bits.iter_mut().enumerate() {
            *bit = octets.get(at / 8)? >> (7 - at % 8) & 1 == 1;
        }
        Some(bitmap)
    }

    /// The pixels as [`Bitmap::from_octets`] reads them; the last octet is filled with 0.
    pub fn to_octets(&self) -> Vec<u8> {
        let octet = |bits: &[bool]| bits.iter().enumerate().fold(0, |octet, (at, bit)| octet | u8::from(*bit) << (7 - at));
        self.bits.chunks(8).map(octet).collect()
    }

    /// Pixels in a row.
    pub const fn width(&self) -> u16 {
        self.width
    }

    /// Rows.
    pub const fn height(&self) -> u16 {
        self.height
    }

    /// The pixel is black. Outside of the picture all is white.
    pub fn get(&self, x: u16, y: u16) -> bool {
        self.index(x, y).and_then(|at| self.bits.get(at)).copied().unwrap_or(false)
    }

    /// Makes a pixel black or white; one outside of the picture is passed over.
    pub fn set(&mut self, x: u16, y: u16, black: bool) {
        if let Some(bit) = self.index(x, y).and_then(|at| self.bits.get_mut(at)) {
            *bit = black;
        }
    }

    /// A piece of the picture; what of it lies outside is white.
    #[must_use]
    pub fn piece(&self, x: u16, y: u16, width: u16, height: u16) -> Option<Self> {
        let mut piece = Self::new(width, height)?;
        for row in 0..height {
            for column in 0..width {
                piece.set(column, row, self.get(x.saturating_add(column), y.saturating_add(row)));
            }
        }
        Some(piece)
    }

    fn index(&self, x: u16, y: u16) -> Option<usize> {
        (x < self.width && y < self.height).then(|| usize::from(y) * usize::from(self.width) + usize::from(x))
    }
}

impl fmt::Display for Bitmap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, row) in self.bits.chunks(usize::from(self.width).max(1)).enumerate() {
            f.write_str(if index == 0 { "" } else { "\n" })?;
            for black in row {
                f.write_str(if *black { "#" } else { "." })?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
