//! What the ledger needs of a spool: its feed and the names in it.

use std::sync::Arc;

use waxwing_spool::{BoxFuture, Cursor, FeedItem, GroupId, QueueId, Spool, SpoolError};

/// The ordered record of everything that happens in a spool. Every spool is one; tests bring small ones.
pub trait Feed: Send + Sync + 'static {
    /// [`Spool::feed`]: whole transactions, empty at the end. Blocks.
    ///
    /// # Errors
    /// The spool's.
    fn read(&self, after: Cursor, max_bytes: usize) -> Result<Vec<FeedItem>, SpoolError>;
    /// [`Spool::feed_ready`].
    fn ready(&self, after: Cursor) -> BoxFuture<'static, ()>;
    /// [`Spool::feed_ack`].
    fn ack(&self, reader: &str, upto: Cursor);
    /// [`Spool::feed_register`].
    fn register(&self, reader: &str, at: Option<Cursor>) -> Cursor;
    /// [`Spool::queue_name`].
    fn queue(&self, id: QueueId) -> Option<Arc<str>>;
    /// [`Spool::group_name`].
    fn group(&self, id: GroupId) -> Option<Arc<str>>;
    /// Messages accepted since the spool was opened.
    fn accepted(&self) -> u64;
    /// [`Spool::feed_behind`].
    fn behind(&self, after: Cursor) -> Option<u64>;
}

impl Feed for Arc<dyn Spool> {
    fn read(&self, after: Cursor, max_bytes: usize) -> Result<Vec<FeedItem>, SpoolError> {
        (**self).feed(after, max_bytes)
    }
    fn ready(&self, after: Cursor) -> BoxFuture<'static, ()> {
        (**self).feed_ready(after)
    }
    fn ack(&self, reader: &str, upto: Cursor) {
        (**self).feed_ack(reader, upto);
    }
    fn register(&self, reader: &str, at: Option<Cursor>) -> Cursor {
        (**self).feed_register(reader, at)
    }
    fn queue(&self, id: QueueId) -> Option<Arc<str>> {
        (**self).queue_name(id)
    }
    fn group(&self, id: GroupId) -> Option<Arc<str>> {
        (**self).group_name(id)
    }
    fn accepted(&self) -> u64 {
        (**self).stats().accepted
    }
    fn behind(&self, after: Cursor) -> Option<u64> {
        (**self).feed_behind(after)
    }
}
