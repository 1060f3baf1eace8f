//! Reading values from a file, so that what is wrong is told its place.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// Text or a number, each with its own reading.
pub(super) struct Scalar<T> {
    pub(super) what: &'static str,
    pub(super) text: fn(&str) -> Result<T, String>,
    pub(super) number: fn(f64) -> Option<T>,
}

impl<T> Visitor<'_> for Scalar<T> {
    type Value = T;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.what)
    }
    fn visit_str<E: serde::de::Error>(self, s: &str) -> Result<T, E> {
        (self.text)(s).map_err(E::custom)
    }
    fn visit_i64<E: serde::de::Error>(self, n: i64) -> Result<T, E> {
        self.visit_f64(n as f64)
    }
    fn visit_u64<E: serde::de::Error>(self, n: u64) -> Result<T, E> {
        self.visit_f64(n as f64)
    }
    fn visit_f64<E: serde::de::Error>(self, n: f64) -> Result<T, E> {
        (self.number)(n).ok_or_else(|| E::custom(format!("{n} is out of range; expected {}", self.what)))
    }
}

/// Text that is read by `FromStr`. A visitor, because only what fails inside of one is told its place in the file.
pub(super) struct Text<T>(pub(super) PhantomData<T>);

impl<T: FromStr<Err = String>> Visitor<'_> for Text<T> {
    type Value = T;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }
    fn visit_str<E: serde::de::Error>(self, s: &str) -> Result<T, E> {
        s.parse().map_err(E::custom)
    }
}

/// One text or a list of texts, each read by `FromStr`, each with its own place in the file.
pub(super) fn several<'de, T, D>(d: D, what: &'static str) -> Result<Vec<T>, D::Error>
where
    T: FromStr<Err = String>,
    D: Deserializer<'de>,
{
    struct One<T>(T);
    impl<'de, T: FromStr<Err = String>> Deserialize<'de> for One<T> {
        fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
            d.deserialize_str(Text(PhantomData)).map(One)
        }
    }
    struct Several<T>(&'static str, PhantomData<T>);
    impl<'de, T: FromStr<Err = String>> Visitor<'de> for Several<T> {
        type Value = Vec<T>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
        fn visit_str<E: serde::de::Error>(self, s: &str) -> Result<Vec<T>, E> {
            s.parse().map(|v| vec![v]).map_err(E::custom)
        }
        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<T>, A::Error> {
            let mut all = Vec::new();
            while let Some(One(v)) = seq.next_element()? {
                all.push(v);
            }
            Ok(all)
        }
    }
    d.deserialize_any(Several(what, PhantomData))
}
