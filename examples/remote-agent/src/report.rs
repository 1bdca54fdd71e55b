//! What the agent says: a JSON object a line. No secret is ever in one.

use std::io::Write;

use fido_unlock::{DeviceId, ErrorCode};
use serde_json::{Map, Value, json};

use crate::Failure;

/// Writes events.
pub struct Report<W>(W);

impl<W: Write> Report<W> {
    /// To this output.
    pub fn new(output: W) -> Self {
        Self(output)
    }

    /// One event with its fields.
    pub fn event(&mut self, name: &str, device: Option<&DeviceId>, fields: Value) -> Result<(), Failure> {
        let mut line = Map::new();
        line.insert("event".into(), name.into());
        if let Some(device) = device {
            line.insert("device_id".into(), device.to_code().into());
        }
        if let Value::Object(fields) = fields {
            line.extend(fields);
        }
        writeln!(self.0, "{}", Value::Object(line))
            .and_then(|()| self.0.flush())
            .map_err(|error| Failure::new(ErrorCode::HostFailed, format!("output: {error}")))
    }

    /// What went wrong, and what the person can do.
    pub fn error(&mut self, device: Option<&DeviceId>, failure: &Failure) -> Result<(), Failure> {
        self.event("error", device, json!({ "error": failure.to_json() }))
    }
}
