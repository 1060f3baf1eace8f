//! CMPP 2.0 and 3.0: every message between SP, ISMG and GNS.
