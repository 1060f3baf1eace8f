//! Where the binary under test is.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The root of the workspace.
pub(crate) fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in the workspace")
}

/// The `target` folder.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace().join("target"), PathBuf::from)
}

/// The `waxwing` binary: `WAXWING_BIN`, or else built once, in the profile of the tests.
pub(crate) fn waxwing() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        if let Some(path) = std::env::var_os("WAXWING_BIN") {
            return PathBuf::from(path);
        }
        let release = !cfg!(debug_assertions);
        let mut build = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        build.current_dir(workspace()).args(["build", "--quiet", "-p", "waxwing"]);
        if release {
            build.arg("--release");
        }
        let status = build.status().expect("cargo can be started");
        assert!(status.success(), "the binary does not build");
        target().join(if release { "release" } else { "debug" }).join("waxwing")
    })
}
