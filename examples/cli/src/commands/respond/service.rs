//! A call at a desk behind its service: the desk opens the keys, and a second operator approves where they work.

use std::time::Duration;

use clap::ValueEnum;
use fido_unlock::code::Entry;
use fido_unlock::desk::{CodeOutcome, OperatorId, RequestId, UserId, VerificationMethod};
use fido_unlock::{DeviceId, ErrorCode, Family, ResponseCode};
use fido_unlock_remote::model;

use super::view::{Answering, Call, CallRules, GoodCode, Limit, Person};
use crate::args::Method;
use crate::failure::Failure;
use crate::output::{say, shown};
use crate::prompt::Prompt;
use crate::service::Service;

/// How often it is asked whether a second operator has approved.
const POLL: Duration = Duration::from_secs(2);

/// A user's id, as a service has it.
fn user_id(text: &str) -> Result<UserId, Failure> {
    UserId::new(text).ok_or_else(|| ErrorCode::UserUnknown.into())
}

impl TryFrom<model::Found> for Person {
    type Error = Failure;

    fn try_from(found: model::Found) -> Result<Self, Failure> {
        let in_use = found.devices.iter().filter(|device| !device.retired);
        Ok(Self {
            devices: in_use.map(|device| device.device_id).collect(),
            user: user_id(&found.user.id)?,
            name: found.user.name,
            class: found.user.class.into(),
        })
    }
}

impl TryFrom<model::Request> for Call {
    type Error = Failure;

    fn try_from(call: model::Request) -> Result<Self, Failure> {
        let codes = call.open_codes.into_iter().map(|code| GoodCode {
            request: code.request,
            made_at: code.made_at,
            operator: code.operator,
        });
        Ok(Self {
            id: call.id,
            operator: call.operator,
            user: user_id(&call.user.id)?,
            name: call.user.name,
            class: call.user.class.into(),
            device: call.device_id,
            suite: call.suite,
            reason: call.reason,
            lives: call.lives,
            method: call.caller.map(|caller| caller.method),
            challenge: call.challenge,
            code: call.code.map(outcome),
            open_codes: codes.collect(),
            unknown_since_backup: call.unknown_since_backup,
        })
    }
}

/// How a code ended.
pub const fn outcome(outcome: model::Outcome) -> CodeOutcome {
    match outcome {
        model::Outcome::Open => CodeOutcome::Open,
        model::Outcome::Done => CodeOutcome::Done,
        model::Outcome::Abandoned => CodeOutcome::Abandoned,
        model::Outcome::Superseded => CodeOutcome::Superseded,
    }
}

impl From<model::Limit> for Limit {
    fn from(limit: model::Limit) -> Self {
        Self {
            refuse_from: limit.refuse_from,
            window_seconds: limit.window_seconds,
        }
    }
}

impl From<model::CallRules> for CallRules {
    fn from(rules: model::CallRules) -> Self {
        let known = |given: &[VerificationMethod]| {
            let all = Method::value_variants().iter().copied();
            all.filter(|method| given.contains(&method.to_core())).collect()
        };
        Self {
            reason_wanted: rules.reason_wanted,
            ordinary: known(&rules.ordinary_methods),
            privileged: known(&rules.privileged_methods),
            device: rules.device_limit.into(),
            operator: rules.operator_limit.into(),
            issuer: rules.issuer_limit.into(),
        }
    }
}

impl Answering for Service {
    fn operator(&self) -> &str {
        &self.operator
    }

    fn approval_hint(&self) -> &'static str {
        "an approval in the console"
    }

    fn search(&mut self, text: &str) -> Result<Vec<Person>, Failure> {
        let found = self.desk.search(text)?.found;
        found.into_iter().map(TryInto::try_into).collect()
    }

    fn find_device(&mut self, id: &DeviceId) -> Result<Person, Failure> {
        let device = self.desk.device(id)?;
        let owner = device.owner.ok_or(ErrorCode::DeviceUnknown)?;
        Ok(Person {
            user: user_id(&owner.id)?,
            name: owner.name,
            class: owner.class.into(),
            devices: vec![*id],
        })
    }

    fn rules(&mut self) -> Result<CallRules, Failure> {
        Ok(self.desk.call_rules()?.into())
    }

    fn open(&mut self, user: &UserId, device: &DeviceId, reason: &str) -> Result<Call, Failure> {
        self.desk.open(user.as_str(), device, reason)?.try_into()
    }

    fn request(&mut self, id: RequestId) -> Result<Call, Failure> {
        self.desk.request(id)?.try_into()
    }

    fn take_over(&mut self, id: RequestId) -> Result<(), Failure> {
        Ok(self.desk.take_over(id).map(drop)?)
    }

    fn why_it_ended(&mut self, request: &Call) -> Failure {
        // Whatever step it is, the desk says first that the request has ended.
        let said = if request.operator == self.operator {
            self.desk.set_reason(request.id, &request.reason)
        } else {
            self.desk.take_over(request.id)
        };
        said.map_or_else(Failure::from, |_| ErrorCode::RequestExpired.into())
    }

    fn set_reason(&mut self, id: RequestId, reason: &str) -> Result<(), Failure> {
        Ok(self.desk.set_reason(id, reason).map(drop)?)
    }

    fn verify_caller(&mut self, id: RequestId, method: Method, statement: &str) -> Result<(), Failure> {
        Ok(self
            .desk
            .verify_caller(id, method.to_core(), statement)
            .map(drop)?)
    }

    fn enter_challenge(&mut self, request: &Call, challenge: &str) -> Result<(), Failure> {
        let Err(error) = self.desk.enter_challenge(request.id, challenge) else {
            return Ok(());
        };
        let failure = Failure::from(error);
        if failure.code.family() != Family::Code {
            return Err(failure);
        }
        // The same reading as the desk's, for the groups.
        Err(match Entry::new().challenge(request.suite, challenge) {
            Err(error) => Failure::of_code(&error),
            Ok(_) => failure,
        })
    }

    fn approve(&mut self, id: RequestId, _: Option<&OperatorId>, _: Prompt) -> Result<(), Failure> {
        say(format_args!(
            "A second operator must approve request {id}: in the console, under Approvals. Waiting for that; Ctrl-C ends \
             the waiting, and `respond --request {id}` goes on with it."
        ));
        loop {
            std::thread::sleep(POLL);
            let request = self.desk.request(id)?;
            if let Some(by) = &request.approved_by {
                say(format_args!("{} has approved.", shown(by)));
                return Ok(());
            }
            if request.operator != self.operator {
                say(format_args!("{} has taken it over.", shown(&request.operator)));
                return Err(ErrorCode::RequestUnknown.into());
            }
            if !request.lives {
                return Err(ErrorCode::RequestExpired.into());
            }
        }
    }

    fn can_ask(&self, _: Prompt) -> bool {
        true
    }

    fn authorise(&mut self, request: &Call) -> Result<ResponseCode, Failure> {
        Ok(self.desk.code(request.id, request.suite)?)
    }
}
