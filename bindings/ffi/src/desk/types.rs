//! What the desk shows, as records.

pub use fido_unlock::desk::CodeOutcome;
use fido_unlock::desk::{
    self, CallView, DeviceKeys, Found, OperatorId, RequestId, UnixTime, User, UserClass, UserId, Vouched,
};
use fido_unlock::{DeviceId, ErrorCode};

use super::{DeviceSlot, VerificationMethod};
use crate::{Suite, UnlockError};

/// What a channel is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum ChannelKind {
    /// Electronic mail.
    Mail,
    /// A telephone number for text messages.
    TextMessage,
    /// A telephone number to call.
    Telephone,
    /// An agent on the user's computer, or another program.
    Agent,
}

/// A way to reach a user, registered before the call.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct DeskChannel {
    /// Its name, unique for this user.
    pub id: String,
    /// What it is.
    pub kind: ChannelKind,
    /// Mail address, telephone number or the like.
    pub address: String,
    /// When it was registered or last changed, in seconds since 1970-01-01 UTC; set by the desk.
    #[uniffi(default = 0)]
    pub changed_at: u64,
}

/// A user.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct DeskUser {
    /// Their id.
    pub id: String,
    /// Their name, to be read back to the caller.
    pub name: String,
    /// Whether unlocking for the wrong person would do lasting harm.
    pub privileged: bool,
    /// Their channels.
    pub channels: Vec<DeskChannel>,
}

/// A registered device.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct RegisteredDevice {
    /// Its Device ID.
    pub device_id: String,
    /// Its owner's id.
    pub owner: String,
    /// The slot.
    pub slot: u8,
    /// The suite, which says how a challenge is read.
    pub suite: Suite,
    /// Q of the slot, a compressed point of 33 bytes; absent in suite 3.
    pub issuer: Option<Vec<u8>>,
    /// E, the device's own public key, a compressed point of 33 bytes; in suite 2 only.
    pub device_key: Option<Vec<u8>>,
    /// The unlock counter at registration; absent in suite 3.
    pub counter: Option<u32>,
    /// The slot's rotation number.
    pub rotation: u32,
    /// When it was registered, in seconds since 1970-01-01 UTC.
    pub registered_at: u64,
    /// Whether it is no longer in use.
    pub retired: bool,
    /// Its other slots, as they were seen last.
    pub other_slots: Vec<DeviceSlot>,
    /// What people call it.
    pub label: Option<String>,
    /// When an operator last heard that it was unlocked, in seconds since 1970-01-01 UTC.
    pub last_unlock: Option<u64>,
}

/// A user and their devices.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct DeskFound {
    /// The user.
    pub user: DeskUser,
    /// Their devices, retired ones too.
    pub devices: Vec<RegisteredDevice>,
}

/// How a request with a code ended.
#[uniffi::remote(Enum)]
pub enum CodeOutcome {
    /// Nothing was recorded yet.
    Open,
    /// The device was unlocked.
    Done,
    /// Given up; the code may be good all the same.
    Abandoned,
    /// A later challenge came: the code is void, if that one was the device's.
    Superseded,
}

/// A code that was given out and may still be good.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct OpenCode {
    /// Its request.
    pub request: String,
    /// Its device.
    pub device_id: String,
    /// The owner's id.
    pub user: String,
    /// Who gave it.
    pub operator: String,
    /// When: seconds since 1970-01-01 UTC.
    pub at: u64,
    /// What is known of it.
    pub outcome: CodeOutcome,
}

/// A request as it stands.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct DeskRequest {
    /// Its id, which people may read out: a line like a Device ID's.
    pub id: String,
    /// Whose it is.
    pub operator: String,
    /// The owner; their name is read back to the caller.
    pub user: DeskUser,
    /// The device.
    pub device_id: String,
    /// Its suite.
    pub suite: Suite,
    /// Reason or ticket.
    pub reason: String,
    /// When it was opened: seconds since 1970-01-01 UTC.
    pub opened_at: u64,
    /// The last second in which it lives, since 1970-01-01 UTC.
    pub expires_at: u64,
    /// Whether it has not run out.
    pub lives: bool,
    /// Whether the caller was verified, as long as that counts.
    pub caller_verified: bool,
    /// How; absent also for a way that this version of the binding has no name for.
    pub method: Option<VerificationMethod>,
    /// Whether a machine checked the caller.
    pub by_machine: bool,
    /// The challenge, which passed the checks, as it is read aloud.
    pub challenge: Option<String>,
    /// Who approved, as long as that counts.
    pub approved_by: Option<String>,
    /// The channel that the code goes to; absent: it is shown.
    pub channel: Option<String>,
    /// How its code ended; absent before one was made.
    pub outcome: Option<CodeOutcome>,
    /// Codes of this device that may still be good.
    pub open_codes: Vec<OpenCode>,
    /// A backup was put in place since a code was authorised for this device: codes of it that are not listed may still
    /// be good, and a second operator must approve.
    pub unknown_since_backup: bool,
}

/// Where a page of requests ended.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct RequestPlace {
    /// `DeskRequest.opened_at` of the last one.
    pub opened_at: u64,
    /// Its id.
    pub id: String,
}

impl From<&desk::OpenCode> for OpenCode {
    fn from(code: &desk::OpenCode) -> Self {
        Self {
            request: code.request.to_string(),
            device_id: code.device.to_code(),
            user: code.user.to_string(),
            operator: code.operator.to_string(),
            at: code.at.0,
            outcome: code.outcome,
        }
    }
}

impl From<&desk::RegisteredDevice> for RegisteredDevice {
    fn from(device: &desk::RegisteredDevice) -> Self {
        let device_key = match &device.keys {
            DeviceKeys::P256EcdhMac { device, .. } => Some(device.as_compressed().to_vec()),
            DeviceKeys::P256Ecdsa { .. } | DeviceKeys::AesAdminKey => None,
        };
        Self {
            device_id: device.id.to_code(),
            owner: device.owner.to_string(),
            slot: device.slot,
            suite: device.keys.suite().into(),
            issuer: device.keys.issuer().map(|issuer| issuer.as_compressed().to_vec()),
            device_key,
            counter: device.counter,
            rotation: device.rotation,
            registered_at: device.registered_at.0,
            retired: device.retired,
            other_slots: device.other_slots.iter().map(Into::into).collect(),
            label: device.label.as_ref().map(ToString::to_string),
            last_unlock: device.last_unlock.map(|at| at.0),
        }
    }
}

impl From<&desk::Channel> for DeskChannel {
    fn from(channel: &desk::Channel) -> Self {
        Self {
            id: channel.id.clone(),
            kind: match channel.kind {
                desk::ChannelKind::Mail => ChannelKind::Mail,
                desk::ChannelKind::TextMessage => ChannelKind::TextMessage,
                desk::ChannelKind::Telephone => ChannelKind::Telephone,
                _ => ChannelKind::Agent,
            },
            address: channel.address.clone(),
            changed_at: channel.changed_at.0,
        }
    }
}

impl From<DeskChannel> for desk::Channel {
    fn from(channel: DeskChannel) -> Self {
        Self {
            id: channel.id,
            kind: match channel.kind {
                ChannelKind::Mail => desk::ChannelKind::Mail,
                ChannelKind::TextMessage => desk::ChannelKind::TextMessage,
                ChannelKind::Telephone => desk::ChannelKind::Telephone,
                ChannelKind::Agent => desk::ChannelKind::Agent,
            },
            address: channel.address,
            changed_at: UnixTime(channel.changed_at),
        }
    }
}

impl From<&User> for DeskUser {
    fn from(user: &User) -> Self {
        Self {
            id: user.id.to_string(),
            name: user.name.clone(),
            privileged: user.class == UserClass::Privileged,
            channels: user.channels.iter().map(Into::into).collect(),
        }
    }
}

impl DeskUser {
    pub(super) fn into_core(self) -> Result<User, UnlockError> {
        Ok(User {
            id: user_id(&self.id)?,
            name: self.name,
            class: if self.privileged {
                UserClass::Privileged
            } else {
                UserClass::Ordinary
            },
            channels: self.channels.into_iter().map(Into::into).collect(),
        })
    }
}

impl From<&Found> for DeskFound {
    fn from(found: &Found) -> Self {
        Self {
            user: (&found.user).into(),
            devices: found.devices.iter().map(Into::into).collect(),
        }
    }
}

impl From<&CallView> for DeskRequest {
    fn from(view: &CallView) -> Self {
        Self {
            id: view.id.to_string(),
            operator: view.operator.to_string(),
            user: (&view.user).into(),
            device_id: view.device.to_code(),
            suite: view.suite.into(),
            reason: view.reason.clone(),
            opened_at: view.opened_at.0,
            expires_at: view.expires_at.0,
            lives: view.lives,
            caller_verified: view.caller.is_some(),
            method: view.caller.and_then(|(method, _)| VerificationMethod::of(method)),
            by_machine: view
                .caller
                .is_some_and(|(_, vouched)| vouched == Vouched::Machine),
            challenge: view.challenge.as_ref().map(|challenge| challenge.to_code()),
            approved_by: view.approved_by.as_ref().map(ToString::to_string),
            channel: view.channel.clone(),
            outcome: view.code,
            open_codes: view.open_codes.iter().map(Into::into).collect(),
            unknown_since_backup: view.unknown_since_backup,
        }
    }
}

/// Something that does not fit, until an Administrator acknowledges it.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct DeskAlarm {
    /// Its number, from 0.
    pub id: u64,
    /// The number of its row in the error table.
    pub number: u16,
    /// What, in one sentence.
    pub text: String,
    /// Which device, where it is about one.
    pub device_id: Option<String>,
    /// The counter's low 16 bits in the challenge that raised it.
    pub counter: Option<u16>,
    /// When: seconds since 1970-01-01 UTC.
    pub at: u64,
}

impl From<&desk::DeskAlarm> for DeskAlarm {
    fn from(alarm: &desk::DeskAlarm) -> Self {
        Self {
            id: alarm.id,
            number: alarm.code.number(),
            text: alarm.code.message().into(),
            device_id: alarm.device.map(|device| device.to_code()),
            counter: alarm.counter,
            at: alarm.at.0,
        }
    }
}

/// What every Administrator is told, until they have read it: a change that loosens and rests, one that a second
/// Administrator let hold at once, an accepted clock, a backup that was put in place.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Announcement {
    /// Its number, from 0.
    pub number: u64,
    /// The place of its entry in the log.
    pub entry: u64,
    /// What, by the event's name: "ChangeApproved".
    pub event: String,
    /// When: seconds since 1970-01-01 UTC.
    pub at: u64,
    /// Who did it, where the name is still known.
    pub operator: Option<String>,
    /// Which operator it is about.
    pub about: Option<String>,
    /// Which user it is about.
    pub user: Option<String>,
    /// The entry's text, such as the reason, where it was not erased.
    pub text: Option<String>,
    /// From when on it holds, where it rests: seconds since 1970-01-01 UTC.
    pub due: Option<u64>,
}

impl From<desk::Announcement> for Announcement {
    fn from(told: desk::Announcement) -> Self {
        Self {
            number: told.number,
            entry: told.entry,
            event: told.event.name().into(),
            at: told.at.0,
            operator: told.operator,
            about: told.about,
            user: told.user,
            text: told.text,
            due: told.due.map(|due| due.0),
        }
    }
}

pub(super) fn operator_id(name: &str) -> Result<OperatorId, UnlockError> {
    Ok(OperatorId::new(name).ok_or(ErrorCode::OperatorUnknown)?)
}

pub(super) fn user_id(text: &str) -> Result<UserId, UnlockError> {
    Ok(UserId::new(text).ok_or(ErrorCode::UserUnknown)?)
}

pub(super) fn device_id(text: &str) -> Result<DeviceId, UnlockError> {
    Ok(DeviceId::parse(text)?)
}

pub(super) fn request_id(text: &str) -> Result<RequestId, UnlockError> {
    Ok(RequestId::parse(text)?)
}
