//! hid
