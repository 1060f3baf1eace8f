//! MMS: PDUs of OMA MMS 1.0 to 1.3, WSP multipart, SMIL, DRM 1.0.
