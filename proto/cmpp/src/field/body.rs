//! The body of a PDU while it is read or written.

use super::spec::{FieldKind, FieldSpec};
use crate::error::Fault;
use crate::{DecodeErrorKind, EncodeError, Quirks};

/// The body of a PDU while it is read.
pub(crate) struct Reader<'a> {
    pub(crate) rest: &'a [u8],
    pub(crate) quirks: Quirks,
    pub(super) msg_fmt: u8,
}

/// The body of a PDU while it is written: all of its octets, zeroed beforehand.
pub(crate) struct Writer<'d> {
    pub(crate) rest: &'d mut [u8],
    /// Name for errors.
    pub(crate) command: &'static str,
    pub(crate) limits: Limits,
    pub(super) msg_fmt: u8,
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
    pub(super) fn take(&mut self, spec: &FieldSpec, width: usize) -> Result<&'a [u8], Fault> {
        let Some((octets, rest)) = self.rest.split_at_checked(width) else {
            return Err(Fault { field: spec.name, kind: DecodeErrorKind::Truncated, result: 1 });
        };
        self.rest = rest;
        Ok(octets)
    }

    #[inline]
    pub(super) fn unsigned(&mut self, spec: &FieldSpec, width: usize) -> Result<u64, Fault> {
        if spec.kind == FieldKind::IntegerAtEnd && self.rest.len() < width {
            self.quirks.insert(if self.rest.is_empty() { Quirks::MISSING_TAIL } else { Quirks::SHORT_TAIL });
            return Ok(spec.min.into());
        }
        let octets = self.take(spec, width)?;
        Ok(octets.iter().fold(0, |value, octet| value << 8 | u64::from(*octet)))
    }

    pub(super) fn past_end(&self, field: &'static str, announced: usize, result: u8) -> Fault {
        Fault { field, kind: DecodeErrorKind::PastEnd { announced, available: self.rest.len() }, result }
    }

    #[inline]
    pub(super) fn content(&mut self, spec: &FieldSpec) -> Result<&'a [u8], Fault> {
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

    pub(super) fn raw_at_end(&mut self, width: usize) -> &'a [u8] {
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
    pub(super) fn slot(&mut self, width: usize) -> &'d mut [u8] {
        let (slot, rest) = std::mem::take(&mut self.rest).split_at_mut_checked(width).unwrap_or_default();
        self.rest = rest;
        slot
    }

    #[inline]
    pub(super) fn too_long(&self, field: &'static str, length: usize, max: usize) -> EncodeError {
        EncodeError::TooLong { command: self.command, field, length, max }
    }

    #[inline]
    pub(super) fn text(&mut self, spec: &FieldSpec, text: &[u8], width: usize) -> Result<(), EncodeError> {
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
    pub(super) fn octets(&mut self, octets: &[u8], width: usize) {
        if let Some(slot) = self.slot(width).get_mut(..octets.len()) {
            slot.copy_from_slice(octets);
        }
    }

    pub(super) fn out_of_range(&self, field: &'static str, value: i64, (min, max): (u32, u32)) -> EncodeError {
        EncodeError::OutOfRange { command: self.command, field, value, min: min.into(), max: max.into() }
    }
}
