//! `devices`.

use fido_unlock::host::ports::{Call, Route, RouteKind, TransportError};
use fido_unlock::host::{DeviceEvent, FoundDevice, FoundRoute, Listing};
use fido_unlock::{ErrorCode, HasCode, Interface};
use fido_unlock_system::{CtrlC, udev_rule};
use serde_json::{Value, json};

use crate::device::{Devices, UDEV_RULES, call_unless};
use crate::failure::Failure;
use crate::output::{Report, print_event, shown};

/// Lists them, each once.
pub fn run(devices: &Devices) -> Result<Report, Failure> {
    let listing = devices.list()?;
    let show = Show::new(devices);
    let mut report = Report::new();
    if listing.devices.is_empty() {
        report = report.line("No device was found.");
    }
    for line in listing.devices.iter().flat_map(|device| show.lines(device)) {
        report = report.line(line);
    }
    for found in &listing.unassigned {
        let line = show.route_line(&found.route, problem_of(found));
        report = report.line(format!("Another route to one of the keys above: {line}"));
    }
    for reader in &listing.readers {
        report = report.line(format!("Empty reader: {}", shown(&reader.path)));
    }
    for problem in &listing.problems {
        report = report.line(format!("Could not look everywhere: {}.", problem.code()));
    }
    let Listing {
        devices,
        readers,
        unassigned,
        problems,
    } = &listing;
    let all = |values: Vec<Value>| Value::from(values);
    Ok(report
        .field(
            "devices",
            all(devices.iter().map(|device| show.json(device)).collect()),
        )
        .field(
            "unassigned",
            all(unassigned
                .iter()
                .map(|found| show.route_json(&found.route, problem_of(found)))
                .collect()),
        )
        .field(
            "readers",
            all(readers.iter().map(|reader| reader.path.clone().into()).collect()),
        )
        .field(
            "problems",
            all(problems.iter().map(|error| problem_json(error.code())).collect()),
        ))
}

/// Tells them coming and going, until Ctrl-C.
pub fn watch(devices: &Devices, json: bool) -> Result<Report, Failure> {
    let mut watch = devices.watch()?;
    let show = Show::new(devices);
    let cancel = CtrlC::new()?;
    loop {
        let event = match call_unless(&cancel, Call::WITH_TOUCH, |call| watch.next_event(call)) {
            Err(TransportError::Cancelled) => return Ok(Report::new()),
            event => event?,
        };
        let Some((name, lines, value)) = event.and_then(|event| show.event(&event)) else {
            continue;
        };
        let lines: Vec<String> = lines
            .into_iter()
            .enumerate()
            .map(|(number, line)| {
                if number == 0 {
                    format!("{name}: {line}")
                } else {
                    line
                }
            })
            .collect();
        if print_event(json, name, &lines, value).is_err() {
            // Nobody reads it any more.
            return Ok(Report::new());
        }
    }
}

/// How devices are shown.
pub struct Show {
    mock: bool,
}

impl Show {
    /// A software authenticator is shown as that.
    pub fn new(devices: &Devices) -> Self {
        Self {
            mock: devices.mock_file().is_some(),
        }
    }

    /// The event's name, its lines, and the same for a program.
    fn event(&self, event: &DeviceEvent) -> Option<(&'static str, Vec<String>, Value)> {
        let device = |device| (self.lines(device), json!({"device": self.json(device)}));
        let reader = |reader: &Route| (vec![shown(&reader.path)], json!({"reader": reader.path}));
        let (name, (lines, value)) = match event {
            DeviceEvent::Arrived(found) => ("arrived", device(found)),
            DeviceEvent::Changed(found) => ("changed", device(found)),
            DeviceEvent::Left(found) => {
                let (mut lines, value) = device(found);
                lines.truncate(1);
                ("left", (lines, value))
            }
            DeviceEvent::ReaderAdded(found) => ("reader-added", reader(found)),
            DeviceEvent::ReaderRemoved(found) => ("reader-removed", reader(found)),
            DeviceEvent::ServiceStarted => ("card-service", (vec!["runs".into()], json!({"runs": true}))),
            DeviceEvent::ServiceStopped => (
                "card-service",
                (vec!["does not run".into()], json!({"runs": false})),
            ),
            DeviceEvent::Problem(error) => (
                "problem",
                (
                    vec![error.to_string()],
                    json!({"problem": problem_json(error.code())}),
                ),
            ),
            _ => return None,
        };
        Some((name, lines, value))
    }

    /// Name and Device ID, state, routes.
    fn lines(&self, device: &FoundDevice) -> Vec<String> {
        let mut lines = vec![title(device)];
        lines.push(match (device.diagnosis(), device.info()) {
            (Some(state), _) => format!("  {}", state.sentence()),
            (None, Err(error)) => format!("  {error}. {}", error.code().next_step()),
            (None, Ok(_)) => String::new(),
        });
        let routes = device.routes.iter();
        lines.extend(routes.map(|found| format!("  - {}", self.route_line(&found.route, problem_of(found)))));
        // The same for all interfaces of a key.
        if let Some(rule) = device.routes.iter().find_map(udev_rule) {
            lines.push(format!("  for {UDEV_RULES}: {rule}"));
        }
        lines
    }

    fn route_line(&self, route: &Route, problem: Option<ErrorCode>) -> String {
        let interface = interface_name(route).map_or(String::new(), |name| format!(", {name}"));
        let problem = problem.map_or(String::new(), |code| format!(" ({code})"));
        format!("{}{interface}: {}{problem}", self.kind(route), shown(&route.path))
    }

    fn kind(&self, route: &Route) -> &'static str {
        match &route.kind {
            _ if self.mock => "mock",
            RouteKind::Hid(_) => "usb",
            _ => "card",
        }
    }

    fn json(&self, device: &FoundDevice) -> Value {
        let state = device.diagnosis();
        json!({
            "name": device.name(),
            "device_id": device.device_id().map(|id| id.to_code()),
            "condition": state.as_ref().map(|state| state.condition.name()),
            "sentence": state.as_ref().map(|state| state.sentence()),
            "can_unlock": state.as_ref().is_some_and(|state| state.can_unlock()),
            "enrolled": state.as_ref().is_some_and(|state| state.enrolled),
            "usable": device.is_usable(),
            "problem": device.info().err().map(|error| problem_json(error.code())),
            "udev_rule": device.routes.iter().find_map(udev_rule),
            "routes": device.routes.iter()
                .map(|found| self.route_json(&found.route, problem_of(found)))
                .collect::<Vec<_>>(),
        })
    }

    fn route_json(&self, route: &Route, problem: Option<ErrorCode>) -> Value {
        json!({
            "kind": self.kind(route),
            "name": route.name.as_str(),
            "path": route.path,
            "interface": interface_name(route),
            "usable": problem.is_none(),
            "problem": problem.map(problem_json),
        })
    }
}

/// The name that the person sees, and the Device ID where it is told.
pub fn title(device: &FoundDevice) -> String {
    match device.device_id() {
        Some(id) => format!("{}  {id}", shown(device.name())),
        None => shown(device.name()),
    }
}

fn problem_of(found: &FoundRoute) -> Option<ErrorCode> {
    found.info.as_ref().err().map(HasCode::code)
}

/// A row of the error table.
pub fn problem_json(code: ErrorCode) -> Value {
    json!({"number": code.number(), "name": code.name(), "message": code.message()})
}

fn interface_name(route: &Route) -> Option<&'static str> {
    route.interface().map(|interface| match interface {
        Interface::Fido => "FIDO interface",
        Interface::Vendor => "vendor interface",
    })
}
