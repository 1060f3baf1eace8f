//! What the tests share: real samples, and a PDU of every kind.
#![allow(dead_code, clippy::unwrap_used)]

use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Said past the test runner's capture: a test that did not run must not look like one that passed.
pub(crate) fn skipped(test: &str, why: &str) {
    let _ = writeln!(std::io::stderr(), "SKIPPED {test}: {why}");
}

/// The directory of real samples, which the environment names; if it does not, that is said.
pub(crate) fn samples(test: &str) -> Option<PathBuf> {
    let directory = std::env::var_os("WAXWING_SAMPLES").map(PathBuf::from).filter(|path| path.join("MANIFEST.tsv").is_file());
    if directory.is_none() {
        skipped(test, "WAXWING_SAMPLES names no directory of samples");
    }
    directory
}

/// A sample, and what others say of it.
pub(crate) struct Sample {
    pub(crate) file: String,
    pub(crate) octets: Vec<u8>,
    /// tshark's word, such as `m-send-req (0x80)`.
    pub(crate) tshark: String,
    /// That of another decoder, such as `ok M-Send.req parts=4`.
    pub(crate) other: String,
}

/// Every sample of an MMS PDU.
pub(crate) fn manifest(directory: &Path) -> Vec<Sample> {
    let manifest = std::fs::read_to_string(directory.join("MANIFEST.tsv")).unwrap();
    let lines = manifest.lines().skip(1).map(|line| line.split('\t').collect::<Vec<_>>());
    let mut samples: Vec<_> = lines
        .filter(|fields| fields[0].starts_with("mms/"))
        .map(|fields| Sample {
            file: fields[0].to_owned(),
            octets: std::fs::read(directory.join(fields[0])).unwrap(),
            tshark: fields[3].to_owned(),
            other: fields[4].to_owned(),
        })
        .collect();
    samples.sort_by(|one, other| one.file.cmp(&other.file));
    samples
}
