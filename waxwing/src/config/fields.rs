//! The key names that a settings struct understands, asked from its own `Deserialize`: so that an unknown key can be answered with the
//! nearest known one, and a table can be dealt out between two structs, without a second list to keep in step.

use serde::de::{DeserializeOwned, Deserializer, Error as _, Visitor, value::Error};
use serde::forward_to_deserialize_any;

/// Names of the fields of a struct, as a file spells them.
pub(super) fn of<T: DeserializeOwned>() -> &'static [&'static str] {
    let mut names: &'static [&'static str] = &[];
    // Always the probe's own error: it never has a value to give.
    let _ = T::deserialize(Probe(&mut names));
    names
}

/// The known name nearest to a misspelt one, if any is near.
pub(super) fn nearest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = wrong.chars().count() / 3 + 1;
    known.into_iter().map(|k| (distance(wrong, k), k)).filter(|(d, _)| *d <= limit).min().map(|(_, k)| k)
}

struct Probe<'a>(&'a mut &'static [&'static str]);

impl<'de> Deserializer<'de> for Probe<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(Error::custom("only a probe"))
    }

    fn deserialize_struct<V: Visitor<'de>>(self, _: &'static str, fields: &'static [&'static str], _: V) -> Result<V::Value, Error> {
        *self.0 = fields;
        Err(Error::custom("only a probe"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct newtype_struct seq tuple
        tuple_struct map enum identifier ignored_any
    }
}

/// Edit distance where exchanging two neighbours counts once (optimal string alignment), case and `-`/`_` not counted.
fn distance(a: &str, b: &str) -> usize {
    let plain = |s: &str| -> Vec<char> { s.to_ascii_lowercase().replace('-', "_").chars().collect() };
    let (a, b) = (plain(a), plain(b));
    let mut d = vec![vec![0; b.len() + 1]; a.len() + 1];
    for (i, row) in d.iter_mut().enumerate() {
        row[0] = i;
    }
    d[0] = (0..=b.len()).collect();
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let same = usize::from(a[i - 1] != b[j - 1]);
            let mut least = (d[i - 1][j] + 1).min(d[i][j - 1] + 1).min(d[i - 1][j - 1] + same);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(d[i - 2][j - 2] + 1);
            }
            d[i][j] = least;
        }
    }
    d[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::keys::Log;

    #[test]
    fn a_struct_tells_its_keys() {
        assert_eq!(of::<Log>(), ["level", "format"]);
    }

    #[test]
    fn the_nearest_name_is_found_and_the_far_ones_are_not() {
        let known = ["address", "password", "system_id", "system_type"];
        assert_eq!(nearest("adress", known), Some("address"));
        assert_eq!(nearest("addresss", known), Some("address"));
        assert_eq!(nearest("system-id", known), Some("system_id"));
        assert_eq!(nearest("pasword", known), Some("password"));
        assert_eq!(nearest("colour", known), None);
    }
}
