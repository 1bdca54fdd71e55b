//! What an operator's side of a call needs of a desk, wherever that is: in a folder, or behind its service.

use fido_unlock::desk::{CodeOutcome, OperatorId, RequestId, UserClass, UserId};
use fido_unlock::{DeviceId, ErrorCode, ResponseCode, Suite};

use crate::args::Method;
use crate::failure::Failure;
use crate::output::{counted, duration};
use crate::prompt::Prompt;

/// A user who was found, with their devices.
pub struct Person {
    pub user: UserId,
    pub name: String,
    pub class: UserClass,
    /// Those that are in use.
    pub devices: Vec<DeviceId>,
}

/// A code that may still be good.
pub struct GoodCode {
    pub request: RequestId,
    pub made_at: String,
    pub operator: String,
}

/// A request as it stands.
pub struct Call {
    pub id: RequestId,
    /// Whose it is.
    pub operator: String,
    pub user: UserId,
    pub name: String,
    pub class: UserClass,
    pub device: DeviceId,
    pub suite: Suite,
    pub reason: String,
    pub lives: bool,
    /// How the caller was verified, as long as that counts.
    pub method: Option<String>,
    /// As a code.
    pub challenge: Option<String>,
    pub code: Option<CodeOutcome>,
    pub open_codes: Vec<GoodCode>,
    pub unknown_since_backup: bool,
}

/// How many codes are given out in what time.
#[derive(Clone, Copy)]
pub struct Limit {
    pub refuse_from: u32,
    pub window_seconds: u64,
}

/// What the rules say of a call.
pub struct CallRules {
    pub reason_wanted: bool,
    /// That count on an operator's word; this program has no machine that vouches.
    pub ordinary: Vec<Method>,
    pub privileged: Vec<Method>,
    pub device: Limit,
    pub operator: Limit,
    pub issuer: Limit,
}

impl CallRules {
    /// The ways of verifying a caller that count for this class.
    pub fn accepted(&self, class: UserClass) -> Result<&[Method], Failure> {
        let methods = match class {
            UserClass::Ordinary => &self.ordinary,
            UserClass::Privileged => &self.privileged,
        };
        if !methods.is_empty() {
            return Ok(methods);
        }
        let text = match class {
            UserClass::Privileged => {
                "for a privileged user only a verification counts that a machine vouches for, and this program has none"
            }
            UserClass::Ordinary => {
                "the rules accept no way of verifying a caller that an operator vouches for"
            }
        };
        Err(Failure::new(ErrorCode::CallerMethod, text))
    }

    /// How many codes are given out in what time, where a limit stopped the call.
    pub fn limit(&self, code: ErrorCode) -> Option<String> {
        let (rule, whose) = match code {
            ErrorCode::LimitDevice => (self.device, "this device"),
            ErrorCode::LimitOperator => (self.operator, "you"),
            ErrorCode::LimitIssuer => (self.issuer, "devices of this issuer key"),
            _ => return None,
        };
        Some(format!(
            "the rules allow {} for {whose} in {}; each counts for so long from when it was given",
            counted(rule.refuse_from, "code", "codes"),
            duration(rule.window_seconds)
        ))
    }
}

/// A desk that an operator answers a caller from.
pub trait Answering {
    /// The operator's name.
    fn operator(&self) -> &str;
    /// What is given with `--stdin` where an approval is missing.
    fn approval_hint(&self) -> &'static str;
    /// Users by a text.
    fn search(&mut self, text: &str) -> Result<Vec<Person>, Failure>;
    /// The owner of a device.
    fn find_device(&mut self, id: &DeviceId) -> Result<Person, Failure>;
    /// What the rules say.
    fn rules(&mut self) -> Result<CallRules, Failure>;
    /// Opens a request.
    fn open(&mut self, user: &UserId, device: &DeviceId, reason: &str) -> Result<Call, Failure>;
    /// A request as it stands.
    fn request(&mut self, id: RequestId) -> Result<Call, Failure>;
    /// Takes over another operator's.
    fn take_over(&mut self, id: RequestId) -> Result<(), Failure>;
    /// Why a request cannot be gone on with; it does not live.
    fn why_it_ended(&mut self, request: &Call) -> Failure;
    /// Gives it another reason.
    fn set_reason(&mut self, id: RequestId, reason: &str) -> Result<(), Failure>;
    /// Says how the caller was verified.
    fn verify_caller(&mut self, id: RequestId, method: Method, statement: &str) -> Result<(), Failure>;
    /// Enters the challenge; what is wrong with it as a code is a failure with its groups.
    fn enter_challenge(&mut self, request: &Call, challenge: &str) -> Result<(), Failure>;
    /// Brings about that a second operator approves, who was named or is asked for.
    fn approve(
        &mut self,
        id: RequestId,
        approver: Option<&OperatorId>,
        prompt: Prompt,
    ) -> Result<(), Failure>;
    /// Whether a missing approval can be brought about now.
    fn can_ask(&self, prompt: Prompt) -> bool;
    /// Has the code made.
    fn authorise(&mut self, request: &Call) -> Result<ResponseCode, Failure>;
    /// What is due once a code was made.
    fn afterwards(&mut self) {}
}
