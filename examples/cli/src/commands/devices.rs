//! `devices`.

use fido_unlock::ErrorCode;
use fido_unlock::ports::Interface;
use serde_json::{Value, json};

use crate::device::{Devices, Entry, Listing};
use crate::failure::Failure;
use crate::output::Report;

/// Lists them.
pub fn run(devices: &Devices) -> Result<Report, Failure> {
    let Listing { entries, problems } = devices.list()?;
    let mut report = Report::new();
    if entries.is_empty() {
        report = report.line("No device was found.");
    }
    for entry in &entries {
        let access = match &entry.access {
            Ok(()) => String::new(),
            Err(code) => format!(" ({code})"),
        };
        let interface = interface_name(entry.interface).map_or(String::new(), |name| format!(", {name}"));
        report = report.line(format!("{}  [{}{interface}]{access}", entry.name, entry.kind));
        report = report.line(format!("  {}", entry.path));
    }
    for problem in &problems {
        report = report.line(format!("Not looked for: {}.", problem.code));
    }
    let problems: Vec<Value> = problems
        .iter()
        .map(|problem| problem_json(problem.code))
        .collect();
    let list: Vec<Value> = entries.iter().map(to_json).collect();
    Ok(report.field("devices", list).field("problems", problems))
}

fn to_json(entry: &Entry) -> Value {
    let access = entry.access.err().map(problem_json);
    json!({
        "name": entry.name,
        "path": entry.path,
        "kind": entry.kind,
        "interface": interface_name(entry.interface),
        "usable": access.is_none(),
        "problem": access,
    })
}

fn problem_json(code: ErrorCode) -> Value {
    json!({"number": code.number(), "name": code.name(), "message": code.message()})
}

fn interface_name(interface: Option<Interface>) -> Option<&'static str> {
    interface.map(|interface| match interface {
        Interface::Fido => "FIDO interface",
        Interface::Vendor => "vendor interface",
    })
}
