//! Kannel, started for measurement.
