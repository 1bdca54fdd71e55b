//! `tracing` if the feature is on, nothing if it is off. Only names, numbers and lengths may
//! be given to these macros: never bytes of a message.

#[cfg(feature = "tracing")]
#[allow(unused_macros)]
macro_rules! trace_event {
    ($($arg:tt)*) => { tracing::trace!($($arg)*) };
}

#[cfg(not(feature = "tracing"))]
#[allow(unused_macros)]
macro_rules! trace_event {
    ($($arg:tt)*) => {};
}

#[allow(unused_imports)]
pub(crate) use trace_event;
