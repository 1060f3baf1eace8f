//! Special messages: what people ask for, as what handsets take.
