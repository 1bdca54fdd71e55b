//! The agent: one thread that decides, and threads that wait for it: for keys, for lines, for the desk,
//! for a device.

mod desk;
mod threads;
mod unlock;

use std::collections::BTreeMap;
use std::io::{BufRead, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

use fido_unlock::host::Session;
use fido_unlock::{DeviceId, ErrorCode, ResponseCode};
use serde_json::json;

use crate::input::Command;
use crate::job::{Job, JobId};
use crate::keys::{Keys, Route};
use crate::report::Report;
use crate::saved::{Folder, Saved};
use crate::work::Look;
use crate::{Failure, Options};

enum Event {
    Looked(Arc<dyn Route>, Result<Look, Failure>),
    Left(String),
    CannotWatch(Failure),
    Line(Result<Command, Failure>),
    InputEnded,
    /// The key and the id of its request.
    Asked(JobId, String, String),
    Fetched(JobId, Result<ResponseCode, Failure>),
    Touch(DeviceId),
    Ended(JobId, Result<(), Failure>),
    Again(JobId),
    DeskToldLate(DeviceId, Failure),
}

/// The agent.
pub struct Agent<W> {
    options: Options,
    folder: Arc<Folder>,
    report: Report<W>,
    jobs: BTreeMap<DeviceId, Job>,
    /// Of the newest job.
    last_serial: u64,
    tell: Sender<Event>,
    events: Receiver<Event>,
    /// Threads that tell the desk how a request ended.
    farewells: Vec<std::thread::JoinHandle<()>>,
}

impl<W: Write> Agent<W> {
    pub fn new(options: Options, output: W) -> Self {
        let (tell, events) = channel();
        Self {
            folder: Arc::new(Folder::new(options.state.clone())),
            options,
            report: Report::new(output),
            jobs: BTreeMap::new(),
            last_serial: 0,
            tell,
            events,
            farewells: Vec::new(),
        }
    }

    pub fn run(
        mut self,
        keys: impl Keys + 'static,
        input: impl BufRead + Send + 'static,
    ) -> Result<(), Failure> {
        let stopped = Arc::new(AtomicBool::new(false));
        let (tell, folder, stop) = (self.tell.clone(), Arc::clone(&self.folder), Arc::clone(&stopped));
        let watcher = std::thread::spawn(move || threads::watch(keys, &folder, &tell, &stop));
        let tell = self.tell.clone();
        // Ends with the process: a read of standard input cannot be interrupted.
        std::thread::spawn(move || threads::read(input, &tell));
        let mut input_ended = false;
        let result = loop {
            if input_ended && !self.jobs.values().any(Job::is_under_way) {
                break Ok(());
            }
            // There is always a sender: `self.tell`.
            let Ok(event) = self.events.recv() else {
                break Ok(());
            };
            input_ended |= matches!(event, Event::InputEnded);
            if let Err(failure) = self.take(event) {
                break Err(failure);
            }
        };
        stopped.store(true, Ordering::Relaxed);
        for job in self.jobs.values() {
            job.cancel.store(true, Ordering::Relaxed);
        }
        for farewell in self.farewells {
            // A panic there was printed there.
            let _ = farewell.join();
        }
        let _ = watcher.join();
        result
    }

    fn take(&mut self, event: Event) -> Result<(), Failure> {
        match event {
            Event::Looked(route, Ok(look)) => self.looked(route, look),
            Event::Looked(route, Err(failure)) => {
                let fields =
                    json!({ "name": route.name(), "path": route.path(), "error": failure.to_json() });
                self.report.event("error", None, fields)
            }
            Event::Left(path) => {
                for job in self.jobs.values_mut() {
                    job.route.take_if(|route| route.path() == path);
                }
                self.report.event("left", None, json!({ "path": path }))
            }
            Event::CannotWatch(failure) => self.report.error(None, &failure),
            Event::Line(Ok(command)) => self.command(command),
            Event::Line(Err(failure)) => self.report.error(None, &failure),
            Event::InputEnded => Ok(()),
            Event::Asked(id, key, request) => match self.current(id) {
                Some(job) => {
                    job.saved.key = key;
                    job.saved.request = Some(request);
                    self.save(&id.device)?;
                    self.report.event("requested", Some(&id.device), json!({}))
                }
                // Nobody wants its answer any more.
                None => {
                    self.farewell(id.device, Some(request), false);
                    Ok(())
                }
            },
            Event::Fetched(id, result) => self.fetched(id, result),
            Event::Touch(id) => self.report.event("touch", Some(&id), json!({})),
            Event::Ended(id, result) => self.ended(id, result),
            Event::Again(id) if self.current(id).is_some() => self.unlock(id.device),
            Event::Again(_) => Ok(()),
            Event::DeskToldLate(id, failure) => self.report.error(Some(&id), &failure),
        }
    }

    /// The job with this name; none where it was given up, also where the same key has another one since.
    fn current(&mut self, id: JobId) -> Option<&mut Job> {
        self.jobs.get_mut(&id.device).filter(|job| job.id == id)
    }

    fn looked(&mut self, route: Arc<dyn Route>, look: Look) -> Result<(), Failure> {
        if let Some(session) = look.resolved {
            return self.unlocked(&session.device_id());
        }
        if let Some(session) = look.session {
            return self.locked(route, session);
        }
        let diagnosis = &look.diagnosis;
        let fields = json!({
            "name": route.name(),
            "path": route.path(),
            "kind": route.kind(),
            "number": diagnosis.condition.code().number(),
            "sentence": diagnosis.sentence(),
        });
        self.report.event("found", diagnosis.device_id.as_ref(), fields)
    }

    fn locked(&mut self, route: Arc<dyn Route>, session: Session) -> Result<(), Failure> {
        let id = session.device_id();
        let known = |saved: &Saved| saved.session.challenge() == session.challenge();
        let mut resumed = false;
        match self.jobs.get_mut(&id) {
            // Another way to the same key.
            Some(job) if known(&job.saved) && job.route.is_some() && !job.saved.sent => return Ok(()),
            Some(job) if known(&job.saved) => {
                job.route = Some(Arc::clone(&route));
                // It is still locked: nothing was lost.
                job.saved.sent = false;
                resumed = true;
            }
            _ => {
                self.give_up(&id)?;
                let saved = match self.folder.load(&id) {
                    Ok(saved) => saved.filter(known),
                    Err(failure) => {
                        self.report.error(Some(&id), &failure)?;
                        None
                    }
                };
                resumed |= saved.is_some();
                let mut saved = match saved {
                    Some(saved) => saved,
                    None => Saved::new(session.clone())?,
                };
                saved.sent = false;
                self.last_serial += 1;
                let job = Job::new(saved, Arc::clone(&route), self.last_serial);
                self.jobs.insert(id, job);
            }
        }
        self.save(&id)?;
        let fields = json!({
            "name": route.name(),
            "path": route.path(),
            "kind": route.kind(),
            "challenge": session.challenge().to_code(),
            "suite": session.suite().number(),
            "resumed": resumed,
        });
        self.report.event("locked", Some(&id), fields)?;
        self.fetch(&id);
        self.unlock(id)
    }

    fn command(&mut self, command: Command) -> Result<(), Failure> {
        let (Command::Pin(id, _) | Command::Code(id, _) | Command::Cancel(id)) = &command;
        let id = *id;
        let Some(job) = self.jobs.get_mut(&id) else {
            let text = "no locked key has this Device ID";
            return self
                .report
                .error(Some(&id), &Failure::new(ErrorCode::InvalidArgument, text));
        };
        match command {
            Command::Pin(_, pin) => job.pin = Some(Arc::new(pin)),
            Command::Code(_, code) => match ResponseCode::parse(job.saved.session.suite(), &code) {
                Ok(code) => job.code = Some(Arc::new(code)),
                Err(error) => return self.report.error(Some(&id), &error.into()),
            },
            Command::Cancel(_) => {
                job.cancel.store(true, Ordering::Relaxed);
                // What runs on the device ends first: it may have been faster.
                if job.unlocking {
                    return Ok(());
                }
                self.give_up(&id)?;
                return self.report.event("cancelled", Some(&id), json!({}));
            }
        }
        self.unlock(id)
    }

    /// Forgets a key and what was to be done with it.
    fn give_up(&mut self, id: &DeviceId) -> Result<(), Failure> {
        let Some(job) = self.jobs.remove(id) else {
            return Ok(());
        };
        job.cancel.store(true, Ordering::Relaxed);
        self.close(id, Some(job.saved), false)
    }

    fn save(&mut self, id: &DeviceId) -> Result<(), Failure> {
        let Some(job) = self.jobs.get(id) else {
            return Ok(());
        };
        match self.folder.save(&job.saved) {
            Ok(()) => Ok(()),
            Err(failure) => self.report.error(Some(id), &failure),
        }
    }
}

#[cfg(test)]
mod tests;
