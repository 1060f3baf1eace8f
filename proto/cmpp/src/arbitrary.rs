//! Arbitrary values for property tests, made from the same tables as everything else.

use crate::field::{FieldKind, FieldSpec};
use crate::{MsgId, Terminals};

/// Makes values; the same seed makes the same ones.
pub(crate) struct Source {
    rng: fastrand::Rng,
    /// Index of the string that is to be one octet too long, counted over the PDU.
    pub(crate) overlong: Option<usize>,
    /// Strings made so far.
    pub(crate) strings: usize,
    /// Name of the field that was made too long.
    pub(crate) overlong_field: Option<&'static str>,
}

/// A field's type with arbitrary values that the standard allows. What is borrowed is leaked: these are tests.
pub(crate) trait Arbitrary: Sized {
    fn arbitrary(source: &mut Source, spec: &FieldSpec, v3: bool) -> Self;
}

impl Source {
    pub(crate) fn new(seed: u64) -> Self {
        Self { rng: fastrand::Rng::with_seed(seed), overlong: None, strings: 0, overlong_field: None }
    }

    /// A length up to `max`, the bounds more often than not; or one too many.
    fn length(&mut self, field: &'static str, max: usize) -> usize {
        self.strings += 1;
        if self.overlong == Some(self.strings - 1) {
            self.overlong_field = Some(field);
            return max + 1;
        }
        match self.rng.u8(0..4) {
            0 => 0,
            1 => max,
            _ => self.rng.usize(0..=max),
        }
    }

    /// A string without NUL that does not end in a space; numbers do not begin with a zero.
    fn text(&mut self, field: &'static str, max: usize) -> &'static [u8] {
        let length = self.length(field, max);
        let mut text: Vec<u8> = (0..length).map(|_| self.rng.u8(1..)).collect();
        if let Some(last) = text.last_mut() {
            *last = self.rng.u8(b'!'..);
        }
        if let Some(first) = text.first_mut().filter(|first| **first == b'0') {
            *first = b'1';
        }
        Box::leak(text.into_boxed_slice())
    }

    fn octets(&mut self, length: usize) -> &'static [u8] {
        Box::leak((0..length).map(|_| self.rng.u8(..)).collect())
    }
}

impl Arbitrary for &'_ [u8] {
    fn arbitrary(source: &mut Source, spec: &FieldSpec, v3: bool) -> Self {
        match (spec.kind, spec.width(v3)) {
            (_, 0) => &[],
            (FieldKind::Content, _) => {
                // A report has its length, so a random one would be odd.
                let length = source.length(spec.name, 140);
                source.octets(if length > 140 { 161 } else { length })
            }
            (FieldKind::RawAtEnd, width) => source.octets(width),
            (_, width) => source.text(spec.name, width),
        }
    }
}

impl Arbitrary for Terminals<'_> {
    fn arbitrary(source: &mut Source, spec: &FieldSpec, v3: bool) -> Self {
        let most = if v3 && spec.range(v3).1 == 1 { 1 } else { 99 };
        let count = if source.rng.bool() { 1 } else { source.rng.usize(1..=most) };
        // Their strings do not count for `overlong`: which one it is differs by their number.
        let (overlong, strings) = (source.overlong.take(), source.strings);
        let numbers: Vec<&'static [u8]> = (0..count)
            .map(|_| match source.text(spec.name, spec.width(v3)) {
                b"" => &b"13800138000"[..],
                number => number,
            })
            .collect();
        (source.overlong, source.strings) = (overlong, strings);
        Self::from(&*Box::leak(numbers.into_boxed_slice()))
    }
}

impl Arbitrary for [u8; 16] {
    fn arbitrary(source: &mut Source, _: &FieldSpec, _: bool) -> Self {
        std::array::from_fn(|_| source.rng.u8(..))
    }
}

impl Arbitrary for MsgId {
    fn arbitrary(source: &mut Source, _: &FieldSpec, _: bool) -> Self {
        Self(source.rng.u64(..))
    }
}

macro_rules! arbitrary_integers {
    ($($type:ty),*) => {
        $(impl Arbitrary for $type {
            fn arbitrary(source: &mut Source, spec: &FieldSpec, v3: bool) -> Self {
                let (min, max) = spec.range(v3);
                if spec.width(v3) == 0 { crate::field::Field::initial(spec) } else { source.rng.u32(min..=max) as Self }
            }
        })*
    };
}
arbitrary_integers!(u8, u16, u32, i32);
