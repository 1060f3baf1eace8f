//! How each kind of field is read, written and shown. The table in [`crate::pdu`] is made of these.

use bytes::{BufMut, BytesMut};

use crate::error::Fault;
use crate::visit::{FieldValue, Visitor};
use crate::{
    Address, CommandStatus, DataCoding, DecodeErrorKind, EncodeError, EsmClass, InterfaceVersion, MessageState, Npi, PriorityFlag, Quirks,
    RegisteredDelivery, ReplaceIfPresent, Ton,
};

/// What the table says of one field.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FieldSpec {
    /// Name in the specification.
    pub(crate) name: &'static str,
    pub(crate) kind: FieldKind,
    /// Status for a request in which this field is wrong.
    pub(crate) status: CommandStatus,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum FieldKind {
    /// Type of number, numbering plan, C-octet string of at most `max` octets.
    Address { ton: &'static str, npi: &'static str, max: usize },
    /// C-octet string of at most `max` octets, `max_v33` when written for an SMPP 3.3 peer.
    CString { max: usize, max_v33: usize, secret: bool },
    /// One octet.
    Int1,
    /// A count (named) and that many items.
    List { count: &'static str },
    /// sm_length and that many octets.
    ShortMessage,
}

impl FieldSpec {
    const fn new(kind: FieldKind, status: CommandStatus) -> Self {
        Self { name: "", kind, status }
    }

    pub(crate) const fn named(self, name: &'static str) -> Self {
        Self { name, ..self }
    }
}

pub(crate) const fn address(ton: &'static str, npi: &'static str, max: usize, status: CommandStatus) -> FieldSpec {
    FieldSpec::new(FieldKind::Address { ton, npi, max }, status)
}

pub(crate) const fn source(max: usize) -> FieldSpec {
    address("source_addr_ton", "source_addr_npi", max, CommandStatus::ESME_RINVSRCADR)
}

pub(crate) const fn destination(max: usize) -> FieldSpec {
    address("dest_addr_ton", "dest_addr_npi", max, CommandStatus::ESME_RINVDSTADR)
}

pub(crate) const fn cstring(max: usize, status: CommandStatus) -> FieldSpec {
    FieldSpec::new(FieldKind::CString { max, max_v33: max, secret: false }, status)
}

pub(crate) const fn password() -> FieldSpec {
    FieldSpec::new(FieldKind::CString { max: 64, max_v33: 64, secret: true }, CommandStatus::ESME_RINVPASWD)
}

/// A message id that we give out: SMPP 3.3 has room for 8 octets only.
pub(crate) const fn new_message_id() -> FieldSpec {
    FieldSpec::new(FieldKind::CString { max: 64, max_v33: 8, secret: false }, CommandStatus::ESME_RINVMSGID)
}

/// A message id that the peer gave out: its business how long.
pub(crate) const fn message_id() -> FieldSpec {
    cstring(64, CommandStatus::ESME_RINVMSGID)
}

pub(crate) const fn int1() -> FieldSpec {
    FieldSpec::new(FieldKind::Int1, CommandStatus::ESME_RINVCMDLEN)
}

pub(crate) const fn list(count: &'static str, status: CommandStatus) -> FieldSpec {
    FieldSpec::new(FieldKind::List { count }, status)
}

pub(crate) const fn short_message() -> FieldSpec {
    FieldSpec::new(FieldKind::ShortMessage, CommandStatus::ESME_RINVMSGLEN)
}

/// A value that can stand in a PDU.
pub(crate) trait Field<'a>: Sized {
    fn read(reader: &mut Reader<'a>, spec: &FieldSpec) -> Result<Self, Fault>;
    fn write(&self, writer: &mut Writer<'_>, spec: &FieldSpec) -> Result<(), EncodeError>;
    fn visit(&self, spec: &FieldSpec, visitor: &mut dyn Visitor);
}

/// The body of a PDU while it is read.
pub(crate) struct Reader<'a> {
    pub(crate) rest: &'a [u8],
    /// Responses cannot be refused, so more is tolerated in them.
    pub(crate) lenient_response: bool,
    pub(crate) quirks: Quirks,
}

/// A PDU while it is written.
pub(crate) struct Writer<'d> {
    pub(crate) dst: &'d mut BytesMut,
    pub(crate) version: InterfaceVersion,
}

impl<'a> Reader<'a> {
    pub(crate) fn u8(&mut self, field: &'static str) -> Result<u8, Fault> {
        let Some((&octet, rest)) = self.rest.split_first() else { return Err(truncated(field)) };
        self.rest = rest;
        Ok(octet)
    }

    pub(crate) fn u32(&mut self, field: &'static str) -> Result<u32, Fault> {
        let Some((octets, rest)) = self.rest.split_first_chunk::<4>() else { return Err(truncated(field)) };
        self.rest = rest;
        Ok(u32::from_be_bytes(*octets))
    }

    pub(crate) fn cstring(&mut self, field: &'static str, max: usize, status: CommandStatus) -> Result<&'a [u8], Fault> {
        let window = &self.rest[..self.rest.len().min(max + 1)];
        if let Some(length) = window.iter().position(|&octet| octet == 0) {
            let value = &self.rest[..length];
            self.rest = &self.rest[length + 1..];
            return Ok(value);
        }
        if !self.lenient_response {
            let too_long = Fault { field, kind: DecodeErrorKind::TooLong { max }, status };
            return Err(if self.rest.len() > max { too_long } else { truncated(field) });
        }
        let length = self.rest.iter().position(|&octet| octet == 0);
        let value = &self.rest[..length.unwrap_or(self.rest.len())];
        if value.len() > max {
            self.quirks.insert(Quirks::OVERLONG_FIELD);
        }
        if length.is_none() {
            self.quirks.insert(Quirks::MISSING_NUL);
        }
        self.rest = length.map_or(&[], |length| &self.rest[length + 1..]);
        Ok(value)
    }

    pub(crate) fn address(&mut self, names: [&'static str; 3], max: usize, status: CommandStatus) -> Result<Address<'a>, Fault> {
        let ton = Ton(self.u8(names[0])?);
        let npi = Npi(self.u8(names[1])?);
        let addr = self.cstring(names[2], max, status)?;
        if !addr.is_ascii() {
            self.quirks.insert(Quirks::EIGHT_BIT_ADDRESS);
        }
        Ok(Address { ton, npi, addr })
    }

    /// Whether a response ends before its next field.
    pub(crate) fn is_absent(&mut self) -> bool {
        let absent = self.lenient_response && self.rest.is_empty();
        if absent {
            self.quirks.insert(Quirks::MISSING_FIELDS);
        }
        absent
    }

    fn counted(&mut self, spec: &FieldSpec) -> Result<&'a [u8], Fault> {
        let announced = usize::from(self.u8("sm_length")?);
        let Some((octets, rest)) = self.rest.split_at_checked(announced) else {
            let kind = DecodeErrorKind::PastEnd { announced, available: self.rest.len() };
            return Err(Fault { field: "sm_length", kind, status: spec.status });
        };
        self.rest = rest;
        Ok(octets)
    }
}

pub(crate) fn truncated(field: &'static str) -> Fault {
    Fault { field, kind: DecodeErrorKind::Truncated, status: CommandStatus::ESME_RINVCMDLEN }
}

impl Writer<'_> {
    pub(crate) fn cstring(&mut self, field: &'static str, value: &[u8], max: usize) -> Result<(), EncodeError> {
        if value.len() > max {
            return Err(EncodeError::TooLong { field, length: value.len(), max });
        }
        if value.contains(&0) {
            return Err(EncodeError::ContainsNul { field });
        }
        self.dst.put_slice(value);
        self.dst.put_u8(0);
        Ok(())
    }

    pub(crate) fn address(&mut self, field: &'static str, value: &Address<'_>, max: usize) -> Result<(), EncodeError> {
        self.dst.put_u8(value.ton.0);
        self.dst.put_u8(value.npi.0);
        self.cstring(field, value.addr, max)
    }
}

impl<'a> Field<'a> for &'a [u8] {
    fn read(reader: &mut Reader<'a>, spec: &FieldSpec) -> Result<Self, Fault> {
        match spec.kind {
            FieldKind::CString { max, .. } => reader.cstring(spec.name, max, spec.status),
            _ => reader.counted(spec),
        }
    }

    fn write(&self, writer: &mut Writer<'_>, spec: &FieldSpec) -> Result<(), EncodeError> {
        match spec.kind {
            FieldKind::CString { max, max_v33, .. } => {
                writer.cstring(spec.name, self, if writer.version.has_tlvs() { max } else { max_v33 })
            }
            _ => {
                // sm_length 255 came with 5.0; before it, 254 was the most (3.4 section 5.2.21).
                let max = if writer.version >= InterfaceVersion::V5_0 { 255 } else { 254 };
                if self.len() > max {
                    return Err(EncodeError::TooLong { field: spec.name, length: self.len(), max });
                }
                writer.dst.put_u8(self.len() as u8);
                writer.dst.put_slice(self);
                Ok(())
            }
        }
    }

    fn visit(&self, spec: &FieldSpec, visitor: &mut dyn Visitor) {
        match spec.kind {
            FieldKind::CString { secret: true, .. } => visitor.field(spec.name, FieldValue::Secret(self.len())),
            FieldKind::CString { .. } => visitor.field(spec.name, FieldValue::Text(self)),
            _ => {
                visitor.field("sm_length", FieldValue::Integer(self.len() as u32));
                visitor.field(spec.name, FieldValue::Octets(self));
            }
        }
    }
}

impl<'a> Field<'a> for Option<&'a [u8]> {
    fn read(reader: &mut Reader<'a>, spec: &FieldSpec) -> Result<Self, Fault> {
        Field::read(reader, spec).map(Some)
    }

    fn write(&self, writer: &mut Writer<'_>, spec: &FieldSpec) -> Result<(), EncodeError> {
        self.unwrap_or_default().write(writer, spec)
    }

    fn visit(&self, spec: &FieldSpec, visitor: &mut dyn Visitor) {
        if let Some(value) = self {
            value.visit(spec, visitor);
        }
    }
}

impl<'a> Field<'a> for Address<'a> {
    fn read(reader: &mut Reader<'a>, spec: &FieldSpec) -> Result<Self, Fault> {
        let FieldKind::Address { ton, npi, max } = spec.kind else { return Err(truncated(spec.name)) };
        reader.address([ton, npi, spec.name], max, spec.status)
    }

    fn write(&self, writer: &mut Writer<'_>, spec: &FieldSpec) -> Result<(), EncodeError> {
        let max = if let FieldKind::Address { max, .. } = spec.kind { max } else { 0 };
        writer.address(spec.name, self, max)
    }

    fn visit(&self, spec: &FieldSpec, visitor: &mut dyn Visitor) {
        if let FieldKind::Address { ton, npi, .. } = spec.kind {
            visitor.field(ton, FieldValue::Code { value: self.ton.0.into(), name: self.ton.name() });
            visitor.field(npi, FieldValue::Code { value: self.npi.0.into(), name: self.npi.name() });
        }
        visitor.field(spec.name, FieldValue::Text(self.addr));
    }
}

/// Fields of one octet; the closure-like last part turns a reference into what a visitor sees.
macro_rules! octet_fields {
    ($( $type:ty, $new:expr, |$value:ident| $octet:expr, $shown:expr; )*) => {
        $(impl<'a> Field<'a> for $type {
            fn read(reader: &mut Reader<'a>, spec: &FieldSpec) -> Result<Self, Fault> {
                reader.u8(spec.name).map($new)
            }

            fn write(&self, writer: &mut Writer<'_>, _: &FieldSpec) -> Result<(), EncodeError> {
                let $value = self;
                writer.dst.put_u8($octet);
                Ok(())
            }

            fn visit(&self, spec: &FieldSpec, visitor: &mut dyn Visitor) {
                let $value = self;
                visitor.field(spec.name, $shown);
            }
        })*
    };
}

octet_fields! {
    u8, |octet| octet, |v| *v, FieldValue::Integer((*v).into());
    EsmClass, EsmClass, |v| v.0, FieldValue::Flags { value: v.0, meaning: &v };
    RegisteredDelivery, RegisteredDelivery, |v| v.0, FieldValue::Flags { value: v.0, meaning: &v };
    DataCoding, DataCoding, |v| v.0, FieldValue::Code { value: v.0.into(), name: v.name() };
    PriorityFlag, PriorityFlag, |v| v.0, FieldValue::Integer(v.0.into());
    ReplaceIfPresent, ReplaceIfPresent, |v| v.0, FieldValue::Code { value: v.0.into(), name: v.name() };
    MessageState, MessageState, |v| v.0, FieldValue::Code { value: v.0.into(), name: v.name() };
    InterfaceVersion, InterfaceVersion, |v| v.0, FieldValue::Code { value: v.0.into(), name: v.name() };
}
