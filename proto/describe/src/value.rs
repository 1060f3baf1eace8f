//! A small tree and its two renderings: indented text for people, JSON for machines.

use std::fmt::{self, Write};

use crate::hex;

/// A node of a description. `Display` gives indented text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A number that people know in hexadecimal; JSON has it as a number.
    Hex {
        /// The number.
        value: u64,
        /// Digits at the least, behind `0x`.
        digits: usize,
    },
    /// A list.
    List(Vec<Value>),
    /// A value with its meaning; `None` where it has none in the specification.
    Meaning(Box<Value>, Option<String>),
    /// A number.
    Number(i64),
    /// Named values in order.
    Object(Vec<(&'static str, Value)>),
    /// Octets: JSON has them in hexadecimal, and as text too where they are printable ASCII.
    Octets(Vec<u8>),
    /// Text, shown as it is. For text of a peer's there is [`Value::text_or_octets`].
    Text(String),
}

impl Value {
    /// A number that people know in hexadecimal, with at least so many digits.
    pub fn hex(value: impl Into<u64>, digits: usize) -> Self {
        Self::Hex { value: value.into(), digits }
    }

    /// A number.
    pub fn number(value: impl Into<i64>) -> Self {
        Self::Number(value.into())
    }

    /// How many there are of something, e.g. octets.
    pub fn count(value: usize) -> Self {
        Self::Number(i64::try_from(value).unwrap_or(i64::MAX))
    }

    /// Text from anything that can be written.
    pub fn text(text: impl ToString) -> Self {
        Self::Text(text.to_string())
    }

    /// Text where the octets are UTF-8 without control characters, else octets.
    pub fn text_or_octets(octets: &[u8]) -> Self {
        match std::str::from_utf8(octets) {
            Ok(text) if !text.chars().any(char::is_control) => Self::text(text),
            _ => Self::octets(octets),
        }
    }

    /// Octets.
    pub fn octets(octets: &[u8]) -> Self {
        Self::Octets(octets.to_vec())
    }

    /// The value with its meaning; `None` tells that the specification has none for it.
    pub fn meaning(self, name: Option<impl ToString>) -> Self {
        Self::Meaning(Box::new(self), name.map(|name| name.to_string()))
    }

    /// The value as JSON, without white space.
    pub fn to_json(&self) -> String {
        let mut out = String::new();
        self.write_json(&mut out);
        out
    }

    // Writing to a String cannot fail, here and below.
    fn write_json(&self, out: &mut String) {
        match self {
            Self::Hex { value, .. } => drop(write!(out, "{value}")),
            Self::Number(number) => drop(write!(out, "{number}")),
            Self::List(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    separate(index, out);
                    item.write_json(out);
                }
                out.push(']');
            }
            Self::Meaning(value, name) => {
                out.push_str("{\"value\":");
                value.write_json(out);
                out.push_str(",\"name\":");
                match name {
                    Some(name) => write_string(name, out),
                    None => out.push_str("null"),
                }
                out.push('}');
            }
            Self::Object(members) => {
                out.push('{');
                for (index, (name, value)) in members.iter().enumerate() {
                    separate(index, out);
                    write_string(name, out);
                    out.push(':');
                    value.write_json(out);
                }
                out.push('}');
            }
            Self::Octets(octets) => {
                out.push_str("{\"hex\":\"");
                out.push_str(&hex(octets));
                out.push('"');
                if let Some(text) = printable(octets) {
                    out.push_str(",\"text\":");
                    write_string(text, out);
                }
                out.push('}');
            }
            Self::Text(text) => write_string(text, out),
        }
    }

    fn write_text(&self, depth: usize, out: &mut String) {
        match self {
            Self::Hex { value, digits } => drop(write!(out, " {value:#0width$x}", width = digits + 2)),
            Self::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    let _ = write!(out, "\n{:1$}[{index}]", "", depth * 2);
                    item.write_text(depth + 1, out);
                }
            }
            Self::Meaning(value, name) => {
                value.write_text(depth, out);
                if let Some(name) = name {
                    let _ = write!(out, " ({name})");
                }
            }
            Self::Number(number) => drop(write!(out, " {number}")),
            Self::Object(members) => {
                for (name, value) in members {
                    let _ = write!(out, "\n{:1$}{name}:", "", depth * 2);
                    value.write_text(depth + 1, out);
                }
            }
            Self::Octets(octets) => match printable(octets) {
                Some(text) => drop(write!(out, " \"{text}\"")),
                None => drop(write!(out, " hex {}", hex(octets))),
            },
            Self::Text(text) => drop(write!(out, " {text}")),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = String::new();
        self.write_text(0, &mut out);
        f.write_str(out.trim_start())
    }
}

fn separate(index: usize, out: &mut String) {
    if index > 0 {
        out.push(',');
    }
}

fn printable(octets: &[u8]) -> Option<&str> {
    if octets.iter().all(|octet| octet.is_ascii_graphic() || *octet == b' ') { std::str::from_utf8(octets).ok() } else { None }
}

fn write_string(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            control if control.is_control() => drop(write!(out, "\\u{:04x}", u32::from(control))),
            other => out.push(other),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_escaped_and_text_is_indented() {
        let value = Value::Object(vec![
            ("a", Value::text("say \"hi\"\n\u{1}")),
            ("b", Value::List(vec![Value::Number(1), Value::octets(&[0, 255])])),
            ("c", Value::number(9).meaning(None::<&str>)),
        ]);
        assert_eq!(value.to_json(), r#"{"a":"say \"hi\"\n\u0001","b":[1,{"hex":"00ff"}],"c":{"value":9,"name":null}}"#);
        assert_eq!(value.to_string(), "a: say \"hi\"\n\u{1}\nb:\n  [0] 1\n  [1] hex 00ff\nc: 9");
    }

    #[test]
    fn numbers_have_the_digits_that_their_field_has() {
        let rendered = |value: Value| (value.to_string(), value.to_json());
        assert_eq!(rendered(Value::hex(5_u8, 2)), ("0x05".to_owned(), "5".to_owned()));
        assert_eq!(rendered(Value::hex(0x8000_0004_u32, 2)), ("0x80000004".to_owned(), "2147483652".to_owned()));
        assert_eq!(rendered(Value::hex(4_u8, 8).meaning(Some("submit"))).0, "0x00000004 (submit)");
        assert_eq!(rendered(Value::number(-1)), ("-1".to_owned(), "-1".to_owned()));
    }

    #[test]
    fn octets_are_text_where_they_can_be() {
        for (octets, text, json) in [
            (&b"abc"[..], "abc", r#""abc""#),
            ("héllo".as_bytes(), "héllo", r#""héllo""#),
            (b"a\x1bb", "hex 611b62", r#"{"hex":"611b62"}"#),
            (b"\xff", "hex ff", r#"{"hex":"ff"}"#),
        ] {
            let value = Value::text_or_octets(octets);
            assert_eq!((value.to_string().as_str(), value.to_json().as_str()), (text, json));
        }
        assert_eq!(Value::octets(b"ab c").to_json(), r#"{"hex":"61622063","text":"ab c"}"#);
        assert_eq!(Value::octets(b"ab c").to_string(), "\"ab c\"");
    }
}
