//! `challenge`.

use fido_unlock::code::spoken;
use fido_unlock::ctap2::device_unlock::UnlockInfo;
use fido_unlock::host::ports::Call;
use fido_unlock::host::{Session, diagnose};
use fido_unlock::{ErrorCode, HasCode, Suite};

use crate::args::Challenge;
use crate::device::{Devices, Opened, call, call_with_touch};
use crate::failure::Failure;
use crate::output::Report;
use crate::session_file;

/// Begins an unlock. A device that is not locked fails with what it wants instead: a PIN, or to be plugged
/// in again.
pub fn begin(device: &mut Opened, info: &UnlockInfo, slot: Option<u8>) -> Result<Session, Failure> {
    let begun = call(Call::QUICK, |call| Session::begin_with(device, info, slot, call));
    begun.map_err(|error| match diagnose(&Ok(info.clone()), &[]) {
        Some(found) if error.code() == ErrorCode::DeviceNotLocked => found.condition.code().into(),
        _ => error.into(),
    })
}

/// Shows Device ID and challenge, and keeps what was shown.
pub fn run(devices: &Devices, args: &Challenge) -> Result<Report, Failure> {
    let (mut device, info) = devices.open_for_unlock()?;
    let info = info?;
    let mut session = begin(&mut device, &info, args.slot)?;
    let path = session_file::path_for(devices, args.session.as_deref(), Some(session.device_id()));
    let shown_before = match &path {
        // A file that cannot be read is replaced; all that it could tell is that an old code is void.
        Some(path) => session_file::load(path).ok().flatten(),
        None => None,
    };
    if args.renew {
        // A file that was asked for and cannot be written voids no code.
        if let Some(path) = args.session.as_deref() {
            session_file::save(path, &session)?;
        }
        call_with_touch(|call| session.renew(&mut device, call))??;
    }
    // A challenge that is not kept is shown all the same: the device has it.
    let kept = match &path {
        Some(path) => session_file::save(path, &session).map(|()| Some(path)),
        None => Ok(None),
    };
    if args.session.is_some() && !args.renew {
        kept.as_ref().map_err(Failure::clone)?;
    }
    let voided = shown_before.is_some_and(|before| {
        before.device_id() == session.device_id() && before.challenge() != session.challenge()
    });
    let (id, challenge) = (session.device_id().to_code(), session.challenge().to_code());
    let mut report = Report::new()
        .labelled("Device ID", &id)
        .labelled("Device Challenge", &challenge);
    if args.speak {
        report = report
            .line(spoken(&id).as_str())
            .line(spoken(&challenge).as_str());
    }
    if voided {
        report = report.line("This challenge is new: a Response Code for the one shown before is void.");
    }
    if session.suite() == Suite::AesAdminKey {
        report =
            report.line("This challenge has no check: nobody would notice a wrong digit. Read it carefully.");
    }
    let why = match &kept {
        Ok(Some(_)) => None,
        Ok(None) => Some("this system has no state folder".to_owned()),
        Err(failure) => Some(failure.detail.clone().unwrap_or_else(|| failure.code.to_string())),
    };
    if let Some(why) = &why {
        report = report.line(format!(
            "It was not saved for `unlock --resolve`: {why}. To save it, use --session FILE."
        ));
    }
    Ok(report
        .line("Read both to the help desk, then run `unlock` with the Response Code.")
        .field("device_id", id)
        .field("device_challenge", challenge)
        .field("suite", session.suite().number())
        .field("slot", session.slot())
        .field("voids_earlier_code", voided)
        .field(
            "session",
            kept.ok().flatten().map(|path| path.display().to_string()),
        )
        .field("not_kept", why))
}
