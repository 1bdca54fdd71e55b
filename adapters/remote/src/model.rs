//! What a service answers with. Names, reasons and notes are as others typed them: show them as
//! [`Shown`](fido_unlock_protocol::Shown).

use core::fmt;

use fido_unlock_desk::{RequestId, Scope, UserClass, VerificationMethod};
use fido_unlock_protocol::suite::IssuerPublicKey;
use fido_unlock_protocol::{DeviceId, Suite};
use serde::{Deserialize, Deserializer, de};
use serde_json::{Map, Value};

/// How much harm an unlock for the wrong person would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// Most users.
    Ordinary,
    /// Whoever can do lasting harm.
    Privileged,
}

impl From<Class> for UserClass {
    fn from(class: Class) -> Self {
        match class {
            Class::Ordinary => Self::Ordinary,
            Class::Privileged => Self::Privileged,
        }
    }
}

/// A user.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct User {
    /// Their id.
    pub id: String,
    /// To be read back to the caller.
    pub name: String,
    /// How much harm an unlock for somebody else would do.
    pub class: Class,
}

/// A registered device.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Device {
    /// Its id.
    #[serde(deserialize_with = "device_id")]
    pub device_id: DeviceId,
    /// The owner's id.
    pub user: String,
    /// Of its unlock.
    #[serde(deserialize_with = "suite")]
    pub suite: Suite,
    /// 0 to 15.
    pub slot: u8,
    /// What people call it.
    pub label: Option<String>,
    /// In UTC, RFC 3339.
    pub registered_at: String,
    /// Whether it is no longer in use.
    pub retired: bool,
}

/// A user and their devices.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Found {
    /// Who.
    pub user: User,
    /// Retired ones too.
    pub devices: Vec<Device>,
}

/// Users of a page.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Users {
    /// The closest first, or by id.
    pub found: Vec<Found>,
    /// After whom the next page begins.
    pub next: Option<String>,
}

/// Devices of a page.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Devices {
    /// By their owners' ids.
    pub devices: Vec<Device>,
    /// After whom the next page begins.
    pub next: Option<String>,
}

/// A device with all that is known of it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct WholeDevice {
    /// Its id.
    #[serde(deserialize_with = "device_id")]
    pub device_id: DeviceId,
    /// Nobody where they were erased.
    pub owner: Option<User>,
    /// Of its unlock.
    #[serde(deserialize_with = "suite")]
    pub suite: Suite,
    /// 0 to 15.
    pub slot: u8,
    /// The slot's rotation number.
    pub rotation: u32,
    /// Whether the desk has another key in its slot by now.
    pub to_be_rotated: bool,
    /// What people call it.
    pub label: Option<String>,
    /// In UTC, RFC 3339.
    pub registered_at: String,
    /// When an operator last heard that it was unlocked.
    pub last_unlock: Option<String>,
    /// Whether it is no longer in use.
    pub retired: bool,
    /// How many codes may still be good for it.
    pub open_codes: u64,
    /// A backup was put in place: there may be more.
    pub unknown_since_backup: bool,
}

/// How a request with a code ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Nothing was recorded yet.
    Open,
    /// The device was unlocked.
    Done,
    /// Given up; the code may still be good.
    Abandoned,
    /// A later challenge came.
    Superseded,
}

/// A code that may still be good.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct OpenCode {
    /// Of which request.
    #[serde(deserialize_with = "request_id")]
    pub request: RequestId,
    /// For which device.
    #[serde(deserialize_with = "device_id")]
    pub device_id: DeviceId,
    /// The owner's id.
    pub user: String,
    /// Who gave it.
    pub operator: String,
    /// In UTC, RFC 3339.
    pub made_at: String,
    /// What is known of it.
    pub outcome: Outcome,
}

/// Codes of a device.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct OpenCodes {
    pub(crate) codes: Vec<OpenCode>,
}

/// How a caller was verified.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Caller {
    /// The method's name.
    pub method: String,
    /// On whose word.
    pub vouched_by: String,
}

/// A request as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Request {
    /// Its id.
    #[serde(deserialize_with = "request_id")]
    pub id: RequestId,
    /// Whose it is.
    pub operator: String,
    /// The caller.
    pub user: User,
    /// Their device.
    #[serde(deserialize_with = "device_id")]
    pub device_id: DeviceId,
    /// It says how a challenge is read.
    #[serde(deserialize_with = "suite")]
    pub suite: Suite,
    /// Empty when none was given yet.
    pub reason: String,
    /// In UTC, RFC 3339.
    pub opened_at: String,
    /// The last second in which it lives.
    pub expires_at: String,
    /// Raised by each change of what an approver is shown.
    pub revision: u32,
    /// Whether it has neither run out nor ended.
    pub lives: bool,
    /// As long as that counts.
    pub caller: Option<Caller>,
    /// The challenge, which passed the checks.
    pub challenge: Option<String>,
    /// Who approved, as long as that counts.
    pub approved_by: Option<String>,
    /// How its code ended.
    pub code: Option<Outcome>,
    /// Codes of this device that may still be good.
    pub open_codes: Vec<OpenCode>,
    /// A backup was put in place: a second operator must approve.
    pub unknown_since_backup: bool,
}

/// Requests of a page.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Requests {
    /// Oldest first.
    pub requests: Vec<Request>,
    /// Where the next page begins.
    pub next: Option<String>,
}

/// How many codes are given out in what time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Limit {
    /// From so many on there is none.
    pub refuse_from: u32,
    /// In so many seconds.
    pub window_seconds: u64,
}

/// What the rules say of a call.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct CallRules {
    /// No code without a reason.
    pub reason_wanted: bool,
    /// For ordinary users, on an operator's word.
    #[serde(deserialize_with = "methods")]
    pub ordinary_methods: Vec<VerificationMethod>,
    /// For privileged users, on an operator's word.
    #[serde(deserialize_with = "methods")]
    pub privileged_methods: Vec<VerificationMethod>,
    /// For one device.
    pub device_limit: Limit,
    /// By one operator.
    pub operator_limit: Limit,
    /// With one issuer key.
    pub issuer_limit: Limit,
}

/// In whose name a token acts, and what it may.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Myself {
    /// The operator.
    pub operator: String,
    /// What the token is for and they may.
    #[serde(deserialize_with = "scopes")]
    pub may: Vec<Scope>,
}

/// Entries of the log, newest first.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Entries {
    /// Each by the names of its fields.
    pub entries: Vec<Map<String, Value>>,
    /// What `before` is for the next page.
    pub next: Option<u64>,
}

/// A slot's public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Issuer {
    /// 1 or 2.
    #[serde(deserialize_with = "suite")]
    pub suite: Suite,
    /// 0 to 15.
    pub slot: u8,
    /// Q.
    #[serde(deserialize_with = "public")]
    pub public: IssuerPublicKey,
}

/// What a device is enrolled with.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Enrolment {
    pub(crate) issuers: Vec<Issuer>,
}

/// What was registered.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Registered {
    #[serde(deserialize_with = "device_id")]
    pub(crate) device_id: DeviceId,
}

fn text<'de, D: Deserializer<'de>, T, E: fmt::Display>(
    from: D,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Result<T, D::Error> {
    parse(&String::deserialize(from)?).map_err(de::Error::custom)
}

fn device_id<'de, D: Deserializer<'de>>(from: D) -> Result<DeviceId, D::Error> {
    text(from, DeviceId::parse)
}

fn request_id<'de, D: Deserializer<'de>>(from: D) -> Result<RequestId, D::Error> {
    text(from, RequestId::parse)
}

fn suite<'de, D: Deserializer<'de>>(from: D) -> Result<Suite, D::Error> {
    let known = Suite::from_number(u8::deserialize(from)?);
    known.ok_or_else(|| de::Error::custom("an unknown suite"))
}

/// A compressed point in hexadecimal digits.
fn public<'de, D: Deserializer<'de>>(from: D) -> Result<IssuerPublicKey, D::Error> {
    let bytes = base16ct::lower::decode_vec(String::deserialize(from)?).map_err(de::Error::custom)?;
    IssuerPublicKey::from_compressed(&bytes).map_err(de::Error::custom)
}

/// Those that this version knows.
fn methods<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<VerificationMethod>, D::Error> {
    let names = Vec::<String>::deserialize(from)?;
    let all = VerificationMethod::ALL.into_iter();
    Ok(all
        .filter(|method| names.iter().any(|name| name == method.name()))
        .collect())
}

/// Those that this version knows.
fn scopes<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Scope>, D::Error> {
    let names = Vec::<String>::deserialize(from)?;
    let all = Scope::ALL.iter().copied();
    Ok(all
        .filter(|scope| names.iter().any(|name| name == scope.name()))
        .collect())
}
