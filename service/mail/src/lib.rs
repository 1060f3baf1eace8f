//! E-mail: an SMTP listener, a relay client, and the mapping between MIME and MMS (MM3).
