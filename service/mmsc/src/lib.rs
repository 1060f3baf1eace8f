//! The multimedia message centre: mailboxes, notification, retrieval, reports.
