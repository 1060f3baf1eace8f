//! A message as it goes over the line after DATA: lines ended properly, dots stuffed, the end (RFC 5321 4.5.2).

/// The octets. A bare carriage return or line feed becomes a line's end: nothing that we send can be taken for the end of the message but
/// its end.
pub(super) fn on_the_wire(message: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.len() + message.len() / 64 + 8);
    let mut at_start = true;
    let mut index = 0;
    while index < message.len() {
        if at_start && message[index] == b'.' {
            out.push(b'.');
        }
        let end = message[index..].iter().position(|octet| matches!(octet, b'\r' | b'\n')).map_or(message.len(), |end| index + end);
        out.extend_from_slice(&message[index..end]);
        if end == message.len() {
            break;
        }
        out.extend_from_slice(b"\r\n");
        at_start = true;
        index = if message[end..].starts_with(b"\r\n") { end + 2 } else { end + 1 };
    }
    if !out.is_empty() && !out.ends_with(b"\r\n") {
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b".\r\n");
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn examples() {
        for (message, wire) in [
            ("", ".\r\n"),
            ("a", "a\r\n.\r\n"),
            (".\r\n..\r\n", "..\r\n...\r\n.\r\n"),
            ("a\n.\nb\r.\r\nc", "a\r\n..\r\nb\r\n..\r\nc\r\n.\r\n"),
            ("\r\n", "\r\n.\r\n"),
        ] {
            assert_eq!(String::from_utf8_lossy(&on_the_wire(message.as_bytes())), wire, "{message:?}");
        }
    }

    proptest! {
        #[test]
        fn one_end_only(message in proptest::collection::vec(prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'.'), Just(b'a')], 0..40)) {
            let wire = String::from_utf8_lossy(&on_the_wire(&message)).into_owned();
            prop_assert!(wire == ".\r\n" || wire.find("\r\n.\r\n") == Some(wire.len() - 5));
            prop_assert!(!wire.starts_with(".\r\n") || wire.len() == 3);
            prop_assert!(!wire.replace("\r\n", "").contains(['\r', '\n']));
        }
    }
}
