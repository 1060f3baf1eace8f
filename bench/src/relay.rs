//! The bare relay: one connection in, one out, of the same codec and session engine, with no spool, routing or ledger.
