//! Other people's programs.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::Stdio;

use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

/// Said past the test runner's capture: a test that did not run must not look like one that passed.
pub(crate) fn skipped(test: &str, why: &str) {
    let _ = writeln!(std::io::stderr(), "SKIPPED {test}: {why}");
}

/// What a program said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) output: String,
    pub(crate) errors: String,
}

/// Runs swaks; `None`, with a word about it, where it is not installed.
pub(crate) async fn swaks(test: &str, arguments: &[&str]) -> Option<Said> {
    run(test, PathBuf::from("swaks"), "Debian package swaks", arguments, "").await
}

/// Runs a script beside this file in the Python of the peers, which has aiosmtpd.
pub(crate) async fn python(test: &str, script: &str, arguments: &[&str], input: &str) -> Option<Said> {
    let script = script_path(script);
    let mut all = vec![script.to_str().unwrap()];
    all.extend_from_slice(arguments);
    run(test, interpreter(), "run scripts/install-test-peers.sh", &all, input).await
}

pub(crate) fn script_path(script: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/mail/peers").join(script)
}

/// The Python of the peers.
pub(crate) fn interpreter() -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |target| root.join(target));
    target.join("peers/venv/bin/python3")
}

async fn run(test: &str, program: PathBuf, mend: &str, arguments: &[&str], input: &str) -> Option<Said> {
    let mut command = Command::new(&program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let Ok(mut child) = command.spawn() else {
        skipped(test, &format!("{} is not there ({mend})", program.display()));
        return None;
    };
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    let feed = tokio::spawn(async move {
        let _ = stdin.write_all(input.as_bytes()).await;
    });
    let output = child.wait_with_output().await.unwrap();
    feed.await.unwrap();
    let text = |octets: Vec<u8>| String::from_utf8_lossy(&octets).into_owned();
    Some(Said { code: output.status.code(), output: text(output.stdout), errors: text(output.stderr) })
}
