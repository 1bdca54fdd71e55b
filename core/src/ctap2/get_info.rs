//! get_info
