//! A call at a desk in a folder: this program opens the keys itself.

use fido_unlock::desk::{
    CallView, Delivery, DeskError, Found, GivenCode, LimitRule, OperatorId, OperatorStatement, RequestId,
    Rules, UserClass, UserId, Vouched,
};
use fido_unlock::{DeviceId, ErrorCode, HasCode, ResponseCode};

use clap::ValueEnum;

use super::TRIES;
use super::view::{Answering, Call, CallRules, GoodCode, Limit, Person};
use crate::args::Method;
use crate::commands::audit::moment;
use crate::desk::{OpenDesk, operator_id};
use crate::failure::Failure;
use crate::output::{say, shown};
use crate::prompt::Prompt;

impl From<Found> for Person {
    fn from(found: Found) -> Self {
        let in_use = found.devices.iter().filter(|device| !device.retired);
        Self {
            devices: in_use.map(|device| device.id).collect(),
            user: found.user.id,
            name: found.user.name,
            class: found.user.class,
        }
    }
}

impl From<CallView> for Call {
    fn from(call: CallView) -> Self {
        let codes = call.open_codes.iter().map(|code| GoodCode {
            request: code.request,
            made_at: moment(code.at),
            operator: code.operator.as_str().to_owned(),
        });
        Self {
            id: call.id,
            operator: call.operator.as_str().to_owned(),
            open_codes: codes.collect(),
            user: call.user.id,
            name: call.user.name,
            class: call.user.class,
            device: call.device,
            suite: call.suite,
            reason: call.reason,
            lives: call.lives,
            method: call.caller.map(|(method, _)| method.name().to_owned()),
            challenge: call.challenge.map(|challenge| challenge.to_code()),
            code: call.code,
            unknown_since_backup: call.unknown_since_backup,
        }
    }
}

impl From<&LimitRule> for Limit {
    fn from(rule: &LimitRule) -> Self {
        Self {
            refuse_from: rule.refuse_from,
            window_seconds: rule.window_seconds,
        }
    }
}

impl From<&Rules> for CallRules {
    fn from(rules: &Rules) -> Self {
        let accepted = |class| {
            let all = Method::value_variants().iter().copied();
            all.filter(|method| rules.accepts(class, method.to_core(), Vouched::Operator))
                .collect()
        };
        Self {
            reason_wanted: rules.reason_wanted,
            ordinary: accepted(UserClass::Ordinary),
            privileged: accepted(UserClass::Privileged),
            device: (&rules.limits.device).into(),
            operator: (&rules.limits.operator).into(),
            issuer: (&rules.limits.issuer).into(),
        }
    }
}

impl Answering for OpenDesk {
    fn operator(&self) -> &str {
        self.session.operator().as_str()
    }

    fn approval_hint(&self) -> &'static str {
        "--approver NAME"
    }

    fn search(&mut self, text: &str) -> Result<Vec<Person>, Failure> {
        let found = self.desk.search(&self.session, text)?;
        Ok(found.into_iter().map(Into::into).collect())
    }

    fn find_device(&mut self, id: &DeviceId) -> Result<Person, Failure> {
        Ok(self.desk.find_device(&self.session, id)?.into())
    }

    fn rules(&mut self) -> Result<CallRules, Failure> {
        Ok((&self.desk.rules(&self.session)?).into())
    }

    fn open(&mut self, user: &UserId, device: &DeviceId, reason: &str) -> Result<Call, Failure> {
        let call = self.desk.open_request(&self.session, user, device, reason)?;
        Ok(call.into())
    }

    fn request(&mut self, id: RequestId) -> Result<Call, Failure> {
        Ok(self.desk.request(&self.session, id)?.into())
    }

    fn take_over(&mut self, id: RequestId) -> Result<(), Failure> {
        Ok(self.desk.take_over(&self.session, id)?)
    }

    fn why_it_ended(&mut self, request: &Call) -> Failure {
        let said = if request.operator == self.operator() {
            let begun = self.desk.begin_verification(&self.session, request.id);
            begun.map(|_| ())
        } else {
            self.desk.take_over(&self.session, request.id)
        };
        said.map_or_else(Failure::from, |()| ErrorCode::RequestExpired.into())
    }

    fn set_reason(&mut self, id: RequestId, reason: &str) -> Result<(), Failure> {
        Ok(self.desk.set_reason(&self.session, id, reason)?)
    }

    fn verify_caller(&mut self, id: RequestId, method: Method, statement: &str) -> Result<(), Failure> {
        let mut verifier = OperatorStatement::new(method.to_core(), statement);
        Ok(self.desk.verify_caller(&self.session, id, &mut verifier)?)
    }

    fn enter_challenge(&mut self, request: &Call, challenge: &str) -> Result<(), Failure> {
        let entered = self.desk.enter_challenge(&self.session, request.id, challenge);
        entered.map_err(|error: DeskError| Failure::of_desk(&error))
    }

    fn approve(
        &mut self,
        id: RequestId,
        approver: Option<&OperatorId>,
        prompt: Prompt,
    ) -> Result<(), Failure> {
        if let Some(name) = approver {
            return approve_here(self, id, name, prompt);
        }
        say("A second operator must approve.");
        let name = operator_id(&prompt.text("Second operator")?)?;
        approve_here(self, id, &name, prompt)
    }

    fn can_ask(&self, prompt: Prompt) -> bool {
        prompt.is_interactive()
    }

    fn authorise(&mut self, request: &Call) -> Result<ResponseCode, Failure> {
        match self.desk.authorise(&self.session, request.id, &Delivery::Show)? {
            GivenCode::Shown(code) => Ok(code),
            GivenCode::Sent { .. } => Err(ErrorCode::WrongState.into()),
        }
    }

    fn afterwards(&mut self) {
        self.send_notices();
    }
}

/// A second operator signs in here and approves what is on the screen. A password that is wrong is asked for again.
fn approve_here(
    open: &mut OpenDesk,
    id: RequestId,
    name: &OperatorId,
    prompt: Prompt,
) -> Result<(), Failure> {
    let seen = open.desk.request(&open.session, id)?;
    show_for_approval(&seen, name);
    let whose = format!("the second operator, {}", shown(name));
    let mut tries = TRIES;
    let second = loop {
        let password = prompt.secret(&format!("Password of {name}, who approves"))?;
        let error = match open.desk.sign_in(name, &password) {
            Ok(second) => break second,
            Err(error) => error,
        };
        tries -= 1;
        let again = error.code() == ErrorCode::OperatorUnknown;
        if !again || tries == 0 || !prompt.is_interactive() {
            return Err(Failure::new(error.code(), format!("{whose}: {error}")));
        }
        say(format_args!("{whose}: {error}"));
    };
    let approved = open.desk.approve_shown(&second, id, seen.revision);
    // Their session is for this one act; it ends by itself where it cannot be ended here.
    let _ = open.desk.sign_out(&second);
    Ok(approved?)
}

/// What the second operator must see before they type their password.
fn show_for_approval(request: &CallView, name: &OperatorId) {
    let class = match request.user.class {
        UserClass::Ordinary => "ordinary",
        UserClass::Privileged => "privileged",
    };
    let caller = request.caller.map(|(method, _)| method.name());
    let challenge = request.challenge.as_ref().map(|challenge| challenge.to_code());
    say(format_args!(
        "{} is to approve request {} of {}:\n  user       {} ({}), {class}\n  device     {}\n  reason     {}\n  \
         caller     {}\n  challenge  {}",
        shown(name),
        request.id,
        shown(&request.operator),
        request.user.id,
        shown(&request.user.name),
        request.device,
        shown(&request.reason),
        caller.unwrap_or("not verified"),
        challenge.as_deref().unwrap_or("none")
    ));
}
