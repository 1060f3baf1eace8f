//! `waxwing sim ismg` is an ISMG for service providers that others wrote, and a carrier for the gateway's own connector.

use std::time::Duration;

use waxwing_tests::cmpp::{Login, Sp, Submit, Version};
use waxwing_tests::cmpp_client::{ids, job, reported, run};
use waxwing_tests::{Config, Gateway, Sim};

const BOUND: Duration = Duration::from_secs(20);
const PHONE: &[&str] = &["13800138000"];
const STRICT: &[&str] = &["--sp-id", "901234", "--secret", "secret"];

#[test]
fn sps_that_others_wrote() {
    let sim = Sim::start("ismg", STRICT);
    let long = "长短信".repeat(40);
    let mut job = job(sim.address(), &[(PHONE, "ECHO hello from the phone"), (PHONE, &long)]);
    job["expect_reports"] = 3.into();
    job["expect_mo"] = 1.into();
    for script in ["cmppprotocol", "python_pycmpp.py"] {
        let run = run(script, &job);
        assert_eq!(ids(&run), reported(&run), "{script}");
        assert_eq!(run.events("mo")[0]["text"], "hello from the phone", "{script}");
    }
    job["secret"] = "guessed".into();
    for script in ["cmppprotocol", "python_pycmpp.py"] {
        let run = run(script, &job);
        assert!(!run.succeeded && run.events("bind_failed").len() == 1, "{script}: {:#?}", run.events);
    }
    // cmppy reads an answer at a time, so that nothing else may come.
    let sim = Sim::start("ismg", &[STRICT, &["--receipt-rate", "0", "--no-echo"]].concat());
    job["port"] = sim.address().port().into();
    job["secret"] = "secret".into();
    assert_eq!(ids(&run("python_cmppy.py", &job)).len(), 3);
}

#[test]
fn a_raw_sp_of_either_version() {
    let sim = Sim::start("ismg", STRICT);
    for version in [0x20, 0x21, 0x30] {
        let mut sp = Sp::ready(sim.address(), version);
        let id = sp.submit_ok(&Submit::ucs2("ECHO 你好").to(&["13800138001", "13800138002"]));
        let mut reported = [sp.wait_for_report(BOUND).msg_id, sp.wait_for_report(BOUND).msg_id];
        reported.sort_unstable();
        assert_eq!(reported, [id, id + 1]);
        assert_eq!(sp.wait_for_mo(BOUND).text(), "你好");
        sp.assert_alive();
        sp.terminate();
    }
    let sim = Sim::start("ismg", &[STRICT, &["--version", "2.0"]].concat());
    let answer = Sp::connect(sim.address()).login(&Login::shop(0x30));
    assert_eq!((answer.status, answer.layout), (4, Version::V3));
}

#[test]
fn a_carrier_for_the_gateway() {
    let habits = ["--error-rate", "0.2", "--error-code", "8", "--early-receipt-rate", "0.3", "--duplicate-receipt-rate", "0.3"];
    let sim = Sim::start("ismg", &[STRICT, &habits, &["--receipts-elsewhere", "--country-code", "--receipt-delay-ms", "10"]].concat());
    let config = Config::without_doors().cmpp("").shop_over_cmpp("");
    let config = config.cmpp_connector(sim.address(), "links = 2\nthrottle_pause = \"50ms\"").route_to_carrier();
    let gateway = Gateway::start(&config);
    gateway.wait_until_up("carrier");
    let mut sp = Sp::ready(gateway.cmpp(), 0x30);
    let submits: Vec<Submit> = (0..50).map(|number| Submit::new(&format!("{number}"))).collect();
    let mut waiting: Vec<u64> =
        sp.submit_all(&submits).into_iter().map(|(id, result)| if result == 0 { id } else { panic!("{result}") }).collect();
    while !waiting.is_empty() {
        let report = sp.wait_for_report(BOUND);
        let index = waiting.iter().position(|id| *id == report.msg_id).unwrap_or_else(|| panic!("{report:?}"));
        waiting.swap_remove(index);
        assert_eq!((report.stat.as_str(), report.dest_terminal_id.as_str()), ("DELIVRD", PHONE[0]));
    }
}
