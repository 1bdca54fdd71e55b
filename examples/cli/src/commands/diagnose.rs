//! `diagnose`.

use fido_unlock::HasCode;
use fido_unlock::host::diagnose;

use crate::args::Diagnose;
use crate::desk::{KeyFolder, public_key, read_issuer_list, read_verifiers};
use crate::device::Devices;
use crate::failure::Failure;
use crate::output::Report;

/// Reads the state and says it in one sentence.
pub fn run(devices: &Devices, args: &Diagnose) -> Result<Report, Failure> {
    let mut own = Vec::new();
    if let Some(desk) = &args.desk {
        let issuers = KeyFolder::of_desk(desk).issuers()?;
        own.extend(issuers.iter().map(|issuer| issuer.public.fingerprint()));
    }
    for path in &args.issuer {
        own.push(public_key::load(path)?.public.fingerprint());
    }
    if let (Some(list), Some(key)) = (&args.issuer_list, &args.issuer_list_key) {
        let list = read_issuer_list(list, &read_verifiers(key)?)?;
        own.extend(list.fingerprints());
    }
    let (_, info) = devices.open_for_unlock()?;
    let Some(found) = diagnose(&info, &own) else {
        return Err(match info {
            Err(error) => error.into(),
            Ok(_) => fido_unlock::ErrorCode::MalformedAnswer.into(),
        });
    };
    let code = found.condition.code();
    let mut report = Report::new().line(found.sentence());
    if let Some(id) = found.device_id {
        report = report.labelled("Device ID", id);
    }
    for slot in &found.foreign_slots {
        let slot = slot.slot;
        report = report.line(format!(
            "Slot {slot} of this device holds a key that is not one of this help desk's."
        ));
    }
    let foreign_slots: Vec<u8> = found.foreign_slots.iter().map(|slot| slot.slot).collect();
    Ok(report
        .field("condition", found.condition.name())
        .field("sentence", found.sentence())
        .field("can_unlock", found.can_unlock())
        .field("enrolled", found.enrolled)
        .field("foreign_issuer", found.foreign_issuer())
        .field("foreign_slots", foreign_slots)
        .field("device_id", found.device_id.map(|id| id.to_code()))
        .field("number", code.code().number())
        .field("name", code.name())
        .field("next_step", code.next_step()))
}
