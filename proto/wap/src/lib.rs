//! WAP Push: WSP headers and push PDUs, WBXML and the documents that are pushed.
