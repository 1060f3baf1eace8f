//! Bodies of parts: as they are where they may be, otherwise quoted-printable or base64 (RFC 2045 6).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Longest line that goes as it is; RFC 5322 2.1.1 has 998 as the limit, 78 as good form.
const PLAIN_LINE: usize = 78;
const QP_LINE: usize = 76;
const BASE64_OCTETS: usize = 57;

/// The start of every delimiter of ours, which no text may have that goes as it is.
pub(crate) const BOUNDARY_START: &str = "=_wx";

/// Writes text with its `Content-Transfer-Encoding` and the empty line before it; lines end in `<CR><LF>` whatever they ended in.
pub(crate) fn write_text(out: &mut Vec<u8>, text: &[u8]) {
    let lines = lines(text);
    if is_plain(&lines) {
        out.extend_from_slice(b"Content-Transfer-Encoding: 7bit\r\n\r\n");
        for line in lines {
            out.extend_from_slice(line);
            out.extend_from_slice(b"\r\n");
        }
        return;
    }
    let odd = text.iter().filter(|octet| !matches!(octet, b' '..=b'~' | b'\r' | b'\n')).count();
    if odd * 3 > text.len() {
        let mut joined = lines.join(&b"\r\n"[..]);
        joined.extend_from_slice(b"\r\n");
        return write_binary(out, &joined);
    }
    out.extend_from_slice(b"Content-Transfer-Encoding: quoted-printable\r\n\r\n");
    for line in lines {
        quoted_printable(out, line);
        out.extend_from_slice(b"\r\n");
    }
}

/// Writes octets in base64 with their `Content-Transfer-Encoding` and the empty line before them.
pub(crate) fn write_binary(out: &mut Vec<u8>, octets: &[u8]) {
    out.extend_from_slice(b"Content-Transfer-Encoding: base64\r\n\r\n");
    out.reserve(octets.len() / 3 * 4 + octets.len() / BASE64_OCTETS * 2 + 8);
    let mut line = [0; BASE64_OCTETS.div_ceil(3) * 4];
    for piece in octets.chunks(BASE64_OCTETS) {
        // The buffer has room for any piece.
        if let Ok(length) = STANDARD.encode_slice(piece, &mut line) {
            out.extend_from_slice(&line[..length]);
        }
        out.extend_from_slice(b"\r\n");
    }
}

/// Writes ASCII fields as they are: `message/delivery-status` and its like may not be encoded (RFC 2046 5.2).
pub(crate) fn write_fields(out: &mut Vec<u8>, fields: &str) {
    out.extend_from_slice(b"Content-Transfer-Encoding: 7bit\r\n\r\n");
    out.extend_from_slice(fields.as_bytes());
}

/// Lines, whatever they end in: `<CR><LF>`, `<LF>` or `<CR>`.
fn lines(text: &[u8]) -> Vec<&[u8]> {
    let mut lines = Vec::new();
    let mut rest = text;
    while let Some(end) = rest.iter().position(|octet| matches!(octet, b'\r' | b'\n')) {
        lines.push(&rest[..end]);
        rest = &rest[end + if rest[end..].starts_with(b"\r\n") { 2 } else { 1 }..];
    }
    if !rest.is_empty() || lines.is_empty() {
        lines.push(rest);
    }
    lines
}

fn is_plain(lines: &[&[u8]]) -> bool {
    lines.iter().all(|line| {
        line.len() <= PLAIN_LINE
            && line.iter().all(|octet| matches!(octet, b' '..=b'~' | b'\t'))
            && !line.last().is_some_and(|octet| matches!(octet, b' ' | b'\t'))
            && !line.windows(BOUNDARY_START.len()).any(|window| window == BOUNDARY_START.as_bytes())
    })
}

fn quoted_printable(out: &mut Vec<u8>, line: &[u8]) {
    let mut column = 0;
    for (index, &octet) in line.iter().enumerate() {
        let last = index + 1 == line.len();
        let literal = match octet {
            b' ' | b'\t' => !last,
            b'=' => false,
            b'!'..=b'~' => true,
            _ => false,
        };
        let width = if literal { 1 } else { 3 };
        // One place stays free for the soft line break.
        if column + width > QP_LINE - usize::from(!last) {
            out.extend_from_slice(b"=\r\n");
            column = 0;
        }
        if literal {
            out.push(octet);
        } else {
            out.extend_from_slice(format!("={octet:02X}").as_bytes());
        }
        column += width;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use mail_parser::MessageParser;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn texts_there_and_back(text in "[ -~é漢\\t\\r\\n=.]{0,400}") {
            let mut out = b"Content-Type: text/plain; charset=utf-8\r\n".to_vec();
            write_text(&mut out, text.as_bytes());
            let written = String::from_utf8(out).unwrap();
            prop_assert!(written.is_ascii() && written.split("\r\n").all(|line| line.len() <= 78 && !line.contains('\n')));
            let parsed = MessageParser::default().parse(written.as_bytes()).unwrap();
            let normal = |text: &str| lines(text.as_bytes()).join(&b"\n"[..]);
            let found = parsed.parts[0].text_contents().unwrap_or_default().to_owned();
            prop_assert_eq!(normal(&found), normal(&text));
        }

        #[test]
        fn octets_there_and_back(octets in proptest::collection::vec(any::<u8>(), 0..400)) {
            let mut out = b"Content-Type: application/octet-stream\r\n".to_vec();
            write_binary(&mut out, &octets);
            let parsed = MessageParser::default().parse(&out).unwrap();
            prop_assert_eq!(parsed.parts[0].contents(), octets.as_slice());
        }
    }
}
