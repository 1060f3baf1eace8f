//! Status codes (WAP-247-PAP, section 9.13).

use std::fmt;

/// A status code. Those of others than this gateway are carried as they are.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub struct Code(pub u16);

impl Code {
    /// The request succeeded.
    pub const OK: Code = Code(1000);
    /// The push was accepted, and will be sent.
    pub const ACCEPTED: Code = Code(1001);
    /// The request cannot be understood.
    pub const BAD_REQUEST: Code = Code(2000);
    /// The initiator may not do this.
    pub const FORBIDDEN: Code = Code(2001);
    /// An address is none.
    pub const ADDRESS_ERROR: Code = Code(2002);
    /// There is nobody of this address.
    pub const ADDRESS_NOT_FOUND: Code = Code(2003);
    /// There is no push of this push-id.
    pub const PUSH_ID_NOT_FOUND: Code = Code(2004);
    /// What the initiator assumes of the handset is wrong.
    pub const CAPABILITIES_MISMATCH: Code = Code(2005);
    /// The handset, or the way to it, lacks what is asked for.
    pub const CAPABILITIES_NOT_SUPPORTED: Code = Code(2006);
    /// The push-id was used before.
    pub const DUPLICATE_PUSH_ID: Code = Code(2007);
    /// It has been sent already.
    pub const CANCELLATION_NOT_POSSIBLE: Code = Code(2008);
    /// Something is wrong with the gateway.
    pub const INTERNAL_ERROR: Code = Code(3000);
    /// The gateway does not do this.
    pub const NOT_IMPLEMENTED: Code = Code(3001);
    /// The version of PAP is unknown.
    pub const VERSION_NOT_SUPPORTED: Code = Code(3002);
    /// It cannot be done as things are.
    pub const NOT_POSSIBLE: Code = Code(3003);
    /// Content is not matched against what handsets can do.
    pub const CAPABILITY_MATCHING_NOT_SUPPORTED: Code = Code(3004);
    /// One address at a time.
    pub const MULTIPLE_ADDRESSES_NOT_SUPPORTED: Code = Code(3005);
    /// The content could not be brought into the form that handsets take.
    pub const TRANSFORMATION_FAILURE: Code = Code(3006);
    /// The delivery method cannot be had.
    pub const DELIVERY_METHOD_NOT_POSSIBLE: Code = Code(3007);
    /// What the handset can do is not known.
    pub const CAPABILITIES_NOT_AVAILABLE: Code = Code(3008);
    /// The network cannot be had.
    pub const NETWORK_NOT_AVAILABLE: Code = Code(3009);
    /// The bearer cannot be had.
    pub const BEARER_NOT_AVAILABLE: Code = Code(3010);
    /// Pushes cannot be replaced.
    pub const REPLACEMENT_NOT_SUPPORTED: Code = Code(3011);
    /// The gateway, or what it needs, has failed.
    pub const SERVICE_FAILURE: Code = Code(4000);
    /// The gateway is busy: try again later.
    pub const SERVICE_UNAVAILABLE: Code = Code(4001);
    /// The handset, or the network before it, gave the push up.
    pub const ABORTED: Code = Code(5000);

    /// The class, first digit of the code, is success.
    pub fn is_success(self) -> bool {
        self.0 / 1000 == 1
    }

    /// Its words in the specification; those of its class where it is unknown.
    pub fn words(self) -> &'static str {
        match (self.0, self.0 / 1000) {
            (1000, _) => "OK",
            (1001, _) => "Accepted for Processing",
            (2000, _) => "Bad Request",
            (2001, _) => "Forbidden",
            (2002, _) => "Address Error",
            (2003, _) => "Address Not Found",
            (2004, _) => "Push ID Not Found",
            (2005, _) => "Capabilities Mismatch",
            (2006, _) => "Required Capabilities Not Supported",
            (2007, _) => "Duplicate Push ID",
            (2008, _) => "Cancellation Not Possible",
            (3001, _) => "Not Implemented",
            (3002, _) => "Version Not Supported",
            (3003, _) => "Not Possible",
            (3004, _) => "Capability Matching Not Supported",
            (3005, _) => "Multiple Addresses Not Supported",
            (3006, _) => "Transformation Failure",
            (3007, _) => "Specified Delivery Method Not Possible",
            (3008, _) => "Capabilities Not Available",
            (3009, _) => "Required Network Not Available",
            (3010, _) => "Required Bearer Not Available",
            (3011, _) => "Replacement Not Supported",
            (4001, _) => "Service Unavailable",
            (_, 1) => "Success",
            (_, 2) => "Client Error",
            (_, 3) => "Internal Server Error",
            (_, 4) => "Service Failure",
            (_, 5) => "Mobile Client Aborted",
            _ => "Unknown",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}
