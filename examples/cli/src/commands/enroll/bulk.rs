//! `enroll --watch`: each key that is put in is enrolled, probed where the desk's keys are here, and
//! written as a row for `desk import`. The desk's folder is left alone meanwhile.

use std::time::Duration;

use fido_unlock::ctap2::device_unlock::EnrollResponse;
use fido_unlock::desk::{NoAdminKeys, Privilege, SoftwareSigner, UserId};
use fido_unlock::host::ports::{Call, Cancel, NeverCancel, SystemTicks, Ticks, TransportError, UnlockDevice};
use fido_unlock::host::{DeviceEvent, DeviceWatch, FoundDevice};
use fido_unlock::{DeviceId, ErrorCode, Interface, Pin, Suite};
use fido_unlock_system::CtrlC;
use serde_json::{Value, json};

use super::device::{Plan, choose, enroll_with_pin, present_keys, probe_enrolled};
use super::owners::{Owner, Owners};
use super::rows::{Row, RowsFile};
use super::station::{self, HandedOver, NOT_PROBED};
use crate::args::Enroll;
use crate::commands::devices::{problem_json, title};
use crate::desk::public_key::PublicKey;
use crate::desk::{Keys, OpenDesk, SharedSigner};
use crate::device::{Devices, Opened, call, call_unless, touch};
use crate::failure::Failure;
use crate::output::{Report, print_event, say, shown};
use crate::prompt::Prompt;
use crate::service::Service;

/// Longest opening of a key, by whichever of its routes.
const OPEN_WITHIN: Duration = Duration::from_secs(10);
/// How long a key that may not be opened is tried, and how often.
const ALLOWED_WITHIN: Duration = Duration::from_secs(2);
const AGAIN: Duration = Duration::from_millis(100);

/// Until Ctrl-C, the end of the list or the end of input.
pub fn run(devices: &Devices, args: &Enroll, prompt: Prompt, json: bool) -> Result<Report, Failure> {
    if args.suite == Some(Suite::AesAdminKey.number()) {
        return Err(Failure::usage(
            "an admin key is never written to a file: enrol suite 3 devices one by one, without --watch",
        ));
    }
    let owners = Owners::new(args.users.as_deref(), prompt)?;
    let keys = keys(args, prompt)?;
    station(devices, args, (owners, keys), None, prompt, json)
}

/// The same at a console, where each device is registered at once. What an earlier run wrote and could not register is
/// registered first.
pub fn at_service(
    devices: &Devices,
    args: &Enroll,
    service: Service,
    prompt: Prompt,
    json: bool,
) -> Result<Report, Failure> {
    let owners = Owners::new(args.users.as_deref(), prompt)?;
    let keys = (station::keys(service.desk.enrolment(None)?, args.suite), None);
    station(devices, args, (owners, keys), Some(service), prompt, json)
}

fn station(
    devices: &Devices,
    args: &Enroll,
    (owners, (keys, signer)): (Owners, (Vec<PublicKey>, Option<SharedSigner>)),
    service: Option<Service>,
    prompt: Prompt,
    json: bool,
) -> Result<Report, Failure> {
    let csv = args
        .csv
        .as_deref()
        .ok_or_else(|| Failure::usage("--watch needs --csv FILE"))?;
    let (ctrl_c, ticks) = (CtrlC::new()?, SystemTicks::new());
    let bulk = Bulk {
        args,
        prompt,
        json,
        used: choose(&keys, args.slot)?,
        plan: Plan::Issuers(keys),
        signer,
        rows: RowsFile::open(csv)?,
        service,
        owners,
        cancel: &ctrl_c,
        ticks: &ticks,
        handled: Vec::new(),
        enrolled: 0,
        skipped: 0,
        failed: 0,
    };
    bulk.register_rows()?;
    bulk.run(devices.watch()?)
}

/// The keys to enrol, and the signer for the probe where there is one.
fn keys(args: &Enroll, prompt: Prompt) -> Result<(Vec<PublicKey>, Option<SharedSigner>), Failure> {
    let Some(at) = args.at() else {
        return Ok((super::station_keys(args)?, None));
    };
    // Closed again at once: the help desk goes on working.
    let mut open = OpenDesk::sign_in(&at, prompt, Keys::Wanted)?;
    if !open.desk.may(&open.session, Privilege::ManageDevices)? {
        return Err(ErrorCode::PrivilegeMissing.into());
    }
    let ring = open.folder.keys().ring(&open.passphrase)?;
    let signer = SharedSigner::new(SoftwareSigner::new(ring, Box::new(NoAdminKeys)));
    let keys = present_keys(&signer, args.suite.and_then(Suite::from_number));
    Ok((keys, Some(signer)))
}

struct Bulk<'a> {
    args: &'a Enroll,
    prompt: Prompt,
    json: bool,
    used: PublicKey,
    plan: Plan,
    /// `None`: a station without the desk's keys.
    signer: Option<SharedSigner>,
    rows: RowsFile,
    /// The desk that registers each device.
    service: Option<Service>,
    owners: Owners,
    cancel: &'a dyn Cancel,
    ticks: &'a dyn Ticks,
    /// The paths of each device that is there and needs nothing more.
    handled: Vec<Vec<String>>,
    enrolled: u32,
    skipped: u32,
    failed: u32,
}

/// What came of a device.
#[derive(PartialEq, Eq)]
enum Came {
    /// Nothing more is to be done with it.
    Done,
    /// It cannot be enrolled yet: its FIDO interface is not there, or may not be opened yet.
    Later,
    /// No more keys.
    End,
}

impl Bulk<'_> {
    /// Registers what is in the file: where it is registered already, nothing comes of it.
    fn register_rows(&self) -> Result<(), Failure> {
        let Some(service) = &self.service else {
            return Ok(());
        };
        for new in self.rows.devices() {
            service.desk.register(&station::of_row(new))?;
        }
        Ok(())
    }

    fn run(mut self, mut watch: DeviceWatch) -> Result<Report, Failure> {
        say("Put a key in. Ctrl-C quits.");
        while !self.owners.is_done() {
            let event = call_unless(self.cancel, Call::WITH_TOUCH, |call| watch.next_event(call));
            let came = match event {
                Err(TransportError::Cancelled) => Came::End,
                Err(error) => return Err(error.into()),
                Ok(None) => continue,
                Ok(Some(event)) => self.on_event(&mut watch, event)?,
            };
            if came == Came::End {
                break;
            }
        }
        Ok(self.report())
    }

    fn on_event(&mut self, watch: &mut DeviceWatch, event: DeviceEvent) -> Result<Came, Failure> {
        match event {
            DeviceEvent::Arrived(device) => self.on_device(watch, &device),
            DeviceEvent::Changed(device) => {
                let mut handled = self.handled.iter_mut();
                match handled.find(|paths| paths.iter().any(|path| device.has_path(path))) {
                    Some(paths) => {
                        *paths = paths_of(&device);
                        Ok(Came::Done)
                    }
                    None => self.on_device(watch, &device),
                }
            }
            DeviceEvent::Left(device) => {
                self.handled
                    .retain(|paths| !paths.iter().any(|path| device.has_path(path)));
                Ok(Came::Done)
            }
            DeviceEvent::Problem(error) => {
                say(format_args!("Could not look everywhere: {error}."));
                Ok(Came::Later)
            }
            _ => Ok(Came::Later),
        }
    }

    fn on_device(&mut self, watch: &mut DeviceWatch, device: &FoundDevice) -> Result<Came, Failure> {
        touch::is_with(device);
        let opened = once_allowed(self.ticks, self.cancel, || {
            call_unless(self.cancel, OPEN_WITHIN, |call| {
                watch.devices().open(device, Some(Interface::Fido), call)
            })
        });
        let came = match opened {
            Ok(opened) => match opened.info {
                Ok(info) if info.sealed => self.skip_sealed(device, info.device_id)?,
                Ok(_) => self.on_fresh(opened.device, device)?,
                Err(error) => self.fail(device, &error.into())?,
            },
            Err(TransportError::Cancelled) => Came::End,
            // The vendor interface may have come first.
            Err(TransportError::NoDevice) => Came::Later,
            Err(error) => {
                let came = self.fail(device, &error.clone().into())?;
                if may_pass(&error) { Came::Later } else { came }
            }
        };
        if came == Came::Done {
            self.handled.push(paths_of(device));
        }
        Ok(came)
    }

    /// A key that can be enrolled.
    fn on_fresh(&mut self, mut key: Opened, device: &FoundDevice) -> Result<Came, Failure> {
        let owner = match self.owners.next(self.cancel) {
            Ok(Owner::Is(owner)) => owner,
            Ok(Owner::Skip) => return self.skip(device, None, "left as it is"),
            Ok(Owner::End) => return Ok(Came::End),
            Err(failure) if failure.code == ErrorCode::NotInteractive => return Err(failure),
            Err(failure) => return self.fail(device, &failure),
        };
        // Before it is touched: an enrolment cannot be taken back.
        if let Some(service) = &self.service
            && let Err(error) = service.desk.enrolment(Some(owner.as_str()))
        {
            return self.fail(device, &error.into());
        }
        let pin = match station::station_pin(self.args, self.prompt) {
            Ok(pin) => pin,
            Err(failure) => return self.fail(device, &failure),
        };
        match self.enroll(&mut key, pin.as_ref()) {
            Ok(answer) => {
                // On disk before the person may take the key out.
                self.rows.add(&Row {
                    owner: &owner,
                    label: self.args.label(),
                    used: &self.used,
                    answer: &answer,
                })?;
                self.owners.has_got_it();
                self.registered(&mut key, pin.as_ref(), device, &owner, &answer)
            }
            Err(failure) if failure.code == ErrorCode::Cancelled => {
                self.fail(device, &failure)?;
                Ok(Came::End)
            }
            Err(failure) => self.fail(device, &failure),
        }
    }

    /// Registers it at the desk, where there is one, and hands it over.
    fn registered(
        &mut self,
        key: &mut Opened,
        pin: Option<&Pin>,
        device: &FoundDevice,
        owner: &UserId,
        answer: &EnrollResponse,
    ) -> Result<Came, Failure> {
        let Some(service) = &self.service else {
            self.enrolled(owner, answer, None)?;
            return Ok(Came::Done);
        };
        let row = Row {
            owner,
            label: self.args.label(),
            used: &self.used,
            answer,
        };
        let done = call(Call::QUICK, |call| key.info(call))
            .map_err(Failure::from)
            .and_then(|info| {
                let new = station::new_device(&row, info.unlock_counter);
                service.desk.register(&new)?;
                station::hand_over(key, pin)
            });
        match done {
            Ok(handed_over) => {
                self.enrolled(owner, answer, Some(handed_over))?;
                Ok(Came::Done)
            }
            Err(failure) => {
                let said = failure.detail.unwrap_or_else(|| failure.code.to_string());
                let text = format!(
                    "{said}\n  it is enrolled and its row is written; what is not registered is registered at the next start"
                );
                self.fail(device, &Failure::new(failure.code, text))
            }
        }
    }

    fn enroll(&self, key: &mut Opened, pin: Option<&Pin>) -> Result<EnrollResponse, Failure> {
        let answer = enroll_with_pin(key, self.args, &self.plan, pin, self.cancel)?;
        // Sealed by now: a Ctrl-C that crossed the touch must not keep it out of the file.
        if let Some(signer) = &self.signer {
            probe_enrolled(key, signer, &self.used, &answer, &NeverCancel).map_err(|failure| {
                let said = failure.detail.unwrap_or_else(|| failure.code.to_string());
                let text = format!(
                    "{said}\n  it is enrolled, but not in the file: reset it before you enrol it again"
                );
                Failure::new(failure.code, text)
            })?;
        }
        Ok(answer)
    }

    /// `handed_over`: where it was registered.
    fn enrolled(
        &mut self,
        owner: &UserId,
        answer: &EnrollResponse,
        handed_over: Option<HandedOver>,
    ) -> Result<(), Failure> {
        self.enrolled += 1;
        let (id, suite, slot) = (
            answer.device_id.to_code(),
            self.used.suite.number(),
            self.used.slot,
        );
        let probed = self.signer.is_some();
        let mut lines = vec![
            format!("Enrolled for {owner}: {id} (suite {suite}, slot {slot})."),
            if probed {
                "Probed: an unlock would work.".to_owned()
            } else {
                NOT_PROBED.to_owned()
            },
        ];
        let mut value = json!({
            "device_id": id, "user": owner.as_str(), "suite": suite, "slot": slot, "probed": probed,
        });
        match (handed_over, value.as_object_mut()) {
            (Some(handed_over), Some(value)) => {
                lines.extend([
                    handed_over.line().to_owned(),
                    "Registered. Take the key out.".to_owned(),
                ]);
                value.insert("registered".into(), true.into());
                value.insert("pin_change_forced".into(), handed_over.forced().into());
            }
            _ => lines.push("Its row is written. Take the key out.".to_owned()),
        }
        self.tell("enrolled", &lines, value)
    }

    fn skip_sealed(&mut self, device: &FoundDevice, id: Option<DeviceId>) -> Result<Came, Failure> {
        match id.and_then(|id| self.rows.owner(&id).cloned()) {
            Some(owner) => self.skip(device, id, &format!("already has a row, for {owner}")),
            None => self.skip(
                device,
                id,
                "already enrolled; only a reset allows a new enrolment",
            ),
        }
    }

    fn skip(&mut self, device: &FoundDevice, id: Option<DeviceId>, why: &str) -> Result<Came, Failure> {
        self.skipped += 1;
        let id = id.map(|id| id.to_code());
        let name = id.as_deref().map_or_else(|| shown(device.name()), str::to_owned);
        let line = format!("Skipped: {name}: {why}. Take it out.");
        self.tell("skipped", &[line], json!({"device_id": id, "reason": why}))?;
        Ok(Came::Done)
    }

    fn fail(&mut self, device: &FoundDevice, failure: &Failure) -> Result<Came, Failure> {
        self.failed += 1;
        let code = failure.code;
        let said = failure.detail.as_deref().unwrap_or(code.message());
        let lines = [
            format!(
                "Failed: {}: error {} {}: {said}",
                title(device),
                code.number(),
                code.name()
            ),
            format!("what to do: {}", code.next_step()),
        ];
        let value = json!({"error": problem_json(code), "detail": failure.detail});
        self.tell("failed", &lines, value)?;
        Ok(Came::Done)
    }

    fn tell(&self, event: &str, lines: &[String], value: Value) -> Result<(), Failure> {
        print_event(self.json, event, lines, value)
    }

    fn report(self) -> Report {
        let left = self.owners.left();
        let mut report = Report::new().line(format!(
            "{} enrolled, {} skipped, {} failed.",
            self.enrolled, self.skipped, self.failed
        ));
        if let Some(left) = left.filter(|left| *left > 0) {
            report = report.line(format!("{left} on the list are left."));
        }
        report
            .field("event", "end")
            .field("enrolled", self.enrolled)
            .field("skipped", self.skipped)
            .field("failed", self.failed)
            .field("left", left)
    }
}

const fn may_pass(error: &TransportError) -> bool {
    matches!(
        error,
        TransportError::PermissionDenied { .. } | TransportError::Busy
    )
}

/// Tries again for [`ALLOWED_WITHIN`] while it is refused: udev gives the permission a moment after the
/// device, and that is no failure.
fn once_allowed<T>(
    ticks: &dyn Ticks,
    cancel: &dyn Cancel,
    mut open: impl FnMut() -> Result<T, TransportError>,
) -> Result<T, TransportError> {
    let end = ticks.now() + ALLOWED_WITHIN;
    loop {
        match open() {
            Err(error) if may_pass(&error) && ticks.now() < end && !cancel.is_cancelled() => {
                ticks.sleep(AGAIN);
            }
            result => return result,
        }
    }
}

fn paths_of(device: &FoundDevice) -> Vec<String> {
    device
        .routes
        .iter()
        .map(|found| found.route.path.clone())
        .collect()
}

#[cfg(test)]
mod tests;
