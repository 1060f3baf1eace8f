//! `waxwing check`.

use std::path::PathBuf;

use clap::Args;

use super::{Failure, out};
use crate::config;

/// Arguments of `waxwing check`.
#[derive(Debug, Args)]
pub struct Check {
    /// The file
    #[arg(default_value = "waxwing.toml", env = "WAXWING_CONFIG")]
    file: PathBuf,
}

/// Checks a file.
pub(super) fn run(args: &Check) -> Result<(), Failure> {
    let config = config::load(&args.file)?;
    for w in &config.warnings {
        out::warning(w);
    }
    crate::node::check_files(&config).map_err(|e| Failure::Usage(format!("{}: {e}", args.file.display())))?;
    let count = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
    out::line(format_args!(
        "{} is in order: {}, {}, {}, {}",
        args.file.display(),
        count(config.listeners.len(), "listener"),
        count(config.connectors.len(), "connector"),
        count(config.accounts.len(), "account"),
        count(config.routes.len(), "route"),
    ));
    Ok(())
}
