//! What happened to a message, as its row keeps it: a JSON array of arrays. In the row and not in a table of its own, since a life of four
//! events would otherwise be five rows in two trees. The view `event` shows it as a table again.

use std::fmt::Write as _;

use serde_json::Value;

use crate::life::NewEvent;
use crate::record::EventKind;

/// Longest history, octets; beyond that, the middle is left out. Four events are about 300 octets.
const LONGEST: usize = 16 << 10;
/// Events that stay at both ends.
const FIRST: usize = 8;
const LAST: usize = 32;

/// A message's events, oldest first: `[[at_ms, kind, connector, part, state, code, words], ...]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct History(String);

impl Default for History {
    fn default() -> History {
        History("[]".to_owned())
    }
}

impl From<String> for History {
    fn from(json: String) -> History {
        // As it is made here, or not at all: what somebody else has put there must not make a broken array.
        if json.starts_with('[') && json.ends_with(']') { History(json) } else { History::default() }
    }
}

impl History {
    /// Its JSON.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Appends what happened.
    pub(crate) fn push(&mut self, e: &NewEvent) {
        let out = &mut self.0;
        out.pop();
        if out.len() > 1 {
            out.push(',');
        } else {
            out.reserve(256);
        }
        let _ = write!(out, "[{},\"{}\",", e.at, e.kind.name());
        put_text(out, &e.connector);
        match e.part {
            Some(part) => {
                let _ = write!(out, ",{part},");
            }
            None => out.push_str(",null,"),
        }
        match e.state {
            Some(state) => {
                let _ = write!(out, "\"{}\",", state.name());
            }
            None => out.push_str("null,"),
        }
        put_text(out, &e.code);
        out.push(',');
        put_text(out, &e.words);
        out.push_str("]]");
        if out.len() > LONGEST {
            self.shorten();
        }
    }

    /// Leaves out the middle and says so: a message that is tried again for days must not grow without end.
    fn shorten(&mut self) {
        let mut events: Vec<Value> = serde_json::from_str(&self.0).unwrap_or_default();
        if events.len() <= FIRST + LAST + 1 {
            // Few and very long ones: carriers' words.
            for v in events.iter_mut().filter_map(|e| e.get_mut(6)) {
                if let Some(short) = v.as_str().filter(|w| w.len() > 256).map(|w| w.chars().take(256).collect::<String>()) {
                    *v = Value::String(short);
                }
            }
        } else {
            let left_out: Vec<Value> = events.drain(FIRST..events.len() - LAST).collect();
            let at = left_out.last().and_then(|e| e.get(0)).cloned().unwrap_or_default();
            // One that was left out before stands for as many as it says.
            let before: usize = left_out.iter().filter_map(|e| e.get(6)?.as_str()?.strip_suffix(LEFT_OUT)?.parse::<usize>().ok()).sum();
            let n = before + left_out.iter().filter(|e| !is_remark(e)).count();
            let words = format!("{n}{LEFT_OUT}");
            let remark = serde_json::json!([at, EventKind::Note.name(), "", null, null, "", words]);
            events.insert(FIRST, remark);
        }
        self.0 = Value::Array(events).to_string();
    }
}

const LEFT_OUT: &str = " events are left out here";

fn is_remark(e: &Value) -> bool {
    e.get(6).and_then(Value::as_str).is_some_and(|w| w.ends_with(LEFT_OUT))
}

/// A JSON string.
fn put_text(out: &mut String, text: &str) {
    out.push('"');
    if text.bytes().all(|b| b >= 0x20 && b != b'"' && b != b'\\') {
        out.push_str(text);
    } else {
        for c in text.chars() {
            match c {
                '"' | '\\' => {
                    out.push('\\');
                    out.push(c);
                }
                c if u32::from(c) < 0x20 => {
                    let _ = write!(out, "\\u{:04x}", u32::from(c));
                }
                c => out.push(c),
            }
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use waxwing_core::State;

    fn event(n: u64, words: &str) -> NewEvent {
        NewEvent { connector: "carrier \"a\"".into(), words: words.into(), ..NewEvent::new(n, EventKind::Retry) }
    }

    #[test]
    fn it_is_json_whatever_a_carrier_says() {
        let mut h = History::default();
        h.push(&NewEvent { part: Some(3), state: Some(State::Enroute), code: "\u{1}\n\\".into(), ..event(5, "\"quoted\" – ünïcode") });
        h.push(&event(6, ""));
        let read: Value = serde_json::from_str(h.as_str()).unwrap();
        let first = serde_json::json!([5, "retry", "carrier \"a\"", 3, "enroute", "\u{1}\n\\", "\"quoted\" – ünïcode"]);
        assert_eq!(read, serde_json::json!([first, [6, "retry", "carrier \"a\"", null, null, "", ""]]));
    }

    #[test]
    fn a_long_one_keeps_its_ends_and_says_what_it_left_out() {
        let mut h = History::default();
        for n in 0..5_000 {
            h.push(&event(n, "system error"));
            assert!(h.as_str().len() <= LONGEST);
        }
        let read: Vec<Value> = serde_json::from_str(h.as_str()).unwrap();
        assert_eq!((&read[0][0], &read.last().unwrap()[0]), (&Value::from(0), &Value::from(4_999)));
        let remark: Vec<&str> = read.iter().filter_map(|e| e[6].as_str()?.strip_suffix(LEFT_OUT)).collect();
        assert_eq!(remark.len(), 1);
        assert_eq!(remark[0].parse::<usize>().unwrap() + read.len() - 1, 5_000);
        let mut wordy = History::default();
        (0..40).for_each(|n| wordy.push(&event(n, &"x".repeat(2_000))));
        assert!(wordy.as_str().len() <= LONGEST + 3_000, "{}", wordy.as_str().len());
    }
}
