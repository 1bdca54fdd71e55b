//! client_pin
