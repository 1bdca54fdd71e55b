//! What programs read: users, devices, requests. Texts of people are as they may be shown; times are RFC 3339 in UTC.

use fido_unlock::Shown;
use fido_unlock::desk::{
    CallManager, CallView, CodeOutcome, DeviceView, Found, ManagerAnswer, OpenCode, RegisteredDevice, User,
    UserClass,
};
use serde::Serialize;
use utoipa::ToSchema;

/// How much harm an unlock for the wrong person would do.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Class {
    /// Most users.
    Ordinary,
    /// Whoever can do lasting harm.
    Privileged,
}

/// A user.
#[derive(Serialize, ToSchema)]
#[schema(as = User)]
pub(super) struct UserOut {
    #[schema(example = "robin")]
    id: String,
    /// To be read back to the caller.
    #[schema(example = "Robin Sample")]
    name: String,
    class: Class,
}

impl From<&User> for UserOut {
    fn from(user: &User) -> Self {
        Self {
            id: user.id.as_str().to_owned(),
            name: Shown(&user.name).to_string(),
            class: match user.class {
                UserClass::Ordinary => Class::Ordinary,
                UserClass::Privileged => Class::Privileged,
            },
        }
    }
}

/// A registered device.
#[derive(Serialize, ToSchema)]
#[schema(as = Device)]
pub(super) struct DeviceOut {
    /// As people read it out.
    device_id: String,
    /// The owner's id.
    user: String,
    /// 1, 2 or 3.
    suite: u8,
    /// 0 to 15.
    slot: u8,
    /// What people call it; null where nobody said.
    label: Option<String>,
    registered_at: String,
    /// When an operator last heard that it was unlocked; null where none did.
    last_unlock: Option<String>,
    /// Whether it is no longer in use.
    retired: bool,
}

impl From<&RegisteredDevice> for DeviceOut {
    fn from(device: &RegisteredDevice) -> Self {
        Self {
            device_id: device.id.to_code(),
            user: device.owner.as_str().to_owned(),
            suite: device.keys.suite().number(),
            slot: device.slot,
            label: device.label.as_ref().map(ToString::to_string),
            registered_at: device.registered_at.to_string(),
            last_unlock: device.last_unlock.map(|at| at.to_string()),
            retired: device.retired,
        }
    }
}

/// A user and their devices.
#[derive(Serialize, ToSchema)]
#[schema(as = Found)]
pub(super) struct FoundOut {
    user: UserOut,
    devices: Vec<DeviceOut>,
}

impl From<&Found> for FoundOut {
    fn from(found: &Found) -> Self {
        Self {
            user: (&found.user).into(),
            devices: found.devices.iter().map(Into::into).collect(),
        }
    }
}

/// A device with all that is known of it.
#[derive(Serialize, ToSchema)]
#[schema(as = WholeDevice)]
pub(super) struct WholeDeviceOut {
    device_id: String,
    /// Null where they were erased.
    owner: Option<UserOut>,
    suite: u8,
    slot: u8,
    /// The slot's rotation number.
    rotation: u32,
    /// Q of the slot, a compressed point in hexadecimal digits; null in suite 3.
    issuer: Option<String>,
    /// Whether the desk has another key in its slot by now.
    to_be_rotated: bool,
    /// What people call it; null where nobody said.
    label: Option<String>,
    registered_at: String,
    /// When an operator last heard that it was unlocked; null where none did.
    last_unlock: Option<String>,
    retired: bool,
    other_slots: Vec<SlotOut>,
    /// How many codes may still be good for it.
    open_codes: usize,
    /// A backup was put in place since a code was authorised for it: there may be more.
    unknown_since_backup: bool,
}

/// A slot beside the registered one.
#[derive(Serialize, ToSchema)]
#[schema(as = Slot)]
pub(super) struct SlotOut {
    slot: u8,
    suite: u8,
    rotation: u32,
}

impl From<&DeviceView> for WholeDeviceOut {
    fn from(view: &DeviceView) -> Self {
        let slots = view.other_slots.iter().map(|other| SlotOut {
            slot: other.slot,
            suite: other.suite.number(),
            rotation: other.rotation,
        });
        let issuer = view.issuer.as_ref();
        Self {
            device_id: view.id.to_code(),
            owner: view.owner.as_ref().map(Into::into),
            suite: view.suite.number(),
            slot: view.slot,
            rotation: view.rotation,
            issuer: issuer.map(|issuer| base16ct::lower::encode_string(issuer.as_compressed())),
            to_be_rotated: view.issuer_present == Some(false),
            label: view.label.as_ref().map(ToString::to_string),
            registered_at: view.registered_at.to_string(),
            last_unlock: view.last_unlock.map(|at| at.to_string()),
            retired: view.retired,
            other_slots: slots.collect(),
            open_codes: view.open_codes,
            unknown_since_backup: view.unknown_since_backup,
        }
    }
}

/// How a request with a code ended.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Outcome {
    /// Nothing was recorded yet.
    Open,
    /// The device was unlocked.
    Done,
    /// Given up; the code may still be good.
    Abandoned,
    /// A later challenge came: the code is void, if that one was the device's.
    Superseded,
}

impl From<CodeOutcome> for Outcome {
    fn from(outcome: CodeOutcome) -> Self {
        match outcome {
            CodeOutcome::Open => Self::Open,
            CodeOutcome::Done => Self::Done,
            CodeOutcome::Abandoned => Self::Abandoned,
            CodeOutcome::Superseded => Self::Superseded,
        }
    }
}

/// A code that was made and may still be good. The code itself is not kept.
#[derive(Serialize, ToSchema)]
#[schema(as = OpenCode)]
pub(super) struct OpenCodeOut {
    request: String,
    device_id: String,
    /// The owner's id.
    user: String,
    /// Who gave it.
    operator: String,
    made_at: String,
    outcome: Outcome,
}

impl From<&OpenCode> for OpenCodeOut {
    fn from(code: &OpenCode) -> Self {
        Self {
            request: code.request.to_string(),
            device_id: code.device.to_code(),
            user: code.user.as_str().to_owned(),
            operator: code.operator.as_str().to_owned(),
            made_at: code.at.to_string(),
            outcome: code.outcome.into(),
        }
    }
}

/// How the caller was verified.
#[derive(Serialize, ToSchema)]
#[schema(as = Caller)]
pub(super) struct CallerOut {
    #[schema(example = "call-back")]
    method: &'static str,
    /// On whose word: `operator` or `machine`.
    #[schema(example = "operator")]
    vouched_by: &'static str,
}

/// What the user's manager says, who may vouch for the caller.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum ManagerSays {
    /// They were not asked in this request.
    NotAsked,
    /// They have not answered yet.
    Asked,
    /// It is the user: that verifies the caller.
    Yes,
    /// It is somebody else: the request has ended.
    No,
    /// They cannot say.
    Unknown,
}

/// The user's manager, who may vouch for the caller.
#[derive(Serialize, ToSchema)]
#[schema(as = Manager)]
pub(super) struct ManagerOut {
    id: String,
    name: String,
    says: ManagerSays,
}

impl From<&CallManager> for ManagerOut {
    fn from(manager: &CallManager) -> Self {
        Self {
            id: manager.id.as_str().to_owned(),
            name: Shown(&manager.name).to_string(),
            says: match (manager.asked_at, manager.answer) {
                (None, _) => ManagerSays::NotAsked,
                (Some(_), None) => ManagerSays::Asked,
                (_, Some(ManagerAnswer::Yes)) => ManagerSays::Yes,
                (_, Some(ManagerAnswer::No)) => ManagerSays::No,
                (_, Some(ManagerAnswer::Unknown)) => ManagerSays::Unknown,
            },
        }
    }
}

/// A request as it stands.
#[derive(Serialize, ToSchema)]
#[schema(as = Request)]
pub(super) struct RequestOut {
    pub(super) id: String,
    /// Whose it is.
    operator: String,
    user: UserOut,
    device_id: String,
    /// It says how a challenge is read.
    suite: u8,
    /// Empty when none was given yet.
    reason: String,
    /// The number that the caller calls from, without spaces and signs; null where it was not noted.
    caller_number: Option<String>,
    opened_at: String,
    /// The last second in which it lives.
    expires_at: String,
    /// Raised by each change of what an approver is shown.
    revision: u32,
    /// Whether it has neither run out nor ended.
    lives: bool,
    /// Null before that, and when it does not count any more.
    caller: Option<CallerOut>,
    /// Null where nobody is the user's manager.
    manager: Option<ManagerOut>,
    /// The operator who has said that the caller is not the user: it has ended.
    reported_by: Option<String>,
    /// The challenge, which passed the checks.
    challenge: Option<String>,
    /// Who approved, as long as that counts.
    approved_by: Option<String>,
    /// How its code ended; null before one was made.
    code: Option<Outcome>,
    /// Codes of this device that may still be good.
    open_codes: Vec<OpenCodeOut>,
    /// A backup was put in place since a code was authorised for this device: a second operator must approve.
    unknown_since_backup: bool,
}

impl From<&CallView> for RequestOut {
    fn from(call: &CallView) -> Self {
        Self {
            id: call.id.to_string(),
            operator: call.operator.as_str().to_owned(),
            user: (&call.user).into(),
            device_id: call.device.to_code(),
            suite: call.suite.number(),
            reason: Shown(&call.reason).to_string(),
            caller_number: call.caller_number.clone(),
            opened_at: call.opened_at.to_string(),
            expires_at: call.expires_at.to_string(),
            revision: call.revision,
            lives: call.lives,
            caller: call.caller.map(|(method, vouched)| CallerOut {
                method: method.name(),
                vouched_by: vouched.name(),
            }),
            manager: call.manager.as_ref().map(Into::into),
            reported_by: call.reported_by.as_ref().map(|by| by.as_str().to_owned()),
            challenge: call.challenge.map(|challenge| challenge.to_code()),
            approved_by: call.approved_by.as_ref().map(|by| by.as_str().to_owned()),
            code: call.code.map(Into::into),
            open_codes: call.open_codes.iter().map(Into::into).collect(),
            unknown_since_backup: call.unknown_since_backup,
        }
    }
}
