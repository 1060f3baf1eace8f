//! An HTTP/1.1 load generator.
