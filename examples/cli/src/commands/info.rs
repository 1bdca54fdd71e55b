//! `info`.

use serde_json::{Value, json};

use crate::device::Devices;
use crate::failure::Failure;
use crate::output::Report;

/// Shows `getInfo`.
pub fn run(devices: &Devices) -> Result<Report, Failure> {
    let (device, info) = devices.open_for_unlock()?;
    let info = info?;
    let interface = match device.interface() {
        fido_unlock::Interface::Fido => "fido",
        fido_unlock::Interface::Vendor => "vendor",
    };
    let yes_no = |flag: bool| if flag { "yes" } else { "no" };
    let id = info.device_id.map(|id| id.to_code());
    let protocols: Vec<u64> = info
        .protocols
        .iter()
        .map(|protocol| u64::from(protocol.number()))
        .collect();
    let listed: Vec<String> = protocols.iter().map(ToString::to_string).collect();
    let mut report = Report::new()
        .labelled(
            "Device ID",
            id.as_deref().unwrap_or(if info.sealed {
                "not told (use the FIDO interface, or ask again when the PIN is blocked)"
            } else {
                "none (this device was never enrolled)"
            }),
        )
        .labelled("interface", interface)
        .labelled("PIN set", yes_no(info.pin_set))
        .labelled("PIN tries left", info.pin_retries)
        .labelled(
            "re-plug wanted",
            yes_no(info.pin_auth_blocked || info.unlock_blocked),
        )
        .labelled(
            "PIN length",
            format!("{} to {}", info.min_pin_length, info.max_pin_length),
        )
        .labelled("PIN must change", yes_no(info.force_pin_change))
        .labelled("PIN protocols", listed.join(", "))
        .labelled("enrolled", yes_no(info.sealed))
        .labelled("unlock counter", info.unlock_counter);
    let mut slots = Vec::new();
    for slot in &info.slots {
        let print = slot
            .fingerprint
            .map(|print| base16ct::lower::encode_string(&print));
        report = report.labelled(
            &format!("slot {}", slot.slot),
            format!(
                "suite {} {}, rotation {}, issuer {}",
                slot.suite.number(),
                slot.suite.name(),
                slot.rotation,
                print.as_deref().unwrap_or("(admin key)")
            ),
        );
        slots.push(json!({
            "slot": slot.slot,
            "suite": slot.suite.number(),
            "rotation": slot.rotation,
            "fingerprint": print,
        }));
    }
    Ok(report
        .field("device_id", id)
        .field("interface", interface)
        .field("pin_set", info.pin_set)
        .field("pin_retries", info.pin_retries)
        .field("pin_auth_blocked", info.pin_auth_blocked)
        .field("unlock_blocked", info.unlock_blocked)
        .field("uv_retries", info.uv_retries)
        .field("pin_uv_auth_protocols", protocols)
        .field("min_pin_length", info.min_pin_length)
        .field("max_pin_length", info.max_pin_length)
        .field("force_pin_change", info.force_pin_change)
        .field("pin_complexity_policy", info.pin_complexity_policy)
        .field("max_msg_size", info.max_msg_size)
        .field("touch", info.touch)
        .field("enrolled", info.sealed)
        .field("unlock_counter", info.unlock_counter)
        .field("slots", Value::Array(slots)))
}
