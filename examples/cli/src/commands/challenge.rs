//! `challenge`.

use fido_unlock::Suite;
use fido_unlock::code::spoken;
use fido_unlock::ctap2::device_unlock::UnlockInfo;
use fido_unlock::host::ports::Call;
use fido_unlock::host::{Session, SessionRefusal, UnlockError, diagnose};

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
        // What `info` says; a device that refuses for itself says what it says.
        Some(found) if error == UnlockError::Refused(SessionRefusal::DeviceNotLocked) => {
            found.condition.code().into()
        }
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

#[cfg(test)]
mod tests {
    use fido_unlock::ctap2::device_unlock::SlotInfo;
    use fido_unlock::host::CtapUnlockDevice;
    use fido_unlock::host::ports::{Transport, TransportError};
    use fido_unlock::pin_protocol::PinProtocol;
    use fido_unlock::{DeviceId, ErrorCode};

    use super::*;

    /// Answers every message with one status.
    struct Always(u8);

    impl Transport for Always {
        fn transact(&mut self, _: &[u8], _: &mut Call<'_>) -> Result<Vec<u8>, TransportError> {
            Ok(vec![self.0])
        }
    }

    fn told(pin_retries: u8, status: u8) -> Option<ErrorCode> {
        let info = UnlockInfo {
            pin_set: true,
            pin_retries,
            pin_auth_blocked: false,
            uv_retries: None,
            protocols: vec![PinProtocol::Two],
            min_pin_length: 4,
            max_pin_length: 63,
            force_pin_change: false,
            pin_complexity_policy: false,
            max_msg_size: 1024,
            unlock_counter: 0,
            sealed: true,
            slots: vec![SlotInfo {
                slot: 1,
                suite: Suite::P256Ecdsa,
                fingerprint: Some([1; 16]),
                rotation: 0,
            }],
            unknown_slots: 0,
            device_id: Some(DeviceId::from_bytes([2; 10])),
            unlock_blocked: false,
            touch: true,
            max_slots: 12,
            spent: None,
        };
        let mut device: Opened = CtapUnlockDevice::new(Box::new(Always(status)));
        begin(&mut device, &info, None).err().map(|failure| failure.code)
    }

    /// docs/protocol.md §4, the column of getChallenge.
    #[test]
    fn what_the_device_refuses_has_the_number_of_its_status() {
        for (status, code) in [
            (0x30, ErrorCode::DeviceNotLocked),
            (0x06, ErrorCode::Busy),
            (0x02, ErrorCode::SuiteNotEnrolled),
            (0xF9, ErrorCode::DeviceNotEnrolled),
        ] {
            assert_eq!(told(0, status), Some(code), "{status:#04x}");
        }
        // Not asked for a challenge: its state says more than "not locked".
        assert_eq!(told(1, 0x30), Some(ErrorCode::DeviceNotLocked));
    }
}
