//! Why something can't be sent, or can't be read.

use waxwing_gsm::segment::SegmentError;

/// Why content can't be made into short messages.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum EncodeError {
    /// It takes too many segments, or a text can't be coded.
    #[error(transparent)]
    Segment(#[from] SegmentError),
    /// Something is longer than its length field can say, or than the standard allows.
    #[error("the {what} takes {size} {unit} and may take {limit}; shorten it")]
    TooLong {
        /// What it is, e.g. `sound`.
        what: &'static str,
        /// How long it is.
        size: usize,
        /// What is counted, e.g. `octets`.
        unit: &'static str,
        /// How long it may be.
        limit: usize,
    },
    /// A bitmap has another size than its place demands.
    #[error("a {what} has {demanded} pixels, not {width}x{height}; scale the picture to fit")]
    BitmapSize {
        /// What the bitmap is to be, e.g. `large picture`.
        what: &'static str,
        /// The sizes that it may have, e.g. `32x32`.
        demanded: &'static str,
        /// Pixels in a row.
        width: u16,
        /// Rows.
        height: u16,
    },
    /// A number is outside of its range.
    #[error("{what} {value} is outside {from} to {to}; choose another")]
    OutOfRange {
        /// What it is, e.g. `the replace type`.
        what: &'static str,
        /// What it is set to.
        value: u32,
        /// The least that it may be.
        from: u32,
        /// The most that it may be.
        to: u32,
    },
    /// An animation has too few or too many frames.
    #[error("an animation has 4 frames, not {count}; repeat or leave out some")]
    Frames {
        /// How many it has.
        count: usize,
    },
    /// A notice that need not be stored has a text that the GSM alphabet lacks; only stored ones can be UCS-2 (3GPP TS 23.038, 4).
    #[error("a message waiting notice that is not stored has GSM 7-bit text only: {0}; let it be stored, or indicate in the header")]
    NotStoredText(SegmentError),
}

/// Why user data can't be read as what its port or its coding says that it is.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum DecodeError {
    /// It ends too early.
    #[error("octet {offset}: the {what} is missing; the message was cut short or a part is missing")]
    Truncated {
        /// What should stand there.
        what: &'static str,
        /// Where, in octets of the content from 0.
        offset: usize,
    },
    /// It has something that this codec does not know, or does not take.
    #[error("octet {offset}: {what} {value:#04x} is not supported; ask the sender for the plain form")]
    Unsupported {
        /// What it is, e.g. `song type`.
        what: &'static str,
        /// Its value.
        value: u16,
        /// Where, in octets of the content from 0.
        offset: usize,
    },
    /// A bitmap of several frames.
    #[error("the icon is animated ({frames} frames beside the first), and no phone shows that; send a single frame")]
    Animated {
        /// How many further frames it has.
        frames: u8,
    },
    /// A bitmap that is larger than any phone's.
    #[error("a bitmap of {width}x{height} pixels is larger than {limit} pixels in all, the most that is read")]
    BitmapTooLarge {
        /// Pixels in a row.
        width: u16,
        /// Rows.
        height: u16,
        /// How many pixels a bitmap may have.
        limit: usize,
    },
    /// Digits of a network code that are none.
    #[error("octet {offset}: {octets:02x?} is no mobile network code in BCD")]
    NetworkCode {
        /// The three octets.
        octets: [u8; 3],
        /// Where, in octets of the content from 0.
        offset: usize,
    },
}
