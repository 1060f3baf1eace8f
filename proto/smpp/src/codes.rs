//! One macro for the protocol's code points.
//!
//! Every enumerated number of SMPP is open: vendors add their own values and a relay must hand
//! them on. So each is a newtype over the wire integer with named constants, never a closed enum.

/// Defines a newtype over a wire integer, with a constant, a name and a description for each known value.
macro_rules! codes {
    (
        $(#[$meta:meta])*
        pub struct $type:ident($repr:ty);
        $( $konst:ident = $value:literal, $name:expr, $doc:expr; )*
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $type(pub $repr);

        impl $type {
            $( #[doc = $doc] pub const $konst: Self = Self($value); )*

            /// Every value that has a name, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$konst),*];

            /// The name used in the specification; `None` for a reserved or vendor value.
            pub const fn name(self) -> Option<&'static str> {
                match self.0 {
                    $( $value => Some($name), )*
                    _ => None,
                }
            }

            /// What the value means, in words; `None` for a reserved or vendor value.
            pub const fn description(self) -> Option<&'static str> {
                match self.0 {
                    $( $value => Some($doc), )*
                    _ => None,
                }
            }

            /// The value of this name, upper and lower case alike.
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|code| code.name().is_some_and(|known| known.eq_ignore_ascii_case(name)))
            }
        }

        impl From<$repr> for $type {
            fn from(value: $repr) -> Self {
                Self(value)
            }
        }

        impl From<$type> for $repr {
            fn from(code: $type) -> Self {
                code.0
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self.name() {
                    Some(name) => f.write_str(name),
                    None => write!(f, "{:#04x}", self.0),
                }
            }
        }

        impl std::fmt::Debug for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self.name() {
                    Some(name) => write!(f, "{name}({:#x})", self.0),
                    None => write!(f, "{}({:#x})", stringify!($type), self.0),
                }
            }
        }
    };
}

pub(crate) use codes;
