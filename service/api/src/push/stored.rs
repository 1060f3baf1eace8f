//! Settings that are stored in a folder, and named by requests.

use std::path::Path;

use crate::Problem;

/// Largest document that is read, octets.
const MOST: u64 = 64 << 10;
/// Endings that a stored document may have, in the order in which they are tried.
const ENDINGS: [&str; 4] = ["OTA", "ota", "xml", "XML"];

/// The document of a name: text that begins with `<` is the document itself.
///
/// # Errors
/// 400 where the name is none, or there is no such document.
pub(crate) async fn stored(folder: Option<&Path>, parameter: &str, value: &str) -> Result<String, Problem> {
    if value.trim_start_matches('\u{feff}').trim_start().starts_with('<') {
        return Ok(value.to_owned());
    }
    let wrong = |why: String| Problem::invalid(format!("{parameter}: {why}"));
    let name = value.trim();
    let plain =
        !name.starts_with('.') && name.len() <= 100 && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ' '));
    if !plain {
        return Err(wrong(format!("{name:?} is no name of a stored document; it has letters, digits, spaces and -_. only")));
    }
    let Some(folder) = folder else { return Err(wrong("no folder of stored documents is configured".to_owned())) };
    for ending in ENDINGS {
        let path = folder.join(format!("{name}.{ending}"));
        match tokio::fs::metadata(&path).await {
            Ok(meta) if meta.len() > MOST => return Err(wrong(format!("{name}.{ending} has more than {MOST} octets"))),
            Ok(meta) if meta.is_file() => {
                return tokio::fs::read_to_string(&path).await.map_err(|e| wrong(format!("{name}.{ending} cannot be read: {e}")));
            }
            _ => {}
        }
    }
    Err(wrong(format!("there is no {name}.OTA among the stored documents; put it into [http] ota_folder")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[tokio::test]
    async fn documents_are_found_by_name_and_only_there() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("ota");
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("net 1.OTA"), "<a/>").unwrap();
        std::fs::write(dir.path().join("secret.OTA"), "<s/>").unwrap();
        assert_eq!(stored(Some(&folder), "OTA", "net 1").await.unwrap(), "<a/>");
        assert_eq!(stored(None, "OTA", " <b/>").await.unwrap(), " <b/>");
        for name in ["../secret", "..", "/etc/passwd", "none", ""] {
            assert!(stored(Some(&folder), "OTA", name).await.is_err(), "{name}");
        }
    }
}
