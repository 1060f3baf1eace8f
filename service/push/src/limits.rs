//! How large what people ask for may be.

/// Bounds of [`compose`](crate::compose).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How many segments one special message may take, 1 to 255.
    pub segments: u8,
    /// How many pixels an uploaded image may have: it is refused by what its header says, before it is decoded.
    pub image_pixels: u64,
    /// How much memory decoding an image may take, octets.
    pub image_memory: u64,
}

impl Default for Limits {
    /// 10 segments, as many as handsets are known to take of a push; 16 million pixels; 128 MiB.
    fn default() -> Limits {
        Limits { segments: 10, image_pixels: 16_000_000, image_memory: 128 << 20 }
    }
}
