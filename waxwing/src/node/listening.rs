//! `listening.json` in the data folder: where a running gateway really listens, for tools and tests.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// The doors of a running gateway.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listening {
    /// The HTTP door.
    pub http: Option<SocketAddr>,
    /// The message centre's door for phones and browsers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mmsc: Option<SocketAddr>,
    /// The message centre's door for e-mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub smtp: Option<SocketAddr>,
    /// The others, in the configuration's order.
    pub listeners: Vec<ListeningDoor>,
}

/// One door.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListeningDoor {
    /// What it speaks.
    pub protocol: String,
    /// Its address, with the real port.
    pub listen: SocketAddr,
}

// === impl Listening ===

impl Listening {
    fn path(data: &Path) -> PathBuf {
        data.join("listening.json")
    }

    /// What the gateway of a data folder has written, if it is running (or was killed).
    pub fn read(data: &Path) -> Option<Listening> {
        serde_json::from_slice(&std::fs::read(Listening::path(data)).ok()?).ok()
    }

    /// Writes it, whole or not at all.
    ///
    /// # Errors
    /// The system's.
    pub fn write(&self, data: &Path) -> std::io::Result<()> {
        let new = data.join("listening.json.new");
        std::fs::write(&new, serde_json::to_vec_pretty(self)?)?;
        std::fs::rename(new, Listening::path(data))
    }

    /// Takes it away: nobody listens any more.
    pub fn remove(data: &Path) {
        // It may not be there, and a stale one does no harm beyond a refused connection.
        let _ = std::fs::remove_file(Listening::path(data));
    }
}
