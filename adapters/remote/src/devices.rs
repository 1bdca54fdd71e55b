//! Devices: listed, looked at, registered, retired.

use fido_unlock_protocol::DeviceId;
use serde::Serialize;

use crate::http::Ask;
use crate::model::{Devices, Enrolment, Entries, Issuer, Registered, WholeDevice};
use crate::{RemoteDesk, RemoteError};

/// A device as an enrolment station found it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NewDevice {
    /// As people read it out.
    pub device_id: String,
    /// The owner's id.
    pub user: String,
    /// 1 or 2.
    pub suite: u8,
    /// 0 to 15.
    pub slot: u8,
    /// Q of the slot: a compressed point in hexadecimal digits.
    pub issuer: String,
    /// E, in suite 2: a compressed point in hexadecimal digits; else empty.
    pub device_key: String,
    /// What people call it; may be empty.
    pub label: String,
    /// The device's unlock counter.
    pub counter: Option<u32>,
}

impl RemoteDesk {
    /// Devices of 50 users, by their owners' ids. `after`: the last owner of the page before.
    ///
    /// # Errors
    /// As [`RemoteDesk::search`].
    pub fn devices(&self, after: Option<&str>) -> Result<Devices, RemoteError> {
        let after: Vec<(&str, &str)> = after.map(|after| ("after", after)).into_iter().collect();
        self.get_by("/api/v1/devices", &after)
    }

    /// A device with all that is known of it. Recorded.
    ///
    /// # Errors
    /// As [`RemoteDesk::search`]; there is none.
    pub fn device(&self, id: &DeviceId) -> Result<WholeDevice, RemoteError> {
        self.get(&format!("/api/v1/devices/{}", id.to_code()))
    }

    /// What happened to a device, newest first; at most `limit` entries, up to 250. Recorded.
    ///
    /// # Errors
    /// As [`RemoteDesk::device`].
    pub fn history(&self, id: &DeviceId, limit: u32) -> Result<Entries, RemoteError> {
        let path = format!("/api/v1/devices/{}/history", id.to_code());
        self.get_by(&path, &[("limit", &limit.to_string())])
    }

    /// Takes a device out of use.
    ///
    /// # Errors
    /// As [`RemoteDesk::device`], by a token for devices alone.
    pub fn retire(&self, id: &DeviceId) -> Result<(), RemoteError> {
        let path = format!("/api/v1/devices/{}/retire", id.to_code());
        self.connection
            .ask(Some(&self.token), &Ask::post(&path, &()))
            .map(drop)
    }

    /// The present key of each slot, which a device is enrolled with; and, with an owner's id, whether their device would
    /// be registered.
    ///
    /// # Errors
    /// As [`RemoteDesk::retire`]; licence; the owner is unknown.
    pub fn enrolment(&self, owner: Option<&str>) -> Result<Vec<Issuer>, RemoteError> {
        let owner: Vec<(&str, &str)> = owner.map(|owner| ("user", owner)).into_iter().collect();
        Ok(self.get_by::<Enrolment>("/api/v1/enrolment", &owner)?.issuers)
    }

    /// Registers an enrolled device. Asked again with the same owner and keys, the desk registers it once.
    ///
    /// # Errors
    /// As [`RemoteDesk::retire`]; the owner is unknown, the device is registered already, its key is not the desk's.
    pub fn register(&self, device: &NewDevice) -> Result<DeviceId, RemoteError> {
        let ask = Ask {
            again: true,
            ..Ask::post("/api/v1/devices", device)
        };
        let registered: Registered = self.connection.json(Some(&self.token), &ask)?;
        Ok(registered.device_id)
    }
}
