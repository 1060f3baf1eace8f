//! The power of the disk is cut under load. kill -9 alone proves nothing about fsync: the page cache outlives the process. Here all that
//! had not reached the device is gone. The control, the same without syncing, must lose messages, or the test could not fail.

use std::time::Duration;

use serde_json::json;
use waxwing_tests::disk::Disk;
use waxwing_tests::load::{Comparison, Load};
use waxwing_tests::{Carrier, Config, Gateway, rounds, say, skip};

const WINDOW: usize = 64;

/// Messages acknowledged in all rounds, and how they compare with what the carrier saw in the end.
struct Outcome {
    acknowledged: usize,
    comparison: Comparison,
}

/// `cuts` rounds of load and power cut; in every second one the carrier is away, so that everything acknowledged is still queued.
fn cut(cuts: usize, settings: &str, patience: Duration) -> Result<Outcome, String> {
    let disk = Disk::new()?;
    let folder = disk.mount_point().join("gateway");
    std::fs::create_dir(&folder).expect("a folder on the disk");
    let mut carrier = Carrier::start(json!({}));
    let connector = format!("window = {WINDOW}");
    let config = Config::new().with(settings).shop().smpp_connector(carrier.address(), &connector).route_to_carrier();
    let mut acknowledged = Vec::new();
    for round in 0..=cuts {
        // The configuration is written again each time: without a sync, the power cut takes it as well.
        std::fs::create_dir_all(&folder).expect("a folder on the disk");
        let mut gateway = Gateway::start_at(&folder, &config);
        if round == cuts {
            carrier.come_back();
            return Ok(Outcome {
                acknowledged: acknowledged.len(),
                comparison: Comparison::settled(&acknowledged, &mut carrier, patience),
            });
        }
        if round % 2 == 0 {
            carrier.go_away()
        } else {
            carrier.come_back()
        }
        let load = Load::start(gateway.smpp(), &format!("cut{round}"), WINDOW);
        load.wait_for(fastrand::usize(300..1_500));
        disk.power_off();
        gateway.kill();
        acknowledged.extend(load.texts());
        drop(gateway);
        disk.power_on();
    }
    unreachable!("the last round returns")
}

#[test]
fn power_cut_under_load() {
    let cuts = rounds("WAXWING_POWER_CUTS", 10);
    let outcome = match cut(cuts, "", Duration::from_secs(120)) {
        Ok(outcome) => outcome,
        Err(why) => return skip("power_cut_under_load", &why),
    };
    let Comparison { missing, duplicates, most_duplicates } = outcome.comparison;
    let acknowledged = outcome.acknowledged;
    say(&format!(
        "{cuts} power cuts, {acknowledged} messages acknowledged, {} lost, {duplicates} duplicates, at most {most_duplicates} of a round",
        missing.len()
    ));
    assert!(missing.is_empty(), "acknowledged and lost: {} of {acknowledged}, e.g. {:?}", missing.len(), missing.first());
    assert!(duplicates <= cuts * WINDOW, "{duplicates} duplicates after {cuts} cuts with a window of {WINDOW}");
}

#[test]
fn without_syncing_a_power_cut_loses_messages() {
    match cut(1, "[spool]\nsync = false", Duration::from_secs(10)) {
        Ok(outcome) => {
            let lost = outcome.comparison.missing.len();
            say(&format!("control without sync: 1 power cut, {} messages acknowledged, {lost} lost", outcome.acknowledged));
            assert!(lost > 0, "nothing was lost without syncing: the power cut of this test cuts nothing");
        }
        Err(why) => skip("without_syncing_a_power_cut_loses_messages", &why),
    }
}
