//! The macro that makes a view of a table of fields: struct, reading, writing, names, arbitrary values.

use crate::EncodeError;
use crate::error::Fault;
use crate::field::{FieldSpec, Reader, Writer, fixed_length};
use crate::visit::Visitor;

/// A sequence of fields: the body of a PDU, or a report inside one.
pub(crate) trait Record<'a>: Sized {
    /// Name in the standard, for errors.
    const NAME: &'static str;
    /// Its fields in wire order.
    const SPECS: &'static [FieldSpec];
    /// Octets in 2.0 and 3.0; `None` where they depend on values.
    const LENGTHS: [Option<usize>; 2] = [fixed_length(Self::SPECS, false), fixed_length(Self::SPECS, true)];

    fn read<const V3: bool>(reader: &mut Reader<'a>) -> Result<Self, Fault>;
    fn write<const V3: bool>(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError>;
    /// Octets that `write` takes, unless it fails.
    fn size(&self, v3: bool) -> usize;
    /// Shows the fields that the version has.
    fn visit(&self, v3: bool, visitor: &mut dyn Visitor);

    #[cfg(test)]
    fn arbitrary(source: &mut crate::arbitrary::Source, v3: bool) -> Self;
}

macro_rules! record {
    (
        $(#[doc = $doc:literal])*
        $name:ident $(<$lt:lifetime>)?, $wire:literal {
            $( $(#[doc = $fdoc:literal])* $field:ident: $type:ty = $fwire:literal, $spec:expr; )*
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, PartialEq, Eq)]
        pub struct $name $(<$lt>)? {
            $( $(#[doc = $fdoc])* pub $field: $type, )*
        }

        /// Empty strings; numbers at the smallest value of the standard, which is 1 for Pk_total and Pk_number and 0 for the others.
        impl $(<$lt>)? Default for $name $(<$lt>)? {
            #[inline]
            fn default() -> Self {
                Self {
                    $( $field: {
                        const SPEC: crate::field::FieldSpec = $spec.named($fwire);
                        crate::field::Field::initial(&SPEC)
                    }, )*
                }
            }
        }

        impl<'a> crate::record::Record<'a> for $name $(<$lt>)? {
            const NAME: &'static str = $wire;
            const SPECS: &'static [crate::field::FieldSpec] = &[$($spec.named($fwire)),*];

            #[inline]
            fn read<const V3: bool>(
                #[allow(unused_variables)] reader: &mut crate::field::Reader<'a>,
            ) -> Result<Self, crate::error::Fault> {
                Ok(Self {
                    $( $field: {
                        const SPEC: crate::field::FieldSpec = $spec.named($fwire);
                        crate::field::Field::read(reader, &SPEC, V3)?
                    }, )*
                })
            }

            #[inline]
            fn write<const V3: bool>(
                &self,
                #[allow(unused_variables)] writer: &mut crate::field::Writer<'_>,
            ) -> Result<(), crate::EncodeError> {
                $({
                    const SPEC: crate::field::FieldSpec = $spec.named($fwire);
                    crate::field::Field::write(&self.$field, writer, &SPEC, V3)?;
                })*
                Ok(())
            }

            #[inline]
            fn size(&self, #[allow(unused_variables)] v3: bool) -> usize {
                0 $( + {
                    const SPEC: crate::field::FieldSpec = $spec.named($fwire);
                    crate::field::Field::size(&self.$field, &SPEC, v3)
                })*
            }

            #[allow(unused_variables)]
            fn visit(&self, v3: bool, visitor: &mut dyn crate::visit::Visitor) {
                $({
                    const SPEC: crate::field::FieldSpec = $spec.named($fwire);
                    if SPEC.width(v3) > 0 {
                        crate::field::visit(&self.$field, &SPEC, visitor);
                    }
                })*
            }

            #[cfg(test)]
            #[allow(unused_variables)]
            fn arbitrary(source: &mut crate::arbitrary::Source, v3: bool) -> Self {
                Self {
                    $( $field: {
                        const SPEC: crate::field::FieldSpec = $spec.named($fwire);
                        crate::arbitrary::Arbitrary::arbitrary(source, &SPEC, v3)
                    }, )*
                }
            }
        }

        /// All fields, those of the other version too; digests left out.
        impl $(<$lt>)? std::fmt::Debug for $name $(<$lt>)? {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let mut debug = f.debug_struct(stringify!($name));
                $({
                    const SPEC: crate::field::FieldSpec = $spec.named($fwire);
                    debug.field(stringify!($field), &crate::field::Field::value(&self.$field, &SPEC));
                })*
                debug.finish()
            }
        }
    };
}

pub(crate) use record;
