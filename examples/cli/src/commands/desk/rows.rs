//! Users and devices as lists show them, wherever the desk is.

use fido_unlock::DeviceId;
use fido_unlock::desk::{Found, RegisteredDevice, UserClass};
use fido_unlock_remote::model;
use serde_json::{Value, json};

use super::class_name;
use crate::commands::audit::moment;
use crate::output::{Report, counted, shown};

/// A device in a list.
pub struct DeviceRow {
    pub id: DeviceId,
    /// The owner's id.
    pub owner: String,
    pub suite: u8,
    pub slot: u8,
    pub label: Option<String>,
    pub registered_at: String,
    pub retired: bool,
}

impl From<&RegisteredDevice> for DeviceRow {
    fn from(device: &RegisteredDevice) -> Self {
        Self {
            id: device.id,
            owner: device.owner.as_str().to_owned(),
            suite: device.keys.suite().number(),
            slot: device.slot,
            label: device.label.as_ref().map(ToString::to_string),
            registered_at: moment(device.registered_at),
            retired: device.retired,
        }
    }
}

impl From<&model::Device> for DeviceRow {
    fn from(device: &model::Device) -> Self {
        Self {
            id: device.device_id,
            owner: device.user.clone(),
            suite: device.suite.number(),
            slot: device.slot,
            label: device.label.clone(),
            registered_at: device.registered_at.clone(),
            retired: device.retired,
        }
    }
}

impl DeviceRow {
    fn line(&self) -> String {
        format!(
            "{} of {}, suite {}, slot {}, since {}{}",
            self.id,
            shown(&self.owner),
            self.suite,
            self.slot,
            shown(&self.registered_at),
            if self.retired { ", out of use" } else { "" }
        )
    }

    fn value(&self) -> Value {
        json!({
            "device_id": self.id.to_code(),
            "user": self.owner,
            "suite": self.suite,
            "slot": self.slot,
            "label": self.label,
            "registered_at": self.registered_at,
            "retired": self.retired,
        })
    }
}

/// A user in a list.
pub struct UserRow {
    pub id: String,
    pub name: String,
    pub class: UserClass,
    pub devices: Vec<DeviceRow>,
}

impl From<&Found> for UserRow {
    fn from(found: &Found) -> Self {
        Self {
            id: found.user.id.as_str().to_owned(),
            name: found.user.name.clone(),
            class: found.user.class,
            devices: found.devices.iter().map(Into::into).collect(),
        }
    }
}

impl From<&model::Found> for UserRow {
    fn from(found: &model::Found) -> Self {
        Self {
            id: found.user.id.clone(),
            name: found.user.name.clone(),
            class: found.user.class.into(),
            devices: found.devices.iter().map(Into::into).collect(),
        }
    }
}

impl UserRow {
    fn line(&self) -> String {
        format!(
            "{} ({}), {}, {}",
            shown(&self.id),
            shown(&self.name),
            class_name(self.class),
            counted(self.devices.len(), "device", "devices")
        )
    }

    fn value(&self) -> Value {
        json!({
            "user": self.id,
            "name": self.name,
            "class": class_name(self.class),
            "device_ids": self.devices.iter().map(|device| device.id.to_code()).collect::<Vec<_>>(),
        })
    }
}

/// A page of users; `next`: behind whom there are more.
pub fn users(found: &[UserRow], next: Option<String>) -> Report {
    page("users", found.iter().map(|row| (row.line(), row.value())), next)
}

/// A page of devices; `next`: behind whose there are more.
pub fn devices<'a>(found: impl Iterator<Item = &'a DeviceRow>, next: Option<String>) -> Report {
    page("devices", found.map(|row| (row.line(), row.value())), next)
}

fn page(name: &'static str, rows: impl Iterator<Item = (String, Value)>, next: Option<String>) -> Report {
    let (mut report, mut values) = (Report::new(), Vec::new());
    for (line, value) in rows {
        report = report.line(line);
        values.push(value);
    }
    if values.is_empty() {
        report = report.line("There are none.");
    }
    if let Some(next) = &next {
        report = report.line(format!("More: --after {}", shown(next)));
    }
    report.field(name, values).field("next", next)
}
