//! Content adaptation: what a phone can show, and media made to fit it.
