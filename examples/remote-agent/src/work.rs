//! What is done with a key while others wait: each function is one conversation with the device.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use fido_unlock::host::ports::{Call, ProgressEvent, UnlockDevice};
use fido_unlock::host::{CtapUnlockDevice, DefaultPinPolicy, Diagnosis, NewPin, Outcome, Session, diagnose};
use fido_unlock::{ErrorCode, Pin, ResponseCode};
use fido_unlock_system::SystemEntropy;

use crate::Failure;
use crate::keys::Route;
use crate::saved::Saved;

/// What a look at a key gave.
pub struct Look {
    /// Its state.
    pub diagnosis: Diagnosis,
    /// Device ID and challenge, where it is locked and can be unlocked.
    pub session: Option<Session>,
    /// The session that it was unlocked with, before the agent was told.
    pub resolved: Option<Session>,
}

/// What state the key is in. `unresolved`: sessions whose outcome is not known.
pub fn look(route: &dyn Route, unresolved: &[Saved]) -> Result<Look, Failure> {
    let mut device = CtapUnlockDevice::new(route.open()?);
    let call = &mut Call::quick();
    let info = device.info(call);
    let Some(diagnosis) = diagnose(&info, &[]) else {
        return Err(match info {
            Err(error) => error.into(),
            Ok(_) => ErrorCode::MalformedAnswer.into(),
        });
    };
    let session = match &info {
        Ok(info) if diagnosis.can_unlock() => Some(Session::begin_with(&mut device, info, None, call)?),
        _ => None,
    };
    let mut resolved = None;
    if let Ok(info) = &info
        && !info.is_blocked()
    {
        let unlocked = |saved: &&Saved| {
            let outcome = saved.session.resolve(&mut device, call);
            matches!(outcome, Ok(Outcome::Unlocked))
        };
        resolved = unresolved
            .iter()
            .find(unlocked)
            .map(|saved| saved.session.clone());
    }
    Ok(Look {
        diagnosis,
        session,
        resolved,
    })
}

/// Sends the code and the new PIN. `touch` is called when the key waits for one.
pub fn unlock(
    route: &dyn Route,
    session: &Session,
    response: &ResponseCode,
    pin: &Pin,
    cancel: &Arc<AtomicBool>,
    touch: &mut dyn FnMut(),
) -> Result<(), Failure> {
    // It was asked for twice, and compared, by whoever wrote the line.
    let pin = NewPin::judge(pin, &DefaultPinPolicy::new(), session.rules())?;
    let mut device = CtapUnlockDevice::new(route.open()?);
    let mut progress = |event| {
        if event == ProgressEvent::TouchNeeded {
            touch();
        }
    };
    let mut call = Call::with_touch().cancelled_by(cancel).telling(&mut progress);
    Ok(session.unlock(&mut device, response, &pin, &mut SystemEntropy, &mut call)?)
}
