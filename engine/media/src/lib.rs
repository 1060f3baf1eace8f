//! Media by content hash.
