//! `unlock`.

use std::path::Path;

use fido_unlock::host::ports::{Call, PinPolicy, UnlockDevice};
use fido_unlock::host::{
    DefaultPinPolicy, NewPin, Outcome, PinRules, Session, SessionRefusal, UnlockError, confirm_pin,
};
use fido_unlock::{ErrorCode, Pin, Suite};
use fido_unlock_system::SystemEntropy;

use super::challenge::begin;
use super::typed_code;
use crate::args::{PinOptions, Unlock};
use crate::brought::{numbered_lines, read_text};
use crate::device::{Devices, Opened, call, call_with_touch};
use crate::failure::Failure;
use crate::output::{Report, say};
use crate::prompt::Prompt;
use crate::session_file;

/// New PINs that a person may propose before the command gives up.
const TRIES: u32 = 3;

/// Unlocks, or says what became of an unlock.
pub fn run(devices: &Devices, args: &Unlock, prompt: Prompt) -> Result<Report, Failure> {
    let (mut device, info) = devices.open_for_unlock()?;
    let info = info?;
    let path = session_file::path_for(devices, args.session.as_deref(), info.device_id);
    let session = match &path {
        Some(path) => session_file::load(path)?,
        None => None,
    };
    if args.resolve {
        return resolve(&mut device, session.as_ref());
    }
    let session = match session {
        Some(session) => {
            still_good(&session, &mut device)?;
            session
        }
        None => {
            let session = begin(&mut device, &info, None)?;
            say("No challenge was shown on this computer. The device is waiting for the response to:");
            say(format_args!("  {}", session.challenge().to_code()));
            session
        }
    };
    let policy = policy(&args.rules)?;
    if session.suite() == Suite::AesAdminKey && prompt.is_interactive() {
        say("The Response Code has no check: compare every digit.");
    }
    let response = typed_code::response_code(prompt, session.suite())?;
    let pin = new_pin(prompt, &args.rules, &policy, session.rules())?;
    call_with_touch(|call| session.unlock(&mut device, &response, &pin, &mut SystemEntropy, call))??;
    // The unlock is done; whether the PIN must change is only a courtesy.
    let must_change = call(Call::QUICK, |call| device.info(call)).is_ok_and(|info| info.force_pin_change);
    let mut report = Report::new().line("Unlocked: the new PIN is set, and every credential is unchanged.");
    if must_change {
        report = report.line("The system will ask for another PIN at the next sign-in.");
    }
    Ok(report
        .field("unlocked", true)
        .field("device_id", session.device_id().to_code())
        .field("force_pin_change", must_change))
}

/// Whether a code for the session's challenge can still be good, before the person types it. The
/// session looks again just before it sends anything.
fn still_good(session: &Session, device: &mut Opened) -> Result<(), Failure> {
    let info = call(Call::QUICK, |call| device.info(call))?;
    if info.is_blocked() {
        return Ok(());
    }
    Err(match call(Call::QUICK, |call| session.resolve(device, call)) {
        Ok(Outcome::NotUnlocked) => ErrorCode::DeviceNotLocked.into(),
        Ok(Outcome::Unlocked) => ErrorCode::ChallengeUsed.into(),
        // Whichever device it is, there is nothing to unlock.
        Err(UnlockError::Refused(SessionRefusal::OutcomeUnknown)) => ErrorCode::DeviceNotLocked.into(),
        Err(error) => error.into(),
    })
}

fn resolve(device: &mut Opened, session: Option<&Session>) -> Result<Report, Failure> {
    let session = session.ok_or_else(|| {
        Failure::new(
            ErrorCode::StoreRead,
            "there is no session file: `challenge` was not run here",
        )
    })?;
    let outcome = call(Call::QUICK, |call| session.resolve(device, call))?;
    let unlocked = outcome == Outcome::Unlocked;
    let line = if unlocked {
        "The unlock was done: the new PIN is set."
    } else {
        "Nothing changed: the Response Code is still good. Run `unlock` again."
    };
    Ok(Report::new()
        .line(line)
        .field("unlocked", unlocked)
        .field("device_id", session.device_id().to_code()))
}

fn policy(options: &PinOptions) -> Result<DefaultPinPolicy, Failure> {
    let mut policy = DefaultPinPolicy::new().minimum(options.pin_minimum);
    if options.pin_symbols {
        policy = policy.symbols();
    }
    if options.pin_unicode {
        policy = policy.unicode();
    }
    if options.pin_refuse_trivial {
        policy = policy.refuse_trivial();
    }
    if let Some(path) = &options.pin_block_list {
        policy = policy.block_list(block_list(path)?);
    }
    Ok(policy)
}

fn block_list(path: &Path) -> Result<Vec<String>, Failure> {
    let text = read_text(path)?;
    Ok(numbered_lines(&text).map(|(_, line)| line.to_owned()).collect())
}

/// A new PIN within both sides' rules, typed twice; a person may propose another.
fn new_pin(
    prompt: Prompt,
    options: &PinOptions,
    policy: &dyn PinPolicy,
    rules: &PinRules,
) -> Result<NewPin, Failure> {
    if prompt.is_interactive() {
        let host = options.pin_minimum.max(DefaultPinPolicy::MINIMUM);
        let characters = match (options.pin_unicode, options.pin_symbols) {
            (true, _) => "characters",
            (false, true) => "letters, digits and symbols",
            (false, false) => "letters and digits",
        };
        say(format_args!(
            "The new PIN: {} to {} {characters}.",
            host.max(rules.minimum),
            rules.maximum
        ));
    }
    let mut tries = TRIES;
    loop {
        // `Zeroizing` keeps its own copy: it is wiped when this turn ends.
        let pin = Pin::new(prompt.secret("New PIN")?.as_str().to_owned());
        let again = Pin::new(prompt.secret("New PIN again")?.as_str().to_owned());
        let judged = confirm_pin(&pin, &again).and_then(|pin| NewPin::judge(pin, policy, rules));
        let error = match judged {
            Ok(pin) => return Ok(pin),
            Err(error) => error,
        };
        tries -= 1;
        if tries == 0 || !prompt.is_interactive() {
            return Err(error.into());
        }
        say(error);
    }
}
