//! A small tree and its two renderings: indented text for people, JSON for machines.

use std::fmt::{self, Write};

/// A node of a description.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A number that people know in hexadecimal; JSON has it as a number.
    Hex(u64),
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
    /// Text.
    Text(String),
}

impl Value {
    /// Text from anything that can be written.
    pub(crate) fn text(text: impl ToString) -> Self {
        Self::Text(text.to_string())
    }

    /// Text where the octets are UTF-8 without control characters, else octets.
    pub(crate) fn text_or_octets(octets: &[u8]) -> Self {
        match std::str::from_utf8(octets) {
            Ok(text) if !text.chars().any(char::is_control) => Self::text(text),
            _ => Self::Octets(octets.to_vec()),
        }
    }

    pub(crate) fn to_json(&self, out: &mut String) {
        match self {
            // Writing to a String cannot fail.
            Self::Hex(number) => drop(write!(out, "{number}")),
            Self::Number(number) => drop(write!(out, "{number}")),
            Self::List(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    separate(index, out);
                    item.to_json(out);
                }
                out.push(']');
            }
            Self::Meaning(value, name) => {
                out.push_str("{\"value\":");
                value.to_json(out);
                out.push_str(",\"name\":");
                match name {
                    Some(name) => put_string(name, out),
                    None => out.push_str("null"),
                }
                out.push('}');
            }
            Self::Object(members) => {
                out.push('{');
                for (index, (name, value)) in members.iter().enumerate() {
                    separate(index, out);
                    put_string(name, out);
                    out.push(':');
                    value.to_json(out);
                }
                out.push('}');
            }
            Self::Octets(octets) => {
                out.push_str("{\"hex\":\"");
                out.push_str(&hex(octets));
                out.push('"');
                if let Some(text) = printable(octets) {
                    out.push_str(",\"text\":");
                    put_string(text, out);
                }
                out.push('}');
            }
            Self::Text(text) => put_string(text, out),
        }
    }

    pub(crate) fn to_text(&self, depth: usize, out: &mut String) {
        match self {
            Self::Hex(number) => drop(write!(out, " {number:#010x}")),
            Self::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    let _ = write!(out, "\n{:1$}[{index}]", "", depth * 2);
                    item.to_text(depth + 1, out);
                }
            }
            Self::Meaning(value, name) => {
                value.to_text(depth, out);
                if let Some(name) = name {
                    let _ = write!(out, " ({name})");
                }
            }
            Self::Number(number) => drop(write!(out, " {number}")),
            Self::Object(members) => {
                for (name, value) in members {
                    let _ = write!(out, "\n{:1$}{name}:", "", depth * 2);
                    value.to_text(depth + 1, out);
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
        self.to_text(0, &mut out);
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

fn hex(octets: &[u8]) -> String {
    octets.iter().fold(String::with_capacity(octets.len() * 2), |mut out, octet| {
        let _ = write!(out, "{octet:02x}");
        out
    })
}

fn put_string(text: &str, out: &mut String) {
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
            ("b", Value::List(vec![Value::Number(1), Value::Octets(vec![0, 255])])),
            ("c", Value::Meaning(Box::new(Value::Number(9)), None)),
        ]);
        let mut json = String::new();
        value.to_json(&mut json);
        assert_eq!(json, r#"{"a":"say \"hi\"\n\u0001","b":[1,{"hex":"00ff"}],"c":{"value":9,"name":null}}"#);
        assert_eq!(value.to_string(), "a: say \"hi\"\n\u{1}\nb:\n  [0] 1\n  [1] hex 00ff\nc: 9");
    }
}
