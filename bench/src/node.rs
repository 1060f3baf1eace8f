//! A relay made with node's smpp module.
