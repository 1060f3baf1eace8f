//! An HTTP server that takes what the gateway posts.
