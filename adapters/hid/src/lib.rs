#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod channel;
mod error;
mod list;
mod report_descriptor;
mod source;
mod watch;

pub use channel::{HidChannel, open};
pub use error::{HidError, udev_rule};
pub use list::{DeviceEntry, list};
pub use report_descriptor::{ReportLayout, report_layout};
pub use source::HidSource;
pub use watch::{Event, Watch, watch};
