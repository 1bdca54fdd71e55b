//! What is remembered beside the desk: what people did and what they were answered, never what the desk wrote; and
//! what of it must never happen.

use std::hash::{Hash, Hasher};

use fido_unlock::Suite;
use fido_unlock::desk::{RequestId, Rules, UserClass, VerificationMethod, Vouched};

use crate::act::{Ch, How, Who};

/// What must never happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Broken {
    // Somebody does something
    /// by a session that has run out.
    SessionOver,
    /// by a session of a password that was changed since.
    SessionOfOldPassword,
    /// after they were removed.
    OperatorRemoved,
    /// without the privilege.
    NoPrivilege,
    /// with another operator's request.
    NotOwnRequest,
    // A code is authorised
    /// before the set-up has ended.
    InSetUp,
    /// without a licence for as many devices as there are.
    NoLicence,
    /// while the service is switched off.
    ServiceOff,
    /// for a request that has run out.
    RequestOver,
    /// for a request that was said to be done or given up.
    RequestEnded,
    /// for a device that is out of use.
    DeviceRetired,
    /// for another owner's device.
    DeviceOfAnother,
    /// with a key that the device had before.
    OldKeys,
    /// for a channel that was changed of late.
    ChannelFresh,
    /// without a verified caller.
    NoCaller,
    /// by a verification that has run out.
    StaleCaller,
    /// by a verification of another request, or of the same in another operator's hands.
    OtherCaller,
    /// by a method that does not count for the class of user.
    WeakCaller,
    /// without a reason.
    NoReason,
    /// for a challenge of another slot.
    WrongSlot,
    /// for a challenge that was answered for another device.
    NonceOfAnother,
    /// for a challenge with another counter than the expected one.
    WrongCounter,
    /// without the approval that must be.
    NoApproval,
    /// by an approval that has run out.
    StaleApproval,
    /// by an approval of the request's own operator.
    OwnApproval,
    /// by an approval of somebody who may not approve any more.
    ApproverMayNot,
    /// by an approval of something else.
    OtherApproved,
    /// by an approval that answers an earlier ask.
    LateApproval,
    /// beyond the device's limit.
    LimitDevice,
    /// beyond the operator's limit.
    LimitOperator,
    /// beyond the limit of the issuer's key.
    LimitIssuer,
    /// again, and for another challenge, with another key or another way.
    AnotherCode,
    // What is told and recorded
    /// A signer is asked before "authorised" is in the log, or a code is seen before its own record is.
    NotRecorded,
    /// A refusal is not in the log with its number.
    NotRefusedInLog,
    /// A refusal has changed something beside alarms.
    RefusedButChanged,
    /// A code that was seen and of which nothing is reported is in no list.
    Hidden,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Person {
    pub signed_in_at: u64,
    /// Whether they signed in by a clock that was set back since.
    pub by_another_clock: bool,
    pub old_password: bool,
    pub removed: bool,
    pub may_unlock: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Owner {
    pub privileged: bool,
    pub channel_since: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Device {
    pub owner: usize,
    pub retired: bool,
    pub rotation: u32,
    /// What its next challenge should show.
    pub counter: u16,
}

/// A verification whose task was made for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Check {
    pub of: usize,
    pub take_overs: u8,
    pub how: How,
}

/// What an approver was shown, all of which they approve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Shown {
    pub request: usize,
    pub holder: Who,
    pub privileged: bool,
    pub caller: Option<How>,
    pub challenge: Option<Ch>,
    pub reason: bool,
    pub mail: bool,
}

/// An ask whose task was made for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ask {
    pub shown: Shown,
    pub number: u8,
    pub says: Who,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Request {
    pub id: RequestId,
    pub holder: Who,
    pub user: usize,
    pub device: usize,
    pub opened_at: u64,
    pub by_another_clock: bool,
    pub reason: bool,
    pub mail: bool,
    pub challenge: Option<Ch>,
    pub caller: Option<(Check, u64)>,
    pub asks: u8,
    pub approval: Option<(Ask, u64)>,
    /// Challenge, rotation and way of what was authorised.
    pub authorised: Option<(Ch, u32, bool)>,
    pub made: bool,
    pub ended: bool,
    pub take_overs: u8,
    /// How often it was changed: bounded by the scope, so that what is explored has an end.
    pub changes: u8,
}

/// A code that was counted when it was authorised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Counted {
    pub at: u64,
    pub device: usize,
    pub operator: Who,
    pub rotated: bool,
}

/// A code that somebody saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Seen {
    pub request: usize,
    pub device: usize,
    pub nonce: u8,
    pub rotation: u32,
    /// Whether "done" was said of its challenge since.
    pub reported: bool,
}

/// What the signer was asked for.
#[derive(Clone, Debug)]
pub struct Task {
    pub device: [u8; 10],
    pub user: String,
    pub issuer: usize,
    pub challenge: Vec<u8>,
    pub recorded: bool,
}

#[derive(Clone, Debug)]
pub struct Ghost {
    pub suite: Suite,
    pub now: u64,
    pub open: bool,
    pub service_on: bool,
    /// Until when, and for how many devices.
    pub licence: Option<(u64, u32)>,
    pub rules: Rules,
    /// Which rules they are.
    pub rules_number: u8,
    pub people: [Person; 2],
    pub owners: [Owner; 2],
    pub devices: [Device; 2],
    pub requests: Vec<Request>,
    pub answered: Vec<(u8, usize)>,
    pub counted: Vec<Counted>,
    pub seen: Vec<Seen>,
    /// How many things an Administrator has changed.
    pub changes: u8,
    /// Whether the clock was set back.
    pub set_back: bool,
}

impl Hash for Ghost {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.now, self.open, self.service_on, self.licence).hash(state);
        (self.rules_number, &self.people, &self.owners, &self.devices).hash(state);
        // Which of two equal codes was counted or seen first says nothing.
        let sorted = |mut codes: Vec<String>| {
            codes.sort();
            codes
        };
        let counted = self.counted.iter().map(|code| format!("{code:?}"));
        let seen = self.seen.iter().map(|code| format!("{code:?}"));
        let answered = self.answered.iter().map(|nonce| format!("{nonce:?}"));
        (sorted(counted.collect()), sorted(seen.collect())).hash(state);
        (
            &self.requests,
            sorted(answered.collect()),
            self.changes,
            self.set_back,
        )
            .hash(state);
    }
}

fn holds(good: bool, broken: Broken) -> Result<(), Broken> {
    if good { Ok(()) } else { Err(broken) }
}

impl Ghost {
    /// How long ago something was. What was at a later time, by a clock that was set back, is of now.
    fn since(&self, at: u64) -> u64 {
        self.now.saturating_sub(at)
    }

    /// Somebody did something and was not refused.
    pub fn acted(&self, who: Who, unlocks: bool) -> Result<(), Broken> {
        let person = &self.people[who as usize];
        let age = self.since(person.signed_in_at);
        let lives = !person.by_another_clock && age <= self.rules.session_seconds;
        holds(lives, Broken::SessionOver)?;
        holds(!person.old_password, Broken::SessionOfOldPassword)?;
        holds(!person.removed, Broken::OperatorRemoved)?;
        holds(!unlocks || person.may_unlock, Broken::NoPrivilege)
    }

    /// The same, with a request.
    pub fn acted_on(&self, who: Who, request: usize) -> Result<(), Broken> {
        self.acted(who, true)?;
        holds(self.requests[request].holder == who, Broken::NotOwnRequest)
    }

    /// What an approver is shown.
    pub fn shown(&self, request: usize) -> Shown {
        let row = &self.requests[request];
        Shown {
            request,
            holder: row.holder,
            privileged: self.owners[row.user].privileged,
            caller: row.caller.map(|(check, _)| check.how),
            challenge: row.challenge,
            reason: row.reason,
            mail: row.mail,
        }
    }

    /// A code was authorised: the signer was asked.
    pub fn authorised(&mut self, who: Who, request: usize, mail: bool, task: &Task) -> Result<(), Broken> {
        holds(task.recorded, Broken::NotRecorded)?;
        self.acted_on(who, request)?;
        holds(self.open, Broken::InSetUp)?;
        let in_use = self.devices.iter().filter(|device| !device.retired).count();
        let licensed = self
            .licence
            .is_some_and(|(until, devices)| self.now <= until && in_use as u32 <= devices);
        holds(licensed, Broken::NoLicence)?;
        holds(self.service_on, Broken::ServiceOff)?;
        let row = &self.requests[request];
        let age = self.since(row.opened_at);
        let lives = !row.by_another_clock && age <= self.rules.request_seconds;
        holds(lives, Broken::RequestOver)?;
        holds(!row.ended, Broken::RequestEnded)?;
        let device = &self.devices[row.device];
        holds(!device.retired, Broken::DeviceRetired)?;
        let this = device.owner == row.user
            && task.device == crate::world::device_id(row.device)
            && task.user == crate::world::OWNERS[row.user];
        holds(this, Broken::DeviceOfAnother)?;
        if mail {
            let rested = self.since(self.owners[row.user].channel_since);
            holds(rested >= self.rules.channel_rest_seconds, Broken::ChannelFresh)?;
        }
        match row.authorised {
            Some(before) => {
                let again = row.challenge.map(|challenge| (challenge, device.rotation, mail));
                holds(again == Some(before), Broken::AnotherCode)?;
            }
            None => self.first(who, request, mail)?,
        }
        let row = &self.requests[request];
        holds(
            task.issuer == usize::from(self.devices[row.device].rotation > 0),
            Broken::OldKeys,
        )?;
        let same = row
            .challenge
            .is_some_and(|challenge| task.challenge == challenge.of(self.suite).as_bytes());
        holds(same, Broken::AnotherCode)
    }

    fn first(&mut self, who: Who, request: usize, mail: bool) -> Result<(), Broken> {
        let now = self.now;
        let row = &self.requests[request];
        let device = &self.devices[row.device];
        let privileged = self.owners[row.user].privileged;
        let (check, at) = row.caller.ok_or(Broken::NoCaller)?;
        holds(
            self.since(at) <= self.rules.verification_seconds,
            Broken::StaleCaller,
        )?;
        let this = check.of == request && check.take_overs == row.take_overs;
        holds(this, Broken::OtherCaller)?;
        let (method, vouched) = check.how.words();
        let counts = if privileged {
            vouched == Vouched::Machine && method == VerificationMethod::EnrolledFactor
        } else {
            self.rules.accepts(UserClass::Ordinary, method, vouched)
        };
        holds(counts, Broken::WeakCaller)?;
        holds(row.reason || !self.rules.reason_wanted, Broken::NoReason)?;
        let challenge = row.challenge.ok_or(Broken::AnotherCode)?;
        let elsewhere = self
            .answered
            .iter()
            .any(|(nonce, other)| *nonce == challenge.nonce && *other != row.device);
        holds(!elsewhere, Broken::NonceOfAnother)?;
        if self.suite != Suite::AesAdminKey {
            holds(challenge.right_slot, Broken::WrongSlot)?;
            holds(challenge.counter == device.counter, Broken::WrongCounter)?;
        }
        let wanted = self.limits(who, row.device, device.rotation > 0)?;
        if privileged || wanted {
            let (ask, at) = row.approval.ok_or(Broken::NoApproval)?;
            holds(
                self.since(at) <= self.rules.approval_seconds,
                Broken::StaleApproval,
            )?;
            holds(ask.says != row.holder, Broken::OwnApproval)?;
            let approver = &self.people[ask.says as usize];
            let may = approver.may_unlock && !approver.removed;
            holds(may, Broken::ApproverMayNot)?;
            let done = Shown {
                mail,
                ..self.shown(request)
            };
            holds(ask.shown == done, Broken::OtherApproved)?;
            holds(ask.number == row.asks, Broken::LateApproval)?;
        }
        let (number, rotation) = (row.device, device.rotation);
        self.counted.push(Counted {
            at: now,
            device: number,
            operator: who,
            rotated: rotation > 0,
        });
        if !self.answered.contains(&(challenge.nonce, number)) {
            self.answered.push((challenge.nonce, number));
        }
        let row = &mut self.requests[request];
        row.mail = mail;
        row.authorised = Some((challenge, rotation, mail));
        Ok(())
    }

    /// Whether a limit wants a second operator.
    fn limits(&self, who: Who, device: usize, rotated: bool) -> Result<bool, Broken> {
        let rules = &self.rules.limits;
        let count = |window: u64, same: &dyn Fn(&Counted) -> bool| {
            let inside = |code: &&Counted| self.since(code.at) < window && same(code);
            self.counted.iter().filter(inside).count() as u32
        };
        let of_device = count(rules.device.window_seconds, &|code| code.device == device);
        let of_operator = count(rules.operator.window_seconds, &|code| code.operator == who);
        let of_issuer = count(rules.issuer.window_seconds, &|code| code.rotated == rotated);
        holds(of_device < rules.device.refuse_from, Broken::LimitDevice)?;
        holds(of_operator < rules.operator.refuse_from, Broken::LimitOperator)?;
        holds(of_issuer < rules.issuer.refuse_from, Broken::LimitIssuer)?;
        Ok(of_device >= rules.device.approval_from
            || of_operator >= rules.operator.approval_from
            || of_issuer >= rules.issuer.approval_from)
    }

    /// A code was seen, by the operator or at the channel. `recorded`: its record is in the log.
    pub fn code_seen(&mut self, who: Who, request: usize, recorded: bool) -> Result<(), Broken> {
        holds(recorded, Broken::NotRecorded)?;
        self.acted(who, false)?;
        let row = &mut self.requests[request];
        holds(!row.ended, Broken::RequestEnded)?;
        row.made = true;
        let (challenge, rotation, _) = row.authorised.ok_or(Broken::NotRecorded)?;
        let seen = Seen {
            request,
            device: row.device,
            nonce: challenge.nonce,
            rotation,
            reported: false,
        };
        self.seen.retain(|before| before.request != request);
        self.seen.push(seen);
        Ok(())
    }

    /// An operator says that the device was unlocked, or that it was given up.
    pub fn ended(&mut self, request: usize, done: bool) {
        let row = &mut self.requests[request];
        row.ended = true;
        let Some((challenge, ..)) = row.authorised.filter(|_| done) else {
            return;
        };
        let device = row.device;
        for code in &mut self.seen {
            let same = code.device == device && code.nonce == challenge.nonce;
            code.reported |= code.request == request || same;
        }
        // An unlock moves the counter by one; what is said of an older challenge does not move it back.
        let next = challenge.counter.wrapping_add(1);
        let device = &mut self.devices[device];
        if device.counter < next {
            device.counter = next;
        }
    }

    /// The codes of a device that may still be good, by request.
    pub fn may_be_good(&self, device: usize) -> Vec<RequestId> {
        let rotation = self.devices[device].rotation;
        let codes = self.seen.iter();
        let good = codes.filter(|code| code.device == device && !code.reported && code.rotation == rotation);
        good.map(|code| self.requests[code.request].id).collect()
    }
}
