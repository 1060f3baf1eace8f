//! What a handset makes of pushes: parts put together by their headers, and judged by tshark and libwbxml.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// The content of a message that a carrier got in parts, put together; and its header without the element that tells the parts apart,
/// both in hexadecimal. Panics where parts are missing, or have other headers.
pub fn joined(submits: &[Value]) -> (String, String) {
    let mut parts: Vec<(usize, String, String)> = submits.iter().map(part).collect();
    parts.sort();
    let numbers: Vec<usize> = parts.iter().map(|(number, ..)| *number).collect();
    assert_eq!(numbers, (1..=parts.len()).collect::<Vec<_>>(), "all parts are there: {submits:#?}");
    let (_, header, _) = &parts[0];
    assert!(parts.iter().all(|(_, other, _)| other == header), "{submits:#?}");
    (header.clone(), parts.iter().map(|(.., content)| content.as_str()).collect())
}

/// Number, header and content of one.
fn part(submit: &Value) -> (usize, String, String) {
    let elements: Vec<&str> = submit["udh"].as_array().map(|all| all.iter().filter_map(Value::as_str).collect()).unwrap_or_default();
    let concat = |element: &&&str| element.starts_with("0003") || element.starts_with("0804");
    let number = elements.iter().find(concat).map_or("01", |element| &element[element.len() - 2..]);
    let rest = elements.iter().filter(|element| !concat(element)).copied().collect();
    let content = submit["hex"].as_str().unwrap_or_else(|| panic!("octets in {submit:#}")).to_owned();
    (usize::from_str_radix(number, 16).expect("hexadecimal"), rest, content)
}

/// Octets of hexadecimal.
pub fn unhex(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal")).collect()
}

/// What tshark says of a push PDU, as text. Panics where it calls it malformed.
pub fn tshark(folder: &Path, pdu: &[u8]) -> String {
    let (dump, capture) = (folder.join("push.txt"), folder.join("push.pcap"));
    let rows = pdu.chunks(16).enumerate().map(|(row, octets)| {
        let hex: Vec<String> = octets.iter().map(|octet| format!("{octet:02x}")).collect();
        format!("{:06x} {}\n", row * 16, hex.join(" "))
    });
    std::fs::write(&dump, rows.collect::<String>()).expect("a file can be written");
    let to_capture = Command::new("text2pcap").args(["-q", "-u", "9200,2948"]).arg(&dump).arg(&capture).output();
    assert!(to_capture.is_ok_and(|output| output.status.success()), "text2pcap; run scripts/install-test-peers.sh");
    let output = Command::new("tshark").arg("-r").arg(&capture).args(["-V", "-d", "udp.port==2948,wsp"]).output().expect("tshark");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(!said.contains("Malformed") && said.contains("Wireless Session Protocol"), "{said}");
    said
}

/// WBXML as XML, as libwbxml reads it; `language` where the document does not say. Panics where it cannot.
pub fn libwbxml(folder: &Path, wbxml: &[u8], language: Option<&str>) -> String {
    let file = folder.join("document.wbxml");
    std::fs::write(&file, wbxml).expect("a file can be written");
    let mut command = Command::new("wbxml2xml");
    if let Some(language) = language {
        command.args(["-l", language]);
    }
    let output = command.args(["-m", "0", "-o", "-"]).arg(&file).output().expect("wbxml2xml; run scripts/install-test-peers.sh");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && said.contains('<'), "{said} {}", String::from_utf8_lossy(&output.stderr));
    said
}

/// The body of a push PDU whose header's length is one octet.
pub fn body(pdu: &[u8]) -> &[u8] {
    assert_eq!(pdu[1], 6, "a push: {pdu:02x?}");
    &pdu[3 + usize::from(pdu[2])..]
}

/// The header that a carrier got, without the element that tells parts apart, and the content behind it, of user data that begins with a
/// header of the part `number` of `total`.
pub fn part_of(user_data: &[u8]) -> (Vec<u8>, Vec<u8>, (u8, u8)) {
    let (header, content) = user_data.split_at(usize::from(user_data[0]) + 1);
    let (mut rest, mut place, mut elements) = (Vec::new(), (1, 1), &header[1..]);
    while let [identifier, length, after @ ..] = elements {
        let (value, after) = after.split_at(usize::from(*length));
        match (identifier, value) {
            (0, [_, total, number]) | (8, [_, _, total, number]) => place = (*number, *total),
            _ => rest.extend([&[*identifier, *length], value].concat()),
        }
        elements = after;
    }
    (rest, content.to_vec(), place)
}

/// The user data, with their headers, of the short messages that gammu makes: `kind` and arguments of its command `displaysms`.
pub fn gammu(folder: &Path, kind: &str, arguments: &[&str]) -> Vec<Vec<u8>> {
    let (phone, config) = (folder.join("phone"), folder.join("gammurc"));
    std::fs::create_dir_all(&phone).expect("a folder");
    // It needs a phone to start, for nothing else.
    std::fs::write(&config, format!("[gammu]\nmodel = dummy\nconnection = none\ndevice = {}\n", phone.display())).expect("a file");
    let output = Command::new("gammu").arg("-c").arg(config).args(["displaysms", kind, "123456"]).args(arguments).output();
    let output = output.expect("gammu; run scripts/install-test-peers.sh");
    let said = String::from_utf8_lossy(&output.stdout);
    let pdus: Vec<Vec<u8>> = said
        .lines()
        .filter(|line| line.starts_with("Whole PDU"))
        .map(|line| {
            let pdu = unhex(line.rsplit(": ").next().expect("a PDU").trim());
            // An SMS-SUBMIT behind the service centre's address: number, protocol, coding, validity, length.
            let submit = &pdu[1 + usize::from(pdu[0])..];
            let after = 3 + 1 + usize::from(submit[2]).div_ceil(2) + 2 + usize::from(submit[0] & 0x18 == 0x10);
            submit[after + 1..].to_vec()
        })
        .collect();
    assert!(!pdus.is_empty(), "gammu {kind} {arguments:?}: {said}");
    pdus
}
