//! The gateway's own traces, read by tshark: nothing malformed on either side, and a long message put together to the original text.

use serde_json::json;
use waxwing_tests::client::{Job, long_text};
use waxwing_tests::relay_with;
use waxwing_tests::tshark::Capture;

#[test]
fn both_sides_are_well_formed() {
    let (mut gateway, carrier) = relay_with(json!({}), "trace = true", "trace = true");
    let clients = gateway.smpp();
    Job::new("node_smpp_client.js", &["gsm7", "ucs2", "udh", "sar", "payload"]).run(clients).assert_complete();
    Job::new("perl_net_smpp.pl", &["gsm7", "ucs2", "udh", "sar", "payload"]).run(clients).assert_complete();
    gateway.stop();

    let files: Vec<_> =
        std::fs::read_dir(gateway.folder().join("data/trace")).expect("traces").map(|e| e.expect("an entry").path()).collect();
    let [path] = files.as_slice() else { panic!("one file: {files:?}") };
    for (file, server) in [("the carrier's side", carrier.address()), ("the clients' side", clients)] {
        let capture = Capture::smpp(path, &[server]);
        capture.assert_well_formed();

        // Kind udh of the node client: UCS-2 in seven parts.
        let original: String = long_text().encode_utf16().map(|unit| format!("{unit:04x}")).collect();
        let reassembled = capture.fields("gsm_sms_ud.reassembled.length && smpp.command_id == 4", &["gsm_sms_ud.short_msg"]);
        let whole = reassembled.iter().flatten().flat_map(|values| values.split('|')).any(|value| value == original);
        assert!(whole, "{file}: tshark puts no long message together to its text: {reassembled:?}");

        let receipts = capture.fields("smpp.command_id == 5 && smpp.esm.submit.msg_type == 1", &["frame.number"]);
        assert!(!receipts.is_empty(), "{file}: receipts are marked as such");
        let statuses = capture.fields("smpp.command_status != 0", &["frame.number", "smpp.command_id", "smpp.command_status"]);
        assert!(statuses.is_empty(), "{file}: refused PDUs {statuses:?}");
    }
}
