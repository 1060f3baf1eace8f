//! Arbitrary PDUs for property tests, made from the same table as everything else.

use crate::field::{FieldKind, FieldSpec};
use crate::list::{
    Destination, Destinations, DestinationsBuf, MessageId, MessageIds, MessageIdsBuf, UnsuccessSme, UnsuccessSmes, UnsuccessSmesBuf,
};
use crate::tlv::{TlvBuf, Tlvs};
use crate::{
    Address, CommandStatus, DataCoding, EsmClass, InterfaceVersion, MessageState, Npi, PriorityFlag, RegisteredDelivery, ReplaceIfPresent,
    Tag, Ton,
};

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

/// A field's type with arbitrary values. What is borrowed is leaked: these are tests.
pub(crate) trait Arbitrary: Sized {
    fn arbitrary(source: &mut Source, spec: &FieldSpec) -> Self;
}

impl Source {
    pub(crate) fn new(seed: u64) -> Self {
        Self { rng: fastrand::Rng::with_seed(seed), overlong: None, strings: 0, overlong_field: None }
    }

    /// Octets of any length up to `max`, the bounds more often than not; `from` is the lowest octet.
    fn octets(&mut self, field: &'static str, max: usize, from: u8) -> &'static [u8] {
        let mut length = match self.rng.u8(0..4) {
            0 => 0,
            1 => max,
            _ => self.rng.usize(0..=max),
        };
        if self.overlong == Some(self.strings) {
            self.overlong_field = Some(field);
            length = max + 1;
        }
        self.strings += 1;
        Box::leak((0..length).map(|_| self.rng.u8(from..)).collect())
    }

    fn address(&mut self, field: &'static str, max: usize) -> Address<'static> {
        Address { ton: Ton(self.rng.u8(..)), npi: Npi(self.rng.u8(..)), addr: self.octets(field, max, 1) }
    }

    /// TLVs of any tag with any value; known ones within their range.
    pub(crate) fn tlvs(&mut self) -> Tlvs<'static> {
        let mut buf = TlvBuf::new();
        for _ in 0..self.rng.usize(0..6) {
            let tag = if self.rng.bool() { Tag::ALL[self.rng.usize(0..Tag::ALL.len())] } else { Tag(self.rng.u16(..)) };
            let (min, max) = tag.spec().map_or((0, 40), |spec| (spec.min, spec.max.min(300)));
            let value: Vec<u8> = (0..self.rng.usize(min..=max)).map(|_| self.rng.u8(..)).collect();
            assert_eq!(buf.put(tag, &value), Ok(()));
        }
        let buf: &'static TlvBuf = Box::leak(Box::new(buf));
        buf.as_tlvs()
    }
}

impl Arbitrary for &'static [u8] {
    fn arbitrary(source: &mut Source, spec: &FieldSpec) -> Self {
        match spec.kind {
            FieldKind::CString { max, .. } => source.octets(spec.name, max, 1),
            _ => source.octets(spec.name, 255, 0),
        }
    }
}

impl Arbitrary for Option<&'static [u8]> {
    fn arbitrary(source: &mut Source, spec: &FieldSpec) -> Self {
        Some(Arbitrary::arbitrary(source, spec))
    }
}

impl Arbitrary for Address<'static> {
    fn arbitrary(source: &mut Source, spec: &FieldSpec) -> Self {
        let FieldKind::Address { max, .. } = spec.kind else { panic!("{} is no address", spec.name) };
        source.address(spec.name, max)
    }
}

macro_rules! arbitrary_octets {
    ($($new:expr => $type:ty),*) => {
        $(impl Arbitrary for $type {
            fn arbitrary(source: &mut Source, _: &FieldSpec) -> Self {
                $new(source.rng.u8(..))
            }
        })*
    };
}
arbitrary_octets!(u8::from => u8, EsmClass => EsmClass, RegisteredDelivery => RegisteredDelivery, DataCoding => DataCoding,
    PriorityFlag => PriorityFlag, ReplaceIfPresent => ReplaceIfPresent, MessageState => MessageState, InterfaceVersion => InterfaceVersion);

/// Lists take their items only when these are valid, so their strings do not count for `overlong`.
macro_rules! arbitrary_lists {
    ($($list:ident, $buf:ident, |$source:ident| $item:expr;)*) => {
        $(impl Arbitrary for $list<'static> {
            fn arbitrary($source: &mut Source, _: &FieldSpec) -> Self {
                let (overlong, strings) = ($source.overlong.take(), $source.strings);
                let mut buf = $buf::new();
                for _ in 0..$source.rng.usize(0..5) {
                    assert_eq!(buf.push($item), Ok(()));
                }
                ($source.overlong, $source.strings) = (overlong, strings);
                let buf: &'static $buf = Box::leak(Box::new(buf));
                buf.as_list()
            }
        })*
    };
}
arbitrary_lists! {
    Destinations, DestinationsBuf, |source| match source.rng.bool() {
        true => Destination::Sme(source.address("destination_addr", 20)),
        false => Destination::DistributionList(source.octets("dl_name", 20, 1)),
    };
    UnsuccessSmes, UnsuccessSmesBuf, |source| UnsuccessSme {
        addr: source.address("destination_addr", 20),
        error_status: CommandStatus(source.rng.u32(..)),
    };
    MessageIds, MessageIdsBuf, |source| MessageId(source.octets("message_id", 64, 1));
}
