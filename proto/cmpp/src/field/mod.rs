//! How each kind of field is read, written and shown. The tables in [`crate::pdu`] and [`crate::report`] are made of these.
//!
//! Readers and writers take the version as a constant of their caller, so widths are constants in the machine code.

mod body;
mod spec;

pub(crate) use body::{Limits, Reader, Writer, text_of};
pub(crate) use spec::*;

use body::max_content;

use crate::error::Fault;
use crate::visit::{FieldValue, Visitor};
use crate::{DecodeErrorKind, EncodeError, MsgId, Quirks, Terminals};

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
