//! The gateway's own traces of CMPP 3.0, read by tshark. It knows no 2.0, nothing of QUERY and CANCEL but their names, and no PDU above
//! 1,000 octets.

use std::time::Duration;

use waxwing_tests::cmpp::{Ismg, Sp, Submit};
use waxwing_tests::tshark::Capture;
use waxwing_tests::{Config, Gateway};

const BOUND: Duration = Duration::from_secs(20);
const PHONE: &str = "13800138000";
const TEXT: &str = "plain text";

#[test]
fn both_sides_are_well_formed() {
    let ismg = Ismg::start();
    let config = Config::without_doors().cmpp("trace = true").shop_over_cmpp("");
    let mut gateway = Gateway::start(&config.cmpp_connector(ismg.address(), "version = \"3.0\"\ntrace = true").route_to_carrier());
    let clients = gateway.cmpp();
    let mut link = ismg.login();
    gateway.wait_until_up("carrier");
    let mut sp = Sp::ready(clients, 0x30);
    let long = "长短信".repeat(40);
    let submits = [vec![Submit::new(TEXT), Submit::ucs2("你好")], Submit::parts(&long, 1)].concat();
    for submit in &submits {
        sp.submit_ok(submit);
    }
    for id in 1..=4 {
        link.take(id);
    }
    for id in 1..=4 {
        link.report(id, "DELIVRD", PHONE);
    }
    for _ in 0..4 {
        sp.wait_for_report(BOUND);
    }
    link.deliver(&waxwing_tests::cmpp::Deliver::new("from the phone"));
    assert_eq!(sp.wait_for_mo(BOUND).text(), "from the phone");
    sp.assert_alive();
    sp.terminate();
    let carrier = ismg.address();
    drop((link, ismg));
    gateway.stop();

    let files: Vec<_> =
        std::fs::read_dir(gateway.folder().join("data/trace")).expect("traces").map(|e| e.expect("an entry").path()).collect();
    let [path] = files.as_slice() else { panic!("one file: {files:?}") };
    for (file, server) in [("the carrier's side", carrier), ("the SPs' side", clients)] {
        let capture = Capture::cmpp(path, &[server]);
        capture.assert_well_formed();
        let is = |command: u32| format!("cmpp.Command_Id == {command}");
        let count = |command: u32| capture.fields(&is(command), &["frame.number"]).len();
        assert_eq!((count(4), count(5)), (4, 5), "{file}: SUBMIT, DELIVER");
        assert_eq!((count(0x8000_0004), count(0x8000_0005)), (4, 5), "{file}: their responses");
        let fields = ["cmpp.submit.Msg_src", "cmpp.Dest_terminal_Id", "cmpp.Msg_Fmt", "cmpp.submit.Pk_total", "cmpp.Msg_Length"];
        let submits = capture.fields(&is(4), &fields);
        assert_eq!(submits[0], ["901234", PHONE, "0", "1", "10"], "{file}");
        assert!(submits.iter().any(|submit| submit[2..] == ["8", "1", "4"]), "{file}: {submits:?}");
        assert!(submits.iter().any(|submit| submit[2..] == ["8", "2", "140"]), "{file}: {submits:?}");
        let stats = capture.fields(&is(5), &["cmpp.deliver.Report.Status"]);
        assert_eq!(stats.iter().filter(|stat| stat[0].contains("DELIVRD")).count(), 4, "{file}: {stats:?}");
        // A connector may have logged in before its trace began.
        if server == clients {
            let connect = capture.fields(&is(1), &["cmpp.connect.Source_Addr", "cmpp.Version"]);
            assert!(connect[0][0] == "901234" && connect[0][1].contains('3'), "{connect:?}");
            assert_eq!((count(0x8000_0001), count(2), count(0x8000_0002)), (1, 1, 1), "CONNECT_RESP, TERMINATE and its response");
        }
        let results = capture.fields("cmpp.submit_resp.Result != 0 || cmpp.deliver_resp.Result != 0", &["frame.number"]);
        assert!(results.is_empty(), "{file}: refused {results:?}");
    }
}
