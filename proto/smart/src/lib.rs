//! Nokia Smart Messaging and EMS.
