//! What the desk shows, as records.

use fido_unlock::desk::audit::AuditReport;
use fido_unlock::desk::{self, Found, OperatorId, RequestView, UnixTime, User, UserClass, UserId};
use fido_unlock::{DeviceId, ErrorCode};

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
}

/// A user and their devices.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct DeskFound {
    /// The user.
    pub user: DeskUser,
    /// Their devices, retired ones too.
    pub devices: Vec<RegisteredDevice>,
}

/// A code that was given out and may still be good.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct OpenCode {
    /// Its request.
    pub request: u64,
    /// Its device.
    pub device_id: String,
    /// The owner's id.
    pub user: String,
    /// Who gave it.
    pub operator: String,
    /// When: seconds since 1970-01-01 UTC.
    pub at: u64,
    /// Whether the operator recorded that the unlock was abandoned; the code may still be good.
    pub abandoned: bool,
}

/// A request as it stands.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct DeskRequest {
    /// Its id.
    pub id: u64,
    /// Who opened it.
    pub operator: String,
    /// The owner; their name is read back to the caller.
    pub user: DeskUser,
    /// The device.
    pub device_id: String,
    /// Its suite.
    pub suite: Suite,
    /// Reason or ticket.
    pub reason: String,
    /// The last second in which it lives, since 1970-01-01 UTC.
    pub expires_at: u64,
    /// Whether the caller was verified.
    pub caller_verified: bool,
    /// Whether a challenge passed the checks.
    pub challenge_entered: bool,
    /// Who approved.
    pub approved_by: Option<String>,
    /// Codes of this device that may still be good.
    pub open_codes: Vec<OpenCode>,
}

impl From<&desk::OpenCode> for OpenCode {
    fn from(code: &desk::OpenCode) -> Self {
        Self {
            request: code.request.number().unwrap_or_default(),
            device_id: code.device.to_code(),
            user: code.user.to_string(),
            operator: code.operator.to_string(),
            at: code.at.0,
            abandoned: code.outcome == desk::CodeOutcome::Abandoned,
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

impl From<&RequestView> for DeskRequest {
    fn from(view: &RequestView) -> Self {
        Self {
            id: view.id.number().unwrap_or_default(),
            operator: view.operator.to_string(),
            user: (&view.user).into(),
            device_id: view.device.to_code(),
            suite: view.suite.into(),
            reason: view.reason.clone(),
            expires_at: view.expires_at.0,
            caller_verified: view.caller_verified,
            challenge_entered: view.challenge_entered,
            approved_by: view.approved_by.as_ref().map(ToString::to_string),
            open_codes: view.open_codes.iter().map(Into::into).collect(),
        }
    }
}

/// The result of verifying an intact log.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct AuditSummary {
    /// Entries.
    pub entries: u64,
    /// The hash of the last one in hex. That entries were cut off at the end can be seen only by comparing
    /// it with a hash kept elsewhere.
    pub head: String,
    /// The time of the last one: seconds since 1970-01-01 UTC.
    pub latest: u64,
    /// How many of them the newest checkpoint covers; later ones could be cut off unnoticed.
    pub covered: u64,
}

impl From<AuditReport> for AuditSummary {
    fn from(report: AuditReport) -> Self {
        Self {
            entries: report.count,
            head: base16ct::lower::encode_string(&report.head),
            latest: report.latest.0,
            covered: report.covered,
        }
    }
}

/// Something suspicious that an Administrator has not acknowledged yet.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct DeskAlarm {
    /// Its id.
    pub id: u64,
    /// The number of its row in the error table.
    pub number: u16,
    /// What, in one sentence.
    pub text: String,
    /// Which device.
    pub device_id: String,
    /// When: seconds since 1970-01-01 UTC.
    pub at: u64,
}

impl From<&desk::Alarm> for DeskAlarm {
    fn from(alarm: &desk::Alarm) -> Self {
        Self {
            id: alarm.id,
            number: alarm.code.number(),
            text: alarm.code.message().into(),
            device_id: alarm.device.to_code(),
            at: alarm.at.0,
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
