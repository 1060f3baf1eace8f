//! How each kind of field is read, written and shown. The tables in [`crate::pdu`] and [`crate::report`] are made of these.
//!
//! Readers and writers take the version as a constant of their caller, so widths are constants in the machine code.

use crate::error::Fault;
use crate::visit::{FieldValue, Visitor};
use crate::words;
use crate::{DecodeErrorKind, EncodeError, MsgId, Quirks, Terminals};

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
    min: u32,
    /// Largest value that the standard knows in 2.0 and 3.0; for recipients the largest count.
    max: [u32; 2],
    /// What values mean.
    words: fn(u32) -> Option<&'static str>,
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

/// A value that can stand in a PDU.
pub(crate) trait Field<'a>: Sized {
    /// What a view begins with.
    fn initial(spec: &FieldSpec) -> Self;
    fn read(reader: &mut Reader<'a>, spec: &FieldSpec, v3: bool) -> Result<Self, Fault>;
    /// Octets that `write` takes, unless it fails.
    fn size(&self, spec: &FieldSpec, v3: bool) -> usize;
    fn write(&self, writer: &mut Writer<'_>, spec: &FieldSpec, v3: bool) -> Result<(), EncodeError>;
    fn value(&self, spec: &FieldSpec) -> FieldValue<'_>;
}

/// Shows a field with the count or length that stands before it.
pub(crate) fn visit<'a>(field: &impl Field<'a>, spec: &FieldSpec, visitor: &mut dyn Visitor) {
    let value = field.value(spec);
    let counted = match (spec.kind, value) {
        (FieldKind::Content, FieldValue::Octets(octets)) => Some(("Msg_Length", octets.len())),
        (FieldKind::Recipients { .. }, FieldValue::Terminals(terminals)) => Some(("DestUsr_tl", terminals.len())),
        _ => None,
    };
    if let Some((name, count)) = counted {
        visitor.field(name, FieldValue::Integer { value: count as i64, name: None });
    }
    visitor.field(spec.name, value);
}

/// The body of a PDU while it is read.
pub(crate) struct Reader<'a> {
    pub(crate) rest: &'a [u8],
    pub(crate) quirks: Quirks,
    msg_fmt: u8,
}

/// The body of a PDU while it is written: all of its octets, zeroed beforehand.
pub(crate) struct Writer<'d> {
    pub(crate) rest: &'d mut [u8],
    /// Name for errors.
    pub(crate) command: &'static str,
    pub(crate) limits: Limits,
    msg_fmt: u8,
}

/// What the encoder lets pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Most recipients; `None`: as the standard has it.
    pub(crate) recipients: Option<u8>,
    /// Most octets of content; `None`: as the standard has it.
    pub(crate) content: Option<u8>,
}

/// Most octets of content in the standard. Its text has "below 160" for ASCII; gateways take 160.
pub(crate) const fn max_content(msg_fmt: u8) -> usize {
    if msg_fmt == 0 { 160 } else { 140 }
}

/// A string without what fills it up, and how it was filled.
#[inline]
pub(crate) fn text_of(octets: &[u8], is_number: bool) -> (&[u8], Quirks) {
    let mut quirks = Quirks::NONE;
    let end = octets.iter().position(|octet| *octet == 0).unwrap_or(octets.len());
    let (mut text, filler) = octets.split_at(end);
    if filler.iter().fold(0, |all, octet| all | octet) != 0 {
        quirks.insert(Quirks::NOT_NUL_FILLED);
    }
    while let [rest @ .., b' '] = text {
        quirks.insert(Quirks::NOT_NUL_FILLED);
        text = rest;
    }
    if is_number && text.first() == Some(&b'0') && text.iter().all(|octet| *octet == b'0') {
        quirks.insert(Quirks::ZERO_NUMBER);
        text = &text[..0];
    }
    (text, quirks)
}

impl<'a> Reader<'a> {
    pub(crate) fn new(body: &'a [u8]) -> Self {
        Self { rest: body, quirks: Quirks::NONE, msg_fmt: 0 }
    }

    #[inline]
    fn take(&mut self, spec: &FieldSpec, width: usize) -> Result<&'a [u8], Fault> {
        let Some((octets, rest)) = self.rest.split_at_checked(width) else {
            return Err(Fault { field: spec.name, kind: DecodeErrorKind::Truncated, result: 1 });
        };
        self.rest = rest;
        Ok(octets)
    }

    #[inline]
    fn unsigned(&mut self, spec: &FieldSpec, width: usize) -> Result<u64, Fault> {
        if spec.kind == FieldKind::IntegerAtEnd && self.rest.len() < width {
            self.quirks.insert(if self.rest.is_empty() { Quirks::MISSING_TAIL } else { Quirks::SHORT_TAIL });
            return Ok(spec.min.into());
        }
        let octets = self.take(spec, width)?;
        Ok(octets.iter().fold(0, |value, octet| value << 8 | u64::from(*octet)))
    }

    fn past_end(&self, field: &'static str, announced: usize, result: u8) -> Fault {
        Fault { field, kind: DecodeErrorKind::PastEnd { announced, available: self.rest.len() }, result }
    }

    #[inline]
    fn content(&mut self, spec: &FieldSpec) -> Result<&'a [u8], Fault> {
        let Some((&length, rest)) = self.rest.split_first() else {
            return Err(Fault { field: "Msg_Length", kind: DecodeErrorKind::Truncated, result: 1 });
        };
        self.rest = rest;
        let announced = usize::from(length);
        let Ok(octets) = self.take(spec, announced) else { return Err(self.past_end("Msg_Length", announced, 4)) };
        if announced > max_content(self.msg_fmt) {
            self.quirks.insert(Quirks::LONG_CONTENT);
        }
        Ok(octets)
    }

    fn raw_at_end(&mut self, width: usize) -> &'a [u8] {
        match self.rest.split_at_checked(width) {
            Some((octets, rest)) => {
                self.rest = rest;
                octets
            }
            None => {
                self.quirks.insert(if self.rest.is_empty() { Quirks::MISSING_TAIL } else { Quirks::SHORT_TAIL });
                &[]
            }
        }
    }
}

impl<'d> Writer<'d> {
    pub(crate) fn new(body: &'d mut [u8], command: &'static str, limits: Limits) -> Self {
        Self { rest: body, command, limits, msg_fmt: 0 }
    }

    /// The next octets of the body. They are there: the body has the size that its fields gave.
    #[inline]
    fn slot(&mut self, width: usize) -> &'d mut [u8] {
        let (slot, rest) = std::mem::take(&mut self.rest).split_at_mut_checked(width).unwrap_or_default();
        self.rest = rest;
        slot
    }

    #[inline]
    fn too_long(&self, field: &'static str, length: usize, max: usize) -> EncodeError {
        EncodeError::TooLong { command: self.command, field, length, max }
    }

    #[inline]
    fn text(&mut self, spec: &FieldSpec, text: &[u8], width: usize) -> Result<(), EncodeError> {
        if text.len() > width {
            return Err(self.too_long(spec.name, text.len(), width));
        }
        if text.contains(&0) {
            return Err(EncodeError::ContainsNul { command: self.command, field: spec.name });
        }
        self.octets(text, width);
        Ok(())
    }

    /// Octets that fit, filled up with the NULs that are there already.
    #[inline]
    fn octets(&mut self, octets: &[u8], width: usize) {
        if let Some(slot) = self.slot(width).get_mut(..octets.len()) {
            slot.copy_from_slice(octets);
        }
    }

    fn out_of_range(&self, field: &'static str, value: i64, (min, max): (u32, u32)) -> EncodeError {
        EncodeError::OutOfRange { command: self.command, field, value, min: min.into(), max: max.into() }
    }
}

impl<'a> Field<'a> for &'a [u8] {
    fn initial(_: &FieldSpec) -> Self {
        &[]
    }

    #[inline]
    fn read(reader: &mut Reader<'a>, spec: &FieldSpec, v3: bool) -> Result<Self, Fault> {
        let width = spec.width(v3);
        if width == 0 {
            return Ok(&[]);
        }
        match spec.kind {
            FieldKind::Content => reader.content(spec),
            FieldKind::RawAtEnd => Ok(reader.raw_at_end(width)),
            kind => {
                let (text, quirks) = text_of(reader.take(spec, width)?, kind == FieldKind::Number);
                reader.quirks.insert(quirks);
                Ok(text)
            }
        }
    }

    #[inline]
    fn size(&self, spec: &FieldSpec, v3: bool) -> usize {
        match spec.kind {
            FieldKind::Content => 1 + self.len().min(255),
            _ => spec.width(v3),
        }
    }

    #[inline]
    fn write(&self, writer: &mut Writer<'_>, spec: &FieldSpec, v3: bool) -> Result<(), EncodeError> {
        let width = spec.width(v3);
        match spec.kind {
            FieldKind::Content => {
                let max = writer.limits.content.map_or_else(|| max_content(writer.msg_fmt), usize::from);
                if self.len() > max {
                    return Err(writer.too_long(spec.name, self.len(), max));
                }
                writer.octets(&[self.len() as u8], 1);
                writer.octets(self, self.len());
                Ok(())
            }
            _ if width == 0 => Ok(()),
            FieldKind::RawAtEnd if self.len() > width => Err(writer.too_long(spec.name, self.len(), width)),
            FieldKind::RawAtEnd => {
                writer.octets(self, width);
                Ok(())
            }
            _ => writer.text(spec, self, width),
        }
    }

    fn value(&self, spec: &FieldSpec) -> FieldValue<'_> {
        match spec.kind {
            FieldKind::Content | FieldKind::RawAtEnd => FieldValue::Octets(self),
            _ => FieldValue::Text(self),
        }
    }
}

impl<'a> Field<'a> for Terminals<'a> {
    fn initial(_: &FieldSpec) -> Self {
        Self::default()
    }

    #[inline]
    fn read(reader: &mut Reader<'a>, spec: &FieldSpec, v3: bool) -> Result<Self, Fault> {
        const COUNT: &str = "DestUsr_tl";
        let Some((&count, rest)) = reader.rest.split_first() else {
            return Err(Fault { field: COUNT, kind: DecodeErrorKind::Truncated, result: 1 });
        };
        reader.rest = rest;
        if count == 0 {
            return Err(Fault { field: COUNT, kind: DecodeErrorKind::NoRecipient, result: 1 });
        }
        let width = spec.width(v3);
        let announced = usize::from(count) * width;
        let Ok(octets) = reader.take(spec, announced) else { return Err(reader.past_end(COUNT, announced, 1)) };
        if u32::from(count) > spec.range(v3).1 {
            reader.quirks.insert(Quirks::MANY_RECIPIENTS);
        }
        for number in octets.chunks_exact(width) {
            reader.quirks.insert(text_of(number, true).1);
        }
        Ok(Self::wire(octets, width))
    }

    #[inline]
    fn size(&self, spec: &FieldSpec, v3: bool) -> usize {
        1 + self.len().min(255) * spec.width(v3)
    }

    #[inline]
    fn write(&self, writer: &mut Writer<'_>, spec: &FieldSpec, v3: bool) -> Result<(), EncodeError> {
        let (min, max) = spec.range(v3);
        let max = writer.limits.recipients.map_or(max, u32::from);
        let count = self.len();
        if count < min as usize || count > max as usize {
            return Err(writer.out_of_range("DestUsr_tl", count as i64, (min, max)));
        }
        writer.octets(&[count as u8], 1);
        for number in self.iter() {
            if number.is_empty() && spec.kind == (FieldKind::Recipients { may_be_empty: false }) {
                return Err(EncodeError::Empty { command: writer.command, field: spec.name });
            }
            writer.text(spec, number, spec.width(v3))?;
        }
        Ok(())
    }

    fn value(&self, _: &FieldSpec) -> FieldValue<'_> {
        FieldValue::Terminals(*self)
    }
}

impl<'a> Field<'a> for [u8; 16] {
    fn initial(_: &FieldSpec) -> Self {
        [0; 16]
    }

    #[inline]
    fn read(reader: &mut Reader<'a>, spec: &FieldSpec, v3: bool) -> Result<Self, Fault> {
        let octets = reader.take(spec, spec.width(v3))?;
        Ok(octets.first_chunk().copied().unwrap_or_default())
    }

    fn size(&self, spec: &FieldSpec, v3: bool) -> usize {
        spec.width(v3)
    }

    fn write(&self, writer: &mut Writer<'_>, spec: &FieldSpec, v3: bool) -> Result<(), EncodeError> {
        writer.octets(self, spec.width(v3));
        Ok(())
    }

    fn value(&self, _: &FieldSpec) -> FieldValue<'_> {
        FieldValue::Digest(self)
    }
}

impl<'a> Field<'a> for MsgId {
    fn initial(_: &FieldSpec) -> Self {
        Self(0)
    }

    #[inline]
    fn read(reader: &mut Reader<'a>, spec: &FieldSpec, v3: bool) -> Result<Self, Fault> {
        reader.unsigned(spec, spec.width(v3)).map(Self)
    }

    fn size(&self, spec: &FieldSpec, v3: bool) -> usize {
        spec.width(v3)
    }

    #[inline]
    fn write(&self, writer: &mut Writer<'_>, spec: &FieldSpec, v3: bool) -> Result<(), EncodeError> {
        writer.octets(&self.0.to_be_bytes(), spec.width(v3));
        Ok(())
    }

    fn value(&self, _: &FieldSpec) -> FieldValue<'_> {
        FieldValue::MsgId(*self)
    }
}

macro_rules! integers {
    ($($type:ty),*) => {
        $(impl<'a> Field<'a> for $type {
            #[inline]
            fn initial(spec: &FieldSpec) -> Self {
                spec.min as Self
            }

            #[inline]
            fn read(reader: &mut Reader<'a>, spec: &FieldSpec, v3: bool) -> Result<Self, Fault> {
                let width = spec.width(v3);
                if width == 0 {
                    return Ok(Self::initial(spec));
                }
                let value = reader.unsigned(spec, width)?;
                let (min, max) = spec.range(v3);
                if value < min.into() || value > max.into() {
                    reader.quirks.insert(Quirks::ODD_VALUE);
                }
                if spec.kind == FieldKind::MsgFmt {
                    reader.msg_fmt = value as u8;
                }
                Ok(value as Self)
            }

            #[inline]
            fn size(&self, spec: &FieldSpec, v3: bool) -> usize {
                spec.width(v3)
            }

            #[inline]
            fn write(&self, writer: &mut Writer<'_>, spec: &FieldSpec, v3: bool) -> Result<(), EncodeError> {
                let width = spec.width(v3);
                if width == 0 {
                    return Ok(());
                }
                let (value, range) = (*self as u32, spec.range(v3));
                if value < range.0 || value > range.1 {
                    return Err(writer.out_of_range(spec.name, i64::from(*self), range));
                }
                if spec.kind == FieldKind::MsgFmt {
                    writer.msg_fmt = value as u8;
                }
                let octets = value.to_be_bytes();
                writer.octets(&octets[octets.len() - width..], width);
                Ok(())
            }

            fn value(&self, spec: &FieldSpec) -> FieldValue<'_> {
                FieldValue::Integer { value: i64::from(*self), name: (spec.words)(*self as u32) }
            }
        })*
    };
}

integers!(u8, u16, u32, i32);
