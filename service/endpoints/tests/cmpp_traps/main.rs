//! What CMPP's peers do to each other, a test each: the numbers are those of this list, and tests elsewhere have them in their names too.
//!
//! | trap | what | where, besides here |
//! |---|---|---|
//! | 1 | the timestamp loses its leading zero | `auth` of waxwing-cmpp |
//! | 2 | two clock readings for one login, and clocks that are wrong | |
//! | 3 | a gateway's digest over a status of the other width, or junk | `auth` |
//! | 4 | accounts of fewer than six characters, hashed bare or padded | `auth` |
//! | 5 | version bytes that nobody means | `odd_input` of waxwing-cmpp |
//! | 6 | "version too high" where it is not | |
//! | 7 | a status above 5 | `odd_input` |
//! | 8 | other protocols on the same port | `frame` |
//! | 9 | responses of the other version's width | `odd_input` |
//! | 10 | reports of the other version's length, tails cut off | `odd_input` |
//! | 11 | ACTIVE_TEST_RESP without its octet | `odd_input` |
//! | 12 | peers that take no PDU above 2048 octets: ours stay far below | |
//! | 13 | commands that nobody knows | `odd_input` |
//! | 14 | sequence numbers that begin and wrap anywhere | |
//! | 15 | PDUs in one read or in many | |
//! | 16 | peers that lose a PDU which pauses in its header: ours is waited for | |
//! | 17 | TP_udhi 0x40 | `odd_input` |
//! | 18 | headers of 6 and 7 octets, elements in any order; lengths by agreement | `split` |
//! | 19 | Pk_total without a header; the same reference twice at once | `cmpp_long_messages_are_merged` of waxwing-tests |
//! | 20 | answers that wait for the last part | |
//! | 21 | Msg_Fmt 15 is GB 18030, and a word comes in any Msg_Fmt | |
//! | 22 | 159, 160 and more characters | `odd_input`, `split` |
//! | 23 | signatures | `split` alone |
//! | 24 | Msg_Fmt as a data coding scheme; ports | `odd_input`, `split` |
//! | 25 | numbers with and without 86; fields filled with other than NUL | `odd_input`, `inward`, `deliver` alone |
//! | 26 | many recipients | `odd_input` |
//! | 27 | Msg_src, Src_Id, Service_Id | |
//! | 28 | Registered_Delivery is only a flag | `odd_input` |
//! | 29 | LinkID and Reserve | `odd_input`, `outward` |
//! | 30 | reports before the response, ids that are given twice | `inward` |
//! | 31 | SPs that never answer a DELIVER | `door::session`; `cmpp_a_client_that_never_answers_stalls_nobody` of waxwing-tests |
//! | 32 | SPs that die of a DELIVER, and answers that are none | |
//! | 33 | libraries that ask for no report | |
//! | 34 | times without a year | `requests` alone |
//! | 35 | a dissector that knows 3.0 only: nothing of ours to test; `tshark` of waxwing-cmpp asks it about 3.0 | |
#![allow(clippy::unwrap_used, missing_docs)]

mod bed;
mod beside;
mod content;
mod framing;
mod login;
mod reports;
mod wire;
