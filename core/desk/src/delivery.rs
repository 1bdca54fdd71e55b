//! How a code reaches the user.

use alloc::string::String;

use fido_unlock_protocol::ResponseCode;

/// How the code reaches the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// It is shown to the operator, who reads it out.
    Show,
    /// It is sent to this channel of the user ([`Channel::id`](crate::Channel::id)); the operator never sees it.
    Channel(String),
}

/// A code that was given out.
///
/// ```compile_fail,E0277
/// fn print(given: &fido_unlock_desk::GivenCode) { println!("{given:?}"); }
/// ```
pub enum GivenCode {
    /// For the operator to read out.
    Shown(ResponseCode),
    /// Sent to a channel.
    Sent {
        /// Its id.
        channel: String,
    },
}
