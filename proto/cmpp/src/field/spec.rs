//! What the tables say of a field, and the short forms they say it in.

use crate::words;

/// Most recipients of the standard: DestUsr_tl is below 100.
pub(crate) const MAX_RECIPIENTS: usize = 99;

/// What the table says of one field.
#[derive(Clone, Copy)]
pub(crate) struct FieldSpec {
    /// Name in the standard.
    pub(crate) name: &'static str,
    pub(crate) kind: FieldKind,
    /// Octets in 2.0 and 3.0, of one item for recipients; 0: not in that version.
    widths: [usize; 2],
    /// Smallest value that the standard knows, and the one that a view begins with.
    pub(super) min: u32,
    /// Largest value that the standard knows in 2.0 and 3.0; for recipients the largest count.
    max: [u32; 2],
    /// What values mean.
    pub(super) words: fn(u32) -> Option<&'static str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FieldKind {
    /// Msg_Length and that many octets.
    Content,
    /// 16 octets of MD5.
    Digest,
    Integer,
    /// An integer that some peers leave out at the end.
    IntegerAtEnd,
    /// Msg_Fmt, which the bound of the content depends on.
    MsgFmt,
    /// A string that is a number: zeros only are empty.
    Number,
    /// Raw octets that some peers leave out at the end.
    RawAtEnd,
    /// DestUsr_tl and that many numbers; whether they may be empty.
    Recipients {
        may_be_empty: bool,
    },
    /// A string.
    Text,
}

impl FieldSpec {
    const fn new(kind: FieldKind, w2: usize, w3: usize) -> Self {
        Self { name: "", kind, widths: [w2, w3], min: 0, max: [u32::MAX; 2], words: words::none }
    }

    pub(crate) const fn named(self, name: &'static str) -> Self {
        Self { name, ..self }
    }

    /// Values that the standard knows.
    pub(crate) const fn values(self, min: u32, max_v2: u32, max_v3: u32) -> Self {
        Self { min, max: [max_v2, max_v3], ..self }
    }

    pub(crate) const fn words(self, words: fn(u32) -> Option<&'static str>) -> Self {
        Self { words, ..self }
    }

    #[inline]
    pub(crate) const fn width(&self, v3: bool) -> usize {
        self.widths[v3 as usize]
    }

    /// The values that the standard knows, as far as the width has room for them.
    #[inline]
    pub(crate) const fn range(&self, v3: bool) -> (u32, u32) {
        let most = self.max[v3 as usize];
        let room = match self.width(v3) {
            1 => 0xFF,
            2 => 0xFFFF,
            _ => u32::MAX,
        };
        (self.min, if most < room { most } else { room })
    }
}

pub(crate) const fn int(w2: usize, w3: usize) -> FieldSpec {
    FieldSpec::new(FieldKind::Integer, w2, w3)
}

pub(crate) const fn int_at_end(width: usize) -> FieldSpec {
    FieldSpec::new(FieldKind::IntegerAtEnd, width, width)
}

/// An octet that is 0 or 1 in the standard.
pub(crate) const fn flag(w2: usize, w3: usize) -> FieldSpec {
    int(w2, w3).values(0, 1, 1)
}

pub(crate) const fn msg_id() -> FieldSpec {
    int(8, 8)
}

pub(crate) const fn msg_fmt() -> FieldSpec {
    FieldSpec::new(FieldKind::MsgFmt, 1, 1).words(words::msg_fmt)
}

pub(crate) const fn digest() -> FieldSpec {
    FieldSpec::new(FieldKind::Digest, 16, 16)
}

pub(crate) const fn text(w2: usize, w3: usize) -> FieldSpec {
    FieldSpec::new(FieldKind::Text, w2, w3)
}

pub(crate) const fn number(w2: usize, w3: usize) -> FieldSpec {
    FieldSpec::new(FieldKind::Number, w2, w3)
}

pub(crate) const fn raw_at_end(w2: usize, w3: usize) -> FieldSpec {
    FieldSpec::new(FieldKind::RawAtEnd, w2, w3)
}

pub(crate) const fn content() -> FieldSpec {
    FieldSpec::new(FieldKind::Content, 1, 1)
}

pub(crate) const fn recipients(w2: usize, w3: usize, max_v3: u32, may_be_empty: bool) -> FieldSpec {
    FieldSpec::new(FieldKind::Recipients { may_be_empty }, w2, w3).values(1, MAX_RECIPIENTS as u32, max_v3)
}

/// Octets of a body of these fields; `None` where it depends on their values.
pub(crate) const fn fixed_length(specs: &[FieldSpec], v3: bool) -> Option<usize> {
    let (mut index, mut length) = (0, 0);
    while index < specs.len() {
        if matches!(specs[index].kind, FieldKind::Content | FieldKind::Recipients { .. }) {
            return None;
        }
        length += specs[index].width(v3);
        index += 1;
    }
    Some(length)
}
